"""Is a finding a new deal, an update of a known one, or a repeat?

In: a finding, when its article appeared, and the known deals that share a name.
Out: the deal as it stands afterwards, the verdict, and why.

Keyed on what the deal is: parties first, then sums, types and time. Titles and
words play no part, so that languages need no translation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from newsbot.stages.course import next_status
from newsbot.stages.figures import new_figures
from newsbot.stages.likeness import (
    SAME_DEAL_DAYS,
    SAME_EVENT_DAYS,
    Likeness,
    days_apart,
    likeness,
    sums_agree,
)
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.sides import alike, among, same_side, with_one_spelling
from newsbot.types import Deal, Finding, identity
from newsbot.vocabulary import ROLES, Role, Status, Verdict

_Parties = Sequence[tuple[str, tuple[Role, ...]]]
#: How a deal fits the finding of this number.
_Fit = tuple[Likeness, Deal, int]
#: Score of a finding with the deal that holds it already: above all others.
OWN = 9.0
#: Two findings that a person has called different deals.
Apart = Set[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a finding turned out to be."""

    finding: Finding
    #: As it stands afterwards.
    deal: Deal
    verdict: Verdict
    #: In words, with scores, for `newsbot show`.
    reason: str
    #: Ids of deals that turned out to be this one; their findings are its own now.
    absorbed: tuple[str, ...] = ()


def identify(
    findings: Sequence[Finding],
    published_at: datetime,
    known: Sequence[Deal],
    gazetteer: Gazetteer,
    apart: Apart = frozenset(),
) -> list[Identified]:
    """Join one article's findings to the deals they tell of, or open new ones.

    An article tells its deals apart: each known deal takes one finding at most, the
    best pairs first, whatever order the findings come in. A finding that tells two
    young deals at once shows that they are one.

    Args:
        findings: The deals as one article states them.
        published_at: When that article appeared.
        known: Deals that share sides with any of them, with all their findings.
        gazetteer: Tells which names are one, and who signs often.
        apart: What a person has decided.

    Returns:
        For each finding, in their order, the deal afterwards, verdict and reason.
    """
    fits = sorted(
        (
            (like, deal, n)
            for n, finding in enumerate(findings)
            for deal in known
            for like in [_like(finding, published_at, deal, gazetteer, apart)]
            if like.is_same
        ),
        key=_closeness,
        reverse=True,
    )
    homes, taken = _homes(fits)
    parts = _parts(findings, fits, homes, published_at, gazetteer)
    found = []
    now: dict[str, Deal] = {}
    for n, finding in enumerate(findings):
        if n not in homes and n not in parts:
            found.append(_new(finding, published_at, len(known)))
            continue
        like, deal = homes.get(n) or parts[n]
        twins: list[Deal] = []
        for _, one, k in fits:
            if (
                k == n
                and one.id not in taken
                and all(_covers(finding, each, gazetteer) for each in (one, deal))
                and all(
                    _is_one(one, other, published_at, apart) for other in (deal, *twins)
                )
            ):
                twins.append(one)
        taken |= {one.id for one in twins}
        same = now.get(deal.id, deal)
        told = _known(finding, published_at, like, same, twins, gazetteer)
        now[deal.id] = told.deal
        found.append(told)
    return found


def _closeness(fit: _Fit) -> tuple[float, int, datetime, str, int]:
    """The best pair; of equal ones the deal told last, and the finding told first."""
    like, deal, n = fit
    return like.score, like.n_shared, deal.first_seen_at, deal.id, -n


def _homes(fits: Sequence[_Fit]) -> tuple[dict[int, tuple[Likeness, Deal]], set[str]]:
    """Give each finding its deal, the best pairs first, and say which are taken."""
    homes: dict[int, tuple[Likeness, Deal]] = {}
    taken: set[str] = set()
    for like, deal, n in fits:
        if n not in homes and deal.id not in taken:
            homes[n] = like, deal
            taken.add(deal.id)
    return homes, taken


