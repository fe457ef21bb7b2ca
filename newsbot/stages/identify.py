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

from newsbot.stages.currencies import CURRENCIES
from newsbot.types import (
    ROLES,
    Deal,
    Finding,
    Role,
    Status,
    Verdict,
    identity,
)

#: Days between two reports of one deal; papers retell a deal as news for weeks.
SAME_DEAL_DAYS = 45
#: Talks are signed months later, if at all.
TALKS_DAYS = 180
#: An extension or an end may come years after the deal.
SEQUEL_DAYS = 1_500
#: Score from which two are one deal; see `_score`. Moving it trades false merges
#: against duplicate alerts: re-run `newsbot evaluate` and compare `alerts`.
THRESHOLD = 1.0
#: Days within which papers tell one event, each with its own words and figures.
SAME_EVENT_DAYS = 2
#: Papers round; a conversion adds the distance of the day's rate from that in
#: `CURRENCIES`, which has one rate per currency for all years.
ROUNDED_TOLERANCE = Decimal("0.05")
CONVERTED_TOLERANCE = Decimal("0.2")
#: What is signed differs from what was negotiated.
NEGOTIATED_TOLERANCE = Decimal("0.25")
#: How far a deal has come. What is signed does not become talks again because a
#: late paper says so, in whatever order the papers arrive.
_STAGE: dict[Status, int] = {"talks": 0, "announced": 1, "expanded": 2, "ended": 2}
_SEQUELS: tuple[Status, ...] = ("expanded", "ended")

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
    score, deal, why = max(
        scored, key=lambda item: (item[0], item[1].first_seen_at, item[1].id)
    )
    joined = _joined(deal, finding, published_at, related)
    verdict: Verdict = "update" if _is_news(finding, published_at, deal) else "repeat"
    return Identified(
        deal=joined, verdict=verdict, reason=f"same deal, score {score:.2f}: {why}"
    )


def _is_news(finding: Finding, published_at: datetime, deal: Deal) -> bool:
    """Whether a known deal has moved on; a second extension is news, too."""
    if _next_status(deal, finding, published_at) != deal.status:
        return True
    again = finding.status == deal.status == "expanded"
    days = (published_at - deal.last_seen_at).days
    known = any(other.id == finding.id for other in deal.findings)
    return again and days > SAME_DEAL_DAYS and not known


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
    findings = (other for other in deal.findings if other.id != finding.id)
    return replace(
        deal,
        status=_next_status(deal, finding, published_at),
        types=tuple(dict.fromkeys((*deal.types, *finding.types))),
        parties=tuple(parties.items()),
        first_seen_at=min(deal.first_seen_at, published_at),
        last_seen_at=max(deal.last_seen_at, published_at),
        findings=(*findings, finding),
    )


def _next_status(deal: Deal, finding: Finding, published_at: datetime) -> Status:
    """The status farthest along; of extension and end the one told last."""
    known, said = _STAGE[deal.status], _STAGE[finding.status]
    if said == known:
        later = published_at >= deal.last_seen_at
        return finding.status if later else deal.status
    return finding.status if said > known else deal.status


def _score(
    finding: Finding, published_at: datetime, deal: Deal, related: Related
) -> tuple[float, str]:
    """Weigh whether a finding tells of a known deal.

    Two shared parties at least. They give up to 1.0 (as a share of the smaller
    side), sums that agree 0.4 (not years later, when they agree by chance), sums
    that differ -0.5. No common type is -0.3, but not within days: then it is one
    event, and papers stress different sides of it.
    """
    if any(
        other.article_id == finding.article_id and other.id != finding.id
        for other in deal.findings
    ):
        return 0.0, "its article tells the two apart"
    days = _days_apart(published_at, deal)
    same_event = days <= SAME_EVENT_DAYS
    # Whichever paper comes first: one tells the extension, one the deal.
    sequel = finding.status in _SEQUELS or (same_event and deal.status in _SEQUELS)
    signed = deal.status == "talks" and finding.status == "announced"
    longest = SEQUEL_DAYS if sequel else TALKS_DAYS if signed else SAME_DEAL_DAYS
    if days > longest:
        return 0.0, f"{days} days apart"
    names = [party.name for party in finding.parties]
    others = [name for name, _ in deal.parties]
    shared = [name for name in names if any(related(name, other) for other in others)]
    smaller = min(len(names), len(others))
    if len(shared) < 2:
        return 0.0, f"only {len(shared)} shared"
    score = len(shared) / smaller
    why = [f"{len(shared)} of {smaller} parties ({', '.join(shared)})"]
    late_talks = same_event and deal.status == "announced" and finding.status == "talks"
    moved = (signed or late_talks) and len(shared) == smaller
    tolerance = NEGOTIATED_TOLERANCE if moved else ROUNDED_TOLERANCE
    agreement = _sums(finding, deal, tolerance)
    if agreement is True and days <= SAME_DEAL_DAYS:
        score += 0.4
        why.append("sums agree")
    elif agreement is False and not sequel:
        score -= 0.5
        why.append("sums differ")
    if not (same_event or set(finding.types) & set(deal.types)):
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


def _sums(finding: Finding, deal: Deal, tolerance: Decimal) -> bool | None:
    """Whether any sum agrees; None where one side names none."""
    said = _figures(finding)
    known = [figure for other in deal.findings for figure in _figures(other)]
    if not known or not said:
        return None
    return any(close(*a, *b, tolerance) for a in said for b in known)


def _figures(finding: Finding) -> list[tuple[Decimal, str]]:
    """The sums an article names, and what several of one kind come to.

    "Up to 5 billion from one and 10 billion from the other" is 15 in a headline.
    """
    figures = [(amount.value, amount.currency) for amount in finding.amounts]
    parts: dict[tuple[str, str], list[Decimal]] = {}
    for amount in finding.amounts:
        parts.setdefault((amount.kind, amount.currency), []).append(amount.value)
    totals = (
        (sum(values, Decimal()), currency)
        for (_, currency), values in parts.items()
        if len(values) > 1
    )
    return [*figures, *totals]


def close(
    a: Decimal,
    a_currency: str,
    b: Decimal,
    b_currency: str,
    tolerance: Decimal = ROUNDED_TOLERANCE,
) -> bool:
    """Whether two sums may be one figure, rounded or converted."""
    if a_currency == b_currency:
        return _near(a, b, tolerance)
    if a_currency not in CURRENCIES or b_currency not in CURRENCIES:
        return False
    left = a / CURRENCIES[a_currency].per_dollar
    right = b / CURRENCIES[b_currency].per_dollar
    return _near(left, right, max(CONVERTED_TOLERANCE, tolerance))


def _near(a: Decimal, b: Decimal, tolerance: Decimal) -> bool:
    return abs(a - b) <= tolerance * max(a, b)
