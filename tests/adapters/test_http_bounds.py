"""The fetcher against bad servers: broken, endless, huge and slow answers."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers.fetching import OK, make, names, refused
from servers.scripted import (
    CERTIFICATE,
    Behave,
    Reply,
    ScriptedServer,
    drip,
    endless,
    exactly,
    gzip_bomb,
    gzipped,
    silent,
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


# Bodies


@pytest.mark.parametrize("body", [b"", b"x", "ä".encode() * 100_000])
def test_bodies_arrive_whole(server, fetcher, body):
    """Plain, gzipped, chunked, and until the connection closes."""
    chunked = b"".join(
        b"%x;a=b\r\n%b\r\n" % (len(body[i : i + 999]), body[i : i + 999])
        for i in range(0, len(body), 999)
    )
    members = b"".join(
        gzip.compress(body[i : i + 50_000]) for i in range(0, len(body), 50_000)
    ) + bytes(7)
    server.on("/plain", Reply(body=body))
    server.on("/gzip", gzipped(body))
    server.on(
        "/x-gzip", Reply(200, {"Content-Encoding": "X-GZIP"}, gzip.compress(body))
    )
    server.on(
        "/members", Reply(200, {"Content-Encoding": "gzip"}, members.lstrip(b"\0"))
    )
    server.on(
        "/chunked",
        exactly(
            OK
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + chunked
            + b"0\r\nTrailer: x\r\n\r\n"
        ),
    )
    server.on("/until-close", exactly(OK + b"\r\n" + body))
    for path in ("/plain", "/gzip", "/x-gzip", "/members", "/chunked", "/until-close"):
        assert fetcher.fetch(server.url(path)).body == body, path


@pytest.mark.parametrize(
    "coding", ["br", "zstd", "deflate", "gzip, gzip", "compress", "br, gzip", "x" * 200]
)
def test_only_the_offered_coding_is_accepted(server, fetcher, coding):
    """A coding that was not offered is refused by name."""
    error = refused(
        fetcher, server.on("/", Reply(200, {"Content-Encoding": coding}, b"x"))
    )
    assert error.reason.startswith(f"content coding {coding[:40]}")
    assert not error.retry


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (OK + b"Content-Length: 10\r\n\r\nshort", "ended early"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "ended early"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello", "ended early"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "ended early"),
        (
            OK
            + b"Content-Encoding: gzip\r\n\r\n"
            + gzip.compress(b"x" * 999, mtime=0)[:-9],
            "ended early",
        ),
        (
            OK
            + b"Content-Encoding: gzip\r\n\r\n"
            + gzip.compress(b"x" * 999, mtime=0)[:-2]
            + b"!!",
            "damaged",
        ),
        (OK + b"Content-Encoding: gzip\r\n\r\nplain after all", "damaged"),
        (OK + b"Content-Length: 5, 6\r\n\r\nhello", "contradictory"),
        (OK + b"ETag: 1", "ended early"),
        (b"", "connection closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not an HTTP answer"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "not an HTTP answer"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "not an HTTP answer"),
        (b"<html>\n", "not an HTTP answer"),
        (b"HTTP/1.1 2", "ended early"),
    ],
)
def test_half_an_answer_is_none(server, fetcher, raw, reason):
    """A truncated or broken answer is an error that may pass, never a short body."""
    error = refused(fetcher, server.on("/", exactly(raw)))
    assert reason in error.reason
    assert error.retry


def test_odd_transfer_codings_are_refused(server, fetcher):
    """A transfer coding that is not decoded is not read as if it were."""
    raw = OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    assert "transfer coding" in refused(fetcher, server.on("/", exactly(raw))).reason


def test_interim_answers_are_skipped(server, fetcher):
    """100 and 103 are not the answer (RFC 9110, 15.2)."""
    raw = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        + OK
        + b"Content-Length: 1\r\n\r\nx"
    )
    response = fetcher.fetch(server.on("/", exactly(raw)))
    assert (response.status, response.body) == (200, b"x")
    assert "link" not in response.headers


# Bounds


@pytest.mark.parametrize(
    "body",
    [b"", b"5\r\nhello\r\n0\r\n\r\n", b"100000\r\n" + bytes(2**20) + b"\r\n"],
    ids=["none", "some", "endless"],
)
def test_a_304_has_no_body_whatever_it_announces(server, body):
    """Chunks that a 304 announces are neither waited for nor read (RFC 9110, 15.4.5)."""
    fetcher = make(server, timeout_seconds=3)
    head = b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"

    def answer(sock, _request):
        sock.sendall(head)
        for _ in range(200 if len(body) > 2**20 else 1):
            sock.sendall(body)
        time.sleep(4 if not body else 0)

    url = server.on("/", Behave(answer))
    for _ in range(2):  # and what may still come is no part of the next answer
        answered = fetcher.fetch(url, etag='"1"')
        assert (answered.status, answered.body) == (304, b"")
    assert server.n_connections == 2


@pytest.mark.parametrize(
    "script",
    [
        Reply(body=bytes(2**20 + 1)),
        gzipped(bytes(2**20 + 1)),
        endless(OK + b"\r\n", bytes(2**16)),
        endless(
            OK + b"Transfer-Encoding: chunked\r\n\r\n",
            b"1000\r\n" + bytes(4096) + b"\r\n",
        ),
        exactly(OK + b"Content-Length: 99999999999999\r\n\r\n"),
        Reply(200, {"Content-Encoding": "gzip"}, gzip_bomb(2**28)),
    ],
    ids=["plain", "gzip", "endless", "endless-chunked", "announced", "bomb"],
)
def test_bodies_are_capped_while_they_are_decoded(server, script):
    """One byte over the limit ends it, and so does the announcement of one."""
    fetcher = make(server, max_bytes=2**20)
    error = refused(fetcher, server.on("/", script))
    assert error.reason == "larger than 1 MiB"
    assert not error.retry


def test_a_body_of_just_the_limit_passes(server):
    """The limit itself is allowed, gzipped or not."""
    fetcher = make(server, max_bytes=2**20)
    server.on("/plain", Reply(body=bytes(2**20)))
    server.on("/gzip", gzipped(bytes(2**20)))
    for path in ("/plain", "/gzip"):
        assert len(fetcher.fetch(server.url(path)).body) == 2**20


def test_millions_of_empty_gzip_members_are_refused(server, fetcher):
    """A body that decodes to nothing at great cost ends at a count of members."""
    started = time.monotonic()
    script = Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b"") * 200_000)
    assert "gzip members" in refused(fetcher, server.on("/", script)).reason
    assert time.monotonic() - started < 3


MEASURE = """
import resource, sys
from newsbot.adapters.http import HttpFetcher
from newsbot.errors import FetchError
fetcher = HttpFetcher(allow=[sys.argv[1]], version="0.1")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
fetcher.fetch(f"http://{sys.argv[1]}/warm")
before = peak()
try:
    fetcher.fetch(f"http://{sys.argv[1]}/bomb")
