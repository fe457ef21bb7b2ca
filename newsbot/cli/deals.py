"""`deals`: the ledger as a table, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from newsbot.cli.base import Session, write_json
from newsbot.cli.chosen import choosing, deals_of, wanted_of

if TYPE_CHECKING:
    from newsbot.adapters.db.catalogue import DealLine
    from newsbot.stages.asking import Asked
    from newsbot.stages.totals import By, Column, Row, Totals
    from newsbot.types import Deal

#: Columns that names, and that sums, take in the table; `show` has them all.
NAMES_WIDTH = 60
SUMS_WIDTH = 40
#: Deals that the table has unless it is told otherwise; nobody reads more of them.
NEWEST = 1_000


@click.command()
@choosing
@click.option(
    "--totals",
    "as_totals",
    is_flag=True,
    help="Add the deals up instead: firm sums, and apart from them all others.",
)
@click.option(
    "--by",
    type=click.Choice(("cloud", "lab", "quarter")),
    help="With --totals: one row for each.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help=f"So many at most, the newest; 0 lists all. The table has {NEWEST:,} "
    "unless you say so, JSON all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def deals(
    session: Session,
    asked: Asked,
    as_totals: bool,
    by: By | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the deals, newest first, or what they come to.

    All filters must fit. Sums are compared in US dollars by the reference rates of
    the European Central Bank that ship with newsbot.
    """
    if by and not as_totals:
        raise click.UsageError("--by needs --totals")
    if as_totals and limit is not None:
        raise click.UsageError("--totals adds up all deals that fit: no --limit")
    if not as_totals and not as_json:
        lines, n_all = _lines(session, asked, NEWEST if limit is None else limit)
        _print_table(lines)
        if n_all > len(lines):
            text = f"the newest {len(lines):,} of {n_all:,} deals; --limit 0 lists all"
            click.echo(text, err=True)
        return
    _whole(session, asked, by, limit, as_totals=as_totals, as_json=as_json)


def _whole(
    session: Session,
    asked: Asked,
    by: By | None,
    limit: int | None,
    *,
    as_totals: bool,
    as_json: bool,
) -> None:
    """Print what takes reading every deal as a whole."""
    found = deals_of(session, asked)
    if as_totals:
        _totals(session, found, by, as_json)
        return
    from newsbot.cli.views import deal_view

    shown = found[:limit] if limit else found
    write_json([deal_view(deal, session.store) for deal in shown])


def _lines(session: Session, asked: Asked, limit: int) -> tuple[list[DealLine], int]:
    """List the newest deals that fit, all for 0, and count those that do.

    Where the ledger can tell, nothing else is asked.
    """
    if asked.parties or asked.min_amount or asked.languages or asked.words is not None:
        ids = [deal.id for deal in deals_of(session, asked)]
        shown = ids[:limit] if limit else ids
        return session.store.catalogue.these(shown), len(ids)
    from newsbot.adapters.db.catalogue import Narrowed

    narrowed = Narrowed()
    if asked.types or asked.statuses or (asked.since, asked.until) != (None, None):
        wanted = wanted_of(asked, datetime.now(UTC))
        narrowed = Narrowed(
            types=wanted.types,
            statuses=wanted.statuses,
            since=wanted.since,
            until=wanted.until,
        )
    catalogue = session.store.catalogue
    found = catalogue.lines(narrowed, limit or None)
    return found, catalogue.count(narrowed) if len(found) == limit else len(found)


def _print_table(found: Sequence[DealLine]) -> None:
    from newsbot.stages.money import format_money
    from newsbot.stages.printable import named, table
    from newsbot.stages.wording import BOUNDS

    if not found:
        click.echo("no deals", err=True)
        return
    rows = [["id", "first seen", "status", "parties", "sums", "types", "sources"]]
    for deal in found:
        sums = dict.fromkeys(
            f"{BOUNDS['en'][bound]}{format_money(value, currency, 'en')}"
            for value, currency, bound in deal.sums
        )
        rows.append(
            [
                deal.id,
                deal.first_seen_at.date().isoformat(),
                "withdrawn" if deal.withdrawn else deal.status,
                named(list(deal.parties), NAMES_WIDTH),
                named(list(sums), SUMS_WIDTH),
                ", ".join(deal.types),
                str(deal.n_sites),
            ]
        )
    click.echo("\n".join(table(rows, right=[6])))  # one by one takes twice as long