def _parts(
    findings: Sequence[Finding],
    fits: Sequence[_Fit],
    homes: Mapping[int, tuple[Likeness, Deal]],
    published_at: datetime,
    gazetteer: Gazetteer,
) -> dict[int, tuple[Likeness, Deal]]:
    """Give a finding to a deal that has another of its article, if all are parts.

    In the days of the event an article may tell of a deal of three that is known who
    buys from whom and who lends the money as two. Told by two articles, both would be
    that deal. Each names sides of it only, one that no other names, and not all; and
    no sum differs.
    """

    def is_part(finding: Finding, deal: Deal) -> bool:
        return (
            days_apart(published_at, deal) <= SAME_EVENT_DAYS
            and _covers(deal, finding, gazetteer)
            and not _covers(finding, deal, gazetteer)
            and sums_agree(finding, deal) is not False
        )

    holders = {deal.id: [findings[n]] for n, (_, deal) in homes.items()}
    parts: dict[int, tuple[Likeness, Deal]] = {}
    for like, deal, n in fits:
        others, mine = holders.get(deal.id, []), findings[n]
        if n in homes or n in parts or not others:
            continue
        if all(is_part(one, deal) for one in (mine, *others)) and not any(
            _covers(one, mine, gazetteer) or _covers(mine, one, gazetteer)
            for one in others
        ):
            parts[n] = like, deal
            others.append(mine)
    return parts


def _like(
    finding: Finding,
    published_at: datetime,
    deal: Deal,
    gazetteer: Gazetteer,
    apart: Apart,
) -> Likeness:
    if any(other.id == finding.id for other in deal.findings):
        n_shared = len(finding.parties)
        return Likeness(score=OWN, n_shared=n_shared, why="it is its own")
    if any(frozenset((finding.id, other.id)) in apart for other in deal.findings):
        return Likeness(score=0.0, n_shared=0, why="a person has parted them")
    return likeness(finding, published_at, deal, gazetteer)


def _new(finding: Finding, published_at: datetime, n_known: int) -> Identified:
    return Identified(
        finding=finding,
        deal=_opened(finding, published_at),
        verdict="new",
        reason=f"no known deal fits ({n_known} looked at)",
    )


def _known(
    finding: Finding,
    published_at: datetime,
    like: Likeness,
    deal: Deal,
    twins: Sequence[Deal],
    gazetteer: Gazetteer,
) -> Identified:
    whole = deal
    for twin in twins:
        whole = united(whole, twin, gazetteer)
    news = _news(finding, published_at, whole, gazetteer, like)
    verdict: Verdict = "update" if news else "repeat"
    reason = f"same deal, score {like.score:.2f}: {like.why}"
    if news:
        reason += f"; news: {', '.join(news)}"
    absorbed = tuple(one.id for one in (deal, *twins) if one.id != whole.id)
    if absorbed:
        reason += f"; {len(absorbed) + 1} deals turned out to be one"
    return Identified(
        finding=finding,
        deal=_joined(whole, finding, published_at, gazetteer),
        verdict=verdict,
        reason=reason,
        absorbed=absorbed,
    )


def _news(
    finding: Finding,
    published_at: datetime,
    deal: Deal,
    gazetteer: Gazetteer,
    like: Likeness,
) -> list[str]:
    """What a finding adds to a known deal; nothing, where papers retell it."""
    if any(other.id == finding.id for other in deal.findings):
        return []
    if deal.withdrawn_by is not None:
        return ["told again"]
    news = []
    status = _status_after(deal, finding, published_at)
    again = finding.status == deal.status == "expanded"
    if status != deal.status:
        news.append(f"{status} (was {deal.status})")
    elif again and (published_at - deal.last_seen_at).days > SAME_DEAL_DAYS:
        news.append("expanded again")
    names = [name for name, _ in deal.parties]
    news += [
        f"party {party.name}"
        for party in finding.parties
        if not like.doubted
        and not any(
            same_side(party.name, name, gazetteer) or alike(party.name, name, gazetteer)
            for name in names
        )
    ]
    known = [other.amounts for other in deal.findings if other.amounts]
    # What was negotiated is no other figure of what is signed, nor is what a telling
    # says that may be of somebody else.
    weak = like.doubted or finding.status == "talks" != status
    if new_figures(finding.amounts, known) and not (known and weak):
        news.append("another sum" if known else "first sum")
    return news


