"""Which deals fit: sums, days and names as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fakes import GAZETTEER
from hypothesis import given, settings
from hypothesis import strategies as st
from told_deals import WHEN, Paper, deal, sum_of

from newsbot.stages.amounts import format_money
from newsbot.stages.filters import Wanted, choose, read_moment, read_sum
from newsbot.stages.rates import load_rates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fits(one, told_in=None, **wanted):
    """Whether a deal fits; None where nobody can compare its sums."""
    found = choose([one], Wanted(**wanted), GAZETTEER, load_rates(), told_in)
    return None if found.n_incomparable else found.deals == (one,)


@pytest.mark.parametrize(
    ("typed", "value", "currency"),
    [
        ("1bn", 10**9, "USD"),
        (" 500m ", 5 * 10**8, "USD"),
        ("2 Mrd", 2 * 10**9, "USD"),
        ("$1bn", 10**9, "USD"),
        ("1.5bn", 15 * 10**8, "USD"),
        ("1,5 Mrd.", 15 * 10**8, "USD"),
        ("750 Mio. Euro", 75 * 10**7, "EUR"),
        ("1.500 Mio. €", 15 * 10**8, "EUR"),
        ("€500m", 5 * 10**8, "EUR"),
        ("500 m€", 5 * 10**8, "EUR"),
        ("500m eur", 5 * 10**8, "EUR"),
        ("CHF 3 Mrd.", 3 * 10**9, "CHF"),
        ("1_000_000", 10**6, "USD"),
        ("1,000,000", 10**6, "USD"),
        ("zwei Milliarden Euro", 2 * 10**9, "EUR"),
        ("2 Billionen Euro", 2 * 10**12, "EUR"),
        ("1 billion", 10**9, "USD"),
        ("5tn yen", 5 * 10**12, "JPY"),
        ("0", 0, "USD"),
    ],
)
def test_a_sum_is_read_as_people_type_it(typed, value, currency):
    """Scales and signs of both languages; dollars where none is said."""
    found = read_sum(typed)
    assert (found.value, found.currency) == (value, currency)


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "abc", "-1bn", "1bn 2bn", "1-2bn", "up to 5bn", "7d", "1bn\0", "9" * 99,
     "5 Mrd. Dollar (4 Mrd. Euro)", "=1+1", "1bn; drop"],
)  # fmt: skip
def test_what_is_no_sum_is_none(typed):
    """Nothing else than exactly one sum is taken for one."""
    assert read_sum(typed) is None


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(1, 10**14), st.sampled_from(["USD", "EUR", "GBP", "CHF"]))
def test_a_sum_as_newsbot_writes_it_is_read_back(value, currency):
    """What a table shows may be typed again."""
    for language in ("en", "de"):
        found = read_sum(format_money(Decimal(value), currency, language))
        assert (found.value, found.currency) == (value, currency)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=80))
def test_any_text_is_a_sum_or_none(typed):
    """No text crashes the readers."""
    found = read_sum(typed)
    assert found is None or (found.value >= 0 and found.currency.isupper())
    moment = read_moment(typed, NOW)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("typed", "end", "moment"),
    [
        ("7d", False, NOW - timedelta(days=7)),
        ("12h", True, NOW - timedelta(hours=12)),
        ("99999d", False, NOW - timedelta(days=99999)),
        ("2026-02-01", False, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-28", True, datetime(2026, 3, 1, tzinfo=UTC)),
        ("1.2.2026", False, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-30", False, None),
        ("9999-12-31", True, None),
        ("0000-01-01", False, None),
        ("7w", False, None),
        ("", False, None),
        ("tomorrow", False, None),
    ],
)
def test_a_day_or_an_age(typed, end, moment):
    """Days begin and end at midnight UTC; ages count back from now."""
    assert read_moment(typed, NOW, end=end) == moment


@pytest.mark.parametrize(
    ("asked", "parties", "fit"),
    [
        ("AWS", ("Anthropic", "Amazon Web Services"), True),
        ("amazon", ("Anthropic", "Amazon Web Services"), True),
        ("Amazon.com Inc.", ("Anthropic", "Amazon Web Services"), True),
        ("Amazon Web Services", ("Anthropic", "Amazon"), False),
        ("Claude", ("Anthropic", "Amazon"), True),
        ("NVIDIA Corp.", ("Nvidia", "OpenAI"), True),
        ("Google", ("Google DeepMind", "Oracle"), True),
        ("fog", ("OpenAI", "Fog Compute AG"), True),
        ("FOG compute", ("OpenAI", "Fog Compute AG"), True),
        ("og", ("OpenAI", "Fog Compute AG"), False),
        ("Oracle", ("OpenAI", "Microsoft"), False),
    ],
)
def test_a_party_in_any_spelling_finds_its_units(asked, parties, fit):
    """Aliases and products find their maker, parents their units, not the other way."""
    assert fits(deal(Paper(), parties=parties), parties=(asked,)) is fit


def test_every_party_asked_for_must_be_there():
    """Two names ask for deals between both; a unit that one paper names counts."""
    one = deal(Paper(parties=("OpenAI", "Google Cloud")), parties=("OpenAI", "Google"))
    assert fits(one, parties=("OpenAI", "Google Cloud"))
    assert not fits(one, parties=("OpenAI", "Oracle"))


def test_types_states_days_and_languages():
    """Each filter alone takes what it names, and keeps out the rest."""
    one = deal(Paper(), status="talks")
    assert fits(one, types=("customer", "compute_purchase"))
    assert not fits(one, types=("customer",))
    assert fits(one, statuses=("talks", "ended"))
    assert not fits(one, statuses=("announced",))
    assert fits(one, since=WHEN, until=WHEN + timedelta(microseconds=1))
    assert not fits(one, since=WHEN + timedelta(microseconds=1))
    assert not fits(one, until=WHEN)
    assert fits(one, told_in={"d1"})
    assert not fits(one, told_in=set())
    assert not fits(one, types=("compute_purchase",), statuses=("ended",))


@pytest.mark.parametrize(
    ("amounts", "least", "fit"),
    [
        ([sum_of(1)], "1bn", True),
        ([sum_of(1)], "1.01bn", False),
        ([sum_of(1, "EUR")], "1.1bn", True),
        ([sum_of(1, "EUR")], "1.3bn", False),
        ([sum_of(1, "AED")], "1bn AED", True),
        ([sum_of(1, "AED")], "1bn", None),
        ([sum_of(1, "AED"), sum_of(2)], "1bn", True),
        ([sum_of(10, bound="up_to")], "10bn", True),
        ([sum_of("0.6", payer="OpenAI"), sum_of("0.6", payer="Oracle")], "1bn", True),
        ([], "0", False),
    ],
)
def test_a_least_sum_is_compared_in_dollars(amounts, least, fit):
    """By the quarter's rate; what has no rate is compared with its like only."""
    one = deal(Paper(amounts=tuple(amounts)))
    assert fits(one, min_amount=read_sum(least)) is fit
