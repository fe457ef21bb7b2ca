"""Feed bytes to entries.

In: what the server gave for a feed's URL.
Out: its entries, newest 500 at most, as plain text with canonical links.

The bytes are decoded once, here: the text that is checked for entity declarations
is the text that feedparser gets, beginning at the feed's root element. feedparser
never gets a string or bytes themselves, which it might take for a path to open.
"""

from __future__ import annotations

import calendar
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from newsbot.errors import ParseError
from newsbot.stages.hints import Hints, read_hints, whole_entries
from newsbot.stages.json_feed import is_json_feed, read_json_feed
from newsbot.stages.markup import decode, plain_text, root_of
from newsbot.stages.sieve import sieve
from newsbot.stages.unchanged import Split, remember, short, split
from newsbot.stages.wrapped import unwrapped
from newsbot.types import Entry, identity
from newsbot.vocabulary import Language, Origin

#: Entries of one feed that are kept; the busiest real feeds carry about 200.
MAX_ENTRIES = 500
#: Characters of a title, a summary, an author's name.
MAX_TITLE, MAX_SUMMARY, MAX_AUTHOR = 500, 5_000, 200
#: No article on the web is older; earlier dates are templates' mistakes.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
#: How far a publisher's clock may run ahead.
MAX_AHEAD = timedelta(hours=1)

