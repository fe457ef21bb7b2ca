"""`newsbot`: click commands that parse, call and print.

Data goes to standard output, messages and progress to standard error. Nothing
heavy is imported before a command runs: `newsbot --help` answers at once.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from typing import Any

import click

from newsbot import __version__
from newsbot.cli.base import Session
from newsbot.cli.logs import say, set_up_log
from newsbot.errors import NewsbotError
from newsbot.stages.printable import one_line

#: Which modules have which commands.
_ROOMS = {
    "backfill": "backfill import",
    "backup": "backup restore",
    "benchmark": "benchmark",
    "bot": "calibrate invite labels",
    "browse": "browse",
    "check": "check",
    "deals": "deals",
    "decide": "merge split",
    "digest": "digest",
    "export": "export",
    "feeds": "feeds",
    "graph": "graph",
    "ledger": "search show",
    "model": "model tuning",
    "run": "demo evaluate run",
    "serve": "serve",
    "setup": "init",
    "subscribers": "subscribers",
    "watch": "health status",
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}


class _Commands(click.Group):
    """The commands, each read when it is called: one needs not what others need."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the commands."""
        return sorted(_ROOM_OF)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Read a command."""
        if name not in _ROOM_OF:
            return None
        room = vars(import_module(f"newsbot.cli.{_ROOM_OF[name]}"))
        commands = (one for one in room.values() if isinstance(one, click.Command))
        return next(one for one in commands if one.name == name)

    def invoke(self, context: click.Context) -> Any:
        """Run a command; a reader who hangs up early, as `head`, is no error."""
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
