"""`newsbot health` and `status` as monitors and people meet them."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from commands import config, here, newsbot
from db_nouns import alert, announce_articles, article, deal, put
from servers.scripted import Reply, ScriptedServer
from torture.ledgers import NAMES, ledger_at

from newsbot.adapters.db import open_store
from newsbot.adapters.lock import hold_lock
from newsbot.subscribing import Letter

NOW = datetime.now(UTC)


def health(folder, *words):
    """Exit code and document of `newsbot health --json`."""
    done = here(folder, "health", "--json", *words)
    assert "Traceback" not in done.err
    return done.code, json.loads(done.out)


@pytest.fixture
def ledger(tmp_path):
    """A config and an empty ledger that is open."""
    config(tmp_path)
    store = open_store(tmp_path / "newsbot.db")
    yield store
    store.close()


def test_without_a_database_all_is_well_and_none_is_made(tmp_path):
    """A first look before the first run: clear, and it leaves nothing behind."""
    config(tmp_path)
    code, found = health(tmp_path)
    assert (code, found["ok"], found["running"]) == (0, True, False)
    assert found["problems"] == []
    assert "no database yet" in found["warnings"][0]
    code, found = health(tmp_path, "--service")
    assert (code, found["ok"]) == (6, False)
    assert found["problems"] == ["no service runs on this database"]
    status = here(tmp_path, "status")
    assert (status.code, status.out) == (0, "")
    assert "no database yet" in status.err
    backup = here(tmp_path, "backup")
    assert "no such file" in backup.refused(3)
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]


def test_an_empty_database_is_well(tmp_path, ledger):
    """No feeds and nobody to tell are warnings; people read the same."""
    code, found = health(tmp_path)
    assert (code, found["ok"]) == (0, True)
    assert len(found["warnings"]) == 2
    told = here(tmp_path, "health")
    assert told.out.startswith("ok\nwarning: there are no feeds")
    status = here(tmp_path, "status").out
    for line in ("service: does not run", "line: nothing waits", "messages: 0 sent"):
        assert line in status


def test_a_service_that_holds_the_lock_is_seen(tmp_path, ledger):
    """Whoever holds the ledger's lock is the service."""
    release = hold_lock(tmp_path / "newsbot.db")
    assert health(tmp_path, "--service") == (
        0,
        {**health(tmp_path)[1], "running": True},
    )
    release()
    assert health(tmp_path)[1]["running"] is False


def test_feeds_queue_and_deliveries_are_judged(tmp_path):
    """A feed that is down, articles that wait under a service, a refused key and a
    message that was given up: each is a problem with its reason.
    """
    with ScriptedServer() as server:
        url = server.on("/feed", Reply(503, {}, b""))
        config(tmp_path, server, more=f'[[feeds]]\nurl = "{url}"\n')
        assert newsbot(tmp_path, "run", "--once").code == 4
    code, found = health(tmp_path)
    assert (code, found["ok"]) == (6, False)
    (problem,) = found["problems"]
    assert url in problem
    assert "503" in problem
    store = open_store(tmp_path / "newsbot.db")
    store.feeds.remove(url)
    assert health(tmp_path)[0] == 0
    announce_articles(store, article())
    put(store, deal(), "a")
    store.connection.db.execute("UPDATE entries SET state = 'relevant'")
    store.outbox.put(alert(), [("telegram", "42")], NOW)
    (delivery,) = store.outbox.due(NOW)
    store.outbox.failed(delivery.id, "Bad Request: message is too long")
    store.outbox.traffic.pause(
        "telegram", "Unauthorized", NOW + timedelta(days=1), NOW, refused=True
    )
    release = hold_lock(tmp_path / "newsbot.db")
    code, found = health(tmp_path)
    release()
    told = "\n".join(found["problems"])
    assert code == 6
    for words in (
        "1 articles wait for assess, the first since 2026-03-01",
        "telegram refuses our key: Unauthorized",
        "1 messages were given up in the last day",
    ):
        assert words in told
    status = here(tmp_path, "status")
    assert status.code == 0
    assert "refuses our key" in status.out
    assert "line: assess 1" in status.out
    store.close()


