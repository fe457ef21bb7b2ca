"""Options that choose deals, the same wherever deals are listed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from newsbot.cli.base import Session
from newsbot.vocabulary import DEAL_TYPES, LANGUAGES, STATUSES

if TYPE_CHECKING:
    from datetime import datetime

    from newsbot.stages.asking import Asked
    from newsbot.stages.filters import Wanted
    from newsbot.types import Deal

_OPTIONS = (
    click.option(
        "--party",
        "parties",
        multiple=True,
        metavar="NAME",
        help="Deals of an organisation or its units, in any spelling; repeat it for "
        "deals that name all of them.",
    ),
    click.option(
        "--type",
        "types",
        multiple=True,
        type=click.Choice(DEAL_TYPES),
        help="Repeat it for deals of any of these types.",
    ),
    click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice(STATUSES),
        help="Repeat it for deals in any of these states.",
    ),
    click.option(
        "--min-amount",
        metavar="SUM",
        help='Deals with a sum that large, "up to" included: "1bn", "2 Mrd", "€500m"; '
        "dollars unless it says so.",
    ),
    click.option(
        "--since",
        metavar="WHEN",
        help='First seen since a day (2026-03-01) or an age ("7d", "12h").',
    ),
    click.option(
        "--until",
        metavar="WHEN",
        help="First seen until then, the day included.",
    ),
    click.option(
        "--lang",
        "languages",
        multiple=True,
        type=click.Choice(LANGUAGES),
        help="Reported in that language; repeat it for either.",
    ),
    click.option(
        "--words",
        metavar="WORDS",
        help="Deals of which one article holds every word.",
    ),
)


def deals_of(session: Session, asked: Asked) -> tuple[Deal, ...]:
    """List the deals that fit, newest first; says what nobody can compare.

    Raises:
        click.BadParameter: A sum, a day or an age cannot be read.
    """
    import gc
    from datetime import UTC, datetime

    from newsbot.adapters.db.cells import without_collecting
    from newsbot.adapters.listing import list_deals

    wanted = wanted_of(asked, datetime.now(UTC))
    with without_collecting():
        chosen = list_deals(
            session.store, session.gazetteer, wanted, asked.languages, asked.words
        )
        # They stay until the command ends: to look for garbage among a hundred
        # thousand of them, again and again, takes longer than to add them up.
        gc.freeze()
    if n := chosen.n_incomparable:
        click.echo(
            f"{n} deal{'s' if n != 1 else ''} left out, because a currency has no "
            "reference rate to compare sums by",
            err=True,
        )
    return chosen.deals


def wanted_of(asked: Asked, now: datetime) -> Wanted:
    """Read what was typed.

    Raises:
        click.BadParameter: A sum, a day or an age cannot be read.
    """
    from newsbot.errors import UserError

    try:
        return asked.wanted(now)
    except UserError as error:
        raise click.BadParameter(str(error)) from error


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters; it gets them as `asked`."""

    @functools.wraps(command)
    def with_asked(*args: Any, **options: Any) -> None:
        from newsbot.stages.asking import Asked

        names = Asked.__dataclass_fields__
        asked = Asked(**{name: options.pop(name) for name in names})
        command(*args, asked=asked, **options)

    for option in reversed(_OPTIONS):
        with_asked = option(with_asked)
    return with_asked
