"""Names from what a model says of each word."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.naming import (
    MAX_NAMES,
    MAX_WORDS,
    continued,
    find_names,
    last_tokens,
    never_alone,
    whole_names,
)
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
        ("Über Nebel\\nNebel baut", ("Nebel",), ["Nebel", "Nebel"]),
        ("zahlt Nebel S$180 Mio.", ("Nebel S",), ["Nebel"]),
        ("the neocloud Nebel", ("neocloud Nebel",), ["Nebel"]),
        ("at Two Halden rents", ("Two Halden",), ["Two Halden"]),
        ("Two Halden chips", ("Halden",), ["Halden"]),
        ("at Two rents The Halden", ("Two", "The Halden"), ["Halden"]),
        ("bei den Kraftwerken Nebel", ("Nebel",), ["Kraftwerken Nebel"]),
        ("bei der Nebel, die Halden", ("Nebel", "die Halden"), ["Nebel", "Halden"]),
        ("die cloud Nebel", ("cloud Nebel",), ["Nebel"]),
        ("zahlt Omans NHV", ("Omans NHV",), ["NHV"]),
        ("Tochter Nebel lagert aus", ("Nebel lagert",), ["Nebel"]),
        ("Energie Nebel vkw baut", ("Energie Nebel vkw",), ["Energie Nebel vkw"]),
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


def weighed(text: str, sure: dict[str, float], guessed: tuple[str, ...] = ()):
    """Names where the model is as sure of each word as *sure* says, else not at all."""
    words = tokens(text)
    likely = np.array([sure.get(word.text, 0.0) for word in words], dtype=np.float32)
    seen = [
        OrganisationMention(
            name=name,
            kind="unknown",
            start=text.index(name),
            end=text.index(name) + len(name),
        )
        for name in guessed
    ]
    return find_names(text, words, likely, 0.3, [], seen), words, likely


@pytest.mark.parametrize(
    ("text", "sure", "guessed", "found"),
    [
        pytest.param(
            "Die Gesellschaft 9Locks mietet.",
            {"Gesellschaft": 0.64, "9Locks": 0.99},
            (),
            ["9Locks"],
            id="what it is stands before it",
        ),
        pytest.param(
            "Die Kraftwerke Samnaun bauen.",
            {"Kraftwerke": 0.99, "Samnaun": 0.9},
            (),
            ["Kraftwerke Samnaun"],
            id="what it is is a part",
        ),
        pytest.param(
            "Die Stiftung Pro Genoma bestellt.",
            {"Pro": 0.97, "Genoma": 0.97},
            (),
            ["Stiftung Pro Genoma"],
            id="an institution",
        ),
        pytest.param(
            "Der Fonds Bosporus 34 zahlt.",
            {"Bosporus": 0.4, "34": 0.7},
            (),
            ["Bosporus 34"],
            id="a number",
        ),
        pytest.param(
            "the University of Tartu buys",
            {"University": 0.7, "of": 0.75, "Tartu": 0.06},
            ("University of Tartu",),
            ["University of Tartu"],
            id="rules see its end",
        ),
        pytest.param(
            "the University of Tartu buys",
            {"University": 0.7, "Tartu": 0.6},
            ("University of Tartu",),
            ["University of Tartu"],
            id="rules see it whole, the model in two parts",
        ),
        pytest.param(
            "Die Gesellschaft für Nebel zahlt.",
            {"Gesellschaft": 0.6, "für": 0.9, "Nebel": 0.9},
            (),
            ["Gesellschaft für Nebel"],
            id="no name begins with for",
        ),
        pytest.param(
            "Nebel Wolken baut",
            {"Nebel": 0.6},
            ("Nebel Wolken",),
            ["Nebel"],
            id="the model does mind",
        ),
        pytest.param(
            "Bank für Handwerk und Gewerbe, of Bolzano",
            {"Bank": 0.8, "für": 0.9, "Handwerk": 0.9, "und": 0.94, "Gewerbe": 0.9},
            (),
            ["Bank für Handwerk und Gewerbe"],
            id="joined by and",
        ),
        pytest.param(
            "Die Nebeline Halden GmbH baut.",
            {"Halden": 0.9},
            ("Nebeline Halden",),
            ["Nebeline Halden"],
            id="whole before a legal form",
        ),
        pytest.param(
            "Die Nebeline Halden baut.",
            {"Halden": 0.9},
            ("Nebeline Halden",),
            ["Halden"],
            id="before none",
        ),
        pytest.param(
            "Nebel und Halden bauen",
            {"Nebel": 0.9, "und": 0.5, "Halden": 0.9},
            (),
            ["Nebel", "Halden"],
            id="parted by and",
        ),
        pytest.param(
            "Die Halmstedter Nebel Infrastruktur baut.",
            {"Halmstedter": 0.41, "Nebel": 0.99, "Infrastruktur": 0.99},
            (),
            ["Nebel Infrastruktur"],
            id="where it is stands before it",
        ),
        pytest.param(
            "Die Halmstedter Versicherung baut.",
            {"Halmstedter": 0.41, "Versicherung": 0.99},
            (),
            ["Halmstedter Versicherung"],
            id="where it is is half of it",
        ),
        pytest.param(
            "the University of Velno at Harden said",
            {"University": 0.2, "of": 0.9, "Velno": 0.9, "at": 0.9, "Harden": 1.0},
            (),
            ["University of Velno at Harden"],
            id="an institution of a place",
        ),
        pytest.param(
            "Das Nebel-Institut IVX baut.",
            {"Nebel": 0.98, "Institut": 0.2, "IVX": 0.96},
            (),
            ["Nebel-Institut IVX"],
            id="a society's institute",
        ),
        pytest.param(
            "Nebel Institut IVX baut.",
            {"Nebel": 0.98, "Institut": 0.2, "IVX": 0.96},
            (),
            ["Nebel", "Institut IVX"],
            id="no hyphen ties them",
        ),
    ],
)
def test_a_name_begins_and_ends_where_model_and_rules_say(text, sure, guessed, found):
    """The noun before a name is a part of it, or not; what follows it likewise."""
    mentions, _, _ = weighed(text, sure, guessed)
    assert [mention.name for mention in mentions] == found


def test_a_name_with_a_sure_first_word_is_whole():
    """Nothing may be cut off its front later on."""
    text = "Norsk Hydro gives. Rumour Halden pays."
    sure = {"Norsk": 0.98, "Hydro": 0.99, "Rumour": 0.5, "Halden": 0.6}
    mentions, words, likely = weighed(text, sure)
    assert [mention.name for mention in mentions] == ["Norsk Hydro", "Rumour Halden"]
    assert whole_names(mentions, words, likely) == {"Norsk Hydro"}


def test_a_listed_name_that_goes_on_is_another():
    """Lufthansa Cargo signs, and Lufthansa does not; what ends its sentence does."""
    text = "Lufthansa Cargo mietet bei Lufthansa. Neu ist Lufthansa heute."
    words = tokens(text)
    likely = np.array(
        [float(word.text in ("Lufthansa", "Cargo", "Neu")) for word in words]
    )
    starts = [m.start() for m in re.finditer("Lufthansa", text)]
    listed = [
        OrganisationMention(name="Lufthansa", kind="name", start=s, end=s + 9)
        for s in starts
    ]
    assert continued(words, likely, listed) == listed[:1]


@pytest.mark.parametrize(
    ("text", "listed", "sure", "freed"),
    [
        ("Das Fraunhofer-Institut IGCV baut.", "Fraunhofer", ("Institut",), True),
        ("Das Fraunhofer-Institut IGCV baut.", "Fraunhofer", (), False),
        ("Das Fraunhofer-Institut IGCV baut.", "Fraunhofer", ("IGCV",), True),
        ("Das Fraunhofer-Institut in Aalen baut.", "Fraunhofer", ("Aalen",), False),
        ("Die Nvidia-Chips kommen.", "Nvidia", ("Chips",), False),
        ("Der Klinikverbund AP-HP mietet.", "HP", ("AP", "HP"), True),
        ("Der Rivale von Dell-HP mietet.", "HP", ("HP",), False),
    ],
)
def test_a_hyphen_may_make_another_name_of_a_listed_one(text, listed, sure, freed):
    """An institute is not its society, and Paris's hospitals make no printers."""
    words = tokens(text)
    likely = np.array([float(word.text in sure) for word in words], dtype=np.float32)
    start = text.index(listed)
    mention = OrganisationMention(
        name=listed, kind="name", start=start, end=start + len(listed)
    )
    assert bool(continued(words, likely, [mention])) is freed


