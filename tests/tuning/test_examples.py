"""Examples: an article's tokens, what is asked, and what is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import tiny_tuning
from tiny_tuning import GAZETTEER, Bench

from newsbot.evaluation.gold import GoldAmount, GoldArticle, GoldDeal, GoldSpan
from newsbot.evaluation.run import as_article
from newsbot.stages import questions
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.recall import places_in
from newsbot.stages.words import tokens
from newsbot.tuning.examples import (
    MAX_BYSTANDERS,
    MAX_PAIRS,
    N_BACKGROUND,
    N_BYSTANDERS,
    N_PAIRINGS,
    thinned,
)
from newsbot.tuning.labelled import some_capitals, with_labelled
from newsbot.tuning.questionnaire import Asked
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES

TITLE = "Oracle mietet bei Zwirbelwerk"
STATED = (
    "Oracle zahlt dem Cloudanbieter Zwirbelwerk Compute 30 Mrd. Euro für 2 GW Leistung."
)
OTHER = "SAP kauft bei Nvidia Chips für 5 Millionen Dollar."
BACKGROUND = "Im Vorjahr setzte Microsoft 7 Mrd. Euro um und betrieb 3 GW."
TEXT = f"{STATED} {OTHER}\n\n{BACKGROUND}"


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    return tiny_tuning.bench(tmp_path_factory.mktemp("examples") / "base")


def amount(value: int, currency: str, payer: str | None, kind="purchase") -> GoldAmount:
    return GoldAmount(
        value=Decimal(value), currency=currency, kind=kind, bound="exact", payer=payer
    )


def deal(parties, amounts=(), capacity=(), *, types=("compute_purchase",), **parts):
    fields = {"story": "s", "status": "announced", **parts}
    return GoldDeal(
        types=types, parties=parties, amounts=amounts, capacity=capacity, **fields
    )


def gold(**parts) -> GoldArticle:
    full = f"{TITLE}\n\n{TEXT}"
    places = {"deals.0.parties.0": STATED, "deals.1.parties.0": OTHER}
    fields = {
        "title": TITLE,
        "text": TEXT,
        "deals": (
            deal(
                (
                    ("Oracle Corp.", ("customer",)),
                    ("Zwirbelwerk Compute", ("provider", "partner")),
                ),
                (amount(30_000_000_000, "EUR", "Oracle", "total"),),
                ((Decimal(2), "gw"),),
                types=("compute_purchase", "infrastructure"),
                status="expanded",
            ),
            deal(
                (("SAP", ("customer",)), ("Nvidia", ("provider",))),
                (amount(5_000_000, "USD", None),),
                types=("chip_supply",),
            ),
        ),
        "spans": tuple(
            GoldSpan(
                field=field,
                start=full.index(stated),
                end=full.index(stated) + len(stated),
            )
            for field, stated in places.items()
        ),
        **parts,
    }
    return GoldArticle(
        id="c-1",
        url="https://example.org",
        source="Blatt",
        published_at=datetime(2026, 3, 2, tzinfo=UTC),
        language="de",
        **fields,
    )


def who(example):
    return {one.name: one for one in example.organisations}


def flags(names, known):
    return tuple(name in names for name in known)


def labelled(article: GoldArticle) -> Reading:
    """The reading that tuning asks about."""
    return with_labelled(
        article, read_article(as_article(article), GAZETTEER), GAZETTEER
    )


def words_of(bench, asked: Asked) -> str:
    return bench.tokenizer.decode(list(asked.ids))


def about_deal(names) -> str:
    return questions.about_deal(labelled(gold()), names, GAZETTEER).text


def about_role(names, name) -> str:
    return questions.about_role(labelled(gold()), names, name, GAZETTEER).text


def about_payer(one, name) -> str:
    return questions.about_payer(labelled(gold()), one, name, GAZETTEER).text


def test_the_article_is_read_as_judging_reads_it(bench):
    """The tokens are those of the full text, with begin-of-sequence before them."""
    example = bench.example(gold())
    tokens = bench.tokenizer.encode(f"{TITLE}\n\n{TEXT}")
    assert example.ids == bench.tokenizer.prefix + tokens.ids
    assert len(bench.tokenizer.prefix) == 1


def test_sentences_are_found_among_the_tokens(bench):
    """Each sentence's tokens spell it, and those that state a party are marked."""
    example = bench.example(gold())
    reading = read_article(as_article(gold()), GAZETTEER)
    spelled = [
        bench.tokenizer.decode(list(example.ids[start:end])).strip()
        for start, end in example.sentences
    ]
    assert spelled == [reading.text(sentence) for sentence in reading.sentences]
    assert spelled == [TITLE, STATED, OTHER, BACKGROUND]
    assert example.states == (False, True, True, False)


