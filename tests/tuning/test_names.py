"""Invented names: new, pronounceable, and of the trade they stand in for."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.organisations import load_organisations
from newsbot.tuning.names import invent_name

seeds = st.integers(0, 2**63)


@given(seeds, st.sampled_from(["Labs", "Cloud", "Rechenzentren", "KI", "Bank"]))
def test_a_trade_in_the_name_is_kept(seed, trade):
    """What was a lab, a cloud or a bank by its name still is one, under another."""
    name = invent_name(f"Hartriegel {trade}", Random(seed))
    first, last = name.split()
    assert last == trade
    assert first != "Hartriegel"


@given(seeds)
def test_one_word_becomes_one_word(seed):
    """A plain name gets a plain one."""
    assert len(invent_name("Zwirbelwerk", Random(seed)).split()) == 1


@given(seeds, st.none() | st.text(max_size=40))
def test_a_name_is_one_or_two_capitalised_words(seed, like):
    """Whatever it stands in for, a name looks like one: its first word stands alone."""
    words = invent_name(like, Random(seed)).split(" ")
    assert 1 <= len(words) <= 2
    for word in words:
        assert word.isalpha()
        assert word[0].isupper()
    assert len(words[0]) >= 3


@given(seeds, st.sampled_from([None, "Hartriegel Labs", "Zwirbelwerk"]))
def test_the_same_chance_gives_the_same_name(seed, like):
    """Chance is an argument: nothing else decides."""
    assert invent_name(like, Random(seed)) == invent_name(like, Random(seed))


def test_there_are_many_names_and_few_exist():
    """A thousand draws give hundreds of names, hardly one of them a listed one."""
    rng = Random(3)
    drawn = [invent_name(None, rng) for _ in range(1000)]
    assert len(set(drawn)) > 800
    known = load_organisations()
    assert sum(known.get(name) is not None for name in drawn) < 10
