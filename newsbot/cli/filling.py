"""What commands that fill the ledger show: how far they are, and what came of it."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import write_json

if TYPE_CHECKING:
    from newsbot.app import App
    from newsbot.gather import Gathering
    from newsbot.history import Totals
    from newsbot.rehearsal import DryStore

#: Failures that are shown; the report has up to a thousand.
MAX_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a user wants to see of a filling."""

    json: bool
    report: Path | None = None
    #: Documents to read at most.
    limit: int | None = None
    #: The dates between which the past is told again; None where it is not.
    replayed: tuple[datetime | None, datetime | None] | None = None
    #: What to do where it was stopped.
    go_on: str = "--resume goes on there"


def fill(app: App, gathering: Gathering, wishes: Wishes, stopping: Stopping) -> None:
    """Read an archive into the ledger, let the model judge, and tell what came of it.

    Raises:
        Exit: Something failed, waits for the model, or was stopped.
        UserError: The report cannot be written.
    """
    from newsbot.backfill import run_backfill
    from newsbot.errors import UserError

    run, json = gathering.run, wishes.json
    line = Line(lambda: _n_deals(app, gathering))
    if run.finished_at is not None:
        text = "read to its end before; without --resume it is read anew"
        click.echo(text, err=True)
    elif run.totals.documents and not json:
        click.echo(f"going on behind {run.totals.documents:,} documents", err=True)
    ended = run.finished_at is not None or run_backfill(
        gathering.backfill,
        run.cursor,
        limit=wishes.limit,
        stopping=stopping,
        progress=line,
    )
    line.end()
    missing = _judge(app, gathering, line, stopping, ended=ended)
    totals, unwritten = _totals(app, gathering), None
    try:
        _tell(app, gathering, totals, wishes)
    except UserError as error:
        unwritten = error  # all else is told before that
    if wishes.replayed is not None:
        _replay(app, *wishes.replayed)
    history = app.store.history
    if missing:
        n_waiting = history.n_waiting()
        click.echo(f"{n_waiting} articles wait for the model: {missing}", err=True)
    if json:
        write_json(_document(totals, _n_deals(app, gathering)), pretty=False)
    if unwritten is not None:
        raise unwritten
    if stopping():
        click.echo(f"stopped; {wishes.go_on}", err=True)
        raise click.exceptions.Exit(130)
    if missing or totals.failed:
        raise click.exceptions.Exit(4)


def _judge(
    app: App, gathering: Gathering, line: Line, stopping: Stopping, *, ended: bool
) -> str:
    """Let the model judge what passed the gate; says why not, where it cannot."""
    from newsbot.backfill import judge_backlog
    from newsbot.errors import ConfigError, ModelMissingError

    if _is_dry(gathering):
        return ""
    if ended and gathering.run.finished_at is None:
        app.store.history.finish(gathering.run.id, app.clock())
    line.judging(app.store.history.n_waiting())
    try:
        judge_backlog(
            gathering.backfill.parts,
            app.clock,
            stopping=stopping,
            progress=line.stage,
        )
    except (ModelMissingError, ConfigError) as error:
        return str(error)
    finally:
        line.end()
    return ""


def _is_dry(gathering: Gathering) -> bool:
    return _rehearsed(gathering) is not None


def _rehearsed(gathering: Gathering) -> DryStore | None:
    """What a dry run counted; None where the ledger knows."""
    from newsbot.rehearsal import DryStore

    store = gathering.backfill.store
    return store if isinstance(store, DryStore) else None


def _totals(app: App, gathering: Gathering) -> Totals:
    if (dry := _rehearsed(gathering)) is not None:
        return dry.totals
    return app.store.history.run(gathering.run.id).totals


def _n_deals(app: App, gathering: Gathering) -> int:
    """Count the deals that its articles tell of; without a model, none is known."""
    if _is_dry(gathering):
        return 0
    return app.store.history.n_deals(gathering.run.id)


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


