"""An outbox full of messages, a courier that empties it, and the limits held against."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from db_nouns import alert, announce_articles, article, deal, put
from servers import telegram as api

from newsbot.adapters.db import open_store
from newsbot.adapters.telegram.channel import TelegramChannel
from newsbot.deliver import Courier
from newsbot.mailing import Managers
from newsbot.pace import TELEGRAM, Pace

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: How many times as fast as in life.
FAST = 50


class FastClock:
    """A clock that goes `FAST` times as fast as the machine's, and may jump.

    Processes that share *began_at* read the same time: a clock that began anew with
    each would call what an earlier one wrote not due yet.
    """

    def __init__(self, speed=FAST, began_at=None):
        self.began_at = time.monotonic() if began_at is None else began_at
        self._speed = speed
        self._jumped = timedelta()

    def __call__(self):
        passed = (time.monotonic() - self.began_at) * self._speed
        return START + timedelta(seconds=passed) + self._jumped

    def forward(self, by):
        self._jumped += by


class Post:
    """A ledger, a courier and the Bot API server that it sends to."""

    def __init__(
        self,
        path,
        server,
        *,
        pace=1000.0,
        clock=None,
        timeout=30.0,
        managers=(),
        base_url=None,
    ):
        self.clock = clock or FastClock()
        self.store = open_store(path)
        # A kill loses nothing of this; only a power cut would. Disks are slow.
        self.store.connection.db.execute("PRAGMA synchronous=OFF")
        self.outbox = self.store.outbox
        self.server = server
        self.channel = TelegramChannel(
            api.TOKEN, base_url or server.base_url, timeout_seconds=timeout
        )
        self.courier = Courier(
            self.outbox,
            {"telegram": self.channel},
            self.clock,
            paces={"telegram": Pace(TELEGRAM.scaled(pace))},
            managers=Managers(recipients=tuple(("telegram", m) for m in managers)),
        )

    def close(self):
        self.courier.close()
        self.channel.close()
        self.store.close()

    def fill(self, chats, numbers):
        """Write a message per number for every chat; its text is the number."""
        if self.store.ledger.deal("deal-a") is None:
            announce_articles(self.store, article())
            put(self.store, deal(), "a")
        with self.store.atomic():
            for n in numbers:
                message = alert(f"{n}", html=f"<b>{n}</b>", plain=f"{n}")
                self.outbox.put(message, [("telegram", c) for c in chats], self.clock())

    def serve(self, until=None, tries=400):
        """Send until nothing waits, or until something is true; time goes on."""
        for _ in range(tries):
            self.courier.serve()
            if until() if until else not self.waiting():
                return
            self.clock.forward(timedelta(seconds=5))
        raise AssertionError(
            [d for d in self.outbox.deliveries() if d.state == "pending"]
        )

    def waiting(self):
        rows = self.store.connection.rows(
            "SELECT COUNT(*) AS n FROM deliveries JOIN recipients "
            "USING (channel, recipient) "
            "WHERE deliveries.state = 'pending' AND recipients.state = 'active'"
        )
        return rows[0]["n"]

    def states(self):
        """Chats and their states."""
        return {one.recipient: one.state for one in self.outbox.recipients.all()}


@contextmanager
def post(path, server, **options):
    opened = Post(path, server, **options)
    try:
        yield opened
    finally:
        opened.close()


def busiest(times, stretch):
    """The most of these times within any stretch of so much time."""
    times, first, most = sorted(times), 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= stretch:
            first += 1
        most = max(most, last - first + 1)
    return most


def assert_limits_kept(server, fast=FAST):
    """Hold the ledger's times against Telegram's limits, so many times as fast."""
    by_chat = {}
    for message in server.accepted:
        by_chat.setdefault(message.chat, []).append(message.at)
    for chat, times in by_chat.items():
        assert busiest(times, 1 / fast) == 1, chat
        if not chat.isdecimal():
            assert busiest(times, 60 / fast) <= 20, chat
    assert busiest([m.at for m in server.accepted], 1 / fast) <= 30
    assert server.n_floods == 0
