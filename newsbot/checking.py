"""What `newsbot check` tries for real: every part, one line each.

A line says ok, warn or fail, and how to mend it. Nothing is sent to anybody; what a
feed brings is stored, as after any poll, so that no answer is asked for twice.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from newsbot.adapters.db.connection import version_of
from newsbot.adapters.db.recipients import parked
from newsbot.adapters.db.watch import WatchRows
from newsbot.app import App
from newsbot.config import ChatConfig, Config, TelegramConfig
from newsbot.courtesy import MayFollow, Secrets
from newsbot.errors import (
    ConfigError,
    DeliveryError,
    NewsbotError,
    StoreError,
)
from newsbot.outlets import open_channels
from newsbot.poll import may_be_forced, poll_feeds
from newsbot.ports import Fetcher, Response
from newsbot.stages.clock import FAR_OFF, OFF, server_time
from newsbot.stages.health import FULL_BYTES, SCARCE_BYTES, sending_line
from newsbot.stages.printable import one_line
from newsbot.stages.reading import read_article
from newsbot.types import Article, Feed
from newsbot.upkeep import heartbeat_url

State = Literal["ok", "warn", "fail"]

#: Characters of a reason that are shown.
MAX_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one part."""

    state: State
    part: str
    text: str
    #: How to mend it; empty when all is well.
    fix: str = ""


Probe = Callable[[App], Iterator[Line]]

#: What mends a part whose error does not say so itself.
_FIXES = {
    "config": "correct the config file",
    "folders": "give newsbot's user the folder, or name another one in the config",
    "disk": "free space",
    "database": "set database.path in the config, free the file, or restore a backup",
    "model": "set [model] in the config, or try `newsbot model info`",
    "feeds": "correct [[feeds]] in the config",
    "channels": "correct [telegram] and [[chat]] in the config",
    "deliveries": "free the database's file",
    "mail": "correct [email] and [digest] in the config",
    "heartbeat": "put the address to ask for into that variable",
}


def check(app: App, config_file: Path, *, with_model: bool = True) -> Iterator[Line]:
    """Try every part, in the order in which a user would mend them.

    Args:
        app: Of a config that could be read.
        config_file: Where it stands.
        with_model: Whether to load the model, which takes seconds to minutes.
    """
    yield from _guarded("config", lambda _: _config(config_file), app)
    yield from _guarded("folders", _folders, app)
    yield from _guarded("disk", _disk, app)
    ledger = list(_guarded("database", _database, app))
    yield from ledger
    if with_model:
        yield from _guarded("model", _model, app)
    yield from _guarded("channels", _channels, app)
    yield from _guarded("heartbeat", _heartbeat, app)
    if any(line.state == "fail" for line in ledger):
        text = "not tried without a database: feeds, clock, deliveries, mail"
        yield Line(
            state="warn", part="ledger", text=text, fix="mend the database first"
        )
        return
    yield from _guarded("feeds", _feeds, app)
    yield from _guarded("deliveries", _deliveries, app)
    yield from _guarded("mail", _mail, app)


def _guarded(part: str, probe: Probe, app: App) -> Iterator[Line]:
    """Turn whatever goes wrong into a line, so that the other parts are tried."""
    try:
        yield from probe(app)
    except NewsbotError as error:
        text = one_line(str(error), MAX_TEXT)
        yield Line(state="fail", part=part, text=text, fix=_FIXES[part])
    except Exception as error:
        if os.environ.get("NEWSBOT_DEBUG"):
            raise
        # A library's words may hold a secret: its kind has to do.
        text = f"unexpected {type(error).__name__}"
        fix = "NEWSBOT_DEBUG=1 newsbot check shows where"
        yield Line(state="fail", part=part, text=text, fix=fix)


def _config(file: Path) -> Iterator[Line]:
    yield Line(state="ok", part="config", text=str(file))
    yield from _permissions(file)


def _permissions(file: Path) -> Iterator[Line]:
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        can = "change" if mode & 0o022 else "read"
        yield Line(
            state="warn",
            part="permissions",
            text=f"others on this machine can {can} {file.name} (mode {mode:04o})",
            fix=f"chmod 600 {file}",
        )


def _folders(app: App) -> Iterator[Line]:
    """Write where newsbot writes; SQLite needs the folder beside its file, too."""
    places = _places(app.config)
    for place in places:
        # Models and backups get their folders when they are first made.
        there = next(one for one in (place, *place.parents) if one.exists())
        try:
            with tempfile.TemporaryFile(dir=there) as file:
                file.write(b"newsbot")
        except OSError as error:
            reason = f"{there}: cannot be written: {error.strerror or error}"
            raise ConfigError(reason) from error
    shown = ", ".join(str(place) for place in places)
    yield Line(state="ok", part="folders", text=f"{shown}: writable")


