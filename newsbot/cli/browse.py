"""`browse`: the ledger as pages for a person."""

from __future__ import annotations

import click

from newsbot.cli.base import Session


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8001,
    show_default=True,
    help="Where to listen; 0 takes any port that is free.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; another one opens the ledger to your network.",
)
@click.pass_obj
def browse(session: Session, port: int, host: str) -> None:
    """Open the ledger in Datasette: tables, facets, ready queries; read-only.

    Prints the address and serves until Ctrl-C; `newsbot run` may go on beside it.
    """
    from newsbot.adapters.browse import serve
    from newsbot.adapters.listening import is_loopback

    app = session.app
    _ = app.store  # a ledger of an older newsbot has no views yet
    if not is_loopback(host):
        click.echo(f"warning: whoever can reach {host} can read the ledger", err=True)

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("read-only; Ctrl-C stops", err=True)

    serve(app.config.database_path, host, port, ready)
