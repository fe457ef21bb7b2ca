"""Is it a deal, and which? The model's states read by tuned heads.

In: readings of articles. Out: a judgement each: probability, findings with
their places, and what was dropped.

The article's text is data here in the strictest sense: it is only ever encoded,
never answered to, so an instruction in it has nobody to talk to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsbot.ports import Encoder
from newsbot.stages.features import Candidate, Features
from newsbot.stages.gate import Gated, gate
from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground
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
    OrganisationMention,
    Role,
)

T = TypeVar("T")

_RESPECTIVELY = re.compile(
    r"\b(respectively|beziehungsweise|bzw|jeweils)\b", re.IGNORECASE
)

#: Least probability of a party that is needed to make two. Below, the article's
#: second side is not named, or not seen.
SECOND_PARTY = 0.1

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
class _Claim:
    """An organisation as a party, in the sentence that states it best."""

    mention: OrganisationMention
    sentence: int
    probability: float
    #: Every sentence that names it and may state the deal.
    sentences: frozenset[int]


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
    ) -> _Claim:
        mention = best_mention(features, candidate, scores)
        vector = features.party(mention, list(scores))
        indexes = [features.reading.sentence_index(m.start) for m in candidate.mentions]
        best = features.reading.sentence_index(mention.start)
        stating = {i for i in indexes if scores[i] >= SENTENCE_THRESHOLD} | {best}
        return _Claim(
            mention=mention,
            sentence=best,
            probability=float(self._one("party", vector)[0]),
            sentences=frozenset(stating),
        )

    def _draft(
        self,
        features: Features,
        group: Sequence[_Claim],
        groups: Sequence[Sequence[_Claim]],
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
        mine = _own_sentences(reading, group, groups)
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
        self, features: Features, claim: _Claim, scores: NDArray[np.float32]
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
        amounts = []
        for mention in features.reading.money:
            if features.reading.sentence_index(mention.start) not in sentences:
                continue
            vector = features.quantity(mention, list(scores))
            if self._one("amount", vector)[0] < self._heads.amount_threshold:
                continue
            kind = AMOUNT_KINDS[int(self._one("amount_kind", vector).argmax())]
            payer = find_payer(features.reading, mention.start, kind, parties)
            amounts.append(DraftAmount(mention=mention, kind=kind, payer=payer))
        return tuple(amounts)

    def _one(self, head: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(
            self._heads[head].probabilities(vector[None, :])[0], dtype=np.float32
        )


def choose_parties(claims: Sequence[_Claim], threshold: float) -> list[_Claim]:
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


def split_deals(claims: Sequence[_Claim], gazetteer: Gazetteer) -> list[list[_Claim]]:
    """Group parties into deals: who is named in one sentence made one deal.

    Parties join when a stating sentence names both; a party left alone joins
    the nearest group, as papers name the second side a sentence later.
    """
    groups: list[list[_Claim]] = []
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
    inside = [m for m in places if sentence.start <= m.start < start]
    payers = list(dict.fromkeys(mention.name for mention in inside))
    if not payers:
        return None
    sums = [m.start for m in reading.money if inside[0].start < m.start < sentence.end]
    return payers[sums.index(start)] if len(sums) == len(payers) else None


def _own_sentences(
    reading: Reading, group: Sequence[_Claim], groups: Sequence[Sequence[_Claim]]
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
