"""`newsbot backup --to DIR` and `newsbot restore FILE`, as a script calls them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from commands import config, environment, here
from db_nouns import alert, announce_articles, article, deal, put
from torture.ledgers import NAMES, ledger_at

from newsbot.adapters.db import open_store


def scripted(folder, *words):
    """Run a command as cron does: nobody is there to answer."""
    return subprocess.run(
        [sys.executable, "-m", "newsbot", "--config", folder / "config.toml", *words],
        cwd="/",
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.fixture
def filled(tmp_path):
    """A user with one deal, and one message that waits."""
    folder = tmp_path / "first"
    folder.mkdir()
    config(folder)
    store = open_store(folder / "newsbot.db")
    announce_articles(store, article())
    put(store, deal(), "a")
    store.outbox.put(alert(), [("telegram", "42")], article().published_at)
    yield folder, store
    store.close()


def test_each_backup_is_one_file_and_nothing_beside_it(tmp_path, filled):
    """The folder is made, with those above it; the ledger is open and has a log."""
    folder, _ = filled
    to = tmp_path / "far" / "away"
    assert (folder / "newsbot.db-wal").exists()
    done = scripted(folder, "backup", "--to", to)
    assert done.returncode == 0, done
    first = Path(done.stdout.strip())
    assert list(to.iterdir()) == [first]
    assert first.stat().st_mode & 0o777 == 0o600
    again = here(folder, "backup", "--to", to, "--json")
    assert again.code == 0, again
    told = json.loads(again.out)
    assert sorted(to.iterdir()) == sorted([first, Path(told["file"])])
    assert told["rows"] > 0
    with closing(sqlite3.connect(f"{first.as_uri()}?immutable=1", uri=True)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert raw.execute("SELECT count(*) FROM deals").fetchone() == (1,)


def test_a_place_that_is_no_folder_is_refused(tmp_path, filled):
    """A file in its place, or a file above it: one line, and the file stays."""
    folder, _ = filled
    (tmp_path / "taken").write_text("mine")
    assert here(folder, "backup", "--to", tmp_path / "taken").code == 2
    line = here(folder, "backup", "--to", tmp_path / "taken" / "below").refused(3)
    assert "taken" in line
    assert (tmp_path / "taken").read_text() == "mine"


def test_restore_needs_no_database_no_folder_and_no_answer(tmp_path, filled):
    """On a new machine, from a script: the deals are back, nothing is sent again."""
    folder, _ = filled
    (file,) = [Path(scripted(folder, "backup", "--to", tmp_path / "to").stdout.strip())]
    new = tmp_path / "second"
    new.mkdir()
    config(new, more='[database]\npath = "data/of/mine/news.db"\n')
    done = scripted(new, "restore", file)
    assert (done.returncode, done.stdout) == (0, ""), done
    assert "1 messages waited" in done.stderr
    assert "former database" not in done.stderr
    place = new / "data" / "of" / "mine"
    assert {one.name for one in place.iterdir()} == {"news.db", "news.db.lock"}
    (known,) = json.loads(here(new, "deals", "--json").out)
    assert known["id"] == "deal-a"
    status = json.loads(here(new, "status", "--json").out)["deliveries"]
    assert (status["pending"], status["unknown"]) == (0, 1)
    assert json.loads(here(new, "health", "--json").out)["ok"]
    # Twice does no harm, and keeps what was there.
    done = scripted(new, "restore", file)
    assert done.returncode == 0, done
    assert "the former database is now" in done.stderr
    assert len(list(place.glob("news.db.replaced-*"))) == 1


def test_what_cannot_be_restored_leaves_no_database(tmp_path):
    """No such file, a folder, a text: one line, exit code 3, and no ledger is made."""
    config(tmp_path)
    (tmp_path / "text").write_text("no database at all")
    (tmp_path / "folder").mkdir()
    for name in ("missing", "folder", "text"):
        assert name in here(tmp_path, "restore", tmp_path / name).refused(3)
        assert not (tmp_path / "newsbot.db").exists()


def test_the_copy_that_an_upgrade_makes_can_be_restored(tmp_path):
    """An older ledger is migrated beside a copy; the copy holds it as it was, for the
    older version, and this one takes it back, too.
    """
    config(tmp_path)
    path = tmp_path / "newsbot.db"
    ledger_at(path, NAMES[5], 3)
    open_store(path).close()
    (copy,) = tmp_path.glob("newsbot.db.*.backup")
    assert copy.name == f"newsbot.db.{NAMES[5]}.backup"
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as raw:
        newest = raw.execute("SELECT max(name) FROM _sqlite_migrations").fetchone()
        n_deals = raw.execute("SELECT count(*) FROM deals").fetchone()
    assert newest == (NAMES[5],)
    done = here(tmp_path, "restore", copy)
    assert done.code == 0, done
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM deals").fetchone() == n_deals
        newest = raw.execute("SELECT max(name) FROM _sqlite_migrations").fetchone()
    assert newest == (NAMES[-1],)
