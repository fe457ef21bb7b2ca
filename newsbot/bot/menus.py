"""The menus of commands that chats offer, per language and kind of chat."""

from __future__ import annotations

from collections.abc import Sequence

from newsbot.bot.wishes import READING
from newsbot.stages.bot_help import COMMANDS, MANAGER_COMMANDS, describe
from newsbot.talking import Menu, Scope
from newsbot.vocabulary import LANGUAGES, Language

#: What makes no sense in a group.
_PRIVATE_ONLY = ("start", "email")


def list_menus(managers: Sequence[int]) -> list[Menu]:
    """List the menus: members of a group are offered what they may ask.

    Args:
        managers: Each has a menu of their own, with the commands of managers.
    """
    private = tuple(name for name in COMMANDS if name not in MANAGER_COMMANDS)
    group = tuple(name for name in private if name not in _PRIVATE_ONLY)
    members = tuple(name for name in group if name in READING)
    menus = []
    for language in (None, *LANGUAGES):
        menus.append(_menu("private", language, private))
        menus.append(_menu("group", language, members))
        menus.append(_menu("admins", language, group))
        menus += [_menu(manager, language, COMMANDS) for manager in managers]
    return menus


def _menu(scope: Scope, language: Language | None, names: Sequence[str]) -> Menu:
    described = tuple((name, describe(name, language or "en")) for name in names)
    return Menu(scope=scope, language=language, commands=described)
