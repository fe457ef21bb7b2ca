"""What sites allow, and how far feeds' archives were read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsbot.adapters.db import codec
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.entries import put_entries
from newsbot.courtesy import SiteFile
from newsbot.types import Entry


class SiteRows:
    """The tables `site_rules` and `archive_pages`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def file(self, url: str) -> SiteFile | None:
        """Read what a site's robots.txt or tdmrep.json said last."""
        rows = self._connection.rows("SELECT * FROM site_rules WHERE url = ?", (url,))
        return codec.site_file(rows[0]) if rows else None

    def put_file(self, file: SiteFile) -> None:
        """Keep what a site says."""
        with self._connection.atomic() as db:
            db.table("site_rules").upsert(codec.columns(file), pk="url")

    def pages(self, feed_id: str) -> tuple[set[str], str | None]:
        """Tell which pages of a feed's archive were read, and which is next."""
        rows = self._connection.rows(
            "SELECT url, next_url FROM archive_pages WHERE feed_id = ? ORDER BY number",
            (feed_id,),
        )
        next_url = rows[-1]["next_url"] if rows else None
        read = {str(row["url"]) for row in rows}
        return read, None if next_url is None else str(next_url)

    def put_page(
        self,
        feed_id: str,
        url: str,
        next_url: str | None,
        entries: Sequence[Entry],
        now: datetime,
    ) -> int:
        """Store a page's entries and where the next is, together.

        Returns:
            How many entries were new.
        """
        with self._connection.atomic() as db:
            known = db.execute("SELECT 1 FROM feeds WHERE id = ?", [feed_id])
            if known.fetchone() is None:
                return 0  # removed while it was read
            db.execute(
                "INSERT INTO archive_pages (feed_id, number, url, next_url) "
                "SELECT ?, coalesce(max(number), 0) + 1, ?, ? "
                "FROM archive_pages WHERE feed_id = ?",
                [feed_id, url, next_url, feed_id],
            )
            return put_entries(db, entries, now)
