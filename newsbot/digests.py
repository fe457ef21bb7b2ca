"""Digests and instant alerts: from news in the ledger to contents and letters.

What a group of readers with the same language, choice and last digest gets is written
once; each of them gets a letter that names it. The key of a digest is the reader and
the reader's local date; it is unique in the ledger, so that asking twice changes
nothing. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Literal

from newsbot.adapters.pages import Rendered
from newsbot.press import (
    Press,
    articles_of,
    chosen,
    condition_of,
    panorama_of,
)
from newsbot.stages.edition import (
    DealNews,
    Noticed,
    Told,
    arrange,
    of_day,
    since,
    tell_deals,
)
from newsbot.stages.edition_page import (
    ROOMS,
    Edition,
    Health,
    alert_edition,
    edition,
)
from newsbot.stages.edition_states import Fresh, Past
from newsbot.stages.edition_words import WORDS, short_day
from newsbot.stages.identify import rebuilt
from newsbot.stages.local_days import due_date, read_zone
from newsbot.stages.mail import wire_size
from newsbot.stages.retelling import deal_in_language, in_language
from newsbot.subscribing import Choice, Content, Letter, News, Picture, Subscriber
from newsbot.types import Deal, identity
from newsbot.vocabulary import Language

#: Octets of a page on the wire: mail programs cut what is longer than about 100 kB.
MAX_HTML = 98_000
#: What a first digest covers at most: no reader gets the whole ledger.
FIRST = timedelta(days=1)
#: A time farther ahead than this was written by a wrong clock.
AHEAD = timedelta(hours=26)


def told_since(press: Press, number: int, upto: int, choice: Choice) -> Told:
    """Gather what became known after one number, up to and with another."""
    news = [one for one in press.store.news.after(number) if one.number <= upto]
    return _gather(press, news, since(news, number), upto, choice)


def told_of_day(press: Press, start: datetime, end: datetime, choice: Choice) -> Told:
    """Gather what the ledger dates within a stretch of time."""
    news = press.store.news.between(start, end)
    fresh = of_day(news, start, end)
    ids = frozenset(one.deal_id for one in news if one.deal_id)
    everything = of_day(press.store.news.of_deals(ids), start, end)
    fresh = Fresh(told=fresh.told | everything.told, later=everything.later)
    return _gather(press, news, fresh, None, choice)


def write_digest(
    press: Press,
    told: Told,
    day: date,
    *,
    language: Language,
    choice: Choice,
    until: datetime,
    health: Health,
    after: date | None = None,
) -> Content:
    """Write a digest, as long as fits.

    Args:
        press: What it is made with.
        told: What it tells.
        day: The reader's local date.
        language: The reader's.
        choice: Which deals the picture of the period is of.
        until: The end of that period.
        health: Of the feeds.
        after: The date of the digest before, where it was not the day before.
    """
    told = in_language(told, language, press.gazetteer)
    panorama, pictures = panorama_of(press, choice, until, language)
    words = WORDS[language]
    period = words.since.format(day=short_day(after, language)) if after else ""
    for room in ROOMS:
        page = edition(
            told,
            day,
            language=language,
            room=room,
            health=health,
            panorama=panorama,
            period=period,
            nothing=words.nothing_chosen if choice != Choice() else "",
        )
        rendered = press.templates.render(page, pictures)
        if wire_size(rendered.html) <= MAX_HTML:
            break
    return _content(page, rendered, pictures.shown)


def write_due(press: Press, now: datetime) -> int:
    """Write the digests that are due, one letter for each reader.

    Returns:
        How many letters are new.
    """
    store = press.store
    store.letters.repair(now, now + AHEAD)
    upto = store.news.last()
    groups: dict[_Group, list[Subscriber]] = {}
    for one in store.subscribers.active():
        joined_at = one.confirmed_at or one.asked_at
        day = due_date(one.wish, one.last_date, joined_at, now)
        if day is None:
            continue
        group = _Group(
            day=day,
            language=one.wish.language,
            choice=one.wish.choice,
            since=one.since,
            told_date=one.told_date,
        )
        groups.setdefault(group, []).append(one)
    if not groups:
        return 0
    condition, n_new = condition_of(press, now), 0
    for group, readers in groups.items():
        health = condition(group.language)
        told = told_since(press, group.since, upto, group.choice)
        content = None
        if told.deals or told.noticed or health.broken or press.empty_days == "send":
            content = write_digest(
                press,
                told,
                group.day,
                language=group.language,
                choice=group.choice,
                until=now,
                health=health,
                after=group.gap,
            )
        letters = [
            replace(
                _letter(one, "digest", group.day.isoformat(), content, now, upto),
                since=group.since,
            )
            for one in readers
        ]
        n_new += store.letters.put(content, letters, now)
    return n_new


def write_alerts(press: Press, now: datetime) -> int:
    """Write a letter per deal for the readers who want each one at once.

    Returns:
        How many letters are new.
    """
    store = press.store
    upto = store.news.last()
    groups: dict[tuple[Language, Choice, int, date], list[Subscriber]] = {}
    for one in store.subscribers.active():
        wish = one.wish
        if wish.instant and one.instant_since < upto:
            day = now.astimezone(read_zone(wish.time_zone) or UTC).date()
            key = wish.language, wish.choice, one.instant_since, day
            groups.setdefault(key, []).append(one)
    n_new = 0
    for (language, choice, number, day), readers in groups.items():
        told = told_since(press, number, upto, choice)
        with store.atomic():
            for found in told.deals:
                news = deal_in_language(found, language, press.gazetteer)
                page = alert_edition(news, day, language)
                content = _content(page, press.templates.render(page), ())
                # The window is part of it: the same deal may change again.
                occasion = f"{news.deal.id} {upto}"
                letters = [
                    _letter(one, "alert", occasion, content, now, upto)
                    for one in readers
                ]
                n_new += store.letters.put(content, letters, now)
            for one in readers:
                store.subscribers.told_instantly(one.id, upto)
    return n_new


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Readers who get the same digest."""

    day: date
    language: Language
    choice: Choice
    since: int
    told_date: date | None

    @property
    def gap(self) -> date | None:
        """The day of the last digest that was not given up, if not yesterday."""
        last = self.told_date
        return last if last is not None and (self.day - last).days > 1 else None


