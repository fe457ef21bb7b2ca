"""Links that lead to an article by way of somebody else's counter.

In: a link of a feed. Out: the publisher's own address, where the link holds it.

Google Alerts carries it as a parameter. Google News carries it in older feeds, coded
into the path; in newer ones the path is a ticket that only Google can read. Such a link
stays as it is and is asked as any page is, where Google's robots.txt allows it: it may
redirect, or name the publisher's address in its page. The interface that Google's own
script asks is not for robots, and is left alone: then the feed's summary stands in.
"""

from __future__ import annotations

import base64
import binascii
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

_NEWS = re.compile(
    r"/(?:rss/|__i/rss/rd/)?(?:articles|read)/([A-Za-z0-9_-]{20,4000})=*"
)
_ADDRESS = re.compile(rb"https?://[!-~]{4,2000}")
#: Where a page of Google News names the publisher's address, or sends browsers to it.
_NAMED = re.compile(
    rb"data-n-au=[\"'](https?://[^\"'<>\s]{4,2000})[\"']|"
    rb"<meta\s[^<>]{0,80}?url=\s?[\"']?(https?://[^\"'<>\s]{4,2000})",
    re.IGNORECASE,
)
#: Bytes of such a page that are looked at.
MAX_LOOK = 2**20


def unwrapped(url: str) -> str:
    """Find the address that a wrapped link stands for.

    >>> unwrapped("https://www.google.com/url?rct=j&url=https://a.example/b&ct=ga")
    'https://a.example/b'
    """
    parts = urlsplit(url)
    if parts.hostname in ("www.google.com", "google.com", "www.google.de"):
        if parts.path == "/url":
            values = parse_qs(parts.query)
            return (values.get("url") or values.get("q") or [url])[0]
        return url
    if parts.hostname != "news.google.com":
        return url
    match = _NEWS.fullmatch(parts.path)
    if match is None:
        return url
    try:
        data = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4))
    except (binascii.Error, ValueError):
        return url
    # A protocol buffer: field 4 is the address, field 5 that of an AMP page.
    start = data.find(b"\x22")
    found = _ADDRESS.search(data, max(start, 0))
    if found is None:
        return url
    # One byte of length, two from 128 on, stands before it and says where it ends.
    before = data[: found.start()]
    length = before[-1] if before else 0
    if len(before) > 1 and before[-2] >= 0x80:
        length = (before[-2] & 0x7F) | before[-1] << 7
    address = found[0][:length] if 10 <= length <= len(found[0]) else found[0]
    return address.decode("ascii")


def is_ticket(url: str) -> bool:
    """Whether an answer came from Google News, and not from the publisher."""
    parts = urlsplit(url)
    if parts.hostname == "consent.google.com":
        return True
    return parts.hostname == "news.google.com" and bool(_NEWS.fullmatch(parts.path))


def named_address(body: bytes) -> str | None:
    """Find the publisher's address in a page of Google News; None where it has none."""
    for match in _NAMED.finditer(body[:MAX_LOOK]):
        url = unescape((match[1] or match[2]).decode("ascii", "replace"))
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            continue
        if host and not f".{host}".endswith(".google.com"):
            return url
    return None
