"""Cases 62-64 and 67: disks that are full, locks, files that are no ledger, references."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from commands import config, here
from db_nouns import NOW, alert, announce, announce_articles, article, deal, entry, put
from servers.telegram import TelegramServer

from newsbot.adapters.db import open_store
from newsbot.adapters.db.backups import write_backup
from newsbot.adapters.db.connection import open_for_reading
from newsbot.adapters.db.copying import check_database
from newsbot.errors import StoreBusyError, StoreError
from torture.ledgers import fill, tables
from torture.outboxes import post


def filled(path):
    """A ledger with a deal and a message that waits."""
    store = open_store(path)
    announce_articles(store, article())
    put(store, deal(), "a")
    store.outbox.put(alert(), [("telegram", "42")], NOW)
    return store


def limit(store, n_more=0):
    """Let the database grow by so many pages, and no more, as a full disk would."""
    db = store.connection.db
    (n_pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={n_pages + n_more}")


@pytest.mark.case(62, "disk full while storing")
def test_a_full_disk_stores_all_or_nothing_and_recovers(tmp_path):
    """What does not fit is not there at all; with space again it is stored."""
    path = tmp_path / "news.db"
    store = filled(path)
    limit(store, 4)
    many = [entry(f"n{n}", summary="x" * 3000) for n in range(60)]
    before = store.line.counts()
    with pytest.raises(StoreError, match="disk is full"):
        announce(store, *many)
    assert store.line.counts() == before
    store.connection.db.execute("PRAGMA max_page_count=1000000")
    announce(store, *many)
    assert store.line.counts()["found"] == before["found"] + 60
    store.close()
    assert check_database(path) is None


@pytest.mark.case(62, "disk full while sending")
def test_what_is_stored_is_sent_on_a_full_disk_or_waits_loudly(tmp_path):
    """With no page left, messages go out and are marked, or sending stops with a reason;
    with space again each has arrived, and none twice without being counted.
    """
    path = tmp_path / "news.db"
    with TelegramServer() as server, post(path, server) as office:
        office.fill(["1", "2", "3"], range(4))
        limit(office.store)
        try:
            office.serve()
        except StoreError as error:
            assert "disk is full" in str(error)  # noqa: PT017
    with TelegramServer() as again, post(path, again) as office:
        office.serve()
        arrived = len(server.accepted) + len(again.accepted)
        deliveries = office.outbox.deliveries()
        assert {one.state for one in deliveries} == {"sent"}
        n_unknown = sum(one.n_unknown for one in deliveries)
        assert len(deliveries) == 12
        assert 12 <= arrived <= 12 + n_unknown


@pytest.mark.case(62, "disk full while backing up")
def test_a_backup_that_does_not_fit_leaves_nothing(tmp_path):
    """A limit on file size stands for a full disk: one line, no half of a file, and the
    older backups stay.
    """
    path = tmp_path / "news.db"
    filled(path).close()
    write_backup(path, tmp_path / "to", NOW, keep=1)
    code = (
        "import resource, signal, sys\n"
        # Else modules are cached cut off at the limit, for every later process.
        "sys.dont_write_bytecode = True\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from newsbot.cli import main\n"
        "sys.argv = ['newsbot', 'backup', '--to', 'to', '--keep', '1']\n"
        "main()\n"
    )
    (tmp_path / "config.toml").write_text('[database]\npath = "news.db"\n')
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    (kept,) = (tmp_path / "to").iterdir()
    assert kept.name == "news-20260301T120000Z.db"
    assert check_database(kept) is None


@pytest.mark.case(63, "writer lock held by another process")
def test_a_held_lock_is_waited_for_and_then_named(tmp_path):
    """A writer waits as long as it may; one line names the lock; then it goes on."""
    path = tmp_path / "news.db"
    filled(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = open_store(path, busy_timeout_ms=50)
        with pytest.raises(StoreBusyError, match="writer lock"):
            announce(store, entry("late"))
        assert store.line.entry("entry-late") is None
        # Reading, watching and backing up wait for no writer.
        assert store.ledger.deal("deal-a") is not None
        with closing(open_for_reading(path)) as reader:
            assert reader.rows("SELECT count(*) AS n FROM deals") == [{"n": 1}]
        assert write_backup(path, tmp_path / "to", NOW).n_rows > 5
        store.close()
    # It was let go: nothing but the one refused write has to be repeated.
    patient = open_store(path)
    announce(patient, entry("late"))
    assert patient.line.entry("entry-late") is not None
    patient.close()


@pytest.mark.case(63, "long reader during checkpoints")
def test_the_log_is_folded_in_once_a_long_reader_leaves(tmp_path, figure):
    """While somebody reads one old state the log grows; afterwards it is used anew."""
    path, log = tmp_path / "news.db", tmp_path / "news.db-wal"
    store = filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        for n in range(40):
            announce(store, *(entry(f"{n}-{m}", summary="x" * 2000) for m in range(40)))
        grown = log.stat().st_size
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)
        reader.execute("COMMIT")
    for n in range(120):  # three times as much, without anybody in the way
        announce(store, *(entry(f"b{n}-{m}", summary="x" * 2000) for m in range(40)))
    after = log.stat().st_size
    figure("log", f"{grown / 2**20:.1f}, then {after / 2**20:.1f} MiB")
    assert after < 1.5 * grown
    store.close()
    assert not log.exists()
    assert check_database(path) is None


def refused(tmp_path, data, *words):
    """A command on a database of these bytes: its one line; the bytes stay."""
    path = tmp_path / "newsbot.db"
    path.write_bytes(data)
    config(tmp_path)
    done = here(tmp_path, *words)
    line = done.refused(3)
    assert len(done.err.splitlines()) == 1
    assert path.read_bytes() == data
    return line


@pytest.mark.case(64, "random bytes, foreign, truncated database")
@pytest.mark.parametrize("command", [("feeds", "list"), ("run", "--once"), ("backup",)])
def test_what_is_no_ledger_is_refused_untouched(tmp_path, command):
    """One line with the reason, exit code 3, and the file as it was."""
    rng = random.Random(1)
    assert "not a newsbot database" in refused(tmp_path, rng.randbytes(9000), *command)
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as raw:
        raw.execute("CREATE TABLE songs (name TEXT)")
        raw.commit()
    foreign = (tmp_path / "foreign.db").read_bytes()
    assert "not a newsbot database" in refused(tmp_path, foreign, *command)
    filled(tmp_path / "whole.db").close()
    whole = (tmp_path / "whole.db").read_bytes()
    assert "damaged" in refused(tmp_path, whole[:30_000], *command)
    health = here(tmp_path, "health", "--json")
    assert (health.code, '"ok": false' in health.out) == (6, True), health


@pytest.mark.case(64, "flipped bytes")
def test_flipped_bytes_never_pass_as_a_backup_nor_raise_a_traceback(tmp_path, figure):
    """Whatever bytes flip: commands end in one line, and a file whose tables are broken
    is neither backed up nor restored.
    """
    source = tmp_path / "whole.db"
    filled(source).close()
    whole, rng = source.read_bytes(), random.Random(7)
    config(tmp_path)
    n_broken = 0
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(40):
            data[rng.randrange(4096, len(data))] ^= rng.randrange(1, 256)
        broken = tmp_path / "broken.db"
        broken.write_bytes(data)
        try:
            wrong = check_database(broken)
        except StoreError as error:
            wrong = str(error)
        (tmp_path / "newsbot.db").write_bytes(data)
        for words in (("status",), ("health", "--json"), ("deals",), ("backup",)):
            done = here(tmp_path, *words)
            assert "Traceback" not in done.err, done
            assert done.code in (0, 3, 6), done
            if wrong and words == ("backup",):
                assert done.code == 3, wrong
        for leftover in tmp_path.glob("newsbot.db*"):
            leftover.unlink()
        if wrong:
            n_broken += 1
            assert here(tmp_path, "restore", broken).refused(3)
            assert not (tmp_path / "newsbot.db").exists()
    figure("broken", n_broken, "of 12")
    assert n_broken > 6


@pytest.mark.case(64, "database on a missing or read-only volume")
def test_a_missing_folder_and_a_read_only_one_are_named(tmp_path):
    """The line names the place; nothing is made in its stead."""
    (tmp_path / "config.toml").write_text('[database]\npath = "away/news.db"\n')
    assert "does not exist" in here(tmp_path, "feeds", "list").refused(3)
    found = here(tmp_path, "health", "--json")
    assert (found.code, "does not exist" in found.out) == (6, True), found
    assert "does not exist" in here(tmp_path, "status").refused(3)
    assert not (tmp_path / "away").exists()
    (tmp_path / "away").mkdir()
    filled(tmp_path / "away" / "news.db").close()
    done = here(tmp_path, "health", "--json")
    assert done.code == 0, done


@pytest.mark.case(72, "a new ledger, and what lies beside it")
def test_a_new_ledger_is_its_owners_alone(tmp_path):
    """Addresses of readers are in it: nobody else may read it, nor what lies beside it."""
    path = tmp_path / "news.db"
    mask = os.umask(0o022)
    try:
        store = open_store(path)
        announce(store, entry())
        modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(mask)
    assert modes == {f"news.db{end}": 0o600 for end in ("", "-wal", "-shm")}
    path.chmod(0o640)  # who shares it on purpose goes on sharing it
    open_store(path).close()
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.case(67, "foreign_keys on every connection")
def test_every_connection_holds_references(tmp_path):
    """The pragma is 1 wherever newsbot opens a ledger."""
    path = tmp_path / "news.db"
    stores = [open_store(path), open_store(path), open_store(None)]
    connections = [store.connection for store in stores] + [open_for_reading(path)]
    for connection in connections:
        assert connection.rows("PRAGMA foreign_keys") == [{"foreign_keys": 1}]
        connection.close()


@pytest.mark.case(67, "feed removed with entries, queue, subscriptions")
def test_a_removed_row_leaves_no_orphans(tmp_path):
    """Whatever is removed, of any table: no row belongs to one that is gone."""
    path = tmp_path / "news.db"
    store = open_store(path)
    raw = store.connection.db.conn
    raw.execute("PRAGMA foreign_keys=OFF")
    for table, _ in tables(raw):
        fill(raw, table, 4)
    raw.execute("PRAGMA foreign_keys=ON")
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    assert store.feeds.remove("a0")
    kept = raw.execute("SELECT feed_id FROM entries WHERE id = 'a0'").fetchall()
    assert kept == [(None,)]  # what a feed brought stays
    assert raw.execute("SELECT count(*) FROM archive_pages").fetchone() == (3,)
    for table in ("entries", "deals", "alerts", "subscribers", "contents", "articles"):
        raw.execute(f"DELETE FROM {table} WHERE id = 'a1'")
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == [], table
    n_alerts = raw.execute("SELECT count(*) FROM deliveries").fetchone()
    assert n_alerts == (3,)
    store.close()
    assert check_database(path) is None
