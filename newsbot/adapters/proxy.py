"""A way out through an HTTP proxy, where the operator names one.

In: a checked numeric address. Out: a socket whose other end is that address, opened by
the proxy (RFC 9110, 9.3.6: CONNECT). The guard has resolved and checked the name
before: what is checked is what the proxy dials, too. Addresses that are not public get
so far only where ``network.allow`` names them; they are dialled without the proxy.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
import time
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote

from newsbot.adapters.connections import Connect
from newsbot.errors import ConfigError

#: Bytes of the proxy's answer, which has no body that counts (RFC 9110, 9.3.6).
MAX_ANSWER = 16 * 2**10
_URL = re.compile(
    r"http://(?:(?P<user>[!-~]*)@)?(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r\n)")


class ProxyError(OSError):
    """The proxy is not there, or opens no way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where a proxy is, and what it wants to hear."""

    host: str
    port: int
    #: The value of ``Proxy-Authorization``; empty: it asks for none.
    authorization: str = field(default="", repr=False)


def read_proxy(url: str) -> Proxy:
    """Read ``http://[USER:PASSWORD@]HOST[:PORT]``; USER and PASSWORD percent-encoded.

    Raises:
        ConfigError: It is no such address; the text never holds it, as it is a secret.
    """
    match = _URL.fullmatch(url.strip())
    port = int(match["port"] or 80) if match else 0
    if match is None or not 1 <= port <= 65_535:
        raise ConfigError(
            "the variable that network.proxy_env names holds no address such as "
            "http://USER:PASSWORD@HOST:PORT"
        )
    told = match["user"]
    basic = b64encode(unquote(told).encode()).decode() if told else ""
    return Proxy(
        host=match["host"].strip("[]"),
        port=port,
        authorization=f"Basic {basic}" if basic else "",
    )


def way_out(address: str) -> Connect:
    """Give what dials by way of the proxy at this address; empty: without any."""
    if not address:
        return socket.create_connection
    return through(read_proxy(address), socket.create_connection)


def through(proxy: Proxy, connect: Connect) -> Connect:
    """Give what dials public addresses by way of a proxy, others itself.

    Args:
        proxy: Which.
        connect: Called as `socket.create_connection` with the proxy's address.

    Returns:
        The same, with a numeric address; it raises `ProxyError` where the proxy does
        not answer, refuses, or is not heard out in time.
    """

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        if not ipaddress.ip_address(where[0]).is_global:
            return connect(where, timeout)
        ends_at = time.monotonic() + timeout
        try:
            sock = connect((proxy.host, proxy.port), timeout)
        except OSError as error:
            reason = error.strerror or "no connection"
            raise ProxyError(error.errno, f"the proxy: {reason}") from error
        try:
            _tunnel(sock, proxy, where, ends_at)
        except BaseException:
            sock.close()
            raise
        return sock

    return dial


def _tunnel(
    sock: socket.socket, proxy: Proxy, where: tuple[str, int], ends_at: float
) -> None:
    address, port = where
    host = f"[{address}]" if ":" in address else address
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = bytearray()
    while not answer.endswith(b"\r\n\r\n"):
        sock.settimeout(max(ends_at - time.monotonic(), 0.001))
        # One by one: what follows is the server's, and not read here.
        try:
            byte = sock.recv(1)
        except TimeoutError as error:
            reason = "the proxy does not answer in time"
            raise ProxyError(errno.ETIMEDOUT, reason) from error
        answer += byte
        if not byte or len(answer) > MAX_ANSWER:
            raise ProxyError(errno.EPROTO, "the proxy gave no answer to CONNECT")
    status = _STATUS.match(bytes(answer))
    if status is None:
        raise ProxyError(errno.EPROTO, "the proxy gave no answer to CONNECT")
    if not status[1].startswith(b"2"):
        reason = f"the proxy answered {status[1].decode()} to CONNECT"
        raise ProxyError(errno.ECONNREFUSED, reason)
