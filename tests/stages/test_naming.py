"""Names from what a model says of each word."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.naming import MAX_NAMES, MAX_WORDS, find_names, last_tokens
from newsbot.stages.words import tokens
from newsbot.types import OrganisationMention


def names(text: str, *said: str, taken: tuple[str, ...] = ()) -> list[str]:
    """What is found where the model holds the words of *said* for names."""
    words = tokens(text)
    sure = {word.text for name in said for word in tokens(name)}
    likely = np.array([float(word.text in sure) for word in words], dtype=np.float32)
    mentions = [
        OrganisationMention(
            name=name,
            kind="name",
            start=text.index(name),
            end=text.index(name) + len(name),
        )
        for name in taken
    ]
    found = find_names(text, words, likely, 0.5, mentions)
    assert all(" ".join(text[m.start : m.end].split()) == m.name for m in found)
    assert all(m.kind == "unknown" for m in found)
    return [mention.name for mention in found]


@pytest.mark.parametrize(
    ("text", "said", "found"),
    [
        ("Bei nimbl rechnet talwerk.", ("nimbl", "talwerk"), ["nimbl", "talwerk"]),
        ("Stadtwerke Zelmar mieten.", ("Stadtwerke Zelmar",), ["Stadtwerke Zelmar"]),
        ("The Hollis Fund pays.", ("The Hollis Fund",), ["Hollis Fund"]),
        ("Zwirn & Sohn kauft.", ("Zwirn & Sohn",), ["Zwirn & Sohn"]),
        ("Institut für Velno", ("Institut für Velno",), ["Institut für Velno"]),
        ("Ost-West-Rechner baut", ("Ost West Rechner",), ["Ost-West-Rechner"]),
        ("Halden AG und Nebel GmbH", ("Halden AG Nebel GmbH",), ["Halden", "Nebel"]),
        ("48Nord mietet für 48 Monate", ("48Nord", "48"), ["48Nord"]),
        ("Nebel\\n\\nHalden baut", ("Nebel Halden",), ["Nebel", "Halden"]),
        ("Nebel, Halden", ("Nebel , Halden",), ["Nebel", "Halden"]),
        ("Wa'ed Ventures und", ("Wa'ed Ventures",), ["Wa'ed Ventures"]),
        ("Nebel  \\xa0Halden", ("Nebel Halden",), ["Nebel Halden"]),
    ],
)
def test_words_are_put_together_as_names(text, said, found):
    """Runs of words, without what opens or closes them."""
    text = text.encode().decode("unicode_escape") if "\\" in text else text
    assert names(text, *said) == found


def test_what_is_found_already_is_not_found_twice():
    """A listed name keeps its place."""
    assert names("Oracle Nebel baut.", "Oracle Nebel", taken=("Oracle",)) == ["Nebel"]


def test_a_long_run_is_no_name():
    """A model that says yes to everything finds nothing."""
    text = " ".join(f"Wort{n}" for n in range(MAX_WORDS + 1))
    assert names(text, text) == []


def test_names_told_most_often_come_first():
    """What costs a question each is bounded."""
    text = ". ".join([f"N{n}x baut" for n in range(MAX_NAMES + 20)] + ["N59x baut"] * 2)
    found = set(names(text, *(f"N{n}x" for n in range(MAX_NAMES + 20))))
    assert len(found) == MAX_NAMES
    assert "N59x" in found


@settings(deadline=None)
@given(st.text(max_size=80), st.data())
def test_any_text_and_any_answer_give_disjoint_places(text, data):
    """Whatever the model says, mentions are in order and lie in the text."""
    words = tokens(text)
    likely = data.draw(
        st.lists(st.floats(0, 1, width=32), min_size=len(words), max_size=len(words))
    )
    found = find_names(text, words, np.array(likely, dtype=np.float32), 0.5, [])
    ends = [0]
    for mention in found:
        assert ends[-1] <= mention.start < mention.end <= len(text)
        ends.append(mention.end)


def test_the_last_token_of_each_word():
    """A word of three pieces is known by the last of them."""
    words = tokens("Zelvaro baut")
    offsets = np.array([[0, 3], [3, 5], [5, 7], [7, 12]])
    assert last_tokens(words, offsets) == [2, 3]


def test_a_long_text_is_linear():
    """Ten times the text takes about ten times as long."""

    def seconds(n: int) -> float:
        text = "Nebel mietet bei Halden. " * n
        words = tokens(text)
        likely = np.ones(len(words), dtype=np.float32)
        start = time.perf_counter()
        find_names(text, words, likely, 0.5, [])
        return time.perf_counter() - start

    seconds(500)
    assert seconds(20_000) < 40 * max(seconds(2_000), 1e-3)