def test_organisations_have_their_deals(bench):
    """Parties know their deal by any spelling; a bystander has none."""
    found = who(bench.example(gold()))
    assert found["Oracle"].deals == {0}
    assert found["Zwirbelwerk Compute"].deals == {0}
    assert found["Nvidia"].deals == {1}
    assert found["Microsoft"].deals == frozenset()


def test_every_party_of_every_deal_has_its_roles(bench):
    """Each is asked about within its deal, by canonical names."""
    parts = bench.example(gold()).parts
    names = ["Oracle", "Zwirbelwerk Compute"]
    assert words_of(bench, parts[0].asked) == about_role(names, "Oracle")
    assert [part.roles for part in parts] == [
        flags(roles, ROLES)
        for roles in ({"customer"}, {"provider", "partner"}, {"customer"}, {"provider"})
    ]


def test_a_party_of_two_deals_has_its_own_roles_in_each(bench):
    """Who rents in one deal and lends in the other is asked about twice."""
    first, second = gold().deals
    both = replace(
        second, parties=(("Oracle", ("investor",)), ("Nvidia", ("investee",)))
    )
    example = bench.example(gold(deals=(first, both)))
    assert who(example)["Oracle"].deals == {0, 1}
    oracle = [
        part.roles
        for part in example.parts
        if "Role of Oracle" in words_of(bench, part.asked)
    ]
    assert oracle == [flags({"customer"}, ROLES), flags({"investor"}, ROLES)]


def pairings(bench, example) -> dict[str, bool]:
    return {words_of(bench, one.asked): one.is_deal for one in example.pairings}


def test_two_parties_made_a_deal_or_did_not(bench):
    """Every two parties are asked about, and some with a bystander, who made none."""
    example = bench.example(gold())
    found = pairings(bench, example)
    assert found[about_deal(["Oracle", "Zwirbelwerk Compute"])]
    assert found[about_deal(["SAP", "Nvidia"])]
    assert not found[about_deal(["Oracle", "SAP"])]
    assert sum(found.values()) == 2
    bystanders = [one.name for one in example.organisations if not one.deals]
    strangers = [asked for asked in found if any(name in asked for name in bystanders)]
    assert len(strangers) == MAX_BYSTANDERS
    assert not any(found[asked] for asked in strangers)


def test_a_long_list_of_parties_is_not_asked_about_in_full(bench):
    """Two hundred parties have twenty thousand pairs: a dozen is learned from."""
    names = [f"Zwirbel{letter} Compute" for letter in "abcdefghijklmn"]
    text = (
        f"Der Cloudanbieter {', der Cloudanbieter '.join(names)} haben unterzeichnet."
    )
    deals = (deal(tuple((name, ("partner",)) for name in names)),)
    example = bench.example(gold(text=text, deals=deals, spans=()))
    assert sum(bool(one.deals) for one in example.organisations) > 10
    assert len(example.pairings) <= MAX_PAIRS + MAX_BYSTANDERS


def test_a_unit_counts_for_its_parent(bench):
    """Labelled is the parent, the text names the unit: it is the party all the same."""
    text = "Google Cloud und Anthropic schließen einen Vertrag."
    deals = (deal((("Google", ("provider",)), ("Anthropic", ("customer",)))),)
    found = who(bench.example(gold(text=text, deals=deals, spans=())))
    assert found["Google Cloud"].deals == {0}


