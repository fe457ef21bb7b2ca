"""`feeds starter`, `import` and `export`: lists of feeds, in and out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import LANGUAGE, Session

if TYPE_CHECKING:
    from newsbot.stages.opml import OpmlFeed
    from newsbot.types import Feed
    from newsbot.vocabulary import Language


@click.command("starter")
@click.option("--add", is_flag=True, help="Follow them.")
@click.option("--language", type=LANGUAGE, help="Only those in this language.")
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


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_feeds(session: Session, file: Path) -> None:
    """Add every feed of an OPML FILE; says which lines it left out, and why."""
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
            elif app.store.feeds.add(_listed(outline)):
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


def _listed(outline: OpmlFeed) -> Feed:
    """Make a feed of a line of a list, under the name that it has there."""
    from newsbot.app import feed_of
    from newsbot.config import FeedConfig

    config = FeedConfig(url=outline.url, language=outline.language)
    feed = feed_of(config, source="command")
    title = outline.title if outline.title != outline.url else ""
    return replace(feed, courtesy=replace(feed.courtesy, title=title or None))


@click.command("export")
@click.pass_obj
def export_feeds(session: Session) -> None:
    """Write every feed to standard output as OPML."""
    from newsbot.stages.opml import OpmlFeed, write_opml

    app = session.app
    app.sync_feeds()
    rows = [
        OpmlFeed(
            url=feed.url,
            title=feed.courtesy.title or feed.url,
            language=feed.language,
        )
        for feed in app.store.feeds.all()
    ]
    click.echo(write_opml(rows).decode(), nl=False)
