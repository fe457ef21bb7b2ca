"""The ledger: SQLite on disk, through sqlite-utils.

`open_store` gives a `Store`; its parts each own a few tables. `now` is an
argument everywhere, times are stored as ISO 8601 UTC text, so that they sort.
"""

import sys
from importlib import import_module


def _import_lightly() -> None:
    """Load sqlite-utils without pandas and numpy.

    Where they are installed it loads both, for columns of their types; none is stored
    here, and every command would wait for them: they take three times as long as all
    the rest.
    """
    hidden = [name for name in ("numpy", "pandas") if name not in sys.modules]
    # None: there is no such module.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # likewise
    try:
        import_module("sqlite_utils")
    finally:
        for name in hidden:
            del sys.modules[name]


_import_lightly()

from newsbot.adapters.db.connection import open_database  # noqa: E402  # after that
from newsbot.adapters.db.store import Store, open_store  # noqa: E402  # likewise

__all__ = ["Store", "open_database", "open_store"]
