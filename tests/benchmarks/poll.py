"""How many feeds a second does newsbot poll, next to the `reader` library?

`python tests/benchmarks/poll.py [--feeds 10000] [--rounds 3] [--nginx PATH]
[--reader-python PATH]`

Both ask the same files of one server on loopback, pinned to one core: nginx where it
is installed, else a small server process of our own. 95 of 100 feeds are unchanged
(304), the others get a new entry before each round. newsbot and reader take turns,
round by round, so that the machine's noise hits both alike. The server listens at a
few addresses of loopback, as newsbot asks each host one thing at a time; no distance is
kept between two requests. newsbot does as it does in service: it stores on disk, in
SQLite, and reads feeds in processes of their own, whose memory counts with its own.

reader (https://pypi.org/project/reader/) is not among newsbot's dependencies: install
it, and `sgmllib3k`, into a virtual environment and name its Python.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from newsbot.adapters.db import open_store
from newsbot.adapters.http import HttpFetcher
from newsbot.adapters.parsing import ParsingPool
from newsbot.poll import Round, poll_feeds
from newsbot.stages.parse import ParsedFeed, parse_feed
from newsbot.turns import Hosts
from newsbot.types import Feed, identity

#: One feed of so many has changed when it is asked.
CHANGED = 20
#: Where the server listens.
ADDRESSES = tuple(f"127.0.0.{n}" for n in range(1, 9))
#: Entries of a feed; common feeds carry 10 to 50.
ENTRIES = 20

_NGINX = """
{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 512; }}
http {{ access_log off; types {{ application/rss+xml xml; }}
keepalive_requests 1000000; {paths}
server {{ {listen} root {folder}/www; }} }}
"""
# A plain server that knows validators; it stands in where there is no nginx.
_SERVER = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Feeds(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    def do_GET(self):
        path = sys.argv[1] + self.path
        status = os.stat(path)
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        same = self.headers.get("If-None-Match") == tag
        body = b"" if same else open(path, "rb").read()
        self.send_response(304 if same else 200)
        self.send_header("ETag", tag)
        if not same:
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
for address in sys.argv[3:]:
    server = ThreadingHTTPServer((address, int(sys.argv[2])), Feeds)
    threading.Thread(target=server.serve_forever).start()
"""
_READER = """
import json, sys, time
from reader import make_reader
reader = make_reader(sys.argv[1])
for line in sys.stdin:
    if line.startswith("http"):
        reader.add_feed(line.strip())
        continue
    started = time.perf_counter()
    reader.update_feeds(workers=10, scheduled=False)
    seconds = time.perf_counter() - started
    with open("/proc/self/status") as status:
        memory = next(int(line.split()[1]) for line in status if "VmHWM" in line)
    print(json.dumps([seconds, memory, reader.get_entry_counts().total]), flush=True)
"""


