"""A backfill without the ledger: what would become of an archive's documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsbot.history import Fate, HistoryStore, Settled, Totals
from newsbot.types import Entry


@dataclass(slots=True)
class DryStore:
    """Counts, and keeps nothing but which links it has met."""

    #: The ledger, which is asked what is known.
    store: HistoryStore
    totals: Totals = field(default_factory=Totals)
    _met: set[str] = field(default_factory=set)

    def knows(self, entry: Entry) -> bool:
        """Whether an article is known by its link, or was met before."""
        return entry.id in self._met or self.store.knows(entry)

    def settle(
        self, run_id: str, documents: Sequence[Settled], seconds: float, now: datetime
    ) -> Totals:
        """Count what would become of documents."""
        for one in documents:
            fate = one.fate
            if fate != "duplicate" and one.entry is not None:
                if self.knows(one.entry):
                    fate = "duplicate"
                elif fate == "kept":
                    self._met.add(one.entry.id)
            self.totals = _counted(self.totals, fate)
        self.totals = replace(self.totals, seconds=self.totals.seconds + seconds)
        return self.totals


def _counted(totals: Totals, fate: Fate) -> Totals:
    return Totals(
        documents=totals.documents + 1,
        kept=totals.kept + (fate == "kept"),
        duplicates=totals.duplicates + (fate == "duplicate"),
        skipped=totals.skipped + (fate == "skipped"),
        failed=totals.failed + (fate == "failed"),
        seconds=totals.seconds,
    )
