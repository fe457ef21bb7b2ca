"""Invented names: of every shape, as chance says, and with a word to go by."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.organisations import load_organisations
from newsbot.tuning.names import invent_name, short_form

seeds = st.integers(0, 2**63)
languages = st.sampled_from(["de", "en"])


def drawn(like: str | None, language: str = "de", n: int = 600) -> list[str]:
    rng = Random(3)
    return [invent_name(like, language, rng) for _ in range(n)]


@pytest.mark.parametrize("trade", ["Labs", "Cloud", "Rechenzentren", "KI", "Bank"])
def test_a_trade_in_the_name_is_mostly_kept(trade):
    """What was a lab, a cloud or a bank by its name mostly still is one."""
    names = drawn(f"Hartriegel {trade}")
    kept = [name for name in names if name.split()[-1] == trade]
    assert 0.6 < len(kept) / len(names) < 0.8
    assert not any("Hartriegel" in name for name in names)


def test_one_word_mostly_becomes_one_word():
    """A plain name mostly gets a plain one."""
    names = drawn("Zwirbelwerk")
    assert sum(len(name.split()) == 1 for name in names) > 0.7 * len(names)


def test_names_have_every_shape():
    """Lower case, digits, initials, hyphens, leads and links: what rules overlook."""
    names = [*drawn(None), *drawn(None, "en")]
    shapes = {
        "lower": lambda name: name.islower(),
        "digits behind": lambda name: name[0].isalpha() and name[-1].isdigit(),
        "digits before": lambda name: name[0].isdigit(),
        "initials": lambda name: len(name) == 3 and name.isupper(),
        "hyphen": lambda name: "-" in name,
        "partners": lambda name: " & " in name,
        "lead": lambda name: name.startswith(("Verlag ", "Stiftung ", "Port ")),
        "link": lambda name: " für " in name or " of " in name,
        "two words": lambda name: len(name.split()) == 2,
        "one word": lambda name: name.isalpha() and name.istitle(),
    }
    for shape, fits in shapes.items():
        assert sum(map(fits, names)) >= 5, shape


@given(seeds, languages, st.none() | st.text(max_size=40))
def test_a_name_can_be_found_in_a_text(seed, language, like):
    """Single blanks, no blank around; its short form is a part of it."""
    name = invent_name(like, language, Random(seed))
    assert name.split(" ") == name.split()
    assert 1 <= len(name.split()) <= 4
    assert short_form(name) in name


@given(seeds, languages, st.sampled_from([None, "Hartriegel Labs", "Zwirbelwerk"]))
def test_the_same_chance_gives_the_same_name(seed, language, like):
    """Chance is an argument: nothing else decides."""
    one, other = (invent_name(like, language, Random(seed)) for _ in range(2))
    assert one == other


def test_there_are_many_names_and_few_exist():
    """Draws give hundreds of names, hardly one of them a listed one."""
    names = drawn(None, n=1000)
    assert len(set(names)) > 800
    known = load_organisations()
    assert sum(known.get(name) is not None for name in names) < 10


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Hartriegel Labs", "Hartriegel"),
        ("Stadtwerke Zelmar", "Zelmar"),
        ("The Hollis Fund", "Hollis"),
        ("Institut für Velno", "Velno"),
        ("zelmar", "zelmar"),
        ("The Bank", "The Bank"),
        ("", ""),
    ],
)
def test_a_short_form_is_the_first_word_that_tells_something(name, short):
    """Leads, links and trades say nothing; where nothing is left, the name is whole."""
    assert short_form(name) == short
