"""When is a reader's digest due, on the reader's own clock?

In: a wish, the date of the last digest, the time. Out: the local date of the digest
that is due now, or nothing. The trigger remembers nothing: asked twice, it answers
twice, and the date is the key under which a digest can be written once only.

A time that a change of clocks leaves out (02:30 in Berlin on 2026-03-29) is taken an
hour later; of one that comes twice (2026-10-25) the first counts (PEP 495, fold=0).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from newsbot.subscribing import Wish
from newsbot.talking import Days

_MONDAY, _FRIDAY = 0, 4


#: Zones that are kept; there are about 600. ZoneInfo's own cache holds 8.
@lru_cache(maxsize=1_024)
def read_zone(name: str) -> ZoneInfo | None:
    """Find a time zone by its IANA name; None where there is none."""
    # Folders of the database open as files would, and paths are no names.
    if not name or name.startswith(("/", ".")) or ".." in name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def find_zone(text: str) -> str | None:
    """Find a time zone as people type it: by its name, or that of its city.

    >>> find_zone("europe/berlin"), find_zone("New York"), find_zone("Mars")
    ('Europe/Berlin', 'America/New_York', None)
    """
    typed = "_".join(text.split())
    return typed if read_zone(typed) else _typed_zones().get(typed.casefold())


@lru_cache(maxsize=1)
def _typed_zones() -> dict[str, str]:
    names = sorted(available_timezones())
    cities: dict[str, list[str]] = {}
    for name in names:
        cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    # A city that two zones are named for is none of them.
    found = {city: same[0] for city, same in cities.items() if len(same) == 1}
    return found | {name.casefold(): name for name in names}


def read_time(text: str) -> time | None:
    """Read a time of day: "07:30" or "7:30"; None where the text is none."""
    hours, colon, minutes = text.strip().partition(":")
    digits = (hours + minutes).isascii() and (hours + minutes).isdigit()
    if not (colon and digits and len(minutes) == 2 and 1 <= len(hours) <= 2):
        return None
    if int(hours) > 23 or int(minutes) > 59:
        return None
    return time(int(hours), int(minutes))


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Say when a local time is, UTC."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Say when a local day begins and ends, UTC, the end exclusive.

    >>> start, end = bounds(date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    >>> (end - start).total_seconds() / 3600
    23.0

    Raises:
        OverflowError: The day after is out of the calendar.
    """
    return moment(day, time(), zone), moment(day + timedelta(days=1), time(), zone)


def scheduled(day: date, days: Days) -> date:
    """Find the last day, *day* itself included, on which a digest is to go out."""
    weekday = day.weekday()
    if days == "weekly":
        return day - timedelta(days=weekday - _MONDAY)
    if days == "weekdays":
        return day - timedelta(days=max(0, weekday - _FRIDAY))
    return day


def due_date(
    wish: Wish, last: date | None, joined_at: datetime, now: datetime
) -> date | None:
    """Tell the local date of the digest that is due, if one is.

    Args:
        wish: Time, zone and days.
        last: Local date of the last digest, if there was one.
        joined_at: When the reader confirmed; what was to go out before is not missed.
        now: Aware.

    Returns:
        Today's date on the reader's clock, from the time of day on, where a digest
        was to go out since the last one. After a downtime that is later the same
        day, or at the usual time of another day: once, whatever was missed. None,
        too, while the local date is not after `last`: a clock that was set back, or
        a reader who moved westward, gets no second one.
    """
    zone = read_zone(wish.time_zone) or ZoneInfo("UTC")
    today = now.astimezone(zone).date()
    if (last is not None and last >= today) or now < moment(today, wish.at, zone):
        return None
    planned = scheduled(today, wish.days)
    if last is not None:
        return today if planned > last else None
    # A clock that was wrong at the time must not hold up the first one.
    return today if moment(planned, wish.at, zone) >= min(joined_at, now) else None
