"""Findings by hand, one article each, and what they turn out to be in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from newsbot.stages.identify import Identified, identify
from newsbot.stages.organisations import load_organisations
from newsbot.types import Amount, Deal, Finding, Party, Span, identity

GAZETTEER = load_organisations()
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
BILLION = 10**9
TRIO = ("Microsoft", "Nvidia", "Anthropic")

_numbers = iter(range(10**9))


def finding(
    *names: str,
    sums: Sequence[tuple[float, str]] = (),
    status: str = "announced",
    types: Sequence[str] = ("compute_purchase",),
    kind: str = "purchase",
    unsure: Sequence[str] = (),
    named: Sequence[str] = (),
) -> Finding:
    """One article's telling; each call is another article."""
    article = f"article-{next(_numbers)}"
    span = Span(article_id=article, start=0, end=1)
    return Finding(
        id=identity("finding", article, *sorted(names)),
        article_id=article,
        status=status,
        status_quote=span,
        types=tuple(types),
        parties=tuple(
            Party(name=name, roles=("partner",), span=span, quote=span)
            for name in names
        ),
        amounts=tuple(
            Amount(
                value=Decimal(str(value)) * BILLION,
                currency=currency,
                kind=kind,
                bound="exact",
                payer=None,
                span=span,
                quote=span,
            )
            for value, currency in sums
        ),
        capacity=(),
        unsure=tuple(unsure),
        named=tuple(named),
    )


def tell(*told: Finding | tuple[Finding, timedelta]) -> list[Identified]:
    """Let findings arrive in order, each some time after `DAY`."""
    deals: dict[str, Deal] = {}
    results = []
    for one in told:
        found, later = one if isinstance(one, tuple) else (one, timedelta())
        (result,) = identify([found], DAY + later, list(deals.values()), GAZETTEER)
        for gone in result.absorbed:
            del deals[gone]
        deals[result.deal.id] = result.deal
        results.append(result)
    return results


def verdicts(*told: Finding | tuple[Finding, timedelta]) -> list[str]:
    return [result.verdict for result in tell(*told)]


def days(n: float) -> timedelta:
    return timedelta(days=n)
