"""Sums of one deal that papers tell otherwise: by the year, or for all years."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tellings import days, finding, verdicts

#: A lab and a neocloud, who both sign twice a week.
TWO = ("Mistral AI", "CoreWeave")


@pytest.mark.parametrize(
    ("whole", "yearly"), [(6.8, 1.36), (0.78, 0.13), (9, 0.75), (4.4, 1.1)]
)
def test_a_year_s_rent_is_no_other_deal(whole, yearly):
    """Whichever paper comes first, within the days of the event."""
    all_years = finding(*TWO, sums=[(whole, "USD")])
    one_year = finding(*TWO, sums=[(yearly, "USD")])
    assert verdicts(all_years, (one_year, days(1)))[1] != "new"
    assert verdicts(one_year, (all_years, days(2)))[1] != "new"


@pytest.mark.parametrize(
    ("sums", "currency", "later"),
    [
        pytest.param(1.36, "USD", 9, id="later"),
        pytest.param(1.36, "EUR", 1, id="currency"),
        pytest.param(1.5, "USD", 1, id="no multiple"),
        pytest.param(0.34, "USD", 1, id="twenty times"),
        pytest.param(2.267, "USD", 1, id="thrice"),
        pytest.param(1.34, "USD", 1, id="hardly five times"),
    ],
)
def test_other_figures_make_another_deal(sums, currency, later):
    """A week later, in another currency, or no multiple of as many years."""
    first = finding(*TWO, sums=[(6.8, "USD")])
    second = finding(*TWO, sums=[(sums, currency)])
    assert verdicts(first, (second, days(later))) == ["new", "new"]


def test_a_retelling_makes_no_new_days_of_the_event():
    """Three weeks after the first paper a fifth of the sum is another deal."""
    first = finding(*TWO, sums=[(10, "USD")])
    again = finding(*TWO, sums=[(10, "USD")])
    second = finding(*TWO, sums=[(2, "USD")])
    told = verdicts(first, (again, days(20)), (second, days(21)))
    assert told == ["new", "repeat", "new"]


def test_a_stake_is_no_year_s_rent():
    """Sums of two kinds are of two things."""
    order = finding(*TWO, sums=[(10, "USD")])
    (stake,) = (replace(one, kind="investment") for one in order.amounts)
    second = replace(finding(*TWO), amounts=(replace(stake, value=stake.value / 5),))
    assert verdicts(order, (second, days(1)))[1] == "new"


def test_another_party_is_another_deal_also_by_the_year():
    """Only the very same sides tell one deal with such figures."""
    first = finding(*TWO, "SAP", sums=[(6.8, "USD")])
    second = finding(*TWO, "Siemens", sums=[(1.36, "USD")])
    assert verdicts(first, (second, days(1))) == ["new", "new"]


def test_a_state_is_one_party_in_either_language():
    """ "Lettland" and "Latvia" are no two customers."""
    first = finding("Latvia", "Mistral AI", sums=[(0.041, "EUR")])
    second = finding("lettische Regierung", "Mistral AI", sums=[(0.041, "EUR")])
    assert verdicts(first, (second, days(5))) == ["new", "repeat"]
