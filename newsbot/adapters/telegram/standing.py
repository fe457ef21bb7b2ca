"""Who is an administrator of a chat? Asked of the service, by id, at the time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from telegram import Bot, ChatMember, ChatMemberAdministrator, User
from telegram.error import BadRequest, Forbidden, TelegramError

from newsbot.adapters.telegram.hearing import chat_kind
from newsbot.talking import Asked, Standing

log = logging.getLogger("newsbot")

#: The service did not say.
UNANSWERED = Standing(
    chat_id=0,
    chat_kind="group",
    title="",
    is_admin=False,
    bot_is_admin=False,
    answered=False,
)


async def ask_standing(
    bot: Bot,
    chat: str | int,
    asked: Asked,
    me: User,
    seconds: float,
    redact: Callable[[str], str],
) -> Standing | None:
    """Ask what the service says, right now, of a chat and of who asks.

    Args:
        bot: Asks.
        chat: The chat's id or name.
        asked: What was asked, with who asks.
        me: The bot.
        seconds: For all of it; everybody else waits meanwhile.
        redact: Takes the token out of a text.

    Returns:
        None where there is no such chat, or the bot may not see it; not `answered`
        where the service does not say just now.
    """
    assert asked.user_id is not None
    try:
        async with asyncio.timeout(seconds):
            if chat == asked.chat_id:
                there_id, title = asked.chat_id, asked.chat_title
                kind, member = asked.chat_kind, None
            else:
                there = await bot.get_chat(chat)
                there_id, title, kind = there.id, there.title or "", chat_kind(there)
                member = await bot.get_chat_member(there_id, me.id)
            asking = await bot.get_chat_member(there_id, asked.user_id)
    except (TelegramError, TimeoutError) as error:
        reason = redact(str(error)) or type(error).__name__
        log.info("bot standing unknown: %s", reason)
        # Both are what the service says of the chat; all else is no answer.
        return None if isinstance(error, (BadRequest, Forbidden)) else UNANSWERED
    return Standing(
        chat_id=there_id,
        chat_kind=kind,
        title=title,
        is_admin=asking.status in (ChatMember.OWNER, ChatMember.ADMINISTRATOR),
        bot_is_admin=isinstance(member, ChatMemberAdministrator)
        and (kind != "channel" or bool(member.can_post_messages)),
    )
