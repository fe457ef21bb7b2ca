"""sqlite-utils, loaded by whoever writes: what only reads does not wait for it."""

from __future__ import annotations

import sqlite3
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from newsbot.adapters.db.schema import STEPS

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations


#: Two threads may write for the first time at once.
_loading = threading.Lock()


def database(raw: sqlite3.Connection) -> Database:
    """Let sqlite-utils work on a connection.

    Its plugins are looked for among all that is installed, and may change what a query
    does: none is loaded.
    """
    _import_lightly()
    from sqlite_utils import Database

    return Database(raw, execute_plugins=False)


def migrations() -> Migrations:
    """Give the ledger's migrations, in their order."""
    _import_lightly()
    from sqlite_utils import Migrations

    found = Migrations("newsbot")
    for step in STEPS:
        found()(step)
    return found


def _import_lightly() -> None:
    """Load sqlite-utils without pandas and numpy.

    Where they are installed it loads both, for columns of their types; none is stored
    here, and every command that writes would wait for them: they take three times as
    long as all the rest.
    """
    with _loading:
        if "sqlite_utils" in sys.modules:
            return
        hidden = [name for name in ("numpy", "pandas") if name not in sys.modules]
        for name in hidden:  # None: there is no such module
            sys.modules[name] = None  # type: ignore[assignment]
        try:
            import_module("sqlite_utils")
        finally:
            for name in hidden:
                sys.modules.pop(name, None)
