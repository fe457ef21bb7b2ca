"""What is asked about an article, and that each question shows what the text says."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import GAZETTEER, read

from newsbot.stages import questions
from newsbot.stages.organisations import (
    Gazetteer,
    Organisation,
)
from newsbot.stages.questions import (
    AFTER,
    BEFORE,
    MAX_SPELLINGS,
    about_deal,
    about_organisation,
    about_quantity,
    about_role,
    about_sum,
    candidates,
    quantities,
    sums,
)
from newsbot.stages.reading import Reading
from newsbot.types import OrganisationKind, OrganisationMention


def asked_about(reading: Reading, name: str) -> str:
    one = next(c for c in candidates(reading.organisations) if c.name == name)
    return about_organisation(reading, one, GAZETTEER)


def test_mentions_are_gathered_by_what_they_name():
    """One organisation, sum or capacity is asked about once, with all its places."""
    reading = read(
        "Oracle pays CoreWeave $5 billion for 2 GW. OpenAI, maker of ChatGPT, pays "
        "nothing: the $5bn and the 2 GW are Oracle's.",
        title="Oracle rents from CoreWeave",
    )
    found = candidates(reading.organisations)
    assert [one.name for one in found] == ["Oracle", "CoreWeave", "OpenAI"]
    assert [len(one.mentions) for one in found] == [3, 2, 2]
    (money,) = sums(reading.money)
    assert {m.value for m in money.mentions} == {Decimal(5_000_000_000)}
    assert len(money.mentions) == 2
    (capacity,) = quantities(reading.capacity)
    assert len(capacity.mentions) == 2


def test_other_currencies_and_units_are_other_sums():
    """Five billion euros are not five billion dollars, nor two megawatts two giga."""
    reading = read("It pays $5 billion for 2 GW.\n\nAnother pays €5 billion for 2 MW.")
    assert [s.mentions[0].currency for s in sums(reading.money)] == ["USD", "EUR"]
    assert [q.mentions[0].unit for q in quantities(reading.capacity)] == ["GW", "MW"]


pieces = st.sampled_from(
    ["Oracle ", "CoreWeave pays ", "$5 billion. ", "2 GW ", "30 Mrd. Euro. ", "\n\n"]
)
articles = st.lists(pieces, max_size=30).map("".join)


@settings(max_examples=60, deadline=None)
@given(articles)
def test_every_mention_is_in_one_question(text):
    """Gathering loses no mention, repeats none, and keeps the order of the text."""
    reading = read(text)
    for gathered, mentions in (
        (candidates(reading.organisations), reading.organisations),
        (sums(reading.money), reading.money),
        (quantities(reading.capacity), reading.capacity),
    ):
        held = [m for one in gathered for m in one.mentions]
        assert sorted(held, key=lambda m: m.start) == list(mentions)
        firsts = [one.mentions[0].start for one in gathered]
        assert firsts == sorted(firsts)


def test_an_organisation_is_named_with_its_other_spellings_and_trade():
    """The question says the list's name, how the text writes it, and what it does."""
    reading = read("ChatGPT is made by OpenAI, the ChatGPT maker. Open AI says so.")
    assert asked_about(reading, "OpenAI") == (
        "\n\nOrganisation: OpenAI (ChatGPT, ChatGPT maker), AI lab:"
    )
    assert MAX_SPELLINGS == 2
    reading = read("Oracle signs. Oracle says so.")
    assert asked_about(reading, "Oracle") == "\n\nOrganisation: Oracle, cloud:"


def test_an_unknown_organisation_is_a_company():
    """What no list knows is asked about under its own name."""
    reading = read("The cloud provider Quarzwerk Compute signed a contract with SAP.")
    asked = asked_about(reading, "Quarzwerk Compute")
    assert asked == "\n\nOrganisation: Quarzwerk Compute, company:"


def test_every_trade_has_its_own_word():
    """An organisation of any kind of the list can be asked about."""
    reading = read("Nobody is here.")
    one = questions.Candidate(
        name="Zeta",
        mentions=(OrganisationMention(name="Zeta", kind="name", start=0, end=6),),
    )
    asked = {
        about_organisation(
            reading, one, Gazetteer([Organisation(name="Zeta", kind=kind)])
        )
        for kind in get_args(OrganisationKind)
    }
    assert len(asked) == len(get_args(OrganisationKind)) > 10


