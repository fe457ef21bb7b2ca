"""One attempt: a message, an edit or a line is asked for once, and what came of it.

What concerns more than the one message is done here, too: a recipient that is gone
is parked, a chat that moved keeps everything, a channel that takes nothing rests.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from newsbot.errors import (
    ChannelHaltedError,
    DeliveryError,
    RecipientGoneError,
    RecipientMovedError,
)
from newsbot.mailing import Channel, Edit, Managers, Notice, Outbox, chat_of
from newsbot.stages.notices import notice_message, paused_text
from newsbot.types import Alert, Delivery
from newsbot.vocabulary import DeliveryState

log = logging.getLogger("newsbot")

#: Tries of one delivery; with `FIRST_WAIT` doubling they take about five days.
MAX_TRIES = 30
#: First wait after a try that failed, where the provider names none.
FIRST_WAIT = timedelta(seconds=30)
#: Longest wait between two tries.
MAX_WAIT = timedelta(hours=6)
#: Wait of a delivery whose channel is not configured at present.
NO_CHANNEL_WAIT = timedelta(hours=1)


#: Writes down what came of an attempt, in the caller's transaction; true if a message
#: was taken.
Settle = Callable[[], bool]


class Attempts:
    """Asks channels; what comes back writes down what came of it.

    Safe to share between threads. Asking writes nothing, so that one transaction
    after it can hold all there is to write.

    Args:
        outbox: Messages and who still has to get them.
        channels: Those configured, by name.
        clock: Tells the time, aware, UTC.
        managers: Who is told when a recipient is paused.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        managers: Managers,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._managers = managers
        #: Channels whose key was refused.
        self.refused: set[str] = set()

    def send(self, delivery: Delivery) -> Settle:
        """Send a message, with its text of this moment."""
        outbox, channel = self._outbox, self._channels.get(delivery.channel)
        alert = outbox.alert(delivery.alert_id)
        if channel is None or alert is None:
            return partial(self._no_channel, delivery)
        # It may have waited for a channel, a try or a restart: people sleep now.
        to, now = (delivery.channel, delivery.recipient), self._clock()
        if (ends_at := outbox.quiet_until(*to, now)) is not None:
            return partial(self._hushed, delivery, ends_at)
        reply_to = outbox.answered(alert, delivery)
        try:
            provider_id = channel.send(delivery.recipient, alert, reply_to=reply_to)
        except Exception as error:  # what nobody foresaw must not hold up the line
            return partial(self._refused, delivery, error)
        return partial(self._taken, delivery, alert, provider_id)

    def _no_channel(self, delivery: Delivery) -> bool:
        due_at = self._clock() + NO_CHANNEL_WAIT
        self._outbox.hold(delivery.id, _missing(delivery), due_at)
        return False

    def _hushed(self, delivery: Delivery, ends_at: datetime) -> bool:
        self._outbox.hush(delivery.channel, delivery.recipient, ends_at)
        return False

    def _taken(self, delivery: Delivery, alert: Alert, provider_id: str) -> bool:
        self._outbox.sent(delivery.id, provider_id, alert)
        self._accepted(delivery.channel)
        return True

    def _refused(self, delivery: Delivery, error: Exception) -> bool:
        outbox, now = self._outbox, self._clock()
        reason, due_at = _verdict(error, delivery.n_attempts, now)
        unknown = isinstance(error, DeliveryError) and error.unknown
        more = self._concerns_more(error, delivery.channel, delivery.recipient, now)
        if more and not isinstance(error, RecipientMovedError):
            outbox.hold(delivery.id, reason, now)
        elif more and due_at is not None:
            # At once, but counted: chats that send us in circles end, too.
            outbox.postpone(delivery.id, reason, now)
        elif due_at is None:
            log.warning("given up delivery=%s reason=%s", delivery.id, reason)
            outbox.failed(delivery.id, reason, unknown=unknown)
        else:
            outbox.postpone(delivery.id, reason, due_at, unknown=unknown)
        return False

    def _concerns_more(
        self, error: Exception, channel: str, recipient: str, now: datetime
    ) -> bool:
        """Do what an error asks for beyond its one message; whether it does."""
        outbox, reason = self._outbox, _reason(error)
        match error:
            case RecipientGoneError():
                if outbox.park(channel, recipient, reason, now):
                    log.warning(
                        "parked channel=%s recipient=%s reason=%s",
                        channel,
                        recipient,
                        reason,
                    )
                    if error.tell:
                        self._tell_of_pause(channel, recipient, reason, now)
            case RecipientMovedError():
                old = chat_of(recipient)
                log.info("moved channel=%s from=%s to=%s", channel, old, error.new)
                outbox.move(channel, old, error.new, now)
            case ChannelHaltedError():
                until = now + timedelta(seconds=error.retry_after or 1)
                refused = error.refused
                new = outbox.traffic.pause(channel, reason, until, now, refused=refused)
                if refused:
                    self.refused.add(channel)
                    if new:
                        log.error("stopped channel=%s reason=%s", channel, reason)
            case _:
                return False
        return True

    def _accepted(self, channel: str) -> None:
        """A key that is taken is no refused one any more."""
        if channel in self.refused:
            self.refused.discard(channel)
            self._outbox.traffic.resume(channel)
            log.warning("goes on channel=%s", channel)

    def _tell_of_pause(
        self, channel: str, recipient: str, reason: str, now: datetime
    ) -> None:
        said = partial(paused_text, recipient, reason)
        traffic = self._outbox.traffic
        owner = traffic.owner_of(channel, recipient)
        also = () if owner is None else ((channel, str(owner)),)
        self._managers.tell(traffic, said, now, but=(channel, recipient), also=also)

    def tell(self, notice: Notice) -> Settle:
        """Send a message about no deal to a reader."""
        channel, now = self._channels.get(notice.channel), self._clock()
        to = (notice.channel, notice.recipient)
        quiet = notice.kind != "notice"  # what managers must know waits for nothing
        if quiet and (ends_at := self._outbox.quiet_until(*to, now)) is not None:
            return partial(self._hushed_notice, notice, ends_at)
        message = notice_message(notice, self._managers.language, now)
        try:
            if channel is None:
                raise DeliveryError("no such channel", retry=False)
            channel.send(notice.recipient, message)
        except Exception as error:  # as above
            return partial(self._untold, notice, error)
        return partial(self._told, notice)

    def _hushed_notice(self, notice: Notice, ends_at: datetime) -> bool:
        traffic = self._outbox.traffic
        traffic.settle_notice(notice.id, "pending", "", ends_at, counted=False)
        return False

    def _told(self, notice: Notice) -> bool:
        self._outbox.traffic.settle_notice(notice.id, "sent", "", self._clock())
        self._accepted(notice.channel)
        return True

    def _untold(self, notice: Notice, error: Exception) -> bool:
        now, traffic = self._clock(), self._outbox.traffic
        reason, due_at = _verdict(error, notice.n_attempts, now)
        unknown = isinstance(error, DeliveryError) and error.unknown
        state: DeliveryState
        more = self._concerns_more(error, notice.channel, notice.recipient, now)
        if more:
            # It waits with the reader's alerts; a chat that has moved gets it at once.
            moved = isinstance(error, RecipientMovedError)
            state = "failed" if moved and due_at is None else "pending"
            traffic.settle_notice(notice.id, state, reason, now, counted=moved)
        elif due_at is None:
            log.warning("given up notice=%s reason=%s", notice.id, reason)
            state = "unknown" if unknown else "failed"
            traffic.settle_notice(notice.id, state, reason, now, unknown=unknown)
        else:
            traffic.settle_notice(notice.id, "pending", reason, due_at, unknown=unknown)
        return False

    def edit(self, edit: Edit) -> Settle:
        """Put a newer text in the place of one that was sent."""
        delivery = edit.delivery
        channel = self._channels.get(delivery.channel)
        if channel is None or delivery.provider_id is None:
            return partial(self._no_channel_to_edit, delivery)
        recipient, id_ = delivery.recipient, delivery.provider_id
        try:
            channel.edit(recipient, id_, edit.alert, was=edit.was)
        except Exception as error:  # as above
            return partial(self._unedited, delivery, error)
        return partial(self._edited, edit)

    def _no_channel_to_edit(self, delivery: Delivery) -> bool:
        reason, due_at = _missing(delivery), self._clock() + NO_CHANNEL_WAIT
        self._outbox.put_off_edit(delivery.id, reason, due_at, counted=False)
        return False

    def _edited(self, edit: Edit) -> bool:
        self._outbox.edited(edit.delivery.id, edit.alert)
        self._accepted(edit.delivery.channel)
        return False

    def _unedited(self, delivery: Delivery, error: Exception) -> bool:
        outbox, now = self._outbox, self._clock()
        reason, later = _verdict(error, delivery.n_attempts, now)
        if self._concerns_more(error, delivery.channel, delivery.recipient, now):
            outbox.put_off_edit(delivery.id, reason, now, counted=False)
        elif later is None:
            for_good = isinstance(error, DeliveryError) and not error.retry
            outbox.drop_edit(delivery.id, reason, for_good=for_good)
        else:
            outbox.put_off_edit(delivery.id, reason, later, counted=True)
        return False


def _missing(delivery: Delivery) -> str:
    return f"channel {delivery.channel} is not configured"


def _reason(error: Exception) -> str:
    named = isinstance(error, DeliveryError)
    text = str(error) if named else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _verdict(
    error: Exception, n_attempts: int, now: datetime
) -> tuple[str, datetime | None]:
    """Say why a try failed, and when to try again: None for never."""
    named, may_pass = None, True
    if isinstance(error, DeliveryError):
        named, may_pass = error.retry_after, error.retry
    if not may_pass or n_attempts + 1 >= MAX_TRIES:
        return _reason(error), None
    # Waits for a channel count as tries: without this bound the power explodes.
    doubled = FIRST_WAIT * 2 ** min(n_attempts, MAX_TRIES)
    wait = timedelta(seconds=named) if named else min(doubled, MAX_WAIT)
    return _reason(error), now + max(wait, timedelta(seconds=1))
