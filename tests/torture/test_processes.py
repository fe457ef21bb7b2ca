"""Case 54, and what else holds beside a running service: one on a ledger, all other
commands beside it, figures, logs, backups; and what a kill leaves behind.
"""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from contextlib import closing

import pytest
from commands import Running, config, free_port, here, newsbot
from servers.feeds import rss
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.lock import hold_lock, service_runs

RSS = {"Content-Type": "application/rss+xml"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with a feed, figures for Prometheus and a log of JSON."""
    folder = tmp_path_factory.mktemp("running")
    with ScriptedServer() as server:
        url = server.on("/feed", Reply(200, RSS, rss().encode()))
        port = free_port()
        more = (
            f'[[feeds]]\nurl = "{url}"\nlanguage = "en"\n'
            f'[metrics]\nport = {port}\n[log]\nformat = "json"\n'
        )
        config(folder, server, more=more)
        with Running(folder) as running:
            running.folder, running.port, running.url = folder, port, url
            running.started().until(lambda: server.requests)
            running.until(lambda: polled(folder))
            yield running


def polled(folder):
    with closing(sqlite3.connect(folder / "newsbot.db")) as raw:
        return raw.execute("SELECT last_polled_at FROM feeds").fetchone()[0]


#: Everything that a person may type beside a service, but what needs a model.
BESIDE = (
    ("status",),
    ("status", "--json"),
    ("health",),
    ("health", "--json", "--service"),
    ("feeds", "list"),
    ("feeds", "export"),
    ("feeds", "add", "https://beside.example/feed"),
    ("feeds", "remove", "https://beside.example/feed"),
    ("deals",),
    ("deals", "--totals"),
    ("export", "--format", "csv"),
    ("search", "Nvidia"),
    ("graph", "--out", "deals.svg"),
    ("digest", "--preview", "--out", "day"),
    ("subscribers", "list"),
    ("labels", "export"),
    ("model", "info"),
    ("backup", "--to", "copies", "--keep", "2"),
)


@pytest.mark.case(54, "every other command beside a running one")
@pytest.mark.parametrize("words", BESIDE, ids=" ".join)
def test_every_other_command_works_beside_a_service(service, words):
    """It does what it does, and the service goes on."""
    done = here(service.folder, *words)
    assert done.code == 0, done
    assert service.process.poll() is None


@pytest.mark.case(54, "a second run, and a restore, beside a running one")
def test_a_second_run_and_a_restore_are_refused(service):
    """One line names the process that has the ledger; nothing changes."""
    made = here(service.folder, "backup", "--to", "one", "--json")
    file = json.loads(made.out)["file"]
    (only,) = (service.folder / "one").iterdir()
    assert only.samefile(service.folder / file)
    for words in (("run",), ("run", "--once"), ("restore", file)):
        line = here(service.folder, *words).refused(3)
        assert f"already runs on {service.folder}" in line
        assert f"(process {service.process.pid})" in line
    assert service.process.poll() is None
    assert list(service.folder.glob("*replaced*")) == []


@pytest.mark.case(54, "looking does not disturb")
def test_who_only_looks_keeps_no_service_from_starting(tmp_path):
    """Two who look do not see each other, and a start waits for both."""
    database = tmp_path / "news.db"
    assert not service_runs(database)
    release = hold_lock(database)
    assert service_runs(database)
    release()
    assert not service_runs(database)
    assert not service_runs(database)
    hold_lock(database)()


@pytest.mark.case(54, "health and figures of a running one")
def test_a_running_service_is_seen_from_outside(service):
    """Health says that it runs and is well; Prometheus reads feeds, queue, messages."""
    health = json.loads(here(service.folder, "health", "--json").out)
    assert (health["ok"], health["running"]) == (True, True), health
    assert health["problems"] == []
    address = f"http://127.0.0.1:{service.port}/metrics"
    with urllib.request.urlopen(address, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    for line in (
        "newsbot_ledger_up 1.0",
        'newsbot_feeds{state="ok"} 1.0',
        'newsbot_queue_entries{stage="assess"} 0.0',
        'newsbot_deliveries{state="pending"} 0.0',
        "newsbot_oldest_undelivered_seconds 0.0",
    ):
        assert line in lines, line
    status = json.loads(here(service.folder, "status", "--json").out)
    (feed,) = [one for one in status["feeds"] if one["url"] == service.url]
    assert feed["last_polled_at"]
    assert feed["error"] is None


@pytest.mark.case(54, "log of JSON")
def test_each_line_of_the_log_is_an_object(service):
    """Each has a time, a level and an event; what it names is a field."""
    lines = [json.loads(line) for line in service.log.splitlines()]
    assert lines
    assert all({"at", "level", "event"} <= set(line) for line in lines)
    (started,) = [line for line in lines if line["event"].startswith("started")]
    assert started["pid"] == service.process.pid
    assert started["database"] == str(service.folder / "newsbot.db")
    refused = newsbot(service.folder, "run")
    (line,) = refused.err.splitlines()
    told = json.loads(line)
    assert (refused.code, told["level"]) == (3, "error")
    assert "already runs" in told["event"]


@pytest.mark.case(54, "stale lock after a kill")
def test_a_kill_frees_the_lock_and_the_backup_comes_back(service):
    """After kill -9 nothing holds the ledger; restore works, and so does the next run."""
    service.process.kill()
    service.process.wait()
    assert (service.folder / "newsbot.db.lock").exists()
    health = here(service.folder, "health", "--json", "--service")
    assert health.code == 6
    found = json.loads(health.out)
    assert (found["ok"], found["running"]) == (False, False)
    assert found["problems"] == ["no service runs on this database"]
    assert json.loads(here(service.folder, "health", "--json").out)["ok"]
    made = here(service.folder, "backup", "--to", "two", "--json")
    done = here(service.folder, "restore", json.loads(made.out)["file"])
    assert (done.code, done.out) == (0, ""), done
    assert "the former database is now" in done.err
    assert newsbot(service.folder, "run", "--once").code in (0, 4)