def _totals(
    session: Session, found: Sequence[Deal], by: By | None, as_json: bool
) -> None:
    from newsbot.stages.rates import load_rates
    from newsbot.stages.totals import totals

    told = totals(found, load_rates(), session.gazetteer, by)
    if as_json:
        write_json(_totals_view(told))
    else:
        _print_totals(told)


def _print_totals(told: Totals) -> None:
    from newsbot.stages.printable import one_line, table

    bounds = ["firm", "about", "at least", "up to"]
    rows = [[told.by or "", "deals", *bounds]]
    for row in told.rows:
        rows.append([one_line(row.name or f"(no {told.by})", 40), *_cells(row)])
    rows.append(["all deals", *_cells(told.whole)])
    for line in table(rows, right=[1]):
        click.echo(line)
    click.echo("")
    for line in _notes(told):
        click.echo(line)


def _cells(row: Row) -> list[str]:
    sums = row.sums
    columns = (sums.firm, sums.about, sums.at_least, sums.up_to)
    return [str(row.n_deals), *(_cell(column) for column in columns)]


def _cell(column: Column) -> str:
    """The papers' currencies first; dollars where there are others than dollars."""
    from newsbot.stages.money import format_money
    from newsbot.stages.totals import rounded

    money = [format_money(one.value, one.currency, "en") for one in column.originals]
    if not money:
        return "-"
    text = " + ".join(money)
    if {one.currency for one in column.originals} == {"USD"}:
        return text
    return f"{text} (≈ {format_money(rounded(column.dollars), 'USD', 'en')})"


def _notes(told: Totals) -> list[str]:
    from newsbot.stages.rates import load_rates

    left, rates = told.omitted, load_rates()
    notes = [
        "The columns are not to be added: a deal may state a firm sum and, up to "
        "a larger one, its ceiling.",
        f"Left out: {_count(len(left.talks))} in talks, {len(left.ended)} ended, "
        f"{len(left.no_sum)} without a sum, {len(left.differing)} with differing "
        f"figures, {len(left.no_rate)} with sums in a currency without a rate"
        + (f" ({', '.join(left.currencies)})." if left.currencies else ".")
        + (f" {len(left.withdrawn)} withdrawn." if left.withdrawn else ""),
        "A total stands for its parts; a figure that several papers tell counts once.",
    ]
    if told.n_mixed:
        notes.append(
            f'{_count(told.n_mixed)} with a figure that some call firm and others "up '
            'to": counted as "up to".'
        )
    if told.n_shared:
        notes.append(
            f"{_count(told.n_shared)} in several rows; the last row counts each once."
        )
    notes.append(
        f"≈: {rates.source}, average of the quarter in which a deal was first seen "
        f"({rates.first_day} to {rates.last_day})."
    )
    return notes


def _count(n: int) -> str:
    return f"{n} deal" if n == 1 else f"{n} deals"


def _totals_view(told: Totals) -> dict[str, Any]:
    from newsbot.stages.rates import load_rates

    left, rates = told.omitted, load_rates()
    return {
        "by": told.by,
        "rows": [_row_view(row) for row in told.rows],
        "all": _row_view(told.whole),
        "left_out": {
            name: {"deals": len(ids), "ids": list(ids)}
            for name, ids in (
                ("talks", left.talks),
                ("ended", left.ended),
                ("no_sum", left.no_sum),
                ("differing", left.differing),
                ("no_rate", left.no_rate),
                ("withdrawn", left.withdrawn),
            )
        },
        "currencies_without_rate": list(left.currencies),
        "deals_in_several_rows": told.n_shared,
        "deals_firm_and_up_to": told.n_mixed,
        "rates": {
            "source": rates.source,
            "first_day": rates.first_day.isoformat(),
            "last_day": rates.last_day.isoformat(),
        },
    }


def _row_view(row: Row) -> dict[str, Any]:
    from newsbot.evaluation.report import plain_number

    def column(told: Column) -> dict[str, Any]:
        return {
            "usd": int(told.dollars.to_integral_value()),
            "originals": [
                {"value": plain_number(one.value), "currency": one.currency}
                for one in told.originals
            ],
        }

    sums = row.sums
    return {
        "name": row.name,
        "deals": row.n_deals,
        "firm": column(sums.firm),
        "about": column(sums.about),
        "at_least": column(sums.at_least),
        "up_to": column(sums.up_to),
    }
