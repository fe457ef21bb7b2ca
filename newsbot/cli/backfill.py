"""`backfill`: the past, through the same line, without alerts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import Session
from newsbot.cli.filling import Line, Stopping, Wishes, fill

if TYPE_CHECKING:
    from newsbot.app import App
    from newsbot.gather import Asked, Gathering

_KINDS = ("warc", "sitemap", "feed", "wayback", "files", "jsonl", "mbox")
_DAY = click.DateTime(("%Y-%m-%d",))


def _in_a_folder(
    _context: click.Context, _option: click.Parameter, path: Path | None
) -> Path | None:
    """Refuse a place that could not be written hours later."""
    if path is not None and not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}")
    return path


_reporting = click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    callback=_in_a_folder,
    help="Write what was covered, with its gaps, as an HTML page.",
)


@click.command()
@click.argument("kind", type=click.Choice(_KINDS), metavar="KIND")
@click.argument("source", metavar="PATH|URL")
@click.option("--from", "since", type=_DAY, help="First day of publication, UTC.")
@click.option("--to", "until", type=_DAY, help="Last day, inclusive.")
@click.option("--lang", "language", type=click.Choice(["de", "en"]), help="Only these.")
@click.option("--site", metavar="PATTERN", help='Only hosts like "*.example.org".')
@click.option("--limit", type=click.IntRange(1), help="Documents to read at most.")
@click.option("--resume", is_flag=True, help="Go on where it was stopped.")
@click.option("--dry-run", is_flag=True, help="Count what would come; store nothing.")
@click.option(
    "--order",
    type=click.Choice(["newest", "oldest"]),
    help="Which comes first, where the archive can be read so.",
)
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    show_default=True,
    help="ray: on all machines of a cluster, else on this one.",
)
@click.option(
    "--shards",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --engine ray: leave Parquet files here, for `newsbot import`.",
)
@click.option(
    "--alerts",
    type=click.Choice(["never", "replay"]),
    default="never",
    show_default=True,
    help="replay: print the alerts that would have gone out, and when.",
)
@_reporting
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@click.pass_obj
def backfill(
    session: Session,
    kind: str,
    source: str,
    since: datetime | None,
    until: datetime | None,
    language: str | None,
    site: str | None,
    limit: int | None,
    resume: bool,
    dry_run: bool,
    order: str | None,
    engine: str,
    shards: Path | None,
    alerts: str,
    report: Path | None,
    as_json: bool,
) -> None:
    """Fill the ledger with an archive: old deals are known then, and never alert.

    KIND is warc, sitemap, feed, wayback, files, jsonl or mbox. Ctrl-C stops after the
    documents in hand, and --resume goes on there; twice is the same as once.
    """
    from newsbot.gather import Asked
    from newsbot.history import Choice

    replays = alerts == "replay"
    if dry_run and (resume or replays):
        raise click.UsageError("--dry-run stores nothing to resume or replay")
    if shards and engine != "ray":
        raise click.UsageError("--shards needs --engine ray")
    if shards and (dry_run or as_json or report or replays):
        raise click.UsageError("--shards leaves the ledger alone")
    if (limit or order) and engine == "ray":
        raise click.UsageError("ray reads many files at once: no --limit, no --order")
    asked = Asked(
        kind=kind,  # type: ignore[arg-type]  # click checked the choice
        source=source,
        choice=Choice(
            since=_start(since),
            until=_start(until, days=1),
            language=language,  # type: ignore[arg-type]  # likewise
            site=site,
        ),
        resume=resume,
        dry_run=dry_run,
        order=order,  # type: ignore[arg-type]  # likewise
    )
    choice = asked.choice
    wishes = Wishes(
        json=as_json,
        report=report,
        limit=limit,
        replayed=(choice.since, choice.until) if replays else None,
    )
    far = _Far(folder=shards) if engine == "ray" else None
    _fill(session.app, asked, far, wishes)


def _fill(app: App, asked: Asked, far: _Far | None, wishes: Wishes) -> None:
    with Stopping() as stopping:
        gathering = _gather(app, asked, far, wishes, stopping)
        if gathering is None:
            return
        with closing(gathering):
            try:
                fill(app, gathering, wishes, stopping)
            finally:
                if far is not None:
                    _sweep(app, asked, gathering)


def _gather(
    app: App, asked: Asked, far: _Far | None, wishes: Wishes, stopping: Stopping
) -> Gathering | None:
    """Prepare what is to be read; None where that was all."""
    from newsbot.gather import gather
    from newsbot.importing import gather_shards, make_shards, ray_pays

    if far is None:
        return gather(app, asked)
    if not ray_pays(app, asked, far.folder):
        click.echo("read without Ray, which would take longer to start", err=True)
        return gather(app, asked)
    line = Line()
    try:
        folder = make_shards(
            app, asked, far.folder, stopping=stopping, progress=line.shards
        )
    finally:
        line.end()
    if folder is None:
        click.echo(f"stopped; {wishes.go_on}", err=True)
        raise click.exceptions.Exit(130)
    if far.folder is not None:
        click.echo(f"the shards are in {folder}: newsbot import {folder}", err=True)
        return None
    return gather_shards(app, asked, folder)


def _sweep(app: App, asked: Asked, gathering: Gathering) -> None:
    """Remove shards that the ledger has taken in; what is left is gone on with."""
    import shutil

    from newsbot.importing import shard_folder

    run = gathering.run
    if not asked.dry_run and app.store.history.run(run.id).finished_at is None:
        return
    shutil.rmtree(shard_folder(app, asked), ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Far:
    """Many machines are to read."""

    #: Where shards go and stay; None where they go to the ledger at once.
    folder: Path | None


@click.command("import")
@click.argument(
    "shards", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SHARDS"
)
@_reporting
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@click.pass_obj
def import_shards(
    session: Session, shards: tuple[Path, ...], report: Path | None, as_json: bool
) -> None:
    """Fill the ledger with SHARDS that `backfill --engine ray --shards` wrote.

    SHARDS are Parquet files or folders of them, in any order. Twice is the same as
    once; stopped or killed, the same command goes on.
    """
    from newsbot.importing import gaps_of, gather_import
    from newsbot.stages.printable import one_line

    for gap in gaps_of(shards):
        click.echo(one_line(gap), err=True)
    wishes = Wishes(json=as_json, report=report, go_on="the same command goes on there")
    with (
        Stopping() as stopping,
        closing(gather_import(session.app, shards)) as gathering,
    ):
        fill(session.app, gathering, wishes, stopping)


def _start(day: datetime | None, *, days: int = 0) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC) + timedelta(days=days)
