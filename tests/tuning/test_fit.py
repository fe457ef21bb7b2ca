"""Fitting: the same input gives the same head, and it separates what can be separated."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from newsbot.stages.heads import Head
from newsbot.tuning.fit import fit_head


def toy(n: int = 120, width: int = 12, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Points whose class is the sign of their first number, with noise around."""
    dice = np.random.default_rng(seed)
    vectors = dice.normal(size=(n, width)).astype(np.float32)
    labels = (vectors[:, :1] > 0).astype(np.float32)
    vectors[:, 0] += np.where(labels[:, 0] > 0, 1, -1)
    return vectors * 7 + 3, labels


def test_the_same_input_gives_the_same_head():
    """No seed, clock or thread makes a difference in any bit."""
    vectors, labels = toy()
    one, two = (fit_head(vectors, labels, penalty=0.03) for _ in range(2))
    for part in ("mean", "scale", "weights", "bias"):
        assert np.array_equal(getattr(one, part), getattr(two, part))
        assert getattr(one, part).dtype == np.float32


def test_a_head_separates_a_toy_set():
    """What was not seen is told apart, and probabilities are probabilities."""
    vectors, labels = toy()
    head = fit_head(vectors, labels, penalty=0.003)
    fresh, right = toy(seed=2)
    said = head.probabilities(fresh)
    assert said.shape == (120, 1)
    assert ((said >= 0) & (said <= 1)).all()
    assert ((said[:, 0] > 0.5) == (right[:, 0] > 0.5)).mean() >= 0.97


def test_classes_that_exclude_each_other_sum_to_one():
    """A softmax head gives each row one distribution and finds the right class."""
    dice = np.random.default_rng(4)
    kinds = dice.integers(0, 3, 150)
    vectors = (np.eye(3)[kinds] * 4 + dice.normal(size=(150, 3))).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[kinds]
    head = fit_head(vectors, labels, penalty=0.003, exclusive=True)
    said = head.probabilities(vectors)
    np.testing.assert_allclose(said.sum(1), 1, atol=1e-5)
    assert (said.argmax(1) == kinds).mean() > 0.9


def test_a_larger_penalty_gives_smaller_weights():
    """The penalty is what it says: smoother."""
    vectors, labels = toy()
    sizes = [
        float((fit_head(vectors, labels, penalty=penalty).weights ** 2).sum())
        for penalty in (0.003, 0.03, 0.3)
    ]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("positive", [0.0, 1.0])
def test_one_class_alone_gives_a_finite_head(positive):
    """A label that never, or always, holds breaks nothing."""
    vectors, _ = toy()
    labels = np.full((120, 1), positive, dtype=np.float32)
    said = fit_head(vectors, labels, penalty=0.03).probabilities(vectors)
    assert np.isfinite(said).all()
    assert (abs(said - positive) < 0.2).all()


def test_a_column_that_never_moves_is_harmless():
    """A constant input is standardised to nothing, not to infinity."""
    vectors, labels = toy()
    vectors[:, 3] = 5
    said = fit_head(vectors, labels, penalty=0.03).probabilities(vectors)
    assert np.isfinite(said).all()


def test_one_odd_number_does_not_decide_alone():
    """Standardised inputs are clipped: beyond five deviations nothing grows."""
    head = Head(
        mean=np.zeros(2, dtype=np.float32),
        scale=np.ones(2, dtype=np.float32),
        weights=np.array([[1.0, 1.0]], dtype=np.float32),
        bias=np.zeros(1, dtype=np.float32),
        exclusive=False,
    )
    far = head.probabilities(np.array([[1e9, -4.0]], dtype=np.float32))
    near = head.probabilities(np.array([[5.0, -4.0]], dtype=np.float32))
    np.testing.assert_allclose(far, near)


def test_no_score_overflows():
    """Very sure is 0 or 1, never nan."""
    head = Head(
        mean=np.zeros(1, dtype=np.float32),
        scale=np.ones(1, dtype=np.float32),
        weights=np.array([[90.0], [-90.0]], dtype=np.float32),
        bias=np.zeros(2, dtype=np.float32),
        exclusive=False,
    )
    with np.errstate(over="ignore"):
        said = head.probabilities(np.array([[5.0]], dtype=np.float32))
    np.testing.assert_allclose(said, [[1, 0]], atol=1e-6)
