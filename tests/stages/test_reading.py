"""A reading finds everything once, in order, with offsets into the text as given."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from itertools import pairwise

import pytest
import texts
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, with_names
from newsbot.types import OrganisationMention

GAZETTEER = load_organisations()


def read(text: str, *, title: str = "Nachrichten", language: str = "de") -> Reading:
    return texts.read(text, title=title, language=language)


def guessed(text: str, *names: str, title: str = "") -> Reading:
    """A reading in which a model has seen the names at each of their places."""
    whole = f"{title}\n\n{text}"
    ordered = sorted(names, key=len, reverse=True)
    found = re.finditer("|".join(map(re.escape, ordered)), whole)
    named = [
        OrganisationMention(name=m[0], kind="unknown", start=m.start(), end=m.end())
        for m in found
    ]
    return with_names(read(text, title=title), named, frozenset(names))


@pytest.mark.parametrize(
    ("title", "text", "names", "told"),
    [
        # A noun behind a name that the text has told alone before.
        (
            "Kalmar hostet",
            "Das Labor Zelvan mietet bei Kalmar. Kalmar zahlt Zelvan Lizenzeinnahmen, "
            "sagt Zelvan.",
            ("Zelvan", "Zelvan Lizenzeinnahmen", "Kalmar"),
            {"Zelvan", "Kalmar"},
        ),
        # A word that stands behind a name in the headline alone.
        (
            "Zelvan Pumpen mietet bei Kalmar",
            "Der Hersteller Zelvan mietet bei Kalmar, sagt Zelvan.",
            ("Zelvan Pumpen", "Zelvan", "Kalmar"),
            {"Zelvan", "Kalmar"},
        ),
        # The whole name first, its short form after.
        (
            "Zelvan mietet",
            "Zelvan Pumpen mietet bei Kalmar. Zelvan zahlt, Zelvan baut.",
            ("Zelvan Pumpen", "Zelvan", "Kalmar"),
            {"Zelvan Pumpen", "Kalmar"},
        ),
        # What is told again with its second word has two.
        (
            "Zelvan mietet",
            "Zelvan mietet, Zelvan baut. Zelvan Pumpen zahlt, Zelvan Pumpen hofft.",
            ("Zelvan", "Zelvan Pumpen"),
            {"Zelvan Pumpen"},
        ),
        # A body in the dative.
        (
            "Strom",
            "Bei den Stadtwerken Zelmar mietet Kalmar eine Halle.",
            ("Stadtwerken Zelmar", "Kalmar"),
            {"Stadtwerke Zelmar", "Kalmar"},
        ),
        # The short form in brackets, told once or more often.
        (
            "Polizei",
            "Das Landesamt für Zentrale Dienste (LZD) mietet bei Kalmar.",
            ("Landesamt für Zentrale Dienste", "LZD", "Kalmar"),
            {"Landesamt für Zentrale Dienste", "Kalmar"},
        ),
        (
            "Kages mietet",
            "Die Steirische Krankenanstaltengesellschaft (Kages) mietet. Kages zahlt.",
            ("Steirische Krankenanstaltengesellschaft", "Kages"),
            {"Kages"},
        ),
        # Capitals are initials, however often they are told, and with more letters.
        (
            "ZFI mietet",
            "Das Zelman Forst-Institut (ZFI) mietet. Das ZFI zahlt, sagt das ZFI.",
            ("Zelman Forst-Institut", "ZFI"),
            {"Zelman Forst-Institut"},
        ),
        (
            "ZVG mietet",
            "Die Zelmarer Verkehrsbetriebe (ZVG) mieten. Die ZVG zahlt.",
            ("Zelmarer Verkehrsbetriebe", "ZVG"),
            {"Zelmarer Verkehrsbetriebe"},
        ),
        # Further down they stand alone.
        (
            "Rent",
            "The Zelman Orbit Agency rents from Kalmar. ZOA scientists agree.",
            ("Zelman Orbit Agency", "ZOA", "Kalmar"),
            {"Zelman Orbit Agency", "Kalmar"},
        ),
        # The list knows whose initials they are.
        (
            "Software",
            "Die Stadtwerke Papenburg kaufen bei SAP.",
            ("Stadtwerke Papenburg",),
            {"Stadtwerke Papenburg", "SAP"},
        ),
        # A sentence gives a small letter a capital.
        (
            "Rent",
            "Zelv21 rents from Kalmar, zelv21 said.",
            ("Zelv21", "zelv21", "Kalmar"),
            {"zelv21", "Kalmar"},
        ),
        # A place in brackets is no short form.
        (
            "Kalmar",
            "Zelvan Systeme (Peine) mietet, Peine zahlt.",
            ("Zelvan Systeme", "Peine"),
            {"Zelvan Systeme", "Peine"},
        ),
    ],
)
def test_one_organisation_has_one_name(title, text, names, told):
    """What stands around a name, or bends or shortens it, makes no other of it."""
    reading = guessed(text, *names, title=title)
    assert told <= {mention.name for mention in reading.organisations}
    others = {m.name for m in reading.organisations} - told
    assert not {name for name in others if name in names}
    full = reading.article.full_text
    for mention in reading.organisations:
        assert full[mention.start : mention.end].strip()


def test_names_sums_and_capacities_are_found_with_their_places():
    """What rules see is read back from the text by its offsets, title included."""
    reading = read(
        "Oracle mietet bei CoreWeave 2 GW. Der Vertrag ist 30 Mrd. US-Dollar wert.",
        title="Oracle und CoreWeave einig",
    )
    full = reading.article.full_text
    names = [full[m.start : m.end] for m in reading.organisations]
    assert names == ["Oracle", "CoreWeave", "Oracle", "CoreWeave"]
    assert [full[m.start : m.end] for m in reading.money] == ["30 Mrd. US-Dollar"]
    assert [(str(m.value), m.unit) for m in reading.capacity] == [("2", "GW")]
    sentence = reading.text(reading.quote(reading.money[0].start))
    assert sentence == "Der Vertrag ist 30 Mrd. US-Dollar wert."


def test_known_names_win_over_guessed_ones():
    """Where a guess overlaps a listed organisation, only the listed one stays."""
    reading = read("Amazon Web Services liefert an die Nordwind Compute GmbH.")
    names = {mention.name for mention in reading.organisations}
    assert "Amazon Web Services" in names
    assert any("Nordwind" in name for name in names)
    places = [(m.start, m.end) for m in reading.organisations]
    assert places == sorted(places)
    assert all(a[1] <= b[0] for a, b in pairwise(places))


pieces = st.sampled_from(
    [
        "Oracle ",
        "mietet bei CoreWeave ",
        "30 Mrd. Euro. ",
        "A\u0308rger ",
        "😀 ",
        "\n\n",
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(pieces, max_size=20), st.text(max_size=30))
def test_every_place_lies_in_its_sentence(words, title):
    """Each mention lies in the sentence that its number names; nothing crashes."""
    reading = read("".join(words), title=title)
    mentions = [*reading.organisations, *reading.money, *reading.capacity]
    for mention in mentions:
        index = reading.sentence_index(mention.start)
        sentence = reading.sentences[index]
        assert sentence.start <= mention.start < sentence.end
        span = reading.quote(mention.start)
        assert (span.start, span.end) == (sentence.start, sentence.end)


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "…"])
def test_an_empty_text_reads_as_nothing(text):
    """Without words there is nothing to find, and no error."""
    reading = read(text, title="")
    assert reading.organisations == ()
    assert reading.money == ()


def test_a_text_of_names_alone_is_read_in_linear_time():
    """Sixty thousand characters of names take seconds at most."""
    started = time.monotonic()
    reading = read("Oracle und Zwirbelwerk GmbH, " * 2_000)
    for mention in reading.organisations:
        reading.sentence_index(mention.start)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("text", "forms", "name"),
    [
        # What a noun or a place is added to is the name.
        (
            "Wattmeer hostet. Die Wattmeer-Cloud steht dort, sagt Wattmeer.",
            ["Wattmeer", "Wattmeer-Cloud"],
            "Wattmeer",
        ),
        (
            "Revontuli of Finland and Skarv signed. Revontuli delivers.",
            ["Revontuli", "Revontuli of Finland"],
            "Revontuli",
        ),
        # What is told more often with its noun is named so.
        (
            "Die Lioba-Kliniken mieten. Die Lioba-Kliniken zahlen, hofft Lioba.",
            ["Lioba", "Lioba-Kliniken"],
            "Lioba-Kliniken",
        ),
        ("Isomor rents. Isomor Labs pays.", ["Isomor", "Isomor Labs"], "Isomor Labs"),
        # A place stays where the name is never told without it.
        ("The Bank of Trelany rents.", ["Bank of Trelany"], "Bank of Trelany"),
    ],
)
def test_forms_of_one_name_are_one_organisation(text, forms, name):
    """Compounds, places and short forms get the name that the article tells most."""
    ordered = sorted(forms, key=len, reverse=True)
    named = [
        OrganisationMention(
            name=found[0], kind="unknown", start=found.start(), end=found.end()
        )
        for found in re.finditer("|".join(map(re.escape, ordered)), text)
    ]
    assert {mention.name for mention in named} == set(forms)
    reading = with_names(texts.read(text, title="", language="de"), named)
    told = [m.name for m in reading.organisations if m.name[:4] == name[:4]]
    assert told == [name] * len(named)


def test_an_institute_is_not_its_society():
    """A noun with what says which one makes another name, not a form of the same."""
    text = "Das Lioba-Institut IVX forscht, Lioba zahlt."
    whole = "Lioba-Institut IVX"
    plain = texts.read(text, title="", language="de")
    named = [
        OrganisationMention(
            name=name,
            kind="unknown",
            start=plain.article.full_text.index(before) + len(before),
            end=plain.article.full_text.index(before) + len(before) + len(name),
        )
        for before, name in (("Das ", whole), (", ", "Lioba"))
    ]
    found = [m.name for m in with_names(plain, named).organisations]
    assert found == [whole, "Lioba"]


def test_a_whole_name_keeps_its_front_and_takes_its_short_form():
    """ "Hydro" is Norsk Hydro where the model is sure of "Norsk", else both are Hydro."""
    text = "Norsk Hydro gibt Strom. Später sagte Hydro zu."

    def names(whole: set[str]) -> list[str]:
        plain = texts.read(text, title="", language="de")
        named = [
            OrganisationMention(
                name=name,
                kind="unknown",
                start=plain.article.full_text.index(at),
                end=plain.article.full_text.index(at) + len(at),
            )
            for name, at in (("Norsk Hydro", "Norsk Hydro"), ("Hydro", "Hydro zu"))
        ]
        named[1] = replace(named[1], end=named[1].start + len("Hydro"))
        reading = with_names(replace(plain, organisations=()), named, whole)
        return [mention.name for mention in reading.organisations]

    assert names({"Norsk Hydro"}) == ["Norsk Hydro", "Norsk Hydro"]
    assert names(set()) == ["Hydro", "Hydro"]


def test_a_listed_name_inside_a_longer_one_goes():
    """Lufthansa Zelvo is one organisation, not Lufthansa and a rest."""
    text = "Lufthansa Zelvo mietet."
    reading = texts.read(text, title="", language="de")
    start = reading.article.full_text.index("Lufthansa")
    named = [
        OrganisationMention(
            name="Lufthansa Zelvo", kind="unknown", start=start, end=start + 15
        )
    ]
    assert any(m.name == "Lufthansa" for m in reading.organisations)
    longer = with_names(reading, named, {"Lufthansa Zelvo"})
    assert [m.name for m in longer.organisations] == ["Lufthansa Zelvo"]
