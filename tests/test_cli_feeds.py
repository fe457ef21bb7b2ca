"""`newsbot feeds`: sites' feeds are found, polls are shown and forced, lists exchanged."""

from __future__ import annotations

import json

import pytest
from commands import config, here, newsbot
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer

HTML = {"Content-Type": "text/html"}
RSS = {"Content-Type": "application/rss+xml", "ETag": '"1"'}


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def folder(tmp_path, server):
    config(tmp_path, server)
    return tmp_path


def feed(*numbers, **headers):
    return Reply(200, {**RSS, **headers}, rss(*(item(n) for n in numbers)).encode())


def listed(folder):
    return json.loads(here(folder, "feeds", "list", "--json").out)


def page(head=""):
    return Reply(200, HTML, f"<html><head>{head}</head><body>Hi</body></html>".encode())


LINK = '<link rel="alternate" type="application/rss+xml" href="{}">'


def test_a_site_s_feed_is_found_and_read_once(server, folder):
    """`feeds add SITE` takes the feed that its page names; its answer is the first poll."""
    server.on("/", page(LINK.format("/news.xml") + LINK.format("/more.xml")))
    url = server.on("/news.xml", feed(1, 2))
    done = here(folder, "feeds", "add", server.base)
    assert done.code == 0, done.err
    assert f"added: {url} (2 entries)" in done.err
    assert f"also there: {server.url('/more.xml')}" in done.err
    (row,) = listed(folder)
    assert (row["url"], row["error"]) == (url, None)
    assert row["next_poll"] > row["last_polled"]
    again = here(folder, "feeds", "poll", url, "--force-poll")
    assert again.code == 0, again.err
    conditional = [
        r.header("If-None-Match") for r in server.requests if r.target == "/news.xml"
    ]
    assert conditional == [None, '"1"']


@pytest.mark.parametrize("kind", ["rss at a plain address", "json", "common place"])
def test_other_ways_to_a_feed(server, folder, kind):
    """The address itself may be the feed, of any kind; else the usual places are tried."""
    if kind == "rss at a plain address":
        server.on("/", feed(1))
        found = server.base
    elif kind == "json":
        server.on("/", page(LINK.format("/f.json").replace("rss+xml", "feed+json")))
        version = "https://jsonfeed.org/version/1.1"
        items = [{"id": "1", "url": "https://a.example/1", "title": "T"}]
        body = json.dumps({"version": version, "title": "N", "items": items}).encode()
        found = server.on("/f.json", Reply(200, RSS, body))
    else:
        server.on("/", page())
        found = server.on("/rss.xml", feed(1))
    done = here(folder, "feeds", "add", server.base)
    assert f"added: {found} (1 entries)" in done.err


def test_a_site_without_a_feed_is_said(server, folder):
    """One line, exit code 2, nothing added."""
    server.on("*", page())
    line = here(folder, "feeds", "add", server.base).refused(2)
    assert "no feed at" in line
    assert listed(folder) == []


def test_a_site_that_is_down_is_added_all_the_same(server, folder):
    """It will be tried like any other; the reason is said."""
    server.on("/", Reply(503))
    done = here(folder, "feeds", "add", server.url("/"))
    assert done.code == 0
    assert (
        "but server answered 503 Service Unavailable; it will be tried again"
        in done.err
    )
    assert [row["url"] for row in listed(folder)] == [server.url("/")]


def test_a_page_in_place_of_a_feed_names_its_feed(server, folder):
    """The error says which feed the page names; nothing else is asked."""
    url = server.on("/own", page(LINK.format("/news.xml")))
    here(folder, "feeds", "add", url)
    done = here(folder, "feeds", "poll")
    assert f"an HTML page, not a feed; it names {server.url('/news.xml')}" in done.err
    assert [request.target for request in server.requests] == ["/own"]


def test_an_address_that_reads_as_a_feed_s_is_not_asked(server, folder):
    """It is added as it is: its first poll is its first request."""
    here(folder, "feeds", "add", server.on("/feed.xml", feed(1)))
    assert server.requests == []


def test_one_address_in_two_spellings_is_one_feed(server, folder):
    """Case of the host, fragments and spaces make no second feed, and find the first."""
    url = server.on("/feed.xml", feed(1))
    spelled = f" {url.replace('http:', 'HTTP:')}#top "
    assert f"added: {url}\n" in here(folder, "feeds", "add", spelled).err
    assert "known already" in here(folder, "feeds", "add", url).err
    assert [row["url"] for row in listed(folder)] == [url]
    assert "1 feeds polled" in here(folder, "feeds", "poll", spelled).err
    here(folder, "feeds", "remove", spelled)
    assert listed(folder) == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://10.0.0.1/feed.xml", "non-public address 10.0.0.1"),
        ("https://paper.example:22/feed.xml", "port 22 is not allowed"),
    ],
)
def test_what_will_never_be_asked_is_said_at_once(folder, url, reason):
    """It is added, for the config may allow it yet; the reason stands beside it."""
    done = here(folder, "feeds", "add", url)
    assert f"added: {url}\n  but {reason}: it is not asked unless" in done.err


