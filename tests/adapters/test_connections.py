"""Connections: reuse, the checked address, TLS, many threads."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers.fetching import Dialled, make, names, refused
from servers.scripted import (
    CERTIFICATE,
    Reply,
    ScriptedServer,
)


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def fetcher(server):
    made = make(server)
    yield made
    made.close()


def test_connections_are_reused_and_replaced_when_stale(server, fetcher):
    """One connection serves several requests; a closed one is replaced unnoticed."""
    url = server.on(
        "/",
        [
            Reply(body=b"1"),
            Reply(body=b"2"),
            Reply(200, {"Connection": "close"}, b"3"),
            Reply(body=b"4"),
        ],
    )
    assert [fetcher.fetch(url).body for _ in range(4)] == [b"1", b"2", b"3", b"4"]
    assert [request.connection for request in server.requests] == [0, 0, 0, 1]


def test_a_connection_that_closes_under_the_request_is_tried_once_more(server, fetcher):
    """A kept connection that dies between requests costs one retry, not an error."""
    killed = threading.Event()

    def flaky(request):
        if request.connection == 0 and len(server.requests) == 2:
            killed.set()
            raise OSError
        return Reply(body=b"x")

    url = server.on("/", flaky)
    assert fetcher.fetch(url).body == b"x"
    assert fetcher.fetch(url).body == b"x"
    assert killed.is_set()
    assert [request.connection for request in server.requests] == [0, 0, 1]


def test_many_threads_share_one_fetcher(server, fetcher):
    """Each answer goes to the one who asked."""
    server.on("*", lambda request: Reply(body=request.target.encode()))
    paths = [f"/{n}" for n in range(200)]
    with ThreadPoolExecutor(16) as pool:
        bodies = list(
            pool.map(lambda path: fetcher.fetch(server.url(path)).body.decode(), paths)
        )
    assert bodies == paths


def test_the_checked_address_is_the_dialled_address(server):
    """A name is looked up once: a later, private answer has no effect."""
    dialled = Dialled(server.port)
    resolver = names(feeds_test=[["93.184.216.34"], ["127.0.0.1"]])
    fetcher = make(resolver=resolver, connect=dialled)
    server.on("/", Reply(body=b"x"))
    assert fetcher.fetch("http://feeds.test/").body == b"x"
    assert dialled.addresses == [("93.184.216.34", 80)]
    assert server.requests[0].header("Host") == "feeds.test"
    # The kept connection goes to the checked address; a new one asks again.
    assert fetcher.fetch("http://feeds.test/").body == b"x"
    fetcher.close()
    assert (
        refused(fetcher, "http://feeds.test/").reason == "non-public address 127.0.0.1"
    )
    assert len(dialled.addresses) == 1


def test_a_dead_address_gives_way_to_the_next(server):
    """When the first of several checked addresses is silent, the next is tried."""

    def connect(address, timeout):
        if address[0] == "1.1.1.1":
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", server.port), timeout)

    fetcher = make(
        resolver=names(feeds_test=["1.1.1.1", "93.184.216.34"]), connect=connect
    )
    server.on("/", Reply(body=b"x"))
    assert fetcher.fetch("http://feeds.test/").body == b"x"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://10.0.0.1/", "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://feeds.test:22/", "file:///etc/passwd",
     "http://169.254.169.254:8888\\@public/", "http://user@feeds.test/", "http://private.test/", "gopher://feeds.test/"],
)  # fmt: skip
def test_refused_urls_are_never_dialled(url):
    """The guard comes before the socket, and saying it again later does not help."""
    dialled = Dialled()
    fetcher = make(
        resolver=names(
            feeds_test=["93.184.216.34"], private_test=["93.184.216.34", "10.0.0.1"]
        ),
        connect=dialled,
    )
    error = refused(fetcher, url)
    assert not error.retry
    assert error.status is None
    assert dialled.addresses == []


def test_https_checks_the_name_that_was_asked_for():
    """SNI, Host and certificate are the URL's name, the dial goes to its address."""
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    with ScriptedServer(tls=True) as server:
        server.on("/", Reply(body=b"x"))
        resolver = names(feeds_test=["127.0.0.1"], other_test=["127.0.0.1"])
        allow = [f"{name}.test:{server.port}" for name in ("feeds", "other")]
        fetcher = make(tls=tls, resolver=resolver, allow=allow)
        for _ in range(2):
            assert fetcher.fetch(f"https://feeds.test:{server.port}/").body == b"x"
        assert [request.connection for request in server.requests] == [0, 0]
        error = refused(fetcher, f"https://other.test:{server.port}/")
        assert "certificate not accepted" in error.reason
        untrusting = make(resolver=resolver, allow=allow)
        error = refused(untrusting, f"https://feeds.test:{server.port}/")
        assert "certificate not accepted" in error.reason
        assert len(server.requests) == 2


def test_plain_http_where_tls_is_expected_is_one_line(server, fetcher):
    """A server that speaks no TLS gives a reason, not a traceback."""
    assert (
        refused(fetcher, f"https://{server.netloc}/").reason == "no secure connection"
    )
