"""How much memory a long backfill takes, early on and at its end.

``python tests/benchmarks/backfill_memory.py [--pages N] [--seconds S]`` writes a WARC.gz
of N pages as `backfill.py` does and runs `newsbot backfill warc` on it, watched from
outside: resident memory of the process that reads and of those that extract, after a
tenth of the pages and at the end. After S seconds it is stopped as Ctrl-C would, and
what came by then counts. Needs /proc.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from backfill import CONFIG, write_warc

#: Seconds between two looks.
EVERY = 0.5


@dataclass(slots=True, kw_only=True)
class Peak:
    """MiB at most, so far."""

    #: Of the process that reads, and stores.
    parent: int = 0
    #: Of all processes at one moment; what they share counts in each.
    family: int = 0


def measure(n_pages: int, seconds: float) -> dict[str, float]:
    """Read pages until they are through or the time is up.

    Args:
        n_pages: In the archive; the first look is told after a tenth of them.
        seconds: Wall-clock time that the command may take.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG)
        write_warc(folder / "large.warc.gz", n_pages)
        words = ["backfill", "warc", "large.warc.gz", "--json"]
        started = perf_counter()
        command = subprocess.Popen(
            [sys.executable, "-m", "newsbot", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        early: tuple[float, Peak] | None = None
        peak = Peak()
        while command.poll() is None:
            _look(command.pid, peak)
            passed = perf_counter() - started
            if early is None and _n_stored(folder / "newsbot.db") * 10 >= n_pages:
                early = passed, Peak(parent=peak.parent, family=peak.family)
            if passed > seconds:
                command.send_signal(signal.SIGINT)
                command.wait()
            sleep(EVERY)
        passed = perf_counter() - started
        assert command.stdout is not None
        told = json.loads(command.stdout.read().splitlines()[-1])
    assert told["failed"] == 0, told
    first_passed, first = early or (passed, peak)
    return {
        "pages": n_pages,
        "documents": told["documents"],
        "seconds": round(passed, 1),
        "seconds_for_a_tenth": round(first_passed, 1),
        "parent_mebibytes_after_a_tenth": first.parent,
        "parent_mebibytes": peak.parent,
        "parent_growth": round(peak.parent / first.parent, 3),
        "family_mebibytes_after_a_tenth": first.family,
        "family_mebibytes": peak.family,
        "family_growth": round(peak.family / first.family, 3),
    }


def _n_stored(ledger: Path) -> int:
    """Count the documents that the ledger has; none while it is being made."""
    try:
        there = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=0.1)
        try:
            found = there.execute("SELECT sum(documents) FROM archive_runs").fetchone()
        finally:
            there.close()
    except sqlite3.Error:
        return 0
    return int(found[0] or 0)


def _look(pid: int, peak: Peak) -> None:
    resident = [_resident(one) for one in (pid, *_children(pid))]
    peak.parent = max(peak.parent, resident[0])
    peak.family = max(peak.family, sum(resident))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    """MiB; 0 where the process has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    told = re.search(r"VmRSS:\s*(\d+)", status)
    return int(told[1]) // 1024 if told else 0


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    print(json.dumps(measure(options.pages, options.seconds), indent=2))


if __name__ == "__main__":
    main()
