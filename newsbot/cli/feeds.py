"""`feeds`: list, add, poll, remove and test; lists of them are in `feed_lists`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from newsbot.cli import feed_lists
from newsbot.cli.base import LANGUAGE, Session, write_json

if TYPE_CHECKING:
    from datetime import datetime

    from newsbot.app import App
    from newsbot.types import Feed


@click.group()
def feeds() -> None:
    """List, add, remove and test feeds; read and write OPML."""


for command in (
    feed_lists.starter,
    feed_lists.import_feeds,
    feed_lists.export_feeds,
):
    feeds.add_command(command)


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_feeds(session: Session, as_json: bool) -> None:
    """List every feed with its state, its next poll and why then."""
    app = session.app
    app.sync_feeds()
    rows = app.store.feeds.all()
    if as_json:
        write_json(
            [
                {
                    "id": feed.id,
                    "url": feed.url,
                    "title": feed.courtesy.title,
                    "language": feed.language,
                    "every_minutes": feed.every_minutes,
                    "source": feed.source,
                    "last_polled": _iso(feed.last_polled_at),
                    "next_poll": _iso(feed.next_poll_at),
                    "next_poll_reason": feed.courtesy.wait_reason,
                    "not_before": _iso(feed.courtesy.not_before_at),
                    "stopped": _iso(feed.courtesy.stopped_at),
                    "moved_to": feed.courtesy.moved_to,
                    "errors": feed.n_errors,
                    "error": feed.error,
                }
                for feed in rows
            ]
        )
        return
    for feed in rows:
        polled = _iso(feed.last_polled_at) or "never polled"
        state = f"{feed.n_errors}x {feed.error}" if feed.error else "ok"
        click.echo(
            f"{feed.id}  {feed.url}  [{feed.source}]  {polled[:16]}  {state}  "
            f"{_next(feed)}"
        )
    if not rows:
        click.echo("no feeds: `newsbot feeds add URL` adds one", err=True)


@feeds.command("add")
@click.argument("url")
@click.option("--language", type=LANGUAGE, help="Where the feed does not say.")
@click.option(
    "--every-minutes",
    type=click.IntRange(1, 44_640),
    default=15,
    show_default=True,
    help="Time between two polls.",
)
@click.option("--archive", is_flag=True, help="Read its older pages, too.")
@click.pass_obj
def add_feed(
    session: Session,
    url: str,
    language: str | None,
    every_minutes: int,
    archive: bool,
) -> None:
    """Add the feed at URL, or that of the site there.

    Looks for it where URL reads as a page's. A running service takes it up
    within a minute.
    """
    from newsbot.app import feed_of
    from newsbot.config import FeedConfig
    from newsbot.stages.discover import full_address, looks_like_page

    app = session.app
    # One address in two spellings would be polled twice.
    url = url if app.store.feeds.find(url.strip()) else full_address(url)
    feed = feed_of(
        FeedConfig(
            url=url,
            language=language,  # type: ignore[arg-type]  # click checked the choice
            every_minutes=every_minutes,
        ),
        source="command",
    )
    if app.store.feeds.find(feed.url) is None and looks_like_page(feed.url):
        feed = _discovered(app, feed)
    else:
        added = app.store.feeds.add(feed)
        click.echo(f"{'added' if added else 'known already'}: {feed.url}", err=True)
        if reason := app.fetcher.refusal(feed.url):
            allow = "it is not asked unless [network] allow names its host and port"
            click.echo(f"  but {reason}: {allow}", err=True)
    if archive:
        known = app.store.feeds.find(feed.id)
        if known is not None and known.last_polled_at is None:
            # Its newest page is its first poll, and not asked for a second time.
            for one in app.poll_these([known], app.clock()):
                for text in dict.fromkeys(filter(None, (one.error, one.notice))):
                    click.echo(f"  {text}", err=True)
        _walk_archive(app, feed)


def _discovered(app: App, feed: Feed) -> Feed:
    """Find a site's feed and add it; its first answer is its first poll."""
    from newsbot.discovery import discover
    from newsbot.errors import FetchError, ParseError, UserError
    from newsbot.outcome import failed, read_answer
    from newsbot.poll import store_answer
    from newsbot.turns import in_turn
    from newsbot.types import identity

    how, now = app.round, app.clock()
    ask = partial(app.fetcher.fetch, may_follow=app.hosts.follow)
    try:
        found = discover(
            feed.url,
            lambda url: in_turn(url, ask, app.hosts),
            lambda answer: read_answer(feed, answer, now, how.max_age, how.parse),
        )
    except ParseError as error:
        raise UserError(f"{error}; give the address of the feed itself") from error
    except FetchError as error:
        # Perhaps only for now: it is added as it was given, and tried like any other,
        # not before the time that its server may have named.
        app.store.feeds.add(feed)
        lost = failed(feed, now, error, error.reason).feed
        app.store.feeds.settle([(lost, ())], now)
        later = "" if lost.courtesy.stopped_at else "; it will be tried again"
        click.echo(f"added: {feed.url}", err=True)
        click.echo(f"  but {lost.error}{later}", err=True)
        return feed
    feed = replace(feed, id=identity("feed", found.url), url=found.url)
    if not app.store.feeds.add(feed):
        click.echo(f"known already: {feed.url}", err=True)
        return feed
    n_new = store_answer(feed, found.response, app.store.feeds, now, how)
    click.echo(f"added: {feed.url} ({n_new} entries)", err=True)
    for other in found.others:
        click.echo(f"  also there: {other}", err=True)
    return feed


