"""Polling: feeds that are due become entries at the head of the line.

Workers ask and read, many hosts at once; the one who called commits what they bring,
many outcomes in one transaction. Each outcome is whole in itself: the feed's new row,
its validators, the entries they vouch for, and when the feed is asked next.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from newsbot.courtesy import Courtesy
from newsbot.errors import FetchError, NewsbotError, ParseError, StageError
from newsbot.ports import Fetcher, Response
from newsbot.stages.discover import feed_links
from newsbot.stages.markup import decode
from newsbot.stages.notices import FeedNews, say_feed
from newsbot.stages.parse import ParsedFeed, parse_feed
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.stages.timing import back_off, next_poll, validator, with_pace
from newsbot.turns import WORKERS, Hosts, host_of, in_turns
from newsbot.types import Entry, Feed

#: Answers in a row, over at least this time, that must come by way of permanent
#: redirects and be this feed, before its address is changed.
MOVES, MOVED_FOR = 5, timedelta(days=2)
#: Bytes of a page in place of a feed that are looked at for the feed it names.
MAX_PAGE = 200_000
#: Errors in a row after which the manager is told, once.
NOTICE_AFTER = 3

#: Called as `parse_feed`.
ParseFeed = Callable[..., ParsedFeed]
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
    #: By feed id: headers for that feed's own host only.
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    workers: int = WORKERS
    tell: Tell = lambda _feed, _notice, _now: None
    #: `parse_feed`, or a way to call it where it can do no harm.
    parse: ParseFeed = parse_feed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """A poll that is not stored yet."""

    asked: Feed
    #: The feed's row as it becomes.
    feed: Feed
    entries: tuple[Entry, ...] = ()
    error: str | None = None
    notice: FeedNews | None = None

    @property
    def said(self) -> str | None:
        """What the operator reads of it."""
        return None if self.notice is None else say_feed(self.notice, "en")


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
        polled += _settle(outcomes, store, now, how.tell)
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


def read_feed(
    feed: Feed,
    fetcher: Fetcher,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed = parse_feed,
    secrets: Mapping[str, str] | None = None,
) -> tuple[ParsedFeed | None, Feed]:
    """Ask a feed's server, with the validators it gave last.

    Returns:
        The parsed feed, None where nothing has changed, and the feed with the new
        validators; they may be stored only together with the entries.

    Raises:
        FetchError: It did not arrive.
        ParseError: It is no feed.
    """
    response = fetcher.fetch(
        feed.url, etag=feed.etag, last_modified=feed.last_modified, secrets=secrets
    )
    return read_answer(feed, response, now, max_age, parse)


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


def read_answer(
    feed: Feed,
    response: Response,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed = parse_feed,
) -> tuple[ParsedFeed | None, Feed]:
    """Read what a feed's server answered; see `read_feed`."""
    headers = response.headers
    asked = replace(
        feed,
        # A 304 may renew one validator and be silent on the other (RFC 9111, 4.3.4).
        etag=validator(headers.get("etag", feed.etag)),
        last_modified=validator(headers.get("last-modified", feed.last_modified)),
        first_polled_at=feed.first_polled_at or now,
        last_polled_at=now,
        n_errors=0,
        error=None,
    )
    courtesy = replace(feed.courtesy, not_before_at=None, stopped_at=None)
    if response.status == 304:
        if not (feed.etag or feed.last_modified):
            # Taken at its word, a server that never shows the feed would look well.
            reason = "server answered 304 Not Modified, but was not asked for changes"
            raise FetchError(feed.url, reason, status=304, retry=True)
        return None, _next(asked, courtesy, response, now)
    # A 200 without validators takes the old ones back: they vouch for nothing now.
    asked = replace(
        asked,
        etag=validator(headers.get("etag")),
        last_modified=validator(headers.get("last-modified")),
    )
    hashed = hashlib.sha256(response.body).hexdigest()
    if hashed == courtesy.body_hash and feed.first_polled_at is not None:
        return None, _next(asked, courtesy, response, now)
    parsed = _parsed(feed, response, now, max_age, parse)
    hints = parsed.hints
    if not hints.whole:
        # Its entries are taken, but its validators would hide those that were cut off.
        asked = replace(asked, etag=feed.etag, last_modified=feed.last_modified)
        hashed = ""
    courtesy = replace(
        with_pace(courtesy, parsed.entries, now),
        body_hash=hashed or None,
        ttl_minutes=hints.ttl_minutes,
        skip_hours=hints.skip_hours,
        skip_days=hints.skip_days,
    )
    return parsed, _next(asked, courtesy, response, now)


def _parsed(
    feed: Feed, response: Response, now: datetime, max_age: timedelta, parse: ParseFeed
) -> ParsedFeed:
    """Read an answer's body; the error for a page says which feed the page names."""
    try:
        return parse(
            response.body,
            url=response.url,
            content_type=response.headers.get("content-type", ""),
            feed_id=feed.id,
            language=feed.language,
            now=now,
            max_age=max_age,
            first_poll=feed.first_polled_at is None,
        )
    except ParseError as error:
        text = decode(
            response.body[:MAX_PAGE], response.headers.get("content-type", "")
        )
        if links := feed_links(text, response.url):
            raise ParseError(f"{error}; it names {links[0][:300]}") from error
        raise


