"""How soon `newsbot run` polls, and how much memory it takes while it idles.

Run it on a quiet machine: ``python tests/benchmarks/service.py [--runs N] [--json]``.
A feed server on loopback sees the first poll; nothing reaches the model, so that none is
loaded. Memory is what is resident (RSS) of the service, and the proportional sets (PSS)
of it and of the processes that parse for it, after `IDLE_SECONDS`. Wanted: a poll in 5 s,
under 150 MB. On a busy machine the processor's time says more than the clock's.

``--embedded`` lets the feed announce a deal, so that the embedded model is loaded and has
read it when memory is measured; wanted: under 1,500 MB. The model has to be converted
before (`newsbot model prepare`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from newsbot.config import Config  # noqa: E402

WANTED_SECONDS, WANTED_MEGABYTES = 5.0, 150.0
WANTED_WITH_MODEL = 1_500.0
#: Longer than every job of the service takes to come round once.
IDLE_SECONDS = 30.0
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<link>https://a.example/</link><description>d</description>{items}</channel></rss>"""
ITEM = """<item><guid>1</guid><title>Anthropic rents AI computing capacity from CoreWeave
</title><link>http://{netloc}/story</link><pubDate>{date}</pubDate></item>"""
STORY = """<html><head><title>Anthropic rents AI computing capacity from CoreWeave</title>
</head><body><article><p>The AI company Anthropic has signed an agreement with the cloud
provider CoreWeave. Under the contract Anthropic will rent AI computing capacity worth 2
billion dollars from CoreWeave over four years, both companies announced on Monday. The
first data centre opens in May, and more are to follow in the years after that, a
spokeswoman said in San Francisco.</p></article></body></html>"""


class _Feed(BaseHTTPRequestHandler):
    """Serves one feed, and remembers when it was first asked for."""

    asked = threading.Event()
    #: What the feed announces: nothing, or one story.
    items = ""

    def do_GET(self) -> None:
        """Answer for the feed and its story; all else is not there."""
        pages = {"/feed": FEED.format(items=self.items), "/story": STORY}
        body = pages.get(self.path, "").encode()
        if self.path == "/feed":
            self.asked.set()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def measure(idle_seconds: float, *, embedded: bool = False) -> dict[str, float]:
    """Start the service once.

    Args:
        idle_seconds: From its first poll, or from its first verdict, to the measurement.
        embedded: Whether the embedded model is to be loaded.

    Returns:
        Seconds to the first poll, by the clock and of the processor; megabytes (10^6
        bytes) of the service's own process, and of it with those that parse for it.
    """
    _Feed.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    netloc = f"127.0.0.1:{server.server_port}"
    date = format_datetime(datetime.now(UTC))
    _Feed.items = ITEM.format(netloc=netloc, date=date) if embedded else ""
    cache = Config().cache_path.absolute()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(
            f'[network]\nallow = ["{netloc}"]\n[[feeds]]\nurl = "http://{netloc}/feed"\n'
        )
        started = time.perf_counter()
        service = subprocess.Popen(
            [sys.executable, "-m", "newsbot", "--config", str(config), "run"],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "HOME": folder,
                "NEWSBOT_CACHE": str(cache),
            },
        )
        try:
            if not _Feed.asked.wait(120):
                sys.exit("the feed was not polled within 120 s")
            seconds = time.perf_counter() - started
            cpu_seconds = _cpu_seconds(service.pid)
            if embedded:
                _wait_for_verdict(Path(folder) / "newsbot.db")
            time.sleep(idle_seconds)
            own = _megabytes(service.pid, "Rss")
            whole = sum(_megabytes(pid, "Pss") for pid in _tree(service.pid))
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)
            server.shutdown()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "megabytes": own,
        "megabytes_with_parsers": whole,
    }


def _wait_for_verdict(database: Path) -> None:
    ends_at = time.monotonic() + 400
    while time.monotonic() < ends_at:
        with closing(sqlite3.connect(database)) as raw:
            if raw.execute("SELECT count(*) FROM assessments").fetchone()[0]:
                return
        time.sleep(0.5)
    sys.exit("the model gave no verdict within 400 s")


def _tree(pid: int) -> list[int]:
    """The process and all below it; each thread has children of its own."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += _tree(int(child))
    return found


def _megabytes(pid: int, which: str) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    match = re.search(rf"^{which}:\s+(\d+) kB", text, re.M)
    assert match is not None
    return int(match[1]) * 1024 / 1e6


def _cpu_seconds(pid: int) -> float:
    """User and system time (proc(5): fields 14 and 15, behind the name in brackets)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="starts of the service")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--embedded", action="store_true", help="with the model")
    options = parser.parse_args()
    wanted = WANTED_WITH_MODEL if options.embedded else WANTED_MEGABYTES
    runs = [
        measure(options.idle, embedded=options.embedded) for _ in range(options.runs)
    ]
    figures = {name: median(run[name] for run in runs) for name in runs[0]}
    if options.json:
        print(json.dumps(figures))
        return
    print(
        f"first poll after          {figures['seconds']:.2f} s "
        f"(wanted: under {WANTED_SECONDS:g})"
    )
    print(f"of the processor          {figures['cpu_seconds']:.2f} s")
    print(
        f"memory, service           {figures['megabytes']:.0f} MB "
        f"(wanted: under {wanted:g})"
    )
    print(f"memory, parsers included  {figures['megabytes_with_parsers']:.0f} MB")


if __name__ == "__main__":
    main()
