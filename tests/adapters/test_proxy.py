"""A way out through a proxy: where the operator names one, and only there."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode

import pytest
from servers.fetching import Dialled, make, names, refused
from servers.proxy import ForwardProxy
from servers.scripted import CERTIFICATE, Reply, ScriptedServer

from newsbot.adapters.proxy import Proxy, read_proxy, through, way_out
from newsbot.app import App
from newsbot.config import load_config
from newsbot.errors import ConfigError

PUBLIC = "93.184.216.34"
RESOLVER = names(public_test=[PUBLIC], feeds_test=[PUBLIC], inner_test=["10.0.0.1"])


def fetcher(proxy: ForwardProxy, user: str = "", **options):
    return make(connect=way_out(proxy.address(user)), resolver=RESOLVER, **options)


def test_the_proxy_is_asked_for_the_checked_address():
    """CONNECT names the address that the guard resolved; the server sees nothing of it."""
    with ScriptedServer() as server, ForwardProxy(server.port) as proxy:
        server.on("/feed", Reply(200, {}, b"news"))
        made = fetcher(proxy)
        assert made.fetch("http://public.test/feed").body == b"news"
        made.close()
    assert proxy.asked == [f"CONNECT {PUBLIC}:80 HTTP/1.1\r\nHost: {PUBLIC}:80\r\n\r\n"]
    (request,) = server.requests
    assert request.header("Host") == "public.test"
    assert not [n for n, _ in request.headers if n.lower().startswith(("proxy", "via"))]


def test_https_is_between_newsbot_and_the_server():
    """The certificate is checked behind the proxy, which reads none of it."""
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    with ScriptedServer(tls=True) as server, ForwardProxy(server.port) as proxy:
        server.on("/feed", Reply(200, {}, b"news"))
        made = fetcher(proxy, tls=tls)
        assert made.fetch("https://feeds.test/feed").body == b"news"
        error = refused(made, "https://public.test/feed")
        made.close()
    assert error.reason.startswith("certificate not accepted")
    assert [one.split()[1] for one in proxy.asked] == [f"{PUBLIC}:443"] * 2


def test_user_and_password_go_to_the_proxy_alone():
    """They are sent as Basic, percent-decoded, and stand in no header of the server."""
    with ScriptedServer() as server, ForwardProxy(server.port) as proxy:
        server.on("/", Reply())
        made = fetcher(proxy, user="reader:p%40ss")
        made.fetch("http://public.test/")
        made.close()
    told = b64encode(b"reader:p@ss").decode()
    assert f"\r\nProxy-Authorization: Basic {told}\r\n" in proxy.asked[0]
    assert told not in repr(server.requests)
    assert told not in repr(read_proxy(proxy.address("reader:p%40ss")))


def test_the_guard_stays_on():
    """An address that is not public is refused before the proxy hears of it."""
    with ScriptedServer() as server, ForwardProxy(server.port) as proxy:
        made = fetcher(proxy)
        for url in ("http://inner.test/", "http://169.254.169.254/latest"):
            assert "non-public address" in refused(made, url).reason
        assert "port" in refused(made, "http://public.test:25/").reason
    assert proxy.asked == []


def test_what_is_allowed_by_name_needs_no_proxy():
    """A model server or feed on this machine is dialled as without one."""
    with ScriptedServer() as server, ForwardProxy(9) as proxy:
        server.on("/", Reply(200, {}, b"own"))
        made = fetcher(proxy, allow=[server.netloc])
        assert made.fetch(server.url("/")).body == b"own"
        made.close()
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answered 407 to conn"),
        (b"HTTP/1.0 502 Bad Gateway\r\nX: y\r\n\r\n", "answered 502 to connect"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "gave no answer to connect"),
        (b"", "gave no answer to connect"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 9_000, "gave no answer to connect"),
    ],
)
def test_a_proxy_that_opens_no_way_is_named(answer, reason):
    """One line says that it was the proxy, and the next poll may try again."""
    with ForwardProxy(9, answer) as proxy:
        error = refused(fetcher(proxy), "http://public.test/")
    assert error.reason.startswith("the proxy")
    assert reason in error.reason
    assert error.retry


def test_a_proxy_that_is_not_there_is_named():
    """Nobody listens: the line does not blame the paper."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    made = make(connect=way_out(f"http://127.0.0.1:{port}"), resolver=RESOLVER)
    assert (
        refused(made, "http://public.test/").reason == "the proxy: connection refused"
    )


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX-Slow:"])
def test_a_silent_proxy_ends_with_the_request_s_time(said):
    """A proxy that never ends its answer has the deadline, and no more."""

    def hold(client: socket.socket) -> None:
        client.sendall(said)
        while client.recv(9_999):
            pass

    with ScriptedServer(on_connect=hold) as server:
        proxy = Proxy(host="127.0.0.1", port=server.port)
        made = make(
            connect=through(proxy, socket.create_connection),
            resolver=RESOLVER,
            timeout_seconds=1,
        )
        error = refused(made, "http://public.test/")
    assert error.reason == "no answer within 1 s"
    assert error.retry


@pytest.mark.parametrize(
    "address",
    [
        "proxy:3128", "https://proxy:3128", "http://:80", "http://proxy:0", "http://p:99999",
        "http://proxy:3128/path", "http://a b@proxy:1", "socks5://proxy:1080",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_shown(address):
    """The variable may hold a password: the error names the key alone."""
    with pytest.raises(ConfigError, match=r"network\.proxy_env") as caught:
        read_proxy(address)
    assert address not in str(caught.value)


def test_the_parts_of_an_address_are_read():
    """Port 80 unless told, IPv6 in brackets, a name and no password."""
    assert read_proxy("http://proxy.example") == Proxy(host="proxy.example", port=80)
    six = read_proxy("http://me@[2001:db8::1]:3128/")
    assert (six.host, six.port) == ("2001:db8::1", 3128)
    assert six.authorization == f"Basic {b64encode(b'me').decode()}"


def test_an_ipv6_address_is_asked_for_in_brackets():
    """RFC 9110, 9.3.6: CONNECT takes an authority."""
    dialled = Dialled()
    with ScriptedServer() as server, ForwardProxy(server.port) as proxy:
        dialled.port = int(proxy.address().rpartition(":")[2])
        dial = through(Proxy(host="proxy.test", port=3128), dialled)
        dial(("2606:2800:220:1::1", 443), 5).close()
    assert dialled.addresses == [("proxy.test", 3128)]
    assert proxy.asked[0].startswith("CONNECT [2606:2800:220:1::1]:443 HTTP/1.1\r\n")


def test_the_config_names_the_variable(tmp_path, monkeypatch):
    """`network.proxy_env` is used by the app; empty, it is an error in one line."""
    path = tmp_path / "newsbot.toml"
    path.write_text('[network]\nproxy_env = "NEWS_PROXY"\n')
    monkeypatch.delenv("NEWS_PROXY", raising=False)
    app = App(load_config(path))
    with pytest.raises(ConfigError, match=r"NEWS_PROXY, which network\.proxy_env"):
        app.fetcher  # noqa: B018
    with ForwardProxy(9, b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy:
        monkeypatch.setenv("NEWS_PROXY", proxy.address("me:secret"))
        error = refused(app.fetcher, f"http://{PUBLIC}/")
        app.close()
    assert error.reason == "the proxy answered 403 to connect"
    assert len(proxy.asked) == 1
