"""Deal to message, in German or English, from verified fields alone.

In: a deal, the articles it stands in, a summary where there is one, and the state
that the reader knows. Out: the message as Telegram HTML and as plain text, the same
words in both.

Every figure and name comes from a `Finding`, that is from a span of an article;
the model's sentences stand below the facts and apart from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from newsbot.stages.amounts import format_capacity
from newsbot.stages.changes import (
    AmountChange,
    CapacityChange,
    Change,
    PartyChange,
    StatusChange,
    extensions,
    key,
    say,
    written,
)
from newsbot.stages.figures import Difference, differences
from newsbot.stages.lines import (
    Line,
    as_html,
    as_plain,
    fitting,
    shortened,
    web_url,
)
from newsbot.stages.sources import Source, sources
from newsbot.stages.wording import AND, KINDS, ROLES, STATES, STATUS, TYPES, listed
from newsbot.types import Alert, Amount, Article, Deal, Finding, Span, Summary, identity
from newsbot.vocabulary import AlertKind, Language

#: Quotes in one message; each from another article where there are several.
MAX_QUOTES = 3
#: Characters of one quote; longer sentences end in an ellipsis.
MAX_QUOTE = 320
#: What facts, news and quotes begin with as plain text: no summary may pass for one.
MARKS = "•→> "
#: Sentences and characters of the summary; characters of a name: longer is no news.
MAX_SENTENCES = 2
MAX_SUMMARY = 400
MAX_NAME = 80
#: Characters of one change, and changes in one message; more are counted.
MAX_CHANGE = 240
MAX_CHANGES = 8
#: Figures that are shown side by side where sources differ; more are counted.
MAX_CLAIMS = 4
#: Names in the headline; more are counted.
MAX_HEADLINE = 6
_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "payer": "paid by",
        "capacity": "Capacity",
        "kind": "Kind",
        "one": "1 source",
        "many": "{n} sources",
        "release": "press release",
        "releases": "press releases only",
        "others": "{n} others",
        "more": "… and {n} more",
        "update": "Update",
        "correction": "Correction",
        "withdrawn": "Withdrawn",
        "corrected": "{by} has corrected: {news}",
        "summary_only": "from the feed's summary",
        "today": "first seen %H:%M UTC",
        "earlier": "first seen %Y-%m-%d %H:%M UTC",
        "differ": "figures differ",
        "as of": "when it was {state}",
        "open": "“",
        "close": "”",
    },
    "de": {
        "payer": "zahlt",
        "capacity": "Kapazität",
        "kind": "Art",
        "one": "1 Quelle",
        "many": "{n} Quellen",
        "release": "Pressemitteilung",
        "releases": "nur Pressemitteilungen",
        "others": "{n} weitere",
        "more": "… und {n} weitere",
        "update": "Neuer Stand",
        "correction": "Korrektur",
        "withdrawn": "Zurückgezogen",
        "corrected": "{by} hat korrigiert: {news}",
        "summary_only": "aus der Zusammenfassung des Feeds",
        "today": "zuerst um %H:%M UTC",
        "earlier": "zuerst am %Y-%m-%d um %H:%M UTC",
        "differ": "Angaben weichen ab",
        "as of": "Stand: {state}",
        "open": "„",
        "close": "“",
    },
}


def compose(
    deal: Deal,
    articles: Mapping[str, Article],
    *,
    kind: AlertKind,
    language: Language,
    summary: Summary | None,
    now: datetime,
    changed: Sequence[Change] = (),
    corrected_by: str | None = None,
    occasion: str | None = None,
) -> Alert:
    """Write the message about a deal.

    Args:
        deal: The deal, with every finding that the message is to tell.
        articles: Those that tell of it, by id, as far as they are kept; all of them
            count as sources, also where a later state is not to be told.
        kind: Whether the deal is new or has changed.
        language: The reader's language; quotes stay in their own.
        summary: Of the article that brought the news; shown only when it is in
            the reader's language.
        now: When the message was first written, also where it is written again.
        changed: What has changed since the state that the reader knows.
        corrected_by: The publisher that corrected its report; for corrections alone.
        occasion: Id of the article that brought the news: it is quoted first.

    Returns:
        The message, at most 900 UTF-16 units before its quotes and below 4,096 with
        them; facts stay where the summary and quotes have to go. Its id is made of
        deal, kind, status and language, and of an update's changes: writing it twice
        gives one row.
    """
    news = [say(one, language) for one in changed]
    if news and corrected_by is not None:
        by = shortened(corrected_by, MAX_NAME)
        news[0] = _WORDS[language]["corrected"].format(by=by, news=news[0])
    proofs = _proofs(deal, changed, occasion)
    every = _lines(deal, articles, kind, language, summary, now, news, proofs)
    lines = fitting(every, lambda n: Line(text=_WORDS[language]["more"].format(n=n)))
    n_times = extensions(deal, articles)
    times = [str(n_times)] if n_times > 1 else []
    if kind == "update":
        keys = [key(one) for one in changed if not isinstance(one, StatusChange)]
    else:
        keys = []  # what changed later does not make a first message another one
    return Alert(
        id=identity("alert", deal.id, kind, deal.status, language, *times, *keys),
        deal_id=deal.id,
        kind=kind,
        language=language,
        html=as_html(lines),
        plain=as_plain(lines),
        created_at=now,
    )


def _lines(
    deal: Deal,
    articles: Mapping[str, Article],
    kind: AlertKind,
    language: Language,
    summary: Summary | None,
    written_at: datetime,
    changed: Sequence[str],
    proofs: Sequence[Span],
) -> list[Line]:
    words = _WORDS[language]
    told_by = sources(tuple(articles.values()))
    names = [shortened(name, MAX_NAME) for name, _ in deal.parties]
    if len(names) > MAX_HEADLINE:
        more = str(len(names) - MAX_HEADLINE + 1)
        shown = [*names[: MAX_HEADLINE - 1], words["others"].format(n=more)]
    else:
        shown = names
    headline = f"{STATUS[language][deal.status]}: {listed(shown, AND[language])}"
    if deal.withdrawn_by is not None:
        headline = f"{words['withdrawn']} – {headline}"
    elif kind in ("update", "correction"):
        headline = f"{words[kind]} – {headline}"
    lines = [Line(text=headline, bold=True)]
    news = [shortened(one, MAX_CHANGE) for one in changed]
    if n_more := len(news[MAX_CHANGES:]):
        news[MAX_CHANGES:] = [words["others"].format(n=n_more)]
    lines.extend(Line(text=f"→ {text}", rank=1) for text in news)
    if summary is not None and summary.language == language:
        told = " ".join(one.text for one in summary.sentences[:MAX_SENTENCES])
        told = shortened(told, MAX_SUMMARY).lstrip(MARKS)
        lines.append(Line(text=told, rank=4))
    types = ", ".join(TYPES[language][type_] for type_ in deal.types)
    lines.append(Line(text=f"{words['kind']}: {types}"))
    for name, (_, roles) in zip(names, deal.parties, strict=True):
        told = ", ".join(ROLES[language][role] for role in roles)
        lines.append(Line(text=f"• {name}: {told}", rank=1))
    lines.extend(_facts(deal, told_by, language))
    lines.extend(_quotes(_chosen(deal, articles, proofs, told_by), language))
    seen_at = deal.first_seen_at.astimezone(UTC)
    today = seen_at.date() == written_at.astimezone(UTC).date()
    seen = seen_at.strftime(words["today" if today else "earlier"])
    lines.append(Line(text=f"{counted(told_by, language)}, {seen}", apart=True))
    return lines


def counted(told_by: Sequence[Source], language: Language) -> str:
    """How many sources, per language: ``"3 sources (2 EN, 1 DE)"``."""
    words = _WORDS[language]
    if not told_by:
        return words["one"]  # its articles are gone
    n_releases = sum(source.release for source in told_by)
    if len(told_by) == 1:
        release = f", {words['release']}" if n_releases else ""
        return f"{words['one']} ({told_by[0].language.upper()}{release})"
    by_language = Counter(source.language.upper() for source in told_by)
    ranked = sorted(by_language.items(), key=lambda item: (-item[1], item[0]))
    counts = ", ".join(f"{n} {code}" for code, n in ranked)
    if n_releases == len(told_by):
        counts += f"; {words['releases']}"
    elif n_releases:
        counts += f"; {n_releases} × {words['release']}"
    return f"{words['many'].format(n=len(told_by))} ({counts})"


def _facts(deal: Deal, told_by: Sequence[Source], language: Language) -> list[Line]:
    """One line per figure, however many articles state it and in which words.

    Figures about which sources disagree share one line; a figure that another one
    replaced since then says of which state it was.
    """
    words = _WORDS[language]
    told: dict[tuple[Decimal, str], list[Amount]] = {}
    present: set[tuple[Decimal, str]] = set()
    for finding in deal.findings:
        for amount in finding.amounts:
            sum_ = (amount.value, amount.currency)
            told.setdefault(sum_, []).append(amount)
            if finding.status == deal.status:
                present.add(sum_)
    kinds = {agreed(told[sum_]).kind for sum_ in present}
    lines: dict[str, None] = {}
    disputed: set[tuple[Decimal, str]] = set()
    for difference in differences(deal, told_by):
        lines[_disputed(difference, language)] = None
        disputed |= {(c.amount.value, c.amount.currency) for c in difference.claims}
    for sum_, same in told.items():
        if sum_ in disputed:
            continue
        amount = agreed(same)
        line = _amount(amount, language)
        if sum_ not in present and amount.kind in kinds:
            was = next(
                finding.status for finding in deal.findings if amount in finding.amounts
            )
            line += f" ({words['as of'].format(state=STATES[language][was])})"
        lines[line] = None
    for finding in deal.findings:
        for item in finding.capacity:
            written = format_capacity(item.value, item.unit, language)
            lines[f"• {words['capacity']}: {written}"] = None
    return [Line(text=text, rank=2) for text in lines]


def agreed(told: Sequence[Amount]) -> Amount:
    """The fullest of one figure's entries: with a payer, then as most have it."""
    kinds = Counter(amount.kind for amount in told)
    return max(told, key=lambda amount: (amount.payer is not None, kinds[amount.kind]))


