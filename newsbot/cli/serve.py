"""`serve`: the ledger as a site, and how the service is."""

from __future__ import annotations

import click

from newsbot.cli.base import Session


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Where to listen, else [web] port; 0 takes any port that is free.",
)
@click.option(
    "--host",
    help="Address to listen on, else [web] host. Others than this machine's own need "
    "a token.",
)
@click.pass_obj
def serve(session: Session, port: int | None, host: str | None) -> None:
    """Show deals, their quotes, the graph and the service's state as a site.

    Read-only, beside a running service or without one; prints the address and serves
    until Ctrl-C.
    """
    from newsbot.website import serve_site

    app = session.app

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("read-only; Ctrl-C stops", err=True)

    serve_site(app.config, app.gazetteer, app.clock, ready, host=host, port=port)
