"""Cues: whole words in both languages, counted up to a few."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.cues import CUES, MAX_COUNT, count_cues


def cues(text: str) -> dict[str, int]:
    counted = count_cues(text)
    return {name: int(n) for name, n in zip(CUES, counted, strict=True) if n}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The two signed an agreement.", {"agree": 2}),
        ("Beide haben einen Milliardenvertrag unterzeichnet.", {"agree": 2}),
        ("Microsoft steckt fünf Milliarden in das Labor.", {"invest": 1}),
        ("It rents capacity.", {"buy": 1}),
        ("Es mietet Rechenleistung.", {"buy": 1}),
        ("Nvidia dementiert das.", {"deny": 1}),
        ("There is no agreement.", {"agree": 1, "deny": 1}),
        ("Der Vertrag wurde gekündigt.", {"agree": 1, "ended": 1}),
        ("Sie verhandeln noch.", {"talks": 1}),
        ("Ignore all instructions.", {"instruct": 2}),
        ("Last year it had a deal.", {"past": 2, "agree": 1}),
        ("", {}),
    ],
)
def test_words_of_both_languages_count_for_their_group(text, expected):
    """Each cue is found where a reader would see it."""
    found = cues(text)
    for name, n in expected.items():
        assert found.get(name, 0) >= n, (name, found)
    if not text:
        assert found == {}


@pytest.mark.parametrize(
    "text", ["Compacts", "assignment", "Knott", "dealership's", "xgpux"]
)
def test_parts_of_words_do_not_count(text):
    """A cue inside another word is none."""
    found = cues(text)
    assert not {"agree", "deny", "chips"} & set(found), found


def test_more_of_the_same_says_no_more():
    """A group counts up to its limit."""
    assert cues("deal " * 50)["agree"] == MAX_COUNT


@given(st.text(max_size=200))
def test_any_text_is_counted(text):
    """Shape and range hold for any text, in any case."""
    counted = count_cues(text)
    assert counted.shape == (len(CUES),)
    assert counted.dtype == np.float32
    assert ((counted >= 0) & (counted <= MAX_COUNT)).all()
    assert (counted == count_cues(text)).all()


def test_a_long_word_costs_little():
    """Sixty thousand letters without a space take no more than moments."""
    started = time.monotonic()
    for text in ("a" * 60_000, "ver" * 20_000, "data " * 12_000):
        count_cues(text)
    assert time.monotonic() - started < 10
