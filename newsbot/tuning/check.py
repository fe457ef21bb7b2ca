"""Is the corpus what it says it is?

In: labelled articles, and gold that must stay apart.
Out: one line per problem; none when all is well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsbot.evaluation.gold import GoldArticle, GoldDeal
from newsbot.stages.amounts import find_money, same_value
from newsbot.stages.organisations import Gazetteer

_FIELD = re.compile(r"deals\.(\d+)\.(parties|amounts|capacity)\.(\d+)")


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
    seen: dict[str, str] = {}
    for article in corpus:
        beginning = " ".join(article.text.casefold().split())[:200]
        if beginning in seen:
            problems.append(f"{article.id}: same text as {seen[beginning]}")
        seen[beginning] = article.id
        problems.extend(f"{article.id}: {why}" for why in _spans(article))
        problems.extend(f"{article.id}: {why}" for why in _amounts(article))
    problems.extend(_apart(corpus, gold, gazetteer))
    return problems


def _spans(article: GoldArticle) -> Iterator[str]:
    full = f"{article.title}\n\n{article.text}"
    labelled = {span.field for span in article.spans}
    for span in article.spans:
        match = _FIELD.fullmatch(span.field)
        if match is None or int(match[1]) >= len(article.deals):
            yield f"span of unknown field {span.field}"
        elif not full[span.start : span.end].strip():
            yield f"{span.field}: the span reads back nothing"
    for number, deal in enumerate(article.deals):
        for name, items in (("parties", deal.parties), ("amounts", deal.amounts)):
            for n in range(len(items)):
                if f"deals.{number}.{name}.{n}" not in labelled:
                    yield f"deals.{number}.{name}.{n} has no span"


def _amounts(article: GoldArticle) -> Iterator[str]:
    full = f"{article.title}\n\n{article.text}"
    money = find_money(full, article.language)
    by_field = {span.field: span for span in article.spans}
    for number, deal in enumerate(article.deals):
        for n, amount in enumerate(deal.amounts):
            span = by_field.get(f"deals.{number}.amounts.{n}")
            if span is None:
                continue
            read = [
                found
                for found in money
                if span.start <= found.start < span.end
                and found.currency == amount.currency
                and same_value(found.value, amount.value)
            ]
            if not read:
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
