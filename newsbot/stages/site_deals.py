"""What the status page says of deals: lines of its list, and each deal's own page.

In: deals with their articles. Out: words, cleaned and on one line each; nothing in them
is markup, and every address may be linked. Escaping is the template's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsbot.stages.amounts import format_capacity, format_money
from newsbot.stages.changes import StatusChange, changes, say, written
from newsbot.stages.edition import DealNews
from newsbot.stages.edition_items import Item, Link, item_of
from newsbot.stages.export import DealRow
from newsbot.stages.figures import differences
from newsbot.stages.lines import web_url
from newsbot.stages.printable import one_line
from newsbot.stages.site_words import WORDS
from newsbot.stages.sources import Source, sources
from newsbot.stages.totals import Sums, rounded
from newsbot.stages.wording import AND, KINDS, ROLES, STATES, listed
from newsbot.types import Amount, Article, Capacity, Deal, Finding, Party
from newsbot.versions import Former
from newsbot.vocabulary import Language, Status, Verdict

#: Characters of a name, a title, a quote: a sentence fits, a hostile page does not.
MAX_NAME, MAX_TITLE, MAX_QUOTE = 80, 240, 2_000
#: Of one deal; the ledger's other ways show all of them.
MAX_PARTIES, MAX_PAPERS, MAX_STEPS = 100, 200, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLine:
    """A deal in the list."""

    id: str
    seen_at: datetime
    item: Item
    status: Status
    withdrawn: bool
    #: Whether sources disagree about a figure.
    differ: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A sentence of an article, and what it states."""

    text: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An article about a deal."""

    source: Link
    title: str
    language: str
    published_at: datetime
    release: bool
    #: The publisher whose text it is, too; empty where it is its own.
    copy_of: str
    quotes: tuple[Quoted, ...]
    #: When a newer text of the same article took its place; None: it stands.
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One article in the history of a deal."""

    at: datetime
    status: Status
    #: How far the deal is, in words.
    state: str
    source: Link
    #: What it added; empty where it told the deal again.
    said: tuple[str, ...]
    #: Whether the deal began or changed with it.
    news: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DealPage:
    """Everything about one deal."""

    id: str
    item: Item
    status: Status
    #: Name, and roles in words.
    parties: tuple[tuple[str, str], ...]
    #: Kind, and figures with the publishers that give them.
    differ: tuple[tuple[str, tuple[tuple[str, Link], ...]], ...]
    #: What it adds to totals: bound and dollars.
    counts: tuple[tuple[str, str], ...]
    #: Why it adds nothing; empty where it does.
    counts_not: str
    first_seen_at: datetime
    last_seen_at: datetime
    papers: tuple[Paper, ...]
    steps: tuple[Step, ...]
    #: In words; empty while a report stands.
    withdrawn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A deal with what the ledger keeps beside it."""

    deal: Deal
    articles: Mapping[str, Article]
    #: By id of the finding.
    verdicts: Mapping[str, Verdict | None]
    row: DealRow
    #: Findings of earlier texts, and those texts by the article's id.
    left: tuple[Finding, ...] = ()
    former: Mapping[str, Former] | None = None


def deal_line(
    deal: Deal, articles: Mapping[str, Article], language: Language
) -> DealLine:
    """Write a deal as a line of the list."""
    return DealLine(
        id=deal.id,
        seen_at=deal.first_seen_at,
        item=_item(deal, articles, language),
        status=deal.status,
        withdrawn=deal.withdrawn_by is not None,
        differ=_differ(deal, articles),
    )


def _differ(deal: Deal, articles: Mapping[str, Article]) -> bool:
    """Whether sources disagree; articles are compared only where figures are two."""
    told = [one for one in deal.findings if one.status == deal.status]
    figures = {
        (a.kind, a.value, a.currency, a.bound == "up_to")
        for one in told
        for a in one.amounts
    }
    if len(figures) < 2 or len({one.article_id for one in told}) < 2:
        return False
    return bool(differences(deal, sources(tuple(articles.values()))))


def deal_page(told: Told, language: Language) -> DealPage:
    """Write a deal's own page."""
    deal, articles = told.deal, told.articles
    told_by = sources(tuple(articles.values()))
    item = _item(deal, articles, language)
    by = deal.withdrawn_by
    return DealPage(
        id=deal.id,
        item=item,
        status=deal.status,
        parties=tuple(
            (
                one_line(name[: 10 * MAX_NAME], MAX_NAME),
                ", ".join(ROLES[language][role] for role in roles),
            )
            for name, roles in deal.parties[:MAX_PARTIES]
        ),
        differ=tuple(
            (
                KINDS[language][one.kind],
                tuple(
                    (written(claim.amount, language), _link(claim.source.articles[0]))
                    for claim in one.claims
                ),
            )
            for one in differences(deal, told_by)
        ),
        counts=_counts(told.row.sums, language),
        counts_not=WORDS[language].get(f"left_{told.row.left_out}", ""),
        first_seen_at=deal.first_seen_at,
        last_seen_at=deal.last_seen_at,
        papers=_papers(told, told_by, language)[:MAX_PAPERS],
        steps=_steps(told, language)[:MAX_STEPS],
        withdrawn=""
        if by is None
        else WORDS[language]["withdrawn_by"].format(by=one_line(by, MAX_NAME)),
    )


