"""Case 65: ledgers of every schema are migrated whole, or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import pytest

from newsbot.adapters.db import open_store
from newsbot.adapters.db.copying import check_database, count_rows
from newsbot.adapters.lock import hold_lock
from newsbot.errors import StoreError, StoreOutdatedError, StoreVersionError
from torture.ledgers import (
    NAMES,
    SCHEMAS,
    killed_at,
    ledger_at,
    schema_digest,
    tables,
)

#: Migrations that fill new tables from old ones; what they add is no loss.
GROWS = {"_sqlite_migrations", "sqlite_sequence", "articles_fts_data"}


def look(path):
    """Rows by table, the migrations that were applied, and broken references."""
    with closing(sqlite3.connect(path)) as raw:
        applied = raw.execute("SELECT name FROM _sqlite_migrations ORDER BY id")
        return (
            count_rows(raw),
            [name for (name,) in applied],
            raw.execute("PRAGMA foreign_key_check").fetchall(),
        )


@pytest.mark.case(65, "ledger of every schema, rows in every table")
@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_migrated_with_all_rows(tmp_path, name):
    """Rows, references and a copy of what was there; a second start changes nothing."""
    path = tmp_path / "news.db"
    before = ledger_at(path, name, 3)
    open_store(path).close()
    after, applied, broken = look(path)
    assert applied == NAMES
    assert broken == []
    assert check_database(path) is None
    kept = {table: n for table, n in before.items() if table not in GROWS}
    assert len(kept) > 10
    assert {table: after[table] for table in kept} == kept
    copies = sorted(tmp_path.glob("*.backup"))
    if name == NAMES[-1]:
        assert copies == []
        return
    assert [copy.name for copy in copies] == [f"news.db.{name}.backup"]
    rows, then, _ = look(copies[0])
    assert (rows, then[-1]) == (before, name)
    copied_at = copies[0].stat().st_mtime_ns
    open_store(path).close()
    assert look(path)[:2] == (after, applied)
    assert copies[0].stat().st_mtime_ns == copied_at


@pytest.mark.case(65, "a schema that was released never changes")
def test_each_schema_is_what_it_was():
    """Whoever edits an old migration, or adds one without a line for it, is told."""
    assert {name: schema_digest(name) for name in NAMES} == SCHEMAS


@pytest.mark.case(65, "kill at each step of a migration")
@pytest.mark.parametrize("name", [NAMES[0], NAMES[-2]])
def test_a_kill_in_a_migration_leaves_all_or_nothing(tmp_path, name, figure):
    """Killed before each statement in turn, the ledger is the old one or the new one."""
    start = tmp_path / "start.db"
    before = ledger_at(start, name, 2)
    step, n_old = 0, 0
    while True:
        step += 1
        path = tmp_path / f"{step}.db"
        shutil.copy(start, path)
        if not killed_at(step, lambda: open_store(path).close()):  # noqa: B023
            break
        rows, applied, broken = look(path)
        assert broken == []
        if applied != NAMES:
            n_old += 1
            assert (rows, applied[-1]) == (before, name)
        if step % 10 == 0:  # and the next start mends it
            open_store(path).close()
            assert look(path)[1] == NAMES
            assert list(tmp_path.glob(f".{step}.db*")) == []
        for leftover in (*tmp_path.glob(f"{step}.db*"), *tmp_path.glob(".*")):
            leftover.unlink()
    figure("kills", step - 1)
    assert n_old > 20


@pytest.mark.case(65, "migration that cannot be copied first")
def test_no_copy_no_migration(tmp_path):
    """Where the copy cannot be written, the ledger stays as it was, and says why."""
    path = tmp_path / "news.db"
    before = ledger_at(path, NAMES[2], 2)
    (tmp_path / f"news.db.{NAMES[2]}.backup").mkdir()
    with pytest.raises(StoreError, match=r"m003_identity\.backup"):
        open_store(path)
    assert look(path)[:2] == (before, NAMES[:3])
    assert list(tmp_path.glob(".*partial*")) == []


@contextmanager
def held(path, doing):
    """Another process at work on a ledger; gives its number."""
    script = (
        "import sys, pathlib; from newsbot.adapters.lock import hold_lock\n"
        "release = hold_lock(pathlib.Path(sys.argv[1]), sys.argv[2])\n"
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(path), doing]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(30)


@pytest.mark.case(65, "upgraded while the service of the older version runs")
@pytest.mark.parametrize("doing", ["", "run --once"])
def test_a_service_at_work_keeps_its_ledger(tmp_path, doing):
    """No command of a newer version changes the tables beneath an older service."""
    path = tmp_path / "news.db"
    before = ledger_at(path, NAMES[-2], 2)
    with held(path, doing) as pid:
        with pytest.raises(StoreOutdatedError, match=rf"process {pid}\b.*restart"):
            open_store(path)
        assert look(path)[:2] == (before, NAMES[:-1])
        assert list(tmp_path.glob("*.backup")) == []
    open_store(path).close()
    assert look(path)[1] == NAMES
    # One of its own version is open to all.
    with held(path, doing):
        open_store(path).close()


@pytest.mark.case(65, "upgraded by the process that holds the ledger itself")
@pytest.mark.parametrize("doing", ["", "run --once", "demo"])
def test_who_holds_the_ledger_upgrades_it(tmp_path, doing):
    """`newsbot run --once` and the demo take the lock first, and open what is older."""
    path = tmp_path / "news.db"
    before = ledger_at(path, NAMES[-2], 2)
    release = hold_lock(path, doing)
    open_store(path).close()
    release()
    after, names, *_ = look(path)
    assert names == NAMES
    assert {name: after[name] for name in before.keys() - GROWS} == {
        name: n for name, n in before.items() if name not in GROWS
    }


@pytest.mark.case(64, "database of a newer version")
def test_a_newer_ledger_is_refused_untouched(tmp_path):
    """An older newsbot names what it does not know and writes nothing."""
    path = tmp_path / "news.db"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('newsbot', 'm999_future', '')"
        )
        raw.commit()
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="m999_future"):
        open_store(path)
    assert path.read_bytes() == before


@pytest.mark.long
@pytest.mark.case(65, "100,000 rows a table, from the first schema")
def test_a_large_ledger_is_migrated(tmp_path, figure):
    """As above, with 100,000 rows in each table."""
    path = tmp_path / "news.db"
    before = ledger_at(path, NAMES[0], 100_000)
    started = time.monotonic()
    open_store(path).close()
    figure("time", time.monotonic() - started, "s")
    after, applied, broken = look(path)
    assert (applied, broken) == (NAMES, [])
    kept = {table: n for table, n in before.items() if table not in GROWS}
    assert {table: after[table] for table in kept} == kept
    with closing(sqlite3.connect(path)) as raw:
        assert len(tables(raw)) > 25