def test_sums_and_capacities_have_their_deal(bench):
    """What belongs to a deal says to which; what is background says so."""
    example = bench.example(gold())
    deals = [(one.deal, AMOUNT_KINDS[one.kind]) for one in example.sums]
    assert deals == [(0, "total"), (1, "purchase"), (None, AMOUNT_KINDS[0])]
    assert [one.deal for one in example.quantities] == [0, None]


def test_deals_have_their_types_and_status(bench):
    """Each deal is asked about by its parties."""
    first, second = bench.example(gold()).deals
    assert first.types == flags({"compute_purchase", "infrastructure"}, DEAL_TYPES)
    assert STATUSES[first.status] == "expanded"
    assert second.types == flags({"chip_supply"}, DEAL_TYPES)
    assert words_of(bench, second.asked) == about_deal(["SAP", "Nvidia"])


def test_what_is_asked_is_what_judging_asks(bench):
    """Question by question, in one order: the same words, about the same tokens."""
    example = bench.example(gold())
    reading = labelled(gold())
    words = tokens(reading.article.full_text)
    capitals = some_capitals(reading, words, Random(example.id))
    everyone = sorted([*reading.organisations, *capitals], key=lambda m: m.start)
    proposed = replace(reading, organisations=tuple(everyone))
    sums = questions.sums(reading.money)
    ours, theirs = ["Oracle", "Zwirbelwerk Compute"], ["SAP", "Nvidia"]
    pairs = {
        question.text: question
        for pair in permutations([one.name for one in example.organisations], 2)
        for question in [questions.about_deal(proposed, pair, GAZETTEER)]
    }
    wanted = [
        questions.Question(text=questions.REPORTS, places=()),
        *(
            questions.about_organisation(reading, one, GAZETTEER)
            for one in questions.candidates(everyone)
        ),
        *(questions.about_sum(reading, one) for one in sums),
        *(
            questions.about_quantity(reading, one)
            for one in questions.quantities(reading.capacity)
        ),
        *(pairs[asked] for asked in pairings(bench, example)),
        *(questions.about_deal(reading, deal, GAZETTEER) for deal in (ours, theirs)),
        *(
            questions.about_role(reading, names, name, GAZETTEER)
            for names in (ours, theirs)
            for name in names
        ),
        *(
            questions.about_payer(reading, one, name, GAZETTEER)
            for one, names in ((sums[0], ours), (sums[1], theirs))
            for name in names
        ),
    ]
    offsets = bench.tokenizer.encode(reading.article.full_text).offsets
    assert example.asked == [
        Asked(
            ids=bench.tokenizer.encode(asked.text).ids,
            about=tuple(1 + n for n in places_in(offsets, asked.places)),
        )
        for asked in wanted
    ]
    assert example.n_tokens == len(example.ids) + sum(
        len(asked.ids) for asked in example.asked
    )


def read_at(bench, example, asked: Asked) -> str:
    """The tokens that a question is about, as text without white space."""
    return "".join(
        bench.tokenizer.decode([example.ids[n] for n in asked.about]).split()
    )


def test_a_question_is_about_the_tokens_of_its_places(bench):
    """They spell what is asked about; of the first question they are the article's."""
    example = bench.example(gold())
    n_tokens = len(example.ids)
    assert example.reports.about == tuple(range(1, n_tokens))  # without the prefix
    for asked in example.asked:
        assert asked.about == tuple(sorted(set(asked.about)))
        assert 1 <= asked.about[0] <= asked.about[-1] < n_tokens
    found = who(example)
    assert read_at(bench, example, found["SAP"].asked) == "SAP"
    first, second = "OracleOracle", "ZwirbelwerkZwirbelwerkCompute"
    assert read_at(bench, example, found["Oracle"].asked) == first
    assert read_at(bench, example, found["Zwirbelwerk Compute"].asked) == second
    assert read_at(bench, example, example.sums[0].asked) == "30Mrd.Euro"
    assert read_at(bench, example, example.quantities[1].asked) == "3GW"
    both = "OracleZwirbelwerkOracleZwirbelwerkCompute"
    assert read_at(bench, example, example.deals[0].asked) == both
    assert read_at(bench, example, example.deals[1].asked) == "SAPNvidia"
    parts = [read_at(bench, example, part.asked) for part in example.parts]
    assert parts == [first, second, "SAP", "Nvidia"]
    paid = [read_at(bench, example, one.asked) for one in example.payments]
    assert paid == [
        "OracleOracle30Mrd.Euro",
        "ZwirbelwerkZwirbelwerkCompute30Mrd.Euro",
        "SAP5MillionenDollar",
        "Nvidia5MillionenDollar",
    ]


