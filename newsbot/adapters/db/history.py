"""Backfills: how far each came, what became of its documents, and what it brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.copying import translated
from newsbot.adapters.db.entries import find_entry, put_entry
from newsbot.adapters.db.ledger import LedgerRows
from newsbot.history import MAX_FAILURES, Failure, Run, Settled, Tally, Totals
from newsbot.types import Entry

if TYPE_CHECKING:
    from sqlite_utils import Database

_PLURALS = {
    "kept": "kept",
    "duplicate": "duplicates",
    "skipped": "skipped",
    "failed": "failed",
}


class HistoryRows:
    """The tables `archive_runs`, `archive_tallies` and `archive_failures`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, run: Run, key: str, now: datetime) -> None:
        """Remember that a backfill began."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO archive_runs (id, key, kind, source, started_at) "
                "VALUES (?, ?, ?, ?, ?)",
                [
                    run.id,
                    key,
                    run.kind,
                    cells.storable(run.source),
                    cells.at_text(now),
                ],
            )

    def last(self, key: str) -> Run | None:
        """Find the last backfill of the same archive with the same choice."""
        rows = self._connection.rows(
            "SELECT * FROM archive_runs WHERE key = ? ORDER BY rowid DESC LIMIT 1",
            (key,),
        )
        return _run(rows[0]) if rows else None

    def run(self, run_id: str) -> Run:
        """Read how a backfill stands.

        Raises:
            KeyError: There is none of this id.
        """
        rows = self._connection.rows(
            "SELECT * FROM archive_runs WHERE id = ?", (run_id,)
        )
        if not rows:
            raise KeyError(run_id)
        return _run(rows[0])

    def knows(self, entry: Entry) -> bool:
        """Whether an article is known by its link, in any of its forms."""
        # No transaction: a look must not take the writer's lock, once per document.
        with translated():
            return find_entry(self._connection.db, entry) is not None

    def settle(
        self, run_id: str, documents: Sequence[Settled], seconds: float, now: datetime
    ) -> Totals:
        """Store what became of documents, and where the archive stands, together.

        Args:
            run_id: The backfill.
            documents: In the order of the archive, at least one.
            seconds: Time they took, added to the backfill's.
            now: The time.

        Returns:
            The totals of the whole backfill. What another source brought meanwhile
            counts as a duplicate.
        """
        with self._connection.atomic() as db:
            settled = [
                _store(self._connection, db, run_id, one, now) for one in documents
            ]
            counts = Counter(_PLURALS[one.fate] for one in settled)
            db.execute(
                "UPDATE archive_runs SET cursor = ?, documents = documents + ?, "
                "kept = kept + ?, duplicates = duplicates + ?, skipped = skipped + ?, "
                "failed = failed + ?, seconds = seconds + ? WHERE id = ?",
                [
                    cells.storable(settled[-1].cursor),
                    len(settled),
                    *(counts[name] for name in _PLURALS.values()),
                    seconds,
                    run_id,
                ],
            )
            tallies = Counter(
                (one.day, one.site, one.fate, one.reason) for one in settled
            )
            for (day, site, fate, reason), n in tallies.items():
                db.execute(
                    "INSERT INTO archive_tallies VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET n = n + excluded.n",
                    [
                        run_id,
                        day,
                        cells.storable(site),
                        fate,
                        cells.storable(reason),
                        n,
                    ],
                )
            _put_failures(db, run_id, [one for one in settled if one.fate == "failed"])
        return self.run(run_id).totals

    def finish(self, run_id: str, now: datetime) -> None:
        """Remember that every document was read."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE archive_runs SET finished_at = ? WHERE id = ?",
                [cells.at_text(now), run_id],
            )

    def tallies(self, run_id: str) -> list[Tally]:
        """List what became of a backfill's documents, by day and site."""
        rows = self._connection.rows(
            "SELECT * FROM archive_tallies WHERE run_id = ? "
            "ORDER BY day, site, fate, reason",
            (run_id,),
        )
        return [
            Tally(
                day=str(row["day"]),
                site=str(row["site"]),
                fate=row["fate"],  # type: ignore[arg-type]  # written by `settle`
                reason=str(row["reason"]),
                n=int(str(row["n"])),
            )
            for row in rows
        ]

    def failures(self, run_id: str, limit: int) -> list[Failure]:
        """List the first documents of a backfill that could not be read."""
        rows = self._connection.rows(
            "SELECT place, reason FROM archive_failures WHERE run_id = ? "
            "ORDER BY number LIMIT ?",
            (run_id, limit),
        )
        return [
            Failure(place=str(row["place"]), reason=str(row["reason"])) for row in rows
        ]

    def n_deals(self, run_id: str) -> int:
        """Count the deals that a backfill's articles tell of."""
        return self._count(
            # CROSS keeps this order: of a large archive, few articles tell of a deal.
            "SELECT count(DISTINCT findings.deal_id) AS n FROM findings "
            "CROSS JOIN articles ON articles.id = findings.article_id "
            "CROSS JOIN entries ON entries.id = articles.entry_id "
            "WHERE findings.deal_id IS NOT NULL AND entries.run_id = ?",
            run_id,
        )

    def n_waiting(self) -> int:
        """Count articles out of archives that wait for the model, or what follows."""
        rows = self._connection.rows(
            "SELECT count(*) AS n FROM entries WHERE run_id IS NOT NULL AND state IN "
            "('relevant', 'assessed', 'identified', 'summarised')",
        )
        return int(str(rows[0]["n"]))

    def n_passed(self, run_id: str) -> int:
        """Count a backfill's articles that the gate let through."""
        return self._count(
            "SELECT count(*) AS n FROM entries "
            "WHERE run_id = ? AND state != 'irrelevant'",
            run_id,
        )

    def told(self, since: datetime | None, until: datetime | None) -> list[str]:
        """List the ids of articles that tell of deals, by their time."""
        rows = self._connection.rows(
            "SELECT DISTINCT articles.id, articles.published_at FROM findings "
            "JOIN articles ON articles.id = findings.article_id "
            "WHERE articles.published_at >= ? AND articles.published_at < ? "
            "ORDER BY articles.published_at, articles.id",
            (
                cells.at_text(since) if since else "",
                cells.at_text(until) if until else "9999",
            ),
        )
        return [str(row["id"]) for row in rows]

    def _count(self, query: str, run_id: str) -> int:
        return int(str(self._connection.rows(query, (run_id,))[0]["n"]))


