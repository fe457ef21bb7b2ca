"""Cases 7, 22, 26, 36, 41, 77: feeds that expand, swell, lie, or come half.

feedparser 6.0.14 took 106 s and 5.8 GiB for 160 kB of quadratic entities.
"""

from __future__ import annotations

import gzip
import itertools
import time

import pytest
from fakes import entry, story
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.parsing import ParsingLimits, ParsingPool
from newsbot.errors import FetchError
from newsbot.stages.parse import MAX_ENTRIES
from torture.rig import RSS, Rig, good, one_clear_line

LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 9}">' for n in range(10)
)
QUADRATIC = f'<!ENTITY a "{"x" * 80_000}">'
EXPANDED = "&a;" * 80_000


@pytest.fixture(scope="module")
def server():
    with ScriptedServer() as running:
        yield running


def declaring(entities, text, *, declaration="<?xml version='1.0'?>\n"):
    return f"{declaration}<!DOCTYPE rss [{entities}]>" + rss(
        item(1, title=text), declaration=""
    )


def bombs(base, canary):
    """Name and bytes of each; the canary is a file that nobody may read."""
    outside = f'<!ENTITY x SYSTEM "file://{canary}">'
    remote = f'<!ENTITY x SYSTEM "{base}/asked">'
    parameter = f'<!ENTITY % p SYSTEM "{base}/asked"> %p;'
    quadratic = declaring(QUADRATIC, EXPANDED)
    return {
        "laughs": declaring(LAUGHS, "&l9;"),
        "quadratic": quadratic,
        "quadratic-utf-16": quadratic.encode("utf-16"),
        "quadratic-utf-32": declaring(QUADRATIC, "&a;" * 9_000).encode("utf-32"),
        "same-line": declaring(QUADRATIC, EXPANDED, declaration="<?xml version='1.0'?>"),
        "no-declaration": declaring(QUADRATIC, EXPANDED, declaration=""),
        "after-comment": declaring(QUADRATIC, EXPANDED, declaration="<!-- <rss> -->"),
        "cyclic": declaring('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"),
        "file": declaring(outside, "&x;"),
        "remote": declaring(remote, "&x;"),
        "parameter": declaring(parameter, "x"),
        "lower-case": declaring(QUADRATIC, EXPANDED).replace("DOCTYPE", "doctype"),
        "utf-7": declaring(QUADRATIC, EXPANDED, declaration="<?xml version='1.0' encoding='utf-7'?>"),
    }  # fmt: skip


@pytest.mark.case(22, "billion laughs, quadratic, cyclic, external, UTF-16, remote DTD")
def test_entities_are_refused_before_parsing(server, tmp_path, parsing, figure):
    """Thirteen bombs, plain and gzipped, are a line each: no request, no file, no time."""
    canary = tmp_path / "canary"
    canary.write_text("CANARY-7281")
    with Rig(tmp_path, server, parsing=parsing) as rig:
        urls = []
        for name, body in bombs(server.base, canary).items():
            data = body if isinstance(body, bytes) else body.encode()
            urls.append(server.on(f"/{name}", Reply(200, RSS, data)))
            packed = Reply(
                200, {**RSS, "Content-Encoding": "gzip"}, gzip.compress(data)
            )
            urls.append(server.on(f"/{name}.gz", packed))
        rig.add(*urls)
        started = time.monotonic()
        rig.poll()
        seconds = time.monotonic() - started
        for url in urls:
            line = rig.refused(url, "entity declarations not accepted")
            assert "CANARY" not in line
        assert not [one for one in server.requests if one.target == "/asked"]
        figure("26 of them", seconds, "s")
        assert seconds < 2 * len(urls)
        rig.intact()


@pytest.mark.case(
    22, "a remote DTD without entities: the feed is read, nothing fetched"
)
def test_a_remote_dtd_is_not_fetched(server, tmp_path, parsing):
    """A plain DOCTYPE is passed over."""
    dtd = f"<!DOCTYPE rss SYSTEM '{server.base}/asked'>"
    body = dtd + rss(item(1), declaration="")
    with Rig(tmp_path, server, parsing=parsing) as rig:
        rig.add(server.on("/dtd", Reply(200, RSS, body.encode())))
        rig.poll()
        assert rig.polled[server.url("/dtd")].n_new == 1
        assert not [one for one in server.requests if one.target == "/asked"]
        rig.intact()


def swollen():
    """Name: a feed's bytes, and the new entries or the reason."""
    many = "".join(
        f"<item><title>T{n}</title><link>https://n.example/{n}</link></item>"
        for n in range(200_000)
    )
    deep = "<a>" * 100_000
    number = itertools.count(1)  # one article each: a known one is no news
    return {
        "200,000 items": (f"<rss><channel>{many}</channel></rss>", MAX_ENTRIES),
        "2 MB of &": (rss(item(next(number), title="&" * 2_000_000)), 1),
        "14 MB attribute": (rss(item(next(number), more=f"<x y='{'z' * 14_000_000}'/>")), 0),
        "100,000 nested": (rss(item(next(number), more=deep)), 0),
        "100,000 nested in html": (rss(item(next(number), title="<![CDATA[" + deep + "]]>")), 1),
        "5,000 categories": (rss(item(next(number), more="<category>x</category>" * 5_000)), 1),
        "40,000 attributes": (rss(item(next(number), more="<x " + " ".join(f"a{n}='1'" for n in range(40_000)) + "/>")), 0),
        "a guid of 1 MB": (rss(item(next(number), more=f"<guid>{'g' * 10**6}</guid>")), 1),
        "a title of 5 MB": (rss(item(next(number), title="ä" * 2_500_000)), 1),
        "CDATA without end": (rss(item(next(number), more="<description><![CDATA[" * 1_000)), 0),
        "comments without end": (rss(item(next(number), more="<!-- " * 100_000)), 0),
        "100,000 namespaces": (rss(item(next(number), more="".join(f"<x xmlns:n{n}='u{n}'/>" for n in range(100_000)))), 0),
        "processing instructions": (rss(item(next(number), more="<?x y?>" * 200_000)), 1),
        "nested json": ("[" * 900_000, 0),
        "nested json feed": ('{"version":"https://jsonfeed.org/version/1.1","items":' + "[" * 200_000, 0),
    }  # fmt: skip


@pytest.mark.case(26, "200,000 items, 14 MB attribute, 2 MB of &, 100,000 nested")
def test_swollen_feeds_are_bounded(server, tmp_path, figure):
    """Each gives its newest entries or one line with the reason, in bounded time."""
    feeds = swollen()
    with Rig(tmp_path, server, limits=ParsingLimits()) as rig:
        urls = {}
        for n, (name, (body, _)) in enumerate(feeds.items()):
            urls[name] = server.on(f"/swollen{n}", Reply(200, RSS, body.encode()))
        rig.add(*urls.values())
        started = time.monotonic()
        rig.poll()
        seconds = time.monotonic() - started
        for name, url in urls.items():
            outcome, least = rig.polled[url], feeds[name][1]
            if outcome.error is None:
                assert outcome.n_new >= least, name
                assert outcome.n_new <= MAX_ENTRIES, name
            else:
                rig.refused(url, "")
                assert least in (0, 1), (name, outcome.error)
        titles = [one.title for one in rig.entries()]
        assert max(map(len, titles)) <= 500
        figure(f"{len(urls)} of them", seconds, "s")
        rig.intact()


@pytest.mark.case(26, "a feed that takes its process too long, or too much memory")
def test_a_killed_feed_is_one_line_and_tried_again(server, tmp_path, figure):
    """Under limits that a feed of 200,000 items passes, it is killed; others go on."""
    body = swollen()["200,000 items"][0].encode()
    for limits, reason in (
        (ParsingLimits(seconds=0.15), "took more than 0.15 s"),
        (ParsingLimits(seconds=20, memory=40 * 2**20), "needed more than 40 MiB"),
    ):
        pool = ParsingPool(n_processes=1, limits=limits)
        folder = tmp_path / reason.split()[0]
        folder.mkdir()
        with Rig(folder, server, parsing=pool) as rig:
            rig.add(server.on("/killed", Reply(200, {**RSS, "ETag": '"1"'}, body)))
            started = time.monotonic()
            rig.poll()
            figure(reason, time.monotonic() - started, "s")
            rig.refused(server.url("/killed"), reason)
            rig.intact()
        pool.close()


@pytest.mark.case(7, "a 200 whose body cannot be read: validators are not advanced")
def test_unread_entries_are_not_vouched_for(server, tmp_path, parsing):
    """The ETag of a broken feed is not kept, so that no 304 can hide its entries."""
    broken = Reply(200, {**RSS, "ETag": '"2"'}, b"<rss><channel")
    whole = good(item(1), ETag='"2"')
    with Rig(tmp_path, server, parsing=parsing) as rig:
        url = server.on("/half", [broken, whole])
        rig.add(url)
        rig.poll()
        rig.refused(url, "")
        rig.poll()
        assert server.requests[-1].header("If-None-Match") is None or (
            rig.polled[url].n_new == 1
        )
        assert rig.polled[url].n_new == 1
        rig.intact()


@pytest.mark.case(36, "links with quotes, spaces, scripts, 3,000 characters; none")
def test_links_are_addresses_or_no_entry(server, tmp_path, parsing):
    """What comes through is http(s), in ASCII and without anything to break out of."""
    links = (
        'https://n.example/"onclick="x', "https://n.example/a b", "javascript:alert(1)",
        "https://n.example/" + "a" * 3_000, "https://n.example/" + "b" * 5_000, "",
        "  https://n.example/spaces  ", "https://n.example/'&gt;&lt;script&gt;",
        "https://n.example/ü?q=ä", "https://user:pw@n.example/", "data:text/html,x",
        "https://n.example/\u202egpj.exe", "https://münchen.example/", "\\\\n.example\\x",
        "https://n.example/%00", "https://n.example/%0d%0aSet-Cookie:x",
    )  # fmt: skip
    items = [f"<title>x</title><link>{link}</link>" for link in links]
    with Rig(tmp_path, server, parsing=parsing) as rig:
        rig.add(server.on("/links", good(*items, "<title>no link</title>")))
        rig.poll()
        found = rig.urls() - {"https://news.example/good"}
        assert len(found) == 10
        for url in found:
            assert url.startswith("https://")
            assert url.isascii()
            assert not set(url) & set("\"<> \\'") - {"'"}
            assert "@" not in url
        rig.intact()


@pytest.mark.case(41, "two sources, one deal; then one says it again")
def test_two_sources_are_one_alert(server, tmp_path, parsing):
    """The second article of the same deal raises no second message."""
    first, second = entry("one"), entry("two", title="Nvidia and Anthropic agree on it")
    with Rig(tmp_path, server, parsing=parsing) as rig:
        rig.app.fetcher.fetch = lambda url, **_: _page(url, first, second)
        for one in (first, second):
            rig.announce(one)
            rig.walk()
        assert len(rig.channel.sent) == 1
        assert len(rig.store.ledger.deals()) == 1
        rig.intact()


def _page(url, *entries):
    from newsbot.ports import Response

    for one in entries:
        if one.url == url:
            headers = {"content-type": "text/html"}
            return Response(url=url, status=200, headers=headers, body=story(one.title))
    raise FetchError(url, "gone", status=404)


@pytest.mark.case(77, "dates of 1970, 2099, none; guids without end, empty, shared")
def test_claimed_dates_and_guids_change_little(server, tmp_path, parsing):
    """Impossible dates are none; the same guid in two feeds hides no entry."""
    dates = (
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Tue, 01 Jan 2099 00:00:00 GMT",
        "",
        "Mon, 01 Mar 2026 10:00:00 XYZT",
        "yesterday",
        "9" * 5_000,
    )
    items = [item(f"d{n}", date=date, more="<guid isPermaLink='false'>same</guid>") for n, date in enumerate(dates)]  # fmt: skip
    other = item("other", more="<guid isPermaLink='false'>same</guid>")
    with Rig(tmp_path, server, parsing=parsing) as rig:
        rig.add(server.on("/dates", good(*items)), server.on("/other", good(other)))
        rig.poll()
        assert rig.polled[server.url("/dates")].n_new == len(dates)
        assert rig.polled[server.url("/other")].n_new == 1
        times = [one.published_at for one in rig.entries() if "/d" in one.url]
        assert [time for time in times if time and time > rig.clock()] == []
        assert [time for time in times if time and time.year < 1995] == []
        one_clear_line(rig.entries()[0].title)
        rig.intact()
