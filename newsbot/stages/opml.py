"""Lists of feeds, as readers exchange them: OPML in and out.

In: the bytes of an OPML file. Out: its feeds, and one line for each that is refused.
Nothing is fetched here; whether a feed's address may be dialled, the door decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from newsbot.errors import ParseError
from newsbot.stages.markup import decode, plain_text, root_of
from newsbot.stages.parse import absolute_url
from newsbot.vocabulary import Language

#: Bytes of a file; ten thousand feeds take about 2 MiB.
MAX_BYTES = 10 * 2**20
#: Feeds taken from one file.
MAX_FEEDS = 10_000
#: Outlines within outlines; readers write folders in folders, two or three deep.
MAX_DEPTH = 50
#: Lines of reasons that are kept; the rest is only counted.
MAX_REFUSED = 1_000
#: Characters of a refused address that its line shows.
MAX_SHOWN = 200
#: Characters of a feed's title.
MAX_TITLE = 500

_LANGUAGES: dict[str, Language] = {"de": "de", "en": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """One feed of a list."""

    url: str
    title: str
    #: Where the list says so.
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlResult:
    """What a list held."""

    feeds: tuple[OpmlFeed, ...]
    #: One line each, with its place and reason, for the operator.
    refused: tuple[str, ...]


def read_opml(data: bytes) -> OpmlResult:
    """Read a list of feeds; what is wrong with one does not spoil the others.

    Args:
        data: The file.

    Returns:
        Its feeds in order, each URL once, and what was refused.

    Raises:
        ParseError: No OPML at all, too large, or it declares entities.
    """
    if len(data) > MAX_BYTES:
        raise ParseError(f"larger than {MAX_BYTES // 2**20} MiB")
    text = decode(data)
    root = root_of(text)
    if root[1:5].lower() != "opml":
        raise ParseError("this is a feed, not an OPML list of feeds")
    reader = _Reader(first_line=1 + text.count("\n") - root.count("\n"))
    reader.read(root)
    return OpmlResult(feeds=tuple(reader.feeds.values()), refused=reader.report())


def write_opml(feeds: Iterable[OpmlFeed]) -> bytes:
    """Write a list of feeds that other readers, and `read_opml`, understand.

    Args:
        feeds: In the order of the list.

    Returns:
        OPML 2.0 in UTF-8.

    Source:
        http://opml.org/spec2.opml, "Subscription lists".
    """
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", '<opml version="2.0">']
    lines += ["<head><title>newsbot</title></head>", "<body>"]
    for feed in feeds:
        title = quoteattr(plain_text(feed.title or feed.url, MAX_TITLE, html=False))
        url = quoteattr(feed.url)
        spoken = f' language="{feed.language}"' if feed.language else ""
        lines.append(
            f'<outline type="rss" text={title} title={title} xmlUrl={url}{spoken}/>'
        )
    lines += ["</body>", "</opml>", ""]
    return "\n".join(lines).encode("utf-8", "replace")


class _Reader:
    """Collects feeds while expat walks the file, which needs no stack of our own."""

    def __init__(self, *, first_line: int) -> None:
        self.feeds: dict[str, OpmlFeed] = {}
        self._first_line = first_line
        self._refused: list[str] = []
        self._n_refused = 0
        self._depth = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, root: str) -> None:
        try:
            self._parser.Parse(root.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "not well-formed")
            self._refuse("", f"{reason}; the rest was not read")

    def report(self) -> tuple[str, ...]:
        n_more = self._n_refused - len(self._refused)
        more = [f"and {n_more} more"] if n_more else []
        return (*self._refused, *more)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if name.lower() != "outline":
            return
        values = {key.lower(): value for key, value in attributes.items()}
        given = values.get("xmlurl")
        if given is None:  # a folder
            return
        if len(self.feeds) >= MAX_FEEDS:
            self._refuse(given, f"more than {MAX_FEEDS} feeds")
            return
        url = absolute_url(given)
        if self._depth > MAX_DEPTH:
            self._refuse(given, f"more than {MAX_DEPTH} levels deep")
        elif url is None:
            self._refuse(given, "not an http or https address")
        elif url in self.feeds:
            self._refuse(given, "listed twice")
        else:
            title = values.get("title") or values.get("text") or ""
            self.feeds[url] = OpmlFeed(
                url=url,
                title=plain_text(title, MAX_TITLE),
                language=_LANGUAGES.get(values.get("language", "")[:2].lower()),
            )

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _refuse(self, given: str, reason: str) -> None:
        self._n_refused += 1
        if len(self._refused) < MAX_REFUSED:
            line = self._parser.CurrentLineNumber + self._first_line - 1
            # Who a feed is read as is nobody else's business.
            address = re.sub(r"//[^/?#]*@", "//", given[:MAX_SHOWN])
            shown = plain_text(address, MAX_SHOWN, html=False)
            self._refused.append(
                f"line {line}: {shown + ': ' if shown else ''}{reason}"
            )
