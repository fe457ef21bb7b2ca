"""Delivering: what waits in the outbox goes out over its channels.

The end of the line, as `poll` is its head. Twice over never: a message whose
answer never came is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from newsbot.errors import DeliveryError
from newsbot.ports import Channel, Outbox
from newsbot.types import Alert, Delivery, DeliveryState

#: Tries of one delivery; with `FIRST_WAIT` doubling they take about 17 hours.
MAX_TRIES = 12
#: First wait after a try that failed, where the provider names none.
FIRST_WAIT = timedelta(seconds=30)
#: Longest wait between two tries.
MAX_WAIT = timedelta(days=1)
#: Wait of a delivery whose channel is not configured at present.
NO_CHANNEL_WAIT = timedelta(hours=1)
#: Deliveries read at once.
BATCH = 50


def deliver(
    outbox: Outbox,
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due.

    Args:
        outbox: Messages and who still has to get them.
        channels: Those configured, by name.
        now: The time, aware UTC.
        stopping: Asked before each message; true leaves the rest for later.

    Returns:
        How many deliveries were taken by their channel.
    """
    n_sent = 0
    while pairs := outbox.due(now, BATCH):
        # Who could not be reached gets nothing later either: the order is kept.
        waiting: set[tuple[str, str]] = set()
        for delivery, alert in pairs:
            if stopping():
                return n_sent
            recipient = (delivery.channel, delivery.recipient)
            if recipient in waiting:
                continue
            channel = channels.get(delivery.channel)
            state = _try(outbox, channel, delivery, alert, now)
            n_sent += state == "sent"
            if state == "pending":
                waiting.add(recipient)
    return n_sent


def _try(
    outbox: Outbox,
    channel: Channel | None,
    delivery: Delivery,
    alert: Alert,
    now: datetime,
) -> DeliveryState:
    """Try once, and write down what came of it."""
    if channel is None:
        reason = f"channel {delivery.channel} is not configured"
        outbox.hold(delivery.id, reason, now + NO_CHANNEL_WAIT)
        return "pending"
    try:
        provider_id = channel.send(delivery.recipient, alert)
    except Exception as error:  # what nobody foresaw must not hold up the line
        return _put_off(outbox, delivery, error, now)
    outbox.sent(delivery.id, provider_id)
    return "sent"


def _put_off(
    outbox: Outbox, delivery: Delivery, error: Exception, now: datetime
) -> DeliveryState:
    text, named, may_pass = f"{type(error).__name__}: {error}", None, True
    if isinstance(error, DeliveryError):
        text, named, may_pass = str(error), error.retry_after, error.retry
    reason = " ".join(text.split())
    if not may_pass or delivery.n_attempts + 1 >= MAX_TRIES:
        outbox.failed(delivery.id, reason)
        return "failed"
    # Waits for a channel count as tries: without this bound the power explodes.
    doubled = FIRST_WAIT * 2 ** min(delivery.n_attempts, MAX_TRIES)
    wait = timedelta(seconds=named) if named else min(doubled, MAX_WAIT)
    outbox.postpone(delivery.id, reason, now + max(wait, timedelta(seconds=1)))
    return "pending"
