"""Heads: probabilities from states, by plain arithmetic."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from fakes import NO_HEADS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from newsbot.stages.heads import (
    CLASSES,
    EXCLUSIVE,
    NAME_UNITS,
    PAIR_WIDTH,
    PAIRS,
    Head,
    HeadSet,
    Namer,
    Pair,
    Thresholds,
    sigmoid,
)

#: Numbers in one state; heads and pairs read two states, one behind the other.
WIDTH = 4


def head(n_classes: int = 3, *, exclusive: bool = False) -> Head:
    dice = np.random.default_rng(2)
    return Head(
        weights=dice.normal(size=(n_classes, 2 * WIDTH)).astype(np.float32),
        bias=dice.normal(size=n_classes).astype(np.float32),
        exclusive=exclusive,
    )


def pair() -> Pair:
    dice = np.random.default_rng(3)

    def numbers(*shape: int):
        return dice.normal(size=shape).astype(np.float32)

    return Pair(
        left=numbers(PAIR_WIDTH, 2 * WIDTH),
        left_bias=numbers(PAIR_WIDTH),
        right=numbers(PAIR_WIDTH, 2 * WIDTH),
        right_bias=numbers(PAIR_WIDTH),
        bias=numbers(1),
    )


def namer() -> Namer:
    """One unit each way: a word's own first number, and that of the word after it."""
    inner = np.zeros((NAME_UNITS, 2 * WIDTH), dtype=np.float32)
    inner[0, 0], inner[1, WIDTH] = 1, 2
    outer = np.zeros((1, NAME_UNITS), dtype=np.float32)
    outer[0, :2] = 1
    return Namer(
        inner=inner,
        inner_bias=np.zeros(NAME_UNITS, dtype=np.float32),
        outer=outer,
        outer_bias=np.array([-1], dtype=np.float32),
    )


def test_a_word_is_weighed_with_the_word_after_it():
    """Rectified units of both states; behind the last word stands nothing."""
    states = np.zeros((3, WIDTH), dtype=np.float32)
    states[:, 0] = 1, 3, -5
    said = namer().probabilities(states)
    np.testing.assert_allclose(said, sigmoid(np.array([1 + 6 - 1, 3 - 1, -1.0])), 1e-6)
    assert namer().probabilities(states[:0]).shape == (0,)


numbers = arrays(np.float32, (5, 2 * WIDTH), elements=st.floats(-1e6, 1e6, width=32))


