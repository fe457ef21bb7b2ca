"""Digests of chats: which are written, and what the next one begins after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the digests of one subscription have come."""

    channel: str
    recipient: str
    #: When its first one was asked for.
    begun_at: datetime
    #: Number of the last news that is told, or left out for good.
    since: int
    #: Local date of the last one, written or left out.
    last_date: date | None


class ChatDigestRows:
    """The table `chat_digests`, and two columns of `subscriptions`.

    A subscription has one row per local date: the pair is the primary key.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, channel: str, recipient: str, since: int, now: datetime) -> None:
        """Begin, or begin again: nothing is told that was told before."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE subscriptions SET digest_since = max(digest_since, ?), "
                "digest_begun_at = ? WHERE channel = ? AND recipient = ?",
                [since, cells.at_text(now), channel, recipient],
            )

    def progress(self) -> list[Progress]:
        """List how far each subscription with a digest is, oldest first."""
        rows = self._connection.rows(
            "SELECT channel, recipient, digest_since, "
            "coalesce(digest_begun_at, created_at) AS begun_at, "
            "(SELECT max(local_date) FROM chat_digests "
            "  WHERE subscription = subscriptions.number) AS last_date "
            "FROM subscriptions WHERE digest_at IS NOT NULL ORDER BY number"
        )
        return [
            Progress(
                channel=str(row["channel"]),
                recipient=str(row["recipient"]),
                begun_at=cells.at_time(str(row["begun_at"])),
                since=int(str(row["digest_since"])),
                last_date=(
                    date.fromisoformat(str(row["last_date"]))
                    if row["last_date"]
                    else None
                ),
            )
            for row in rows
        ]

    def put(
        self,
        one: Progress,
        day: date,
        upto: int,
        now: datetime,
        notice_id: str | None,
    ) -> bool:
        """Write down a day's digest, in the transaction of its message.

        Args:
            one: Whose.
            day: Its local date.
            upto: Number of the last news that it covers.
            now: Aware.
            notice_id: Its message; None where there is none.

        Returns:
            Whether the day had none before, and the subscription is still there.
        """
        with self._connection.atomic() as db:
            written = db.execute(
                "INSERT INTO chat_digests "
                "(subscription, local_date, upto, created_at, notice_id) "
                "SELECT number, ?, ?, ?, ? FROM subscriptions "
                "WHERE channel = ? AND recipient = ? ON CONFLICT DO NOTHING",
                [
                    day.isoformat(),
                    upto,
                    cells.at_text(now),
                    notice_id,
                    one.channel,
                    one.recipient,
                ],
            )
            if written.rowcount > 0:
                db.execute(
                    "UPDATE subscriptions SET digest_since = max(digest_since, ?) "
                    "WHERE channel = ? AND recipient = ?",
                    [upto, one.channel, one.recipient],
                )
        return written.rowcount > 0

    def repair(self, now: datetime, latest: datetime) -> int:
        """Mend what a clock that was ahead has left.

        Days that it wrote count as not written, and digests wait no longer than to
        *latest*.

        Returns:
            How many rows were mended.
        """
        with self._connection.atomic() as db:
            ahead = cells.at_text(latest)
            days = db.execute("DELETE FROM chat_digests WHERE created_at > ?", [ahead])
            waiting = db.execute(
                "UPDATE notices SET due_at = ? WHERE state = 'pending' "
                "AND kind != 'notice' AND due_at > ?",
                [cells.at_text(now), ahead],
            )
            return int(days.rowcount + waiting.rowcount)