def _tell(app: App, gathering: Gathering, totals: Totals, wishes: Wishes) -> None:
    """Say what became of the documents; with --json on standard error."""
    from newsbot.adapters.files import write_whole
    from newsbot.history import MAX_FAILURES
    from newsbot.stages.coverage import coverage_page, summary_lines

    history, run = app.store.history, gathering.run
    if (dry := _rehearsed(gathering)) is not None:
        tallies, failures = dry.tallies(), dry.failures
        verb, told = "would be: ", f"{dry.n_passed:,} would pass the gate"
    else:
        tallies = history.tallies(run.id)
        failures = history.failures(run.id, MAX_FAILURES)
        verb, told = "", f"{history.n_passed(run.id):,} passed the gate"
        told += f", {_n_deals(app, gathering):,} deals"
    if wishes.json:
        for one in failures[:MAX_SHOWN]:
            click.echo(f"failed: {one.place}: {one.reason}", err=True)
    else:
        for line in summary_lines(tallies, failures[:MAX_SHOWN]):
            click.echo(line)
        click.echo(f"\n{verb}{_sentence(totals)}; {told}")
    if (report := wishes.report) is not None:
        page = coverage_page(run.source, totals, tallies, failures)
        write_whole(report, page.encode("utf-8", "replace"))
        click.echo(f"coverage: {report}", err=True)


def _sentence(totals: Totals) -> str:
    return (
        f"{totals.documents:,} documents: {totals.kept:,} kept, "
        f"{totals.duplicates:,} duplicates, {totals.skipped:,} skipped, "
        f"{totals.failed:,} failed, in {totals.seconds:.1f} s"
    )


def _replay(app: App, since: datetime | None, until: datetime | None) -> None:
    from newsbot.replay import replay
    from newsbot.stages.printable import one_line

    n_told = 0
    for one in replay(app.store, app.parts, since, until):
        n_told += 1
        click.echo(f"\n{one.at:%Y-%m-%d %H:%M} UTC, by {one_line(one.article.url)}")
        if one.told_to:
            names = (f"{channel} {name}" for channel, name in one.told_to)
            click.echo(f"to {one_line(', '.join(names))}")
        click.echo(one.alert.plain)
    click.echo(f"\n{n_told} alerts would have gone out", err=True)


class Stopping:
    """Whether Ctrl-C or SIGTERM came; a second Ctrl-C does not wait."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None]
        self._before = {}

    def __enter__(self) -> Stopping:
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
        """Whether it is time to stop."""
        return self._asked

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True


class Line:
    """How far a backfill is: one line on a terminal, rewritten; else one a minute.

    Args:
        n_deals: Counts the deals that were found so far.
    """

    EVERY = 60.0
    #: Seconds between two counts of deals.
    DEALS_EVERY = 2.0
    WIDTH = 16

    def __init__(self, n_deals: Callable[[], int] = lambda: 0) -> None:
        self._count = n_deals
        self._n_deals, self._counted = 0, -self.DEALS_EVERY
        self._began = self._told = time.monotonic()
        #: Where this part began: documents or articles, and the share that was done.
        self._first: tuple[int, float] | None = None
        self._n_waiting = self._n_judged = 0
        self._open = False

    def __call__(self, totals: Totals, share: float | None) -> None:
        """Show totals after a batch."""
        text = f"{totals.documents:,} documents, {totals.kept:,} kept"
        self._tell(text, totals.documents, share)

    def judging(self, n_waiting: int) -> None:
        """Begin with what waits for the model."""
        self._n_waiting, self._n_judged, self._first = n_waiting, 0, None

    def stage(self, name: str, n_entries: int) -> None:
        """Show what the line does with what passed."""
        if name == "assess":
            self._n_judged += n_entries
        n_all = max(self._n_waiting, self._n_judged)
        share = self._n_judged / n_all if n_all else None
        text = f"{self._n_judged:,} of {n_all:,} articles judged"
        self._tell(text, self._n_judged, share)

    def shards(self, n_written: int) -> None:
        """Show how many shards were written."""
        self._show(f"{n_written:,} shards", time.monotonic())

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            click.echo("", err=True)
            self._open = False

    def _tell(self, text: str, n_done: int, share: float | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = (n_done, share or 0.0), now
        n_first, share_first = self._first
        passed = max(now - self._began, 1e-3)
        if now - self._counted >= self.DEALS_EVERY:
            self._n_deals, self._counted = self._count(), now
        rate = (n_done - n_first) / passed
        text += f", {self._n_deals:,} deals, {rate:,.1f}/s"
        if share is not None:
            filled = int(self.WIDTH * min(share, 1.0))
            bar = "#" * filled + "." * (self.WIDTH - filled)
            text = f"[{bar}] {share:.0%}, {text}"
            if share > share_first:
                left = passed * (1 - share) / (share - share_first)
                text += f", {timedelta(seconds=round(left))} left"
        self._show(text, now)

    def _show(self, text: str, now: float) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
            self._open = True
        elif now - self._told > self.EVERY:
            self._told = now
            click.echo(text, err=True)
