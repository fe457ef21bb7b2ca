"""The second reader of roles: words around a party, by where they stand."""

from __future__ import annotations

import pytest
from texts import GAZETTEER, read

from newsbot.stages.role_words import words_of_role, words_of_trades

TEXT = (
    "Mistral AI rents chips from CoreWeave for $3 billion, and SAP looks on. "
    "CoreWeave shares rose."
)
NAMES = ["Mistral AI", "CoreWeave"]


def words(name: str, told: frozenset[int] = frozenset({1})) -> list[str]:
    reading = read(TEXT, title="A contract", language="en")
    return words_of_role(reading, told, name, NAMES, GAZETTEER)


def test_both_directions_of_one_sentence_are_told_apart():
    """Who rents has the verb on its right, who is rented from has it on its left."""
    lab, cloud = words("Mistral AI"), words("CoreWeave")
    assert {"> rents", ">> rents", ">\u00b6party rents", ">2 rents chips"} <= {*lab}
    assert {"< rents", "<\u00b6party rents", "<< from", ">\u00b6sum for"} <= {*cloud}
    assert "> rents" not in cloud
    assert "<> from for" in cloud
    assert not {">\u00b6party", "> rents"} & {*cloud}
    # Neither's name is a word, nor is that of a bystander.
    for word in (*lab, *cloud):
        assert not {"mistral", "coreweave", "sap"} & set(word.split())
    assert "\u00b6told \u00b6org looks" in lab


def test_what_each_is_stands_beside_the_words():
    """A lab that deals with a neocloud is one thing, a bank another."""
    assert {"\u00b6mine lab", "\u00b6theirs neocloud", "\u00b6both lab/neocloud"} <= {
        *words("Mistral AI")
    }
    assert words_of_trades(["CoreWeave", "Zelvan"], GAZETTEER) == [
        "\u00b6trade neocloud",
        "\u00b6trade unlisted",
        "\u00b6trade neocloud/unlisted",
        "\u00b6trade neocloud+unlisted",
    ]


def test_sentences_that_state_the_deal_are_marked():
    """What is said elsewhere of a party is another word; what others say is one, too."""
    cloud = words("CoreWeave")
    assert "\u00b6told rents" in cloud
    assert "\u00b6else rose" in cloud
    assert not any("rose" in word for word in words("Mistral AI"))


@pytest.mark.parametrize("name", ["Oracle", ""])
def test_who_is_not_named_has_no_words_around_it(name):
    """A party that the text does not name is known by the deal's sentences alone."""
    found = words_of_role(
        read(TEXT, title="A contract", language="en"), {1}, name, NAMES, GAZETTEER
    )
    assert "\u00b6beside rents" in found
    assert not any(word.startswith(("<", ">")) for word in found)
