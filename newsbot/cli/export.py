"""`export`: deals for spreadsheets, programs, feed readers and data frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from newsbot.cli.base import Session
from newsbot.cli.chosen import choosing, deals_of

if TYPE_CHECKING:
    from newsbot.stages.asking import Asked

Format = Literal["csv", "json", "atom", "json-feed", "parquet"]


@click.command()
@click.option(
    "--format",
    "format_",
    required=True,
    type=click.Choice(("csv", "json", "atom", "json-feed", "parquet")),
    help="csv: a row per deal; json: all that `show` knows; atom, json-feed: "
    "a feed, newest first; parquet: for data frames, with the extra of that name.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write, whole or not at all; else standard output.",
)
@choosing
@click.pass_obj
def export(session: Session, asked: Asked, format_: Format, out: Path | None) -> None:
    """Write deals as CSV, JSON, an Atom or JSON feed, or Parquet."""
    from newsbot.adapters.files import write_whole

    to_stdout = out is None or str(out) == "-"
    if format_ == "parquet" and to_stdout:
        raise click.UsageError("parquet needs --out FILE")
    data, n_deals = _written(session, asked, format_)
    if out is None or to_stdout:
        click.echo(data.decode("utf-8"), nl=False)
        return
    write_whole(out, data)
    click.echo(f"{n_deals} deal{'s' if n_deals != 1 else ''}: {out}", err=True)


def _written(session: Session, asked: Asked, format_: Format) -> tuple[bytes, int]:
    from datetime import UTC, datetime

    from newsbot.adapters.listing import deal_rows
    from newsbot.stages.export import write_atom, write_csv

    store = session.store
    found = deals_of(session, asked)
    if format_ == "json":
        from newsbot.cli.views import shown_deal

        views = [shown_deal(deal, store) for deal in found]
        text = json.dumps(views, ensure_ascii=False, indent=2) + "\n"
        return text.encode("utf-8", "replace"), len(found)
    rows = deal_rows(store, session.gazetteer, found)
    if format_ == "csv":
        return write_csv(rows).encode("utf-8", "replace"), len(rows)
    if format_ == "atom":
        return write_atom(rows, datetime.now(UTC), asked.line), len(rows)
    if format_ == "json-feed":
        from newsbot.stages.export_feed import write_json_feed

        return write_json_feed(rows, asked.line), len(rows)
    from newsbot.adapters.parquet import parquet_bytes

    return parquet_bytes(rows), len(rows)
