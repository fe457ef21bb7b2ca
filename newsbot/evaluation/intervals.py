"""How far a figure may be off by the chance of which stories the gold tells.

In: predictions. Out: per figure the interval in which 95 of 100 sets of as many
stories, drawn from these with replacement, have it. Articles of one story err together,
so stories are drawn and not articles.

Source:
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993 (percentiles).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from newsbot.evaluation.report import detected, extracted
from newsbot.evaluation.run import Prediction
from newsbot.stages.organisations import Gazetteer

#: Sets that are drawn; their ends move by some thousandths from seed to seed.
N_SETS = 4_000
#: Percentiles that are told.
ENDS = (2.5, 97.5)

#: Counts of an `Extraction`, behind those of detection; then its shares, by figure.
_COUNTS = ("parties", "types", "amounts", "capacity")
_SHARES = {
    "roles.accuracy": "roles",
    "status.accuracy": "status",
    "amounts.kind_accuracy": "amount_kind",
}

Array = NDArray[np.float64]


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
    stories: dict[str, list[Prediction]] = defaultdict(list)
    names = _stories([[d.story for d in p.gold.deals] for p in predictions])
    for one, name in zip(predictions, names, strict=True):
        stories[name].append(one)
    if not stories:
        return {}
    counts = np.array([_counts(some, gazetteer) for some in stories.values()])
    n = len(counts)
    drawn = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=N_SETS)
    figures = _figures(drawn @ counts)
    return {
        name: (float(low), float(high))
        for name, values in figures.items()
        for low, high in [np.percentile(values, ENDS)]
    }


def _counts(story: Sequence[Prediction], gazetteer: Gazetteer) -> list[float]:
    """What was right and wrong in the articles of one story."""
    told = extracted(story, gazetteer)
    parts = [getattr(told, name) for name in (*_COUNTS, *_SHARES.values())]
    return [float(n) for one in (detected(story), *parts) for n in astuple(one)]


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
    """Measure draws, one to a row, of the columns of `_counts`."""
    columns = iter(totals.T)
    found: dict[str, Array] = {}
    for name in ("detection", *_COUNTS):
        hit, extra, missed = islice(columns, 3)
        found[f"{name}.precision"] = _share(hit, hit + extra)
        found[f"{name}.recall"] = _share(hit, hit + missed)
        found[f"{name}.f1"] = _share(2 * hit, 2 * hit + extra + missed)
    for name in _SHARES:
        right, total = islice(columns, 2)
        found[name] = _share(right, total)
    return found


def _share(part: Array, whole: Array) -> Array:
    """One part of the other; 1.0 of nothing, as in `score`."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)
