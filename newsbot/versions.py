"""What the line needs of the ledger where a publisher edits an article, as a Protocol.

A text that was judged stays, with its findings, beside the newer one. The findings of
the newer one take the places of the older ones in their deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newsbot.types import Article, Entry, Finding, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A finding of an older text that a deal still rests on."""

    finding: Finding
    deal_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A text that a newer one has replaced."""

    article: Article
    replaced_by: str
    replaced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisit:
    """A page that is due to be asked for again."""

    entry_id: str
    begun_at: datetime


class Revisits(Protocol):
    """Pages that are asked for again, for their publishers edit in silence."""

    def begin(self, entry_id: str, now: datetime, due_at: datetime) -> None:
        """Have a page asked for again; a second time changes nothing."""
        ...

    def due(self, now: datetime, limit: int) -> list[tuple[Revisit, Entry]]:
        """List what is due and not on the line just now, the longest due first."""
        ...

    def visited(
        self, entry_id: str, now: datetime, outcome: str, due_at: datetime | None
    ) -> None:
        """Write down what a visit brought, and when the next one is; None: no more."""
        ...

    def changed(self, page: Page, title: str | None) -> bool:
        """Send a page that reads otherwise, maybe under a new headline, down the line.

        Returns:
            Whether its entry was at the end of the line.
        """
        ...

    def renew(self, entry_id: str, etag: str | None, last_modified: str | None) -> None:
        """Keep what a page that reads as before is marked with now."""
        ...


class Versions(Protocol):
    """Articles that had several texts, and what the earlier ones told."""

    def put(self, article: Article, now: datetime) -> None:
        """Make an article the newest version of what its entry has."""
        ...

    def former(self, entry_id: str) -> list[Former]:
        """List the earlier texts of an entry, oldest first."""
        ...

    def standing(self, entry_id: str) -> list[Standing]:
        """List what earlier texts of an entry tell that still is in a deal."""
        ...

    def add(self, finding: Finding) -> None:
        """Keep a finding that was taken over from the earlier text."""
        ...

    def retire(self, finding_id: str, article_id: str, heir_id: str | None) -> None:
        """Take a finding out of its deal; what a person decided goes to its heir."""
        ...

    def left(self, deal_id: str) -> list[Finding]:
        """List the findings that have left a deal, oldest text first."""
        ...

    def reached(self, article_id: str) -> str:
        """Tell the state in which the line had left an article."""
        ...

    def corrected(self, article_id: str) -> Sequence[str]:
        """List the deals in which a text took the place of an earlier one."""
        ...
