"""The guard: which URLs and addresses are dialled at all."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.adapters.addresses import (
    Deadline,
    Guard,
    RefusedError,
    is_public,
    parse_url,
    read_allow,
)
from newsbot.stages.parse import absolute_url

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.88.98.1",
    "223.255.255.255",
    "2606:2800:220:1::1",
    "2a00:1450:4001::1",
]
NON_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:20::1", "2001:2::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
    "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip


def answers(*addresses):
    """A resolver that gives these addresses for every name."""

    def resolve(host, port, **_):
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, 1, 6, "", (a, port))
            for a in addresses
        ]

    return resolve


def checked(url, *, allow=(), resolver=None):
    guard = Guard(
        allow=frozenset(map(read_allow, allow)),
        resolver=resolver or answers("93.184.216.34"),
    )
    return guard.addresses(parse_url(url), Deadline.after(5))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    """Addresses of the open internet pass, up to the edges of the private blocks."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NON_PUBLIC)
def test_everything_else_is_not(address):
    """Private, special, multicast and address-carrying addresses are refused."""
    assert not is_public(ipaddress.ip_address(address))


@given(st.ip_addresses())
def test_never_laxer_than_the_standard_library(address):
    """What `is_global` refuses is refused here."""
    assert address.is_global or not is_public(address)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://example.org", "example.org", 80, "/"),
        ("HTTPS://EXAMPLE.org:443/A?b=C#d", "example.org", 443, "/A?b=C"),
        ("https://example.org.:8443?q", "example.org", 8443, "/?q"),
        ("http://[2606:2800:0220:0001::1]:8080/x", "2606:2800:220:1::1", 8080, "/x"),
        (
            "http://müller.de/ä?ö=%C3%BC",
            "xn--mller-kva.de",
            80,
            "/%C3%A4?%C3%B6=%C3%BC",
        ),
        ("http://straße.de/", "xn--strae-oqa.de", 80, "/"),
        ("http://example.org:/", "example.org", 80, "/"),
        ("http://a.example#@b/", "a.example", 80, "/"),
        ("http://a_b.example.org//c/../d", "a_b.example.org", 80, "//c/../d"),
    ],
)
def test_urls_are_read_once(url, host, port, path):
    """Host, port and request target come out in one canonical form."""
    target = parse_url(url)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert parse_url(target.url) == target


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://169.254.169.254:8888\\@public.example/", "backslash"),
        ("http://user@example.org/", "user name"),
        ("http://user:secret@example.org/", "user name"),
        ("http://public.example@127.0.0.1/", "user name"),
        ("http://exa\tmple.org/", "control"),
        ("http://example.org/\r\nHost: x", "control"),
        ("http://example.org/a b", "space"),
        (" http://example.org/", "space"),
        ("http://example.org/\x00", "control"),
        ("http://example.org/\ud800", "control"),
        ("http:///x", "without a host"),
        ("http://", "without a host"),
        ("http://./", "without a host"),
        ("http:example.org", "unreadable"),
        ("http:/example.org", "unreadable"),
        ("//example.org/", "not an http"),
        ("example.org", "not an http"),
        ("", "not an http"),
        ("file:///etc/passwd", "not an http"),
        ("ftp://example.org/", "not an http"),
        ("gopher://example.org/", "not an http"),
        ("javascript:alert(1)", "not an http"),
        ("feed://example.org/", "not an http"),
        ("data:text/html,x", "not an http"),
        ("http://example.org:0/", "no such port"),
        ("http://example.org:65536/", "no such port"),
        ("http://example.org:123456/", "unreadable"),
        ("http://example.org:80:80/", "unreadable"),
        ("http://exa%6dple.org/", "unreadable"),
        ("http://a..example.org/", "unreadable"),
        ("http://-a.example.org/", "unreadable"),
        ("http://ex／ample.org/", "unreadable"),
        ("http://[::1/", "unreadable"),
        ("http://[::1%25eth0]/", "unreadable"),
        ("http://[v1.x]/", "unreadable"),
        ("http://256.0.0.1/", "unreadable IPv4"),
        ("http://1.2.3.4.5/", "unreadable IPv4"),
        ("http://example.0x/", "unreadable IPv4"),
        ("http://" + "a" * 64 + ".org/", "unreadable host"),
        ("http://example.org/" + "a" * 8000, "longer"),
    ],
)
def test_doubtful_urls_are_refused(url, reason):
    """What two parsers could read in two ways is not read at all."""
    with pytest.raises(RefusedError, match=reason):
        parse_url(url)


