"""Which deals go to a subscription, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from deals import NOW, amount, article, deal, finding
from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.local_days import read_zone
from newsbot.stages.organisations import load_organisations
from newsbot.stages.rates import load_rates
from newsbot.stages.subscriptions import decide, fits, quiet_until
from newsbot.stages.typed import (
    FilterError,
    read_filters,
    read_hours,
    read_span,
    write_filters,
)
from newsbot.talking import Filters, Subscription

GAZETTEER = load_organisations(())
RATES = load_rates()
ONE = deal(finding("a", amount(30)))
ARTICLES = {
    "a": article("a", text="Oracle rents GPUs from CoreWeave. A rumour it was.")
}
SUBSCRIPTION = Subscription(
    channel="telegram", recipient="1", language="en", created_at=NOW
)


def passes(typed, one=ONE, articles=ARTICLES):
    return fits(read_filters(typed), one, articles, gazetteer=GAZETTEER, rates=RATES)


def decided(subscription, now=NOW, *, reached=False):
    return decide(
        subscription,
        ONE,
        ARTICLES,
        now,
        reached=reached,
        gazetteer=GAZETTEER,
        rates=RATES,
    )


@pytest.mark.parametrize(
    ("typed", "fitting"),
    [
        ("", True),
        ("party:Oracle", True),
        ("party:ORCL,Nvidia", False),
        ("party:Nvidia,CoreWeave", True),
        ("type:compute_purchase", True),
        ("type:investment", False),
        ("status:talks", False),
        ("confirmed", True),
        ("min:10bn", True),
        ("min:31bn", False),
        ('min:"20 Mrd Euro"', True),
        ("lang:en", True),
        ("lang:de", False),
        ("gpus", True),
        ("GPU*", True),
        ("gpu", False),
        ("rents gpus", True),
        ("rents tpus", False),
        ("!rumour", False),
        ("!rum*", False),
        ("!gossip", True),
        ("party:Oracle min:31bn", False),
        ('party:Nvidia,"Core Weave",CoreWeave', True),
        ("party: Nvidia, CoreWeave", True),
        ("min:20 Mrd Euro gpus", True),
        ("ab:31 Mrd. € gpus", False),
        ("confirmed only", True),
        ("nur bestätigte gpus", True),
        ("status:confirmed", True),
        ("lang:englisch", True),
    ],
)
def test_filters(typed, fitting):
    """Every part must fit; of several values of one part, one is enough."""
    assert passes(typed) is fitting


def test_confirmed_is_everything_but_talks():
    """A deal in talks does not pass, an ended one does."""
    assert not passes("confirmed", deal(finding(status="talks")))
    assert passes("confirmed", deal(finding(status="ended")))


@pytest.mark.parametrize(
    "typed", ["shape:round", "type:love", "status:maybe", "min:", "min:lots", "lang:fr",
              "!", "***", "a*b*c*d*e", "x" * 70, " ".join(f"w{n}" for n in range(20))]
)  # fmt: skip
def test_filters_that_nobody_understands(typed):
    """What is no filter is an error, never a filter that lets everything through."""
    if typed == "min:":
        typed = "min:1bn min:2bn"
    with pytest.raises(FilterError):
        read_filters(typed)


@given(st.text(max_size=200))
def test_any_text_is_a_filter_or_an_error(text):
    """Nothing that people type crashes, and what is read reads back the same."""
    try:
        read = read_filters(text)
    except FilterError:
        return
    assert read_filters(write_filters(read)) == read


@pytest.mark.parametrize("stars", ["a*a*a*b", "*" + "a" * 50 + "*b"])
def test_wildcards_stay_fast(stars):
    """Patterns are bounded, so no text makes them slow: it ends."""
    text = ("a" * 100_000 + " ") * 3
    assert not passes(stars, ONE, {"a": article("a", text=text)})


@pytest.mark.parametrize(
    ("changes", "reached", "why", "sent"),
    [
        ({}, False, "fits", True),
        ({"paused": True}, True, "paused", False),
        ({"muted_until": NOW + timedelta(hours=1)}, True, "muted", False),
        ({"muted_until": NOW}, False, "fits", True),
        ({"filters": Filters(statuses=("talks",))}, False, "filtered", False),
        ({"filters": Filters(statuses=("talks",))}, True, "told before", True),
        ({"quiet": (time(8), time(10))}, False, "quiet hours", True),
        ({"quiet": (time(10), time(8))}, False, "fits", True),
    ],
)
def test_decisions(changes, reached, why, sent):
    """Paused and muted say never, filters only of what is new, quiet hours later."""
    decision = decided(replace(SUBSCRIPTION, **changes), reached=reached)
    assert (decision.why, decision.at is not None) == (why, sent)


@pytest.mark.parametrize(
    ("now", "ends_at"),
    [
        ("2026-03-02T22:30", "2026-03-03T06:00"),
        ("2026-03-02T05:59", "2026-03-02T06:00"),
        ("2026-03-02T06:00", None),
        ("2026-03-02T20:59", None),
        # Over the nights in which Berlin's clocks change.
        ("2026-03-28T22:00", "2026-03-29T05:00"),
        ("2026-10-24T21:00", "2026-10-25T06:00"),
    ],
)
def test_quiet_hours_in_berlin(now, ends_at):
    """22 to 7 o'clock is meant as Berlin's clocks show it, summer and winter."""
    one = replace(SUBSCRIPTION, quiet=(time(22), time(7)), timezone="Europe/Berlin")
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    until = quiet_until(one, moment)
    shown = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") if until else None
    assert shown == ends_at


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_quiet_hours_always_end(moment, start, end, name):
    """Whatever the hours and the zone, what waits is sent within about a day."""
    now = moment.replace(tzinfo=UTC)
    one = replace(SUBSCRIPTION, quiet=(start, end), timezone=name)
    until = quiet_until(one, now)
    assert until is None or now < until <= now + timedelta(hours=26)


def test_zones_come_from_the_database_of_zones_alone():
    """No path and no nonsense is a zone."""
    assert read_zone("Europe/Berlin") is not None
    for name in ("../../etc/passwd", "/etc/passwd", "", "Mars", "Europe", "a\0b"):
        assert read_zone(name) is None, name


def test_a_german_reader_types_german():
    """Keys and names in German are the same filters."""
    german = read_filters(
        'partei:Oracle typ:Beteiligung ab:"2 Mrd" sprache:de bestätigt'
    )
    english = read_filters("party:Oracle type:investment min:2bn lang:de confirmed")
    assert german == english
    assert german.min_amount == (Decimal(2 * 10**9), "USD")


def test_times_as_typed():
    """Both languages' habits are read, nonsense is not."""
    assert read_hours("22:30 - 7") == (time(22, 30), time(7))
    assert read_hours("22 bis 7 Uhr") == (time(22), time(7))
    assert read_hours("22-24") == (time(22), time(0))
    assert read_hours("25-7") is read_hours("7") is read_hours("7-7") is None
    assert read_span("2d") == timedelta(days=2)
    assert read_span("0h") is read_span("999w") is read_span("-1h") is None


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        # As docs/telegram.md shows it.
        (
            'party:OpenAI,"Schwarz Digits" type:investment,chip_supply confirmed '
            "min:1bn lang:de gpu* !rumour",
            'party:OpenAI party:"Schwarz Digits" type:investment,chip_supply confirmed '
            "min:1bn lang:de gpu* !rumour",
        ),
        # As phones change it.
        ("partei:\u201eSchwarz Digits\u201c x", 'party:"Schwarz Digits" x'),
        ('x party:"Schwarz Digits', 'party:"Schwarz Digits" x'),
        ('party:"Foo, Inc." y', 'party:"Foo, Inc." y'),
        ("ab: 1,5 Mrd. \u20ac gpu", 'min:"1.5bn EUR" gpu'),
        ("min:2 billion dollars gpu", "min:2bn gpu"),
    ],
)
def test_filters_are_read_as_people_type_them(typed, means):
    """Blanks, commas and quotation marks part what they seem to; written, it is same."""
    filters = read_filters(typed)
    assert write_filters(filters) == means
    assert read_filters(means) == filters


@pytest.mark.parametrize("typed", ["party:", "type: ", "x" * 601, "https://x.example"])
def test_a_filter_that_is_half_read_is_refused(typed):
    """Nothing is cut off or left out in silence."""
    with pytest.raises(FilterError):
        read_filters(typed)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [("90m", 1.5), ("8 h", 8), ("2 Stunden", 2), ("1 Tag", 24), ("1w", 168)],
)
def test_spans_are_read_in_either_language(typed, hours):
    """Short and whole words; others are none."""
    assert read_span(typed) == timedelta(hours=hours)
    assert read_span(f"{typed}x") is None
