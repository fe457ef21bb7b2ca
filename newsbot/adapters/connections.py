"""Connections that keep a deadline and go only to checked addresses.

urllib3's connection classes with three changes: they dial the addresses that the
guard checked; before every single read they set the time that is left, so that one
byte a second cannot outlive the deadline; and until the headers are read they count
bytes. Nothing here reads the environment: no proxy, no cookie, no `.netrc`
(`adapters.proxy` is for one that the operator names).
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from newsbot.adapters.addresses import Deadline, Guard, RefusedError, Target

#: Bytes before the body, interim answers (1xx) included; servers send below 16 kB.
MAX_HEADER_BYTES = 128 * 2**10
#: Seconds an idle connection is kept; common servers close after 5 to 75.
IDLE_SECONDS = 30
#: Idle connections kept per host, and over all hosts.
IDLE_PER_HOST, IDLE_TOTAL = 2, 64

#: Called as `socket.create_connection((address, port), timeout)`.
Connect = Callable[..., socket.socket]


class _Timed:
    """Mixed into socket classes: each read has what is left of the deadline."""

    deadline: Deadline | None = None
    #: The timeout that was set last.
    _set: float | None = None
    #: Bytes that may still come before the body; None: not counted.
    n_header_bytes_left: int | None = None

    def settimeout(self, value: float | None) -> None:
        # A system call, and a chance for every other thread to come first: a
        # hundredth of a second is not worth one.
        last = self._set
        if value is None or last is None or not 0 <= last - value < 0.01:
            super().settimeout(value)  # type: ignore[misc]
            self._set = value

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.deadline is not None:
            self.settimeout(self.deadline.left())
        n_read: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        if self.n_header_bytes_left is not None:
            if n_read == 0:
                # http.client takes the end of the stream for the end of the headers;
                # it makes the answer incomplete (RFC 9112, 8).
                if self.n_header_bytes_left == MAX_HEADER_BYTES:
                    raise http.client.RemoteDisconnected("no answer")
                raise EOFError
            self.n_header_bytes_left -= n_read
            if self.n_header_bytes_left < 0:
                limit = MAX_HEADER_BYTES // 2**10
                raise RefusedError(f"headers larger than {limit} KiB")
        return n_read


class _TimedSocket(_Timed, socket.socket):
    """A plain socket under a deadline."""


class _TimedTLSSocket(_Timed, ssl.SSLSocket):
    """A TLS socket under a deadline; the handshake inherits the dial's timeout.

    OpenSSL's handshake and `sendall` of a plain socket take their timeout as one
    deadline for the whole call (CPython, Modules/_ssl.c and socketmodule.c).
    """

    def send(self, *args: Any, **kwargs: Any) -> int:
        # `sendall` of a TLS socket loops over this, with a fresh timeout each time.
        if self.deadline is not None:
            self.settimeout(self.deadline.left())
        return super().send(*args, **kwargs)


class _Answer(http.client.HTTPResponse):
    """An answer that skips every interim one, as RFC 9110, 15.2 asks for.

    http.client skips 100 only, and would take 103 (Early Hints) for the answer.
    """

    def begin(self) -> None:
        super().begin()
        while 102 <= self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


@dataclass(slots=True, kw_only=True)
class _Dial:
    """What a connection needs to know to be opened."""

    addresses: tuple[str, ...]
    connect: Connect
    deadline: Deadline

    def open(self, port: int) -> _TimedSocket:
        failure: OSError = OSError("no address")
        for n, address in enumerate(self.addresses):
            # A silent first address must not eat the time of the others.
            share = self.deadline.left() / (len(self.addresses) - n)
            try:
                plain = self.connect((address, port), share)
            except OSError as error:
                failure = error
                continue
            sock = _TimedSocket(plain.family, plain.type, plain.proto, plain.detach())
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(self.deadline.left())
            return sock
        raise failure


class _PlainConnection(HTTPConnection):
    """http, dialled by `_Dial`."""

    dial: _Dial
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return self.dial.open(self.port)


class _TLSConnection(HTTPSConnection):
    """https, dialled by `_Dial`; name and certificate are the URL's host's."""

    dial: _Dial
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return self.dial.open(self.port)


Connection = _PlainConnection | _TLSConnection


@dataclass(slots=True, kw_only=True)
class Connections:
    """Opens connections, and keeps finished ones for a while; thread-safe."""

    guard: Guard
    connect: Connect
    #: Checks certificates; None: a context of the system's, made when first needed.
    tls: ssl.SSLContext | None = None
    _idle: dict[tuple[str, str, int], list[tuple[float, Connection]]] = field(
        default_factory=dict
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)
    #: When what was idle for too long was last looked for, by `time.monotonic`.
    _swept_at: float = 0.0

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self.tls is None:
                # Reads the system's certificates: 80 ms that a plain run can save.
                self.tls = ssl.create_default_context()
            self.tls.sslsocket_class = _TimedTLSSocket
            return self.tls

    def kept(self, target: Target) -> Connection | None:
        """Take a connection to the target that an earlier request left open."""
        key = (target.scheme, target.host, target.port)
        while True:
            with self._lock:
                waiting = self._idle.get(key)
                if not waiting:
                    return None
                since, connection = waiting.pop()
                if not waiting:
                    del self._idle[key]
            idle = time.monotonic() - since
            # One that was closed in its first second shows when it is asked.
            if idle < 1 or (idle < IDLE_SECONDS and connection.is_connected):
                return connection
            connection.close()

    def fresh(self, target: Target, deadline: Deadline) -> Connection:
        """Resolve, check, dial.

        Raises:
            RefusedError: The guard says no.
            OSError: Nobody answers, or not in time.
        """
        dial = _Dial(
            addresses=self.guard.addresses(target, deadline),
            connect=self.connect,
            deadline=deadline,
        )
        connection: Connection
        if target.scheme == "https":
            connection = _TLSConnection(
                target.host,
                target.port,
                timeout=deadline.left(),
                ssl_context=self._context(),
            )
        else:
            connection = _PlainConnection(
                target.host, target.port, timeout=deadline.left()
            )
        connection.dial = dial
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def keep(self, target: Target, connection: Connection) -> None:
        """Give a connection back whose answer was read to its end."""
        if connection.is_closed:  # the server announced that it would be
            return
        key = (target.scheme, target.host, target.port)
        now = time.monotonic()
        with self._lock:
            stale = self._sweep(now)
            n_idle = sum(map(len, self._idle.values()))
            if n_idle >= IDLE_TOTAL or len(self._idle.get(key, ())) >= IDLE_PER_HOST:
                stale.append(connection)
            else:
                self._idle.setdefault(key, []).append((now, connection))
        close_all(stale)

    def _sweep(self, now: float) -> list[Connection]:
        """Take out what was idle for too long; looked for once a second."""
        if now - self._swept_at < 1:
            return []
        self._swept_at = now
        stale: list[Connection] = []
        for name, waiting in list(self._idle.items()):
            old = [c for since, c in waiting if now - since >= IDLE_SECONDS]
            stale += old
            waiting[:] = [pair for pair in waiting if pair[1] not in old]
            if not waiting:
                del self._idle[name]
        return stale

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            waiting = [c for pairs in self._idle.values() for _, c in pairs]
            self._idle.clear()
        close_all(waiting)


def arm(connection: Connection, deadline: Deadline) -> None:
    """Put a connection under the deadline of the request that starts now."""
    connection.timeout = deadline.left()
    sock = connection.sock
    if isinstance(sock, _Timed):
        sock.deadline = deadline
        sock.n_header_bytes_left = MAX_HEADER_BYTES


def headers_done(sock: object) -> None:
    """Stop counting header bytes: what follows is the body."""
    if isinstance(sock, _Timed):
        sock.n_header_bytes_left = None


def close_all(connections: Sequence[Connection]) -> None:
    """Close connections, whatever state they are in."""
    for connection in connections:
        connection.close()
