"""Processes that send what an outbox holds, for tests that kill them: FILE, URL, BEGAN.

Each line on standard input starts one, by a fork: to import everything anew takes
longer than to send. It says its number, and this one says how it ended.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from torture.outboxes import FAST, FastClock, post


@dataclass
class Elsewhere:
    """A server of another process."""

    base_url: str


def send(path: Path, server: Elsewhere, began_at: float) -> None:
    """Send until nothing waits."""
    clock = FastClock(speed=1, began_at=began_at)
    with post(path, server, pace=FAST, clock=clock) as office:
        print(os.getpid(), flush=True)
        while office.waiting():
            office.courier.serve()


if __name__ == "__main__":
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                server = Elsewhere(base_url=sys.argv[2])
                send(Path(sys.argv[1]), server, float(sys.argv[3]))
            except BaseException:
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
