"""Lines that tell no news: what managers must know, and what we got wrong."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from newsbot.mailing import Notice
from newsbot.stages.lines import shortened
from newsbot.stages.printable import one_line
from newsbot.stages.wording import AND, listed
from newsbot.types import Alert, Deal, Language, identity

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


def feed_text(url: str, said: str) -> str:
    """Say what became of a feed; its address without what only its owner may know.

    >>> feed_text("https://me:secret@paper.example/feed?key=1", "gone")
    'Feed https://paper.example/feed: gone'
    """
    try:
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
    except ValueError:
        shown = "?"
    return f"Feed {one_line(shown, MAX_URL)}: {one_line(said, MAX_SAID)}"


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
