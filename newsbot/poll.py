"""Polling: feeds that are due become entries at the head of the line.

Workers ask and read, many hosts at once; the one who called commits what they bring,
many outcomes in one transaction. Each outcome is whole in itself: the feed's new row,
its validators, the entries they vouch for, and when the feed is asked next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from newsbot.courtesy import Secrets
from newsbot.errors import FetchError, NewsbotError, StageError
from newsbot.outcome import (
    NOTICE_AFTER,
    Outcome,
    ParseFeed,
    doubled,
    failed,
    read_answer,
    read_feed,
)
from newsbot.ports import Fetcher, Response
from newsbot.stages.notices import FeedNews
from newsbot.stages.parse import parse_feed
from newsbot.turns import WORKERS, Hosts, host_of, in_turns
from newsbot.types import Entry, Feed

#: Tells the managers of a feed, in the transaction that stores what became of it.
Tell = Callable[[Feed, FeedNews, datetime], None]

log = logging.getLogger("newsbot")


class FeedStore(Protocol):
    """What polling needs of the ledger."""

    def settle(
        self,
        outcomes: Sequence[tuple[Feed, Sequence[Entry]]],
        now: datetime,
        *,
        besides: Callable[[], object] = lambda: None,
    ) -> list[int]:
        """Store polls' outcomes in one transaction; how many entries were new.

        What is done besides is done in the same transaction.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll brought."""

    #: As it was before the poll.
    feed: Feed
    n_new: int
    #: Why it failed, in one line; None when it did not.
    error: str | None
    #: What the manager is to know, told once: keeps failing, gone, moved, recovered.
    notice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How a round of polls is made."""

    #: On a feed's first poll, older entries never alert.
    max_age: timedelta
    #: Keeps the distance between requests to one host; shared by all who ask.
    hosts: Hosts = field(default_factory=lambda: Hosts(0.0))
    #: By feed id: what that feed's own host alone may get.
    secrets: Mapping[str, Secrets] = field(default_factory=dict)
    workers: int = WORKERS
    #: Whether an address is a feed's that is followed.
    follows: Callable[[str], bool] = lambda _url: False
    tell: Tell = lambda _feed, _notice, _now: None
    #: `parse_feed`, or a way to call it where it can do no harm.
    parse: ParseFeed = parse_feed
    #: By feed id: what was read of the last answer that was stored, for as long as
    #: this round's owner lives. Some hundred bytes each.
    seen: dict[str, bytes] = field(default_factory=dict)


def poll_feeds(
    feeds: Sequence[Feed],
    fetcher: Fetcher,
    store: FeedStore,
    now: datetime,
    how: Round,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Polled]:
    """Poll feeds, many hosts at once, one request at a time on each.

    Args:
        feeds: Those to poll.
        fetcher: Gets them.
        store: Keeps entries and validators.
        now: The time of the poll.
        how: What holds for the whole round.
        stopping: Asked before each feed; true leaves the rest for later.

    Returns:
        One outcome per feed asked.
    """
    polled: list[Polled] = []
    for outcomes in in_turns(
        feeds,
        lambda feed: host_of(feed.url),
        lambda feed: _poll_one(feed, fetcher, now, how),
        how.hosts,
        workers=how.workers,
        stopping=stopping,
    ):
        polled += _settle(outcomes, store, now, how)
    return polled


def may_be_forced(feed: Feed, now: datetime, *, named: bool = False) -> bool:
    """Whether a feed may be asked before its time.

    Args:
        feed: Which one.
        now: The time.
        named: Whether a person asks for this very feed, so that one that was gone
            for good is tried once more.
    """
    courtesy = feed.courtesy
    if courtesy.stopped_at is not None and not named:
        return False
    return courtesy.not_before_at is None or courtesy.not_before_at <= now


def store_answer(
    feed: Feed,
    response: Response,
    store: FeedStore,
    now: datetime,
    how: Round,
) -> int:
    """Store an answer that was asked for otherwise as a feed's poll.

    Returns:
        How many entries were new.

    Raises:
        ParseError: It is no feed.
    """
    parsed, asked = read_answer(feed, response, now, how.max_age, how.parse)
    return store.settle([(asked, parsed.entries if parsed else ())], now)[0]


def _poll_one(feed: Feed, fetcher: Fetcher, now: datetime, how: Round) -> Outcome:
    try:
        secrets = how.secrets.get(feed.id)
        known = how.seen.get(feed.id, b"")
        parsed, asked = read_feed(
            feed,
            fetcher,
            now,
            how.max_age,
            how.parse,
            secrets,
            known,
            may_follow=how.hosts.follow,
        )
    except StageError as error:
        reason = error.reason if isinstance(error, FetchError) else str(error)
        return failed(feed, now, error, reason)
    except Exception as error:
        # One feed that nobody foresaw must not keep the others from being read.
        log.warning("poll feed=%s error=%s", feed.url, type(error).__name__)
        return failed(feed, now, error, f"{type(error).__name__}: {error}")
    notice = None
    if asked.url != feed.url and how.follows(asked.url):
        notice = FeedNews(kind="doubled", detail=asked.url)
        asked = doubled(feed, asked, now)
    elif asked.url != feed.url:
        notice = FeedNews(kind="moved", detail=asked.url)
    elif feed.n_errors >= NOTICE_AFTER:
        notice = FeedNews(kind="recovered", detail=str(feed.n_errors))
    return Outcome(
        asked=feed,
        feed=asked,
        entries=parsed.entries if parsed is not None else (),
        notice=notice,
        seen=parsed.seen if parsed is not None else None,
    )


def _settle(
    outcomes: Sequence[Outcome], store: FeedStore, now: datetime, how: Round
) -> list[Polled]:
    """Commit outcomes together; where that fails, each alone."""
    if not outcomes:
        return []

    def told(ended: Sequence[Outcome]) -> None:
        for one in ended:
            if one.notice is not None:
                how.tell(one.asked, one.notice, now)

    try:
        n_new = store.settle(
            [(one.feed, one.entries) for one in outcomes],
            now,
            besides=lambda: told(outcomes),
        )
    except NewsbotError:  # a full disk, a busy ledger: none of the feeds' doing
        raise
    except Exception as error:
        if len(outcomes) > 1:
            return [
                polled for one in outcomes for polled in _settle([one], store, now, how)
            ]
        (one,) = outcomes
        # Its old row stays, validators and all: a 304 must not hide the entries.
        name = type(error).__name__
        log.warning("poll feed=%s error=%s", one.asked.url, name)
        lost = failed(one.asked, now, error, f"could not be stored ({name})")
        store.settle([(lost.feed, ())], now, besides=lambda: told([lost]))
        return [Polled(feed=one.asked, n_new=0, error=lost.error, notice=lost.said)]
    # Not before it is stored: what is known is left out of the next answer.
    how.seen.update(
        (one.asked.id, one.seen) for one in outcomes if one.seen is not None
    )
    return [
        Polled(feed=one.asked, n_new=n, error=one.error, notice=one.said)
        for one, n in zip(outcomes, n_new, strict=True)
    ]
