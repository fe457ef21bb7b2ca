"""Cases 13-16: one thing at a time, redirects, gone feeds, and what is sent."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise

import pytest
from commands import config, newsbot
from servers.feeds import item, rss
from servers.polled import World
from servers.scripted import Reply, ScriptedServer, silent

from newsbot.config import FeedConfig
from newsbot.turns import WORKERS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as running:
        yield running


@pytest.mark.case(13, "40 feeds on one host, others elsewhere")
def test_one_host_in_turn_while_others_are_served(tmp_path, figure):
    """Never two at once, spaced; a feed elsewhere is answered long before the last."""
    with World(tmp_path, spacing_ms=20) as world, ScriptedServer() as elsewhere:
        busy, at_once, spans = threading.Lock(), [], []

        def slow(_request):
            began = time.monotonic()
            at_once.append(busy.acquire(blocking=False))
            time.sleep(0.005)
            if at_once[-1]:
                busy.release()
            spans.append((began, time.monotonic()))
            return Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())

        quick = []

        def other(_request):
            quick.append(time.monotonic())
            return Reply(200, {"ETag": '"1"'}, rss(item(2)).encode())

        feeds = [world.server.on(f"/{n}", slow) for n in range(40)]
        feeds.append(elsewhere.on("/feed", other))
        world.allow(elsewhere)
        for url in feeds:
            world.follow_url(url)
        outcomes = world.poll()
        assert [one.error for one in outcomes] == [None] * 41
        assert at_once == [True] * 40
        gaps = [b[0] - a[1] for a, b in pairwise(spans)]
        assert min(gaps) >= 0.015
        assert quick[0] < spans[5][0]
        figure("smallest distance", min(gaps) * 1000, "ms")


@pytest.mark.case(13, "a host that says nothing")
def test_a_silent_host_holds_up_nobody(tmp_path):
    """While one host stalls to its deadline, forty feeds elsewhere are read."""
    with World(tmp_path) as world, ScriptedServer() as stalls:
        world.allow(stalls, timeout_seconds=2)
        stalls.on("*", silent())
        done = []

        def quick(_request):
            done.append(time.monotonic())
            return Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())

        world.follow_url(stalls.url("/a"))
        for n in range(10):
            world.follow_url(world.server.on(f"/{n}", quick))
        outcomes = {one.feed.url: one.error for one in world.poll()}
        ended = time.monotonic()
        assert "no answer" in outcomes[stalls.url("/a")]
        assert sum(error is None for error in outcomes.values()) == 10
        assert done[-1] < ended


@pytest.mark.case(13, "feeds of many hosts that are led to one")
def test_where_redirects_lead_is_one_host_too(tmp_path, figure):
    """More papers than workers, at one provider: one request at a time, others served.

    miniflux and reader keep no distance there: theirs is by the address asked first.
    """
    with ExitStack() as stack, World(tmp_path, spacing_ms=20) as world:
        provider, elsewhere, *papers = (
            stack.enter_context(ScriptedServer()) for _ in range(WORKERS + 4)
        )
        busy, at_once, spans, others_came = threading.Lock(), [], [], []
        served = threading.Event()

        def one_by_one(_request):
            began = time.monotonic()
            at_once.append(busy.acquire(blocking=False))
            others_came.append(served.wait(15))
            busy.release()
            spans.append((began, time.monotonic()))
            return Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())

        def other(_request):
            served.set()
            return Reply(200, {"ETag": '"1"'}, rss(item(2)).encode())

        world.allow(provider, elsewhere, *papers, timeout_seconds=60)
        for n, paper in enumerate(papers):
            there = provider.on(f"/{n}", one_by_one)
            status = (301, 302, 303, 307, 308)[n % 5]
            world.follow_url(paper.on("/feed", Reply(status, {"Location": there})))
        last = elsewhere.on("/feed", other)
        world.follow_url(last)
        # It comes last: when all workers of the others wait for the provider.
        feeds = sorted(world.app.store.feeds.all(), key=lambda one: one.url == last)
        outcomes = world.app.poll_these(feeds, world.now)
        assert [one.error for one in outcomes] == [None] * len(feeds)
        assert others_came == [True] * len(papers)
        assert at_once == [True] * len(papers)
        gaps = [b[0] - a[1] for a, b in pairwise(spans)]
        assert min(gaps) >= 0.015
        figure("smallest distance", min(gaps) * 1000, "ms")


@pytest.mark.case(13, "feeds of many hosts that are led to one")
def test_a_redirect_within_a_host_keeps_its_distance(tmp_path):
    """The old address and the new one are two requests to one host."""
    with World(tmp_path, spacing_ms=150) as world:
        times = []

        def timed(reply):
            return lambda _request: times.append(time.monotonic()) or reply

        body = Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())
        there = world.server.on("/new", timed(body))
        url = world.server.on("/old", timed(Reply(302, {"Location": there})))
        world.follow_url(url)
        assert [one.error for one in world.poll()] == [None]
        assert times[1] - times[0] >= 0.15


@pytest.mark.case(13, "two hosts whose feeds lead to each other")
def test_hosts_that_lead_to_each_other_do_not_wait_for_ever(tmp_path):
    """Who waits for a host holds no other; waiting for a turn costs no server's time."""
    with World(tmp_path, spacing_ms=20) as world, ScriptedServer() as other:
        world.allow(other, timeout_seconds=1)
        body = Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())
        slow = delayed(0.2, body)
        for n in range(8):
            for here, there in ((world.server, other), (other, world.server)):
                target = there.on(f"/there{n}", slow)
                world.follow_url(here.on(f"/{n}", Reply(302, {"Location": target})))
        assert [one.error for one in world.poll()] == [None] * 16


