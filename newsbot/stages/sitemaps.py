"""Sitemaps: the lists of pages that sites give to search engines.

In: the bytes of a sitemap, a news sitemap, an index of sitemaps, or a list of lines.
Out: addresses with their dates and titles. Nothing is fetched here.

Source: https://www.sitemaps.org/protocol.html; Google's news extension (0.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from xml.parsers import expat

from newsbot.errors import ParseError
from newsbot.stages.markup import decode, plain_text
from newsbot.stages.parse import absolute_url

#: Addresses of one file (the protocol's limit).
MAX_LINKS = 50_000
#: Characters of one field.
MAX_FIELD = 2_000

_FIELDS = {
    "loc": "loc",
    "lastmod": "lastmod",
    "publication_date": "published",
    "title": "title",
    "language": "language",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapLink:
    """One address of a sitemap."""

    url: str
    title: str = ""
    #: Only news sitemaps say when a page was published.
    published_at: datetime | None = None
    #: When it was changed last; it was published before.
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What a sitemap lists, in its order."""

    #: An index lists other sitemaps, and no pages.
    kind: Literal["pages", "index"]
    links: tuple[SitemapLink, ...]
    #: Addresses that are none, or beyond `MAX_LINKS`.
    n_dropped: int = 0
    #: Why it could not be read to its end.
    broken: str = ""


def read_sitemap(data: bytes, url: str) -> Sitemap:
    """Read a sitemap; what is broken ends it, and what was read before counts.

    Args:
        data: The file, decoded from gzip.
        url: Where it came from; relative addresses start here.

    Raises:
        ParseError: It is none, or it declares entities.
    """
    text = decode(data).lstrip()
    if not text.startswith("<"):
        return _lines(text, url)
    reader = _Reader(url)
    broken = ""
    try:
        reader.parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        broken = expat.errors.messages.get(error.code, "not well-formed")
        broken += f" in line {error.lineno}"
    if reader.kind is None:
        raise ParseError(f"no sitemap{': ' + broken if broken else ''}")
    return Sitemap(
        kind=reader.kind,
        links=tuple(reader.links),
        n_dropped=reader.n_dropped,
        broken=broken,
    )


def read_date(text: str) -> datetime | None:
    """Read a W3C date or time, or one of a mail; None where it is none.

    >>> read_date("2026-03-01").isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    text = text.strip()[:100]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _lines(text: str, url: str) -> Sitemap:
    """The plain form: one address a line."""
    lines = [line.strip() for line in text.split("\n")]
    found = [absolute_url(line, url) for line in lines if "://" in line]
    links = [SitemapLink(url=one) for one in found if one is not None]
    if not links:
        raise ParseError("no sitemap")
    return Sitemap(
        kind="pages",
        links=tuple(links[:MAX_LINKS]),
        n_dropped=len(found) - len(links[:MAX_LINKS]),
    )


class _Reader:
    """Collects addresses while expat walks the file."""

    def __init__(self, url: str) -> None:
        self.kind: Literal["pages", "index"] | None = None
        self.links: list[SitemapLink] = []
        self.n_dropped = 0
        self._url = url
        self._values: dict[str, str] = {}
        self._field: str | None = None
        self._depth = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = _refuse

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        space, _, local = name.rpartition(" ")
        if self._depth == 1:
            if local not in ("urlset", "sitemapindex"):
                raise ParseError("no sitemap")
            self.kind = "pages" if local == "urlset" else "index"
        elif self._depth == 2:
            self._values = {}
        # Pictures and films of a page have addresses and titles, too.
        elif not space.rstrip("/").endswith(("image/1.1", "video/1.1")):
            self._field = _FIELDS.get(local)

    def _end(self, _: str) -> None:
        self._field = None
        self._depth -= 1
        if self._depth != 1 or not self._values:
            return
        values, self._values = self._values, {}
        url = absolute_url(values.get("loc", ""), self._url)
        if url is None or len(self.links) >= MAX_LINKS:
            self.n_dropped += 1
            return
        self.links.append(
            SitemapLink(
                url=url,
                title=plain_text(values.get("title", ""), 500, html=False),
                published_at=read_date(values.get("published", "")),
                changed_at=read_date(values.get("lastmod", "")),
            )
        )

    def _text(self, data: str) -> None:
        if self._field is not None:
            before = self._values.get(self._field, "")
            self._values[self._field] = (before + data)[:MAX_FIELD]


def _refuse(*_: object) -> None:
    raise ParseError("entity declarations not accepted")
