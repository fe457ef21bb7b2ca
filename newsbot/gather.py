"""Builds a backfill: its archive by kind, its choice, and where it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from newsbot.adapters.archives.opening import FILE_KINDS, open_files, ordered
from newsbot.adapters.archives.remote import RemoteWarcArchive
from newsbot.adapters.archives.web import Period, SitemapArchive, WaybackArchive
from newsbot.adapters.parsing import ParsingPool
from newsbot.adapters.processors import n_processors
from newsbot.app import App, feed_of
from newsbot.archive import FeedArchive, Walk
from newsbot.backfill import Backfill
from newsbot.config import FeedConfig
from newsbot.errors import UserError
from newsbot.history import Archive, Choice, Order, Run, Totals
from newsbot.ports import Response
from newsbot.rehearsal import DryStore
from newsbot.turns import host_of, in_turn
from newsbot.types import identity

Kind = Literal["warc", "sitemap", "feed", "wayback", "files", "jsonl", "mbox", "shards"]
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
    order: Order | None = None


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
    # As many as it may use processors: nothing else is waited for.
    pool = ParsingPool(n_processes=n_processors())
    try:
        archive = open_archive(app, asked, pool)
    except BaseException:
        pool.close()
        raise
    run = begin(app, asked, run_key(asked))
    return gathered(app, archive, pool, run, asked)


def gathered(
    app: App, archive: Archive, pool: ParsingPool, run: Run, asked: Asked
) -> Gathering:
    """Put a backfill together.

    Args:
        app: Whose ledger is filled.
        archive: What is read.
        pool: The processes that extract.
        run: As the ledger remembers it.
        asked: What a user asked for.
    """
    history = app.store.history
    backfill = Backfill(
        archive=archive,
        parts=replace(app.parts, parsing=pool),
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
    if asked.kind == "warc" and on_the_web(asked):
        return _remote(app, asked)
    if asked.kind in FILE_KINDS:
        archive = open_files(asked.kind, path, parsing)
        if asked.order is None:
            return archive
        if len(archive.parts) == 1:
            raise UserError(
                f"{path}: one file is read as it stands; --order sorts folders"
            )
        parts = ordered(asked.kind, archive.parts, asked.order)
        return open_files(asked.kind, path, parsing, parts)
    if asked.kind == "sitemap":
        return SitemapArchive(source, _asking(app), parsing, period, asked.order)
    if asked.kind == "wayback":
        archives = app.config.archives
        # Robots of its own it has none for this; it asks for patience.
        app.hosts.slow_down(host_of(archives.wayback_url), archives.wayback_spacing)
        return WaybackArchive(
            source, archives.wayback_url, _asking(app), period, asked.order
        )
    if asked.order == "oldest":
        raise UserError("a feed leads from its newest page to its oldest, one by one")
    feed = app.store.feeds.find(source) or feed_of(FeedConfig(url=source))
    how = Walk(
        hosts=app.hosts,
        secrets=app.round.secrets.get(feed.id),
        max_pages=100_000,
        parse=app.round.parse,
    )
    return FeedArchive(feed, app.fetcher, app.clock, how)


def on_the_web(asked: Asked) -> bool:
    """Whether an archive lies on the web: by its kind, or as an address of files."""
    is_address = asked.source.lower().startswith(("http://", "https://"))
    return asked.kind in ON_THE_WEB or (asked.kind == "warc" and is_address)


def _remote(app: App, asked: Asked) -> RemoteWarcArchive:
    def ask_part(url: str, start: int, length: int) -> tuple[bytes, int]:
        return in_turn(
            url, lambda one: app.fetcher.fetch_part(one, start, length), app.hosts
        )

    archive = RemoteWarcArchive(asked.source, _asking(app), ask_part)
    if asked.order is None:
        return archive
    if len(archive.parts) == 1:
        raise UserError(f"{asked.source}: one file is read as it stands")
    parts = ordered("warc", archive.parts, asked.order)
    return RemoteWarcArchive(asked.source, _asking(app), ask_part, parts)


def _asking(app: App) -> Callable[[str], Response]:
    """Ask for a list in its host's turn."""
    ask = partial(app.fetcher.fetch, may_follow=app.hosts.follow)
    return lambda url: in_turn(url, ask, app.hosts)


def run_key(asked: Asked, *how: str) -> str:
    """Say what makes two backfills the same one, for `--resume`.

    Args:
        asked: What a user asked for.
        how: Words that set one way of doing it apart.
    """
    choice = asked.choice
    return identity(
        asked.kind,
        place_of(asked),
        _day(choice.since),
        _day(choice.until),
        choice.language or "",
        choice.site or "",
        *([asked.order] if asked.order else []),
        *how,
    )


def place_of(asked: Asked) -> str:
    """Where the archive lies: a URL, or an absolute path."""
    if on_the_web(asked) or asked.kind == "shards":
        return asked.source
    return str(Path(asked.source).expanduser().absolute())


def begin(app: App, asked: Asked, key: str) -> Run:
    """Begin a run in the ledger, or find the last one of the same key."""
    history = app.store.history
    last = history.last(key) if asked.resume and not asked.dry_run else None
    if last is not None:
        return last
    now = app.clock()
    run = Run(
        id=identity("run", key, now.isoformat()),
        kind=asked.kind,
        source=place_of(asked),
        cursor="",
        totals=Totals(),
    )
    if not asked.dry_run:
        history.begin(run, key, now)
    return run


def _day(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
