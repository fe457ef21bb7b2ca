"""Heads: from the model's states to probabilities.

In: what a model knows of an article and of places in it (`stages.recall`), two states
of unit mean square or means of such, one behind the other.
Out: probabilities per class, or per pair of things.
Weights are plain arrays, so that nothing but numpy is needed to use them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.casting import Casting
from newsbot.stages.word_heads import READERS, WordHead
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES

#: The heads of one set, by name, with the number of their classes.
CLASSES: Mapping[str, int] = {
    "article": 1,
    "sentence": 1,
    "party": 1,
    "deal": 1,
    "roles": len(ROLES),
    "types": len(DEAL_TYPES),
    "status": len(STATUSES),
    "amount": 1,
    "amount_kind": len(AMOUNT_KINDS),
    "capacity": 1,
    "payer": 1,
}
#: Heads whose classes exclude one another.
EXCLUSIVE = frozenset({"amount_kind", "status"})
#: What is weighed two by two: a sum or capacity and a party of its deal.
PAIRS = ("belongs",)
#: Numbers that a pair's sides are projected to.
PAIR_WIDTH = 64
#: Units between the states of a word and the answer whether it is part of a name.
NAME_UNITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One linear classifier."""

    #: Shape (n_classes, 2 * width).
    weights: NDArray[np.float32]
    #: Shape (n_classes,).
    bias: NDArray[np.float32]
    #: Whether the classes exclude one another (softmax) or not (sigmoid each).
    exclusive: bool

    def scores(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weigh states; without what makes probabilities of it.

        Args:
            states: Shape (n, 2 * width).

        Returns:
            Shape (n, n_classes).
        """
        return np.asarray(states @ self.weights.T + self.bias, dtype=np.float32)

    def probabilities(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weigh states.

        Args:
            states: Shape (n, 2 * width).

        Returns:
            Shape (n, n_classes).
        """
        scores = self.scores(states)
        if self.exclusive:
            odds = np.exp(scores - scores.max(1, keepdims=True))
            return np.asarray(odds / odds.sum(1, keepdims=True), dtype=np.float32)
        return sigmoid(scores)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Weighs pairs: the product of two projections, and a bias."""

    #: Shape (PAIR_WIDTH, 2 * width) and (PAIR_WIDTH,), for either side.
    left: NDArray[np.float32]
    left_bias: NDArray[np.float32]
    right: NDArray[np.float32]
    right_bias: NDArray[np.float32]
    #: Shape (1,).
    bias: NDArray[np.float32]

    def scores(
        self, left: NDArray[np.float32], right: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Score every left state with every right one, without the bias.

        Returns:
            Shape (n_left, n_right).
        """
        a = left @ self.left.T + self.left_bias
        b = right @ self.right.T + self.right_bias
        return np.asarray(a @ b.T / np.sqrt(PAIR_WIDTH), dtype=np.float32)

    def probabilities(
        self, left: NDArray[np.float32], right: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """How likely each pair belongs together, shape (n_left, n_right)."""
        return sigmoid(self.scores(left, right) + self.bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Namer:
    """Tells of each word whether it is part of an organisation's name.

    It reads a word's own state and that of the word after it: a causal model knows a
    name better when it has seen what follows. One layer of rectified units, for names
    and other capitals lie too close for a plane.
    """

    #: Shape (NAME_UNITS, 2 * width) and (NAME_UNITS,).
    inner: NDArray[np.float32]
    inner_bias: NDArray[np.float32]
    #: Shape (1, NAME_UNITS) and (1,).
    outer: NDArray[np.float32]
    outer_bias: NDArray[np.float32]

    def probabilities(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weigh the words of a text, shape (n_words, width); gives shape (n_words,)."""
        both = np.concatenate([states, following(states)], axis=1)
        units = np.maximum(both @ self.inner.T + self.inner_bias, 0)
        return sigmoid((units @ self.outer.T + self.outer_bias)[:, 0])


def following(states: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the state of the word after each; behind the last stand zeros."""
    return np.concatenate([states[1:], np.zeros_like(states[:1])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Probabilities from which something is said, each chosen on held-out articles."""

    article: float
    party: float
    amount: float
    capacity: float
    types: float
    name: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSet:
    """The heads of one tuned adapter."""

    heads: Mapping[str, Head]
    pairs: Mapping[str, Pair]
    namer: Namer
    casting: Casting
    thresholds: Thresholds
    #: Readers of words, of `READERS`; an adapter may have none.
    words: Mapping[str, WordHead] = field(default_factory=dict)
    #: First digits of the SHA-256 of the adapter's file.
    hash: str

    def __getitem__(self, name: str) -> Head:
        """Give one head by name."""
        return self.heads[name]

    def said(self, name: str, words: Sequence[str]) -> NDArray[np.float32]:
        """What words say, shape (n_classes,): log odds, 0 where nobody reads them."""
        reader = self.words.get(name)
        return reader.scores(words) if reader else np.zeros(READERS[name], np.float32)


def sigmoid(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn scores into probabilities."""
    # Beyond 60 the probability is 0 or 1 in any precision, and exp overflows.
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -60, 60))), dtype=np.float32)
