"""The menus of commands that chats offer, registered with the service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import TelegramError

from newsbot.adapters.telegram.refusals import delivery_error
from newsbot.talking import Menu

log = logging.getLogger("newsbot")


async def set_menus(
    bot: Bot,
    menus: Sequence[Menu],
    wrote: asyncio.Event,
    wait: float,
    redact: Callable[[str], str],
) -> None:
    """Register menus, until all are: a manager who never wrote has no chat yet.

    Args:
        bot: Asks.
        menus: What is offered where.
        wrote: Set when somebody wrote; only then what was refused is tried again.
        wait: Seconds between two tries, at least.
        redact: Takes the token out of a text.
    """
    while menus:
        wrote.clear()
        refused, waits = [], [wait]
        for menu in menus:
            try:
                await bot.set_my_commands(
                    menu.commands, scope=_scope_of(menu), language_code=menu.language
                )
            except TelegramError as error:
                log.info("bot menu not set: %s", redact(str(error)))
                waits.append(delivery_error(error).retry_after or 0)
                refused.append(menu)
        if menus := refused:
            await asyncio.sleep(max(waits))
            await wrote.wait()


def _scope_of(menu: Menu) -> BotCommandScope:
    """Say where a menu is offered."""
    if menu.scope == "private":
        return BotCommandScopeAllPrivateChats()
    if menu.scope == "group":
        return BotCommandScopeAllGroupChats()
    if menu.scope == "admins":
        return BotCommandScopeAllChatAdministrators()
    return BotCommandScopeChat(menu.scope)