def _store(
    connection: Connection, db: Database, run_id: str, one: Settled, now: datetime
) -> Settled:
    """Store one document; says what became of it in the end.

    What became known meanwhile is a duplicate, whatever else it is: so the outcome
    does not depend on how many documents were in hand when it was looked at.
    """
    if one.entry is None or one.fate == "duplicate":
        return one
    if one.article is None:
        return one if find_entry(db, one.entry) is None else _known(one)
    queue = {
        "state": one.state,
        "priority": one.priority,
        "reason": cells.storable(one.reason) or None,
        "run_id": run_id,
    }
    if not put_entry(db, one.entry, now, queue):
        return _known(one)
    # In plain SQL: a table's own `insert` looks at its columns, each time anew.
    row = codec.article_row(one.article)
    names, marks = ", ".join(row), ", ".join("?" for _ in row)
    db.execute(
        f"INSERT OR IGNORE INTO articles ({names}) VALUES ({marks})",
        list(row.values()),
    )
    if judged := one.judged:
        LedgerRows(connection).put_assessment(
            judged.assessment, judged.findings, judged.dropped
        )
    return one


def _known(one: Settled) -> Settled:
    return replace(one, fate="duplicate", reason="known", day=one.known_day)


def _put_failures(db: Database, run_id: str, failed: Sequence[Settled]) -> None:
    if not failed:
        return
    (n_kept,) = db.execute(
        "SELECT count(*) FROM archive_failures WHERE run_id = ?", [run_id]
    ).fetchone()
    for number, one in enumerate(failed[: MAX_FAILURES - n_kept], n_kept + 1):
        db.execute(
            "INSERT INTO archive_failures VALUES (?, ?, ?, ?)",
            [run_id, number, cells.storable(one.place), cells.storable(one.reason)],
        )


def _run(row: codec.Row) -> Run:
    finished = row["finished_at"]
    return Run(
        id=row["id"],
        kind=row["kind"],
        source=row["source"],
        cursor=row["cursor"],
        totals=Totals(
            documents=row["documents"],
            kept=row["kept"],
            duplicates=row["duplicates"],
            skipped=row["skipped"],
            failed=row["failed"],
            seconds=row["seconds"],
        ),
        finished_at=None if finished is None else cells.at_time(finished),
    )
