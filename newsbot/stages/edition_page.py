"""A digest as its templates take it: sections of items, all of it text.

In: what is told, the totals and ties of its picture, the state of the feeds. Out: an
`Edition`. How much of it fits into a mail is the caller's to say, by a `Room`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from newsbot.stages.bars import CloudRow
from newsbot.stages.edition import DealNews, Told
from newsbot.stages.edition_items import Item, Note, item_of, note_of
from newsbot.stages.edition_words import WORDS, EditionWords, long_day, short_day
from newsbot.stages.graph_words import WORDS as GRAPH_WORDS
from newsbot.stages.health import many_failed
from newsbot.stages.links import Network
from newsbot.stages.printable import is_key, one_line
from newsbot.types import Feed
from newsbot.vocabulary import Language
from newsbot.watching import Day, Waiting

#: Characters of a subject, of a preheader: more is cut by every mail program.
MAX_SUBJECT = 150
MAX_PREHEADER = 140
#: Feeds that are named where something is wrong; more are counted.
MAX_FAILING = 10
MAX_ERROR = 160
#: Rows of the table of who deals with whom; more are counted.
MAX_TIES = 15
#: How long no feed may have been read before that is a fault.
SILENCE = timedelta(hours=24)
#: How long an article may have waited to be read: a small machine needs its time for a
#: morning's articles, but no digest is to pass over a model that died in the night.
UNREAD = timedelta(hours=3)
_USER = re.compile(r"(?<=//)[^/@\s]*@")
#: What stands behind the host of an address in an error's text: not for readers.
_BEHIND = re.compile(r"(https?://[^\s/?#]+)[/?#][^\s]*[^\s:;,.)\"'/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many items a section shows in full and in one line, and how many notes."""

    full: int
    brief: int
    notes: int


