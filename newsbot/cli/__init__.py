"""`newsbot`: click commands that parse, call and print.

Data goes to standard output, messages and progress to standard error. Nothing
heavy is imported before a command runs: `newsbot --help` answers at once.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import click

from newsbot import __version__
from newsbot.cli import (
    backfill,
    backup,
    benchmark,
    bot,
    browse,
    check,
    deals,
    decide,
    digest,
    export,
    feeds,
    graph,
    ledger,
    model,
    run,
    serve,
    setup,
    subscribers,
    watch,
)
from newsbot.cli.base import Session
from newsbot.cli.logs import say, set_up_log
from newsbot.errors import NewsbotError
from newsbot.stages.printable import one_line


class _Commands(click.Group):
    """The commands; a reader who hangs up is no error of ours."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; `newsbot deals | head` closes the pipe early."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            _drop_output()
            context.exit(0)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsbot")
@click.option(
    "--config",
    metavar="FILE",
    envvar="NEWSBOT_CONFIG",
    help="The config file; else NEWSBOT_CONFIG, ./config.toml, or the user's folder.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say what is done, step by step.")
@click.pass_context
def cli(context: click.Context, config: str | None, verbose: bool) -> None:
    """Tells you of every new AI-cloud partnership, once, with its quotes."""
    level = logging.INFO if verbose else logging.WARNING
    set_up_log(level)
    context.obj = Session(config)
    context.call_on_close(context.obj.close)


for command in (
    setup.init,
    check.check,
    run.run,
    run.demo,
    run.evaluate,
    benchmark.benchmark,
    backfill.backfill,
    backfill.import_shards,
    feeds.feeds,
    deals.deals,
    export.export,
    ledger.show,
    ledger.search,
    decide.merge,
    decide.split,
    graph.graph,
    browse.browse,
    serve.serve,
    digest.digest,
    subscribers.subscribers,
    model.model,
    model.tuning,
    bot.invite,
    bot.labels,
    bot.calibrate,
    watch.health,
    watch.status,
    backup.backup,
    backup.restore,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; a user's mistake ends in one line, not a traceback."""
    try:
        # Outside its standalone mode click returns the code that `Exit` carries.
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except NewsbotError as error:
        say(f"error: {_one_line(error)}", logging.ERROR)
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("NEWSBOT_DEBUG"):
            raise
        if isinstance(error, OSError):
            _drop_output()  # it may be the output that cannot be written
        kind = type(error).__name__
        say(
            f"unexpected error: {kind}: {_one_line(error)} "
            "(NEWSBOT_DEBUG=1 shows where)",
            logging.ERROR,
        )
        sys.exit(1)


def _drop_output() -> None:
    """Else the interpreter flushes into a closed pipe, or a full disk, once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: Exception) -> str:
    return one_line(str(error))
