"""Who pays a sum: an order that the sentence gives, else the model's score."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from texts import read

from newsbot.stages.amounts import find_money
from newsbot.stages.payers import by_roles, find_payers

NAMES = ("Anthropic", "Microsoft", "Nvidia")


def payers(text: str, language: str, names=NAMES, best: int = 0) -> list[str | None]:
    """Who pays each sum, where the model says the one at *best* for all of them."""
    reading = read(text, title="", language=language)
    scores = np.array([[float(n == best) for n in range(len(names))]] * 5)
    money = list(reading.money)
    return find_payers(reading, money, names, scores[: len(money)])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "Nvidia and Microsoft are to put up to $10 billion and $5 billion "
            "respectively into Anthropic.",
        ),
        (
            "en",
            "Anthropic said Nvidia and Microsoft would invest $10 billion and "
            "$5 billion, respectively.",
        ),
        (
            "en",
            "Nvidia and Microsoft put in $10 billion and $5 billion respectively, "
            "for a stake that values Anthropic at $350 billion.",
        ),
        (
            "de",
            "Nvidia und Microsoft stecken 10 Milliarden Dollar beziehungsweise "
            "5 Milliarden Dollar in Anthropic.",
        ),
        (
            "de",
            "An Anthropic beteiligen sich Nvidia und Microsoft mit 10 bzw. "
            "5 Milliarden Dollar.",
        ),
    ],
)
def test_an_order_that_the_sentence_gives_decides(language, text):
    """The sums fall to the last parties named before them, whatever the model says."""
    for names in permutations(NAMES):
        for best in range(len(names) + 1):
            paid = payers(text, language, names, best)
            assert paid[:2] == ["Nvidia", "Microsoft"]
            # A valuation behind them stands in no order.
            model = names[best] if best < len(names) else None
            assert all(payer == model for payer in paid[2:])


@pytest.mark.parametrize(
    "text",
    [
        # No such word.
        "Nvidia and Microsoft put $10 billion and $5 billion into Anthropic.",
        # One sum only.
        "Nvidia and Microsoft put $10 billion into Anthropic, respectively.",
        # More sums than parties before them.
        "Microsoft pays $1 billion, $2 billion and $3 billion respectively.",
        # Each pays, and no order is given.
        "Nvidia und Microsoft zahlen jeweils $5 billion und später $3 billion.",
        # Nobody before them.
        "They pay $1 billion and $2 billion respectively to Nvidia and Microsoft.",
    ],
)
def test_without_an_order_the_model_decides(text):
    """Also where it says: nobody in particular."""
    assert set(payers(text, "en", best=0)) == {"Anthropic"}
    assert set(payers(text, "en", best=2)) == {"Nvidia"}
    assert set(payers(text, "en", best=3)) == {None}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "de",
            "Zugleich steigen beide bei Anthropic ein: Microsoft mit bis zu 5 "
            "Milliarden, Nvidia mit bis zu 10 Milliarden Dollar.",
        ),
        (
            "en",
            "Microsoft is to invest up to $5 billion and Nvidia up to $10 billion, "
            "for which Anthropic rents computers.",
        ),
    ],
)
def test_one_payer_of_a_list_tells_the_others(language, text):
    """Where the model sees that Microsoft pays what stands beside it, so does Nvidia."""
    assert payers(text, language, best=1) == ["Microsoft", "Nvidia"]
    assert payers(text, language, best=2) == ["Microsoft", "Nvidia"]
    # Neither pays, as far as the model sees: perhaps each gets what stands beside it.
    assert payers(text, language, best=0) == ["Anthropic", "Anthropic"]


@pytest.mark.parametrize(
    "text",
    [
        # Two names before a sum: who pays whom?
        "Microsoft pays Anthropic $5 billion, Nvidia $10 billion.",
        # One name for both.
        "Microsoft pays $5 billion, Microsoft later $10 billion.",
        # Nobody beside the second.
        "Microsoft pays $5 billion, later $10 billion.",
        # The second is not told in the words of the first.
        "Microsoft pays $5 billion, which values Nvidia at $10 billion.",
        # Two sentences.
        "Microsoft pays $5 billion. Nvidia pays $10 billion.",
    ],
)
def test_what_is_no_list_leaves_it_to_the_model(text):
    """The model's answer stands."""
    assert payers(text, "en", best=1) == ["Microsoft", "Microsoft"]


