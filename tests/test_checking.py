"""`newsbot check` against real parts: each says ok, warn or fail, and how to mend it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from commands import config, here
from servers.mail import MailServer
from servers.scripted import Reply, ScriptedServer
from servers.telegram import TOKEN, TelegramServer

from newsbot.adapters.db import open_store
from newsbot.stages.clock import server_time

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<link>https://a.example/</link><description>d</description></channel></rss>"""
#: No command of these loads a model.
WITHOUT = "--no-model"


def checked(folder, *words, **environment):
    """Run `check --json`; returns its lines and its exit code."""
    done = here(folder, "check", "--json", WITHOUT, *words, **environment)
    return json.loads(done.out), done.code


def of(lines, part):
    return [line for line in lines if line["part"] == part]


def feed_config(folder, server, more="", **headers):
    url = server.on("/feed", Reply(200, headers, FEED))
    return config(folder, server, more=f'[[feeds]]\nurl = "{url}"\n{more}')


def test_all_is_well(tmp_path):
    """Feed, clock, bot, mail server and ledger that work are ok, and exit code 0."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    with (
        ScriptedServer() as server,
        TelegramServer() as telegram,
        MailServer(user="u", password="p") as mail,
    ):
        values = mail.options(username_env="MAIL_USER", password_env="MAIL_PASSWORD")
        email = "\n".join(f"{key} = {json.dumps(x)}" for key, x in values.items())
        bot = f'[telegram]\nchats = [1]\nbase_url = "{telegram.base_url}"\n'
        path = feed_config(tmp_path, server, f"{bot}[email]\n{email}\n", Date=date)
        path.chmod(0o600)
        secrets = {"MAIL_USER": "u", "MAIL_PASSWORD": "p", "TELEGRAM_BOT_TOKEN": TOKEN}
        lines, code = checked(tmp_path, **secrets)
        taken, wrong = len(mail.taken), {**secrets, "MAIL_PASSWORD": "wrong-password"}
        refused, refused_code = checked(tmp_path, **wrong)
    assert code == 0
    assert {line["state"] for line in lines} == {"ok"}
    parts = {line["part"] for line in lines}
    assert parts == {
        *("config", "folders", "disk", "database", "channels", "feeds", "clock"),
        *("deliveries", "mail"),
    }
    assert not any(line["fix"] for line in lines)
    assert "takes the login" in of(lines, "mail")[0]["text"]
    assert "version m0" in of(lines, "database")[0]["text"]
    assert taken == 0  # a login sends nothing
    (line,) = of(refused, "mail")
    assert (refused_code, line["state"]) == (3, "fail")
    assert "refused user name and password" in line["text"]
    assert "wrong-password" not in json.dumps(refused)


@pytest.mark.parametrize(
    ("off", "state"),
    [
        (timedelta(seconds=-5), "ok"),
        (timedelta(minutes=-3), "warn"),
        (timedelta(hours=2), "fail"),
    ],
)
def test_the_clock_is_held_against_a_server(tmp_path, off, state):
    """Two minutes apart warn, ten fail; the line says which way, and how to mend it."""
    date = format_datetime(datetime.now(UTC) - off, usegmt=True)
    with ScriptedServer() as server:
        feed_config(tmp_path, server, Date=date)
        lines, code = checked(tmp_path)
    (line,) = of(lines, "clock")
    assert line["state"] == state
    assert bool(line["fix"]) is (state != "ok")
    assert ("behind" in line["text"]) is (state == "warn")
    assert ("ahead" in line["text"]) is (state == "fail")
    assert code == (3 if state == "fail" else 0)


def test_a_cached_answer_is_as_old_as_it_says():
    """An answer out of a cache was made some time ago, and `Age` says how long."""
    made = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    date = format_datetime(made, usegmt=True)
    assert server_time({"date": date}) == made
    assert server_time({"date": date, "age": "3600"}) == made + timedelta(hours=1)
    for age in ("", "-5", "abc", "9" * 30, "²"):
        assert server_time({"date": date, "age": age}) == made
    for broken in ("", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT"):
        assert server_time({"date": broken}) is None


def test_a_server_without_a_clock_is_said(tmp_path):
    """Where no answer says the time, the clock was not checked, and the line says so."""
    with ScriptedServer() as server:
        feed_config(tmp_path, server)
        lines, code = checked(tmp_path)
    assert [line["state"] for line in of(lines, "clock")] == ["warn"]
    assert code == 0


def test_each_line_of_apprise_is_tried(tmp_path):
    """One address that Apprise does not know hides no other, and none is printed."""
    chat = '[[chat]]\nurl_env = "GOOD"\n[[chat]]\nurl_env = "BAD"\n[[chat]]\nurl_env = "NO"'
    config(tmp_path, more=chat)
    secrets = {"GOOD": "json://user:hunter2@127.0.0.1:1/x", "BAD": "hunter2://x"}
    lines, code = checked(tmp_path, **secrets)
    said = {
        name: line
        for line in of(lines, "channels")
        for name in ("GOOD", "BAD", "NO ")
        if name in line["text"]
    }
    assert {name: line["state"] for name, line in said.items()} == {
        "GOOD": "ok",
        "BAD": "fail",
        "NO ": "fail",
    }
    assert "BAD" in said["BAD"]["fix"]
    assert code == 3
    assert "hunter2" not in json.dumps(lines)


def test_a_bot_without_its_token_stops_no_other_part(tmp_path):
    """The missing variable is named; the feed is polled all the same."""
    with ScriptedServer() as server:
        feed_config(tmp_path, server, "[telegram]\nchats = [1]\n")
        lines, code = checked(tmp_path, TELEGRAM_BOT_TOKEN="")
    (line,) = of(lines, "channels")
    assert line["state"] == "fail"
    assert "TELEGRAM_BOT_TOKEN" in line["fix"]
    assert [line["state"] for line in of(lines, "feeds")] == ["ok"]
    assert code == 3


def test_loose_permissions_are_warned_of(tmp_path):
    """Case 72: a config or a ledger that others can read or change is a warning with
    its chmod.
    """
    path = config(tmp_path)
    for mode, can in ((0o644, "read"), (0o666, "change")):
        path.chmod(mode)
        (line,) = of(checked(tmp_path)[0], "permissions")
        assert line["state"] == "warn"
        assert f"can {can}" in line["text"]
        assert line["fix"] == "chmod 600 config.toml"
    path.chmod(0o600)
    assert of(checked(tmp_path)[0], "permissions") == []
    ledger = tmp_path / "newsbot.db"
    ledger.chmod(0o640)  # as those were made that are older than this
    (line,) = of(checked(tmp_path)[0], "permissions")
    assert line["fix"] == f"chmod 600 {ledger}"
    assert ledger.stat().st_mode & 0o777 == 0o640


def test_a_heartbeat_without_its_address_fails_before_a_start_does(tmp_path):
    """The variable is named; where it is filled, it is not asked: nobody is alive yet."""
    with ScriptedServer() as server:
        url = server.on("/ping/secret", Reply(200, {}, b"OK"))
        config(tmp_path, server, more='[heartbeat]\nurl_env = "BEAT"\n')
        lines, code = checked(tmp_path)
        (line,) = of(lines, "heartbeat")
        assert (code, line["state"]) == (3, "fail")
        assert "BEAT" in line["text"]
        assert line["fix"]
        lines, code = checked(tmp_path, BEAT=url)
        (line,) = of(lines, "heartbeat")
        assert (code, line["state"]) == (0, "ok")
        assert "secret" not in json.dumps(lines)
        assert server.requests == []


def test_a_damaged_ledger_fails_and_the_rest_is_tried(tmp_path):
    """Overwritten pages are found, named and not written to; channels are still tried."""
    config(tmp_path)
    path = tmp_path / "newsbot.db"
    open_store(path).close()
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    path.write_bytes(content)
    lines, code = checked(tmp_path)
    (line,) = of(lines, "database")
    assert (code, line["state"]) == (3, "fail")
    assert line["fix"]
    assert of(lines, "ledger")[0]["state"] == "warn"
    assert of(lines, "channels")
    assert not of(lines, "feeds")


def test_a_foreign_file_is_no_ledger(tmp_path):
    """A file that is no database is named, and stays as it was."""
    config(tmp_path)
    path = tmp_path / "newsbot.db"
    path.write_bytes(b"not a database at all" * 100)
    lines, code = checked(tmp_path)
    assert (code, of(lines, "database")[0]["state"]) == (3, "fail")
    assert path.read_bytes() == b"not a database at all" * 100


def test_a_folder_that_is_missing_or_a_file_fails(tmp_path):
    """Where newsbot could not write, the line names the place."""
    (tmp_path / "file").touch()
    config(tmp_path, more='[backup]\nto = "file/backups"')
    lines, code = checked(tmp_path)
    (line,) = of(lines, "folders")
    assert (code, line["state"]) == (3, "fail")
    assert "file" in line["text"]
    assert line["fix"]


def test_the_model_can_be_left_out(tmp_path):
    """With --no-model no line speaks of it; without, one that is not there fails."""
    config(tmp_path, more='[model]\npreset = "server"\nname = "m"')
    assert of(checked(tmp_path)[0], "model") == []
    done = here(tmp_path, "check", "--json")
    (line,) = of(json.loads(done.out), "model")
    assert (done.code, line["state"]) == (3, "fail")
    assert "newsbot model info" in line["fix"]
