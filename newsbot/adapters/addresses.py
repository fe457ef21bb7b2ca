"""Which addresses may be dialled, and which URL names them.

In: a URL, and the pairs of host and port that the operator allows.
Out: the checked numeric addresses, ready to dial, or the reason to refuse.

A URL is read once, here: what is checked is what is dialled and what stands in
the Host header. A name is resolved once per connection, and the connection goes
to an address of that very answer, so a name cannot change between check and use.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import quote, urljoin

#: Where web servers listen; any other port may be another service, whose protocol
#: a URL could be made to speak.
PORTS = frozenset({80, 443, 8080, 8443})
#: Characters of a URL; beyond this, servers and proxies refuse (RFC 9110, 4.1: 8000).
MAX_URL = 8_000
#: Characters of a host name, and of one of its labels (RFC 1035, 2.3.4).
MAX_NAME, MAX_LABEL = 253, 63
#: Answers of one lookup that are dialled, one after the other.
MAX_ADDRESSES = 8

Address = IPv4Address | IPv6Address
#: Called as `socket.getaddrinfo(host, port, type=...)`.
Resolver = Callable[..., Sequence[Sequence[Any]]]

_DEFAULT_PORTS = {"http": 80, "https": 443}
# One grammar for check and dial: no user name, no second reading of "\" or "@".
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*):"
    r"//(?P<host>\[[0-9a-f:.]*\]|[^/?#@:\[\]]*)(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:\#.*)?",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\u3000\ud800-\udfff]")
_NO_HOST = re.compile(r"https?:(?!//[^/?#])", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# RFC 3986, 2: what may stand in a path or query; all else is percent-encoded.
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"

# The IANA special-purpose registries and more: `is_global` on Python 3.11 passes
# multicast, NAT64, 6to4, site-local and IPv4-compatible addresses.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_REFUSED_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own services, as if they were public
        "169.254.0.0/16",  # link-local, cloud metadata (RFC 3927)
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# Only 2000::/3 is given out as global unicast (RFC 4291, 2.4): this alone refuses
# mapped, compatible, NAT64, unique-local, link-local, site-local and multicast.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks (RFC 2928)
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
)


class RefusedError(Exception):
    """A URL or address is not dialled; the text is the reason, one line.

    `retry` says whether the same URL may be fine later.
    """

    def __init__(self, reason: str, *, retry: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The moment at which a whole request ends, redirects included."""

    #: Seconds that were given, for the message.
    seconds: float
    #: On the clock of `time.monotonic`.
    ends_at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Start the clock."""
        return cls(seconds=seconds, ends_at=time.monotonic() + seconds)

    def later(self, seconds: float) -> Deadline:
        """Put it off by a time in which nobody was asked."""
        return replace(self, ends_at=self.ends_at + seconds)

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self.ends_at

    def left(self) -> float:
        """Seconds left, above zero.

        Raises:
            TimeoutError: None are left.
        """
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {self.seconds:g} s")
        return left


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL, read: what is checked, dialled and asked for."""

    scheme: str
    #: Lower-case ASCII name without final dot, or a numeric address without brackets.
    host: str
    port: int
    #: Path and query as they stand in the request line, ASCII.
    path: str

    @property
    def authority(self) -> str:
        """Host, and the port where it is not the scheme's own: the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = self.port == _DEFAULT_PORTS[self.scheme]
        return host if own else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who may get what is meant for this target alone."""
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        """The whole URL, without fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_url(url: str) -> Target:
    """Read a URL strictly; there is no second reading anywhere.

    Args:
        url: Absolute http or https URL.

    Returns:
        Its parts.

    Raises:
        RefusedError: Not such a URL, or one that parsers disagree about:
            backslashes, spaces, control characters, a user name.

    >>> parse_url("HTTP://Example.org:8080/a?b#c").url
    'http://example.org:8080/a?b'
    """
    if len(url) > MAX_URL:
        raise RefusedError(f"address longer than {MAX_URL} characters")
    if _FORBIDDEN.search(url):
        raise RefusedError("address with a space, backslash or control character")
    match = _URL.fullmatch(url)
    scheme = url.partition(":")[0].lower()
    if scheme not in _DEFAULT_PORTS:
        raise RefusedError("not an http or https address")
    if match is None:
        authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
        reason = (
            "address with a user name" if "@" in authority else "unreadable address"
        )
        raise RefusedError(reason)
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise RefusedError(f"no such port: {port}")
    path = quote(match["path"] or "/", safe=_SAFE)
    if match["query"] is not None:
        path += "?" + quote(match["query"], safe=_SAFE)
    return Target(scheme=scheme, host=read_host(match["host"]), port=port, path=path)


def follow(target: Target, location: str) -> str:
    """Where a redirect leads (RFC 9110, 10.2.2); `parse_url` checks it.

    Args:
        target: What answered.
        location: The header's value, read as Latin-1.

    Raises:
        RefusedError: It cannot be read.
    """
    # http.client reads headers as Latin-1; servers write UTF-8, and raw spaces.
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    location = location.strip(" ").replace(" ", "%20")
    if not location:
        raise RefusedError("redirect without an address")
    # urljoin drops tabs and line breaks, which would be a second reading.
    if _FORBIDDEN.search(location):
        raise RefusedError("redirect with a backslash or control character")
    # Nor what it makes of "http:///x" and "http:x": a path on the same host.
    if _NO_HOST.match(location):
        raise RefusedError("redirect without a host")
    try:
        return urljoin(target.url, location)
    except ValueError as error:
        raise RefusedError("unreadable redirect") from error


@lru_cache(maxsize=4_096)
def read_host(host: str) -> str:
    """Bring a host into the one form that is compared, resolved and sent.

    Raises:
        RefusedError: No host name and no address.
    """
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1]))
        except ValueError as error:
            raise RefusedError("unreadable IPv6 address") from error
    # RFC 5890: labels beyond ASCII travel as "xn--". NFKC folds look-alikes such as
    # full-width letters; the dots of UTS 46, 2.3 are among what it leaves.
    folded = unicodedata.normalize("NFKC", host).lower().replace("\u3002", ".")
    folded = unicodedata.normalize("NFC", folded).removesuffix(".")
    # Before they are coded, which takes quadratic time: no label may be longer.
    if len(folded) > MAX_NAME or any(len(n) > MAX_LABEL for n in folded.split(".")):
        raise RefusedError("unreadable host name")
    labels = [
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        for label in folded.split(".")
    ]
    name = ".".join(labels)
    if not name:
        raise RefusedError("address without a host")
    if len(name) > MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise RefusedError("unreadable host name")
    if not _NUMBER.fullmatch(labels[-1]):
        return name
    # "0x7f.1", "2130706433", "017700000001" are addresses to the C library, and a
    # name that ends in a number is never anything else (WHATWG URL, 3.5).
    try:
        return str(IPv4Address(socket.inet_aton(name)))
    except OSError as error:
        raise RefusedError("unreadable IPv4 address") from error


def is_public(address: Address) -> bool:
    """Whether an address belongs to a host on the open internet.

    Stricter than `ipaddress.is_global`: addresses that carry another address
    (mapped, compatible, NAT64, 6to4) and multicast are refused as well.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in n for n in _REFUSED_IPV4)
    if address.scope_id is not None or address not in _GLOBAL_IPV6:
        return False
    return address.is_global and not any(address in n for n in _REFUSED_IPV6)


