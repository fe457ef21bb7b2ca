"""`run`, `demo`, `evaluate`: the line at work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from newsbot.cli.base import ProgressLine, Session, write_json
from newsbot.cli.logs import say, write_log_as


@click.command()
@click.option("--once", is_flag=True, help="Poll what is due, walk it, and leave.")
@click.option("--force-poll", is_flag=True, help="With --once: poll every feed now.")
@click.pass_obj
def run(session: Session, once: bool, force_poll: bool) -> None:
    """Follow the feeds and send alerts, until stopped.

    SIGTERM finishes the batch in hand; SIGHUP reads the config again. With --once,
    what else is due is done, too: mails, a backup, the heartbeat, what is to be
    forgotten.
    """
    if force_poll and not once:
        raise click.UsageError("--force-poll goes with --once")
    from newsbot.upkeep import Upkeep, mend_clock

    app = session.app
    write_log_as(app.config.log.format)
    app.ready()
    app.lock("run --once" if once else "")
    mend_clock(app.store.connection, app.clock())
    app.sync()
    if not app.store.feeds.all():
        say("no feeds yet: `newsbot feeds add URL` adds one", logging.WARNING)
    if not once:
        from newsbot.app import App
        from newsbot.schedule import Service

        Service(app, lambda: App(session.config(), progress=ProgressLine())).run()
        return
    upkeep = Upkeep(
        app.config, app.store.connection, lambda: app.fetcher, app.mailroom.report
    )
    polled = app.poll(force=force_poll)
    for one in polled:
        if one.error is not None:
            say(f"{one.feed.url}: {one.error}", logging.WARNING)
    visited = app.revisit()
    if visited.n_asked:
        say(f"{visited.n_asked} pages asked again, {visited.n_changed} changed")
    progress = _Walked()
    app.walk_and_send(progress=progress)
    if app.mailroom.configured:
        n_written, n_sent = app.mailroom.serve(app.clock())
        if n_written or n_sent:
            say(f"{n_written} mails written, {n_sent} sent")
    upkeep.catch_up(app.clock())
    n_failed = sum(one.error is not None for one in polled)
    n_new = sum(one.n_new for one in polled)
    say(f"{len(polled)} feeds polled, {n_failed} failed, {n_new} new entries")
    if n_failed:
        raise click.exceptions.Exit(4)


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the demo keeps its ledger; else the user's data folder.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["de", "en"]),
    default="en",
    show_default=True,
    help="Language of the alerts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def demo(session: Session, folder: Path | None, language: str, as_json: bool) -> None:
    """Show the whole line on a small news site that runs on this machine.

    A second run finds nothing new, and says so.
    """
    from newsbot.demo.show import default_folder, run_demo

    result = run_demo(
        session,
        folder or default_folder(),
        language="de" if language == "de" else "en",
        progress=_Walked(),
    )
    if as_json:
        write_json(result.document)
        return
    for alert in result.document["alerts"]:
        click.echo(f"\n{'─' * 64}\n{alert['text']}")
    click.echo(f"{'─' * 64}\n")
    for site, title, summary in result.summaries:
        click.echo(f"{site}: {title}\n    {summary}\n")
    click.echo(result.closing)


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, dir_okay=False),
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one line per article: what was predicted.",
)
@click.option(
    "--model", "name", help="A preset, a model folder, or a Hugging Face name."
)
@click.option(
    "--adapter",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An adapter of one's own for the embedded model.",
)
@click.option(
    "--intervals",
    "with_intervals",
    is_flag=True,
    help="Tell on standard error how far each figure may be off by chance.",
)
@click.option("--no-floors", is_flag=True, help="Print figures below the floors, too.")
@click.pass_obj
def evaluate(
    session: Session,
    files: tuple[Path, ...],
    as_json: bool,
    predictions: Path | None,
    name: str | None,
    adapter: Path | None,
    with_intervals: bool,
    no_floors: bool,
) -> None:
    """Measure the line on gold articles: precision, recall and the rest.

    Fails with exit code 5 where a figure falls below its floor.
    """
    from newsbot.brain import with_model
    from newsbot.evaluation.floors import check_floors
    from newsbot.evaluation.gold import read_gold
    from newsbot.evaluation.intervals import intervals
    from newsbot.evaluation.report import Cost, prediction_line, report
    from newsbot.evaluation.run import predict

    gold = read_gold(files)
    if predictions is not None:
        _write_lines(predictions, (), mode="a")  # refused now, not minutes later
    config = session.config_or_default()
    config = with_model(config, name) if name else config
    if adapter is not None:
        model = replace(config.model, adapter=str(adapter.absolute()))
        config = replace(config, model=model)
    app = session.build(config)
    brain = app.brain
    started = time.monotonic()
    made = predict(
        gold, brain.judge, brain.summariser, app.gazetteer, progress=ProgressLine()
    )
    if predictions is not None:
        lines = (prediction_line(one) + "\n" for one in made)
        _write_lines(predictions, lines)
    figures = report(
        made,
        app.gazetteer,
        Cost(
            seconds=time.monotonic() - started,
            model=brain.name,
            model_calls=brain.count.calls,
            prompt_tokens=brain.count.prompt_tokens,
            generated_tokens=brain.count.generated_tokens,
        ),
    )
    if as_json:
        write_json(figures)
    else:
        _print_figures(figures)
    if with_intervals:
        _say_intervals(intervals(made, app.gazetteer))
    if not no_floors:
        dtype = getattr(brain.model, "dtype", "")  # a server does not tell
        check_floors(files, figures, brain.name, dtype)


class _Walked:
    """Says what the line does, one line per batch."""

    def __call__(self, stage: str, n_entries: int) -> None:
        say(f"  {stage}: {n_entries}")


def _write_lines(path: Path, lines: Iterable[str], *, mode: str = "w") -> None:
    from newsbot.errors import UserError

    try:
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error


def _say_intervals(found: Mapping[str, tuple[float, float]]) -> None:
    say("\nof 100 sets of as many stories, 95 lie between")
    for name, (low, high) in found.items():
        say(f"  {name:<24} {low:.3f} {high:.3f}")


def _print_figures(figures: dict[str, Any], indent: str = "") -> None:
    for name, value in figures.items():
        if isinstance(value, dict):
            click.echo(f"{indent}{name}")
            _print_figures(value, indent + "  ")
        elif isinstance(value, float):
            click.echo(f"{indent}{name:<24} {value:.3f}")
        else:
            click.echo(f"{indent}{name:<24} {value}")
