"""How fast a backfill extracts and gates, against bare fastwarc and trafilatura.

Run it on a quiet machine: ``python tests/benchmarks/backfill.py [--pages N] [--json]``.
It writes a WARC.gz of N pages (templates of 60 to 120 kB, German and English, one in a
hundred about a deal), reads it with as many processes as there are cores in both ways,
one after the other, and says the ratio; then the same for a tenth of the pages, to show
how time and memory grow.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from extract import make_pages

#: Templates that pages are made from.
N_TEMPLATES = 200
CONFIG = '[model]\npreset = "server"\nname = "none"\n'


def write_warc(path: Path, n_pages: int) -> None:
    """Write a WARC.gz of pages; one template's pages differ by address and number."""
    bodies = [page.body for page in make_pages(min(n_pages, N_TEMPLATES))]
    with path.open("wb") as file:
        for number in range(n_pages):
            body = bodies[number % len(bodies)].replace(
                b"Robin Sample", f"Robin Sample {number} of".encode()
            )
            if number % 100:  # one in a hundred stays a deal's
                for word in (b"AI", b"KI", b"Cloud", b"cloud", b"chip", b"Chip"):
                    body = body.replace(word, b"garden")
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
            head = (
                "WARC/1.0\r\nWARC-Type: response\r\n"
                f"WARC-Target-URI: https://news{number % 50}.example/{number}\r\n"
                "WARC-Date: 2026-03-01T12:00:00Z\r\n"
                f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012d}>\r\n"
                "Content-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(http)}\r\n\r\n"
            ).encode()
            file.write(gzip.compress(head + http + b"\r\n\r\n", 1))


def bare(path: Path) -> float:
    """Seconds that fastwarc and trafilatura take as their documentation begins."""
    started = perf_counter()
    # Started afresh, as ours are; their start is part of both.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        n_texts = sum(pool.imap(_extract, _bodies(path), chunksize=4))
    assert n_texts > 0
    return perf_counter() - started


def _bodies(path: Path) -> Iterator[bytes]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response):
            yield record.reader.read()


def _extract(body: bytes) -> bool:
    import trafilatura

    return bool(trafilatura.extract(body))


def ours(path: Path) -> tuple[float, int]:
    """Seconds of `newsbot backfill` from start to end, and its peak of memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(CONFIG)
        code = (
            "import re, sys\nfrom newsbot.cli import main\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            "text = open('/proc/self/status').read()\n"
            "print(re.search(r'VmHWM:\\s*(\\d+)', text)[1])"
        )
        started = perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, "backfill", "warc", str(path), "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = perf_counter() - started
    figures, peak = done.stdout.splitlines()[-2:]
    kept = json.loads(figures)
    assert kept["documents"] == kept["kept"], kept
    return seconds, int(peak) // 1024


def measure(n_pages: int) -> dict[str, Any]:
    """Compare both ways on one file, and a tenth of it with the whole.

    Returns:
        Pages per second, their ratio, growth of time and memory for ten times the pages.
    """
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.warc.gz", Path(folder) / "large.warc.gz"
        write_warc(small, max(n_pages // 10, 1))
        write_warc(large, n_pages)
        few, peak_few = ours(small)
        mine, peak = ours(large)
        theirs = bare(large)
    return {
        "pages": n_pages,
        "processes": os.cpu_count(),
        "newsbot_pages_per_second": n_pages / mine,
        "bare_pages_per_second": n_pages / theirs,
        "ratio": theirs / mine,
        "tenfold_time": mine / few,
        "tenfold_memory": peak / peak_few,
        "peak_mebibytes": peak,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.pages)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(
            f"{name:<26} {value:.2f}"
            if isinstance(value, float)
            else f"{name:<26} {value}"
        )


if __name__ == "__main__":
    main()