def test_an_article_without_a_deal_is_asked_one_question(bench):
    """Judging asks nothing more once it says no, so nothing more is learned."""
    example = bench.example(gold(deals=(), spans=()))
    assert not example.is_deal
    assert example.asked == [example.reports]
    assert not any(example.states)
    assert len(example.sentences) == 4


def test_who_pays_is_asked_of_each_party_of_a_sum_s_deal(bench):
    """One pays, or nobody in particular; of a background sum nothing is asked."""
    example = bench.example(gold())
    reading = read_article(as_article(gold()), GAZETTEER)
    total, purchase, _ = questions.sums(reading.money)
    asked = [(words_of(bench, one.asked), one.pays) for one in example.payments]
    assert asked == [
        (about_payer(total, "Oracle"), True),
        (about_payer(total, "Zwirbelwerk Compute"), False),
        (about_payer(purchase, "SAP"), False),
        (about_payer(purchase, "Nvidia"), False),
    ]


def test_one_pass_asks_about_every_party_and_some_of_the_rest(bench):
    """Bystanders, background and pairs are drawn anew; what is a deal's stays."""
    names = [f"Zwirbel{letter} Compute" for letter in "abcdefghijkl"]
    text = (
        "Oracle mietet bei Nvidia Rechner für 3 Mrd. Euro. Früher zahlte es "
        "1 Mio. Euro, 2 Mio. Euro, 4 Mio. Euro und 5 Mio. Euro. "
        f"Der Cloudanbieter {', der Cloudanbieter '.join(names)} schweigen."
    )
    sides = (("Oracle", ("customer",)), ("Nvidia", ("provider",)))
    paid = (amount(3_000_000_000, "EUR", "Oracle"),)
    deals = (replace(deal(sides), amounts=paid),)
    whole = bench.example(gold(text=text, deals=deals, spans=()))
    assert len(whole.organisations) > N_BYSTANDERS + 2
    drawn = [thinned(whole, Random(seed)) for seed in range(9)]
    for few in drawn:
        assert sum(bool(one.deals) for one in few.organisations) == 2
        assert len(few.organisations) == N_BYSTANDERS + 2
        assert [one.deal for one in few.sums].count(0) == 1
        assert len(few.sums) == N_BACKGROUND + 1
        assert set(few.pairings) <= set(whole.pairings)
        assert (few.words, few.named, few.deals) == (
            whole.words,
            whole.named,
            whole.deals,
        )
    assert len({few.organisations for few in drawn}) > 1


def test_every_pass_asks_whether_sides_of_different_deals_made_one(bench):
    """All pairs over both deals, and some of the rest."""
    whole = bench.example(gold())
    parted = [one for one in whole.pairings if one.parted]
    assert len(parted) == 4
    assert not any(one.is_deal for one in parted)
    assert sum(one.is_deal for one in whole.pairings) == 2
    (one, *_) = [one for one in whole.pairings if one.is_deal]
    many = replace(whole, pairings=(*[one] * 9, *parted))
    few = thinned(many, Random(1)).pairings
    assert few == (*[one] * N_PAIRINGS, *parted)


def test_a_long_dozen_of_the_corpus_becomes_examples(bench):
    """Real lines of the corpus give at least two parties where they report a deal."""
    for article in tiny_tuning.corpus(12):
        example = bench.example(article)
        assert example.is_deal == bool(article.deals)
        assert all(0 < a < b <= len(example.ids) for a, b in example.sentences)
        for asked in example.asked:
            assert asked.ids
            assert 0 < asked.about[0] <= asked.about[-1] < len(example.ids)
        if article.deals:
            assert sum(bool(one.deals) for one in example.organisations) >= 2
            assert any(example.states)
