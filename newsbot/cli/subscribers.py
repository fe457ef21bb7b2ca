"""`subscribers`: who reads by mail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import click

from newsbot.cli.base import Session, write_json
from newsbot.vocabulary import DEAL_TYPES, LANGUAGES, STATUSES

if TYPE_CHECKING:
    from newsbot.subscribing import Choice, Subscriber


@click.group()
def subscribers() -> None:
    """Manage who gets the digest by mail."""


@subscribers.command()
@click.argument("address")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Else that of the alerts.")
@click.option(
    "--at",
    default="07:00",
    show_default=True,
    metavar="TIME",
    help='When it goes out, local time: "07:30".',
)
@click.option(
    "--zone",
    metavar="ZONE",
    help='"Europe/Berlin", or its city; else digest.time_zone of the config.',
)
@click.option(
    "--days",
    type=click.Choice(["daily", "weekdays", "weekly"]),
    default="daily",
    show_default=True,
    help="weekdays: Monday to Friday; weekly: on Mondays.",
)
@click.option("--instant", is_flag=True, help="Each deal at once, too, as a mail.")
@click.option(
    "--party", "parties", multiple=True, metavar="NAME", help="As in `deals`."
)
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice(DEAL_TYPES),
    help="As in `deals`.",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="As in `deals`.",
)
@click.option("--min-amount", default="", metavar="SUM", help="As in `deals`.")
@click.option(
    "--reported-in",
    "languages",
    multiple=True,
    type=click.Choice(LANGUAGES),
    help="Only deals that an article in this language tells.",
)
@click.option(
    "--filter",
    "filters",
    default="",
    metavar="WORDS",
    help="As after /filter in the bot: 'party:Oracle,CoreWeave gpu* !rumour'.",
)
@click.pass_obj
def add(session: Session, /, **options: Any) -> None:
    """Ask the owner of ADDRESS for a yes; with it, the digest begins.

    A mail with a token goes out at once, and nothing else before the token is
    confirmed. For an address that is known, the new settings hold from then on.
    """
    from newsbot.errors import UserError
    from newsbot.front_desk import check_wish
    from newsbot.stages.local_days import find_zone, read_time
    from newsbot.subscribing import Wish

    app = session.app
    at = read_time(options["at"])
    if at is None:
        raise UserError(f'--at {options["at"]!r} is no time of day such as "07:30"')
    zone = options["zone"] or app.config.digest.time_zone
    wish = check_wish(
        Wish(
            address=options["address"],
            language=options["lang"] or app.config.alerts.language,
            time_zone=find_zone(zone) or zone,
            at=at,
            days=options["days"],
            instant=options["instant"],
            choice=_read_choice(options),
        )
    )
    app.mailroom.desk.ask(wish, app.clock())
    click.echo(
        f"{wish.address} was asked by mail; `newsbot subscribers confirm TOKEN` "
        "with the token from that mail begins the digest",
        err=True,
    )


def _read_choice(options: dict[str, Any]) -> Choice:
    """Read which deals are wanted: all that the options and the filter ask for."""
    from newsbot.errors import UserError
    from newsbot.stages.typed import FilterError, read_filters
    from newsbot.subscribing import choice_of

    for party in options["parties"]:
        if not any(char.isalnum() for char in party):
            raise UserError(f"{party!r} is not a name")
    try:
        typed = choice_of(read_filters(options["filters"]))
    except FilterError as error:
        raise UserError(f"--filter: nobody understands {str(error)!r}") from error
    return replace(
        typed,
        parties=options["parties"],
        types=options["types"],
        statuses=options["statuses"],
        min_amount=options["min_amount"],
        languages=tuple(dict.fromkeys((*options["languages"], *typed.languages))),
    )


@subscribers.command()
@click.argument("token")
@click.pass_obj
def confirm(session: Session, token: str) -> None:
    """Confirm an address with the TOKEN that was mailed to it."""
    app = session.app
    wish = app.mailroom.desk.confirm(token, app.clock()).wish
    click.echo(
        f"confirmed: {wish.address}, {wish.days} at {wish.at:%H:%M} {wish.time_zone}",
        err=True,
    )


@subscribers.command()
@click.argument("address")
@click.pass_obj
def remove(session: Session, address: str) -> None:
    """Forget ADDRESS with every letter to it; a token from a mail does as well."""
    from newsbot.errors import UserError

    if not session.app.mailroom.desk.leave(address):
        raise UserError(f"{address!r} is no reader's address or token")
    click.echo("removed, with all that waited for it", err=True)


@subscribers.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """List the readers, their settings and what is wrong with their mailbox."""
    from newsbot.stages.printable import one_line, table

    found = session.app.store.subscribers.all()
    if as_json:
        write_json([_view(one) for one in found])
        return
    if not found:
        click.echo(
            "no readers yet: `newsbot subscribers add ADDRESS` asks one", err=True
        )
        return
    rows = [["address", "state", "language", "when", "zone", "choice"]]
    for one in found:
        wish = one.wish
        rows.append(
            [
                one_line(wish.address, 50),
                one_line(
                    one.state if one.error is None else f"{one.state}: {one.error}", 60
                ),
                wish.language,
                f"{wish.days} {wish.at:%H:%M}" + (" + instant" if wish.instant else ""),
                wish.time_zone,
                one_line(_choice(one), 60) or "everything",
            ]
        )
    for line in table(rows):
        click.echo(line)


def _choice(one: Subscriber) -> str:
    from newsbot.stages.typed import write_filters

    choice = one.wish.choice
    parts = (
        *choice.parties,
        *choice.types,
        *choice.statuses,
        *(f"from {sum_}" for sum_ in (choice.min_amount,) if sum_),
        *(f"in {language}" for language in choice.languages),
        *(written for written in (write_filters(choice.filters),) if written),
    )
    return ", ".join(parts)


def _view(one: Subscriber) -> dict[str, Any]:
    from newsbot.stages.typed import write_filters

    wish, choice = one.wish, one.wish.choice
    state: Literal["asked", "active", "suspended"] = one.state
    return {
        "address": wish.address,
        "state": state,
        "error": one.error,
        "language": wish.language,
        "at": f"{wish.at:%H:%M}",
        "time_zone": wish.time_zone,
        "days": wish.days,
        "instant": wish.instant,
        "parties": list(choice.parties),
        "types": list(choice.types),
        "statuses": list(choice.statuses),
        "min_amount": choice.min_amount or None,
        "reported_in": list(choice.languages),
        "filters": write_filters(choice.filters) or None,
        "confirmed": one.confirmed_at.isoformat() if one.confirmed_at else None,
        "last_digest": one.last_date.isoformat() if one.last_date else None,
    }
