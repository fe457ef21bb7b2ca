"""Cases 1-8: validators come back byte for byte, vouch for what is stored, or go."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from servers.feeds import item, rss
from servers.polled import START, World
from servers.scripted import Reply

DAY = "Sun, 01 Mar 2026 10:00:00 GMT"
LATER = "Mon, 02 Mar 2026 10:00:00 GMT"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as running:
        yield running


@pytest.mark.case(1, "14 days, 20 changes of validators, 10 random restarts")
def test_one_unconditional_request_for_life(world, figure):
    """Each later request echoes the last validators; nothing else is sent or invented."""
    feed = world.publish("/feed", etag='"v0"', last_modified=DAY)
    world.follow(feed)
    sent, n_changes = [], 20

    def answer(request):
        reply = type(feed).__call__(feed, request)
        sent.append((feed.etag, feed.last_modified))
        return reply

    world.server.on("/feed", answer)
    for n in range(1, n_changes + 1):
        world.run(hours=14 * 24 / n_changes, restarts=n % 2, tick_minutes=12)
        feed.etag = f'W/"v{n}, {n * "x"}"'
        feed.last_modified = format_datetime(START + timedelta(days=n), usegmt=True)
        feed.numbers.insert(0, n + 1)
        feed.headers = {"Cache-Control": f"max-age={n * 300}", "Set-Cookie": "id=1"}
    assert world.n_restarts == 10
    assert feed.n_unconditional == 1
    asked = [
        (r.header("If-None-Match"), r.header("If-Modified-Since"))
        for r in feed.requests
    ]
    assert asked[1:] == sent[:-1]
    early = [wait for wait in feed.waits if wait < timedelta(minutes=15)]
    assert early == []
    for request in feed.requests:
        assert (request.header("Cookie"), request.header("Referer")) == (None, None)
        assert request.target == "/feed"
    assert len(world.titles) == n_changes
    figure("requests", len(feed.log))
    figure("unconditional", feed.n_unconditional)
    figure("early", len(early))


#: How servers mark a version, and how long they want to be left alone.
KINDS = {
    "both": ({"etag": '"0"', "last_modified": DAY}, 0),
    "weak": ({"etag": 'W/"0"'}, 0),
    "date alone": ({"last_modified": DAY}, 0),
    "max-age": ({"etag": "0", "headers": {"Cache-Control": "max-age=5400"}}, 90),
    "ttl": ({"etag": '"0"', "head": "<ttl>300</ttl>"}, 300),
}


@pytest.mark.case(1, "14 days, 5 kinds of feeds, errors, 10 random restarts")
def test_each_feed_is_asked_whole_once_in_its_life(world, figure):
    """Whatever marks its versions: errors, silent 304s and restarts cost no second one."""
    feeds = {
        name: world.publish(f"/{n}", **options)
        for n, (name, (options, _)) in enumerate(KINDS.items())
    }
    world.follow(*feeds.values())
    failed = {name: [] for name in KINDS}
    for n, (name, feed) in enumerate(feeds.items()):
        world.server.on(f"/{n}", noting(feed, failed[name]))
    for n in range(1, 8):
        world.run(days=2, restarts=(n % 2) + 1, tick_minutes=30)
        for feed in feeds.values():
            feed.numbers.insert(0, n + 1)
            feed.etag = feed.etag and feed.etag.replace(str(n - 1), str(n))
            if feed.last_modified is not None:
                later = START + timedelta(days=n)
                feed.last_modified = format_datetime(later, usegmt=True)
            feed.instead = [Reply(500), Reply(200, {}, b"<html>"), Reply(503)]
    assert world.n_restarts == 11
    for name, feed in feeds.items():
        given = {feed.etag, feed.last_modified, *sent_before(KINDS[name][0])}
        assert feed.n_unconditional == 1, name
        asked_for = max(15, KINDS[name][1])
        for at, wait in enumerate(feed.waits):
            least = 15 if at in failed[name] else asked_for
            assert wait >= timedelta(minutes=least), name
        assert len(failed[name]) == 18, name
        asked = {r.header("If-None-Match") for r in feed.requests}
        asked |= {r.header("If-Modified-Since") for r in feed.requests}
        assert asked <= given, name
    assert len(world.titles) == 7
    figure("requests", sum(len(feed.log) for feed in feeds.values()))


def noting(feed, failed):
    """A feed that notes which of its answers were failures."""

    def answer(request):
        if feed.instead:
            failed.append(len(feed.log))
        return type(feed).__call__(feed, request)

    return answer


def sent_before(options):
    """All that a feed of these options has called its versions in 14 days."""
    etag, date = options.get("etag"), options.get("last_modified")
    days = [START + timedelta(days=n) for n in range(1, 8)]
    names = [etag.replace("0", str(n)) for n in range(8)] if etag else []
    return [
        *names,
        *(format_datetime(d, usegmt=True) for d in days if date),
        date,
        None,
    ]


@pytest.mark.case(2, "one validator changes, the other stays")
@pytest.mark.parametrize("changed", ["etag", "last_modified"])
def test_both_validators_are_stored(world, changed):
    """The next request carries the new one and the one that stayed."""
    feed = world.publish("/feed", etag='"1"', last_modified=DAY)
    world.follow(feed)
    world.poll()
    new = {"etag": '"2"', "last_modified": LATER}[changed]
    setattr(feed, changed, new)
    # A server that looks at one of them only sends the whole feed.
    feed.unchanged = lambda _request: False
    for _ in range(2):
        world.poll(force=True)
    last = feed.requests[-1]
    assert (last.header("If-None-Match"), last.header("If-Modified-Since")) == (
        feed.etag,
        feed.last_modified,
    )


@pytest.mark.case(3, "same body, new validators (touch)")
def test_new_validators_of_an_old_body(world):
    """They are stored although nothing changed, and nothing is read again."""
    feed = world.publish("/feed", etag='"1"', last_modified=DAY)
    world.follow(feed)
    world.poll()
    feed.etag, feed.last_modified = '"2"', LATER
    (polled,) = world.poll(force=True)
    assert (polled.n_new, polled.error) == (0, None)
    assert (world.row(feed).etag, world.row(feed).last_modified) == ('"2"', LATER)


@pytest.mark.case(4, "a 304 with new validators and max-age")
def test_a_304_renews_what_it_carries(world):
    """RFC 9111, 4.3.4: they are stored; what it is silent on stays."""
    feed = world.publish("/feed", etag='"1"', last_modified=DAY)
    world.follow(feed)
    world.poll()
    headers = {"ETag": '"2"', "Cache-Control": "max-age=7200", "Content-Length": None}
    feed.instead = [Reply(304, headers)]
    world.now += timedelta(hours=1)
    world.poll()
    row = world.row(feed)
    assert (row.etag, row.last_modified) == ('"2"', DAY)
    assert row.next_poll_at >= world.now + timedelta(hours=2)
    assert row.courtesy.wait_reason == "the server's max-age"


ODD = {
    "weak": 'W/"abc"',
    "unquoted": "abc",
    "comma and space": '"a, b"',
    "quotes within": '"a\\"b"',
    "Latin-1": '"gr\xfc\xdfe"',
    "8 kB": '"' + "x" * 8_000 + '"',
    "trailing dashes": '"5e-gzip"--',
}


@pytest.mark.case(5, "odd validators")
@pytest.mark.parametrize("name", ODD)
def test_odd_validators_are_echoed_exactly(world, name):
    """Whatever a server calls its version, it gets back."""
    feed = world.publish("/feed", etag=ODD[name], last_modified="yesterday")
    world.follow(feed)
    world.poll()
    world.poll(force=True)
    assert feed.requests[1].header("If-None-Match") == ODD[name]
    assert feed.requests[1].header("If-Modified-Since") == "yesterday"
    assert world.polled[-1].error is None


@pytest.mark.case(5, "odd validators")
@pytest.mark.parametrize("value", ['"' + "x" * 9_000 + '"', '"a\x01b"', '"a\tb"', ""])
def test_unusable_validators_are_dropped_whole(world, value):
    """Too long, or with control bytes: neither cut nor mended, and polled by hash."""
    feed = world.publish("/feed", etag=value)
    world.follow(feed)
    world.poll()
    world.poll(force=True)
    assert feed.requests[1].header("If-None-Match") is None
    assert world.row(feed).etag is None
    assert "no validators" in world.row(feed).courtesy.wait_reason


@pytest.mark.case(6, "no validators at all")
def test_without_validators_by_hash_and_hourly(world, figure):
    """The body's hash says that nothing changed; two requests lie an hour apart."""
    feed = world.publish("/feed")
    world.follow(feed)
    world.run(days=1)
    assert min(feed.waits) >= timedelta(hours=1)
    assert len(world.titles) == 1
    feed.numbers.insert(0, 2)
    world.run(hours=3)
    assert len(world.titles) == 2
    figure("requests a day", len(feed.log))


