"""The ledger proper: assessments, findings, deals and summaries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from newsbot.adapters.db import codec
from newsbot.adapters.db.connection import Connection
from newsbot.types import Assessment, Deal, Dropped, Finding, Summary, Verdict


class LedgerRows:
    """The tables `assessments`, `findings`, `deals`, `deal_parties`, `summaries`."""

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
            db.table("deals").upsert(
                {
                    "id": deal.id,
                    "status": deal.status,
                    "types": codec.document(deal.types),
                    "parties": codec.document(deal.parties),
                    "first_seen_at": codec.at_text(deal.first_seen_at),
                    "last_seen_at": codec.at_text(deal.last_seen_at),
                },
                pk="id",
            )
            for name, _ in deal.parties:
                db.execute(
                    "INSERT INTO deal_parties (deal_id, party) VALUES (?, ?) "
                    "ON CONFLICT DO NOTHING",
                    [deal.id, codec.storable(name)],
                )
            db.execute(
                "UPDATE findings SET deal_id = ?, verdict = ?, reason = ? WHERE id = ?",
                [deal.id, verdict, codec.storable(reason), finding.id],
            )

    def deal(self, deal_id: str) -> Deal | None:
        """Read a deal with all its findings."""
        deals = self._deals("WHERE id = ?", (deal_id,))
        return deals[0] if deals else None

    def deals(self, since: datetime | None = None) -> list[Deal]:
        """List deals first seen since then, newest first."""
        if since is None:
            return self._deals("ORDER BY first_seen_at DESC, id", ())
        return self._deals(
            "WHERE first_seen_at >= ? ORDER BY first_seen_at DESC, id",
            (codec.at_text(since),),
        )

    def candidates(self, names: Sequence[str], since: datetime) -> list[Deal]:
        """List deals seen since then that name any of these organisations."""
        if not names:
            return []
        marks = ", ".join("?" for _ in names)
        return self._deals(
            f"WHERE last_seen_at >= ? AND id IN "
            f"(SELECT deal_id FROM deal_parties WHERE party IN ({marks})) "
            "ORDER BY first_seen_at, id",
            (codec.at_text(since), *names),
        )

    def find_ids(self, prefix: str) -> list[tuple[str, str]]:
        """Find deals and articles whose id begins so: (kind, id) pairs."""
        rows = self._connection.rows(
            "SELECT 'deal' AS kind, id FROM deals WHERE substr(id, 1, ?) = ? "
            "UNION ALL "
            "SELECT 'article', id FROM articles WHERE substr(id, 1, ?) = ? LIMIT 20",
            (len(prefix), prefix, len(prefix), prefix),
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
            (codec.at_text(since),),
        )
        return [codec.summary(row) for row in rows]

    def _deals(self, where: str, parameters: tuple[object, ...]) -> list[Deal]:
        rows = self._connection.rows(f"SELECT * FROM deals {where}", parameters)
        deals = []
        for row in rows:
            documents = self._connection.rows(
                "SELECT document FROM findings JOIN articles "
                "ON articles.id = findings.article_id WHERE deal_id = ? "
                "ORDER BY articles.published_at, findings.id",
                (row["id"],),
            )
            findings = tuple(codec.finding(str(item["document"])) for item in documents)
            deals.append(
                Deal(
                    id=str(row["id"]),
                    status=row["status"],  # type: ignore[arg-type]
                    types=tuple(json.loads(str(row["types"]))),
                    parties=tuple(
                        (name, tuple(roles))
                        for name, roles in json.loads(str(row["parties"]))
                    ),
                    first_seen_at=codec.at_time(str(row["first_seen_at"])),
                    last_seen_at=codec.at_time(str(row["last_seen_at"])),
                    findings=findings,
                )
            )
        return deals

    def told_in(self, languages: Sequence[str]) -> frozenset[str]:
        """List the ids of deals that an article in one of these languages tells."""
        marks = ", ".join("?" for _ in languages)
        rows = self._connection.rows(
            "SELECT DISTINCT deal_id FROM findings JOIN articles "
            "ON articles.id = findings.article_id "
            f"WHERE deal_id IS NOT NULL AND articles.language IN ({marks})",
            tuple(languages),
        )
        return frozenset(str(row["deal_id"]) for row in rows)
