"""The fetcher against a real server: what it sends, follows and answers."""

from __future__ import annotations

import socket
import ssl
from datetime import timedelta

import pytest
from servers.fetching import NOW, OK, make, names, refused
from servers.scripted import (
    CERTIFICATE,
    Reply,
    ScriptedServer,
    exactly,
)

from newsbot.courtesy import Secrets
from newsbot.errors import WithheldError


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def fetcher(server):
    made = make(server)
    yield made
    made.close()


# What is sent


def test_the_request_says_who_asks_and_nothing_else(server):
    """Host, user agent, gzip: no cookie, no referrer, no language, no proxy header."""
    url = server.on("/feed?a=1", Reply())
    server.on("/feed", Reply(200, {"Set-Cookie": "id=1"}, b"x"))
    fetcher = make(server, contact="mailto:ops@example.org")
    fetcher.fetch(url)
    fetcher.fetch(url)
    assert [request.target for request in server.requests] == ["/feed?a=1"] * 2
    for request in server.requests:
        assert request.method == "GET"
        assert sorted(request.headers) == [
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip"),
            ("Host", server.netloc),
            ("User-Agent", "newsbot/0.1 (+mailto:ops@example.org)"),
        ]


def test_the_user_agent_without_contact_is_short(server, fetcher):
    """Without a contact there is no empty pair of brackets."""
    fetcher.fetch(server.on("/", Reply()))
    assert server.requests[0].header("User-Agent") == "newsbot/0.1"


@pytest.mark.parametrize(
    "etag",
    [
        '"1"',
        'W/"1"',
        "unquoted",
        '"a, b c"',
        '"gr\xfc\xdf\x80"',
        '"' + "x" * 8100 + '"',
        '"tab\there"'.replace("\t", " "),
    ],
)
def test_validators_come_back_byte_for_byte(server, fetcher, etag):
    """What the server sent is what it gets, odd or not (RFC 9110, 13.1)."""
    url = server.on("/", Reply(200, {"ETag": etag, "Last-Modified": "yesterday"}, b"x"))
    first = fetcher.fetch(url)
    assert first.headers["etag"] == etag
    fetcher.fetch(
        url, etag=first.headers["etag"], last_modified=first.headers["last-modified"]
    )
    assert server.requests[0].header("If-None-Match") is None
    assert server.requests[1].header("If-None-Match") == etag
    assert server.requests[1].header("If-Modified-Since") == "yesterday"


@pytest.mark.parametrize(
    "value", ["a\r\nX: y", "a\x00", "a\tb", "\x7f", "x" * 8193, "€", "\udcff", ""]
)
def test_validators_that_cannot_be_sent_are_dropped_whole(server, fetcher, value):
    """Control bytes and excess length drop the header, never shorten it."""
    fetcher.fetch(server.on("/", Reply()), etag=value, last_modified=value)
    assert server.requests[0].header("If-None-Match") is None
    assert server.requests[0].header("If-Modified-Since") is None


def test_not_modified_is_an_answer_with_new_validators(server, fetcher):
    """A 304 comes back with the headers it carried (RFC 9111, 4.3.4)."""
    url = server.on(
        "/",
        Reply(
            304, {"ETag": '"2"', "Cache-Control": "max-age=60", "Content-Length": None}
        ),
    )
    server.on("/", Reply(304, {"ETag": '"2"', "Cache-Control": "max-age=60"}))
    response = fetcher.fetch(url, etag='"1"')
    assert (response.status, response.body) == (304, b"")
    assert response.headers["etag"] == '"2"'
    assert response.headers["cache-control"] == "max-age=60"


def test_repeated_headers_join_or_the_last_counts(server, fetcher):
    """Lists join by comma; where only one may stand, the last one counts."""
    head = b"Cache-Control: a\r\nCache-Control: b\r\nETag: 1\r\nETag: 2\r\nContent-Length: 1\r\n\r\nx"
    response = fetcher.fetch(server.on("/", exactly(OK + head)))
    assert response.headers["cache-control"] == "a, b"
    assert response.headers["etag"] == "2"


