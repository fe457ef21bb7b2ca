"""How fast a backfill extracts and gates, against bare fastwarc and trafilatura.

``python tests/benchmarks/backfill.py [--pages N] [--rounds R]`` writes a WARC.gz of N
pages (templates of 60 to 120 kB, German and English, one in a hundred about a
deal) and one of a tenth of them. Both ways read both files with as many processes as
they may use processors, in turn, so that what else the machine does hits both alike. Told are
pages a second and their ratio from start to end; the same behind the start, from what
the larger file takes longer; processor time, which other work hardly touches; and how
time and memory grow with ten times the pages. Of several rounds medians are told.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from extract import NOW, _template, make_pages

from newsbot.adapters.processors import n_processors
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


def write_warc(path: Path, n_pages: int, *, first: int = 0) -> None:
    """Write a WARC.gz of pages; one template's pages differ by address and number.

    Args:
        path: The file.
        n_pages: How many.
        first: The number of the first; another file's pages have other numbers.
    """
    n_templates = min(n_pages, N_TEMPLATES)
    deals = [page.body for page in make_pages(n_templates)]
    others = [_template(f"Story {n}", *_other(n), n) for n in range(n_templates)]
    with path.open("wb") as file:
        for number in range(first, first + n_pages):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What reading a file took."""

    seconds: float
    #: Of the processor, of all processes together.
    processor: float
    #: MiB of the process that reads, at most; 0 where nobody looked.
    peak: int = 0


def cost(read: Callable[[], int]) -> Cost:
    """Measure one way of reading, with all processes that it starts and ends."""
    before, started = _processor(), perf_counter()
    peak = read()
    seconds = perf_counter() - started
    return Cost(seconds=seconds, processor=_processor() - before, peak=peak)


def _processor() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, kinds))


def bare(path: Path) -> int:
    """Read as the documentation of fastwarc and trafilatura begins."""
    # Started afresh, as ours are; their start is part of both.
    with multiprocessing.get_context("spawn").Pool(n_processors()) as pool:
        n_texts = sum(pool.imap(_extract, _bodies(path), chunksize=4))
        pool.close()
        pool.join()
    assert n_texts > 0
    return 0


def _bodies(path: Path) -> Iterator[bytes]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response):
            yield record.reader.read()


def _extract(body: bytes) -> bool:
    import trafilatura

    return bool(trafilatura.extract(body))


def ours(path: Path) -> int:
    """Run `newsbot backfill` from start to end; its peak of memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(CONFIG)
        code = (
            "import re, sys\nfrom newsbot.cli import main\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            "text = open('/proc/self/status').read()\n"
            "print(re.search(r'VmHWM:\\s*(\\d+)', text)[1])"
        )
        command = [sys.executable, "-c", code, "backfill", "warc", str(path), "--json"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True
        )
    figures, peak = done.stdout.splitlines()[-2:]
    kept = json.loads(figures)
    assert kept["documents"] == kept["kept"], kept
    return int(peak) // 1024


def measure(n_pages: int, n_rounds: int = 1) -> dict[str, Any]:
    """Compare both ways on one file and on a tenth of it.

    Args:
        n_pages: Of the larger file.
        n_rounds: How often everything is read.
    """
    n_few = max(n_pages // 10, 1)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.warc.gz", Path(folder) / "large.warc.gz"
        write_warc(small, n_few)
        write_warc(large, n_pages)
        ways: dict[str, Callable[[], int]] = {
            "bare few": lambda: bare(small),
            "few": lambda: ours(small),
            "bare": lambda: bare(large),
            "all": lambda: ours(large),
        }
        rounds = [
            {name: cost(way) for name, way in ways.items()} for _ in range(n_rounds)
        ]
    told = [_figures(one, n_pages, n_pages - n_few) for one in rounds]
    return {
        "pages": n_pages,
        "processes": n_processors(),
        "rounds": n_rounds,
        **{name: median(one[name] for one in told) for name in told[0]},
    }


def _figures(costs: dict[str, Cost], n_pages: int, n_more: int) -> dict[str, float]:
    """What one round says; *n_more* pages are those that the larger file has more."""
    mine, few, theirs = costs["all"], costs["few"], costs["bare"]
    # Behind the start; on a few pages of a test it may be no time at all.
    more = max(mine.seconds - few.seconds, 1e-6)
    theirs_more = max(theirs.seconds - costs["bare few"].seconds, 1e-6)
    return {
        "newsbot_pages_per_second": n_pages / mine.seconds,
        "bare_pages_per_second": n_pages / theirs.seconds,
        "ratio": theirs.seconds / mine.seconds,
        "ratio_behind_the_start": theirs_more / more,
        "processor_ms_per_page": 1e3 * (mine.processor - few.processor) / n_more,
        "bare_processor_ms_per_page": 1e3
        * (theirs.processor - costs["bare few"].processor)
        / n_more,
        "tenfold_time": mine.seconds / few.seconds,
        "tenfold_memory": mine.peak / few.peak,
        "peak_mebibytes": mine.peak,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.pages, options.rounds)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(
            f"{name:<27} {value:.2f}"
            if isinstance(value, float)
            else f"{name:<27} {value}"
        )


if __name__ == "__main__":
    main()
