"""Which figures of a deal are the same, and which contradict each other?

In: a deal and its sources. Out: per role, the figures of sources that disagree, and
which figures of one more telling are new.

Papers round and convert; that is no contradiction. "Up to" and a firm sum are one.
Nothing is ever averaged: what differs is shown side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from newsbot.stages.currencies import CURRENCIES
from newsbot.stages.likeness import close
from newsbot.stages.sources import Source
from newsbot.types import Amount, Deal
from newsbot.vocabulary import AMOUNT_KINDS, AmountKind

#: How far a sum converted at `CURRENCIES` may be from the other: the euro moved by
#: 8 % around that table's rate in ten years, and papers round by 5 %. Below that of
#: `identify`, which asks whether two may be one deal: here they are.
CONVERTED_TOLERANCE = Decimal("0.12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A figure, and the source that gives it."""

    amount: Amount
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Sources that disagree about the figure of one role."""

    kind: AmountKind
    #: One per source, in the order of the sources.
    claims: tuple[Claim, ...]


def same_figure(one: Amount, other: Amount) -> bool:
    """Whether two figures may be one, rounded or converted, and are equally firm."""
    firm = (one.bound == "up_to") == (other.bound == "up_to")
    return firm and _same_sum(one, other)


def differences(deal: Deal, sources: Sequence[Source]) -> tuple[Difference, ...]:
    """Find the roles about which sources disagree.

    Args:
        deal: With its findings; only those of its present status are compared, for
            what was negotiated is not what was signed.
        sources: Where the findings stand.

    Returns:
        Per kind of amount at most one difference. A source is compared by what it
        said last, and agrees where any of its figures of this kind, or what several
        come to, is one of the other's; of whatever kind, for papers mistake kinds.
    """
    found = []
    said = [(source, _last_said(deal, source)) for source in sources]
    for kind in AMOUNT_KINDS:
        claims: list[Claim] = []
        for source, amounts in said:
            own = [amount for amount in amounts if amount.kind == kind]
            if own and all(
                not _agree(
                    kind, amounts, _last_said(deal, claim.source), own[0], claim.amount
                )
                for claim in claims
            ):
                claims.append(Claim(amount=own[0], source=source))
        if len(claims) > 1:
            found.append(Difference(kind=kind, claims=tuple(claims)))
    return tuple(found)


def _last_said(deal: Deal, source: Source) -> list[Amount]:
    """The figures of a source's latest article that gives any."""
    for article in reversed(source.articles):
        amounts = [
            amount
            for finding in deal.findings
            if finding.article_id == article.id and finding.status == deal.status
            for amount in finding.amounts
        ]
        if amounts:
            return amounts
    return []


def new_figures(
    told: Sequence[Amount], known: Sequence[Sequence[Amount]]
) -> tuple[Amount, ...]:
    """Pick the figures of one telling that nobody told before.

    Args:
        told: One article's figures.
        known: Those of each article before.

    Returns:
        Role by role, a ceiling apart from what is firm, the figures of those of which
        none, nor what several come to, is known: beside a known figure stand its
        parts, or what an article recalls.
    """
    roles: dict[tuple[AmountKind, bool], list[Amount]] = {}
    for amount in told:
        roles.setdefault((amount.kind, amount.bound == "up_to"), []).append(amount)
    return tuple(
        amount
        for same in roles.values()
        if not any(_is_told(same, others) for others in known)
        for amount in same
    )


def _agree(
    kind: AmountKind,
    these: Sequence[Amount],
    those: Sequence[Amount],
    one: Amount,
    other: Amount,
) -> bool:
    """Whether two sources do not contradict each other about one role."""
    if one.payer and other.payer and one.payer.casefold() != other.payer.casefold():
        return True  # two payers, two sums
    return _is_told([a for a in these if a.kind == kind], those) or _is_told(
        [a for a in those if a.kind == kind], these
    )


def _is_told(figures: Sequence[Amount], others: Sequence[Amount]) -> bool:
    """Whether any figure, or what several come to, is one of the others."""
    return any(same_figure(a, b) for a in _summed(figures) for b in _summed(others))


def _summed(amounts: Sequence[Amount]) -> list[Amount]:
    """The figures, and what several of one kind come to."""
    parts: dict[tuple[str, str, bool], list[Amount]] = {}
    for amount in amounts:
        key = (amount.kind, amount.currency, amount.bound == "up_to")
        parts.setdefault(key, []).append(amount)
    totals = [
        replace(same[0], value=sum((a.value for a in same), Decimal()))
        for same in parts.values()
        if len(same) > 1
    ]
    return [*amounts, *totals]


def _same_sum(one: Amount, other: Amount) -> bool:
    if not close(one.value, one.currency, other.value, other.currency):
        return False
    if one.currency == other.currency:
        return True
    left = one.value / CURRENCIES[one.currency].per_dollar
    right = other.value / CURRENCIES[other.currency].per_dollar
    return abs(left - right) <= CONVERTED_TOLERANCE * max(left, right)
