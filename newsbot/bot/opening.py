"""Open the bot: a connection of its own, the desk, and the door to Telegram."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from newsbot.adapters.db import Store, open_store
from newsbot.adapters.telegram.conversation import BotConversation
from newsbot.adapters.telegram.pacing import Pacing
from newsbot.bot.desk import Access, BotDesk
from newsbot.front_desk import FrontDesk
from newsbot.pace import Pace
from newsbot.stages.organisations import Gazetteer
from newsbot.talking import Conversation
from newsbot.trial import Trial


def open_conversation(
    path: Path,
    token: str,
    base_url: str,
    access: Access,
    gazetteer: Gazetteer,
    trial: Callable[[str, datetime], Trial],
    clock: Callable[[], datetime],
    readers: Callable[[Store], FrontDesk | None],
    pace: Pace,
) -> Conversation:
    """Build the bot that people talk to, not begun.

    Args:
        path: The ledger.
        token: The bot's.
        base_url: As for `TelegramChannel`.
        access: Who is let in.
        gazetteer: Spellings, parents and units.
        trial: Tries a page on the line, model and all.
        clock: Tells the time, aware, UTC.
        readers: Gives, on the bot's own connection, where owners of addresses are
            asked; None where mail is not configured.
        pace: Keeps Telegram's limits, together with who sends messages.

    Raises:
        StoreError: The ledger cannot be opened.
    """
    store = open_store(path)
    desk = BotDesk(store, gazetteer, trial, access, clock, readers(store))
    return BotConversation(
        token, base_url, desk, pacing=Pacing(pace, clock), closing=store.close
    )
