"""A deal as an item of a digest: every figure with the sentence and link it is from.

In: a deal as a digest tells it. Out: the item's words, cleaned and cut; nothing in it
is markup. Escaping is the template's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from newsbot.stages.amounts import format_capacity
from newsbot.stages.changes import say, written
from newsbot.stages.compose import agreed, best_quote, counted
from newsbot.stages.edition import DealNews, Noticed
from newsbot.stages.edition_words import WORDS
from newsbot.stages.excerpts import passages
from newsbot.stages.lines import web_url
from newsbot.stages.printable import one_line
from newsbot.stages.sources import Source, sources
from newsbot.stages.wording import AND, KINDS, ROLES, STATES, STATUS, TYPES, listed
from newsbot.types import Amount, Article, Capacity, Deal, Span
from newsbot.vocabulary import Language, Status

#: Characters of a name, a quote, a summary, a change: longer ones are cut.
MAX_NAME = 80
MAX_QUOTE = 320
MAX_SUMMARY = 600
MAX_CHANGE = 240
#: Per item; more are counted.
MAX_FIGURES = 8
MAX_PARTIES = 8
MAX_SOURCES = 6
MAX_CHANGES = 8
MAX_HEADLINE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A paper, and the address of its article, where it may be linked."""

    label: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one sentence of one article states, with the sentence."""

    #: Pairs of what it is and the figure: ``("Purchase", "$30bn, paid by Oracle")``.
    figures: tuple[tuple[str, str], ...]
    quote: str
    #: ISO 639-1 of the quote.
    language: str
    source: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A deal in a digest."""

    heading: str
    #: ``"New deal"``, ``"In talks"``; of an update how far the deal is: ``"Signed"``.
    status: str
    kinds: str
    #: The largest figure, for the heading; empty where none is told.
    figure: str
    changes: tuple[str, ...]
    #: Name and roles.
    parties: tuple[tuple[str, str], ...]
    summary: str
    facts: tuple[Fact, ...]
    #: ``"3 sources (2 EN, 1 DE)"``.
    counted: str
    sources: tuple[Link, ...]
    #: The sources that a quote names.
    shown: frozenset[Link]

    @property
    def others(self) -> tuple[Link, ...]:
        """The sources that no quote names."""
        return tuple(one for one in self.sources if one not in self.shown)

    @property
    def link(self) -> Link | None:
        """The first source."""
        return self.sources[0] if self.sources else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A relevant article that tells of no deal."""

    title: str
    #: ISO 639-1 of the title: the article's own.
    title_language: str
    summary: str
    #: ISO 639-1 of the summary.
    language: str
    source: Link


def item_of(news: DealNews, language: Language) -> Item:
    """Write a deal as an item.

    Args:
        news: The deal as it is to be told.
        language: The reader's; quotes stay in their own.

    Returns:
        The item; lists that are too long end in a count.
    """
    deal = news.deal
    told_by = sources(tuple(news.articles.values()))
    status = (STATUS if news.new else STATES)[language][deal.status]
    if deal.withdrawn_by is not None:
        status = WORDS[language].withdrawn
    changed = [say(one, language) for one in news.changed]
    if changed and news.corrected_by:
        by = listed([_name(one) for one in news.corrected_by], AND[language])
        changed[0] = WORDS[language].corrected.format(by=by, news=changed[0])
    names = [_name(name) for name, _ in deal.parties]
    others = WORDS[language].others
    headline = _capped(names, MAX_HEADLINE, others)
    parties = [
        (name, ", ".join(ROLES[language][role] for role in roles))
        for name, (_, roles) in zip(names, deal.parties, strict=True)
    ]
    if (n_more := len(parties) - MAX_PARTIES + 1) > 1:
        parties[MAX_PARTIES - 1 :] = [(others.format(n=n_more), "")]
    figures = _figures(deal)
    present = [one for one, was in figures if was is None]
    largest = max(present, key=lambda one: one.value, default=None)
    fitting = [one.text for one in news.summaries if one.language == language]
    facts = tuple(_facts(deal, figures, news.articles, language))
    return Item(
        heading=listed(headline, AND[language]),
        status=status[:1].upper() + status[1:],
        kinds=", ".join(TYPES[language][type_] for type_ in deal.types),
        figure=written(largest, language) if largest else "",
        changes=tuple(
            _capped(
                [one_line(one, MAX_CHANGE) for one in changed],
                MAX_CHANGES,
                others,
            )
        ),
        parties=tuple(parties),
        summary=one_line(fitting[0], MAX_SUMMARY) if fitting else "",
        facts=facts,
        counted=counted(told_by, language),
        sources=tuple(_links(told_by, others)),
        shown=frozenset(fact.source for fact in facts),
    )


def note_of(noticed: Noticed) -> Note:
    """Write another article as a note."""
    article = noticed.article
    return Note(
        title=one_line(article.title, 2 * MAX_NAME) or one_line(article.url, MAX_NAME),
        title_language=article.language,
        summary=one_line(noticed.summary.text, MAX_SUMMARY),
        language=noticed.summary.language,
        source=_link(article),
    )


def _name(text: str) -> str:
    """A name on one line; of a gigantic one only the beginning is looked at."""
    return one_line(text[: 10 * MAX_NAME], MAX_NAME)


def _capped(lines: list[str], most: int, others: str) -> list[str]:
    """So many lines, the last one a count where there were more."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], others.format(n=len(lines) - most + 1)]


