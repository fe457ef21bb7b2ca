"""How much one person may ask in a while; kept in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

#: People that are counted at once; who asked longest ago is forgotten first.
MAX_KNOWN = 10_000


class Allowance:
    """Counts what each one asked within a window.

    Args:
        n_most: Allowed within one window.
        window: How long a count lasts from its first one on.
    """

    def __init__(self, n_most: int, window: timedelta) -> None:
        self._n_most = n_most
        self._window = window
        #: Who: since when, and how often.
        self._counts: OrderedDict[int, tuple[datetime, int]] = OrderedDict()

    def spent(self, who: int, now: datetime) -> bool:
        """Whether one more would be too many; counts nothing."""
        since, n = self._counts.get(who, (now, 0))
        return abs(now - since) < self._window and n >= self._n_most

    def take(self, who: int, now: datetime) -> int:
        """Count one more.

        Returns:
            How many are over what is allowed: 0 is within, 1 the first too many.
        """
        since, n = self._counts.pop(who, (now, 0))
        # Two clocks tell the time, ours and the service's. One that was set back must
        # not silence anybody for ever.
        if abs(now - since) >= self._window:
            since, n = now, 0
        self._counts[who] = (since, n + 1)
        while len(self._counts) > MAX_KNOWN:
            self._counts.popitem(last=False)
        return max(0, n + 1 - self._n_most)
