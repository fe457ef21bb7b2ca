"""Polling: one broken feed never costs another, and nothing is hidden or told twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from fakes import NOW, FakeFetcher, feed
from servers.feeds import item, rss
from servers.fetching import make
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.db import open_store
from newsbot.errors import FetchError
from newsbot.poll import Round, poll_feeds
from newsbot.ports import Response
from newsbot.stages.timing import MAX_BACK_OFF
from newsbot.types import identity

HOUR = timedelta(hours=1)
MAX_AGE = 48 * HOUR
RSS = {"Content-Type": "application/rss+xml"}


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "newsbot.db")
    yield opened
    opened.close()


def add(store, url, **changes):
    store.feeds.add(feed(id=identity("feed", url), url=url, **changes))
    return url


def poll(store, fetcher, now=NOW, **options):
    """Poll every feed; outcomes by path."""
    outcomes = poll_feeds(
        store.feeds.all(), fetcher, store.feeds, now, Round(max_age=MAX_AGE), **options
    )
    return {one.feed.url.rpartition("/")[2]: one for one in outcomes}


def row(store, url):
    return next(one for one in store.feeds.all() if one.url == url)


def good(*items, **headers):
    return Reply(200, {**RSS, **headers}, rss(*items).encode())


def test_one_broken_feed_leaves_the_others_served(server, store):
    """HTML, nothing, a 500 and a refused dial are one line each; the rest goes on."""
    server.on("/good", good(item(1), item(2)))
    server.on("/html", Reply(200, {"Content-Type": "text/html"}, b"<html><p>Hi"))
    server.on("/empty", Reply(200, RSS, b""))
    server.on("/broken", Reply(500))
    urls = [server.url(f"/{name}") for name in ("html", "empty", "broken", "good")]
    for url in [*urls, "http://127.0.0.1:9/refused"]:
        add(store, url)
    fetcher = make(server, allow=[server.netloc, "127.0.0.1:9"])
    outcomes = poll(store, fetcher)
    assert (outcomes["good"].n_new, outcomes["good"].error) == (2, None)
    reasons = {name: one.error for name, one in outcomes.items() if one.error}
    assert set(reasons) == {"html", "empty", "broken", "refused"}
    for name, words in (("broken", "500"), ("refused", "refused"), ("html", "HTML")):
        assert words in reasons[name]
    for one in store.feeds.all():
        assert one.error == reasons.get(one.url.rpartition("/")[2])
        assert one.error is None or (one.n_errors == 1 and "\n" not in one.error)
        assert one.next_poll_at > NOW


def test_a_feed_that_breaks_its_reader_leaves_the_others_served(store):
    """An error that nobody foresaw is kept in the row of the feed that caused it."""
    good_url, bad_url = (
        add(store, "https://a.example/a"),
        add(store, "https://b.example/b"),
    )
    fetcher = FakeFetcher({good_url: rss(item(1)).encode(), bad_url: OSError("a\nb")})
    outcomes = poll(store, fetcher)
    assert outcomes["a"].n_new == 1
    assert row(store, bad_url).error == "OSError: a b"


def test_validators_are_echoed_and_kept(server, store):
    """Both validators go back byte for byte; a 304 keeps them and brings nothing."""
    tag, date = 'W/"a,b \\"c"', "Sun, 01 Mar 2026 10:00:00 GMT"
    first = good(item(1), **{"ETag": tag, "Last-Modified": date})
    url = add(store, server.on("/feed", [first, Reply(304, {"Content-Length": None})]))
    for n_new in (1, 0, 0):
        (outcome,) = poll(store, make(server)).values()
        assert (outcome.n_new, outcome.error) == (n_new, None)
        assert (row(store, url).etag, row(store, url).last_modified) == (tag, date)
    assert server.requests[0].header("If-None-Match") is None
    for request in server.requests[1:]:
        assert request.header("If-None-Match") == tag
        assert request.header("If-Modified-Since") == date


def test_new_validators_replace_the_old_ones_together(server, store):
    """An answer without validators takes the old ones back: they vouch for nothing."""
    url = add(store, server.on("/feed", [good(item(1), ETag='"1"'), good(item(1))]))
    for etag in ('"1"', None):
        poll(store, make(server))
        assert row(store, url).etag == etag


@pytest.mark.parametrize(
    "broken", [Reply(200, {"ETag": '"2"'}, b"<html>"), Reply(503, {"ETag": '"2"'})]
)
def test_a_failed_poll_keeps_the_old_validators(server, store, broken):
    """A validator whose entries were not read would hide them behind the next 304."""
    replies = [good(item(1), ETag='"1"'), broken, good(item(1), item(2), ETag='"2"')]
    url = add(store, server.on("/feed", replies))
    poll(store, make(server))
    poll(store, make(server))
    assert (row(store, url).etag, row(store, url).n_errors) == ('"1"', 1)
    (outcome,) = poll(store, make(server)).values()
    assert outcome.n_new == 1
    assert server.requests[-1].header("If-None-Match") == '"1"'
    assert (row(store, url).etag, row(store, url).error) == ('"2"', None)


def test_a_304_that_nobody_asked_for_is_an_error(server, store):
    """A server that never shows its feed does not look well, nor past its first poll."""
    url = add(store, server.on("/feed", Reply(304, {"Content-Length": None})))
    (outcome,) = poll(store, make(server)).values()
    assert "304" in outcome.error
    assert row(store, url).first_polled_at is None


def test_a_feed_removed_while_it_is_polled_stays_removed(server, store):
    """What a removed feed still answers brings back neither the feed nor its entries."""
    url = server.url("/feed")

    def remove_first(_request):
        store.feeds.remove(url)
        return good(item(1))

    server.on("/feed", remove_first)
    add(store, url)
    (outcome,) = poll(store, make(server)).values()
    assert (outcome.n_new, outcome.error) == (0, None)
    assert store.feeds.all() == []
    assert store.line.counts() == {}


def test_waits_grow_and_end_at_a_day(store):
    """A feed that fails for months is still asked once a day, and never overflows."""
    url = add(store, "https://a.example/a", every_minutes=15)
    fetcher = FakeFetcher({url: FetchError(url, "no answer")})
    now, waits = NOW, []
    for _ in range(60):
        poll(store, fetcher, now)
        waits.append(row(store, url).next_poll_at - now)
        now += waits[-1]
    for wait, least in zip(waits, (HOUR / 4, HOUR / 2, HOUR), strict=False):
        assert least <= wait <= 1.1 * least
    assert 0.9 * MAX_BACK_OFF <= waits[-1] <= max(waits) <= MAX_BACK_OFF
    assert row(store, url).n_errors == 60


def test_retry_after_is_kept(server, store):
    """A server that asks for three hours of peace gets them."""
    busy = Reply(429, {"Retry-After": str(3 * 3600)})
    url = add(store, server.on("/feed", busy))
    poll(store, make(server))
    assert row(store, url).next_poll_at == NOW + 3 * HOUR


def test_only_old_entries_of_a_first_poll_are_silent(server, store):
    """On the first poll fresh entries may alert and older ones not; later all may."""
    old = item(1, date="Thu, 26 Feb 2026 10:00:00 GMT")
    late = item(3, date="Thu, 26 Feb 2026 11:00:00 GMT")
    add(store, server.on("/feed", [good(old, item(2)), good(old, item(2), late)]))
    for _ in range(2):
        poll(store, make(server))
    silent = {e.url[-1]: not e.may_alert for e in store.line.due("found", NOW, 9)}
    assert silent == {"1": True, "2": False, "3": False}


def test_a_failed_first_poll_is_none(server, store):
    """After an error the first answer still counts as the first: old news is silent."""
    old = item(1, date="Thu, 26 Feb 2026 10:00:00 GMT")
    add(store, server.on("/feed", [Reply(500), good(old)]))
    for _ in range(2):
        poll(store, make(server))
    (one,) = store.line.due("found", NOW, 9)
    assert not one.may_alert


def test_one_host_is_asked_one_thing_at_a_time(server, store):
    """Feeds of one host are polled in turn, never at once."""
    at_once, most = threading.Semaphore(1), []

    def slow(_request):
        most.append(at_once.acquire(blocking=False))
        threading.Event().wait(0.05)
        if most[-1]:
            at_once.release()
        return good(item(1))

    for n in range(4):
        add(store, server.on(f"/feed{n}", slow))
    poll(store, make(server))
    assert most == [True] * 4


def test_a_stop_leaves_the_rest_due(server, store):
    """A stop is asked before each feed; those not asked stay due."""
    for n in range(3):
        add(store, server.on(f"/feed{n}", good(item(n))))
    looks = iter([False, True])
    outcomes = poll(store, make(server), stopping=lambda: next(looks, True))
    assert len(outcomes) == 1
    assert len(store.feeds.due(NOW)) == 2


@pytest.mark.parametrize("kind", ["fake", "real"])
def test_a_fetcher_answers_200_or_304_or_raises(server, kind):
    """The scripted fetcher keeps the contract of the real one."""
    url, unchanged, gone = (server.url(path) for path in ("/a", "/b", "/c"))
    if kind == "real":
        fetcher = make(server)
        server.on("/a", good(item(1)))
        server.on("/b", Reply(304, {"Content-Length": None}))
    else:
        same = Response(url=unchanged, status=304, headers={}, body=b"")
        missing = FetchError(gone, "server answered 404 Not Found", status=404)
        pages = {url: rss(item(1)).encode(), unchanged: same, gone: missing}
        fetcher = FakeFetcher(pages)
    answer = fetcher.fetch(url)
    assert (answer.url, answer.status) == (url, 200)
    assert (answer.headers["content-type"], answer.body) == (
        "application/rss+xml",
        rss(item(1)).encode(),
    )
    assert fetcher.fetch(unchanged, etag='"1"', last_modified=None).status == 304
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(gone)
    assert (caught.value.status, caught.value.retry) == (404, False)
