"""What newsbot adds to Datasette's pages: closed tables, and links between views."""

from __future__ import annotations

import json
import sqlite3
from urllib.parse import urlencode

from datasette import hookimpl
from markupsafe import Markup

#: Column by column, where its values lead: address and name of the parameter.
_LINKS = {
    "deal": ("sources_of_a_deal", "deal"),
    "party": ("deals_of_a_party", "party"),
    "article": ("articles", "id"),
}
_LISTS = frozenset(("parties", "types", "roles", "words"))


class BrowsePlugin:
    """The hooks that Datasette calls.

    Args:
        hidden: Tables whose columns are to come out empty.
    """

    #: Datasette lists its plugins by this name.
    __name__ = "newsbot"

    def __init__(self, hidden: frozenset[str]) -> None:
        self._hidden = hidden

    @hookimpl  # type: ignore[untyped-decorator]  # Datasette ships no types
    def prepare_connection(self, conn: sqlite3.Connection, database: str) -> None:
        """Close what is not for reading, on every connection to the ledger."""
        if database == self.__name__:
            conn.set_authorizer(self._authorize)

    def _authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        _database: str | None,
        _inner: str | None,
    ) -> int:
        """Answer SQLite while it prepares a statement.

        Source:
            https://sqlite.org/c3ref/set_authorizer.html: a column whose reading is
            ignored is NULL; an empty column stands for no column, as in `count(*)`.
        """
        if action == sqlite3.SQLITE_READ and first in self._hidden and second:
            return sqlite3.SQLITE_IGNORE
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    @hookimpl  # type: ignore[untyped-decorator]  # Datasette ships no types
    def render_cell(self, value: object, column: str, database: str) -> Markup | None:
        """Lead from ids and names on, and write lists as lists."""
        if database != self.__name__ or not isinstance(value, str) or not value:
            return None
        if column in _LINKS:
            page, parameter = _LINKS[column]
            address = f"/{database}/{page}?{urlencode({parameter: value})}"
            return Markup('<a href="{}">{}</a>').format(address, value)
        if column in _LISTS and value.startswith("["):
            return _listed(value)
        return None


def _listed(value: str) -> Markup | None:
    try:
        items = json.loads(value)
    except ValueError:
        return None
    names = [item if isinstance(item, str) else str(item[0]) for item in items if item]
    return Markup(", ").join(names)
