"""Deal to message, in German or English, from verified fields alone.

In: a deal, the articles it stands in, and a summary where there is one.
Out: the message as Telegram HTML and as plain text, the same words in both.

Every figure and name comes from a `Finding`, that is from a span of an article;
the model's sentences stand below the facts and apart from them.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from newsbot.stages.amounts import format_capacity, format_money
from newsbot.types import (
    Alert,
    AlertKind,
    Amount,
    Article,
    Bound,
    Deal,
    DealType,
    Finding,
    Language,
    Role,
    Span,
    Status,
    Summary,
    identity,
)

#: Quotes in one message; each from another article where there are several.
MAX_QUOTES = 3
#: Characters of one quote; longer sentences end in an ellipsis.
MAX_QUOTE = 320

_STATUS: dict[Language, dict[Status, str]] = {
    "en": {
        "announced": "New deal",
        "expanded": "Deal expanded",
        "talks": "In talks",
        "ended": "Deal ended",
    },
    "de": {
        "announced": "Neues Abkommen",
        "expanded": "Abkommen erweitert",
        "talks": "In Verhandlung",
        "ended": "Abkommen beendet",
    },
}
_TYPES: dict[Language, dict[DealType, str]] = {
    "en": {
        "investment": "investment",
        "compute_purchase": "compute purchase",
        "model_distribution": "model distribution",
        "chip_supply": "chip supply",
        "infrastructure": "infrastructure",
        "technology": "joint technology",
        "customer": "customer contract",
    },
    "de": {
        "investment": "Beteiligung",
        "compute_purchase": "Kauf von Rechenleistung",
        "model_distribution": "Vertrieb von Modellen",
        "chip_supply": "Lieferung von Chips",
        "infrastructure": "Infrastruktur",
        "technology": "gemeinsame Technik",
        "customer": "Kundenvertrag",
    },
}
_ROLES: dict[Language, dict[Role, str]] = {
    "en": {
        "investor": "investor",
        "investee": "receives the investment",
        "provider": "provider",
        "customer": "customer",
        "model_provider": "model provider",
        "partner": "partner",
    },
    "de": {
        "investor": "Geldgeber",
        "investee": "erhält die Beteiligung",
        "provider": "Anbieter",
        "customer": "Kunde",
        "model_provider": "Modellanbieter",
        "partner": "Partner",
    },
}
_KINDS = {
    "en": {"investment": "Investment", "purchase": "Purchase", "total": "Total value"},
    "de": {"investment": "Investition", "purchase": "Kauf", "total": "Gesamtwert"},
}
_BOUNDS: dict[Language, dict[Bound, str]] = {
    "en": {"exact": "", "up_to": "up to ", "at_least": "at least ", "about": "about "},
    "de": {
        "exact": "",
        "up_to": "bis zu ",
        "at_least": "mindestens ",
        "about": "rund ",
    },
}
_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "payer": "paid by",
        "capacity": "Capacity",
        "kind": "Kind",
        "one": "1 source",
        "many": "{n} sources",
        "and": " and ",
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
        "and": " und ",
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
    bold: bool = False
    #: Shown as a quotation.
    quote: bool = False
    #: Follows the text: a link's words and its address.
    label: str = ""
    url: str = ""


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
        articles: The findings' articles by id.
        kind: Whether the deal is new or has changed.
        language: The reader's language; quotes stay in their own.
        summary: Of the article that brought the news; shown only when it is in
            the reader's language.
        now: When the message is written.

    Returns:
        The message. Its id is made of deal, kind, status and language: writing
        it twice gives one row.
    """
    lines = _lines(deal, articles, kind, language, summary)
    return Alert(
        id=identity("alert", deal.id, kind, deal.status, language),
        deal_id=deal.id,
        kind=kind,
        language=language,
        html="\n".join(_html(line) for line in lines),
        plain="\n".join(_plain(line) for line in lines),
        created_at=now,
    )


