"""Case 74: the container, built and run: another user, no rights, a read-only root.

Where no image is named, one is built: minutes to an hour. `pytest -m long` runs it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
from db_nouns import alert, announce_articles, article, deal, put
from servers import telegram as api
from servers.scripted import Reply, ScriptedServer
from servers.telegram import TOKEN, TelegramServer

from newsbot.adapters.db import open_store
from torture.container import (
    UID,
    command_line,
    container,
    inner,
    kill,
    missing,
    terminate,
)

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<link>https://a.example/</link><description>d</description></channel></rss>"""
#: Nobody answers there, so that no model is loaded.
NO_MODEL = (
    '[model]\npreset = "server"\nname = "m"\nbase_url = "http://127.0.0.1:9/v1"\n'
)
SECRET = "hunter2-of-the-mail-server"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(bool(missing()), reason=f"no container here: {missing()}"),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with container(tmp_path_factory.mktemp("container")) as running:
        yield running


def configure(box, *servers, more=""):
    """Write the volume's config, as its owner would, and start with no ledger."""
    for old in box.volume.glob("newsbot.db*"):
        old.unlink()
    allow = ", ".join(f'"{one}"' for one in servers)
    path = box.volume / "config.toml"
    path.write_text(f"[network]\nallow = [{allow}]\n{NO_MODEL}{more}")
    path.chmod(0o600)
    os.chown(path, UID, UID)


def until(process, condition, log, seconds=300):
    ends_at = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < ends_at, log.read_text()
        time.sleep(0.1)


def started(log):
    return lambda: "started pid=" in log.read_text()


def stop(process):
    """SIGTERM; the exit code and the seconds that it took."""
    sent_at = time.monotonic()
    terminate(process)
    return process.wait(timeout=60), time.monotonic() - sent_at


@pytest.mark.case(74, "container: its settings, and what is not in it")
def test_the_image_is_lean(box, figure):
    """No root, one volume, a health check, no compiler, no build tool, no source."""
    settings = box.settings
    assert settings["User"] == "10001"
    assert list(settings["Volumes"]) == ["/data"]
    assert settings["Cmd"] == ["newsbot", "run"]
    check = settings["Healthcheck"]["Test"]
    assert check == ["CMD", "newsbot", "health", "--service"]
    binaries = {
        path.name
        for folder in ("usr/bin", "usr/local/bin", "opt/newsbot/bin")
        for path in (box.root / folder).glob("*")
    }
    assert {"newsbot", "python3"} <= binaries
    assert not binaries & {"gcc", "cc", "g++", "c++", "ld", "make", "hatchling", "git"}
    (licences,) = (box.root / "opt/newsbot").glob("**/newsbot-*.dist-info/licenses")
    assert {path.name for path in licences.iterdir()} == {"LICENSE", "NOTICE"}
    assert not (box.root / "opt/tools").exists()
    assert not (box.root / "source").exists()
    size = sum(p.lstat().st_size for p in (box.root / "opt").rglob("*") if p.is_file())
    figure("/opt", size / 2**20, "MiB")


@pytest.mark.case(74, "container: nothing is writable but /data and /tmp")
def test_the_root_is_read_only(box):
    """Another user without capabilities writes to the volume and /tmp alone."""
    code, said = box.run(
        *("sh", "-c"),
        "id -u; grep CapBnd /proc/self/status; touch /data/a /tmp/a; rm /data/a;"
        "for place in / /opt /opt/newsbot /etc /usr/bin; do"
        "  touch $place/a 2>&1 && echo WRITTEN; done; true",
    )
    assert code == 0, said
    assert said.split()[0] == str(UID)
    assert "CapBnd:\t0000000000000000" in said
    assert said.count("Read-only file system") == 5
    assert "WRITTEN" not in said


@pytest.mark.case(74, "container: init, check, run, health, stop")
def test_the_service_lives_and_stops(box, tmp_path, figure):
    """`init` writes a config, the service polls, health says so, SIGTERM ends it."""
    for old in box.volume.glob("*.toml"):
        old.unlink()
    code, said = box.run("newsbot", "init", "--feeds", "none")
    assert code == 0, said
    assert (box.volume / "config.toml").stat().st_uid == UID
    log = tmp_path / "run.log"
    with ScriptedServer() as server:
        url = server.on("/feed", Reply(200, {}, FEED))
        configure(box, server.netloc, more=f'[[feeds]]\nurl = "{url}"\n')
        code, said = box.run("newsbot", "health", "--service", "--json")
        assert (code, json.loads(said)["running"]) == (6, False)
        begun = time.monotonic()
        process = box.start("newsbot", "-v", "run", log=log)
        until(process, lambda: server.requests, log)
        figure("first poll", time.monotonic() - begun, "s")
        until(process, started(log), log)
        code, said = box.run("newsbot", "health", "--service", "--json")
        assert (code, json.loads(said)["running"]) == (0, True), said
        code, said = box.run("newsbot", "check", "--no-model")
        assert code == 0, said
        code, seconds = stop(process)
        figure("SIGTERM", seconds, "s")
    assert code == 0, log.read_text()
    assert seconds < 10


