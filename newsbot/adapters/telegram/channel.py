"""Send alerts to Telegram chats through the Bot API, and edit those that were sent.

In: a chat id and an alert, from any thread.
Out: the message's id, or a DeliveryError that says whether to try again.

The token stands in the URL of every request, so every text that leaves here is
suspect: log records of the libraries are rewritten and errors are raised
without the one that caused them.

Source:
    python-telegram-bot 22.8 (request/_baserequest.py, request/_httpxrequest.py)
    for which failure becomes which error; https://core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine

from telegram import Bot, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from newsbot.adapters.telegram.keyboard import keyboard
from newsbot.adapters.telegram.redactor import Redactor
from newsbot.adapters.telegram.refusals import delivery_error
from newsbot.adapters.telegram.text import fit_html, fit_plain
from newsbot.errors import ConfigError, DeliveryError
from newsbot.types import Alert

#: UTF-16 units of an error's text that are kept in the delivery's row.
MAX_REASON = 300

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
#: Sends or edits with a text and its markup; returns the message's id.
_Post = Callable[[str, str | None], Awaitable[str]]


class TelegramChannel:
    """Sends alerts as messages of one bot.

    `send` and `edit` may be called from any thread. One thread of its own runs the
    event loop that python-telegram-bot needs; it starts with the first message, so
    a channel that is built and not used costs no thread. Proxies of the environment
    are ignored.

    Rates are the caller's to keep: one attempt is one request, two where the
    markup is refused.

    Args:
        token: The bot's token; white space around it is dropped.
        base_url: ``"https://api.telegram.org/bot"``; the token follows directly,
            or stands where the URL says ``{token}``.
        timeout_seconds: For each of connecting, writing and waiting; a whole
            request takes at most twice as long.

    Raises:
        ConfigError: *token* is empty or has a character no token has.
    """

    name = "telegram"

    def __init__(
        self, token: str, base_url: str, *, timeout_seconds: float = 20
    ) -> None:
        token = token.strip()
        if not re.fullmatch(r"[A-Za-z0-9:_-]+", token):
            wrong = "has a character that no token has" if token else "is empty"
            raise ConfigError(f"the Telegram bot token {wrong}")
        self._timeout_seconds = timeout_seconds
        # Before the bot exists: its constructor already logs the URL.
        self._redactor = Redactor(token)
        self._redactor.install()
        self._request = HTTPXRequest(
            read_timeout=timeout_seconds,
            write_timeout=timeout_seconds,
            connect_timeout=timeout_seconds,
            pool_timeout=timeout_seconds,
            httpx_kwargs={"trust_env": False},
        )
        # Left to itself, the bot would make a second client for getUpdates,
        # and that one would read the proxies of the environment.
        self._bot = Bot(
            token,
            base_url=base_url,
            request=self._request,
            get_updates_request=self._request,
        )
        # Raising RetryAfter warns, in every call, that an attribute changes its
        # type in a later version; both types are read below.
        warnings.filterwarnings(
            "ignore", ".*attribute `retry_after`", PTBDeprecationWarning
        )
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def send(self, recipient: str, alert: Alert, *, reply_to: str | None = None) -> str:
        """Send one alert to one chat.

        Longer texts are shortened; markup that Telegram refuses is replaced by
        the alert's plain text, once.

        Args:
            recipient: A chat id as text: ``"-100123"`` or ``"@channel"``; with a
                forum's topic ``"-100123/7"``.
            alert: Its `html` is sent, or its `plain`.
            reply_to: The id of the message in that chat that it answers; where
                somebody deleted it, the alert stands alone.

        Returns:
            The message's id in that chat, as text.

        Raises:
            DeliveryError: Not accepted, or unknown whether it was. It carries
                neither cause nor context: the library's errors name the token.
        """
        chat, thread = _address(recipient)
        reply = None
        if reply_to is not None and reply_to.isdecimal():
            reply = ReplyParameters(int(reply_to), allow_sending_without_reply=True)

        async def post(text: str, parse_mode: str | None) -> str:
            message = await self._bot.send_message(
                chat,
                text,
                parse_mode=parse_mode,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=reply,
                message_thread_id=thread,
                reply_markup=keyboard(alert),
            )
            return str(message.message_id)

        return self._posted(alert, post)

    def edit(self, recipient: str, provider_id: str, alert: Alert, *, was: str) -> None:
        """Put the newer text of an alert in the place of the one that was sent.

        Args:
            recipient: The chat, as for `send`.
            provider_id: The message's id in that chat.
            alert: Its `html` is shown, or its `plain`.
            was: Not needed here; the chat shows what is there.

        Raises:
            DeliveryError: As for `send`; without retry where the message was
                deleted, or the bot may not edit it any more.
        """
        if not provider_id.isdecimal():
            raise DeliveryError(f"{provider_id!r} is no message's id", retry=False)
        chat, _ = _address(recipient)

        async def post(text: str, parse_mode: str | None) -> str:
            try:
                await self._bot.edit_message_text(
                    text,
                    chat,
                    int(provider_id),
                    parse_mode=parse_mode,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=keyboard(alert),
                )
            except BadRequest as error:
                # An edit whose answer was lost, tried again: it is done.
                if "is not modified" not in str(error).casefold():
                    raise
            return provider_id

        self._posted(alert, post)

    def whoami(self) -> str:
        """Ask which bot the token belongs to: ``"@name"``.

        Raises:
            DeliveryError: As for `send`.
        """

        async def ask() -> str:
            async with asyncio.timeout(2 * self._timeout_seconds):
                return f"@{(await self._bot.get_me()).username}"

        return self._answer(ask())

    def close(self) -> None:
        """Finish what is being sent, then stop. May be called twice.

        A message that is not through after `timeout_seconds` is given up; its
        sender gets a DeliveryError with `unknown` set.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(self._finish(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
        self._redactor.remove()

    def _posted(self, alert: Alert, post: _Post) -> str:
        return self._answer(self._tried(alert, post))

    def _answer(self, asking: Coroutine[None, None, str]) -> str:
        outcome = self._outcome(asking)
        if isinstance(outcome, DeliveryError):
            # Raised here, outside any `except`, and `from None`: else the
            # library's error, whose text or cause may hold the URL with the
            # token, would be printed below ours in every traceback.
            raise outcome from None
        return outcome

    def _outcome(self, sending: Coroutine[None, None, str]) -> str | DeliveryError:
        with self._lock:
            if self._closed:
                sending.close()
                return DeliveryError("the Telegram channel is closed", retry=True)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="telegram", daemon=True
                )
                self._thread.start()
            # Under the lock, so that `close` sees every message on its way.
            future = asyncio.run_coroutine_threadsafe(sending, self._loop)
        try:
            failure = future.exception()
        except concurrent.futures.CancelledError:
            return DeliveryError("closed while sending", retry=True, unknown=True)
        if failure is None:
            return future.result()
        outcome = delivery_error(failure)
        # The text may quote a whole error page. Redacted first: a token cut in
        # half would no longer be found.
        reason = fit_plain(self._redactor.redact(str(outcome)), MAX_REASON)
        outcome.args = (reason,)
        return outcome

    async def _tried(self, alert: Alert, post: _Post) -> str:
        # httpx limits each wait, not their sum: a server that drips one byte at
        # a time would hold the outbox for ever.
        async with asyncio.timeout(2 * self._timeout_seconds):
            try:
                return await post(fit_html(alert.html), ParseMode.HTML)
            except BadRequest as error:
                if not _blames_text(error):
                    raise
        async with asyncio.timeout(2 * self._timeout_seconds):
            return await post(fit_plain(alert.plain), None)

    async def _finish(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=self._timeout_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The bot was never initialised (that asks the network), so its own
        # shutdown would do nothing.
        await self._request.shutdown()


def _blames_text(error: BadRequest) -> bool:
    """Say whether the same alert may pass as plain text."""
    text = str(error).casefold()
    return "can't parse entities" in text or "too long" in text


def _address(recipient: str) -> tuple[str, int | None]:
    """Split ``CHAT/THREAD``; a forum's general topic, 1, is named by no thread.

    Raises:
        DeliveryError: The thread is no number.
    """
    chat, _, thread = recipient.partition("/")
    if not thread:
        return chat, None
    if not thread.isdecimal():
        raise DeliveryError(f"{recipient!r} names no topic", retry=False)
    return chat, int(thread) if int(thread) != 1 else None
