"""Errors of python-telegram-bot, mapped to ours: may it be tried again, and when?

Source:
    python-telegram-bot 22.8 (request/_baserequest.py, request/_httpxrequest.py)
    for which failure becomes which error.
"""

from __future__ import annotations

from datetime import timedelta
from functools import singledispatch

import httpx
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

from newsbot.errors import DeliveryError

#: Seconds until a refused token is tried again: someone has to put a new one
#: in place first, and nothing may be dropped meanwhile.
TOKEN_RETRY_SECONDS = 300.0

#: Failures that come before the first byte of a request: it never arrived.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


@singledispatch
def delivery_error(error: BaseException) -> DeliveryError:
    """Say of an error from the library whether the message may be tried again.

    Each class of `telegram.error` has its own case below; the most specific
    wins whatever the order. Anything else means an answer that is no Bot API
    answer (python-telegram-bot then fails with KeyError or TypeError), or a
    fault on our side: the message may have arrived.

    Args:
        error: What a method of `Bot` raised.

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
