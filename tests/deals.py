"""Deals, findings and articles by hand, for the tests of what messages say."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from newsbot.types import Amount, Article, Capacity, Deal, Finding, Party, Span

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BILLION = 10**9
TEXT = "Oracle rents from CoreWeave for $30bn. More follows."


def article(name="a", *, day=0, **parts):
    """An article of a paper of its own, with a text that is no copy of another."""
    values = {
        "id": name,
        "entry_id": name,
        "url": f"https://{name}.example.org/x",
        "title": "Oracle rents",
        "text": TEXT,
        "language": "en",
        "published_at": NOW + timedelta(days=day),
        "site": f"{name}.example.org",
        "author": None,
        "text_origin": "page",
        "fingerprint": unlike(name),
    }
    return Article(**{**values, **parts})


def unlike(name):
    """A fingerprint that is near to no other name's."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def amount(value, **parts):
    """A sum in billions."""
    span = Span(article_id="a", start=0, end=1)
    values = {"currency": "USD", "kind": "purchase", "bound": "exact", "payer": None}
    number = Decimal(str(value)) * BILLION
    return Amount(value=number, span=span, quote=span, **{**values, **parts})


def capacity(value, unit="GW"):
    """Compute or power."""
    span = Span(article_id="a", start=0, end=1)
    return Capacity(value=Decimal(str(value)), unit=unit, span=span, quote=span)


def finding(
    name="a", *amounts, status="announced", size=(), names=("Oracle", "CoreWeave")
):
    """What the article of this name states."""
    span = Span(article_id=name, start=14, end=52)
    return Finding(
        id=f"finding-{name}",
        article_id=name,
        status=status,
        status_quote=span,
        types=("compute_purchase",),
        parties=tuple(
            Party(name=one, roles=("partner",), span=span, quote=span) for one in names
        ),
        amounts=amounts,
        capacity=tuple(size),
    )


def deal(*findings, **parts):
    """A deal of these findings."""
    values = {
        "id": "deal-1",
        "status": findings[-1].status if findings else "announced",
        "types": ("compute_purchase",),
        "parties": (("Oracle", ("customer",)), ("CoreWeave", ("provider",))),
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "findings": findings,
    }
    return Deal(**{**values, **parts})
