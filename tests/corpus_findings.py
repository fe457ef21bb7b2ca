"""The corpus in two halves by story, and findings built from its labels."""

from __future__ import annotations

import hashlib
from typing import Literal, cast

from newsbot.evaluation.gold import GoldArticle, GoldDeal, GoldSpan, read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages.amounts import same_value
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading, read_article
from newsbot.tuning.corpus_files import corpus_files
from newsbot.types import Amount, Capacity, Finding, Party
from newsbot.vocabulary import AmountKind, Bound, DealType, Role, Status

Half = Literal["dev", "held-out"]


def halves() -> dict[Half, list[GoldArticle]]:
    """Split the corpus so that articles that share a story are on one side."""
    articles = read_gold(corpus_files([]))
    assert len(articles) > 500
    head: dict[str, str] = {}

    def root(story: str) -> str:
        while head.setdefault(story, story) != story:
            story = head[story]
        return story

    def stories(article: GoldArticle) -> list[str]:
        return [deal.story for deal in article.deals] or [article.id]

    for article in articles:
        first, *others = stories(article)
        for other in others:
            head[root(other)] = root(first)
    split: dict[Half, list[GoldArticle]] = {"dev": [], "held-out": []}
    for article in articles:
        digest = hashlib.sha256(root(stories(article)[0]).encode()).digest()
        split["held-out" if digest[0] % 2 else "dev"].append(article)
    return split


def read(article: GoldArticle, gazetteer: Gazetteer) -> Reading:
    return read_article(as_article(article), gazetteer)


def findings(
    article: GoldArticle, reading: Reading, gazetteer: Gazetteer
) -> list[Finding]:
    """What a perfect judge would find: every labelled deal with its places."""
    return [
        _finding(article, reading, gazetteer, number, deal)
        for number, deal in enumerate(article.deals)
    ]


def _finding(
    article: GoldArticle,
    reading: Reading,
    gazetteer: Gazetteer,
    number: int,
    deal: GoldDeal,
) -> Finding:
    spans = {span.field: span for span in article.spans}

    def labelled(field: str, n: int) -> GoldSpan | None:
        return spans.get(f"deals.{number}.{field}.{n}")

    names: dict[str, str] = {}
    parties = []
    for n, (name, roles) in enumerate(deal.parties):
        span = labelled("parties", n)
        assert span is not None
        here = [
            m
            for m in reading.organisations
            if gazetteer.canonical(m.name) == gazetteer.canonical(name)
        ]
        inside = [m for m in here if span.start <= m.start < span.end]
        found = (inside or here or [None])[0]
        place = (found.start, found.end) if found else (span.start, span.end)
        names[name] = found.name if found else name
        parties.append(
            Party(
                name=names[name],
                roles=cast("tuple[Role, ...]", roles),
                span=reading.span(*place),
                quote=reading.quote(place[0]),
            )
        )
    amounts = []
    for n, amount in enumerate(deal.amounts):
        span = labelled("amounts", n)
        place = _place(
            span,
            reading,
            [
                (m.start, m.end)
                for m in reading.money
                if m.currency == amount.currency and same_value(m.value, amount.value)
            ],
        )
        if place is None:
            continue
        amounts.append(
            Amount(
                value=amount.value,
                currency=amount.currency,
                kind=cast("AmountKind", amount.kind),
                bound=next(
                    (m.bound for m in reading.money if m.start == place[0]),
                    cast("Bound", amount.bound),
                ),
                payer=names.get(amount.payer or ""),
                span=reading.span(*place),
                quote=reading.quote(place[0]),
            )
        )
    capacity = []
    for n, (value, unit) in enumerate(deal.capacity):
        place = _place(
            labelled("capacity", n),
            reading,
            [
                (m.start, m.end)
                for m in reading.capacity
                if m.unit == unit and same_value(m.value, value)
            ],
        )
        if place is not None:
            capacity.append(
                Capacity(
                    value=value,
                    unit=unit,
                    span=reading.span(*place),
                    quote=reading.quote(place[0]),
                )
            )
    return Finding(
        id=f"{article.id}.{number}",
        article_id=reading.article.id,
        status=cast("Status", deal.status),
        status_quote=parties[0].quote,
        types=cast("tuple[DealType, ...]", deal.types),
        parties=tuple(parties),
        amounts=tuple(amounts),
        capacity=tuple(capacity),
    )


def _place(
    span: GoldSpan | None, reading: Reading, mentions: list[tuple[int, int]]
) -> tuple[int, int] | None:
    """The mention inside the labelled sentence, else any that fits."""
    inside = [m for m in mentions if span and span.start <= m[0] < span.end]
    return (inside or mentions or [None])[0]
