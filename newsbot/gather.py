"""Builds a backfill: its archive by kind, its choice, and where it goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from newsbot.adapters.archives.mbox import MboxArchive
from newsbot.adapters.archives.pages import PagesArchive
from newsbot.adapters.archives.tables import TableArchive
from newsbot.adapters.archives.warc import WarcArchive
from newsbot.adapters.archives.web import Period, SitemapArchive, WaybackArchive
from newsbot.adapters.parsing import ParsingPool
from newsbot.app import App, feed_of
from newsbot.archive import FeedArchive, Walk
from newsbot.backfill import Backfill
from newsbot.config import FeedConfig
from newsbot.errors import StageError
from newsbot.history import Archive, Choice, Run, Totals
from newsbot.ports import Response
from newsbot.rehearsal import DryStore
from newsbot.turns import host_of, in_turns
from newsbot.types import identity

Kind = Literal["warc", "sitemap", "feed", "wayback", "files", "jsonl", "mbox"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Kinds that lie on the web; the others are files.
ON_THE_WEB: frozenset[Kind] = frozenset({"sitemap", "feed", "wayback"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a user asked for."""

    kind: Kind
    source: str
    choice: Choice
    resume: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """A backfill that is ready to run."""

    backfill: Backfill
    run: Run
    #: Ends the processes that extract.
    close: Callable[[], None]


def gather(app: App, asked: Asked) -> Gathering:
    """Prepare a backfill, or take one up where it stands.

    Raises:
        UserError: There is no such archive.
        StoreError: The ledger cannot be opened.
    """
    # As many as there are cores: nothing else is waited for.
    pool = ParsingPool(n_processes=os.cpu_count() or 1)
    try:
        archive = open_archive(app, asked, pool)
    except BaseException:
        pool.close()
        raise
    run = _run(app, asked)
    parts = replace(app.parts, parsing=pool)
    history = app.store.history
    backfill = Backfill(
        archive=archive,
        parts=parts,
        store=DryStore(history) if asked.dry_run else history,
        run_id=run.id,
        choice=asked.choice,
        clock=app.clock,
        timer=time.monotonic,
    )
    return Gathering(backfill=backfill, run=run, close=pool.close)


def open_archive(app: App, asked: Asked, parsing: ParsingPool) -> Archive:
    """Open an archive by its kind.

    Raises:
        UserError: There is none.
    """
    source, path = asked.source, Path(asked.source).expanduser()
    period = Period(since=asked.choice.since, until=asked.choice.until)
    if asked.kind == "warc":
        return WarcArchive(path)
    if asked.kind == "files":
        return PagesArchive(path, parsing)
    if asked.kind == "jsonl":
        return TableArchive(path)
    if asked.kind == "mbox":
        return MboxArchive(path, parsing)
    if asked.kind == "sitemap":
        return SitemapArchive(source, _asking(app), parsing, period)
    if asked.kind == "wayback":
        archives = app.config.archives
        # Robots of its own it has none for this; it asks for patience.
        app.hosts.slow_down(host_of(archives.wayback_url), archives.wayback_spacing)
        return WaybackArchive(source, archives.wayback_url, _asking(app), period)
    feed = app.store.feeds.find(source) or feed_of(FeedConfig(url=source))
    how = Walk(
        hosts=app.hosts,
        secrets=app.round.secrets.get(feed.id, {}),
        max_pages=100_000,
        parse=app.round.parse,
    )
    return FeedArchive(feed, app.fetcher, app.clock, how)


def _asking(app: App) -> Callable[[str], Response]:
    """Ask for a list in its host's turn."""

    def fetch(url: str) -> Response | StageError:
        try:
            return app.fetcher.fetch(url)
        except StageError as error:
            return error

    def ask(url: str) -> Response:
        ((answer,),) = in_turns([url], host_of, fetch, app.hosts)
        if isinstance(answer, StageError):
            raise answer
        return answer

    return ask


def _run(app: App, asked: Asked) -> Run:
    """Begin a run in the ledger, or find the last one of the same archive."""
    source = asked.source
    if asked.kind not in ON_THE_WEB:
        source = str(Path(source).expanduser().absolute())
    choice = asked.choice
    key = identity(
        asked.kind,
        source,
        _day(choice.since),
        _day(choice.until),
        choice.language or "",
        choice.site or "",
    )
    history = app.store.history
    last = history.last(key) if asked.resume and not asked.dry_run else None
    if last is not None:
        return last
    now = app.clock()
    run = Run(
        id=identity("run", key, now.isoformat()),
        kind=asked.kind,
        source=source,
        cursor="",
        totals=Totals(),
    )
    if not asked.dry_run:
        history.begin(run, key, now)
    return run


def _day(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
