"""The ledger's file: refused untouched, or kept whole, whatever happens."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from db_nouns import (
    NOW,
    announce,
    article,
    entry,
    feed,
    one_line,
)

from newsbot.adapters.db import open_database, open_store
from newsbot.errors import StoreBusyError, StoreError, StoreVersionError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "newsbot.db"


@pytest.fixture
def store(path):
    opened = open_store(path)
    yield opened
    opened.close()


def python(code, *arguments):
    """Start a second process that imports the same newsbot."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def second_process(code, *arguments):
    """Run code in a second process up to its first line of output."""
    process = python(code, *arguments)
    try:
        ready = process.stdout.readline().strip()
        assert ready == "ready", process.stderr.read()
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def unprivileged():
    """Give up root's right to write everywhere."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("place", ["file", "memory"])
def test_every_connection_has_its_pragmas(path, place):
    """Foreign keys, full synchronisation and the busy timeout hold from the start."""
    for _ in range(2):
        connection = open_database(path if place == "file" else None)
        read = {
            name: connection.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        }
        connection.close()
        assert read == {
            "foreign_keys": 1,
            "journal_mode": "wal" if place == "file" else "memory",
            "synchronous": 2,
            "busy_timeout": 15_000,
        }


def test_opening_again_changes_nothing(path):
    """Migrations run once; a second opening leaves schema, rows and bytes alone."""
    store = open_store(path)
    announce(store, entry())
    store.close()
    before = path.read_bytes()
    store = open_store(path)
    assert store.line.counts() == {"found": 1}
    store.close()
    assert path.read_bytes() == before


def test_a_closed_store_leaves_one_file(path, tmp_path):
    """Closing folds the write-ahead log in: the ledger can be copied as one file."""
    store = open_store(path)
    announce(store, entry())
    store.close()
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_newer_ledger_is_refused_untouched(path):
    """A ledger with a migration unknown here is left as it was, byte by byte."""
    open_store(path).close()
    raw = sqlite3.connect(path)
    raw.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        "VALUES ('newsbot', 'm999_future', '2030-01-01')"
    )
    raw.commit()
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="m999_future") as error:
        open_store(path)
    assert one_line(error)
    assert str(path) in str(error.value)
    assert path.read_bytes() == before


def foreign_sqlite(path):
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE notes (text)")
    raw.commit()
    raw.close()


def foreign_migrated(path):
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE notes (text)")
    raw.execute("CREATE TABLE _sqlite_migrations (migration_set, name, applied_at)")
    raw.execute("INSERT INTO _sqlite_migrations VALUES ('notes', 'm001', '')")
    raw.commit()
    raw.close()


def random_bytes(path):
    path.write_bytes(bytes(range(256)) * 64)


def few_bytes(path):
    path.write_bytes(b"not a database")


def truncated(path):
    open_store(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def truncated_in_the_first_page(path):
    open_store(path).close()
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize(
    "make",
    [
        foreign_sqlite,
        foreign_migrated,
        random_bytes,
        few_bytes,
        truncated,
        truncated_in_the_first_page,
    ],
)
def test_what_is_not_our_ledger_is_refused_untouched(path, make):
    """Somebody else's or damaged files give one line naming the file, and stay."""
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError) as error:
        open_store(path)
    assert one_line(error)
    assert str(path) in str(error.value)
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_an_empty_file_becomes_a_ledger(path):
    """A file of no bytes, as mktemp makes it, is nobody's database yet."""
    path.touch()
    store = open_store(path)
    assert store.line.counts() == {}
    store.close()


def test_a_missing_folder_is_named(tmp_path):
    """No folder is made for a mistyped path; the error names the folder."""
    with pytest.raises(StoreError, match="nowhere does not exist") as error:
        open_store(tmp_path / "nowhere" / "newsbot.db")
    assert one_line(error)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path):
    """A folder in the file's place is one line, not a traceback."""
    with pytest.raises(StoreError, match="unable to open") as error:
        open_store(tmp_path)
    assert one_line(error)


@pytest.mark.parametrize(
    ("what", "file_mode", "folder_mode"),
    [("newsbot.db", 0o444, 0o777), ("", 0o666, 0o555)],
)
def test_a_read_only_ledger_is_refused_untouched(what, file_mode, folder_mode):
    """What could not be written later is refused when it is opened."""
    # Not pytest's folder: nobody else may look into that one.
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "newsbot.db")
        open_store(path).close()
        before = path.read_bytes()
        path.chmod(file_mode)
        path.parent.chmod(folder_mode)
        refused = re.escape(f"{Path(name, what)} is read-only")
        with unprivileged(), pytest.raises(StoreError, match=refused) as error:
            open_store(path)
        path.parent.chmod(0o700)
        assert one_line(error)
        assert path.read_bytes() == before
        assert [item.name for item in path.parent.iterdir()] == [path.name]


HOLD_THE_LOCK = """
import sqlite3, sys
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("BEGIN IMMEDIATE")
print("ready", flush=True)
sys.stdin.readline()
raw.execute("COMMIT")
print("done", flush=True)
"""


