"""Messages that stay true: what an article sends, and what it does to those sent.

One article may begin a message about a deal, add a reply to it, or only raise the
count of its sources. All of it is written in the transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsbot.ports import Store
from newsbot.stages.changes import Change, as_told, changes, told_state
from newsbot.stages.compose import compose
from newsbot.stages.notices import Mistake, correction
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import load_rates
from newsbot.stages.subscriptions import decide, is_silent
from newsbot.types import Alert, Article, Deal
from newsbot.vocabulary import LANGUAGES, Language, Verdict

#: How long later papers are collected before a sent message is edited once: Telegram
#: slows down who edits one message more often.
COLLECT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who gets every message besides the subscriptions, and how."""

    #: Pairs of channel and recipient.
    recipients: tuple[tuple[str, str], ...]
    language: Language
    #: Spellings, parents and units.
    gazetteer: Gazetteer


def put_alerts(
    store: Store,
    article: Article,
    readers: Readers,
    now: datetime,
    *,
    may_alert: bool,
    corrected: frozenset[str] = frozenset(),
) -> None:
    """Write the messages that an article causes, and newer texts of earlier ones.

    A deal whose reader knows all of it already gets no second message, whatever the
    verdict was: papers overtake each other on the line.

    Args:
        store: The ledger; call it inside `atomic`.
        article: Judged, its deals identified.
        readers: Who gets the messages.
        now: The time, aware UTC.
        may_alert: Old news sends nothing; messages sent earlier are still corrected.
        corrected: Ids of deals that readers know of: this text corrects an earlier
            one, and `tell_corrections` has told them.
    """
    for finding in store.ledger.findings_of(article.id):
        deal_id, verdict, _ = store.ledger.verdict(finding.id)
        deal = store.ledger.deal(deal_id) if deal_id else None
        if deal is None or verdict is None or deal.id in corrected:
            continue
        correct_merged(store, deal, now)
        # In the transaction that writes the message: whoever subscribes, or leaves,
        # does so before it or after it.
        subscribed = {one.language for one in store.subscriptions.all()}
        for language in LANGUAGES:
            earlier = tellings(store, deal, language)
            rewrite(store, deal, earlier, readers, now)
            if not may_alert or verdict == "repeat":
                continue
            if language == readers.language or language in subscribed:
                told_in = replace(readers, language=language)
                if language != readers.language:
                    told_in = replace(told_in, recipients=())
                _tell(store, deal, article, verdict, earlier, told_in, now)


def correct_merged(store: Store, deal: Deal, now: datetime) -> None:
    """Say of every message but the first that began a deal that it is no other one.

    Two deals that were told became one: by a later paper, or by a person. Saying it
    again changes nothing.
    """
    for language in LANGUAGES:
        news = tellings(store, deal, language)
        begun = [one for one in news if one.answers is None and one.told is not None]
        for alert in begun[1:]:
            _correct(store, "merged", deal, alert, now)


def correct_split(store: Store, deal: Deal, other: Deal, now: datetime) -> None:
    """Say of the message that began a deal that it told another one with it."""
    for alert in _first(store, deal):
        _correct(store, "split", other, alert, now)


def correct_withdrawn(store: Store, deal: Deal, now: datetime) -> None:
    """Say of the message that began a deal that there is none."""
    for alert in _first(store, deal):
        _correct(store, "withdrawn", deal, alert, now)


def _first(store: Store, deal: Deal) -> list[Alert]:
    """The message that began a deal, in each language in which it was told."""
    told = (tellings(store, deal, language) for language in LANGUAGES)
    return [alerts[0] for alerts in told if alerts]


def _correct(
    store: Store, mistake: Mistake, about: Deal, alert: Alert, now: datetime
) -> None:
    """Write a correction for those who were told; who was not needs none."""
    message = correction(mistake, about, alert, now)
    told = not_silent(store, store.outbox.told_to(alert.id), now)
    store.outbox.put(message, told, now)


def not_silent(
    store: Store, recipients: Iterable[tuple[str, str]], now: datetime
) -> list[tuple[str, str]]:
    """Leave out who is paused or muted."""
    silent = {
        (one.channel, one.recipient)
        for one in store.subscriptions.all()
        if is_silent(one, now)
    }
    return [pair for pair in recipients if pair not in silent]


def tellings(store: Store, deal: Deal, language: Language) -> list[Alert]:
    """The messages that tell of a deal itself, not of a mistake of ours about it."""
    about = store.outbox.about(deal.id, language)
    return [one for one in about if one.kind != "correction" or one.told is not None]


