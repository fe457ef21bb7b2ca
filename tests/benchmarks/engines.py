"""How much longer `--engine ray` takes than the built-in engine, on the same archive.

``python tests/benchmarks/engines.py [--pages N] [--files 1 4 8] [--rounds R] [--always]``
writes the pages of `backfill.py` as so many WARC.gz files and lets both engines read
them, in turn, from start to end; which of them begins changes with each round. Told are
medians of seconds, of processor time of all processes, and of the ratios of each round
(marked: at most 1.25). ``--always`` starts Ray even where newsbot would not
(`[archives] ray_from_mebibytes = 0`): what a cluster of one machine costs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from backfill import CONFIG, write_warc

ENGINES = ("processes", "ray")
#: Seconds between two looks at the processes; what one does after the last is lost.
EVERY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What reading an archive took."""

    seconds: float
    #: Of the processor, of all processes together; Ray's are no children that end.
    processor: float


def read(archive: Path, engine: str, *, always: bool) -> Cost:
    """Run `newsbot backfill warc` from start to end."""
    with tempfile.TemporaryDirectory(prefix="nb") as name:
        folder = Path(name)
        forced = "[archives]\nray_from_mebibytes = 0\n" if always else ""
        (folder / "config.toml").write_text(CONFIG + forced)
        words = ["backfill", "warc", str(archive), "--json", "--engine", engine]
        started = perf_counter()
        command = subprocess.Popen(
            [sys.executable, "-m", "newsbot", *words],
            cwd=folder,
            env=os.environ | {"TMPDIR": name},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        seen: dict[int, float] = {}
        family = {command.pid}
        while command.poll() is None:
            _look(family, seen)
            sleep(EVERY)
        seconds = perf_counter() - started
        assert command.stdout is not None
        told = json.loads(command.stdout.read().splitlines()[-1])
    assert told["documents"] == told["kept"] > 0, told
    return Cost(seconds=seconds, processor=sum(seen.values()))


def _look(family: set[int], seen: dict[int, float]) -> None:
    """Note the processor time of every process of a family, grandchildren included."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        times[pid] = (int(fields[11]) + int(fields[12])) / ticks
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    seen.update({pid: times[pid] for pid in family if pid in times})


def measure(
    n_pages: int, n_files: int, n_rounds: int, *, always: bool
) -> dict[str, float]:
    """Let both engines read one archive.

    Args:
        n_pages: Of all files together.
        n_files: How many files there are.
        n_rounds: How often both read it.
        always: Whether Ray starts for little work, too.
    """
    with tempfile.TemporaryDirectory() as name:
        archive = Path(name)
        pages = n_pages // n_files
        for number in range(n_files):
            first = number * pages
            write_warc(archive / f"{number}.warc.gz", pages, first=first)
        rounds: list[dict[str, Cost]] = []
        for number in range(n_rounds):
            turns: Sequence[str] = ENGINES if number % 2 == 0 else ENGINES[::-1]
            rounds.append({one: read(archive, one, always=always) for one in turns})
    plain, far = ([one[name] for one in rounds] for name in ENGINES)
    pairs = list(zip(plain, far, strict=True))
    return {
        "pages": pages * n_files,
        "files": n_files,
        "rounds": n_rounds,
        "seconds": median(one.seconds for one in plain),
        "ray_seconds": median(one.seconds for one in far),
        "ratio": median(b.seconds / a.seconds for a, b in pairs),
        "lowest_ratio": min(b.seconds / a.seconds for a, b in pairs),
        "processor_ratio": median(b.processor / a.processor for a, b in pairs),
    }


def main() -> None:
    """Print the figures, a line for each number of files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--files", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--always", action="store_true", help="Start Ray in any case.")
    options = parser.parse_args()
    for n_files in options.files:
        figures = measure(options.pages, n_files, options.rounds, always=options.always)
        told = {name: round(value, 3) for name, value in figures.items()}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