def _places(config: Config) -> tuple[Path, ...]:
    """The folders that newsbot writes to."""
    places = [config.database_path.parent]
    if config.model.preset == "embedded":
        places.append(config.cache_path)
    if config.backup.to:
        places.append(config.place(config.backup.to))
    return tuple(dict.fromkeys(place.absolute() for place in places))


def _disk(app: App) -> Iterator[Line]:
    for n, place in enumerate(_places(app.config)):
        there = next(one for one in (place, *place.parents) if one.exists())
        try:
            free = shutil.disk_usage(there).free
        except OSError as error:
            raise StoreError(f"{there}: {error.strerror or error}") from error
        state: State = "ok"
        if free < SCARCE_BYTES:
            # A ledger that cannot grow stops everything; a backup is told of.
            state = "fail" if free < FULL_BYTES and n == 0 else "warn"
        text = f"{place}: {free // 2**20} MiB free"
        fix = "" if state == "ok" else _FIXES["disk"]
        yield Line(state=state, part="disk", text=text, fix=fix)


def _database(app: App) -> Iterator[Line]:
    connection = app.store.connection
    answer = str(connection.rows("PRAGMA integrity_check(1)")[0]["integrity_check"])
    orphans = connection.rows("PRAGMA foreign_key_check")
    if answer == "ok" and orphans:
        answer = f"{len(orphans)} rows belong to no row, the first of {orphans[0]}"
    if answer != "ok":
        text = one_line(answer, MAX_TEXT)
        fix = "newsbot restore FILE, with a backup"
        yield Line(state="fail", part="database", text=text, fix=fix)
        return
    counts = sum(app.store.line.counts().values())
    place, version = app.config.database_path, version_of(connection)
    text = f"{place}, {counts} entries, version {version}"
    yield Line(state="ok", part="database", text=text)
    yield from _permissions(place)


def _model(app: App) -> Iterator[Line]:
    if app.config.model.preset == "embedded" and not app.config.model.name:
        from newsbot.adapters import embedded

        if not embedded.is_prepared(app.config.cache_path):
            embedded.base_sha256()  # says what is missing, if the extra is
            yield Line(
                state="warn",
                part="model",
                text="not converted yet; the first run does it",
                fix="newsbot model prepare",
            )
            return
    judge = app.brain.judge  # says what is missing before anything is asked
    judge.judge([read_article(_sample(app.clock()), app.gazetteer)], app.clock())
    yield Line(state="ok", part="model", text=f"{app.brain.name} answers")


def _sample(now: datetime) -> Article:
    """An article that every judge has to read."""
    return Article(
        id="check",
        entry_id="check",
        url="https://example.org/check",
        title="Nvidia and Anthropic sign an AI cloud deal",
        text="Anthropic will rent AI chips from Nvidia, both companies said.",
        language="en",
        published_at=now,
        site="example.org",
        author=None,
        text_origin="page",
        fingerprint=0,
    )


def _feeds(app: App) -> Iterator[Line]:
    app.sync()
    feeds, now = app.store.feeds.all(), app.clock()
    if not feeds:
        fix = "newsbot feeds add URL"
        yield Line(state="warn", part="feeds", text="none", fix=fix)
        return
    # A poll like any other, of the one whose turn it is soonest.
    open_ones = [feed for feed in feeds if may_be_forced(feed, now)]
    if not open_ones:
        text = f"{len(feeds)} known; {feeds[0].url}: {feeds[0].courtesy.wait_reason}"
        yield Line(state="warn", part="feeds", text=text, fix="newsbot feeds list")
        return
    feed = min(open_ones, key=lambda one: (bool(one.error), one.next_poll_at or now))
    yield from _polled(app, feed, feeds, now)


def _polled(
    app: App, feed: Feed, feeds: Sequence[Feed], now: datetime
) -> Iterator[Line]:
    listening = _Listening(app.fetcher, app.clock)
    (polled,) = poll_feeds([feed], listening, app.store.feeds, now, app.round)
    if polled.error is not None:
        fix = f"newsbot feeds test {feed.url}"
        text = one_line(f"{feed.url}: {polled.error}", MAX_TEXT)
        yield Line(state="fail", part="feeds", text=text, fix=fix)
    else:
        n_entries = f"{polled.n_new} new entries" if polled.n_new else "nothing new"
        text = f"{len(feeds)} known; {feed.url} answers: {n_entries}"
        yield Line(state="ok", part="feeds", text=text)
    failing = [one for one in feeds if one.error and one.id != feed.id]
    if failing:
        text, fix = f"{len(failing)} with errors", "newsbot feeds list"
        yield Line(state="warn", part="feeds", text=text, fix=fix)
    if listening.heard:
        yield _clock(*listening.heard)
    else:
        text = "no answer said what time it is"
        yield Line(state="warn", part="clock", text=text, fix="newsbot feeds list")


