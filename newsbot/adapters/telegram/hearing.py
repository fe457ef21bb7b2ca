"""What of an update is a command or a press that the bot listens to?

In: an update as the library reads it. Out: what was asked, or None: edits, forwards,
channel posts, other bots, and commands to another bot are not for us.
"""

from __future__ import annotations

from telegram import CallbackQuery, Chat, ChatFullInfo, Message, Update, User

from newsbot.stages.bot_help import answered
from newsbot.talking import Asked, ChatKind

#: Characters of a message that are read; Telegram's own limit is half of that.
MAX_TEXT = 8_192


def heard(update: Update, me: User) -> Asked | None:
    """Read an update.

    Args:
        update: As it came.
        me: The bot.
    """
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query)
    if update.message is not None:
        return _message(update.update_id, update.message, me)
    return None


def chat_kind(chat: Chat | ChatFullInfo) -> ChatKind:
    """Tell what a chat is; a supergroup is a group."""
    if chat.type == Chat.PRIVATE:
        return "private"
    return "channel" if chat.type == Chat.CHANNEL else "group"


def _name(chat: Chat) -> str:
    return f"@{chat.username}" if chat.username and chat.type != Chat.PRIVATE else ""


def _press(update_id: int, query: CallbackQuery) -> Asked | None:
    message = query.message
    if message is None or query.from_user.is_bot:
        return None
    thread = None
    if isinstance(message, Message) and message.is_topic_message:
        thread = message.message_thread_id
    return Asked(
        update_id=update_id,
        kind="press",
        chat_id=message.chat.id,
        chat_kind=chat_kind(message.chat),
        user_id=query.from_user.id,
        text=_read(query.data or ""),
        language_code=query.from_user.language_code or "",
        thread_id=thread,
        chat_title=message.chat.title or "",
        chat_name=_name(message.chat),
        callback_id=query.id,
        message_id=message.message_id,
    )


def _message(update_id: int, message: Message, me: User) -> Asked | None:
    chat, user = message.chat, message.from_user
    if message.migrate_to_chat_id is not None:
        return Asked(
            update_id=update_id,
            kind="moved",
            chat_id=chat.id,
            chat_kind="group",
            user_id=None,
            text=str(message.migrate_to_chat_id),
        )
    text = _with_command(message, me)
    if not text or message.forward_origin is not None or message.via_bot is not None:
        return None
    anonymous = False
    if message.sender_chat is not None:
        # As the group itself only its administrators can write; as any other channel,
        # whoever owns that one.
        anonymous = message.sender_chat.id == chat.id
        if not anonymous:
            return None
    elif user is None or user.is_bot:
        return None
    if chat.type == Chat.CHANNEL or not _is_for(text, chat, me):
        return None
    return Asked(
        update_id=update_id,
        kind="command",
        chat_id=chat.id,
        chat_kind=chat_kind(chat),
        user_id=None if anonymous or user is None else user.id,
        text=_read(text),
        language_code=(user.language_code if user and not anonymous else "") or "",
        thread_id=message.message_thread_id if message.is_topic_message else None,
        chat_title=chat.title or "",
        chat_name=_name(chat),
        sent_at=message.date,
    )


def _with_command(message: Message, me: User) -> str:
    """Read a text; where it replies to a question of ours, as the command it fills."""
    text, asked = message.text or "", message.reply_to_message
    if not text or text.startswith("/") or asked is None or asked.from_user is None:
        return text
    # By its whole text: no title of an article can pass for a question.
    command = answered(asked.text or "") if asked.from_user.id == me.id else None
    return f"/{command} {text}" if command else text


def _read(text: str) -> str:
    """Cut a text; halves of surrogate pairs, which nothing can store, become "?"."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


def _is_for(text: str, chat: Chat, me: User) -> bool:
    """Whether a text is meant for this bot: in groups, only commands are."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if not first.startswith("/"):
        return chat.type == Chat.PRIVATE
    _, _, named = first.partition("@")
    return not named or named.lower() == (me.username or "").lower()
