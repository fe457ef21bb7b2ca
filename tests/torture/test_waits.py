"""Cases 9-12: nobody is asked before the time, and nobody is given up."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from servers.feeds import item, rss
from servers.polled import START, World
from servers.scripted import Reply

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as running:
        yield running


def http(moment):
    return format_datetime(moment, usegmt=True)


RETRY = {
    "seconds": ({"Retry-After": "7200"}, 2 * HOUR),
    "date": ({"Retry-After": http(START + 2 * HOUR), "Date": http(START)}, 2 * HOUR),
    "date without Date": (
        {"Retry-After": http(START + 2 * HOUR), "Date": None},
        2 * HOUR,
    ),
    "date by a clock of last year": (
        {
            "Retry-After": http(START - 365 * DAY + 2 * HOUR),
            "Date": http(START - 365 * DAY),
        },
        2 * HOUR,
    ),
    "garbage": ({"Retry-After": "soon"}, 15 * MINUTE),
    "negative": ({"Retry-After": "-5"}, 15 * MINUTE),
    "zero": ({"Retry-After": "0"}, 15 * MINUTE),
    "past date": ({"Retry-After": http(START - DAY), "Date": http(START)}, 15 * MINUTE),
    "for ever": ({"Retry-After": "1000000000000"}, 31 * DAY),
}


@pytest.mark.case(9, "429 and 503 with Retry-After")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", RETRY)
def test_no_request_before_retry_after(world, name, status):
    """Neither by schedule nor by force, nor after a restart; nonsense backs off."""
    headers, least = RETRY[name]
    feed = world.publish("/feed", etag='"1"')
    feed.instead = [Reply(status, headers)]
    world.follow(feed)
    (polled,) = world.poll()
    assert str(status) in polled.error
    row = world.row(feed)
    assert least <= row.next_poll_at - START <= max(1.1 * least, least)
    capped = "capped at 31 days" in row.courtesy.wait_reason
    assert capped == (name == "for ever")
    if row.courtesy.not_before_at is not None:
        world.restart()
        world.now = row.next_poll_at - MINUTE
        assert world.poll(force=True) == []
    world.now = row.next_poll_at
    world.poll()
    assert len(feed.log) == 2
    assert world.row(feed).courtesy.not_before_at is None


@pytest.mark.case(9, "429 and 503 with Retry-After")
def test_force_passes_over_our_own_wait_but_not_over_the_server_s(world):
    """Retry-After of a minute within a back-off of a quarter of an hour."""
    feed = world.publish("/feed", etag='"1"')
    feed.instead = [Reply(503, {"Retry-After": "60"})]
    world.follow(feed)
    world.poll()
    world.now = START + MINUTE / 2
    assert world.poll(force=True) == []
    world.now = START + 2 * MINUTE
    assert world.poll() == []
    (polled,) = world.poll(force=True)
    assert (polled.error, len(feed.log)) == (None, 2)


@pytest.mark.case(9, "429 and 503 with Retry-After")
def test_one_feed_rests_and_the_others_are_served(world):
    """Peace for one feed is not silence for the others."""
    busy, free = world.publish("/busy"), world.publish("/free", etag='"1"')
    busy.always = Reply(429, {"Retry-After": "86400"})
    world.follow(busy, free)
    world.run(hours=12)
    assert len(busy.log) == 1
    assert len(free.log) > 3


@pytest.mark.case(10, "500 x 50, then recovery")
def test_back_off_grows_to_a_day_and_never_ends(world, figure):
    """Waits double up to a day, with jitter; one notice; it recovers by itself."""
    feed = world.publish("/feed", etag='"1"')
    feed.instead = [Reply(500)] * 50
    world.follow(feed)
    while len(feed.log) <= 50:
        world.poll()
        world.now = world.row(feed).next_poll_at
    waits = feed.waits
    for wait, doubled in zip(waits, (15, 30, 60, 120, 240, 480, 960), strict=False):
        assert doubled * MINUTE <= wait <= 1.1 * doubled * MINUTE
    assert all(0.9 * DAY <= wait <= DAY for wait in waits[8:])
    assert len(set(waits[8:])) > 20
    keeps, again = world.notices
    assert keeps == (
        "keeps failing: server answered 500 Internal Server Error; "
        "it is tried on, at least once a day"
    )
    assert again == "answers again, after 50 errors"
    row = world.row(feed)
    assert (row.n_errors, row.error) == (0, None)
    assert len(world.titles) == 1
    figure("longest wait", max(waits) / HOUR, "h")


@pytest.mark.case(10, "connection refused for 10 days, then recovery")
def test_a_dead_host_is_asked_on(tmp_path):
    """Ten days without a listener: one notice, no traceback, and then it goes on."""
    with World(tmp_path) as world:
        feed = world.publish("/feed", etag='"1"')
        world.follow(feed)
        port = world.server.port
        world.app.fetcher._connections.connect = refuse = Refuse()
        for _ in range(40):
            world.poll()
            world.now = max(world.now + HOUR, world.row(feed).next_poll_at)
            if world.now > START + 10 * DAY:
                break
        assert world.row(feed).error == "connection refused"
        assert refuse.dialled == {("127.0.0.1", port)}
        assert len(world.notices) == 1
        world.restart()
        world.poll()
        assert world.row(feed).error is None
        assert len(world.titles) == 1


class Refuse:
    """Nobody listens."""

    def __init__(self):
        self.dialled = set()

    def __call__(self, address, timeout=None):
        self.dialled.add(address)
        raise ConnectionRefusedError(111, "Connection refused")


#: Headers and the feed's head, the least wait, and why.
HINTS = {
    "nothing": ({}, "", 15 * MINUTE, "every 15 min"),
    "max-age": ({"Cache-Control": "public, max-age=43200"}, "", 12 * HOUR, "max-age"),
    "quoted": ({"Cache-Control": 'max-age="7200"'}, "", 2 * HOUR, "max-age"),
    "no-cache": ({"Cache-Control": "no-cache"}, "", 15 * MINUTE, "every 15 min"),
    "garbage": ({"Cache-Control": "max-age=abc"}, "", 15 * MINUTE, "every 15 min"),
    "s-maxage": ({"Cache-Control": "s-maxage=43200"}, "", 15 * MINUTE, "every 15 min"),
    "two": (
        {"Cache-Control": "max-age=60, max-age=7200"},
        "",
        2 * HOUR,
        "max-age",
    ),
    "huge": ({"Cache-Control": "max-age=99999999999"}, "", 31 * DAY, "capped"),
    "Expires": (
        {"Expires": http(START + 3 * HOUR), "Date": http(START)},
        "",
        3 * HOUR,
        "Expires",
    ),
    "Expires by a wrong clock": (
        {"Expires": http(START + 368 * DAY), "Date": http(START + 367 * DAY)},
        "",
        DAY,
        "Expires",
    ),
    "Expires without a Date": (
        {"Expires": http(START + 3 * HOUR), "Date": None},
        "",
        3 * HOUR,
        "Expires",
    ),
    "Expires: 0": ({"Expires": "0"}, "", 15 * MINUTE, "every 15 min"),
    "Expires in the past": (
        {"Expires": http(START - DAY), "Date": http(START)},
        "",
        15 * MINUTE,
        "every 15 min",
    ),
    "ttl": ({}, "<ttl>180</ttl>", 3 * HOUR, "ttl"),
    "ttl of nonsense": ({}, "<ttl>often</ttl>", 15 * MINUTE, "every 15 min"),
    "ttl and max-age": (
        {"Cache-Control": "max-age=7200"},
        "<ttl>60</ttl>",
        2 * HOUR,
        "max-age",
    ),
}


@pytest.mark.case(11, "max-age, Expires, ttl in all states")
@pytest.mark.parametrize("name", HINTS)
def test_the_largest_hint_counts(world, name):
    """Largest of all, within limits; what cannot be read asks for nothing."""
    headers, head, least, reason = HINTS[name]
    feed = world.publish("/feed", etag='"1"', headers=headers, head=head)
    world.follow(feed)
    world.poll()
    row = world.row(feed)
    assert least <= row.next_poll_at - START <= least + min(least / 10, 10 * MINUTE)
    assert reason in row.courtesy.wait_reason


@pytest.mark.case(11, "max-age, Expires, ttl in all states")
def test_a_feed_s_own_hints_outlive_a_304(world):
    """ttl came with the body; answers without one keep to it, after a restart too."""
    feed = world.publish("/feed", etag='"1"', head="<ttl>240</ttl>")
    world.follow(feed)
    world.run(days=1, restarts=3)
    assert min(feed.waits) >= 4 * HOUR
    assert len(feed.log) >= 5


SKIPPED = "".join(f"<hour>{n}</hour>" for n in (*range(6), 22, 23))


@pytest.mark.case(11, "max-age, Expires, ttl in all states")
@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "max-age=14400"},
        {"Expires": http(START + 4 * HOUR), "Date": http(START)},
    ],
)
def test_a_304_that_is_silent_keeps_the_freshness(world, headers):
    """RFC 9111, 4.3.4: it renews what was stored; one that says otherwise changes it.

    miniflux asks again after its common interval.
    """
    feed = world.publish("/feed", etag='"1"', headers=headers)
    world.follow(feed)
    world.poll()
    feed.headers = {}
    world.run(days=1, restarts=3)
    assert len(feed.log) >= 5
    assert min(feed.waits) >= 4 * HOUR
    assert "as it was" in world.row(feed).courtesy.wait_reason
    feed.headers = {"Cache-Control": "no-cache"}
    world.run(hours=6)
    assert feed.waits[-1] < HOUR
    feed.headers, feed.etag = {}, '"2"'  # a new answer, silent: nothing is known of it
    world.run(hours=1)
    assert world.row(feed).courtesy.fresh_seconds is None


@pytest.mark.case(11, "skipHours, skipDays")
def test_hours_and_days_are_left_out(world, figure):
    """At night and on Sunday, by GMT, nobody asks."""
    head = f"<skipHours>{SKIPPED}</skipHours><skipDays><day>Sunday</day></skipDays>"
    world.now = START + 6 * DAY  # a Saturday
    feed = world.publish("/feed", etag='"1"', head=head)
    world.follow(feed)
    world.run(days=3, tick_minutes=15)
    hours = {at.hour for at in feed.times}
    assert hours
    assert hours <= set(range(6, 22))
    assert 6 not in {at.weekday() for at in feed.times}
    figure("requests in 3 days", len(feed.log))


@pytest.mark.case(11, "skipHours, skipDays")
def test_what_was_due_before_it_fell_asleep_waits(world):
    """After a downtime, too: neither the service nor `feeds poll` asks it then."""
    head = "<skipHours><hour>13</hour></skipHours>"
    feed = world.publish("/feed", etag='"1"', head=head)
    world.follow(feed)
    world.poll()
    for hour, n_due in ((13, 0), (14, 1)):
        world.now = START.replace(hour=hour, minute=10)
        assert len(world.app.due(world.now)) == n_due
        assert len(world.poll()) == n_due


@pytest.mark.case(11, "skipHours, skipDays")
def test_a_feed_that_leaves_out_everything_is_still_asked(world):
    """Twenty-four hours, or seven days, cannot mean never."""
    hours = "".join(f"<hour>{n}</hour>" for n in range(25))
    feed = world.publish("/feed", etag='"1"', head=f"<skipHours>{hours}</skipHours>")
    world.follow(feed)
    world.run(hours=2)
    assert len(feed.log) > 1


@pytest.mark.case(12, "a restart every 5 minutes for 6 hours")
def test_restarts_do_not_ask_early(world, figure):
    """When a feed is due stands in the ledger, not in memory."""
    feed = world.publish("/feed", etag='"1"', headers={"Cache-Control": "max-age=1800"})
    world.follow(feed)
    for _ in range(72):
        world.restart()
        world.poll()
        world.now += 5 * MINUTE
    assert min(feed.waits) >= 30 * MINUTE
    assert 8 <= len(feed.log) <= 12
    assert feed.n_unconditional == 1
    figure("requests", len(feed.log))


@pytest.mark.case(12, "a feed that publishes rarely, and one that publishes often")
def test_polls_adapt_to_how_often_a_feed_publishes(world, figure):
    """Rare feeds are asked less, up to once a day; busy ones as often as configured."""
    busy = world.publish("/busy", etag='"1"')
    rare = world.publish("/rare", etag='"1"')
    dated = Dated(rare, gap=7 * DAY)
    world.server.on("/rare", dated)
    world.server.on("/busy", Dated(busy, gap=10 * MINUTE))
    world.follow(busy, rare)
    world.poll()
    assert world.row(busy).next_poll_at - START <= 17 * MINUTE
    wait = world.row(rare).next_poll_at - START
    assert 20 * HOUR < wait <= DAY + 10 * MINUTE
    assert world.row(rare).courtesy.wait_reason == "as often as it publishes"
    figure("weekly feed asked after", wait / HOUR, "h")


class Dated:
    """A feed whose entries lie a fixed time apart."""

    def __init__(self, feed, gap):
        self.feed, self.gap = feed, gap

    def __call__(self, request):
        items = [
            item(n, date=http(START - n * self.gap), title=f"Story {n}")
            for n in range(5)
        ]
        self.feed.log.append((START, request))
        headers = {"ETag": '"1"', "Content-Type": "application/rss+xml"}
        return Reply(200, headers, rss(*items).encode())
