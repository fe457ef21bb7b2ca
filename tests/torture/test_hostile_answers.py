"""Cases 23, 24, 27: servers whose answers are too large, too slow, or lead in circles.

Each feed fails in one line that says why, the good feed beside it is read, and the
database stays whole.
"""

from __future__ import annotations

import gzip
import os
import ssl
import subprocess
import sys
import time
import zlib

import pytest
from commands import config, environment
from servers.feeds import item, rss
from servers.fetching import OK
from servers.scripted import (
    Reply,
    ScriptedServer,
    drip,
    endless,
    exactly,
    gzip_bomb,
    silent,
)

from torture.rig import RSS, Rig, good, one_clear_line

BODY = rss(item(1)).encode()
GIBIBYTE = 2**30


@pytest.fixture(scope="module")
def server():
    with ScriptedServer() as running:
        yield running


def coded(coding, body):
    return Reply(200, {**RSS, "Content-Encoding": coding}, body)


def chunked(*pieces):
    return exactly(
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(pieces) + b"0\r\n\r\n"
    )


def one_chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


#: Name: what the server does, and what the operator reads.
TOO_LARGE = {
    "gzip-bomb": (coded("gzip", gzip_bomb(GIBIBYTE)), "larger than 15 MiB"),
    "gzip-of-gzip": (coded("gzip", gzip.compress(gzip_bomb(GIBIBYTE))), "no feed"),
    "gzip-gzip": (coded("gzip, gzip", gzip.compress(gzip.compress(BODY))), "gzip, gzip not accepted"),
    "brotli": (coded("br", b"\x1b" * 1600), "br not accepted"),
    "zstd": (coded("zstd", b"\x28\xb5\x2f\xfd" * 400), "zstd not accepted"),
    "deflate": (coded("deflate", zlib.compress(bytes(2**24))), "deflate not accepted"),
    "unknown-coding": (coded("rot13", BODY), "rot13 not accepted"),
    "members": (coded("gzip", gzip.compress(b"") * 100_000), "gzip members"),
    "member-bombs": (coded("gzip", gzip_bomb(2**24) * 900), "larger than 15 MiB"),
    "lying-length": (exactly(OK + b"Content-Length: 1000000000\r\n\r\n" + BODY), "larger than 15 MiB"),
    "huge-length": (exactly(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"), ""),
    "negative-length": (exactly(OK + b"Content-Length: -5\r\n\r\n"), ""),
    "word-length": (exactly(OK + b"Content-Length: many\r\n\r\n"), ""),
    "two-lengths": (exactly(OK + b"Content-Length: 5\r\nContent-Length: 900\r\n\r\nhello"), "contradictory"),
    "plain": (Reply(200, RSS, bytes(16 * 2**20)), "larger than 15 MiB"),
    "endless": (endless(OK + b"\r\n", bytes(2**16)), "larger than 15 MiB"),
    "chunk-line": (endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1" * 2**16), ""),
    "chunk-extension": (endless(OK + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x" * 2**16), ""),
    "trailers": (endless(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"y" * 2**16), ""),
    "chunk-of-2^64": (exactly(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx"), ""),
    "not-gzip": (coded("gzip", BODY), "damaged"),
    "half-gzip": (coded("gzip", gzip.compress(BODY * 99)[:-9]), "ended early"),
    "half": (exactly(OK + b"Content-Length: 9999\r\n\r\n" + BODY), "ended early"),
}  # fmt: skip
ODD = {
    "http-0.9": (exactly(BODY), "not an HTTP answer"),
    "ssh": (exactly(b"SSH-2.0-OpenSSH_9.6\r\n"), "not an HTTP answer"),
    "nothing": (exactly(b""), "without an answer"),
    "204": (Reply(204, {"Content-Length": None}), "204"),
    "205": (Reply(205, RSS, BODY), "205"),
    "206": (Reply(206, {**RSS, "Content-Range": "bytes 0-9/999"}, BODY), "206"),
    "226": (Reply(226, RSS, BODY), "226"),
    "304-unasked": (Reply(304, {"Content-Length": None}), "304"),
    "101": (
        exactly(
            b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        ),
        "",
    ),
    "418": (Reply(418), "418"),
    "999": (Reply(999), "999"),
    "status--1": (exactly(b"HTTP/1.1 -1 X\r\n\r\n"), ""),
    "nul-in-header": (
        exactly(OK + b"ETag: a\x00b\r\nContent-Length: 1\r\n\r\nx"),
        "no feed",
    ),
    "reason-escape": (
        exactly(b"HTTP/1.1 500 \x1b[31mOops\r\nContent-Length: 0\r\n\r\n"),
        "500 Internal Server Error",
    ),
}
LOCATIONS = {
    "empty": ("", "redirect without an address"),
    "folded": ("/a\r\n Set-Cookie: x", "404"),  # one line by RFC 9112, 5.2
    "bare-cr": ("/a\rSet-Cookie: x", ""),
    "nul": ("/a\x00b", "control character"),
    "no-slashes": ("http:x", "without a host"),
    "tab": ("/\tx", "control character"),
    "backslash": ("http://127.0.0.1\\@public.example/", "backslash"),
    "file": ("file:///etc/passwd", "not an http or https"),
    "javascript": ("javascript:alert(1)", "not an http or https"),
    "data": ("data:text/html,x", "not an http or https"),
    "user": ("http://user:secret@127.0.0.1/", "user name"),
    "no-host": ("http:///x", "without a host"),
    "zone": ("http://[fe80::1%25eth0]/", "unreadable"),
    "metadata": ("http://169.254.169.254/latest/meta-data/", "non-public address"),
    "number": ("http://2852039166/", "non-public address"),
    "long": ("/" + "a" * 9_000, "longer"),
}


@pytest.fixture(scope="module")
def survey(server, tmp_path_factory, parsing):
    """One round of polling over all servers that answer at once."""
    with Rig(
        tmp_path_factory.mktemp("answers"), server, parsing=parsing, timeout_seconds=6
    ) as rig:
        for group in (TOO_LARGE, ODD):
            for name, (script, _) in group.items():
                rig.add(server.on(f"/{name}", script))
        for name, (location, _) in LOCATIONS.items():
            raw = location.encode("latin-1")
            head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
            rig.add(server.on(f"/to-{name}", exactly(head + raw + b"\r\n\r\n")))
        rig.poll()
        yield rig


@pytest.mark.case(23, "gzip, deflate, br, zstd bombs; lying lengths; odd codings")
@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_or_coded_oddly_is_one_line(survey, server, name):
    """The cap counts decoded bytes while they are decoded; only gzip is accepted."""
    survey.refused(server.url(f"/{name}"), TOO_LARGE[name][1])
    survey.intact()


@pytest.mark.case(24, "answers that are no answers: HTTP/0.9, 204, 205, 206, NUL")
@pytest.mark.parametrize("name", ODD)
def test_what_is_no_proper_answer_is_one_line(survey, server, name):
    """Only a whole 200 is a feed; whatever else came is named (RFC 9110, 15)."""
    survey.refused(server.url(f"/{name}"), ODD[name][1])
    survey.intact()


@pytest.mark.case(27, "Location: empty, with CRLF, to files, users, private hosts")
@pytest.mark.parametrize("name", LOCATIONS)
def test_redirects_to_nowhere_are_one_line(survey, server, name):
    """Each hop passes the same parser and guard; the secret of a URL is not shown."""
    line = survey.refused(server.url(f"/to-{name}"), LOCATIONS[name][1])
    assert "secret" not in line
    survey.intact()


@pytest.mark.case(27, "redirect loop, 30 hops, A-B-A; relative ones are followed")
def test_redirects_end_after_five_hops(server, tmp_path, parsing):
    """A loop, a chain and a pair end with the reason; a relative hop is followed."""
    loop = server.on("/loop", Reply(302, {"Location": "/loop"}))
    pair = server.on("/a", Reply(307, {"Location": "/b"}))
    server.on("/b", Reply(307, {"Location": "/a"}))
    for n in range(30):
        server.on(f"/hop{n}", Reply(301, {"Location": f"hop{n + 1}"}))
    server.on("/hop30", good(item(1)))
    server.on("/folder/one", Reply(302, {"Location": "../near?x=1#y"}))
    server.on("/near", good(item(2)))
    with Rig(tmp_path, server, parsing=parsing) as rig:
        rig.add(loop, pair, server.url("/hop0"), server.url("/folder/one"))
        before = len(server.requests)
        rig.poll()
        for url in (loop, pair, server.url("/hop0")):
            rig.refused(url, "more than 5 redirects")
        assert rig.polled[server.url("/folder/one")].error is None
        assert len(server.requests) - before == 3 * 6 + 2 + 1
        rig.intact()


HUNDRED = OK + b"Content-Length: 100\r\n\r\n" + b"x" * 100
SLOW = {
    "silence": silent(),
    "drip": drip(HUNDRED),
    "drip-of-headers": drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200),
    "chunk-drip": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 99),
    "gzip-drip": drip(
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(os.urandom(300))
    ),
    "endless-slow": endless(OK + b"\r\n", b"x", pause=0.1),
    "1xx-slow": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.1),
    "trailers-slow": endless(
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", pause=0.1
    ),
}
SWELLING = {
    "headers": endless(OK, b"X-Header: y\r\n"),
    "one-header": endless(OK + b"X: ", b"y" * 4096),
    "1xx-storm": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "10-MB-header": exactly(OK + b"X: " + b"y" * 10**7 + b"\r\n\r\n"),
    "folded": endless(OK + b"X: y\r\n", b" z\r\n"),
}


@pytest.mark.case(24, "endless, dripping and stalling answers; headers without end")
def test_one_deadline_frees_every_worker(server, tmp_path, parsing, figure):
    """Nine slow and five swelling servers cost the deadline, not one each."""
    with (
        ScriptedServer(on_connect=lambda sock: time.sleep(4)) as stalling,
        Rig(
            tmp_path,
            server,
            stalling,
            parsing=parsing,
            timeout_seconds=1,
            tls=ssl.create_default_context(),
        ) as rig,
    ):
        # One host each, so that they are asked side by side.
        servers = [ScriptedServer().__enter__() for _ in (*SLOW, *SWELLING)]
        allow = [one.netloc for one in (server, stalling, *servers)]
        rig.app.__dict__["fetcher"] = _fetcher(allow)
        urls = {}
        for one, (name, script) in zip(
            servers, {**SLOW, **SWELLING}.items(), strict=True
        ):
            urls[name] = one.on(f"/{name}", script)
        stall = f"https://{stalling.netloc}/"
        rig.add(*urls.values(), stall)
        started = time.monotonic()
        rig.poll()
        seconds = time.monotonic() - started
        for one in servers:
            one.__exit__(None, None, None)
        for name, url in urls.items():
            line = rig.refused(url, "no answer within 1 s" if name in SLOW else "")
            assert name in SLOW or "header" in line or "HTTP answer" in line, line
        rig.refused(stall, "no answer within 1 s")
        assert seconds < len(urls)  # eight at a time, a second each
        figure("14 of them", seconds, "s")
        rig.intact()


def _fetcher(allow):
    from newsbot.adapters.http import HttpFetcher

    return HttpFetcher(allow=allow, timeout_seconds=1, version="0")


MEASURE = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "newsbot", "run", "--once", "--force-poll"])
_, status, usage = os.wait4(child.pid, 0)
scale = 1 if sys.platform == "darwin" else 1024
print("peak", usage.ru_maxrss * scale, "code", os.waitstatus_to_exitcode(status))
"""


@pytest.mark.case(23, "a 1 GiB bomb, seen from outside: memory of `newsbot run`")
def test_bombs_cost_the_service_little_memory(server, tmp_path, figure):
    """The command's peak memory grows by less than 64 MiB; a line says what it was."""
    bomb = server.on("/bomb", TOO_LARGE["gzip-bomb"][0])
    plain = server.on("/small", good())
    peaks = {}
    for name, feeds in (("without", [plain]), ("with", [plain, bomb])):
        folder = tmp_path / name
        folder.mkdir()
        more = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in feeds)
        config(folder, server, more=more)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=100,
        )
        words = done.stdout.split()
        peaks[name] = int(words[1])
        assert int(words[3]) == (4 if name == "with" else 0), done.stderr
    (line,) = [one for one in done.stderr.splitlines() if "/bomb" in one]
    one_clear_line(line)
    assert line.endswith("larger than 15 MiB")
    grown = (peaks["with"] - peaks["without"]) / 2**20
    assert grown < 64
    figure("memory", grown, "MiB")
