"""The command line from its first call on: help, configs, exit codes, hang-ups."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime

import click
import pytest
from commands import ROOT, config, environment, here, newsbot
from db_nouns import alert, announce_articles, article, deal, put
from servers.scripted import Reply, ScriptedServer
from servers.telegram import TOKEN, TelegramServer

from newsbot.adapters.db import open_store
from newsbot.cli import cli
from newsbot.config import Config, load_config

HEAVY = (
    "torch transformers telegram trafilatura ray matplotlib sqlite_utils numpy"
).split()


def commands(command=cli, words=()):
    """Every command with the words that call it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*words, name))
    else:
        yield words, command


def test_every_command_has_help_and_a_mention():
    """Each command and option says what it does; the README names each command."""
    readme = ROOT / "README.md"
    named = readme.read_text(encoding="utf-8") if readme.exists() else None
    found = dict(commands())
    assert len(found) > 15
    for words, command in found.items():
        assert command.help, words
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, words
        if named is not None:
            assert f"newsbot {' '.join(words)}" in named


def test_help_loads_nothing_heavy(tmp_path):
    """A fresh interpreter that answers --help has loaded none of the big libraries."""
    code = (
        "import sys; sys.argv = ['newsbot', 'feeds', 'add', '--help']\n"
        "from newsbot.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Usage: newsbot feeds add")
    assert done.stderr.strip() == "[]"


def test_init_writes_a_config_that_works_and_never_overwrites(tmp_path):
    """The first config is valid, commented, and as good as none; a second is refused."""
    first = newsbot(tmp_path, "init", "--lang", "de")
    assert (first.code, first.out) == (0, "")
    path = tmp_path / "config.toml"
    assert load_config(path).alerts.language == "de"
    assert load_config(path).model == Config().model
    path.write_text("# mine\n")
    assert "exists already" in here(tmp_path, "init").refused(2)
    assert path.read_text() == "# mine\n"
    assert here(tmp_path, "--config", "new/folder/a.toml", "init").code == 0
    assert tomllib.loads((tmp_path / "new/folder/a.toml").read_text())
    (tmp_path / "file").touch()
    assert "file" in here(tmp_path, "--config", "file/a.toml", "init").refused(2)


def test_the_config_is_found(tmp_path):
    """--config wins over NEWSBOT_CONFIG, and that over the file in the folder."""
    for name in ("option", "variable", "config"):
        (tmp_path / f"{name}.toml").write_text(f'[database]\npath = "{name}.db"')
    variable = {"NEWSBOT_CONFIG": str(tmp_path / "variable.toml")}
    assert here(tmp_path, "deals").code == 0
    assert newsbot(tmp_path, "deals", **variable).code == 0
    assert {p.stem for p in tmp_path.glob("*.db")} == {"config", "variable"}
    (tmp_path / "variable.db").unlink()
    assert newsbot(tmp_path, "--config", "option.toml", "deals", **variable).code == 0
    assert {p.stem for p in tmp_path.glob("*.db")} == {"config", "option"}


def test_without_a_config_the_way_to_one_is_told(tmp_path):
    """A command that needs a config names `init`; one that does not, works."""
    assert "newsbot init" in here(tmp_path, "deals").refused(3)
    assert "no.toml" in here(tmp_path, "--config", "no.toml", "deals").refused(3)
    assert here(tmp_path, "model", "info", "--json").code == 0


def test_a_config_without_feeds_is_valid(tmp_path):
    """An empty config polls nothing, walks nothing, and is no error."""
    (tmp_path / "config.toml").touch()
    done = newsbot(tmp_path, "run", "--once")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [
        "no feeds yet: `newsbot feeds add URL` adds one",
        "0 feeds polled, 0 failed, 0 new entries",
    ]


def test_a_config_error_names_the_place(tmp_path):
    """A typo is answered with file, line, key, value and the nearest known key."""
    path = tmp_path / "config.toml"
    path.write_text('config_version = 1\n\n[alerts]\nlangauge = "de"\n')
    line = newsbot(tmp_path, "deals").refused(3)
    for part in (f"{path}:4", "alerts.langauge", "'de'", "'language'"):
        assert part.removeprefix(f"{tmp_path}/") in line


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[feeds]]\nurl = "http://exa mple.org/f"', "feeds"),
        ('[[organisations]]\nname = "Nvidia"\nkind = "nonsense"', "organisations"),
        ("[telegram]\nchats = [1]", "TELEGRAM_BOT_TOKEN"),
    ],
)
def test_what_only_shows_when_it_is_built_is_a_config_error_too(tmp_path, text, named):
    """`run` refuses a config whose parts cannot be built before it does anything."""
    (tmp_path / "config.toml").write_text(text)
    assert named in here(tmp_path, "run", "--once").refused(3)


def test_a_database_that_cannot_be_used_stays_untouched(tmp_path):
    """A missing folder, a newer ledger and a foreign file are refused in one line."""
    path = config(tmp_path, more='[database]\npath = "no/such/a.db"')
    assert "no/such does not exist" in newsbot(tmp_path, "deals").refused(3)
    database = tmp_path / "a.db"
    path.write_text('[database]\npath = "a.db"')
    database.write_bytes(b"no database at all" * 100)
    before = database.read_bytes()
    assert "not a newsbot database" in here(tmp_path, "deals").refused(3)
    assert database.read_bytes() == before
    database.unlink()
    store = open_store(database)
    store.connection.db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        "VALUES ('newsbot', 'm999_later', '')"
    )
    store.close()
    assert "newer newsbot" in here(tmp_path, "deals").refused(3)