def delayed(seconds, reply):
    """Answer after some time."""
    return lambda _request: time.sleep(seconds) or reply


def moved(world, status, target):
    return world.server.on("/old", Reply(status, {"Location": target}))


@pytest.mark.case(14, "301 and 308, once and for days")
@pytest.mark.parametrize("status", [301, 308])
def test_an_address_changes_after_days_of_permanent_answers(world, status, figure):
    """Five answers over two days, each a feed; entries, validators and id stay."""
    new = world.publish("/new", etag='"1"')
    url = moved(world, status, new.url)
    world.follow_url(url)
    world.poll()
    known = world.app.store.feeds.find(url)
    assert known.url == url
    world.run(days=1.9, tick_minutes=60)
    assert world.app.store.feeds.find(url).url == url
    world.run(days=0.5, tick_minutes=60)
    row = world.app.store.feeds.find(url)
    assert (row.id, row.url) == (known.id, new.url)
    assert world.notices == [f"moved for good: its address is now {new.url}"]
    n_old = sum(r.target == "/old" for r in world.server.requests)
    world.run(days=1, tick_minutes=60)
    assert sum(r.target == "/old" for r in world.server.requests) == n_old
    assert new.n_unconditional == 1
    assert len(world.titles) == 1
    figure("answers until then", n_old)


@pytest.mark.case(14, "301 to a feed that is followed too")
def test_a_feed_that_becomes_another_is_not_asked_twice(world):
    """It stops, says so once and stays stopped; the other goes on, entries stay one."""
    new = world.publish("/new", etag='"1"')
    url = moved(world, 301, new.url)
    world.follow_url(url)
    world.follow(new)
    world.run(days=5, tick_minutes=60, restarts=2)
    row = world.app.store.feeds.find(url)
    assert (row.url, row.error) == (url, None)
    assert row.courtesy.stopped_at is not None
    said = (
        f"moved for good to {new.url}, which is followed already: not polled any more"
    )
    assert world.notices == [said]
    n_old = sum(r.target == "/old" for r in world.server.requests)
    assert n_old < 60
    world.run(days=1, tick_minutes=60)
    assert sum(r.target == "/old" for r in world.server.requests) == n_old
    assert world.row(new).last_polled_at > world.now - DAY
    assert len(world.titles) == 1


