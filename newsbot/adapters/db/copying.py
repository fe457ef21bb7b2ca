"""One database file to another: whole, checked, and there only when it is complete."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from newsbot.errors import StoreBusyError, StoreError, StoreFullError


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
            raise StoreFullError(
                f"{path}: the disk is full; nothing was half-written"
            ) from error
        if code == sqlite3.SQLITE_READONLY:
            raise StoreError(f"{path}: the database is read-only") from error
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise StoreError(
                f"{path}: damaged, or not a newsbot database ({error})"
            ) from error
        raise StoreError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        # SQLite names damaged objects by their damaged names.
        raise StoreError(f"{path}: damaged (text that is not UTF-8)") from error


#: Endings of what SQLite puts beside a file that is open.
_BESIDE = ("-journal", "-wal", "-shm")


def copy_database(source: sqlite3.Connection, target: Path) -> dict[str, int]:
    """Copy a database, as it is at this moment, into one file.

    It is written beside its place, checked there, and moved: nobody sees half of it,
    and an older file of that name stays until then. Others may write to the source
    meanwhile; the copy holds none of that.

    Args:
        source: An open database; a transaction that is open is copied from.
        target: The file to be; its folder exists.

    Returns:
        How many rows each table of the copy has.

    Raises:
        StoreError: The copy cannot be written, or is not what the source is.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with translated(str(target)):
            n_rows = _copied(source, partial)
        if missing := check_database(partial, n_rows):
            raise StoreError(f"{target}: the copy is not whole ({missing})")
        partial.chmod(0o600)  # who reads by mail is nobody else's business
        _flush(partial)
        partial.replace(target)
        _flush(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror or error}") from error
    finally:
        for leftover in (partial, *(Path(f"{partial}{one}") for one in _BESIDE)):
            with suppress(OSError):
                leftover.unlink()
    return n_rows


def check_database(path: Path, n_rows: dict[str, int] | None = None) -> str | None:
    """Read a whole database file, and say what is wrong with it.

    Args:
        path: The file; nobody writes to it, and nothing is put beside it.
        n_rows: How many rows each table must have.

    Returns:
        What is wrong, in one line; None: nothing.

    Raises:
        StoreError: It cannot be read as a database.
    """
    uri = f"{path.absolute().as_uri()}?immutable=1"
    with (
        translated(str(path)),
        closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as copy,
    ):
        (answer,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != "ok":
            return str(answer)
        if orphan := copy.execute("PRAGMA foreign_key_check").fetchone():
            return f"a row of {orphan[0]} belongs to no row of {orphan[2]}"
        if n_rows is not None and (found := count_rows(copy)) != n_rows:
            table = next(iter(dict(found.items() ^ n_rows.items())))
            return f"{found.get(table)} rows of {table} instead of {n_rows.get(table)}"
    return None


def count_rows(database: sqlite3.Connection) -> dict[str, int]:
    """Count the rows of every table by its name."""
    names = [
        name
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        )
    ]
    return {
        name: int(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])
        for name in names
    }


def sweep(folder: Path, name: str) -> None:
    """Remove what copies left beside their place that were killed in the middle.

    Args:
        folder: Where to look.
        name: Of the files to be, a regular expression.
    """
    ending = rf"(?:\.(\d+)\.(?:partial|restoring)(?:{'|'.join(_BESIDE)})?)+"
    named = re.compile(rf"\.+{name}{ending}")
    with suppress(OSError):  # it is in nobody's way
        for path in folder.iterdir():
            match = named.fullmatch(path.name)
            if match and not _lives(int(match[1])):
                path.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _copied(source: sqlite3.Connection, partial: Path) -> dict[str, int]:
    inside = source.in_transaction
    if not inside:
        source.execute("BEGIN")  # counted and copied is one state
    try:
        n_rows = count_rows(source)
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # flushed once, at the end
            source.backup(copy)
            # Else it asks for files beside it whenever it is opened.
            copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        if not inside:
            source.rollback()
    return n_rows


def _flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
