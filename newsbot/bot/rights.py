"""May this person do that, in this chat?"""

from __future__ import annotations

from newsbot.bot.talk import Talk
from newsbot.bot.wishes import MANAGING, READING, Wish


def refusal_of(talk: Talk, wish: Wish) -> str | None:
    """Say why this person may not do that; None where they may."""
    asked, standing = talk.asked, talk.standing
    if wish.command in MANAGING:
        if not talk.is_manager:
            return talk.say("managers only")
        return None if asked.chat_kind == "private" else talk.say("private only")
    if wish.command in READING:
        return None
    if wish.target and asked.chat_kind != "private":
        return talk.say("private only")
    if standing is not None and not standing.answered:
        return talk.say("not told who")
    if talk.target_name:
        if standing is None:
            return talk.say("no such chat", target=talk.target_name)
        if not standing.is_admin:
            return talk.say("not admin there", title=standing.title)
        mute = standing.chat_kind == "channel" and not standing.bot_is_admin
        if wish.command == "sub" and mute:
            return talk.say("bot not admin", title=standing.title)
        return None
    if asked.chat_kind == "private":
        return None
    if asked.user_id is not None and not (standing and standing.is_admin):
        return talk.say("admins only")
    if wish.command == "sub" and asked.user_id is not None and not talk.is_admitted:
        return talk.say("stranger")
    return None
