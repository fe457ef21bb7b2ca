"""Opening the database file: pragmas, version check, migrations."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsbot.adapters.db import library
from newsbot.adapters.db.copying import copy_database, sweep, translated
from newsbot.adapters.db.schema import STEPS
from newsbot.adapters.lock import held_elsewhere
from newsbot.errors import StoreError, StoreOutdatedError, StoreVersionError

if TYPE_CHECKING:
    from sqlite_utils import Database

#: Milliseconds a writer waits for another process's transaction.
BUSY_TIMEOUT_MS = 15_000
#: To which the write-ahead log shrinks again once a long reader has let it grow.
MAX_LOG_BYTES = 64 * 2**20


class Connection:
    """One SQLite connection, one transaction at a time.

    The service's threads share it; a lock keeps their transactions apart.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self._lock = threading.RLock()

    @cached_property
    def db(self) -> Database:
        """sqlite-utils on this file; loaded when something is first written."""
        return library.database(self.raw)

    @contextmanager
    def atomic(self) -> Iterator[Database]:
        """Run a block in one transaction, or in none at all.

        Raises:
            StoreBusyError: Another process held the lock for too long.
            StoreFullError: The disk is full.
            StoreError: It is read-only or damaged.
        """
        with self._lock, translated():
            if self.raw.in_transaction:
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
        """Read every row of a query; its columns have different names."""
        with self._lock, translated():
            cursor = self.raw.execute(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def each(
        self, sql: str, parameters: tuple[object, ...] = ()
    ) -> Generator[tuple[object, ...]]:
        """Read the rows of a query one after another, where all are too much to hold.

        No other thread reads or writes until the last is read, or this is closed.
        """
        with self._lock, translated():
            yield from self.raw.execute(sql, parameters)

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        with self._lock:
            self.raw.close()


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
        StoreOutdatedError: It has to be migrated, and a service is at work on it.
        StoreError: Not a database, not ours, damaged, or not writable.
    """
    name = str(path) if path else ":memory:"
    if path is not None:
        _refuse_unwritable(path)
        _make_private(path)
    with translated(name):
        raw = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        try:
            raw.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
            _refuse_foreign(raw, name)
            _write_ahead(raw, busy_timeout_ms)
            raw.execute(f"PRAGMA journal_size_limit={MAX_LOG_BYTES}")
            raw.execute("PRAGMA synchronous=FULL")
            connection = Connection(raw)
            # Two processes that start together must not both migrate, and a
            # migration that fails leaves none of the others behind. Foreign keys
            # are off meanwhile: dropping a table would empty those that point at it.
            if _is_older(raw):
                raw.execute("PRAGMA foreign_keys=OFF")
                with connection.atomic() as db:
                    _migrate(db, path)
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


def open_for_reading(path: Path) -> Connection:
    """Open a ledger that is there, without writing to it or migrating it.

    Args:
        path: The file; a service may be writing to it.

    Raises:
        StoreOutdatedError: Written by an older newsbot, and not migrated yet.
        StoreVersionError: Written by a newer one.
        StoreError: Not there, not ours, damaged, or not readable.
    """
    raw = open_raw(path)
    try:
        with translated(str(path)):
            if _is_older(raw):
                raise StoreOutdatedError(
                    f"{path}: of an older version; the next `newsbot run` migrates it"
                )
    except BaseException:
        raw.close()
        raise
    return Connection(raw)


def open_raw(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    """Open a file for reading that is a ledger of this version or an older one.

    Args:
        path: The file.
        alone: Nobody writes to it: nothing is put beside it, not even for a moment.

    Raises:
        StoreError: Not there, not ours, damaged, newer, or not readable.
    """
    if not path.is_file():
        raise StoreError(f"{path}: there is no such file")
    uri = f"{path.absolute().as_uri()}?{'immutable=1' if alone else 'mode=ro'}"
    with translated(str(path)):
        raw = sqlite3.connect(
            uri, uri=True, check_same_thread=False, isolation_level=None
        )
        try:
            raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            raw.execute("PRAGMA foreign_keys=ON")
            raw.execute("PRAGMA query_only=ON")
            _refuse_foreign(raw, str(path))
        except BaseException:
            raw.close()
            raise
    return raw


def version_of(connection: Connection) -> str:
    """Name the last migration that a ledger has."""
    return _applied(connection.raw)[-1]


def _applied(raw: sqlite3.Connection) -> list[str]:
    """Name the migrations that a ledger has, first to last; a blank file has none."""
    kept = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if raw.execute(kept).fetchone() is None:
        return []
    rows = raw.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = 'newsbot' "
        "ORDER BY rowid"
    )
    return [name for (name,) in rows]


def _is_older(raw: sqlite3.Connection) -> bool:
    """Whether a file has to be migrated."""
    return not _names() <= set(_applied(raw))


def _names() -> set[str]:
    return {step.__name__ for step in STEPS}


def _migrate(db: Database, path: Path | None) -> None:
    """Apply what is pending, inside the caller's transaction; a copy is made first.

    The copy holds the ledger as it was, for whoever has to go back to the older
    version: one file, named with the last migration that it has.
    """
    applied = _applied(db.conn)
    if path is not None and applied:
        _refuse_in_use(path)
        target = Path(f"{path}.{applied[-1]}.backup")
        sweep(path.parent, re.escape(target.name))
        # The writer lock is held: nobody has changed what the copy reads.
        with closing(open_raw(path)) as before:
            copy_database(before, target)
    library.migrations().apply(db)


def _refuse_in_use(path: Path) -> None:
    """Refuse to change what an older service, which is still at work, reads."""
    if (holder := held_elsewhere(path)) is not None:
        raise StoreOutdatedError(
            f"{path}: of an older version, and newsbot of that version is at work on "
            f"it (process {holder}): restart it, and this version migrates the ledger"
        )


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


def _make_private(path: Path) -> None:
    """Make a new ledger its owner's alone: readers' addresses and chats are in it.

    What SQLite puts beside the file has the file's mode. An older one stays as it is.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


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
    applied = set(_applied(raw))
    if not applied and len(tables) > 1:
        raise StoreError(f"{name}: not a newsbot database; it was left untouched")
    if newer := applied - _names():
        raise StoreVersionError(
            f"{name}: written by a newer newsbot (it has {sorted(newer)[0]}); "
            "upgrade newsbot, or use another database"
        )
