"""Is the corpus what it says it is?

In: labelled articles, and gold that must stay apart.
Out: one line per problem; none when all is well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newsbot.evaluation.gold import GoldArticle, GoldDeal
from newsbot.stages.amounts import find_money, same_value
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.summary_figures import find_figures


def check(
    corpus: Sequence[GoldArticle], gold: Sequence[GoldArticle], gazetteer: Gazetteer
) -> list[str]:
    """List the corpus's problems.

    Args:
        corpus: The articles to train on, with spans.
        gold: The articles to measure on.
        gazetteer: Organisations that exist; others are invented.

    Returns:
        One line each, beginning with the article's id.
    """
    problems: list[str] = []
    texts: dict[str, str] = {}
    ids: set[str] = set()
    for article in corpus:
        if article.id in ids:
            problems.append(f"{article.id}: the id stands twice")
        ids.add(article.id)
        beginning = _beginning(article)
        if beginning in texts:
            problems.append(f"{article.id}: same text as {texts[beginning]}")
        texts[beginning] = article.id
        for fault in (_deals(article), _spans(article), _amounts(article)):
            problems.extend(f"{article.id}: {why}" for why in fault)
    for article in gold:
        if (beginning := _beginning(article)) in texts:
            problems.append(
                f"{texts[beginning]}: same text as {article.id} of the gold"
            )
    problems.extend(_apart(corpus, gold, gazetteer))
    return problems


def _beginning(article: GoldArticle) -> str:
    return " ".join(article.text.casefold().split())[:200]


def _deals(article: GoldArticle) -> Iterator[str]:
    for number, deal in enumerate(article.deals):
        names = [name for name, _ in deal.parties]
        if len(set(names)) < 2:
            yield f"deals.{number} has fewer than two parties"
        if not deal.types:
            yield f"deals.{number} has no type"
        for name, roles in deal.parties:
            if not roles:
                yield f"deals.{number}: {name} has no role"
        for amount in deal.amounts:
            if amount.payer is not None and amount.payer not in names:
                yield f"deals.{number}: payer {amount.payer!r} is no party"


def _spans(article: GoldArticle) -> Iterator[str]:
    full = f"{article.title}\n\n{article.text}"
    expected = {
        f"deals.{number}.{name}.{n}"
        for number, deal in enumerate(article.deals)
        for name, items in (
            ("parties", deal.parties),
            ("amounts", deal.amounts),
            ("capacity", deal.capacity),
        )
        for n in range(len(items))
    }
    for span in article.spans:
        read = full[max(span.start, 0) : span.end]
        if span.field not in expected:
            yield f"span of unknown field {span.field}"
        elif not (0 <= span.start < span.end <= len(full) and read.strip()):
            yield f"{span.field}: the span reads back nothing"
        elif span.quote is not None and span.quote != read:
            yield f"{span.field}: the span reads {read[:60]!r}, not its quote"
    labelled = {span.field for span in article.spans}
    for field in sorted(expected - labelled):
        if ".capacity." not in field:
            yield f"{field} has no span"


def _amounts(article: GoldArticle) -> Iterator[str]:
    full = f"{article.title}\n\n{article.text}"
    money = find_money(full, article.language)
    bare = find_figures(full, article.language)
    by_field = {span.field: span for span in article.spans}
    for number, deal in enumerate(article.deals):
        for n, amount in enumerate(deal.amounts):
            span = by_field.get(f"deals.{number}.amounts.{n}")
            if span is None:
                continue
            read = [
                found.currency
                for found in money
                if span.start <= found.start < span.end
                and same_value(found.value, amount.value)
            ]
            # Its currency may stand elsewhere ("400 Millionen davon"), or be rare.
            stated = any(
                span.start <= one.start < span.end
                and same_value(one.value, amount.value)
                for one in bare
            )
            if amount.currency not in read and (read or not stated):
                quote = full[span.start : span.end][:80]
                yield f"{amount.value} {amount.currency} is not read from {quote!r}"


def _apart(
    corpus: Sequence[GoldArticle], gold: Sequence[GoldArticle], gazetteer: Gazetteer
) -> Iterator[str]:
    for what, names in (("story", _stories), ("publisher", _publishers)):
        for shared in sorted(names(corpus) & names(gold)):
            yield f"{what} {shared!r} is in the gold, too"
    for shared in sorted(_invented(corpus, gazetteer) & _invented(gold, gazetteer)):
        yield f"invented organisation {shared!r} is in the gold, too"


def _stories(articles: Sequence[GoldArticle]) -> set[str]:
    return {deal.story for article in articles for deal in article.deals}


def _publishers(articles: Sequence[GoldArticle]) -> set[str]:
    return {article.source for article in articles}


def _invented(articles: Sequence[GoldArticle], gazetteer: Gazetteer) -> set[str]:
    deals: list[GoldDeal] = [deal for article in articles for deal in article.deals]
    names = {name for deal in deals for name, _ in deal.parties}
    return {name for name in names if gazetteer.get(name) is None}
