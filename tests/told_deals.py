"""Deals as papers tell them, made by hand: no model, no corpus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from db_nouns import announce_articles, article, assessment
from deals import unlike

from newsbot.types import Amount, Capacity, Deal, Finding, Party, Span

#: The fourth quarter of 2025: a dollar is some 0.86 euros.
WHEN = datetime(2025, 11, 3, 9, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One paper's article about a deal."""

    amounts: tuple = ()
    status: str = "announced"
    language: str = "en"
    site: str = "paper.example"
    title: str = "Two sign a deal"
    parties: tuple | None = None
    url: str | None = None


def sum_of(value, currency="USD", kind="purchase", bound="exact", payer=None):
    """A sum in billions."""
    span = Span(article_id="a", start=0, end=3)
    return Amount(
        value=Decimal(str(value)) * 10**9,
        currency=currency,
        kind=kind,
        bound=bound,
        payer=payer,
        span=span,
        quote=span,
    )


def deal(
    *papers,
    id="d1",
    parties=("OpenAI", "Oracle"),
    status="announced",
    types=("compute_purchase",),
    roles=(("customer",), ("provider",)),
    seen_at=WHEN,
):
    """A deal as these papers tell it."""
    roles = [roles[min(n, len(roles) - 1)] for n in range(len(parties))]
    findings = []
    for n, paper in enumerate(papers):
        span = Span(article_id=f"article-{id}{n}", start=0, end=3)
        findings.append(
            Finding(
                id=f"finding-{id}{n}",
                article_id=span.article_id,
                status=paper.status,
                status_quote=span,
                types=types,
                parties=tuple(
                    Party(name=name, roles=("partner",), span=span, quote=span)
                    for name in (paper.parties or parties)
                ),
                amounts=paper.amounts,
                capacity=(
                    Capacity(value=Decimal(2), unit="GW", span=span, quote=span),
                ),
            )
        )
    return Deal(
        id=id,
        status=status,
        types=types,
        parties=tuple(zip(parties, map(tuple, roles), strict=True)),
        first_seen_at=seen_at,
        last_seen_at=seen_at,
        findings=tuple(findings),
    )


def articles_of(one, *papers):
    """The articles in which a deal stands."""
    return [
        article(
            f"{one.id}{n}",
            title=paper.title,
            language=paper.language,
            site=paper.site,
            url=paper.url or f"https://{paper.site}/{one.id}{n}",
            fingerprint=unlike(ascii(paper.site)),
            published_at=one.first_seen_at,
        )
        for n, paper in enumerate(papers)
    ]


def tell(store, *papers, **fields):
    """Store a deal with its articles; returns it."""
    one = deal(*papers, **fields)
    announce_articles(store, *articles_of(one, *papers))
    for finding in one.findings:
        store.ledger.put_assessment(assessment(finding.article_id), [finding], ())
        store.ledger.put_deal(one, finding, "new", "first")
    return one
