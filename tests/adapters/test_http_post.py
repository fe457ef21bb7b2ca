"""Posting to model servers: once, bounded, under the same guard."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from servers.fetching import make
from servers.scripted import (
    Behave,
    Reply,
    ScriptedServer,
)

from newsbot.errors import FetchError


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def fetcher(server):
    made = make(server)
    yield made
    made.close()


def test_post_sends_json_once_and_gives_any_status(server, fetcher):
    """Body and headers arrive; a redirect or an error is an answer, not followed."""
    seen = [
        Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"ok":1}')),
        Reply(307, {"Location": "/x"}),
        Reply(500, body=b"oops"),
    ]
    url = server.on("/v1/chat", seen)
    body = json.dumps({"model": "m"}).encode()
    headers = {"Authorization": "Bearer secret"}
    assert fetcher.post_json(url, body, headers) == (200, b'{"ok":1}')
    assert fetcher.post_json(url, body, headers) == (307, b"")
    assert fetcher.post_json(url, body, headers) == (500, b"oops")
    assert [request.target for request in server.requests] == ["/v1/chat"] * 3
    for request in server.requests:
        assert (request.method, request.body) == ("POST", body)
        assert request.header("Content-Type") == "application/json"
        assert request.header("Authorization") == "Bearer secret"
        assert request.header("Content-Length") == str(len(body))


def test_post_is_never_repeated(server, fetcher):
    """A connection that dies under a POST is an error: the server may have acted."""

    def die(sock, request):
        pass

    url = server.on("/", Behave(die))
    with pytest.raises(FetchError, match="without an answer"):
        fetcher.post_json(url, b"{}", {})
    assert len(server.requests) == 1


def test_post_has_its_own_deadline_and_the_same_guard(server, fetcher):
    """A slow model may take longer than a page; a private address stays refused."""
    url = server.on("/", lambda request: time.sleep(0.5) or Reply(body=b"{}"))
    quick = make(server, timeout_seconds=0.2)
    assert quick.post_json(url, b"{}", {}, timeout_seconds=5)[0] == 200
    with pytest.raises(FetchError, match=r"no answer within 0\.2 s"):
        quick.post_json(url, b"{}", {})
    with pytest.raises(FetchError, match="not allowed"):
        make().post_json(url, b"{}", {})
    server.on("/", Reply(body=bytes(2**21)))
    with pytest.raises(FetchError, match="larger than 1 MiB"):
        make(server, max_bytes=2**20).post_json(url, b"{}", {})


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer secret\n"},
        {"X": "\u20ac secret"},
        {"secret\r\nX": "y"},
    ],
)
def test_post_headers_never_leak_into_errors(server, fetcher, headers):
    """A key with a line break is refused without being repeated, chain included."""
    with pytest.raises(FetchError) as caught:
        fetcher.post_json(server.url("/"), b"{}", headers)
    assert "secret" not in str(caught.value).replace("header secret", "")
    assert caught.value.__cause__ is None
    assert server.requests == []
