"""How long `newsbot --help` takes, against an interpreter that only loads click.

Run it on a quiet machine: ``python tests/benchmarks/help.py [--runs N] [--json]``.
The two are started in turn, so that what else the machine does hits both alike;
medians are compared. Wanted: a ratio under 4.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from statistics import median
from time import perf_counter

#: `newsbot --help` may take this many times as long as `import click`.
WANTED = 4.0
HELP = (sys.executable, "-m", "newsbot", "--help")
CLICK = (sys.executable, "-c", "import click")


def seconds(command: tuple[str, ...]) -> float:
    """Run a command and tell how long it took.

    Raises:
        CalledProcessError: It failed; its time would say nothing.
    """
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


def measure(n_runs: int) -> dict[str, float]:
    """Run both commands in turn.

    Args:
        n_runs: Runs of each that count; one of each goes before, unmeasured.

    Returns:
        Median seconds of both, and their ratio.
    """
    for command in (HELP, CLICK):
        seconds(command)
    pairs = [(seconds(HELP), seconds(CLICK)) for _ in range(n_runs)]
    help_seconds = median(pair[0] for pair in pairs)
    click_seconds = median(pair[1] for pair in pairs)
    return {
        "help_seconds": help_seconds,
        "click_seconds": click_seconds,
        "ratio": help_seconds / click_seconds,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="of each command")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    figures = measure(options.runs)
    if options.json:
        print(json.dumps(figures))
        return
    print(f"newsbot --help          {figures['help_seconds']:.3f} s")
    print(f"python -c import click  {figures['click_seconds']:.3f} s")
    print(f"ratio                   {figures['ratio']:.2f} (wanted: under {WANTED:g})")


if __name__ == "__main__":
    main()
