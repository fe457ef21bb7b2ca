"""One ledger, its parts by what they own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from newsbot.adapters.db.bot import BotRows
from newsbot.adapters.db.catalogue import CatalogueRows
from newsbot.adapters.db.chat_digests import ChatDigestRows
from newsbot.adapters.db.connection import (
    BUSY_TIMEOUT_MS,
    Connection,
    open_database,
)
from newsbot.adapters.db.feeds import FeedRows
from newsbot.adapters.db.history import HistoryRows
from newsbot.adapters.db.labels import LabelRows
from newsbot.adapters.db.ledger import LedgerRows
from newsbot.adapters.db.letters import LetterRows
from newsbot.adapters.db.line import LineRows
from newsbot.adapters.db.news import NewsRows
from newsbot.adapters.db.outbox import OutboxRows
from newsbot.adapters.db.revisits import RevisitRows
from newsbot.adapters.db.sites import SiteRows
from newsbot.adapters.db.subscribers import SubscriberRows
from newsbot.adapters.db.subscriptions import SubscriptionRows
from newsbot.adapters.db.versions import VersionRows


class Store:
    """The tables, grouped by what they are for."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.feeds = FeedRows(connection)
        self.line = LineRows(connection)
        self.ledger = LedgerRows(connection)
        self.outbox = OutboxRows(connection)
        self.subscriptions = SubscriptionRows(connection)
        self.bot = BotRows(connection)
        self.labels = LabelRows(connection)
        self.news = NewsRows(connection)
        self.subscribers = SubscriberRows(connection)
        self.chat_digests = ChatDigestRows(connection)
        self.letters = LetterRows(connection)
        self.sites = SiteRows(connection)
        self.versions = VersionRows(connection)
        self.revisits = RevisitRows(connection)
        self.history = HistoryRows(connection)
        self.catalogue = CatalogueRows(connection)

    def atomic(self) -> AbstractContextManager[object]:
        """Run a block in one transaction, or in none at all."""
        return self.connection.atomic()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def open_store(path: Path | None, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Store:
    """Open the ledger at *path*, or one in memory; see `open_database`."""
    return Store(open_database(path, busy_timeout_ms=busy_timeout_ms))