except FetchError as error:
    print(peak() - before, error.reason)
"""


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gibibyte_bomb_stays_small_in_memory(server, layers):
    """A gigabyte of zeros in a megabyte of gzip costs at most 50 MiB of memory."""
    bomb = gzip_bomb(2**30)
    server.on("/warm", gzipped(b"x"))
    server.on(
        "/bomb",
        Reply(200, {"Content-Encoding": "gzip" if layers == 1 else "gzip, gzip"}, bomb),
    )
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, server.netloc],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    growth, _, reason = done.stdout.partition(" ")
    assert int(growth) < 50 * 2**20
    assert reason.strip() == (
        "larger than 15 MiB"
        if layers == 1
        else "content coding gzip, gzip not accepted"
    )


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (endless(OK, b"X-Header: y\r\n"), "not an HTTP answer"),
        (endless(OK + b"X: ", bytes([120]) * 4096), "headers"),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "headers larger than 128 KiB"),
        (
            endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
            "headers larger than 128 KiB",
        ),
        (
            exactly(
                OK
                + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 60_000) for n in range(90))
                + b"\r\n"
            ),
            "headers larger than 128 KiB",
        ),
        (exactly(b"HTTP/1.1 200 " + b"x" * 10**7), "headers"),
    ],
    ids=["many", "long", "100-storm", "103-storm", "large", "status-line"],
)
def test_headers_are_capped(server, fetcher, script, reason):
    """Headers that never end, or end too late, end the request."""
    started = time.monotonic()
    assert (
        reason in refused(fetcher, server.on("/", script)).reason or reason == "headers"
    )
    assert time.monotonic() - started < 4


#: Seconds that a busy machine may take beyond a deadline.
SLACK = 0.7
HUNDRED = OK + b"Content-Length: 100\r\n\r\n" + b"x" * 100


@pytest.mark.parametrize(
    "script",
    [
        silent(),
        drip(HUNDRED),
        drip(
            OK
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"1\r\nx\r\n" * 99
            + b"0\r\n\r\n"
        ),
        endless(OK, b"X: y\r\n", pause=0.1),
        endless(OK + b"\r\n", b"x", pause=0.1),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.1),
        lambda request: time.sleep(0.3) or Reply(302, {"Location": "/"}),
    ],
    ids=[
        "silence",
        "drip",
        "chunk-drip",
        "endless-headers",
        "endless-body",
        "1xx",
        "redirects",
    ],
)
def test_one_deadline_for_everything(server, script):
    """Dripping headers, slow bodies and slow redirects end at one and the same time."""
    fetcher = make(server, timeout_seconds=1)
    url = server.on("/", script)
    started = time.monotonic()
    error = refused(fetcher, url)
    elapsed = time.monotonic() - started
    assert error.reason.endswith("no answer within 1 s")
    assert error.retry
    assert 0.9 < elapsed < 1 + SLACK


def test_the_deadline_bounds_the_tls_handshake():
    """A server that accepts and then stalls the handshake costs the deadline only."""
    with ScriptedServer(on_connect=lambda sock: time.sleep(5)) as server:
        fetcher = make(server, timeout_seconds=1, tls=ssl.create_default_context())
        started = time.monotonic()
        error = refused(fetcher, f"https://{server.netloc}/")
        assert error.reason == "no answer within 1 s"
        assert 0.9 < time.monotonic() - started < 1 + SLACK


def test_the_deadline_bounds_a_dripping_tls_handshake():
    """Nor does one byte of handshake at a time prolong it."""

    def drip_record(sock):
        sock.sendall(b"\x16\x03\x03\x20\x00")
        for _ in range(50):
            sock.sendall(b"\x00")
            time.sleep(0.1)

    with ScriptedServer(on_connect=drip_record) as server:
        fetcher = make(server, timeout_seconds=1, tls=ssl.create_default_context())
        started = time.monotonic()
        refused(fetcher, f"https://{server.netloc}/")
        assert time.monotonic() - started < 1 + SLACK


def test_the_deadline_bounds_a_dripping_tls_body():
    """The time that is left is set before each read of a TLS connection, too."""
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    with ScriptedServer(tls=True) as server:
        server.on("/", drip(HUNDRED))
        fetcher = make(server, timeout_seconds=1, tls=tls)
        started = time.monotonic()
        error = refused(fetcher, server.url("/"))
        assert error.reason == "no answer within 1 s"
        assert 0.9 < time.monotonic() - started < 1 + SLACK


def test_the_deadline_is_shared_by_all_addresses():
    """Several silent addresses share the time; none eats that of the others."""
    waits = []

    def connect(address, timeout):
        waits.append(timeout)
        time.sleep(timeout)
        raise TimeoutError("timed out")

    fetcher = make(
        resolver=names(feeds_test=["1.1.1.1", "1.0.0.1", "8.8.8.8"]),
        connect=connect,
        timeout_seconds=0.6,
    )
    started = time.monotonic()
    assert refused(fetcher, "http://feeds.test/").reason == "no answer within 0.6 s"
    assert time.monotonic() - started < 0.6 + SLACK
    assert [round(wait, 1) for wait in waits] == [0.2, 0.2, 0.2]


def test_a_worker_is_free_after_a_bad_server(server):
    """No descriptor is left open by any of the failures."""
    fetcher = make(server, timeout_seconds=0.2)
    server.on("/silent", silent())
    server.on("/cut", exactly(OK + b"Content-Length: 9\r\n\r\n"))
    server.on("/large", Reply(302, {"Location": "/cut"}, bytes(10**6)))
    before = (
        len(list(Path("/proc/self/fd").iterdir()))
        if Path("/proc/self/fd").exists()
        else 0
    )
    for _ in range(5):
        for path in ("/silent", "/cut", "/large"):
            refused(fetcher, server.url(path))
    time.sleep(0.2)
    if before:
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 5
