"""The outbox: messages and who still has to get them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.bot import BotRows
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.recipients import RecipientRows
from newsbot.adapters.db.subscriptions import SubscriptionRows
from newsbot.adapters.db.traffic import TrafficRows
from newsbot.mailing import Edit
from newsbot.stages.subscriptions import quiet_until
from newsbot.types import Alert, Delivery, identity
from newsbot.vocabulary import Language

_at = cells.at_text


class OutboxRows:
    """The tables `alerts`, `deliveries` and `edits`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.recipients = RecipientRows(connection)
        self.traffic = TrafficRows(connection)

    def atomic(self) -> AbstractContextManager[object]:
        """Run a block in one transaction, or in none at all."""
        return self._connection.atomic()

    def put(
        self, alert: Alert, recipients: Sequence[tuple[str, str]], now: datetime
    ) -> None:
        """Write a message and its pending deliveries in one transaction.

        Args:
            alert: The rendered message; the same id twice is one message.
            recipients: Pairs of channel and recipient.
            now: From when on it may be sent.
        """
        with self._connection.atomic() as db:
            db.table("alerts").insert(codec.alert_row(alert), ignore=True)
            for channel, named in recipients:
                recipient = self.recipients.known(channel, named, now)
                delivery = Delivery(
                    id=identity("delivery", alert.id, channel, recipient),
                    alert_id=alert.id,
                    channel=channel,
                    recipient=recipient,
                    state="pending",
                    n_attempts=0,
                    due_at=now,
                )
                db.table("deliveries").insert(codec.columns(delivery), ignore=True)

    def due(self, now: datetime) -> list[Delivery]:
        """List the first message that waits for each recipient, if its time has come.

        The order within a recipient is kept: a later message waits for an earlier
        one that is postponed. Parked recipients and channels that rest get nothing.

        Returns:
            At most one per channel and recipient, in the order in which the messages
            were written.
        """
        at = cells.at_text(now)
        rows = self._connection.rows(
            "SELECT deliveries.* FROM recipients JOIN deliveries "
            "ON deliveries.rowid = (SELECT waiting.rowid FROM deliveries AS waiting "
            "  WHERE waiting.state = 'pending' "
            "  AND waiting.channel = recipients.channel "
            "  AND waiting.recipient = recipients.recipient "
            "  ORDER BY waiting.rowid LIMIT 1) "
            "WHERE recipients.state = 'active' AND deliveries.due_at <= ? "
            "AND NOT EXISTS (SELECT 1 FROM pauses "
            "  WHERE pauses.channel = recipients.channel AND pauses.until > ?) "
            "ORDER BY deliveries.rowid",
            (at, at),
        )
        return [codec.delivery(row) for row in rows]

    def park(self, channel: str, recipient: str, reason: str, now: datetime) -> bool:
        """Let a recipient's messages wait; whether it was not parked before."""
        return self.recipients.park(channel, recipient, reason, now)

    def quiet_until(
        self, channel: str, recipient: str, now: datetime
    ) -> datetime | None:
        """Tell when a subscriber's quiet hours end; None outside of them."""
        there = SubscriptionRows(self._connection).get(channel, recipient)
        return None if there is None else quiet_until(there, now)

    def hush(self, channel: str, recipient: str, until: datetime) -> None:
        """Let all that waits for a subscriber wait for the end of quiet hours."""
        SubscriptionRows(self._connection).hush(channel, recipient, until)

    def unpark(self, channel: str, recipient: str, now: datetime) -> bool:
        """Let a parked recipient's messages go on; whether it was parked."""
        return self.recipients.unpark(channel, recipient, now)

    def move(self, channel: str, old: str, new: str, now: datetime) -> None:
        """Give a chat another id, with all that is kept about it."""
        with self._connection.atomic():
            self.recipients.move(channel, old, new, now)
            SubscriptionRows(self._connection).move(channel, old, new)
            BotRows(self._connection).move(old, new)

    def alert(self, alert_id: str) -> Alert | None:
        """Read a message."""
        rows = self._connection.rows("SELECT * FROM alerts WHERE id = ?", (alert_id,))
        return codec.alert(rows[0]) if rows else None

    def alerts(self, since: datetime | None = None) -> list[Alert]:
        """List the messages written since then, oldest first."""
        rows = self._connection.rows(
            "SELECT * FROM alerts WHERE created_at >= ? ORDER BY created_at, id",
            (cells.at_text(since) if since else "",),
        )
        return [codec.alert(row) for row in rows]

    def deliveries(self) -> list[Delivery]:
        """List every delivery."""
        rows = self._connection.rows("SELECT * FROM deliveries ORDER BY due_at, id")
        return [codec.delivery(row) for row in rows]

    def begin(self, delivery_id: str, now: datetime) -> None:
        """Write down that a delivery is on its way.

        A process that ends before it hears the answer leaves the mark: nobody
        knows then whether the message arrived.
        """
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET n_unknown = n_unknown + (begun_at IS NOT NULL), "
                "begun_at = ? WHERE id = ? AND state = 'pending'",
                [_at(now), delivery_id],
            )

    def recover(self, now: datetime) -> int:
        """Count what was on its way when an earlier process ended; it is due again.

        Call it only while nothing is being sent.

        Returns:
            How many deliveries may have arrived.
        """
        with self._connection.atomic() as db:
            db.execute("UPDATE requests SET open = 0, at = ? WHERE open", [_at(now)])
            lost = db.execute(
                "UPDATE deliveries SET n_unknown = n_unknown + 1, "
                "n_attempts = n_attempts + 1, begun_at = NULL, due_at = ?, "
                "error = 'newsbot ended while it was on its way' "
                "WHERE begun_at IS NOT NULL AND state = 'pending'",
                [_at(now)],
            )
            return lost.rowcount + self.traffic.recover_notices(now)

    def sent(
        self, delivery_id: str, provider_id: str, shown: Alert | None = None
    ) -> None:
        """Mark a delivery as taken by its channel.

        Args:
            delivery_id: Whose.
            provider_id: The provider's id of the message.
            shown: What was sent. Where the message got a newer text meanwhile, it
                is edited next.
        """
        with self._connection.atomic() as db:
            self._mark(delivery_id, "sent", provider_id=provider_id)
            if shown is not None:
                db.execute(
                    "INSERT INTO edits (delivery_id, state, due_at, was) "
                    "SELECT deliveries.id, 'pending', deliveries.due_at, ? "
                    "FROM deliveries JOIN alerts ON alerts.id = alert_id "
                    "WHERE deliveries.id = ? AND html != ? ON CONFLICT DO NOTHING",
                    [cells.storable(shown.plain), delivery_id, _text(shown)],
                )

    def failed(self, delivery_id: str, reason: str, *, unknown: bool = False) -> None:
        """Give a delivery up, with the reason.

        Args:
            delivery_id: Whose.
            reason: Why, in words.
            unknown: Its last answer never came: it may have arrived.
        """
        state = "unknown" if unknown else "failed"
        self._mark(delivery_id, state, error=reason, n_unknown=int(unknown))

    def postpone(
        self, delivery_id: str, reason: str, due_at: datetime, *, unknown: bool = False
    ) -> None:
        """Count a failed attempt and try again at *due_at*; see `failed`."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET n_attempts = n_attempts + 1, error = ?, "
                "n_unknown = n_unknown + ?, begun_at = NULL, "
                "due_at = ? WHERE id = ? AND state = 'pending'",
                [cells.storable(reason), int(unknown), _at(due_at), delivery_id],
            )

    def hold(self, delivery_id: str, reason: str, due_at: datetime) -> None:
        """Wait until *due_at* for what no try was made of; no attempt is counted."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET error = ?, due_at = ?, begun_at = NULL "
                "WHERE id = ? AND state = 'pending'",
                [cells.storable(reason), cells.at_text(due_at), delivery_id],
            )

    def about(self, deal_id: str, language: Language) -> list[Alert]:
        """List the messages about a deal in one language, oldest first."""
        rows = self._connection.rows(
            "SELECT * FROM alerts WHERE deal_id = ? AND language = ? "
            "ORDER BY created_at, rowid",
            (deal_id, language),
        )
        return [codec.alert(row) for row in rows]

    def told_to(self, alert_id: str) -> list[tuple[str, str]]:
        """List who got a message or is still to get it: channel and recipient."""
        rows = self._connection.rows(
            "SELECT channel, recipient FROM deliveries WHERE alert_id = ? "
            "AND state != 'failed' ORDER BY rowid",
            (alert_id,),
        )
        return [(str(row["channel"]), str(row["recipient"])) for row in rows]

    def answered(self, alert: Alert, delivery: Delivery) -> str | None:
        """Tell the provider's id of the message that a delivery answers.

        None where it answers none, or its recipient never got that one.
        """
        rows = self._connection.rows(
            "SELECT provider_id FROM deliveries WHERE alert_id = ? "
            "AND channel = ? AND recipient = ? AND state = 'sent'",
            (alert.answers, delivery.channel, delivery.recipient),
        )
        return None if not rows else rows[0]["provider_id"]  # type: ignore[return-value]

    def rewrite(self, alert: Alert, due_at: datetime) -> None:
        """Give a message a newer text, and have it edited where it was sent.

        Where it still waits, the newer text goes out. An edit that waits already
        keeps its time and carries the newer text; a message that cannot be edited
        any more is left alone.

        Args:
            alert: A message that is stored, with the newer text.
            due_at: When it may be edited, at the earliest.
        """
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO edits (delivery_id, state, due_at, was) "
                "SELECT deliveries.id, 'pending', ?, alerts.plain FROM deliveries "
                "JOIN alerts ON alerts.id = deliveries.alert_id "
                "WHERE alerts.id = ? AND deliveries.state = 'sent' "
                "ON CONFLICT (delivery_id) DO UPDATE SET state = 'pending', "
                "n_attempts = 0, due_at = excluded.due_at, was = excluded.was, "
                "error = NULL WHERE edits.state IN ('sent', 'unknown')",
                [cells.at_text(due_at), alert.id],
            )
            db.execute(
                "UPDATE alerts SET html = ?, plain = ? WHERE id = ?",
                [cells.storable(alert.html), cells.storable(alert.plain), alert.id],
            )

    def edits(self, now: datetime) -> list[Edit]:
        """List the first edit that waits for each recipient, if its time has come.

        Parked recipients and channels that rest get none. Longest due first.
        """
        at = _at(now)
        rows = self._connection.rows(
            "SELECT deliveries.id, deliveries.alert_id, deliveries.channel, "
            "deliveries.recipient, deliveries.provider_id, edits.state, "
            "edits.n_attempts, MIN(edits.due_at) AS due_at, edits.error, edits.was "
            "FROM edits JOIN deliveries ON deliveries.id = edits.delivery_id "
            "JOIN recipients USING (channel, recipient) "
            "WHERE edits.state = 'pending' AND recipients.state = 'active' "
            "AND NOT EXISTS (SELECT 1 FROM pauses "
            "  WHERE pauses.channel = deliveries.channel AND pauses.until > ?) "
            "GROUP BY deliveries.channel, deliveries.recipient "
            "HAVING MIN(edits.due_at) <= ? ORDER BY 8, edits.rowid",
            (at, at),
        )
        edits = []
        for row in rows:
            was = str(row.pop("was"))
            delivery = codec.delivery(row)
            alert = self.alert(delivery.alert_id)
            if alert is not None:
                edits.append(Edit(delivery=delivery, alert=alert, was=was))
        return edits

    def hurry_edits(self, now: datetime) -> None:
        """Let edits that only wait for more papers go out now."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE edits SET due_at = ?1 WHERE state = 'pending' "
                "AND n_attempts = 0 AND due_at > ?1",
                [cells.at_text(now)],
            )

    def edited(self, delivery_id: str, shown: Alert | None = None) -> None:
        """Mark a message as showing its newest text.

        Args:
            delivery_id: Whose message it is.
            shown: What was put in; a text that is newer still waits on.
        """
        with self._connection.atomic() as db:
            if shown is not None:
                newer = db.execute(
                    "UPDATE edits SET was = ?, n_attempts = 0 WHERE delivery_id = ? "
                    "AND state = 'pending' AND (SELECT html FROM deliveries "
                    "JOIN alerts ON alerts.id = alert_id "
                    "WHERE deliveries.id = delivery_id) != ?",
                    [cells.storable(shown.plain), delivery_id, _text(shown)],
                )
                if newer.rowcount > 0:
                    return
            self._mark_edit(delivery_id, "sent", None)

    def drop_edit(self, delivery_id: str, reason: str, *, for_good: bool) -> None:
        """Give an edit up with the reason.

        Args:
            delivery_id: Whose message it is.
            reason: Why, in words.
            for_good: No later text is tried either: the message is gone.
        """
        self._mark_edit(delivery_id, "failed" if for_good else "unknown", reason)

    def put_off_edit(
        self, delivery_id: str, reason: str, due_at: datetime, *, counted: bool
    ) -> None:
        """Try an edit again at *due_at*; where it was tried, count that.

        The recipient's other edits wait as long.
        """
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE edits SET n_attempts = n_attempts + ?, error = ?, due_at = ? "
                "WHERE delivery_id = ? AND state = 'pending'",
                [int(counted), cells.storable(reason), _at(due_at), delivery_id],
            )
            db.execute(
                "UPDATE edits SET due_at = ? WHERE state = 'pending' AND due_at < ? "
                "AND delivery_id IN (SELECT other.id FROM deliveries "
                "JOIN deliveries AS other USING (channel, recipient) "
                "WHERE deliveries.id = ?)",
                [_at(due_at), _at(due_at), delivery_id],
            )

    def _mark_edit(self, delivery_id: str, state: str, error: str | None) -> None:
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE edits SET state = ?, error = ?, n_attempts = n_attempts + 1 "
                "WHERE delivery_id = ? AND state = 'pending'",
                [state, None if error is None else cells.storable(error), delivery_id],
            )

    def _mark(
        self,
        delivery_id: str,
        state: str,
        *,
        provider_id: str | None = None,
        error: str | None = None,
        n_unknown: int = 0,
    ) -> None:
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET state = ?, provider_id = ?, error = ?, "
                "n_attempts = n_attempts + 1, n_unknown = n_unknown + ?, "
                "begun_at = NULL WHERE id = ? AND state = 'pending'",
                [
                    state,
                    provider_id,
                    None if error is None else cells.storable(error),
                    n_unknown,
                    delivery_id,
                ],
            )


def _text(alert: Alert) -> str:
    """The text by which two versions of a message are told apart."""
    return cells.storable(alert.html)
