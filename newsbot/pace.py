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
    """What one channel was asked lately; not safe to share between threads.

    Args:
        limits: What it allows.
        requests: What was asked before, as far as it may still count.
    """

    def __init__(self, limits: Limits, requests: Iterable[Request] = ()) -> None:
        self._limits = limits
        self._open: Counter[str] = Counter()
        kept = [limits.chat, limits.group]
        longest = max(window.most for window in kept if window is not None)
        self._of_chat: dict[str, deque[datetime]] = defaultdict(
            lambda: deque(maxlen=longest)
        )
        most = 1 if limits.everything is None else limits.everything.most
        self._of_all: deque[datetime] = deque(maxlen=most)
        for request in requests:
            self._note(request.chat, request.at)

    def ready_at(self, chat: str, now: datetime) -> datetime | None:
        """Tell when a request to a chat may begin.

        Returns:
            *now* or later; None as long as an answer must come first.
        """
        limits = self._limits
        if self._open[chat]:
            return None
        own = self._of_chat[chat]
        ready = [now, _free_at(limits.chat, own, 0, now)]
        if limits.group is not None and is_group(chat):
            ready.append(_free_at(limits.group, own, 0, now))
        if limits.everything is not None:
            n_open = self._open.total()
            if n_open >= limits.everything.most:
                return None
            ready.append(_free_at(limits.everything, self._of_all, n_open, now))
        return max(ready)

    def begin(self, chat: str) -> None:
        """Count a request that is on its way."""
        self._open[chat] += 1

    def end(self, chat: str, now: datetime) -> None:
        """Count a request as over, answered or not."""
        self._open[chat] -= 1
        self._note(chat, now)

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