class _Listening:
    """A fetcher that remembers what time a server said it is.

    Args:
        fetcher: Asks.
        clock: This machine's.
    """

    def __init__(self, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._clock = clock
        #: This machine's time and the server's, at the last answer that had one.
        self.heard: tuple[datetime, datetime] | None = None

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        secrets: Secrets | None = None,
        may_follow: MayFollow | None = None,
    ) -> Response:
        """As `Fetcher.fetch`."""
        answer = self._fetcher.fetch(
            url,
            etag=etag,
            last_modified=last_modified,
            secrets=secrets,
            may_follow=may_follow,
        )
        if (theirs := server_time(answer.headers)) is not None:
            self.heard = self._clock(), theirs
        return answer


def _clock(ours: datetime, theirs: datetime) -> Line:
    off = ours - theirs
    seconds = abs(off).total_seconds()
    if abs(off) <= OFF:
        text = f"within {max(seconds, 1):.0f} s of the feed's server"
        return Line(state="ok", part="clock", text=text)
    text = (
        f"{seconds:.0f} s {'ahead of' if off > timedelta() else 'behind'} the feed's "
        f"server, which says {theirs:%Y-%m-%d %H:%M:%S} UTC"
    )
    return Line(
        state="fail" if abs(off) > FAR_OFF else "warn",
        part="clock",
        text=text,
        fix="set the clock (timedatectl set-ntp true), if not the server's is wrong",
    )


def _channels(app: App) -> Iterator[Line]:
    """Build each channel alone, so that one that is wrong hides no other."""
    telegram = app.config.telegram
    if not (telegram.chats or telegram.takes_commands):
        yield Line(
            state="warn",
            part="channels",
            text="no Telegram chat; alerts go to the console",
            fix="set telegram.chats or telegram.managers in the config",
        )
    else:
        fix = f"put the token from @BotFather into {telegram.token_env}"
        yield from _channel(replace(app.config, chat=()), "telegram", fix)
    for one in app.config.chat:
        fix = f"put an address as Apprise has them into {one.url_env}"
        yield from _channel(_only(app.config, one), "chat", fix)


def _heartbeat(app: App) -> Iterator[Line]:
    """Look for the address, and ask nobody: that would say that the service lives."""
    if heartbeat_url(app.config):
        text = f"{app.config.heartbeat.url_env} holds an address; not asked by a check"
        yield Line(state="ok", part="heartbeat", text=text)


def _only(config: Config, chat: ChatConfig) -> Config:
    return replace(config, chat=(chat,), telegram=TelegramConfig())


def _channel(config: Config, name: str, fix: str) -> Iterator[Line]:
    try:
        channels, closing = open_channels(config, sys.stderr)
    except ConfigError as error:
        yield Line(state="fail", part="channels", text=f"{name}: {error}", fix=fix)
        return
    try:
        who = channels[name].whoami()
    except DeliveryError as error:
        yield Line(state="fail", part="channels", text=f"{name}: {error}", fix=fix)
    else:
        yield Line(state="ok", part="channels", text=f"{name}: {who}")
    finally:
        for close in closing:
            close()


def _deliveries(app: App) -> Iterator[Line]:
    """What became of the messages, and who gets none at present."""
    outbox = app.store.outbox
    sending = WatchRows(app.store.connection).sending(app.clock())
    yield Line(state="ok", part="deliveries", text=sending_line(sending))
    for pause in outbox.traffic.pauses(app.clock()):
        state: State = "fail" if pause.refused else "warn"
        text = f"{pause.channel} rests since {pause.since:%Y-%m-%d %H:%M} UTC: "
        fix = (
            "put a valid token in place, then restart newsbot" if pause.refused else ""
        )
        yield Line(state=state, part="deliveries", text=text + pause.reason, fix=fix)
    for one in parked(outbox.recipients.all()):
        text = f"{one.channel} {one.recipient} parked: {one.reason}"
        yield Line(state="warn", part="deliveries", text=text)


def _mail(app: App) -> Iterator[Line]:
    mailroom = app.mailroom
    if not mailroom.configured:
        return  # nobody asked for mail
    mailroom.try_out()
    email, n_readers = app.config.email, len(app.store.subscribers.all())
    login = "takes the login" if email.username_env else "answers, without a login"
    text = f"{email.host}:{email.port} {login}; {n_readers} readers"
    yield Line(state="ok", part="mail", text=text)
