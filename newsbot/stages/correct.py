"""What does a publisher's newer text say of the deals that the older one told?

In: two texts of one article, and what was found in each. Out: whether it changed at
all, which finding takes the place of which, and which sentences stand as they were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from newsbot.stages.organisations import Gazetteer
from newsbot.types import Article, Finding, Span, identity

#: Words with which a publisher takes something back.
_TAKEN_BACK = re.compile(
    r"(?i)\b(?:correct(?:ion|ed|s)|clarification|retract\w*|withdr[ae]w\w*|erroneous\w*|"
    r"earlier version|previous version|korrektur|korrigier\w*|berichtig\w*|"
    r"richtigstellung|klarstellung|zurückgezogen|widerruf\w*|irrtümlich\w*|"
    r"frühere[nr]? (?:version|fassung))\b"
)


def newer_version(found: Article, known: Article) -> Article | None:
    """Make what was read the next version of an article; None where it says the same.

    White space alone is no change. A page that gives no text any more takes nothing
    back: what its feed says does not replace what was read on it.

    Args:
        found: As the page reads now.
        known: The newest version that is stored.

    Returns:
        The new version, under an id of its own. It keeps the time at which it was
        first published: its deals are known by that.
    """
    if known.text_origin == "page" and found.text_origin != "page":
        return None
    if found.full_text.split() == known.full_text.split():
        return None
    return replace(
        found,
        id=identity("article", known.id, found.full_text),
        published_at=known.published_at,
    )


def retitled(title: str, was: str, now: str) -> str | None:
    """Make the new title of an article whose page has another headline than before.

    The feed's title is usually the page's headline without the site's name beside it.

    Args:
        title: As the feed gave it.
        was: The page's headline then.
        now: The page's headline now.

    Returns:
        The title as the feed would give it now; None where the headline stands.

    >>> retitled("Two sign for 6bn", "Two sign for 6bn | Paper", "Two sign | Paper")
    'Two sign'
    """
    if not now or not was or was.split() == now.split():
        return None
    before, found, after = was.partition(title)
    if found and title and now.startswith(before) and now.endswith(after):
        return now[len(before) : len(now) - len(after)].strip() or None
    return now


def heirs(
    older: Sequence[Finding], newer: Sequence[Finding], gazetteer: Gazetteer
) -> dict[str, Finding]:
    """Say which finding of a newer text tells the deal that one of the older told.

    Those that share the most parties go together first; one shared party is enough,
    for a correction may be of the other one.

    Args:
        older: Of the text before.
        newer: Of the text now.
        gazetteer: Tells which names are one.

    Returns:
        The newer finding by the id of the older one; none for a deal told no more.
    """
    fits = sorted(
        (
            (-_shared(one, other, gazetteer), one.id, other.id, other)
            for one in older
            for other in newer
            if _shared(one, other, gazetteer)
        ),
        key=lambda fit: fit[:3],
    )
    found: dict[str, Finding] = {}
    taken: set[str] = set()
    for _, older_id, newer_id, other in fits:
        if older_id not in found and newer_id not in taken:
            found[older_id] = other
            taken.add(newer_id)
    return found


def _shared(one: Finding, other: Finding, gazetteer: Gazetteer) -> int:
    names = [party.name for party in other.parties]
    return sum(
        any(gazetteer.related(party.name, name) for name in names)
        for party in one.parties
    )


def taken_over(finding: Finding, before: Article, now: Article) -> Finding | None:
    """Move a finding to a newer text in which all its sentences stand as they were.

    A judge that no longer sees a deal, because some other sentence was edited, has
    not heard the publisher take it back.

    Returns:
        The finding with its places in the newer text; None where a sentence is gone
        or another, or where the newer text speaks of a correction.
    """
    if len(_TAKEN_BACK.findall(now.full_text)) > len(
        _TAKEN_BACK.findall(before.full_text)
    ):
        return None
    moved: dict[Span, Span] = {}
    old, new = before.full_text, now.full_text
    claims = finding.claims
    for quote in (finding.status_quote, *(claim.quote for claim in claims)):
        start = new.find(old[quote.start : quote.end])
        if start < 0:
            return None
        moved[quote] = _moved(quote, start - quote.start, now)
    for claim in claims:
        shift = moved[claim.quote].start - claim.quote.start
        moved[claim.span] = _moved(claim.span, shift, now)
        if not _same(moved[claim.span], claim.span, old, new):
            return None
    return replace(
        finding,
        id=identity("finding", now.id, finding.id),
        article_id=now.id,
        status_quote=moved[finding.status_quote],
        parties=tuple(
            replace(one, span=moved[one.span], quote=moved[one.quote])
            for one in finding.parties
        ),
        amounts=tuple(
            replace(one, span=moved[one.span], quote=moved[one.quote])
            for one in finding.amounts
        ),
        capacity=tuple(
            replace(one, span=moved[one.span], quote=moved[one.quote])
            for one in finding.capacity
        ),
    )


def _moved(span: Span, shift: int, now: Article) -> Span:
    return Span(article_id=now.id, start=span.start + shift, end=span.end + shift)


def _same(moved: Span, span: Span, old: str, new: str) -> bool:
    return (
        moved.start >= 0 and new[moved.start : moved.end] == old[span.start : span.end]
    )
