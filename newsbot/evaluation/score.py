"""From gold and predictions to figures; pure arithmetic.

Counts are micro-averaged: every party, sum or type counts once, also those of
deals that were missed or invented. A ratio over nothing is 1.0 where nothing
was wrong; `None` would hide a floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from newsbot.evaluation.gold import GoldAmount, GoldDeal
from newsbot.stages.amounts import same_value

T = TypeVar("T")
Same = Callable[[str, str], bool]


@dataclass(slots=True)
class Counts:
    """True positives, false positives, false negatives."""

    hit: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was said that is right."""
        said = self.hit + self.extra
        return self.hit / said if said else 1.0

    @property
    def recall(self) -> float:
        """Share of what is right that was said."""
        right = self.hit + self.missed
        return self.hit / right if right else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def figures(self) -> dict[str, float]:
        """Precision, recall and F1, for printing."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(slots=True)
class Share:
    """How many of how many."""

    right: int = 0
    total: int = 0

    def add(self, right: bool) -> None:
        """Count one."""
        self.right += right
        self.total += 1

    @property
    def accuracy(self) -> float:
        """The share, 1.0 of nothing."""
        return self.right / self.total if self.total else 1.0


@dataclass(slots=True)
class Extraction:
    """How well deals were read, over many articles."""

    parties: Counts = field(default_factory=Counts)
    types: Counts = field(default_factory=Counts)
    amounts: Counts = field(default_factory=Counts)
    capacity: Counts = field(default_factory=Counts)
    roles: Share = field(default_factory=Share)
    status: Share = field(default_factory=Share)
    amount_kind: Share = field(default_factory=Share)
    amount_bound: Share = field(default_factory=Share)

    def add(
        self, gold: Sequence[GoldDeal], predicted: Sequence[GoldDeal], same: Same
    ) -> None:
        """Compare one article's deals, matched by greatest party overlap.

        Args:
            gold: What a careful reader found.
            predicted: What was predicted.
            same: Whether two party names count as the same organisation.
        """
        for right, said in match_deals(gold, predicted, same):
            if right is not None and said is not None:
                self._matched(right, said, same)
            elif right is not None:
                self.parties.missed += len(right.parties)
                self.types.missed += len(right.types)
                self.amounts.missed += len(right.amounts)
                self.capacity.missed += len(right.capacity)
            elif said is not None:
                self.parties.extra += len(said.parties)
                self.types.extra += len(said.types)
                self.amounts.extra += len(said.amounts)
                self.capacity.extra += len(said.capacity)

    def _matched(self, right: GoldDeal, said: GoldDeal, same: Same) -> None:
        pairs = _pairs(right.parties, said.parties, lambda a, b: same(a[0], b[0]))
        _count(self.parties, pairs, len(right.parties), len(said.parties))
        for gold_party, said_party in pairs:
            self.roles.add(set(gold_party[1]) == set(said_party[1]))
        self.status.add(right.status == said.status)
        types = _pairs(right.types, said.types, lambda a, b: a == b)
        _count(self.types, types, len(right.types), len(said.types))
        sums = _pairs(right.amounts, said.amounts, _same_amount)
        _count(self.amounts, sums, len(right.amounts), len(said.amounts))
        for gold_sum, said_sum in sums:
            self.amount_kind.add(gold_sum.kind == said_sum.kind)
            self.amount_bound.add(gold_sum.bound == said_sum.bound)
        capacity = _pairs(right.capacity, said.capacity, _same_capacity)
        _count(self.capacity, capacity, len(right.capacity), len(said.capacity))


def match_deals(
    gold: Sequence[GoldDeal], predicted: Sequence[GoldDeal], same: Same
) -> list[tuple[GoldDeal | None, GoldDeal | None]]:
    """Pair deals by greatest party overlap; each at most once, greedily.

    Returns:
        Pairs; None stands for a missed or an invented deal. Deals without any
        common party are not paired.
    """
    scored = sorted(
        (
            (_overlap(right, said, same), -i, -j)
            for i, right in enumerate(gold)
            for j, said in enumerate(predicted)
        ),
        reverse=True,
    )
    left, open_ = set(range(len(gold))), set(range(len(predicted)))
    pairs: list[tuple[GoldDeal | None, GoldDeal | None]] = []
    for overlap, i, j in scored:
        if overlap and -i in left and -j in open_:
            left.remove(-i)
            open_.remove(-j)
            pairs.append((gold[-i], predicted[-j]))
    pairs.extend((gold[i], None) for i in sorted(left))
    pairs.extend((None, predicted[j]) for j in sorted(open_))
    return pairs


def area_under_curve(scored: Iterable[tuple[float, bool]]) -> float:
    """Chance that a positive scores above a negative, ties counting half.

    Args:
        scored: Pairs of score and whether it is a positive.

    Returns:
        AUC in [0, 1]; 1.0 where one class is missing.

    >>> area_under_curve([(0.9, True), (0.2, False), (0.2, True)])
    0.75
    """
    pairs = list(scored)
    positives = [score for score, positive in pairs if positive]
    negatives = [score for score, positive in pairs if not positive]
    if not positives or not negatives:
        return 1.0
    wins = sum(
        (high > low) + 0.5 * (high == low) for high in positives for low in negatives
    )
    return wins / (len(positives) * len(negatives))


def _overlap(right: GoldDeal, said: GoldDeal, same: Same) -> int:
    pairs = _pairs(right.parties, said.parties, lambda a, b: same(a[0], b[0]))
    return len(pairs)


def _pairs(
    right: Sequence[T], said: Sequence[T], same: Callable[[T, T], bool]
) -> list[tuple[T, T]]:
    """Pair equal things, each at most once; exact equals first."""
    pairs: list[tuple[T, T]] = []
    open_ = list(said)
    rest = []
    for one in right:
        if one in open_:
            open_.remove(one)
            pairs.append((one, one))
        else:
            rest.append(one)
    for one in rest:
        other = next((item for item in open_ if same(one, item)), None)
        if other is not None:
            open_.remove(other)
            pairs.append((one, other))
    return pairs


def _count(counts: Counts, pairs: Sequence[object], n_right: int, n_said: int) -> None:
    counts.hit += len(pairs)
    counts.missed += n_right - len(pairs)
    counts.extra += n_said - len(pairs)


def _same_amount(a: GoldAmount, b: GoldAmount) -> bool:
    return a.currency == b.currency and same_value(a.value, b.value)


def _same_capacity(a: tuple[Decimal, str], b: tuple[Decimal, str]) -> bool:
    return a[1].casefold() == b[1].casefold() and same_value(a[0], b[0])
