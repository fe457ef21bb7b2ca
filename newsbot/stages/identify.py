"""Is a finding a new deal, an update of a known one, or a repeat?

In: a finding, when its article appeared, and the known deals that share a name.
Out: the deal as it stands afterwards, the verdict, and why.

Keyed on what the deal is: parties first, then sums, types and time. Titles and
words play no part, so that languages need no translation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from newsbot.types import (
    ROLES,
    Amount,
    Deal,
    Finding,
    Role,
    Status,
    Verdict,
    identity,
)

#: Days between two reports of one deal; papers retell a deal as news for weeks.
SAME_DEAL_DAYS = 45
#: An extension or an end may come years after the deal.
SEQUEL_DAYS = 1_500
#: Score from which two are one deal; see `_score`. Moving it trades false merges
#: against duplicate alerts: re-run `newsbot evaluate` and compare `alerts`.
THRESHOLD = 1.0
#: Sums converted by papers differ by the day's rate and by rounding.
CONVERTED_TOLERANCE = Decimal("0.12")
ROUNDED_TOLERANCE = Decimal("0.05")
#: US dollars per unit, for comparison only; yearly mean of ECB reference rates 2025.
US_DOLLARS = {
    "USD": Decimal(1),
    "EUR": Decimal("1.13"),
    "GBP": Decimal("1.32"),
    "CHF": Decimal("1.20"),
    "JPY": Decimal("0.0067"),
    "CNY": Decimal("0.139"),
    "KRW": Decimal("0.00070"),
    "INR": Decimal("0.0115"),
    "CAD": Decimal("0.715"),
    "AUD": Decimal("0.645"),
    "SEK": Decimal("0.102"),
    "NOK": Decimal("0.096"),
    "DKK": Decimal("0.151"),
    "PLN": Decimal("0.266"),
    "AED": Decimal("0.2723"),
    "SAR": Decimal("0.2667"),
    "SGD": Decimal("0.766"),
    "HKD": Decimal("0.1283"),
    "BRL": Decimal("0.179"),
}

Related = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a finding turned out to be."""

    deal: Deal
    verdict: Verdict
    #: In words, with scores, for `newsbot show`.
    reason: str


def identify(
    finding: Finding, published_at: datetime, known: Sequence[Deal], related: Related
) -> Identified:
    """Join a finding to the deal it tells of, or open a new one.

    Args:
        finding: One deal as one article states it.
        published_at: When that article appeared.
        known: Deals that share an organisation with it, with all their findings.
        related: Whether two names are the same, or parent and unit.

    Returns:
        The deal afterwards, the verdict, and the reason.
    """
    scored = [
        (score, deal, why)
        for deal in known
        for score, why in [_score(finding, published_at, deal, related)]
        if score >= THRESHOLD
    ]
    if not scored:
        return Identified(
            deal=_opened(finding, published_at),
            verdict="new",
            reason=f"no known deal fits ({len(known)} share a name)",
        )
    score, deal, why = max(scored, key=lambda item: (item[0], item[1].first_seen_at))
    joined = _joined(deal, finding, published_at, related)
    verdict: Verdict = "update" if joined.status != deal.status else "repeat"
    return Identified(
        deal=joined, verdict=verdict, reason=f"same deal, score {score:.2f}: {why}"
    )


def _opened(finding: Finding, published_at: datetime) -> Deal:
    return Deal(
        id=identity("deal", finding.id),
        status=finding.status,
        types=finding.types,
        parties=tuple((party.name, party.roles) for party in finding.parties),
        first_seen_at=published_at,
        last_seen_at=published_at,
        findings=(finding,),
    )


def _joined(
    deal: Deal, finding: Finding, published_at: datetime, related: Related
) -> Deal:
    """Add what a finding says to a deal; nothing known is lost."""
    parties: dict[str, tuple[Role, ...]] = dict(deal.parties)
    for party in finding.parties:
        known = next((name for name in parties if related(name, party.name)), None)
        name = known or party.name
        roles = {*parties.get(name, ()), *party.roles}
        parties[name] = tuple(role for role in ROLES if role in roles)
    later = published_at >= deal.last_seen_at
    status = _next_status(deal.status, finding.status) if later else deal.status
    return replace(
        deal,
        status=status,
        types=tuple(dict.fromkeys((*deal.types, *finding.types))),
        parties=tuple(parties.items()),
        first_seen_at=min(deal.first_seen_at, published_at),
        last_seen_at=max(deal.last_seen_at, published_at),
        findings=(*deal.findings, finding),
    )


def _next_status(known: Status, said: Status) -> Status:
    """A signed deal does not become talks again because a late paper says so."""
    if said == "talks" or known == said:
        return known
    if known in ("expanded", "ended") and said == "announced":
        return known
    return said


def _score(
    finding: Finding, published_at: datetime, deal: Deal, related: Related
) -> tuple[float, str]:
    """Weigh whether a finding tells of a known deal.

    Shared parties give up to 1.0 (as a share of the smaller side), sums that
    agree 0.4, sums that differ -0.5, no common type -0.3. Two shared parties at
    least, unless one side names just one.
    """
    days = _days_apart(published_at, deal)
    sequel = finding.status in ("expanded", "ended")
    if days > (SEQUEL_DAYS if sequel else SAME_DEAL_DAYS):
        return 0.0, f"{days} days apart"
    names = [party.name for party in finding.parties]
    others = [name for name, _ in deal.parties]
    shared = [name for name in names if any(related(name, other) for other in others)]
    smaller = min(len(names), len(others))
    if len(shared) < 2:
        return 0.0, f"only {len(shared)} shared"
    score = len(shared) / smaller
    why = [f"{len(shared)} of {smaller} parties ({', '.join(shared)})"]
    agreement = _sums(finding, deal)
    if agreement is True:
        score += 0.4
        why.append("sums agree")
    elif agreement is False and not sequel:
        # Papers of the same hours get figures wrong; later ones tell another deal.
        score -= 0.2 if days <= 2 else 0.5
        why.append("sums differ")
    if not set(finding.types) & set(deal.types):
        score -= 0.3
        why.append("no common type")
    why.append(f"{days} days apart")
    return score, ", ".join(why)


def _days_apart(published_at: datetime, deal: Deal) -> int:
    if published_at < deal.first_seen_at:
        apart = deal.first_seen_at - published_at
    else:
        apart = max(published_at - deal.last_seen_at, timedelta())
    return apart.days


def _sums(finding: Finding, deal: Deal) -> bool | None:
    """Whether any sum agrees; None where one side names none."""
    known = [amount for other in deal.findings for amount in other.amounts]
    if not known or not finding.amounts:
        return None
    return any(close(a, b) for a in finding.amounts for b in known)


def close(a: Amount, b: Amount) -> bool:
    """Whether two sums may be one figure, rounded or converted."""
    if a.currency == b.currency:
        return _near(a.value, b.value, ROUNDED_TOLERANCE)
    if a.currency not in US_DOLLARS or b.currency not in US_DOLLARS:
        return False
    left = a.value * US_DOLLARS[a.currency]
    right = b.value * US_DOLLARS[b.currency]
    return _near(left, right, CONVERTED_TOLERANCE)


def _near(a: Decimal, b: Decimal, tolerance: Decimal) -> bool:
    return abs(a - b) <= tolerance * max(a, b)
