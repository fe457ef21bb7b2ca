"""Commands that change what a chat gets, and when."""

from __future__ import annotations

import html
from dataclasses import replace

from newsbot.bot.by_mail import leave, mail_state
from newsbot.bot.showing import alert_of, deal_buttons, deal_line
from newsbot.bot.talk import CHANNEL, OFF, Talk
from newsbot.digests import FIRST
from newsbot.stages import typed
from newsbot.stages.edition_short import DAY_NAMES
from newsbot.stages.local_days import read_zone
from newsbot.talking import Subscription

#: Deals that a new subscriber is shown.
N_SAMPLE = 3
#: Chats, topics and channels that one person may subscribe.
MAX_OWNED = 30


def subscribe(talk: Talk, _words: str) -> None:
    """/sub: subscribe a chat, topic or channel, with a sample."""
    store, asked, standing = talk.store, talk.asked, talk.standing
    if asked.user_id is None:
        talk.tell("anonymous")
        return
    there = talk.subscription
    if there is None:
        # Corrections that came after it had left.
        store.subscriptions.drop_waiting(CHANNEL, talk.target, "unsubscribed")
    store.outbox.unpark(CHANNEL, talk.target, talk.now)
    if there is not None:
        store.subscriptions.put(replace(there, paused=False))
        talk.tell("resumed" if there.paused else "already")
        return
    if len(store.subscriptions.owned(CHANNEL, asked.user_id)) >= MAX_OWNED:
        talk.tell("too many", n=MAX_OWNED)
        return
    title = standing.title if standing else asked.chat_title
    store.subscriptions.put(
        Subscription(
            channel=CHANNEL,
            recipient=talk.target,
            language=talk.language,
            created_at=talk.now,
            owner_id=asked.user_id,
            title=title,
            timezone="Europe/Berlin" if talk.language == "de" else "UTC",
        )
    )
    if talk.target_name:
        talk.tell("subscribed to", title=title, target=talk.target_name)
        return
    talk.tell("subscribed")
    sample(talk)


def sample(talk: Talk) -> None:
    """Show the last deals, as they would have arrived."""
    deals = talk.store.ledger.latest(N_SAMPLE)
    if not deals:
        talk.tell("no sample")
        return
    talk.tell("sample", n=len(deals))
    for deal in reversed(deals):
        talk.reply(alert_of(talk, deal).html, deal_buttons(deal, talk.language))


def unsubscribe(talk: Talk, _words: str) -> None:
    """/unsub: end a subscription."""
    there = talk.subscription
    if there is None:
        talk.tell("not subscribed")
    elif there.source == "config":
        _pause(talk, there)
        leave(talk, replace(there, paused=True))
        talk.tell("configured")
    else:
        talk.store.subscriptions.remove(CHANNEL, talk.target, "unsubscribed")
        talk.store.outbox.park(CHANNEL, talk.target, "unsubscribed", talk.now)
        talk.tell("unsubscribed")


def stop(talk: Talk, _words: str) -> None:
    """/stop: delete everything that is kept about a chat, and about who asks."""
    store, asked = talk.store, talk.asked
    chat = str(asked.chat_id)
    in_private = asked.chat_kind == "private"
    there = store.subscriptions.of_chat(CHANNEL, chat)
    doomed = {chat, *(one.recipient for one in there)}
    if not in_private:
        doomed = {talk.target}
    configured = [one for one in there if one.source == "config"]
    for recipient in sorted(doomed):
        store.subscriptions.forget(CHANNEL, recipient)
        store.bot.drop_replies(recipient)
    if asked.user_id is not None and in_private:
        store.bot.forget_user(asked.user_id)
        store.labels.forget_user(asked.user_id)
    for one in configured:
        if one.recipient in doomed:
            # What the operator's file names comes back from there: a bare row keeps
            # it silent.
            bare = Subscription(
                channel=CHANNEL,
                recipient=one.recipient,
                language=one.language,
                created_at=one.created_at,
                source="config",
                paused=True,
            )
            store.subscriptions.put(bare)
    talk.tell("stopped")
    if configured:
        talk.tell("configured")


def language(talk: Talk, words: str) -> None:
    """/lang: the language of the alerts."""
    there = talk.subscribed()
    if there is None:
        return
    choices = talk.choices("lang", "de", "en")
    if not words:
        talk.reply(talk.say("lang"), choices)
    elif words.lower() in ("de", "deutsch", "german"):
        _put_language(talk, replace(there, language="de"))
    elif words.lower() in ("en", "english", "englisch"):
        _put_language(talk, replace(there, language="en"))
    else:
        talk.reply(talk.say("lang bad"), choices)


def _put_language(talk: Talk, changed: Subscription) -> None:
    talk.store.subscriptions.put(changed)
    talk.language = changed.language
    talk.reply(talk.say("lang set"), talk.choices("lang", "de", "en"))


def digest(talk: Talk, words: str) -> None:
    """/digest: when the digest comes, and on which days."""
    there = talk.subscribed()
    if there is None:
        return
    if words:
        plan = typed.read_plan(words)
        if plan is None and words.lower() not in OFF:
            talk.tell("digest bad")
            return
        if plan is not None and there.digest_at is None:
            news = talk.store.news.before(talk.now - FIRST)
            talk.store.chat_digests.begin(CHANNEL, there.recipient, news, talk.now)
        at, days = plan or (None, there.digest_days)
        there = replace(there, digest_at=at, digest_days=days)
        talk.store.subscriptions.put(there)
    choices = talk.choices("digest", "07:00", "08:00", "18:00", "off")
    value = _plan(there) or talk.say("off")
    talk.reply(talk.say("digest", value=value, zone=there.timezone), choices)


