"""Is it a deal, and which? A tuned model's states, weighed by heads.

In: readings of articles. Out: a judgement each: probability, findings with their
places, and what was dropped.

The model reads the article and is asked fixed questions about names and sums that
rules found in it; the answers are probabilities. It writes nothing, so an
instruction in an article has nobody to talk to, and no name or figure can come out
that does not stand in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsbot.ports import Encoder, Memory
from newsbot.stages import questions
from newsbot.stages.gate import Gated, gate
from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground
from newsbot.stages.grouping import Claim, best_mention, choose_parties, split_deals
from newsbot.stages.heads import HeadSet
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading, look_again
from newsbot.stages.sentences import token_range
from newsbot.types import (
    AMOUNT_KINDS,
    DEAL_TYPES,
    ROLES,
    STATUSES,
    Assessment,
    CapacityMention,
    Dropped,
    Finding,
    MoneyMention,
    Role,
)

T = TypeVar("T")
#: What each sentence between two parties takes off the likelihood of their deal, and
#: how many count: who made a deal stands together. On held-out articles parties F1
#: was .783 without, .815 at 0.8, .822 at 0.65 and .803 at 0.5; sums prefer the larger.
APART, MAX_APART = 0.7, 2
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a judge says of one article."""

    assessment: Assessment
    findings: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]


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


class HeadJudge:
    """Judges by an adapter's heads on what its base model remembers of an article."""

    def __init__(self, encoder: Encoder, heads: HeadSet, gazetteer: Gazetteer):
        self._encoder = encoder
        self._heads = heads
        self._gazetteer = gazetteer

    @property
    def id(self) -> str:
        """Base and adapter with their hashes, kept beside every output."""
        return f"{self._encoder.id}+adapter:{self._heads.hash}"

    def judge(self, readings: Sequence[Reading], now: datetime) -> list[Judgement]:
        """Judge a batch of articles, each read whole.

        What the gate keeps out is not read: its probability is 0.
        """
        gated = [gate(r.article, r.organisations) for r in readings]
        passed = [n for n, decision in enumerate(gated) if decision.passed]
        texts = [readings[n].article.full_text for n in passed]
        read = self._encoder.encode(texts, questions.REPORTS)
        memories = dict(zip(passed, read, strict=True))
        return [
            self._judge_one(reading, memories.get(n, ()), gated[n], now)
            for n, reading in enumerate(readings)
        ]

    def _judge_one(
        self,
        reading: Reading,
        memories: Sequence[Memory],
        decision: Gated,
        now: datetime,
    ) -> Judgement:
        likely = [self._one("article", memory.answer)[0] for memory in memories]
        assessment = Assessment(
            article_id=reading.article.id,
            probability=float(max(likely, default=0.0)),
            threshold=self._heads.thresholds.article,
            words=decision.words,
            assessor=self.id,
            assessed_at=now,
        )
        drafts: list[Draft] = []
        unsure: list[Dropped] = []
        asked = [
            memory
            for memory, probability in zip(memories, likely, strict=True)
            if probability >= assessment.threshold
        ]
        extractions = [self._extraction(reading, memory) for memory in asked]
        if asked and not any(one.has_two_sides for one in extractions):
            # A deal is reported, and who made it was not seen.
            reading = look_again(reading)
            extractions = [self._extraction(reading, memory) for memory in asked]
        for extraction in extractions:
            found, doubts = extraction.drafts()
            drafts += found
            unsure += doubts
        findings, dropped = ground(reading, drafts, self._gazetteer.related)
        return Judgement(
            assessment=assessment, findings=findings, dropped=(*dropped, *unsure)
        )

    def _extraction(self, reading: Reading, memory: Memory) -> Extraction:
        return Extraction(reading, memory, self._heads, self._gazetteer)

    def _one(self, head: str, state: Array) -> Array:
        return np.asarray(self._heads[head].probabilities(state[None, :])[0])


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
        claims = choose_parties(everyone, self._heads.thresholds.party)
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
        sums = self._own_sums(asked[n_who : n_who + n_sums], states)
        capacity = self._own_capacity(asked[n_who + n_sums :], states)
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
            apart = self._sentences_apart(
                claims[a].mention.name, claims[b].mention.name
            )
            weight = APART ** min(apart, MAX_APART)
            shared[a, b] = shared[b, a] = probability * weight
        return shared

    def _sentences_apart(self, name: str, other: str) -> int:
        """Sentences between the nearest mentions of two names; 0: one names both."""
        index = self._reading.sentence_index
        here = {index(m.start) for m in self._reading.organisations if m.name == name}
        there = {index(m.start) for m in self._reading.organisations if m.name == other}
        return min(abs(a - b) for a in here for b in there)

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
                state=state,
            )
            for one, probability, state in zip(self._who, likely, states, strict=True)
        ]

    def _own_sums(self, states: Array, parties: Array) -> list[_Sum]:
        if not len(states):
            return []
        likely = self._heads["amount"].probabilities(states)[:, 0]
        belongs = self._heads.pairs["belongs"].probabilities(states, parties)
        return [
            _Sum(
                mention=self._best_place(one.mentions),
                state=states[n],
                belongs=belongs[n],
            )
            for n, one in enumerate(self._sums)
            if likely[n] >= self._heads.thresholds.amount
        ]

    def _own_capacity(self, states: Array, parties: Array) -> list[_Capacity]:
        if not len(states):
            return []
        likely = self._heads["capacity"].probabilities(states)[:, 0]
        belongs = self._heads.pairs["belongs"].probabilities(states, parties)
        return [
            _Capacity(mention=self._best_place(one.mentions), belongs=belongs[n])
            for n, one in enumerate(self._quantities)
            if likely[n] >= self._heads.thresholds.capacity
        ]

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
