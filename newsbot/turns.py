"""Whose turn is it? Many hosts at once, one request at a time on each, spaced.

A host that is slow, or that has many things to be asked, never holds up another:
a worker takes the next host whose turn has come, and waits only when there is none.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from newsbot.errors import FetchError

#: Requests under way at once, each on another host. Each is a thread that mostly
#: waits for the network; more than this gain nothing on two cores.
WORKERS = 16
#: Workers that start at once: threads of Python get in each other's way, and answers
#: of 1 ms keep no more of them busy. On loopback, 1,000 unchanged feeds took .36 s of
#: processor time with 1 to 4 of them, .43 s with 8.
FEW = 3
#: Seconds that an item takes a worker, on the average, before one more starts.
SLOW_SECONDS = 0.01
#: Results handed over together, at the latest after so many seconds; while they are
#: stored, the next ones gather, up to twice as many: then the workers wait.
AT_ONCE, GATHER_SECONDS = 200, 0.05
#: Seconds between two looks at whether to stop, for workers that have nothing to do.
LOOK_SECONDS = 0.2
#: Seconds that a redirected request waits for its new host's turn, at most.
PATIENCE = 60.0
#: Workers that may wait so, each replaced by another: nobody else is held up.
MAX_LED = 64

T = TypeVar("T")
R = TypeVar("R")


def host_of(url: str) -> str:
    """Name the host and port that a URL is asked at."""
    return urlsplit(url).netloc.lower()


class Hosts:
    """Remembers when each host was asked last; shared by all who ask. Thread-safe.

    Args:
        spacing: Seconds from the end of one request to the next on the same host.
        clock: Seconds, only ever growing.
    """

    def __init__(
        self, spacing: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.spacing = spacing
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._free_at: dict[str, float] = {}
        self._own: dict[str, float] = {}
        #: By thread: whose turn it holds.
        self._held: dict[int, str] = {}
        #: Threads that wait in `follow`.
        self.n_led = 0

    def take(self, host: str) -> float:
        """Take a host's turn; 0 if it was taken, else the seconds to wait for it."""
        with self._lock:
            if host in self._busy:
                return max(self.spacing, 0.01)
            wait = self._free_at.get(host, 0.0) - self._clock()
            if wait > 0:
                return wait
            self._busy.add(host)
            self._held[threading.get_ident()] = host
            return 0.0

    def give_back(self, host: str) -> float:
        """End a host's turn, wherever it was led; the seconds until its next."""
        with self._lock:
            self._free()
            return max(self.spacing, self._own.get(host, 0.0))

    def follow(self, url: str) -> float:
        """Move this thread's turn to where its request is led.

        The host that has answered is free at once, and the new one is waited for
        without holding any: two that lead to each other do not wait for ever. On the
        same host the distance is kept. Without a turn there is nothing to move.

        Returns:
            The seconds that passed.

        Raises:
            FetchError: The turn did not come within `PATIENCE`.
        """
        began, to = self._clock(), host_of(url)
        with self._lock:
            held = self._held.get(threading.get_ident())
            if held is None:
                return 0.0
            if held != to:
                self._free()
                self.n_led += 1
        if held == to:
            self.pause()
            return self._clock() - began
        try:
            while wait := self.take(to):
                if self._clock() + wait - began > PATIENCE:
                    raise FetchError(url, "its host was busy for too long")
                time.sleep(wait)
        finally:
            with self._lock:
                self.n_led -= 1
        return self._clock() - began

    def _free(self) -> None:
        """Let go of the host that this thread holds; called under the lock."""
        host = self._held.pop(threading.get_ident(), None)
        if host is None:
            return
        self._busy.discard(host)
        if spacing := max(self.spacing, self._own.get(host, 0.0)):
            now = self._clock()
            if len(self._free_at) > 10_000:
                kept = self._free_at.items()
                self._free_at = {name: at for name, at in kept if at > now}
            self._free_at[host] = now + spacing

    def pause(self) -> None:
        """Keep the distance between two requests that are made in one turn."""
        if self.spacing:
            time.sleep(self.spacing)

    def slow_down(self, host: str, seconds: float) -> None:
        """Keep a longer distance on one host, as its robots.txt asks."""
        with self._lock:
            self._own[host] = seconds


#: A result, an exception in its place, or None where a worker ends.
_Result = tuple[R | None, BaseException | None] | None


@dataclass(slots=True)
class _Results(Generic[R]):
    """What workers have brought, until it is taken in one go."""

    waiting: list[_Result[R]] = field(default_factory=list)
    #: Whether what waits is to be taken at once: it is much, or a worker's last word.
    urgent: bool = False
    #: Who asked is gone: nobody takes anything any more.
    closed: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, result: _Result[R]) -> None:
        with self.changed:
            while (
                result is not None
                and len(self.waiting) >= 2 * AT_ONCE
                and not self.closed
            ):
                self.changed.wait()
            self.waiting.append(result)
            # A thread that is woken for each result takes turns from the others.
            if not self.urgent and (result is None or len(self.waiting) >= AT_ONCE):
                self.urgent = True
                self.changed.notify_all()

    def take(self) -> list[_Result[R]]:
        """Wait for `AT_ONCE` results, a worker's end, or `GATHER_SECONDS`."""
        with self.changed:
            self.changed.wait_for(lambda: self.urgent, GATHER_SECONDS)
            taken = self.waiting[:AT_ONCE]
            del self.waiting[:AT_ONCE]
            self.urgent = len(self.waiting) >= AT_ONCE or None in self.waiting
            if len(taken) == AT_ONCE:
                self.changed.notify_all()
            return taken

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()


