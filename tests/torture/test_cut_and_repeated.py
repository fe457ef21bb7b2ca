"""Cases 8, 17, 20: what breaks off, what is said again, and tickets instead of links.

A reader that keeps half a title announces it, and one that keeps half a link asks for
it. A reader that passes over what it read before must not pass over what it lost.
"""

from __future__ import annotations

import base64

import pytest
from fakes import NOW
from servers.fetching import Dialled, names
from servers.polled import World
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.db import open_store
from newsbot.adapters.http import HttpFetcher
from newsbot.errors import FetchError, StoreFullError
from newsbot.poll import poll_feeds
from newsbot.robots import Robots, ask_page
from newsbot.stages.hints import read_hints, whole_entries
from newsbot.turns import Hosts

HTML = {"Content-Type": "text/html"}


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as running:
        yield running


@pytest.mark.case(8, "a feed that breaks off inside an entry, at 20 places")
def test_half_an_entry_is_none(world):
    """What is whole is kept, the old validators too; the rest comes when it is there."""
    feed = world.publish("/feed", etag='"1"')
    feed.numbers = [2, 1]
    body = feed.body.encode()
    begin, end = body.rindex(b"<item>"), body.rindex(b"</item>")
    world.follow(feed)
    step = (end - begin) // 20
    for at in range(begin + 1, end, step):
        feed.instead = [Reply(200, {"ETag": '"cut"'}, body[:at])]
        (polled,) = world.poll(force=True)
        assert polled.error is None, at
        assert len(world.titles) == 1, at
        assert feed.requests[-1].header("If-None-Match") is None
        assert world.row(feed).etag is None
    world.poll(force=True)
    assert len(world.titles) == 2
    assert world.row(feed).etag == '"1"'


@pytest.mark.case(8, "a feed that breaks off inside its first entry")
def test_half_a_feed_is_an_error(world):
    """Nothing of it is whole: one line, the old validators, and the next poll heals it."""
    feed = world.publish("/feed", etag='"1"')
    world.follow(feed)
    world.poll()
    cut = feed.body.encode()[
        : feed.body.index("<link>", feed.body.index("<item>")) + 15
    ]
    feed.instead = [Reply(200, {"ETag": '"2"'}, cut)]
    (polled,) = world.poll(force=True)
    assert "damaged before its first entry" in polled.error
    assert world.row(feed).etag == '"1"'
    (polled,) = world.poll(force=True)
    assert polled.error is None


#: What came, how much of it is whole entries; None: nothing is missing.
CUT = {
    "prefixed": ("<x:rss><x:item>a</x:item><x:item>b", "<x:rss><x:item>a</x:item>"),
    "blank in the end tag": ("<rss><ITEM>a</ITEM\n><item>b", "<rss><ITEM>a</ITEM\n>"),
    "Atom": ("<feed><entry>a</entry><entry ", "<feed><entry>a</entry>"),
    "after an entry": ("<rss><item>a</item>", "<rss><item>a</item>"),
    "before any entry": ("<rss><title>a</ti", "<rss><title>a</ti"),
    "an end that is only told of": ("<rss><title></rss><item>a", "<rss><title></rss>"),
    "without the root's end": ("<rss><channel><item>a</item></channel>", None),
    "RSS 1.0": ("<rdf:RDF><channel></channel><item>a</item></rdf:RDF>", None),
    "no entry at all": ("<rss><channel></channel></rss>", None),
}


@pytest.mark.case(8, "a feed that breaks off, in nine dresses")
@pytest.mark.parametrize("name", CUT)
def test_what_breaks_off_is_told_from_what_ends(name):
    """A feed is whole that has its end behind its last entry."""
    text, kept = CUT[name]
    assert read_hints(text).whole == (kept is None)
    assert kept is None or whole_entries(text) == kept


class Leaky:
    """A store whose disk is full once."""

    def __init__(self, feeds):
        self.feeds = feeds
        self.full = True

    def settle(self, *args, **kwargs):
        if self.full:
            self.full = False
            raise StoreFullError("the disk is full")
        return self.feeds.settle(*args, **kwargs)


@pytest.mark.case(7, "what was read and could not be stored is read again")
def test_what_was_not_stored_is_not_known(world):
    """Entries count as read when they are stored, and no sooner."""
    feed = world.publish("/feed", etag='"1"')
    feed.numbers = [1]
    world.follow(feed)
    world.poll()
    feed.etag, feed.numbers = '"2"', [2, 1]
    app = world.app
    store = Leaky(app.store.feeds)
    asked = (app.store.feeds.all(), app.fetcher, store, world.now, app.round)
    with pytest.raises(StoreFullError):
        poll_feeds(*asked)
    assert len(world.titles) == 1
    (polled,) = poll_feeds(*asked)
    assert polled.n_new == 1
    assert len(world.titles) == 2
    assert feed.requests[-1].header("If-None-Match") == '"1"'