def test_a_sum_is_shown_in_its_sentence():
    """The sum stands marked among the words around it, not past its sentence."""
    reading = read(
        "Nobody said a word. Oracle pays $5 billion to CoreWeave. All slept."
    )
    (one,) = sums(reading.money)
    wanted = "\n\nSum: Oracle pays [$5 billion] to CoreWeave.:"
    assert about_sum(reading, one) == wanted


def test_a_capacity_is_shown_in_its_sentence():
    """A capacity is asked about in the same form."""
    reading = read("It opens soon. The site draws 300 MW from the grid.")
    (one,) = quantities(reading.capacity)
    assert about_quantity(reading, one) == (
        "\n\nCapacity: The site draws [300 MW] from the grid.:"
    )


def test_a_sum_is_shown_from_the_text_rather_than_the_headline():
    """A headline has no grammar; it serves where only it says the sum."""
    both = read("They agreed on $5 billion.", title="Oracle: $5bn for CoreWeave")
    assert about_sum(both, sums(both.money)[0]) == (
        "\n\nSum: They agreed on [$5 billion].:"
    )
    only = read("They agreed on a sum.", title="Oracle: $5bn for CoreWeave")
    assert "[$5bn]" in about_sum(only, sums(only.money)[0])


def test_long_sentences_are_cut_at_spaces():
    """Of a long sentence some words on either side are shown, each of them whole."""
    before = " ".join(f"before{n:02}" for n in range(30))
    after = " ".join(f"after{n:02}" for n in range(30))
    reading = read(f"{before} paid $5 billion to {after}.")
    (one,) = sums(reading.money)
    shown = about_sum(reading, one).removeprefix("\n\nSum: ").removesuffix(":")
    left, _, rest = shown.partition("[$5 billion]")
    assert 0 < len(left) <= BEFORE
    assert 0 < len(rest) <= AFTER
    whole = f"{before} paid to {after}.".split()
    assert set(left.split()) | set(rest.split()) <= set(whole)


def test_a_word_without_end_is_not_shown():
    """Where no space is near, nothing is shown but the sum."""
    reading = read(f"{'x' * 300}-$5 billion-{'y' * 300}")
    (one,) = sums(reading.money)
    assert about_sum(reading, one) == "\n\nSum: [$5 billion]:"


@settings(max_examples=100, deadline=None)
@given(articles, st.text(alphabet="ab $[].\n", max_size=80))
def test_what_is_shown_is_the_text_s_own(text, noise):
    """Without its marks a shown sum reads as in the text, and is never long."""
    reading = read(f"{noise} {text}{noise}")
    full = reading.article.full_text
    for one in sums(reading.money):
        shown = about_sum(reading, one).removeprefix("\n\nSum: ").removesuffix(":")
        surfaces = [full[m.start : m.end] for m in one.mentions]
        assert any(
            shown.replace(f"[{surface}]", surface, 1) in full for surface in surfaces
        )
        assert len(shown) <= BEFORE + AFTER + 2 + max(map(len, surfaces))


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (("OpenAI", "Oracle"), "\n\nDeal of OpenAI, Oracle:"),
        (("SAP",), "\n\nDeal of SAP:"),
    ],
)
def test_a_deal_is_asked_about_by_its_parties(names, asked):
    """The parties stand in the order given."""
    assert about_deal(names) == asked


def test_a_role_is_asked_about_within_its_deal():
    """The question names the deal and then the one party it is about."""
    asked = about_role(("OpenAI", "Oracle"), "Oracle")
    assert asked == "\n\nDeal of OpenAI, Oracle. Role of Oracle:"


def test_every_question_begins_and_ends_alike():
    """A blank line parts each from the article; the state is read at the colon."""
    reading = read("Oracle pays CoreWeave $5 billion for 2 GW.")
    asked = [
        questions.REPORTS,
        asked_about(reading, "Oracle"),
        about_sum(reading, sums(reading.money)[0]),
        about_quantity(reading, quantities(reading.capacity)[0]),
        about_deal(["Oracle", "CoreWeave"]),
        about_role(["Oracle", "CoreWeave"], "Oracle"),
    ]
    assert all(one.startswith("\n\n") and one.endswith(":") for one in asked)
    assert len(set(asked)) == 6
