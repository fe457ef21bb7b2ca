"""When is a feed asked again?

In: what is known of a feed, what its server said last, and the time.
Out: the time of the next poll, and in a few words why.

A poll is never early: jitter only ever adds to what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsbot.courtesy import Courtesy
from newsbot.types import Feed, identity

#: Adapted to how often a feed publishes, polls are this far apart at least and at most.
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)
#: The longest wait that a server or feed may ask for.
MAX_WAIT = timedelta(days=31)
#: Longest wait after errors; a feed is never given up.
MAX_BACK_OFF = timedelta(hours=24)
#: Doublings of the wait; `MAX_BACK_OFF` is reached long before.
MAX_DOUBLINGS = 12
#: A feed whose server gives no validators costs a whole answer each time.
WITHOUT_VALIDATORS = timedelta(hours=1)
#: Polls per usual gap between two entries, and per silence since the last one: a
#: daily feed is asked every 3 h, one that is silent for a weekend every 2.5 h.
PER_GAP, PER_SILENCE = 8, 24
#: Newest entries whose dates say how often a feed publishes.
RECENT = 10
#: Most that jitter adds, as a part of the wait and at all.
JITTER, MAX_JITTER = 0.1, timedelta(minutes=10)
#: Characters of a validator that is kept; servers refuse header lines above 8 kB.
MAX_VALIDATOR = 8 * 2**10

_CONTROL = re.compile(r"[\x00-\x1f\x7f]|[^\x00-\xff]")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]+)\"?\s*(?=,|$)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Until when, and why."""

    until: datetime
    reason: str


def validator(value: str | None) -> str | None:
    """Keep a validator as it is, or drop it whole where it cannot be sent back.

    Source:
        RFC 9110, 8.8: a validator is opaque; one that was cut or mended is another.
    """
    if not value or len(value) > MAX_VALIDATOR or _CONTROL.search(value):
        return None
    return value


def next_poll(feed: Feed, headers: Mapping[str, str], now: datetime) -> Wait:
    """Tell when a feed that answered is asked again.

    Args:
        feed: With the validators and hints of this answer, and the freshness that a
            304 is silent on.
        headers: Of the answer, lower-case names.
        now: When it came.

    Returns:
        The largest of the operator's interval, what the server and the feed ask for,
        and what suits how often it publishes, with jitter, past hours and days that
        the feed wants left out; at most `MAX_WAIT` ahead.

    Source:
        RFC 9111, 4.3.4, 5.2.2.1 and 5.3; RSS 2.0, ttl, skipHours and skipDays.
    """
    every = timedelta(minutes=feed.every_minutes)
    waits = [(every, f"every {_spoken(every)}"), *_asked(feed, headers, now)]
    if (adapted := _adapted(feed.courtesy, now)) is not None:
        waits.append((adapted, "as often as it publishes"))
    if not (feed.etag or feed.last_modified):
        waits.append((WITHOUT_VALIDATORS, "no validators: at most hourly"))
    wait, reason = max(waits, key=lambda pair: pair[0])
    if wait > MAX_WAIT:
        wait, reason = MAX_WAIT, f"{reason}, capped at {MAX_WAIT.days} days"
    until = min(now + wait + _jitter(feed, wait, now), now + MAX_WAIT)
    awake = _awake(until, feed.courtesy)
    if awake != until:
        reason += ", then past hours it skips"
    return Wait(until=min(awake, now + MAX_WAIT), reason=reason)


def asleep(feed: Feed, now: datetime) -> bool:
    """Whether a feed wants to be left alone at this hour or day."""
    return _awake(now, feed.courtesy) != now


def back_off(feed: Feed, retry_at: datetime | None, now: datetime) -> Wait:
    """Tell when a feed that failed is asked again; for ever, at last once a day.

    Args:
        feed: Its errors before this one double the wait.
        retry_at: Until when the server wants to be left alone, if it said so.
        now: When it failed.
    """
    every = timedelta(minutes=feed.every_minutes)
    # A feed that fails for a month must not overflow the power of two.
    doubled = min(every * 2 ** min(feed.n_errors, MAX_DOUBLINGS), MAX_BACK_OFF)
    # Below the cap jitter adds; at the cap it takes away, so that a host that comes
    # back is not asked for all its feeds at once.
    spread = doubled + _jitter(feed, doubled, now)
    if spread > MAX_BACK_OFF:
        spread = MAX_BACK_OFF - _jitter(feed, MAX_BACK_OFF, now)
    wait = max(every, spread)
    reason = f"back-off after {feed.n_errors + 1} errors"
    if retry_at is not None and retry_at - now >= wait:
        wait, reason = retry_at - now, "the server's Retry-After"
        if wait >= MAX_WAIT:
            reason += f", capped at {MAX_WAIT.days} days"
    return Wait(until=now + min(wait, max(MAX_WAIT, every)), reason=reason)


