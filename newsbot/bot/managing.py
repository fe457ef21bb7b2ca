"""Commands of the people who run the bot."""

from __future__ import annotations

from datetime import datetime

from newsbot.bot.talk import CHANNEL, Talk
from newsbot.errors import FetchError
from newsbot.mailing import Notice
from newsbot.ports import Response
from newsbot.stages.bot_texts import literal, say
from newsbot.stages.extract import Skipped, extract
from newsbot.stages.gate import gate
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.parse import canonical_url
from newsbot.stages.printable import named, one_line
from newsbot.stages.reading import read_article
from newsbot.stages.subscriptions import is_silent, quiet_until
from newsbot.talking import Reply
from newsbot.types import Entry, Language, Page, identity

#: Feeds that are listed, those with errors first.
MAX_FEEDS = 30
#: Characters of a broadcast.
MAX_BROADCAST = 3_000


def stats(talk: Talk, _words: str) -> None:
    """/stats: figures of the ledger and of the bot."""
    store = talk.store
    feeds = store.feeds.all()
    deliveries = store.outbox.deliveries()
    lines = talk.say(
        "stats",
        deals=store.ledger.count(),
        articles=sum(store.line.counts().values()),
        feeds=len(feeds),
        failing=sum(feed.error is not None for feed in feeds),
        subscriptions=len(store.subscriptions.all()),
        waiting=sum(one.state == "pending" for one in deliveries),
        labels=len(store.labels.all()),
        strangers=store.bot.strangers(),
    )
    talk.reply(lines)


def feeds(talk: Talk, _words: str) -> None:
    """/feeds: every feed with its last error."""
    every = sorted(talk.store.feeds.all(), key=lambda feed: feed.error is None)
    if not every:
        talk.tell("feeds none")
        return
    lines = [
        f"{literal(feed.url, 120)}: {literal(feed.error or talk.say('feed ok'), 160)}"
        for feed in every[:MAX_FEEDS]
    ]
    if more := len(every[MAX_FEEDS:]):
        lines.append(talk.say("more", n=more))
    talk.reply("\n".join(lines))


def test(talk: Talk, words: str) -> None:
    """/test: fetch an article and say what the rules read in it; stores nothing."""
    url = canonical_url(words) if words and len(words) < 2_000 else None
    if url is None:
        talk.tell("test how")
        return
    talk.tell("testing", value=url)
    recipient, language, now = talk.asked.recipient, talk.language, talk.now
    store, gazetteer, fetcher = talk.store, talk.gazetteer, talk.fetcher

    def fetch() -> None:
        try:
            answer = fetcher().fetch(url)
        except FetchError as error:
            text = say("test failed", language, value=error)
        else:
            text = _read(url, answer, gazetteer, language, now)
        store.bot.say(Reply(recipient=recipient, html=text), now)

    talk.job = fetch


def _read(
    url: str, answer: Response, gazetteer: Gazetteer, language: Language, now: datetime
) -> str:
    """Say what the rules read in a page."""
    entry = Entry(
        id=identity("entry", url),
        feed_id=None,
        url=url,
        title="",
        summary="",
        published_at=None,
        first_seen_at=now,
        origin="archive",
        may_alert=False,
    )
    page = Page(
        entry_id=entry.id,
        url=answer.url,
        status=answer.status,
        content_type=answer.headers.get("content-type", ""),
        body=answer.body,
        fetched_at=now,
    )
    article = extract(page, entry, now)
    if isinstance(article, Skipped):
        return say("test failed", language, value=article.reason)
    reading = read_article(article, gazetteer)
    decision = gate(article, reading.organisations)
    names = dict.fromkeys(one.name for one in reading.organisations)
    told = say(
        "test",
        language,
        title=article.title,
        site=article.site,
        told_in=article.language,
        n=len(article.text),
        names=named(list(names), 200),
    )
    if decision.passed:
        return told + say("gate passed", language, value=f"{decision.score:.1f}")
    return told + say("gate stopped", language, value=decision.reason)


def broadcast(talk: Talk, words: str) -> None:
    """/broadcast: say something to every subscriber that is not paused or muted."""
    if not words:
        talk.tell("broadcast how")
        return
    n_chats, outbox = 0, talk.store.outbox
    text = one_line(words, MAX_BROADCAST)
    for one in talk.store.subscriptions.all():
        if one.channel != CHANNEL or is_silent(one, talk.now):
            continue
        # By way of the outbox, whose courier keeps the limits of so many chats.
        recipient = outbox.recipients.known(CHANNEL, one.recipient, talk.now)
        notice = Notice(
            id=identity("broadcast", str(talk.asked.update_id), recipient),
            channel=CHANNEL,
            recipient=recipient,
            text=text,
            kind="broadcast",
        )
        outbox.traffic.notify(notice, quiet_until(one, talk.now) or talk.now)
        n_chats += 1
    talk.tell("broadcasted", n=n_chats)