def _item(deal: Deal, articles: Mapping[str, Article], language: Language) -> Item:
    # Who reads a list wants to know how far each deal is, not that it once was new.
    news = DealNews(deal=deal, changed=(), new=False, articles=articles)
    return item_of(news, language)


def _counts(sums: Sums | None, language: Language) -> tuple[tuple[str, str], ...]:
    if sums is None:
        return ()
    words = WORDS[language]
    columns = (
        (words["firm"], sums.firm),
        (words["about"], sums.about),
        (words["at_least"], sums.at_least),
        (words["up_to"], sums.up_to),
    )
    return tuple(
        (name, format_money(rounded(column.dollars), "USD", language))
        for name, column in columns
        if column.dollars
    )


def _papers(
    told: Told, told_by: Sequence[Source], language: Language
) -> tuple[Paper, ...]:
    """The articles, oldest first; each earlier text behind the one it became."""
    first_of = {
        article.id: source.articles[0]
        for source in told_by
        for article in source.articles
    }
    release = {
        article.id: source.release for source in told_by for article in source.articles
    }
    findings: dict[str, list[Finding]] = {}
    for finding in (*told.deal.findings, *told.left):
        findings.setdefault(finding.article_id, []).append(finding)
    former = told.former or {}
    texts = [
        *((one, None) for one in told.articles.values()),
        *((one.article, one.replaced_at) for one in former.values()),
    ]
    papers = []
    for article, replaced_at in texts:
        first = first_of.get(article.id, article)
        papers.append(
            Paper(
                source=_link(article),
                title=one_line(article.title, MAX_TITLE),
                language=article.language,
                published_at=article.published_at,
                release=release.get(article.id, False),
                copy_of=""
                if first.site == article.site
                else one_line(first.site, MAX_NAME),
                quotes=_quotes(article, findings.get(article.id, ()), language),
                replaced_at=replaced_at,
            )
        )
    return tuple(
        sorted(
            papers,
            key=lambda one: (one.published_at, one.source.label, bool(one.replaced_at)),
        )
    )


def _quotes(
    article: Article, findings: Sequence[Finding], language: Language
) -> tuple[Quoted, ...]:
    """Each sentence once, as it stands in the article, with all that it states."""
    about: dict[tuple[int, int], list[str]] = {}
    for finding in findings:
        place = finding.status_quote
        about.setdefault((place.start, place.end), []).append(
            WORDS[language]["states_it"]
        )
        for claim in finding.claims:
            place = claim.quote
            about.setdefault((place.start, place.end), []).append(
                _named(claim, language)
            )
    text = article.full_text
    quoted = []
    for (start, end), told in sorted(about.items()):
        sentence = one_line(text[start:end], MAX_QUOTE)
        if sentence:
            quoted.append(Quoted(text=sentence, about=", ".join(dict.fromkeys(told))))
    return tuple(quoted)


def _named(claim: Party | Amount | Capacity, language: Language) -> str:
    match claim:
        case Party(name=name):
            return one_line(name, MAX_NAME)
        case Amount():
            return written(claim, language)
        case Capacity(value=value, unit=unit):
            return format_capacity(value, unit, language)


def _steps(told: Told, language: Language) -> tuple[Step, ...]:
    """How the deal came to stand as it does, article by article."""
    deal = told.deal
    known = [one for one in deal.findings if one.article_id in told.articles]
    known.sort(key=lambda one: (told.articles[one.article_id].published_at, one.id))
    steps: list[Step] = []
    before: Deal | None = None
    for n, finding in enumerate(known):
        article = told.articles[finding.article_id]
        repeat = before is not None and told.verdicts.get(finding.id) == "repeat"
        # Who tells a deal again does not take it back to where it was.
        status = before.status if repeat and before is not None else finding.status
        after = replace(
            deal, status=status, findings=tuple(known[: n + 1]), withdrawn_by=None
        )
        new = () if before is None else changes(before, after, told.articles)
        moved = [one for one in new if not isinstance(one, StatusChange)]
        steps.append(
            Step(
                at=article.published_at,
                status=finding.status,
                state=STATES[language][finding.status],
                source=_link(article),
                said=tuple(one_line(say(one, language), MAX_TITLE) for one in moved),
                news=before is None or bool(new),
            )
        )
        before = after
    return tuple(steps)


def _link(article: Article) -> Link:
    return Link(
        label=one_line(article.site, MAX_NAME) or article.language,
        url=web_url(article.url),
    )


def heading(item: Item, language: Language) -> str:
    """Name a deal by its parties, for a window's title."""
    names = [name for name, _ in item.parties[:2]]
    return listed(names, AND[language])
