"""Deal to message, in German or English, from verified fields alone.

In: a deal, the articles it stands in, and a summary where there is one.
Out: the message as Telegram HTML and as plain text, the same words in both.

Every figure and name comes from a `Finding`, that is from a span of an article;
the model's sentences stand below the facts and apart from them.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urlsplit

from newsbot.stages.amounts import format_capacity, format_money
from newsbot.stages.likeness import SAME_DEAL_DAYS
from newsbot.stages.wording import AND, BOUNDS, KINDS, ROLES, STATUS, TYPES, listed
from newsbot.types import (
    Alert,
    AlertKind,
    Amount,
    Article,
    Deal,
    Finding,
    Language,
    Span,
    Summary,
    identity,
)

#: UTF-16 units of a message, tags and addresses included: Telegram takes 4,096
#: without them (https://core.telegram.org/bots/api#sendmessage).
MAX_UNITS = 4_000
#: Quotes in one message; each from another article where there are several.
MAX_QUOTES = 3
#: Characters of one quote; longer sentences end in an ellipsis.
MAX_QUOTE = 320
#: Characters of the summary, and of a name: longer ones are no news.
MAX_SUMMARY = 900
MAX_NAME = 80
#: Names in the headline; more are counted.
MAX_HEADLINE = 6
#: Characters of an address that is linked; browsers and chats take no longer ones.
MAX_URL = 1_000
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "payer": "paid by",
        "capacity": "Capacity",
        "kind": "Kind",
        "one": "1 source",
        "many": "{n} sources",
        "others": "{n} others",
        "update": "Update",
        "summary_only": "from the feed's summary",
        "first": "first seen",
        "open": "“",
        "close": "”",
    },
    "de": {
        "payer": "zahlt",
        "capacity": "Kapazität",
        "kind": "Art",
        "one": "1 Quelle",
        "many": "{n} Quellen",
        "others": "{n} weitere",
        "update": "Neuer Stand",
        "summary_only": "aus der Zusammenfassung des Feeds",
        "first": "zuerst gesehen",
        "open": "„",
        "close": "“",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a message, before it is HTML or plain text."""

    text: str
    #: What gives way first where a message is too long; 0 never does.
    rank: int = 0
    bold: bool = False
    #: Shown as a quotation.
    quote: bool = False
    #: After an empty line.
    apart: bool = False
    #: Follows the text: a link's words and its address, None where it has none.
    label: str = ""
    url: str | None = None


def compose(
    deal: Deal,
    articles: Mapping[str, Article],
    *,
    kind: AlertKind,
    language: Language,
    summary: Summary | None,
    now: datetime,
) -> Alert:
    """Write the message about a deal.

    Args:
        deal: The deal, with every finding.
        articles: The findings' articles by id, those that are still kept.
        kind: Whether the deal is new or has changed.
        language: The reader's language; quotes stay in their own.
        summary: Of the article that brought the news; shown only when it is in
            the reader's language.
        now: When the message is written.

    Returns:
        The message, below 4,096 UTF-16 units as HTML and as plain text; facts stay
        where quotes have to go. Its id is made of deal, kind, status and language:
        writing it twice gives one row.
    """
    lines = _fitting(_lines(deal, articles, kind, language, summary))
    times = _times(deal, articles)
    return Alert(
        id=identity("alert", deal.id, kind, deal.status, language, *times),
        deal_id=deal.id,
        kind=kind,
        language=language,
        html="\n".join(_html(line) for line in lines),
        plain="\n".join(_plain(line) for line in lines),
        created_at=now,
    )


