"""The process that parses: reads calls from its parent, answers, and knows no more.

Started by `newsbot.adapters.parsing`. It holds no secret, no database and no
network: its environment is bare, and a connect or a child of its own is refused.
Whatever a document does to it, it ends: by the memory limit, by the kernel's alarm
clock, or because the parent has gone.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import msgspec

from newsbot.adapters import parsing_wire as wire
from newsbot.errors import ParseError

#: Documents after which the process makes room for a fresh one: libxml2 keeps every
#: name it ever saw, and fragments never come back. A fresh one takes as long to start
#: as a hundred pages take to read; one that has grown much leaves earlier.
MAX_DOCUMENTS = 10_000
#: Seconds by which the kernel's alarm is later than the parent's clock.
ALARM_AFTER = 1.0

_FORBIDDEN = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.system",
)


@dataclass(slots=True, kw_only=True)
class _Parser:
    """What was loaded, and what the next document may cost."""

    #: Wall-clock seconds of one document.
    seconds: float
    #: Bytes of address space that one document may add.
    memory: int
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    #: Bytes of address space before any document; 0 where that cannot be told.
    base: int = 0
    n_documents: int = 0

    def load(self, name: str) -> None:
        """Import what a function needs, free of the limits; then set them."""
        _limit(resource.RLIMIT_FSIZE, None)
        _limit(resource.RLIMIT_AS, None)
        self.functions[name] = wire.load(name)
        self.base = _address_space()[0]
        gc.freeze()
        _limit(resource.RLIMIT_FSIZE, 0)  # pipes are no files
        _limit(resource.RLIMIT_AS, self.base + self.memory)

    def answer(self, request: wire.Request) -> wire.Answer:
        """Make one call; whatever it raises is a reason."""
        if request.only_load:
            self.load(request.name)
            return wire.write_result(None, leaving=False)
        function = self.functions[request.name]
        self.n_documents += 1
        result: Any = None
        try:
            signal.setitimer(signal.ITIMER_REAL, self.seconds + ALARM_AFTER)
            result = function(**wire.read_call(function, request.arguments))
            reason = None
        except ParseError as error:
            reason = str(error)
        except MemoryError:
            reason = self._too_large
        except Exception as error:  # a broken document may raise anything
            reason = f"unreadable ({type(error).__name__})"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        grown = _address_space()[1] - self.base
        if self.base and grown > self.memory * 0.9:
            # Libraries take a failed allocation for a broken document.
            reason = self._too_large
        leaving = (
            self.n_documents >= MAX_DOCUMENTS
            or reason == self._too_large
            or (self.base > 0 and grown > self.memory // 2)
        )
        if reason is None:
            with contextlib.suppress(UnicodeError, MemoryError):
                return wire.write_result(result, leaving=leaving)
            reason = "unreadable (text that cannot be written)"
        return wire.write_refusal(reason, leaving=leaving)

    @property
    def _too_large(self) -> str:
        return f"needed more than {self.memory // 2**20} MiB of memory"


def serve(requests: BinaryIO, answers: BinaryIO, parser: _Parser) -> None:
    """Answer calls until the parent closes the pipe."""
    while len(head := requests.read(wire.HEAD)) == wire.HEAD:
        data = requests.read(wire.length_of(head))
        answer = parser.answer(msgspec.msgpack.decode(data, type=wire.Request))
        del data
        answers.write(wire.frame(answer))
        answers.flush()
        if answer.leaving:
            return


def main() -> None:
    """Serve; arguments are seconds, bytes of memory, and the lifeline's number."""
    seconds, memory, lifeline = sys.argv[1:]
    # A stop is the parent's affair: it lets the document in hand be finished.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Nothing but the kernel can end a library that never comes back to Python.
    for number in (signal.SIGALRM, signal.SIGIO):
        signal.signal(number, signal.SIG_DFL)
    _hold(int(lifeline))
    _be_the_first_to_go()
    _limit(resource.RLIMIT_CORE, 0)
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.addaudithook(_refuse)
    parser = _Parser(seconds=float(seconds), memory=int(memory))
    with contextlib.suppress(BrokenPipeError):
        serve(os.fdopen(0, "rb", 2**20), answers, parser)


def _hold(lifeline: int) -> None:
    """End with the parent, even in the middle of a library's loop.

    The lifeline is a pipe that nobody writes to. When the parent ends, in whatever
    way, its end closes, and SIGIO ends this process (on Linux; elsewhere, where SIGIO
    is ignored by default, the alarm does).
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    try:
        os.read(lifeline, 1)
    except BlockingIOError:
        return
    sys.exit(0)  # it had gone before


def _be_the_first_to_go() -> None:
    """Where memory runs out, the kernel takes this process, and not the service."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event}: not while parsing")


def _limit(kind: int, value: int | None) -> None:
    """Set a soft limit, None for as much as is allowed; not every system knows each."""
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(kind)
        if value is None or (hard != resource.RLIM_INFINITY and value > hard):
            value = hard
        resource.setrlimit(kind, (value, hard))


def _address_space() -> tuple[int, int]:
    """Bytes of address space, now and at most; zeros where /proc is missing."""
    try:
        with open("/proc/self/status", "rb") as file:
            lines = dict(line.split(b":", 1) for line in file.read().splitlines())
        return tuple(  # type: ignore[return-value]  # two of them
            int(lines[name].split()[0]) * 1024 for name in (b"VmSize", b"VmPeak")
        )
    except (OSError, KeyError, ValueError):
        return 0, 0


if __name__ == "__main__":
    main()
