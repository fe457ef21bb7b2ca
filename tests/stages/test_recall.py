"""What is recalled of a text: the state behind a question, beside those it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from newsbot.stages.questions import Question
from newsbot.stages.recall import places_in, recall, recall_text

WIDTH = 2
TEXT = "Oracle pays CoreWeave."
#: Tokens of TEXT: "Ora", "cle", " pays", " Core", "We", "ave", ".".
OFFSETS = [(0, 3), (3, 6), (6, 11), (11, 16), (16, 18), (18, 21), (21, 22)]
ORACLE, PAYS, COREWEAVE = (0, 6), (7, 11), (12, 21)


@dataclass(kw_only=True)
class Known:
    """A memory whose states are known: of the nth token, n and its square."""

    offsets: NDArray[np.int64]
    #: Questions, call by call.
    asked: list[list[str]] = field(default_factory=list)

    @property
    def start(self) -> int:
        return int(self.offsets[0, 0]) if len(self.offsets) else 0

    @property
    def end(self) -> int:
        return int(self.offsets[-1, 1]) if len(self.offsets) else 0

    @property
    def states(self) -> NDArray[np.float32]:
        n = np.arange(len(self.offsets), dtype=np.float32)
        return np.stack([n, n**2], axis=1)

    @property
    def answer(self) -> NDArray[np.float32]:
        return np.array([-1, -2], dtype=np.float32)

    def ask(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """Behind a question stand its length and its last letter."""
        self.asked.append(list(questions))
        said = [(len(one), ord(one[-1])) for one in questions]
        return np.array(said, dtype=np.float32).reshape(len(said), WIDTH)


def memory(offsets: Sequence[tuple[int, int]] = OFFSETS) -> Known:
    return Known(offsets=np.array(offsets, dtype=np.int64).reshape(-1, 2))


def about(*places: tuple[int, int], text: str = "\n\nSum:") -> Question:
    return Question(text=text, places=places)


def mean(*numbers: int) -> list[float]:
    """The mean state of these tokens of a memory."""
    return [sum(numbers) / len(numbers), sum(n * n for n in numbers) / len(numbers)]


def here(of: Known, *places: tuple[int, int]) -> list[float]:
    """The second half of what is recalled of a question about these places."""
    (known,) = recall(of, [about(*places)])
    return known[WIDTH:].tolist()


def test_the_state_behind_a_question_stands_before_those_it_is_about():
    """Two halves of a row: at the end of the question, and at its places."""
    known = recall(memory(), [about(ORACLE), about(COREWEAVE, text="\n\nDeal of a:")])
    assert known.shape == (2, 2 * WIDTH)
    assert known.dtype == np.float32
    np.testing.assert_allclose(known[0], [6, ord(":"), *mean(0, 1)])
    np.testing.assert_allclose(known[1], [12, ord(":"), *mean(3, 4, 5)])


def test_all_questions_are_put_at_once_and_in_order():
    """The model is asked one time, by the text of each question; rows keep the order."""
    one = memory()
    asked = [about(ORACLE, text="a"), about(PAYS, text="bb"), about(text="ccc")]
    known = recall(one, asked)
    assert one.asked == [["a", "bb", "ccc"]]
    assert known[:, 0].tolist() == [1, 2, 3]
    for question, row in zip(asked, known, strict=True):
        np.testing.assert_array_equal(recall(memory(), [question])[0], row)


def test_places_are_one_mean_over_their_tokens():
    """Not a mean of means: three tokens of one place weigh more than one of another."""
    np.testing.assert_allclose(here(memory(), ORACLE, COREWEAVE), mean(0, 1, 3, 4, 5))
    np.testing.assert_allclose(here(memory(), COREWEAVE, PAYS), mean(2, 3, 4, 5))


def test_a_token_counts_once():
    """Named twice, in places that overlap or share a token, it weighs no more."""
    wanted = mean(0, 1)
    np.testing.assert_allclose(here(memory(), ORACLE, ORACLE), wanted)
    np.testing.assert_allclose(here(memory(), ORACLE, (0, 3), (3, 6)), wanted)
    np.testing.assert_allclose(here(memory(), (0, 4), (4, 6)), wanted)


def test_a_token_that_is_touched_is_whole():
    """A name's end in the middle of a token takes the token in, its border does not."""
    np.testing.assert_allclose(here(memory(), (2, 4)), mean(0, 1))
    np.testing.assert_allclose(here(memory(), (3, 6)), mean(1))
    np.testing.assert_allclose(here(memory(), (16, 17)), mean(4))


