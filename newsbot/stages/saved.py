"""Saved pages and mails: what they hold, and where they came from.

In: the bytes of an MHTML file or of a mail; or of a saved page.
Out: a page with its address; a mail's links, each with what it says of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from html import unescape

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from newsbot.errors import ParseError
from newsbot.stages.markup import decode, plain_text
from newsbot.stages.parse import canonical_url
from newsbot.stages.sitemaps import read_date

#: Parts of a mail that are looked at.
MAX_PARTS = 200
#: Links of one mail; a newsletter has dozens.
MAX_LINKS = 300
#: Words that a link's own text, or what stands around it, needs to be an article's.
MIN_WORDS = 4
#: The same where the mail marks it as a heading: "OpenAI kauft Chips".
MIN_HEADING_WORDS = 2
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
#: Characters of what a mail says of a link.
MAX_SAID = 3_000
#: Bytes of a page in which it says its address.
HEAD = 200_000

_TAG = re.compile(rb"<(link|meta)\s([^<>]{1,2000})>", re.IGNORECASE)
_PAIR = re.compile(
    rb"([a-zA-Z:-]{1,20})\s*=\s*(?:\"([^\"]{0,1900})\"|'([^']{0,1900})')"
)
#: What Internet Explorer and SingleFile write above a page that they save.
_MARK = re.compile(
    rb"<!--\s{0,9}(?:saved from url=\(\d{1,6}\)|Page saved with SingleFile\s{1,9}url:)"
    rb"\s{0,9}(https?://[!-~]{1,1900}?)\s",
    re.IGNORECASE,
)
#: Links that no newsletter's reader wants as news.
_CHORES = re.compile(
    r"(?i)unsubscribe|abmelden|abbestell|preferences|einstellungen|privacy|datenschutz|"
    r"impressum|support\.google|/alerts[/?]|mailto:"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page out of an MHTML file."""

    url: str
    body: bytes
    content_type: str
    saved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLink:
    """A link of a mail, and what the mail says of it."""

    url: str
    title: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMail:
    """A mail with news in it."""

    subject: str
    sent_at: datetime | None
    #: Where the mail itself can be read on the web; empty where nowhere.
    url: str
    text: str
    links: tuple[MailLink, ...]


def address_of(page: bytes) -> str | None:
    """Find a saved page's own address: as its saver, else as the page itself says."""
    head = page[:HEAD]
    if mark := _MARK.search(head):
        return canonical_url(mark[1].decode("ascii"))
    found: dict[str, str] = {}
    for tag in _TAG.finditer(head):
        pairs = {
            pair[1].lower(): unescape(
                (pair[2] or pair[3] or b"").decode("utf-8", "replace")
            )
            for pair in _PAIR.finditer(tag[2])
        }
        if pairs.get(b"rel", "").lower() == "canonical":
            found.setdefault("canonical", pairs.get(b"href", ""))
        elif pairs.get(b"property", "").lower() == "og:url":
            found.setdefault("og", pairs.get(b"content", ""))
    for name in ("canonical", "og"):
        if url := canonical_url(found.get(name, "")):
            return url
    return None


def read_mhtml(data: bytes) -> SavedPage:
    """Read the page out of an MHTML file.

    Raises:
        ParseError: There is none in it, or its address is nowhere.

    Source:
        RFC 2557; browsers add ``Snapshot-Content-Location``.
    """
    message = _message(data)
    for part in _parts(message):
        if part.get_content_type() not in ("text/html", "application/xhtml+xml"):
            continue
        body = part.get_payload(decode=True)
        if not isinstance(body, bytes) or not body.strip():
            continue
        given = (
            str(message.get("Snapshot-Content-Location", "")),
            str(part.get("Content-Location", "")),
        )
        url = next((one for one in map(canonical_url, given) if one), None)
        url = url or address_of(body)
        if url is None:
            raise ParseError("no address in it")
        charset = part.get_content_charset() or ""
        return SavedPage(
            url=url,
            body=body,
            content_type=f"text/html; charset={charset}" if charset else "text/html",
            saved_at=read_date(str(message.get("Date", ""))),
        )
    raise ParseError("no page in it")