def _names(telling: Finding | Deal) -> list[str]:
    if isinstance(telling, Finding):
        return [party.name for party in telling.parties]
    return [name for name, _ in telling.parties]


def _covers(one: Finding | Deal, other: Finding | Deal, gazetteer: Gazetteer) -> bool:
    """Whether one names every side that the other names."""
    names = _names(other)
    return among(names, _names(one), gazetteer) == names


def _is_one(one: Deal, other: Deal, published_at: datetime, apart: Apart) -> bool:
    """Whether two deals are one, of which a finding names all sides.

    Only in the days of the event, where their sums do not differ, no article tells
    both, and no person has parted them. Had the finding come first, both would have
    joined it.
    """
    if max(days_apart(published_at, deal) for deal in (one, other)) > SAME_EVENT_DAYS:
        return False
    articles = {finding.article_id for finding in other.findings}
    return (
        not any(finding.article_id in articles for finding in one.findings)
        and not any(sums_agree(f, other) is False for f in one.findings)
        and not any(
            frozenset((a.id, b.id)) in apart
            for a in one.findings
            for b in other.findings
        )
    )


def united(deal: Deal, other: Deal, gazetteer: Gazetteer) -> Deal:
    """Make one deal of two; it keeps the name of the one seen first."""
    first, second = sorted((deal, other), key=lambda one: (one.first_seen_at, one.id))
    return replace(
        first,
        status=next_status(
            first.status, first.last_seen_at, second.status, second.last_seen_at
        ),
        types=tuple(dict.fromkeys((*first.types, *second.types))),
        parties=_with_parties(first.parties, second.parties, gazetteer),
        last_seen_at=max(first.last_seen_at, second.last_seen_at),
        findings=(*first.findings, *second.findings),
        # Withdrawn is only what nobody tells any more.
        withdrawn_by=first.withdrawn_by if second.withdrawn_by is not None else None,
    )


def rebuilt(told: Sequence[tuple[Finding, datetime]], gazetteer: Gazetteer) -> Deal:
    """Make one deal of findings that belong together, with when each was told.

    Args:
        told: At least one.
        gazetteer: Tells which names are one.
    """
    (first, seen), *others = sorted(told, key=lambda pair: (pair[1], pair[0].id))
    deal = _opened(first, seen)
    for finding, later in others:
        deal = _joined(deal, finding, later, gazetteer)
    return deal


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
    deal: Deal, finding: Finding, published_at: datetime, gazetteer: Gazetteer
) -> Deal:
    """Add what a finding says to a deal; nothing that stands is lost."""
    if deal.withdrawn_by is not None:
        return replace(_opened(finding, published_at), id=deal.id)
    told = tuple((party.name, party.roles) for party in finding.parties)
    findings = (other for other in deal.findings if other.id != finding.id)
    return replace(
        deal,
        status=_status_after(deal, finding, published_at),
        types=tuple(dict.fromkeys((*deal.types, *finding.types))),
        parties=_with_parties(deal.parties, told, gazetteer),
        first_seen_at=min(deal.first_seen_at, published_at),
        last_seen_at=max(deal.last_seen_at, published_at),
        findings=(*findings, finding),
    )


def _with_parties(
    known: _Parties, told: _Parties, gazetteer: Gazetteer
) -> tuple[tuple[str, tuple[Role, ...]], ...]:
    """Add parties and roles; a side goes by the name of it that was told first."""
    parties = dict(known)
    spelt = with_one_spelling([name for name, _ in told], list(parties), gazetteer)
    for other, (_, more) in zip(spelt, told, strict=True):
        kin = (n for n in parties if same_side(n, other, gazetteer))
        name = other if other in parties else next(kin, other)
        roles = {*parties.get(name, ()), *more}
        parties[name] = tuple(role for role in ROLES if role in roles)
    return tuple(parties.items())


def _status_after(deal: Deal, finding: Finding, published_at: datetime) -> Status:
    return next_status(deal.status, deal.last_seen_at, finding.status, published_at)