def _plan(there: Subscription) -> str:
    """When a digest comes: ``"07:00, Monday to Friday"``; empty where none does."""
    if there.digest_at is None:
        return ""
    at = f"{there.digest_at:%H:%M}"
    if there.digest_days == "daily":
        return at
    return f"{at}, {DAY_NAMES[there.language][there.digest_days]}"


def quiet(talk: Talk, words: str) -> None:
    """/quiet: hours in which messages wait."""
    there = talk.subscribed()
    if there is None:
        return
    if words:
        hours = typed.read_hours(words)
        if hours is None and words.lower() not in OFF:
            talk.tell("quiet bad")
            return
        there = replace(there, quiet=hours)
        talk.store.subscriptions.put(there)
    value = _hours(there) or talk.say("off")
    choices = talk.choices("quiet", "22-07", "20-08", "off")
    talk.reply(talk.say("quiet", value=value, zone=there.timezone), choices)


def mute(talk: Talk, words: str) -> None:
    """/mute: silent for a while."""
    there = talk.subscribed()
    if there is None:
        return
    choices = talk.choices("mute", "1h", "8h", "24h", "7d")
    if not words:
        talk.reply(talk.say("mute"), choices)
        return
    if words.lower() in OFF:
        talk.store.subscriptions.put(replace(there, muted_until=None))
        talk.tell("unmuted")
        return
    span = typed.read_span(words)
    if span is None:
        talk.reply(talk.say("mute bad"), choices)
        return
    there = replace(there, muted_until=talk.now + span)
    talk.store.subscriptions.put(there)
    talk.store.subscriptions.drop_waiting(CHANNEL, talk.target, "muted")
    until = muted_until(there)
    talk.reply(
        talk.say("muted", value=until, zone=there.timezone),
        talk.choices("mute", "off"),
    )


def pause(talk: Talk, _words: str) -> None:
    """/pause: nothing until /resume."""
    there = talk.subscribed()
    if there is not None:
        _pause(talk, there)
        talk.tell("paused")


def _pause(talk: Talk, there: Subscription) -> None:
    talk.store.subscriptions.put(replace(there, paused=True))
    # What waits for the end of quiet hours would else arrive in the pause.
    talk.store.subscriptions.drop_waiting(CHANNEL, there.recipient, "paused")


def resume(talk: Talk, _words: str) -> None:
    """/resume: go on after a pause, or after being muted."""
    there = talk.subscribed()
    if there is not None:
        changed = replace(there, paused=False, muted_until=None)
        talk.store.subscriptions.put(changed)
        talk.store.outbox.unpark(CHANNEL, talk.target, talk.now)
        talk.tell("resumed")


def timezone(talk: Talk, words: str) -> None:
    """/timezone: what times of day mean."""
    there = talk.subscribed()
    if there is None:
        return
    if words:
        if len(words) > 64 or read_zone(words) is None:
            talk.tell("timezone bad", value=words)
            return
        there = replace(there, timezone=words)
        talk.store.subscriptions.put(there)
    talk.reply(
        talk.say("timezone", value=there.timezone),
        talk.choices("timezone", "Europe/Berlin", "Europe/London", "UTC"),
    )


def listing(talk: Talk, _words: str) -> None:
    """/list: the subscriptions of this chat, and those that the person made."""
    store, asked = talk.store, talk.asked
    found = {
        one.recipient: one
        for one in store.subscriptions.of_chat(CHANNEL, str(asked.chat_id))
    }
    if asked.chat_kind == "private" and asked.user_id is not None:
        owned = store.subscriptions.owned(CHANNEL, asked.user_id)
        found |= {one.recipient: one for one in owned}
    if not found:
        talk.tell("list none")
        return
    blocks = [talk.say("list")]
    for one in found.values():
        name = talk.say("here") if one.recipient == asked.recipient else one.title
        blocks.append(f"<b>{deal_line(name or one.recipient)}</b>\n{_state(talk, one)}")
    talk.reply("\n\n".join(blocks))


def _state(talk: Talk, one: Subscription) -> str:
    none, off = talk.say("none"), talk.say("off")
    in_private = talk.asked.chat_kind == "private"
    parts = [
        talk.say(
            "state",
            told_in=one.language,
            filter=typed.write_filters(one.filters) or none,
            quiet=_hours(one) or off,
            digest=_plan(one) or off,
            email=html.unescape(mail_state(talk, one)) if in_private else off,
            zone=one.timezone,
        )
    ]
    if one.paused:
        parts.append(talk.say("is paused"))
    if one.muted_until and one.muted_until > talk.now:
        parts.append(talk.say("is muted", value=muted_until(one)))
    return "; ".join(parts)


def muted_until(one: Subscription) -> str:
    """Write until when a chat is muted, in its own time."""
    assert one.muted_until is not None
    here = read_zone(one.timezone)
    at = one.muted_until.astimezone(here) if here else one.muted_until
    return f"{at:%Y-%m-%d %H:%M}"


def _hours(one: Subscription) -> str:
    return f"{one.quiet[0]:%H:%M}-{one.quiet[1]:%H:%M}" if one.quiet else ""
