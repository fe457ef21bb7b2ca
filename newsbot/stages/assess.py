"""Is it a deal, and which? The model's states read by tuned heads.

In: readings of articles. Out: a judgement each: probability, findings with
their places, and what was dropped.

The article's text is data here in the strictest sense: it is only ever encoded,
never answered to, so an instruction in it has nobody to talk to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsbot.ports import Encoder
from newsbot.stages.features import Candidate, Features
from newsbot.stages.gate import Gated, gate
from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground
from newsbot.stages.grouping import (
    Claim,
    best_mention,
    choose_parties,
    find_payer,
    own_sentences,
    split_deals,
)
from newsbot.stages.heads import HeadSet
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.types import (
    AMOUNT_KINDS,
    DEAL_TYPES,
    ROLES,
    STATUSES,
    Assessment,
    Dropped,
    Finding,
    MoneyMention,
    Role,
)

T = TypeVar("T")

#: A role or capacity is stated from this probability on; the likeliest role always.
LABEL_THRESHOLD = 0.5
#: Types are missed more easily than invented: swept 0.2..0.55 on held-out folds,
#: 0.3 gave the best F1 (.682 against .667 at 0.5). Sweep again after tuning.
TYPE_THRESHOLD = 0.3
#: A sentence states a deal from this probability on; the likeliest one always.
SENTENCE_THRESHOLD = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a judge says of one article."""

    assessment: Assessment
    findings: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    """A sum in one place, as the heads weigh it."""

    mention: MoneyMention
    probability: float
    #: Shape (len(AMOUNT_KINDS),).
    kinds: NDArray[np.float32]


