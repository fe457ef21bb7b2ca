"""Linear heads: from a vector to probabilities.

In: vectors made by `features`. Out: probabilities per class.
Weights are plain arrays, so that nothing but numpy is needed to use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Standardised inputs beyond this are clipped: one odd token must not decide alone.
CLIP = 5.0
#: The heads of one set, by name.
NAMES = (
    "article", "sentence", "party", "roles", "amount", "amount_kind", "capacity",
    "types", "status",
)  # fmt: skip
#: Heads whose classes exclude one another.
EXCLUSIVE = frozenset({"amount_kind", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One linear classifier over standardised inputs."""

    #: Shape (width,), both.
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    #: Shape (n_classes, width).
    weights: NDArray[np.float32]
    #: Shape (n_classes,).
    bias: NDArray[np.float32]
    #: Whether the classes exclude one another (softmax) or not (sigmoid each).
    exclusive: bool

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weigh vectors.

        Args:
            vectors: Shape (n, width), raw as `features` gives them.

        Returns:
            Shape (n, n_classes).
        """
        standard = np.clip((vectors - self.mean) / self.scale, -CLIP, CLIP)
        scores = standard @ self.weights.T + self.bias
        if self.exclusive:
            odds = np.exp(scores - scores.max(1, keepdims=True))
            return np.asarray(odds / odds.sum(1, keepdims=True), dtype=np.float32)
        # Beyond 60 the probability is 0 or 1 in any precision, and exp overflows.
        bounded = np.clip(scores, -60, 60)
        return np.asarray(1 / (1 + np.exp(-bounded)), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSet:
    """The tuned heads that belong to one base model."""

    heads: Mapping[str, Head]
    #: Probability from which an article is said to report a deal.
    threshold: float
    #: Probability from which an organisation is said to be a party.
    party_threshold: float
    amount_threshold: float
    #: SHA-256 of the base model's file that the states came from.
    base: str
    #: The hidden layer the states are read from.
    layer: int
    #: First digits of the SHA-256 of the heads' own file.
    hash: str

    def __getitem__(self, name: str) -> Head:
        """Give one head by name."""
        return self.heads[name]