def test_the_order_of_places_changes_nothing():
    """They are a set of places of the text."""
    forwards = here(memory(), ORACLE, PAYS, COREWEAVE)
    assert here(memory(), COREWEAVE, ORACLE, PAYS) == forwards


def test_places_outside_the_stretch_are_left_out():
    """A memory of a part of a long text answers for its own part alone."""
    part = memory(OFFSETS[2:6])  # " pays CoreWeave"; its states count from 0
    assert (part.start, part.end) == (6, 21)
    np.testing.assert_allclose(here(part, ORACLE, COREWEAVE), mean(1, 2, 3))
    np.testing.assert_allclose(here(part, COREWEAVE, (21, 22)), mean(1, 2, 3))
    np.testing.assert_allclose(here(part, PAYS, (900, 910)), mean(0))
    # What reaches over its edge counts with what lies inside.
    np.testing.assert_allclose(here(part, (3, 9)), mean(0))
    np.testing.assert_allclose(here(part, (19, 22)), mean(3))


@pytest.mark.parametrize(
    "places", [(), (ORACLE,), ((21, 22),), (ORACLE, (21, 22), (900, 910))]
)
def test_without_a_place_of_its_own_a_question_is_about_all_of_it(places):
    """No place at all, or none in this stretch: the mean of every token."""
    part = memory(OFFSETS[2:6])
    np.testing.assert_allclose(here(part, *places), mean(0, 1, 2, 3))


def test_the_text_as_a_whole_is_recalled_alike():
    """Behind the first question stands the answer already; nothing more is asked."""
    one = memory()
    known = recall_text(one)
    assert known.shape == (2 * WIDTH,)
    assert known.dtype == np.float32
    np.testing.assert_allclose(known, [-1, -2, *mean(*range(len(OFFSETS)))])
    assert one.asked == []
    assert here(memory()) == known[WIDTH:].tolist()


def test_an_empty_text_has_nothing_to_be_about():
    """Zeros stand beside the state behind a question; no division by no tokens."""
    empty = memory(())
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(recall_text(empty), [-1, -2, 0, 0])
        known = recall(empty, [about(), about(ORACLE, (900, 910))])
    np.testing.assert_array_equal(known, [[6, ord(":"), 0, 0]] * 2)
    assert recall_text(empty).dtype == known.dtype == np.float32
    assert recall(empty, []).shape == (0, 2 * WIDTH)


def test_no_questions_are_no_rows():
    """An article without sums is asked nothing about sums; the width stays."""
    known = recall(memory(), [])
    assert known.shape == (0, 2 * WIDTH)
    assert known.dtype == np.float32


@st.composite
def stretches(draw) -> list[tuple[int, int]]:
    """Tokens side by side, from anywhere on; some signs are several tokens each."""
    start = draw(st.integers(0, 20))
    found = []
    for size, n in draw(
        st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=12)
    ):
        found += [(start, start + size)] * (n if size == 1 else 1)
        start += size
    return found


spots = st.tuples(st.integers(0, 70), st.integers(1, 15)).map(
    lambda spot: (spot[0], spot[0] + spot[1])
)


@settings(max_examples=300, deadline=None)
@given(stretches(), st.lists(spots, max_size=4))
def test_tokens_of_places_are_those_that_touch_one(offsets, places):
    """Exactly they, each once and in order; where no place has any, all tokens."""
    found = places_in(np.array(offsets, dtype=np.int64).reshape(-1, 2), places)
    touching = [
        n
        for n, (start, end) in enumerate(offsets)
        if any(a < end and start < b for a, b in places)
    ]
    assert found.tolist() == (touching or list(range(len(offsets))))


@settings(max_examples=100, deadline=None)
@given(stretches(), st.lists(spots, max_size=4), st.data())
def test_what_is_recalled_is_the_mean_over_those_tokens(offsets, places, data):
    """In any order and however often the places are told."""
    told = data.draw(st.permutations([*places, *places[:2]]))
    one = memory(offsets)
    known = here(one, *told)
    if offsets:
        wanted = one.states[places_in(one.offsets, places)].mean(0)
        np.testing.assert_allclose(known, wanted, rtol=1e-6)
    else:
        assert known == [0, 0]