def test_what_quiet_hours_kept_back_waits_from_their_end_on(tmp_path, ledger):
    """A night's messages are no problem in the morning, only an hour after it."""
    announce_articles(ledger, article())
    put(ledger, deal(), "a")
    ledger.connection.db.execute("UPDATE entries SET state = 'done'")
    night = NOW - timedelta(hours=9)
    ledger.outbox.put(alert(created_at=night), [("telegram", "42")], night)
    release = hold_lock(tmp_path / "newsbot.db")
    ledger.subscriptions.hush("telegram", "42", NOW - timedelta(seconds=30))
    assert health(tmp_path)[1]["problems"] == []
    ledger.subscriptions.hush("telegram", "42", NOW + timedelta(hours=1))
    assert health(tmp_path)[1]["problems"] == []
    ledger.connection.db.execute(
        "UPDATE deliveries SET due_at = ?",
        [(NOW - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")],
    )
    (problem,) = health(tmp_path)[1]["problems"]
    release()
    assert problem.startswith("a message waits since")


def test_a_run_by_a_timer_keeps_the_ledger_too(tmp_path):
    """`run --once` makes the backup that is due, forgets, and asks the heartbeat; twice
    within the hour makes one backup. It is no service, and no command says so.
    """
    with ScriptedServer() as server:
        beat = server.on("/ping", Reply(204, {}, b""))
        more = '[backup]\nto = "copies"\n[heartbeat]\nurl_env = "BEAT"\nevery = "1m"\n'
        config(tmp_path, server, more=more)
        for _ in range(2):
            done = here(tmp_path, "run", "--once", BEAT=beat)
            assert done.code == 0, done
        assert len(server.requests) == 1
        assert "BEAT" in here(tmp_path, "run", "--once").refused(3)
    assert len(list((tmp_path / "copies").iterdir())) == 1
    status = json.loads(here(tmp_path, "status", "--json").out)
    assert set(status["upkeep"]) == {"backup", "heartbeat", "report", "retention"}
    release = hold_lock(tmp_path / "newsbot.db", "run --once")
    assert health(tmp_path)[1]["running"] is False
    assert "run --once" in here(tmp_path, "run").refused(3)
    release()


def test_mail_that_failed_is_told(tmp_path, ledger):
    """Given up after days is for somebody to mend; a mailbox that is gone is its
    owner's, and a warning; what failed before yesterday is no news.
    """
    for name, error, written_at in (
        ("one", "given up after 5 days: no answer", NOW),
        ("two", "550 no such user", NOW),
        ("three", "550 no such user", NOW - timedelta(days=2)),
    ):
        letter = Letter(
            id=name,
            subscriber_id=None,
            recipient="a@example.org",
            kind="digest",
            occasion=name,
            content_id=None,
            state="pending",
            n_attempts=0,
            created_at=written_at,
            due_at=written_at,
            upto=0,
        )
        ledger.letters.put(None, [letter], NOW)
        ledger.letters.failed(name, error)
    code, found = health(tmp_path)
    assert (code, found["problems"]) == (6, ["1 mails were given up in the last day"])
    assert any(one.startswith("1 mails were refused") for one in found["warnings"])


def test_a_ledger_of_an_older_version_is_not_migrated_by_looking(tmp_path):
    """A monitor that is newer than the service changes nothing, and is not alarmed."""
    config(tmp_path)
    path = tmp_path / "newsbot.db"
    ledger_at(path, NAMES[3], 2)
    before = path.read_bytes()
    code, found = health(tmp_path)
    assert (code, found["ok"]) == (0, True)
    assert "the next `newsbot run` migrates it" in found["warnings"][0]
    assert "migrates it" in here(tmp_path, "status").err
    assert path.read_bytes() == before
    assert list(tmp_path.glob("*.backup")) == []


def test_a_config_that_cannot_be_read_is_one_line(tmp_path):
    """Then there is nothing to look at: exit code 3, as everywhere."""
    (tmp_path / "config.toml").write_text("[backup]\nkeep = 0\n")
    assert "backup.keep: 0 is outside 1..10000" in here(tmp_path, "health").refused(3)
    (tmp_path / "config.toml").write_text('[backup]\nevery = "400d"\n')
    line = here(tmp_path, "status").refused(3)
    assert "400 days, 0:00:00 is outside" in line


def test_a_port_that_is_taken_is_named(tmp_path):
    """`run` refuses to start without the figures that were asked for."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        config(tmp_path, more=f"[metrics]\nport = {port}\n")
        line = newsbot(tmp_path, "run").err.rstrip().splitlines()[-1]
    assert f"metrics.port {port}" in line
