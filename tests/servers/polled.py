"""A simulated world for polling: a real server, a real ledger on disk, a clock of ours.

with World(tmp_path) as world:
    feed = world.publish("/feed", etag='"1"')
    world.follow(feed)
    world.run(days=14, restarts=10)
    assert feed.n_unconditional == 1
"""

from __future__ import annotations

import atexit
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import pairwise
from random import Random

from newsbot.adapters.parsing import ParsingPool
from newsbot.app import App, feed_of
from newsbot.config import (
    Config,
    DatabaseConfig,
    FeedConfig,
    NetworkConfig,
    TelegramConfig,
)
from servers.feeds import item, rss
from servers.scripted import Reply, Request, ScriptedServer

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@cache
def _parsing() -> ParsingPool:
    """Parsing processes for all worlds: to start them anew each time takes seconds."""
    pool = ParsingPool(n_processes=2)
    atexit.register(pool.close)
    return pool


@dataclass(kw_only=True)
class Publisher:
    """One feed: what it says, and who asked for it when."""

    url: str
    clock: object
    etag: str | None = None
    last_modified: str | None = None
    numbers: list[int] = field(default_factory=lambda: [1])
    #: Sent with every answer.
    headers: dict[str, str | None] = field(default_factory=dict)
    head: str = "<title>News</title>"
    #: Answers that come before the feed's own, used up in turn.
    instead: list[Reply] = field(default_factory=list)
    #: An answer that comes for ever, if any.
    always: Reply | None = None
    log: list[tuple[datetime, Request]] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.log.append((self.clock(), request))
        if self.instead:
            return self.instead.pop(0)
        if self.always:
            return self.always
        headers = {"Content-Type": "application/rss+xml", **self.headers}
        if self.etag is not None:
            headers["ETag"] = self.etag
        if self.last_modified is not None:
            headers["Last-Modified"] = self.last_modified
        if self.unchanged(request):
            return Reply(
                304, {**headers, "Content-Length": None, "Connection": "close"}
            )
        return Reply(200, headers, self.body.encode())

    def unchanged(self, request: Request) -> bool:
        if self.etag is not None:
            return request.header("If-None-Match") == self.etag
        since = request.header("If-Modified-Since")
        return since is not None and since == self.last_modified

    @property
    def body(self) -> str:
        date = format_datetime(START - timedelta(hours=2))
        return rss(
            *(item(n, title=f"Story {n}", date=date) for n in self.numbers),
            head=self.head,
        )

    @property
    def times(self) -> list[datetime]:
        return [at for at, _ in self.log]

    @property
    def waits(self) -> list[timedelta]:
        return [b - a for a, b in pairwise(self.times)]

    @property
    def requests(self) -> list[Request]:
        return [request for _, request in self.log]

    @property
    def n_unconditional(self) -> int:
        return sum(
            not (r.header("If-None-Match") or r.header("If-Modified-Since"))
            for r in self.requests
        )


class World:
    """newsbot polling in simulated time; restarts at will."""

    def __init__(
        self, folder, *, every_minutes=15, seed=7, spacing_ms=0, more=(), managers=()
    ):
        self.now = START
        self.server = ScriptedServer()
        self.random = Random(seed)
        self.polled = []
        self.feeds = list(more)
        self._every_minutes = every_minutes
        self._spacing_ms = spacing_ms
        self._folder = folder
        self._network = {"timeout_seconds": 5}
        self._telegram = TelegramConfig(managers=managers)
        self.n_restarts = 0

    def __enter__(self):
        self.server.__enter__()
        self.app = self._build()
        return self

    def __exit__(self, *_):
        self.app.close()
        self.server.__exit__()
        with sqlite3.connect(self._folder / "newsbot.db") as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert raw.execute("PRAGMA foreign_key_check").fetchall() == []

    def _build(self):
        config = Config(
            database=DatabaseConfig(path="newsbot.db"),
            network=NetworkConfig(
                contact="desk@paper.example",
                spacing_ms=self._spacing_ms,
                **{"allow": (self.server.netloc,), **self._network},
            ),
            feeds=tuple(self.feeds),
            telegram=self._telegram,
            folder=self._folder,
        )
        app = App(config, clock=lambda: self.now)
        app.__dict__["parsing"] = _parsing()
        return app

    def allow(self, *servers, **network):
        """Start again with more servers within reach."""
        netlocs = tuple(server.netloc for server in (self.server, *servers))
        self._network = {**self._network, "allow": netlocs, **network}
        self.app.close()
        self.app = self._build()

    def publish(self, path, **options):
        feed = Publisher(url=self.server.url(path), clock=lambda: self.now, **options)
        self.server.on(path, feed)
        return feed

    def follow(self, *publishers):
        for one in publishers:
            config = FeedConfig(url=one.url, every_minutes=self._every_minutes)
            self.app.store.feeds.add(feed_of(config, source="command"))

    def follow_url(self, url):
        config = FeedConfig(url=url, every_minutes=self._every_minutes)
        self.app.store.feeds.add(feed_of(config, source="command"))

    def restart(self):
        """Leave and start again, with nothing but the ledger."""
        self.app.close()
        self.app = self._build()
        self.app.sync_feeds()
        self.n_restarts += 1

    def poll(self, *, force=False):
        polled = self.app.poll(force=force)
        self.polled += polled
        return polled

    def row(self, publisher):
        return self.app.store.feeds.find(publisher.url)

    def run(self, *, days=0.0, hours=0.0, tick_minutes=5, restarts=0):
        """Poll whenever something is due, looking every few minutes, as a service does."""
        ends = self.now + timedelta(days=days, hours=hours)
        n_ticks = int((ends - self.now) / timedelta(minutes=tick_minutes))
        at = set(self.random.sample(range(n_ticks), restarts))
        for n in range(n_ticks):
            if n in at:
                self.restart()
            self.poll()
            self.now += timedelta(minutes=tick_minutes)

    @property
    def notices(self):
        return [one.notice for one in self.polled if one.notice]

    @property
    def titles(self):
        rows = self.app.store.connection.rows(
            "SELECT title FROM entries ORDER BY title"
        )
        return [row["title"] for row in rows]