@pytest.mark.case(7, "a 200 whose entries cannot be stored")
def test_validators_need_their_entries(world):
    """The transaction fails: the old validator stays, the next answer is whole."""
    feed = world.publish("/feed", etag='"1"')
    world.follow(feed)
    world.poll()
    feed.etag, feed.numbers = '"2"', [2, 1]
    db = world.app.store.connection.db
    db.execute(
        "CREATE TEMP TRIGGER broken BEFORE INSERT ON entries BEGIN "
        "SELECT CAST(raise(ABORT, 'out of order') AS INTEGER); END"
    )
    world.now += timedelta(hours=1)
    with pytest.raises(Exception, match="out of order"):
        world.poll()
    assert world.row(feed).etag == '"1"'
    db.execute("DROP TRIGGER broken")
    world.restart()
    world.poll()
    assert feed.requests[-1].header("If-None-Match") == '"1"'
    assert len(world.titles) == 2


@pytest.mark.case(8, "a 200 that cannot be read")
@pytest.mark.parametrize(
    "broken", [b"<rss><channel", b"<html><p>Wartung", b"", b"{}", b"\x00" * 50]
)
def test_a_parse_error_keeps_the_old_validators(world, broken):
    """Its new validator is not taken, so that no 304 hides what comes after."""
    feed = world.publish("/feed", etag='"1"')
    world.follow(feed)
    world.poll()
    feed.instead = [Reply(200, {"ETag": '"2"'}, broken)]
    (polled,) = world.poll(force=True)
    assert polled.error
    assert "\n" not in polled.error
    assert (world.row(feed).etag, world.row(feed).n_errors) == ('"1"', 1)
    feed.etag, feed.numbers = '"2"', [2, 1]
    world.poll(force=True)
    assert feed.requests[-1].header("If-None-Match") == '"1"'
    assert len(world.titles) == 2


