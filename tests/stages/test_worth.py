"""What a deal is worth: every figure once, and nothing that is not firm as firm."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fakes import GAZETTEER
from hypothesis import given, settings
from hypothesis import strategies as st
from told_deals import WHEN, Paper, deal, sum_of

from newsbot.stages.rates import load_rates, quarter_of
from newsbot.stages.worth import worth

RATES = load_rates()


def told(*papers, **fields):
    """The figures of a deal in billions, and why none is counted."""
    papers = [Paper(amounts=tuple(p)) if isinstance(p, list) else p for p in papers]
    found = worth(deal(*papers, **fields), RATES, GAZETTEER.related)
    figures = [
        (float(one.value) / 1e9, one.currency, one.bound) for one in found.figures
    ]
    return sorted(figures), found.left_out


CASES = {
    "told twice": ([[sum_of(38)], [sum_of(38)]], [(38, "USD", "exact")]),
    "rounded": ([[sum_of(38)], [sum_of("37.9", bound="about")]], [(38, "USD", "exact")]),
    "converted": (
        [[sum_of(20)], [sum_of(17, "EUR", bound="about")]],
        [(20, "USD", "exact")],
    ),
    "most papers": ([[sum_of(17, "EUR")], [sum_of(20)], [sum_of(20)]], [(20, "USD", "exact")]),
    "a total stands for its parts": (
        [[sum_of(5, kind="investment"), sum_of(30), sum_of(35, kind="total")]],
        [(35, "USD", "exact")],
    ),
    "another paper's total": ([[sum_of(30)], [sum_of(30, kind="total")]], [(30, "USD", "exact")]),
    "a soft total": (
        [[sum_of(30), sum_of(45, kind="total", bound="up_to")]],
        [(45, "USD", "up_to")],
    ),
    "an extension's total": (
        [
            [sum_of(10, kind="total")],
            Paper(status="expanded", amounts=(sum_of(15, kind="total"), sum_of(5))),
        ],
        [(15, "USD", "exact")],
    ),
    "an extension's sum": (
        [[sum_of(10)], Paper(status="expanded", amounts=(sum_of(5),))],
        [(5, "USD", "exact"), (10, "USD", "exact")],
    ),
    "parts": (
        [
            [
                sum_of(5, kind="investment", bound="up_to", payer="Microsoft"),
                sum_of(10, kind="investment", bound="up_to", payer="Nvidia"),
                sum_of(30, payer="Anthropic"),
            ],
            [sum_of(15, kind="investment", bound="up_to"), sum_of(30)],
        ],
        [(5, "USD", "up_to"), (10, "USD", "up_to"), (30, "USD", "exact")],
    ),
    "the sum first": (
        [[sum_of(15)], [sum_of(5, payer="Oracle"), sum_of(10, payer="OpenAI")]],
        [(5, "USD", "exact"), (10, "USD", "exact")],
    ),
    "each pays the same": (
        [[sum_of(5, payer="OpenAI"), sum_of(5, payer="Oracle")], [sum_of(5, payer="Oracle")]],
        [(5, "USD", "exact"), (5, "USD", "exact")],
    ),
    "of another kind": ([[sum_of(5)], [sum_of(5, kind="investment")]], [(5, "USD", "exact")]),
    "circular money": (
        [[sum_of(5, payer="OpenAI"), sum_of(5, kind="investment", payer="Nvidia")]],
        [(5, "USD", "exact"), (5, "USD", "exact")],
    ),
    "a part that others leave out": (
        [[sum_of(5, payer="OpenAI")], [sum_of(9, payer="Oracle")]],
        [(5, "USD", "exact"), (9, "USD", "exact")],
    ),
    "unit and parent pay once": (
        [[sum_of(5, payer="Google")], [sum_of(5, payer="Google Cloud")]],
        [(5, "USD", "exact")],
    ),
    "a range": (
        [[sum_of(5, bound="at_least"), sum_of(7, bound="up_to")]],
        [(5, "USD", "at_least"), (7, "USD", "up_to")],
    ),
    "a known floor": ([[sum_of(5, bound="at_least")], [sum_of(8)]], [(8, "USD", "exact")]),
    "firm and a ceiling": (
        [[sum_of(10), sum_of(15, bound="up_to")]],
        [(10, "USD", "exact"), (15, "USD", "up_to")],
    ),
    "what was negotiated": (
        [Paper(status="talks", amounts=(sum_of(99),)), [sum_of(10)]],
        [(10, "USD", "exact")],
    ),
    "no rate": ([[sum_of(5, "AED")]], [(5, "AED", "exact")]),
    "firm to one, a ceiling to another": (
        [[sum_of(20)], [sum_of(20, bound="up_to")]],
        [(20, "USD", "up_to")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_figure_counts_once(name):
    """Repeats, conversions, totals and parts are seen for what they are."""
    papers, expected = CASES[name]
    assert told(*papers) == (expected, None)


@pytest.mark.parametrize(
    ("papers", "status", "reason"),
    [
        ([[sum_of(5)]], "talks", "talks"),
        ([[sum_of(5)]], "ended", "ended"),
        ([[]], "announced", "no_sum"),
        ([], "announced", "no_sum"),
        ([Paper(status="talks", amounts=(sum_of(9),)), []], "announced", "no_sum"),
        ([[sum_of(20)], [sum_of(15, "EUR")]], "announced", "differing"),
        ([[sum_of(20)], [sum_of(30)]], "announced", "differing"),
        ([[sum_of(20, kind="total")], [sum_of(30, kind="total")]], "expanded", "differing"),
        ([[sum_of(20, kind="total"), sum_of(30, kind="total")]], "announced", "differing"),
        ([[sum_of(9, payer="AWS")], [sum_of(5, payer="Amazon")]], "announced", "differing"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_says_why(papers, status, reason):
    """Talks, ends, missing and contradicting figures count nothing, with a reason."""
    assert told(*papers, status=status) == ([], reason)


def test_firm_and_up_to_at_once_is_marked():
    """A figure that papers disagree on is the careful one, and said to be."""
    papers = [Paper(amounts=(sum_of(20, bound=bound),)) for bound in ("exact", "up_to")]
    assert worth(deal(*papers), RATES, GAZETTEER.related).mixed
    assert not worth(deal(papers[0]), RATES, GAZETTEER.related).mixed


amounts = st.builds(
    sum_of,
    st.sampled_from([1, 2, 3, 5, "5.1", 10, 10**15]),
    st.sampled_from(["USD", "EUR", "AED"]),
    st.sampled_from(["purchase", "investment", "total"]),
    st.sampled_from(["exact", "about", "at_least", "up_to"]),
    st.sampled_from([None, "OpenAI", "Oracle"]),
)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.lists(amounts, max_size=5), min_size=1, max_size=4))
def test_hearing_everything_again_changes_nothing(papers):
    """The same papers twice are worth what they are once; figures are as told."""
    once = told(*papers)
    assert told(*papers, *papers)[0] == once[0]
    stated = {(float(a.value) / 1e9, a.currency) for paper in papers for a in paper}
    assert {figure[:2] for figure in once[0]} <= stated


def test_rates_are_dated_and_of_their_quarter():
    """A sum is converted by its own quarter; before and after, the nearest stands in."""
    assert quarter_of(datetime(2026, 12, 31, 23, tzinfo=UTC)) == "2026-Q4"
    quarters = list(RATES.quarters)
    assert quarters == sorted(quarters)
    assert quarters[0] == "2022-Q1"
    assert RATES.first_day < RATES.last_day
    euro = [
        RATES.dollars(10**9, "EUR", datetime(year, 9, 1, tzinfo=UTC))
        for year in (1999, 2022, 2025, 2999)
    ]
    assert 0.98e9 < euro[1] < 1.04e9  # parity in the autumn of 2022
    assert 1.15e9 < euro[2] < 1.19e9
    assert RATES.dollars(10**9, "EUR", datetime(2022, 1, 9, tzinfo=UTC)) == euro[0]
    assert RATES.dollars(5, "USD", WHEN) == 5
    assert RATES.dollars(5, "AED", WHEN) is None
    for row in RATES.quarters.values():
        assert len(row) >= 26
        assert all(rate > 0 for rate in row.values())
