"""Which sums and capacities of an article are its deal's own, and which background?

In: what the model says behind the question about each. Out: those that are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.heads import Head
from newsbot.types import CapacityMention, MoneyMention

Quantitative = TypeVar("Quantitative", MoneyMention, CapacityMention)
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own(Generic[Quantitative]):
    """A sum or a capacity that is likely a deal's own."""

    mentions: tuple[Quantitative, ...]
    #: The model's, behind the question about it.
    state: Array


def find_own(
    mentions: Sequence[tuple[Quantitative, ...]],
    states: Array,
    head: Head,
    least: float,
) -> list[Own[Quantitative]]:
    """Keep the sums or capacities that a head holds for a deal's own."""
    likely = head.probabilities(states)[:, 0]
    return [
        Own(mentions=one, state=state)
        for one, state, probability in zip(mentions, states, likely, strict=True)
        if probability >= least
    ]
