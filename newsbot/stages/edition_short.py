"""Short messages: the digest for a chat, the question to a new reader, a notice.

In: what is told, a wish, a token. Out: text; for chats as HTML, too.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import date, timedelta

from newsbot.stages.edition import DealNews, Told
from newsbot.stages.edition_items import Item, item_of
from newsbot.stages.edition_page import Health
from newsbot.stages.edition_words import WORDS, long_day, short_day
from newsbot.stages.printable import utf16_units
from newsbot.subscribing import Content, Wish
from newsbot.talking import Days
from newsbot.types import identity
from newsbot.vocabulary import Language

#: UTF-16 units of a chat's message: Telegram takes 4,096, tags not counted.
MAX_UNITS = 3_800
_QUESTION: dict[Language, str] = {
    "en": (
        "Somebody, you I hope, entered {address} for newsbot's digest of AI-cloud\n"
        "deals: {plan}.\n\n{how}\n\nIf it was not you, do nothing: without your answer "
        "no digest is sent,\nand after {days} days your address is forgotten.\n"
    ),
    "de": (
        "Jemand, hoffentlich Sie, hat {address} für newsbots Überblick über\n"
        "KI-Cloud-Abkommen eingetragen: {plan}.\n\n{how}\n\nWaren Sie es nicht, tun "
        "Sie nichts: Ohne Ihre Antwort wird nichts verschickt,\nund nach {days} Tagen "
        "ist Ihre Adresse vergessen.\n"
    ),
}
_BY_LINK: dict[Language, str] = {
    "en": "To confirm, open this page and press the button there:\n{url}\n\n"
    "Or give this token to whoever runs newsbot: {token}",
    "de": "Zum Bestätigen öffnen Sie diese Seite und drücken dort den Knopf:\n{url}\n\n"
    "Oder geben Sie diese Kennung dem, der newsbot betreibt: {token}",
}
_BY_TOKEN: dict[Language, str] = {
    "en": "To confirm, give this token to whoever runs newsbot:\n{token}\n"
    "(newsbot subscribers confirm {token})",
    "de": "Zum Bestätigen geben Sie diese Kennung dem, der newsbot betreibt:\n{token}\n"
    "(newsbot subscribers confirm {token})",
}
#: Where a chat has asked: its person can answer there.
_TO_BOT: dict[Language, str] = {
    "en": "To confirm, send this to the bot, in the chat that asked:\n/email {token}",
    "de": "Zum Bestätigen senden Sie dies dem Bot, in dem Chat, der gefragt hat:\n"
    "/email {token}",
}
_OR_PAGE: dict[Language, str] = {
    "en": "Or open this page and press the button there:\n{url}",
    "de": "Oder öffnen Sie diese Seite und drücken dort den Knopf:\n{url}",
}
_SUBJECT: dict[Language, str] = {
    "en": "Please confirm: newsbot's digest of AI-cloud deals",
    "de": "Bitte bestätigen: newsbots Überblick über KI-Cloud-Abkommen",
}
#: The days of a digest.
DAY_NAMES: dict[Language, dict[Days, str]] = {
    "en": {"daily": "daily", "weekdays": "Monday to Friday", "weekly": "on Mondays"},
    "de": {"daily": "täglich", "weekdays": "montags bis freitags", "weekly": "montags"},
}
_PLAN: dict[Language, str] = {
    "en": "{days} at {at}, {zone}",
    "de": "{days} um {at} Uhr, {zone}",
}
_INSTANT: dict[Language, str] = {
    "en": "; and each deal by itself, at once",
    "de": "; dazu jedes Abkommen einzeln, sofort",
}


_READERS: dict[Language, str] = {
    "en": "`newsbot subscribers list` shows all readers.",
    "de": "`newsbot subscribers list` zeigt alle Leserinnen und Leser.",
}
_REPORT: dict[Language, str] = {
    "en": "newsbot: the week's report",
    "de": "newsbot: der Bericht der Woche",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """A message for a chat, the same words in both."""

    #: With the tags that Telegram knows.
    html: str
    plain: str


def short_digest(
    told: Told,
    day: date,
    language: Language,
    health: Health,
    after: date | None = None,
    nothing: str = "",
) -> Short:
    """Write a digest as one short message: a line per deal, with a link.

    Args:
        told: What it tells.
        day: The reader's local date.
        language: The reader's.
        health: Of the feeds; told where something is wrong or no deal is.
        after: The date of the digest before, where it was not the day before.
        nothing: As for `edition_page.edition`.

    Returns:
        The message, below 4,096 UTF-16 units; what does not fit is counted.
    """
    words = WORDS[language]
    head = f"{words.name}, {long_day(day, language)}"
    lines: list[tuple[str, str]] = [(f"<b>{html.escape(head)}</b>", head)]
    if after is not None:
        period = words.since.format(day=short_day(after, language))
        lines.append((html.escape(period), period))
    n_deals = len(told.deals)
    if not n_deals:
        said = (nothing or words.nothing_at_all).format(feeds=health.said)
        lines.append((html.escape(said), said))
    elif health.broken:
        lines.append((html.escape(health.said), health.said))
    left = MAX_UNITS - sum(_units(line) for line in lines)
    n_shown = 0
    for title, news in (
        (words.new, told.new),
        (words.updates, told.updates),
        (words.talks, told.talks),
    ):
        part = [(f"\n<b>{html.escape(title)}</b>", f"\n{title}")]
        for one in news:
            line = _line(one, language)
            if left < _units(line) + 100:
                break
            left -= _units(line)
            part.append(line)
            n_shown += 1
        if len(part) > 1:
            left -= _units(part[0])
            lines += part
    if n_left := n_deals - n_shown:
        more = f"… {words.more.format(n=n_left)}"
        lines.append((html.escape(more), more))
    return Short(
        html="\n".join(one for one, _ in lines),
        plain="\n".join(one for _, one in lines),
    )


def confirmation(
    wish: Wish,
    token: str,
    url: str | None,
    within: timedelta,
    *,
    by_chat: bool = False,
) -> Content:
    """Write the question whether an address is its owner's wish.

    Args:
        wish: What was asked for.
        token: What confirms it.
        url: The page that takes the token; None where there is none.
        within: How long the token is good.
        by_chat: A chat of the bot has asked, and takes the token as well.
    """
    language = wish.language
    how = (_BY_LINK if url else _BY_TOKEN)[language]
    if by_chat:
        page = f"\n\n{_OR_PAGE[language]}" if url else ""
        how = f"{_TO_BOT[language]}{page}"
    how = how.format(token=token, url=url)
    plan = _PLAN[language].format(
        days=DAY_NAMES[language][wish.days], at=f"{wish.at:%H:%M}", zone=wish.time_zone
    )
    if wish.instant:
        plan += _INSTANT[language]
    return Content(
        id=identity("confirmation", wish.address),
        subject=_SUBJECT[language],
        text=_QUESTION[language].format(
            address=wish.address, plan=plan, how=how, days=within.days
        ),
        language=language,
    )


def notice(text: str, language: Language) -> Content:
    """Write to the manager what no machine can mend."""
    return Content(
        id=identity("notice", text),
        subject=f"newsbot: {text}"[:120],
        text=f"{text}\n\n{_READERS[language]}\n",
        language=language,
    )


def report(text: str, language: Language) -> Content:
    """Write to the manager how the week was."""
    return Content(
        id=identity("report", text),
        subject=_REPORT[language],
        text=f"{text}\n",
        language=language,
    )


def _line(news: DealNews, language: Language) -> tuple[str, str]:
    item: Item = item_of(news, language)
    text = f"{item.heading}, {item.figure}" if item.figure else item.heading
    if item.changes:
        text += f": {item.changes[0]}"
    link = item.link
    if link is None:
        return f"• {html.escape(text)}", f"• {text}"
    label = html.escape(link.label)
    if link.url is None:
        return f"• {html.escape(text)} — {label}", f"• {text} — {link.label}"
    anchor = f'<a href="{html.escape(link.url)}">{label}</a>'
    return f"• {html.escape(text)} — {anchor}", f"• {text} — {link.label} {link.url}"


def _units(line: tuple[str, str]) -> int:
    return max(map(utf16_units, line)) + 1
