"""Where messages go, built from the config: channels, what sends, the bot."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from newsbot.adapters.console import ConsoleChannel
from newsbot.config import Config, TelegramConfig
from newsbot.deliver import Courier
from newsbot.errors import ConfigError
from newsbot.mailing import Channel, Managers, Outbox
from newsbot.pace import PATIENT, TELEGRAM, Pace
from newsbot.pipeline import Parts
from newsbot.stages.organisations import Gazetteer
from newsbot.talking import Conversation
from newsbot.trial import try_page

if TYPE_CHECKING:
    from newsbot.adapters.db import Store
    from newsbot.front_desk import FrontDesk


#: Of the 30 requests a second that Telegram takes, those left to answers of the bot.
KEPT_BACK = 5


def open_channels(
    config: Config, stdout: TextIO
) -> tuple[dict[str, Channel], list[Callable[[], None]]]:
    """Build the channels that are configured.

    Returns:
        The channels by name, and what closes them.

    Raises:
        ConfigError: A key or an extra is missing.
    """
    channels: dict[str, Channel] = {"console": ConsoleChannel(stdout)}
    closing: list[Callable[[], None]] = []
    telegram = config.telegram
    if telegram.chats or telegram.takes_commands:
        from newsbot.adapters.telegram.channel import TelegramChannel

        channel = TelegramChannel(bot_token(telegram), telegram.base_url)
        closing.append(channel.close)
        channels["telegram"] = channel
    if config.chat:
        try:
            from newsbot.adapters.chat import ChatChannel
        except ImportError as error:
            raise ConfigError(
                '[[chat]] is set, but its extra is missing: pip install ".[chat]"'
            ) from error
        chat = ChatChannel(
            {
                one.url_env: (os.environ.get(one.url_env, ""), one.format)
                for one in config.chat
            }
        )
        closing.append(chat.close)
        channels["chat"] = chat
    return channels, closing


def bot_token(telegram: TelegramConfig) -> str:
    """Read the Telegram bot's token from the environment.

    Raises:
        ConfigError: It is not there.
    """
    token = os.environ.get(telegram.token_env, "").strip()
    if not token:
        wanted = "telegram.chats" if telegram.chats else "the Telegram bot"
        raise ConfigError(
            f"{wanted} is set, but the environment variable "
            f"{telegram.token_env} (telegram.token_env) is empty"
        )
    return token


def open_courier(
    config: Config,
    outbox: Outbox,
    channels: Mapping[str, Channel],
    clock: Callable[[], datetime],
    paces: Mapping[str, Pace] | None = None,
) -> Courier:
    """Build what sends; there is one on a ledger.

    Args:
        config: With its managers.
        outbox: What it sends.
        channels: By name.
        clock: Tells the time, aware, UTC.
        paces: What others ask of these channels, too; else of its own.
    """
    return Courier(
        outbox,
        channels,
        clock,
        paces=open_paces(config) if paces is None else paces,
        managers=managers_of(config),
    )


def open_paces(config: Config) -> dict[str, Pace]:
    """Build what keeps the limits of channels, for all who ask them."""
    telegram = config.telegram
    kept_back = KEPT_BACK if telegram.takes_commands else 0
    return {
        "telegram": Pace(TELEGRAM.scaled(telegram.pace), kept_back=kept_back),
        "chat": Pace(PATIENT),
    }


def managers_of(config: Config) -> Managers:
    """Name who is told what a machine cannot mend."""
    told = tuple(("telegram", str(one)) for one in config.telegram.managers)
    return Managers(recipients=told, language=config.alerts.language)


def open_bot(
    config: Config,
    gazetteer: Gazetteer,
    parts: Callable[[], Parts],
    clock: Callable[[], datetime],
    pace: Pace,
) -> Conversation:
    """Build the bot that people talk to, with a connection of its own.

    Args:
        config: Who may ask what.
        gazetteer: Spellings, parents and units.
        parts: Gives those of the line that runs just now.
        clock: Tells the time, aware, UTC.
        pace: Keeps Telegram's limits, together with who sends messages.

    Raises:
        ConfigError: There is no token.
    """
    from newsbot.bot.desk import Access
    from newsbot.bot.opening import open_conversation
    from newsbot.mailroom import Mailroom

    def readers(store: Store) -> FrontDesk | None:
        room = Mailroom(config, store, gazetteer)
        return room.desk if room.configured else None

    telegram = config.telegram
    return open_conversation(
        config.database_path,
        bot_token(telegram),
        telegram.base_url,
        Access(
            managers=telegram.managers,
            open=telegram.open,
            language=config.alerts.language,
        ),
        gazetteer,
        lambda url, now: try_page(parts(), url, now),
        clock,
        readers,
        pace,
    )
