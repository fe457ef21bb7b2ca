"""`newsbot serve` as a process: where it listens, how it ends, what it refuses."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from chromium import CHROMIUM, Browser
from commands import config, environment, here
from invented import circle
from invented_ledger import fill

from newsbot.adapters.lock import hold_lock

TOKEN = "0123456789abcdef-token"


@contextmanager
def serving(folder, *arguments, **changes):
    """Serve in a process; gives the process and the address that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "newsbot", "--config", str(folder / "config.toml"), "serve", "--port", "0", *arguments],
        cwd=folder, env=environment(folder, **changes), text=True,
        stdout=subprocess.PIPE, stderr=(folder / "err").open("w"),
    )  # fmt: skip
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), (folder / "err").read_text()
        yield process, address
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_it_serves_beside_a_service_until_it_is_stopped(tmp_path):
    """It sees what is written meanwhile, blocks no writer, and ends well on a signal."""
    config(tmp_path)
    path = tmp_path / "newsbot.db"
    release = hold_lock(path)
    with serving(tmp_path) as (process, address):
        assert "There is no ledger yet" in httpx.get(address, timeout=30).text
        fill(path, circle()[:1])
        assert len(httpx.get(f"{address}/feed.json", timeout=30).json()["items"]) == 1
        writer = sqlite3.connect(path, isolation_level=None, timeout=0)
        writer.execute("BEGIN IMMEDIATE")
        page = httpx.get(address, timeout=30)
        assert page.status_code == 200
        assert "The service runs" in page.text
        writer.execute("UPDATE deals SET status = 'ended'")
        writer.execute("COMMIT")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.close()
        assert "Deal ended" in httpx.get(f"{address}/feed.atom", timeout=30).text
        process.terminate()
        assert process.wait(timeout=30) == 0
    release()
    assert (tmp_path / "err").read_text() == "read-only; Ctrl-C stops\n"


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path):
    """No traceback where the address is taken, or none of this machine's."""
    config(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port}" in here(tmp_path, "serve", "--port", port).refused(2)
    refused = here(tmp_path, "serve", "--host", "192.0.2.1", NEWSBOT_T=TOKEN)
    assert "needs a token" in refused.refused(3)


@pytest.mark.parametrize(
    ("more", "token", "said"),
    [
        ('[web]\nhost = "0.0.0.0"', None, "needs a token"),
        ('[web]\nhost = "0.0.0.0"\ntoken_env = "T"', None, "the environment variable T is empty"),
        ('[web]\nhost = "0.0.0.0"\ntoken_env = "T"', "hunter2", "shorter than 16"),
        ('[web]\nhosts = ["news.example.org"]', None, "under web.hosts needs a token"),
    ],
)  # fmt: skip
def test_nobody_else_is_let_in_without_a_token(tmp_path, more, token, said):
    """On another address or name, it does not start without a token that is one."""
    config(tmp_path, more=more)
    changes = {} if token is None else {"T": token}
    refused = here(tmp_path, "serve", "--port", "0", **changes).refused(3)
    assert said in refused
    assert token is None or token not in refused


def test_the_token_is_nowhere_to_be_seen(tmp_path):
    """Asked with and without it, no line of the process and no answer shows it."""
    config(tmp_path, more='[web]\nhost = "0.0.0.0"\ntoken_env = "T"')
    fill(tmp_path / "newsbot.db", circle())
    with serving(tmp_path, T=TOKEN) as (process, address):
        base = address.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(base, timeout=30).status_code == 401
        for path in (
            f"/?token={TOKEN}",
            f"/nope?token={TOKEN}",
            f"/feed.atom?token={TOKEN}&a=b",
        ):
            answer = httpx.get(base + path, timeout=30)
            assert TOKEN not in answer.text + str(answer.headers)
        with socket.create_connection(
            ("127.0.0.1", int(base.rpartition(":")[2]))
        ) as raw:
            raw.sendall(f"NONSENSE /?token={TOKEN}\r\n\r\n".encode())
            assert TOKEN.encode() not in raw.recv(4_096)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert TOKEN not in (tmp_path / "err").read_text()


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    """Without Starlette, one line says what to install."""
    config(tmp_path)
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert 'pip install "newsbot[web]"' in here(tmp_path, "serve").refused(2)


def test_the_command_line_loads_no_server():
    """Importing the commands loads neither Starlette nor Uvicorn."""
    code = "import sys, newsbot.cli; print(*[m for m in ('starlette', 'uvicorn', 'jinja2') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout.split() == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_pages_in_a_browser(tmp_path):
    """In Chromium nothing is cut off or refused, at either width, in either theme.

    The filters are filled in and sent with the keyboard alone; a deal opens by a key.
    """
    import digest_ledger

    from newsbot.adapters.db import open_store

    config(tmp_path)
    store = open_store(tmp_path / "newsbot.db")
    digest_ledger.fill(store, feeds=4)
    store.close()
    with serving(tmp_path) as (_, address), Browser(tmp_path) as browser:
        grounds = {}
        for width, dark, languages in ((1280, False, "en"), (375, True, "de")):
            browser.look(width, dark=dark, languages=languages)
            for page in ("/", "/deal/new-1", "/graph", "/state"):
                browser.open(address + page)
                assert browser.ask("document.documentElement.scrollWidth") == width, (
                    page
                )
                assert browser.complaints == []
                assert browser.ask("document.documentElement.lang") == languages
                grounds[dark] = browser.ask(
                    "getComputedStyle(document.body).backgroundColor"
                )
                drawn = browser.ask(
                    "getComputedStyle(document.querySelector('h1')).fontSize"
                )
                assert drawn == "24px"  # the style sheet was let in
            browser.open(address + "/graph")
            box = browser.ask(
                "getComputedStyle(document.querySelector('svg .box')).fill"
            )
            assert box == ("rgb(26, 33, 44)" if dark else "rgb(244, 246, 249)")
        assert grounds[False] != grounds[True]
        browser.look(1280)
        browser.open(address + "/")
        browser.ask("document.querySelector('#f-party').focus()")
        browser.call("Input.insertText", text="anthropic")
        browser.press("Enter", 13)
        browser.until_loaded()
        # Filters that were left empty stay out of the address.
        assert browser.ask("location.pathname + location.search") == "/?party=anthropic"
        assert browser.ask("document.querySelectorAll('a.deal').length") == 2
        browser.ask("document.querySelector('a.deal').focus()")
        browser.press("Enter", 13)
        browser.until_loaded()
        assert (
            browser.ask("document.querySelector('h1').textContent")
            == "Anthropic and Stackit"
        )
        assert browser.complaints == []
