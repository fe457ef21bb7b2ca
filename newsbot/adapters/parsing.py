"""Parsing where it can do no harm: in processes that can be killed.

In: a pure function of the stages and its arguments, hostile bytes among them.
Out: what the function returned, or one `ParseError`: too slow, too large, broken.

One tag with 40,000 attributes keeps trafilatura busy for half a minute, and nothing
but the end of its process stops it. So a few processes read document after document,
each under a limit of time and memory; ordinary pages pay a pipe for that. They are
started afresh, never forked: the parent may hold a model and threads.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar, TypeVarTuple

import msgspec

import newsbot
from newsbot.adapters import parsing_wire as wire
from newsbot.adapters.processors import n_processors
from newsbot.errors import ParseError, ParserError, StageError

#: Processes at once; more than the machine has cores read no faster.
MAX_PROCESSES = 4
#: Seconds in which a process must have loaded its libraries; it takes about one.
START_SECONDS = 60.0
#: Bytes that wait in a pipe: an ordinary page goes over in one piece.
PIPE_BYTES = 2**20
#: Calls of `ParsingPool.each` that wait for each process, and bytes of all of them:
#: while their reader writes to the disk, no process waits for work.
WAITING, WAITING_BYTES = 16, 8 * 2**20

#: What a parsing process may know of its parent's environment: nothing secret.
_ENVIRONMENT = frozenset(
    "PATH LANG LC_ALL TZ LD_LIBRARY_PATH PYTHONPYCACHEPREFIX".split()
)

T = TypeVar("T")
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsingLimits:
    """What one document may cost."""

    #: Wall-clock seconds; ordinary pages take hundredths of one.
    seconds: float = 10.0
    #: Bytes of address space on top of the libraries'.
    memory: int = 2**30


class _LostError(Exception):
    """A process ended, or wrote what is no answer; the text is how, one line."""


class _TooSlowError(Exception):
    """No answer came in time."""


class ParsingPool:
    """Calls functions in processes of their own; thread-safe.

    Args:
        n_processes: How many read at once; each starts when it is needed.
        limits: For each document.
    """

    def __init__(
        self, *, n_processes: int | None = None, limits: ParsingLimits | None = None
    ) -> None:
        n_places = n_processes or min(MAX_PROCESSES, n_processors())
        self._limits = limits or ParsingLimits()
        self._places = [_Place(self._limits) for _ in range(n_places)]
        # The warm ones on top: a single thread never starts a second process.
        self._free: queue.LifoQueue[_Place] = queue.LifoQueue()
        for place in self._places:
            self._free.put(place)

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function of the stages where it can do no harm.

        Args:
            function: One of `parsing_wire.FUNCTIONS`.
            args: Its arguments.
            kwargs: Likewise, by name.

        Returns:
            What it returned, read and checked by its annotations.

        Raises:
            ParseError: What it raised; or the document cost too much.
            ParserError: No process could be started; later it may.
        """
        return self._send(function, _request(function, args, kwargs))

    def _send(self, function: Callable[..., T], request: bytes) -> T:
        place = self._free.get()
        try:
            return self._try_twice(place, function, request)
        finally:
            self._free.put(place)

    def _try_twice(
        self, place: _Place, function: Callable[..., T], request: bytes
    ) -> T:
        try:
            return place.call(function, request)
        except _LostError:
            # Somebody else's doing, perhaps: memory ran out, a person killed it.
            pass
        except _TooSlowError as error:
            raise ParseError(f"took more than {self._limits.seconds:g} s") from error
        try:
            return place.call(function, request)
        except _LostError as error:
            raise ParseError(f"ended the process that read it ({error})") from error
        except _TooSlowError as error:
            raise ParseError(f"took more than {self._limits.seconds:g} s") from error

    def each(
        self, function: Callable[[*Ts], T], calls: Iterable[tuple[*Ts]]
    ) -> Iterator[T | StageError]:
        """Call a function on many documents, several at once; the order is kept.

        Args:
            function: As for `run`.
            calls: The arguments of each call; read little ahead of what is yielded.

        Yields:
            What `run` would return or, in its place, raise.
        """

        def one(request: bytes) -> T | StageError:
            try:
                return self._send(function, request)
            except StageError as error:
                return error

        # One more than there are processes is written out and waits for a free one.
        n_threads = len(self._places) + 1
        ahead: deque[tuple[Future[T | StageError], int]] = deque()
        n_bytes = 0
        threads = ThreadPoolExecutor(n_threads, thread_name_prefix="newsbot-parse")
        try:
            for call in calls:
                ahead.append(self._ahead(threads, one, function, call))
                n_bytes += ahead[-1][1]
                while ahead and (
                    ahead[0][0].done()
                    or len(ahead) > n_threads * WAITING
                    or (len(ahead) > n_threads and n_bytes > WAITING_BYTES)
                ):
                    answer, size = ahead.popleft()
                    n_bytes -= size
                    yield answer.result()
            while ahead:
                yield ahead.popleft()[0].result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _ahead(
        threads: ThreadPoolExecutor,
        send: Callable[[bytes], T | StageError],
        function: Callable[..., T],
        call: tuple[object, ...],
    ) -> tuple[Future[T | StageError], int]:
        """Let a thread make a call; its answer to come, and the bytes that wait."""
        try:
            request = _request(function, call, {})
        except ParseError as error:
            known: Future[T | StageError] = Future()
            known.set_result(error)
            return known, 0
        return threads.submit(send, request), len(request)

    def close(self) -> None:
        """End every process, also those that are reading."""
        for place in self._places:
            place.close()


