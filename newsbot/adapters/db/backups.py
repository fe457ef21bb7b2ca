"""Backups: one file each, made while others write, and how one is put back.

A file that comes back is not what it was: messages went out since it was made, and it
does not know of them. So nothing is told again: what waited in it may have been sent
and becomes ``unknown``, what stood on the line goes on without alerts, and news that
feeds announced before the restore is stored without alerts when they bring it again.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection, open_raw
from newsbot.adapters.db.copying import check_database, copy_database, sweep, translated
from newsbot.adapters.db.library import migrations
from newsbot.errors import StoreBusyError, StoreError, UserError
from newsbot.stages.local_days import read_zone

if TYPE_CHECKING:
    from sqlite_utils import Database

#: Of what is in a message that may have gone out after the backup was made.
MAY_BE_SENT = "restored from a backup: it may have been sent since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was written and checked."""

    path: Path
    #: Rows of all tables.
    n_rows: int
    n_bytes: int
    #: Older ones that were removed.
    removed: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A ledger that was put back."""

    path: Path
    #: Where the former database lies now; None where there was none.
    replaced: Path | None
    #: Messages that waited in the backup and are not sent.
    n_held: int


def write_backup(
    database: Path, folder: Path, now: datetime, *, keep: int | None = None
) -> Backup:
    """Write a backup of a ledger that others may be using.

    Args:
        database: The ledger.
        folder: Where the backup goes; made where it is missing.
        now: Aware; stands in the file's name.
        keep: How many backups of this ledger stay, the new one included; None for all.

    Raises:
        StoreError: There is no ledger, or the backup cannot be written.
    """
    with closing(open_raw(database)) as source:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror or error}") from error
        sweep(folder, rf"{re.escape(database.stem)}-\d{{8}}T\d{{6}}Z(?:-\d+)?\.db")
        stem = f"{database.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        path, number = folder / f"{stem}.db", 1
        while path.exists():
            number += 1
            path = folder / f"{stem}-{number}.db"
        n_rows = copy_database(source, path)
    removed = []
    if keep is not None:
        for old in backups_in(folder, database.stem)[:-keep]:
            with suppress(OSError):
                old.unlink()
                removed.append(old)
    return Backup(
        path=path,
        n_rows=sum(n_rows.values()),
        n_bytes=path.stat().st_size,
        removed=tuple(removed),
    )


def backups_in(folder: Path, stem: str) -> list[Path]:
    """List a ledger's own backups in a folder, oldest first; nobody else's files."""
    named = re.compile(rf"{re.escape(stem)}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?\.db")
    found = []
    for path in folder.iterdir():
        match = named.fullmatch(path.name)
        if match and path.is_file() and not path.is_symlink():
            found.append((match[1], int(match[2] or 1), path))
    return [path for _, _, path in sorted(found)]


def restore_backup(backup: Path, database: Path, now: datetime) -> Restored:
    """Put a backup in a ledger's place; what was there stays beside it.

    Call it only while no service runs on the ledger. A process that ends in the middle
    leaves the one ledger or the other.

    Args:
        backup: A ledger of this version or an older one, whole.
        database: Where the ledger is, or is to be.
        now: Aware; what was announced until then is not told again.

    Raises:
        UserError: The file is the ledger itself.
        StoreVersionError: Written by a newer newsbot.
        StoreError: The file is no ledger, or damaged, or the place cannot be written;
            the ledger that was there is as it was.
    """
    if database.exists() and backup.exists() and backup.samefile(database):
        raise UserError(f"{backup} is the database itself")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{database}: {error.strerror or error}") from error
    sweep(database.parent, re.escape(database.name))
    fresh = database.with_name(f".{database.name}.{os.getpid()}.restoring")
    try:
        # A copy of a running ledger has a log beside it, which belongs to it.
        alone = not Path(f"{backup}-wal").exists()
        with closing(open_raw(backup, alone=alone)) as source, translated(str(backup)):
            if "_sqlite_migrations" not in _tables(source):
                raise StoreError(f"{backup}: not a newsbot database")
            if alone and (wrong := check_database(backup)):
                raise StoreError(f"{backup}: damaged ({wrong})")
            copy_database(source, fresh)
        n_held = _silence(fresh, now)
        if wrong := check_database(fresh):
            raise StoreError(f"{backup}: damaged ({wrong})")
        replaced = _set_aside(database, now)
        fresh.replace(database)
    except OSError as error:
        raise StoreError(f"{database}: {error.strerror or error}") from error
    finally:
        for leftover in (fresh, Path(f"{fresh}-journal")):
            with suppress(OSError):
                leftover.unlink()
    return Restored(path=database, replaced=replaced, n_held=n_held)


def _tables(raw: sqlite3.Connection) -> set[str]:
    return {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}


def _silence(path: Path, now: datetime) -> int:
    """Let nothing that the file knows, or will hear again, be told once more.

    Returns:
        How many messages waited.
    """
    with (
        translated(str(path)),
        closing(sqlite3.connect(path, isolation_level=None)) as raw,
    ):
        connection = Connection(raw)
        # As at a start, without foreign keys: a table that is laid out anew would empty
        # those that point at it. The backup itself is the copy that is made first.
        raw.execute("PRAGMA foreign_keys=OFF")
        with connection.atomic() as db:
            migrations().apply(db)
        raw.execute("PRAGMA foreign_keys=ON")
        with connection.atomic() as db:
            n_held = 0
            for table, state in (
                ("deliveries", "unknown"),
                ("edits", "unknown"),
                ("notices", "failed"),
                ("letters", "skipped"),
            ):
                n_held += db.execute(
                    f"UPDATE {table} SET state = ?, error = ? WHERE state = 'pending'",
                    [state, MAY_BE_SENT],
                ).rowcount
            db.execute("UPDATE deliveries SET begun_at = NULL")
            db.execute("UPDATE requests SET open = 0")
            n_held += db.execute("DELETE FROM replies").rowcount
            db.execute("UPDATE entries SET may_alert = 0")
            _let_readers_rest(db, now)
            # Asked anew: an answer of "nothing new" would hide what came meanwhile.
            db.execute(
                "UPDATE feeds SET etag = NULL, last_modified = NULL, body_hash = NULL"
            )
            # What was corrected since may have been told: nobody says so again.
            db.execute("UPDATE news SET known = NULL")
            db.execute("UPDATE revisits SET due_at = NULL")
            db.execute("DELETE FROM heard_since_restore")
            db.execute("INSERT INTO restores (at) VALUES (?)", [cells.at_text(now)])
            return n_held


def _let_readers_rest(db: Database, now: datetime) -> None:
    """Begin the news of mail's readers at this moment.

    The day's digest may have gone out already: the next one is tomorrow's, on each
    reader's own calendar.
    """
    last = db.execute("SELECT coalesce(max(number), 0) FROM news").fetchone()[0]
    readers = db.execute(
        "SELECT id, json_extract(wish, '$.time_zone'), coalesce(last_date, '') "
        "FROM subscribers WHERE confirmed_at IS NOT NULL"
    ).fetchall()
    for id_, zone, last_date in readers:
        today = now.astimezone(read_zone(zone) or UTC).date().isoformat()
        db.execute(
            "UPDATE subscribers SET since = ?, instant_since = ?, last_date = ? "
            "WHERE id = ?",
            [last, last, max(last_date, today), id_],
        )


def _set_aside(database: Path, now: datetime) -> Path | None:
    """Keep the former database under another name, with all that is in its log."""
    if not database.exists():
        # A log without its database would be read into the new one.
        for suffix in ("-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        return None
    aside, number = _replaced_name(database, now, 1), 1
    while aside.exists():
        number += 1
        aside = _replaced_name(database, now, number)
    try:
        with closing(open_raw(database)):
            readable = True
    except StoreError:
        readable = False
    if readable:
        _fold_log(database)
    for suffix in ("-wal", "-shm"):
        log = Path(f"{database}{suffix}")
        if log.exists():  # of a damaged one: it stays with it
            log.replace(f"{aside}{suffix}")
    try:
        os.link(database, aside)
    except OSError:  # a file system without links
        shutil.copy2(database, aside)
    return aside


def _replaced_name(database: Path, now: datetime, number: int) -> Path:
    more = f"-{number}" if number > 1 else ""
    when = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return database.with_name(f"{database.name}.replaced-{when}{more}")


def _fold_log(database: Path) -> None:
    """Write the log into its file; nobody else may have the database open.

    Raises:
        StoreBusyError: Somebody has.
    """
    with (
        translated(str(database)),
        closing(sqlite3.connect(database, isolation_level=None)) as raw,
    ):
        raw.execute("PRAGMA busy_timeout=2000")
        try:
            raw.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise StoreBusyError(
                f"{database}: another process has it open; stop it first"
            ) from error
