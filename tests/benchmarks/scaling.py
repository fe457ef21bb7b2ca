"""How a backfill grows with processors: as many files as processors, for each count.

``python tests/benchmarks/scaling.py [--cores 1 2 4] [--pages N] [--rounds R] [--ray]``
writes a WARC.gz of N pages (those of `backfill.py`) for each of the most processors,
and lets `newsbot backfill` read as many of them as it is left processors, from start to
end. Each round goes through all counts, so that what else the machine does hits all
alike. Processors of different physical cores come first. Told are pages a second and
how often those of the first count they are: in all, and behind the start, which one
more reading of a tenth of the pages tells. ``--ray`` asks `--engine ray` as well, in
any case.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from statistics import median

from backfill import write_warc
from engines import ENGINES, read

from newsbot.adapters.processors import by_core


@contextmanager
def left(processors: Sequence[int]) -> Iterator[None]:
    """Leave only these processors to what is started inside."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def write_archives(folder: Path, n_files: int, n_pages: int) -> None:
    """Write the files, and a tenth of each beside them, on all processors."""
    with ProcessPoolExecutor() as pool:
        jobs = [
            pool.submit(
                write_warc,
                folder / f"{part}-{number}.warc.gz",
                max(n_pages // share, 1),
                first=number * n_pages,
            )
            for part, share in (("all", 1), ("few", 10))
            for number in range(n_files)
        ]
        for job in jobs:
            job.result()


def seconds(folder: Path, part: str, n_files: int, engine: str) -> float:
    """How long an engine takes for the first files of a part."""
    # Beside the files: a link of the other kind would not be followed.
    with tempfile.TemporaryDirectory(dir=folder) as name:
        for number in range(n_files):
            file = f"{part}-{number}.warc.gz"
            (Path(name) / file).hardlink_to(folder / file)
        return read(Path(name), engine, always=True).seconds


def measure(
    counts: Sequence[int], n_pages: int, n_rounds: int, engine: str
) -> list[dict[str, float | str]]:
    """Read with each number of processors.

    Args:
        counts: Numbers of processors.
        n_pages: Of each file; there are as many files as processors.
        n_rounds: How often.
        engine: ``"processes"`` or ``"ray"``.

    Returns:
        A row for each number.
    """
    # One of each physical core first.
    turns = zip_longest(*by_core())
    processors = [cpu for turn in turns for cpu in turn if cpu is not None]
    taken: dict[int, list[tuple[float, float]]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_archives(folder, max(counts), n_pages)
        for _ in range(n_rounds):
            for count in counts:
                with left(processors[:count]):
                    few = seconds(folder, "few", count, engine)
                    taken[count].append((seconds(folder, "all", count, engine), few))
    n_more = n_pages - max(n_pages // 10, 1)
    rates = {
        count: (
            median(count * n_pages / whole for whole, _ in times),
            median(
                # On a few pages of a test it may be no time at all.
                count * n_more / max(whole - few, 1e-6)
                for whole, few in times
            ),
        )
        for count, times in taken.items()
    }
    first = rates[counts[0]]
    rows: list[dict[str, float | str]] = []
    for count, (rate, more) in rates.items():
        rows.append(
            {
                "engine": engine,
                "processors": count,
                "pages": count * n_pages,
                "pages_per_second": rate,
                "times": rate / first[0],
                "behind_the_start": more,
                "times_behind_the_start": more / first[1],
            }
        )
    return rows


def main() -> None:
    """Print a line for each engine and number of processors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ray", action="store_true", help="Ask Ray as well.")
    options = parser.parse_args()
    there = len(os.sched_getaffinity(0))
    if max(options.cores) > there or min(options.cores) < 1:
        parser.error(f"there are {there} processors")
    for engine in ENGINES if options.ray else ENGINES[:1]:
        for row in measure(options.cores, options.pages, options.rounds, engine):
            told = {
                name: round(value, 3) if isinstance(value, float) else value
                for name, value in row.items()
            }
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
