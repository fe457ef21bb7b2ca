"""Who agreed on what, as one memory of an article answers it.

In: a reading, what the model remembers of the article, and the heads.
Out: drafts of deals, for grounding, and the names that were considered and left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsbot.ports import Memory
from newsbot.stages import questions
from newsbot.stages.ground import Draft, DraftAmount, DraftParty
from newsbot.stages.grouping import (
    APART,
    Claim,
    best_mention,
    choose_parties,
    sentences_of,
    split_deals,
    steps_apart,
)
from newsbot.stages.heads import HeadSet
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import token_range
from newsbot.types import (
    AMOUNT_KINDS,
    DEAL_TYPES,
    ROLES,
    STATUSES,
    CapacityMention,
    Dropped,
    MoneyMention,
    OrganisationMention,
    Role,
)

T = TypeVar("T")
Mention = OrganisationMention | MoneyMention | CapacityMention
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    """A sum that is likely a deal's own, with the model's state about it."""

    mention: MoneyMention
    state: Array
    #: Shape (n_claims,): how likely it belongs to each party's deal.
    belongs: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class _Capacity:
    mention: CapacityMention
    belongs: Array


class Extraction:
    """Asks one memory of an article who agreed on what."""

    def __init__(
        self, reading: Reading, memory: Memory, heads: HeadSet, gazetteer: Gazetteer
    ) -> None:
        self._reading = reading
        self._memory = memory
        self._heads = heads
        self._gazetteer = gazetteer
        start, end = memory.start, memory.end

        def inside(mentions: Sequence[T]) -> list[T]:
            return [m for m in mentions if start <= m.start < end]  # type: ignore[attr-defined]

        self._who = questions.candidates(inside(reading.organisations))
        self._sums = questions.sums(inside(reading.money))
        self._quantities = questions.quantities(inside(reading.capacity))
        self._scores = self._sentence_scores()

    @cached_property
    def _asked(self) -> Array:
        """States behind the questions about names, sums and capacities, in order."""
        reading = self._reading
        return self._memory.ask(
            [
                *(
                    questions.about_organisation(reading, one, self._gazetteer)
                    for one in self._who
                ),
                *(questions.about_sum(reading, one) for one in self._sums),
                *(questions.about_quantity(reading, one) for one in self._quantities),
            ]
        )

    @cached_property
    def _everyone(self) -> list[Claim]:
        return self._claims(self._asked[: len(self._who)])

    @property
    def has_two_sides(self) -> bool:
        """Whether two organisations at least are likely parties."""
        threshold = self._heads.thresholds.party
        return sum(claim.probability >= threshold for claim in self._everyone) > 1

    def drafts(self) -> tuple[list[Draft], list[Dropped]]:
        """Say which deals there are, and which names were considered and left out."""
        asked, everyone = self._asked, self._everyone
        n_who, n_sums = len(self._who), len(self._sums)
        claims = choose_parties(
            everyone,
            self._heads.thresholds.party,
            self._invested(asked[n_who : n_who + n_sums]),
        )
        unsure = [
            Dropped(
                claim=f"party {claim.mention.name}",
                reason=f"no party (probability {claim.probability:.2f})",
            )
            for claim in everyone
            if claim not in claims
        ]
        if len(claims) < 2:
            return [], unsure
        groups = split_deals(claims, self._shared(claims), self._gazetteer.related)
        grouped = {n for group in groups for n in group}
        unsure += [
            Dropped(
                claim=f"party {claim.mention.name}",
                reason="no deal with any other party",
            )
            for n, claim in enumerate(claims)
            if n not in grouped
        ]
        states = np.array([claim.state for claim in claims])
        sums = self._own_sums(asked[n_who : n_who + n_sums], claims, states)
        capacity = self._own_capacity(asked[n_who + n_sums :], claims, states)
        drafts = [
            self._draft(
                [claims[n] for n in group],
                [one for one in sums if _owner(one.belongs, groups) == number],
                [one for one in capacity if _owner(one.belongs, groups) == number],
            )
            for number, group in enumerate(groups)
        ]
        return drafts, unsure

    def _shared(self, claims: Sequence[Claim]) -> Array:
        """How likely each two parties made a deal together, shape (n, n)."""
        n = len(claims)
        shared = np.ones((n, n), dtype=np.float32)
        if n == 2:
            return shared
        pairs = list(combinations(range(n), 2))
        asked = self._memory.ask(
            [
                questions.about_deal([claims[a].mention.name, claims[b].mention.name])
                for a, b in pairs
            ]
        )
        likely = self._heads["deal"].probabilities(asked)[:, 0]
        for (a, b), probability in zip(pairs, likely, strict=True):
            sides = claims[a].sentences, claims[b].sentences
            steps = steps_apart(self._reading, *map(set, sides))
            shared[a, b] = shared[b, a] = probability * APART**steps
        return shared

    def _sentence_scores(self) -> Array:
        """How likely each sentence states an agreement; 0 where it was not read."""
        memory = self._memory
        scores = np.zeros(len(self._reading.sentences), dtype=np.float32)
        for n, sentence in enumerate(self._reading.sentences):
            if sentence.end <= memory.start or sentence.start >= memory.end:
                continue
            first, last = token_range(memory.offsets, sentence.start, sentence.end)
            inside = memory.states[first:last]
            both = np.concatenate([inside.mean(0), inside[-1]])
            scores[n] = self._heads["sentence"].probabilities(both[None, :])[0, 0]
        return scores

    def _claims(self, states: Array) -> list[Claim]:
        likely = self._heads["party"].probabilities(states)[:, 0]
        return [
            Claim(
                mention=best_mention(self._reading, one, self._scores),
                probability=float(probability),
                sentences=frozenset(self._sentences(one.mentions)),
                state=state,
            )
            for one, probability, state in zip(self._who, likely, states, strict=True)
        ]

    def _invested(self, states: Array) -> frozenset[int]:
        """Numbers of the sentences that state a sum invested in this deal."""
        if not len(states):
            return frozenset()
        likely = self._heads["amount"].probabilities(states)[:, 0]
        kinds = self._heads["amount_kind"].probabilities(states).argmax(1)
        found: set[int] = set()
        for n, one in enumerate(self._sums):
            own = likely[n] >= self._heads.thresholds.amount
            if own and AMOUNT_KINDS[kinds[n]] == "investment":
                found |= self._sentences(one.mentions)
        return frozenset(found)

    def _own_sums(
        self, states: Array, claims: Sequence[Claim], parties: Array
    ) -> list[_Sum]:
        if not len(states):
            return []
        likely = self._heads["amount"].probabilities(states)[:, 0]
        belongs = self._heads.pairs["belongs"].probabilities(states, parties)
        return [
            _Sum(
                mention=self._best_place(one.mentions),
                state=states[n],
                belongs=belongs[n] * self._nearness(one.mentions, claims),
            )
            for n, one in enumerate(self._sums)
            if likely[n] >= self._heads.thresholds.amount
        ]

    def _own_capacity(
        self, states: Array, claims: Sequence[Claim], parties: Array
    ) -> list[_Capacity]:
        if not len(states):
            return []
        likely = self._heads["capacity"].probabilities(states)[:, 0]
        belongs = self._heads.pairs["belongs"].probabilities(states, parties)
        return [
            _Capacity(
                mention=self._best_place(one.mentions),
                belongs=belongs[n] * self._nearness(one.mentions, claims),
            )
            for n, one in enumerate(self._quantities)
            if likely[n] >= self._heads.thresholds.capacity
        ]

    def _sentences(self, mentions: Sequence[Mention]) -> set[int]:
        return sentences_of(self._reading, [m.start for m in mentions])

    def _nearness(self, mentions: Sequence[Mention], claims: Sequence[Claim]) -> Array:
        """What the distance to each party leaves of a quantity's likelihood."""
        here = self._sentences(mentions)
        steps = [steps_apart(self._reading, here, set(c.sentences)) for c in claims]
        return np.asarray([APART**n for n in steps], dtype=np.float32)

    def _best_place(self, mentions: Sequence[T]) -> T:
        """A headline says a figure without its grammar; the text says it better."""
        n_title = len(self._reading.article.title)
        index = self._reading.sentence_index

        def rank(mention: T) -> tuple[bool, float]:
            start: int = mention.start  # type: ignore[attr-defined]
            return start > n_title, float(self._scores[index(start)])

        return max(mentions, key=rank)

    def _draft(
        self,
        group: Sequence[Claim],
        sums: Sequence[_Sum],
        capacity: Sequence[_Capacity],
    ) -> Draft:
        thresholds = self._heads.thresholds
        names = [claim.mention.name for claim in group]
        about, *parts = self._memory.ask(
            [
                questions.about_deal(names),
                *(questions.about_role(names, name) for name in names),
            ]
        )
        kinds = self._heads["types"].probabilities(about[None, :])[0]
        status = self._heads["status"].probabilities(about[None, :])[0]
        roles = self._heads["roles"].probabilities(np.array(parts))
        states = np.array([claim.state for claim in group])
        index = self._reading.sentence_index
        stating = [index(claim.mention.start) for claim in group]
        strongest = max(stating, key=lambda n: self._scores[n])
        return Draft(
            sentence=self._reading.sentences[strongest],
            status=STATUSES[int(status.argmax())],
            types=_labels(kinds, DEAL_TYPES, thresholds.types),
            parties=tuple(
                DraftParty(
                    mention=claim.mention,
                    roles=_labels(roles[n], ROLES, thresholds.roles),
                    probability=claim.probability,
                )
                for n, claim in enumerate(group)
            ),
            amounts=tuple(
                DraftAmount(
                    mention=one.mention,
                    kind=AMOUNT_KINDS[
                        int(
                            self._heads["amount_kind"]
                            .probabilities(one.state[None, :])[0]
                            .argmax()
                        )
                    ],
                    payer=self._payer(one.state, states, group),
                )
                for one in sums
            ),
            capacity=tuple(one.mention for one in capacity),
        )

    def _payer(self, state: Array, states: Array, group: Sequence[Claim]) -> str | None:
        """Who pays a sum: the likeliest of the deal's parties, or nobody named."""
        payer = self._heads.pairs["payer"]
        scores = [*payer.scores(state[None, :], states)[0], float(payer.bias[0])]
        best = int(np.argmax(scores))
        return group[best].mention.name if best < len(group) else None


def _owner(belongs: Array, groups: Sequence[Sequence[int]]) -> int:
    """Number of the deal whose parties a sum or capacity belongs to best."""
    means = [float(belongs[list(group)].mean()) for group in groups]
    return int(np.argmax(means))


def _labels(
    probabilities: Array, names: Sequence[Role] | Sequence[T], threshold: float
) -> tuple[T, ...]:
    """Names at or over the threshold, and the likeliest in any case."""
    best = int(probabilities.argmax())
    return tuple(
        name  # type: ignore[misc]
        for index, name in enumerate(names)
        if index == best or probabilities[index] >= threshold
    )
