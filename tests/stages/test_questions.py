"""What is asked about an article: each question shows what it says, and its places."""

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
    Question,
    about_deal,
    about_organisation,
    about_payer,
    about_quantity,
    about_role,
    about_sum,
    candidates,
    quantities,
    sums,
)
from newsbot.stages.reading import Reading
from newsbot.types import OrganisationMention
from newsbot.vocabulary import OrganisationKind


def asked_about(reading: Reading, name: str) -> Question:
    one = next(c for c in candidates(reading.organisations) if c.name == name)
    return about_organisation(reading, one, GAZETTEER)


def shown(question: Question, kind: str = "Sum") -> str:
    """What stands between the kind of a question and its colon."""
    return question.text.removeprefix(f"\n\n{kind}: ").removesuffix(":")


def places(mentions) -> tuple[tuple[int, int], ...]:
    return tuple((mention.start, mention.end) for mention in mentions)


def read_at(reading: Reading, question: Question) -> list[str]:
    """What the text says at the places of a question, in their order."""
    return [reading.article.full_text[start:end] for start, end in question.places]


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
    assert asked_about(reading, "OpenAI").text == (
        "\n\nOrganisation: OpenAI (ChatGPT, ChatGPT maker), AI lab:"
    )
    assert MAX_SPELLINGS == 2
    reading = read("Oracle signs. Oracle says so.")
    assert asked_about(reading, "Oracle").text == "\n\nOrganisation: Oracle, cloud:"


def test_an_unknown_organisation_is_a_company():
    """What no list knows is asked about under its own name."""
    reading = read("The cloud provider Quarzwerk Compute signed a contract with SAP.")
    asked = asked_about(reading, "Quarzwerk Compute")
    assert asked.text == "\n\nOrganisation: Quarzwerk Compute, company:"
    assert read_at(reading, asked) == ["Quarzwerk Compute"]


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
        ).text
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
    assert about_sum(reading, one).text == wanted


def test_a_capacity_is_shown_in_its_sentence():
    """A capacity is asked about in the same form."""
    reading = read("It opens soon. The site draws 300 MW from the grid.")
    (one,) = quantities(reading.capacity)
    assert about_quantity(reading, one).text == (
        "\n\nCapacity: The site draws [300 MW] from the grid.:"
    )


def test_a_sum_is_shown_from_the_text_rather_than_the_headline():
    """A headline has no grammar; it serves where only it says the sum."""
    both = read("They agreed on $5 billion.", title="Oracle: $5bn for CoreWeave")
    assert about_sum(both, sums(both.money)[0]).text == (
        "\n\nSum: They agreed on [$5 billion].:"
    )
    only = read("They agreed on a sum.", title="Oracle: $5bn for CoreWeave")
    assert "[$5bn]" in about_sum(only, sums(only.money)[0]).text


def test_long_sentences_are_cut_at_spaces():
    """Of a long sentence some words on either side are shown, each of them whole."""
    before = " ".join(f"before{n:02}" for n in range(30))
    after = " ".join(f"after{n:02}" for n in range(30))
    reading = read(f"{before} paid $5 billion to {after}.")
    (one,) = sums(reading.money)
    left, _, rest = shown(about_sum(reading, one)).partition("[$5 billion]")
    assert 0 < len(left) <= BEFORE
    assert 0 < len(rest) <= AFTER
    whole = f"{before} paid to {after}.".split()
    assert set(left.split()) | set(rest.split()) <= set(whole)


def test_a_word_without_end_is_not_shown():
    """Where no space is near, nothing is shown but the sum."""
    reading = read(f"{'x' * 300}-$5 billion-{'y' * 300}")
    (one,) = sums(reading.money)
    assert about_sum(reading, one).text == "\n\nSum: [$5 billion]:"


@settings(max_examples=100, deadline=None)
@given(articles, st.text(alphabet="ab $[].\n", max_size=80))
def test_what_is_shown_is_the_text_s_own(text, noise):
    """Without its marks a shown sum reads as in the text, and is never long."""
    reading = read(f"{noise} {text}{noise}")
    full = reading.article.full_text
    for one in sums(reading.money):
        said = shown(about_sum(reading, one))
        surfaces = [full[m.start : m.end] for m in one.mentions]
        assert any(
            said.replace(f"[{surface}]", surface, 1) in full for surface in surfaces
        )
        assert len(said) <= BEFORE + AFTER + 2 + max(map(len, surfaces))


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (("OpenAI", "Oracle"), "\n\nDeal of OpenAI, Oracle:"),
        (("SAP",), "\n\nDeal of SAP:"),
    ],
)
def test_a_deal_is_asked_about_by_its_parties(names, asked):
    """The parties stand in the order given."""
    assert about_deal(read("They agreed."), names, GAZETTEER).text == asked


def test_a_role_is_asked_about_within_its_deal():
    """The question names the deal and then the one party it is about."""
    asked = about_role(read("They agreed."), ("OpenAI", "Oracle"), "Oracle", GAZETTEER)
    assert asked.text == "\n\nDeal of OpenAI, Oracle. Role of Oracle:"


