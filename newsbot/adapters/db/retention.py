"""What is older than its time goes, in small steps, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.types import Finding, Span

#: Rows of one transaction: some milliseconds of the writer lock.
STEP = 200


class RetentionRows:
    """Deletes across tables; deals, findings and their quotes stay."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def drop_pages(self, before: datetime, waiting: Sequence[str]) -> int:
        """Drop pages that are older, but for entries in these states; how many."""
        marks = ", ".join("?" for _ in waiting)
        n_gone = 0
        while True:
            with self._connection.atomic() as db:
                n = db.execute(
                    "DELETE FROM pages WHERE entry_id IN (SELECT entry_id FROM pages "
                    "JOIN entries ON entries.id = entry_id WHERE fetched_at < ? "
                    f"AND state NOT IN ({marks}) LIMIT ?)",
                    [cells.at_text(before), *waiting, STEP],
                ).rowcount
            n_gone += n
            if n < STEP:
                return n_gone

    def shorten_texts(
        self, before: datetime, now: datetime, waiting: Sequence[str]
    ) -> int:
        """Blank the texts of older articles but for the sentences that deals quote.

        Places in a text stay where they are: what goes becomes spaces. Of an article
        without a deal nothing is left but its title.

        Returns:
            How many articles were shortened.
        """
        marks = ", ".join("?" for _ in waiting)
        n_done = 0
        while True:
            rows = self._connection.rows(
                "SELECT articles.id, articles.title, text FROM articles "
                "JOIN entries ON entries.id = entry_id "
                "WHERE max(articles.published_at, entries.first_seen_at) < ? "
                f"AND entries.state NOT IN ({marks}) AND NOT EXISTS (SELECT 1 "
                "FROM shortened WHERE article_id = articles.id) LIMIT ?",
                (cells.at_text(before), *waiting, STEP),
            )
            with self._connection.atomic() as db:
                for row in rows:
                    documents = db.execute(
                        "SELECT document FROM findings WHERE article_id = ?",
                        [row["id"]],
                    ).fetchall()
                    findings = [codec.finding(str(one[0])) for one in documents]
                    title, text = str(row["title"]), str(row["text"])
                    db.execute(
                        "UPDATE articles SET text = ? WHERE id = ?",
                        [_quotes_of(title, text, findings), row["id"]],
                    )
                    db.execute(
                        "INSERT OR IGNORE INTO shortened (article_id, at) "
                        "VALUES (?, ?)",
                        [row["id"], cells.at_text(now)],
                    )
            n_done += len(rows)
            if len(rows) < STEP:
                return n_done

    def drop_feedback(self, before: datetime) -> int:
        """Drop labels that are older; how many."""
        with self._connection.atomic() as db:
            return db.execute(
                "DELETE FROM labels WHERE labelled_at < ?", [cells.at_text(before)]
            ).rowcount


def _quotes_of(title: str, text: str, findings: Sequence[Finding]) -> str:
    """Keep of a text what findings point at; spaces stand for the rest."""
    first = len(title) + len("\n\n")  # spans count from the title on
    kept = ""
    for span in sorted(_spans(findings), key=lambda one: one.start):
        start, end = max(span.start - first, len(kept)), span.end - first
        if start < end:
            kept = kept.ljust(start) + text[start:end]
    return kept


def _spans(findings: Sequence[Finding]) -> list[Span]:
    spans = [one.status_quote for one in findings]
    for finding in findings:
        for claim in finding.claims:
            spans += [claim.span, claim.quote]
    return spans
