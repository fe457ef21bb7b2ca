"""Answers of the bot keep Telegram's limits together with all other messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from newsbot.mailing import chat_of
from newsbot.pace import Pace
from newsbot.talking import Reply

#: Seconds that an answer waits for its turn; what would wait longer is put aside, so
#: that it holds up no other chat.
PATIENCE = 1.0
#: Seconds between two looks while other requests must end first.
LOOK = 0.02


class Pacing:
    """Gives answers their turn.

    Args:
        pace: What the channel was asked lately; shared with who sends messages.
        clock: Tells the time, aware, UTC.
    """

    def __init__(self, pace: Pace, clock: Callable[[], datetime]) -> None:
        self._pace = pace
        self._clock = clock

    async def turn(self, reply: Reply) -> float:
        """Wait for an answer's turn, and take it; `over` gives it back.

        Returns:
            0 where it was taken; else the seconds to wait, as it is not near.
        """
        if reply.kind == "toast":  # none of the chat's messages
            return 0.0
        waited, chat = 0.0, chat_of(reply.recipient)
        while True:
            now = self._clock()
            ready_at = self._pace.take_answer(chat, now)
            if ready_at == now:
                return 0.0
            wait = LOOK if ready_at is None else (ready_at - now).total_seconds()
            if waited + wait > PATIENCE:
                return wait
            await asyncio.sleep(wait)
            waited += wait

    def over(self, reply: Reply) -> None:
        """Count an answer as over, heard or not."""
        if reply.kind != "toast":
            self._pace.end(chat_of(reply.recipient), self._clock())