@pytest.mark.case(8, "a 200 that cannot be read")
def test_a_feed_that_is_cut_off_is_asked_for_again(world):
    """Its entries are kept, its validators not: they would hide the rest for ever."""
    feed = world.publish("/feed", etag='"1"')
    feed.numbers = [2, 1]
    whole = feed.body.encode()
    feed.instead = [Reply(200, {"ETag": '"1"'}, whole[: whole.rindex(b"<item>")])]
    world.follow(feed)
    (polled,) = world.poll()
    assert (polled.n_new, polled.error, world.row(feed).etag) == (1, None, None)
    world.poll(force=True)
    assert feed.requests[1].header("If-None-Match") is None
    assert len(world.titles) == 2


@pytest.mark.case(8, "a 200 that cannot be read")
def test_other_feeds_are_served_beside_a_broken_one(world):
    """What one feed does to its reader costs the others nothing."""
    bad, good = world.publish("/bad"), world.publish("/good", etag='"1"')
    bad.always = Reply(200, {}, b"<html>")
    good.numbers = [5]
    world.follow(bad, good)
    outcomes = {one.feed.url: one for one in world.poll()}
    assert outcomes[good.url].n_new == 1
    assert "HTML" in outcomes[bad.url].error


@pytest.mark.case(6, "no validators at all")
def test_validators_that_are_taken_back(world):
    """A 200 without them makes the old ones void: they vouch for another body."""
    feed = world.publish("/feed", etag='"1"')
    world.follow(feed)
    world.poll()
    body = rss(item(2), item(1)).encode()
    feed.instead = [Reply(200, {}, body)]
    world.poll(force=True)
    assert world.row(feed).etag is None
