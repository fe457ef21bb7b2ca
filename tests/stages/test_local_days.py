"""When a digest is due on its reader's clock: once a local date, whatever clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.local_days import (
    bounds,
    due_date,
    find_zone,
    moment,
    read_time,
    read_zone,
    scheduled,
)
from newsbot.subscribing import Wish

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu",
    "Australia/Lord_Howe", "America/St_Johns", "UTC", "Asia/Tokyo",
    "Africa/Cairo", "Pacific/Honolulu", "America/Santiago", "Pacific/Kiritimati",
)  # fmt: skip
JOINED = datetime(2026, 1, 1, tzinfo=UTC)


def wish(zone="Europe/Berlin", at=time(7), days="daily"):
    return Wish(address="a@example.org", time_zone=zone, at=at, days=days)


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-02-03T06:59", "2026-02-02", None),
        ("2026-02-03T07:00", "2026-02-02", "2026-02-03"),
        ("2026-02-03T23:59", "2026-02-02", "2026-02-03"),
        ("2026-02-03T07:00", "2026-02-03", None),
        ("2026-02-03T07:00", "2026-02-04", None),  # a clock that was set back
        ("2026-02-07T06:00", "2026-02-02", None),  # three days down: wait for 07:00
        ("2026-02-07T07:00", "2026-02-02", "2026-02-07"),
        ("2026-02-03T07:00", None, "2026-02-03"),
    ],
)
def test_daily(now, last, due):
    """From the hour on, once a date, never for a date that is over."""
    last = date.fromisoformat(last) if last else None
    found = due_date(wish(), last, JOINED, at(now))
    assert (found and found.isoformat()) == due


@pytest.mark.parametrize(
    ("days", "now", "last", "due"),
    [
        ("weekdays", "2026-02-06T07:00", "2026-02-05", "2026-02-06"),  # Friday
        ("weekdays", "2026-02-07T07:00", "2026-02-06", None),
        ("weekdays", "2026-02-08T12:00", "2026-02-06", None),
        ("weekdays", "2026-02-09T07:00", "2026-02-06", "2026-02-09"),
        ("weekdays", "2026-02-07T07:00", "2026-02-05", "2026-02-07"),  # Friday missed
        ("weekly", "2026-02-09T07:00", "2026-02-02", "2026-02-09"),  # Monday
        ("weekly", "2026-02-10T07:00", "2026-02-02", "2026-02-10"),  # Monday missed
        ("weekly", "2026-02-10T07:00", "2026-02-09", None),
        ("weekly", "2026-02-16T07:00", "2026-02-10", "2026-02-16"),
    ],
)
def test_some_days(days, now, last, due):
    """On its days; one that was missed comes on the next day, and once."""
    found = due_date(wish(days=days), date.fromisoformat(last), JOINED, at(now))
    assert (found and found.isoformat()) == due


def test_what_was_to_go_out_before_one_joined_is_not_missed():
    """Who joins at 07:01 gets the first digest tomorrow, at 06:59 today."""
    now = at("2026-02-03T07:30")
    assert due_date(wish(), None, at("2026-02-03T07:01"), now) is None
    assert due_date(wish(), None, at("2026-02-03T06:59"), now) == date(2026, 2, 3)
    # A clock that was ahead when one joined holds nothing up.
    assert due_date(wish(), None, at("2027-02-03T06:59"), now) is None
    later = at("2026-02-04T07:00")
    assert due_date(wish(), None, at("2026-02-03T07:01"), later) == date(2026, 2, 4)


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        ("2026-03-28", "2026-03-28T01:30"),
        ("2026-03-29", "2026-03-29T01:30"),  # 02:30 is left out: 03:30 there
        ("2026-03-30", "2026-03-30T00:30"),
        ("2026-10-25", "2026-10-25T00:30"),  # 02:30 comes twice: the first
        ("2026-10-26", "2026-10-26T01:30"),
    ],
)
def test_half_past_two(day, utc):
    """At both changes of the clock, 02:30 is one moment."""
    found = moment(date.fromisoformat(day), time(2, 30), BERLIN)
    assert found == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    at_time=st.times(),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)),
    gaps=st.lists(st.integers(1, 60 * 30), min_size=1, max_size=60),
)
def test_whenever_one_looks(zone, at_time, start, gaps):
    """Looked at in any rhythm: never twice a date, never before the hour, never gone."""
    asked = wish(zone, at_time.replace(second=0, microsecond=0, tzinfo=None, fold=0))
    now, last = start.replace(tzinfo=UTC), None
    joined = now - timedelta(days=3)
    for minutes in gaps:
        due = due_date(asked, last, joined, now)
        local = now.astimezone(ZoneInfo(zone))
        if due is not None:
            assert last is None or due > last
            assert due == local.date()
            assert now >= moment(due, asked.at, ZoneInfo(zone))
            assert due_date(asked, due, joined, now) is None
            last = due
        elif now >= moment(local.date(), asked.at, ZoneInfo(zone)):
            assert last is not None
            assert last >= local.date()
        now += timedelta(minutes=minutes)


def test_days_have_bounds():
    """Days meet without a gap, and are 23, 24 or 25 hours long."""
    hours = set()
    for zone in map(ZoneInfo, ZONES):
        day = date(2026, 1, 1)
        for _ in range(365):
            start, end = bounds(day, zone)
            day += timedelta(days=1)
            assert bounds(day, zone)[0] == end
            hours.add((end - start) / timedelta(hours=1))
    assert {23.0, 24.0, 25.0, 23.5, 24.5} == hours
    with pytest.raises(OverflowError):
        bounds(date.max, BERLIN)


def test_scheduled_days():
    """The last day of a plan, the day itself included."""
    days = [date(2026, 2, 2) + timedelta(days=n) for n in range(7)]  # from Monday on
    assert [scheduled(day, "daily") for day in days] == days
    assert {scheduled(day, "weekly") for day in days} == {days[0]}
    assert [scheduled(day, "weekdays") for day in days] == [*days[:5], days[4], days[4]]


@pytest.mark.parametrize(
    "text",
    ["", "7", "24:00", "7:60", "07:3", "-1:00", "٧:٣٠", "07:30:00", "7.30", "ab:cd"],
)
def test_what_is_no_time(text):
    """What is no time of day is refused."""
    assert read_time(text) is None
    assert read_time(" 7:05 ") == time(7, 5)


@pytest.mark.parametrize(
    "text", ["", "Berlin", "/etc/passwd", "../UTC", "Europe", "a\0b", "x" * 500]
)
def test_what_is_no_zone(text):
    """Names that are no zone, and paths, are refused."""
    assert read_zone(text) is None


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("utc", "UTC"),
        ("Mars/Base", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_zone_is_found_as_people_type_it(typed, zone):
    """By its name or its city's, in any case; what is none stays none."""
    assert find_zone(typed) == zone
