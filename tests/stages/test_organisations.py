"""Organisations are found whole, by any of their names, and never inside a word."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsbot.stages.organisations import (
    Gazetteer,
    Organisation,
    load_organisations,
    parse_organisations,
)

GAZETTEER = load_organisations()


def found(text: str) -> list[tuple[str, str]]:
    """Every known mention as (canonical name, surface)."""
    return [(m.name, text[m.start : m.end]) for m in GAZETTEER.find(text)]


def names(text: str) -> list[str]:
    """Canonical names of the known mentions, in order."""
    return [mention.name for mention in GAZETTEER.find(text)]


# --- the packaged list ---------------------------------------------------------


def packaged() -> tuple[Organisation, ...]:
    """The packaged list, parsed."""
    path = files("newsbot").joinpath("data", "organisations.toml")
    return parse_organisations(path.read_text(encoding="utf-8"))


def test_the_list_is_large_and_of_every_kind():
    """At least 300 organisations, several of each kind."""
    organisations = packaged()
    assert len(organisations) >= 300
    kinds = [one.kind for one in organisations]
    assert all(kinds.count(kind) >= 5 for kind in set(kinds))
    assert len(set(kinds)) == 13


def test_no_surface_form_belongs_to_two():
    """No alias, product or description is claimed twice, whatever its case."""
    seen: dict[str, str] = {}
    for one in packaged():
        for form in (one.name, *one.aliases, *one.products, *one.descriptions):
            assert seen.setdefault(form.casefold(), one.name) == one.name, form
    assert seen


def test_every_parent_is_listed():
    """A unit's parent is an organisation of its own."""
    organisations = packaged()
    listed = {one.name for one in organisations}
    parents = {one.parent for one in organisations if one.parent}
    assert len(parents) > 10
    assert parents <= listed


def test_every_surface_form_is_found_as_its_organisation():
    """Each name, alias, product and description leads home from plain prose."""
    wrong = []
    for one in packaged():
        for form in (one.name, *one.aliases, *one.products, *one.descriptions):
            text = f"Gestern teilte man mit {form} etwas mit."
            if one.name not in names(text):
                wrong.append(form)
    assert not wrong


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[[organisation", "not TOML"),
        ("[[organization]]\nname='A'", "unknown key 'organization'"),
        ("[[organisation]]\nname='A'\nkind='lab'\nalias=['B']", "unknown key 'alias'"),
        ("[[organisation]]\nname='A'\nkind='shop'", "kind must be one of"),
        ("[[organisation]]\nname='A'", "kind must be one of"),
        ("[[organisation]]\nkind='lab'", "lacks a name"),
        ("[[organisation]]\nname=''\nkind='lab'", "lacks a name"),
        ("organisation = 3", "two brackets"),
        ("organisation = [3]", "lacks a name"),
        ("[[organisation]]\nname='A'\nkind='lab'\naliases='B'", "aliases must be"),
        ("[[organisation]]\nname='A'\nkind='lab'\naliases=['']", "aliases must be"),
        ("[[organisation]]\nname='A'\nkind='lab'\nambiguous=1", "true or false"),
        ("[[organisation]]\nname='A'\nkind='lab'\nparent=1", "must be a name"),
        (
            "[[organisation]]\nname='A'\nkind='lab'\n"
            "[[organisation]]\nname='B'\nkind='lab'\naliases=['a']",
            "'a' belongs to both 'A' and 'B'",
        ),
        ("[[organisation]]\nname='A'\nkind='lab'\n" * 2, "listed twice"),
    ],
)
def test_a_wrong_list_is_refused_in_one_line(toml, message):
    """Every mistake in a list is named, in one line."""
    with pytest.raises(ValueError, match=message) as caught:
        parse_organisations(toml)
    assert "\n" not in str(caught.value)


def organisation(name: str, **fields: object) -> Organisation:
    """One laboratory with the given fields."""
    return Organisation(name=name, kind="lab", **fields)  # type: ignore[arg-type]


def test_parents_must_exist_and_form_no_ring():
    """A unit of nobody, or of itself, is refused."""
    with pytest.raises(ValueError, match="not listed"):
        Gazetteer([organisation("A", parent="B")])
    with pytest.raises(ValueError, match="own parent"):
        Gazetteer([organisation("A", parent="B"), organisation("B", parent="A")])