def test_proxies_of_the_environment_are_ignored(server, fetcher, monkeypatch):
    """Proxy variables change nothing: neither the route nor the guard."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    assert fetcher.fetch(server.on("/", Reply(body=b"x"))).body == b"x"
    assert "non-public" in refused(make(), "http://127.0.0.1/").reason


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_the_last_url_reported(server, fetcher, status):
    """Relative and absolute targets are followed; validators travel along."""
    server.on("/a/b", Reply(status, {"Location": "../c?x=\xfc#frag"}))
    server.on("/c", Reply(status, {"Location": server.url("/d e")}))
    server.on("/d%20e", Reply(body=b"x"))
    response = fetcher.fetch(server.url("/a/b"), etag='"1"')
    assert (response.url, response.body) == (server.url("/d%20e"), b"x")
    assert [r.target for r in server.requests] == ["/a/b", "/c?x=%C3%BC", "/d%20e"]
    assert {r.header("If-None-Match") for r in server.requests} == {'"1"'}
    assert {r.header("Referer") for r in server.requests} == {None}


def test_five_redirects_are_enough(server, fetcher):
    """The sixth redirect of a chain, or a loop, ends the request."""
    for n in range(7):
        server.on(f"/{n}", Reply(302, {"Location": f"/{n + 1}"}))
    server.on("/7", Reply(body=b"x"))
    assert fetcher.fetch(server.url("/2")).body == b"x"
    server.requests.clear()
    error = refused(fetcher, server.url("/1"))
    assert "more than 5 redirects" in error.reason
    assert len(server.requests) == 6
    server.on("/loop", Reply(301, {"Location": "/loop"}))
    assert "more than 5 redirects" in refused(fetcher, server.url("/loop")).reason


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("", "redirect without an address"),
        (
            "http://10.0.0.1/",
            "redirected to http://10.0.0.1/: non-public address 10.0.0.1",
        ),
        ("//[::1]/", "non-public address ::1"),
        ("http://127.0.0.1:1/", "port 1 is not allowed"),
        ("file:///etc/passwd", "not an http or https address"),
        ("javascript:alert(1)", "not an http or https address"),
        ("http://user:secret@example.org/", "user name"),
        ("http://169.254.169.254:8888\\@public.example/", "backslash"),
        ("http://exa\tmple.org/", "control"),
        ("http://[/", "unreadable"),
    ],
)
def test_every_hop_passes_the_guard(server, fetcher, location, reason):
    """A redirect leads nowhere that the first URL could not have led."""
    server.on("/", Reply(302, {"Location": location}))
    error = refused(fetcher, server.url("/"))
    assert reason in error.reason
    assert not error.retry
    assert "secret" not in str(error)
    assert error.url == server.url("/")


def test_secrets_keep_to_their_scheme_host_and_port(server):
    """Not from https to http, not to another port, not where the caller asks instead."""
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    with ScriptedServer(tls=True) as safe:
        fetcher = make(server, safe, tls=tls)
        secrets = Secrets(url=safe.url("/feed"), headers={"X-Key": "s3cr3t"})
        safe.on("/feed", Reply(302, {"Location": server.url("/plain")}))
        safe.on("/other", Reply())
        server.on("/plain", Reply())
        for url in (safe.url("/feed"), safe.url("/other"), server.url("/plain")):
            fetcher.fetch(url, secrets=secrets)
        fetcher.close()
        sent = [request.header("X-Key") for request in safe.requests]
        assert sent == ["s3cr3t", "s3cr3t"]
        assert [request.header("X-Key") for request in server.requests] == [None] * 2
    assert "s3cr3t" not in repr(secrets)


def test_redirects_are_followed_only_where_they_may(server, fetcher):
    """Who asks has a say before each hop; what it raises ends the request as it is."""
    hops = []

    def may_follow(url):
        hops.append(url)
        if url.endswith("/c"):
            raise WithheldError(url, "not there")
        return 0.0

    for here, there in ("ab", "bc", "cd"):
        server.on(f"/{here}", Reply(302, {"Location": f"/{there}#x"}))
    with pytest.raises(WithheldError, match="not there"):
        fetcher.fetch(server.url("/a"), may_follow=may_follow)
    assert hops == [server.url("/b"), server.url("/c")]
    assert [request.target for request in server.requests] == ["/a", "/b"]


def test_a_redirect_without_location_is_refused(server, fetcher):
    """A bare 302 is an error, not an empty page."""
    assert "redirect without" in refused(fetcher, server.on("/", Reply(302))).reason


# Statuses


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (404, "server answered 404 Not Found", False),
        (410, "server answered 410 Gone", False),
        (401, "server answered 401 Unauthorized", False),
        (204, "server answered 204 No Content", False),
        (429, "server answered 429 Too Many Requests", True),
        (500, "server answered 500 Internal Server Error", True),
        (599, "server answered 599", True),
    ],
)
def test_other_statuses_are_errors(server, fetcher, status, reason, retry):
    """Status, plain reason, and whether later may be better."""
    error = refused(
        fetcher, server.on("/", Reply(status, body=b"" if status == 204 else b"x" * 99))
    )
    assert (error.status, error.reason, error.retry, error.retry_at) == (
        status,
        reason,
        retry,
        None,
    )


@pytest.mark.parametrize(
    ("value", "date", "wait"),
    [
        ("7200", None, timedelta(hours=2)),
        ("0", None, timedelta()),
        ("Sun, 01 Mar 2026 13:00:00 GMT", None, timedelta(hours=1)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", None, timedelta()),
        (
            "Mon, 01 Mar 2027 13:00:00 GMT",
            "Mon, 01 Mar 2027 12:30:00 GMT",
            timedelta(minutes=30),
        ),
        ("1000000000000", None, timedelta(days=31)),
        ("9" * 5000, None, timedelta(days=31)),
        ("Sat, 01 Mar 2036 13:00:00 GMT", None, timedelta(days=31)),
        ("-5", None, None),
        ("soon", None, None),
        ("1.5", None, None),
        ("²", None, None),
        ("Sun, 99 Foo 2026 13:00:00 GMT", None, None),
        ("", None, None),
    ],
)
def test_retry_after_is_read_and_capped(server, fetcher, value, date, wait):
    """Seconds, dates and skewed clocks count; garbage does not (RFC 9110, 10.2.3)."""
    headers = {"Retry-After": value} | ({"Date": date} if date else {})
    error = refused(fetcher, server.on("/", Reply(503, headers)))
    assert error.retry_at == (None if wait is None else NOW + wait)


# Errors


@pytest.mark.parametrize(
    ("make_error", "reason"),
    [
        (
            lambda: ConnectionRefusedError(111, "Connection refused"),
            "connection refused",
        ),
        (lambda: OSError(101, "Network is unreachable"), "network is unreachable"),
        (
            lambda: socket.gaierror(-2, "Name or service not known"),
            "host name not found",
        ),
        (lambda: ConnectionResetError(104, "reset"), "connection lost"),
        (
            lambda: ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"),
            "no secure connection",
        ),
        (lambda: RuntimeError("odd\nsecond line"), "no usable answer (RuntimeError)"),
    ],
)
def test_every_foreign_error_becomes_one_line(make_error, reason):
    """Whatever the transport raises is a FetchError with its cause chained."""

    def connect(address, timeout):
        raise make_error()

    fetcher = make(resolver=names(feeds_test=["1.1.1.1"]), connect=connect)
    error = refused(fetcher, "http://feeds.test/")
    assert error.reason == reason
    assert error.retry
    assert error.__cause__ is not None


def test_urls_cannot_forge_log_lines():
    """Line breaks and passwords of a URL do not reach the error's text."""
    error = refused(make(), "http://user:secret@feeds.test/\r\nERROR fake\u202e")
    assert "secret" not in str(error)
    assert error.url.isprintable()