def _next(feed: Feed, courtesy: Courtesy, response: Response, now: datetime) -> Feed:
    """Say when and where a feed that answered is asked next."""
    # A redirect that only leads to the secure form or away from it is judged alike;
    # back to http a secure address is never changed.
    moved_to = response.moved_to
    if moved_to is None or (feed.url.startswith("https:") and moved_to[:5] == "http:"):
        courtesy = replace(courtesy, moved_to=None, n_moved=0, moved_since=None)
    elif moved_to != courtesy.moved_to or courtesy.moved_since is None:
        courtesy = replace(courtesy, moved_to=moved_to, n_moved=1, moved_since=now)
    else:
        courtesy = replace(courtesy, n_moved=courtesy.n_moved + 1)
        assert courtesy.moved_since is not None
        long_enough = now - courtesy.moved_since >= MOVED_FOR
        if courtesy.n_moved >= MOVES and long_enough:
            feed = replace(feed, url=moved_to)
            courtesy = replace(courtesy, moved_to=None, n_moved=0, moved_since=None)
    feed = replace(feed, courtesy=courtesy)
    wait = next_poll(feed, response.headers, now)
    courtesy = replace(courtesy, wait_reason=wait.reason)
    return replace(feed, next_poll_at=wait.until, courtesy=courtesy)


def _poll_one(feed: Feed, fetcher: Fetcher, now: datetime, how: Round) -> _Outcome:
    try:
        secrets = how.secrets.get(feed.id)
        parsed, asked = read_feed(feed, fetcher, now, how.max_age, how.parse, secrets)
    except StageError as error:
        reason = error.reason if isinstance(error, FetchError) else str(error)
        return _failed(feed, now, error, reason)
    except Exception as error:
        # One feed that nobody foresaw must not keep the others from being read.
        log.warning("poll feed=%s error=%s", feed.url, type(error).__name__)
        return _failed(feed, now, error, f"{type(error).__name__}: {error}")
    notice = None
    if asked.url != feed.url:
        notice = FeedNews(kind="moved", detail=asked.url)
    elif feed.n_errors >= NOTICE_AFTER:
        notice = FeedNews(kind="recovered", detail=str(feed.n_errors))
    entries = parsed.entries if parsed is not None else ()
    return _Outcome(asked=feed, feed=asked, entries=entries, notice=notice)


def _failed(feed: Feed, now: datetime, error: Exception, reason: str) -> _Outcome:
    """Keep the reason in the row, in one line, and ask again later."""
    line, notice = one_line(reason, MAX_REASON), None
    status, retry_at = None, None
    if isinstance(error, FetchError):
        # Other answers carry the field for other ends (RFC 9110, 10.2.3).
        status = error.status
        retry_at = error.retry_at if status in (429, 503) else None
    wait = back_off(feed, retry_at, now)
    courtesy = replace(
        feed.courtesy,
        wait_reason=wait.reason,
        not_before_at=wait.until if retry_at and retry_at > now else None,
        # What did not come as a feed was no feed that moved.
        moved_to=None,
        n_moved=0,
        moved_since=None,
    )
    next_poll_at: datetime | None = wait.until
    if status == 410:
        # RFC 9110, 15.5.11: meant to last; clients are asked to forget the address.
        notice = FeedNews(kind="gone", detail=line)
        line = say_feed(notice, "en")
        next_poll_at = None
        courtesy = replace(courtesy, stopped_at=now, wait_reason="410 Gone: stopped")
    elif feed.n_errors + 1 == NOTICE_AFTER:
        notice = FeedNews(kind="failing", detail=line)
    after = replace(
        feed,
        next_poll_at=next_poll_at,
        last_polled_at=now,
        n_errors=feed.n_errors + 1,
        error=line,
        courtesy=courtesy,
    )
    return _Outcome(asked=feed, feed=after, error=line, notice=notice)


def _settle(
    outcomes: Sequence[_Outcome], store: FeedStore, now: datetime, tell: Tell
) -> list[Polled]:
    """Commit outcomes together; where that fails, each alone."""
    if not outcomes:
        return []

    def told(ended: Sequence[_Outcome]) -> None:
        for one in ended:
            if one.notice is not None:
                tell(one.asked, one.notice, now)

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
                polled
                for one in outcomes
                for polled in _settle([one], store, now, tell)
            ]
        (one,) = outcomes
        # Its old row stays, validators and all: a 304 must not hide the entries.
        name = type(error).__name__
        log.warning("poll feed=%s error=%s", one.asked.url, name)
        failed = _failed(one.asked, now, error, f"could not be stored ({name})")
        store.settle([(failed.feed, ())], now, besides=lambda: told([failed]))
        return [Polled(feed=one.asked, n_new=0, error=failed.error, notice=failed.said)]
    return [
        Polled(feed=one.asked, n_new=n, error=one.error, notice=one.said)
        for one, n in zip(outcomes, n_new, strict=True)
    ]