def test_the_users_organisation_replaces_the_packaged_one():
    """Same name: the user's entry wins whole; a new name is added."""
    mine = organisation("Nvidia", aliases=("Grüne Karte",))
    fresh = organisation("Zelvaro", parent="Nvidia")
    gazetteer = load_organisations([mine, fresh])
    assert [m.name for m in gazetteer.find("Grüne Karte liefert an Zelvaro.")] == [
        "Nvidia",
        "Zelvaro",
    ]
    assert gazetteer.find("Blackwell kommt.") == []
    assert gazetteer.related("Zelvaro", "Nvidia")
    with pytest.raises(ValueError, match="belongs to both"):
        load_organisations([organisation("Zelvaro", aliases=("AWS",))])


# --- finding what the list knows -----------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Die Metadaten fehlen.",
        "Armut und Armee, Armaturen und Warmwasser.",
        "Claudette lud Jean-Claude ein.",
        "Er sprach von Intelligenz und Orakeln.",
        "Das ist eine Meta-Analyse und eine Target-Größe.",
        "Der Arm schmerzt, der linke Arm auch.",
        "Orange juice is healthy. Target dates slip. Shell companies abound.",
        "Apple trees bloom. Box office results came.",
        "meta, arm, oracle, apple and target in lower case",
        "the_Nvidia_thing xNvidia Nvidiax",
        "Sie wohnt in Sachsen und zieht nach Hessen.",
        "Tim kam mit.",
    ],
)
def test_never_a_part_of_a_word_nor_a_plain_word(text):
    """Words that contain or resemble a name are no mentions."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nvidias Chips", [("Nvidia", "Nvidia")]),
        (
            "Microsofts und Anthropics Pläne",
            [("Microsoft", "Microsoft"), ("Anthropic", "Anthropic")],
        ),
        ("Aleph Alphas Modelle", [("Aleph Alpha", "Aleph Alpha")]),
        (
            "Nvidia's chips and OpenAI\u2019s plans",
            [("Nvidia", "Nvidia"), ("OpenAI", "OpenAI")],
        ),
        ("Cerebras' Chips", [("Cerebras", "Cerebras")]),
        (
            "ein Vertrag der Deutschen Telekom",
            [("Deutsche Telekom", "Deutschen Telekom")],
        ),
        ("bei der Deutschen Bank", [("Deutsche Bank", "Deutschen Bank")]),
        (
            "der Europäischen Kommission",
            [("Europäische Kommission", "Europäischen Kommission")],
        ),
        ("der Microsoft-Chef", [("Microsoft", "Microsoft")]),
        (
            "der OpenAI-Rivale Anthropic",
            [("OpenAI", "OpenAI"), ("Anthropic", "Anthropic")],
        ),
        ("der Meta-Chef kam", [("Meta", "Meta")]),
        (
            "Amazon\u00a0Web\nServices",
            [("Amazon Web Services", "Amazon\u00a0Web\nServices")],
        ),
        ("Amazon-Web-Services", [("Amazon Web Services", "Amazon-Web-Services")]),
        ("NVIDIA AND OPENAI SIGN", [("Nvidia", "NVIDIA"), ("OpenAI", "OPENAI")]),
        ("AWS und AT&T", [("Amazon Web Services", "AWS"), ("AT&T", "AT&T")]),
        ("die Schwarz-Gruppe", [("Schwarz Group", "Schwarz-Gruppe")]),
        (
            "Google Cloud, nicht Google",
            [("Google Cloud", "Google Cloud"), ("Google", "Google")],
        ),
        ("der Freistaat Sachsen", [("Sachsen", "Freistaat Sachsen")]),
        ("Telefo\u0301nica zahlt", [("Telefónica", "Telefo\u0301nica")]),
        ("Meta signs a lease", [("Meta", "Meta")]),
        ("Apple verhandelt", [("Apple", "Apple")]),
        ("Apple's plan", [("Apple", "Apple")]),
        ("Die Allianz verlagert Daten", [("Allianz", "Allianz")]),
        ("Target plans. Shares of Target rose.", [("Target", "Target")] * 2),
        ("Arm designs. It paid Arm well. Arms Control", [("Arm", "Arm")] * 3),
    ],
)
def test_names_in_every_inflection(text, expected):
    """Genitives, possessives, compounds, spacing, capitals; endings stay outside."""
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("Man nutzt Claude dafür.", "Anthropic", "product"),
        ("It runs on Azure.", "Microsoft", "product"),
        ("Sie bieten Gemini an.", "Google", "product"),
        ("on Bedrock and Trainium", "Amazon Web Services", "product"),
        ("mit Blackwell von morgen", "Nvidia", "product"),
        ("der Softwarekonzern aus Redmond", "Microsoft", "description"),
        ("des Softwarekonzerns aus Redmond", "Microsoft", "description"),
        ("dem Rivalen aus Seattle", "Amazon", "description"),
        ("Der ChatGPT-Entwickler zahlt", "OpenAI", "description"),
        ("dem ChatGPT-Entwickler", "OpenAI", "description"),
        ("the ChatGPT maker said", "OpenAI", "description"),
        ("The search giant said", "Google", "description"),
        ("den Chiphersteller aus Santa Clara", "Nvidia", "description"),
        ("des Chipherstellers aus Santa Clara", "Nvidia", "description"),
        ("Amazon's cloud arm agreed", "Amazon Web Services", "description"),
        ("the owner of Facebook", "Meta", "description"),
        ("beim Softwarekonzern aus Walldorf", "SAP", "description"),
    ],
)
def test_products_and_descriptions_stand_for_their_maker(text, name, kind):
    """A product or paraphrase is a mention, and says which it is."""
    assert (name, kind) in [(m.name, m.kind) for m in GAZETTEER.find(text)]


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("AWS", "Amazon Web Services"),
        ("nvidia", "Nvidia"),
        ("NVIDIA Corp.", "Nvidia"),
        ("die Deutsche Telekom AG", "Deutsche Telekom"),
        ("Alphabet Inc.", "Google"),
        ("Microsoft's", "Microsoft"),
        ("Nvidias", "Nvidia"),
        ("SAP SE", "SAP"),
        ("Orange S.A.", "Orange"),
        ("Software AG", "Software AG"),
        ("Rewe Group", "Rewe"),
        ("Schwarz Group", "Schwarz Group"),
        ("the ChatGPT maker", "OpenAI"),
        ("Quillon Compute, Inc.", "Quillon Compute"),
        ("Zelvaro GmbH & Co. KG", "Zelvaro"),
        ("Tele\u0301fon  Werke", "Teléfon Werke"),
        ("AG", "AG"),
        ("", ""),
    ],
)
def test_canonical_names(name, canonical):
    """Aliases, case, articles, genitives and legal forms resolve; others stay."""
    assert GAZETTEER.canonical(name) == canonical


def test_units_and_parents_are_related():
    """A unit is related to its parent, not to the parent's other units."""
    assert GAZETTEER.parent("AWS") == "Amazon"
    assert GAZETTEER.parent("Stackit") == "Schwarz Group"
    assert GAZETTEER.parent("Zelvaro") is None
    assert GAZETTEER.related("Google Cloud", "Alphabet")
    assert GAZETTEER.related("T-Systems", "Telekom")
    assert GAZETTEER.related("Zelvaro AG", "Zelvaro")
    assert GAZETTEER.related("zelvaro21", "Zelvaro21")
    assert not GAZETTEER.related("AWS", "Annapurna Labs")
    assert not GAZETTEER.related("Nvidia", "AMD")
    got = GAZETTEER.get("AWS")
    assert got is not None
    assert got.kind == "cloud"
    assert GAZETTEER.get("Zelvaro") is None


@settings(max_examples=200, deadline=None)
@example("0»\xa0")
@given(st.text(max_size=40))
def test_canonical_is_stable(name):
    """Resolving twice is resolving once."""
    once = GAZETTEER.canonical(name)
    assert GAZETTEER.canonical(once) == once


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_a_list_parses_or_is_refused(text):
    """Any text is a list or a ValueError, never another error."""
    try:
        tomllib.loads(text)
        found = parse_organisations(text)
    except ValueError:
        return
    assert all(one.name for one in found)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Meta and CoreWeave have signed a deal.", ["Meta", "CoreWeave"]),
        ("Oracle, Nvidia sign.", ["Oracle", "Nvidia"]),
        ("Meta und Nvidia einigen sich.", ["Meta", "Nvidia"]),
        ("Arm und Reich treffen sich.", []),
    ],
)
def test_an_ambiguous_name_counts_where_a_list_of_names_begins(text, names):
    """At a sentence's start a plain word is a name beside another known name."""
    assert [mention.name for mention in load_organisations().find(text)] == names
