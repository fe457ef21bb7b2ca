"""Options that choose deals, the same wherever deals are listed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from newsbot.cli.base import Session
from newsbot.types import DEAL_TYPES, LANGUAGES, STATUSES

if TYPE_CHECKING:
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
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as typed."""

    parties: tuple[str, ...]
    types: tuple[Any, ...]
    statuses: tuple[Any, ...]
    min_amount: str | None
    since: str | None
    until: str | None
    languages: tuple[Any, ...]

    @property
    def words(self) -> str:
        """The filters in one line, in a fixed order; empty where there are none."""
        listed = (
            ("party", self.parties),
            ("type", self.types),
            ("status", self.statuses),
            ("min-amount", filter(None, (self.min_amount,))),
            ("since", filter(None, (self.since,))),
            ("until", filter(None, (self.until,))),
            ("lang", self.languages),
        )
        return ", ".join(f"{name} {value}" for name, all_ in listed for value in all_)

    def deals(self, session: Session) -> tuple[Deal, ...]:
        """List the deals that fit, newest first; says what nobody can compare.

        Raises:
            click.BadParameter: A sum, a day or an age cannot be read.
        """
        from newsbot.stages.filters import Wanted, read_moment, read_sum

        app = session.app
        now = app.clock()
        least = None
        if self.min_amount is not None:
            least = read_sum(self.min_amount)
            if least is None:
                raise click.BadParameter(
                    f"{self.min_amount!r} is not a sum such as "
                    '"1bn", "500m", "2 Mrd" or "$1bn"'
                )
        moments = []
        for text, end in ((self.since, False), (self.until, True)):
            moment = None if text is None else read_moment(text, now, end=end)
            if text is not None and moment is None:
                raise click.BadParameter(
                    f'{text!r} is neither a day such as "2026-03-01" nor an age such '
                    'as "7d" or "12h"'
                )
            moments.append(moment)
        since, until = moments
        if since is not None and until is not None and since >= until:
            raise click.BadParameter(f"--since {self.since} is after --until")
        for party in self.parties:
            if not any(char.isalnum() for char in party):
                raise click.BadParameter(f"{party!r} is not a name")
        wanted = Wanted(
            parties=self.parties,
            types=self.types,
            statuses=self.statuses,
            min_amount=least,
            since=since,
            until=until,
        )
        chosen = app.deals(wanted, self.languages)
        if n := chosen.n_incomparable:
            click.echo(
                f"{n} deal{'s' if n != 1 else ''} left out, because a currency has no "
                "reference rate to compare sums by",
                err=True,
            )
        return chosen.deals


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters; it gets them as `asked`."""

    @functools.wraps(command)
    def with_asked(*args: Any, **options: Any) -> None:
        names = Asked.__dataclass_fields__
        asked = Asked(**{name: options.pop(name) for name in names})
        command(*args, asked=asked, **options)

    for option in reversed(_OPTIONS):
        with_asked = option(with_asked)
    return with_asked
