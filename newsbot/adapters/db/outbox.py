"""The outbox: messages and who still has to get them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsbot.adapters.db import codec
from newsbot.adapters.db.connection import Connection
from newsbot.types import Alert, Delivery, identity


class OutboxRows:
    """The tables `alerts` and `deliveries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
            db.table("alerts").insert(codec.columns(alert), ignore=True)
            for channel, recipient in recipients:
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

    def due(self, now: datetime, limit: int) -> list[tuple[Delivery, Alert]]:
        """List pending deliveries whose time has come, oldest message first.

        The order within a recipient is kept: a later message waits for an
        earlier one that is postponed. Messages of one moment go in the order in
        which they were written.
        """
        rows = self._connection.rows(
            "SELECT deliveries.* FROM deliveries "
            "JOIN alerts ON alerts.id = deliveries.alert_id "
            "WHERE deliveries.state = 'pending' AND deliveries.due_at <= ? "
            "AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier "
            "  JOIN alerts AS before ON before.id = earlier.alert_id "
            "  WHERE earlier.state = 'pending' AND earlier.due_at > ? "
            "  AND earlier.channel = deliveries.channel "
            "  AND earlier.recipient = deliveries.recipient "
            "  AND (before.created_at, before.rowid) "
            "    < (alerts.created_at, alerts.rowid)) "
            "ORDER BY alerts.created_at, alerts.rowid, deliveries.id LIMIT ?",
            (codec.at_text(now), codec.at_text(now), limit),
        )
        pairs = []
        for row in rows:
            delivery = codec.delivery(row)
            alert = self.alert(delivery.alert_id)
            if alert is not None:
                pairs.append((delivery, alert))
        return pairs

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
