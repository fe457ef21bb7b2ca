"""Delivering: what waits in the outbox goes to its channels.

The end of the line, as `poll` is its head. Twice over never: a message whose
answer never came is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from newsbot.errors import DeliveryError
from newsbot.ports import Channel, Outbox
from newsbot.types import Alert, Delivery

#: Tries of one delivery; with `FIRST_WAIT` doubling they take about 17 hours.
MAX_TRIES = 12
#: First wait after a try that failed, where the provider names none.
FIRST_WAIT = timedelta(seconds=30)
#: Longest wait between two tries.
MAX_WAIT = timedelta(days=1)
#: How long a delivery waits whose channel is not configured at present.
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
        for delivery, alert in pairs:
            if stopping():
                return n_sent
            n_sent += _send(outbox, channels.get(delivery.channel), delivery, alert, now)
    return n_sent


def _send(
    outbox: Outbox,
    channel: Channel | None,
    delivery: Delivery,
    alert: Alert,
    now: datetime,
) -> bool:
    """Make one try, and write down what came of it."""
    if channel is None:
        reason = f"channel {delivery.channel} is not configured"
        outbox.postpone(delivery.id, reason, now + NO_CHANNEL_WAIT)
        return False
    try:
        provider_id = channel.send(delivery.recipient, alert)
    except Exception as error:
        _put_off(outbox, delivery, error, now)
        return False
    outbox.sent(delivery.id, provider_id)
    return True


def _put_off(
    outbox: Outbox, delivery: Delivery, error: Exception, now: datetime
) -> None:
    reason, wait, may_pass = f"{type(error).__name__}: {error}", None, True
    if isinstance(error, DeliveryError):
        reason, wait, may_pass = str(error), error.retry_after, error.retry
    reason = " ".join(reason.split())
    if not may_pass or delivery.n_attempts + 1 >= MAX_TRIES:
        outbox.failed(delivery.id, reason)
        return
    # A channel that was not configured counts tries without end: bound the power.
    doubled = min(FIRST_WAIT * 2 ** min(delivery.n_attempts, MAX_TRIES), MAX_WAIT)
    pause = timedelta(seconds=wait) if wait else doubled
    outbox.postpone(delivery.id, reason, now + pause)
