"""Earlier texts of articles, and the findings that have left their deals with them."""

from __future__ import annotations

from datetime import datetime

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.types import Article, Finding
from newsbot.versions import Former, Standing


class VersionRows:
    """Rows of `articles` that have a `replaced_by`, and findings that `left_for`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, article: Article, now: datetime) -> None:
        """Make an article the newest version of what its entry has.

        The one before stays with all that was found in it; words are searched in
        the newest alone. News of it is news of the newer one.
        """
        with self._connection.atomic() as db:
            before = db.execute(
                "UPDATE articles SET replaced_by = ?, replaced_at = ? "
                "WHERE entry_id = ? AND replaced_by IS NULL AND id != ? RETURNING id",
                [article.id, cells.at_text(now), article.entry_id, article.id],
            ).fetchone()
            db.table("articles").insert(codec.article_row(article), ignore=True)
            if before is not None:
                db.execute(
                    "UPDATE OR IGNORE news SET subject = ? "
                    "WHERE kind = 'summary' AND subject = ?",
                    [article.id, before[0]],
                )

    def former(self, entry_id: str) -> list[Former]:
        """List the earlier texts of an entry, oldest first."""
        rows = self._connection.rows(
            "SELECT * FROM articles WHERE entry_id = ? AND replaced_by IS NOT NULL "
            "ORDER BY number",
            (entry_id,),
        )
        return [
            Former(
                article=codec.article(row),
                replaced_by=str(row["replaced_by"]),
                replaced_at=cells.at_time(str(row["replaced_at"])),
            )
            for row in rows
        ]

    def standing(self, entry_id: str) -> list[Standing]:
        """List what earlier texts of an entry tell that still is in a deal."""
        rows = self._connection.rows(
            "SELECT findings.document, findings.deal_id FROM articles "
            "JOIN findings ON findings.article_id = articles.id "
            "WHERE articles.entry_id = ? AND articles.replaced_by IS NOT NULL "
            "AND findings.deal_id IS NOT NULL ORDER BY findings.id",
            (entry_id,),
        )
        return [
            Standing(
                finding=codec.finding(str(row["document"])),
                deal_id=str(row["deal_id"]),
            )
            for row in rows
        ]

    def add(self, finding: Finding) -> None:
        """Keep a finding that was taken over from the earlier text."""
        with self._connection.atomic() as db:
            db.table("findings").insert(
                {
                    "id": finding.id,
                    "article_id": finding.article_id,
                    "document": codec.finding_document(finding),
                },
                ignore=True,
            )

    def retire(self, finding_id: str, article_id: str, heir_id: str | None) -> None:
        """Take a finding out of its deal.

        Args:
            finding_id: The finding of an earlier text.
            article_id: The text that took its place.
            heir_id: The finding that tells the same deal there. What a person decided
                holds for it, too, and the news of the one is the news of the other.
        """
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE findings SET former_deal_id = deal_id, left_for = ?, "
                "deal_id = NULL WHERE id = ? AND deal_id IS NOT NULL",
                [article_id, finding_id],
            )
            # What the reader knows is corrected: that is news, with a number.
            db.execute(
                "INSERT OR IGNORE INTO news (kind, subject, other) "
                "VALUES ('correction', ?, ?)",
                [finding_id, heir_id],
            )
            if heir_id is None:
                return
            db.execute(
                "UPDATE OR IGNORE news SET subject = ? "
                "WHERE kind = 'finding' AND subject = ?",
                [heir_id, finding_id],
            )
            rows = db.execute(
                "SELECT kind, iif(finding = ?1, other, finding), decided_at "
                "FROM decisions WHERE ?1 IN (finding, other)",
                [finding_id],
            ).fetchall()
            for kind, other, decided_at in rows:
                db.execute(
                    "INSERT OR IGNORE INTO decisions (kind, finding, other, decided_at)"
                    " VALUES (?, ?, ?, ?)",
                    [kind, *sorted((heir_id, other)), decided_at],
                )

    def left(self, deal_id: str) -> list[Finding]:
        """List the findings that have left a deal, oldest text first."""
        rows = self._connection.rows(
            "SELECT document FROM findings JOIN articles "
            "ON articles.id = findings.article_id WHERE former_deal_id = ? "
            "ORDER BY articles.number, findings.id",
            (deal_id,),
        )
        return [codec.finding(str(row["document"])) for row in rows]

    def reached(self, article_id: str) -> str:
        """Tell the state in which the line had left an article: read, judged, told."""
        rows = self._connection.rows(
            "SELECT EXISTS (SELECT 1 FROM assessments WHERE article_id = ?1) AS judged,"
            " EXISTS (SELECT 1 FROM findings WHERE article_id = ?1 "
            "AND verdict IS NULL) AS waits",
            (article_id,),
        )
        if not rows[0]["judged"]:
            return "extracted"
        return "assessed" if rows[0]["waits"] else "done"

    def corrected(self, article_id: str) -> list[str]:
        """List the deals in which a text took the place of an earlier one."""
        rows = self._connection.rows(
            "SELECT DISTINCT former_deal_id FROM findings WHERE left_for = ? "
            "ORDER BY former_deal_id",
            (article_id,),
        )
        return [str(row["former_deal_id"]) for row in rows]
