"""JSON Feed to the shape in which feedparser gives a feed.

In: the text of a JSON Feed. Out: what `parse` reads of a feed and its items, so that
links, dates and texts go the same way as those of RSS and Atom.

Source:
    JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/; authors also as in 1.0.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from newsbot.errors import ParseError

#: Items read from the head, and as many from the tail, of a longer feed.
MAX_AT_EACH_END = 500
#: Characters of one text; a full text fits.
MAX_TEXT = 100_000

#: RFC 3339, as the format asks; and dates alone, as some write.
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?.{0,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFeed:
    """A feed and its items, by feedparser's keys."""

    feed: dict[str, Any]
    entries: list[dict[str, Any]]
    #: Items cut out of the middle.
    n_cut: int


def is_json_feed(text: str) -> bool:
    """Whether a document is JSON, and says of itself that it is a feed."""
    head = text[:200].lstrip()
    return head.startswith("{") and "jsonfeed.org" in text


def read_json_feed(text: str) -> JsonFeed:
    """Read a JSON Feed; what is wrong with one item does not spoil the others.

    Raises:
        ParseError: It is no JSON, or has no list of items.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError("damaged JSON") from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise ParseError("a JSON document without items, not a feed")
    middle = len(items[MAX_AT_EACH_END:-MAX_AT_EACH_END])
    kept = items[:MAX_AT_EACH_END] + items[MAX_AT_EACH_END:][-MAX_AT_EACH_END:]
    return JsonFeed(
        feed={"title": _text(data, "title"), "language": _text(data, "language")},
        entries=[_entry(item) for item in kept if isinstance(item, dict)],
        n_cut=middle,
    )


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    plain = {"type": "text/plain"}
    html, text = _text(item, "content_html"), _text(item, "content_text")
    return {
        "link": _text(item, "url") or _text(item, "external_url"),
        # "id" is the address where there is no other (JSON Feed 1.1, Items).
        "id": _text(item, "id"),
        "guidislink": True,
        "title": _text(item, "title"),
        "title_detail": plain,
        "summary": _text(item, "summary"),
        "summary_detail": plain,
        "content": [{"value": html or escape(text)}],
        "author": _author(item),
        "author_detail": plain,
        "published_parsed": _date(item, "date_published"),
        "updated_parsed": _date(item, "date_modified"),
    }


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if isinstance(value, int) and key == "id":  # numbers are coerced, says the format
        return str(value)[:40]
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _author(item: dict[str, Any]) -> str:
    authors = item.get("authors")
    if not isinstance(authors, list):
        authors = [item.get("author")]
    names = [_text(one, "name") for one in authors[:20] if isinstance(one, dict)]
    return ", ".join(name for name in names if name)


def _date(item: dict[str, Any], key: str) -> tuple[int, ...] | None:
    value = _text(item, key)
    if not _DATE.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return tuple(moment.astimezone(UTC).timetuple())
    except (ValueError, OverflowError):
        return None
