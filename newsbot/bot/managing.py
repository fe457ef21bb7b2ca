"""Commands of the people who run the bot."""

from __future__ import annotations

from newsbot.adapters.db.watch import WatchRows, free_bytes
from newsbot.bot.talk import CHANNEL, Talk
from newsbot.mailing import Notice
from newsbot.stages.bot_texts import literal
from newsbot.stages.health import judge_health, standing
from newsbot.stages.lines import shortened_text
from newsbot.stages.printable import one_line, without_keys
from newsbot.stages.subscriptions import is_silent, quiet_until
from newsbot.types import identity

#: Feeds that are listed, those with errors first.
MAX_FEEDS = 30
#: Characters of a broadcast.
MAX_BROADCAST = 3_000


def stats(talk: Talk, _words: str) -> None:
    """/stats: figures of the ledger and of the bot."""
    store = talk.store
    feeds = store.feeds.all()
    lines = talk.say(
        "stats",
        deals=store.ledger.count(),
        articles=sum(store.line.counts().values()),
        feeds=len(feeds),
        failing=sum(feed.error is not None for feed in feeds),
        subscriptions=len(store.subscriptions.all()),
        waiting=store.outbox.traffic.counts()["pending"],
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
        f"{literal(without_keys(feed.url), 120)}: "
        f"{literal(without_keys(feed.error or talk.say('feed ok')), 160)}"
        for feed in every[:MAX_FEEDS]
    ]
    if more := len(every[MAX_FEEDS:]):
        lines.append(talk.say("more", n=more))
    talk.reply_lines(lines)


def health(talk: Talk, _words: str) -> None:
    """/health: whether feeds, queue and deliveries are well, as the weekly report."""
    facts = WatchRows(talk.store.connection).facts(
        talk.now, running=True, free_bytes=free_bytes(talk.store.connection)
    )
    told = standing(facts, judge_health(facts, talk.now), talk.language)
    talk.reply("\n".join(literal(line, 500) for line in told.splitlines()))


def broadcast(talk: Talk, words: str) -> None:
    """/broadcast: say something to every subscriber that is not paused or muted."""
    if not words:
        talk.prompt("broadcast how")
        return
    n_chats, outbox = 0, talk.store.outbox
    lines = [one_line(line) for line in words.splitlines()]
    text = shortened_text("\n".join(lines).strip(), MAX_BROADCAST)
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
