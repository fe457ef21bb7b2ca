"""Deals as a JSON Feed: what `export` writes as Atom, for readers that like JSON.

In: deals as rows. Out: JSON Feed 1.1. Ids are those of the Atom feed, so that a
reader which changes the format sees no deal twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from newsbot.stages.export import (
    MAX_TITLE,
    TAG,
    DealRow,
    content_html,
    each,
    utc_text,
)
from newsbot.stages.lines import web_url
from newsbot.stages.printable import named
from newsbot.stages.wording import STATUS, TYPES

VERSION = "https://jsonfeed.org/version/1.1"


def write_json_feed(rows: Sequence[DealRow], asked: str = "") -> bytes:
    """Write rows as a JSON Feed, in the order given.

    Args:
        rows: Newest first.
        asked: The filters in words.

    Returns:
        UTF-8 JSON.

    Source:
        https://www.jsonfeed.org/version/1.1/
    """
    feed: dict[str, Any] = {
        "version": VERSION,
        "title": "AI-cloud deals",
        "language": "en",
        "authors": [{"name": "newsbot"}],
        "items": [_item(row) for row in rows],
    }
    if asked:
        feed["description"] = asked
    written = json.dumps(feed, ensure_ascii=False, indent=1) + "\n"
    return written.encode("utf-8", "replace")


def _item(row: DealRow) -> dict[str, Any]:
    names = named([name for name, _ in row.parties], MAX_TITLE)
    item: dict[str, Any] = {
        "id": f"{TAG}:deal:{row.id}",
        "title": f"{STATUS['en'][row.status]}: {names}",
        "content_html": content_html(row),
        "date_published": utc_text(row.first_seen_at),
        "date_modified": utc_text(row.last_seen_at),
        "tags": [TYPES["en"][type_] for type_ in row.types],
    }
    urls = each(url for one in row.sources if (url := web_url(one.url)))
    if urls:
        item["external_url"] = urls[0]
    return item