def test_the_list_says_when_and_why(server, folder):
    """Next poll and its reason, in the table and in JSON."""
    url = server.on("/feed.xml", feed(1, **{"Cache-Control": "max-age=7200"}))
    here(folder, "feeds", "add", url)
    assert "next poll: now" in here(folder, "feeds", "list").out
    here(folder, "feeds", "poll")
    assert "(the server's max-age)" in here(folder, "feeds", "list").out
    (row,) = listed(folder)
    assert row["next_poll_reason"] == "the server's max-age"


def test_polls_wait_unless_forced(server, folder):
    """What is not due is not asked, and says until when; by force it is."""
    url = server.on("/feed.xml", feed(1))
    here(folder, "feeds", "add", url)
    assert (
        "1 feeds polled, 0 failed, 1 new entries" in here(folder, "feeds", "poll").err
    )
    done = here(folder, "feeds", "poll", url)
    assert f"{url}: not asked; next poll " in done.err
    assert len(server.requests) == 1
    here(folder, "feeds", "poll", "--force-poll")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "command", [("feeds", "poll", "--force-poll"), ("run", "--once", "--force-poll")]
)
def test_no_force_is_stronger_than_retry_after(server, folder, command):
    """A server that asked for peace has it."""
    url = server.on("/feed.xml", Reply(429, {"Retry-After": "3600"}))
    here(folder, "feeds", "add", url)
    assert here(folder, "feeds", "poll").code == 4
    assert "0 feeds polled" in newsbot(folder, *command).err
    assert len(server.requests) == 1


def test_a_feed_that_is_gone_is_tried_once_more_by_name(server, folder):
    """410 stops it; who names it may ask again, and it lives on."""
    url = server.on("/feed.xml", [Reply(410), feed(1)])
    here(folder, "feeds", "add", url)
    assert "gone for good" in here(folder, "feeds", "poll").err
    assert "410 Gone: stopped" in here(folder, "feeds", "list").out
    here(folder, "feeds", "poll", "--force-poll")
    assert len(server.requests) == 1
    assert "1 new entries" in here(folder, "feeds", "poll", url, "--force-poll").err
    assert listed(folder)[0]["stopped"] is None


def test_an_unknown_feed_is_no_poll(folder):
    """A name that is none is said, and nothing is asked."""
    assert "no feed" in here(folder, "feeds", "poll", "https://x.example/").refused(2)


def test_the_starter_list(folder):
    """Thirty addresses, in both languages, each a feed's; --add follows them."""
    lines = here(folder, "feeds", "starter").out.splitlines()
    assert len(lines) == 30
    german = here(folder, "feeds", "starter", "--language", "de").out.splitlines()
    assert 10 <= len(german) <= 20
    assert all(line.split()[1].startswith("https://") for line in lines)
    assert "30 added" in here(folder, "feeds", "starter", "--add").err
    assert {row["language"] for row in listed(folder)} == {"de", "en"}
    assert "0 added" in here(folder, "feeds", "starter", "--add").err


def test_lists_go_out_and_come_in(server, folder, tmp_path):
    """What `export` writes, `import` reads."""
    urls = [server.url(f"/{n}.xml") for n in range(3)]
    for url in urls:
        here(folder, "feeds", "add", url)
    path = tmp_path / "list.opml"
    path.write_text(here(folder, "feeds", "export").out, "utf-8")
    for url in urls:
        here(folder, "feeds", "remove", url)
    assert "3 added" in here(folder, "feeds", "import", path).err
    assert sorted(row["url"] for row in listed(folder)) == urls


def test_lists_keep_names_and_languages(server, folder, tmp_path):
    """A name from a list stays; a feed without one goes out under its own."""
    named, unnamed = server.on("/1.xml", feed(1)), server.on("/2.xml", feed(2))
    path = tmp_path / "list.opml"
    path.write_text(
        '<opml version="2.0"><body><outline text="Der Tag &amp; mehr" language="de-DE" '
        f'xmlUrl="{named}"/><outline text="{unnamed}" xmlUrl="{unnamed}"/></body></opml>',
        "utf-8",
    )
    assert "2 added" in here(folder, "feeds", "import", path).err
    assert "2 feeds polled, 0 failed" in here(folder, "feeds", "poll").err
    assert [(row["title"], row["language"]) for row in listed(folder)] == [
        ("Der Tag & mehr", "de"),
        ("News", None),
    ]
    out = here(folder, "feeds", "export").out
    assert f'title="Der Tag &amp; mehr" xmlUrl="{named}" language="de"/>' in out
    assert f'title="News" xmlUrl="{unnamed}"/>' in out


def test_a_trial_keeps_to_retry_after(server, folder):
    """`feeds test` asks what it likes, but no server that wants peace."""
    url = server.on("/feed.xml", Reply(429, {"Retry-After": "3600"}))
    here(folder, "feeds", "add", url)
    here(folder, "feeds", "poll")
    line = here(folder, "feeds", "test", url).refused(4)
    assert "not asked" in line
    assert "the server's Retry-After" in line
    assert len(server.requests) == 1


def test_a_site_that_wants_peace_has_it_from_the_start(server, folder):
    """Added while its server says 503 with Retry-After, it is not asked before."""
    url = server.on("/", Reply(503, {"Retry-After": "3600"}))
    assert "will be tried again" in here(folder, "feeds", "add", url).err
    assert "0 feeds polled" in here(folder, "feeds", "poll", "--force-poll").err
    assert len(server.requests) == 1
