"""`feeds`: list, add, remove, test, import, export."""

from __future__ import annotations

from pathlib import Path

import click

from newsbot.cli.base import Session, write_json

_LANGUAGE = click.Choice(["de", "en"])


@click.group()
def feeds() -> None:
    """List, add, remove and test feeds; read and write OPML."""


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_feeds(session: Session, as_json: bool) -> None:
    """List every feed with its state and last error."""
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
        click.echo(f"{feed.id}  {feed.url}  [{feed.source}]  {polled[:16]}  {state}")
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
@click.pass_obj
def add_feed(
    session: Session, url: str, language: str | None, every_minutes: int
) -> None:
    """Add the feed at URL; a running service takes it up within a minute."""
    from newsbot.app import feed_of
    from newsbot.config import FeedConfig

    app = session.app
    feed = feed_of(
        FeedConfig(
            url=url,
            language=language,  # type: ignore[arg-type]  # click checked the choice
            every_minutes=every_minutes,
        ),
        source="command",
    )
    added = app.store.feeds.add(feed)
    click.echo(f"{'added' if added else 'known already'}: {feed.url}", err=True)


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
    from newsbot.poll import read_feed

    app = session.build(session.config_or_default())
    feed = feed_of(FeedConfig(url=url))
    max_age = app.config.alerts.max_age
    parsed, _ = read_feed(feed, app.fetcher, app.clock(), max_age, app.parse_feed)
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


def _iso(moment: object) -> str | None:
    return moment.isoformat() if hasattr(moment, "isoformat") else None
