"""Subscriptions: who gets which messages, and when."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from newsbot.adapters.db import cells, codec, codec_readers
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.recipients import RecipientRows
from newsbot.adapters.db.subscribers import SubscriberRows
from newsbot.talking import Subscription


class SubscriptionRows:
    """The table `subscriptions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Subscription]:
        """List every subscription, oldest first."""
        rows = self._connection.rows("SELECT * FROM subscriptions ORDER BY number")
        return [_subscription(row) for row in rows]

    def get(self, channel: str, recipient: str) -> Subscription | None:
        """Read one subscription."""
        rows = self._connection.rows(
            "SELECT * FROM subscriptions WHERE channel = ? AND recipient = ?",
            (channel, recipient),
        )
        return _subscription(rows[0]) if rows else None

    def of_chat(self, channel: str, chat: str) -> list[Subscription]:
        """List the subscriptions of a chat and of its topics."""
        start = f"{chat}/"
        rows = self._connection.rows(
            "SELECT * FROM subscriptions WHERE channel = ?1 AND (recipient = ?2 "
            "OR substr(recipient, 1, length(?3)) = ?3) ORDER BY number",
            (channel, chat, start),
        )
        return [_subscription(row) for row in rows]

    def owned(self, channel: str, owner_id: int) -> list[Subscription]:
        """List the subscriptions that a person made."""
        rows = self._connection.rows(
            "SELECT * FROM subscriptions WHERE channel = ? AND owner_id = ? "
            "ORDER BY number",
            (channel, owner_id),
        )
        return [_subscription(row) for row in rows]

    def put(self, subscription: Subscription) -> None:
        """Write a subscription, over the one that this recipient has."""
        row = _row(subscription)
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        kept = ("channel", "recipient", "created_at")
        changed = ", ".join(f"{n} = excluded.{n}" for n in row if n not in kept)
        with self._connection.atomic() as db:
            db.execute(
                f"INSERT INTO subscriptions ({names}) VALUES ({marks}) "
                f"ON CONFLICT (channel, recipient) DO UPDATE SET {changed}",
                list(row.values()),
            )

    def remove(self, channel: str, recipient: str, reason: str) -> bool:
        """End a subscription; what still waits for it is not sent.

        Returns:
            Whether there was one.
        """
        with self._connection.atomic() as db:
            self.drop_waiting(channel, recipient, reason)
            SubscriberRows(self._connection).leave_chat(recipient)
            done = db.execute(
                "DELETE FROM subscriptions WHERE channel = ? AND recipient = ?",
                [channel, recipient],
            )
        return done.rowcount > 0

    def drop_waiting(self, channel: str, recipient: str, reason: str) -> None:
        """Give up what still waits to be sent to a recipient."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET state = 'failed', error = ? WHERE channel = ? "
                "AND recipient = ? AND state = 'pending'",
                [reason, channel, recipient],
            )
            db.execute(
                "UPDATE notices SET state = 'failed', error = ? WHERE channel = ? "
                "AND recipient = ? AND state = 'pending' AND kind != 'notice'",
                [reason, channel, recipient],
            )

    def hush(self, channel: str, recipient: str, until: datetime) -> None:
        """Let all that waits for a recipient wait until then; no try is counted."""
        at = cells.at_text(until)
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET due_at = ?1, begun_at = NULL "
                "WHERE state = 'pending' AND channel = ?2 AND recipient = ?3 "
                "AND due_at < ?1",
                [at, channel, recipient],
            )

    def hurry_quiet(self, channel: str, recipient: str, now: datetime) -> None:
        """Look again at what waits for the end of quiet hours: they have changed."""
        values = [cells.at_text(now), channel, recipient]
        with self._connection.atomic() as db:
            for table in ("deliveries", "notices"):
                db.execute(
                    f"UPDATE {table} SET due_at = ?1 WHERE state = 'pending' "
                    "AND channel = ?2 AND recipient = ?3 AND due_at > ?1 "
                    "AND n_attempts = 0 AND coalesce(error, '') = ''",
                    values,
                )

    def disown(self, owner_id: int) -> None:
        """Forget who subscribed the chats that a person did; they stay subscribed."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE subscriptions SET owner_id = NULL WHERE owner_id = ?",
                [owner_id],
            )

    def forget(self, channel: str, recipient: str) -> None:
        """Delete a subscription, its reader by mail, and all that was sent or waits."""
        with self._connection.atomic() as db:
            SubscriberRows(self._connection).leave_chat(recipient)
            for table in ("subscriptions", "deliveries", "notices", "recipients"):
                db.execute(
                    f"DELETE FROM {table} WHERE channel = ? AND recipient = ?",
                    [channel, recipient],
                )
            db.execute(
                "DELETE FROM requests WHERE channel = ? AND chat = ?",
                [channel, recipient],
            )

    def move(self, channel: str, old: str, new: str) -> None:
        """Let a chat that got a new id keep its subscriptions, topics included.

        Where the new id is subscribed already, that subscription stays as it is.
        """
        with self._connection.atomic() as db:
            for one in self.of_chat(channel, old):
                target = new + one.recipient.removeprefix(old)
                # Moved, not written anew: its digests stay with it.
                db.execute(
                    "UPDATE OR IGNORE subscriptions SET recipient = ? "
                    "WHERE channel = ? AND recipient = ?",
                    [target, channel, one.recipient],
                )
                db.execute(
                    "DELETE FROM subscriptions WHERE channel = ? AND recipient = ?",
                    [channel, one.recipient],
                )

    def sync(self, channel: str, configured: Sequence[Subscription]) -> None:
        """Make the config's recipients known, and forget those it names no more.

        What was set for one that is there already stays; one that was parked is tried
        again.
        """
        moved = {
            str(row["recipient"]): str(row["moved_to"])
            for row in self._connection.rows(
                "SELECT recipient, moved_to FROM recipients "
                "WHERE channel = ? AND moved_to IS NOT NULL",
                (channel,),
            )
        }
        # The file may name a group by the id that it had before it grew.
        named = {moved.get(one.recipient, one.recipient): one for one in configured}
        wanted = {
            recipient: dataclasses.replace(one, recipient=recipient)
            for recipient, one in named.items()
        }
        parked = {
            str(row["recipient"])
            for row in self._connection.rows(
                "SELECT recipient FROM recipients "
                "WHERE channel = ? AND state = 'parked'",
                (channel,),
            )
        }
        with self._connection.atomic():
            for one in self.all():
                gone = one.recipient not in wanted
                if one.channel == channel and one.source == "config" and gone:
                    self.remove(channel, one.recipient, "not in the config any more")
            for recipient, one in wanted.items():
                there = self.get(channel, recipient)
                if there is None:
                    self.put(one)
                elif there.source != "config":
                    self.put(dataclasses.replace(there, source="config"))
                if recipient in parked:
                    # No command may ever come from there: a start tries it again.
                    rows = RecipientRows(self._connection)
                    rows.unpark(channel, recipient, one.created_at)

    def reached(self, deal_id: str) -> frozenset[tuple[str, str]]:
        """List channel and recipient of who gets, or got, a message about a deal."""
        rows = self._connection.rows(
            "SELECT DISTINCT deliveries.channel, deliveries.recipient FROM deliveries "
            "JOIN alerts ON alerts.id = deliveries.alert_id "
            "WHERE alerts.deal_id = ? AND deliveries.state <> 'failed'",
            (deal_id,),
        )
        return frozenset((str(row["channel"]), str(row["recipient"])) for row in rows)


def _row(one: Subscription) -> dict[str, Any]:
    row = {
        field.name: getattr(one, field.name)
        for field in dataclasses.fields(one)
        if field.name not in ("filters", "quiet")
    }
    for name, value in row.items():
        if isinstance(value, datetime):
            row[name] = cells.at_text(value)
        elif isinstance(value, time):
            row[name] = f"{value:%H:%M}"
        elif isinstance(value, str):
            row[name] = cells.storable(value)
    row["paused"] = int(one.paused)
    row["filters"] = cells.document(dataclasses.asdict(one.filters))
    row["quiet"] = f"{one.quiet[0]:%H:%M}-{one.quiet[1]:%H:%M}" if one.quiet else None
    return row


def _subscription(row: codec.Row) -> Subscription:
    kept = {field.name for field in dataclasses.fields(Subscription)}
    values = {name: row[name] for name in row if name in kept}
    for name in ("created_at", "muted_until"):
        values[name] = cells.at_time(values[name]) if values[name] else None
    if values["digest_at"]:
        values["digest_at"] = time.fromisoformat(values["digest_at"])
    if values["quiet"]:
        start, end = values["quiet"].split("-")
        values["quiet"] = (time.fromisoformat(start), time.fromisoformat(end))
    values["paused"] = bool(values["paused"])
    values["filters"] = codec_readers.filters(json.loads(values["filters"]))
    return Subscription(**values)
