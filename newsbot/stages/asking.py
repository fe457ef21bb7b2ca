"""The filters by which deals are asked for, as somebody typed them.

In: names, types, sums, days and words, from a command line or an address. Out: the
same as `Wanted`, or one line that says what cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from newsbot.errors import UserError
from newsbot.vocabulary import DealType, Language, Status

if TYPE_CHECKING:
    from newsbot.stages.filters import Wanted

#: Characters of what was typed that an error repeats.
MAX_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as typed; what is empty or None asks for nothing."""

    parties: tuple[str, ...] = ()
    types: tuple[DealType, ...] = ()
    statuses: tuple[Status, ...] = ()
    min_amount: str | None = None
    since: str | None = None
    until: str | None = None
    languages: tuple[Language, ...] = ()
    #: Every word must stand in one article about the deal.
    words: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The filters by name, in a fixed order."""
        listed: tuple[tuple[str, tuple[str | None, ...]], ...] = (
            ("party", self.parties),
            ("type", self.types),
            ("status", self.statuses),
            ("min-amount", (self.min_amount,)),
            ("since", (self.since,)),
            ("until", (self.until,)),
            ("lang", self.languages),
            ("words", (self.words,)),
        )
        return tuple((name, value) for name, all_ in listed for value in all_ if value)

    @property
    def line(self) -> str:
        """The filters in one line, in a fixed order; empty where there are none."""
        return ", ".join(f"{name} {value}" for name, value in self.pairs)

    def wanted(self, now: datetime) -> Wanted:
        """Read what was typed; languages and words are the ledger's to look up.

        Args:
            now: Aware; ages count back from it.

        Raises:
            UserError: A sum, a day, an age or a name cannot be read.
        """
        from newsbot.stages.filters import Wanted, read_sum

        least = None
        if self.min_amount is not None:
            least = read_sum(self.min_amount)
            if least is None:
                raise UserError(
                    f"{self.min_amount[:MAX_SHOWN]!r} is not a sum such as "
                    '"1bn", "500m", "2 Mrd" or "$1bn"'
                )
        since, until = _moment(self.since, now), _moment(self.until, now, end=True)
        if since is not None and until is not None and since >= until:
            raise UserError(f"since {self.since} is after until {self.until}")
        for party in self.parties:
            if not any(char.isalnum() for char in party):
                raise UserError(f"{party[:MAX_SHOWN]!r} is not a name")
        return Wanted(
            parties=self.parties,
            types=self.types,
            statuses=self.statuses,
            min_amount=least,
            since=since,
            until=until,
        )


def _moment(text: str | None, now: datetime, *, end: bool = False) -> datetime | None:
    if text is None:
        return None
    from newsbot.stages.filters import read_moment

    moment = read_moment(text, now, end=end)
    if moment is None:
        raise UserError(
            f'{text[:MAX_SHOWN]!r} is neither a day such as "2026-03-01" nor an age '
            'such as "7d" or "12h"'
        )
    return moment