def web_url(url: str) -> str | None:
    """Give an address that may be linked: http or https, and of a sane length."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    linked = parts.scheme in ("http", "https") and parts.netloc
    return url if linked and len(url) <= MAX_URL and not _SPACE.search(url) else None


def _times(deal: Deal, articles: Mapping[str, Article]) -> list[str]:
    """Which time it is that a deal is extended, from the second on."""
    told = sorted(
        articles[finding.article_id].published_at
        for finding in deal.findings
        if finding.status == deal.status and finding.article_id in articles
    )
    gaps = sum((b - a).days > SAME_DEAL_DAYS for a, b in pairwise(told))
    return [str(gaps + 1)] if gaps else []


def _fitting(lines: Sequence[_Line]) -> list[_Line]:
    """Keep what fits into one message, the most important first, in reading order."""
    left = MAX_UNITS
    kept: set[int] = set()
    for number, line in sorted(enumerate(lines), key=lambda pair: pair[1].rank):
        needed = max(_units(_html(line)), _units(_plain(line))) + 1
        if needed > left:
            break  # what counts for less must not take the place of what counts more
        left -= needed
        kept.add(number)
    return [line for number, line in enumerate(lines) if number in kept]


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _lines(
    deal: Deal,
    articles: Mapping[str, Article],
    kind: AlertKind,
    language: Language,
    summary: Summary | None,
) -> list[_Line]:
    words = _WORDS[language]
    names = [_shortened(name, MAX_NAME) for name, _ in deal.parties]
    if len(names) > MAX_HEADLINE:
        more = str(len(names) - MAX_HEADLINE + 1)
        shown = [*names[: MAX_HEADLINE - 1], words["others"].format(n=more)]
    else:
        shown = names
    headline = f"{STATUS[language][deal.status]}: {listed(shown, AND[language])}"
    if kind == "update":
        headline = f"{words['update']} – {headline}"
    lines = [_Line(text=headline, bold=True)]
    types = ", ".join(TYPES[language][type_] for type_ in deal.types)
    lines.append(_Line(text=f"{words['kind']}: {types}"))
    for name, (_, roles) in zip(names, deal.parties, strict=True):
        told = ", ".join(ROLES[language][role] for role in roles)
        lines.append(_Line(text=f"• {name}: {told}", rank=1))
    lines.extend(_facts(deal, language))
    if summary is not None and summary.language == language:
        text = _shortened(summary.text, MAX_SUMMARY)
        lines.append(_Line(text=text, rank=4, apart=True))
    lines.extend(_quotes(deal, articles, language))
    sites = {
        articles[f.article_id].site for f in deal.findings if f.article_id in articles
    }
    n_sources = max(len(sites), 1)
    sources = words["one"] if n_sources == 1 else words["many"].format(n=n_sources)
    seen = deal.first_seen_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines.append(_Line(text=f"{sources}, {words['first']} {seen}", apart=True))
    return lines


def _facts(deal: Deal, language: Language) -> list[_Line]:
    """One line per figure, however many articles state it and in which words."""
    words = _WORDS[language]
    told: dict[tuple[Decimal, str], list[Amount]] = {}
    for finding in deal.findings:
        for amount in finding.amounts:
            told.setdefault((amount.value, amount.currency), []).append(amount)
    lines = dict.fromkeys(_amount(_agreed(same), language) for same in told.values())
    for finding in deal.findings:
        for item in finding.capacity:
            written = format_capacity(item.value, item.unit, language)
            lines[f"• {words['capacity']}: {written}"] = None
    return [_Line(text=text, rank=2) for text in lines]


def _agreed(told: Sequence[Amount]) -> Amount:
    """The fullest of one figure's entries: with a payer, then as most have it."""
    kinds = Counter(amount.kind for amount in told)
    return max(told, key=lambda amount: (amount.payer is not None, kinds[amount.kind]))


def _amount(amount: Amount, language: Language) -> str:
    written = format_money(amount.value, amount.currency, language)
    line = (
        f"• {KINDS[language][amount.kind]}: {BOUNDS[language][amount.bound]}{written}"
    )
    if amount.payer is None:
        return line
    payer = _WORDS[language]["payer"]
    name = _shortened(amount.payer, MAX_NAME)
    return f"{line}, {payer} {name}" if language == "en" else f"{line}, {name} {payer}"


def _quotes(
    deal: Deal, articles: Mapping[str, Article], language: Language
) -> list[_Line]:
    """The sentence that states the deal, from as many papers as fit."""
    words = _WORDS[language]
    lines: list[_Line] = []
    seen: set[str] = set()
    for finding in deal.findings:
        article = articles.get(finding.article_id)
        if article is None or article.site in seen or len(lines) == MAX_QUOTES:
            continue
        seen.add(article.site)
        quote = _shortened(_read(article, _best_quote(finding)), MAX_QUOTE)
        label = _shortened(article.site, MAX_NAME)
        if article.text_origin == "summary":
            label = f"{label}, {words['summary_only']}"
        lines.append(
            _Line(
                text=f"{words['open']}{quote}{words['close']}",
                rank=5 if lines else 3,
                apart=not lines,
                quote=True,
                label=label,
                url=web_url(article.url),
            )
        )
    return lines


def _best_quote(finding: Finding) -> Span:
    """The sentence that names the most parties."""
    quotes = [party.quote for party in finding.parties]
    return max(quotes, key=lambda quote: (quotes.count(quote), -quote.start))


def _read(article: Article, span: Span) -> str:
    return article.full_text[span.start : span.end]


def _shortened(text: str, longest: int) -> str:
    """One line of at most so many characters; what is cut ends in an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    return text[:longest].rsplit(" ", 1)[0] + " …"


def _html(line: _Line) -> str:
    text = html.escape(line.text, quote=False)
    if line.bold:
        text = f"<b>{text}</b>"
    if line.label:
        label = html.escape(line.label, quote=False)
        if line.url is not None:
            label = f'<a href="{html.escape(line.url)}">{label}</a>'
        text = f"{text} — {label}"
    if line.quote:
        text = f"<blockquote>{text}</blockquote>"
    return f"\n{text}" if line.apart else text


def _plain(line: _Line) -> str:
    text = f"{line.text} — {line.label}" if line.label else line.text
    if line.url is not None:
        text = f"{text} {line.url}"
    if line.quote:
        text = f"> {text}"
    return f"\n{text}" if line.apart else text
