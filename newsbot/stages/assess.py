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

import numpy as np
from numpy.typing import NDArray

from newsbot.ports import Encoder, Memory
from newsbot.stages import questions
from newsbot.stages.extraction import Extraction
from newsbot.stages.gate import Gated, gate
from newsbot.stages.ground import Draft, ground, joined
from newsbot.stages.heads import HeadSet
from newsbot.stages.naming import (
    continued,
    find_names,
    last_tokens,
    never_alone,
    whole_names,
)
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading, with_names
from newsbot.stages.recall import recall_text
from newsbot.stages.sides import is_rare
from newsbot.stages.words import tokens
from newsbot.types import Assessment, Dropped, Finding, OrganisationMention

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a judge says of one article."""

    assessment: Assessment
    findings: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]


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
        likely = [self._one("article", recall_text(memory))[0] for memory in memories]
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
        reading = self._named(reading, asked)
        for memory in asked:
            extraction = Extraction(reading, memory, self._heads, self._gazetteer)
            found, doubts = extraction.drafts()
            drafts = joined(drafts, found, self._gazetteer.related)
            unsure += doubts
        findings, dropped = ground(reading, drafts, self._gazetteer.related)
        return Judgement(
            assessment=assessment, findings=findings, dropped=(*dropped, *unsure)
        )

    def _named(self, reading: Reading, memories: Sequence[Memory]) -> Reading:
        """Add the names that the model has seen in what it has read."""
        text = reading.article.full_text
        words = tokens(text) if memories else []
        listed = [m for m in reading.organisations if m.kind != "unknown"]
        guessed = [m for m in reading.organisations if m.kind == "unknown"]
        named: list[OrganisationMention] = []
        whole: set[str] = set()
        for memory in memories:
            start = max(memory.start, named[-1].end if named else 0)
            own = [w for w in words if start <= w.start and w.end <= memory.end]
            states = memory.states[last_tokens(own, memory.offsets)]
            likely = self._heads.namer.probabilities(states)
            # A group that sells to all names its products so, not its units.
            goes_on = continued(own, likely, listed)
            always = never_alone(goes_on, listed)
            longer = [
                m
                for m in goes_on
                if m.name in always or is_rare({m.name}, self._gazetteer)
            ]
            taken = [m for m in listed if m not in longer]
            threshold = self._heads.thresholds.name
            found = find_names(text, own, likely, threshold, taken, guessed)
            named += found
            whole |= whole_names(found, own, likely)
        return with_names(reading, named, whole)

    def _one(self, head: str, state: Array) -> Array:
        return np.asarray(self._heads[head].probabilities(state[None, :])[0])
