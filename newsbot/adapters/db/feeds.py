"""Feeds: what to poll, when, and what the server said last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from newsbot.adapters.db import codec
from newsbot.adapters.db.connection import Connection
from newsbot.types import Entry, Feed


class FeedRows:
    """The table `feeds`, and the entries that a poll announces."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Feed]:
        """List every feed by address."""
        rows = self._connection.rows("SELECT * FROM feeds ORDER BY url")
        return [codec.feed(row) for row in rows]

    def due(self, now: datetime) -> list[Feed]:
        """List the feeds whose next poll has come, longest waiting first."""
        rows = self._connection.rows(
            "SELECT * FROM feeds WHERE next_poll_at IS NULL OR next_poll_at <= ? "
            "ORDER BY next_poll_at, url",
            (codec.at_text(now),),
        )
        return [codec.feed(row) for row in rows]

    def next_poll_at(self) -> datetime | None:
        """Say when the next feed is due; None without feeds.

        A feed that was never polled is due since the beginning of time.
        """
        rows = self._connection.rows(
            "SELECT min(coalesce(next_poll_at, ?)) AS at FROM feeds",
            (codec.at_text(datetime.min.replace(tzinfo=UTC)),),
        )
        return codec.at_time(str(rows[0]["at"])) if rows[0]["at"] else None

    def add(self, feed: Feed) -> bool:
        """Add a feed; False if its address is known already."""
        with self._connection.atomic() as db:
            known = db.execute("SELECT 1 FROM feeds WHERE url = ?", [feed.url])
            if known.fetchone():
                return False
            db.table("feeds").insert(codec.columns(feed))
            return True

    def remove(self, url_or_id: str) -> bool:
        """Remove a feed by address or id; its articles stay."""
        with self._connection.atomic() as db:
            cursor = db.execute(
                "DELETE FROM feeds WHERE url = ? OR id = ?", [url_or_id, url_or_id]
            )
            return cursor.rowcount > 0

    def sync(self, feeds: Sequence[Feed]) -> None:
        """Make the feeds of the config those of the config file.

        Validators and error counts of feeds that stay are kept; feeds added by
        command are left alone.
        """
        with self._connection.atomic() as db:
            keep = {feed.url for feed in feeds}
            rows = db.execute("SELECT url FROM feeds WHERE source = 'config'")
            for (url,) in rows.fetchall():
                if url not in keep:
                    db.execute("DELETE FROM feeds WHERE url = ?", [url])
            for feed in feeds:
                cursor = db.execute(
                    "UPDATE feeds SET language = ?, every_minutes = ?, "
                    "source = 'config' WHERE url = ?",
                    [feed.language, feed.every_minutes, feed.url],
                )
                if not cursor.rowcount:
                    db.table("feeds").insert(codec.columns(feed))

    def polled(self, feed: Feed, entries: Sequence[Entry], now: datetime) -> int:
        """Store a poll's outcome: the feed's new row and the entries it vouches for.

        Validators and entries go into one transaction: a validator stored
        without its entries would hide them behind the next 304.

        Returns:
            How many entries were new.
        """
        with self._connection.atomic() as db:
            if not db.execute("SELECT 1 FROM feeds WHERE id = ?", [feed.id]).fetchone():
                return 0  # removed while it was polled
            values = codec.columns(feed)
            changed = (
                "etag",
                "last_modified",
                "next_poll_at",
                "first_polled_at",
                "last_polled_at",
                "n_errors",
                "error",
            )
            db.table("feeds").update(feed.id, {name: values[name] for name in changed})
            return sum(_insert_entry(db, entry, now) for entry in entries)

    def failed(self, feed: Feed, now: datetime, reason: str, wait: timedelta) -> None:
        """Count a failed poll; validators stay as they were."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE feeds SET n_errors = n_errors + 1, error = ?, "
                "last_polled_at = ?, next_poll_at = ? WHERE id = ?",
                [
                    codec.storable(reason),
                    codec.at_text(now),
                    codec.at_text(now + wait),
                    feed.id,
                ],
            )


def _insert_entry(db: Database, entry: Entry, now: datetime) -> int:
    """Insert an entry at the head of the line unless it is known."""
    values = {
        **codec.columns(entry),
        "state": "found",
        "due_at": codec.at_text(now),
    }
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    cursor = db.execute(
        f"INSERT INTO entries ({names}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING",
        list(values.values()),
    )
    return int(cursor.rowcount)
