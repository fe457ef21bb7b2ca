"""Nouns for the tests of the ledger, and the way into it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from newsbot.adapters.db import open_store
from newsbot.types import (
    Alert,
    Article,
    Assessment,
    Deal,
    Entry,
    Feed,
    Finding,
    Party,
    Span,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Span(article_id="article-a", start=0, end=9)


def feed(name="a", **changes):
    values = {
        "id": f"feed-{name}",
        "url": f"https://{name}.example.org/feed",
        "language": "de",
        "every_minutes": 15,
        "source": "config",
    }
    return Feed(**{**values, **changes})


def entry(name="a", **changes):
    values = {
        "id": f"entry-{name}",
        "feed_id": None,
        "url": f"https://example.org/{name}",
        "title": f"Titel {name}",
        "summary": "",
        "published_at": NOW,
        "first_seen_at": NOW,
        "origin": "feed",
        "may_alert": True,
    }
    return Entry(**{**values, **changes})


def article(name="a", **changes):
    values = {
        "id": f"article-{name}",
        "entry_id": f"entry-{name}",
        "url": f"https://example.org/{name}",
        "title": "Neues Rechenzentrum in Lübeck",
        "text": "Microsoft & OpenAI bauen.",
        "language": "de",
        "published_at": NOW,
        "site": "example.org",
        "author": None,
        "text_origin": "page",
        "fingerprint": 1,
    }
    return Article(**{**values, **changes})


def finding(name="a", article_id="article-a", **changes):
    values = {
        "id": f"finding-{name}",
        "article_id": article_id,
        "status": "announced",
        "status_quote": SPAN,
        "types": ("customer",),
        "parties": (Party(name="Nvidia", roles=("partner",), span=SPAN, quote=SPAN),),
        "amounts": (),
        "capacity": (),
    }
    return Finding(**{**values, **changes})


def deal(name="a", parties=("Nvidia", "OpenAI"), seen=NOW, **changes):
    values = {
        "id": f"deal-{name}",
        "status": "announced",
        "types": ("customer", "infrastructure"),
        "parties": tuple((party, ("partner",)) for party in parties),
        "first_seen_at": seen,
        "last_seen_at": seen,
        "findings": (),
    }
    return Deal(**{**values, **changes})


def assessment(article_id="article-a", **changes):
    values = {
        "article_id": article_id,
        "probability": 0.75,
        "threshold": 0.5,
        "words": ("ki", "vertrag"),
        "assessor": "head 1",
        "assessed_at": NOW,
    }
    return Assessment(**{**values, **changes})


def alert(name="a", **changes):
    values = {
        "id": f"alert-{name}",
        "deal_id": "deal-a",
        "kind": "new",
        "language": "de",
        "html": "<b>Neu</b>",
        "plain": "Neu",
        "created_at": NOW,
    }
    return Alert(**{**values, **changes})


def announce(store, *entries):
    """Bring entries into the line as a poll does."""
    store.feeds.add(feed())
    store.feeds.polled(feed(), entries, NOW)


def announce_articles(store, *articles):
    announce(store, *(entry(item.entry_id.removeprefix("entry-")) for item in articles))
    for item in articles:
        store.line.put_article(item)


def put(store, one, name):
    """Store a deal with one finding in one article."""
    noun = finding(name, article_id=f"article-{name}")
    store.ledger.put_assessment(assessment(f"article-{name}"), [noun], ())
    store.ledger.put_deal(one, noun, "new", "first")
    return noun


def due(outbox, at):
    """What is to be sent at that time: deliveries with their messages."""
    return [(one, outbox.alert(one.alert_id)) for one in outbox.due(at)]


@contextmanager
def memory_store():
    store = open_store(None)
    try:
        yield store
    finally:
        store.close()


def one_line(error):
    return "\n" not in str(error.value) and len(str(error.value)) < 300
