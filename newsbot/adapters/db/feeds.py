"""Feeds: what to poll, when, and what the server said last."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import attrgetter

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.entries import put_entries
from newsbot.adapters.db.restores import heard_again
from newsbot.courtesy import Courtesy
from newsbot.types import Entry, Feed, identity

#: What the operator says of a feed; all other columns follow from its polls.
_OPERATORS = frozenset({"id", "url", "language", "every_minutes", "source", "courtesy"})


class FeedRows:
    """The table `feeds`, and the entries that a poll announces."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Feed]:
        """List every feed by address."""
        rows = self._connection.rows("SELECT * FROM feeds ORDER BY url")
        return [codec.feed(row) for row in rows]

    def find(self, url_or_id: str) -> Feed | None:
        """Find a feed by its id, its address, or one that it has moved from."""
        rows = self._connection.rows(
            "SELECT * FROM feeds WHERE id IN (?, ?) OR url = ?",
            (url_or_id, identity("feed", url_or_id), url_or_id),
        )
        return codec.feed(rows[0]) if rows else None

    def due(self, now: datetime) -> list[Feed]:
        """List the feeds whose next poll has come, longest waiting first.

        Feeds that are gone for good are never due.
        """
        rows = self._connection.rows(
            "SELECT * FROM feeds WHERE stopped_at IS NULL AND "
            "(next_poll_at IS NULL OR next_poll_at <= ?) ORDER BY next_poll_at, url",
            (cells.at_text(now),),
        )
        return [codec.feed(row) for row in rows]

    def next_poll_at(self) -> datetime | None:
        """Say when the next feed is due; None without feeds.

        A feed that was never polled is due since the beginning of time.
        """
        rows = self._connection.rows(
            "SELECT min(coalesce(next_poll_at, ?)) AS at FROM feeds "
            "WHERE stopped_at IS NULL",
            (cells.at_text(datetime.min.replace(tzinfo=UTC)),),
        )
        return cells.at_time(str(rows[0]["at"])) if rows[0]["at"] else None

    def add(self, feed: Feed) -> bool:
        """Add a feed; False if its address is known already, or has moved on."""
        with self._connection.atomic() as db:
            known = db.execute(
                "SELECT 1 FROM feeds WHERE url = ? OR id = ?", [feed.url, feed.id]
            )
            if known.fetchone():
                return False
            db.table("feeds").insert(codec.feed_row(feed))
            return True

    def remove(self, url_or_id: str) -> bool:
        """Remove a feed by address or id; its articles stay."""
        with self._connection.atomic() as db:
            cursor = db.execute(
                "DELETE FROM feeds WHERE url = ? OR id IN (?, ?)",
                [url_or_id, url_or_id, identity("feed", url_or_id)],
            )
            return cursor.rowcount > 0

    def sync(self, feeds: Sequence[Feed]) -> None:
        """Make the feeds of the config those of the config file.

        Validators and error counts of feeds that stay are kept, also where a feed
        has moved from the file's address; feeds added by command are left alone.
        """
        with self._connection.atomic() as db:
            ids, urls = {feed.id for feed in feeds}, {feed.url for feed in feeds}
            rows = db.execute("SELECT id, url FROM feeds WHERE source = 'config'")
            for id_, url in rows.fetchall():
                if id_ not in ids and url not in urls:
                    db.execute("DELETE FROM feeds WHERE id = ?", [id_])
            for feed in feeds:
                cursor = db.execute(
                    "UPDATE feeds SET language = ?, every_minutes = ?, "
                    "source = 'config' WHERE id = ? OR url = ?",
                    [feed.language, feed.every_minutes, feed.id, feed.url],
                )
                if not cursor.rowcount:
                    db.table("feeds").insert(codec.feed_row(feed))

    def polled(self, feed: Feed, entries: Sequence[Entry], now: datetime) -> int:
        """Store what one poll came to; how many entries were new."""
        return self.settle([(feed, entries)], now)[0]

    def settle(
        self,
        outcomes: Sequence[tuple[Feed, Sequence[Entry]]],
        now: datetime,
        *,
        besides: Callable[[], object] = lambda: None,
    ) -> list[int]:
        """Store what polls came to: each feed's new row and the entries it vouches for.

        All in one transaction: a validator stored without its entries would hide
        them behind the next 304, and a commit for each 304 would take most of the
        time of a poll. What is done besides is done in it, too.

        Returns:
            How many entries of each were new.
        """
        if not outcomes:
            return []
        rows = [[*_own(feed), *_asked(feed.courtesy)] for feed, _ in outcomes]
        with self._connection.atomic() as db:
            besides()
            # One statement for all: each one gives other threads the interpreter.
            left = dict(db.execute(_SETTLE, [cells.document(rows)]).fetchall())
            outcomes = heard_again(db, outcomes)
            for feed, _ in outcomes:
                if left.get(feed.id, feed.url) != feed.url:
                    # An address that another feed has by now stays as it was.
                    db.execute(
                        "UPDATE OR IGNORE feeds SET url = ? WHERE id = ?",
                        [feed.url, feed.id],
                    )
            return [
                # A feed that was removed while it was polled brings nothing.
                put_entries(db, entries, now) if feed.id in left else 0
                for feed, entries in outcomes
            ]


def _changed(noun: type[Feed] | type[Courtesy]) -> list[str]:
    names = [field.name for field in dataclasses.fields(noun)]
    return [name for name in names if name not in _OPERATORS]


_own = attrgetter("id", *_changed(Feed))
_asked = attrgetter(*_changed(Courtesy))
_CHANGED = [*_changed(Feed), *_changed(Courtesy)]
_SETTLE = f"""
UPDATE feeds SET {", ".join(f"{name} = new.{name}" for name in _CHANGED)}
FROM (
    SELECT {
    ", ".join(
        f"json_extract(value, '$[{n}]') AS {name}"
        for n, name in enumerate(["id", *_CHANGED])
    )
}
    FROM json_each(?)
) AS new
WHERE feeds.id = new.id RETURNING feeds.id, feeds.url
"""
