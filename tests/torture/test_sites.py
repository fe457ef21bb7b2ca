"""Cases 17 and 18: pages only where their site allows it; archives, walked when asked."""

from __future__ import annotations

import time
import tracemalloc
from datetime import timedelta
from itertools import pairwise

import pytest
from commands import config, newsbot
from fakes import AnyPage, story
from protego import Protego
from servers.feeds import item, rss
from servers.fetching import make
from servers.polled import START, World
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.db import open_store
from newsbot.archive import Walk, walk_archive
from newsbot.errors import FetchError
from newsbot.robots import Robots, ask_page
from newsbot.stages.permission import robots_refusal, tdmrep_refusal
from newsbot.turns import Hosts

HOUR = timedelta(hours=1)
TEXT = {"Content-Type": "text/plain"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def server():
    with ScriptedServer() as running:
        running.on("/story", Reply(200, HTML, story("Nvidia and Anthropic")))
        yield running


@pytest.fixture
def site(tmp_path, server):
    with Site(tmp_path, server) as made:
        yield made


class Site:
    """One site, asked for its pages as the line does it."""

    def __init__(self, folder, server):
        self.path = folder / "newsbot.db"
        self.server = server
        self.hosts = Hosts(0.0)

    def __enter__(self):
        self.store = open_store(self.path)
        return self

    def __exit__(self, *_):
        self.store.close()

    def ask(self, path="/story", now=START):
        fetcher = make(self.server)
        robots = Robots(fetcher, self.store.sites, self.hosts)
        return ask_page(self.server.url(path), fetcher, robots, now)

    def n(self, path):
        return sum(request.target == path for request in self.server.requests)


def robots(text):
    return Reply(200, TEXT, text.encode())


#: robots.txt, and why the page is not read; None: it is.
RULES = {
    "allows": (robots("User-agent: *\nDisallow: /private\n"), None),
    "disallows": (robots("User-agent: *\nDisallow: /\n"), "robots.txt disallows it"),
    "names us": (
        robots("User-agent: *\nDisallow:\n\nUser-agent: newsbot\nDisallow: /story\n"),
        "robots.txt disallows it",
    ),
    "names another": (robots("User-agent: otherbot\nDisallow: /\n"), None),
    "longest rule counts": (
        robots("User-agent: *\nDisallow: /\nAllow: /story\n"),
        None,
    ),
    "behind a byte order mark": (
        Reply(200, TEXT, b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n"),
        "robots.txt disallows it",
    ),
    "ai-input=no": (
        robots("User-agent: *\nContent-Signal: search=yes, AI-Input = no\nAllow: /\n"),
        "robots.txt: ai-input=no",
    ),
    "ai-input=no before any group": (
        robots("Content-Signal: ai-input=no\n\nUser-agent: *\nDisallow: /x\n"),
        "robots.txt: ai-input=no",
    ),
    "ai-input=no for us": (
        robots(
            "User-agent: *\nAllow: /\n\nSitemap: /s.xml\nUser-agent: NewsBot\n"
            "User-agent: other\nSitemap: /s.xml\nContent-Signal: ai-input=no\n"
        ),
        "robots.txt: ai-input=no",
    ),
    "ai-input=no for others": (
        robots("User-agent: gptbot\nContent-Signal: ai-input=no\n"),
        None,
    ),
    "ai-input=no for all but us": (
        robots(
            "User-agent: *\nContent-Signal: ai-input=no\n\nUser-agent: newsbot\nAllow: /\n"
        ),
        None,
    ),
    "ai-train=no": (
        robots("User-agent: *\nContent-Signal: search=yes,ai-train=no,use=reference\n"),
        None,
    ),
    "404": (Reply(404), None),
    "403": (Reply(403), None),
    "500": (Reply(500), "robots.txt answered 500"),
    "503": (Reply(503), "robots.txt answered 503"),
    "a page": (Reply(200, HTML, b"<html><body>Welcome"), None),
    "binary": (Reply(200, TEXT, bytes(range(256))), None),
    "empty": (robots(""), None),
    "rule within 500 kB of 600": (
        robots("User-agent: *\nDisallow: /story\n" + "# x\n" * 150_000),
        "robots.txt disallows it",
    ),
    "rule beyond 500 kB": (
        robots("# xxxxxxx\n" * 60_000 + "User-agent: *\nDisallow: /story\n"),
        None,
    ),
}


@pytest.mark.case(17, "robots.txt in all states")
@pytest.mark.parametrize("name", RULES)
def test_robots_rules(site, name):
    """RFC 9309: what disallows is kept to, 4xx allows all, 5xx allows nothing."""
    reply, reason = RULES[name]
    site.server.on("/robots.txt", reply)
    answer, withheld = site.ask()
    assert withheld == reason
    assert site.n("/story") == (reason is None)
    assert bool(answer.body) == (reason is None)


@pytest.mark.case(17, "robots.txt that leads in a circle")
def test_a_redirect_loop_is_no_robots(site):
    """RFC 9309, 2.3.1.2: more than five redirects count as none."""
    site.server.on("/robots.txt", Reply(302, {"Location": "/robots.txt"}))
    _, withheld = site.ask()
    assert withheld is None
    assert site.n("/robots.txt") == 6


@pytest.mark.case(17, "robots.txt that has moved")
def test_a_redirect_is_followed(site):
    """Its rules hold for the site that was asked."""
    site.server.on("/robots.txt", Reply(301, {"Location": "/rules"}))
    site.server.on("/rules", robots("User-agent: *\nDisallow: /\n"))
    assert site.ask()[1] == "robots.txt disallows it"


@pytest.mark.case(17, "robots.txt, remembered")
def test_robots_are_asked_once_a_day(site):
    """Between two days not at all, after a restart neither; then with its validators."""
    rules = robots("User-agent: *\nDisallow: /\n")
    tagged = Reply(200, {**TEXT, "ETag": '"r1"'}, rules.body)
    site.server.on("/robots.txt", [tagged, Reply(304, {"Content-Length": None})])
    for hour in range(23):
        assert site.ask(now=START + hour * HOUR)[1] is not None
    assert site.n("/robots.txt") == 1
    site.store.close()
    site.store = open_store(site.path)
    assert site.ask(now=START + 25 * HOUR)[1] == "robots.txt disallows it"
    assert site.n("/robots.txt") == 2
    last = [r for r in site.server.requests if r.target == "/robots.txt"][-1]
    assert last.header("If-None-Match") == '"r1"'


@pytest.mark.case(17, "robots.txt, remembered")
def test_an_ill_site_keeps_its_last_word(site):
    """RFC 9309, 2.4: while robots.txt cannot be had, what it said before holds."""
    allows = robots("User-agent: *\nDisallow: /private\n")
    site.server.on("/robots.txt", [allows, Reply(500)])
    assert site.ask()[1] is None
    assert site.ask(now=START + 25 * HOUR)[1] is None
    assert site.n("/robots.txt") == 2


@pytest.mark.case(17, "crawl-delay")
def test_a_crawl_delay_is_kept_within_bounds(site):
    """The site's own distance holds for all that is asked there, at most 30 s."""
    site.server.on("/robots.txt", robots("User-agent: *\nCrawl-delay: 90\n"))
    site.ask()
    host = site.server.netloc
    assert site.hosts.take(host) == 0
    assert site.hosts.give_back(host) == 30


@pytest.mark.case(17, "a dead site")
def test_a_site_that_is_down_is_tried_later(site):
    """No answer at all is no rule: the page waits, as it would without robots.txt."""
    fetcher = make(allow=["127.0.0.1:9"])
    permission = Robots(fetcher, site.store.sites, site.hosts)
    with pytest.raises(FetchError) as caught:
        ask_page("http://127.0.0.1:9/story", fetcher, permission, START)
    assert caught.value.retry


RESERVED = {
    "noai": ({"X-Robots-Tag": "noindex, noai"}, "", "X-Robots-Tag: noai"),
    "noai for us": ({"X-Robots-Tag": "newsbot: noai"}, "", "X-Robots-Tag: noai"),
    "noai for another": ({"X-Robots-Tag": "otherbot: noai"}, "", None),
    "noindex": ({"X-Robots-Tag": "noindex"}, "", None),
    "tdm": ({"tdm-reservation": "1"}, "", "tdm-reservation: 1"),
    "tdm 0": ({"TDM-Reservation": "0"}, "", None),
    "signal": ({"Content-Signal": "ai-input=no"}, "", "Content-Signal: ai-input=no"),
    "signal yes": ({"Content-Signal": "ai-train=no, ai-input=yes"}, "", None),
    "meta": ({}, '<meta name="robots" content="index, noai">', "meta robots: noai"),
    "meta tdm": (
        {},
        "<meta content='1' name='tdm-reservation'>",
        "meta tdm-reservation: 1",
    ),
    "none": ({}, '<meta name="robots" content="index">', None),
}


@pytest.mark.case(17, "noai and TDM reservations")
@pytest.mark.parametrize("name", RESERVED)
def test_reservations_of_a_page(site, name, caplog):
    """Header or meta: the page is not read."""
    headers, meta, reason = RESERVED[name]
    page = story("Nvidia").replace(b"<head>", f"<head>{meta}".encode())
    site.server.on("/story", Reply(200, {**HTML, **headers}, page))
    assert site.ask()[1] == reason


@pytest.mark.case(17, "noai and TDM reservations")
def test_reservations_of_a_site(site):
    """tdmrep.json: the first location that matches counts."""
    rules = b"""[{"location": "/free/*", "tdm-reservation": 0},
                 {"location": "/*", "tdm-reservation": 1}, 7, {"location": []}]"""
    site.server.on("/.well-known/tdmrep.json", Reply(200, {}, rules))
    assert site.ask()[1] == "tdmrep.json reserves it"
    assert tdmrep_refusal(rules, "https://a.example/free/1") is None
    assert tdmrep_refusal(b"{}", "https://a.example/") is None
    assert tdmrep_refusal(b"[" * 100_000, "https://a.example/") is None


@pytest.mark.case(17, "a page that moves to another site")
def test_the_rules_of_where_a_page_leads(tmp_path, server):
    """A redirect leads no page past the rules of its new host: it is not asked there."""
    with ScriptedServer() as other, Site(tmp_path, server) as site:
        other.on("/robots.txt", robots("User-agent: *\nDisallow: /\n"))
        there = other.on("/there", Reply(200, HTML, story("Nvidia")))
        server.on("/here", Reply(302, {"Location": there}))
        fetcher = make(server, other)
        permission = Robots(fetcher, site.store.sites, site.hosts)
        answer, withheld = ask_page(server.url("/here"), fetcher, permission, START)
        assert withheld == "robots.txt disallows it"
        assert (answer.url, answer.body) == (there, b"")
        assert [request.target for request in other.requests] == ["/robots.txt"]


@pytest.mark.case(17, "a page that moves to another site")
def test_the_rules_of_another_page_of_the_same_site(site):
    """RFC 9309, 2.2.2: what is disallowed is not asked for by way of a redirect, either."""
    site.server.on("/robots.txt", robots("User-agent: *\nDisallow: /private\n"))
    site.server.on("/here", Reply(302, {"Location": "/private/story"}))
    site.server.on("/there", Reply(302, {"Location": "/story"}))
    assert site.ask("/here")[1] == "robots.txt disallows it"
    assert site.n("/private/story") == 0
    answer, withheld = site.ask("/there")
    assert withheld is None
    assert answer.body


@pytest.mark.case(17, "robots.txt and page, spaced")
def test_a_site_s_files_and_its_page_keep_their_distance(site):
    """Three requests of one turn are no burst."""
    times = []

    def timed(reply):
        return lambda _request: times.append(time.monotonic()) or reply

    site.hosts = Hosts(0.15)
    site.server.on("/robots.txt", timed(robots("User-agent: *\nDisallow: /x\n")))
    site.server.on("/.well-known/tdmrep.json", timed(Reply(404)))
    site.server.on("/story", timed(Reply(200, HTML, story("Nvidia"))))
    assert site.ask()[1] is None
    assert len(times) == 3
    assert min(b - a for a, b in pairwise(times)) >= 0.15


@pytest.mark.case(17, "robots.txt in all states")
def test_unreadable_rules_are_none():
    """What nobody can read forbids nothing; a bad address is no crash."""
    for body in (b"\xff\xfe\x00", b"Disallow", b"User-agent: *\nDisallow: %%%"):
        assert robots_refusal(200, body, "https://a.example/x") is None
    assert AnyPage().refusal("https://a.example/", START) is None


ROBOTS_BOMBS = {
    "names times rules": "".join(f"User-agent: a{n}\n" for n in range(14_000))
    + "Disallow: /story\n" * 14_000,
    "rules": "User-agent: *\n" + "Disallow: /*a*b\n" * 30_000,
    "stars": "User-agent: *\nDisallow: /" + "*a" * 250_000,
    "short lines": "a\n" * 250_000,
    "one name, often": "User-agent: *\n" * 36_000 + "Disallow: /x\n",
    "no end of a line": "User-agent: *\nDisallow: /" + "x" * 500_000,
}


@pytest.mark.case(17, "robots.txt that is a bomb")
@pytest.mark.parametrize("name", ROBOTS_BOMBS)
def test_robots_bombs_cost_little(site, name):
    """500 kB of whatever come to an end soon; rules for strangers are no rules."""
    site.server.on("/robots.txt", robots(ROBOTS_BOMBS[name]))
    assert site.ask()[1] is None
    assert site.n("/story") == 1


@pytest.mark.case(17, "robots.txt that is a bomb")
def test_names_do_not_multiply_rules():
    """2,000 names before 2,000 rules are 4,000 lines, and not four million rules."""
    names = "".join(f"User-agent: a{n}\n" for n in range(2_000))
    rules = "".join(f"Disallow: /{n}\n" for n in range(2_000))
    tracemalloc.start()
    try:
        assert (
            robots_refusal(200, (names + rules).encode(), "https://a.example/") is None
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20


@pytest.mark.case(17, "robots.txt that is a bomb")
@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("User-agent: a\nUser-agent: newsbot\nDisallow: /story\n", False),
        ("User-agent: a\nUser-agent: b\nDisallow: /story\n", True),
        ("User-agent: newsbot\nUser-agent: a\nDisallow: /story\n", False),
        ("User agent NewsBot # us\nDisallow /story\n", False),
        ("User-agent: a\nDisallow: /\nUser-agent: *\nDisallow: /x\n", True),
        ("User-agent: *\nDisallow: /x\n\nUser-agent:\nDisallow: /story\n", True),
        ("User-agent: *\nUser-agent: a\nDisallow: /story\n", False),
        ("Useragent:*\nDisallow:/story", False),
        ("User-agent: mynewsbot\nDisallow: /\n", True),
        ("User-agent: newsbot*\nDisallow: /story\n", False),
    ],
)
def test_rules_stay_with_whom_they_name(text, allowed):
    """Other robots' names are folded together; whose rules they are stays as it was."""
    url = "https://a.example/story"
    assert (robots_refusal(200, text.encode(), url) is None) == allowed
    assert Protego.parse(text).can_fetch(url, "newsbot") == allowed


@pytest.mark.case(17, "a forbidden page, end to end")
def test_the_summary_stands_in(tmp_path, server):
    """`newsbot run --once`: the page is not asked for, its summary is read, one line says so."""
    summary = (
        "<description>It will rain in Hamburg all week, the weather service says, and "
        "nobody should walk along the harbour without an umbrella.</description>"
    )
    link = server.url("/story")
    feed = rss(item(1, more=summary).replace("https://news.example/1", link))
    url = server.on("/feed", Reply(200, {"ETag": '"1"'}, feed.encode()))
    server.on("/robots.txt", robots("User-agent: newsbot\nDisallow: /story\n"))
    config(tmp_path, server, more=f'[[feeds]]\nurl = "{url}"\n')
    done = newsbot(tmp_path, "run", "--once")
    assert done.code == 0, done.err
    assert f"page url={link} not read: robots.txt disallows it" in done.err
    assert "/story" not in {request.target for request in server.requests}
    assert link in newsbot(tmp_path, "search", "umbrella", "--json").out


class Archive:
    """A feed with older pages, each linked to the next."""

    def __init__(self, world, n_pages, *, last=""):
        self.world = world
        for n in range(n_pages):
            older = f"/page{n + 1}" if n + 1 < n_pages else last
            self.page(n, older)
        world.follow_url(world.server.url("/page0"))
        self.feed = world.app.store.feeds.all()[0]

    def page(self, n, older):
        link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="prev-archive" href="{older}"/>'
        head = "<title>News</title>" + (link if older else "")
        body = rss(item(2 * n), item(2 * n + 1), head=head)
        self.world.server.on(f"/page{n}", Reply(200, {}, body.encode()))

    def walk(self, **options):
        app = self.world.app
        how = Walk(hosts=app.hosts, secrets=None, **options)
        return walk_archive(
            self.feed, app.fetcher, app.store.sites, self.world.now, how
        )

    def numbers(self):
        rows = self.world.app.store.connection.rows("SELECT url FROM entries")
        return sorted(int(row["url"].rpartition("/")[2]) for row in rows)


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as running:
        yield running


@pytest.mark.case(18, "an archive of 200 pages, killed at page 73")
def test_an_archive_is_read_once_and_resumed(world, figure):
    """All entries once, none may alert, and a second walk goes on at page 73."""
    archive = Archive(world, 200)
    first = archive.walk(max_pages=73)
    assert (first.n_pages, first.n_new) == (73, 146)
    assert "goes on from there" in first.gap
    world.restart()
    second = archive.walk()
    assert (second.n_pages, second.gap) == (127, None)
    assert archive.numbers() == list(range(400))
    assert len(world.server.requests) == 200
    alerts = world.app.store.connection.rows("SELECT sum(may_alert) AS n FROM entries")
    assert alerts[0]["n"] == 0
    assert archive.walk().n_pages == 0
    figure("requests", len(world.server.requests))


@pytest.mark.case(18, "an archive in a circle, on another host, with a gap")
@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("/page0", "the pages go in a circle"),
        ("/page2", "the pages go in a circle"),
        ("http://169.254.169.254/x", "on another host"),
        ("/missing", "404"),
        ("javascript:alert(1)", None),
    ],
)
def test_an_archive_that_leads_astray(world, last, reason):
    """Circles end, other hosts are not followed, and a gap is said."""
    archive = Archive(world, 3, last=last)
    walked = archive.walk()
    assert walked.n_pages == 3
    assert archive.numbers() == list(range(6))
    assert (walked.gap is None) if reason is None else (reason in walked.gap)


