"""Does a finding tell of a known deal?

In: a finding, when its article appeared, and a deal. Out: a score, and why.

Keyed on what the deal is: parties first, then sums, types and time. Titles and
words play no part, so that languages need no translation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from newsbot.ports import Reach
from newsbot.stages.currencies import CURRENCIES
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.sides import Sides, among, matched, with_one_spelling
from newsbot.types import Amount, Deal, Finding
from newsbot.vocabulary import Status

#: Days between two reports of one deal; papers retell a deal as news for weeks.
SAME_DEAL_DAYS = 45
#: Talks are signed months later, if at all; years later where both sides are the same
#: and one of them signs rarely.
TALKS_DAYS = 180
LONG_TALKS_DAYS = 540
#: An extension or an end may come years after the deal.
SEQUEL_DAYS = 1_500
#: Score from which two are one deal; see `_score`. Moving it trades false merges
#: against duplicate alerts: re-run `newsbot evaluate` and compare `alerts`.
THRESHOLD = 1.0
#: Days within which papers tell one event, each with its own words and figures.
SAME_EVENT_DAYS = 2
#: Days within which the very same parties, one of which signs rarely, make one deal
#: only, whatever its figures: one paper tells the year's rent, another the whole sum.
SAME_PARTIES_DAYS = 7
#: Papers round; a conversion adds the distance of the day's rate from that in
#: `CURRENCIES`, which has one rate per currency for all years.
ROUNDED_TOLERANCE = Decimal("0.05")
CONVERTED_TOLERANCE = Decimal("0.2")
#: What is signed differs from what was negotiated, and papers of one event round far.
NEGOTIATED_TOLERANCE = Decimal("0.25")
#: Twice as much, or half, where the same sides sign what they negotiated, or two papers
#: contradict each other in the days of the event: no sign of another deal, nor of one.
NEAR_TOLERANCE = Decimal("0.5")
#: Years that one paper tells the rent of together, where another tells one year's; and
#: how exact. Thrice as much may be another deal. Of 218 pairs of tellings of the corpus
#: with the very same sides and other sums within two days all are of one story; 30 of
#: them are multiples. Moving it: re-run `newsbot evaluate` and compare `alerts`.
YEARS = (4, 15)
YEARS_TOLERANCE = Decimal("0.005")
_SEQUELS: tuple[Status, ...] = ("expanded", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How likely a finding tells of a deal."""

    #: From `THRESHOLD` on it does.
    score: float
    #: How many sides both name.
    n_shared: int
    why: str
    #: Whether the finding was not sure of a side that the deal has: what it names
    #: instead may be wrong.
    doubted: bool = False

    @property
    def is_same(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= THRESHOLD


def reach(findings: Sequence[Finding], published_at: datetime) -> Reach:
    """Say how far back, and how far ahead of a late paper, a deal may lie."""
    sequel = any(finding.status in _SEQUELS for finding in findings)
    # A day more: whole days are compared.
    long = timedelta(days=SEQUEL_DAYS + 1)
    since = published_at - (long if sequel else timedelta(days=SAME_DEAL_DAYS + 1))
    talks = published_at - timedelta(days=LONG_TALKS_DAYS + 1)
    days = timedelta(days=SAME_EVENT_DAYS + 1)
    return Reach(
        since=since,
        until=published_at + (long if sequel else timedelta(days=SAME_DEAL_DAYS + 1)),
        talks_since=min(since, talks),
        event=(published_at - days, published_at + days),
    )


def _met(
    finding: Finding, deal: Deal, gazetteer: Gazetteer, days: int
) -> tuple[Sides, bool]:
    """Match the sides; in the days of the event also by names that one was unsure of.

    There, names that read alike are one, too, where that makes the sides fit: papers
    shorten both. For weeks they are where two other sides and a sum are shared.

    Returns:
        The sides, and whether it was the finding that was not sure.
    """
    here = [party.name for party in finding.parties]
    there = [name for name, _ in deal.parties]
    sides = matched(here, there, gazetteer)
    same_event = days <= SAME_EVENT_DAYS
    weeks = days <= SAME_DEAL_DAYS and len(sides.shared) > 1
    if sides.fit or not (same_event or (weeks and sums_agree(finding, deal))):
        return sides, False
    spelt = matched(with_one_spelling(here, there, gazetteer), there, gazetteer)
    if spelt.fit:
        return spelt, False
    if not (same_event and sides.shared):
        return sides, False
    return _with_unsure(sides, finding, deal, gazetteer)


def _with_unsure(
    sides: Sides, finding: Finding, deal: Deal, gazetteer: Gazetteer
) -> tuple[Sides, bool]:
    """Match again with whom one telling has for a party and the other only names.

    Only what hardly happens twice in these days makes up for the doubt: somebody who
    signs rarely, or a sum that agrees. Where the other was sure that it is no party,
    both are asked for.

    Returns:
        The sides, and whether it was the finding that was not sure.
    """
    here = [party.name for party in finding.parties]
    there = [name for name, _ in deal.parties]
    agree = sums_agree(finding, deal)

    def with_others(ours: Sequence[str], theirs: Sequence[str]) -> tuple[Sides, bool]:
        maybe = among(ours, there, gazetteer)
        more = among(theirs, here, gazetteer)
        return matched([*here, *maybe], [*there, *more], gazetteer), bool(maybe)

    unsure = [name for other in deal.findings for name in other.unsure]
    both, doubted = with_others(finding.unsure, unsure)
    if len(both.shared) > 1 and (both.n_rare or agree):
        return both, doubted
    if not (sides.n_rare and agree):
        return sides, False
    named = [name for other in deal.findings for name in other.named]
    both, doubted = with_others([*finding.unsure, *finding.named], [*unsure, *named])
    return (both, doubted) if len(both.shared) > 1 else (sides, False)


def likeness(
    finding: Finding, published_at: datetime, deal: Deal, gazetteer: Gazetteer
) -> Likeness:
    """Weigh whether a finding tells of a known deal.

    Two shared sides at least, and all of the telling that names fewer: who signs with
    another third party signs another deal. Within days a side may be a name that either
    telling was not sure of. That gives 1.0, sums that agree 0.4 (0.1 years later, when
    they may by chance), sums that differ -0.5 (but not where it must be one event). No
    common type is -0.3, but not within days: then it is one event, and papers stress
    different sides of it.
    """
    if any(
        other.article_id == finding.article_id and other.id != finding.id
        for other in deal.findings
    ):
        return Likeness(score=0.0, n_shared=0, why="its article tells the two apart")
    days = days_apart(published_at, deal)
    same_event = days <= SAME_EVENT_DAYS
    sides, doubted = _met(finding, deal, gazetteer, days)
    n = len(sides.shared)
    if n < 2:
        return Likeness(score=0.0, n_shared=n, why=f"only {n} shared")
    # Whichever paper comes first: one tells the extension, one the deal.
    sequel = finding.status in _SEQUELS or (same_event and deal.status in _SEQUELS)
    signed = deal.status == "talks" and finding.status == "announced"
    if days > _longest(sides, sequel=sequel, signed=signed):
        return Likeness(score=0.0, n_shared=n, why=f"{days} days apart")
    # However many names and however much money they share: two deals of giants do.
    if sides.crossing and not (sequel and sides.n_rare > 1):
        return Likeness(score=0.0, n_shared=n, why="each names another party")
    score = 1.0
    n_fewest = n + min(sides.n_only_here, sides.n_only_there)
    why = [f"{n} of {n_fewest} parties ({', '.join(sides.shared)})"]
    late_talks = same_event and deal.status == "announced" and finding.status == "talks"
    moved = (signed or late_talks) and not sides.crossing
    common = set(finding.types) & set(deal.types)
    retold = same_event and not sides.crossing and bool(common)
    wide = NEGOTIATED_TOLERANCE if moved or retold else ROUNDED_TOLERANCE
    agreement = sums_agree(finding, deal, wide)
    if agreement is True:
        score += 0.4 if days <= SAME_DEAL_DAYS else 0.1
        why.append("sums agree")
    elif agreement is False and not sequel:
        at_last = signed and sides.same  # who negotiated with it signs with it
        at_once = same_event and sides.same and bool(common)
        near = (at_last or at_once) and _is_near(finding, deal)
        near = near or (
            at_once
            and (
                _as_much_capacity(finding, deal)
                or _is_multiple(finding, published_at, deal)
            )
        )
        score -= 0.0 if near or _must_be_one(sides, days, at_last) else 0.5
        why.append("sums differ")
    if sequel and agreement is not True and _may_be_others(sides, same_event):
        score -= 0.5
        why.append("an extension of others")
    if not (same_event or common):
        score -= 0.3
        why.append("no common type")
    why.append(f"{days} days apart")
    if doubted:
        why.append("one of them unsure here")
    return Likeness(score=score, n_shared=n, why=", ".join(why), doubted=doubted)


def _may_be_others(sides: Sides, same_event: bool) -> bool:
    """Whether two who sign often extend, or end, some other deal that they have."""
    return not (same_event or sides.same or sides.n_rare)


def _must_be_one(sides: Sides, days: int, at_last: bool) -> bool:
    """Whether a deal is one whatever its figures, as somebody in it signs rarely."""
    told_at_once = SAME_PARTIES_DAYS if sides.same else SAME_EVENT_DAYS
    one_event = days <= told_at_once and not sides.crossing
    return sides.n_rare > 0 and (one_event or at_last)


def _longest(sides: Sides, *, sequel: bool, signed: bool) -> int:
    """Days after which a telling is of another deal."""
    if sequel:
        return SEQUEL_DAYS
    if signed:
        return LONG_TALKS_DAYS if sides.same and sides.n_rare else TALKS_DAYS
    return SAME_DEAL_DAYS


def days_apart(published_at: datetime, deal: Deal) -> int:
    """Whole days between an article and the nearest end of a deal's time."""
    if published_at < deal.first_seen_at:
        apart = deal.first_seen_at - published_at
    else:
        apart = max(published_at - deal.last_seen_at, timedelta())
    return apart.days


def sums_agree(
    finding: Finding, deal: Deal, wide: Decimal = ROUNDED_TOLERANCE
) -> bool | None:
    """Whether any sum agrees; None where one side names none.

    A wide match, as of a negotiated sum or a converted one, must be of one kind:
    an investment of 1.5 billion dollars is no order of 1.1 billion euros.

    Args:
        finding: One article's figures.
        deal: The figures of all its articles.
        wide: How far two figures of one kind may be apart, in [0, 1].
    """
    said = _figures(finding)
    known = [figure for other in deal.findings for figure in _figures(other)]
    if not known or not said:
        return None
    return any(
        close(a, a_currency, b, b_currency, wide)
        if kind == other or "total" in (kind, other)
        else a_currency == b_currency and close(a, a_currency, b, b_currency)
        for a, a_currency, kind in said
        for b, b_currency, other in known
    )


def _is_near(finding: Finding, deal: Deal) -> bool:
    """Whether some sum is twice the other, or half, at most, and none is farther off.

    Of sums of one kind that both tell: what an investor puts in may stay what it was in
    the talks while the order that it pays for becomes another one.
    """
    said = _figures(finding)
    known = [figure for other in deal.findings for figure in _figures(other)]
    both = {kind for _, _, kind in said} & {kind for _, _, kind in known}
    return bool(sums_agree(finding, deal, NEAR_TOLERANCE)) and all(
        any(
            close(a, a_currency, b, b_currency, NEAR_TOLERANCE)
            for a, a_currency, one in said
            for b, b_currency, other in known
            if one == other == kind
        )
        for kind in both
    )


def _is_multiple(finding: Finding, published_at: datetime, deal: Deal) -> bool:
    """Whether one telling names no more than a year's rent of what the other names.

    In the first days of the deal.
    """
    if abs(published_at - deal.first_seen_at) > timedelta(days=SAME_EVENT_DAYS + 1):
        return False
    here = finding.amounts
    known = [other.amounts for other in deal.findings if other.amounts]
    return any(_is_year(here, there) or _is_year(there, here) for there in known)


def _is_year(yearly: Sequence[Amount], whole: Sequence[Amount]) -> bool:
    """Whether the largest sum of one telling is a year's part of another's."""
    top = max(yearly, key=lambda one: one.value, default=None)
    return top is not None and any(
        one.currency == top.currency
        and (one.kind == top.kind or "total" in (one.kind, top.kind))
        and YEARS[0] <= (n := round(one.value / top.value)) <= YEARS[1]
        and _near(one.value, n * top.value, YEARS_TOLERANCE)
        for one in whole
        if top.value
    )


def _as_much_capacity(finding: Finding, deal: Deal) -> bool:
    """Whether both tell of as many chips, or as much power."""
    known = {(one.value, one.unit) for other in deal.findings for one in other.capacity}
    return any((one.value, one.unit) in known for one in finding.capacity)


def _figures(finding: Finding) -> list[tuple[Decimal, str, str]]:
    """The sums an article names with their kinds, and what several come to.

    "Up to 5 billion from one and 10 billion from the other" is 15 in a headline. Of a
    deal that is extended "by 1.1 to 3.5 billion", 2.4 stood before.
    """
    figures = [(a.value, a.currency, str(a.kind)) for a in finding.amounts]
    parts: dict[tuple[str, str], list[Decimal]] = {}
    for amount in finding.amounts:
        parts.setdefault((amount.kind, amount.currency), []).append(amount.value)
    totals = (
        (sum(values, Decimal()), currency, kind)
        for (kind, currency), values in parts.items()
        if len(values) > 1
    )
    return [*figures, *totals, *_before(finding)]


def _before(finding: Finding) -> list[tuple[Decimal, str, str]]:
    """What a deal came to before it was extended: the total less what is added."""
    if finding.status != "expanded":
        return []
    return [
        (whole.value - added.value, whole.currency, "total")
        for whole in finding.amounts
        for added in finding.amounts
        if whole.kind == "total" != added.kind
        and whole.currency == added.currency
        and whole.value > added.value
    ]


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
