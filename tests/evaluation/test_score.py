"""Scores: hand-made cases with figures that can be counted on one's fingers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.evaluation.gold import GoldAmount, GoldDeal
from newsbot.evaluation.score import (
    Counts,
    Extraction,
    Share,
    area_under_curve,
    match_deals,
)
from newsbot.stages.organisations import load_organisations

GAZETTEER = load_organisations()


def amount(value: float = 30, **parts: str) -> GoldAmount:
    fields = {
        "currency": "USD",
        "kind": "purchase",
        "bound": "exact",
        "payer": None,
        **parts,
    }
    return GoldAmount(value=Decimal(str(value)) * 10**9, **fields)


def deal(*names: str, **parts) -> GoldDeal:
    fields = {
        "story": "s",
        "status": "announced",
        "types": ("compute_purchase", "investment"),
        "amounts": (amount(),),
        "capacity": ((Decimal(2), "GW"),),
        **parts,
    }
    named = names or ("Oracle", "CoreWeave")
    return GoldDeal(parties=tuple((name, ("customer",)) for name in named), **fields)


def score(gold: Sequence[GoldDeal], said: Sequence[GoldDeal]) -> Extraction:
    extraction = Extraction()
    extraction.add(gold, said, GAZETTEER.related)
    return extraction


def counts(counted: Counts) -> tuple[int, int, int]:
    return counted.hit, counted.extra, counted.missed


def test_a_perfect_prediction_scores_one_everywhere():
    """What equals the gold has precision, recall, F1 and accuracy 1.0."""
    gold = [deal(), deal("Nvidia", "OpenAI", status="talks")]
    found = score(gold, list(reversed(gold)))
    for one in (found.parties, found.types, found.amounts, found.capacity):
        assert one.figures() == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    for share in (found.roles, found.status, found.amount_kind, found.amount_bound):
        assert share.accuracy == 1.0
        assert share.total > 0


def test_nothing_said_of_nothing_is_perfect():
    """A negative left alone costs no figure; a ratio over nothing is 1.0."""
    found = score([], [])
    assert counts(found.parties) == (0, 0, 0)
    assert found.parties.f1 == found.status.accuracy == 1.0
    assert Share().accuracy == 1.0


def test_a_missed_deal_costs_recall():
    """All that the deal holds counts as missed; precision is untouched."""
    found = score([deal(), deal("Nvidia", "OpenAI")], [deal()])
    assert counts(found.parties) == (2, 0, 2)
    assert counts(found.amounts) == (1, 0, 1)
    assert counts(found.types) == (2, 0, 2)
    assert counts(found.capacity) == (1, 0, 1)
    assert found.parties.precision == 1.0
    assert found.parties.recall == 0.5
    assert found.status.total == 1


def test_an_invented_deal_costs_precision():
    """All that the deal holds counts as extra; recall is untouched."""
    found = score([deal()], [deal(), deal("Nvidia", "OpenAI")])
    assert counts(found.parties) == (2, 2, 0)
    assert found.parties.precision == 0.5
    assert found.parties.recall == 1.0
    assert found.parties.f1 == pytest.approx(2 / 3)


def test_parent_and_unit_are_the_same_party_once():
    """Google Cloud for Google is right; both of them are one right, one extra."""
    gold = [deal("Google", "Anthropic")]
    assert counts(score(gold, [deal("Google Cloud", "Anthropic")]).parties) == (2, 0, 0)
    both = deal("Google", "Google Cloud", "Anthropic")
    assert counts(score(gold, [both]).parties) == (2, 1, 0)
    rival = deal("Amazon Web Services", "Anthropic")
    assert counts(score(gold, [rival]).parties) == (1, 1, 1)


@pytest.mark.parametrize(
    ("value", "currency", "hit"),
    [
        (30, "USD", True),
        (30.3, "USD", True),
        (29.71, "USD", True),
        (30.4, "USD", False),
        (29.6, "USD", False),
        (30, "EUR", False),
    ],
)
def test_an_amount_matches_within_one_percent_in_its_currency(value, currency, hit):
    """Rounding is forgiven up to 1 %, another currency never."""
    found = score([deal()], [deal(amounts=(amount(value, currency=currency),))])
    assert counts(found.amounts) == ((1, 0, 0) if hit else (0, 1, 1))
    assert found.amount_kind.total == int(hit)


def test_kind_and_bound_are_judged_apart_from_the_figure():
    """A right sum of the wrong kind is a hit, and told under its own figure."""
    told = (amount(kind="total"), amount(5, bound="up_to"))
    found = score([deal(amounts=(amount(), amount(5)))], [deal(amounts=told)])
    assert counts(found.amounts) == (2, 0, 0)
    assert found.amount_kind.accuracy == 0.5
    assert found.amount_bound.accuracy == 0.5


def test_each_thing_is_matched_once():
    """A sum said twice is one hit and one extra; the exact one is taken first."""
    said = deal(amounts=(amount(kind="total"), amount()))
    found = score([deal()], [said])
    assert counts(found.amounts) == (1, 1, 0)
    assert found.amount_kind.accuracy == 1.0


def test_capacity_matches_by_unit_in_any_case():
    """ "gw" is GW; another unit is another capacity."""
    assert (
        counts(score([deal()], [deal(capacity=((Decimal(2), "gw"),))]).capacity)[0] == 1
    )
    assert counts(score([deal()], [deal(capacity=((Decimal(2), "MW"),))]).capacity) == (
        0, 1, 1,
    )  # fmt: skip


def test_status_and_roles_are_judged_on_what_matched():
    """A wrong status is one of one; roles compare as sets, party by party."""
    said = replace(
        deal(status="talks"),
        parties=(("Oracle", ("investor", "customer")), ("CoreWeave", ("customer",))),
    )
    gold = replace(
        deal(),
        parties=(("Oracle", ("customer", "investor")), ("CoreWeave", ("provider",))),
    )
    found = score([gold], [said])
    assert (found.status.right, found.status.total) == (0, 1)
    assert (found.roles.right, found.roles.total) == (1, 2)


def test_deals_are_paired_by_the_greatest_overlap():
    """With two deals of one article, each prediction goes to its own."""
    one, two = deal("Oracle", "OpenAI", "SoftBank"), deal("Oracle", "Meta")
    said_two, said_one = deal("Meta", "Oracle"), deal("OpenAI", "SoftBank")
    pairs = match_deals([one, two], [said_two, said_one], GAZETTEER.related)
    assert {(id(a), id(b)) for a, b in pairs} == {
        (id(one), id(said_one)),
        (id(two), id(said_two)),
    }
    stranger = deal("Nvidia", "Cohere")
    assert match_deals([one], [stranger], GAZETTEER.related) == [
        (one, None),
        (None, stranger),
    ]


names = st.sampled_from(
    ["Oracle", "Meta", "OpenAI", "Google", "Google Cloud", "Nvidia"]
)
deals = st.lists(
    st.lists(names, min_size=1, max_size=4, unique=True).map(lambda some: deal(*some)),
    max_size=4,
)


@given(deals, deals)
def test_every_deal_and_party_is_counted_exactly_once(gold, said):
    """Hits and misses make the gold, hits and extras the prediction."""
    pairs = match_deals(gold, said, GAZETTEER.related)
    assert sum(a is not None for a, _ in pairs) == len(gold)
    assert sum(b is not None for _, b in pairs) == len(said)
    parties = score(gold, said).parties
    assert parties.hit + parties.missed == sum(len(one.parties) for one in gold)
    assert parties.hit + parties.extra == sum(len(one.parties) for one in said)
    assert 0 <= parties.f1 <= 1


@given(deals)
def test_the_gold_against_itself_is_perfect(gold):
    """No order and no overlap of parties makes a right prediction wrong."""
    found = score(gold, gold)
    assert found.parties.extra == found.parties.missed == 0
    assert found.status.accuracy == 1.0


def test_auc_counts_ties_half():
    """A positive beside an equal negative is a coin's toss."""
    assert area_under_curve([(0.9, True), (0.1, False)]) == 1.0
    assert area_under_curve([(0.1, True), (0.9, False)]) == 0.0
    assert area_under_curve([(0.5, True), (0.5, False)]) == 0.5
    mixed = [(0.9, True), (0.5, True), (0.5, False), (0.2, False)]
    assert area_under_curve(mixed) == pytest.approx(3.5 / 4)


def test_auc_of_one_class_is_one():
    """Without positives, negatives or anything there is nothing to get wrong."""
    for scored in ([], [(0.3, True)], [(0.3, False), (0.9, False)]):
        assert area_under_curve(scored) == 1.0


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans())))
def test_auc_turns_with_its_labels(scored):
    """Asking for the other class gives the other half of one."""
    auc = area_under_curve(scored)
    turned = area_under_curve([(value, not positive) for value, positive in scored])
    assert 0 <= auc <= 1
    if len({positive for _, positive in scored}) == 2:
        assert auc + turned == pytest.approx(1)