def read_allow(entry: str) -> tuple[str, int]:
    """Read one ``host:port`` of the allow list.

    Raises:
        ValueError: It is not of that form.

    >>> read_allow("[::1]:80")
    ('::1', 80)
    """
    host, colon, port = entry.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port):
        raise ValueError(f'{entry!r} is not "host:port"')
    try:
        return read_host(host), int(port)
    except RefusedError as error:
        raise ValueError(f"{entry!r}: {error.reason}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Decides which addresses a target may be dialled at."""

    #: Host and port pairs freed from the limits on addresses and ports.
    allow: frozenset[tuple[str, int]] = frozenset()
    resolver: Resolver = field(default=socket.getaddrinfo)

    def addresses(self, target: Target, deadline: Deadline) -> tuple[str, ...]:
        """Resolve a target and check every answer.

        Args:
            target: What is to be dialled.
            deadline: Bounds the lookup, too.

        Returns:
            Numeric addresses in the resolver's order, at most `MAX_ADDRESSES`.

        Raises:
            RefusedError: The port, or any of the addresses, is not allowed.
            OSError: The name cannot be resolved, or not in time.
        """
        self.check(target)
        addresses = self._lookup(target, deadline)
        for address in addresses:
            # One private answer among public ones is how a name is rebound.
            if not self._free(target) and not is_public(address):
                raise RefusedError(f"non-public address {address}")
        return tuple(str(address) for address in addresses[:MAX_ADDRESSES])

    def check(self, target: Target) -> None:
        """Check what can be told without asking anybody: the port, a bare address.

        Raises:
            RefusedError: It will never be dialled.
        """
        if self._free(target):
            return
        if target.port not in PORTS:
            raise RefusedError(f"port {target.port} is not allowed")
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(target.host)
            if not is_public(address):
                raise RefusedError(f"non-public address {address}")
        if target.host == "localhost" or target.host.endswith(".localhost"):
            raise RefusedError("non-public address localhost")  # RFC 6761, 6.3

    def _free(self, target: Target) -> bool:
        return (target.host, target.port) in self.allow

    def _lookup(self, target: Target, deadline: Deadline) -> list[Address]:
        try:
            return [ipaddress.ip_address(target.host)]
        except ValueError:
            pass
        answers: list[Sequence[Any]] = []
        errors: list[Exception] = []

        def resolve() -> None:
            try:
                answers.extend(
                    self.resolver(target.host, target.port, type=socket.SOCK_STREAM)
                )
            except Exception as error:  # carried over to the asking thread
                errors.append(error)

        # getaddrinfo knows no time limit and cannot be interrupted: it is left behind.
        thread = threading.Thread(target=resolve, name="newsbot-resolve", daemon=True)
        thread.start()
        thread.join(deadline.left())
        if thread.is_alive():
            raise TimeoutError(f"no answer within {deadline.seconds:g} s")
        if errors:
            if isinstance(errors[0], OSError):
                raise errors[0]
            raise socket.gaierror(socket.EAI_NONAME, str(errors[0])) from errors[0]
        found = dict.fromkeys(ipaddress.ip_address(answer[4][0]) for answer in answers)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return list(found)
