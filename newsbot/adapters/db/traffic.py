"""What channels were asked lately, which of them rest, and lines for readers."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsbot.adapters.db import cells, codec_readers
from newsbot.adapters.db.connection import Connection
from newsbot.mailing import Notice, Pause, Request
from newsbot.vocabulary import DeliveryState, Language

#: How long a request is kept; no limit of any service looks further back.
KEPT = timedelta(minutes=10)
#: A row more is no harm: old ones are cleared once in so many.
CLEAR_EVERY = 256


class TrafficRows:
    """The tables `requests`, `pauses` and `notices`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def began(self, channel: str, chat: str, now: datetime) -> int:
        """Write down that a channel is being asked.

        Returns:
            The request's number, for `ended`.
        """
        with self._connection.atomic() as db:
            written = db.execute(
                "INSERT INTO requests (channel, chat, at) VALUES (?, ?, ?)",
                [channel, chat, cells.at_text(now)],
            )
            number = int(written.lastrowid or 0)
            if number % CLEAR_EVERY == 0:
                db.execute(
                    "DELETE FROM requests WHERE at < ? AND NOT open",
                    [cells.at_text(now - KEPT)],
                )
        return number

    def ended(self, number: int, now: datetime) -> None:
        """Write down that a request is over, answered or not."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE requests SET at = ?, open = 0 WHERE number = ?",
                [cells.at_text(now), number],
            )

    def noted(self, channel: str, chat: str, now: datetime) -> None:
        """Count something that was asked otherwise, and is over."""
        self.ended(self.began(channel, chat, now), now)

    def requests(self, channel: str, since: datetime) -> list[Request]:
        """List what ended since then, oldest first."""
        rows = self._connection.rows(
            "SELECT chat, at FROM requests WHERE channel = ? AND at >= ? "
            "AND NOT open ORDER BY at, number",
            (channel, cells.at_text(since)),
        )
        return [
            Request(chat=str(row["chat"]), at=cells.at_time(str(row["at"])))
            for row in rows
        ]

    def pause(
        self,
        channel: str,
        reason: str,
        until: datetime,
        now: datetime,
        *,
        refused: bool,
    ) -> bool:
        """Let a channel rest, at least until then.

        Args:
            channel: Which.
            reason: Why, in words.
            until: Until when; a longer pause that holds already is not shortened.
            now: The time, aware UTC.
            refused: Its key was refused: somebody has to act.

        Returns:
            Whether it did not rest for the same kind of reason before.
        """
        with self._connection.atomic() as db:
            known = db.execute(
                "SELECT 1 FROM pauses WHERE channel = ? AND refused = ?",
                [channel, int(refused)],
            ).fetchone()
            at = cells.at_text(now)
            db.execute(
                "INSERT INTO pauses (channel, until, reason, since, refused) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "until = MAX(until, excluded.until), reason = excluded.reason, "
                "since = iif(refused = excluded.refused, since, excluded.since), "
                "refused = excluded.refused",
                [channel, cells.at_text(until), cells.storable(reason), at, refused],
            )
        return known is None

    def resume(self, channel: str) -> bool:
        """Let a channel go on whose key was refused; whether there was one."""
        with self._connection.atomic() as db:
            gone = db.execute(
                "DELETE FROM pauses WHERE channel = ? AND refused", [channel]
            )
        return gone.rowcount > 0

    def pauses(self, now: datetime) -> list[Pause]:
        """List the channels that rest, and those whose key was refused."""
        rows = self._connection.rows(
            "SELECT * FROM pauses WHERE until > ? OR refused ORDER BY channel",
            (cells.at_text(now),),
        )
        return [codec_readers.pause(row) for row in rows]

    def rests(self, channel: str, now: datetime) -> bool:
        """Whether a channel rests just now."""
        rows = self._connection.rows(
            "SELECT 1 FROM pauses WHERE channel = ? AND until > ?",
            (channel, cells.at_text(now)),
        )
        return bool(rows)

    def owner_of(self, channel: str, recipient: str) -> int | None:
        """Tell who subscribed a chat, by numeric id; None where nobody is known."""
        rows = self._connection.rows(
            "SELECT owner_id FROM subscriptions WHERE channel = ? AND recipient = ?",
            (channel, recipient),
        )
        return rows[0]["owner_id"] if rows else None  # type: ignore[return-value]

    def language_of(self, channel: str, recipient: str) -> Language | None:
        """Tell the language that a chat has chosen; None where it has none."""
        rows = self._connection.rows(
            "SELECT language FROM subscriptions WHERE channel = ? AND recipient = ?",
            (channel, recipient),
        )
        return rows[0]["language"] if rows else None  # type: ignore[return-value]

    def notify(self, notice: Notice, due_at: datetime) -> bool:
        """Write a message about no deal; whether it was not written before."""
        with self._connection.atomic() as db:
            written = db.execute(
                "INSERT OR IGNORE INTO notices "
                "(id, channel, recipient, text, html, kind, due_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    notice.id,
                    notice.channel,
                    notice.recipient,
                    cells.storable(notice.text),
                    cells.storable(notice.html),
                    notice.kind,
                    cells.at_text(due_at),
                ],
            )
        return written.rowcount > 0

    def notices(self, now: datetime) -> list[Notice]:
        """List the messages whose time has come, oldest first, one for each reader.

        Parked readers and channels that rest get none.
        """
        at = cells.at_text(now)
        rows = self._connection.rows(
            "SELECT id, channel, recipient, text, html, kind, n_attempts, "
            "MIN(notices.rowid) FROM notices "
            "WHERE state = 'pending' AND due_at <= ? "
            "AND NOT EXISTS (SELECT 1 FROM pauses "
            "  WHERE pauses.channel = notices.channel AND pauses.until > ?) "
            "AND NOT EXISTS (SELECT 1 FROM recipients "
            "  WHERE recipients.channel = notices.channel "
            "  AND recipients.recipient = notices.recipient "
            "  AND recipients.state = 'parked') "
            "GROUP BY channel, recipient ORDER BY 8",
            (at, at),
        )
        return [codec_readers.notice(row) for row in rows]

    def begin_notice(self, id_: str, now: datetime) -> None:
        """Write down that a message is on its way; see `OutboxRows.begin`."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE notices SET n_unknown = n_unknown + (begun_at IS NOT NULL), "
                "begun_at = ? WHERE id = ? AND state = 'pending'",
                [cells.at_text(now), id_],
            )

    def recover_notices(self, now: datetime) -> int:
        """Count what was on its way when an earlier process ended; it is due again."""
        at = cells.at_text(now)
        with self._connection.atomic() as db:
            lost = db.execute(
                "UPDATE notices SET n_unknown = n_unknown + 1, begun_at = NULL, "
                "n_attempts = n_attempts + 1, due_at = ? "
                "WHERE begun_at IS NOT NULL AND state = 'pending'",
                [at],
            )
        return lost.rowcount

    def settle_notice(
        self,
        id_: str,
        state: DeliveryState,
        error: str,
        due_at: datetime,
        *,
        counted: bool = True,
        unknown: bool = False,
    ) -> None:
        """Write down what came of a try.

        Args:
            id_: Which message.
            state: ``pending`` tries again at *due_at*.
            error: Why it failed; empty where it did not.
            due_at: When to try again, or when it was settled.
            counted: Whether it was a try at all.
            unknown: Its answer never came: it may have arrived.
        """
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE notices SET state = ?, error = ?, due_at = ?, "
                "n_attempts = n_attempts + ?, n_unknown = n_unknown + ?, "
                "begun_at = NULL WHERE id = ? AND state = 'pending'",
                [
                    state,
                    cells.storable(error),
                    cells.at_text(due_at),
                    int(counted),
                    int(unknown),
                    id_,
                ],
            )

    def forget_notices(self, before: datetime) -> int:
        """Drop messages that were settled before then; returns how many."""
        with self._connection.atomic() as db:
            gone = db.execute(
                "DELETE FROM notices WHERE state != 'pending' AND due_at < ?",
                [cells.at_text(before)],
            )
        return gone.rowcount

    def counts(self) -> dict[str, int]:
        """Count the deliveries per state, and those that may have arrived twice.

        Returns:
            ``pending``, ``sent``, ``failed``, ``unknown``: deliveries in that state;
            ``parked``: pending ones of parked recipients; ``unanswered``: tries
            whose answer never came.
        """
        rows = self._connection.rows(
            "SELECT state, COUNT(*) AS n, SUM(n_unknown) AS lost FROM deliveries "
            "GROUP BY state"
        )
        counts = dict.fromkeys(("pending", "sent", "failed", "unknown"), 0)
        counts |= {str(row["state"]): int(str(row["n"])) for row in rows}
        counts["unanswered"] = sum(int(str(row["lost"])) for row in rows)
        (notices,) = self._connection.rows(
            "SELECT coalesce(SUM(n_unknown), 0) AS lost FROM notices"
        )
        counts["unanswered"] += int(str(notices["lost"]))
        (waiting,) = self._connection.rows(
            "SELECT COUNT(*) AS n FROM deliveries JOIN recipients "
            "USING (channel, recipient) "
            "WHERE deliveries.state = 'pending' AND recipients.state = 'parked'"
        )
        counts["parked"] = int(str(waiting["n"]))
        return counts
