"""Cases 28-32: addresses that lead inside, in every dress and by every way.

A dial recorder stands in place of the socket's connect: what it holds was dialled.
Readers that got this wrong checked before a redirect, at another time than they
dialled, with another parser than the dialler's, or by `is_global` alone.
"""

from __future__ import annotations

import os
from unittest.mock import patch

import pytest
from commands import here
from fakes import entry
from servers.fetching import Dialled, names
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.http import HttpFetcher
from newsbot.stages.opml import OpmlFeed, write_opml
from torture.rig import RSS, Rig, one_clear_line

PUBLIC = "93.184.216.34"
#: What is not public, each in its plain form.
PRIVATE = (
    "127.0.0.1", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.16.0.1",
    "168.63.129.16", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[fc00::1]", "[fd00:ec2::254]",
    "[fe80::1]", "[fec0::1]", "[ff02::1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[::ffff:0:7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]",
    "[2001::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[100::1]",
)  # fmt: skip
#: The same in other clothes.
DISGUISED = (
    "2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.1", "127.0.0.1.", "0",
    "0177.0.0.1", "１２７.0.0.1", "⑯9.254.169.254", "localhost", "localhost.",
    "LOCALHOST", "ⓛocalhost", "ｌocalhost", "a.localhost",
    "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]", "[::1%25lo]", "[fe80::1%eth0]",
)  # fmt: skip
DOUBTFUL = (
    "http://169.254.169.254:8888\\@public.test/", "http://public.test\\@127.0.0.1/",
    "http://user@public.test/", "http://user:secret@public.test/", "http:///x", "http:x",
    "http://public.test\t.evil.test/", "http://public.test/\nx", "http://public.test\r/",
    "http://public.test/a b\x00", "http://pub lic.test/", "http://public.test:80:81/",
    "http://public.test:0/", "http://public.test:65536/", "http://public.test:99999999/",
    "http://public.test:22/", "http://public.test:25/", "http://public.test:6379/",
    "http://public.test:11211/", "http://[public.test]/", "http://[::1", "http://.../",
    "http://pub%6cic.test/", "http://127.0.0.1%2f@public.test/", "http://public。test:25/",
    "http://xn--/", "http://" + "a." * 200 + "test/", "http://public.test/" + "a" * 9_000,
)  # fmt: skip
SCHEMES = (
    "file:///etc/passwd", "data:text/html,x", "ftp://public.test/", "gopher://public.test/",
    "javascript:alert(1)", "feed://public.test/", "feed:https://public.test/", "dict://public.test/",
    "ldap://public.test/", "jar:http://public.test!/x", "//public.test/", "/etc/passwd",
    "HTTP+UNIX://public.test/", "view-source:http://public.test/", "blob:http://public.test/", "",
)  # fmt: skip


@pytest.fixture
def dialled():
    return Dialled()


def rig_of(folder, parsing, dialled, **hosts):
    table = {"public_test": [PUBLIC], **hosts}
    return Rig(folder, parsing=parsing, connect=dialled, resolver=names(**table))


@pytest.mark.case(28, "feeds at 33 non-public addresses, and in 20 disguises")
def test_feeds_at_private_addresses_are_never_dialled(tmp_path, parsing, dialled):
    """None is dialled; each is one line that names the reason."""
    urls = [f"http://{host}/feed" for host in (*PRIVATE, *DISGUISED)]
    local = {"localhost": ["127.0.0.1"], "a_localhost": ["::1"]}
    with rig_of(tmp_path, parsing, dialled, **local) as rig:
        rig.add(*urls)
        outcomes = rig.poll()
        assert set(outcomes) == set(urls)
        for url in urls:
            line = rig.refused(url, "")
            assert "non-public address" in line or "unreadable" in line, (url, line)
        assert dialled.addresses == []
        rig.intact()


@pytest.mark.case(28, "pages at non-public addresses: links of a feed")
def test_pages_at_private_addresses_are_never_dialled(tmp_path, parsing, dialled):
    """The entry keeps its summary and says why it has no full text."""
    summary = "Nvidia and Anthropic sign a long agreement on computing capacity today."
    ones = [
        entry(str(n), url=f"http://{host}/a", summary=summary, title=f"News {n}")
        for n, host in enumerate(PRIVATE)
    ]
    with rig_of(tmp_path, parsing, dialled) as rig:
        rig.add("http://public.test/feed")
        rig.announce(*ones)
        rig.walk()
        for one in ones:
            reason = rig.reason(one)
            one_clear_line(reason)
            assert "no full text: " in reason
            assert "non-public address" in reason
            assert rig.article(one).text == summary
        assert dialled.addresses == []
        rig.intact()


@pytest.mark.case(28, "redirects to non-public addresses, at each hop")
def test_redirects_inside_are_never_dialled(tmp_path, parsing):
    """A public server that sends a reader inside is dialled, and nothing else."""
    with ScriptedServer() as server:
        dialled = Dialled(server.port)
        hosts = [f"http://{host}/x" for host in (*PRIVATE, "2130706433", "0x7f.1")]
        urls = []
        for n, target in enumerate(hosts):
            server.on(f"/hop{n}", Reply(302, {"Location": target}))
            server.on(f"/{n}", Reply(301, {"Location": f"/hop{n}"}))
            urls.append(f"http://public.test/{n}")
        with rig_of(tmp_path, parsing, dialled) as rig:
            rig.add(*urls)
            rig.poll()
            for url in urls:
                rig.refused(url, "non-public address")
            assert set(dialled.addresses) == {(PUBLIC, 80)}
            assert len(server.requests) == 2 * len(urls)
            rig.intact()


