"""Heads: probabilities from numbers, by plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from newsbot.stages.heads import CLIP, EXCLUSIVE, NAMES, Head, HeadSet


def head(n_classes: int = 3, width: int = 4, *, exclusive: bool = False) -> Head:
    dice = np.random.default_rng(2)
    return Head(
        mean=dice.normal(size=width).astype(np.float32),
        scale=np.full(width, 2, dtype=np.float32),
        weights=dice.normal(size=(n_classes, width)).astype(np.float32),
        bias=dice.normal(size=n_classes).astype(np.float32),
        exclusive=exclusive,
    )


numbers = arrays(np.float32, (5, 4), elements=st.floats(-1e6, 1e6, width=32))


@settings(max_examples=40, deadline=None)
@given(numbers, st.booleans())
def test_probabilities_are_probabilities(vectors, exclusive):
    """Each lies in [0, 1], also far out; classes that exclude each other sum to 1."""
    said = head(exclusive=exclusive).probabilities(vectors)
    assert said.shape == (5, 3)
    assert said.dtype == np.float32
    assert np.isfinite(said).all()
    assert ((said >= 0) & (said <= 1)).all()
    if exclusive:
        np.testing.assert_allclose(said.sum(1), 1, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(numbers)
def test_each_row_is_judged_alone(vectors):
    """A batch gives what its rows give one by one."""
    for exclusive in (False, True):
        one = head(exclusive=exclusive)
        rows = [one.probabilities(row[None, :])[0] for row in vectors]
        np.testing.assert_allclose(one.probabilities(vectors), rows, atol=1e-6)


def test_the_arithmetic_is_the_logistic_of_the_standardised():
    """One number, one weight: checked by hand."""
    small = Head(
        mean=np.array([1.0], dtype=np.float32),
        scale=np.array([2.0], dtype=np.float32),
        weights=np.array([[3.0]], dtype=np.float32),
        bias=np.array([-1.0], dtype=np.float32),
        exclusive=False,
    )
    said = small.probabilities(np.array([[3.0], [1e9]], dtype=np.float32))[:, 0]
    assert said[0] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert said[1] == pytest.approx(1 / (1 + np.exp(-(3 * CLIP - 1))))


def test_no_rows_are_no_probabilities():
    """An article without sentences is no error here."""
    said = head().probabilities(np.zeros((0, 4), dtype=np.float32))
    assert said.shape == (0, 3)


def test_a_set_gives_its_heads_by_name():
    """Names are known; those whose classes exclude each other are among them."""
    assert set(NAMES) >= EXCLUSIVE
    heads = HeadSet(
        heads={name: head() for name in NAMES},
        threshold=0.5,
        party_threshold=0.5,
        amount_threshold=0.5,
        base="x",
        layer=1,
        hash="y",
    )
    assert heads["party"] is heads.heads["party"]
    with pytest.raises(KeyError):
        heads["nobody"]
