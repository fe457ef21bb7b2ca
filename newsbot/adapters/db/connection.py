"""Opening the database file: pragmas, version check, migrations."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from newsbot.adapters.db.schema import MIGRATIONS
from newsbot.errors import StoreBusyError, StoreError, StoreVersionError

#: Milliseconds a writer waits for another process's transaction.
BUSY_TIMEOUT_MS = 15_000


class Connection:
    """One SQLite connection, one transaction at a time.

    The service's threads share it; a lock keeps their transactions apart.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._lock = threading.RLock()

    @contextmanager
    def atomic(self) -> Iterator[Database]:
        """Run a block in one transaction, or in none at all.

        Raises:
            StoreBusyError: Another process held the lock for too long.
            StoreError: The disk is full, read-only or damaged.
        """
        with self._lock, translated():
            if self.db.conn.in_transaction:
                yield self.db
                return
            # A deferred transaction that writes later fails at once when another
            # process wrote meanwhile, whatever the busy timeout: take the lock now.
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                # A commit that fails (disk full) leaves its transaction open.
                self.db.commit()
            except BaseException:
                self.db.rollback()
                raise

    def rows(
        self, sql: str, parameters: tuple[object, ...] = ()
    ) -> list[dict[str, object]]:
        """Read every row of a query."""
        with self._lock, translated():
            return list(self.db.query(sql, parameters))

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        with self._lock:
            self.db.close()


@contextmanager
def translated(path: str = "database") -> Iterator[None]:
    """Turn SQLite's errors into ours, most specific first."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code: https://sqlite.org/rescode.html
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusyError(
                f"{path}: another process holds the database's writer lock; try again"
            ) from error
        if code == sqlite3.SQLITE_FULL:
            raise StoreError(
                f"{path}: the disk is full; nothing was half-written"
            ) from error
        if code == sqlite3.SQLITE_READONLY:
            raise StoreError(f"{path}: the database is read-only") from error
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise StoreError(
                f"{path}: damaged, or not a newsbot database ({error})"
            ) from error
        raise StoreError(f"{path}: {error}") from error


def open_database(
    path: Path | None, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> Connection:
    """Open, check and migrate the ledger.

    Args:
        path: The file; None for one in memory.
        busy_timeout_ms: Milliseconds to wait for another process's transaction.

    Raises:
        StoreBusyError: Another process held the writer lock for longer.
        StoreVersionError: Written by a newer newsbot.
        StoreError: Not a database, not ours, damaged, or not writable.
    """
    name = str(path) if path else ":memory:"
    if path is not None:
        _refuse_unwritable(path)
    with translated(name):
        raw = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        try:
            raw.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
            _refuse_foreign(raw, name)
            _write_ahead(raw, busy_timeout_ms)
            raw.execute("PRAGMA synchronous=FULL")
            db = Database(raw)
            connection = Connection(db)
            # Two processes that start together must not both migrate, and a
            # migration that fails leaves none of the others behind. Foreign keys
            # are off meanwhile: dropping a table would empty those that point at it.
            if MIGRATIONS.pending(db):
                raw.execute("PRAGMA foreign_keys=OFF")
                with connection.atomic():
                    MIGRATIONS.apply(db)
                    _refuse_orphans(raw, name)
            raw.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            raw.close()
            raise
    return connection


def _refuse_orphans(raw: sqlite3.Connection, name: str) -> None:
    """Refuse a migration that leaves a row behind whose parent is gone."""
    if orphan := raw.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"{name}: the upgrade would orphan a row of {orphan[0]}")


def _refuse_unwritable(path: Path) -> None:
    """Refuse a place that SQLite would open and only fail to write later."""
    if not path.parent.is_dir():
        raise StoreError(f"{path}: the folder {path.parent} does not exist")
    # The write-ahead log lies beside the file. Not tried by opening it: closing
    # any handle drops the locks of this process's other connections.
    for place in (path.parent, path):
        effective = os.access in os.supports_effective_ids
        if place.exists() and not os.access(place, os.W_OK, effective_ids=effective):
            raise StoreError(f"{path}: {place} is read-only")


def _write_ahead(raw: sqlite3.Connection, timeout_ms: int) -> None:
    """Switch to the write-ahead log, waiting for others.

    SQLite does not ask its busy handler here: of processes that open a new file at
    once, some would fail.
    """
    deadline = time.monotonic() + timeout_ms / 1000
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
        time.sleep(0.01)


def _refuse_foreign(raw: sqlite3.Connection, name: str) -> None:
    """Refuse a newer ledger and somebody else's database, before any write."""
    tables = {
        row[0]
        for row in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")
    }
    if not tables:
        return
    if "_sqlite_migrations" not in tables:
        raise StoreError(f"{name}: not a newsbot database; it was left untouched")
    applied = {
        row[0]
        for row in raw.execute(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = 'newsbot'"
        )
    }
    known = {migration.name for migration in MIGRATIONS.pending(Database(memory=True))}
    if not applied and len(tables) > 1:
        raise StoreError(f"{name}: not a newsbot database; it was left untouched")
    if newer := applied - known:
        raise StoreVersionError(
            f"{name}: written by a newer newsbot (it has {sorted(newer)[0]}); "
            "upgrade newsbot, or use another database"
        )
