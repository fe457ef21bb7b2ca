"""The bot at work on a loopback server: a ledger on disk, the real library."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fakes import Bench, FakeJudge
from servers.telegram_bot import TelegramBotServer
from told_deals import Paper, sum_of, tell

from newsbot.adapters.db import open_store
from newsbot.adapters.telegram.channel import TelegramChannel
from newsbot.adapters.telegram.conversation import BotConversation
from newsbot.adapters.telegram.trouble import Waits
from newsbot.bot.desk import Access, BotDesk
from newsbot.config import Config, DigestConfig, EmailConfig, TelegramConfig
from newsbot.mailroom import Mailroom
from newsbot.outlets import managers_of, open_courier
from newsbot.stages.organisations import load_organisations
from newsbot.trial import try_page

GAZETTEER = load_organisations(())
MANAGER = 7
READER = 42
STRANGER = 666
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUICK = Waits(
    poll=0.5, request=5, failed=0.05, longest=0.2, conflict=0.1, look=0.1, standing=1
)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, **by):
        self.now += timedelta(**by)


class Rig:
    """One bot, its server, its ledger, and a second connection to look into it."""

    def __init__(
        self,
        folder,
        *,
        managers=(MANAGER,),
        open=False,
        fetcher=None,
        email=None,
        digest=None,
        pace=None,
    ):
        self.path = folder / "bot.db"
        self.store = open_store(self.path)
        self.clock = Clock()
        self.server = TelegramBotServer()
        self._access = Access(managers=managers, open=open, language="en")
        self._fetcher = fetcher
        self.judge = FakeJudge("Nvidia", "Anthropic")
        self.config = Config(
            email=email or EmailConfig(),
            digest=DigestConfig(**(digest or {})),
            telegram=TelegramConfig(managers=managers, pace=pace or 1000.0),
        )
        self.channel = None
        #: Set before `start`: answers keep limits.
        self.pacing = None
        self.bot = None

    def desk(self):
        """A desk with a connection of its own, as a new process has it."""
        store = open_store(self.path)
        return store, BotDesk(
            store,
            GAZETTEER,
            lambda url, now: try_page(self.parts(store), url, now),
            self._access,
            self.clock,
            self.room(store).desk if self.config.email.host else None,
        )

    def parts(self, store):
        """Of a line whose judge takes Nvidia and Anthropic for a deal."""
        bench = Bench(store)
        bench.fetcher, bench.judge = self._fetcher, self.judge
        return bench.parts

    def room(self, store=None):
        """The mailroom, on the ledger; no pictures are drawn."""
        managers = managers_of(self.config)
        room = Mailroom(self.config, store or self.store, GAZETTEER, managers)
        room.__dict__["press"] = replace(room.press, paint=None)
        return room

    def going(self):
        """A clock that goes on from this one's time, as limits need it."""
        began_at, now = time.monotonic(), self.clock()
        return lambda: now + timedelta(seconds=time.monotonic() - began_at)

    def send(self, **options):
        """Send what waits in the outbox, as the service does; how many arrived."""
        if self.channel is None:
            self.channel = TelegramChannel(self.server.token, self.server.base_url)
        channels = {"telegram": self.channel}
        courier = open_courier(
            self.config, self.store.outbox, channels, options.get("clock", self.going())
        )
        try:
            return courier.serve()
        finally:
            courier.close()

    def start(self):
        store, desk = self.desk()
        self.bot = BotConversation(
            self.server.token,
            self.server.base_url,
            desk,
            waits=QUICK,
            pacing=self.pacing,
            closing=store.close,
        )
        self.bot.start()
        return self

    def stop(self):
        if self.bot is not None:
            self.bot.close()
        self.bot = None

    def ask(self, user, text, **more):
        """Write, and wait for the answers; they are returned."""
        chat = str(more["chat"]["id"]) if "chat" in more else str(user)
        before = len(self.server.messages(chat))
        self.server.say(user, text, **more)
        self.quiet()
        return self.server.messages(chat)[before:]

    def press(self, user, data, **more):
        self.server.press(user, data, **more)
        self.quiet()

    def quiet(self):
        """Wait until everything was heard and everything was said."""
        self.server.settled()
        self.server.until(lambda: not self.rows("SELECT * FROM replies"))
        return self

    def rows(self, sql, *parameters):
        return self.store.connection.rows(sql, parameters)

    def admit(self, *users):
        for user in users:
            self.store.bot.admit(user, NOW)

    def tell(self, n=4, **fields):
        """Store some deals, one a day, the last one today."""
        return [
            tell(
                self.store,
                Paper(amounts=(sum_of(i + 1),), title=f"Paper {i} <b>tells</b>"),
                id=f"d{i}",
                seen_at=NOW - timedelta(days=n - 1 - i),
                **fields,
            )
            for i in range(n)
        ]

    def sub(self, recipient):
        return self.store.subscriptions.get("telegram", str(recipient))


@contextmanager
def rig(folder, **options):
    """A bot that listens until the block ends."""
    made = Rig(folder, **options)
    with made.server:
        try:
            yield made.start()
        finally:
            made.stop()
            if made.channel is not None:
                made.channel.close()
            made.store.close()
