"""A fetcher for tests, and stand-ins for its resolver and its dial."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from newsbot.adapters.http import HttpFetcher
from newsbot.errors import FetchError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: The first line of a raw answer.
OK = b"HTTP/1.1 200 OK\r\n"


def make(*servers, **options):
    options = {
        "allow": [s.netloc for s in servers],
        "timeout_seconds": 5,
        "version": "0.1",
        "now": lambda: NOW,
        **options,
    }
    return HttpFetcher(**options)


def refused(fetcher, url, **options):
    """The error of a fetch, checked for form."""
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url, **options)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


class Dialled:
    """Records the dials; connects to a server on loopback, or not at all."""

    def __init__(self, port=None):
        self.addresses = []
        self.port = port

    def __call__(self, address, timeout=None):
        self.addresses.append(address)
        if self.port is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.port), timeout)


def names(**hosts):
    """A resolver over a fixed table; a list of lists is used up, lookup by lookup."""

    def resolve(host, port, **_):
        answer = hosts[host.replace(".", "_")]
        if isinstance(answer[0], list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in answer]

    return resolve