def _disputed(difference: Difference, language: Language) -> str:
    """Each figure with its source, side by side."""
    shown = [
        f"{written(claim.amount, language)} "
        f"({shortened(claim.source.articles[0].site, MAX_NAME)})"
        for claim in difference.claims[:MAX_CLAIMS]
    ]
    if more := len(difference.claims) - len(shown):
        shown.append(_WORDS[language]["others"].format(n=more))
    kind = KINDS[language][difference.kind]
    return f"• {kind}, {_WORDS[language]['differ']}: {' / '.join(shown)}"


def _amount(amount: Amount, language: Language) -> str:
    line = f"• {KINDS[language][amount.kind]}: {written(amount, language)}"
    if amount.payer is None:
        return line
    payer = _WORDS[language]["payer"]
    name = shortened(amount.payer, MAX_NAME)
    return f"{line}, {payer} {name}" if language == "en" else f"{line}, {name} {payer}"


def _proofs(deal: Deal, changed: Sequence[Change], occasion: str | None) -> list[Span]:
    """The sentences that say what has changed, then what the occasion says."""
    own = [one for one in deal.findings if one.article_id == occasion]
    spans = []
    for change in changed:
        match change:
            case StatusChange():
                spans += [finding.status_quote for finding in own]
            case PartyChange(name=name):
                parties = [party for finding in own for party in finding.parties]
                spans += [party.quote for party in parties if party.name == name]
            case AmountChange(now=now) | CapacityChange(now=now):
                spans.append(now.quote)
            case _:
                continue
    return [*spans, *map(best_quote, own)]


