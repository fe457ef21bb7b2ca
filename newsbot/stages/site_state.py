"""What the status page says of the service: feeds, what waits, why nothing came.

In: what the ledger says at one moment. Out: words. No recipient is named, and no
address of a feed with what opens it: a page is seen by more people than a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from newsbot.stages.health import failing
from newsbot.stages.printable import one_line
from newsbot.stages.site_words import WORDS, number
from newsbot.types import Feed
from newsbot.vocabulary import Language
from newsbot.watching import Facts, Health

#: Of hundreds of feeds these are shown, those that fail first.
MAX_FEEDS = 300
MAX_TEXT = 300
#: User and password in an address, what follows its path, and addresses of mail.
_OPENS = re.compile(r"(?<=://)[^/\s@]+@|(?<=\S)\?[^\s)]+")
_MAIL = re.compile(r"[^\s<>@:,;]+@[^\s<>@:,;]+")

Look = Literal["good", "warn", "bad", "quiet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed in the list."""

    address: str
    look: Look
    state: str
    #: Why it fails, or when it is asked next and why.
    reason: str
    seen_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLine:
    """What waits for one step of the line."""

    step: str
    n: str
    n_again: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePage:
    """How the service is."""

    running: bool
    #: In the page's language, in the order of the line.
    why: tuple[str, ...]
    #: In English, as `newsbot health` has them.
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    #: Number and word of the last day's counts, and the share of the first, in percent.
    day: tuple[tuple[str, str, int], ...]
    waiting: tuple[WaitLine, ...]
    messages: tuple[tuple[str, str], ...]
    mails: tuple[tuple[str, str], ...]
    feeds: tuple[FeedLine, ...]
    #: More feeds than are shown.
    n_left: int
    #: Job, when it was last done, and what went wrong.
    upkeep: tuple[tuple[str, datetime, str], ...]

    @property
    def look(self) -> Look:
        """How things stand, at a glance."""
        if self.problems:
            return "bad"
        return "good" if self.running else "quiet"


def without_recipients(facts: Facts) -> Facts:
    """Leave out who gets messages, and what opens private feeds."""
    return replace(
        facts,
        parked=tuple(replace(one, recipient="recipient") for one in facts.parked),
        feeds=tuple(
            replace(
                one, url=feed_address(one), error=one.error and shown(one.error, one)
            )
            for one in facts.feeds
        ),
    )


def feed_address(feed: Feed) -> str:
    """A feed's address without password and query: they open private feeds."""
    try:
        parts = urlsplit(feed.url)
        host = parts.hostname or ""
    except ValueError:
        return feed.id
    return one_line(f"{host}{parts.path}", MAX_TEXT)


def shown(text: str, feed: Feed | None = None) -> str:
    """A reason without what it must not tell: addresses of people, keys of feeds."""
    if feed is not None:
        text = text.replace(feed.url, feed_address(feed))
    return one_line(_MAIL.sub("…", _OPENS.sub("", text)), MAX_TEXT)


def state_page(facts: Facts, health: Health, language: Language) -> StatePage:
    """Write how the service is.

    Args:
        facts: What is known, already without recipients.
        health: Judged from the same.
        language: Of the page.
    """
    words = WORDS[language]
    bad = {one.id for one in failing(facts.feeds)}
    feeds = sorted(
        facts.feeds, key=lambda one: (one.id not in bad, not one.n_errors, one.url)
    )
    sending = facts.sending
    return StatePage(
        running=facts.running,
        why=tuple(_why(facts, language)),
        problems=tuple(shown(text) for text in health.problems),
        warnings=tuple(shown(text) for text in health.warnings),
        day=_day(facts, language),
        waiting=tuple(
            WaitLine(
                step=words.get(one.stage, one.stage),
                n=number(one.n, language),
                n_again=number(one.n_again, language),
                since=one.since,
            )
            for one in facts.waiting
            if one.n
        ),
        messages=_counted(
            (
                ("sent", sending.n_sent),
                ("pending", sending.n_pending),
                ("failed", sending.n_failed),
                ("unknown", sending.n_unknown),
                ("parked", sending.n_parked),
            ),
            language,
        ),
        mails=_counted(
            (
                ("sent", sending.n_mails_sent),
                ("pending", sending.n_mails_pending),
                ("failed", sending.n_mails_failed),
            ),
            language,
        ),
        feeds=tuple(_feed(one, bad, language) for one in feeds[:MAX_FEEDS]),
        n_left=max(0, len(feeds) - MAX_FEEDS),
        upkeep=tuple(
            (
                words.get(f"j_{one.job}", one.job),
                one.done_at,
                shown(one.error) if one.error else "",
            )
            for one in facts.done
        ),
    )


def _why(facts: Facts, language: Language) -> list[str]:
    """The reasons of `newsbot status`, in the page's language."""
    words, day = WORDS[language], facts.day
    lines = []
    if not facts.running:
        lines.append(words["is_running_not"])
    if facts.feeds and not day.n_entries:
        lines.append(words["is_silent"])
    elif facts.feeds:
        lines.append(
            words["is_counted"].format(
                n_entries=number(day.n_entries, language),
                n_irrelevant=number(day.n_irrelevant, language),
                n_failed=number(day.n_failed, language),
                n_judged=number(day.n_judged, language),
                n_deals=number(day.n_deals, language),
            )
        )
        made = words["is_made"] if day.n_new or day.n_alerts else words["is_nothing"]
        lines.append(made.format(n_new=day.n_new, n_alerts=day.n_alerts))
    if waiting := sum(one.n for one in facts.waiting):
        lines.append(words["is_waiting"].format(n=number(waiting, language)))
    return lines


def _day(facts: Facts, language: Language) -> tuple[tuple[str, str, int], ...]:
    day, words = facts.day, WORDS[language]
    counts = (
        ("d_entries", day.n_entries),
        ("d_irrelevant", day.n_irrelevant),
        ("d_failed", day.n_failed),
        ("d_judged", day.n_judged),
        ("d_deals", day.n_deals),
        ("d_new", day.n_new),
        ("d_alerts", day.n_alerts),
    )
    most = max((n for _, n in counts), default=0) or 1
    return tuple(
        (number(n, language), words[name], round(100 * n / most)) for name, n in counts
    )


def _counted(
    counts: Sequence[tuple[str, int]], language: Language
) -> tuple[tuple[str, str], ...]:
    """Counts with their words; those that are none are left out."""
    words = WORDS[language]
    return tuple((number(n, language), words[name]) for name, n in counts if n)


def _feed(feed: Feed, bad: set[str], language: Language) -> FeedLine:
    words = WORDS[language]
    look: Look = "good"
    state, reason = words["f_well"], feed.courtesy.wait_reason or ""
    if feed.courtesy.stopped_at is not None:
        look, state, reason = "bad", words["f_gone"], feed.error or reason
    elif feed.n_errors:
        look = "bad" if feed.id in bad else "warn"
        state, reason = words["f_ill"].format(n=feed.n_errors), feed.error or ""
    elif feed.last_polled_at is None:
        look, state = "quiet", words["f_new"]
    return FeedLine(
        address=feed.url,
        look=look,
        state=state,
        reason=shown(reason),
        seen_at=feed.last_polled_at,
        next_at=feed.next_poll_at,
    )
