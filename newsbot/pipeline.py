"""The line: one table of stages, and the loop that serves them all.

The state on an entry's row says where it stands. Each turn takes what is due in
one state, calls the stage outside any transaction, and then, in one transaction,
stores the product and moves the row if it still stands there: a kill costs a batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from newsbot.alerts import Readers
from newsbot.corrections import put_deals, put_messages
from newsbot.courtesy import Permission
from newsbot.errors import FetchError, NewsbotError, StageError
from newsbot.pages import PageRead, page_of, read_pages
from newsbot.ports import Fetcher, Parsing, Response, Store
from newsbot.robots import ask_page
from newsbot.stages.assess import Judgement
from newsbot.stages.calibrate import held_to
from newsbot.stages.extract import NO_FULL_TEXT, Skipped
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.sifting import sift
from newsbot.turns import Hosts, host_of, in_turns
from newsbot.types import Article, Entry, Finding, Summary
from newsbot.vocabulary import Language

#: Attempts at one step before the row is given up.
MAX_ATTEMPTS = 6
#: First wait after an error that may pass; doubles each time.
FIRST_WAIT = timedelta(minutes=2)

log = logging.getLogger("newsbot")
Store_ = Callable[[Store], None]


class Judge(Protocol):
    """Says whether articles report deals, and which."""

    def judge(self, readings: Sequence[Reading], now: datetime) -> list[Judgement]:
        """Judge a batch of articles."""


class Summariser(Protocol):
    """Writes summaries that are checked against their articles."""

    def summarise(
        self,
        readings: Sequence[Reading],
        findings: Sequence[Sequence[Finding]],
        now: datetime,
    ) -> list[Summary]:
        """Summarise a batch of articles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the stages work with; `app` puts it together."""

    store: Store
    fetcher: Fetcher
    parsing: Parsing
    #: What sites allow.
    permission: Permission
    gazetteer: Gazetteer
    #: Built on first use: loading a model takes seconds.
    judge: Callable[[], Judge]
    summariser: Callable[[], Summariser]
    #: Pairs of channel and recipient that get every alert, besides the subscriptions.
    recipients: tuple[tuple[str, str], ...]
    language: Language
    #: Keeps the distance between requests to one host.
    hosts: Hosts = field(default_factory=lambda: Hosts(0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one entry in one stage."""

    entry: Entry
    #: The state to move to.
    given: str
    #: Writes the product; called in the same transaction as the move.
    store: Store_ | None = None
    reason: str | None = None
    priority: float | None = None
    #: An error instead of a product.
    error: StageError | None = None


