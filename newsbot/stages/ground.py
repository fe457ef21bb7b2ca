"""Every claim has its place in the text, or it goes.

In: drafts, which point at names, sums and sentences found in the text.
Out: findings whose every party, sum and capacity carries its span, and the list
of what was dropped and why.

Nothing here reads a model's words: a draft points at mentions that rules found,
so an organisation or a figure that the article does not hold cannot be drafted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence
from newsbot.types import (
    Amount,
    Capacity,
    CapacityMention,
    Dropped,
    Finding,
    MoneyMention,
    OrganisationMention,
    Party,
    identity,
)
from newsbot.vocabulary import DEAL_TYPES, ROLES, AmountKind, DealType, Role, Status

Related = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftParty:
    """An organisation that is claimed to be a party, where the deal is stated."""

    mention: OrganisationMention
    roles: tuple[Role, ...]
    #: How sure the judge is, in [0, 1]; the surer of parent and unit stays.
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAmount:
    """A sum that is claimed to be the deal's."""

    mention: MoneyMention
    kind: AmountKind
    payer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One deal as a judge claims it."""

    #: The sentence that states it.
    sentence: Sentence
    status: Status
    types: tuple[DealType, ...]
    parties: tuple[DraftParty, ...]
    amounts: tuple[DraftAmount, ...]
    capacity: tuple[CapacityMention, ...]
    #: Names left out that may be parties all the same, and those that hardly are.
    unsure: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def ground(
    reading: Reading, drafts: Sequence[Draft], related: Related
) -> tuple[tuple[Finding, ...], tuple[Dropped, ...]]:
    """Turn drafts into findings.

    Args:
        reading: The article and what rules found in it.
        drafts: What the judge claims, one per deal.
        related: Whether two names are the same, or parent and unit.

    Returns:
        The findings that stand, and everything that was dropped.
    """
    findings: dict[str, Finding] = {}
    all_dropped: list[Dropped] = []
    for draft in drafts:
        dropped: list[Dropped] = []
        parties = _parties(reading, draft, related, dropped)
        names = sorted(party.name for party in parties)
        id_ = identity("finding", reading.article.id, *names)
        reason = ""
        if len(parties) < 2:
            reason = "fewer than two parties"
        elif draft.sentence not in reading.sentences:
            reason = "its sentence is not in the text"
        elif id_ in findings:
            reason = "stated twice"
        if reason:
            claim = f"deal of {', '.join(names) or 'nobody'}"
            dropped.append(Dropped(claim=claim, reason=reason))
        else:
            findings[id_] = _finding(id_, reading, draft, parties, related, dropped)
        all_dropped.extend(dropped)
    return tuple(findings.values()), tuple(all_dropped)


def _finding(
    id_: str,
    reading: Reading,
    draft: Draft,
    parties: tuple[Party, ...],
    related: Related,
    dropped: list[Dropped],
) -> Finding:
    # Sums and capacities first: they add to what was dropped.
    amounts = _amounts(reading, draft, parties, related, dropped)
    capacity = _capacity(reading, draft, dropped)
    return Finding(
        id=id_,
        article_id=reading.article.id,
        status=draft.status,
        status_quote=reading.span(draft.sentence.start, draft.sentence.end),
        types=tuple(type_ for type_ in DEAL_TYPES if type_ in draft.types),
        parties=parties,
        amounts=amounts,
        capacity=capacity,
        dropped=tuple(dropped),
        unsure=draft.unsure,
        named=draft.named,
    )


def _parties(
    reading: Reading, draft: Draft, related: Related, dropped: list[Dropped]
) -> tuple[Party, ...]:
    """Keep each organisation once; of parent and unit the surer one."""
    kept: list[DraftParty] = []
    for party in sorted(draft.parties, key=lambda item: -item.probability):
        name = party.mention.name
        if party.mention not in reading.organisations:
            dropped.append(Dropped(claim=f"party {name}", reason="not in the text"))
            continue
        twin = next((p for p in kept if related(p.mention.name, name)), None)
        if twin is not None:
            if twin.mention.name != name:
                reason = f"{twin.mention.name} is the one that signed"
                dropped.append(Dropped(claim=f"party {name}", reason=reason))
            continue
        kept.append(party)
    kept.sort(key=lambda item: item.mention.start)
    return tuple(
        Party(
            name=party.mention.name,
            roles=tuple(role for role in ROLES if role in party.roles),
            span=reading.span(party.mention.start, party.mention.end),
            quote=reading.quote(party.mention.start),
        )
        for party in kept
    )


def _amounts(
    reading: Reading,
    draft: Draft,
    parties: tuple[Party, ...],
    related: Related,
    dropped: list[Dropped],
) -> tuple[Amount, ...]:
    """Keep each sum once, with its first place; a payer must be a party."""
    kept: dict[tuple[object, ...], Amount] = {}
    for item in sorted(draft.amounts, key=lambda amount: amount.mention.start):
        mention = item.mention
        if mention not in reading.money:
            claim = f"sum {mention.value} {mention.currency}"
            dropped.append(Dropped(claim=claim, reason="not in the text"))
            continue
        payer = next(
            (p.name for p in parties if item.payer and related(p.name, item.payer)),
            None,
        )
        if item.payer and payer is None:
            claim = f"payer {item.payer}"
            dropped.append(Dropped(claim=claim, reason="is no party"))
        amount = Amount(
            value=mention.value,
            currency=mention.currency,
            kind=item.kind,
            bound=mention.bound,
            payer=payer,
            span=reading.span(mention.start, mention.end),
            quote=reading.quote(mention.start),
        )
        kept.setdefault((mention.value, mention.currency, item.kind), amount)
    return tuple(kept.values())


def _capacity(
    reading: Reading, draft: Draft, dropped: list[Dropped]
) -> tuple[Capacity, ...]:
    kept: dict[tuple[object, ...], Capacity] = {}
    for mention in sorted(draft.capacity, key=lambda item: item.start):
        if mention not in reading.capacity:
            claim = f"capacity {mention.value} {mention.unit}"
            dropped.append(Dropped(claim=claim, reason="not in the text"))
            continue
        capacity = Capacity(
            value=mention.value,
            unit=mention.unit,
            span=reading.span(mention.start, mention.end),
            quote=reading.quote(mention.start),
        )
        kept.setdefault((mention.value, mention.unit), capacity)
    return tuple(kept.values())


def joined(
    drafts: Sequence[Draft], more: Sequence[Draft], related: Related
) -> list[Draft]:
    """Add the deals of another stretch of an article; a deal told in both is one.

    Args:
        drafts: Of the stretches before.
        more: Of the next one, which overlaps the last or repeats its news.
        related: Whether two names are one organisation, or a unit and its parent.

    Returns:
        One draft for each deal: its place and kind as told first, every party and
        figure as told in either.
    """
    found = list(drafts)
    for draft in more:
        n = next((n for n, one in enumerate(found) if _same(one, draft, related)), None)
        if n is None:
            found.append(draft)
        else:
            found[n] = _both(found[n], draft, related)
    return found


def _same(one: Draft, other: Draft, related: Related) -> bool:
    shared = [a for a in other.parties if _known(a, one.parties, related)]
    return len(shared) > 1


def _known(party: DraftParty, parties: Sequence[DraftParty], related: Related) -> bool:
    return any(related(party.mention.name, one.mention.name) for one in parties)


def _both(one: Draft, other: Draft, related: Related) -> Draft:
    sums = {(a.mention.value, a.mention.currency) for a in one.amounts}
    sizes = {(c.value, c.unit) for c in one.capacity}
    return replace(
        one,
        types=tuple(t for t in DEAL_TYPES if t in {*one.types, *other.types}),
        parties=(
            *one.parties,
            *(p for p in other.parties if not _known(p, one.parties, related)),
        ),
        amounts=(
            *one.amounts,
            *(
                a
                for a in other.amounts
                if (a.mention.value, a.mention.currency) not in sums
            ),
        ),
        capacity=(
            *one.capacity,
            *(c for c in other.capacity if (c.value, c.unit) not in sizes),
        ),
    )
