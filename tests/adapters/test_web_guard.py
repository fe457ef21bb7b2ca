"""Who may read the status page, and how readers of mail leave by it."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from datetime import time

import httpx
import pytest
from invented import circle
from invented_ledger import fill
from mail_rig import desk
from status_page import TOKEN, served

from newsbot.subscribing import Wish


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("guard") / "newsbot.db"
    fill(path, circle())
    return path


@pytest.fixture(scope="module")
def local(ledger):
    """Served as by default, with a name for a proxy."""
    with served(ledger, token=TOKEN, hosts=frozenset({"news.example.org"})) as client:
        yield client


@pytest.fixture(scope="module")
def everybody(ledger):
    """Served as on an address that others reach."""
    with served(ledger, token=TOKEN, host="0.0.0.0") as client:
        yield client


@pytest.fixture
def public(everybody):
    """A client that keeps no cookie of the test before."""
    with httpx.Client(base_url=everybody.base_url, timeout=30) as client:
        yield client


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8002", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:8002", 200),
        ("127.8.9.10", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("192.168.0.7", 403),
        ("", 403),
        ("127.0.0.1:80/x?", 403),
        ("[::1]evil.example", 403),
        ("news.example.org", 401),
        ("news.example.org:443", 401),
    ],
)
def test_only_its_own_names_are_answered(local, host, status):
    """A page elsewhere that points its name at this machine reads nothing."""
    for page in ("/", "/feed.atom", "/state", "/static/site.css", "/nope"):
        answer = local.get(page, headers={"Host": host})
        assert answer.status_code in ({404, status} if page == "/nope" else {status})


@pytest.mark.parametrize("name", ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"])
def test_what_a_proxy_passes_on_comes_from_elsewhere(local, ledger, name):
    """A proxy that asks for 127.0.0.1 opens nothing: the token is demanded."""
    passed_on = {name: "192.0.2.7"}
    assert local.get("/", headers=passed_on).status_code == 401
    let_in = {**passed_on, "Authorization": f"Bearer {TOKEN}"}
    assert local.get("/", headers=let_in).status_code == 200
    with served(ledger) as without:
        assert without.get("/", headers=passed_on).status_code == 401


def test_a_request_without_a_name_or_with_two_is_refused(local):
    """Two Host headers are two readings of one request; none is no name."""
    place = (local.base_url.host, local.base_url.port)
    for named in (b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        for version in (b"1.0", b"1.1"):
            with socket.create_connection(place, timeout=20) as raw:
                raw.sendall(b"GET / HTTP/" + version + b"\r\n" + named + b"\r\n")
                assert raw.recv(4_096).split()[1] in (b"400", b"403")


def test_others_need_the_token(public):
    """Bearer and Basic let in; whatever is not the token is one 401, and says how."""
    for page in ("/", "/deal/deal-a", "/feed.json", "/state", "/static/site.css"):
        answer = public.get(page)
        assert answer.status_code == 401
        assert answer.text.count("\n") == 1
        assert "deal" not in answer.text
        assert 'Bearer realm="newsbot"' in answer.headers["www-authenticate"]
        assert (
            public.get(page, headers={"Authorization": f"Bearer {TOKEN}"}).status_code
            == 200
        )
        assert public.get(page, auth=("anyone", TOKEN)).status_code == 200
    for wrong in (
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer",
        f"Basic {TOKEN}",
        "Basic ÿ",
        f"Basic {b64encode(b'a:b').decode()}",
        f"Digest {TOKEN}",
    ):
        headers = {"Authorization": wrong.encode("latin-1")}
        assert public.get("/", headers=headers).status_code == 401, wrong


def test_a_link_with_the_token_is_changed_for_a_cookie(public):
    """The token leaves the address at once; the cookie is HttpOnly and is not it."""
    answer = public.get(f"/?status=announced&token={TOKEN}&ui=de")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/?status=announced&ui=de",
    )
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        r"newsbot_web=[0-9a-f]{64}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", cookie
    )
    assert TOKEN not in cookie
    public.cookies.clear()
    tls = public.get(f"/?token={TOKEN}", headers={"X-Forwarded-Proto": "https"})
    assert tls.headers["set-cookie"].endswith("; Secure")
    with httpx.Client(base_url=public.base_url) as browser:
        page = browser.get(f"/?token={TOKEN}", follow_redirects=True)
        assert page.status_code == 200
        assert TOKEN not in page.text
        assert str(page.url).endswith("/")
        assert browser.get("/state").status_code == 200
    public.cookies.clear()
    for wrong in ("x", f"{TOKEN}x", "", f"{TOKEN}&token={TOKEN}"):
        assert public.get(f"/?token={wrong}").status_code == 401
    for wrong in (f"newsbot_web={TOKEN}", "newsbot_web=; a=b;;="):
        assert public.get("/", headers={"Cookie": wrong}).status_code == 401


def test_readers_of_feeds_may_go_on_naming_the_token(public):
    """A feed with the token in its address is given at once, and does not repeat it."""
    answer = public.get(f"/feed.atom?token={TOKEN}&party=OpenAI")
    assert answer.status_code == 200
    assert TOKEN not in answer.text
    assert "party OpenAI" in answer.text
    assert public.get("/feed.atom?token=x").status_code == 401


def test_an_address_of_this_network_is_no_name(public):
    """With a token, any address may be asked for; foreign names may not."""
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert (
        public.get("/", headers={**bearer, "Host": "192.168.0.7:8002"}).status_code
        == 200
    )
    assert (
        public.get("/", headers={**bearer, "Host": "evil.example"}).status_code == 403
    )


def test_a_reader_leaves_by_the_status_page(tmp_path):
    """The links of the digest: GET by a scanner changes nothing, one POST lets go.

    Asked for under the public name, behind a path or not, and without any token but
    the reader's own; nothing else is answered under that name.
    """
    url = "https://mail.example.org/newsbot"
    public = {"Host": "mail.example.org"}
    with desk(tmp_path, email={"public_url": url}) as mail:
        mail.room.desk.ask(Wish(address="reader@example.org", at=time(7)), mail.at)
        (asked,) = re.findall(
            rf"{url}(/confirm/\S+)", mail.server.taken[0].mail.get_content()
        )
        (path,) = tmp_path.glob("*.db")
        with served(
            path,
            desk=True,
            clock=lambda: mail.at,
            host="0.0.0.0",
            token=TOKEN,
            public_host="mail.example.org",
        ) as site:
            for method in ("GET", "HEAD"):
                answer = site.request(method, asked, headers=public)
                assert answer.status_code == 200
                assert "unsafe" not in answer.headers["content-security-policy"]
                assert answer.headers["cache-control"] == "no-store"
            assert mail.store.subscribers.active() == []
            assert site.post("/newsbot" + asked, headers=public).status_code == 200
            assert site.post(asked, headers=public).status_code == 404
            (one,) = mail.store.subscribers.active()
            link = f"/leave/{mail.room.desk.token(one.id)}"
            page = site.get("/newsbot" + link, headers=public)
            assert '<form method="post">' in page.text
            assert "reader@example.org" in page.text
            for wrong in (link + "x", "/leave/%00", "/leave/" + "a" * 3_000):
                assert site.post(wrong, headers=public).status_code == 404
            assert (
                site.post(link, headers=public, content=b"x" * 10_000).status_code
                == 413
            )
            assert len(mail.store.subscribers.active()) == 1
            for other in ("/", "/state", "/feed.atom", "/leave", "/deal/leave/x/y"):
                assert site.get(other, headers=public).status_code == 403
            gone = site.post(
                link, headers=public, data={"List-Unsubscribe": "One-Click"}
            )
            assert gone.status_code == 200
            assert mail.store.subscribers.all() == []
            assert site.get(link, headers=public).status_code == 404


def test_without_mail_nobody_can_leave(local):
    """Where no mail is configured, these addresses are none."""
    assert local.post("/leave/a.b").status_code == 404
    assert local.get("/confirm/a").status_code == 404
