"""The ledger: SQLite on disk, written through sqlite-utils.

`open_store` gives a `Store`; its parts each own a few tables. `now` is an
argument everywhere, times are stored as ISO 8601 UTC text, so that they sort.
"""

from newsbot.adapters.db.connection import open_database
from newsbot.adapters.db.store import Store, open_store

__all__ = ["Store", "open_database", "open_store"]
