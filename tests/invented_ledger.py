"""A ledger of invented deals on disk: articles, judgements, findings, deals, messages."""

from __future__ import annotations

from dataclasses import replace

from db_nouns import NOW, alert, announce_articles, article, assessment
from invented import START

from newsbot.adapters.db import open_store
from newsbot.types import Span

SECRET = "chat-4242424242"


def fill(path, deals):
    """Store deals, each in one article that quotes its first paragraph."""
    store = open_store(path)
    with store.atomic():
        for n, one in enumerate(deals):
            keep(store, n, one)
        message = alert(deal_id=deals[0].id) if deals else None
        if message:
            store.outbox.put(message, [("telegram", SECRET)], NOW)
    store.close()


def keep(store, n, one):
    (finding,) = one.findings
    names = " and ".join(name for name, _ in one.parties)
    text = f"{names} made an agreement. More was not said."
    noun = article(
        one.id,
        title=f"{names}: number {n}",
        text=text,
        language="de" if n % 3 == 0 else "en",
        published_at=one.first_seen_at,
        site=f"paper{n % 4}.example",
        url=f"https://paper{n % 4}.example/{n}",
    )
    announce_articles(store, noun)
    start = len(noun.title) + 2
    quote = Span(article_id=noun.id, start=start, end=start + text.index(".") + 1)
    finding = replace(
        finding,
        article_id=noun.id,
        amounts=tuple(replace(item, quote=quote) for item in finding.amounts),
    )
    judged = assessment(noun.id, probability=0.5 + (n % 10) / 20, assessed_at=START)
    store.ledger.put_assessment(judged, [finding], ())
    store.ledger.put_deal(replace(one, findings=(finding,)), finding, "new", "first")