@pytest.mark.case(14, "301 to a login page, 302, 307, https to http")
@pytest.mark.parametrize("status", [302, 303, 307])
def test_temporary_redirects_are_never_stored(world, status):
    """However often they come."""
    new = world.publish("/new", etag='"1"')
    url = moved(world, status, new.url)
    world.follow_url(url)
    world.run(days=4, tick_minutes=60)
    assert len(new.log) > 5
    assert world.app.store.feeds.find(url).url == url


@pytest.mark.case(14, "301 to a login page, 302, 307, https to http")
def test_a_login_page_is_no_new_address(world):
    """A permanent redirect to HTML is an error; the address and the entries stay."""
    feed = world.publish("/old", etag='"1"')
    world.follow(feed)
    world.poll()
    login = world.server.on(
        "/login", Reply(200, {"Content-Type": "text/html"}, b"<html>")
    )
    feed.always = Reply(301, {"Location": login})
    world.run(days=4, tick_minutes=60)
    row = world.row(feed)
    assert row.url == feed.url
    assert "HTML" in row.error
    assert len(world.titles) == 1
    feed.always = None
    world.run(days=1.2, tick_minutes=60)
    assert world.row(feed).error is None


@pytest.mark.case(14, "301 to a login page, 302, 307, https to http")
def test_a_chain_with_a_temporary_hop_moves_no_further(world):
    """301 to 302 to the feed: what is stored is where the 301 led, no more."""
    new = world.publish("/new", etag='"1"')
    middle = world.server.on("/middle", Reply(302, {"Location": new.url}))
    url = moved(world, 301, middle)
    world.follow_url(url)
    world.run(days=3, tick_minutes=60)
    assert world.app.store.feeds.find(url).url == middle


@pytest.mark.case(14, "301 to an address of the own network")
def test_each_hop_is_guarded(world):
    """A permanent redirect to a private address is refused, and never stored."""
    url = moved(world, 301, "http://169.254.169.254/latest/")
    world.follow_url(url)
    world.run(days=3, tick_minutes=60)
    row = world.app.store.feeds.find(url)
    assert row.url == url
    assert "non-public address" in row.error


@pytest.mark.case(15, "410 Gone")
def test_gone_is_gone_and_says_so(world):
    """It is not polled any more, by schedule or by force, and the manager is told."""
    feed = world.publish("/feed", etag='"1"')
    world.follow(feed)
    world.poll()
    feed.always = Reply(410)
    world.run(days=3, tick_minutes=60)
    assert len(feed.log) == 2
    (notice,) = world.notices
    assert "gone for good" in notice
    assert world.poll(force=True) == []
    row = world.row(feed)
    assert row.courtesy.stopped_at is not None
    assert len(world.titles) == 1


@pytest.mark.case(15, "404 x 30; a feed replaced by HTML")
def test_missing_feeds_back_off_and_recover(world):
    """Thirty times 404 are thirty growing waits and one notice."""
    feed = world.publish("/feed", etag='"1"')
    feed.instead = [Reply(404)] * 30
    world.follow(feed)
    while len(feed.log) <= 30:
        world.poll()
        world.now = world.row(feed).next_poll_at
    assert feed.waits[0] < HOUR < 20 * HOUR < feed.waits[-1]
    assert len(world.notices) == 2  # that it fails, and that it answers again
    assert world.row(feed).error is None


@pytest.mark.case(16, "what a request carries")
def test_what_is_sent_and_what_is_not(world):
    """A name and a contact; gzip; no cookie, referrer, language or client hint."""
    feed = world.publish("/feed", etag='"1"', headers={"Set-Cookie": "id=42; Path=/"})
    world.follow(feed)
    for _ in range(3):
        world.poll(force=True)
    for request in feed.requests:
        names = {name.lower() for name, _ in request.headers}
        validators = {"if-none-match", "if-modified-since"}
        assert names - validators == {"host", "user-agent", "accept-encoding", "accept"}
        assert request.header("Accept-Encoding") == "gzip"
        agent = request.header("User-Agent")
        assert agent.startswith("newsbot/")
        assert agent.endswith("(+desk@paper.example)")


