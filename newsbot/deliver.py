"""Delivering: what waits in the outbox goes out over its channels.

The end of the line, as `poll` is its head. Twice over never: a message whose
answer never came is sent again, and counted. What was sent is edited when its deal
moves on; an edit that cannot be had is given up, for the message itself arrived.

Channels with limits are asked by many threads, one for each chat at a time: a chat
that is slow, refuses or waits for its turn holds up no other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from newsbot.attempts import Attempts, Settle
from newsbot.errors import StoreBusyError
from newsbot.mailing import Channel, Managers, Outbox, chat_of
from newsbot.pace import Pace

log = logging.getLogger("newsbot")

#: Chats that are asked at once. So many would have to hang to hold up another one.
MAX_AT_ONCE = 64
#: Seconds until the queue is looked at again while something waits for its turn.
LOOK_SECONDS = 0.25
#: Tries to write down what came of a request; each waits for the writer lock.
SETTLE_TRIES = 8
#: How far back requests may still count: more than any window of `pace`.
LOOK_BACK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Something to ask a channel for."""

    channel: str
    recipient: str
    #: Asks for it.
    ask: Callable[[], Settle]
    #: Writes down that it is on its way, in the caller's transaction.
    begin: Callable[[], object] = lambda: None

    @property
    def chat(self) -> tuple[str, str]:
        """What is asked for one thing at a time."""
        return (self.channel, chat_of(self.recipient))


class Courier:
    """Sends what is due, within limits.

    One courier at a time may serve an outbox.

    Args:
        outbox: Messages and who still has to get them.
        channels: Those configured, by name.
        clock: Tells the time, aware, UTC.
        paces: What channels allow and were asked lately, by name; others who ask
            them share it. A channel without one is asked in the caller's thread, one
            message after the other.
        managers: Who is told when a recipient is paused.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        *,
        paces: Mapping[str, Pace] | None = None,
        managers: Managers | None = None,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._paces = paces or {}
        self._attempts = Attempts(outbox, channels, clock, managers or Managers())
        #: Whether an earlier process's work was taken up.
        self._begun = False
        self._pool: ThreadPoolExecutor | None = None
        self._changed = threading.Condition()
        # All below under `_changed`.
        self._busy: set[tuple[str, str]] = set()
        self._n_done = 0
        self._n_sent = 0
        self._broken: BaseException | None = None

    def serve(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send and edit until nothing is left that is due, then return.

        What waits for its turn within the limits is waited for; what is postponed,
        parked or belongs to a channel that rests is not.

        Args:
            stopping: Asked all the time; true leaves the rest for later.

        Returns:
            How many messages were taken by their channels; edits are not counted.

        Raises:
            StoreError: The outbox cannot be read or written.
        """
        if not self._begun:
            self._take_up()
            self._begun = True
        with self._changed:
            self._n_sent = 0
        try:
            while not stopping() and self._broken is None:
                with self._changed:
                    n_done = self._n_done
                wait = self._step(stopping)
                with self._changed:
                    if wait is None and not self._busy and n_done == self._n_done:
                        break
                    if n_done == self._n_done:
                        seconds = LOOK_SECONDS if wait is None else wait
                        self._changed.wait(min(seconds, LOOK_SECONDS))
        finally:
            with self._changed:
                self._changed.wait_for(lambda: not self._busy)
        broken, self._broken = self._broken, None
        if broken is not None:
            raise broken
        return self._n_sent

    def close(self) -> None:
        """End the threads; nothing must be on its way."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _take_up(self) -> None:
        """Take up where an earlier process ended."""
        now, traffic = self._clock(), self._outbox.traffic
        if n_lost := self._outbox.recover(now):
            log.warning("sending was cut off, sent again unknown=%d", n_lost)
        for name in self._channels:
            traffic.resume(name)  # somebody may have put a new key in place
        for name, pace in self._paces.items():
            pace.remember(traffic.requests(name, now - LOOK_BACK))

    def _step(self, stopping: Callable[[], bool]) -> float | None:
        """Begin whatever may begin now.

        Returns:
            Seconds until more may begin: 0 where something was done at once, None
            where nothing waits but for an answer.
        """
        waits: list[float] = []
        with self._changed:
            busy = set(self._busy)
        for job in self._jobs():
            if stopping():
                return None
            if job.chat in busy:
                continue
            busy.add(job.chat)
            pace = self._paces.get(job.channel)
            if pace is None or job.channel not in self._channels:
                job.begin()
                taken = self._settled(job.ask())
                with self._changed:
                    self._n_sent += taken
                waits.append(0)
                continue
            with self._changed:
                if len(self._busy) >= MAX_AT_ONCE or self._probing(job.channel):
                    continue
                now = self._clock()
                ready_at = pace.take(job.chat[1], now)
                if ready_at == now:
                    self._busy.add(job.chat)
                    self._start(job, pace)
                elif ready_at is not None:
                    waits.append((ready_at - now).total_seconds())
        return min(waits, default=None)

    def _jobs(self) -> list[_Job]:
        """List what may be asked for now, the most urgent first."""
        now = self._clock()
        jobs = [
            _Job(
                channel=delivery.channel,
                recipient=delivery.recipient,
                ask=partial(self._attempts.send, delivery),
                begin=partial(self._outbox.begin, delivery.id, now),
            )
            for delivery in self._outbox.due(now)
        ]
        jobs += [
            _Job(
                channel=notice.channel,
                recipient=notice.recipient,
                ask=partial(self._attempts.tell, notice),
                begin=partial(self._outbox.traffic.begin_notice, notice.id, now),
            )
            for notice in self._outbox.traffic.notices(now)
        ]
        jobs += [
            _Job(
                channel=edit.delivery.channel,
                recipient=edit.delivery.recipient,
                ask=partial(self._attempts.edit, edit),
            )
            for edit in self._outbox.edits(now)
        ]
        return jobs

    def _probing(self, channel: str) -> bool:
        """Whether a refused key is just being tried again, with one message alone."""
        return channel in self._attempts.refused and any(
            name == channel for name, _ in self._busy
        )

    def _start(self, job: _Job, pace: Pace) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MAX_AT_ONCE, "courier")
        self._pool.submit(self._work, job, pace)

    def _settled(self, settle: Settle) -> bool:
        """Write down what came of it; a message that was taken must not be forgotten
        because another process holds the writer lock.
        """
        for _ in range(SETTLE_TRIES - 1):
            try:
                with self._outbox.atomic():
                    return settle()
            except StoreBusyError:
                log.warning("the database is busy; a message waits to be marked")
        with self._outbox.atomic():
            return settle()

    def _work(self, job: _Job, pace: Pace) -> None:
        """Do one job in a thread of the pool, counted within the limits."""
        channel, chat = job.chat
        outbox, taken = self._outbox, False
        try:
            with outbox.atomic():
                number = outbox.traffic.began(channel, chat, self._clock())
                job.begin()
            settle = job.ask()

            def settled() -> bool:
                outbox.traffic.ended(number, self._clock())
                return settle()

            taken = self._settled(settled)
        except BaseException as error:
            # The ledger cannot be written: `serve` ends with it.
            with self._changed:
                self._broken = error
        finally:
            with self._changed:
                pace.end(chat, self._clock())
                self._busy.discard(job.chat)
                self._n_done += 1
                self._n_sent += taken
                self._changed.notify_all()
