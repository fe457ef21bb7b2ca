"""/list: what a chat and a person have subscribed, with buttons that change it."""

from __future__ import annotations

import html

from newsbot.bot.by_mail import mail_state
from newsbot.bot.settings import hours_of, muted_until, plan_of
from newsbot.bot.showing import deal_line
from newsbot.bot.talk import CHANNEL, Rows, Talk
from newsbot.stages import typed
from newsbot.stages.printable import one_line
from newsbot.talking import Button, Subscription

#: Subscriptions in one message: with the longest filters they still fit.
PER_MESSAGE = 5
#: Characters of a name on a button.
MAX_LABEL = 40


def listing(talk: Talk, _words: str) -> None:
    """/list: the subscriptions of this chat, and those that the person made."""
    if talk.target_name:
        _one(talk)
        return
    found = _found(talk)
    if not found:
        talk.tell("list none")
        return
    for first in range(0, len(found), PER_MESSAGE):
        some = found[first : first + PER_MESSAGE]
        blocks = [] if first else [talk.say("list")]
        blocks += [_block(talk, one) for one in some]
        rows = [row for one in some for row in _rows(talk, one)]
        talk.reply("\n\n".join(blocks), tuple(rows))


def _one(talk: Talk) -> None:
    """Show the subscription of another chat to one of its administrators."""
    standing, there = talk.standing, talk.subscription
    if standing is None:
        talk.tell("no such chat", target=talk.target_name)
    elif not standing.answered:
        talk.tell("not told who")
    elif not standing.is_admin:
        talk.tell("not admin there", title=standing.title)
    elif there is None:
        talk.subscribed()
    else:
        talk.reply(_block(talk, there), _settings(talk, there))


def _found(talk: Talk) -> list[Subscription]:
    store, asked = talk.store, talk.asked
    found = {
        one.recipient: one
        for one in store.subscriptions.of_chat(CHANNEL, str(asked.chat_id))
    }
    if talk.target not in found and talk.subscription is not None:
        found[talk.target] = talk.subscription  # the config calls it by its name
    if asked.chat_kind == "private" and asked.user_id is not None:
        owned = store.subscriptions.owned(CHANNEL, asked.user_id)
        found |= {one.recipient: one for one in owned}
    return list(found.values())


def _rows(talk: Talk, one: Subscription) -> Rows:
    """Make the settings of this chat, or the way to those of another one.

    Topics of forums are set where they are.
    """
    if one.recipient == talk.target:
        return _settings(talk, one)
    if talk.asked.chat_kind != "private" or "/" in one.recipient:
        return ()
    label = "⚙ " + one_line(one.title or one.recipient, MAX_LABEL)
    return ((Button(label=label, data=f"set|list||{one.recipient}"),),)


def _settings(talk: Talk, one: Subscription) -> Rows:
    going = "resume" if one.paused else "pause"
    return (
        tuple(
            talk.button(f"/{name}", name, "") for name in ("filter", "lang", "digest")
        ),
        tuple(
            talk.button(f"/{name}", name, "") for name in ("quiet", "mute", "timezone")
        ),
        (
            talk.button(talk.say(f"button {going}"), going, ""),
            talk.button(talk.say("button unsub"), "unsub", ""),
        ),
    )


def _block(talk: Talk, one: Subscription) -> str:
    name = talk.say("here") if one.recipient == talk.asked.recipient else one.title
    return f"<b>{deal_line(name or one.recipient)}</b>\n{_state(talk, one)}"


def _state(talk: Talk, one: Subscription) -> str:
    none, off = talk.say("none"), talk.say("off")
    in_private = talk.asked.chat_kind == "private"
    parts = [
        talk.say(
            "state",
            told_in=one.language,
            filter=typed.write_filters(one.filters) or none,
            quiet=hours_of(one) or off,
            digest=plan_of(one) or off,
            email=html.unescape(mail_state(talk, one)) if in_private else off,
            zone=one.timezone,
        )
    ]
    if one.paused:
        parts.append(talk.say("is paused"))
    if one.muted_until and one.muted_until > talk.now:
        parts.append(talk.say("is muted", value=muted_until(one)))
    return "; ".join(parts)
