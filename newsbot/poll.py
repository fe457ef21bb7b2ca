"""Polling: feeds that are due become entries at the head of the line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from newsbot.errors import FetchError, StageError
from newsbot.ports import Fetcher
from newsbot.stages.parse import ParsedFeed, parse_feed
from newsbot.stages.printable import one_line
from newsbot.types import Entry, Feed

#: Feeds asked at once, each on another host.
MAX_HOSTS = 8
#: Longest wait after errors; a feed is never given up.
MAX_WAIT = timedelta(hours=24)
#: Doublings of the wait; `MAX_WAIT` is reached long before, whatever the interval.
MAX_DOUBLINGS = 12

#: Code points of a reason that is kept.
MAX_REASON = 500

#: Called as `parse_feed`.
ParseFeed = Callable[..., ParsedFeed]

log = logging.getLogger("newsbot")


class FeedStore(Protocol):
    """What polling needs of the ledger."""

    def polled(self, feed: Feed, entries: Sequence[Entry], now: datetime) -> int:
        """Store a poll's outcome in one transaction; how many entries were new."""
        ...

    def failed(self, feed: Feed, now: datetime, reason: str, wait: timedelta) -> None:
        """Count a failed poll."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll brought."""

    feed: Feed
    n_new: int
    #: Why it failed, in one line; None when it did not.
    error: str | None


def poll_feeds(
    feeds: Sequence[Feed],
    fetcher: Fetcher,
    store: FeedStore,
    now: datetime,
    *,
    max_age: timedelta,
    parse: ParseFeed = parse_feed,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Polled]:
    """Poll feeds, many hosts at once, one request at a time on each.

    Args:
        feeds: Those to poll.
        fetcher: Gets them.
        store: Keeps entries and validators.
        now: The time of the poll.
        max_age: On a feed's first poll, older entries never alert.
        parse: `parse_feed`, or a way to call it where it can do no harm.
        stopping: Asked before each feed; true leaves the rest for later.

    Returns:
        One outcome per feed asked.
    """
    by_host: dict[str, list[Feed]] = {}
    for feed in feeds:
        by_host.setdefault(urlsplit(feed.url).netloc, []).append(feed)

    def visit(group: list[Feed]) -> list[Polled]:
        return [
            _poll_one(feed, fetcher, store, now, max_age, parse)
            for feed in group
            if not stopping()
        ]

    with ThreadPoolExecutor(MAX_HOSTS) as pool:
        return [one for many in pool.map(visit, by_host.values()) for one in many]


def read_feed(
    feed: Feed,
    fetcher: Fetcher,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed = parse_feed,
) -> tuple[ParsedFeed | None, Feed]:
    """Ask a feed's server, with the validators it gave last.

    Returns:
        The parsed feed, None where nothing has changed, and the feed with the new
        validators; they may be stored only together with the entries.

    Raises:
        FetchError: It did not arrive.
        ParseError: It is no feed.
    """
    response = fetcher.fetch(feed.url, etag=feed.etag, last_modified=feed.last_modified)
    asked = replace(
        feed,
        etag=response.headers.get("etag", feed.etag),
        last_modified=response.headers.get("last-modified", feed.last_modified),
        first_polled_at=feed.first_polled_at or now,
        last_polled_at=now,
        next_poll_at=now + timedelta(minutes=feed.every_minutes),
        n_errors=0,
        error=None,
    )
    if response.status == 304:
        if not (feed.etag or feed.last_modified):
            # Taken at its word, a server that never shows the feed would look well.
            reason = "server answered 304 Not Modified, but was not asked for changes"
            raise FetchError(feed.url, reason, status=304, retry=True)
        return None, asked
    parsed = parse(
        response.body,
        url=response.url,
        content_type=response.headers.get("content-type", ""),
        feed_id=feed.id,
        language=feed.language,
        now=now,
        max_age=max_age,
        first_poll=feed.first_polled_at is None,
    )
    # A 200 without validators takes the old ones back: they vouch for nothing now.
    fresh = replace(
        asked,
        etag=response.headers.get("etag"),
        last_modified=response.headers.get("last-modified"),
    )
    return parsed, fresh


def _poll_one(
    feed: Feed,
    fetcher: Fetcher,
    store: FeedStore,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed,
) -> Polled:
    try:
        parsed, asked = read_feed(feed, fetcher, now, max_age, parse)
    except StageError as error:
        reason = error.reason if isinstance(error, FetchError) else str(error)
        return _failed(feed, store, now, error, reason)
    except Exception as error:
        # One feed that nobody foresaw must not keep the others from being read.
        log.warning("poll feed=%s error=%s", feed.url, type(error).__name__)
        return _failed(feed, store, now, error, f"{type(error).__name__}: {error}")
    entries = parsed.entries if parsed is not None else ()
    return Polled(feed=feed, n_new=store.polled(asked, entries, now), error=None)


def _failed(
    feed: Feed, store: FeedStore, now: datetime, error: Exception, reason: str
) -> Polled:
    """Keep the reason in the row, in one line, and ask again later."""
    every = timedelta(minutes=feed.every_minutes)
    # A feed that fails for a month must not overflow the power of two.
    wait = min(every * 2 ** min(feed.n_errors, MAX_DOUBLINGS), MAX_WAIT)
    if isinstance(error, FetchError) and error.retry_at is not None:
        wait = max(wait, error.retry_at - now)
    line = one_line(reason, MAX_REASON)
    store.failed(feed, now, line, wait)
    return Polled(feed=feed, n_new=0, error=line)