#: From the largest on; the first whose page is small enough is taken.
ROOMS = (
    Room(full=40, brief=60, notes=30),
    Room(full=20, brief=60, notes=20),
    Room(full=10, brief=50, notes=12),
    Room(full=5, brief=30, notes=8),
    Room(full=2, brief=12, notes=3),
    Room(full=1, brief=3, notes=1),
    # Ordinary days never come here: hostile names and addresses take the rest.
    Room(full=0, brief=3, notes=1),
    Room(full=0, brief=0, notes=0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the feeds are well, and what they bring is read."""

    #: ``"41 of 43 feeds healthy"``.
    line: str
    #: Address, without what may be secret in it, and error.
    failing: tuple[tuple[str, str], ...] = ()
    #: ``"no feed was read since ..."``; empty where they are read.
    silent: str = ""
    #: Why there may be deals that nobody knows of yet: articles that wait or failed.
    unread: tuple[str, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether the reader is to be told even on a day without news."""
        return bool(self.failing or self.silent or self.unread)

    @property
    def said(self) -> str:
        """All of it in one line, but for the feeds' names."""
        return "; ".join(
            part for part in (self.line, self.silent, *self.unread) if part
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Deals of one kind."""

    name: str
    title: str
    items: tuple[Item, ...]
    #: In one line each.
    brief: tuple[Item, ...]
    #: How many more there are.
    n_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TieRow:
    """One row of who deals with whom."""

    source: str
    verb: str
    target: str
    figure: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panorama:
    """The picture of the period, as tables."""

    clouds: tuple[CloudRow, ...] = ()
    ties: tuple[TieRow, ...] = ()
    n_ties_left: int = 0
    #: How many deals the ties are of, where they are the largest only.
    n_largest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A digest, or one deal's mail, before it has a form."""

    language: Language
    words: EditionWords
    title: str
    day: str
    #: What it covers, in words; empty where the day says so.
    period: str
    subject: str
    preheader: str
    #: ``"3 new deals, 1 update"``; empty where there is none.
    counts: str
    #: The one line of a day without deals.
    nothing: str
    sections: tuple[Section, ...]
    notes: tuple[Note, ...] = ()
    n_notes_left: int = 0
    panorama: Panorama = Panorama()
    #: None for a mail about one deal.
    health: Health | None = None
    #: How to see all that did not fit; empty where all of it did.
    read_all: str = ""


def edition(
    told: Told,
    day: date,
    *,
    language: Language,
    room: Room,
    health: Health,
    panorama: Panorama,
    period: str = "",
    nothing: str = "",
) -> Edition:
    """Write a digest.

    Args:
        told: What is in it.
        day: The reader's local date.
        language: The reader's.
        room: How much of it is shown.
        health: Of the feeds; shown where something is wrong, or no deal is told.
        panorama: The picture of the period.
        period: What it covers, where that is not the day.
        nothing: How it is said that there is no deal, with ``{feeds}`` for their state;
            empty for the words for readers who want all.
    """
    words = WORDS[language]
    none = nothing or words.nothing_at_all
    sections = tuple(
        _section(name, title, news, room, language)
        for name, title, news in (
            ("new", words.new, told.new),
            ("updates", words.updates, told.updates),
            ("talks", words.talks, told.talks),
        )
        if news
    )
    notes = [note_of(one) for one in told.noticed]
    counts = _counts(told, words)
    nothing = "" if counts else none.format(feeds=health.said)
    left = sum(section.n_left for section in sections) + max(0, len(notes) - room.notes)
    heads = [
        _head(item) for section in sections for item in (*section.items, *section.brief)
    ]
    shown = short_day(day, language)
    subject = f"{counts or none.partition(';')[0]} – {shown}"
    if heads:
        subject += f": {heads[0]}"
    return Edition(
        language=language,
        words=words,
        title=words.name,
        day=long_day(day, language),
        period=period,
        subject=one_line(subject, MAX_SUBJECT),
        preheader=one_line(" · ".join(heads[:3]) or nothing, MAX_PREHEADER),
        counts=counts,
        nothing=nothing,
        sections=sections,
        notes=tuple(notes[: room.notes]),
        n_notes_left=max(0, len(notes) - room.notes),
        panorama=panorama,
        health=health,
        read_all=words.read_all.format(day=day.isoformat()) if left else "",
    )


def alert_edition(news: DealNews, day: date, language: Language) -> Edition:
    """Write the mail about one deal."""
    words = WORDS[language]
    item = item_of(news, language)
    what = words.correction if news.correction else words.update
    label = item.status if news.new else f"{what[0]}: {item.status}"
    name = "new" if news.new else "updates"
    section = Section(name=name, title=label, items=(item,), brief=(), n_left=0)
    return Edition(
        language=language,
        words=words,
        title=words.name,
        day=long_day(day, language),
        period="",
        subject=one_line(f"{label[:1].upper()}{label[1:]}: {_head(item)}", MAX_SUBJECT),
        preheader=one_line(item.summary or item.kinds, MAX_PREHEADER),
        counts="",
        nothing="",
        sections=(section,),
    )


def health_of(
    feeds: Sequence[Feed],
    now: datetime,
    language: Language,
    *,
    waiting: Sequence[Waiting] = (),
    lately: Day | None = None,
) -> Health:
    """Say how the feeds are, and whether what they bring is read.

    A feed is well while its last poll went well. Where none was read for a day,
    something else is wrong, and that is said. So is a line that stands still: a day
    on which no article was judged is no day without deals.

    Args:
        feeds: All that are followed.
        now: Aware.
        language: The reader's.
        waiting: What waits before each stage of the line.
        lately: What the last day brought.
    """
    words = WORDS[language]
    unread = tuple(_unread(waiting, lately, now, words))
    if not feeds:
        return Health(line=words.no_feeds, unread=unread)
    ill = [feed for feed in feeds if feed.error is not None or feed.n_errors]
    line = words.healthy.format(healthy=len(feeds) - len(ill), n=len(feeds))
    failing = [(_address(feed), _error(feed)) for feed in ill[:MAX_FAILING]]
    if (n_more := len(ill) - MAX_FAILING) > 0:
        failing.append((words.others.format(n=n_more), ""))
    polled = [feed.last_polled_at for feed in feeds if feed.last_polled_at is not None]
    silent = "" if polled else words.never
    if polled and now - max(polled) > SILENCE:
        silent = words.silent.format(when=f"{max(polled):%Y-%m-%d %H:%M} UTC")
    return Health(line=line, failing=tuple(failing), silent=silent, unread=unread)


def _unread(
    waiting: Sequence[Waiting], lately: Day | None, now: datetime, words: EditionWords
) -> Iterator[str]:
    late = [
        (one.since, one.n - one.n_again)
        for one in waiting
        if one.since is not None and now - one.since > UNREAD
    ]
    if late:
        when = f"{min(since for since, _ in late):%Y-%m-%d %H:%M} UTC"
        yield words.waiting.format(n=max(1, sum(n for _, n in late)), when=when)
    if lately is not None and many_failed(lately):
        yield words.unreadable.format(n=lately.n_failed, of=lately.n_entries)


def tie_rows(net: Network, language: Language) -> tuple[tuple[TieRow, ...], int]:
    """Write a network as rows, and count those that are left out."""
    words, verbs = WORDS[language], GRAPH_WORDS[language].verbs
    states = {"signed": "", "talks": words.in_talks, "ended": words.ended}
    rows = [
        TieRow(
            source=one_line(link.source, 60),
            verb=verbs[link.kind],
            target=one_line(link.target, 60),
            figure=link.label
            or (words.times.format(n=link.n_deals) if link.n_deals > 1 else ""),
            state=states[link.state],
        )
        for link in net.links
    ]
    return tuple(rows[:MAX_TIES]), max(0, len(rows) - MAX_TIES) + net.n_links_left


def _section(
    name: str, title: str, news: Sequence[DealNews], room: Room, language: Language
) -> Section:
    items = [item_of(one, language) for one in news[: room.full + room.brief]]
    return Section(
        name=name,
        title=title,
        items=tuple(items[: room.full]),
        brief=tuple(items[room.full :]),
        n_left=max(0, len(news) - len(items)),
    )


def _counts(told: Told, words: EditionWords) -> str:
    counted = (
        (told.new, words.deal),
        ([one for one in told.updates if not one.correction], words.update),
        ([one for one in told.updates if one.correction], words.correction),
        (told.talks, words.rumour),
    )
    return ", ".join(words.number(len(all_), noun) for all_, noun in counted if all_)


def _head(item: Item) -> str:
    return f"{item.heading}, {item.figure}" if item.figure else item.heading


def _address(feed: Feed) -> str:
    """A feed's address without password, query and keys: they open private feeds."""
    try:
        parts = urlsplit(feed.url)
        host = parts.hostname or ""
    except ValueError:
        return feed.id
    path = "/".join("…" if is_key(part) else part for part in parts.path.split("/"))
    return one_line(f"{host}{path}", 100)


def _error(feed: Feed) -> str:
    said = (feed.error or "").replace(feed.url, "").lstrip(": ")
    return one_line(_BEHIND.sub(r"\1/…", _USER.sub("", said)), MAX_ERROR)
