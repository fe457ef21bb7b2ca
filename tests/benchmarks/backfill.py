"""How fast a backfill extracts and gates, against bare fastwarc and trafilatura.

Run it on a quiet machine: ``python tests/benchmarks/backfill.py [--pages N] [--ray]``.
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
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from extract import NOW, _template, make_pages

from newsbot.demo.material import load_articles

#: Templates that pages are made from.
N_TEMPLATES = 200
#: Paragraphs of local news.
OTHER = {
    "de": (
        "Der Regen hört in der Stadt auch am Sonntag nicht auf, und der Wind wird an "
        "der Küste stärker. Viele Familien blieben am Wochenende lieber zu Hause.",
        "Die Feuerwehr rückte in der Nacht dreimal aus, weil Bäume auf Straßen lagen. "
        "Verletzt wurde dabei niemand, wie ein Sprecher am Morgen sagte.",
        "Im Stadtpark blühen die ersten Tulpen, und die Gärtner haben alle Hände voll "
        "mit den Beeten am alten Brunnen, der im Sommer hundert Jahre alt wird.",
        "Der Chor der Schule sang am Abend Lieder aus drei Jahrhunderten; das Publikum "
        "dankte mit langem Beifall und wollte die Kinder kaum gehen lassen.",
    ),
    "en": (
        "The rain over the old town did not stop on Sunday, and the wind grew stronger "
        "along the coast. Many families preferred a quiet weekend at home.",
        "Firefighters were called out three times at night because trees lay across "
        "the roads. Nobody was hurt, a spokesman said in the morning.",
        "The first tulips are in bloom in the park, and gardeners have their hands "
        "full with the beds around the fountain, which is a hundred years old.",
        "The choir of the school sang songs of three centuries in the evening; the "
        "audience thanked the children with long applause and flowers.",
    ),
}
CONFIG = '[model]\npreset = "server"\nname = "none"\n'


def write_warc(path: Path, n_pages: int) -> None:
    """Write a WARC.gz of pages; one template's pages differ by address and number."""
    n_templates = min(n_pages, N_TEMPLATES)
    deals = [page.body for page in make_pages(n_templates)]
    others = [_template(f"Story {n}", *_other(n), n) for n in range(n_templates)]
    with path.open("wb") as file:
        for number in range(n_pages):
            at = number % n_templates
            body = others[at].encode() if number % 100 else deals[at]
            body = body.replace(b"Robin Sample", f"Robin Sample {number} of".encode())
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


def _other(number: int) -> tuple[list[str], Sequence[Any], str]:
    """Paragraphs of no deal, teasers around them, and their language."""
    language = ("de", "en")[number % 2]
    n_paragraphs = 8 + number % 12
    text = [OTHER[language][(number + n) % 4] for n in range(n_paragraphs)]
    return text, load_articles(NOW), language


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


def ours(path: Path, *words: str) -> tuple[float, int]:
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
            [
                sys.executable,
                "-c",
                code,
                "backfill",
                "warc",
                str(path),
                "--json",
                *words,
            ],
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


def measure(n_pages: int, *, ray: bool = False) -> dict[str, Any]:
    """Compare both ways on one file, and a tenth of it with the whole.

    Args:
        n_pages: Of the larger file.
        ray: Whether the other engine reads it, too.

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
        far = ours(large, "--engine", "ray")[0] if ray else None
    found = {} if far is None else {"ray_pages_per_second": n_pages / far}
    return {
        **found,
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
    parser.add_argument("--ray", action="store_true", help="With --engine ray, too.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.pages, ray=options.ray)
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
