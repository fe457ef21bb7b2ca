"""The rig of hostile cases: the real app on a real database, against scripted servers.

    with Rig(folder, server) as rig:
        rig.add(server.on("/bad", ...), rig.good)
        rig.poll()
        rig.survived("/bad", "larger than 15 MiB")

Judge, summariser and channel are fakes that count; everything else is what users run:
config, fetcher, guard, parsing processes, database.
"""

from __future__ import annotations

import io
import sqlite3
from contextlib import ExitStack
from dataclasses import replace

from fakes import NOW, Clock, FakeChannel, FakeJudge, FakeSummariser
from servers.feeds import item, rss
from servers.scripted import Reply

from newsbot.adapters.http import HttpFetcher
from newsbot.adapters.parsing import ParsingLimits, ParsingPool
from newsbot.app import App
from newsbot.config import AlertsConfig, Config, DatabaseConfig, NetworkConfig
from newsbot.types import Feed, identity

RSS = {"Content-Type": "application/rss+xml"}
#: A limit that ordinary documents stay far below, and hostile ones reach soon.
LIMITS = ParsingLimits(seconds=2.0, memory=2**29)


def good(*items, **headers):
    """A feed that is in order."""
    return Reply(200, {**RSS, **headers}, rss(*items).encode())


class Rig:
    """An app whose feeds and pages are hostile; one good feed is always among them."""

    def __init__(
        self, folder, *servers, parsing=None, limits=LIMITS, **fetcher_options
    ):
        self.path = folder / "newsbot.db"
        self.out = io.StringIO()
        allow = tuple(server.netloc for server in servers)
        config = Config(
            database=DatabaseConfig(path="newsbot.db"),
            network=NetworkConfig(allow=allow, spacing_ms=0),
            alerts=AlertsConfig(console=False),
            folder=folder,
        )
        self.clock = Clock()
        self.app = App(config, clock=self.clock, stdout=self.out)
        self._closing = ExitStack()
        self._closing.callback(self.app.close)
        options = {"timeout_seconds": 2, "version": "0", "allow": allow}
        fetcher = HttpFetcher(**{**options, **fetcher_options})
        self._closing.callback(fetcher.close)
        self.app.__dict__["fetcher"] = fetcher
        if parsing is None:
            parsing = ParsingPool(n_processes=2, limits=limits)
            self._closing.callback(parsing.close)
        self.app.__dict__["parsing"] = parsing
        self.judge = FakeJudge("Nvidia", "Anthropic")
        self.summariser = FakeSummariser()
        self.channel = FakeChannel()
        self.app.__dict__["channels"] = {"console": self.channel}
        self.app.__dict__["parts"] = replace(
            self.app.parts,
            judge=lambda: self.judge,
            summariser=lambda: self.summariser,
            recipients=(("console", "-"),),
        )
        self.store = self.app.store
        self.polled = {}
        self.good = None
        if servers:
            story = item("good", title="It rains in Hamburg")
            self.good = servers[0].on("/the-good-feed", good(story))
            self.add(self.good)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closing.close()

    def add(self, *urls):
        """Follow feeds."""
        for url in urls:
            self.store.feeds.add(
                Feed(
                    id=identity("feed", url),
                    url=url,
                    language=None,
                    every_minutes=15,
                    source="command",
                )
            )
        return self

    def poll(self):
        """Poll every feed; outcomes by URL."""
        self.polled = {one.feed.url: one for one in self.app.poll(force=True)}
        return self.polled

    def walk(self):
        """Walk what is due to the end of the line."""
        self.app.walk_and_send()

    def announce(self, *entries):
        """Bring entries to the head of the line."""
        feed = replace(self.store.feeds.all()[0], first_polled_at=NOW)
        self.store.feeds.settle([(feed, entries)], self.clock())

    def reason(self, entry):
        """The reason beside an entry's state."""
        return self.store.line.state(entry.id)[1]

    def article(self, entry):
        """The article of an entry."""
        return self.store.line.article_of(entry.id)

    def refused(self, url, reason):
        """Check that a feed failed in one line that says why, and is tried again."""
        outcome = self.polled[url]
        assert outcome.error is not None, url
        one_clear_line(outcome.error)
        assert reason in outcome.error, outcome.error
        row = next(feed for feed in self.store.feeds.all() if feed.url == url)
        assert row.error == outcome.error
        assert row.n_errors >= 1
        assert row.etag is None
        return outcome.error

    def intact(self):
        """Check that the good feed was served and the database is whole."""
        if self.good and self.polled:
            assert self.polled[self.good].error is None
            assert "https://news.example/good" in self.urls()
        with sqlite3.connect(self.path) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []

    def urls(self):
        """The addresses of all entries."""
        rows = self.store.connection.rows("SELECT url FROM entries")
        return {row["url"] for row in rows}

    def entries(self, state="found"):
        """Entries that wait in a state."""
        return self.store.line.due(state, self.clock(), 100_000)


def one_clear_line(text):
    """Check that a text is one printable line, bounded, and no traceback."""
    assert text
    assert len(text.splitlines()) == 1
    assert text.isprintable(), repr(text)
    assert len(text) <= 600
    assert "Traceback" not in text
