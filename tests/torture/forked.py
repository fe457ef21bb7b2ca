"""`newsbot run` as a process of its own, started in milliseconds, for tests that kill it.

A server for forks: it imports newsbot once, and each order makes it fork a process that
becomes `newsbot run` in a folder, by the same entry point as the command. What was
imported before is all that such a process shares with another. Orders are lines of
JSON on standard input.

    launcher = Launcher()
    pid = launcher.start(folder, environment)
    os.kill(pid, signal.SIGKILL)
    assert launcher.wait(pid) == -signal.SIGKILL

A `Trap` lets the process kill itself with SIGKILL at a statement of SQL that SQLite
tells of: the product has no line for it. A `Sky` gives it another
clock.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

TESTS = Path(__file__).resolve().parents[1]
#: prctl(2): orphans of our children become ours, so that none is overlooked.
PR_SET_CHILD_SUBREAPER = 36
#: Seconds that children of a killed process may need to see that it is gone.
ORPHAN_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """Where a process kills itself."""

    #: A regular expression that finds the statement.
    statement: str
    #: Before it runs, before its transaction is committed, or at the first statement
    #: after that.
    moment: Literal["before", "commit", "after"] = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """A clock that began at a time of its own, and goes faster or slower."""

    #: ISO 8601, and the `time.monotonic` seconds of that moment.
    began_at: str
    began: float
    speed: float

    def __call__(self) -> datetime:
        passed = (time.monotonic() - self.began) * self.speed
        return datetime.fromisoformat(self.began_at) + timedelta(seconds=passed)

    def forward(self, by: timedelta) -> Sky:
        """The same clock, set forward, or back; who has it already keeps the old."""
        return Sky(
            began_at=(self() + by).isoformat(),
            began=time.monotonic(),
            speed=self.speed,
        )


class Launcher:
    """Starts processes and waits for them; one thread at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "torture.forked"],
            cwd=TESTS,
            env={**os.environ, "PYTHONPATH": f"{TESTS.parent}:{TESTS}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"

    def start(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        trap: Trap | None = None,
        sky: Sky | None = None,
        bare: bool = False,
    ) -> int:
        """Start `newsbot run` in a folder; its log goes to `run.log` there.

        Args:
            folder: Where its config lies.
            environment: All that it has.
            trap: Where it is to kill itself.
            sky: Its clock, where that is not the machine's.
            bare: Without the powers of `root`, who may write whatever modes say.

        Returns:
            The number of its process.
        """
        order = {
            "folder": str(folder),
            "environment": dict(environment),
            "trap": trap and asdict(trap),
            "sky": sky and asdict(sky),
            "bare": bare,
        }
        return self._ask(start=order)

    def wait(self, pid: int) -> int:
        """Wait for a process to end; as `subprocess.Popen.wait`."""
        return self._ask(wait=pid)

    def ended(self, pid: int) -> bool:
        """Whether a process has ended; `wait` still says how."""
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def n_orphans(self) -> int:
        """Give what killed processes left behind some time to end; how many do not."""
        return self._ask(orphans=None)

    def close(self) -> None:
        """End the server; processes that live go on."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()

    def __enter__(self) -> Launcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, **order: object) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with self._lock:
            print(json.dumps(order), file=self._server.stdin, flush=True)
            return int(self._server.stdout.readline())


def _serve() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _import()
    gc.freeze()
    print("ready", flush=True)
    statuses: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            pid = os.fork()
            if pid == 0:
                _become(**order["start"])
            print(pid, flush=True)
        elif "wait" in order:
            # Whoever else has ended meanwhile was a child of one that was killed.
            while order["wait"] not in statuses:
                pid, status = os.waitpid(-1, 0)
                statuses[pid] = os.waitstatus_to_exitcode(status)
            print(statuses[order["wait"]], flush=True)
            statuses.clear()
        else:
            print(_orphans(), flush=True)


def _import() -> None:
    """Import what a service imports anyway, so that it is there in every fork."""
    import newsbot.adapters.telegram.channel
    import newsbot.app
    import newsbot.cli
    import newsbot.mailroom
    import newsbot.schedule
    import newsbot.stages.prompted
    import newsbot.stages.summarise  # noqa: F401


def _orphans() -> int:
    """Reap until no child is left; how many are, when the time is over."""
    ends_at = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < ends_at:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == 0:
            time.sleep(0.05)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    return len(children.read_text().split())


def _become(
    folder: str,
    environment: dict[str, str],
    trap: dict[str, str] | None,
    sky: dict[str, object] | None,
    bare: bool,
) -> None:
    """Be `newsbot -v run` in a folder; never returns."""
    code = 70
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for number, name in ((0, os.devnull), (1, "run.out"), (2, "run.log")):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
            os.dup2(os.open(name, flags, 0o600), number)
        if bare:
            _drop_powers()
        if trap is not None:
            _set(Trap(**trap))  # type: ignore[arg-type]
        from newsbot.cli import main

        sys.argv = ["newsbot", "-v", "run"]
        try:
            if sky is None:
                main()
            else:
                _run_under(Sky(**sky))  # type: ignore[arg-type]
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _drop_powers() -> None:
    """Give up all capabilities (capset(2), third version of its structures)."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0


def _run_under(clock: Callable[[], datetime]) -> None:
    """The command as it is, but for the clock of its app."""
    import logging

    from newsbot.app import App
    from newsbot.cli.base import Session
    from newsbot.cli.logs import set_up_log
    from newsbot.cli.run import run
    from newsbot.config import Config
    from newsbot.errors import NewsbotError

    class Elsewhen(Session):
        def build(self, config: Config) -> App:
            self._app = App(config, clock=clock)
            return self._app

    set_up_log(logging.INFO)
    session = Elsewhen(None)
    try:
        run.main([], obj=session, standalone_mode=False)
    except NewsbotError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    finally:
        session.close()


def _set(trap: Trap) -> None:
    """Kill this process at the statement, whichever connection it comes over."""
    wanted, seen = re.compile(trap.statement), {"statement": False, "commit": False}

    def watch(statement: str) -> None:
        if trap.moment == "before":
            gone = wanted.search(statement)
        elif trap.moment == "commit":
            gone = seen["statement"] and statement == "COMMIT"
        else:
            gone = seen["commit"]
        if gone:
            os.kill(os.getpid(), signal.SIGKILL)
        seen["commit"] |= seen["statement"] and statement == "COMMIT"
        seen["statement"] |= wanted.search(statement) is not None

    connect = sqlite3.connect

    def watched(*args: object, **kwargs: object) -> sqlite3.Connection:
        raw: sqlite3.Connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        raw.set_trace_callback(watch)
        return raw

    sqlite3.connect = watched  # type: ignore[assignment]


if __name__ == "__main__":
    _serve()
