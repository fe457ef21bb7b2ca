"""The outbox: messages and who still has to get them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsbot.adapters.db import codec
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.recipients import RecipientRows
from newsbot.adapters.db.subscriptions import SubscriptionRows
from newsbot.mailing import Edit
from newsbot.types import Alert, Delivery, Language, identity


class OutboxRows:
    """The tables `alerts`, `deliveries` and `edits`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.recipients = RecipientRows(connection)

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

    def due(self, now: datetime) -> list[tuple[Delivery, Alert]]:
        """List the first message that waits for each recipient, if its time has come.

        The order within a recipient is kept: a later message waits for an earlier
        one that is postponed. Parked recipients and channels that rest get nothing.

        Returns:
            At most one pair per channel and recipient, in the order in which the
            messages were written.
        """
        at = codec.at_text(now)
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
        pairs = []
        for row in rows:
            delivery = codec.delivery(row)
            alert = self.alert(delivery.alert_id)
            if alert is not None:
                pairs.append((delivery, alert))
        return pairs

    def park(self, channel: str, recipient: str, reason: str, now: datetime) -> bool:
        """Let a recipient's messages wait; whether it was not parked before."""
        return self.recipients.park(channel, recipient, reason, now)

    def unpark(self, channel: str, recipient: str, now: datetime) -> bool:
        """Let a parked recipient's messages go on; whether it was parked."""
        return self.recipients.unpark(channel, recipient, now)

    def move(self, channel: str, old: str, new: str, now: datetime) -> None:
        """Give a chat another id, with all that is kept about it."""
        with self._connection.atomic():
            self.recipients.move(channel, old, new, now)
            SubscriptionRows(self._connection).move(channel, old, new)

    def alert(self, alert_id: str) -> Alert | None:
        """Read a message."""
        rows = self._connection.rows("SELECT * FROM alerts WHERE id = ?", (alert_id,))
        return codec.alert(rows[0]) if rows else None

    def alerts(self, since: datetime | None = None) -> list[Alert]:
        """List the messages written since then, oldest first."""
        rows = self._connection.rows(
            "SELECT * FROM alerts WHERE created_at >= ? ORDER BY created_at, id",
            (codec.at_text(since) if since else "",),
        )
        return [codec.alert(row) for row in rows]

    def deliveries(self) -> list[Delivery]:
        """List every delivery."""
        rows = self._connection.rows("SELECT * FROM deliveries ORDER BY due_at, id")
        return [codec.delivery(row) for row in rows]

    def sent(self, delivery_id: str, provider_id: str) -> None:
        """Mark a delivery as taken by its channel."""
        self._mark(delivery_id, "sent", provider_id=provider_id)

    def failed(self, delivery_id: str, reason: str) -> None:
        """Give a delivery up, with the reason."""
        self._mark(delivery_id, "failed", error=reason)

    def postpone(self, delivery_id: str, reason: str, due_at: datetime) -> None:
        """Count a failed attempt and try again at *due_at*."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET n_attempts = n_attempts + 1, error = ?, "
                "due_at = ? WHERE id = ? AND state = 'pending'",
                [codec.storable(reason), codec.at_text(due_at), delivery_id],
            )

    def hold(self, delivery_id: str, reason: str, due_at: datetime) -> None:
        """Wait until *due_at* for what no try was made of; no attempt is counted."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET error = ?, due_at = ? "
                "WHERE id = ? AND state = 'pending'",
                [codec.storable(reason), codec.at_text(due_at), delivery_id],
            )

    def about(self, deal_id: str, language: Language) -> list[Alert]:
        """List the messages about a deal in one language, oldest first."""
        rows = self._connection.rows(
            "SELECT * FROM alerts WHERE deal_id = ? AND language = ? "
            "ORDER BY created_at, rowid",
            (deal_id, language),
        )
        return [codec.alert(row) for row in rows]

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
                [codec.at_text(due_at), alert.id],
            )
            db.execute(
                "UPDATE alerts SET html = ?, plain = ? WHERE id = ?",
                [codec.storable(alert.html), codec.storable(alert.plain), alert.id],
            )

    def edits(self, now: datetime, limit: int) -> list[Edit]:
        """List the edits whose time has come, longest due first."""
        rows = self._connection.rows(
            "SELECT deliveries.id, deliveries.alert_id, deliveries.channel, "
            "deliveries.recipient, deliveries.provider_id, edits.state, "
            "edits.n_attempts, edits.due_at, edits.error, edits.was FROM edits "
            "JOIN deliveries ON deliveries.id = edits.delivery_id "
            "WHERE edits.state = 'pending' AND edits.due_at <= ? "
            "ORDER BY edits.due_at, edits.rowid LIMIT ?",
            (codec.at_text(now), limit),
        )
        edits = []
        for row in rows:
            was = str(row.pop("was"))
            delivery = codec.delivery(row)
            alert = self.alert(delivery.alert_id)
            if alert is not None:
                edits.append(Edit(delivery=delivery, alert=alert, was=was))
        return edits

    def edited(self, delivery_id: str) -> None:
        """Mark a message as showing its newest text."""
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
        """Try an edit again at *due_at*; where it was tried, count that."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE edits SET n_attempts = n_attempts + ?, error = ?, due_at = ? "
                "WHERE delivery_id = ? AND state = 'pending'",
                [
                    int(counted),
                    codec.storable(reason),
                    codec.at_text(due_at),
                    delivery_id,
                ],
            )

    def _mark_edit(self, delivery_id: str, state: str, error: str | None) -> None:
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE edits SET state = ?, error = ?, n_attempts = n_attempts + 1 "
                "WHERE delivery_id = ? AND state = 'pending'",
                [state, None if error is None else codec.storable(error), delivery_id],
            )

    def _mark(
        self,
        delivery_id: str,
        state: str,
        *,
        provider_id: str | None = None,
        error: str | None = None,
    ) -> None:
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE deliveries SET state = ?, provider_id = ?, error = ?, "
                "n_attempts = n_attempts + 1 WHERE id = ? AND state = 'pending'",
                [
                    state,
                    provider_id,
                    None if error is None else codec.storable(error),
                    delivery_id,
                ],
            )