@given(st.text())
def test_parsing_never_crashes(text):
    """Any text is a target or refused."""
    for url in (text, f"http://{text}", f"http://example.org/{text}"):
        try:
            target = parse_url(url)
        except RefusedError:
            continue
        assert target.url.isascii()
        assert parse_url(target.url) == target


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f.1", "017700000001", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "１２７.0.0.1", "⑯9.254.169.254",
     "0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[0:0:0:0:0:0:0:1]", "3232235777", "0xA9FEA9FE"],
)  # fmt: skip
def test_disguised_addresses_never_reach_the_resolver(host):
    """Numbers in any base are addresses, checked here and not by a resolver."""

    def resolve(*_, **__):
        raise AssertionError("asked")

    with pytest.raises(RefusedError, match=r"non-public address|unreadable"):
        checked(f"http://{host}/", resolver=resolve)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "ⓛocalhost",
        "ｌocalhost",
        "lo\u00adcalhost",
    ],
)
def test_localhost_in_any_dress_is_refused(host):
    """Look-alikes of localhost end at a private address or at no name at all."""
    with pytest.raises((RefusedError, socket.gaierror)):
        checked(f"http://{host}/", resolver=socket.getaddrinfo)


@pytest.mark.parametrize("address", NON_PUBLIC)
def test_any_private_answer_refuses_the_name(address):
    """One public address does not excuse a private one beside it."""
    for resolver in (
        answers("93.184.216.34", address),
        answers(address, "93.184.216.34"),
    ):
        with pytest.raises(RefusedError, match="non-public address") as caught:
            checked("http://feeds.example/", resolver=resolver)
        assert "\n" not in caught.value.reason


@pytest.mark.parametrize("port", [1, 22, 25, 79, 81, 6379, 8000, 8123, 11434])
def test_other_ports_are_refused(port):
    """Only the ports of web servers are dialled, even on public addresses."""
    with pytest.raises(RefusedError, match=f"port {port} is not allowed"):
        checked(f"http://feeds.example:{port}/")


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_web_ports_pass(port):
    """The ports of web servers pass, and the answer is the checked address."""
    assert checked(f"http://feeds.example:{port}/") == ("93.184.216.34",)


def test_allow_lifts_the_limits_for_exactly_one_pair():
    """An entry frees its host and port, and neither another name nor another port."""
    allow = ("127.0.0.1:8123", "LOCALHOST:9000", "[::1]:80", "feeds.example:80")
    local = answers("127.0.0.1")
    assert checked("http://127.0.0.1:8123/", allow=allow) == ("127.0.0.1",)
    assert checked("http://localhost:9000/", allow=allow, resolver=local) == (
        "127.0.0.1",
    )
    assert checked("http://[::1]/", allow=allow) == ("::1",)
    assert checked("http://feeds.example/", allow=allow, resolver=local) == (
        "127.0.0.1",
    )
    for url in (
        "http://127.0.0.1/",
        "http://127.0.0.1:8124/",
        "http://127.0.0.2:8123/",
        "http://localhost:8123/",
        "https://[::1]/",
        "https://feeds.example/",
    ):
        with pytest.raises(RefusedError):
            checked(url, allow=allow, resolver=local)


@pytest.mark.parametrize(
    "entry", ["", "localhost", "localhost:", ":80", "a b:80", "localhost:http", "::1"]
)
def test_allow_entries_must_be_pairs(entry):
    """A mistaken entry is an error, not a hole."""
    with pytest.raises(ValueError, match=r"."):
        read_allow(entry)


def test_a_slow_lookup_ends_at_the_deadline():
    """A resolver that hangs costs the deadline and no more."""
    release = threading.Event()
    guard = Guard(resolver=lambda *_, **__: release.wait(20))
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        guard.addresses(parse_url("http://feeds.example/"), Deadline.after(0.3))
    release.set()
    assert time.monotonic() - started < 1


def test_a_name_without_addresses_is_not_found():
    """An empty answer and a crashing resolver both read as: no such name."""

    def crash(*_, **__):
        raise UnicodeError("label empty or too long")

    for resolver in (answers(), crash):
        with pytest.raises(socket.gaierror):
            checked("http://feeds.example/", resolver=resolver)


def _seconds(url):
    started = time.process_time()
    with pytest.raises(RefusedError, match="unreadable host name"):
        parse_url(url)
    return time.process_time() - started


def test_long_names_beyond_ascii_are_refused_before_they_are_coded():
    """Coding one of 7,900 different letters takes ten seconds; refusing it, no time."""
    letters = "".join(chr(0x4E00 + n) for n in range(7_900))
    short = min(_seconds(f"http://{letters[n : n + 64]}/") for n in range(5))
    assert _seconds(f"http://{letters}/") < 200 * short + 0.05
    assert absolute_url(f"http://{letters[:3_900]}/") is None
