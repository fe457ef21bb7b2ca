"""Lines that tell no news: what managers must know, and what we got wrong."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from newsbot.mailing import Notice
from newsbot.stages.lines import shortened
from newsbot.stages.printable import one_line, without_keys
from newsbot.stages.wording import AND, listed
from newsbot.types import Alert, Deal, identity
from newsbot.vocabulary import Language

#: Names in one line, and characters of each.
MAX_NAMES = 4
MAX_NAME = 80
#: Characters of a feed's address, and of what is said of it.
MAX_URL = 300
MAX_SAID = 600

Mistake = Literal["merged", "split", "withdrawn"]

_MISTAKES: dict[Language, dict[Mistake, str]] = {
    "en": {
        "merged": "Correction: this is no deal of its own but the one told before: {}.",
        "split": "Correction: two deals were told as one here; another one is: {}.",
        "withdrawn": "Correction: this was no deal, we were wrong: {}.",
    },
    "de": {
        "merged": "Korrektur: Das ist kein eigener Deal, sondern der schon gemeldete: "
        "{}.",
        "split": "Korrektur: Hier wurden zwei Deals als einer gemeldet; ein anderer "
        "ist: {}.",
        "withdrawn": "Korrektur: Das war kein Deal, wir haben uns geirrt: {}.",
    },
}

_PAUSED: dict[Language, str] = {
    "en": "Paused: {recipient} gets no messages any more, they wait. Reason: {reason}",
    "de": "Angehalten: {recipient} bekommt keine Nachrichten mehr, sie warten. "
    "Grund: {reason}",
}


def paused_text(recipient: str, reason: str, language: Language) -> str:
    """Say that a recipient is paused, and why.

    >>> paused_text("-100/7", "the topic is closed", "en")
    'Paused: -100/7 gets no messages any more, they wait. Reason: the topic is closed'
    """
    return _PAUSED[language].format(recipient=recipient, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNews:
    """What became of a feed that its manager has to know, told once."""

    kind: Literal["failing", "gone", "moved", "doubled", "recovered"]
    #: The error, the new address, how many errors there were.
    detail: str


_FEED: dict[Language, dict[str, str]] = {
    "en": {
        "failing": "keeps failing: {}; it is tried on, at least once a day",
        "gone": "{}: gone for good, not polled any more",
        "moved": "moved for good: its address is now {}",
        "doubled": "moved for good to {}, which is followed already: not polled any "
        "more",
        "recovered": "answers again, after {} errors",
    },
    "de": {
        "failing": "schlägt immer wieder fehl: {}; es wird weiter versucht, mindestens "
        "einmal am Tag",
        "gone": "{}: für immer fort, wird nicht mehr abgefragt",
        "moved": "ist für immer umgezogen: die Adresse ist jetzt {}",
        "doubled": "ist für immer umgezogen nach {}, was schon verfolgt wird: wird "
        "nicht mehr abgefragt",
        "recovered": "antwortet wieder, nach {} Fehlern",
    },
}

_MAIL: dict[Language, dict[str, str]] = {
    "en": {
        "suspended": "mail to {} is suspended: {}",
        "given up": "a mail to {} was given up: {}",
        "stopped": "no mail goes out since {}; all of it waits: {}",
    },
    "de": {
        "suspended": "Post an {} ist ausgesetzt: {}",
        "given up": "eine Mail an {} wurde aufgegeben: {}",
        "stopped": "seit {} geht keine Mail mehr hinaus, alles wartet: {}",
    },
}


def say_feed(news: FeedNews, language: Language) -> str:
    """Put into words what became of a feed.

    >>> say_feed(FeedNews(kind="recovered", detail="4"), "de")
    'antwortet wieder, nach 4 Fehlern'
    """
    return _FEED[language][news.kind].format(news.detail)


def feed_text(url: str, news: FeedNews, language: Language) -> str:
    """Say what became of a feed; its address without what only its owner may know.

    >>> gone = FeedNews(kind="gone", detail="HTTP 410")
    >>> feed_text("https://me:secret@paper.example/feed?key=1", gone, "en")
    'Feed https://paper.example/feed: HTTP 410: gone for good, not polled any more'
    """
    try:
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
    except ValueError:
        shown = "?"
    said = one_line(without_keys(say_feed(news, language)), MAX_SAID)
    return f"Feed {one_line(shown, MAX_URL)}: {said}"


def mail_text(
    what: Literal["suspended", "given up", "stopped"],
    whose: str,
    error: str,
    language: Language,
) -> str:
    """Say what became of a reader's mail; or, since when, that of all of them.

    >>> mail_text("given up", "a@example.org", "450 later", "en")
    'a mail to a@example.org was given up: 450 later'
    """
    return _MAIL[language][what].format(
        one_line(whose, MAX_URL), one_line(error, MAX_SAID)
    )


def notice_message(notice: Notice, language: Language, now: datetime) -> Alert:
    """Put a message into the form that channels take; it is about no deal."""
    return Alert(
        id=notice.id,
        deal_id="",
        kind="notice",
        language=language,
        html=notice.html or html.escape(notice.text, quote=False),
        plain=notice.text,
        created_at=now,
    )


_WITHDRAWN: dict[Language, str] = {
    "en": "Correction: {by} has withdrawn its report, and no other source tells of "
    "this deal: {names}.",
    "de": "Korrektur: {by} hat den Bericht zurückgezogen, und keine andere Quelle "
    "meldet diesen Deal: {names}.",
}


def withdrawal(deal: Deal, answered: Alert, now: datetime) -> Alert:
    """Say plainly that the publisher took back the only report of a deal.

    Args:
        deal: Withdrawn.
        answered: The message that began it; this one is a reply, in its language.
        now: The time, aware UTC.
    """
    language = answered.language
    names = [shortened(name, MAX_NAME) for name, _ in deal.parties[:MAX_NAMES]]
    text = _WITHDRAWN[language].format(
        by=shortened(deal.withdrawn_by or "", MAX_NAME),
        names=listed(names, AND[language]),
    )
    return Alert(
        id=identity("correction", "taken back", answered.id),
        deal_id=deal.id,
        kind="correction",
        language=language,
        html=html.escape(text, quote=False),
        plain=text,
        created_at=now,
        answers=answered.id,
    )


def correction(mistake: Mistake, about: Deal, answered: Alert, now: datetime) -> Alert:
    """Say plainly, in one sentence, what a message got wrong.

    Args:
        mistake: What was wrong with it.
        about: The deal that is named: the one told before, the other one, or the one
            that is none.
        answered: The message; the correction is a reply to it, in its language.
        now: The time, aware UTC.

    Returns:
        The message; its id is made of what was wrong with which message, so that
        saying it twice gives one row.
    """
    language = answered.language
    names = [shortened(name, MAX_NAME) for name, _ in about.parties[:MAX_NAMES]]
    text = _MISTAKES[language][mistake].format(listed(names, AND[language]))
    others = [about.id] if mistake == "split" else []
    return Alert(
        id=identity("correction", mistake, answered.id, *others),
        deal_id=answered.deal_id,
        kind="correction",
        language=language,
        html=html.escape(text, quote=False),
        plain=text,
        created_at=now,
        answers=answered.id,
    )
