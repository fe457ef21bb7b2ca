"""/email: the digest by mail of a private chat, once its address is confirmed."""

from __future__ import annotations

import re
from dataclasses import replace

from newsbot.bot.talk import OFF, Talk
from newsbot.errors import ConfigError, MailError, UserError
from newsbot.front_desk import FrontDesk
from newsbot.stages.bot_texts import say
from newsbot.stages.edition_short import DAY_NAMES
from newsbot.stages.mail import read_address
from newsbot.subscribing import wish_of
from newsbot.talking import Reply, Subscription

#: What `FrontDesk.ask` puts into its question: 18 octets in base64.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")

#: What the button sends that asks for an address.
ASK = "?"
#: Behind an address: each deal by mail at once, besides the digest.
INSTANT = ("instant", "sofort")


def email(talk: Talk, words: str) -> None:
    """/email: where the digest goes by mail; asks the address's owner first."""
    there = talk.subscribed()
    if there is None:
        return
    if talk.asked.chat_kind != "private" or talk.target_name:
        talk.tell("private only")
        return
    if not words:
        change = talk.button(talk.say("button email"), "email", ASK)
        off = talk.button(talk.say("off"), "email", "off")
        rows = ((change,) if there.email is None else (change, off),)
        talk.reply(talk.say("email", value=mail_state(talk, there)), rows)
    elif words.lower() in OFF:
        leave(talk, there)
        talk.tell("email", value=talk.say("off"))
    elif talk.readers is None:
        talk.tell("email none")
    elif words == ASK:
        talk.prompt("email how")
    elif _TOKEN.fullmatch(words):
        _confirm(talk, there, talk.readers, words)
    else:
        _ask(talk, there, talk.readers, words)


def leave(talk: Talk, there: Subscription) -> None:
    """Forget the reader that follows a chat, and what waits to be confirmed."""
    talk.store.subscriptions.put(replace(there, email=None))
    talk.store.subscribers.leave_chat(there.recipient)


def follow(talk: Talk) -> None:
    """Let the chat's reader have the settings that the chat has now."""
    there = talk.subscription
    if there is not None and there.email is not None:
        talk.store.subscribers.follow(there.recipient, wish_of(there))


def mail_state(talk: Talk, there: Subscription) -> str:
    """Write where the digest goes by mail, and whether that is confirmed."""
    if there.email is None:
        return talk.say("off")
    chat, reader = there.recipient, talk.store.subscribers.by_address(there.email)
    if reader is not None and reader.chat == chat and reader.state == "active":
        instant = reader.wish.instant
        return talk.say("instant", value=there.email) if instant else there.email
    if reader is not None and reader.chat == chat and reader.state == "suspended":
        return talk.say("refused", value=there.email)
    if reader is not None and reader.asked_by == chat:
        return talk.say("unconfirmed", value=there.email)
    return talk.say("email ended", value=there.email)


def _confirm(talk: Talk, there: Subscription, readers: FrontDesk, token: str) -> None:
    """Take a token back in the chat that had the question sent."""
    asked = readers.awaits(token, talk.now)
    if asked is None or asked.asked_by != there.recipient:
        talk.tell("token bad")
        return
    try:
        reader = readers.confirm(token, talk.now)
    except UserError:
        talk.tell("token bad")
        return
    wish = reader.wish
    at, days = f"{wish.at:%H:%M}", DAY_NAMES[talk.language][wish.days]
    talk.tell(
        "email confirmed", value=wish.address, days=days, at=at, zone=wish.time_zone
    )


def _ask(talk: Talk, there: Subscription, readers: FrontDesk, words: str) -> None:
    """Have the question sent, beside the conversation: a mail server takes its time."""
    store, chat, now, language = talk.store, there.recipient, talk.now, talk.language
    typed, _, last = words.strip().rpartition(" ")
    instant = bool(typed) and last.lower() in INSTANT
    address = read_address(typed if instant else words)
    if address is None:
        talk.tell("email bad", value=words)
        return
    known = store.subscribers.by_address(address)
    if known is not None and known.chat == chat and known.state == "active":
        store.subscribers.instantly(chat, instant, store.news.last())
        talk.tell("email", value=mail_state(talk, there))
        return
    if not readers.may_ask(address, chat, now):
        talk.tell("email often")
        return
    if there.email is not None and there.email != address:
        store.subscribers.leave_chat(chat)
    changed = replace(there, email=address)
    store.subscriptions.put(changed)
    talk.tell("email asking", value=address)
    recipient = talk.asked.recipient

    def ask() -> None:
        try:
            wish = replace(wish_of(changed), instant=instant)
            readers.ask(wish, now, chat=chat)
        except (ConfigError, MailError) as error:
            text = say("email failed", language, value=error)
        else:
            text = say("email set", language, value=address)
        store.bot.say(Reply(recipient=recipient, html=text), now)

    talk.job = ask
