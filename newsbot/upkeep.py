"""What the service does for itself: backups, forgetting, signs of life.

Each job is due by what the ledger says of its last time, so that a restart repeats
none. One that fails is written down, logged, and tried again within the hour; it stops
no other.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from newsbot.adapters.db.backups import write_backup
from newsbot.adapters.db.connection import Connection, open_for_reading
from newsbot.adapters.db.retention import RetentionRows
from newsbot.adapters.db.watch import WatchRows
from newsbot.adapters.db.wrong_clock import mend_times
from newsbot.adapters.lock import service_runs
from newsbot.config import Config
from newsbot.errors import ConfigError, FetchError, NewsbotError, StoreError
from newsbot.mailing import Said
from newsbot.ports import Fetcher
from newsbot.stages.health import judge_health, report
from newsbot.watching import STAGE_OF, Facts, Health

log = logging.getLogger("newsbot")

#: A job that failed is tried again after this time, if it is not due sooner.
TRY_AGAIN = timedelta(hours=1)
FORGET_EVERY = timedelta(days=1)
REPORT_EVERY = timedelta(days=7)

#: Tells the manager something, in a few lines of their language.
Tell = Callable[[Said, datetime], None]


def look(config: Config, now: datetime) -> tuple[Facts, Health]:
    """Say how the service is, from beside it; changes nothing.

    Raises:
        StoreError: There is no ledger, or it cannot be read.
    """
    path = config.database_path
    with closing(open_for_reading(path)) as connection:
        facts = gather(connection, path, now, running=service_runs(path))
    every = config.backup.every if config.backup.to else None
    return facts, judge_health(facts, now, backup_every=every)


def mend_clock(connection: Connection, now: datetime) -> None:
    """Say that the clock was set back, if it was, and move what waits."""
    if (back := mend_times(connection, now)) is not None:
        days, seconds = back.days, back.seconds
        shown = f"{days} days" if days else f"{seconds // 60} minutes"
        log.warning("the clock was set back by %s; what waits is moved with it", shown)


def gather(
    connection: Connection, path: Path, now: datetime, *, running: bool
) -> Facts:
    """Gather what is known of a ledger that is open."""
    try:
        free_bytes = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise StoreError(f"{path.parent}: {error.strerror or error}") from error
    return WatchRows(connection).facts(now, running=running, free_bytes=free_bytes)


class Upkeep:
    """The service's own jobs; one at a time serves a ledger.

    Args:
        config: What is wanted.
        connection: The ledger.
        fetcher: Asks the web, guarded.
        tell: Tells the managers.
    """

    def __init__(
        self,
        config: Config,
        connection: Connection,
        fetcher: Callable[[], Fetcher],
        tell: Tell,
    ) -> None:
        self._config = config
        self._connection = connection
        self._fetcher = fetcher
        self._tell = tell
        self._rows = WatchRows(connection)
        self._url = heartbeat_url(config)

    def serve(self, now: datetime) -> None:
        """Give a sign of life, and do whatever is due."""
        mend_clock(self._connection, now)
        self._rows.did("pulse", now)
        self.catch_up(now)

    def catch_up(self, now: datetime) -> None:
        """Do whatever is due; who leaves afterwards gives no sign of life."""
        config = self._config
        if config.backup.to:
            self._due("backup", config.backup.every, now, self._backup)
        kept = config.retention
        if any((kept.pages, kept.texts, kept.feedback)):
            self._due("retention", FORGET_EVERY, now, self._forget)
        if self._url:
            self._due("heartbeat", config.heartbeat.every, now, self._beat)
        self._due("report", REPORT_EVERY, now, self._report)

    def _due(
        self, job: str, every: timedelta, now: datetime, do: Callable[[datetime], None]
    ) -> None:
        last = next((one for one in self._rows.done() if one.job == job), None)
        if last is not None:
            wait = min(every, TRY_AGAIN) if last.error else every
            # A clock that was ahead must not put a job off for a year.
            if last.done_at <= now < last.done_at + wait:
                return
        elif job == "report":
            self._rows.did(job, now)  # a week has to pass before there is one to tell
            return
        error = None
        try:
            do(now)
        except NewsbotError as failed:
            error = str(failed)
            log.warning("%s failed: %s", job, error)
        self._rows.did(job, now, error)

    def _backup(self, now: datetime) -> None:
        wanted = self._config.backup
        made = write_backup(
            self._config.database_path,
            self._config.place(wanted.to),
            now,
            keep=wanted.keep,
        )
        log.info("backup file=%s bytes=%d", made.path, made.n_bytes)

    def _forget(self, now: datetime) -> None:
        """Remove what is older than its days."""
        wanted, rows = self._config.retention, RetentionRows(self._connection)
        waiting, n_pages, n_texts, n_labels = tuple(STAGE_OF), 0, 0, 0
        if wanted.pages:
            n_pages = rows.drop_pages(now - timedelta(days=wanted.pages), waiting)
        if wanted.texts:
            before = now - timedelta(days=wanted.texts)
            n_texts = rows.shorten_texts(before, now, waiting)
        if wanted.feedback:
            n_labels = rows.drop_feedback(now - timedelta(days=wanted.feedback))
        log.info("forgot pages=%d texts=%d labels=%d", n_pages, n_texts, n_labels)

    def _health(self, now: datetime) -> tuple[Facts, Health]:
        path = self._config.database_path
        facts = gather(self._connection, path, now, running=True)
        every = self._config.backup.every if self._config.backup.to else None
        return facts, judge_health(facts, now, backup_every=every)

    def _beat(self, now: datetime) -> None:
        """Ask for the user's address, but only while nothing is to be mended."""
        _, health = self._health(now)
        if health.problems:
            log.warning("no heartbeat: %s", health.problems[0])
            return
        try:
            self._fetcher().fetch(self._url)
        except FetchError as error:
            # Taken, without a page to it: 201, 202 and 204 are usual answers.
            if error.status is not None and 200 <= error.status < 300:
                return
            # Its text names the address, which is a secret.
            reason = error.reason.replace(self._url, "its address")
            raise FetchError("the heartbeat's address", reason) from None

    def _report(self, now: datetime) -> None:
        facts, health = self._health(now)
        self._tell(partial(report, facts, health), now)


def heartbeat_url(config: Config) -> str:
    """Read the heartbeat's address from the environment; empty where none is wanted.

    Raises:
        ConfigError: It is not there.
    """
    name = config.heartbeat.url_env
    if not name:
        return ""
    url = os.environ.get(name, "").strip()
    if not url.startswith(("http://", "https://")):
        raise ConfigError(
            f"the environment variable {name} (heartbeat.url_env) holds no address"
        )
    return url
