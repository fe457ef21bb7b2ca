"""The ledger in Datasette: pages for a person, read-only, on this machine.

Opened with SQLite's `mode=ro`, not `immutable=1`: `newsbot run` may write meanwhile,
and an immutable file is read without locks and without the write-ahead log, so that
new deals would stay unseen and pages could come out torn.

Only what `data/browse.toml` names can be read. An authorizer on every connection
makes the columns of all other tables come out empty, whatever SQL a page asks for:
who gets messages, feeds with keys in their addresses, what a later newsbot adds.
"""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from newsbot.adapters.listening import (
    AsgiApp,
    Receive,
    Scope,
    Send,
    host_of,
    is_loopback,
    listen,
    serve_until_stopped,
)
from newsbot.errors import StoreError, UserError

#: What the ledger is called in addresses, whatever its file's name.
NAME = "newsbot"
_MISSING = 'browsing needs the extra "browse": pip install "newsbot[browse]"'
_SETTINGS = {
    # A copy of the file would hold what the pages hide.
    "allow_download": False,
    # The service may add deals at any moment: a reload shows them.
    "default_cache_ttl": 0,
    # Views read JSON row by row; a large ledger takes its time.
    "sql_time_limit_ms": 5_000,
    "facet_time_limit_ms": 2_000,
    "suggest_facets": False,
}
#: Tables by which SQLite finds words; reading them is part of a search.
_SEARCH = "articles_fts"


def browse_app(path: Path, *, guarded: bool = True) -> AsgiApp:
    """Build the pages over a ledger.

    Args:
        path: A ledger of this newsbot's version; it is only read.
        guarded: Whether to answer only who asks for this machine by a name of its
            own. A page elsewhere could else read the ledger through the browser
            (DNS rebinding).

    Returns:
        An ASGI application.

    Raises:
        UserError: The extra is not installed.
        StoreError: The file cannot be read.
    """
    try:
        from datasette.app import Datasette
        from datasette.database import Database
        from datasette.plugins import DEFAULT_PLUGINS, pm

        from newsbot.adapters.browse_plugin import BrowsePlugin
    except ImportError as error:
        raise UserError(_MISSING) from error
    # Whatever other plugins the user has installed could write, or open the file.
    for plugin in pm.get_plugins():
        if pm.get_name(plugin) not in DEFAULT_PLUGINS:
            pm.unregister(plugin)
    pages = tomllib.loads(
        files("newsbot").joinpath("data", "browse.toml").read_text(encoding="utf-8")
    )
    hidden = _hidden(path, pages["tables"])
    if pm.has_plugin(NAME):  # of a ledger that was built before
        pm.unregister(name=NAME)
    pm.register(BrowsePlugin(hidden), name=NAME)
    datasette = Datasette(
        [], memory=False, settings=_SETTINGS, metadata=_metadata(pages, hidden)
    )
    datasette.remove_database("_memory")  # it is there where no file is named

    class Ledger(Database):  # type: ignore[misc]  # Datasette ships no types
        """The file, for reading; there is no other way to it."""

        def connect(self, write: bool = False) -> sqlite3.Connection:
            """Open it; Datasette itself would put any path into a URI as it is."""
            if write:
                raise StoreError("the ledger is read-only here")
            raw = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode=ro",
                uri=True,
                check_same_thread=False,
            )
            self._all_file_connections.append(raw)
            return raw

    datasette.add_database(Ledger(datasette, path=str(path)), name=NAME)
    return _read_only(datasette.app(), guarded)


def serve(path: Path, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the pages until a signal stops it.

    Args:
        path: The ledger.
        host: Address to listen on.
        port: 0 for any that is free.
        ready: Told the address of the first page.

    Raises:
        UserError: The address is taken or none of this machine's, or the extra is
            not installed.
        StoreError: The ledger cannot be read.
    """
    try:
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError(_MISSING) from error
    app = browse_app(path, guarded=is_loopback(host))
    serve_until_stopped(
        app,
        listen(host, port),
        lambda address: ready(f"{address}/{NAME}"),
        lifespan="on",
    )


def _hidden(path: Path, shown: Mapping[str, object]) -> frozenset[str]:
    """List the tables of the ledger that are not for reading."""
    try:
        with sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True) as raw:
            rows = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = {str(row[0]) for row in rows}
        raw.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
    return frozenset(
        name for name in names if name not in shown and not name.startswith(_SEARCH)
    )


def _metadata(pages: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """Say it as Datasette wants to hear it."""
    tables: dict[str, Any] = {name: {"hidden": True, "allow": False} for name in hidden}
    for name, page in pages["tables"].items():
        said = {key: value for key, value in page.items() if key != "array_facets"}
        arrays = [{"array": column} for column in page.get("array_facets", ())]
        tables[name] = said | {"facets": [*page.get("facets", ()), *arrays]}
    about = {key: pages[key] for key in ("title", "description_html")}
    ledger = about | {"tables": tables, "queries": pages["queries"]}
    return about | {"databases": {NAME: ledger}}


def _read_only(app: AsgiApp, guarded: bool) -> AsgiApp:
    """Refuse whatever could write, and who calls this machine by a foreign name."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["method"] not in ("GET", "HEAD"):
                await _refuse(send, 405, b"This ledger is read-only.\n")
                return
            if guarded and not is_loopback(host_of(scope)):
                await _refuse(send, 403, b"Ask for this machine by its own name.\n")
                return
        await app(scope, receive, send)

    return checked


async def _refuse(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
