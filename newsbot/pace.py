"""How fast may a channel be asked? Limits per chat, per group and over all chats.

In: which requests have ended and which are on their way. Out: when the next one to
a chat may begin. Nothing here waits or looks at a clock.

A request counts from its begin until a whole window after its *end*. So the limit
holds wherever between the two the other side counts it: an answer that is slow, or
two clocks that differ, never let one more through.

Source:
    https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    for Telegram's figures.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsbot.mailing import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """So many requests in any stretch of so much time."""

    most: int
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one service allows a sender."""

    #: For one chat, whatever it is.
    chat: Window
    #: For one group or channel besides.
    group: Window | None = None
    #: For all chats together.
    everything: Window | None = None

    def scaled(self, pace: float) -> Limits:
        """Give the limits of a service that is *pace* times as fast.

        >>> PATIENT.scaled(2.0).chat.span.total_seconds()
        0.5
        """
        return Limits(
            chat=_faster(self.chat, pace),
            group=None if self.group is None else _faster(self.group, pace),
            everything=(
                None if self.everything is None else _faster(self.everything, pace)
            ),
        )


def _faster(window: Window, pace: float) -> Window:
    return Window(most=window.most, span=window.span / pace)


#: Telegram's own: a message a second per chat, 20 a minute per group and channel,
#: 30 a second over all.
TELEGRAM = Limits(
    chat=Window(most=1, span=timedelta(seconds=1)),
    group=Window(most=20, span=timedelta(minutes=1)),
    everything=Window(most=30, span=timedelta(seconds=1)),
)
#: For services that are told by a web hook: Slack asks for a message a second
#: (https://docs.slack.dev/apis/web-api/rate-limits), Discord for 30 a minute.
PATIENT = Limits(
    chat=Window(most=1, span=timedelta(seconds=1)),
    group=Window(most=30, span=timedelta(minutes=1)),
)


def is_group(chat: str) -> bool:
    """Tell groups and channels from persons: theirs are negative ids and names."""
    return not chat.isdecimal()


class Pace:
    """What one channel was asked lately; safe to share between threads.

    Args:
        limits: What it allows.
        requests: What was asked before, as far as it may still count.
        kept_back: Of those that go to everybody together, so many are kept back for
            answers: who asks the bot does not wait for a burst of messages.
    """

    def __init__(
        self, limits: Limits, requests: Iterable[Request] = (), *, kept_back: int = 0
    ) -> None:
        self._limits = limits
        self._kept_back = kept_back
        self._lock = threading.Lock()
        # All below under `_lock`.
        self._open: Counter[str] = Counter()
        self._forget()
        self.remember(requests)

    def remember(self, requests: Iterable[Request]) -> None:
        """Take what was asked before for all that has ended."""
        with self._lock:
            self._forget()
            for request in requests:
                self._note(request.chat, request.at)

    def ready_at(self, chat: str, now: datetime) -> datetime | None:
        """Tell when a message to a chat may begin.

        Returns:
            *now* or later; None as long as an answer must come first.
        """
        with self._lock:
            return self._message_at(chat, now)

    def take(self, chat: str, now: datetime) -> datetime | None:
        """Begin a message to a chat, if its turn has come.

        Returns:
            *now* where it has begun; else as `ready_at`.
        """
        with self._lock:
            ready_at = self._message_at(chat, now)
            if ready_at == now:
                self._open[chat] += 1
            return ready_at

    def take_answer(self, chat: str, now: datetime) -> datetime | None:
        """Begin an answer to who has just asked, if it may; see `take`.

        In a private chat a few answers may follow each other at once: Telegram allows
        short bursts there, and people are told to wait who ask too much.
        """
        with self._lock:
            ready_at = self._within(chat, now, self._open[chat], 0)
            if ready_at == now:
                self._open[chat] += 1
            return ready_at

    def begin(self, chat: str) -> None:
        """Count a request that is on its way."""
        with self._lock:
            self._open[chat] += 1

    def end(self, chat: str, now: datetime) -> None:
        """Count a request as over, answered or not."""
        with self._lock:
            self._open[chat] -= 1
            self._note(chat, now)

    def _message_at(self, chat: str, now: datetime) -> datetime | None:
        if self._open[chat]:
            return None
        ready_at = self._within(chat, now, 0, self._kept_back)
        if ready_at is None:
            return None
        own_at = _free_at(self._limits.chat, self._of_chat[chat], 0, now)
        return max(ready_at, own_at)

    def _within(
        self, chat: str, now: datetime, n_open: int, n_kept_back: int
    ) -> datetime | None:
        """Say when one more fits into the limits of a group and of everybody."""
        ready, group, every = [now], self._limits.group, self._limits.everything
        if group is not None and is_group(chat):
            if n_open >= group.most:
                return None
            ready.append(_free_at(group, self._of_chat[chat], n_open, now))
        if every is not None:
            n_taken = self._open.total() + n_kept_back
            if n_taken >= every.most:
                return None
            ready.append(_free_at(every, self._of_all, n_taken, now))
        return max(ready)

    def _forget(self) -> None:
        kept = [self._limits.chat, self._limits.group]
        longest = max(window.most for window in kept if window is not None)
        self._of_chat: dict[str, deque[datetime]] = defaultdict(
            lambda: deque(maxlen=longest)
        )
        every = self._limits.everything
        most = 1 if every is None else every.most
        self._of_all: deque[datetime] = deque(maxlen=most)

    def _note(self, chat: str, at: datetime) -> None:
        self._of_chat[chat].append(at)
        self._of_all.append(at)


def _free_at(
    window: Window, ended: deque[datetime], n_open: int, now: datetime
) -> datetime:
    """Say when one more fits beside those on their way and those that ended."""
    n_before = window.most - n_open
    if len(ended) < n_before:
        return now
    # A clock that was set back must not hold everything up until it is there again.
    return min(ended[-n_before], now) + window.span