class HeadJudge:
    """Judges with heads on a base model's hidden states."""

    def __init__(self, encoder: Encoder, heads: HeadSet, gazetteer: Gazetteer):
        self._encoder = encoder
        self._heads = heads
        self._gazetteer = gazetteer

    @property
    def id(self) -> str:
        """Base and heads with their hashes, kept beside every output."""
        return f"{self._encoder.id}+heads:{self._heads.hash}"

    def judge(self, readings: Sequence[Reading], now: datetime) -> list[Judgement]:
        """Judge a batch of articles, each read whole.

        What the gate keeps out is not read: its probability is 0.
        """
        gated = [gate(r.article, r.organisations) for r in readings]
        passed = [n for n, decision in enumerate(gated) if decision.passed]
        encoded = self._encoder.encode([readings[n].article.full_text for n in passed])
        states = dict(zip(passed, encoded, strict=True))
        return [
            self._judge_one(
                Features(reading, states[n], self._gazetteer), gated[n], now
            )
            if n in states
            else self._kept_out(reading, gated[n], now)
            for n, reading in enumerate(readings)
        ]

    def _kept_out(self, reading: Reading, decision: Gated, now: datetime) -> Judgement:
        assessment = Assessment(
            article_id=reading.article.id,
            probability=0.0,
            threshold=self._heads.threshold,
            words=decision.words,
            assessor=self.id,
            assessed_at=now,
        )
        return Judgement(assessment=assessment, findings=(), dropped=())

    def _judge_one(
        self, features: Features, decision: Gated, now: datetime
    ) -> Judgement:
        reading = features.reading
        scores = self.sentence_scores(features)
        probability = float(self._one("article", features.article(list(scores)))[0])
        assessment = Assessment(
            article_id=reading.article.id,
            probability=probability,
            threshold=self._heads.threshold,
            words=decision.words,
            assessor=self.id,
            assessed_at=now,
        )
        if not assessment.is_deal:
            return Judgement(assessment=assessment, findings=(), dropped=())
        drafts, unsure = self._drafts(features, scores)
        findings, dropped = ground(reading, drafts, self._gazetteer.related)
        return Judgement(
            assessment=assessment, findings=findings, dropped=(*dropped, *unsure)
        )

    def _drafts(
        self, features: Features, scores: NDArray[np.float32]
    ) -> tuple[list[Draft], list[Dropped]]:
        everyone = [self._claim(features, c, scores) for c in features.candidates]
        claims = choose_parties(everyone, self._heads.party_threshold)
        unsure = [
            Dropped(
                claim=f"party {claim.mention.name}",
                reason=f"no party (probability {claim.probability:.2f})",
            )
            for claim in everyone
            if claim not in claims
        ]
        groups = split_deals(claims, self._gazetteer)
        return [
            self._draft(features, group, groups, scores) for group in groups
        ], unsure

    def sentence_scores(self, features: Features) -> NDArray[np.float32]:
        """How likely each sentence states an agreement, shape (n_sentences,)."""
        count = range(len(features.reading.sentences))
        vectors = np.array([features.sentence(index) for index in count])
        scores = self._heads["sentence"].probabilities(vectors)[:, 0]
        return np.asarray(scores, dtype=np.float32)

    def _claim(
        self, features: Features, candidate: Candidate, scores: NDArray[np.float32]
    ) -> Claim:
        mention = best_mention(features, candidate, scores)
        vector = features.party(mention, list(scores))
        indexes = [features.reading.sentence_index(m.start) for m in candidate.mentions]
        best = features.reading.sentence_index(mention.start)
        stating = {i for i in indexes if scores[i] >= SENTENCE_THRESHOLD} | {best}
        return Claim(
            mention=mention,
            sentence=best,
            probability=float(self._one("party", vector)[0]),
            sentences=frozenset(stating),
        )

    def _draft(
        self,
        features: Features,
        group: Sequence[Claim],
        groups: Sequence[Sequence[Claim]],
        scores: NDArray[np.float32],
    ) -> Draft:
        reading = features.reading
        indexes = sorted({i for claim in group for i in claim.sentences})
        names = [claim.mention.name for claim in group]
        vector = features.deal(indexes, names, list(scores))
        status = STATUSES[int(self._one("status", vector).argmax())]
        types = _labels(self._one("types", vector), DEAL_TYPES, TYPE_THRESHOLD)
        parties = tuple(
            DraftParty(
                mention=claim.mention,
                roles=self._roles(features, claim, scores),
                probability=claim.probability,
            )
            for claim in group
        )
        mine = own_sentences(reading, group, groups)
        strongest = max(indexes, key=lambda index: scores[index])
        return Draft(
            sentence=reading.sentences[strongest],
            status=status,
            types=types,
            parties=parties,
            amounts=self._amounts(features, parties, mine, scores),
            capacity=tuple(
                mention
                for mention in reading.capacity
                if reading.sentence_index(mention.start) in mine
                and self._one("capacity", features.quantity(mention, list(scores)))[0]
                >= LABEL_THRESHOLD
            ),
        )

    def _roles(
        self, features: Features, claim: Claim, scores: NDArray[np.float32]
    ) -> tuple[Role, ...]:
        vector = features.party(claim.mention, list(scores))
        return _labels(self._one("roles", vector), ROLES, LABEL_THRESHOLD)

    def _amounts(
        self,
        features: Features,
        parties: Sequence[DraftParty],
        sentences: frozenset[int],
        scores: NDArray[np.float32],
    ) -> tuple[DraftAmount, ...]:
        reading = features.reading
        found: dict[tuple[Decimal, str], list[_Sum]] = {}
        for mention in reading.money:
            if reading.sentence_index(mention.start) not in sentences:
                continue
            vector = features.money(mention, list(scores))
            probability = float(self._one("amount", vector)[0])
            if probability >= self._heads.amount_threshold:
                kinds = self._one("amount_kind", vector)
                one = _Sum(mention=mention, probability=probability, kinds=kinds)
                found.setdefault((mention.value, mention.currency), []).append(one)
        amounts = []
        for told in found.values():
            # A sum that is told twice is one sum of one kind: its places vote.
            votes = np.sum([one.probability * one.kinds for one in told], axis=0)
            kind = AMOUNT_KINDS[int(votes.argmax())]
            best = max(told, key=lambda one: (_in_text(reading, one), one.probability))
            payer = find_payer(reading, best.mention.start, kind, parties)
            amounts.append(DraftAmount(mention=best.mention, kind=kind, payer=payer))
        return tuple(amounts)

    def _one(self, head: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(
            self._heads[head].probabilities(vector[None, :])[0], dtype=np.float32
        )


def _in_text(reading: Reading, one: _Sum) -> bool:
    """A headline says a sum without its grammar; the text's own place is better."""
    return one.mention.start > len(reading.article.title)


def _labels(
    probabilities: NDArray[np.float32], names: Sequence[T], threshold: float
) -> tuple[T, ...]:
    """Names at or over the threshold, and the likeliest in any case."""
    best = int(probabilities.argmax())
    return tuple(
        name
        for index, name in enumerate(names)
        if index == best or probabilities[index] >= threshold
    )
