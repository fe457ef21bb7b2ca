"""One ledger, its parts by what they own.

A part is loaded when somebody asks for it: all of them together take longer than most
commands have to do, and `newsbot deals` needs one.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsbot.adapters.db.connection import (
    BUSY_TIMEOUT_MS,
    Connection,
    open_database,
)

if TYPE_CHECKING:
    from newsbot.adapters.db.bot import BotRows
    from newsbot.adapters.db.catalogue import CatalogueRows
    from newsbot.adapters.db.chat_digests import ChatDigestRows
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

    @cached_property
    def feeds(self) -> FeedRows:
        """The feeds that are followed."""
        from newsbot.adapters.db.feeds import FeedRows

        return FeedRows(self.connection)

    @cached_property
    def line(self) -> LineRows:
        """Entries, pages and articles on their way."""
        from newsbot.adapters.db.line import LineRows

        return LineRows(self.connection)

    @cached_property
    def ledger(self) -> LedgerRows:
        """Assessments, findings and deals."""
        from newsbot.adapters.db.ledger import LedgerRows

        return LedgerRows(self.connection)

    @cached_property
    def outbox(self) -> OutboxRows:
        """Messages and their deliveries."""
        from newsbot.adapters.db.outbox import OutboxRows

        return OutboxRows(self.connection)

    @cached_property
    def subscriptions(self) -> SubscriptionRows:
        """Which chats get what."""
        from newsbot.adapters.db.subscriptions import SubscriptionRows

        return SubscriptionRows(self.connection)

    @cached_property
    def bot(self) -> BotRows:
        """Who may talk to the bot, and what it has still to say."""
        from newsbot.adapters.db.bot import BotRows

        return BotRows(self.connection)

    @cached_property
    def labels(self) -> LabelRows:
        """What people think of messages."""
        from newsbot.adapters.db.labels import LabelRows

        return LabelRows(self.connection)

    @cached_property
    def news(self) -> NewsRows:
        """What became known, in its order."""
        from newsbot.adapters.db.news import NewsRows

        return NewsRows(self.connection)

    @cached_property
    def subscribers(self) -> SubscriberRows:
        """Readers by mail."""
        from newsbot.adapters.db.subscribers import SubscriberRows

        return SubscriberRows(self.connection)

    @cached_property
    def chat_digests(self) -> ChatDigestRows:
        """Digests of chats."""
        from newsbot.adapters.db.chat_digests import ChatDigestRows

        return ChatDigestRows(self.connection)

    @cached_property
    def letters(self) -> LetterRows:
        """Mails and their deliveries."""
        from newsbot.adapters.db.letters import LetterRows

        return LetterRows(self.connection)

    @cached_property
    def sites(self) -> SiteRows:
        """What sites allow."""
        from newsbot.adapters.db.sites import SiteRows

        return SiteRows(self.connection)

    @cached_property
    def versions(self) -> VersionRows:
        """Earlier texts of articles."""
        from newsbot.adapters.db.versions import VersionRows

        return VersionRows(self.connection)

    @cached_property
    def revisits(self) -> RevisitRows:
        """Pages that are asked for again."""
        from newsbot.adapters.db.revisits import RevisitRows

        return RevisitRows(self.connection)

    @cached_property
    def history(self) -> HistoryRows:
        """Backfills."""
        from newsbot.adapters.db.history import HistoryRows

        return HistoryRows(self.connection)

    @cached_property
    def catalogue(self) -> CatalogueRows:
        """Deals, page by page."""
        from newsbot.adapters.db.catalogue import CatalogueRows

        return CatalogueRows(self.connection)

    def atomic(self) -> AbstractContextManager[object]:
        """Run a block in one transaction, or in none at all."""
        return self.connection.atomic()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def open_store(path: Path | None, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Store:
    """Open the ledger at *path*, or one in memory; see `open_database`."""
    return Store(open_database(path, busy_timeout_ms=busy_timeout_ms))
