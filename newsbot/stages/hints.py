"""What a feed says about itself: when to ask, and where its older pages are.

In: a feed's text. Out: its hints; what is not there, or nonsense, is left out.

Only the part before the first entry and after the last one is looked at, and of
each no more than `MAX_LOOK` characters: expressions here are linear in that.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from newsbot.stages.markup import attributes

#: Characters looked at before the first entry, and after the last.
MAX_LOOK = 64_000
#: Minutes; no feed means to wait for longer than `timing.MAX_WAIT`.
MAX_TTL = 31 * 24 * 60

_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_TTL = re.compile(r"<ttl>\s*(\d{1,9})\s*</ttl>", re.IGNORECASE)
_SKIP_HOURS = re.compile(r"<skipHours>(.{0,2000}?)</skipHours>", re.I | re.S)
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_SKIP_DAYS = re.compile(r"<skipDays>(.{0,1000}?)</skipDays>", re.I | re.S)
_DAY = re.compile(r"<day>\s*([A-Za-z]{3,9})\s*</day>", re.IGNORECASE)
_LINK = re.compile(r"<(?:\w+:)?link\s([^<>]{1,4000})>", re.IGNORECASE)
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """A feed's own words on how it wants to be read."""

    ttl_minutes: int | None = None
    #: 0 to 23, GMT; 0 is Monday; comma-separated, in order.
    skip_hours: str = ""
    skip_days: str = ""
    #: The page with older entries, as written.
    older: str | None = None
    #: Whether it has its end: a feed that was cut off may have more to say.
    whole: bool = True


def read_hints(text: str) -> Hints:
    """Read a feed's hints.

    Args:
        text: The feed, of any kind, decoded.

    Source:
        RSS 2.0 (ttl, skipHours, skipDays); RFC 5005 (prev-archive, next); JSON Feed
        1.1 (next_url).
    """
    if text.lstrip()[:1] == "{":
        return Hints(older=_next_url(text))
    around = _around_entries(text)
    ttl = _TTL.search(around)
    hours, days = _SKIP_HOURS.search(around), _SKIP_DAYS.search(around)
    numbers = {int(n) % 24 for n in _HOUR.findall(hours[1])} if hours else set()
    named = {day.lower() for day in _DAY.findall(days[1])} if days else set()
    links = _links(around)
    return Hints(
        whole=_has_end(text),
        ttl_minutes=min(int(ttl[1]), MAX_TTL) or None if ttl else None,
        skip_hours=",".join(map(str, sorted(numbers))),
        skip_days=",".join(str(n) for n, day in enumerate(_DAYS) if day in named),
        older=links.get("prev-archive") or links.get("next"),
    )


def _around_entries(text: str) -> str:
    first = _ENTRY.search(text)
    if first is None:
        return text[:MAX_LOOK]
    last = max(_last_entry(text), first.start())
    return text[: first.start()][:MAX_LOOK] + text[last:][:MAX_LOOK]


def _last_entry(text: str) -> int:
    """Where the last whole entry ends; 0 without any."""
    return max((match.end() for match in _ENTRY_END.finditer(text)), default=0)


def whole_entries(text: str) -> str:
    """Cut off what a feed that breaks off has begun to say.

    Half a title is none, and half a link leads elsewhere.
    """
    return text[: _begun(text)]


def _has_end(text: str) -> bool:
    """Whether the feed's own end tag stands behind all of its entries."""
    last = _last_entry(text)
    begun = _ENTRY.search(text, last)
    return bool(_END.search(text, begun.start() if begun else last))


def _begun(text: str) -> int:
    """Where an entry begins that has no end; the end of the text without any."""
    begun = _ENTRY.search(text, _last_entry(text))
    return len(text) if begun is None else begun.start()


def _links(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _LINK.finditer(text):
        values = attributes(match[1])
        link = values.get("href", "")
        # The relation is a token or its IANA address (RFC 4287, 4.2.7.2).
        relation = values.get("rel", "").lower().rpartition("/")[2]
        if link and relation:
            found.setdefault(relation, link)
    return found


def _next_url(text: str) -> str | None:
    try:
        value = json.loads(text).get("next_url")
    except (ValueError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) else None
