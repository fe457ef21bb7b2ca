"""What do deals come to, by cloud, by lab or by quarter?

In: deals, rates, and the organisations that are known. Out: one row per group, sums
per bound and in the papers' currencies first, and what was left out.

Four columns that are never added to each other: firm, about, at least, up to. A
deal of two clouds stands in both rows and once in the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from typing import Literal

from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import Rates, quarter_of
from newsbot.stages.worth import LeftOut, Worth, worth
from newsbot.types import Amount, Deal
from newsbot.vocabulary import Bound, OrganisationKind, Role

By = Literal["cloud", "lab", "quarter"]

BY: tuple[By, ...] = ("cloud", "lab", "quarter")
_TRADES: dict[By, frozenset[OrganisationKind]] = {
    "cloud": frozenset(("cloud", "neocloud")),
    "lab": frozenset(("lab",)),
}
#: By what it does in the deal, an organisation that no list knows is one.
_ROLES: dict[By, Role] = {"cloud": "provider", "lab": "model_provider"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A sum in one currency."""

    #: In whole units of `currency`.
    value: Decimal
    #: ISO 4217.
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Sums of one bound."""

    #: As the papers state them, largest in dollars first; never converted.
    originals: tuple[Money, ...] = ()
    #: All of them in US dollars, for comparison.
    dollars: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums apart by bound; never to be added."""

    firm: Column = Column()
    about: Column = Column()
    at_least: Column = Column()
    up_to: Column = Column()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group of deals and what they come to."""

    #: A cloud, a lab or a quarter; None for deals that name none.
    name: str | None
    #: Deals of which a sum is counted.
    n_deals: int
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Omitted:
    """Ids of deals of which nothing, or not everything, is counted."""

    talks: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    no_sum: tuple[str, ...] = ()
    #: Papers contradict each other.
    differing: tuple[str, ...] = ()
    #: Some or all sums are in a currency without a rate.
    no_rate: tuple[str, ...] = ()
    #: The currencies of those sums.
    currencies: tuple[str, ...] = ()
    #: The only report was taken back by its publisher.
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What deals come to."""

    by: By | None
    rows: tuple[Row, ...]
    #: Every deal once.
    whole: Row
    omitted: Omitted
    #: Deals that stand in several rows.
    n_shared: int = 0
    #: Deals with a figure that some papers call firm and others "up to".
    n_mixed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    deal: Deal
    figures: tuple[Amount, ...]


def totals(
    deals: Iterable[Deal], rates: Rates, gazetteer: Gazetteer, by: By | None = None
) -> Totals:
    """Add up what deals are worth.

    Args:
        deals: With all their findings.
        rates: For comparing currencies; a sum without a rate is left out.
        gazetteer: Who is a cloud, who a lab, and who belongs to whom.
        by: What the rows stand for; None gives none.

    Returns:
        Rows by firm money, largest first, quarters in their order; sums, and what
        was left out of them.
    """
    counted: list[_Counted] = []
    omitted: dict[LeftOut, list[str]] = {}
    no_rate: list[str] = []
    currencies: set[str] = set()
    n_mixed = 0
    for deal in deals:
        told = worth(deal, rates, gazetteer.related)
        if told.left_out is not None:
            omitted.setdefault(told.left_out, []).append(deal.id)
            continue
        figures = comparable(told, rates, deal.first_seen_at)
        unknown = {one.currency for one in told.figures if one not in figures}
        if unknown:
            no_rate.append(deal.id)
            currencies |= unknown
        if figures:
            counted.append(_Counted(deal=deal, figures=figures))
            n_mixed += told.mixed
    groups: dict[str | None, list[_Counted]] = {}
    n_shared = 0
    for one in counted if by else ():
        names = _groups(one.deal, gazetteer, by) or [None]
        n_shared += len(names) > 1
        for name in names:
            groups.setdefault(name, []).append(one)
    rows = [_row(name, group, rates) for name, group in groups.items()]
    return Totals(
        by=by,
        rows=tuple(_sorted(rows, by)),
        whole=_row(None, counted, rates),
        omitted=Omitted(
            talks=tuple(omitted.get("talks", ())),
            ended=tuple(omitted.get("ended", ())),
            no_sum=tuple(omitted.get("no_sum", ())),
            differing=tuple(omitted.get("differing", ())),
            no_rate=tuple(no_rate),
            currencies=tuple(sorted(currencies)),
            withdrawn=tuple(omitted.get("withdrawn", ())),
        ),
        n_shared=n_shared,
        n_mixed=n_mixed,
    )


def comparable(told: Worth, rates: Rates, at: datetime) -> tuple[Amount, ...]:
    """Pick the figures whose currency has a rate."""
    return tuple(
        one
        for one in told.figures
        if rates.dollars(one.value, one.currency, at) is not None
    )


def sums_of(figures: Sequence[tuple[Amount, datetime]], rates: Rates) -> Sums:
    """Add figures up, each bound by itself.

    Args:
        figures: Shape (n, 2): a figure whose currency has a rate, and the moment
            whose rate serves.
        rates: For the dollars.
    """

    def column(bound: Bound) -> Column:
        values: dict[str, Decimal] = {}
        dollars: dict[str, Decimal] = {}
        for one, at in figures:
            worth_now = rates.dollars(one.value, one.currency, at)
            if one.bound != bound or worth_now is None:
                continue
            values[one.currency] = values.get(one.currency, Decimal()) + one.value
            dollars[one.currency] = dollars.get(one.currency, Decimal()) + worth_now
        order = sorted(values, key=lambda code: (-dollars[code], code))
        return Column(
            originals=tuple(Money(value=values[code], currency=code) for code in order),
            dollars=sum(dollars.values(), Decimal()),
        )

    return Sums(
        firm=column("exact"),
        about=column("about"),
        at_least=column("at_least"),
        up_to=column("up_to"),
    )


def rounded(dollars: Decimal) -> Decimal:
    """Round a conversion to three digits, which is more than it is worth.

    >>> rounded(Decimal("17213456789.12"))
    Decimal('1.72E+10')
    """
    return Context(prec=3).plus(dollars)


def _row(name: str | None, group: Sequence[_Counted], rates: Rates) -> Row:
    figures = [(one, each.deal.first_seen_at) for each in group for one in each.figures]
    return Row(name=name, n_deals=len(group), sums=sums_of(figures, rates))


def _sorted(rows: list[Row], by: By | None) -> list[Row]:
    if by == "quarter":
        return sorted(rows, key=lambda row: row.name or "")

    def key(row: Row) -> tuple[bool, Decimal, Decimal, str]:
        sums = row.sums
        softer = sums.about.dollars + sums.at_least.dollars + sums.up_to.dollars
        return row.name is None, -sums.firm.dollars, -softer, row.name or ""

    return sorted(rows, key=key)


def _groups(deal: Deal, gazetteer: Gazetteer, by: By | None) -> list[str | None]:
    """Name the clouds, the labs or the quarter of a deal; units count as parents."""
    if by is None or by == "quarter":
        return [quarter_of(deal.first_seen_at)]
    found: list[str | None] = []
    for name, roles in deal.parties:
        group: str | None = None
        if gazetteer.get(name) is None:
            group = name if _ROLES[by] in roles else None
        up: str | None = gazetteer.canonical(name)
        while up is not None and (one := gazetteer.get(up)) is not None:
            if one.kind in _TRADES[by]:
                group = one.name
            up = one.parent
        if group is not None and group not in found:
            found.append(group)
    return found
