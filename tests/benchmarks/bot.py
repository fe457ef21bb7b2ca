"""How long the bot's answers take, alone and beside a busy model.

Run: `python tests/benchmarks/bot.py`. A person writes, over HTTP on loopback, and
what is measured ends when the server has the answer. The busy thread does what a
model does: matrices, which let other threads in, and Python between them, which does
not. Times are of this machine, at this moment; the ratio says more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from talking_bot import READER, rig  # type: ignore[import-not-found]

#: Milliseconds that an answer may take (the issue's mark).
MARK = 300


def measure(bot: Any, n: int) -> list[float]:
    """Ask *n* times; milliseconds until each answer arrived."""
    return [measure_one(bot) for _ in range(n)]


def measure_one(bot: Any) -> float:
    """Ask once."""
    bot.clock.forward(seconds=10)
    chat = str(READER)
    before = len(bot.server.messages(chat))
    began_at = time.perf_counter()
    bot.server.say(READER, "/deals")
    bot.server.until(lambda: len(bot.server.messages(chat)) > before)
    return (time.perf_counter() - began_at) * 1000


@contextmanager
def generating() -> Iterator[None]:
    """Keep a thread busy as a model that writes does."""
    stopped = threading.Event()
    weights = np.ones((640, 2048), dtype=np.float32)

    def generate() -> None:
        state = np.ones((8, 640), dtype=np.float32)
        while not stopped.is_set():
            for _ in range(18):
                state = np.tanh(state @ weights @ weights.T * 1e-6)
            sum(hash(str(n)) & 1 for n in range(20_000))  # sampling, in Python

    thread = threading.Thread(target=generate)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def main() -> None:
    """Print both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=40, help="answers of each kind")
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder, rig(Path(folder)) as bot:
        bot.admit(READER)
        bot.tell(30)
        measure(bot, 3)
        alone = measure(bot, n)
        with generating():
            busy = measure(bot, n)
    for name, taken in (("alone", alone), ("beside a busy thread", busy)):
        slowest = max(taken)
        print(
            f"{name:<21} median {statistics.median(taken):5.0f} ms, "
            f"slowest {slowest:5.0f} ms, under {MARK} ms: "
            f"{sum(one < MARK for one in taken)} of {n}"
        )
    ratio = statistics.median(busy) / statistics.median(alone)
    print(f"ratio of the medians  {ratio:.1f}")


if __name__ == "__main__":
    main()
