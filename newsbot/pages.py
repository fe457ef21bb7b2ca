"""Pages that were fetched become articles, or reasons why not.

In: entries whose pages are stored. Out: one result per entry, in order; where a page
cost too much to read, what the feed said stands in, and the result says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsbot.errors import ParseError, StageError
from newsbot.ports import Line, Parsing, Response
from newsbot.stages.correct import newer_version
from newsbot.stages.extract import NO_FULL_TEXT, Skipped, extract
from newsbot.stages.timing import validator
from newsbot.types import Article, Entry, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """What came of one entry's page."""

    entry: Entry
    #: None where the page is gone.
    found: Article | Skipped | StageError | None
    #: Why there is no full text, if so.
    reason: str | None = None

    @property
    def may_pass(self) -> bool:
        """Whether it could not be read just now."""
        return isinstance(self.found, StageError) and self.found.retry

    def why_not_newer(self, known: Article) -> str | None:
        """Why an earlier text stands, where it is not that the page says the same."""
        found = self.found
        if isinstance(found, Article) and found.text_origin in (
            "page",
            known.text_origin,
        ):
            return self.reason
        return "could not be read again: the earlier text stands"

    def newer_than(self, known: Article) -> Article | None:
        """The next version of an article; None where nothing changed, or none came."""
        found = self.found
        return newer_version(found, known) if isinstance(found, Article) else None


def page_of(entry: Entry, answer: Response, now: datetime) -> Page:
    """Make of a server's answer the page that is kept."""
    return Page(
        entry_id=entry.id,
        url=answer.url,
        status=answer.status,
        content_type=answer.headers.get("content-type", ""),
        body=answer.body,
        fetched_at=now,
        etag=validator(answer.headers.get("etag")),
        last_modified=validator(answer.headers.get("last-modified")),
    )


def read_pages(
    parsing: Parsing, line: Line, entries: Sequence[Entry], now: datetime
) -> Iterator[PageRead]:
    """Read the articles out of stored pages.

    Args:
        parsing: Where a page can do no harm.
        line: Has the pages.
        entries: Whose pages to read.
        now: Stands in for a date that nobody gives.

    Yields:
        One result per entry.
    """
    asked: deque[tuple[Page, Entry]] = deque()
    gone: list[Entry] = []

    def calls() -> Iterator[tuple[Page, Entry, datetime]]:
        for entry in entries:
            if page := line.page(entry.id):
                asked.append((page, entry))
                yield page, entry, now
            else:
                gone.append(entry)

    for found in parsing.each(extract, calls()):
        page, entry = asked.popleft()
        if isinstance(found, ParseError):
            reason = f"{NO_FULL_TEXT}{found}"
            bare = replace(page, body=b"")
            (instead,) = parsing.each(extract, [(bare, entry, now)])
            yield PageRead(entry=entry, found=instead, reason=reason)
        else:
            yield PageRead(entry=entry, found=found)
    for entry in gone:
        yield PageRead(entry=entry, found=None)
