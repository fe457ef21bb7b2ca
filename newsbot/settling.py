"""What becomes of an archive's documents: looked at, asked for, extracted, gated.

In: documents, and what to read them with.
Out: one `Settled` each, in their order; nothing is stored here. Every engine of a
backfill calls this, on one machine or many.
"""

from __future__ import annotations

import fnmatch
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from newsbot.courtesy import Permission
from newsbot.errors import FetchError, ParseError, StageError, UserError
from newsbot.history import Choice, Document, Fate, Settled
from newsbot.ports import Fetcher, Parsing, Response
from newsbot.robots import ask_page
from newsbot.stages.extract import Skipped, extract
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.parse import canonical_url
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.stages.sifting import sift
from newsbot.turns import Hosts, host_of, in_turns
from newsbot.types import Article, Entry, Page, identity

#: Documents without a page after which those before them are given on.
IDLE = 128
#: Links that are asked for together, each host in turn.
LINKS = 64
#: Bytes of a page that is kept until it is extracted.
MAX_BODY = 15 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """How links are asked for: their pages, with the manners of feeds."""

    fetcher: Fetcher
    permission: Permission
    hosts: Hosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What documents are settled with."""

    parsing: Parsing
    gazetteer: Gazetteer
    choice: Choice
    clock: Callable[[], datetime]
    #: Whether an article is known by its link.
    knows: Callable[[Entry], bool]
    #: None where no document is a link.
    web: Web | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A document on its way: settled, or with an entry and a page to extract."""

    document: Document
    fate: Fate | None = None
    reason: str = ""
    entry: Entry | None = None
    page: Page | None = None


def settled(
    work: Settling, documents: Iterator[Document]
) -> Iterator[tuple[Settled, float | None]]:
    """Settle documents in their order, several being extracted at once.

    Args:
        work: What to settle them with.
        documents: Read little ahead of what is yielded.

    Yields:
        What became of each, and the share of the archive that was read with it.

    Raises:
        ParserError: No process can be started to extract in.
        UserError: A host asks to be left alone for now.
    """
    steps = _with_pages(work, documents)
    waiting: deque[_Step] = deque()
    more = True

    def calls() -> Iterator[tuple[Page, Entry, datetime]]:
        nonlocal more
        n_idle = 0
        for step in steps:
            if step.page is None or step.entry is None:
                waiting.append(step)
                n_idle += 1
                if n_idle >= IDLE:
                    return  # a million known pages must not pile up unwritten
                continue
            n_idle = 0
            # The body goes to its process, and is kept nowhere else.
            waiting.append(replace(step, page=None))
            yield step.page, step.entry, step.page.fetched_at
        more = False

    while more:
        for found in work.parsing.each(extract, calls()):
            while waiting[0].fate is not None:
                yield _as_it_is(waiting.popleft())
            step = waiting.popleft()
            made = _extracted(work, step, found)
            entry, known_day = made.entry or step.entry, _day(step.document)
            yield replace(made, entry=entry, known_day=known_day), step.document.share
        while waiting:
            yield _as_it_is(waiting.popleft())


def _with_pages(work: Settling, documents: Iterator[Document]) -> Iterator[_Step]:
    """Look at each document; links are asked for, many hosts at once."""
    asked: list[_Step] = []
    for document in documents:
        step = _looked_at(work, document)
        is_link = step.fate is None and document.body is None
        if is_link or asked:
            asked.append(step)
        else:
            yield step
        if len(asked) >= LINKS:
            yield from _fetched(work, asked)
            asked = []
    yield from _fetched(work, asked)


def _looked_at(work: Settling, document: Document) -> _Step:
    """What can be said of a document before its page is read."""
    if (done := document.settled) is not None:
        return _Step(document=document, fate=done.fate, reason=done.reason)
    if document.fate is not None:
        return _Step(document=document, fate=document.fate, reason=document.reason)
    url = canonical_url(document.url)
    if url is None:
        return _ended(document, "skipped", "no http or https address")
    choice = document.wanted or work.choice
    wanted = (choice.site or "").lower().removeprefix("www.")
    if wanted and not fnmatch.fnmatchcase(_site(url), wanted):
        return _ended(document, "skipped", "another site")
    latest = document.published_at or document.captured_at
    if (choice.since and latest and latest < choice.since) or (
        choice.until and document.published_at and document.published_at >= choice.until
    ):
        return _ended(document, "skipped", "outside the dates")
    now = work.clock()
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
    if work.knows(entry):
        return _ended(document, "duplicate", "known")
    body = document.body
    if body is not None and len(body) > MAX_BODY:
        large = f"larger than {MAX_BODY // 2**20} MiB"
        return _ended(document, "failed", large, entry)
    page = None if body is None else _page(entry, document.content_type, body, now)
    return _Step(document=replace(document, body=b""), entry=entry, page=page)


