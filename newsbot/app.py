"""Builds everything from the config: the one place that picks adapters.

Heavy libraries are imported where they are first needed, not by every command.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TextIO

from newsbot import __version__
from newsbot.adapters.db import Store, open_store
from newsbot.adapters.http import HttpFetcher
from newsbot.adapters.lock import hold_lock
from newsbot.adapters.parsing import ParsingPool
from newsbot.adapters.proxy import way_out
from newsbot.brain import Brain, Progress, embedded_brain, loaded_once, prompted_brain
from newsbot.config import Config, FeedConfig
from newsbot.credentials import feed_secrets, proxy_address
from newsbot.deliver import Courier
from newsbot.errors import ConfigError, UserError
from newsbot.known import known_organisations
from newsbot.mailing import Channel
from newsbot.outlets import (
    managers_of,
    open_bot,
    open_channels,
    open_courier,
    open_paces,
)
from newsbot.pace import Pace
from newsbot.pipeline import Parts, walk
from newsbot.poll import Polled, Round, may_be_forced, poll_feeds
from newsbot.revisits import Visited, revisit
from newsbot.robots import Robots
from newsbot.stages.notices import FeedNews, feed_text
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.parse import ParsedFeed, canonical_url, parse_feed
from newsbot.stages.timing import asleep
from newsbot.talking import Conversation, configured_chat
from newsbot.turns import Hosts
from newsbot.types import Feed, identity

if TYPE_CHECKING:
    from newsbot.mailroom import Mailroom


def utc_now() -> datetime:
    """Tell the time, aware, UTC; passed on as an argument everywhere."""
    return datetime.now(UTC)


class App:
    """A config turned into working parts; close it when done."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], datetime] = utc_now,
        progress: Progress = lambda _stage, _fraction: None,
        stdout: TextIO = sys.stdout,
    ) -> None:
        self.config = config
        self.clock = clock
        self._progress = progress
        self._stdout = stdout
        self._closing: list[Callable[[], None]] = []

    def close(self) -> None:
        """Close files and connections, last opened first."""
        while self._closing:
            self._closing.pop()()

    @cached_property
    def store(self) -> Store:
        """The ledger; opened, checked and migrated on first use."""
        store = open_store(self.config.database_path)
        self._closing.append(store.close)
        return store

    @cached_property
    def fetcher(self) -> HttpFetcher:
        """The HTTP client with its guard.

        Raises:
            ConfigError: The proxy's environment variable is empty, or no address.
        """
        network = self.config.network
        fetcher = HttpFetcher(
            allow=network.allow,
            contact=network.contact,
            timeout_seconds=network.timeout_seconds,
            max_bytes=network.max_mebibytes * 2**20,
            version=__version__,
            now=self.clock,
            connect=way_out(proxy_address(network)),
        )
        self._closing.append(fetcher.close)
        return fetcher

    @cached_property
    def parsing(self) -> ParsingPool:
        """The processes that read hostile documents; started when first needed."""
        parsing = ParsingPool()
        self._closing.append(parsing.close)
        return parsing

    def parse_feed(self, *args: Any, **kwargs: Any) -> ParsedFeed:
        """Call the stage of this name where a feed can do no harm."""
        return self.parsing.run(parse_feed, *args, **kwargs)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The packaged organisations and the user's own."""
        return known_organisations(self.config)

    @cached_property
    def brain(self) -> Brain:
        """The model with what reads it; loaded on first use.

        Raises:
            ModelMissingError: No model, or the extra that loads it is missing.
        """
        model, gazetteer = self.config.model, self.gazetteer
        if model.preset == "embedded":
            return embedded_brain(self.config, gazetteer, self._progress)
        return prompted_brain(model, gazetteer, lambda: self.fetcher.post_json)

    @property
    def loaded(self) -> Brain | None:
        """The model, where it is loaded by now."""
        brain: Brain | None = self.__dict__.get("brain")
        return brain

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """The channels that are configured, by name."""
        channels, closing = open_channels(self.config, self._stdout)
        self._closing += closing
        return channels

    def conversation(self, parts: Callable[[], Parts]) -> Conversation | None:
        """Build the bot that people talk to; None where the config wants none.

        *parts* gives those of the line just now. Who starts it closes it, too.

        Raises:
            ConfigError: There is no token.
        """
        if not self.config.telegram.takes_commands:
            return None
        pace = self.paces["telegram"]
        return open_bot(self.config, self.gazetteer, parts, self.clock, pace)

    @cached_property
    def mailroom(self) -> Mailroom:
        """Digests and their readers; sends nothing where `[email]` is not set.

        Raises:
            ConfigError: A part of `[digest]` cannot be used.
        """
        from newsbot.mailroom import Mailroom

        config = self.config
        return Mailroom(config, self.store, self.gazetteer, managers_of(config))

    @cached_property
    def parts(self) -> Parts:
        """What the stages of the line work with."""
        alerts = self.config.alerts
        recipients = [("console", "-")] if alerts.console else []
        recipients += [("chat", one.url_env) for one in self.config.chat]
        brain = loaded_once(lambda: self.brain)
        return Parts(
            store=self.store,
            fetcher=self.fetcher,
            parsing=self.parsing,
            permission=Robots(self.fetcher, self.store.sites, self.hosts),
            gazetteer=self.gazetteer,
            judge=lambda: brain().judge,
            summariser=lambda: brain().summariser,
            recipients=tuple(recipients),
            language=alerts.language,
            hosts=self.hosts,
        )

    @cached_property
    def paces(self) -> dict[str, Pace]:
        """What keeps the limits of channels, for all who ask them."""
        return open_paces(self.config)

    @cached_property
    def courier(self) -> Courier:
        """What sends; the only one on its ledger."""
        outbox, channels = self.store.outbox, self.channels
        courier = open_courier(self.config, outbox, channels, self.clock, self.paces)
        self._closing.append(courier.close)
        return courier

    def send(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, within limits; how many messages were taken."""
        return self.courier.serve(stopping)

    def revisit(self, *, stopping: Callable[[], bool] = lambda: False) -> Visited:
        """Ask for pages with a deal again that are due, where the config wants it."""
        if not self.config.network.revisit:
            return Visited()
        return revisit(self.parts, self.clock(), stopping=stopping)

    def adopt(self, other: App) -> None:
        """Take over what a reload must not lose, and build the rest to try it.

        The open ledger always; fetcher, channels and the loaded model where their
        part of the config is the same.

        Raises:
            ConfigError: This config cannot take over; *other* is as it was.
        """
        mine, theirs = self.config, other.config
        if theirs.database_path != mine.database_path:
            raise ConfigError("database.path changed: restart newsbot for that")
        self.__dict__["store"] = other.store
        self._closing = other._closing
        network = mine.network == theirs.network
        organisations = mine.organisations == theirs.organisations
        for name, same in (
            ("fetcher", network),
            ("parsing", True),
            ("hosts", network),
            ("paces", mine.telegram == theirs.telegram),
            ("channels", (mine.telegram, mine.chat) == (theirs.telegram, theirs.chat)),
            ("gazetteer", organisations),
            # It holds the gazetteer, and the fetcher where it asks a server.
            ("brain", mine.model == theirs.model and network and organisations),
        ):
            if same and name in other.__dict__:
                self.__dict__[name] = other.__dict__[name]
        self.ready()

    def ready(self) -> None:
        """Build every part but the model, so that what is wrong shows at once.

        Raises:
            ConfigError: A part of the config cannot be used.
            StoreError: The ledger cannot be opened.
        """
        _ = self.parts, self.round, self.courier
        self.mailroom.ready()

    def sync(self) -> None:
        """Make the config's feeds and chats known to the ledger.

        Raises:
            ConfigError: An address in the config is none that can be polled.
        """
        self.sync_feeds()
        chats = self.config.telegram.chats
        language, now = self.config.alerts.language, self.clock()
        configured = [configured_chat(str(chat), language, now) for chat in chats]
        self.store.subscriptions.sync("telegram", configured)

    def sync_feeds(self) -> None:
        """Make the config's feeds known to the ledger.

        Raises:
            ConfigError: An address in the config is none that can be polled.
        """
        try:
            feeds = [feed_of(feed) for feed in self.config.feeds]
        except UserError as error:
            raise ConfigError(f"[[feeds]]: {error}") from error
        self.store.feeds.sync(feeds)

    def poll(
        self, *, force: bool, stopping: Callable[[], bool] = lambda: False
    ) -> list[Polled]:
        """Poll the feeds that are due, or all of them.

        Args:
            force: Ask before the time has come, too; but no feed that is gone for
                good, and none whose server said until when to leave it alone.
            stopping: Asked before each feed; true leaves the rest for later.
        """
        now = self.clock()
        feeds = self.due(now)
        if force:
            feeds = [one for one in self.store.feeds.all() if may_be_forced(one, now)]
        return self.poll_these(feeds, now, stopping=stopping)

    def due(self, now: datetime) -> list[Feed]:
        """List the feeds whose next poll has come, longest waiting first."""
        # Due before it fell asleep, and only now looked at: it is asked when it wakes.
        return [one for one in self.store.feeds.due(now) if not asleep(one, now)]

    def poll_these(
        self,
        feeds: Sequence[Feed],
        now: datetime,
        *,
        stopping: Callable[[], bool] = lambda: False,
    ) -> list[Polled]:
        """Poll these feeds, whether due or not."""
        return poll_feeds(
            feeds, self.fetcher, self.store.feeds, now, self.round, stopping=stopping
        )

    @cached_property
    def round(self) -> Round:
        """What holds for each round of polls.

        Raises:
            ConfigError: A feed's environment variable is empty.
        """
        return Round(
            max_age=self.config.alerts.max_age,
            hosts=self.hosts,
            tell=self._tell_of_feed,
            follows=lambda url: self.store.feeds.find(url) is not None,
            parse=self.parse_feed,
            secrets=feed_secrets(self.config.feeds),
        )

    def _tell_of_feed(self, feed: Feed, news: FeedNews, now: datetime) -> None:
        said = partial(feed_text, feed.url, news)
        managers_of(self.config).tell(self.store.outbox.traffic, said, now)

    @cached_property
    def hosts(self) -> Hosts:
        """Keeps polls and page requests apart, one at a time on each host."""
        return Hosts(self.config.network.spacing_ms / 1000)

    def walk(
        self,
        *,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[str, int], None] = lambda _name, _n: None,
    ) -> None:
        """Walk everything that is due to the end of the line; sends nothing."""
        walk(self.parts, self.clock, stopping=stopping, progress=progress)

    def walk_and_send(
        self, *, progress: Callable[[str, int], None] = lambda _name, _n: None
    ) -> None:
        """Walk the line and send what comes of it, alone and to the end."""
        walk(self.parts, self.clock, progress=progress, composed=self.send)
        self.mailroom.write_chat_digests(self.clock())
        # No more papers come in this run, so that nothing is gained by waiting.
        self.store.outbox.hurry_edits(self.clock())
        self.send()

    def lock(self, doing: str = "") -> None:
        """Hold the ledger's service lock until the process ends; see `hold_lock`."""
        self._closing.append(hold_lock(self.config.database_path, doing))


def feed_of(feed: FeedConfig, *, source: str = "config") -> Feed:
    """Make a feed's first row.

    Raises:
        UserError: The address is not one that can be polled.
    """
    url = feed.url.strip()
    if canonical_url(url) is None:
        raise UserError(f"{url!r} is not an http or https address")
    return Feed(
        id=identity("feed", url),
        url=url,
        language=feed.language,
        every_minutes=feed.every_minutes,
        source="config" if source == "config" else "command",
    )
