"""What would we have been told, and when: alerts of the past, told again in order.

The articles of the ledger walk the line's end once more, oldest first, in a ledger of
their own that lies in memory: the same identity, the same subscriptions, the same
messages. Nothing is sent, and nothing of the real ledger is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from newsbot.adapters.db import Store, open_store
from newsbot.history import Run, Settled, Totals
from newsbot.pipeline import STAGES, Parts, turn
from newsbot.types import Alert, Article, Entry
from newsbot.vocabulary import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One message that would have gone out."""

    #: The moment at which the article was published that caused it.
    at: datetime
    article: Article
    alert: Alert
    #: Channel and recipient of each who would have got it.
    told_to: tuple[tuple[str, str], ...]


def replay(
    store: Store, parts: Parts, since: datetime | None, until: datetime | None
) -> Iterator[Replayed]:
    """Tell the past again.

    Args:
        store: The ledger; only read.
        parts: The line's parts; its recipients and language hold.
        since: First moment of the messages that are given; what went before is told
            silently, so that it is known. None from the beginning.
        until: The moment after the last one; None for the end.

    Yields:
        The messages that articles out of archives would have caused, oldest first.
    """
    named = {stage.name: stage for stage in STAGES}
    with closing(open_store(None)) as scratch:
        for subscription in store.subscriptions.all():
            scratch.subscriptions.put(subscription)
        past = replace(
            parts, store=scratch, recipients=parts.recipients or (("console", "-"),)
        )
        run = Run(id="replay", kind="replay", source="", cursor="", totals=Totals())
        started = False
        for id_ in store.history.told(None, until):
            article = store.line.article(id_)
            entry = store.line.entry(article.entry_id) if article else None
            if article is None or entry is None:
                continue
            now = article.published_at
            if not started:
                scratch.history.begin(run, "replay", now)
                started = True
            _copy(store, scratch, article, entry, now)
            turn(past, named["identify"], now)
            scratch.line.advance(entry.id, taken="identified", given="summarised")
            before = {alert.id for alert in _alerts(scratch, id_)}
            turn(past, named["compose"], now)
            if entry.origin != "archive" or (since is not None and now < since):
                continue
            for alert in _alerts(scratch, id_):
                if alert.id not in before:
                    told_to = tuple(scratch.outbox.told_to(alert.id))
                    yield Replayed(
                        at=now, article=article, alert=alert, told_to=told_to
                    )


def _copy(
    store: Store, scratch: Store, article: Article, entry: Entry, now: datetime
) -> None:
    """Bring one article to where its deals are identified, as if it were live."""
    live = replace(entry, feed_id=None, guid_hash=None, may_alert=True)
    settled = Settled(
        cursor="",
        place="",
        fate="kept",
        entry=live,
        article=article,
        state="assessed",
    )
    scratch.history.settle("replay", [settled], 0.0, now)
    if judged := store.ledger.assessment(article.id):
        assessment, dropped = judged
        findings = store.ledger.findings_of(article.id)
        scratch.ledger.put_assessment(assessment, findings, dropped)
    if summary := store.ledger.summary(article.id):
        scratch.ledger.put_summary(summary)


def _alerts(scratch: Store, article_id: str) -> list[Alert]:
    """The messages about the deals of an article."""
    deals = {
        scratch.ledger.verdict(finding.id)[0]
        for finding in scratch.ledger.findings_of(article_id)
    }
    return [
        alert
        for deal_id in sorted(one for one in deals if one is not None)
        for language in LANGUAGES
        for alert in scratch.outbox.about(deal_id, language)
    ]