def _ended(
    document: Document, fate: Fate, reason: str, entry: Entry | None = None
) -> _Step:
    bare = replace(document, body=b"")
    return _Step(document=bare, fate=fate, reason=reason, entry=entry)


def _page(entry: Entry, content_type: str, body: bytes, now: datetime) -> Page:
    return Page(
        entry_id=entry.id,
        url=entry.url,
        status=200,
        content_type=content_type,
        body=body,
        fetched_at=now,
    )


def _fetched(work: Settling, steps: Sequence[_Step]) -> Iterator[_Step]:
    """Ask for the pages of links; the order is kept."""
    links = [
        number
        for number, step in enumerate(steps)
        if step.fate is None and step.page is None
    ]
    done = dict(enumerate(steps))
    web = work.web
    if not links or web is None:
        yield from steps
        return
    for outcomes in in_turns(
        links,
        lambda number: host_of(_address(steps[number])),
        lambda number: (number, _ask(work, web, steps[number])),
        web.hosts,
    ):
        done.update(outcomes)
    for number in range(len(steps)):
        yield done[number]


def _address(step: _Step) -> str:
    assert step.entry is not None
    return step.document.capture_url or step.entry.url


def _ask(work: Settling, web: Web, step: _Step) -> _Step:
    """Ask for one page: of its site as that allows, of an archive by its own door."""
    entry, now = step.entry, work.clock()
    assert entry is not None
    withheld: str | None = None
    try:
        if step.document.capture_url is not None:
            answer = web.fetcher.fetch(step.document.capture_url)
        else:
            answer, withheld = ask_page(entry.url, web.fetcher, web.permission, now)
    except FetchError as error:
        if error.status == 429:
            # Else each page that follows would be lost the same way.
            host = host_of(_address(step))
            raise UserError(
                f"{host}: {error.reason}; later, --resume goes on"
            ) from error
        return _ended(step.document, "failed", error.reason, entry)
    if withheld is not None:
        # What the archive itself says of the page may stand in.
        answer = Response(url=entry.url, status=0, headers={}, body=b"")
        if not entry.summary:
            reason = f"page not read: {withheld}"
            return _ended(step.document, "skipped", reason, entry)
    kind = answer.headers.get("content-type", "")
    return replace(step, page=_page(entry, kind, answer.body, now))


def _as_it_is(step: _Step) -> tuple[Settled, float | None]:
    document = step.document
    assert step.fate is not None
    if document.settled is not None:
        return replace(document.settled, cursor=document.cursor), document.share
    made = _outcome(document, step.fate, step.reason)
    return replace(made, known_day=made.day, entry=step.entry), document.share


def _outcome(
    document: Document, fate: Fate, reason: str, when: datetime | None = None
) -> Settled:
    return Settled(
        cursor=document.cursor,
        place=one_line(document.place, MAX_REASON),
        fate=fate,
        reason=one_line(reason, MAX_REASON),
        day=when.date().isoformat() if when else _day(document),
        site=_site(document.url),
    )


def _extracted(
    work: Settling, step: _Step, found: Article | Skipped | StageError
) -> Settled:
    """Settle a document whose page was read: choose, then gate."""
    document, entry = step.document, step.entry
    assert entry is not None
    if isinstance(found, ParseError):
        if not entry.summary:
            return _outcome(document, "failed", str(found))
        bare = _page(entry, "", b"", work.clock())
        found = work.parsing.run(extract, bare, entry, bare.fetched_at)
    if isinstance(found, StageError):
        raise found  # no process can be started: not the document's doing
    if isinstance(found, Skipped):
        return _outcome(document, "skipped", found.reason)
    choice, when = document.wanted or work.choice, found.published_at
    if choice.language and found.language != choice.language:
        reason = f"language is {found.language}, not {choice.language}"
        return _outcome(document, "skipped", reason, when)
    if (choice.since and when < choice.since) or (
        choice.until and when >= choice.until
    ):
        return _outcome(document, "skipped", "outside the dates", when)
    decision = sift(found, work.gazetteer)
    return replace(
        _outcome(document, "kept", "" if decision.passed else decision.reason, when),
        entry=replace(
            entry, title=found.title, summary=entry.summary[:2_000], published_at=when
        ),
        article=found,
        state="relevant" if decision.passed else "irrelevant",
        priority=decision.score,
    )


def _day(document: Document) -> str:
    when = document.published_at or document.captured_at
    return when.date().isoformat() if when else ""


def _site(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return one_line(host.removeprefix("www."), 100)