@pytest.mark.case(74, "container: SIGTERM and kill in mid-send")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_stop_in_mid_send_loses_nothing(box, tmp_path, figure, how):
    """The answer never comes, the container ends; the next one sends what waits."""
    log = tmp_path / "run.log"
    with TelegramServer() as telegram:
        # The bot's side of the wire: this message's answer is never given.
        telegram.script("42", api.Silence(reset=False, accept=False))
        more = f'[telegram]\nchats = [42]\nbase_url = "{telegram.base_url}"\n'
        configure(box, more=more)
        code, said = box.run("newsbot", "feeds", "list")
        assert code == 0, said
        path = box.volume / "newsbot.db"
        with closing(open_store(path)) as store:
            announce_articles(store, article())
            put(store, deal(), "a")
            store.outbox.put(alert(), [("telegram", "42")], datetime.now(UTC))
        for file in box.volume.glob("newsbot.db*"):
            os.chown(file, UID, UID)
        process = box.start(
            *("newsbot", "-v", "run"), log=log, TELEGRAM_BOT_TOKEN=TOKEN
        )
        until(process, lambda: "sendMessage" in dict(telegram.calls), log)
        if how == "SIGTERM":
            code, seconds = stop(process)
            figure("in mid-send", seconds, "s")
            assert (code, seconds < 15) == (0, True), log.read_text()
        else:
            kill(process)
        telegram.release()
        again = tmp_path / "again.log"
        process = box.start(
            *("newsbot", "-v", "run"), log=again, TELEGRAM_BOT_TOKEN=TOKEN
        )
        until(process, lambda: telegram.messages("42"), again)
        stop(process)
        assert len(telegram.messages("42")) == 1
    with closing(open_store(path)) as store:
        assert store.connection.rows("PRAGMA integrity_check")[0] == {
            "integrity_check": "ok"
        }


@pytest.mark.case(72, "container: secrets in logs, lists of processes, the volume")
def test_secrets_stay_in(box, tmp_path):
    """Token and password are in no log, no command line and no file of the volume."""
    log = tmp_path / "run.log"
    with TelegramServer() as telegram:
        more = f'[telegram]\nchats = [42]\nbase_url = "{telegram.base_url}"\n'
        mail = '[email]\nhost = "127.0.0.1"\nport = 9\nsender = "a@b.example"\n'
        mail += 'username_env = "SMTP_USERNAME"\npassword_env = "SMTP_PASSWORD"\n'
        configure(box, more=more + mail)
        secrets = {"SMTP_USERNAME": "u", "SMTP_PASSWORD": SECRET}
        secrets["TELEGRAM_BOT_TOKEN"] = TOKEN
        telegram.token = "1:another"  # refused: errors are where secrets come out
        process = box.start("newsbot", "-v", "run", log=log, **secrets)
        until(process, started(log), log)
        _, checked = box.run("newsbot", "check", "--no-model", **secrets)
        _, status = box.run("newsbot", "status", **secrets)
        commands = "".join(map(command_line, inner(process)))
        stop(process)
    assert "refused" in checked
    files = [path for path in box.volume.glob("*") if path.is_file()]
    assert len(files) >= 2
    kept = "".join(path.read_bytes().decode("latin-1") for path in files)
    for text in (log.read_text(), checked, status, commands, kept):
        assert SECRET not in text
        assert TOKEN not in text
        assert TOKEN.partition(":")[2] not in text


@pytest.mark.case(74, "container: OOM kill of the model's conversion")
def test_the_bot_outlives_its_model(box, tmp_path):
    """A child that is killed as the kernel does it takes nobody along; polls go on."""
    log = tmp_path / "run.log"
    with ScriptedServer() as server:
        item = (
            b"<item><title>Nvidia and Anthropic sign an AI cloud deal worth $5bn"
            b"</title><link>%s/page</link><guid>1</guid></item></channel>"
        ) % server.base.encode()
        page = b"<html><body><article><p>" + b"Anthropic rents AI chips. " * 40
        server.on("/page", Reply(200, {"Content-Type": "text/html"}, page))
        url = server.on("/feed", Reply(200, {}, FEED.replace(b"</channel>", item)))
        configure(box, server.netloc, more=f'[[feeds]]\nurl = "{url}"\n')
        path = box.volume / "config.toml"
        path.write_text(path.read_text().replace(NO_MODEL, ""))
        cold = {"NEWSBOT_CACHE": "/data/cold"}
        process = box.start("newsbot", "-v", "run", log=log, **cold)

        def converting():
            for pid in inner(process)[1:]:
                if "embedded_convert" in command_line(pid):
                    return pid
            return None

        until(process, converting, log, seconds=600)
        os.kill(converting(), signal.SIGKILL)
        until(process, lambda: "tried again in" in log.read_text(), log)
        time.sleep(3)  # long enough to fall over, if it does
        assert process.poll() is None, log.read_text()
        _, said = box.run("newsbot", "health", "--json")
        assert json.loads(said)["running"], said
        stop(process)


@pytest.mark.case(74, "container: the demo, twice")
def test_the_demo_runs(box, figure):
    """The whole line with the model, which is kept on the volume; twice finds no news."""
    begun = time.monotonic()
    code, said = box.run("newsbot", "demo", "--json", seconds=3000)
    figure("demo", time.monotonic() - begun, "s")
    assert code == 0, said[-3000:]
    document = json.loads(said[said.index("{\n") :])
    assert document["articles"] >= 24
    assert document["alerts"]
    assert list((box.volume / "cache").glob("gemma3-270m-*"))
    begun = time.monotonic()
    code, said = box.run("newsbot", "demo", "--json", seconds=3000)
    figure("again", time.monotonic() - begun, "s")
    again = json.loads(said[said.index("{\n") :])
    assert (code, again["articles"], again["alerts"]) == (0, 0, [])