def _figures(deal: Deal) -> list[tuple[Amount, Status | None]]:
    """Each figure once, in its fullest form; those of an earlier state last."""
    told: dict[tuple[Decimal, str], list[Amount]] = {}
    states: dict[tuple[Decimal, str], list[Status]] = {}
    for finding in deal.findings:
        for amount in finding.amounts:
            key = (amount.value, amount.currency)
            told.setdefault(key, []).append(amount)
            states.setdefault(key, []).append(finding.status)
    figures = [
        (agreed(same), None if deal.status in states[key] else states[key][0])
        for key, same in told.items()
    ]
    return sorted(figures, key=lambda one: one[1] is not None)


def _facts(
    deal: Deal,
    figures: list[tuple[Amount, Status | None]],
    articles: Mapping[str, Article],
    language: Language,
) -> list[Fact]:
    """Figures by the sentence they stand in; without any, the deal's own sentence."""
    words = WORDS[language]
    capacity: dict[tuple[Decimal, str], Capacity] = {}
    for finding in deal.findings:
        for item in finding.capacity:
            capacity.setdefault((item.value, item.unit), item)
    by_quote: dict[Span, list[tuple[Span, tuple[str, str]]]] = {}
    shown: list[tuple[Amount | Capacity, Status | None]] = [
        *figures,
        *((one, None) for one in capacity.values()),
    ]
    for one, was in shown[:MAX_FIGURES]:
        label, value = _figure(one, language)
        if was is not None:
            value += f" ({words.as_of.format(state=STATES[language][was])})"
        by_quote.setdefault(one.quote, []).append((one.span, (label, value)))
    if not by_quote:
        quotes = [best_quote(one) for one in deal.findings if one.parties][:1]
        by_quote = {quote: [] for quote in quotes}
    facts = [
        fact
        for quote, told in by_quote.items()
        for fact in _told(quote, told, articles.get(quote.article_id), language)
    ]
    if (n_more := len(shown) - MAX_FIGURES) > 0:
        more = (words.others.format(n=n_more), "")
        facts[-1] = replace(facts[-1], figures=(*facts[-1].figures, more))
    return facts


def _told(
    quote: Span,
    told: list[tuple[Span, tuple[str, str]]],
    article: Article | None,
    language: Language,
) -> Iterable[Fact]:
    """One sentence with its figures; of a long one, each part that has some."""
    text = article.full_text if article else ""
    places = [place for place, _ in told]
    for numbers, passage in passages(text, quote, places, MAX_QUOTE):
        yield Fact(
            figures=tuple(told[n][1] for n in numbers),
            quote=passage,
            language=article.language if article else language,
            source=_link(article) if article else Link(label="", url=None),
        )


def _figure(one: Amount | Capacity, language: Language) -> tuple[str, str]:
    if isinstance(one, Capacity):
        size = format_capacity(one.value, one.unit, language)
        return ("Kapazität" if language == "de" else "Capacity", size)
    value = written(one, language)
    if one.payer is not None:
        name = _name(one.payer)
        value += f", {name} zahlt" if language == "de" else f", paid by {name}"
    return KINDS[language][one.kind], value


def _links(told_by: Iterable[Source], others: str) -> list[Link]:
    links = [_link(source.articles[0]) for source in told_by]
    if len(links) > MAX_SOURCES:
        label = others.format(n=len(links) - MAX_SOURCES + 1)
        links[MAX_SOURCES - 1 :] = [Link(label=label, url=None)]
    return links


def _link(article: Article) -> Link:
    return Link(
        label=one_line(article.site, MAX_NAME) or article.language,
        url=web_url(article.url),
    )