@pytest.mark.case(18, "a page that comes back")
def test_a_gap_is_closed_by_the_next_walk(world):
    """A missing page stops the walk; when it is there again, the walk goes on."""
    archive = Archive(world, 3)
    world.server.on("/page1", Reply(503, {"Retry-After": "60"}))
    assert archive.walk().gap.endswith("what is older was not read")
    archive.page(1, "/page2")
    assert archive.walk().gap is None
    assert archive.numbers() == list(range(6))


@pytest.mark.case(18, "the newest page of an archive")
def test_a_feed_that_was_polled_is_not_asked_whole_again(world):
    """What its last poll said leads to its older pages; so does what it says of none."""
    archive = Archive(world, 4)
    world.poll()
    archive.feed = world.app.store.feeds.all()[0]
    assert archive.walk().n_pages == 3
    assert archive.numbers() == list(range(8))
    targets = [request.target for request in world.server.requests]
    assert targets == [f"/page{n}" for n in range(4)]
    archive.page(0, "")
    world.poll(force=True)
    archive.feed = world.app.store.feeds.all()[0]
    assert archive.walk().n_pages == 0
    assert len(world.server.requests) == 5


@pytest.mark.case(18, "by command")
def test_the_commands_walk_archives(tmp_path):
    """`feeds add --archive` and `feeds poll --archive`; a gap is exit code 4."""
    with ScriptedServer() as server:
        config(tmp_path, server)
        link = '<link xmlns="http://www.w3.org/2005/Atom" rel="next" href="/old.xml"/>'
        new = rss(item(1), head=f"<title>N</title>{link}").encode()
        url = server.on("/feed.xml", Reply(200, {"ETag": '"1"'}, new))
        done = newsbot(tmp_path, "feeds", "add", url, "--archive")
        assert done.code == 0, done.err
        assert "0 pages of its archive read" in done.err
        assert "404" in done.err
        assert [r.target for r in server.requests] == ["/feed.xml", "/old.xml"]
        server.on("/old.xml", Reply(200, {}, rss(item(2)).encode()))
        done = newsbot(tmp_path, "feeds", "poll", url, "--archive")
        assert (done.code, "1 pages" in done.err) == (0, True), done.err