def test_a_held_lock_is_waited_for_then_named(path):
    """While another process writes, a writer waits its timeout, then says so."""
    open_store(path).close()
    store = open_store(path, busy_timeout_ms=200)
    with second_process(HOLD_THE_LOCK, path) as holder:
        begun = datetime.now(UTC)
        with pytest.raises(StoreBusyError, match="writer lock") as error:
            announce(store, entry())
        assert datetime.now(UTC) - begun >= timedelta(milliseconds=200)
        assert one_line(error)
        assert store.line.counts() == {}  # readers are never kept out
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "done"
        announce(store, entry())
    assert store.line.counts() == {"found": 1}
    store.close()


def test_a_lock_given_back_in_time_is_no_error(path):
    """A writer whose wait ends before its timeout goes on as if nothing was."""
    open_store(path).close()
    store = open_store(path, busy_timeout_ms=20_000)
    code = HOLD_THE_LOCK.replace("sys.stdin.readline()", "import time; time.sleep(0.4)")
    with second_process(code, path):
        announce(store, entry())
    assert store.line.counts() == {"found": 1}
    store.close()


OPEN_AT_ONCE = """
import sys
from pathlib import Path
from newsbot.adapters.db import open_store
print("ready", flush=True)
for name in sys.stdin:
    store = open_store(Path(name.strip()))
    store.line.counts()
    store.close()
    print("opened", flush=True)
"""


def test_processes_that_open_a_new_file_at_once_all_succeed(tmp_path):
    """Only one of several migrates a new ledger; the others wait and go on."""
    with (
        second_process(OPEN_AT_ONCE) as one,
        second_process(OPEN_AT_ONCE) as two,
        second_process(OPEN_AT_ONCE) as three,
    ):
        for n in range(30):
            for process in (one, two, three):
                process.stdin.write(f"{tmp_path / f'{n}.db'}\n")
                process.stdin.flush()
            for process in (one, two, three):
                line = process.stdout.readline().strip()
                assert line == "opened", process.communicate()[1]


WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from newsbot.adapters.db import open_store
from db_nouns import announce, entry, feed, NOW
store = open_store(Path(sys.argv[1]))
announce(store, *(entry(f"kept-{n}") for n in range(50)))
with store.connection.atomic():
    announce(store, *(entry(f"lost-{n}") for n in range(20_000)))
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_a_kill_in_a_transaction_loses_nothing_committed(path):
    """After kill -9 in mid-transaction the committed rows are whole, the rest gone."""
    with second_process(WRITE_UNTIL_KILLED, path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    store = open_store(path)
    assert store.line.counts() == {"found": 50}
    check = store.connection.db.execute("PRAGMA integrity_check").fetchone()
    assert check == ("ok",)
    assert store.connection.db.execute("PRAGMA foreign_key_check").fetchall() == []
    store.close()


def test_a_full_disk_leaves_nothing_half_written(store):
    """When the disk is full the whole transaction goes, and the ledger lives on."""
    announce(store, entry())
    pages = store.connection.db.execute("PRAGMA page_count").fetchone()[0]
    store.connection.db.execute(f"PRAGMA max_page_count={pages + 2}").fetchone()
    large = [entry(f"large-{n}", summary="x" * 3000) for n in range(50)]
    with pytest.raises(StoreError, match="disk is full") as error:
        store.feeds.polled(feed(etag="new"), large, NOW)
    assert one_line(error)
    assert store.line.counts() == {"found": 1}
    assert store.feeds.all()[0].etag is None
    store.connection.db.execute("PRAGMA max_page_count=1000000").fetchone()
    assert store.feeds.polled(feed(etag="new"), large, NOW) == 50


def test_a_commit_that_fails_does_not_stay_open(store):
    """A transaction refused at its commit is gone: the next one starts afresh."""
    announce(store, entry())
    db = store.connection.db

    def orphan() -> None:
        with store.connection.atomic():
            db.execute("PRAGMA defer_foreign_keys=ON")
            db.execute("UPDATE entries SET feed_id = 'nobody'")

    with pytest.raises(StoreError, match="FOREIGN KEY"):
        orphan()
    assert not db.conn.in_transaction
    assert store.line.due("found", NOW, 9)[0].feed_id is None


def test_an_error_inside_a_transaction_undoes_all_of_it(store):
    """A product and its state are stored together or not at all."""
    announce(store, entry())

    def stumble() -> None:
        with store.connection.atomic():
            store.line.put_article(article())
            store.line.advance("entry-a", taken="found", given="extracted")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert store.line.article("article-a") is None
    assert store.line.state("entry-a") == ("found", None, 0)


def test_a_broken_rule_of_the_schema_is_one_line(store):
    """An article without its entry is refused with SQLite's reason."""
    with pytest.raises(StoreError, match="FOREIGN KEY") as error:
        store.line.put_article(article())
    assert one_line(error)
    assert "damaged" not in str(error.value)
