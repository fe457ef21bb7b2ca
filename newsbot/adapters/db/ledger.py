"""The ledger proper: assessments, findings, deals and summaries."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.candidates import candidate_ids, forget_sides, put_sides
from newsbot.adapters.db.cells import without_collecting
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.news import findings_of, put_mistake, told_from
from newsbot.ports import Look, Reach
from newsbot.types import (
    Assessment,
    Calibration,
    Deal,
    Decision,
    Dropped,
    Finding,
    Summary,
)
from newsbot.vocabulary import Verdict

if TYPE_CHECKING:
    from sqlite_utils import Database


class LedgerRows:
    """The tables `assessments`, `findings`, `deals`, `summaries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put_assessment(
        self,
        assessment: Assessment,
        findings: Sequence[Finding],
        dropped: tuple[Dropped, ...],
    ) -> None:
        """Keep the judgement on an article, for yes and for no."""
        with self._connection.atomic() as db:
            db.table("assessments").upsert(
                codec.assessment_row(assessment, dropped), pk="article_id"
            )
            for finding in findings:
                db.table("findings").insert(
                    {
                        "id": finding.id,
                        "article_id": finding.article_id,
                        "document": codec.finding_document(finding),
                    },
                    ignore=True,
                )

    def assessment(
        self, article_id: str
    ) -> tuple[Assessment, tuple[Dropped, ...]] | None:
        """Read the judgement on an article and what it dropped."""
        rows = self._connection.rows(
            "SELECT * FROM assessments WHERE article_id = ?", (article_id,)
        )
        return codec.assessment(rows[0]) if rows else None

    def findings_of(self, article_id: str) -> list[Finding]:
        """List the findings of an article."""
        rows = self._connection.rows(
            "SELECT document FROM findings WHERE article_id = ? ORDER BY id",
            (article_id,),
        )
        return [codec.finding(str(row["document"])) for row in rows]

    def verdict(self, finding_id: str) -> tuple[str | None, Verdict | None, str | None]:
        """Tell a finding's deal, its verdict, and why."""
        rows = self._connection.rows(
            "SELECT deal_id, verdict, reason FROM findings WHERE id = ?", (finding_id,)
        )
        if not rows:
            return None, None, None
        row = rows[0]
        return row["deal_id"], row["verdict"], row["reason"]  # type: ignore[return-value]

    def put_deal(
        self, deal: Deal, finding: Finding, verdict: Verdict, reason: str
    ) -> None:
        """Keep a deal as it stands after one more finding."""
        with self._connection.atomic() as db:
            self._write(db, deal)
            db.execute(
                "UPDATE findings SET deal_id = ?, verdict = ?, reason = ? WHERE id = ?",
                [deal.id, verdict, cells.storable(reason), finding.id],
            )

    def deal(self, deal_id: str) -> Deal | None:
        """Read a deal with all its findings, by its id or one that it has absorbed."""
        deals = self._deals(
            "WHERE id = ?1 OR id = (SELECT deal_id FROM deal_aliases WHERE id = ?1)",
            (deal_id,),
        )
        return deals[0] if deals else None

    def deals(self, since: datetime | None = None) -> list[Deal]:
        """List deals first seen since then, newest first."""
        if since is None:
            with without_collecting():
                rows = self._connection.rows(
                    "SELECT * FROM deals ORDER BY first_seen_at DESC, id"
                )
                # A third of the time that looking for each deal's own takes.
                told = self._findings("IS NOT NULL")
                return [codec.deal(row, told.get(str(row["id"]), [])) for row in rows]
        return self._deals(
            "WHERE first_seen_at >= ? ORDER BY first_seen_at DESC, id",
            (cells.at_text(since),),
        )

    def these(self, deal_ids: Sequence[str]) -> list[Deal]:
        """Read some deals, newest first; those that are gone are left out."""
        return self._deals(
            "WHERE id IN (SELECT value FROM json_each(?)) "
            "ORDER BY first_seen_at DESC, id",
            (json.dumps(list(deal_ids)),),
        )

    def calibration(self) -> Calibration | None:
        """Read the threshold that labels have raised, if they have."""
        rows = self._connection.rows(
            "SELECT value FROM settings WHERE name = 'calibration'"
        )
        return Calibration(**json.loads(str(rows[0]["value"]))) if rows else None

    def calibrate(self, calibration: Calibration | None) -> None:
        """Keep a raised threshold; None goes back to the judge's own."""
        with self._connection.atomic() as db:
            db.execute("DELETE FROM settings WHERE name = 'calibration'")
            if calibration is not None:
                value = json.dumps(dataclasses.asdict(calibration))
                db.execute(
                    "INSERT INTO settings (name, value) VALUES ('calibration', ?)",
                    [value],
                )

    def latest(self, limit: int, since: datetime | None = None) -> list[Deal]:
        """List the newest deals first seen since then and not withdrawn."""
        return self._deals(
            "WHERE first_seen_at >= ? AND withdrawn_by IS NULL "
            "ORDER BY first_seen_at DESC, id LIMIT ?",
            (cells.at_text(since) if since else "", limit),
        )

    def count(self, since: datetime | None = None) -> int:
        """Count the deals first seen since then and not withdrawn."""
        rows = self._connection.rows(
            "SELECT count(*) AS n FROM deals WHERE first_seen_at >= ? "
            "AND withdrawn_by IS NULL",
            (cells.at_text(since) if since else "",),
        )
        return int(str(rows[0]["n"]))

    def candidates(
        self, sides: Sequence[Sequence[str]], reach: Reach, look: Look
    ) -> tuple[list[Deal], frozenset[frozenset[str]]]:
        """List deals within reach that share two sides, or one, and may share another.

        Args:
            sides: For each party every name it may go by.
            reach: From when to when.
            look: Which of these are worth a look by their names.

        Returns:
            The deals, first seen first, and the pairs among their findings that a
            person has called different deals.
        """
        ids = candidate_ids(self._connection, sides, reach, look)
        bare = self._bare(
            "WHERE first_seen_at <= ? AND id IN (SELECT value FROM json_each(?)) "
            "ORDER BY first_seen_at, id",
            (cells.at_text(reach.until), json.dumps(ids)),
        )
        first, last = reach.event
        # Before findings are read, most of the time and of no use for most of giants'.
        deals = self._told(
            deal
            for deal in bare
            if (deal.first_seen_at <= last and deal.last_seen_at >= first)
            or look.far([name for name, _ in deal.parties])
        )
        return deals, self._parted(deals)

    def _parted(self, deals: Sequence[Deal]) -> frozenset[frozenset[str]]:
        ids = json.dumps([finding.id for deal in deals for finding in deal.findings])
        rows = self._connection.rows(
            "SELECT finding, other FROM decisions WHERE kind = 'apart' AND "
            "(finding IN (SELECT value FROM json_each(?1)) "
            "OR other IN (SELECT value FROM json_each(?1)))",
            (ids,),
        )
        return frozenset(
            frozenset((str(row["finding"]), str(row["other"]))) for row in rows
        )

    def absorb(self, absorbed: Sequence[str], deal_id: str, now: datetime) -> None:
        """Let deals become part of another: findings, messages and names go over.

        Args:
            absorbed: Ids of the deals that end; each goes on as a name of the other.
            deal_id: The deal that stays.
            now: When a reader of both is told that they are one.
        """
        with self._connection.atomic() as db:
            for gone in absorbed:
                known = [told_from(db, findings_of(db, id_)) for id_ in (gone, deal_id)]
                put_mistake(db, "merged", gone, None, known, now)
                for table in ("findings", "alerts", "deal_aliases"):
                    db.execute(
                        f"UPDATE {table} SET deal_id = ? WHERE deal_id = ?",
                        [deal_id, gone],
                    )
                db.execute(
                    "UPDATE findings SET former_deal_id = ? WHERE former_deal_id = ?",
                    [deal_id, gone],
                )
                db.execute("DELETE FROM deals WHERE id = ?", [gone])
                db.execute(
                    "INSERT INTO deal_aliases (id, deal_id) VALUES (?, ?)",
                    [gone, deal_id],
                )

    def part(self, rest: Deal, other: Deal, now: datetime) -> None:
        """Take a deal out of another one, with its findings.

        Args:
            rest: What stays, under its id.
            other: What goes.
            now: When a reader of both as one is told.
        """
        with self._connection.atomic() as db:
            known = [
                told_from(db, [finding.id for finding in one.findings])
                for one in (rest, other)
            ]
            self.rewrite(other)
            self.rewrite(rest)
            put_mistake(db, "split", other.id, rest.id, known, now)

    def decide(self, decision: Decision) -> None:
        """Keep what a person says of two findings; the last word on a pair holds."""
        pair = sorted((decision.finding_id, decision.other_id))
        with self._connection.atomic() as db:
            db.execute("DELETE FROM decisions WHERE finding = ? AND other = ?", pair)
            db.execute(
                "INSERT INTO decisions (kind, finding, other, decided_at) "
                "VALUES (?, ?, ?, ?)",
                [decision.kind, *pair, cells.at_text(decision.decided_at)],
            )

    def rewrite(self, deal: Deal) -> None:
        """Write a deal anew after findings have moved into it or out of it."""
        ids = json.dumps([finding.id for finding in deal.findings])
        with self._connection.atomic() as db:
            forget_sides(db, deal.id)
            self._write(db, deal)
            db.execute(
                "UPDATE findings SET deal_id = ? "
                "WHERE id IN (SELECT value FROM json_each(?))",
                [deal.id, ids],
            )

    def decisions(self) -> list[Decision]:
        """List what persons have said, oldest first."""
        rows = self._connection.rows("SELECT * FROM decisions ORDER BY number")
        return [
            Decision(
                kind=row["kind"],  # type: ignore[arg-type]
                finding_id=str(row["finding"]),
                other_id=str(row["other"]),
                decided_at=cells.at_time(str(row["decided_at"])),
            )
            for row in rows
        ]

    def _write(self, db: Database, deal: Deal) -> None:
        db.table("deals").upsert(
            {
                "id": deal.id,
                "status": deal.status,
                "types": cells.document(deal.types),
                "parties": cells.document(deal.parties),
                "first_seen_at": cells.at_text(deal.first_seen_at),
                "last_seen_at": cells.at_text(deal.last_seen_at),
                "withdrawn_by": deal.withdrawn_by,
            },
            pk="id",
        )
        put_sides(db, deal)

    def find_ids(self, prefix: str) -> list[tuple[str, str]]:
        """Find deals and articles whose id begins so: (kind, id) pairs."""
        rows = self._connection.rows(
            # Ranges, which an index finds; ids are hexadecimal.
            "SELECT 'deal' AS kind, id FROM deals WHERE id >= ?1 AND id < ?2 "
            "UNION SELECT 'deal', deal_id FROM deal_aliases "
            "WHERE id >= ?1 AND id < ?2 UNION ALL "
            "SELECT 'article', id FROM articles WHERE id >= ?1 AND id < ?2 LIMIT 20",
            (prefix, f"{prefix}~"),
        )
        return [(str(row["kind"]), str(row["id"])) for row in rows]

    def put_summary(self, summary: Summary) -> None:
        """Keep an article's summary."""
        with self._connection.atomic() as db:
            db.table("summaries").upsert(codec.summary_row(summary), pk="article_id")

    def summary(self, article_id: str) -> Summary | None:
        """Read an article's summary."""
        rows = self._connection.rows(
            "SELECT * FROM summaries WHERE article_id = ?", (article_id,)
        )
        return codec.summary(rows[0]) if rows else None

    def summaries(self, since: datetime) -> list[Summary]:
        """List the summaries of articles published since then, oldest first."""
        rows = self._connection.rows(
            "SELECT summaries.* FROM summaries "
            "JOIN articles ON articles.id = summaries.article_id "
            "WHERE articles.published_at >= ? ORDER BY articles.published_at",
            (cells.at_text(since),),
        )
        return [codec.summary(row) for row in rows]

    @without_collecting()
    def _deals(self, where: str, parameters: tuple[object, ...]) -> list[Deal]:
        return self._told(self._bare(where, parameters))

    def _bare(self, where: str, parameters: tuple[object, ...]) -> list[Deal]:
        """Read deals without their findings."""
        rows = self._connection.rows(f"SELECT * FROM deals {where}", parameters)
        return [codec.deal(row, ()) for row in rows]

    @without_collecting()
    def _told(self, bare: Iterable[Deal]) -> list[Deal]:
        """Add the findings to deals."""
        deals = list(bare)
        ids = json.dumps([deal.id for deal in deals])
        told = self._findings("IN (SELECT value FROM json_each(?))", ids)
        return [replace(deal, findings=tuple(told.get(deal.id, ()))) for deal in deals]

    def _findings(self, deals: str, *parameters: str) -> dict[str, list[Finding]]:
        """Read the findings of deals, oldest article first, all in one query."""
        # Sorted here: SQLite would carry every document through its sorting.
        told: dict[str, list[tuple[str, str, str]]] = {}
        for row in self._connection.rows(
            "SELECT deal_id, articles.published_at, findings.id, document "
            "FROM findings JOIN articles ON articles.id = findings.article_id "
            f"WHERE deal_id {deals}",
            parameters,
        ):
            deal_id, *finding = map(str, row.values())
            told.setdefault(deal_id, []).append((finding[0], finding[1], finding[2]))
        return {
            deal_id: [codec.finding(document) for _, _, document in sorted(findings)]
            for deal_id, findings in told.items()
        }
