"""What keeps the bot from listening: said in one line, once, and how long to wait."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter
from telegram.request import HTTPXRequest

from newsbot.adapters.telegram.redactor import Redactor
from newsbot.adapters.telegram.refusals import delivery_error

log = logging.getLogger("newsbot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long the bot waits, in seconds."""

    #: The server holds a poll for so long if nothing comes.
    poll: float = 50
    #: A request may take.
    request: float = 20
    #: First wait after a poll that failed; doubled up to `longest`.
    failed: float = 1
    longest: float = 60
    #: Between two polls while another program polls with the same token.
    conflict: float = 30
    #: Between two looks at what waits to be said, where nobody asked.
    look: float = 5
    #: For the service to say who is an administrator.
    standing: float = 5


class Trouble:
    """What keeps the bot from listening: said once, and how long to wait."""

    def __init__(self, waits: Waits, redactor: Redactor) -> None:
        self._waits = waits
        self._redactor = redactor
        self._n_failed = 0
        self._last: str | None = None

    def over(self) -> None:
        """A poll went well."""
        if self._last is not None:
            log.warning("bot listens again")
        self._n_failed, self._last = 0, None

    def wait(self, error: Exception) -> float:
        """Tell of a failed poll, once for each kind, and how long to wait."""
        self._n_failed += 1
        kind = type(error).__name__
        doubled = self._waits.failed * 2.0 ** min(self._n_failed - 1, 10)
        seconds = min(doubled, self._waits.longest)
        reason = " ".join(self._redactor.redact(str(error)).split())[:200]
        line = f"bot cannot listen error={kind} {reason}"
        if isinstance(error, Conflict):
            seconds = self._waits.conflict
            line = (
                "another program takes this bot's commands (409 Conflict): a second "
                "newsbot, or another bot, uses the same token; stop one of them. "
                f"Trying again every {seconds:g} s"
            )
            if "webhook" in str(error).lower():
                line = "a webhook is set for this bot: delete it, then commands arrive"
        elif isinstance(error, InvalidToken):
            seconds = self._waits.longest
            line = "Telegram refuses this bot's token (401): commands do not arrive"
        elif isinstance(error, RetryAfter):
            seconds = float(delivery_error(error).retry_after or seconds)
        if kind != self._last:
            # A refused token is the courier's error, for it holds up the messages.
            refused = isinstance(error, InvalidToken)
            log.log(logging.WARNING if refused else logging.ERROR, "%s", line)
            self._last = kind
        return seconds


async def _named(token: str, base_url: str) -> str:
    request = HTTPXRequest(httpx_kwargs={"trust_env": False})
    bot = Bot(token, base_url=base_url, request=request, get_updates_request=request)
    try:
        return (await bot.get_me()).username or ""
    finally:
        await request.shutdown()


def bot_name(token: str, base_url: str) -> str:
    """Ask Telegram what the bot is called, for links to it.

    Raises:
        DeliveryError: It cannot be asked; carries nothing that names the token.
    """
    redactor = Redactor(token)
    redactor.install()
    try:
        return asyncio.run(_named(token, base_url))
    except Exception as error:
        failure = delivery_error(error)
    finally:
        redactor.remove()
    failure.args = (redactor.redact(str(failure)),)
    raise failure from None
