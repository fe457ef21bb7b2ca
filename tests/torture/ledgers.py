"""Ledgers of every schema that there ever was, with rows in every table of it."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from newsbot.adapters.db.copying import count_rows
from newsbot.adapters.db.library import migrations

#: What each schema is, by `schema_digest`: a ledger of that version is out there, so
#: that a migration that is released never changes. A new one adds its line.
SCHEMAS = {
    "m001_first": "4f0ade13b95a78e8",
    "m002_edits": "653d016a729a9e74",
    "m003_identity": "098a64c26cfea98e",
    "m004_views": "7b0faa1a3b3eec74",
    "m005_sending": "ed2a3da24af3c302",
    "m006_bot": "1f435a69516a4993",
    "m007_mail": "f627fbc3bd194f43",
    "m008_manners": "cefa00148f04cc42",
    "m009_joints": "459d7aa27f7cb4aa",
    "m010_versions": "c1450c2d04dc44da",
    "m011_history": "19407ad7933f189a",
    "m012_upkeep": "5ed55e574f04ae5c",
    "m014_following": "15c8fbab15083510",
    "m016_mailing": "7c3fb02a6b4372c3",
    "m018_titles": "b4538bd6b6973f9c",
    "m019_newest": "6b845e389ea0a665",
    "m020_freshness": "b6c30afab2cdc51a",
    "m021_spans": "860cd3983d6fce8e",
    "m022_pairs": "f38ddf30ee39f4cb",
}
NAMES = [one.name for one in migrations().pending(Database(memory=True))]
AT = "2026-03-01T12:00:00.000000Z"
#: What columns hold that are no names; every other text is "a" and a number, so that
#: row n of each table belongs to row n of all others.
TEXTS = {
    "document": '{"status": "announced"}',
    "types": "[]",
    "parties": "[]",
    "wish": "{}",
    "state": "done",
}


def ledger_at(path: Path, name: str, n_rows: int) -> dict[str, int]:
    """Write a ledger as it was after one migration; its rows by table."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=OFF")
        db, after = Database(raw), NAMES[NAMES.index(name) + 1 :]
        migrations().apply(db, stop_before=after[0] if after else None)
        assert [one.name for one in migrations().applied(db)][-1] == name
        raw.execute("BEGIN")
        for table, _ in sorted(tables(raw)):
            fill(raw, table, n_rows)
        raw.execute("COMMIT")
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        return count_rows(raw)


def schema_digest(name: str) -> str:
    """Digest the tables, indices and triggers of a ledger after one migration."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        after = NAMES[NAMES.index(name) + 1 :]
        migrations().apply(Database(raw), stop_before=after[0] if after else None)
        rows = raw.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND name NOT LIKE '%_fts_%' AND name != '_sqlite_migrations' "
            "ORDER BY type, name"
        ).fetchall()
    assert len(rows) > 10
    text = "\n".join(
        " ".join(f"{kind} {name} {sql}".split()) for kind, name, sql in rows
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tables(raw: sqlite3.Connection) -> list[tuple[str, str]]:
    """Names and statements of what holds rows of its own."""
    return raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_fts%' "
        "AND name != '_sqlite_migrations'"
    ).fetchall()


def fill(raw: sqlite3.Connection, table: str, n_rows: int) -> None:
    columns = [
        (name, kind) for _, name, kind, *_ in raw.execute(f"PRAGMA table_info({table})")
    ]
    marks = ", ".join("?" for _ in columns)
    raw.executemany(
        f"INSERT OR IGNORE INTO {table} VALUES ({marks})",
        ([value(name, kind, n) for name, kind in columns] for n in range(n_rows)),
    )


def value(name: str, kind: str, n: int) -> object:
    if kind == "INTEGER":
        return n + 1
    if kind == "REAL":
        return 0.5
    if kind == "BLOB":
        return b"x"
    if name.endswith("_at") or name in ("since", "until", "at"):
        return AT
    return TEXTS.get(name, f"a{n}")


def killed_at(step: int, work: object) -> bool:
    """Do something in a child that kills itself before its n-th statement of SQL.

    Returns:
        Whether it came so far.
    """
    child = os.fork()
    if child == 0:
        n_left, connect = step, sqlite3.connect

        def count(_statement: str) -> None:
            nonlocal n_left
            n_left -= 1
            if n_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def counted(*args: object, **kwargs: object) -> sqlite3.Connection:
            raw = connect(*args, **kwargs)
            raw.set_trace_callback(count)
            return raw

        sqlite3.connect = counted
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