def read_mail(data: bytes) -> SavedMail:
    """Read a newsletter or an alert: its text, and the links that it tells of.

    Raises:
        ParseError: It is no mail.
    """
    message = _message(data)
    subject = plain_text(str(message.get("Subject", "")), 500, html=False)
    texts = {"text/html": "", "text/plain": ""}
    for part in _parts(message):
        kind = part.get_content_type()
        if texts.get(kind) == "" and part.get_content_disposition() != "attachment":
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                texts[kind] = decode(body, f"{kind}; charset={_charset(part)}")
    if not any(texts.values()):
        raise ParseError("a mail without text")
    links = _links(texts["text/html"]) or _bare_links(texts["text/plain"])
    archived = str(message.get("Archived-At", "")).strip().strip("<>")
    text = texts["text/plain"] or plain_text(texts["text/html"], 60_000)
    return SavedMail(
        subject=subject,
        sent_at=read_date(str(message.get("Date", ""))),
        url=canonical_url(archived) or "",
        text=text[:60_000],
        links=tuple(links[:MAX_LINKS]),
    )


def _message(data: bytes) -> EmailMessage:
    try:
        message = message_from_bytes(data, policy=policy.default)
    except RecursionError as error:
        raise ParseError("parts within parts without end") from error
    except Exception as error:  # the parser may raise anything on a broken mail
        raise ParseError(f"unreadable mail ({type(error).__name__})") from error
    if not message.keys():
        raise ParseError("no mail")
    return message


def _parts(message: EmailMessage) -> list[Message]:
    found: list[Message] = []
    for part in message.walk():
        found.append(part)
        if len(found) >= MAX_PARTS:
            break
    return found


def _charset(part: Message) -> str:
    return part.get_content_charset("") or "utf-8"


def _links(markup: str) -> list[MailLink]:
    """The links of a mail in HTML, each with the text of the block around it."""
    if not markup.strip():
        return []
    try:
        tree = lxml_html.fromstring(markup)
    except (etree.LxmlError, ValueError):
        return []
    found: dict[str, MailLink] = {}
    for anchor in tree.iter("a"):
        href = anchor.get("href") or ""
        url = canonical_url(href)
        title = _text(anchor, 500)
        if url is None or _CHORES.search(href) or not _is_title(anchor):
            continue
        found.setdefault(url, MailLink(url=url, title=title, said=_around(anchor)))
    return list(found.values())


def _is_title(anchor: lxml_html.HtmlElement) -> bool:
    """Whether a link's text is what an article is called, and not "read more"."""
    n_words = len(_text(anchor, 500).split())
    if n_words >= MIN_WORDS or n_words < MIN_HEADING_WORDS:
        return n_words >= MIN_WORDS
    near = (anchor.getparent(), *anchor)
    # Google's alerts mark their headlines by schema.org's names.
    return anchor.get("itemprop") == "url" or any(
        one is not None and one.tag in _HEADINGS for one in near
    )


def _around(anchor: lxml_html.HtmlElement) -> str:
    """What a mail says of a link: its row or list item, while it holds one link."""
    said = _text(anchor, MAX_SAID)
    parent = anchor.getparent()
    for _ in range(6):
        if parent is None or parent.tag in ("body", "html"):
            break
        titles = {one.get("href") for one in parent.iter("a") if _is_title(one)}
        if len(titles) > 1:
            break
        said = _text(parent, MAX_SAID)
        parent = parent.getparent()
    return said


def _text(element: lxml_html.HtmlElement, limit: int) -> str:
    return plain_text(" ".join(element.itertext())[: 4 * limit], limit, html=False)


_LINE_LINK = re.compile(r"https?://[^\s<>\"]{4,2000}")


def _bare_links(text: str) -> list[MailLink]:
    """The links of a mail in plain text, each with the paragraph that it ends."""
    found: dict[str, MailLink] = {}
    for paragraph in re.split(r"\n[ \t]*\n", text)[:2_000]:
        for match in _LINE_LINK.finditer(paragraph):
            url = canonical_url(match[0].rstrip(").,;"))
            said = plain_text(_LINE_LINK.sub(" ", paragraph), MAX_SAID, html=False)
            if (
                url is None
                or _CHORES.search(paragraph)
                or len(said.split()) < MIN_WORDS
            ):
                continue
            lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
            title = plain_text(_LINE_LINK.sub(" ", lines[0]), 500, html=False)
            found.setdefault(url, MailLink(url=url, title=title or said, said=said))
    return list(found.values())