def test_only_parties_of_the_deal_pay():
    """Amazon stands in the order and is none: the model decides."""
    text = "Amazon and Nvidia put $10 billion and $5 billion respectively into it."
    assert payers(text, "en", best=1) == ["Microsoft", "Microsoft"]


def test_a_name_told_twice_counts_once():
    """The nearest distinct parties are meant."""
    text = (
        "Microsoft said that Nvidia and Microsoft put $10 billion and $5 billion "
        "respectively into Anthropic."
    )
    assert payers(text, "en") == ["Nvidia", "Microsoft"]


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("mit 10 bzw. 5 Milliarden Dollar", [10, 5]),
        ("10 Mrd. beziehungsweise 5 Mrd. Dollar", [10, 5]),
        ("10 and 5 billion dollars, respectively", [10, 5]),
        ("$10 and $5 billion respectively", [10, 5]),
        ("Sie zahlen 2026 bzw. 2027 3 Mrd. Dollar", [3]),
        ("in groups of 10 and 5 billion dollars", [5]),
    ],
)
def test_sums_in_an_order_share_scale_and_currency(text, sums):
    """Each lends the other what only one of them has; a year stays a year."""
    for language in ("de", "en"):
        found = find_money(text, language)
        assert [(m.value, m.currency) for m in found] == [
            (n * 10**9, "USD") for n in sums
        ]


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("Microsoft 5 Milliarden und Nvidia 10 Milliarden Dollar.", [5, 10]),
        (
            "Microsoft mit bis zu 5 Milliarden, Nvidia mit bis zu 10 Milliarden Dollar.",
            [5, 10],
        ),
        ("A 1 Milliarde, B 2 Milliarden und C 3 Milliarden Dollar.", [1, 2, 3]),
        ("They put in 5 billion and 10 billion dollars.", [5, 10]),
        # Something counted, another sentence, a figure that is no money.
        ("800 Millionen Nutzer, Nvidia zahlt 10 Milliarden Dollar.", [10]),
        ("Nutzer hat es 800 Millionen, und Nvidia zahlt 10 Milliarden Dollar.", [10]),
        ("Es sind 5 Milliarden. Nvidia zahlt 10 Milliarden Dollar.", [10]),
        ("Im Jahr 2026, sagt Nvidia, fließen 10 Milliarden Dollar.", [10]),
        # Who writes signs writes one before each.
        ("It has 5 billion, and pays $10 billion.", [10]),
    ],
)
def test_a_list_ends_with_the_currency_of_all(text, sums):
    """Each takes it from behind the last, where nothing else can be meant."""
    for language in ("de", "en"):
        found = find_money(text, language)
        assert [(m.value, m.currency) for m in found] == [
            (n * 10**9, "USD") for n in sums
        ]


def test_who_has_the_payer_s_role_pays_rather_than_others():
    """An investment is an investor's, where there is one; the model may still insist."""
    likely = np.array([[0.6, 0.4], [0.6, 0.4], [0.6, 0.4], [0.9, 0.4]], np.float32)
    roles = [("customer", "investee"), ("investor", "provider")]
    kinds = ("investment", "purchase", "total", "investment")
    found = by_roles(likely, kinds, roles)
    assert found.argmax(1).tolist() == [1, 0, 0, 0]
    # Nobody has it, or everybody: nothing is known.
    for some in ([("provider",), ("partner",)], [("investor",), ("investor",)]):
        assert by_roles(likely, ["investment"] * 4, some).tolist() == likely.tolist()
    assert by_roles(np.zeros((0, 2), np.float32), [], roles).shape == (0, 2)