def test_usage_errors_are_exit_code_2(tmp_path):
    """What cannot be meant is answered with usage, on standard error."""
    config(tmp_path)
    for words in (
        ["nonsense"],
        ["run", "--force-poll"],
        ["feeds", "add", "ftp://a.example"],
        ["search"],
    ):
        here(tmp_path, *words).refused(2)
    assert newsbot(tmp_path, "nonsense").code == 2


def test_part_of_the_work_undone_is_exit_code_4(tmp_path):
    """A feed that fails costs exit code 4 and one line; the others were served."""
    with ScriptedServer() as server:
        broken = server.on("/feed", Reply(500))
        config(tmp_path, server, more=f'[[feeds]]\nurl = "{broken}"')
        done = newsbot(tmp_path, "run", "--once")
    assert (done.code, done.out) == (4, "")
    assert f"{broken}: server answered 500" in done.err
    assert "1 feeds polled, 1 failed" in done.err


def test_a_missed_floor_is_exit_code_5(tmp_path):
    """A corpus with a problem lists it as data and fails as a gate does."""
    line = {
        "id": "x",
        "url": "https://a.example",
        "source": "a.example",
        "published": "2026-03-01T12:00:00+00:00",
        "language": "en",
        "title": "A title",
        "text": "A text.",
        "deals": [],
        "spans": [{"field": "nonsense", "start": 0, "end": 1}],
    }
    (tmp_path / "corpus.jsonl").write_text(json.dumps(line))
    done = newsbot(tmp_path, "tuning", "check", "corpus.jsonl")
    assert done.code == 5
    assert "span of unknown field nonsense" in done.out
    assert done.err.endswith("error: the corpus has 1 problems\n")


def test_what_nobody_foresaw_is_exit_code_1(tmp_path):
    """A full disk below standard output is one line as well, without a traceback."""
    config(tmp_path)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "newsbot", "deals", "--json"],
            cwd=tmp_path,
            # Buffered, as everywhere: what is left in the buffer is written at the end.
            env={**environment(tmp_path), "PYTHONUNBUFFERED": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_who_hangs_up_is_no_error(tmp_path):
    """`newsbot feeds list | head` ends in silence."""
    config(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "newsbot", "deals", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_check_says_what_is_wrong_and_how_to_mend_it(tmp_path):
    """Every part is tried; what fails or is missing comes with a fix, and exit code 3."""
    with ScriptedServer() as server:
        broken = server.on("/feed", Reply(500))
        more = f'[[feeds]]\nurl = "{broken}"\n[telegram]\nchats = [1]\n'
        model = '[model]\npreset = "server"\nname = "m"\nbase_url = "http://{}/v1"\n'
        config(tmp_path, server, more=more + model.format(server.netloc))
        done = here(tmp_path, "check", "--json")
        shown = here(tmp_path, "check")
    assert done.code == shown.code == 3
    lines = {line["part"]: line for line in json.loads(done.out)}
    states = {part: line["state"] for part, line in lines.items()}
    assert states == {
        "config": "ok",
        "permissions": "warn",
        "folders": "ok",
        "disk": "ok",
        "database": "ok",
        "model": "fail",
        "feeds": "fail",
        "clock": "warn",
        "channels": "fail",
        "deliveries": "ok",
    }
    assert all(lines[part]["fix"] for part in ("model", "feeds", "channels"))
    assert f"newsbot feeds test {broken}" in lines["feeds"]["fix"]
    assert len(re.findall(r"^(ok|fail) +\w+: ", shown.out, re.M)) >= 8


def test_check_says_what_became_of_the_messages(tmp_path):
    """Sent, unknown and parked are counted; a bot that is refused, and why it rests."""
    with ScriptedServer() as server, TelegramServer() as telegram:
        more = f'[telegram]\nchats = [42]\nbase_url = "{telegram.base_url}"\n'
        model = '[model]\npreset = "server"\nname = "m"\nbase_url = "http://{}/v1"\n'
        config(tmp_path, server, more=more + model.format(server.netloc))
        store = open_store(tmp_path / "newsbot.db")
        announce_articles(store, article())
        put(store, deal(), "a")
        now = datetime.now(UTC)
        store.outbox.put(alert(), [("telegram", "1"), ("telegram", "2")], now)
        first, _ = store.outbox.due(now)
        store.outbox.postpone(first.id, "no answer", now, unknown=True)
        store.outbox.sent(first.id, "7")
        store.outbox.park("telegram", "2", "Forbidden: blocked", now)
        store.close()
        good = newsbot(tmp_path, "check", TELEGRAM_BOT_TOKEN=TOKEN).out
        telegram.token = "1:another"
        bad = newsbot(tmp_path, "check", TELEGRAM_BOT_TOKEN=TOKEN)
    assert "channels: telegram: @newsbot_test_bot" in good
    assert "deliveries: 1 sent, 1 waiting, 0 failed, 0 unknown; 1 tries had no" in good
    assert "telegram 2 parked: Forbidden: blocked" in good
    assert bad.code == 3
    assert "the bot token was refused" in bad.out
    assert TOKEN not in bad.out + bad.err
