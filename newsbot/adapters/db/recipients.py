"""Who can be reached: parked recipients wait, moved ones have another address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells, codec_readers
from newsbot.adapters.db.connection import Connection
from newsbot.mailing import Recipient, chat_of

if TYPE_CHECKING:
    from sqlite_utils import Database


class RecipientRows:
    """The table `recipients`: one row for everybody that a message was written for.

    A recipient is named as its channel names it. Telegram's are ``CHAT`` or
    ``CHAT/THREAD``; what is said of a chat holds for its threads.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, channel: str, recipient: str, now: datetime) -> str:
        """Make a recipient known, and tell where its messages go today.

        Call it inside `atomic`.

        Returns:
            *recipient*, or the address that it moved to.
        """
        with self._connection.atomic() as db:
            db.execute(
                "INSERT OR IGNORE INTO recipients (channel, recipient, since) "
                "VALUES (?, ?, ?)",
                [channel, cells.storable(recipient), cells.at_text(now)],
            )
            row = db.execute(
                "SELECT moved_to FROM recipients WHERE channel = ? AND recipient = ?",
                [channel, cells.storable(recipient)],
            ).fetchone()
        return row[0] or recipient

    def knows(self, channel: str, chat: str) -> bool:
        """Whether anything is kept about a chat, or about one of its threads."""
        rows = self._connection.rows(
            "SELECT recipient FROM recipients WHERE channel = ?1 AND "
            "(recipient = ?2 OR substr(recipient, 1, length(?2) + 1) = ?2 || '/') "
            "UNION ALL SELECT recipient FROM subscriptions WHERE channel = ?1 AND "
            "(recipient = ?2 OR substr(recipient, 1, length(?2) + 1) = ?2 || '/') "
            "UNION ALL SELECT recipient FROM replies WHERE "
            "recipient = ?2 OR substr(recipient, 1, length(?2) + 1) = ?2 || '/' "
            "LIMIT 1",
            (channel, chat),
        )
        return bool(rows)

    def park(self, channel: str, recipient: str, reason: str, now: datetime) -> bool:
        """Let a recipient's messages wait until somebody unparks it.

        Returns:
            Whether it was not parked before.
        """
        with self._connection.atomic() as db:
            recipient = self.known(channel, recipient, now)
            changed = db.execute(
                "UPDATE recipients SET state = 'parked', reason = ?, since = ? "
                "WHERE channel = ? AND recipient = ? AND state = 'active'",
                [cells.storable(reason), cells.at_text(now), channel, recipient],
            )
            return changed.rowcount > 0

    def unpark(self, channel: str, recipient: str, now: datetime) -> bool:
        """Let a parked recipient's messages go on, at once and in their order.

        Returns:
            Whether it was parked.
        """
        with self._connection.atomic() as db:
            recipient = self.known(channel, recipient, now)
            changed = db.execute(
                "UPDATE recipients SET state = 'active', reason = NULL, since = ? "
                "WHERE channel = ? AND recipient = ? AND state = 'parked'",
                [cells.at_text(now), channel, recipient],
            )
            if changed.rowcount > 0:
                db.execute(
                    "UPDATE deliveries SET due_at = ? WHERE state = 'pending' "
                    "AND channel = ? AND recipient = ?",
                    [cells.at_text(now), channel, recipient],
                )
            return changed.rowcount > 0

    def all(self) -> list[Recipient]:
        """List everybody, those that moved away included."""
        rows = self._connection.rows(
            "SELECT * FROM recipients ORDER BY channel, recipient"
        )
        return [codec_readers.recipient(row) for row in rows]

    def move(self, channel: str, old: str, new: str, now: datetime) -> None:
        """Give a chat another id, with all its threads, in one transaction.

        What waits, what was sent, edits, what was asked lately and whether it is
        parked go along; the ids of messages that were sent say from then on which
        chat they belong to, for they name nothing in the new one. Where the new id is
        known already both become one: its state stands, and a message that both had is
        there once.

        Args:
            channel: Whose chat it is.
            old: The chat's id so far, without a thread.
            new: Its id from now on.
            now: The time, aware UTC.
        """
        if old == new:
            return
        with self._connection.atomic() as db:
            rows = db.execute(
                "SELECT recipient FROM recipients WHERE channel = ?", [channel]
            ).fetchall()
            known = [recipient for (recipient,) in rows if chat_of(recipient) == old]
            self.known(channel, old, now)
            for recipient in dict.fromkeys([old, *known]):
                self._move_one(db, channel, recipient, new + recipient[len(old) :], now)
            db.execute(
                "UPDATE requests SET chat = ? WHERE channel = ? AND chat = ?",
                [new, channel, old],
            )

    def _move_one(
        self, db: Database, channel: str, old: str, new: str, now: datetime
    ) -> None:
        """Move one recipient; a message that both have stays where it was sent."""
        at = cells.at_text(now)
        db.execute(
            "INSERT INTO recipients (channel, recipient, state, reason, since) "
            "SELECT channel, ?, state, reason, ? FROM recipients "
            "WHERE channel = ? AND recipient = ? AND state != 'moved' "
            "ON CONFLICT DO UPDATE SET state = excluded.state, moved_to = NULL, "
            "reason = excluded.reason, since = excluded.since "
            "WHERE recipients.state = 'moved'",
            [new, at, channel, old],
        )
        db.execute(
            "UPDATE recipients SET state = 'moved', moved_to = ?, reason = NULL, "
            "since = ? WHERE channel = ? AND recipient = ?",
            [new, at, channel, old],
        )
        # Who moved to the old address before is found at the new one as well.
        db.execute(
            "UPDATE recipients SET moved_to = ? WHERE channel = ? AND moved_to = ? "
            "AND recipient != ?",
            [new, channel, old, new],
        )
        # What is on its way to the new address stays there: it may be taken.
        db.execute(
            "DELETE FROM deliveries WHERE channel = ? AND recipient = ? "
            "AND state != 'sent' AND begun_at IS NULL AND alert_id IN "
            "(SELECT alert_id FROM deliveries WHERE channel = ? AND recipient = ? "
            "AND state = 'sent')",
            [channel, new, channel, old],
        )
        db.execute(
            "DELETE FROM deliveries WHERE channel = ? AND recipient = ? "
            "AND alert_id IN (SELECT alert_id FROM deliveries "
            "WHERE channel = ? AND recipient = ?)",
            [channel, old, channel, new],
        )
        # A supergroup counts its messages anew: an old number would name another one.
        db.execute(
            "UPDATE deliveries SET recipient = ?, provider_id = "
            "iif(instr(provider_id, ':'), provider_id, ? || ':' || provider_id) "
            "WHERE channel = ? AND recipient = ?",
            [new, chat_of(old), channel, old],
        )
        db.execute(
            "UPDATE notices SET recipient = ? WHERE channel = ? AND recipient = ?",
            [new, channel, old],
        )


def parked(everybody: Sequence[Recipient]) -> list[Recipient]:
    """Pick those whose messages wait."""
    return [one for one in everybody if one.state == "parked"]