@pytest.mark.parametrize(
    ("n_longer", "n_listed", "is_never"),
    [(2, 2, True), (1, 2, False), (1, 1, False), (0, 2, False)],
)
def test_a_name_may_be_told_only_as_a_part_of_another(n_longer, n_listed, is_never):
    """Once is too little: a seller's product is told so, too."""
    listed = [
        OrganisationMention(name="Nebel", kind="name", start=10 * n, end=10 * n + 5)
        for n in range(n_listed)
    ]
    assert never_alone(listed[:n_longer], listed) == ({"Nebel"} if is_never else set())


@pytest.mark.parametrize(
    ("name", "is_whole"),
    [
        ("Privatbank Rahn Lüthi", False),
        ("Bankhaus Rahn Lüthi", True),
        ("Flensburger Nordlicht Datenhallen", False),
        ("Kessler Pumpen", True),
        ("Norsk Hydro", True),
    ],
)
def test_what_a_firm_is_may_be_cut_off_its_name(name, is_whole):
    """Even where the model is sure: it reads like a part of the name."""
    words = tokens(name)
    mention = OrganisationMention(name=name, kind="unknown", start=0, end=len(name))
    likely = np.ones(len(words), dtype=np.float32)
    assert (name in whole_names([mention], words, likely)) is is_whole