def _chosen(
    deal: Deal,
    articles: Mapping[str, Article],
    proofs: Sequence[Span],
    told_by: Sequence[Source],
) -> list[tuple[str, Article, Source]]:
    """What is quoted: the proofs, then of each other source what states the deal."""
    source_of = {one.id: source for source in told_by for one in source.articles}
    chosen: list[tuple[str, Article, Source]] = []
    for span in (*proofs, *map(best_quote, deal.findings)):
        article = articles.get(span.article_id)
        if article is None:
            continue
        text, source = _read(article, span), source_of[article.id]
        known = [told for told, _, other in chosen if other is source]
        if text not in known and (span in proofs or not known):
            chosen.append((text, article, source))
    return chosen[:MAX_QUOTES]


def _quotes(
    chosen: Sequence[tuple[str, Article, Source]], language: Language
) -> list[Line]:
    words = _WORDS[language]
    lines: list[Line] = []
    for text, article, source in chosen:
        label = shortened(article.site, MAX_NAME)
        if article.text_origin == "summary":
            label = f"{label}, {words['summary_only']}"
        if source.release:
            label = f"{label}, {words['release']}"
        lines.append(
            Line(
                text=f"{words['open']}{shortened(text, MAX_QUOTE)}{words['close']}",
                rank=5 if lines else 3,
                apart=not lines,
                quote=True,
                label=label,
                url=web_url(article.url),
            )
        )
    return lines


def best_quote(finding: Finding) -> Span:
    """The sentence that names the most parties."""
    quotes = [party.quote for party in finding.parties]
    return max(quotes, key=lambda quote: (quotes.count(quote), -quote.start))


def _read(article: Article, span: Span) -> str:
    return article.full_text[span.start : span.end]