@pytest.mark.case(16, "secrets of a private feed")
@pytest.mark.parametrize("kind", ["basic", "header"])
def test_secrets_go_to_their_own_host_alone(tmp_path, monkeypatch, kind, caplog):
    """Not across a redirect, not after a change of port, never into a log or the ledger."""
    monkeypatch.setenv("PAPER_USER", "grüße")
    monkeypatch.setenv("PAPER_PASSWORD", "s3cr3t-word")
    monkeypatch.setenv("PAPER_HEADER", "X-Api-Key: s3cr3t-word")
    with ScriptedServer() as paper, ScriptedServer() as other:
        named = (
            {"username_env": "PAPER_USER", "password_env": "PAPER_PASSWORD"}
            if kind == "basic"
            else {"header_env": "PAPER_HEADER"}
        )
        url = paper.url("/private")
        with World(tmp_path, more=[FeedConfig(url=url, **named)]) as world:
            world.allow(paper, other)
            world.app.sync_feeds()
            body = Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())
            there = other.on("/feed", body)
            paper.on("/near", Reply(302, {"Location": there}))
            paper.on("/private", [Reply(302, {"Location": "/near"}), Reply(401)])
            name = {"basic": "Authorization", "header": "X-Api-Key"}[kind]
            (polled,) = world.poll()
            assert polled.error is None
            assert [r.header(name) is not None for r in paper.requests] == [True, True]
            assert other.requests[0].header(name) is None
            world.now += DAY
            (polled,) = world.poll()
            assert "401" in polled.error
    dumped = (tmp_path / "newsbot.db").read_bytes()
    for text in (caplog.text.encode(), dumped, polled.error.encode()):
        assert b"s3cr3t" not in text
        assert b"Basic " not in text


@pytest.mark.case(16, "secrets of a private feed that moves")
def test_secrets_do_not_move_with_their_feed(tmp_path, monkeypatch):
    """However long a server sends a private feed elsewhere for good, its word stays there.

    The stored address would decide who gets the password: it changes within the host
    that the config names, and to no other.
    """
    monkeypatch.setenv("PAPER_HEADER", "X-Api-Key: s3cr3t-word")
    with ScriptedServer() as paper, ScriptedServer() as other:
        body = Reply(200, {"ETag": '"1"'}, rss(item(1)).encode())
        there, near = other.on("/feed", body), paper.on("/near", body)
        feeds = {
            paper.on("/far", Reply(301, {"Location": there})): paper.url("/far"),
            paper.on("/close", Reply(301, {"Location": "/near"})): near,
        }
        more = [FeedConfig(url=url, header_env="PAPER_HEADER") for url in feeds]
        with World(tmp_path, more=more) as world:
            world.allow(paper, other)
            world.app.sync_feeds()
            world.run(days=4, tick_minutes=120, restarts=2)
            rows = {row.url for row in world.app.store.feeds.all()}
            assert rows == set(feeds.values())
            world.app.sync_feeds()
            assert {row.url for row in world.app.store.feeds.all()} == rows
        assert len(other.requests) > 5
        assert all(r.header("X-Api-Key") is None for r in other.requests)
        assert all(r.header("X-Api-Key") == "s3cr3t-word" for r in paper.requests)


@pytest.mark.case(16, "secrets of a private feed")
def test_a_missing_secret_is_named_and_not_guessed(tmp_path):
    """An empty variable is one line that names it, and exit code 3."""
    feeds = '[[feeds]]\nurl = "https://a.example/feed"\npassword_env = "NOT_SET_HERE"\n'
    config(tmp_path, more=feeds)
    line = newsbot(tmp_path, "feeds", "poll").refused(3)
    assert "NOT_SET_HERE" in line
