"""Which organisations made one deal together, where, and who pays?

In: organisations weighed as parties, and how likely each sentence states a deal.
Out: groups, one per deal; the sentences that are a deal's own; the payer of a sum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.features import Candidate, Features
from newsbot.stages.ground import DraftParty
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.types import OrganisationMention

_RESPECTIVELY = re.compile(
    r"\b(respectively|beziehungsweise|bzw|jeweils)\b", re.IGNORECASE
)
#: Least probability of a party that is needed to make two. Below, the article's
#: second side is not named, or not seen.
SECOND_PARTY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An organisation as a party, in the sentence that states it best."""

    mention: OrganisationMention
    sentence: int
    probability: float
    #: Every sentence that names it and may state the deal.
    sentences: frozenset[int]


def choose_parties(claims: Sequence[Claim], threshold: float) -> list[Claim]:
    """Keep the organisations that are likely parties, and two in any case.

    The article was judged to report a deal, and a deal has two sides: where fewer
    reach the threshold, the likeliest two stand, unless they are hopeless.
    """
    likely = [claim for claim in claims if claim.probability >= threshold]
    if len(likely) >= 2:
        return likely
    ranked = sorted(claims, key=lambda claim: -claim.probability)
    return [claim for claim in ranked[:2] if claim.probability >= SECOND_PARTY]


def best_mention(
    features: Features,
    candidate: Candidate,
    scores: Sequence[float] | NDArray[np.float32],
) -> OrganisationMention:
    """The mention in the sentence likeliest to state the deal, the first of equals.

    A headline states a deal without its grammar: the text's own sentence wins
    unless only the headline names the organisation.
    """
    index = features.reading.sentence_index

    def rank(mention: OrganisationMention) -> tuple[bool, float, bool, int]:
        in_text = index(mention.start) > 0
        named = mention.kind in ("name", "unknown")
        return in_text, float(scores[index(mention.start)]), named, -mention.start

    return max(candidate.mentions, key=rank)


def split_deals(claims: Sequence[Claim], gazetteer: Gazetteer) -> list[list[Claim]]:
    """Group parties into deals: who is named in one sentence made one deal.

    Parties join when a stating sentence names both; a party left alone joins
    the nearest group, as papers name the second side a sentence later.
    """
    groups: list[list[Claim]] = []
    for claim in sorted(claims, key=lambda item: item.mention.start):
        joined = [
            group
            for group in groups
            if any(
                claim.sentences & other.sentences
                or gazetteer.related(claim.mention.name, other.mention.name)
                for other in group
            )
        ]
        merged = [claim, *(other for group in joined for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append(merged)
    whole = [group for group in groups if len(group) > 1]
    single = [group[0] for group in groups if len(group) == 1]
    if not whole:
        return [single] if len(single) > 1 else []
    for claim in single:
        nearest = min(
            whole,
            key=lambda group: min(abs(o.sentence - claim.sentence) for o in group),
        )
        nearest.append(claim)
    return whole


def find_payer(
    reading: Reading, start: int, kind: str, parties: Sequence[DraftParty]
) -> str | None:
    """Who pays a sum: the party with the paying role, nearest before the sum."""
    wanted = {"investment": "investor", "purchase": "customer"}.get(kind)
    payers = [party for party in parties if wanted in party.roles]
    if wanted is None or not payers:
        return None
    if len(payers) == 1:
        return payers[0].mention.name
    names = {party.mention.name for party in payers}
    places = [m for m in reading.organisations if m.name in names]
    sentence = reading.sentence_index(start)
    if (paired := _paired(reading, start, places)) is not None:
        return paired

    def distance(mention: OrganisationMention) -> tuple[bool, bool, int]:
        elsewhere = reading.sentence_index(mention.start) != sentence
        return elsewhere, mention.start > start, abs(start - mention.start)

    return min(places, key=distance).name if places else None


def _paired(
    reading: Reading, start: int, places: Sequence[OrganisationMention]
) -> str | None:
    """Read "A and B pay 10 and 5 billion, respectively": in the order given."""
    sentence = reading.sentences[reading.sentence_index(start)]
    if not _RESPECTIVELY.search(reading.text(sentence)):
        return None
    last: dict[str, int] = {}
    for mention in places:
        if sentence.start <= mention.start < start:
            last[mention.name] = mention.start
    if not last:
        return None
    payers = sorted(last, key=lambda name: last[name])
    after = max(last.values())
    sums = [m.start for m in reading.money if after < m.start < sentence.end]
    return payers[sums.index(start)] if len(sums) == len(payers) else None


def own_sentences(
    reading: Reading, group: Sequence[Claim], groups: Sequence[Sequence[Claim]]
) -> frozenset[int]:
    """Sentences whose sums belong to this deal and to no other of the article."""
    if len(groups) == 1:
        return frozenset(range(len(reading.sentences)))
    owners: dict[int, int] = {}
    for number, other in enumerate(groups):
        for claim in other:
            for index in claim.sentences:
                owners.setdefault(index, number)
    mine = groups.index(group)
    own = set()
    current = -1
    for index in range(len(reading.sentences)):
        current = owners.get(index, current)
        if current == mine:
            own.add(index)
    return frozenset(own)
