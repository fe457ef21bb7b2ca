"""Backfill: the documents of an archive become articles on the line.

Pages go through the stages that live ones go through: extraction in processes that
can be killed, many documents in flight; then the gate. What becomes of a batch, and
where the archive stands after it, is one transaction: stopped or killed anywhere, a
backfill goes on where it was. Articles that pass the gate wait on the line for the
model, behind all live news, and never alert.
"""

from __future__ import annotations

import fnmatch
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from newsbot.errors import FetchError, ParseError, StageError
from newsbot.history import (
    Archive,
    Choice,
    Document,
    Fate,
    HistoryStore,
    Settled,
    Totals,
)
from newsbot.pipeline import STAGES, Parts, turn
from newsbot.ports import Response
from newsbot.robots import ask_page
from newsbot.stages.extract import Skipped, extract
from newsbot.stages.parse import canonical_url
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.stages.sifting import sift
from newsbot.turns import host_of, in_turns
from newsbot.types import Article, Entry, Page, identity

#: Documents whose outcome is written in one transaction.
BATCH = 128
#: Seconds after which fewer are written, too: what a kill costs is done again.
BATCH_SECONDS = 5.0
#: Links that are asked for together, each host in turn.
LINKS = 64
#: Bytes of a page that is kept until it is extracted.
MAX_BODY = 15 * 2**20

