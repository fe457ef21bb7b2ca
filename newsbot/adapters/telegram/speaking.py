"""Say one of the bot's answers through the Bot API."""

from __future__ import annotations

import html
import re

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from newsbot.adapters.telegram.text import fit_html, fit_plain
from newsbot.talking import Reply

#: UTF-16 units of a toast, and of a document's caption
#: (https://core.telegram.org/bots/api#answercallbackquery, #senddocument).
MAX_TOAST = 200
MAX_CAPTION = 1024
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_TAG = re.compile(r"<[^<>]*>")


async def speak(bot: Bot, reply: Reply) -> None:
    """Say it: as a message, a toast, an edit or a document.

    Raises:
        TelegramError: It did not arrive, or nobody knows.
    """
    if reply.kind == "toast":
        text = fit_plain(plain(reply.html), MAX_TOAST) if reply.html else None
        id_ = str(reply.callback_id)
        await bot.answer_callback_query(id_, text, show_alert=reply.stays)
        return
    chat, _, thread = reply.recipient.partition("/")
    topic = int(thread) if thread.isdecimal() and thread != "1" else None
    if reply.kind == "document":
        await bot.send_document(
            chat,
            InputFile(reply.document.encode("utf-8", "replace"), reply.file_name),
            caption=fit_html(reply.html, MAX_CAPTION),
            parse_mode=ParseMode.HTML,
            message_thread_id=topic,
        )
        return
    try:
        await _say(bot, reply, chat, topic, fit_html(reply.html), ParseMode.HTML)
    except BadRequest as error:
        if "can't parse entities" not in str(error).casefold():
            raise
        await _say(bot, reply, chat, topic, fit_plain(plain(reply.html)), None)


async def _say(
    bot: Bot, reply: Reply, chat: str, topic: int | None, text: str, mode: str | None
) -> None:
    if reply.kind == "edit" and reply.message_id is not None:
        try:
            await bot.edit_message_text(
                text,
                chat,
                reply.message_id,
                parse_mode=mode,
                link_preview_options=_NO_PREVIEW,
                reply_markup=_keyboard(reply),
            )
            return
        except BadRequest as error:
            if "is not modified" in str(error).casefold():
                return
            if "can't parse" in str(error).casefold():
                raise
            # Deleted, or too old: then it is said anew.
    await bot.send_message(
        chat,
        text,
        parse_mode=mode,
        link_preview_options=_NO_PREVIEW,
        message_thread_id=topic,
        reply_markup=ForceReply() if reply.asks else _keyboard(reply),
    )


def plain(markup: str) -> str:
    """Take the tags out of Telegram HTML.

    >>> plain("<b>a &lt; b</b>")
    'a < b'
    """
    return html.unescape(_TAG.sub("", markup))


def _keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    if not reply.buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(one.label, callback_data=one.data) for one in row]
            for row in reply.buttons
        ]
    )