def _tell(
    store: Store,
    deal: Deal,
    article: Article,
    verdict: Verdict,
    earlier: list[Alert],
    readers: Readers,
    now: datetime,
) -> None:
    """Write a first message, or a reply that says what changed since the last one."""
    changed = changes_since(store, deal, deal, earlier, readers)
    if changed == () or (changed is None and earlier and verdict == "new"):
        return
    alert = compose(
        deal,
        of_findings(store, deal),
        kind="update" if earlier or verdict == "update" else "new",
        language=readers.language,
        summary=store.ledger.summary(article.id),
        now=now,
        changed=changed or (),
        occasion=article.id,
    )
    answers = earlier[0].id if earlier else None
    told = told_state(deal, article.id)
    alert = replace(alert, answers=answers, told=told)
    store.outbox.put(alert, readers.recipients, now)
    for at, recipients in _subscribers(store, deal, readers, now).items():
        store.outbox.put(alert, recipients, at)


def _subscribers(
    store: Store, deal: Deal, readers: Readers, now: datetime
) -> dict[datetime, list[tuple[str, str]]]:
    """Pick the subscriptions that get a message in this language, by when."""
    articles, reached = of_findings(store, deal), store.subscriptions.reached(deal.id)
    picked: dict[datetime, list[tuple[str, str]]] = {}
    for one in store.subscriptions.all():
        pair = (one.channel, one.recipient)
        if one.language != readers.language or pair in readers.recipients:
            continue
        decision = decide(
            one,
            deal,
            articles,
            now,
            reached=pair in reached,
            gazetteer=readers.gazetteer,
            rates=load_rates(),
        )
        if decision.at is not None:
            picked.setdefault(decision.at, []).append(pair)
    return picked


def rewrite(
    store: Store, deal: Deal, earlier: list[Alert], readers: Readers, now: datetime
) -> None:
    """Give every message about a deal the text that is true now.

    The first one shows the deal as it stands, and what changed since; a reply keeps
    what it told. Both count the sources of today. Messages that do not say what they
    told (of versions before 0.3), and those of a withdrawal, stay as they are.
    """
    whole = _with_left(store, deal)
    articles = of_findings(store, whole if deal.withdrawn_by is not None else deal)
    for number, alert in enumerate(earlier):
        if alert.told is None or not alert.told.finding_ids:
            continue
        told = as_told(whole, alert.told)
        shown = told if alert.answers else deal
        if not alert.answers and deal.withdrawn_by is not None:
            shown = replace(told, withdrawn_by=deal.withdrawn_by)
        before = earlier[:number] if alert.answers else [alert]
        corrected = alert.kind == "correction"
        occasion = store.line.article(alert.told.article_id) if corrected else None
        newer = compose(
            shown,
            {**of_findings(store, told), **articles},
            kind=alert.kind,
            language=alert.language,
            summary=store.ledger.summary(alert.told.article_id),
            now=alert.created_at,
            changed=changes_since(store, deal, shown, before, readers) or (),
            corrected_by=occasion.site if occasion else None,
            occasion=alert.told.article_id,
        )
        if (newer.html, newer.plain) != (alert.html, alert.plain):
            newer = replace(alert, html=newer.html, plain=newer.plain)
            store.outbox.rewrite(newer, now + COLLECT)


def changes_since(
    store: Store, deal: Deal, shown: Deal, earlier: list[Alert], readers: Readers
) -> tuple[Change, ...] | None:
    """What changed since the last message; None where nobody knows what it told.

    Args:
        store: The ledger.
        deal: As it stands.
        shown: The state to compare: the deal, or one that a message told.
        earlier: The messages before.
        readers: Spellings, parents and units.
    """
    told = earlier[-1].told if earlier else None
    if told is None:
        return None
    before = as_told(_with_left(store, deal), told)
    articles = {**of_findings(store, before), **of_findings(store, shown)}
    return changes(before, shown, articles, related=readers.gazetteer.related)


def _with_left(store: Store, deal: Deal) -> Deal:
    """A deal with what earlier texts told of it: messages still say so."""
    left = store.versions.left(deal.id)
    if not left:
        return deal
    whole = replace(deal, findings=(*left, *deal.findings))
    articles = of_findings(store, whole)
    dated = sorted(
        (articles[one.article_id].published_at, one.id, one)
        for one in whole.findings
        if one.article_id in articles
    )
    # In the order of the ledger: a message whose facts stand keeps its words.
    return replace(whole, findings=tuple(one for _, _, one in dated))


def of_findings(store: Store, deal: Deal) -> dict[str, Article]:
    """The articles of a deal's findings by id, as far as they are kept."""
    found = (store.line.article(finding.article_id) for finding in deal.findings)
    return {one.id: one for one in found if one is not None}
