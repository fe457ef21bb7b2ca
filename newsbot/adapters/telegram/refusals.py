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

from newsbot.errors import (
    ChannelHaltedError,
    DeliveryError,
    RecipientGoneError,
    RecipientMovedError,
)

#: Seconds until a refused token is tried again: someone has to put a new one
#: in place first, and nothing may be dropped meanwhile.
TOKEN_RETRY_SECONDS = 300.0

#: Seconds to rest where a server asks for it and does not say how long.
FLOOD_SECONDS = 30.0

#: Words of a BadRequest that say that nobody is there, or that we may not write.
#: Source: tdlib/telegram-bot-api, Client.cpp; td/telegram/MessagesManager.cpp.
_GONE = (
    "chat not found",
    "user not found",
    "group chat was deactivated",
    "group chat was upgraded",
    "chat_write_forbidden",
    "chat_admin_required",
    "chat_send_plain_forbidden",
    "chat_guest_send_forbidden",
    "chat_restricted",
    "channel_private",
    "peer_id_invalid",
    "user_is_blocked",
    "input_user_deactivated",
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "bot is not a member",
)
#: Words that say so of a forum's topic.
_CLOSED = ("topic_closed", "topic_deleted", "topic closed", "thread not found")

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
    return ChannelHaltedError(
        f"too many requests, wait {seconds:g} s", retry_after=seconds
    )


@delivery_error.register
def _(error: Forbidden) -> DeliveryError:
    # Blocked, kicked, deactivated, group deleted, never a member: all of them pass
    # only when somebody over there acts.
    return RecipientGoneError(str(error))


@delivery_error.register
def _(error: ChatMigrated) -> DeliveryError:
    return RecipientMovedError(
        f"the group became a supergroup with the id {error.new_chat_id}",
        str(error.new_chat_id),
    )


@delivery_error.register
def _(error: InvalidToken) -> DeliveryError:
    return ChannelHaltedError(
        f"the bot token was refused: {error}; put a valid one in place and restart",
        retry_after=TOKEN_RETRY_SECONDS,
        refused=True,
    )


@delivery_error.register
def _(error: EndPointNotFound) -> DeliveryError:
    # The address is no Bot API: as with a refused token, someone has to act.
    return ChannelHaltedError(
        f"the server has no such method: {error}",
        retry_after=TOKEN_RETRY_SECONDS,
        refused=True,
    )


@delivery_error.register
def _(error: Conflict) -> DeliveryError:
    # Only getUpdates is answered so; a second program asks with the same token.
    return DeliveryError(
        f"a second instance uses this bot token, stop one of them: {error}", retry=True
    )


@delivery_error.register
def _(error: BadRequest) -> DeliveryError:
    text = str(error).casefold()
    if any(words in text for words in _CLOSED):
        return RecipientGoneError(f"the topic is closed or gone: {error}", tell=True)
    if any(words in text for words in _GONE):
        return RecipientGoneError(str(error))
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
    if "(429)" in str(error):  # from a proxy before the Bot API: it is no JSON
        return ChannelHaltedError(f"network: {error}", retry_after=FLOOD_SECONDS)
    answered = cause is None or isinstance(cause, TelegramError)
    unknown = not answered and not isinstance(cause, _NOT_SENT)
    return DeliveryError(f"network: {error}", retry=True, unknown=unknown)


@delivery_error.register
def _(error: PassportDecryptionError) -> DeliveryError:
    # Only raised for Telegram Passport, which is not used; listed to be complete.
    return DeliveryError(str(error), retry=False)