Run = Callable[[Parts, Sequence[Entry], datetime], Iterable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the line."""

    name: str
    #: The state its entries wait in.
    taken: str
    #: The state of those it is done with.
    given: str
    #: Entries served at once.
    batch: int
    run: Run


def fetch(parts: Parts, entries: Sequence[Entry], now: datetime) -> Iterator[Outcome]:
    """Get the pages that may be read; in turn on each host, many hosts at once."""
    for outcomes in in_turns(
        entries,
        lambda entry: host_of(entry.url),
        lambda entry: _fetch_one(parts, entry, now),
        parts.hosts,
    ):
        yield from outcomes


def _fetch_one(parts: Parts, entry: Entry, now: datetime) -> Outcome:
    reason = None
    try:
        answer, withheld = ask_page(entry.url, parts.fetcher, parts.permission, now)
    except FetchError as error:
        _, _, n_errors = parts.store.line.state(entry.id)
        if error.retry and n_errors + 1 < MAX_ATTEMPTS:
            return Outcome(entry=entry, given="fetched", error=error)
        # What the feed said remains: an empty page lets its summary stand in.
        status, reason = error.status or 0, f"{NO_FULL_TEXT}{error}"
        answer = Response(url=entry.url, status=status, headers={}, body=b"")
    else:
        if withheld is not None:
            reason = f"page not read: {withheld}"
            log.warning("page url=%s not read: %s", entry.url, withheld)
            answer = replace(answer, body=b"")
    page = page_of(entry, answer, now)
    return Outcome(
        entry=entry,
        given="fetched",
        store=lambda store: store.line.put_page(page),
        reason=reason,
    )


def extract_text(
    parts: Parts, entries: Sequence[Entry], now: datetime
) -> Iterator[Outcome]:
    """Read the articles out of the pages."""
    line = parts.store.line
    for read in read_pages(parts.parsing, line, entries, now):
        entry, found, reason = read.entry, read.found, read.reason
        known = line.article_of(entry.id)
        if known is not None and not read.may_pass:
            yield _read_again(parts, read, known, now)
        elif found is None:
            yield Outcome(entry=entry, given="failed", reason="its page is gone")
        elif isinstance(found, StageError):
            yield Outcome(entry=entry, given="extracted", error=found)
        elif isinstance(found, Skipped):
            why = f"{found.reason} ({reason})" if reason else found.reason
            yield Outcome(entry=entry, given="skipped", reason=why)
        else:
            yield _extracted(entry, found, reason, now)


def _read_again(parts: Parts, read: PageRead, known: Article, now: datetime) -> Outcome:
    """Take a text that was edited for a new version; all else leaves what is there."""
    newer = read.newer_than(known)
    if newer is not None:
        return _extracted(read.entry, newer, read.reason, now)
    given = parts.store.versions.reached(known.id)
    return Outcome(entry=read.entry, given=given, reason=read.why_not_newer(known))


def _extracted(
    entry: Entry, article: Article, reason: str | None, now: datetime
) -> Outcome:
    return Outcome(
        entry=entry,
        given="extracted",
        reason=reason,
        store=lambda store: store.versions.put(article, now),
    )


def gate_article(
    parts: Parts, entries: Sequence[Entry], _now: datetime
) -> Iterator[Outcome]:
    """Send on what may hold a deal, the most promising first."""
    for entry, article in _articles(parts, entries):
        decision = sift(article, parts.gazetteer)
        given = "relevant" if decision.passed else "irrelevant"
        if not decision.passed and parts.store.versions.standing(entry.id):
            given = "assessed"  # its earlier text told a deal that it no longer tells
        yield Outcome(
            entry=entry,
            given=given,
            reason=None if decision.passed else decision.reason,
            priority=decision.score,
        )


def assess(parts: Parts, entries: Sequence[Entry], now: datetime) -> Iterator[Outcome]:
    """Let the model judge, and keep what has its place in the text."""
    pairs = list(_articles(parts, entries))
    judge = parts.judge()  # first: without a model, nothing has to be read
    readings = [read_article(article, parts.gazetteer) for _, article in pairs]
    judgements = judge.judge(readings, now)
    calibration = parts.store.ledger.calibration()
    for (entry, _), made in zip(pairs, judgements, strict=True):
        judgement = held_to(made, calibration)
        yield Outcome(entry=entry, given="assessed", store=_put_judgement(judgement))


def _put_judgement(judgement: Judgement) -> Store_:
    return lambda store: store.ledger.put_assessment(
        judgement.assessment, judgement.findings, judgement.dropped
    )


def identify_deals(
    parts: Parts, entries: Sequence[Entry], now: datetime
) -> Iterator[Outcome]:
    """Tell new deals from known ones; one article at a time, as each may be new."""
    for entry, article in _articles(parts, entries):
        put = partial(put_deals, article=article, gazetteer=parts.gazetteer, now=now)
        yield Outcome(entry=entry, given="identified", store=put)


def summarise(
    parts: Parts, entries: Sequence[Entry], now: datetime
) -> Iterator[Outcome]:
    """Write the articles shorter."""
    pairs = list(_articles(parts, entries))
    readings = [read_article(article, parts.gazetteer) for _, article in pairs]
    findings = [parts.store.ledger.findings_of(article.id) for _, article in pairs]
    summaries = parts.summariser().summarise(readings, findings, now)
    for (entry, _), summary in zip(pairs, summaries, strict=True):
        yield Outcome(entry=entry, given="summarised", store=_put_summary(summary))


def _put_summary(summary: Summary) -> Store_:
    return lambda store: store.ledger.put_summary(summary)


def compose_alerts(
    parts: Parts, entries: Sequence[Entry], now: datetime
) -> Iterator[Outcome]:
    """Write the messages, with their deliveries, in the same transaction."""
    readers = Readers(
        recipients=parts.recipients,
        language=parts.language,
        gazetteer=parts.gazetteer,
    )
    for entry, article in _articles(parts, entries):
        put = partial(
            put_messages, entry=entry, article=article, readers=readers, now=now
        )
        yield Outcome(entry=entry, given="done", store=put)


_TABLE: tuple[tuple[str, str, str, int, Run], ...] = (
    ("fetch", "found", "fetched", 32, fetch),
    ("extract", "fetched", "extracted", 16, extract_text),
    ("gate", "extracted", "relevant", 64, gate_article),
    ("assess", "relevant", "assessed", 8, assess),
    ("identify", "assessed", "identified", 8, identify_deals),
    ("summarise", "identified", "summarised", 8, summarise),
    ("compose", "summarised", "done", 8, compose_alerts),
)
STAGES: tuple[Stage, ...] = tuple(
    Stage(name=name, taken=taken, given=given, batch=batch, run=run)
    for name, taken, given, batch, run in _TABLE
)


def turn(parts: Parts, stage: Stage, now: datetime) -> int:
    """Serve one batch of one stage.

    Returns:
        How many entries were taken; 0 when none was due.
    """
    entries = parts.store.line.due(stage.taken, now, stage.batch)
    # Not even asked for nothing: the first call of a stage may load a model.
    if entries:
        _serve(parts, stage, entries, now)
    return len(entries)


def _serve(parts: Parts, stage: Stage, entries: Sequence[Entry], now: datetime) -> None:
    """Run a stage over a batch; every entry moves, or waits with its error.

    One entry that no stage can stomach must not hold up the others for ever: where
    a batch fails, each is served alone, and what still fails is put off.
    """
    left = {entry.id: entry for entry in entries}
    try:
        for outcome in stage.run(parts, entries, now):
            _settle(parts, stage, outcome, now)
            del left[outcome.entry.id]
    except Exception as error:
        # No model, a full disk: nothing that is the entries' own.
        if isinstance(error, NewsbotError) and not isinstance(error, StageError):
            raise
        for entry in left.values():
            if len(entries) > 1:
                _serve(parts, stage, [entry], now)
            else:
                _put_off(parts, stage, entry, error, now)
        return
    for entry in left.values():
        parts.store.line.advance(
            entry.id, taken=stage.taken, given="failed", reason="its article is gone"
        )


def walk(
    parts: Parts,
    clock: Callable[[], datetime],
    *,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[str, int], None] = lambda _name, _n: None,
    composed: Callable[[], object] = lambda: None,
) -> None:
    """Walk everything that is due to the end of the line.

    After each batch the line is served from its end: what is nearly done, and
    an alert above all, does not wait for what has just begun.

    Args:
        parts: What the stages work with.
        clock: Tells the time, aware, UTC.
        stopping: Asked between batches; true ends the walk there.
        progress: Told the stage and how many entries it took.
        composed: Called whenever messages may wait: at first, and after each batch
            of them was written.
    """
    composed()
    while not stopping():
        for stage in reversed(STAGES):
            if n_taken := turn(parts, stage, clock()):
                progress(stage.name, n_taken)
                if stage.given == "done":
                    composed()
                break
        else:
            return


def _settle(parts: Parts, stage: Stage, outcome: Outcome, now: datetime) -> None:
    """Store a product and move its row, or count its error, in one transaction."""
    store, entry = parts.store, outcome.entry
    if outcome.error is not None:
        _put_off(parts, stage, entry, outcome.error, now)
        return
    with store.atomic():
        moved = store.line.advance(
            entry.id,
            taken=stage.taken,
            given=outcome.given,
            reason=outcome.reason,
            priority=outcome.priority,
        )
        if moved and outcome.store is not None:
            outcome.store(store)


def _put_off(
    parts: Parts, stage: Stage, entry: Entry, error: Exception, now: datetime
) -> None:
    """Count an error and try again later, or give the entry up with the reason."""
    line, kind = parts.store.line, type(error).__name__
    _, _, n_errors = line.state(entry.id)
    reason = one_line(f"{kind}: {error}", MAX_REASON)
    # Errors that nobody foresaw may pass, too: a full memory, a file in the way.
    may_pass = not isinstance(error, StageError) or error.retry
    if not isinstance(error, StageError):
        log.warning("stage=%s entry=%s error=%s", stage.name, entry.id, kind)
    if not may_pass or n_errors + 1 >= MAX_ATTEMPTS:
        line.advance(entry.id, taken=stage.taken, given="failed", reason=reason)
        return
    retry_at = error.retry_at if isinstance(error, FetchError) else None
    due_at = max(now + FIRST_WAIT * 2**n_errors, retry_at or now)
    line.postpone(entry.id, taken=stage.taken, reason=reason, due_at=due_at)


def _articles(
    parts: Parts, entries: Sequence[Entry]
) -> Iterator[tuple[Entry, Article]]:
    for entry in entries:
        if (article := parts.store.line.article_of(entry.id)) is not None:
            yield entry, article