@feeds.command("poll")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--force-poll",
    is_flag=True,
    help="Before their time, too; but never before a server's own Retry-After.",
)
@click.option("--archive", is_flag=True, help="Read their older pages, too.")
@click.pass_obj
def poll(
    session: Session, urls: tuple[str, ...], force_poll: bool, archive: bool
) -> None:
    """Poll the feeds that are due, or of these those that are.

    What they bring waits for `newsbot run`. With --force-poll a feed that is named is
    asked even if its server said that it is gone.
    """
    from newsbot.errors import UserError
    from newsbot.poll import may_be_forced

    app = session.app
    app.sync_feeds()
    now = app.clock()
    chosen = []
    for url in urls:
        if (feed := _find(app, url)) is None:
            raise UserError(f"no feed {url!r}; `newsbot feeds list` lists them")
        chosen.append(feed)
    if force_poll:
        every = chosen or [
            feed for feed in app.store.feeds.all() if not feed.courtesy.stopped_at
        ]
        asked = [feed for feed in every if may_be_forced(feed, now, named=bool(chosen))]
    else:
        due = app.due(now)
        every = chosen or due
        asked = [feed for feed in due if not chosen or feed in chosen]
    for feed in every:
        if feed not in asked:
            click.echo(f"{feed.url}: not asked; {_next(feed)}", err=True)
    n_failed = n_new = 0
    for one in app.poll_these(asked, now):
        n_failed += one.error is not None
        n_new += one.n_new
        for text in dict.fromkeys(filter(None, (one.error, one.notice))):
            click.echo(f"{one.feed.url}: {text}", err=True)
    click.echo(
        f"{len(asked)} feeds polled, {n_failed} failed, {n_new} new entries", err=True
    )
    n_gaps = sum(not _walk_archive(app, feed) for feed in chosen or asked if archive)
    if n_failed or n_gaps:
        raise click.exceptions.Exit(4)


def _find(app: App, url_or_id: str) -> Feed | None:
    """Find a feed by id or address, also as `add` completes it."""
    from newsbot.stages.discover import full_address

    find = app.store.feeds.find
    return find(url_or_id.strip()) or find(full_address(url_or_id))


def _walk_archive(app: App, feed: Feed) -> bool:
    """Read a feed's older pages; whether the oldest was reached."""
    from newsbot.archive import Walk, walk_archive

    feed = app.store.feeds.find(feed.id) or feed
    if feed.first_polled_at is None:
        click.echo(f"{feed.url}: its archive was not read", err=True)
        return False
    how = Walk(
        hosts=app.hosts,
        secrets=app.round.secrets.get(feed.id),
        parse=app.round.parse,
    )
    walked = walk_archive(feed, app.fetcher, app.store.sites, app.clock(), how)
    click.echo(
        f"{feed.url}: {walked.n_pages} pages of its archive read, "
        f"{walked.n_new} new entries",
        err=True,
    )
    if walked.gap is not None:
        click.echo(f"  {walked.gap}", err=True)
    return walked.gap is None


@feeds.command("remove")
@click.argument("url_or_id")
@click.pass_obj
def remove_feed(session: Session, url_or_id: str) -> None:
    """Remove a feed by address or id; what it brought stays."""
    from newsbot.app import feed_of
    from newsbot.errors import UserError

    app = session.app
    for feed in app.config.feeds:
        row = feed_of(feed)
        if url_or_id in (row.id, row.url):
            raise UserError(f"{row.url} stands in the config file: remove it there")
    known = _find(app, url_or_id)
    if known is None or not app.store.feeds.remove(known.id):
        raise UserError(f"no feed {url_or_id!r}; `newsbot feeds list` lists them")
    click.echo(f"removed: {url_or_id}", err=True)


@feeds.command("test")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of entries.")
@click.pass_obj
def test_feed(session: Session, url: str, as_json: bool) -> None:
    """Poll URL once and show what it holds; nothing is stored."""
    from newsbot.app import feed_of
    from newsbot.config import FeedConfig
    from newsbot.outcome import read_feed

    app = session.build(session.config_or_default())
    feed, how, now = feed_of(FeedConfig(url=url)), app.round, app.clock()
    _leave_alone(app, feed, now)
    parsed, _ = read_feed(
        feed,
        app.fetcher,
        now,
        how.max_age,
        how.parse,
        how.secrets.get(feed.id),
    )
    assert parsed is not None  # asked without validators
    if as_json:
        write_json(
            [
                {
                    "title": entry.title,
                    "url": entry.url,
                    "published": _iso(entry.published_at),
                }
                for entry in parsed.entries
            ]
        )
        return
    click.echo(f"ok: {parsed.title or url}, {len(parsed.entries)} entries")
    for entry in parsed.entries[:10]:
        click.echo(f"  {(_iso(entry.published_at) or 'no date')[:16]}  {entry.title}")


def _leave_alone(app: App, feed: Feed, now: datetime) -> None:
    """Keep to the Retry-After that the ledger, if there is one, knows of.

    Raises:
        FetchError: The feed's server wants no request yet.
    """
    from newsbot.errors import FetchError, StoreError
    from newsbot.poll import may_be_forced

    known = None
    if app.config.database_path.exists():
        with contextlib.suppress(StoreError):  # what is tried here needs no ledger
            known = app.store.feeds.find(feed.url)
    if known is not None and not may_be_forced(known, now, named=True):
        raise FetchError(feed.url, f"not asked; {_next(known)}")


def _next(feed: Feed) -> str:
    """Say when a feed is polled next, and why then."""
    why = feed.courtesy.wait_reason
    if feed.next_poll_at is None:
        return why or "next poll: now"
    return f"next poll {feed.next_poll_at:%Y-%m-%dT%H:%M}" + (
        f" ({why})" if why else ""
    )


def _iso(moment: object) -> str | None:
    return moment.isoformat() if hasattr(moment, "isoformat") else None
