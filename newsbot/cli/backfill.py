"""`backfill`: the past, through the same line, without alerts."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import Session, write_json

if TYPE_CHECKING:
    from newsbot.app import App
    from newsbot.gather import Asked, Gathering
    from newsbot.history import Totals

_KINDS = ("warc", "sitemap", "feed", "wayback", "files", "jsonl", "mbox")
_DAY = click.DateTime(("%Y-%m-%d",))
#: Failures that are shown; the report has up to a thousand.
MAX_SHOWN = 20


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
    "--alerts",
    type=click.Choice(["never", "replay"]),
    default="never",
    show_default=True,
    help="replay: print the alerts that would have gone out, and when.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was covered, with its gaps, as an HTML page.",
)
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

    if dry_run and (resume or report or alerts == "replay"):
        raise click.UsageError("--dry-run stores nothing to resume, report or replay")
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
    )
    _run(session.app, asked, limit, report, replaying=alerts == "replay", json=as_json)


def _run(
    app: App,
    asked: Asked,
    limit: int | None,
    report: Path | None,
    *,
    replaying: bool,
    json: bool,
) -> None:
    from newsbot.backfill import judge_backlog, run_backfill
    from newsbot.errors import ConfigError, ModelMissingError
    from newsbot.gather import gather

    with _Stopping() as stopping, closing(gather(app, asked)) as gathering:
        line, history = _Line(), app.store.history
        run, missing = gathering.run, ""
        if run.totals.documents and not json:
            click.echo(f"going on behind {run.totals.documents:,} documents", err=True)
        ended = run.finished_at is not None or run_backfill(
            gathering.backfill,
            run.cursor,
            limit=limit,
            stopping=stopping,
            progress=line,
        )
        line.end()
        if not asked.dry_run:
            if ended and run.finished_at is None:
                history.finish(run.id, app.clock())
            try:
                judge_backlog(
                    gathering.backfill.parts,
                    app.clock,
                    stopping=stopping,
                    progress=lambda name, n: line.stage(name, n),
                )
            except (ModelMissingError, ConfigError) as error:
                missing = str(error)
            line.end()
    totals = _totals(app, gathering)
    _tell(app, asked, gathering, totals, report, json=json)
    if replaying:
        _replay(app, asked)
    if missing:
        n_waiting = history.n_waiting()
        click.echo(f"{n_waiting} articles wait for the model: {missing}", err=True)
    if json:
        n_deals = 0 if asked.dry_run else history.n_deals(run.id)
        write_json(_document(totals, n_deals), pretty=False)
    if stopping():
        click.echo("stopped; --resume goes on there", err=True)
        raise click.exceptions.Exit(130)
    if missing or totals.failed:
        raise click.exceptions.Exit(4)


def _totals(app: App, gathering: Gathering) -> Totals:
    from newsbot.rehearsal import DryStore

    store = gathering.backfill.store
    if isinstance(store, DryStore):
        return store.totals
    return app.store.history.run(gathering.run.id).totals


def _document(totals: Totals, n_deals: int) -> dict[str, int | float]:
    return {
        "documents": totals.documents,
        "kept": totals.kept,
        "duplicates": totals.duplicates,
        "skipped": totals.skipped,
        "failed": totals.failed,
        "deals": n_deals,
        "seconds": round(totals.seconds, 3),
    }


def _tell(
    app: App,
    asked: Asked,
    gathering: Gathering,
    totals: Totals,
    report: Path | None,
    *,
    json: bool,
) -> None:
    """Say what became of the documents; with --json on standard error."""
    from newsbot.adapters.files import write_whole
    from newsbot.stages.coverage import coverage_page, summary_lines

    if asked.dry_run:
        if not json:
            click.echo(f"would be: {_sentence(totals)}")
        return
    history, run = app.store.history, gathering.run
    tallies, failures = history.tallies(run.id), history.failures(run.id, 1_000)
    if json:
        for one in failures[:MAX_SHOWN]:
            click.echo(f"failed: {one.place}: {one.reason}", err=True)
    else:
        for line in summary_lines(tallies, failures[:MAX_SHOWN]):
            click.echo(line)
        click.echo(
            f"\n{_sentence(totals)}; {history.n_passed(run.id):,} passed the gate, "
            f"{history.n_deals(run.id):,} deals"
        )
    if report is not None:
        page = coverage_page(run.source, totals, tallies, failures)
        write_whole(report, page.encode("utf-8", "replace"))
        click.echo(f"coverage: {report}", err=True)


def _sentence(totals: Totals) -> str:
    return (
        f"{totals.documents:,} documents: {totals.kept:,} kept, "
        f"{totals.duplicates:,} duplicates, {totals.skipped:,} skipped, "
        f"{totals.failed:,} failed, in {totals.seconds:.1f} s"
    )


def _replay(app: App, asked: Asked) -> None:
    from newsbot.replay import replay

    n_told = 0
    for one in replay(app.store, app.parts, asked.choice.since, asked.choice.until):
        n_told += 1
        click.echo(f"\n{one.at:%Y-%m-%d %H:%M} UTC, by {one.article.url}")
        click.echo(one.alert.plain)
    click.echo(f"\n{n_told} alerts would have gone out", err=True)


def _start(day: datetime | None, *, days: int = 0) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC) + timedelta(days=days)


class _Stopping:
    """Whether Ctrl-C or SIGTERM came; a second Ctrl-C does not wait."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None]
        self._before = {}

    def __enter__(self) -> _Stopping:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._stop)
            except ValueError:  # not the main thread: nobody presses keys there
                return self
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def __call__(self) -> bool:
        return self._asked

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True


class _Line:
    """How far a backfill is: one line on a terminal, rewritten; else one a minute."""

    EVERY = 60.0

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._first: tuple[int, float] | None = None
        self._open = False

    def __call__(self, totals: Totals, share: float | None) -> None:
        """Show totals after a batch."""
        now = time.monotonic()
        if self._first is None:
            self._first = (totals.documents, share or 0.0)
            self._began = now
        n_first, share_first = self._first
        passed = max(now - self._began, 1e-3)
        rate = (totals.documents - n_first) / passed
        text = f"{totals.documents:,} documents, {totals.kept:,} kept, {rate:.0f}/s"
        if share is not None:
            text += f", {share:.0%}"
            if share > share_first:
                left = passed * (1 - share) / (share - share_first)
                text += f", {timedelta(seconds=round(left))} left"
        self._show(text, now)

    def stage(self, name: str, n_entries: int) -> None:
        """Show what the line does with what passed."""
        self._show(f"{name}: {n_entries}", time.monotonic())

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            click.echo("", err=True)
            self._open = False

    def _show(self, text: str, now: float) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
            self._open = True
        elif now - self._told > self.EVERY:
            self._told = now
            click.echo(text, err=True)
