"""When a feed is asked again: never early, always said why, for ever within bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fakes import NOW, feed
from hypothesis import given
from hypothesis import strategies as st

from newsbot.courtesy import Courtesy
from newsbot.stages.hints import read_hints
from newsbot.stages.timing import MAX_BACK_OFF, MAX_WAIT, back_off, next_poll, validator

headers = st.dictionaries(
    st.sampled_from(["cache-control", "expires", "date", "retry-after"]),
    st.text(max_size=40) | st.sampled_from(["max-age=60", "max-age=9" + "9" * 30, "0"]),
)
hours = st.lists(st.integers(0, 24), max_size=30).map(lambda n: ",".join(map(str, n)))
courtesies = st.builds(
    Courtesy,
    ttl_minutes=st.none() | st.integers(0, 60_000),
    skip_hours=hours,
    skip_days=st.lists(st.integers(0, 6)).map(lambda n: ",".join(map(str, n))),
    newest_at=st.none() | st.just(NOW - timedelta(days=3)),
    gap_seconds=st.none() | st.integers(0, 10**9),
)


@given(st.integers(1, 44_640), headers, courtesies)
def test_no_poll_is_early_or_never(every, given_headers, courtesy):
    """Whatever server and feed say: not before the operator's interval, nor after 31 days."""
    one = feed(every_minutes=every, courtesy=courtesy, etag='"1"')
    wait = next_poll(one, given_headers, NOW)
    assert timedelta(minutes=every) <= wait.until - NOW <= MAX_WAIT
    assert wait.reason
    assert wait == next_poll(one, given_headers, NOW)  # the same after a restart


@given(st.integers(1, 44_640), st.integers(0, 10_000), st.integers(-(10**6), 10**6))
def test_no_error_is_the_last(every, n_errors, seconds):
    """However many: not before the interval, and within a day unless asked for more."""
    one = feed(every_minutes=every, n_errors=n_errors)
    least = timedelta(minutes=every)
    wait = back_off(one, None, NOW).until - NOW
    assert least <= wait <= max(MAX_BACK_OFF, least)
    asked = NOW + timedelta(seconds=seconds)
    until = back_off(one, asked, NOW).until
    assert min(asked, NOW + MAX_WAIT) <= until <= NOW + max(MAX_WAIT, least)


def test_two_feeds_do_not_come_back_together():
    """Jitter spreads feeds of one host that failed at one time."""
    feeds = [replace(feed(str(n)), n_errors=20) for n in range(20)]
    assert len({back_off(one, None, NOW).until for one in feeds}) == 20


@given(st.text(max_size=50))
def test_a_validator_is_whole_or_none(value):
    """Never cut, never mended."""
    assert validator(value) in (value, None)


@given(st.text() | st.text("<ttlskipHourdaynk/>=\"' 0123456789", max_size=400))
def test_any_text_has_hints(text):
    """No crash, whatever it is."""
    hints = read_hints(text)
    assert hints.ttl_minutes is None or hints.ttl_minutes > 0


def test_hints_stand_around_the_entries():
    """Before the first and after the last; within an entry they mean nothing."""
    channel = (
        "<rss><channel><skipDays><day>Sunday</day><day>Maybe</day></skipDays>{}"
        "<item><ttl>5</ttl><link rel='next' href='/no'/></item>{}</channel></rss>"
    )
    hints = read_hints(channel.format("", "<ttl>60</ttl>"))
    assert (hints.ttl_minutes, hints.skip_days, hints.older) == (60, "6", None)
    assert hints.whole
    link = "<atom:link rel='http://www.iana.org/assignments/relation/next' href='/2?a&amp;b'/>"
    assert read_hints(channel.format(link, "")).older == "/2?a&b"
    assert not read_hints("<rss><channel><item>").whole
