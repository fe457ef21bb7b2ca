"""A scripted HTTP server on loopback, down to the single byte.

    with ScriptedServer() as server:
        server.on("/feed", Reply(200, {"ETag": '"1"'}, b"<rss/>"))
        ...
        assert server.requests[0].header("If-None-Match") == '"1"'

A script is a `Reply`, a list of them (used up in turn, the last one stays), a
function of the request that gives one, or a `Raw` behaviour that owns the socket.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path

#: A key and a certificate for the names feeds.test and 127.0.0.1, valid until 2126;
#: made for these tests alone, they protect nothing.
CERTIFICATE = Path(__file__).with_name("feeds.test.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the server read."""

    method: str
    target: str
    #: As they came, in order, Latin-1.
    headers: tuple[tuple[str, str], ...]
    body: bytes
    #: Counts connections from 0, so that reuse can be seen.
    connection: int

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None


@dataclass(frozen=True, slots=True)
class Reply:
    """An ordinary answer; Content-Length is added unless given (None: left out)."""

    status: int = 200
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes = b""

    def encoded(self) -> bytes:
        """The bytes on the wire."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Odd"
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [
            f"{name}: {value}" for name, value in headers.items() if value is not None
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


#: Owns the socket from when the request is read; it is closed afterwards.
Raw = Callable[[socket.socket, Request], None]


@dataclass(frozen=True, slots=True)
class Behave:
    """Marks a script that writes to the socket itself."""

    raw: Raw


Script = Reply | list[Reply] | Behave | Callable[[Request], Reply]


class ScriptedServer:
    """Serves scripts by path on a free loopback port; one thread per connection.

    Args:
        tls: Serve https with `CERTIFICATE`.
        on_connect: Owns each new socket instead, before anything is read.
    """

    def __init__(
        self,
        *,
        tls: bool = False,
        on_connect: Callable[[socket.socket], None] | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.n_connections = 0
        self._scripts: dict[str, Script] = {}
        self._on_connect = on_connect
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(CERTIFICATE)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.netloc = f"127.0.0.1:{self.port}"
        self.base = f"{'https' if tls else 'http'}://{self.netloc}"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        # A blocked accept() does not notice close() on every system.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def on(self, path: str, script: Script) -> str:
        """Script a path ("*": any other); returns its URL."""
        self._scripts[path] = script
        return self.base + path

    def url(self, path: str) -> str:
        """The URL of a path."""
        return self.base + path

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self._closing.is_set():
                sock.close()
                return
            number = self.n_connections
            self.n_connections += 1
            threading.Thread(
                target=self._serve, args=(sock, number), daemon=True
            ).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        self._open.add(sock)
        try:
            with contextlib.suppress(OSError):
                if self._on_connect:
                    self._on_connect(sock)
                    return
                if self._context:
                    self._open.discard(sock)
                    sock = self._context.wrap_socket(sock, server_side=True)
                    self._open.add(sock)
                with sock.makefile("rb") as stream:
                    while (request := _read_request(stream, number)) is not None:
                        self.requests.append(request)
                        if not self._answer(sock, request):
                            return
        finally:
            self._open.discard(sock)
            sock.close()

    def _answer(self, sock: socket.socket, request: Request) -> bool:
        path = request.target.partition("?")[0]
        script = self._scripts.get(path, self._scripts.get("*", Reply(404)))
        if isinstance(script, Behave):
            script.raw(sock, request)
            return False
        if isinstance(script, list):
            script = script.pop(0) if len(script) > 1 else script[0]
        reply = script if isinstance(script, Reply) else script(request)
        sock.sendall(reply.encoded())
        return (
            reply.headers.get("Connection") or ""
        ) != "close" and "Content-Length" not in {
            name for name, value in reply.headers.items() if value is None
        }


def _read_request(stream: object, number: int) -> Request | None:
    readline: Callable[[], bytes] = stream.readline  # type: ignore[attr-defined]
    first = readline().decode("latin-1").split()
    # A TLS greeting, too, can split into three.
    if len(first) != 3 or not first[2].startswith("HTTP/"):
        return None
    headers = []
    while line := readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        # Only the one separating space goes, so that a value is seen byte for byte.
        headers.append((name, value.removeprefix(" ")))
    length = next((int(v) for k, v in headers if k.lower() == "content-length"), 0)
    body = stream.read(length)  # type: ignore[attr-defined]
    return Request(
        method=first[0],
        target=first[1],
        headers=tuple(headers),
        body=body,
        connection=number,
    )


def drip(data: bytes, *, every: float = 0.05) -> Behave:
    """Send *data* one byte at a time, *every* seconds."""

    def raw(sock: socket.socket, _: Request) -> None:
        for byte in data:
            sock.sendall(bytes([byte]))
            time.sleep(every)

    return Behave(raw)


def endless(
    head: bytes, piece: Callable[[], bytes] | bytes, *, pause: float = 0
) -> Behave:
    """Send *head*, then *piece* until the client goes away."""

    def raw(sock: socket.socket, _: Request) -> None:
        sock.sendall(head)
        while True:
            sock.sendall(piece if isinstance(piece, bytes) else piece())
            if pause:
                time.sleep(pause)

    return Behave(raw)


def exactly(data: bytes) -> Behave:
    """Send these bytes and close."""
    return Behave(lambda sock, _: sock.sendall(data))


def silent(seconds: float = 30) -> Behave:
    """Read the request, then say nothing."""

    def raw(sock: socket.socket, _: Request) -> None:
        sock.settimeout(seconds)
        with contextlib.suppress(OSError):
            sock.recv(1)

    return Behave(raw)


@cache
def gzip_bomb(n_bytes: int, *, piece: int = 2**20) -> bytes:
    """Zeros, *n_bytes* of them, gzipped: about a thousandth of the size."""

    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
        for _ in range(n_bytes // piece):
            yield packer.compress(bytes(piece))
        yield packer.flush()

    return b"".join(pieces())


def gzipped(body: bytes) -> Reply:
    """A 200 whose body is gzipped."""
    return Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(body))
