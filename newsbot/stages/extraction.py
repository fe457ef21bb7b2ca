"""Who agreed on what, as one memory of an article answers it.

In: a reading, what the model remembers of the article, and the heads.
Out: drafts of deals, for grounding, and the names that were considered and left out.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    PAYING,
    SURE,
    Claim,
    are_rivals,
    best_mention,
    choose_parties,
    left_out,
    sentences_of,
    split_deals,
    steps_apart,
    together,
    weighed,
)
from newsbot.stages.heads import HeadSet, sigmoid
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.owned import Own, Quantitative, find_own
from newsbot.stages.payers import by_roles, find_payers, in_list, in_order
from newsbot.stages.questions import Question
from newsbot.stages.reading import Reading
from newsbot.stages.recall import recall
from newsbot.stages.role_words import words_of_role, words_of_types
from newsbot.stages.sentences import token_range
from newsbot.stages.word_heads import words_of_article, words_of_sum
from newsbot.types import CapacityMention, Dropped, MoneyMention, OrganisationMention
from newsbot.vocabulary import (
    AMOUNT_KINDS,
    DEAL_TYPES,
    STATUSES,
    AmountKind,
    DealType,
    Role,
)

T = TypeVar("T")
Mention = OrganisationMention | MoneyMention | CapacityMention
Array = NDArray[np.float32]


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
        return self._recall(
            [
                *(
                    questions.about_organisation(reading, one, self._gazetteer)
                    for one in self._who
                ),
                *(questions.about_sum(reading, one) for one in self._sums),
                *(questions.about_quantity(reading, one) for one in self._quantities),
            ]
        )

    def _recall(self, asked: Sequence[Question]) -> Array:
        return recall(self._memory, asked)

    def _about_deal(self, names: Sequence[str]) -> Question:
        return questions.about_deal(self._reading, names, self._gazetteer)

    @cached_property
    def _everyone(self) -> list[Claim]:
        return self._claims(self._asked[: len(self._who)])

    def drafts(self) -> tuple[list[Draft], list[Dropped]]:
        """Say which deals there are, and which names were considered and left out."""
        first, last = len(self._who), len(self._who) + len(self._sums)
        heads, thresholds = self._heads, self._heads.thresholds
        sums = find_own(
            [one.mentions for one in self._sums],
            self._asked[first:last],
            heads["amount"],
            thresholds.amount,
        )
        capacity = find_own(
            [one.mentions for one in self._quantities],
            self._asked[last:],
            heads["capacity"],
            thresholds.capacity,
        )
        claims = choose_parties(
            self._everyone, thresholds.party, self._paying(sums, thresholds.party)
        )
        unsure = [
            Dropped(
                claim=f"party {claim.mention.name}",
                reason=f"no party (probability {claim.probability:.2f})",
            )
            for claim in self._everyone
            if claim not in claims
        ]
        if len(claims) < 2:
            return [], unsure
        groups = split_deals(
            claims, self._shared(claims), self._gazetteer.related, self._several(claims)
        )
        grouped = {n for group in groups for n in group}
        unsure += [
            Dropped(
                claim=f"party {claim.mention.name}",
                reason="no deal with any other party",
            )
            for n, claim in enumerate(claims)
            if n not in grouped
        ]
        owners = self._owners(sums, claims, groups)
        holders = self._owners(capacity, claims, groups)
        # Of two deals, nobody knows whose the others may be.
        others = left_out(self._everyone, claims) if len(groups) == 1 else ((), ())
        drafts = [
            self._draft(
                [claims[n] for n in group],
                others,
                [one for one, owner in zip(sums, owners, strict=True) if owner == deal],
                [
                    self._best_place(one.mentions)
                    for one, holder in zip(capacity, holders, strict=True)
                    if holder == deal
                ],
            )
            for deal, group in enumerate(groups)
        ]
        return drafts, unsure

    def _shared(self, claims: Sequence[Claim]) -> Array:
        """Log odds that each two parties made a deal together, shape (n, n)."""
        n = len(claims)
        shared = np.zeros((n, n), dtype=np.float32)
        if n == 2:
            return shared
        pairs = list(combinations(range(n), 2))
        names = [claim.mention.name for claim in claims]
        asked = self._recall([self._about_deal([names[a], names[b]]) for a, b in pairs])
        scores = self._heads["deal"].scores(asked)[:, 0]
        for (a, b), score in zip(pairs, scores, strict=True):
            steps = steps_apart(self._reading, claims[a].sentences, claims[b].sentences)
            shared[a, b] = shared[b, a] = together(
                float(score), steps, are_rivals(names[a], names[b], self._gazetteer)
            )
        return shared

    def _several(self, claims: Sequence[Claim]) -> float:
        """What the article's words say of several deals, in log odds."""
        if len(claims) < 3:
            return 0.0
        words = words_of_article(self._reading, [c.mention.name for c in claims])
        return float(self._heads.said("several", words)[0])

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
                probability=weighed(float(probability), self._stated(one.mentions)),
                sentences=self._sentences(one.mentions),
                state=state,
            )
            for one, probability, state in zip(self._who, likely, states, strict=True)
        ]

    def _stated(self, mentions: Sequence[Mention]) -> float:
        """How likely any sentence with these mentions states the agreement."""
        n_title = len(self._reading.article.title)
        index = self._reading.sentence_index
        inside = [m.start for m in mentions if m.start > n_title]
        # Who stands in the headline alone is no background.
        return max((float(self._scores[index(s)]) for s in inside), default=1.0)

    def _kind(
        self, own: Own[MoneyMention], mention: MoneyMention, names: Sequence[str]
    ) -> AmountKind:
        scores = self._heads["amount_kind"].scores(own.state[None, :])[0]
        words = words_of_sum(self._reading, mention, names)
        scores = scores + self._heads.said("amount_kind", words)
        return AMOUNT_KINDS[int(scores.argmax())]

    def _paying(self, sums: Sequence[Own[MoneyMention]], threshold: float) -> set[str]:
        """Name who surely pays a sum of the deal, among all that may be parties."""
        able = {c.mention.name: c for c in self._everyone if c.probability >= PAYING}
        names = [*able]
        mentions = [mention for one in sums for mention in one.mentions]
        sure = {in_order(self._reading, mention, names) for mention in mentions}
        listed = {*in_list(self._reading, mentions, names).values()}
        if any(able[name].probability >= threshold for name in listed):
            sure |= listed
        # Who is a party anyway need not be asked here.
        near = [
            (one, name)
            for one in sums
            for name, claim in able.items()
            if claim.probability < threshold
            and claim.sentences & self._sentences(one.mentions)
        ]
        likely = zip(near, self._pays(near), strict=True)
        sure |= {name for (_, name), pays in likely if pays >= SURE}
        return {name for name in sure if name}

    def _pays(self, asked: Sequence[tuple[Own[MoneyMention], str]]) -> Array:
        """How likely each of these pays its sum, shape (n_asked,)."""
        states = self._recall(
            [
                questions.about_payer(
                    self._reading,
                    questions.Sum(mentions=one.mentions),
                    name,
                    self._gazetteer,
                )
                for one, name in asked
            ]
        )
        return self._heads["payer"].probabilities(states)[:, 0]

    def _owners(
        self,
        things: Sequence[Own[Quantitative]],
        claims: Sequence[Claim],
        groups: Sequence[Sequence[int]],
    ) -> list[int]:
        """Number of the deal that each sum or capacity belongs to best."""
        if not (things and groups):
            return []
        belongs = self._heads.pairs["belongs"].probabilities(
            np.array([one.state for one in things]),
            np.array([claim.state for claim in claims]),
        )
        owners = []
        for likely, one in zip(belongs, things, strict=True):
            near = likely * self._nearness(one.mentions, claims)
            means = [float(near[list(group)].mean()) for group in groups]
            owners.append(int(np.argmax(means)))
        return owners

    def _sentences(self, mentions: Sequence[Mention]) -> frozenset[int]:
        return sentences_of(self._reading, [m.start for m in mentions])

    def _nearness(self, mentions: Sequence[Mention], claims: Sequence[Claim]) -> Array:
        """What the distance to each party leaves of a quantity's likelihood."""
        here = self._sentences(mentions)
        steps = [steps_apart(self._reading, here, c.sentences) for c in claims]
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
        others: tuple[tuple[str, ...], tuple[str, ...]],
        sums: Sequence[Own[MoneyMention]],
        capacity: Sequence[CapacityMention],
    ) -> Draft:
        names = [claim.mention.name for claim in group]
        index = self._reading.sentence_index
        about, *parts = self._recall(
            [
                self._about_deal(names),
                *(
                    questions.about_role(self._reading, names, name, self._gazetteer)
                    for name in names
                ),
            ]
        )
        kinds = self._heads["types"].scores(about[None, :])[0]
        stating = [index(claim.mention.start) for claim in group]
        places = [self._best_place(one.mentions) for one in sums]
        told = {*stating, *(index(place.start) for place in places)}
        types = kinds + self._heads.said(
            "types", words_of_types(self._reading, told, names, self._gazetteer)
        )
        status = self._heads["status"].probabilities(about[None, :])[0]
        roles = self._heads.casting.roles(
            self._heads["roles"].scores(np.array(parts))
            + self._roles_said(told, names),
            kinds,
        )
        strongest = max(stating, key=lambda n: self._scores[n])
        parties = tuple(
            DraftParty(
                mention=claim.mention,
                roles=roles[n],
                probability=claim.probability,
            )
            for n, claim in enumerate(group)
        )
        return Draft(
            sentence=self._reading.sentences[strongest],
            status=STATUSES[int(status.argmax())],
            types=_types(sigmoid(types), self._heads.thresholds.types),
            parties=parties,
            amounts=self._amounts(sums, places, names, roles),
            capacity=tuple(capacity),
            unsure=others[0],
            named=others[1],
        )

    def _roles_said(self, told: set[int], names: Sequence[str]) -> Array:
        """What words add to the scores of each party's roles."""
        around = [
            words_of_role(self._reading, told, name, names, self._gazetteer)
            for name in names
        ]
        said = [self._heads.said("roles", words) for words in around]
        return np.array(said, dtype=np.float32)

    def _amounts(
        self,
        sums: Sequence[Own[MoneyMention]],
        mentions: Sequence[MoneyMention],
        names: Sequence[str],
        roles: Sequence[Sequence[Role]],
    ) -> tuple[DraftAmount, ...]:
        """Say what each sum, at its best place, is for, and which party pays it."""
        both = zip(sums, mentions, strict=True)
        kinds = [self._kind(one, mention, names) for one, mention in both]
        likely = self._pays([(one, name) for one in sums for name in names])
        likely = by_roles(likely.reshape(len(sums), len(names)), kinds, roles)
        payers = find_payers(self._reading, mentions, names, likely)
        return tuple(
            DraftAmount(mention=mention, kind=kind, payer=payer)
            for mention, kind, payer in zip(mentions, kinds, payers, strict=True)
        )


def _types(probabilities: Array, threshold: float) -> tuple[DealType, ...]:
    """Types at or over the threshold, and the likeliest in any case."""
    best = int(probabilities.argmax())
    return tuple(
        type_
        for n, type_ in enumerate(DEAL_TYPES)
        if n == best or probabilities[n] >= threshold
    )
