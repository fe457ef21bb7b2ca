"""What deals come to: apart by bound, once each, and with what was left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fakes import GAZETTEER
from hypothesis import given, settings
from hypothesis import strategies as st
from told_deals import Paper, deal, sum_of

from newsbot.stages.rates import load_rates
from newsbot.stages.totals import totals

RATES = load_rates()
MICROSOFT = ("Anthropic", "Microsoft")


def added(*deals, by=None):
    return totals(deals, RATES, GAZETTEER, by)


def one(id, *amounts, **fields):
    return deal(Paper(amounts=amounts), id=id, **fields)


def firm(row):
    return float(row.sums.firm.dollars) / 1e9


def test_bounds_are_never_added_to_each_other():
    """Firm, about, at least and up to each have a column of their own."""
    bounds = ("exact", "about", "at_least", "up_to")
    deals = [one(bound, sum_of(n + 1, bound=bound)) for n, bound in enumerate(bounds)]
    sums = added(*deals).whole.sums
    columns = (sums.firm, sums.about, sums.at_least, sums.up_to)
    assert [float(column.dollars) / 1e9 for column in columns] == [1, 2, 3, 4]


def test_originals_stand_first_and_are_never_converted():
    """A column keeps each currency's own sum, and adds dollars only for comparison."""
    column = added(
        one("a", sum_of(2)), one("b", sum_of(5, "EUR")), one("c", sum_of(1, "EUR"))
    ).whole.sums.firm
    originals = [(str(m.value), m.currency) for m in column.originals]
    assert originals == [("6000000000", "EUR"), ("2000000000", "USD")]
    assert 8.5e9 < column.dollars < 9.5e9


def test_what_is_left_out_is_counted_by_its_reason():
    """Every deal is counted or omitted for one reason, and a missing rate is said."""
    told = added(
        one("talks", sum_of(1), status="talks"),
        one("ended", sum_of(1), status="ended"),
        one("no_sum"),
        deal(Paper(amounts=(sum_of(1),)), Paper(amounts=(sum_of(2),)), id="differing"),
        one("dirham", sum_of(1, "AED")),
        one("both", sum_of(1, "AED"), sum_of(4, kind="investment")),
        one("firm", sum_of(3)),
    )
    left = told.omitted
    assert (left.talks, left.ended) == (("talks",), ("ended",))
    assert (left.no_sum, left.differing) == (("no_sum",), ("differing",))
    assert (left.no_rate, left.currencies) == (("dirham", "both"), ("AED",))
    assert (told.whole.n_deals, firm(told.whole)) == (2, 7)


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("cloud", [("Amazon", 2, 12), ("Microsoft", 1, 10), ("Fog AG", 1, 3), (None, 1, 1)]),
        ("lab", [("Anthropic", 2, 12), ("OpenAI", 1, 3), (None, 1, 1)]),
        ("quarter", [("2025-Q4", 3, 15), ("2026-Q1", 1, 1)]),
    ],
)  # fmt: skip
def test_groups_are_clouds_labs_and_quarters(by, rows):
    """Units count as their parents, strangers by their roles; nothing disappears."""
    told = added(
        one("a", sum_of(10), parties=(*MICROSOFT, "Amazon Web Services")),
        one("b", sum_of(2), parties=("Anthropic", "Amazon", "AWS")),
        one("c", sum_of(3), parties=("OpenAI", "Fog AG")),
        one("d", sum_of(1), parties=("Siemens", "Bosch"), roles=[("partner",)],
            seen_at=datetime(2026, 2, 1, tzinfo=UTC)),
        by=by,
    )  # fmt: skip
    assert [(row.name, row.n_deals, firm(row)) for row in told.rows] == rows
    assert (told.whole.n_deals, firm(told.whole)) == (4, 16)
    assert told.n_shared == (1 if by == "cloud" else 0)


def test_nothing_comes_to_nothing():
    """An empty ledger has no rows, and a last one of zeros."""
    for by in (None, "cloud", "lab", "quarter"):
        told = added(by=by)
        assert told.rows == ()
        assert (told.whole.n_deals, told.whole.sums.firm.originals) == (0, ())


statuses = st.sampled_from(["announced", "expanded", "talks", "ended"])


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(statuses, st.integers(0, 10**9)), max_size=8))
def test_rows_by_quarter_add_up_to_all(told):
    """Where rows cannot overlap, they come to the last row; every deal is somewhere."""
    deals = [
        one(str(n), *([sum_of(value)] if value else []), status=status)
        for n, (status, value) in enumerate(told)
    ]
    found = added(*deals, by="quarter")
    assert sum(firm(row) for row in found.rows) == pytest.approx(firm(found.whole))
    left = found.omitted
    n_left = len(left.talks) + len(left.ended) + len(left.no_sum)
    assert n_left + found.whole.n_deals == len(deals)
