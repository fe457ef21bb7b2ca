"""What a poll came to: a feed's row as it becomes, and the entries it vouches for.

In: a feed as it was, and what its server answered or what went wrong instead.
Out: validators, hints and the time of the next poll, none of them stored yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsbot.courtesy import Courtesy, MayFollow, Secrets
from newsbot.errors import FetchError, ParseError
from newsbot.ports import Fetcher, Response
from newsbot.stages.discover import feed_links
from newsbot.stages.markup import decode
from newsbot.stages.notices import FeedNews, say_feed
from newsbot.stages.parse import ParsedFeed, parse_feed
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.stages.timing import (
    back_off,
    freshness,
    next_poll,
    validator,
    with_pace,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A poll that is not stored yet."""

    asked: Feed
    #: The feed's row as it becomes.
    feed: Feed
    entries: tuple[Entry, ...] = ()
    error: str | None = None
    notice: FeedNews | None = None
    #: What the parser wants to be told with the next answer, once this one is stored;
    #: None where nothing was parsed.
    seen: bytes | None = None

    @property
    def said(self) -> str | None:
        """What the operator reads of it."""
        return None if self.notice is None else say_feed(self.notice, "en")


def read_feed(
    feed: Feed,
    fetcher: Fetcher,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed = parse_feed,
    secrets: Secrets | None = None,
    known: bytes = b"",
    *,
    may_follow: MayFollow | None = None,
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
        feed.url,
        etag=feed.etag,
        last_modified=feed.last_modified,
        secrets=secrets,
        may_follow=may_follow,
    )
    return read_answer(feed, response, now, max_age, parse, known)


def read_answer(
    feed: Feed,
    response: Response,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed = parse_feed,
    known: bytes = b"",
) -> tuple[ParsedFeed | None, Feed]:
    """Read what a feed's server answered; see `read_feed`."""
    headers = response.headers
    courtesy = feed.courtesy
    if courtesy.not_before_at or courtesy.stopped_at:
        courtesy = replace(courtesy, not_before_at=None, stopped_at=None)
    fresh = freshness(headers, now)
    if (response.status != 304 or fresh is not None) and (
        fresh or None
    ) != courtesy.fresh_seconds:
        courtesy = replace(courtesy, fresh_seconds=fresh or None)
    if response.status == 304:
        if not (feed.etag or feed.last_modified):
            # Taken at its word, a server that never shows the feed would look well.
            reason = "server answered 304 Not Modified, but was not asked for changes"
            raise FetchError(feed.url, reason, status=304, retry=True)
        # It may renew one validator and be silent on the other (RFC 9111, 4.3.4).
        etag = headers.get("etag", feed.etag)
        last_modified = headers.get("last-modified", feed.last_modified)
        return None, _next(feed, (etag, last_modified), courtesy, response, now)
    # A 200 without validators takes the old ones back: they vouch for nothing now.
    validators = headers.get("etag"), headers.get("last-modified")
    hashed = hashlib.sha256(response.body).hexdigest()
    if hashed == courtesy.body_hash and feed.first_polled_at is not None:
        return None, _next(feed, validators, courtesy, response, now)
    parsed = _parsed(feed, response, now, max_age, parse, known)
    hints = parsed.hints
    if not hints.whole:
        # Its entries are taken, but its validators would hide those that were cut off.
        validators = feed.etag, feed.last_modified
        hashed = ""
    courtesy = replace(
        with_pace(courtesy, parsed.dates, now),
        title=courtesy.title or parsed.title or None,
        body_hash=hashed or None,
        ttl_minutes=hints.ttl_minutes,
        skip_hours=hints.skip_hours,
        skip_days=hints.skip_days,
        older_url=hints.older or "",
    )
    return parsed, _next(feed, validators, courtesy, response, now)


def _parsed(
    feed: Feed,
    response: Response,
    now: datetime,
    max_age: timedelta,
    parse: ParseFeed,
    known: bytes,
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
            known=known if feed.first_polled_at is not None else b"",
        )
    except ParseError as error:
        text = decode(
            response.body[:MAX_PAGE], response.headers.get("content-type", "")
        )
        if links := feed_links(text, response.url):
            raise ParseError(f"{error}; it names {links[0][:300]}") from error
        raise


def _next(
    feed: Feed,
    validators: tuple[str | None, str | None],
    courtesy: Courtesy,
    response: Response,
    now: datetime,
) -> Feed:
    """The row of a feed that answered: its validators, when and where it is asked next.

    Most answers change little: each copy of a row takes as long as sending a request.
    """
    url, courtesy = _moved(feed, courtesy, response.moved_to, now)
    answered = replace(
        feed,
        url=url,
        etag=validator(validators[0]),
        last_modified=validator(validators[1]),
        first_polled_at=feed.first_polled_at or now,
        last_polled_at=now,
        n_errors=0,
        error=None,
        courtesy=courtesy,
    )
    wait = next_poll(answered, response.headers, now)
    if wait.reason != courtesy.wait_reason:
        courtesy = replace(courtesy, wait_reason=wait.reason)
    return replace(answered, next_poll_at=wait.until, courtesy=courtesy)


def _moved(
    feed: Feed, courtesy: Courtesy, moved_to: str | None, now: datetime
) -> tuple[str, Courtesy]:
    """Say where a feed is asked from now on, after a permanent redirect or none."""
    # A redirect that only leads to the secure form or away from it is judged alike;
    # back to http a secure address is never changed.
    if moved_to is None or (feed.url.startswith("https:") and moved_to[:5] == "http:"):
        if courtesy.moved_to is None and not courtesy.n_moved:
            return feed.url, courtesy
        return feed.url, replace(courtesy, moved_to=None, n_moved=0, moved_since=None)
    if moved_to != courtesy.moved_to or courtesy.moved_since is None:
        return feed.url, replace(
            courtesy, moved_to=moved_to, n_moved=1, moved_since=now
        )
    n_moved = courtesy.n_moved + 1
    if n_moved >= MOVES and now - courtesy.moved_since >= MOVED_FOR:
        return moved_to, replace(courtesy, moved_to=None, n_moved=0, moved_since=None)
    return feed.url, replace(courtesy, n_moved=n_moved)


def doubled(asked: Feed, answered: Feed, now: datetime) -> Feed:
    """Stop a feed that has moved to where another feed is followed already.

    Two rows of one address would ask for it twice.
    """
    courtesy = replace(
        answered.courtesy,
        stopped_at=now,
        wait_reason=f"moved to {answered.url}, which is followed: stopped",
    )
    return replace(answered, url=asked.url, next_poll_at=None, courtesy=courtesy)


def failed(feed: Feed, now: datetime, error: Exception, reason: str) -> Outcome:
    """Keep the reason in the row, in one line, and ask again later."""
    line = one_line(reason, MAX_REASON)
    notice: FeedNews | None = None
    status, retry_at = None, None
    if isinstance(error, FetchError):
        # Other answers carry the field for other ends (RFC 9110, 10.2.3).
        status = error.status
        retry_at = error.retry_at if status in (429, 503) else None
    wait = back_off(feed, retry_at, now)
    courtesy = replace(
        feed.courtesy,
        wait_reason=wait.reason,
        # The back-off may be longer; that is ours, and force may pass over it.
        not_before_at=retry_at if retry_at and retry_at > now else None,
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
    return Outcome(asked=feed, feed=after, error=line, notice=notice)