@pytest.mark.case(28, "OPML with non-public addresses")
def test_imports_leave_out_what_will_never_be_dialled(tmp_path):
    """Each gets its line with the reason, the one good feed is taken, nothing is asked."""
    inside = [f"http://{host}/feed" for host in PRIVATE if "%" not in host]
    feeds = [*inside, "http://localhost/", "https://public.example/feed"]
    file = tmp_path / "feeds.opml"
    file.write_bytes(write_opml(OpmlFeed(url=url, title="x") for url in feeds))
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    done = here(tmp_path, "feeds", "import", "feeds.opml")
    assert done.code == 4
    lines = done.err.splitlines()
    assert lines[-1] == f"1 added, 0 known already, {len(feeds) - 1} left out"
    for line in lines[:-1]:
        one_clear_line(line)
        assert "non-public address" in line or "not an http" in line, line
    assert "public.example" in here(tmp_path, "feeds", "list").out


@pytest.mark.case(29, "private beside public answers; rebinding; TTL 0; CNAME inside")
def test_the_checked_address_is_the_dialled_one(tmp_path, parsing, dialled):
    """Any private answer refuses the name; a second answer is checked again."""
    hosts = {
        "mixed_test": [PUBLIC, "10.0.0.1"],
        "mixed2_test": ["10.0.0.1", PUBLIC],
        "six_test": [PUBLIC, "::1"],
        "rebound_test": [[PUBLIC], ["127.0.0.1"]],
        "cname_test": ["192.168.0.1"],
    }
    with rig_of(tmp_path, parsing, dialled, **hosts) as rig:
        urls = [f"http://{name.replace('_', '.')}/" for name in hosts]
        rig.add(*urls)
        rig.poll()
        assert dialled.addresses == [(PUBLIC, 80)]  # rebound.test, the first time
        rig.poll()
        for url in urls:
            rig.refused(url, "non-public address")
        assert dialled.addresses == [(PUBLIC, 80)]
        rig.intact()


@pytest.mark.case(30, "backslash, userinfo, tabs and breaks, ports 22, 25, 6379")
@pytest.mark.parametrize("url", DOUBTFUL)
def test_what_two_parsers_read_in_two_ways_is_not_read(dialled, url):
    """One parser, shared with the dialler, refuses; no secret is in the line."""
    fetcher = HttpFetcher(
        version="0", connect=dialled, resolver=names(public_test=[PUBLIC])
    )
    _refused(fetcher, url)
    assert dialled.addresses == []


def _refused(fetcher, url):
    from newsbot.errors import FetchError

    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url)
    one_clear_line(caught.value.reason)
    assert "secret" not in str(caught.value)
    assert not caught.value.retry


@pytest.mark.case(31, "file:, data:, ftp:, gopher:, javascript:, feed: and paths")
def test_other_schemes_are_never_opened_nor_linked(tmp_path, parsing, dialled):
    """As feeds they are refused, as links they make no entry, whoever wrote them."""
    fetcher = HttpFetcher(
        version="0", connect=dialled, resolver=names(public_test=[PUBLIC])
    )
    for url in SCHEMES:
        _refused(fetcher, url)
    assert dialled.addresses == []
    items = "".join(
        f"<item><title>x</title><link>{url}</link><guid isPermaLink='true'>{url}</guid>"
        f"<enclosure url='{url}'/></item>"
        for url in SCHEMES
        if not url.startswith("/") and url
    )
    with ScriptedServer() as server, Rig(tmp_path, server, parsing=parsing) as rig:
        body = f"<rss><channel><title>/etc/passwd</title>{items}</channel></rss>"
        rig.add(server.on("/feed", Reply(200, RSS, body.encode())))
        rig.add(server.on("/path", Reply(200, RSS, b"/etc/passwd")))
        rig.poll()
        assert rig.polled[server.url("/feed")].error is None
        assert rig.urls() == {"https://news.example/good"}
        rig.refused(server.url("/path"), "no feed found")
        rig.intact()


@pytest.mark.case(32, "HTTP_PROXY, ALL_PROXY, NO_PROXY, .netrc in the environment")
def test_the_environment_has_no_say(tmp_path, parsing, dialled):
    """No proxy of the environment is asked, and the guard stays on."""
    proxy = "http://127.0.0.1:9"
    settings = dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"), proxy
    )
    with patch.dict(
        os.environ, {**settings, "NO_PROXY": "10.0.0.1", "HOME": str(tmp_path)}
    ):
        (tmp_path / ".netrc").write_text("machine public.test login a password b\n")
        with rig_of(tmp_path, parsing, dialled) as rig:
            rig.add("http://public.test/", "http://10.0.0.1/")
            rig.poll()
            assert dialled.addresses == [(PUBLIC, 80)]
            rig.refused("http://10.0.0.1/", "non-public address")
            rig.refused("http://public.test/", "connection refused")
            rig.intact()
