"""Pages that tell a deal are asked for again, a few times: publishers edit in silence.

A feed may go on saying the same while its page is corrected. Only pages whose finding
made or changed a deal are asked for, with the validators that they came with, at
growing distance within the first days; never more often, whatever was missed. What
reads otherwise goes down the line from its second stage on, as every edit does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from newsbot.courtesy import Permission
from newsbot.errors import FetchError, StageError
from newsbot.pages import page_of
from newsbot.ports import Fetcher, Parsing, Store
from newsbot.robots import ask_page
from newsbot.stages.correct import retitled
from newsbot.stages.extract import headline
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.stages.timing import validator
from newsbot.turns import Hosts, host_of, in_turns
from newsbot.types import Article, Entry, Page
from newsbot.versions import Revisit

#: How long after it was read a page is asked for again: most corrections come within
#: hours, few after days. Four requests a page at most.
VISITS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3))
#: Pages asked for in one round; the others wait for the next.
AT_ONCE = 32
#: Answers after which a page is not asked for again.
GONE = (404, 410)


class Visitor(Protocol):
    """What asks for pages again; `pipeline.Parts` is one."""

    @property
    def store(self) -> Store:
        """The ledger."""
        ...

    @property
    def fetcher(self) -> Fetcher:
        """Asks."""
        ...

    @property
    def parsing(self) -> Parsing:
        """Reads headlines where no page can do harm."""
        ...

    @property
    def permission(self) -> Permission:
        """What sites allow."""
        ...

    @property
    def hosts(self) -> Hosts:
        """Keeps the distance between requests to one host; shared by all who ask."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """What a round of visits brought."""

    n_asked: int = 0
    #: Pages whose bytes differ; whether their text does, the line says.
    n_changed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one visit brought."""

    visit: Revisit
    outcome: str
    #: The page, where it reads otherwise.
    page: Page | None = None
    #: Its new headline, where it has another one.
    title: str | None = None
    #: What the page is marked with now, where it reads as before.
    validators: tuple[str | None, str | None] | None = None
    #: Until when the server wants to be left alone.
    not_before_at: datetime | None = None
    over: bool = False


def follow(store: Store, entry: Entry, article: Article, now: datetime) -> None:
    """Have an article's page asked for again where it made or changed a deal.

    Args:
        store: The ledger; call it inside `atomic`.
        entry: Where the page is.
        article: Judged, its deals identified.
        now: The time, aware UTC.
    """
    if entry.origin != "feed" or not entry.may_alert or article.text_origin != "page":
        return
    findings = store.ledger.findings_of(article.id)
    if any(store.ledger.verdict(one.id)[1] in ("new", "update") for one in findings):
        store.revisits.begin(entry.id, now, now + VISITS[0])


def revisit(
    visitor: Visitor, now: datetime, *, stopping: Callable[[], bool] = lambda: False
) -> Visited:
    """Ask for the pages that are due, many hosts at once, in turn on each.

    Args:
        visitor: What asks.
        now: The time, aware UTC.
        stopping: Asked before each page; true leaves the rest for later.
    """
    visits = visitor.store.revisits.due(now, AT_ONCE)
    n_asked, n_changed = 0, 0
    for answers in in_turns(
        visits,
        lambda visit: host_of(visit[1].url),
        lambda visit: _visit(visitor, *visit, now),
        visitor.hosts,
        stopping=stopping,
    ):
        for answer in answers:
            n_asked += 1
            n_changed += _settle(visitor.store, answer, now)
    return Visited(n_asked=n_asked, n_changed=n_changed)


def _visit(visitor: Visitor, visit: Revisit, entry: Entry, now: datetime) -> _Answer:
    known = visitor.store.line.page(entry.id)
    if known is None or not known.body:
        return _Answer(visit=visit, outcome="its page was not kept", over=True)
    try:
        answer, withheld = ask_page(
            entry.url,
            visitor.fetcher,
            visitor.permission,
            now,
            etag=known.etag,
            last_modified=known.last_modified,
        )
    except FetchError as error:
        # What was read stands: a page that is gone takes nothing back.
        return _Answer(
            visit=visit,
            outcome=one_line(error.reason, MAX_REASON),
            not_before_at=error.retry_at if error.status in (429, 503) else None,
            over=error.status in GONE or not error.retry,
        )
    if withheld is not None:
        outcome = f"not read: {withheld}"
        return _Answer(visit=visit, outcome=one_line(outcome, MAX_REASON), over=True)
    headers = answer.headers
    if answer.status == 304 or answer.body == known.body:
        # A 304 may renew one validator and be silent on the other (RFC 9111, 4.3.4).
        kept = known if answer.status == 304 else replace(known, etag=None)
        return _Answer(
            visit=visit,
            outcome="unchanged",
            validators=(
                validator(headers.get("etag", kept.etag)),
                validator(headers.get("last-modified", known.last_modified)),
            ),
        )
    page = page_of(entry, answer, now)
    title = _new_title(visitor, entry, known, page)
    return _Answer(visit=visit, outcome="changed", page=page, title=title)


def _new_title(visitor: Visitor, entry: Entry, was: Page, now: Page) -> str | None:
    """The feed's title would outlive the headline that a publisher corrects."""
    both = list(visitor.parsing.each(headline, [(was,), (now,)]))
    if any(isinstance(one, StageError) for one in both):
        return None
    before, after = map(str, both)
    return retitled(entry.title, before, after)


def _settle(store: Store, answer: _Answer, now: datetime) -> int:
    """Store what a visit brought and when the next one is, in one transaction."""
    visit, outcome, changed = answer.visit, answer.outcome, 0
    with store.atomic():
        if answer.page is not None:
            changed = int(store.revisits.changed(answer.page, answer.title))
        if answer.validators is not None:
            store.revisits.renew(visit.entry_id, *answer.validators)
        due_at = None if answer.over else next_visit(visit.begun_at, now)
        if due_at is not None and answer.not_before_at is not None:
            due_at = max(due_at, answer.not_before_at)
        store.revisits.visited(visit.entry_id, now, outcome, due_at)
    return changed


def next_visit(begun_at: datetime, now: datetime) -> datetime | None:
    """Tell when a page is asked for next; None where it was for the last time.

    Visits that a downtime has passed over are not made up for.
    """
    return next((at for wait in VISITS if (at := begun_at + wait) > now), None)
