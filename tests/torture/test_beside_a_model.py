"""Cases 61 and 72: a stored alert goes out while a model thinks, and the token stays in.

The real command with everything real about it: a feed, a model server that never
answers, a Bot API server, and logs at their loudest.
"""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import Running, config, newsbot
from db_nouns import alert, announce_articles, article, deal, put
from servers import telegram as api
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer, silent
from servers.telegram import TOKEN, TelegramServer
from servers.telegram_bot import TelegramBotServer

from newsbot.adapters.db import open_store

pytestmark = pytest.mark.case(
    61, "a model that thinks while alerts wait; the token (72)"
)

SECRET = TOKEN.partition(":")[2]
STORY = (
    "<html><body><article><h1>Anthropic rents AI computing capacity from CoreWeave</h1>"
    "<p>The AI company Anthropic has signed an agreement with the cloud provider "
    "CoreWeave. Under the contract Anthropic will rent AI computing capacity worth 2 "
    "billion dollars from CoreWeave over four years, both companies announced on "
    "Monday. The first data centre opens in May, and more are to follow in the years "
    "after that, a spokeswoman said in San Francisco.</p></article></body></html>"
)


@pytest.fixture
def servers():
    with ScriptedServer() as site, TelegramServer() as telegram:
        yield site, telegram


def set_up(folder, site, telegram, more=""):
    """Write a config whose one story waits for a model that never answers."""
    page = site.on("/story", Reply(200, {"Content-Type": "text/html"}, STORY.encode()))
    feed = rss(item("story", title="Anthropic rents AI capacity from CoreWeave"))
    feed = feed.replace("https://news.example/story", page)
    url = site.on(
        "/feed", Reply(200, {"Content-Type": "application/rss+xml"}, feed.encode())
    )
    site.on("/v1/chat/completions", silent())
    site.on("/v1/models", silent())
    config(
        folder,
        site,
        more=f'[[feeds]]\nurl = "{url}"\nlanguage = "en"\n'
        '[model]\npreset = "server"\nname = "slow"\n'
        f'base_url = "http://{site.netloc}/v1"\n'
        f'[telegram]\nchats = [42]\nbase_url = "{telegram.base_url}"\n{more}',
    )


def add_alerts(folder, names, *others):
    """Write messages beside the running service, as another process may."""
    store = open_store(folder / "newsbot.db")
    if store.ledger.deal("deal-a") is None:
        announce_articles(store, article())
        put(store, deal(), "a")
    now = datetime.now(UTC)
    for name in names:
        store.outbox.put(
            alert(name, created_at=now), [("telegram", "42"), *others], now
        )
    store.close()


def test_a_stored_alert_does_not_wait_for_the_model(tmp_path, servers):
    """61: with a batch at the model that takes for ever, alerts go out in seconds."""
    site, telegram = servers
    set_up(tmp_path, site, telegram)
    with Running(tmp_path, TELEGRAM_BOT_TOKEN=TOKEN) as running:
        running.started().until(
            lambda: any(r.target.startswith("/v1/") for r in site.requests)
        )
        add_alerts(tmp_path, ["one", "two"])
        running.until(lambda: len(telegram.accepted) == 2, seconds=30)
        first, second = (message.at for message in telegram.accepted)
        assert second - first >= 1  # the limit of a chat, in life


def test_an_answer_does_not_wait_for_the_model(tmp_path, servers):
    """61: people are answered, and a page is tried, while the model has a batch."""
    site, _ = servers
    with TelegramBotServer() as telegram:
        set_up(tmp_path, site, telegram, more="managers = [7]\n")
        with Running(tmp_path, TELEGRAM_BOT_TOKEN=TOKEN) as running:
            running.started().until(
                lambda: any(r.target.startswith("/v1/") for r in site.requests)
            )
            # Its answer waits for the model, too: it must not hold up the next ones.
            telegram.say(7, f"/test {site.url('/story')}")
            for n, text in enumerate(("/help", "/deals", "/filter", "/search Oracle")):
                telegram.say(7, text)
                running.until(
                    lambda n=n: len(telegram.messages("7")) == n + 2, seconds=30
                )
            assert telegram.messages("7")[0].startswith("Fetching http")
            assert "stage=assess" not in running.log  # the model has it still
            assert running.stop()[0] == 0  # neither the batch nor the trial holds it up


