"""The status page, built from the config: `newsbot serve`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from newsbot.adapters.db import Store, open_store
from newsbot.adapters.db.connection import open_for_reading
from newsbot.adapters.listening import (
    is_loopback,
    listen,
    serve_until_stopped,
)
from newsbot.adapters.lock import service_runs
from newsbot.config import Config
from newsbot.errors import ConfigError, UserError
from newsbot.front_desk import FrontDesk
from newsbot.stages.health import judge_health
from newsbot.stages.mail import Sender
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.site_state import without_recipients
from newsbot.subscribing import Subscriber
from newsbot.upkeep import gather
from newsbot.watching import Facts, Health

#: Characters of a token at least: 16 random ones cannot be guessed over a network.
MIN_TOKEN = 16


def serve_site(
    config: Config,
    gazetteer: Gazetteer,
    clock: Callable[[], datetime],
    ready: Callable[[str], None],
    *,
    host: str | None = None,
    port: int | None = None,
) -> None:
    """Serve the status page until a signal stops it.

    Args:
        config: What is configured.
        gazetteer: Spellings, parents and units.
        clock: Tells the time, aware, UTC.
        ready: Told the address.
        host: Instead of `web.host`.
        port: Instead of `web.port`.

    Raises:
        ConfigError: Others than this machine could read it, and no token is set.
        UserError: The address is taken, or the extra is not installed.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError(
            'the status page needs the extra "web": pip install "newsbot[web]"'
        ) from error
    from newsbot.adapters.web.guard import Access
    from newsbot.adapters.web.reading import Reading
    from newsbot.adapters.web.site import Parts, site_app

    path, host = config.database_path, host or config.web.host
    access = Access(
        host=host,
        token=_token(config, host),
        hosts=frozenset(one.lower() for one in config.web.hosts),
        public_host=_public_host(config),
    )
    parts = Parts(
        reading=Reading(path, gazetteer),
        look=lambda now: look_at(config, now),
        running=lambda: service_runs(path),
        desk=ReadersDesk(path) if access.public_host else None,
        clock=clock,
    )
    app = site_app(parts, access)
    listening = listen(host, config.web.port if port is None else port)
    serve_until_stopped(app, listening, ready)


class ReadersDesk:
    """The front desk over a ledger that is opened for each reader.

    Who is shown a page opens it for reading; only who leaves or confirms writes.

    Args:
        path: The ledger.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def reader_of(self, token: str) -> Subscriber | None:
        """Find whose token to leave by this is."""
        with self._reading() as store:
            if store.subscribers.known_secret() is None:
                return None  # no mail has gone out yet
            return _desk(store).reader_of(token)

    def awaits(self, token: str, now: datetime) -> Subscriber | None:
        """Find who may confirm with a token; the token stays good."""
        with self._reading() as store:
            return _desk(store).awaits(token, now)

    def leave(self, address_or_token: str) -> bool:
        """Forget a reader, with every letter."""
        with closing(open_store(self._path)) as store:
            return _desk(store).leave(address_or_token)

    def confirm(self, token: str, now: datetime) -> Subscriber:
        """Take a token back: from now on its reader gets mail."""
        with closing(open_store(self._path)) as store:
            return _desk(store).confirm(token, now)

    @contextmanager
    def _reading(self) -> Iterator[Store]:
        with closing(open_for_reading(self._path)) as connection:
            yield Store(connection)


def _desk(store: Store) -> FrontDesk:
    def nobody() -> Sender:
        raise ConfigError("the status page sends no mail")

    def nothing(*_: object) -> None:
        raise ConfigError("the status page sends no mail")

    return FrontDesk(store, nobody, nothing)


def look_at(config: Config, now: datetime) -> tuple[Facts, Health]:
    """Say how the service is, without who gets messages.

    Raises:
        StoreError: The ledger cannot be read.
    """
    path = config.database_path
    with closing(open_for_reading(path)) as connection:
        facts = gather(connection, path, now, running=service_runs(path))
    facts = without_recipients(facts)
    every: timedelta | None = config.backup.every if config.backup.to else None
    return facts, judge_health(facts, now, backup_every=every)


def _token(config: Config, host: str) -> str:
    """Read the token; none is needed where only this machine can ask.

    Raises:
        ConfigError: It is needed and not there, or too short.
    """
    name = config.web.token_env
    token = os.environ.get(name, "").strip() if name else ""
    is_needed = not is_loopback(host) or bool(config.web.hosts)
    if not token and is_needed:
        where = f"the environment variable {name} is empty" if name else "unset"
        asked = f"on {host}" if not is_loopback(host) else "under web.hosts"
        raise ConfigError(
            f"web.token_env: {where}; who serves the ledger {asked} needs a token"
        )
    if token and len(token) < MIN_TOKEN:
        raise ConfigError(
            f"web.token_env: the token in {name} is shorter than {MIN_TOKEN} characters"
        )
    return token


def _public_host(config: Config) -> str:
    """The name under which readers of mail confirm and leave; empty without mail."""
    try:
        parts = urlsplit(config.email.public_url)
        return (parts.hostname or "") if config.email.host else ""
    except ValueError:
        return ""
