"""What servers and feeds ask of those who poll them, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

#: Called with an address before a redirect is followed there; raises where it may not.
#: Gives the seconds that it waited for that host's turn: they are not the server's.
MayFollow = Callable[[str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Courtesy:
    """What is known of a feed that says when, and where, to ask for it next."""

    #: What the list that it came from, or else the feed itself, calls it.
    title: str | None = None
    #: Why the next poll is when it is, in words for the operator.
    wait_reason: str | None = None
    #: A server's own "not before" (Retry-After); even a forced poll keeps to it.
    not_before_at: datetime | None = None
    #: When the server said that the feed is gone for good (410); None: it is polled.
    stopped_at: datetime | None = None
    #: SHA-256 of the last body that was read; an equal one brings nothing new.
    body_hash: str | None = None
    #: Date of the newest entry, and seconds that usually lie between two.
    newest_at: datetime | None = None
    gap_seconds: int | None = None
    #: What the feed itself asks for: minutes to wait, hours (GMT) and days (0 is
    #: Monday) to leave out, as comma-separated numbers.
    ttl_minutes: int | None = None
    skip_hours: str = ""
    skip_days: str = ""
    #: For how many seconds the server called its last answer fresh; a 304 that is
    #: silent on it changes nothing.
    fresh_seconds: int | None = None
    #: Where the feed's older pages begin, as it said last; empty: it names none.
    older_url: str | None = None
    #: Where permanent redirects led, how often in a row, and since when.
    moved_to: str | None = None
    n_moved: int = 0
    moved_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a private feed asks for, and who alone may get it."""

    #: The feed's address as the operator wrote it: its scheme, host and port get the
    #: headers, and nobody whom a redirect or the ledger names instead.
    url: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """A site's robots.txt or tdmrep.json, as it was last."""

    url: str
    #: Of the answer; 0 where there was none.
    status: int
    body: bytes
    etag: str | None
    last_modified: str | None
    fetched_at: datetime
    #: When it is asked for again.
    expires_at: datetime


class Permission(Protocol):
    """Says whether a page may be read, by the site's own word, and when."""

    def refusal(self, url: str, now: datetime) -> str | None:
        """Say in a few words why a page may not be asked for; None: it may.

        Raises:
            FetchError: The site cannot be reached just now.
        """
        ...

    def follow(self, url: str) -> float:
        """Wait until it is the turn of where a redirect leads; see `Hosts.follow`."""
        ...