@contextmanager
def serving(folder: Path, nginx: str | None) -> Iterator[int]:
    """Serve *folder*/www on loopback from one core; yields the port."""
    with socket.create_server((ADDRESSES[0], 0)) as free:
        port = free.getsockname()[1]
    if nginx:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        listen = " ".join(f"listen {address}:{port};" for address in ADDRESSES)
        # Started by root, it would give up the right to read a temporary folder.
        user = "user root;" if os.geteuid() == 0 else ""
        text = _NGINX.format(folder=folder, paths=paths, listen=listen, user=user)
        config = folder / "nginx.conf"
        config.write_text(text, encoding="utf-8")
        command = [nginx, "-c", str(config), "-e", f"{folder}/log"]
    else:
        command = [
            sys.executable,
            "-c",
            _SERVER,
            f"{folder}/www",
            str(port),
            *ADDRESSES,
        ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
    try:
        for _ in range(100):
            try:
                socket.create_connection((ADDRESSES[-1], port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def peak_kib() -> int:
    """The largest resident sizes of this program and its parsing processes, summed."""
    processes = [Path("/proc/self")]
    for children in Path("/proc/self/task").glob("*/children"):
        processes += [Path("/proc", pid) for pid in children.read_text().split()]
    ours = [
        process
        for process in processes
        if process.name == "self"
        or b"parsing_child" in (process / "cmdline").read_bytes()
    ]
    lines = [line for one in ours for line in (one / "status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def write_feed(path: Path, number: int, newest: int) -> None:
    """Write a feed of `ENTRIES` entries up to *newest*."""
    day = datetime(2026, 3, 1, tzinfo=UTC)
    items = "".join(
        f"<item><title>Entry {n} of feed {number}</title>"
        f"<link>https://site{number}.example/{n}</link>"
        f"<guid>https://site{number}.example/{n}</guid>"
        f"<pubDate>{format_datetime(day + timedelta(hours=n))}</pubDate>"
        "<description>A few words on what happened that day, and where.</description>"
        "</item>"
        for n in range(newest, newest - ENTRIES, -1)
    )
    path.write_text(
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}'
        f"</title><link>https://site{number}.example/</link>{items}</channel></rss>",
        encoding="utf-8",
    )


class Newsbot:
    """newsbot's own polling, on a ledger of its own."""

    def __init__(self, folder: Path, urls: list[str]) -> None:
        self._store = open_store(folder / "newsbot.db")
        allow = sorted({url.split("/")[2] for url in urls})
        self._fetcher = HttpFetcher(allow=allow, version="benchmark")
        self._parsing = ParsingPool()
        self._round = Round(
            max_age=timedelta(days=2), hosts=Hosts(0.0), parse=self._parse
        )
        self.kib = 0
        with self._store.atomic():
            for url in urls:
                feed = Feed(
                    id=identity("feed", url),
                    url=url,
                    language=None,
                    every_minutes=15,
                    source="command",
                )
                self._store.feeds.add(feed)

    def poll(self) -> float:
        """Poll every feed once; the seconds it took."""
        started = time.perf_counter()
        outcomes = poll_feeds(
            self._store.feeds.all(),
            self._fetcher,
            self._store.feeds,
            datetime.now(UTC),
            self._round,
        )
        seconds = time.perf_counter() - started
        self.kib = max(self.kib, peak_kib())
        failed = [one.error for one in outcomes if one.error]
        assert not failed, failed[0]
        return seconds

    def _parse(self, *args: Any, **kwargs: Any) -> ParsedFeed:
        return self._parsing.run(parse_feed, *args, **kwargs)

    def n_entries(self) -> int:
        """Entries stored."""
        return sum(self._store.line.counts().values())

    def close(self) -> None:
        """Close ledger, connections and processes."""
        self._fetcher.close()
        self._parsing.close()
        self._store.close()


class Reader:
    """The reader library, in a process of its own."""

    def __init__(self, python: str, folder: Path, urls: list[str]) -> None:
        self._process = subprocess.Popen(
            [python, "-c", _READER, str(folder / "reader.db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.n_bytes = self.n_entries = 0
        assert self._process.stdin is not None
        self._process.stdin.writelines(f"{url}\n" for url in urls)

    def poll(self) -> float:
        """Update every feed once; the seconds it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("poll\n")
        self._process.stdin.flush()
        seconds, kib, self.n_entries = json.loads(self._process.stdout.readline())
        self.n_bytes = kib * 1024
        return float(seconds)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(
    n_feeds: int, n_rounds: int, nginx: str | None, reader: str | None, folder: Path
) -> dict[str, list[float]]:
    """Poll in turns; seconds per round of each, the first polls left out."""
    www = folder / "www"
    www.mkdir()
    for number in range(n_feeds):
        write_feed(www / f"{number}.xml", number, ENTRIES)
    with serving(folder, nginx) as port:
        urls = [
            f"http://{ADDRESSES[number % len(ADDRESSES)]}:{port}/{number}.xml"
            for number in range(n_feeds)
        ]
        newsbot = Newsbot(folder, urls)
        sides: dict[str, Newsbot | Reader] = {"newsbot": newsbot}
        if reader:
            sides["reader"] = Reader(reader, folder, urls)
        took: dict[str, list[float]] = {name: [] for name in sides}
        for n_round in range(n_rounds + 1):
            for name, side in sides.items():
                seconds = side.poll()
                print(f"round {n_round} {name} {seconds:.2f} s", file=sys.stderr)
                if n_round:  # the first one is all new, and no figure of ours
                    took[name].append(seconds)
            counts = {
                side.n_entries for side in sides.values() if isinstance(side, Reader)
            }
            expected = n_feeds * ENTRIES + n_round * -(-n_feeds // CHANGED)
            assert newsbot.n_entries() == expected, (newsbot.n_entries(), expected)
            assert counts <= {expected}, counts
            for number in range(0, n_feeds, CHANGED):
                write_feed(www / f"{number}.xml", number, ENTRIES + n_round + 1)
        if isinstance(peer := sides.get("reader"), Reader):
            took["reader MiB"] = [peer.n_bytes / 2**20]
        for side in sides.values():
            side.close()
    took["newsbot MiB"] = [newsbot.kib / 2**10]
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nginx", default=shutil.which("nginx"))
    parser.add_argument("--reader-python", help="a Python that has `reader`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        took = measure(
            options.feeds,
            options.rounds,
            options.nginx,
            options.reader_python,
            Path(folder),
        )
    print(f"{options.feeds} feeds, one of {CHANGED} changed, ", end="")
    print(f"server: {'nginx' if options.nginx else 'a plain Python server'}")
    rates = {}
    for name in [name for name in ("newsbot", "reader") if name in took]:
        seconds = statistics.median(took[name])
        rates[name] = options.feeds / seconds
        memory = took[f"{name} MiB"][0]
        print(f"{name:8} {seconds:7.2f} s {rates[name]:7.0f} feeds/s {memory:5.0f} MiB")
    if "reader" in rates:
        print(f"ratio    {rates['newsbot'] / rates['reader']:.1f}")


if __name__ == "__main__":
    main()