def _gather(
    press: Press,
    news: Sequence[News],
    fresh: Fresh,
    upto: int | None,
    choice: Choice,
) -> Told:
    store = press.store
    ids = {one.deal_id for one in news if one.deal_id and one.number in fresh.told}
    asked = (store.ledger.deal(id_) for id_ in sorted(ids))
    deals = list({deal.id: deal for deal in asked if deal}.values())
    known = store.news.of_deals(frozenset(deal.id for deal in deals))
    if upto is not None:
        later = frozenset(one.number for one in known if one.number > upto)
        fresh = replace(fresh, later=later)
    left = {deal.id: store.versions.left(deal.id) for deal in deals}
    whole = [replace(deal, findings=(*left[deal.id], *deal.findings)) for deal in deals]
    found = tell_deals(
        deals,
        known,
        fresh,
        articles_of(press, whole),
        past=Past(
            left={id_: gone for id_, gone in left.items() if gone},
            rebuild=partial(rebuilt, gazetteer=press.gazetteer),
        ),
        related=press.gazetteer.related,
    )
    found = _for_reader(press, found, deals, choice)
    numbers = {one.subject: one.number for one in known}
    summed = [_with_summaries(press, one, numbers) for one in found]
    return arrange(summed, _noticed(press, news, fresh, choice))


def _for_reader(
    press: Press, found: Sequence[DealNews], deals: Sequence[Deal], choice: Choice
) -> list[DealNews]:
    """Keep what a reader wants; and what corrects what the reader got by that wish."""
    fitting = {deal.id for deal in chosen(press, deals, choice)}

    def told_once(one: DealNews) -> bool:
        if not one.correction or one.before is None:
            return False
        spoken = {article.language for article in one.articles.values()}
        if choice.languages and not spoken.intersection(choice.languages):
            return False
        return bool(chosen(press, [one.before], replace(choice, languages=())))

    return [one for one in found if one.deal.id in fitting or told_once(one)]


def _with_summaries(press: Press, one: DealNews, numbers: dict[str, int]) -> DealNews:
    """Put the articles' summaries beside a deal, the last news first."""
    latest = sorted(one.deal.findings, key=lambda item: -numbers.get(item.id, 0))
    ids = dict.fromkeys(item.article_id for item in latest)
    kept = (press.store.ledger.summary(id_) for id_ in ids)
    return replace(one, summaries=tuple(summary for summary in kept if summary))


def _noticed(
    press: Press, news: Sequence[News], fresh: Fresh, choice: Choice
) -> list[Noticed]:
    """Articles without a deal; a reader who asks for certain deals wants none."""
    if replace(choice, languages=()) != Choice():
        return []
    store, found = press.store, []
    for one in news:
        if one.kind != "summary" or one.number not in fresh.told:
            continue
        article = store.line.article(one.subject)
        summary = store.ledger.summary(one.subject)
        if article is None or summary is None or store.ledger.findings_of(article.id):
            continue
        if not choice.languages or article.language in choice.languages:
            found.append(Noticed(article=article, summary=summary))
    return found


def _content(
    page: Edition, rendered: Rendered, pictures: tuple[Picture, ...]
) -> Content:
    looks = [identity(one.name, one.png.hex()) for one in pictures]
    return Content(
        id=identity("content", page.subject, rendered.text, rendered.html, *looks),
        subject=page.subject,
        text=rendered.text,
        html=rendered.html,
        pictures=pictures,
        language=page.language,
    )


def _letter(
    reader: Subscriber,
    kind: Literal["digest", "alert"],
    occasion: str,
    content: Content | None,
    now: datetime,
    upto: int,
) -> Letter:
    return Letter(
        id=identity("letter", reader.id, kind, occasion, now.isoformat()),
        subscriber_id=reader.id,
        recipient=reader.wish.address,
        kind=kind,
        occasion=occasion,
        content_id=content.id if content else None,
        state="pending" if content else "skipped",
        n_attempts=0,
        created_at=now,
        due_at=now,
        upto=upto,
    )