#: Characters of one label of a host name (RFC 1035, 2.3.4).
MAX_LABEL = 63
#: Characters of a link; longer ones are no article's address.
MAX_LINK = 4_000

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|"
    r"mc_cid|mc_eid|mkt_tok|wt_(z?mc|mc_\w+)|at_(medium|campaign|custom\d|link_\w+)|"
    r"xtor|ftag|_hsenc|_hsmi|ns_(campaign|mchannel|source|linkname|fee)|oly_\w+_id|"
    r"vero_(id|conv)|guccounter|guce_\w+|cmpid|srnd|smid|sref"
)
# Names that mean something elsewhere, but with such a value only say "by feed".
_BY_FEED = re.compile(
    r"(ref|source|src|mod|partner|emc|cmp|from|feed|via)=(rss|feed|atom)[\w:-]*"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+:[0-9a-f:.]*")
# Controls, backslashes, and a scheme without a host, which parsers complete at will.
_BAD_LINK = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]|^https?:(?!//[^/])",
    re.IGNORECASE,
)
# RFC 3986, 2: what may stand in a path or query; all else is percent-encoded.
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a feed said."""

    #: In the feed's own order; without those that are known, word for word.
    entries: tuple[Entry, ...]
    title: str
    #: As the feed names it, lower-case: ``"de-de"``; often wrong.
    language: str | None
    #: Entries left out: without a usable link, or beyond `MAX_ENTRIES`.
    n_dropped: int
    #: How it wants to be read; `older` is absolute.
    hints: Hints = field(default_factory=Hints)
    #: Of all entries, the known ones too.
    dates: tuple[datetime, ...] = ()
    #: To be given back with the feed's next answer, once this one is stored.
    seen: bytes = b""


def parse_feed(
    body: bytes,
    *,
    url: str,
    content_type: str,
    feed_id: str,
    language: Language | None,
    now: datetime,
    max_age: timedelta,
    first_poll: bool,
    origin: Origin = "feed",
    known: bytes = b"",
) -> ParsedFeed:
    """Read RSS, Atom or JSON Feed, in whatever state it is.

    Args:
        body: As served, decoded from gzip.
        url: Where it came from; relative links start here.
        content_type: The header, for its charset.
        feed_id: Goes into the entries.
        language: The operator's word on the feed's language, if any.
        now: The time of the poll, aware UTC.
        max_age: On a first poll, older entries do not alert.
        first_poll: Whether this feed was never polled before.
        origin: Archives never alert.
        known: What the last answer that was stored gave as `seen`.

    Returns:
        The feed; entries that occur twice are one.

    Raises:
        ParseError: Empty, HTML, no feed, or it declares entities.
    """
    text = decode(body, content_type)
    parted, hints = Split(text=text, known={}), read_hints(text)
    try:
        result: Any
        if is_json_feed(text):
            result = read_json_feed(text)
            n_dropped = result.n_cut
        else:
            said = text if hints.whole else whole_entries(text)
            parted = split(said, url, known)
            reduced, n_dropped = sieve(root_of(parted.text))
            result = _feedparser(reduced, url)
    except ParseError:
        raise
    except Exception as error:  # feedparser may raise anything on a broken feed
        raise ParseError(f"unreadable feed ({type(error).__name__})") from error
    found: dict[str, tuple[Any, datetime | None]] = {}
    fresh = [
        (_value(item, "id"), _link(item, url), _published(item, now))
        for item in result.entries
    ]
    repeated = _repeated(parted, fresh)
    for n, (_, link, published_at) in enumerate(fresh):
        if link is None:
            n_dropped += 1
        elif link not in found and n not in repeated:
            found[link] = (result.entries[n], published_at)
    links = list(found)
    # Some feeds give every entry one and the same id: it names none of them.
    uses = Counter(short(guid) for guid, _, _ in fresh)
    uses.update(seen.guid for seen in parted.known.values())
    if len(links) > MAX_ENTRIES:
        newest = sorted(links, key=lambda link: found[link][1] or now, reverse=True)
        kept = set(newest[:MAX_ENTRIES])
        links = [link for link in links if link in kept]
    entries = []
    for link in links:
        item, published_at = found[link]
        is_old = first_poll and (published_at or now) < now - max_age
        entries.append(
            Entry(
                id=identity("entry", link),
                feed_id=feed_id,
                url=link,
                title=_text(item, "title", MAX_TITLE),
                summary=_summary(item),
                published_at=published_at,
                first_seen_at=now,
                origin=origin,
                may_alert=origin == "feed" and not is_old,
                language=language,
                author=_text(item, "author", MAX_AUTHOR) or None,
                site=_text(result.feed, "title", MAX_AUTHOR) or None,
                guid_hash=_guid_hash(feed_id, _value(item, "id"), uses),
            )
        )
    dates = [entry.published_at for entry in entries]
    dates += [seen.published_at for seen in parted.known.values()]
    return ParsedFeed(
        entries=tuple(entries),
        title=_text(result.feed, "title", MAX_TITLE),
        language=_feed_language(result.feed),
        n_dropped=n_dropped + len(found) - len(entries),
        hints=replace(hints, older=absolute_url(hints.older or "", url)),
        dates=tuple(date for date in dates if date is not None),
        # Of a feed that was cut off or cut down, the next answer is read whole.
        seen=remember(parted, fresh) if hints.whole and not n_dropped else b"",
    )


def _repeated(
    parted: Split, fresh: Sequence[tuple[object, str | None, datetime | None]]
) -> set[int]:
    """Which new entries have the link of a known one before them: the first counts."""
    if len(parted.known) + len(fresh) != len(parted.digests):
        return set()
    places = [n for n in range(len(parted.digests)) if n not in parted.known]
    first: dict[bytes, int] = {}
    for place, seen in parted.known.items():
        first.setdefault(seen.link, place)
    return {
        n
        for n, (_, link, _) in enumerate(fresh)
        if link is not None and first.get(short(link), places[n]) < places[n]
    }


def _guid_hash(feed_id: str, guid: object, uses: Counter[bytes]) -> str | None:
    """Name an entry by its feed and its id there, whatever the id's length."""
    if not isinstance(guid, str) or not guid.strip() or uses[short(guid)] > 1:
        return None
    return identity("guid", feed_id, guid)


def absolute_url(url: str, base: str = "") -> str | None:
    """Resolve a link and bring it into one form; None when it is unusable.

    Args:
        url: As a feed writes it, perhaps relative.
        base: Where it stands.

    Returns:
        An http or https URL without user name, default port and fragment,
        scheme and host in lower-case ASCII, the rest untouched but for escapes.
    """
    url = url.strip()
    if not url or len(url) > MAX_LINK or _BAD_LINK.search(url):
        return None
    try:
        parts = urlsplit(urljoin(base, url))
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or port == 0:
        return None
    host = _ascii_host(host)
    if not _HOST.fullmatch(host):
        return None
    host = f"[{host}]" if ":" in host else host
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        host += f":{port}"
    path = quote(parts.path or "/", safe=_SAFE)
    query = quote(parts.query, safe=_SAFE)
    return f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "")