@dataclass(slots=True, kw_only=True)
class _Queues(Generic[T]):
    """What is still to be done, by host, and which host is next."""

    hosts: Hosts
    stopping: Callable[[], bool]
    waiting: dict[str, deque[T]] = field(default_factory=dict)
    #: When each host that has something to do, and is not busy, may be asked.
    ready: list[tuple[float, int, str]] = field(default_factory=list)
    n_busy: int = 0
    n_pushed: int = 0
    #: Who asked is gone: nothing more begins.
    closed: bool = False
    #: Held for every look and change; told of each change that may matter to others.
    changed: threading.Condition = field(default_factory=threading.Condition)

    def push(self, host: str, at: float) -> None:
        self.n_pushed += 1
        heapq.heappush(self.ready, (at, self.n_pushed, host))

    def is_due(self) -> bool:
        """Whether a host waits although its turn has come."""
        with self.changed:
            return bool(self.ready) and self.ready[0][0] <= time.monotonic()

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def give_back(self, host: str) -> None:
        wait = self.hosts.give_back(host)
        with self.changed:
            self.n_busy -= 1
            if self.waiting[host]:
                self.push(host, time.monotonic() + wait)
            self.changed.notify()

    def next(self) -> tuple[str, T] | None:
        """Wait for a host's turn and take its next item; None when there is no more."""
        asked = False
        with self.changed:
            while True:
                if self.closed or not (self.ready or self.n_busy):
                    self.changed.notify_all()
                    return None
                now = time.monotonic()
                wait = self.ready[0][0] - now if self.ready else LOOK_SECONDS
                if wait > 0:
                    # Asked again after each wait, as it may be long.
                    if asked and self.stopping():
                        return None
                    asked = True
                    self.changed.wait(min(wait, LOOK_SECONDS))
                    continue
                _, _, host = heapq.heappop(self.ready)
                if delay := self.hosts.take(host):
                    self.push(host, now + delay)
                    continue
                if self.stopping():
                    self.hosts.give_back(host)
                    self.closed = True
                    return None
                self.n_busy += 1
                return host, self.waiting[host].popleft()


def in_turns(
    items: Sequence[T],
    host: Callable[[T], str],
    work: Callable[[T], R],
    hosts: Hosts,
    *,
    workers: int = WORKERS,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[list[R]]:
    """Work on items, many hosts at once, in turn on each.

    Args:
        items: In the order in which each host's are to be done.
        host: Names the host of an item.
        work: Called in one of several threads.
        hosts: Keeps the distance between requests.
        workers: Most items under way at once.
        stopping: Asked before each item; true leaves the rest undone.

    Yields:
        What *work* has given meanwhile, `AT_ONCE` at most; an exception of it is
        raised here, when all else is done.
    """
    if not items:
        return
    queues: _Queues[T] = _Queues(hosts=hosts, stopping=stopping)
    for item in items:
        queues.waiting.setdefault(host(item), deque()).append(item)
    for name in queues.waiting:
        queues.push(name, 0.0)
    done: _Results[R] = _Results()
    n_most = max(1, min(workers, len(queues.waiting)))
    n_started = n_running = 0
    failure: BaseException | None = None
    slow = False
    looked_at = time.monotonic()
    try:
        while n_running or not n_started:
            # Where answers come fast, few threads do more than many, which would wait
            # for each other; where they do not, another one starts at each look.
            # One that waits where a redirect leads is none of them.
            most = n_most + min(hosts.n_led, MAX_LED)
            while n_started < min(FEW, n_most) or (slow and n_started < most):
                arguments = (queues, work, done)
                threading.Thread(target=_serve, args=arguments, daemon=True).start()
                n_started, n_running, slow = n_started + 1, n_running + 1, False
            results = done.take()
            spent, looked_at = time.monotonic() - looked_at, time.monotonic()
            slow = spent * n_running > SLOW_SECONDS * len(results) and queues.is_due()
            n_ended = sum(result is None for result in results)
            if n_ended:
                n_running -= n_ended
                n_most = n_started  # nothing is left to begin
            found = [result for result in results if result is not None]
            failure = next((e for _, e in found if e is not None), failure)
            if given := [one for one, error in found if error is None]:
                yield given  # type: ignore[misc]
    finally:
        queues.close()  # perhaps by an error of who asked: what has begun ends
        done.close()
    if failure is not None:
        raise failure


def in_turn(url: str, work: Callable[[str], R], hosts: Hosts) -> R:
    """Work on one address when its host's turn has come.

    Whatever *work* raises is raised.
    """
    ((result,),) = in_turns([url], host_of, work, hosts)
    return result


def _serve(queues: _Queues[T], work: Callable[[T], R], done: _Results[R]) -> None:
    """Be one worker."""
    try:
        while (taken := queues.next()) is not None:
            host, item = taken
            try:
                done.put((work(item), None))
            except BaseException as error:  # carried over to the asking thread
                done.put((None, error))
            finally:
                queues.give_back(host)
    except BaseException as error:
        done.put((None, error))
    finally:
        done.put(None)
