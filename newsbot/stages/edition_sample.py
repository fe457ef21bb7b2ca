"""Invented digests with one of everything, on which templates are tried.

A template of a user's own is read when the service starts, not at seven in the
morning: what these pages show is what any page can show.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from newsbot.stages.bars import CloudRow
from newsbot.stages.edition import Told
from newsbot.stages.edition_items import Fact, Item, Link, Note
from newsbot.stages.edition_page import (
    ROOMS,
    Edition,
    Health,
    Panorama,
    Section,
    TieRow,
    edition,
)
from newsbot.stages.edition_words import WORDS

_DAY = date(2026, 1, 31)
_PAPER = Link(label="paper.example.org", url="https://paper.example.org/1.html")
_NOWHERE = Link(label="wire.example.org", url=None)
_FULL = Item(
    heading="Lab and Cloud",
    status="Signed",
    kinds="purchase of computing",
    figure="$2bn",
    changes=("now signed (was: in talks)",),
    parties=(("Lab", "customer"), ("Cloud", "")),
    summary="Lab rents computers from Cloud.",
    facts=(
        Fact(
            figures=(("Purchase", "$2bn, paid by Lab"), ("1 other", "")),
            quote="Lab pays Cloud $2bn.",
            language="en",
            source=_PAPER,
        ),
        Fact(figures=(), quote="", language="de", source=_NOWHERE),
    ),
    counted="2 sources (1 EN, 1 DE)",
    sources=(_PAPER, _NOWHERE),
    shown=frozenset({_PAPER}),
)
_BARE = Item(
    heading="Lab",
    status="New deal",
    kinds="",
    figure="",
    changes=(),
    parties=(),
    summary="",
    facts=(),
    counted="",
    sources=(),
    shown=frozenset(),
)


_WORDS = WORDS["en"]
_ALERT = Edition(
    language="en",
    words=_WORDS,
    title=_WORDS.name,
    day="Saturday, 31 January 2026",
    period="",
    subject="New deal: Lab and Cloud",
    preheader="Lab rents computers from Cloud.",
    counts="",
    nothing="",
    sections=(
        Section(name="new", title="New deal", items=(_FULL,), brief=(), n_left=0),
    ),
)
_NOTES = tuple(
    Note(
        title="Grid",
        title_language="en",
        summary="More power.",
        language="en",
        source=source,
    )
    for source in (_PAPER, _NOWHERE)
)
_PANORAMA = Panorama(
    clouds=(
        CloudRow(
            name="Cloud",
            n_deals=1,
            firm="$2bn",
            soft="",
            dollars=Decimal(2 * 10**9),
        ),
    ),
    ties=(TieRow(source="Lab", verb="buys from", target="Cloud", figure="", state=""),),
    n_ties_left=1,
    n_largest=1,
)
_ILL = Health(
    line="1 of 2 feeds healthy",
    failing=(("paper.example.org/feed", "HTTP 500"), ("1 other", "")),
    silent="no feed was read since 2026-01-30 07:00 UTC",
    unread=("articles that wait to be read: 2",),
)


def samples() -> tuple[Edition, ...]:
    """Give a day with one of everything, an empty day, and the mail about one deal."""
    titles = (("new", _WORDS.new), ("updates", _WORDS.updates), ("talks", _WORDS.talks))
    full = replace(
        _ALERT,
        period="Everything since the digest of 28 January 2026.",
        subject="2 new deals",
        counts="2 new deals",
        sections=tuple(
            Section(
                name=name,
                title=title,
                items=(_FULL, _BARE),
                brief=(_FULL, _BARE),
                n_left=1,
            )
            for name, title in titles
        ),
        notes=_NOTES,
        n_notes_left=1,
        panorama=_PANORAMA,
        health=_ILL,
        read_all="All of them: newsbot deals",
    )
    empty = edition(
        Told(new=(), updates=(), talks=(), noticed=()),
        _DAY,
        language="de",
        room=ROOMS[0],
        health=Health(line="2 von 2 Feeds in Ordnung"),
        panorama=Panorama(),
    )
    return full, empty, _ALERT