def canonical_url(url: str, base: str = "") -> str | None:
    """Bring an article's link into the form that makes it one and the same.

    As `absolute_url`, and without parameters that only say how a reader came:
    two feeds of one paper then announce the same entry.

    >>> canonical_url("/a?id=1&utm_source=rss#top", "HTTPS://Example.org:443/feed")
    'https://example.org/a?id=1'
    """
    absolute = absolute_url(url, base)
    if absolute is not None and (own := unwrapped(absolute)) != absolute:
        absolute = absolute_url(own)
    if absolute is None:
        return None
    address, _, query = absolute.partition("?")
    kept = [part for part in query.split("&") if part and not _is_tracking(part)]
    return f"{address}?{'&'.join(kept)}" if kept else address


def _is_tracking(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return bool(_TRACKING.fullmatch(name) or _BY_FEED.fullmatch(parameter.lower()))


def _ascii_host(host: str) -> str:
    """Labels beyond ASCII as ``xn--`` (RFC 5890), which look-alikes cannot imitate."""
    folded = unicodedata.normalize("NFKC", host).lower().removesuffix(".")
    labels = folded.split(".")
    if any(len(label) > MAX_LABEL for label in labels):
        return ""  # before it is coded, which takes quadratic time
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        for label in labels
    )


def _feedparser(data: bytes, url: str) -> Any:
    import feedparser

    return feedparser.parse(
        io.BytesIO(data),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": url,
        },
        # Markup is stripped afterwards; cleaning it first took most of the time.
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _value(item: dict[str, Any], key: str) -> Any:
    # Past feedparser's own `get`, which guesses keys and warns of it.
    return dict.get(item, key)


def _link(item: dict[str, Any], url: str) -> str | None:
    """The entry's own link, or its guid where that is one."""
    candidates = [_value(item, "link")]
    links = _value(item, "links")
    for link in links if isinstance(links, list) else []:
        if link.get("rel") == "alternate":
            candidates.append(link.get("href"))
    # An Atom id and an RSS guid without isPermaLink="false" may be the address.
    if _value(item, "guidislink"):
        candidates.append(_value(item, "id"))
    for candidate in candidates:
        if isinstance(candidate, str) and (link := canonical_url(candidate, url)):
            return link
    return None


def _published(item: dict[str, Any], now: datetime) -> datetime | None:
    for key in ("published_parsed", "updated_parsed", "created_parsed"):
        try:
            stamp = calendar.timegm(_value(item, key))
            moment = datetime.fromtimestamp(stamp, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            continue
        if EARLIEST <= moment <= now + MAX_AHEAD:
            return moment
    return None


def _text(item: dict[str, Any], key: str, limit: int) -> str:
    value = _value(item, key)
    detail = _value(item, f"{key}_detail")
    kind = detail.get("type") if isinstance(detail, dict) else None
    is_html = kind != "text/plain"
    return plain_text(value, limit, html=is_html) if isinstance(value, str) else ""


def _summary(item: dict[str, Any]) -> str:
    """The summary, or the full text where the feed carries that and it is longer."""
    texts = [_text(item, "summary", MAX_SUMMARY)]
    contents = _value(item, "content")
    for content in contents[:1] if isinstance(contents, list) else []:
        value = content.get("value")
        if isinstance(value, str):
            is_html = content.get("type") != "text/plain"
            texts.append(plain_text(value, MAX_SUMMARY, html=is_html))
    return max(texts, key=len)


def _feed_language(feed: dict[str, Any]) -> str | None:
    value = _value(feed, "language")
    code = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    return code if len(code) <= 20 and _LANGUAGE.fullmatch(code) else None
