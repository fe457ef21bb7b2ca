"""Commands that change what a chat gets, and when."""

from __future__ import annotations

from dataclasses import replace

from newsbot.bot.by_mail import leave
from newsbot.bot.showing import alert_of, deal_buttons
from newsbot.bot.talk import CHANNEL, OFF, Talk
from newsbot.digests import FIRST
from newsbot.stages import typed
from newsbot.stages.edition_short import DAY_NAMES
from newsbot.stages.local_days import find_zone, read_zone
from newsbot.talking import Subscription

#: Deals that a new subscriber is shown.
N_SAMPLE = 3
#: Chats, topics and channels that one person may subscribe.
MAX_OWNED = 30
#: Characters of a time zone's name.
MAX_ZONE = 64
#: What a question is answered with.
YES = ("yes", "ja")


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
        # Its readers are not shown old news; who manages it sees what will come.
        talk.tell("subscribed to", title=title, target=talk.target_name)
    else:
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


def stop(talk: Talk, words: str) -> None:
    """/stop: delete everything that is kept about a chat, and about who asks.

    A button, or the word without its stroke, asks first; with a channel's name, that
    one goes.
    """
    asked = talk.asked
    if not asked.text.lstrip().startswith("/") and words.lower() not in YES:
        if words.lower() in OFF:
            talk.tell("kept")
            return
        yes = talk.button(talk.say("button stop"), "stop", "yes")
        no = talk.button(talk.say("button keep"), "stop", "no")
        talk.reply(talk.say("stop sure"), ((yes,), (no,)))
        return
    if talk.target_name or asked.chat_kind != "private":
        title = talk.standing.title if talk.standing else asked.chat_title
        configured = _erase(talk, {talk.target})
        talk.tell("stopped there", title=title or talk.target)
    else:
        there = talk.store.subscriptions.of_chat(CHANNEL, str(asked.chat_id))
        doomed = {str(asked.chat_id), *(one.recipient for one in there)}
        configured = _erase(talk, doomed)
        if asked.user_id is not None:
            talk.store.bot.forget_user(asked.user_id)
            talk.store.labels.forget_user(asked.user_id)
            talk.store.subscriptions.disown(asked.user_id)
        talk.tell("stopped")
    if configured:
        talk.tell("configured")


def _erase(talk: Talk, doomed: set[str]) -> bool:
    """Delete all about some chats; whether the operator's file names one of them."""
    store, configured = talk.store, False
    for recipient in sorted(doomed):
        there = store.subscriptions.get(CHANNEL, recipient)
        store.subscriptions.forget(CHANNEL, recipient)
        store.bot.drop_replies(recipient)
        if there is not None and there.source == "config":
            # What the operator's file names comes back from there: a bare row keeps
            # it silent.
            configured = True
            bare = Subscription(
                channel=CHANNEL,
                recipient=recipient,
                language=there.language,
                created_at=there.created_at,
                source="config",
                paused=True,
            )
            store.subscriptions.put(bare)
    return configured


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
    value = plan_of(there) or talk.say("off")
    talk.reply(talk.say("digest", value=value, zone=there.timezone), choices)


def plan_of(there: Subscription) -> str:
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
        talk.store.subscriptions.hurry_quiet(CHANNEL, there.recipient, talk.now)
    value = hours_of(there) or talk.say("off")
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
        zone = find_zone(words) if len(words) <= MAX_ZONE else None
        if zone is None:
            talk.tell("timezone bad", value=words)
            return
        there = replace(there, timezone=zone)
        talk.store.subscriptions.put(there)
        talk.store.subscriptions.hurry_quiet(CHANNEL, there.recipient, talk.now)
    talk.reply(
        talk.say("timezone", value=there.timezone),
        talk.choices("timezone", "Europe/Berlin", "Europe/London", "UTC"),
    )


def muted_until(one: Subscription) -> str:
    """Write until when a chat is muted, in its own time."""
    assert one.muted_until is not None
    here = read_zone(one.timezone)
    at = one.muted_until.astimezone(here) if here else one.muted_until
    return f"{at:%Y-%m-%d %H:%M}"


def hours_of(one: Subscription) -> str:
    """Write the quiet hours of a chat; empty where it has none."""
    return f"{one.quiet[0]:%H:%M}-{one.quiet[1]:%H:%M}" if one.quiet else ""
