"""`feeds`: list, add, remove, poll, test, import, export, starter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import Session, write_json

if TYPE_CHECKING:
    from newsbot.app import App
    from newsbot.types import Feed, Language

_LANGUAGE = click.Choice(["de", "en"])


@click.group()
def feeds() -> None:
    """List, add, remove and test feeds; read and write OPML."""


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
@click.option("--language", type=_LANGUAGE, help="Where the feed does not say.")
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
    from newsbot.stages.discover import looks_like_page

    app = session.app
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
    if archive:
        _walk_archive(app, feed)


def _discovered(app: App, feed: Feed) -> Feed:
    """Find a site's feed and add it; its first answer is its first poll."""
    from newsbot.discovery import discover
    from newsbot.errors import FetchError, ParseError, UserError
    from newsbot.outcome import read_answer
    from newsbot.poll import store_answer
    from newsbot.types import identity

    how, now = app.round, app.clock()
    try:
        found = discover(
            feed.url,
            app.fetcher,
            lambda answer: read_answer(feed, answer, now, how.max_age, how.parse),
        )
    except ParseError as error:
        raise UserError(f"{error}; give the address of the feed itself") from error
    except FetchError as error:
        # Perhaps only for now: it is added as it was given, and tried like any other.
        added = app.store.feeds.add(feed)
        click.echo(f"{'added' if added else 'known already'}: {feed.url}", err=True)
        click.echo(f"  but {error.reason}; it will be tried again", err=True)
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
        if (feed := app.store.feeds.find(url.strip())) is None:
            raise UserError(f"no feed {url!r}; `newsbot feeds list` lists them")
        chosen.append(feed)
    if force_poll:
        every = chosen or [
            feed for feed in app.store.feeds.all() if not feed.courtesy.stopped_at
        ]
        asked = [feed for feed in every if may_be_forced(feed, now, named=bool(chosen))]
    else:
        due = app.store.feeds.due(now)
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


def _walk_archive(app: App, feed: Feed) -> bool:
    """Read a feed's older pages; whether the oldest was reached."""
    from newsbot.archive import Walk, walk_archive

    how = Walk(
        hosts=app.hosts,
        secrets=app.round.secrets.get(feed.id, {}),
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


@feeds.command("starter")
@click.option("--add", is_flag=True, help="Follow them.")
@click.option("--language", type=_LANGUAGE, help="Only those in this language.")
@click.pass_obj
def starter(session: Session, add: bool, language: str | None) -> None:
    """Print public feeds on AI, cloud and business to begin with."""
    import tomllib
    from importlib.resources import files

    from newsbot.app import feed_of
    from newsbot.config import FeedConfig

    text = files("newsbot").joinpath("data/starter.toml").read_text("utf-8")
    n_added = 0
    for code, named in tomllib.loads(text).items():
        if language not in (None, code):
            continue
        for title, url in named.items():
            if add:
                in_it: Language = "de" if code == "de" else "en"
                feed = feed_of(FeedConfig(url=url, language=in_it), source="command")
                n_added += session.app.store.feeds.add(feed)
            else:
                click.echo(f"{code}  {url}  {title}")
    if add:
        click.echo(f"{n_added} added", err=True)


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
    if not app.store.feeds.remove(url_or_id.strip()):
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
    feed, how = feed_of(FeedConfig(url=url)), app.round
    parsed, _ = read_feed(
        feed,
        app.fetcher,
        app.clock(),
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


@feeds.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_feeds(session: Session, file: Path) -> None:
    """Add every feed of an OPML FILE; says which lines it left out, and why."""
    from newsbot.app import feed_of
    from newsbot.config import FeedConfig
    from newsbot.errors import ParseError, UserError
    from newsbot.stages.opml import MAX_BYTES, read_opml

    app = session.app
    try:
        with file.open("rb") as stream:
            # One byte more says that it is too large; a whole disk is not read.
            result = app.parsing.run(read_opml, stream.read(MAX_BYTES + 1))
    except ParseError as error:
        raise UserError(f"{file}: {error}") from error
    n_added = n_known = 0
    refused = list(result.refused)
    with app.store.atomic():
        for outline in result.feeds:
            if reason := app.fetcher.refusal(outline.url):
                refused.append(f"{outline.url[:200]}: {reason}")
            elif app.store.feeds.add(
                feed_of(FeedConfig(url=outline.url), source="command")
            ):
                n_added += 1
            else:
                n_known += 1
    for line in refused:
        click.echo(f"left out: {line}", err=True)
    click.echo(
        f"{n_added} added, {n_known} known already, {len(refused)} left out",
        err=True,
    )
    if refused:
        raise click.exceptions.Exit(4)


@feeds.command("export")
@click.pass_obj
def export_feeds(session: Session) -> None:
    """Write every feed to standard output as OPML."""
    from newsbot.stages.opml import OpmlFeed, write_opml

    app = session.app
    app.sync_feeds()
    rows = [OpmlFeed(url=feed.url, title=feed.url) for feed in app.store.feeds.all()]
    click.echo(write_opml(rows).decode(), nl=False)


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
