"""A process that sends what an outbox holds, for tests that kill it: FILE, URL."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from torture.outboxes import FAST, FastClock, post


@dataclass
class Elsewhere:
    """A server of another process."""

    base_url: str


if __name__ == "__main__":
    server = Elsewhere(base_url=sys.argv[2])
    clock = FastClock(speed=1)
    with post(Path(sys.argv[1]), server, pace=FAST, clock=clock) as office:
        print("ready", flush=True)
        while office.waiting():
            office.courier.serve()
