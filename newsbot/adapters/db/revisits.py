"""Pages of articles with a deal, which are asked for again after a while."""

from __future__ import annotations

from datetime import datetime

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.entries import retitle
from newsbot.adapters.db.line import ENDS
from newsbot.types import Entry, Page
from newsbot.versions import Revisit


class RevisitRows:
    """The table `revisits`; a page has one row, and visits until `due_at` is empty."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, entry_id: str, now: datetime, due_at: datetime) -> None:
        """Have a page asked for again; a second time changes nothing."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT OR IGNORE INTO revisits (entry_id, begun_at, due_at) "
                "VALUES (?, ?, ?)",
                [entry_id, cells.at_text(now), cells.at_text(due_at)],
            )

    def due(self, now: datetime, limit: int) -> list[tuple[Revisit, Entry]]:
        """List what is due and not on the line just now, the longest due first."""
        ends = ", ".join("?" for _ in ENDS)
        rows = self._connection.rows(
            "SELECT entries.*, revisits.begun_at FROM revisits "
            "JOIN entries ON entries.id = revisits.entry_id "
            f"WHERE revisits.due_at <= ? AND entries.state IN ({ends}) "
            "ORDER BY revisits.due_at, entries.id LIMIT ?",
            (cells.at_text(now), *ENDS, limit),
        )
        found = []
        for row in rows:
            begun_at = cells.at_time(str(row.pop("begun_at")))
            entry = codec.entry(row)
            found.append((Revisit(entry_id=entry.id, begun_at=begun_at), entry))
        return found

    def visited(
        self, entry_id: str, now: datetime, outcome: str, due_at: datetime | None
    ) -> None:
        """Write down what a visit brought, and when the next one is; None: no more."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE revisits SET n_visits = n_visits + 1, visited_at = ?, "
                "outcome = ?, due_at = ? WHERE entry_id = ?",
                [
                    cells.at_text(now),
                    cells.storable(outcome),
                    cells.at_text(due_at) if due_at else None,
                    entry_id,
                ],
            )

    def changed(self, page: Page, title: str | None) -> bool:
        """Send a page that reads otherwise down the line, without asking for it again.

        Args:
            page: As it reads now.
            title: Its new headline, where it has another one.

        Returns:
            Whether its entry was at the end of the line.
        """
        ends = ", ".join("?" for _ in ENDS)
        with self._connection.atomic() as db:
            cursor = db.execute(
                "UPDATE entries SET state = 'fetched', reason = NULL, n_errors = 0, "
                f"due_at = ? WHERE id = ? AND state IN ({ends})",
                [cells.at_text(page.fetched_at), page.entry_id, *ENDS],
            )
            if cursor.rowcount:
                db.table("pages").upsert(codec.columns(page), pk="entry_id")
            if cursor.rowcount and title is not None:
                retitle(db, page.entry_id, title, page.fetched_at)
            return bool(cursor.rowcount)

    def renew(self, entry_id: str, etag: str | None, last_modified: str | None) -> None:
        """Keep what a page that reads as before is marked with now."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE pages SET etag = ?, last_modified = ? WHERE entry_id = ?",
                [etag, last_modified, entry_id],
            )