@settings(max_examples=40, deadline=None)
@given(numbers, st.booleans())
def test_probabilities_are_probabilities(states, exclusive):
    """Each lies in [0, 1], also far out; classes that exclude each other sum to 1."""
    said = head(exclusive=exclusive).probabilities(states)
    assert said.shape == (5, 3)
    assert said.dtype == np.float32
    assert ((said >= 0) & (said <= 1)).all()  # no number compares false
    if exclusive:
        np.testing.assert_allclose(said.sum(1), 1, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(numbers, st.booleans())
def test_each_row_is_judged_alone(states, exclusive):
    """A batch gives what its rows give one by one."""
    one, small = head(exclusive=exclusive), states / 1e6
    rows = [one.probabilities(row[None, :])[0] for row in small]
    np.testing.assert_allclose(one.probabilities(small), rows, atol=1e-5)


def test_the_arithmetic_is_the_logistic_of_a_weighted_sum():
    """One number, one weight: checked by hand, and far out without overflow."""
    small = Head(
        weights=np.array([[3.0]], dtype=np.float32),
        bias=np.array([-1.0], dtype=np.float32),
        exclusive=False,
    )
    states = np.array([[1.0], [1e9], [-1e9]], dtype=np.float32)
    with np.errstate(all="raise"):
        said = small.probabilities(states)[:, 0]
    assert said[0] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert said[1] == 1
    assert said[2] == pytest.approx(0, abs=1e-20)


def test_exclusive_classes_share_what_there_is():
    """Scores 0 and log 3 give a quarter and three quarters."""
    two = Head(
        weights=np.array([[0.0], [1.0]], dtype=np.float32),
        bias=np.zeros(2, dtype=np.float32),
        exclusive=True,
    )
    said = two.probabilities(np.array([[np.log(3)]], dtype=np.float32))
    np.testing.assert_allclose(said, [[0.25, 0.75]], atol=1e-6)


def test_no_rows_are_no_probabilities():
    """An article without sums is no error here, nor is one without parties."""
    none = np.zeros((0, 2 * WIDTH), dtype=np.float32)
    some = np.ones((2, 2 * WIDTH), dtype=np.float32)
    assert head().probabilities(none).shape == (0, 3)
    assert pair().probabilities(none, some).shape == (0, 2)
    assert pair().probabilities(some, none).shape == (2, 0)


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_higher_score_is_never_less_likely(a, b):
    """The logistic rises, and turns over at a half."""
    low, high = sigmoid(np.array(sorted((a, b)), dtype=np.float32))
    assert low <= high
    assert sigmoid(np.float32(0)) == pytest.approx(0.5)


@settings(max_examples=40, deadline=None)
@given(numbers, numbers)
def test_a_pair_is_likely_or_not(left, right):
    """Every left side meets every right one, with a probability for each meeting."""
    said = pair().probabilities(left, right[:3])
    assert said.shape == (5, 3)
    assert said.dtype == np.float32
    assert ((said >= 0) & (said <= 1)).all()


def test_a_pair_weighs_the_product_of_two_projections():
    """By hand: every projected number is left plus one, times right, over the root."""
    plain = Pair(
        left=np.ones((PAIR_WIDTH, 1), dtype=np.float32),
        left_bias=np.ones(PAIR_WIDTH, dtype=np.float32),
        right=np.ones((PAIR_WIDTH, 1), dtype=np.float32),
        right_bias=np.zeros(PAIR_WIDTH, dtype=np.float32),
        bias=np.array([-3.0], dtype=np.float32),
    )
    left = np.array([[1.0], [-1.0]], dtype=np.float32)
    right = np.array([[0.5], [2.0], [0.0]], dtype=np.float32)
    wanted = (left + 1) @ right.T * PAIR_WIDTH**0.5
    np.testing.assert_allclose(plain.scores(left, right), wanted, rtol=1e-5)
    said = plain.probabilities(left, right)
    np.testing.assert_allclose(said, 1 / (1 + np.exp(3 - wanted)), atol=1e-6)


def test_the_two_sides_of_a_pair_are_told_apart():
    """Who pays whom is not the same as who is paid by whom."""
    states = np.random.default_rng(4).normal(size=(3, 2 * WIDTH)).astype(np.float32)
    scores = pair().scores(states, states)
    assert not np.allclose(scores, scores.T)


def test_the_tables_of_heads_fit_each_other():
    """What excludes is a head; nothing is a head and a pair."""
    assert set(CLASSES) >= EXCLUSIVE
    assert not set(CLASSES) & set(PAIRS)
    assert all(CLASSES[name] > 1 for name in EXCLUSIVE)  # one class excludes nobody


def test_a_set_gives_its_heads_by_name():
    """A head is got by its name, and thresholds cannot be moved by accident."""
    thresholds = Thresholds(
        article=0.5, party=0.4, amount=0.3, capacity=0.2, types=0.6, name=0.7
    )
    heads = HeadSet(
        heads={name: head(n) for name, n in CLASSES.items()},
        pairs={name: pair() for name in PAIRS},
        namer=namer(),
        casting=NO_HEADS.casting,
        thresholds=thresholds,
        hash="y",
    )
    assert heads["party"] is heads.heads["party"]
    with pytest.raises(KeyError):
        heads["nobody"]
    with pytest.raises(FrozenInstanceError):
        heads.thresholds.article = 0.9
