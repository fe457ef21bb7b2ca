"""A publisher edits an article: its deals follow, and who was told is told.

The findings of the older text leave their deals and those of the newer one take their
places, in the transaction of the caller: no deal disappears in between, and each keeps
its id. A deal that nobody tells any more stays, marked as withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsbot.alerts import (
    Readers,
    changes_since,
    correct_merged,
    not_silent,
    of_findings,
    put_alerts,
    rewrite,
    tellings,
)
from newsbot.ports import Store
from newsbot.revisits import follow
from newsbot.stages.changes import told_state
from newsbot.stages.compose import compose
from newsbot.stages.correct import heirs, taken_over
from newsbot.stages.identify import identify, rebuilt
from newsbot.stages.likeness import reach
from newsbot.stages.notices import withdrawal
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.sides import families, look
from newsbot.types import Article, Deal, Entry, Finding, identity
from newsbot.versions import Standing
from newsbot.vocabulary import LANGUAGES, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heir:
    """A finding of the newer text, and the one in whose place it stands."""

    finding: Finding
    before: Standing


def put_deals(
    store: Store, article: Article, gazetteer: Gazetteer, now: datetime
) -> None:
    """Join an article's findings to their deals; those of its older text leave.

    Args:
        store: The ledger; call it inside `atomic`.
        article: Judged.
        gazetteer: Tells which names are one.
        now: The time, aware UTC.
    """
    corrected = _replace_older(store, article, gazetteer, now)
    found = store.ledger.findings_of(article.id)
    findings = [one for one in found if one.id not in corrected]
    _identify(store, article, findings, gazetteer, now)


def _identify(
    store: Store,
    article: Article,
    findings: Sequence[Finding],
    gazetteer: Gazetteer,
    now: datetime,
) -> None:
    when = article.published_at
    names = families(findings, gazetteer)
    known, apart = store.ledger.candidates(
        names, reach(findings, when), look(findings, gazetteer)
    )
    for found in identify(findings, when, known, gazetteer, apart):
        store.ledger.absorb(found.absorbed, found.deal.id, now)
        store.ledger.put_deal(found.deal, found.finding, found.verdict, found.reason)


def _replace_older(
    store: Store, article: Article, gazetteer: Gazetteer, now: datetime
) -> set[str]:
    """Let the findings of an older text leave; ids of those that took their places."""
    standing = store.versions.standing(article.entry_id)
    if not standing:
        return set()
    found = store.ledger.findings_of(article.id)
    pairs = heirs([one.finding for one in standing], found, gazetteer)
    for one in standing:
        if one.finding.id in pairs:
            continue
        before = store.line.article(one.finding.article_id)
        moved = taken_over(one.finding, before, article) if before else None
        if moved is not None:
            store.versions.add(moved)
            pairs[one.finding.id] = moved
    verdicts = {
        one.finding.id: store.ledger.verdict(one.finding.id)[1] for one in standing
    }
    for one in standing:
        heir = pairs.get(one.finding.id)
        store.versions.retire(one.finding.id, article.id, heir.id if heir else None)
    for deal_id in dict.fromkeys(one.deal_id for one in standing):
        deal = store.ledger.deal(deal_id)
        assert deal is not None
        taking = [
            _Heir(finding=pairs[one.finding.id], before=one)
            for one in standing
            if one.deal_id == deal_id and one.finding.id in pairs
        ]
        whole = _as_corrected(store, deal, article, taking, gazetteer, now)
        for taker in taking:
            verdict = verdicts[taker.before.finding.id] or "repeat"
            reason = "stands in the place of what the article said before it was edited"
            store.ledger.put_deal(whole, taker.finding, verdict, reason)
    return {one.id for one in pairs.values()}


def _as_corrected(
    store: Store,
    deal: Deal,
    article: Article,
    taking: Sequence[_Heir],
    gazetteer: Gazetteer,
    now: datetime,
) -> Deal:
    """Write a deal anew of what still tells it.

    Where nobody else does, the corrected article may show that it is a deal that
    others tell: the two are one then.
    """
    heirs_ = [one.finding for one in taking]
    if not deal.findings and not heirs_:
        gone = replace(deal, withdrawn_by=article.site)
        store.ledger.rewrite(gone)
        return gone
    known = (*deal.findings, *heirs_)
    if not deal.findings:
        when = article.published_at
        found_near, apart = store.ledger.candidates(
            families(heirs_, gazetteer), reach(heirs_, when), look(heirs_, gazetteer)
        )
        others = [one for one in found_near if one.id != deal.id]
        absorbed: set[str] = set()
        for found in identify(heirs_, when, others, gazetteer, apart):
            if found.verdict == "new":
                continue
            other = found.deal
            first = min(deal, other, key=lambda one: (one.first_seen_at, one.id))
            gone_ids = {deal.id, other.id, *found.absorbed} - {first.id} - absorbed
            absorbed |= gone_ids
            store.ledger.absorb(sorted(gone_ids), first.id, now)
            known = (
                *other.findings,
                *(one for one in known if one not in other.findings),
            )
            deal = first
    whole = replace(rebuilt(_dated(store, known), gazetteer), id=deal.id)
    store.ledger.rewrite(whole)
    return whole


def _dated(store: Store, findings: Iterable[Finding]) -> list[tuple[Finding, datetime]]:
    articles = ((one, store.line.article(one.article_id)) for one in findings)
    return [(one, article.published_at) for one, article in articles if article]


def put_messages(
    store: Store, entry: Entry, article: Article, readers: Readers, now: datetime
) -> None:
    """Write the messages that an article causes, and what it corrects in others.

    Args:
        store: The ledger; call it inside `atomic`.
        entry: Whether its news may alert.
        article: Judged, its deals identified.
        readers: Who gets the messages.
        now: The time, aware UTC.
    """
    corrected = tell_corrections(store, article, readers, now)
    put_alerts(
        store,
        article,
        readers,
        now,
        may_alert=entry.may_alert,
        corrected=corrected,
    )
    follow(store, entry, article, now)


def tell_corrections(
    store: Store, article: Article, readers: Readers, now: datetime
) -> frozenset[str]:
    """Say to those who were told of a deal what a publisher has corrected.

    A reply to the first message says what changed, the message itself shows the deal
    as it stands. Who was not told needs no correction.

    Args:
        store: The ledger; call it inside `atomic`.
        article: The newer text, its deals identified.
        readers: Spellings and languages.
        now: The time, aware UTC.

    Returns:
        The ids of the deals that the newer text changed: there is no other message
        about them.
    """
    deals = [store.ledger.deal(id_) for id_ in store.versions.corrected(article.id)]
    for deal in deals:
        if deal is None:
            continue
        correct_merged(store, deal, now)
        for language in LANGUAGES:
            _tell(store, deal, article, language, readers, now)
            rewrite(store, deal, tellings(store, deal, language), readers, now)
    return frozenset(deal.id for deal in deals if deal is not None)


def _tell(
    store: Store,
    deal: Deal,
    article: Article,
    language: Language,
    readers: Readers,
    now: datetime,
) -> None:
    earlier = tellings(store, deal, language)
    changed = changes_since(store, deal, deal, earlier, readers)
    if not changed:
        return
    if deal.withdrawn_by is not None:
        message = withdrawal(deal, earlier[0], now)
    else:
        message = compose(
            deal,
            of_findings(store, deal),
            kind="correction",
            language=language,
            summary=store.ledger.summary(article.id),
            now=now,
            changed=changed,
            corrected_by=article.site,
            occasion=article.id,
        )
    message = replace(
        message,
        id=identity("corrected", article.id, deal.id, language),
        answers=earlier[0].id,
        told=told_state(deal, article.id),
    )
    told = dict.fromkeys(
        pair for alert in earlier for pair in store.outbox.told_to(alert.id)
    )
    store.outbox.put(message, not_silent(store, told, now), now)