def _request(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> bytes:
    try:
        return wire.frame(wire.write_call(function, args, kwargs))
    except UnicodeError as error:
        raise ParseError("text that cannot be written") from error


class _Place:
    """Where one process works, and the next one when it has ended."""

    def __init__(self, limits: ParsingLimits) -> None:
        self._limits = limits
        self._process: _Process | None = None
        self._closed = False
        self._lock = threading.Lock()

    def call(self, function: Callable[P, T], request: bytes) -> T:
        """Send one request and read its result.

        Raises:
            ParseError: The answer says why there is no result.
            ParserError: No process could be started.
            _LostError, _TooSlowError: The process has been ended.
        """
        with self._lock:
            try:
                process = self._ready(function.__name__)
                answer = wire.read_answer(process.ask(request, self._limits.seconds))
                refused = answer.kind == wire.REFUSED
                result = None if refused else wire.read_result(function, answer)
                reason = wire.read_reason(answer) if refused else ""
            except msgspec.MsgspecError as error:
                # Not even what it says of itself is believed: it read hostile bytes.
                self._end()
                raise _LostError("its answer was none") from error
            except BaseException:
                self._end()
                raise
            if answer.leaving:
                self._end()
        if refused:
            raise ParseError(reason)
        return result  # type: ignore[return-value]  # read by the function's own type

    def close(self) -> None:
        """End the process, even while somebody waits for it, and start no other."""
        self._closed = True
        if process := self._process:
            process.kill()  # whoever waits for its answer gets none, and lets go
        with self._lock:
            self._end()

    def _ready(self, name: str) -> _Process:
        if self._process is None or not self._process.idle:
            self._end()
            if self._closed:
                raise ParserError("newsbot is stopping")
            try:
                self._process = _Process(self._limits)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise ParserError(
                    f"cannot start a parsing process: {reason}"
                ) from error
        if self._closed:
            raise ParserError("newsbot is stopping")
        try:
            self._process.load(name)
        except (_LostError, _TooSlowError) as error:
            raise ParserError(f"the parsing process does not start: {error}") from error
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


class _Process:
    """One running process and its pipes; not thread-safe but for `kill`."""

    def __init__(self, limits: ParsingLimits) -> None:
        lifeline, self._lifeline = os.pipe()
        try:
            self._popen = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "newsbot.adapters.parsing_child"),
                    *(str(limits.seconds), str(limits.memory), str(lifeline)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",  # a path that a library tries to open leads nowhere
                env=_environment(),
                pass_fds=(lifeline,),
                # Ctrl-C goes to a whole group; the document in hand is to be finished.
                start_new_session=True,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._into, self._out = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        for pipe in (self._into, self._out):
            os.set_blocking(pipe, False)
            if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
                with contextlib.suppress(OSError):
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._loaded: set[str] = set()

    @property
    def idle(self) -> bool:
        """Whether it lives, and says nothing unasked."""
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        return not poll.poll(0)

    def load(self, name: str) -> None:
        """Let it import what a function needs, before any document's time begins."""
        if name not in self._loaded:
            self.ask(wire.frame(wire.Request(name=name, only_load=True)), START_SECONDS)
            self._loaded.add(name)

    def ask(self, request: bytes, seconds: float) -> bytes:
        """Write a request and read its answer, both within *seconds*."""
        ends_at = time.monotonic() + seconds
        left = memoryview(request)
        while left:
            try:
                left = left[os.write(self._into, left) :]
            except BlockingIOError:
                self._wait(self._into, select.POLLOUT, ends_at)
            except OSError as error:
                raise _LostError(self._how_it_ended()) from error
        length = wire.length_of(self._read(wire.HEAD, ends_at))
        if length > wire.MAX_ANSWER:
            raise _LostError("its answer was none")
        return self._read(length, ends_at)

    def kill(self) -> None:
        """End it; any thread may do so."""
        self._popen.kill()

    def end(self) -> None:
        """End it, and let go of everything that is its."""
        self._popen.kill()
        self._popen.wait()
        os.close(self._lifeline)
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self, n_bytes: int, ends_at: float) -> bytes:
        data = bytearray()
        while len(data) < n_bytes:
            try:
                piece = os.read(self._out, min(n_bytes - len(data), PIPE_BYTES))
            except BlockingIOError:
                self._wait(self._out, select.POLLIN, ends_at)
                continue
            if not piece:
                raise _LostError(self._how_it_ended())
            data += piece
        return bytes(data)

    def _wait(self, pipe: int, event: int, ends_at: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        left = ends_at - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise _TooSlowError("no answer in time")

    def _how_it_ended(self) -> str:
        try:
            code = self._popen.wait(1)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        if code == -signal.SIGALRM:
            raise _TooSlowError("no answer in time")
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _environment() -> dict[str, str]:
    """What the process needs, and no secret of ours."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    house = str(Path(newsbot.__file__).resolve().parents[1])
    paths = dict.fromkeys(path for path in (*sys.path, house) if path)
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUTF8": "1",
        # One thread reads one document; a pool of numpy's would only take memory.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
