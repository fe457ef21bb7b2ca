"""Delivering: what waits in the outbox goes out over its channels.

The end of the line, as `poll` is its head. Twice over never: a message whose
answer never came is sent again. What was sent is edited when its deal moves on;
an edit that cannot be had is given up, for the message itself arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from newsbot.errors import DeliveryError
from newsbot.mailing import Channel, Edit, Outbox
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
    """Send what is due, then edit what was sent and has a newer text.

    Args:
        outbox: Messages and who still has to get them.
        channels: Those configured, by name.
        now: The time, aware UTC.
        stopping: Asked before each message; true leaves the rest for later.

    Returns:
        How many deliveries were taken by their channel; edits are not counted.
    """
    n_sent = 0
    while pairs := outbox.due(now):
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
    _edit_due(outbox, channels, now, stopping)
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
        outbox.hold(delivery.id, _missing(delivery), now + NO_CHANNEL_WAIT)
        return "pending"
    reply_to = outbox.answered(alert, delivery)
    try:
        provider_id = channel.send(delivery.recipient, alert, reply_to=reply_to)
    except Exception as error:  # what nobody foresaw must not hold up the line
        reason, due_at = _verdict(error, delivery.n_attempts, now)
        if due_at is None:
            outbox.failed(delivery.id, reason)
            return "failed"
        outbox.postpone(delivery.id, reason, due_at)
        return "pending"
    outbox.sent(delivery.id, provider_id)
    return "sent"


def _edit_due(
    outbox: Outbox,
    channels: Mapping[str, Channel],
    now: datetime,
    stopping: Callable[[], bool],
) -> None:
    #: Who could not be reached, and until when nothing more is tried there.
    waiting: dict[tuple[str, str], datetime] = {}
    while edits := outbox.edits(now, BATCH):
        for edit in edits:
            if stopping():
                return
            delivery = edit.delivery
            recipient = (delivery.channel, delivery.recipient)
            if recipient in waiting:
                reason = "waits for an earlier edit"
                outbox.put_off_edit(
                    delivery.id, reason, waiting[recipient], counted=False
                )
            elif due_at := _try_edit(outbox, channels.get(delivery.channel), edit, now):
                waiting[recipient] = due_at


def _try_edit(
    outbox: Outbox, channel: Channel | None, edit: Edit, now: datetime
) -> datetime | None:
    """Try once, and write down what came of it; the next time, if there is one."""
    delivery = edit.delivery
    if channel is None or delivery.provider_id is None:
        due_at = now + NO_CHANNEL_WAIT
        outbox.put_off_edit(delivery.id, _missing(delivery), due_at, counted=False)
        return due_at
    try:
        channel.edit(delivery.recipient, delivery.provider_id, edit.alert, was=edit.was)
    except Exception as error:  # as above
        reason, later = _verdict(error, delivery.n_attempts, now)
        if later is None:
            for_good = isinstance(error, DeliveryError) and not error.retry
            outbox.drop_edit(delivery.id, reason, for_good=for_good)
        else:
            outbox.put_off_edit(delivery.id, reason, later, counted=True)
        return later
    outbox.edited(delivery.id)
    return None


def _missing(delivery: Delivery) -> str:
    return f"channel {delivery.channel} is not configured"


def _verdict(
    error: Exception, n_attempts: int, now: datetime
) -> tuple[str, datetime | None]:
    """Say why a try failed, and when to try again: None for never."""
    text, named, may_pass = f"{type(error).__name__}: {error}", None, True
    if isinstance(error, DeliveryError):
        text, named, may_pass = str(error), error.retry_after, error.retry
    reason = " ".join(text.split())
    if not may_pass or n_attempts + 1 >= MAX_TRIES:
        return reason, None
    # Waits for a channel count as tries: without this bound the power explodes.
    doubled = FIRST_WAIT * 2 ** min(n_attempts, MAX_TRIES)
    wait = timedelta(seconds=named) if named else min(doubled, MAX_WAIT)
    return reason, now + max(wait, timedelta(seconds=1))
