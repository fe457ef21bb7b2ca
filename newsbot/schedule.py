"""`newsbot run`: APScheduler's jobs call the loop; the database remembers.

Six jobs: one polls the feeds that are due, one walks the line, one sends, one writes
the digests of chats, one writes and posts what is due by mail, one looks after the
service itself. None runs twice at once, a missed run is simply the next one, and the
scheduler's own memory holds nothing: whatever is due is a query. None waits for
another: what is written goes out while a model thinks about the next batch for minutes.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from newsbot.app import App
from newsbot.errors import (
    ModelKilledError,
    NewsbotError,
    StoreBusyError,
    StoreFullError,
)
from newsbot.talking import Conversation
from newsbot.upkeep import Upkeep

if TYPE_CHECKING:
    from newsbot.adapters.meter import Count
    from newsbot.adapters.metrics import Metrics

log = logging.getLogger("newsbot")

#: Seconds between two looks at what is due; the query is an index look-up.
POLL_SECONDS = 5
WALK_SECONDS = 2
SEND_SECONDS = 1
DIGEST_SECONDS = 10
MAIL_SECONDS = 20
UPKEEP_SECONDS = 60
#: Seconds after which a round of polling asks no further feed: with one request's
#: time-out after it, a feed that was just added still gets its turn in a minute.
ROUND_SECONDS = 20
#: How long after a start digests wait for what came in the meantime: one that is late
#: should have the news of the downtime. A line that is stuck holds them up no longer.
CATCH_UP = timedelta(minutes=10)
#: Seconds until a full disk is tried again.
FULL_SECONDS = 5
#: Seconds until a model is made ready again after it was killed, as for want of memory.
MODEL_SECONDS = 60
#: Seconds after which a thread at work lets others in, who wait for that many times
#: in one answer of the bot. Beside a thread that only computes in Python, as while a
#: model's libraries are imported, an answer took .74 as long (median, the slowest of 24
#: .42) as with Python's .005, and the thread did 95 % as much; .0005 was no better.
SWITCH_SECONDS = 0.001
#: Seconds between two looks at what a signal asked for.
LOOK_SECONDS = 0.5
#: Seconds that a stop waits for the batch in hand. What is cut off is repeated at
#: the next start: nothing of it was stored. Up to 2 s more go by on a busy machine.
STOP_SECONDS = 6.0
#: Seconds that a stop waits for the bot to fall silent.
BOT_SECONDS = 2.0


class Service:
    """The running service.

    Args:
        app: What it works with.
        reload: Builds a new app from the config file as it is now.
    """

    def __init__(self, app: App, reload: Callable[[], App]) -> None:
        self._app = app
        self._reload = reload
        # Plain flags: a signal handler must not touch a lock, not even an Event's,
        # that the main thread may be holding just then.
        self._stopping = False
        self._reloading = False
        # A reload swaps the app while no job uses it.
        self._polling = threading.Lock()
        self._walking = threading.Lock()
        self._sending = threading.Lock()
        self._digesting = threading.Lock()
        self._mailing = threading.Lock()
        self._keeping = threading.Lock()
        self._upkeep = _upkeep_of(app)
        self._metrics = _metrics_of(app, self._asked)
        self._resting_until = 0.0
        self._no_model_until = 0.0
        self._began_at = app.clock()
        self._caught_up = False
        self._failed: NewsbotError | None = None
        self._bot = app.conversation(lambda: self._app.parts)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reads the config again.

        Raises:
            NewsbotError: Something that no retry mends: no model, a bad database.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        sys.setswitchinterval(SWITCH_SECONDS)
        # One second of lateness is APScheduler's default grace; a busy machine is
        # later than that, and a skipped run would be a silent one.
        scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": None,
            },
        )
        # The scheduler's own clock is the machine's, whatever the app goes by.
        now = datetime.now(UTC)
        scheduler.add_job(
            self._poll, "interval", seconds=POLL_SECONDS, next_run_time=now
        )
        scheduler.add_job(
            self._walk,
            "interval",
            seconds=WALK_SECONDS,
            next_run_time=now + timedelta(seconds=WALK_SECONDS),
        )
        scheduler.add_job(
            self._send, "interval", seconds=SEND_SECONDS, next_run_time=now
        )
        scheduler.add_job(
            self._digest, "interval", seconds=DIGEST_SECONDS, next_run_time=now
        )
        scheduler.add_job(
            self._mail,
            "interval",
            seconds=MAIL_SECONDS,
            next_run_time=now + timedelta(seconds=WALK_SECONDS),
        )
        scheduler.add_job(
            self._keep,
            "interval",
            seconds=UPKEEP_SECONDS,
            next_run_time=now + timedelta(seconds=MAIL_SECONDS),
        )
        # Runs that are skipped because one is still at work are the normal case here.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler.start()
        if self._bot is not None:
            self._bot.start()
        log.info(
            "started pid=%d database=%s", os.getpid(), self._app.config.database_path
        )
        try:
            with self._app.mailroom.pages(self._app.clock):
                while not self._stopping:
                    if self._reloading:
                        self._take_new_config()
                    time.sleep(LOOK_SECONDS)
        finally:
            self._shut_down(scheduler)
        if self._failed is not None:
            raise self._failed

    def _poll(self) -> None:
        with self._polling:
            self._guarded(self._poll_due)

    def _poll_due(self) -> None:
        ends_at = time.monotonic() + ROUND_SECONDS

        def enough() -> bool:
            return self._pausing() or time.monotonic() > ends_at

        for polled in self._app.poll(force=False, stopping=enough):
            feed = polled.feed
            if polled.error is not None:
                # A feed that fails for a year is one warning, not one a day.
                level = logging.INFO if feed.n_errors else logging.WARNING
                log.log(level, "poll feed=%s error=%s", feed.url, polled.error)
            elif polled.n_new:
                log.info("poll feed=%s new=%d", feed.url, polled.n_new)
            if polled.notice is not None:
                log.warning("notice feed=%s %s", feed.url, polled.notice)
        visited = self._app.revisit(stopping=enough)
        if visited.n_asked:
            log.info(
                "pages asked again n=%d changed=%d", visited.n_asked, visited.n_changed
            )

    def _walk(self) -> None:
        with self._walking:
            self._guarded(self._walk_due)

    def _walk_due(self) -> None:
        began_at = time.monotonic()
        if began_at < self._no_model_until:
            return

        def progress(stage: str, n: int) -> None:
            nonlocal began_at
            now = time.monotonic()
            seconds, began_at = now - began_at, now
            log.info("stage=%s n=%d seconds=%.3f", stage, n, seconds)
            if self._metrics is not None:
                self._metrics.observe(stage, n, seconds)

        try:
            self._app.walk(stopping=self._pausing, progress=progress)
        except ModelKilledError as error:
            # Feeds are polled and messages sent; articles wait where they are.
            log.error("%s; tried again in %d s", error, MODEL_SECONDS)
            self._no_model_until = time.monotonic() + MODEL_SECONDS

    def _asked(self) -> Count | None:
        brain = self._app.loaded
        return brain.count if brain is not None else None

    def _send(self) -> None:
        with self._sending:
            self._guarded(self._send_due)

    def _send_due(self) -> None:
        if n_sent := self._app.send(stopping=self._pausing):
            log.info("sent n=%d", n_sent)

    def _digest(self) -> None:
        with self._digesting:
            self._guarded(self._write_digests)

    def _write_digests(self) -> None:
        # Apart from mail: a mail server that is silent must not make chats wait.
        now = self._app.clock()
        if self._catching_up(now):
            return
        if n_written := self._app.mailroom.write_chat_digests(now):
            log.info("digests written=%d", n_written)

    def _catching_up(self, now: datetime) -> bool:
        """Whether the service has just begun, and news may be on its way."""
        if not self._caught_up:
            # A clock that was set back meanwhile is no reason to wait.
            early = timedelta() <= now - self._began_at < CATCH_UP
            self._caught_up = not (early and self._app.store.line.is_behind(now))
        return not self._caught_up

    def _mail(self) -> None:
        with self._mailing:
            self._guarded(self._serve_mail)

    def _serve_mail(self) -> None:
        room, now = self._app.mailroom, self._app.clock()
        if room.configured:
            n_written = room.write_alerts(now)
            if not self._catching_up(now):
                n_written += room.write_digests(now)
            n_sent = room.post(now, self._pausing)
            if n_written or n_sent:
                log.info("mail written=%d sent=%d", n_written, n_sent)

    def _keep(self) -> None:
        with self._keeping:
            self._guarded(lambda: self._upkeep.serve(self._app.clock()))

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run one step; a busy database waits, what cannot pass stops the service.

        While the disk is full everything rests: a message that cannot be marked as
        sent would be sent again and again.
        """
        if time.monotonic() < self._resting_until:
            return
        try:
            step()
        except StoreBusyError as error:
            log.warning("%s", error)
        except StoreFullError as error:
            log.error("%s; all rests for %d s", error, FULL_SECONDS)
            self._resting_until = time.monotonic() + FULL_SECONDS
        except NewsbotError as error:
            self._failed = error
            self._stopping = True
        except Exception:
            # An error that nobody foresaw must not end the service in silence, nor
            # at all: the rows it met stay where they are and are tried again.
            log.exception("unexpected error")

    def _take_new_config(self) -> None:
        """Swap the app between two batches; a stop does not wait for that."""
        with ExitStack() as held:
            for lock in (
                self._polling,
                self._walking,
                self._sending,
                self._digesting,
                self._mailing,
                self._keeping,
            ):
                while not lock.acquire(timeout=LOOK_SECONDS):
                    if self._stopping:
                        return
                held.callback(lock.release)
            self._reloading = False
            try:
                fresh = self._reload()
                fresh.adopt(self._app)
                fresh.sync()
                upkeep = _upkeep_of(fresh)
                bot = self._renewed_bot(fresh)
            except NewsbotError as error:
                log.error("config not reloaded: %s", error)
                return
            self._app, self._bot, self._upkeep = fresh, bot, upkeep
            log.info("config reloaded feeds=%d", len(fresh.store.feeds.all()))

    def _renewed_bot(self, fresh: App) -> Conversation | None:
        """Keep the bot, or let another one take over where its config has changed."""
        mine, theirs = self._app.config, fresh.config
        parts = ("telegram", "alerts", "organisations", "network", "email", "digest")
        if all(getattr(mine, name) == getattr(theirs, name) for name in parts):
            return self._bot
        bot = fresh.conversation(lambda: self._app.parts)
        # Two that poll at once would be told of a conflict.
        if self._bot is not None:
            self._bot.close()
        if bot is not None:
            bot.start()
        return bot

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reloading = True

    def _pausing(self) -> bool:
        """Whether the jobs are to leave after the batch in hand."""
        return self._stopping or self._reloading

    def _shut_down(self, scheduler: BackgroundScheduler) -> None:
        """Let the batch in hand finish, but not longer than a stop may take."""
        if self._metrics is not None:
            self._metrics.close()
        if self._bot is not None:
            # What it heard and did not answer is answered at the next start.
            silencer = threading.Thread(target=self._bot.close, daemon=True)
            silencer.start()
            silencer.join(BOT_SECONDS)
        closer = threading.Thread(target=scheduler.shutdown, daemon=True)
        closer.start()
        closer.join(STOP_SECONDS)
        if closer.is_alive():
            log.warning("stopped in mid-batch; it is repeated at the next start")
            # Daemon threads in torch cannot be joined; the row is the queue, so
            # leaving at once loses nothing.
            if self._failed is not None:
                log.error("%s", self._failed)
            logging.shutdown()
            os._exit(0 if self._failed is None else self._failed.exit_code)
        log.info("stopped")


def _upkeep_of(app: App) -> Upkeep:
    """Build what the service does for itself; managers get its reports."""
    connection, tell = app.store.connection, app.mailroom.report
    return Upkeep(app.config, connection, lambda: app.fetcher, tell)


def _metrics_of(app: App, asked: Callable[[], Count | None]) -> Metrics | None:
    """Open the port for Prometheus, where the config names one."""
    if not app.config.metrics.port:
        return None
    from newsbot.adapters.metrics import Metrics

    port = app.config.metrics.port
    return Metrics(app.config.database_path, port, app.clock, asked)