def test_a_payer_is_asked_about_with_its_sum():
    """The question shows the sum in its sentence, and then names who may pay it."""
    reading = read("Oracle pays $5 billion to CoreWeave.")
    (one,) = sums(reading.money)
    assert about_payer(reading, one, "Oracle", GAZETTEER).text == (
        "\n\nSum: Oracle pays [$5 billion] to CoreWeave.. Paid by Oracle:"
    )


#: Names a parent and its units, a stranger, sums and capacities, some of them twice.
FAMILY = (
    "Google Cloud lends Anthropic 2 GW for $5 billion. Alphabet says that Google is "
    "glad. Nvidia looks on: 2 GW and $5bn, says Claude maker Anthropic. It once got "
    "€7 million and 3 MW."
)


def test_places_are_those_of_what_a_question_is_about():
    """Every mention of the one organisation, sum or capacity, in the text's order."""
    reading = read(FAMILY, title="Anthropic signs")
    for one in candidates(reading.organisations):
        asked = about_organisation(reading, one, GAZETTEER)
        assert asked.places == places(one.mentions)
    for money in sums(reading.money):
        assert about_sum(reading, money).places == places(money.mentions)
    for size in quantities(reading.capacity):
        assert about_quantity(reading, size).places == places(size.mentions)
    assert read_at(reading, asked_about(reading, "Anthropic")) == [
        "Anthropic",
        "Anthropic",
        "Claude maker",
        "Anthropic",
    ]
    assert [read_at(reading, about_sum(reading, s)) for s in sums(reading.money)] == [
        ["$5 billion", "$5bn"],
        ["€7 million"],
    ]
    assert [
        read_at(reading, about_quantity(reading, q))
        for q in quantities(reading.capacity)
    ] == [["2 GW", "2 GW"], ["3 MW"]]


def test_a_name_of_its_own_asks_about_its_own_places():
    """Whether a unit is a party is asked of the unit alone, not of its parent."""
    reading = read(FAMILY)
    assert read_at(reading, asked_about(reading, "Google Cloud")) == ["Google Cloud"]


@settings(max_examples=60, deadline=None)
@given(articles)
def test_every_place_of_the_text_is_asked_about(text):
    """A deal of everyone named is about every mention of anyone, each once, in order."""
    reading = read(text)
    names = [one.name for one in candidates(reading.organisations)]
    asked = about_deal(reading, names, GAZETTEER)
    assert asked.places == places(reading.organisations)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Anthropic", "Nvidia"), ["Anthropic", "Nvidia", "Claude maker", "Anthropic"]),
        (("Nvidia",), ["Nvidia"]),
        # A parent with its unit, and a unit with its parent.
        (("Google",), ["Google Cloud", "Alphabet", "Google"]),
        (("Google Cloud", "Nvidia"), ["Google Cloud", "Alphabet", "Google", "Nvidia"]),
        # Named by no one.
        (("SAP",), []),
        ((), []),
        # In the text's order, whatever theirs; none twice where both are related.
        (("Nvidia", "Google"), ["Google Cloud", "Alphabet", "Google", "Nvidia"]),
        (("Google", "Google Cloud"), ["Google Cloud", "Alphabet", "Google"]),
    ],
)
def test_a_deal_s_places_are_those_of_all_its_parties(names, said):
    """Also where the text names a unit of a party, or the parent of one."""
    reading = read(FAMILY)
    assert read_at(reading, about_deal(reading, names, GAZETTEER)) == said


def test_a_role_s_places_are_those_of_its_one_party():
    """The others of the deal are named in the question, not looked up in the text."""
    reading = read(FAMILY)
    names = ("Anthropic", "Google Cloud")
    for name in names:
        role = about_role(reading, names, name, GAZETTEER)
        assert role.places == about_deal(reading, [name], GAZETTEER).places != ()


def test_a_payer_s_places_are_those_of_the_sum_and_of_the_party():
    """All of the one and all of the other, and no other party's or sum's."""
    reading = read(FAMILY)
    first, second = sums(reading.money)
    nvidia = about_payer(reading, first, "Nvidia", GAZETTEER)
    assert sorted(read_at(reading, nvidia)) == ["$5 billion", "$5bn", "Nvidia"]
    google = about_payer(reading, second, "Google Cloud", GAZETTEER)
    assert sorted(read_at(reading, google)) == sorted(
        ["€7 million", "Google Cloud", "Alphabet", "Google"]
    )
    nobody = about_payer(reading, second, "SAP", GAZETTEER)
    assert nobody.places == places(second.mentions)


def test_every_question_begins_and_ends_alike():
    """A blank line parts each from the article; the state is read at the colon."""
    reading = read("Oracle pays CoreWeave $5 billion for 2 GW.")
    asked = [
        questions.REPORTS,
        asked_about(reading, "Oracle").text,
        about_sum(reading, sums(reading.money)[0]).text,
        about_payer(reading, sums(reading.money)[0], "Oracle", GAZETTEER).text,
        about_quantity(reading, quantities(reading.capacity)[0]).text,
        about_deal(reading, ["Oracle", "CoreWeave"], GAZETTEER).text,
        about_role(reading, ["Oracle", "CoreWeave"], "Oracle", GAZETTEER).text,
    ]
    assert all(one.startswith("\n\n") and one.endswith(":") for one in asked)
    assert len(set(asked)) == 7