def with_pace(known: Courtesy, dates: Sequence[datetime], now: datetime) -> Courtesy:
    """Learn from entries' dates how often a feed publishes."""
    dates = sorted((date for date in dates if date <= now), reverse=True)[:RECENT]
    if len(dates) < 2:
        return known
    gap = (dates[0] - dates[-1]) / (len(dates) - 1)
    return replace(known, newest_at=dates[0], gap_seconds=int(gap.total_seconds()))


def max_age(headers: Mapping[str, str]) -> timedelta:
    """Read how long an answer is fresh, by Cache-Control; nothing where it is silent.

    Of several, in one header or more, the longest: it is the most polite.
    """
    ages = _MAX_AGE.findall(headers.get("cache-control", ""))
    seconds = max((int(age) if len(age) < 10 else 10**9 for age in ages), default=0)
    return timedelta(seconds=seconds)


def freshness(headers: Mapping[str, str], now: datetime) -> int | None:
    """Read for how many seconds an answer is fresh; None where it says nothing of it.

    Source:
        RFC 9111, 4.2.1; of max-age and Expires the longer, which is the more polite.
    """
    if "cache-control" not in headers and "expires" not in headers:
        return None
    waits = (wait for wait, _ in _fresh(headers, now))
    return int(max(waits, default=timedelta()).total_seconds())


def http_date(value: str) -> datetime | None:
    """Read a date of a header; None where it is none."""
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _asked(
    feed: Feed, headers: Mapping[str, str], now: datetime
) -> list[tuple[timedelta, str]]:
    """What the server and the feed ask for; nonsense asks for nothing."""
    waits = _fresh(headers, now)
    if not waits and (seconds := feed.courtesy.fresh_seconds):
        waits.append((timedelta(seconds=seconds), "the server's max-age, as it was"))
    if minutes := feed.courtesy.ttl_minutes:
        waits.append((timedelta(minutes=minutes), "the feed's ttl"))
    return waits


def _fresh(headers: Mapping[str, str], now: datetime) -> list[tuple[timedelta, str]]:
    """What an answer says of how long it is fresh."""
    waits = []
    if age := max_age(headers):
        waits.append((age, "the server's max-age"))
    if (expires := http_date(headers.get("expires", ""))) is not None:
        # By the server's own clock, which may be wrong, but not against itself; one
        # without a clock sends no Date (RFC 9110, 6.6.1).
        date = http_date(headers.get("date", "")) or now
        if expires > date:
            waits.append((expires - date, "the server's Expires"))
    return waits


def _adapted(courtesy: Courtesy, now: datetime) -> timedelta | None:
    if courtesy.newest_at is None or courtesy.gap_seconds is None:
        return None
    gap = timedelta(seconds=courtesy.gap_seconds) / PER_GAP
    silence = (now - courtesy.newest_at) / PER_SILENCE
    return min(max(gap, silence, SHORTEST), LONGEST)


def _jitter(feed: Feed, wait: timedelta, now: datetime) -> timedelta:
    """Up to `JITTER` of a wait, the same for the same feed and time."""
    share = int(identity("jitter", feed.id, now.isoformat()), 16) / 2**64
    return min(wait * JITTER, MAX_JITTER) * share


def _awake(at: datetime, courtesy: Courtesy) -> datetime:
    """Move a time past the hours and days that a feed wants left out."""
    hours = {int(hour) % 24 for hour in courtesy.skip_hours.split(",") if hour}
    days = {int(day) for day in courtesy.skip_days.split(",") if day}
    if len(hours) > 23 or len(days) > 6:  # it cannot mean never
        return at
    moved = at
    while moved.hour in hours or moved.weekday() in days:
        start = moved.replace(minute=0, second=0, microsecond=0)
        # Into the hour by what jitter gave, not on the stroke.
        moved = start + timedelta(hours=1, minutes=at.minute % 10, seconds=at.second)
    return moved


def _spoken(wait: timedelta) -> str:
    minutes = int(wait.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"