def test_a_single_run_sends_what_waits_to_every_service(tmp_path, servers):
    """`run --once` waits for a chat's turn, and tells the other services as well."""
    site, telegram = servers
    hook = site.on("/hook", Reply(200)).replace("http://", "json://")
    config(
        tmp_path,
        site,
        more=f'[telegram]\nchats = [42]\nbase_url = "{telegram.base_url}"\n'
        '[[chat]]\nurl_env = "HOOK"\n',
    )
    add_alerts(tmp_path, ["one", "two"], ("chat", "HOOK"))
    done = newsbot(tmp_path, "run", "--once", TELEGRAM_BOT_TOKEN=TOKEN, HOOK=hook)
    assert done.code == 0, done
    assert len(telegram.accepted) == 2
    hooked = [json.loads(r.body)["message"] for r in site.requests if r.body]
    assert hooked == ["**Neu**"] * 2
    missing = newsbot(tmp_path, "run", "--once", TELEGRAM_BOT_TOKEN=TOKEN)
    assert "HOOK is empty" in missing.refused(3)


def test_the_token_is_in_nothing_that_is_left_behind(tmp_path, servers):
    """72: not in logs at every level, nor in the ledger, errors or process list."""
    site, telegram = servers
    set_up(tmp_path, site, telegram, more="managers = [77]\n")
    echo = b"<p>/bot" + TOKEN.encode() + b"/sendMessage was not found</p>"
    telegram.script(
        "42",
        *(api.Answer(status=500, body=echo), api.RESET, api.BAD_GATEWAY, api.CONFLICT),
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import logging\nlogging.basicConfig(level=1, filename='everything.log')\n"
    )
    everything_logged = tmp_path / "everything.log"

    def loud():
        return everything_logged.read_text() if everything_logged.exists() else ""

    paths = f"{tmp_path}:{Path(__file__).resolve().parents[2]}"
    with Running(tmp_path, TELEGRAM_BOT_TOKEN=TOKEN, PYTHONPATH=paths) as running:
        running.until(lambda: "started pid=" in loud())
        for n in range(4):
            add_alerts(tmp_path, [f"{n}"])
            store = open_store(tmp_path / "newsbot.db")
            running.until(
                lambda n=n: sum(m == "sendMessage" for m, _ in telegram.calls) > n
            )
            running.until(
                lambda s=store: all(d.begun_at is None for d in s.outbox.deliveries())
            )
            with store.atomic() as db:
                db.execute(
                    "UPDATE deliveries SET due_at = '2000-01-01T00:00:00.000000Z'"
                )
            store.close()
        running.until(lambda: telegram.accepted)
        telegram.token = "1:another"
        add_alerts(tmp_path, ["refused"])
        running.until(lambda: "token was refused" in loud())
        listed = Path(f"/proc/{running.process.pid}/cmdline").read_bytes()
        printed = running.log
    for path in ("/v1/chat/completions", "/v1/models"):
        site.on(path, Reply(500))  # the check need not wait for it
    checked = newsbot(tmp_path, "check", TELEGRAM_BOT_TOKEN=TOKEN)
    dumped = subprocess.run(
        ["python3", "-c", "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1])"
         ".iterdump(), sep='\\n')", str(tmp_path / "newsbot.db")],
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    assert "httpcore" in loud()
    everything = printed + loud() + dumped + checked.out + checked.err
    everything += listed.decode() + (tmp_path / "run.out").read_text()
    assert "token was refused" in dumped
    assert "token was refused" in checked.out
    assert SECRET not in everything
    assert loud().count("ERROR:newsbot") == 1
