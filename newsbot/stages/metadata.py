"""What a page says about its article: title, author, date, publisher.

In: a page's tree, and what its feed has told. Out: those four, as trafilatura finds
them; what is known is not looked for.

trafilatura's own `extract_metadata` also looks for licences, sections and tags, in
each link of the page; nobody asks for them here, and they take as long as all the
rest: 2.3 of 10.7 ms of an ordinary page. A date or an author that no header names is
searched for in the whole page, which takes longer still. A test holds both against
each other.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a page says about its article; None where it is silent."""

    title: str | None = None
    author: str | None = None
    #: ``"2026-03-01"``.
    date: str | None = None
    sitename: str | None = None


def read_metadata(tree: Any, url: str, known: Metadata) -> Metadata:
    """Read what a page says about its article.

    Args:
        tree: The page's root, an `lxml.html` element, scripts included; it stays as
            it is.
        url: Where it was asked for.
        known: What counts before the page's own word, and need not be looked for.

    Source:
        `trafilatura.metadata.extract_metadata`, step by step.
    """
    from trafilatura import metadata as parts
    from trafilatura.settings import set_date_params

    found = parts.examine_meta(tree)
    if found.author and " " not in found.author:
        found.author = None
    # What a script holds may be anything: the page's own words stand in.
    with contextlib.suppress(Exception):
        found = parts.extract_meta_json(tree, found)
    found.title = known.title or found.title or parts.extract_title(tree)
    found.author = known.author or found.author or parts.extract_author(tree)
    found.url = found.url or parts.extract_url(tree, url)
    found.date = known.date or parts.find_date(tree, **set_date_params(), url=found.url)
    name = known.sitename or found.sitename or parts.extract_sitename(tree)
    if name:
        name = name.lstrip("@")
        if name and "." not in name and not name[0].isupper():
            name = name.title()
    elif found.url and (host := parts.META_URL.match(found.url)):
        name = host[1]
    found.sitename = name
    found.clean_and_trim()
    return Metadata(
        title=found.title,
        author=found.author,
        date=found.date,
        sitename=found.sitename,
    )
