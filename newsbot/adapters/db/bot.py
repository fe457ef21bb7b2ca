"""What the bot has heard, whom it knows, and what it has still to say."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Set
from datetime import datetime, timedelta

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.talking import Button, Reply

#: How long an update's number is kept: Telegram repeats none that is older than a day
#: (https://core.telegram.org/bots/api#getting-updates).
KEEP_UPDATES = timedelta(days=3)
#: The counter of strangers stops there.
MAX_STRANGERS = 1_000_000
#: Tries of one answer; from a minute on, doubling, they take two hours.
MAX_TRIES = 8


class BotRows:
    """The tables `bot_users`, `invites`, `bot_updates`, `replies`, `settings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hear(self, update_id: int, now: datetime) -> bool:
        """Remember an update, in the transaction of what it causes.

        Returns:
            Whether it is the first time.
        """
        with self._connection.atomic() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO bot_updates (update_id, handled_at) "
                "VALUES (?, ?)",
                [update_id, cells.at_text(now)],
            )
            if done.rowcount == 0:
                return False
            db.execute(
                "DELETE FROM bot_updates WHERE handled_at < ?",
                [cells.at_text(now - KEEP_UPDATES)],
            )
        return True

    def heard(self, update_id: int) -> bool:
        """Whether an update was handled."""
        rows = self._connection.rows(
            "SELECT 1 FROM bot_updates WHERE update_id = ?", (update_id,)
        )
        return bool(rows)

    def admit(self, user_id: int, now: datetime) -> None:
        """Let a person in."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT OR IGNORE INTO bot_users (user_id, admitted_at) VALUES (?, ?)",
                [user_id, cells.at_text(now)],
            )

    def admitted(self, user_id: int) -> bool:
        """Whether a person was let in."""
        rows = self._connection.rows(
            "SELECT 1 FROM bot_users WHERE user_id = ?", (user_id,)
        )
        return bool(rows)

    def forget_user(self, user_id: int) -> None:
        """Delete a person, with what waits to be said to them."""
        with self._connection.atomic() as db:
            db.execute("DELETE FROM bot_users WHERE user_id = ?", [user_id])

    def drop_replies(self, recipient: str) -> None:
        """Delete what waits to be said in a chat or topic."""
        with self._connection.atomic() as db:
            db.execute("DELETE FROM replies WHERE recipient = ?", [recipient])

    def move(self, old: str, new: str) -> None:
        """Let what waits to be said in a chat go to its new id, topics included."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE replies SET "
                "recipient = ?1 || substr(recipient, length(?2) + 1), "
                "document = json_set(document, '$.recipient', "
                "?1 || substr(recipient, length(?2) + 1)) WHERE recipient = ?2 "
                "OR substr(recipient, 1, length(?2) + 1) = ?2 || '/'",
                [new, old],
            )

    def put_invite(self, hashed: str, now: datetime, expires_at: datetime) -> None:
        """Keep an invite by its hash; those long expired are deleted."""
        with self._connection.atomic() as db:
            db.execute(
                "DELETE FROM invites WHERE expires_at < ?",
                [cells.at_text(now - timedelta(days=30))],
            )
            db.execute(
                "INSERT INTO invites (hash, created_at, expires_at) VALUES (?, ?, ?)",
                [hashed, cells.at_text(now), cells.at_text(expires_at)],
            )

    def invites(self, now: datetime) -> list[str]:
        """List the hashes of invites that nobody used and that have not expired."""
        rows = self._connection.rows(
            "SELECT hash FROM invites WHERE used_at IS NULL AND expires_at > ?",
            (cells.at_text(now),),
        )
        return [str(row["hash"]) for row in rows]

    def use_invite(self, hashed: str, now: datetime) -> bool:
        """Use an invite up; false where somebody else was first."""
        with self._connection.atomic() as db:
            done = db.execute(
                "UPDATE invites SET used_at = ? WHERE hash = ? AND used_at IS NULL",
                [cells.at_text(now), hashed],
            )
        return done.rowcount > 0

    def count_stranger(self) -> None:
        """Count somebody who has no access; nothing else is kept of them."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO settings (name, value) VALUES ('strangers', '1') "
                "ON CONFLICT (name) DO UPDATE SET "
                "value = min(CAST(value AS INTEGER) + 1, ?)",
                [MAX_STRANGERS],
            )

    def strangers(self) -> int:
        """Tell how many commands came from people without access."""
        return int(self.setting("strangers") or 0)

    def setting(self, name: str) -> str | None:
        """Read a value that is kept by name."""
        rows = self._connection.rows(
            "SELECT value FROM settings WHERE name = ?", (name,)
        )
        return str(rows[0]["value"]) if rows else None

    def set(self, name: str, value: str | None) -> None:
        """Keep a value by name; None deletes it."""
        with self._connection.atomic() as db:
            if value is None:
                db.execute("DELETE FROM settings WHERE name = ?", [name])
                return
            db.execute(
                "INSERT INTO settings (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [name, value],
            )

    def say(self, reply: Reply, now: datetime) -> None:
        """Keep an answer until it is said."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO replies (document, recipient, due_at) VALUES (?, ?, ?)",
                [
                    cells.document(dataclasses.asdict(reply)),
                    reply.recipient,
                    cells.at_text(now),
                ],
            )

    def replies(
        self, now: datetime, limit: int, but: Set[str] = frozenset()
    ) -> list[tuple[int, Reply]]:
        """List answers whose time has come, with their numbers, oldest first.

        Args:
            now: Aware.
            limit: At most so many.
            but: Chats and topics whose answers are left out.
        """
        rows = self._connection.rows(
            "SELECT number, document FROM replies WHERE due_at <= ? "
            "AND recipient NOT IN (SELECT value FROM json_each(?)) "
            "ORDER BY number LIMIT ?",
            (cells.at_text(now), json.dumps(sorted(but)), limit),
        )
        return [(int(str(row["number"])), _reply(str(row["document"]))) for row in rows]

    def said(self, number: int) -> str | None:
        """Forget an answer; who it was for, None where there was none."""
        with self._connection.atomic() as db:
            row = db.execute(
                "DELETE FROM replies WHERE number = ? RETURNING recipient", [number]
            ).fetchone()
        return None if row is None else str(row[0])

    def put_aside(self, number: int, seconds: float, now: datetime) -> None:
        """Say an answer later, as its turn has not come; no try is counted."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE replies SET due_at = ? WHERE number = ?",
                [cells.at_text(now + timedelta(seconds=seconds)), number],
            )

    def put_off(self, number: int, seconds: float, now: datetime) -> None:
        """Say an answer later, each time twice as late; in the end it is given up."""
        with self._connection.atomic() as db:
            db.execute(
                "DELETE FROM replies WHERE number = ? AND n_attempts + 1 >= ?",
                [number, MAX_TRIES],
            )
            row = db.execute(
                "SELECT n_attempts FROM replies WHERE number = ?", [number]
            ).fetchone()
            if row is not None:
                due_at = now + timedelta(seconds=seconds * 2 ** row[0])
                db.execute(
                    "UPDATE replies SET n_attempts = n_attempts + 1, due_at = ? "
                    "WHERE number = ?",
                    [cells.at_text(due_at), number],
                )


def _reply(document: str) -> Reply:
    values = json.loads(document)
    rows = values.pop("buttons")
    buttons = tuple(tuple(Button(**one) for one in row) for row in rows)
    return Reply(**values, buttons=buttons)
