"""Send alerts to Telegram chats through the Bot API.

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
import logging
import re
import threading
import urllib.parse
import warnings
from datetime import timedelta
from functools import singledispatch

import httpx
from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    PassportDecryptionError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from newsbot.adapters.telegram.text import fit_html, fit_plain
from newsbot.errors import ConfigError, DeliveryError
from newsbot.types import Alert

#: Seconds until a refused token is tried again: someone has to put a new one
#: in place first, and nothing may be dropped meanwhile.
TOKEN_RETRY_SECONDS = 300.0

#: UTF-16 units of an error's text that are kept in the delivery's row.
MAX_REASON = 300

#: Libraries on the way to Telegram that log; a record may hold URL or error.
LOGGER_FAMILIES = ("anyio", "asyncio", "h11", "httpcore", "httpx", "telegram")

#: Failures that come before the first byte of a request: it never arrived.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


class TelegramChannel:
    """Sends alerts as messages of one bot.

    `send` may be called from any thread. One thread of its own runs the event
    loop that python-telegram-bot needs; it starts with the first message, so a
    channel that is built and not used costs no thread. Proxies of the
    environment are ignored.

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
        self._redactor = _Redactor(token)
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

    def send(self, recipient: str, alert: Alert) -> str:
        """Send one alert to one chat.

        Longer texts are shortened; markup that Telegram refuses is replaced by
        the alert's plain text, once.

        Args:
            recipient: A chat id as text: ``"-100123"`` or ``"@channel"``.
            alert: Its `html` is sent, or its `plain`.

        Returns:
            The message's id in that chat, as text.

        Raises:
            DeliveryError: Not accepted, or unknown whether it was. It carries
                neither cause nor context: the library's errors name the token.
        """
        outcome = self._outcome(recipient, alert)
        if isinstance(outcome, DeliveryError):
            # Raised here, outside any `except`, and `from None`: else the
            # library's error, whose text or cause may hold the URL with the
            # token, would be printed below ours in every traceback.
            raise outcome from None
        return outcome

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

    def _outcome(self, recipient: str, alert: Alert) -> str | DeliveryError:
        with self._lock:
            if self._closed:
                return DeliveryError("the Telegram channel is closed", retry=True)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="telegram", daemon=True
                )
                self._thread.start()
            # Under the lock, so that `close` sees every message on its way.
            future = asyncio.run_coroutine_threadsafe(
                self._send(recipient, alert), self._loop
            )
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

    async def _send(self, recipient: str, alert: Alert) -> str:
        try:
            return await self._post(recipient, fit_html(alert.html), ParseMode.HTML)
        except BadRequest as error:
            if not _blames_text(error):
                raise
        return await self._post(recipient, fit_plain(alert.plain), None)

    async def _post(self, chat: str, text: str, parse_mode: str | None) -> str:
        # httpx limits each wait, not their sum: a server that drips one byte at
        # a time would hold the outbox for ever.
        async with asyncio.timeout(2 * self._timeout_seconds):
            message = await self._bot.send_message(
                chat,
                text,
                parse_mode=parse_mode,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        return str(message.message_id)

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


@singledispatch
def delivery_error(error: BaseException) -> DeliveryError:
    """Say of an error from the library whether the message may be tried again.

    Each class of `telegram.error` has its own case below; the most specific
    wins whatever the order. Anything else means an answer that is no Bot API
    answer (python-telegram-bot then fails with KeyError or TypeError), or a
    fault on our side: the message may have arrived.

    Args:
        error: What `Bot.send_message` raised.

    Returns:
        The error to raise; its text may still hold the token.
    """
    return DeliveryError(
        f"no usable answer: {type(error).__name__}: {error}", retry=True, unknown=True
    )


@delivery_error.register
def _(error: TelegramError) -> DeliveryError:
    # The base class itself is raised for an answer that is not JSON.
    return DeliveryError(f"no usable answer: {error}", retry=True, unknown=True)


@delivery_error.register
def _(error: RetryAfter) -> DeliveryError:
    # Whole seconds, or a timedelta if PTB_TIMEDELTA is set in the environment.
    wait = error.retry_after
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return DeliveryError(
        f"too many requests, wait {seconds:g} s", retry=True, retry_after=seconds
    )


@delivery_error.register
def _(error: Forbidden) -> DeliveryError:
    return DeliveryError(str(error), retry=False)


@delivery_error.register
def _(error: ChatMigrated) -> DeliveryError:
    return DeliveryError(
        f"the group became a supergroup with the id {error.new_chat_id}", retry=False
    )


@delivery_error.register
def _(error: InvalidToken) -> DeliveryError:
    return DeliveryError(
        f"the bot token was refused: {error}",
        retry=True,
        retry_after=TOKEN_RETRY_SECONDS,
    )


@delivery_error.register
def _(error: EndPointNotFound) -> DeliveryError:
    # The address is no Bot API: as with a refused token, someone has to act.
    return DeliveryError(
        f"the server has no such method: {error}",
        retry=True,
        retry_after=TOKEN_RETRY_SECONDS,
    )


@delivery_error.register
def _(error: Conflict) -> DeliveryError:
    return DeliveryError(f"the token is in use elsewhere: {error}", retry=True)


@delivery_error.register
def _(error: BadRequest) -> DeliveryError:
    return DeliveryError(f"bad request: {error}", retry=False)


@delivery_error.register
def _(error: TimedOut) -> DeliveryError:
    unknown = not isinstance(error.__cause__, _NOT_SENT)
    return DeliveryError(f"{error}", retry=True, unknown=unknown)


@delivery_error.register
def _(error: TimeoutError) -> DeliveryError:
    return DeliveryError("timed out as a whole", retry=True, unknown=True)


@delivery_error.register
def _(error: NetworkError) -> DeliveryError:
    # Three things in one class. No cause, or one of the library's own: the
    # server answered with an error, e.g. 502. A cause in `_NOT_SENT`: refused
    # connection, no such host. Else the connection broke after the request
    # began (httpx.ReadError, RemoteProtocolError): the message may be there.
    cause = error.__cause__
    answered = cause is None or isinstance(cause, TelegramError)
    unknown = not answered and not isinstance(cause, _NOT_SENT)
    return DeliveryError(f"network: {error}", retry=True, unknown=unknown)


@delivery_error.register
def _(error: PassportDecryptionError) -> DeliveryError:
    # Only raised for Telegram Passport, which is not used; listed to be complete.
    return DeliveryError(str(error), retry=False)


def _blames_text(error: BadRequest) -> bool:
    """Say whether the same alert may pass as plain text."""
    text = str(error).casefold()
    return "can't parse entities" in text or "too long" in text


class _Redactor(logging.Filter):
    """Takes the token out of texts and out of log records.

    Installed on each logger by name, for a filter on a parent logger does not
    see what its children log. DEBUG records of python-telegram-bot are dropped
    whole: they hold every parameter and so the article's text.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        secret = token.partition(":")[2]
        # What follows the colon is the secret part, 35 characters in real tokens.
        # A very short one could be an everyday word and would shred log lines.
        texts = [token, urllib.parse.quote(token, safe="")]
        texts += [secret] if len(secret) >= 8 else []
        self._pattern = re.compile("|".join(map(re.escape, texts)))

    def redact(self, text: str) -> str:
        return self._pattern.sub("<token>", text)

    def install(self) -> None:
        for logger in _loggers():
            logger.addFilter(self)

    def remove(self) -> None:
        for logger in _loggers():
            logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        family = record.name.partition(".")[0]
        if family == "telegram" and record.levelno < logging.INFO:
            return False
        # Rendered here and now: the arguments hold URL objects and errors whose
        # text nobody else would look through.
        record.msg = self.redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = self.redact(
                logging.Formatter().formatException(record.exc_info)
            )
            record.exc_info = None
        return True


def _loggers() -> list[logging.Logger]:
    """List every logger of the libraries between newsbot and Telegram."""
    names = [
        name
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] in LOGGER_FAMILIES
    ]
    return [logging.getLogger(name) for name in {*names, *LOGGER_FAMILIES}]
