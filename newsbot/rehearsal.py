"""A backfill without the ledger: what would become of an archive's documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsbot.history import (
    MAX_FAILURES,
    Failure,
    Fate,
    HistoryStore,
    Settled,
    Tally,
    Totals,
)
from newsbot.types import Entry


@dataclass(slots=True)
class DryStore:
    """Counts, and keeps nothing but which links it has met, in memory."""

    #: The ledger, which is asked what is known.
    store: HistoryStore
    totals: Totals = field(default_factory=Totals)
    #: Articles that the gate would let through.
    n_passed: int = 0
    #: The first that could not be read; all are counted.
    failures: list[Failure] = field(default_factory=list)
    _met: set[str] = field(default_factory=set)
    _tallies: Counter[tuple[str, str, Fate, str]] = field(default_factory=Counter)

    def knows(self, entry: Entry) -> bool:
        """Whether an article is known by its link, or was met before."""
        return entry.id in self._met or self.store.knows(entry)

    def settle(
        self, run_id: str, documents: Sequence[Settled], seconds: float, now: datetime
    ) -> Totals:
        """Count what would become of documents."""
        for settled in documents:
            one = self._met_before(settled)
            self.totals = _counted(self.totals, one.fate)
            self._tallies[one.day, one.site, one.fate, one.reason] += 1
            self.n_passed += one.fate == "kept" and one.state != "irrelevant"
            if one.fate == "failed" and len(self.failures) < MAX_FAILURES:
                self.failures.append(Failure(place=one.place, reason=one.reason))
        self.totals = replace(self.totals, seconds=self.totals.seconds + seconds)
        return self.totals

    def tallies(self) -> list[Tally]:
        """List what would become of the documents, by day and site."""
        return [
            Tally(day=day, site=site, fate=fate, reason=reason, n=n)
            for (day, site, fate, reason), n in sorted(self._tallies.items())
        ]

    def _met_before(self, one: Settled) -> Settled:
        """Take what is known or was met before for a duplicate, as the ledger does."""
        if one.entry is None or one.fate == "duplicate":
            return one
        if self.knows(one.entry):
            return replace(one, fate="duplicate", reason="known", day=one.known_day)
        if one.fate == "kept":
            self._met.add(one.entry.id)
        return one


def _counted(totals: Totals, fate: Fate) -> Totals:
    return Totals(
        documents=totals.documents + 1,
        kept=totals.kept + (fate == "kept"),
        duplicates=totals.duplicates + (fate == "duplicate"),
        skipped=totals.skipped + (fate == "skipped"),
        failed=totals.failed + (fate == "failed"),
        seconds=totals.seconds,
    )