def _lines(
    deal: Deal,
    articles: Mapping[str, Article],
    kind: AlertKind,
    language: Language,
    summary: Summary | None,
) -> list[_Line]:
    words = _WORDS[language]
    names = [name for name, _ in deal.parties]
    headline = f"{_STATUS[language][deal.status]}: {_listed(names, words['and'])}"
    if kind == "update":
        headline = f"{words['update']} – {headline}"
    lines = [_Line(text=headline, bold=True)]
    types = ", ".join(_TYPES[language][type_] for type_ in deal.types)
    lines.append(_Line(text=f"{words['kind']}: {types}"))
    for name, roles in deal.parties:
        listed = ", ".join(_ROLES[language][role] for role in roles)
        lines.append(_Line(text=f"• {name}: {listed}"))
    lines.extend(_facts(deal, language))
    if summary is not None and summary.language == language:
        lines.append(_Line(text=""))
        lines.append(_Line(text=summary.text))
    lines.append(_Line(text=""))
    lines.extend(_quotes(deal, articles, language))
    n_sources = len({articles[f.article_id].site for f in deal.findings})
    sources = words["one"] if n_sources == 1 else words["many"].format(n=n_sources)
    seen = deal.first_seen_at.strftime("%Y-%m-%d %H:%M UTC")
    lines.append(_Line(text=f"{sources}, {words['first']} {seen}"))
    return lines


def _facts(deal: Deal, language: Language) -> list[_Line]:
    """One line per figure; the first article to state a figure states it."""
    words = _WORDS[language]
    lines: dict[str, None] = {}
    for finding in deal.findings:
        for amount in finding.amounts:
            lines[_amount(amount, language)] = None
        for item in finding.capacity:
            written = format_capacity(item.value, item.unit, language)
            lines[f"• {words['capacity']}: {written}"] = None
    return [_Line(text=text) for text in lines]


def _amount(amount: Amount, language: Language) -> str:
    written = format_money(amount.value, amount.currency, language)
    line = (
        f"• {_KINDS[language][amount.kind]}: {_BOUNDS[language][amount.bound]}{written}"
    )
    if amount.payer is None:
        return line
    payer = _WORDS[language]["payer"]
    return (
        f"{line}, {payer} {amount.payer}"
        if language == "en"
        else f"{line}, {amount.payer} {payer}"
    )


def _quotes(
    deal: Deal, articles: Mapping[str, Article], language: Language
) -> list[_Line]:
    """The sentence that states the deal, from as many papers as fit."""
    words = _WORDS[language]
    lines: list[_Line] = []
    seen: set[str] = set()
    for finding in deal.findings:
        article = articles[finding.article_id]
        if article.site in seen or len(lines) == MAX_QUOTES:
            continue
        seen.add(article.site)
        quote = _shortened(_read(article, _best_quote(finding)))
        label = article.site
        if article.text_origin == "summary":
            label = f"{label}, {words['summary_only']}"
        lines.append(
            _Line(
                text=f"{words['open']}{quote}{words['close']}",
                quote=True,
                label=label,
                url=article.url,
            )
        )
    return lines


def _best_quote(finding: Finding) -> Span:
    """The sentence that names the most parties."""
    quotes = [party.quote for party in finding.parties]
    return max(quotes, key=lambda quote: (quotes.count(quote), -quote.start))


def _read(article: Article, span: Span) -> str:
    return " ".join(article.full_text[span.start : span.end].split())


def _shortened(text: str) -> str:
    if len(text) <= MAX_QUOTE:
        return text
    return text[:MAX_QUOTE].rsplit(" ", 1)[0] + " …"


def _listed(names: Sequence[str], last: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + last + names[-1]


def _html(line: _Line) -> str:
    text = html.escape(line.text, quote=False)
    if line.bold:
        text = f"<b>{text}</b>"
    if line.label:
        label = html.escape(line.label, quote=False)
        if urlsplit(line.url).scheme in ("http", "https"):
            label = f'<a href="{html.escape(line.url)}">{label}</a>'
        text = f"{text} — {label}"
    return f"<blockquote>{text}</blockquote>" if line.quote else text


def _plain(line: _Line) -> str:
    text = f"{line.text} — {line.label} {line.url}" if line.label else line.text
    return f"> {text}" if line.quote else text