@pytest.mark.case(20, "a feed that says all again with every poll")
def test_what_is_said_again_is_read_once(world, figure):
    """Twenty polls, each with one new entry, an edit and churned heads: none is lost."""
    feed = world.publish("/feed")
    world.follow(feed)
    for n in range(1, 21):
        feed.numbers = list(range(n, 0, -1))
        feed.head = f"<title>News</title><lastBuildDate>{n}</lastBuildDate>"
        (polled,) = world.poll(force=True)
        assert (polled.error, polled.n_new) == (None, 1), n
    assert len(world.titles) == 20
    (seen,) = world.app.round.seen.values()
    assert len(seen) == 20 * 32
    world.restart()
    feed.numbers = list(range(21, 0, -1))
    (polled,) = world.poll(force=True)
    assert polled.n_new == 1
    figure("remembered", len(seen), "bytes")


def ticket(number=1):
    """A link of Google News as it gives them since 2024: nothing in it is an address."""
    data = b'\x08\x13"\x58AU_yqL' + bytes([65 + number]) * 80
    return f"/rss/articles/{base64.urlsafe_b64encode(data).decode().rstrip('=')}?oc=5"


PATH = ticket().partition("?")[0]


class News:
    """Google News and a publisher, under their own names, on one server of loopback."""

    def __init__(self, folder):
        self.server = ScriptedServer().__enter__()
        self.store = open_store(folder / "newsbot.db")
        self.dialled = Dialled(self.server.port)
        public = ["93.184.216.34"]
        table = {
            "news_google_com": public,
            "consent_google_com": public,
            "paper_example": public,
        }
        self.fetcher = HttpFetcher(
            version="0",
            timeout_seconds=5,
            connect=self.dialled,
            resolver=names(**table),
        )
        self.permission = Robots(self.fetcher, self.store.sites, Hosts(0.0))

    def ask(self):
        url = f"http://news.google.com{ticket()}"
        return ask_page(url, self.fetcher, self.permission, NOW)

    def asked(self):
        """What was asked for, but the files that say what may be."""
        targets = [request.target for request in self.server.requests]
        return [t for t in targets if t != "/robots.txt" and ".well-known" not in t]

    def close(self):
        self.fetcher.close()
        self.store.close()
        self.server.__exit__(None, None, None)


@pytest.fixture
def news(tmp_path):
    running = News(tmp_path)
    yield running
    running.close()


STORY = Reply(200, HTML, b"<html><body><p>A deal.</p></body></html>")
THERE = "http://paper.example/story"
NAMED = {
    "redirect": Reply(302, {"Location": THERE}),
    "attribute": Reply(
        200, HTML, f'<c-wiz data-n-au="{THERE}" data-p="x">…</c-wiz>'.encode()
    ),
    "refresh": Reply(
        200, HTML, f'<meta http-equiv="refresh" content="0;URL={THERE}">'.encode()
    ),
}


@pytest.mark.case(17, "a ticket of Google News that can be resolved")
@pytest.mark.parametrize("name", NAMED)
def test_a_ticket_leads_to_the_publisher(news, name):
    """By redirect, or by the address in Google's page; one request for each."""
    news.server.on(PATH, NAMED[name])
    news.server.on("/story", STORY)
    answer, withheld = news.ask()
    assert (answer.url, withheld) == (THERE, None)
    assert b"A deal." in answer.body
    assert news.asked() == [ticket(), "/story"]


UNNAMED = {
    "script": Reply(200, HTML, b'<c-wiz data-n-a-sg="AZ" data-n-a-ts="1"></c-wiz>'),
    "consent": Reply(302, {"Location": "http://consent.google.com/m?continue=x"}),
    "itself": Reply(
        200, HTML, b'<c-wiz data-n-au="https://news.google.com/home"></c-wiz>'
    ),
    "inside": Reply(200, HTML, b'<c-wiz data-n-au="javascript:x"></c-wiz>'),
}


@pytest.mark.case(17, "a ticket of Google News that only Google can read")
@pytest.mark.parametrize("name", UNNAMED)
def test_a_ticket_that_names_nothing_is_said_so(news, name):
    """One line says why, and the interface of Google's own script is left alone."""
    news.server.on(PATH, UNNAMED[name])
    news.server.on("/m", STORY)
    _, withheld = news.ask()
    assert withheld == "Google News does not say where it leads"
    assert not any("batchexecute" in target for target in news.asked())


@pytest.mark.case(17, "a ticket of Google News that may not be asked for")
def test_a_ticket_that_robots_may_not_ask_for(news):
    """Google's robots.txt holds for its links as for any page."""
    rules = b"User-agent: *\nDisallow: /\n"
    news.server.on("/robots.txt", Reply(200, {"Content-Type": "text/plain"}, rules))
    _, withheld = news.ask()
    assert withheld == "robots.txt disallows it"
    assert news.asked() == []


@pytest.mark.case(28, "a ticket of Google News that leads inside")
def test_a_ticket_that_leads_inside_is_refused(news):
    """The address that a page names passes the guard like any other."""
    inside = b'<c-wiz data-n-au="http://169.254.169.254/latest/meta-data"></c-wiz>'
    news.server.on(PATH, Reply(200, HTML, inside))
    with pytest.raises(FetchError, match="non-public address"):
        news.ask()
    assert set(news.dialled.addresses) == {("93.184.216.34", 80)}