#: Told after each batch: totals, and the share of the archive that was read.
Progress = Callable[[Totals, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One backfill, and what it works with."""

    archive: Archive
    parts: Parts
    #: Where outcomes go; `DryStore` keeps nothing.
    store: HistoryStore
    run_id: str
    choice: Choice
    clock: Callable[[], datetime]
    #: Seconds, only ever growing.
    timer: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A document on its way: settled, or with an entry and a page to extract."""

    document: Document
    fate: Fate | None = None
    reason: str = ""
    entry: Entry | None = None
    page: Page | None = None


def run_backfill(
    backfill: Backfill,
    after: str,
    *,
    limit: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _totals, _share: None,
) -> bool:
    """Read an archive from where it stands, to its end or until stopped.

    Args:
        backfill: What to read, and with what.
        after: The cursor of the last document that is settled; empty to begin.
        limit: Documents to read at most.
        stopping: Asked before each document; true ends it after those in hand.
        progress: Told after each batch.

    Returns:
        Whether the archive was read to its end.

    Raises:
        UserError: There is no such archive.
        StoreError: The ledger cannot be written.
    """
    source = _Source(backfill.archive.documents(after), limit, stopping)
    batch: list[Settled] = []
    share: float | None = None
    began = backfill.timer()
    for one, share in _settled(backfill, iter(source)):
        batch.append(one)
        if len(batch) >= BATCH or backfill.timer() - began > BATCH_SECONDS:
            began = _write(backfill, batch, began, share, progress)
    if batch:
        _write(backfill, batch, began, share, progress)
    return source.ended


def judge_backlog(
    parts: Parts,
    clock: Callable[[], datetime],
    *,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[str, int], None] = lambda _name, _n: None,
) -> None:
    """Let the model judge what passed the gate, live news first, and join the deals.

    Raises:
        ModelMissingError: There is no model; the articles stay where they are.
    """
    gated = [stage.name for stage in STAGES].index("gate") + 1
    while not stopping():
        for stage in reversed(STAGES[gated:]):
            if n_taken := turn(parts, stage, clock()):
                progress(stage.name, n_taken)
                break
        else:
            return


class _Source:
    """Documents until the end, a limit, or a stop; knows which it was."""

    def __init__(
        self,
        documents: Iterator[Document],
        limit: int | None,
        stopping: Callable[[], bool],
    ) -> None:
        self._documents = documents
        self._limit = limit
        self._stopping = stopping
        self.ended = False

    def __iter__(self) -> Iterator[Document]:
        n_read = 0
        while not self._stopping() and (self._limit is None or n_read < self._limit):
            document = next(self._documents, None)
            if document is None:
                self.ended = True
                return
            n_read += 1
            yield document


def _write(
    backfill: Backfill,
    batch: list[Settled],
    began: float,
    share: float | None,
    progress: Progress,
) -> float:
    now = backfill.timer()
    totals = backfill.store.settle(
        backfill.run_id, batch, now - began, backfill.clock()
    )
    batch.clear()
    progress(totals, share)
    return now


def _settled(
    backfill: Backfill, documents: Iterator[Document]
) -> Iterator[tuple[Settled, float | None]]:
    """Settle documents in their order, several being extracted at once."""
    steps = _with_pages(backfill, documents)
    waiting: deque[_Step] = deque()
    more = True

    def calls() -> Iterator[tuple[Page, Entry, datetime]]:
        nonlocal more
        n_idle = 0
        for step in steps:
            if step.page is None or step.entry is None:
                waiting.append(step)
                n_idle += 1
                if n_idle >= BATCH:
                    return  # a million known pages must not pile up unwritten
                continue
            n_idle = 0
            # The body goes to its process, and is kept nowhere else.
            waiting.append(replace(step, page=None))
            yield step.page, step.entry, step.page.fetched_at
        more = False

    while more:
        for found in backfill.parts.parsing.each(extract, calls()):
            while waiting[0].fate is not None:
                yield _as_it_is(waiting.popleft())
            step = waiting.popleft()
            yield _extracted(backfill, step, found), step.document.share
        while waiting:
            yield _as_it_is(waiting.popleft())


def _with_pages(backfill: Backfill, documents: Iterator[Document]) -> Iterator[_Step]:
    """Look at each document; links are asked for, many hosts at once."""
    asked: list[_Step] = []
    for document in documents:
        step = _looked_at(backfill, document)
        is_link = step.fate is None and document.body is None
        if is_link or asked:
            asked.append(step)
        else:
            yield step
        if len(asked) >= LINKS:
            yield from _fetched(backfill, asked)
            asked = []
    yield from _fetched(backfill, asked)


def _looked_at(backfill: Backfill, document: Document) -> _Step:
    """What can be said of a document before its page is read."""
    if document.fate is not None:
        return _Step(document=document, fate=document.fate, reason=document.reason)
    url = canonical_url(document.url)
    if url is None:
        return _ended(document, "skipped", "no http or https address")
    choice = backfill.choice
    if choice.site and not fnmatch.fnmatchcase(_site(url), choice.site.lower()):
        return _ended(document, "skipped", "another site")
    latest = document.published_at or document.captured_at
    if (choice.since and latest and latest < choice.since) or (
        choice.until and document.published_at and document.published_at >= choice.until
    ):
        return _ended(document, "skipped", "outside the dates")
    now = backfill.clock()
    entry = Entry(
        id=identity("entry", url),
        feed_id=None,
        url=url,
        title=document.title,
        summary=document.summary,
        published_at=document.published_at,
        # Stands in where nobody says when it was published: not after this.
        first_seen_at=document.captured_at or now,
        origin="archive",
        may_alert=False,
        language=document.language,
        author=document.author,
    )
    if backfill.store.knows(entry):
        return _ended(document, "duplicate", "known")
    body = document.body
    if body is not None and len(body) > MAX_BODY:
        return _ended(document, "failed", f"larger than {MAX_BODY // 2**20} MiB")
    page = None if body is None else _page(entry, document.content_type, body, now)
    return _Step(document=replace(document, body=b""), entry=entry, page=page)


def _ended(document: Document, fate: Fate, reason: str) -> _Step:
    return _Step(document=replace(document, body=b""), fate=fate, reason=reason)


def _page(entry: Entry, content_type: str, body: bytes, now: datetime) -> Page:
    return Page(
        entry_id=entry.id,
        url=entry.url,
        status=200,
        content_type=content_type,
        body=body,
        fetched_at=now,
    )


def _fetched(backfill: Backfill, steps: Sequence[_Step]) -> Iterator[_Step]:
    """Ask for the pages of links; the order is kept."""
    links = [
        number
        for number, step in enumerate(steps)
        if step.fate is None and step.page is None
    ]
    done = dict(enumerate(steps))
    for outcomes in in_turns(
        links,
        lambda number: host_of(_address(steps[number])),
        lambda number: (number, _ask(backfill, steps[number])),
        backfill.parts.hosts,
    ):
        done.update(outcomes)
    for number in range(len(steps)):
        yield done[number]


def _address(step: _Step) -> str:
    assert step.entry is not None
    return step.document.capture_url or step.entry.url


def _ask(backfill: Backfill, step: _Step) -> _Step:
    """Ask for one page: of its site as that allows, of an archive by its own door."""
    parts, entry, now = backfill.parts, step.entry, backfill.clock()
    assert entry is not None
    withheld: str | None = None
    try:
        if step.document.capture_url is not None:
            answer = parts.fetcher.fetch(step.document.capture_url)
        else:
            answer, withheld = ask_page(entry.url, parts.fetcher, parts.permission, now)
    except FetchError as error:
        return _ended(step.document, "failed", error.reason)
    if withheld is not None:
        # What the archive itself says of the page may stand in.
        answer = Response(url=entry.url, status=0, headers={}, body=b"")
        if not entry.summary:
            return _ended(step.document, "skipped", f"page not read: {withheld}")
    kind = answer.headers.get("content-type", "")
    return replace(step, page=_page(entry, kind, answer.body, now))


def _as_it_is(step: _Step) -> tuple[Settled, float | None]:
    document = step.document
    assert step.fate is not None
    settled = _outcome(document, step.fate, step.reason)
    return settled, document.share


def _outcome(
    document: Document, fate: Fate, reason: str, when: datetime | None = None
) -> Settled:
    when = when or document.published_at or document.captured_at
    return Settled(
        cursor=document.cursor,
        place=one_line(document.place, MAX_REASON),
        fate=fate,
        reason=one_line(reason, MAX_REASON),
        day=when.date().isoformat() if when else "",
        site=_site(document.url),
    )


def _extracted(
    backfill: Backfill, step: _Step, found: Article | Skipped | StageError
) -> Settled:
    """Settle a document whose page was read: choose, then gate."""
    document, entry = step.document, step.entry
    assert entry is not None
    if isinstance(found, ParseError):
        if not entry.summary:
            return _outcome(document, "failed", str(found))
        bare = _page(entry, "", b"", backfill.clock())
        found = backfill.parts.parsing.run(extract, bare, entry, bare.fetched_at)
    if isinstance(found, StageError):
        raise found  # no process can be started: not the document's doing
    if isinstance(found, Skipped):
        return _outcome(document, "skipped", found.reason)
    choice, when = backfill.choice, found.published_at
    if choice.language and found.language != choice.language:
        reason = f"language is {found.language}, not {choice.language}"
        return _outcome(document, "skipped", reason, when)
    if (choice.since and when < choice.since) or (
        choice.until and when >= choice.until
    ):
        return _outcome(document, "skipped", "outside the dates", when)
    decision = sift(found, backfill.parts.gazetteer)
    return replace(
        _outcome(document, "kept", "" if decision.passed else decision.reason, when),
        entry=replace(
            entry, title=found.title, summary=entry.summary[:2_000], published_at=when
        ),
        article=found,
        state="relevant" if decision.passed else "irrelevant",
        priority=decision.score,
    )


def _site(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return one_line(host.removeprefix("www."), 100)
