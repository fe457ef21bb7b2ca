"""A state and its government are one party, in either language."""

from __future__ import annotations

import pytest

from newsbot.stages.organisations import load_organisations
from newsbot.stages.states import _STATES, names_of, state_of

GAZETTEER = load_organisations()


@pytest.mark.parametrize("state", [state[0] for state in _STATES])
def test_every_name_of_a_state_means_it(state):
    """What a deal is looked up by is read back as the same state, and related to it.

    Some are firms' names, or of a part of another, too, without a word for a state.
    """
    names = names_of(state)
    assert len(names) > 8
    for name in names:
        assert GAZETTEER.related(name, f"Government of {state}"), name


SAME = [
    ("Latvia", "Lettland"),
    ("Republic of Botswana", "Botsuana"),
    ("Latvian government", "lettische Regierung"),
    ("die estnische Regierung", "Government of Estonia"),
    ("Regierung Lettlands", "Latvia's government"),
    ("UK government", "Großbritannien"),
    ("French government", "France"),
    ("Königreich Saudi-Arabien", "Saudi government"),
    ("estnischer Staat", "Estonia"),
    ("German government", "Deutschland"),
    ("Bundesregierung", "Germany"),
    ("Schweizer Regierung", "Swiss government"),
    ("Switzerland", "Schweiz"),
    ("United States of America", "US-Regierung"),
    ("U.S. government", "Vereinigte Staaten"),
    ("Saudi Arabian government", "Saudi-Arabien"),
    ("koreanische Regierung", "South Korea"),
    ("Tschechische Republik", "Czech government"),
    ("Côte d’Ivoire", "Elfenbeinküste"),
    ("Regierung Georgiens", "Georgian government"),
    ("State of Kuwait", "Kuwait"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_of_one_state_are_related(one, other):
    """Whoever looks one up finds the other."""
    assert GAZETTEER.related(one, other)
    assert GAZETTEER.related(other, one)


OTHERS = [
    ("Latvia", "Litauen"),
    ("Deutsche Bank", "Germany"),
    ("China Mobile", "China"),
    ("Swiss Re", "Switzerland"),
    ("Georgia Power", "Georgia"),
    ("Telekom Austria", "Österreich"),
    ("Saudi Aramco", "Saudi Arabia"),
    ("Regierung von Nordrhein-Westfalen", "Germany"),
    ("State of New York", "United States"),
    ("Island Networks", "Iceland"),
    ("Island", "Iceland"),
    ("State of Georgia", "Georgian government"),
    ("Georgia State", "Georgian government"),
    ("Indian state", "India"),
    ("US-Konzern", "US government"),
    ("China-Konzern", "China"),
    ("Republic of China", "China"),
    ("Emirates", "United Arab Emirates"),
    ("Us", "USA"),
    ("Jordan Inc.", "Jordanian government"),
    ("österreichische Bundesregierung", "German government"),
]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_a_firm_or_a_part_of_a_state_is_another(one, other):
    """A name that begins or ends with a country's is not the country."""
    assert not GAZETTEER.related(one, other)


def test_a_family_holds_what_papers_call_a_state():
    """The ledger finds a state's deals by any of its names."""
    found = GAZETTEER.family(["Lettland"])
    assert {"Latvia", "Lettland", "Latvian government", "lettische Regierung"} <= {
        *found
    }


@pytest.mark.parametrize("sign", ["a", "Regierung von ", "'s government", "der "])
def test_a_long_name_is_no_state_at_once(sign):
    """A hostile name costs nothing."""
    assert state_of(sign * 50_000) is None
