"""How far a figure may be off by the chance of which stories the gold tells.

In: predictions. Out: per figure the interval in which 95 of 100 sets of as many
stories, drawn from these with replacement, have it. Articles of one story err together,
so stories are drawn and not articles.

Source:
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993 (percentiles).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsbot.evaluation.run import Prediction, as_gold_deal
from newsbot.evaluation.score import Counts, Extraction
from newsbot.stages.organisations import Gazetteer

#: Sets that are drawn; their ends move by some thousandths from seed to seed.
N_SETS = 4_000
#: Percentiles that are told.
ENDS = (2.5, 97.5)

Array = NDArray[np.float64]


@dataclass(slots=True)
class _Story:
    """What was right and wrong in the articles of one story."""

    detection: Counts = field(default_factory=Counts)
    extraction: Extraction = field(default_factory=Extraction)

    def counts(self) -> list[int]:
        told = self.extraction
        return [
            number
            for one in (
                *(self.detection, told.parties, told.types, told.amounts),
                *(told.capacity, told.roles, told.status, told.amount_kind),
            )
            for number in astuple(one)
        ]


def intervals(
    predictions: Sequence[Prediction], gazetteer: Gazetteer, *, seed: int = 1
) -> dict[str, tuple[float, float]]:
    """Draw stories again and again, and measure each draw.

    Args:
        predictions: Of any articles; one without a deal is a story of its own.
        gazetteer: The organisations.
        seed: Decides chance.

    Returns:
        Lower and upper end by the figure's name, as ``"parties.f1"``.
    """

    def same(a: str, b: str) -> bool:
        return gazetteer.related(gazetteer.canonical(a), gazetteer.canonical(b))

    stories: dict[str, _Story] = {}
    names = _stories([[d.story for d in p.gold.deals] for p in predictions])
    for one, name in zip(predictions, names, strict=True):
        story = stories.setdefault(name, _Story())
        positive, said = bool(one.gold.deals), bool(one.told)
        story.detection.hit += positive and said
        story.detection.extra += said and not positive
        story.detection.missed += positive and not said
        deals = [as_gold_deal(told) for told in one.told]
        story.extraction.add(one.gold.deals, deals, same)
    if not stories:
        return {}
    counts = np.array([story.counts() for story in stories.values()], dtype=float)
    n = len(counts)
    drawn = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=N_SETS)
    figures = _figures(drawn @ counts)
    return {
        name: (float(low), float(high))
        for name, values in figures.items()
        for low, high in [np.percentile(values, ENDS)]
    }


def _stories(deals: Sequence[Sequence[str]]) -> list[str]:
    """Name the story of each article; stories that one article tells are one."""
    joined: dict[str, str] = {}

    def first(name: str) -> str:
        while joined.get(name, name) != name:
            name = joined[name]
        return name

    for names in deals:
        for name in names[1:]:
            joined[first(name)] = first(names[0])
    return [
        first(names[0]) if names else f"article {number}"
        for number, names in enumerate(deals)
    ]


def _figures(totals: Array) -> Mapping[str, Array]:
    """Measure draws, one to a row, of the columns of `_Story.counts`."""
    found: dict[str, Array] = {}
    for n, name in enumerate(("detection", "parties", "types", "amounts", "capacity")):
        hit, extra, missed = totals[:, 3 * n : 3 * n + 3].T
        found[f"{name}.precision"] = _share(hit, hit + extra)
        found[f"{name}.recall"] = _share(hit, hit + missed)
        found[f"{name}.f1"] = _share(2 * hit, 2 * hit + extra + missed)
    for n, name in enumerate(
        ("roles.accuracy", "status.accuracy", "amounts.kind_accuracy")
    ):
        right, total = totals[:, 15 + 2 * n : 17 + 2 * n].T
        found[name] = _share(right, total)
    return found


def _share(part: Array, whole: Array) -> Array:
    """One part of the other; 1.0 of nothing, as in `score`."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)
