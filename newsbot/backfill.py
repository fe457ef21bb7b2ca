"""Backfill: the documents of an archive become articles on the line.

Pages go through the stages that live ones go through: extraction in processes that
can be killed, many documents in flight; then the gate. What becomes of a batch, and
where the archive stands after it, is one transaction: stopped or killed anywhere, a
backfill goes on where it was. Articles that pass the gate wait on the line for the
model, behind all live news, and never alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from newsbot.history import Archive, Choice, Document, HistoryStore, Settled, Totals
from newsbot.pipeline import STAGES, Parts, turn
from newsbot.settling import Settling, Web, settled

#: Documents whose outcome is written in one transaction.
BATCH = 128
#: Seconds after which fewer are written, too: what a kill costs is done again.
BATCH_SECONDS = 5.0
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

    @property
    def settling(self) -> Settling:
        """What its documents are settled with."""
        parts = self.parts
        return Settling(
            parsing=parts.parsing,
            gazetteer=parts.gazetteer,
            choice=self.choice,
            clock=self.clock,
            knows=self.store.knows,
            web=Web(
                fetcher=parts.fetcher, permission=parts.permission, hosts=parts.hosts
            ),
        )


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
    write_batches(backfill, settled(backfill.settling, iter(source)), progress)
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


def write_batches(
    backfill: Backfill,
    outcomes: Iterator[tuple[Settled, float | None]],
    progress: Progress = lambda _totals, _share: None,
) -> None:
    """Store outcomes as they come, a batch in one transaction.

    Args:
        backfill: Where they go, and whose they are.
        outcomes: Each with the share of the archive that was read with it.
        progress: Told after each batch.

    Raises:
        StoreError: The ledger cannot be written.
    """
    batch: list[Settled] = []
    share: float | None = None
    began = backfill.timer()
    for one, share in outcomes:
        batch.append(one)
        if len(batch) >= BATCH or backfill.timer() - began > BATCH_SECONDS:
            began = _write(backfill, batch, began, share, progress)
    if batch:
        _write(backfill, batch, began, share, progress)


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
