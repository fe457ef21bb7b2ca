"""The Bot API server with people in it: they write, press, join and leave.

Source:
    https://core.telegram.org/bots/api#getting-updates: an update is confirmed, and so
    forgotten, as soon as getUpdates is called with a larger offset; until then every
    call gets it again. One poll at a time: a second one ends the first with 409.
"""

from __future__ import annotations

import json
import threading
import time

from servers.telegram import (
    CONFLICT,
    Answer,
    Reply,
    TelegramServer,
    bot_user,
    failure,
    result,
)

#: Posts for administrators who hide behind their group.
GROUP_ANONYMOUS_BOT = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


class TelegramBotServer(TelegramServer):
    """The server; `say` and `press` are what people do."""

    def __init__(self) -> None:
        super().__init__()
        #: Not confirmed yet.
        self.updates: list[dict[str, object]] = []
        #: Who is what in which chat; else a member.
        self.statuses: dict[tuple[str, int], str] = {}
        #: Chats by their id or name, beyond those that a message shows.
        self.chats: dict[str, dict[str, object]] = {}
        self.toasts: list[str] = []
        self.documents: list[tuple[str, str, str]] = []
        self.menus: list[dict[str, str]] = []
        #: Methods, in lower case, that are answered like this until taken out.
        self.refusing: dict[str, Reply] = {}
        #: How many polls are still answered with 409.
        self.n_conflicts = 0
        self._next_update = 1000
        self._changed = threading.Condition()

    # --- what people do

    def say(self, user: int, text: str, *, chat=None, code: str = "en", **fields):
        """Let a person write in a private chat, or in *chat*; returns the number."""
        message = {
            "message_id": 1,
            "date": int(time.time()),
            "chat": chat or private(user),
            "from": person(user, code),
            "text": text,
            **fields,
        }
        return self.update(message={k: v for k, v in message.items() if v is not None})

    def press(self, user: int, data: str, *, chat=None, message_id: int = 1, code="en"):
        """Let a person press a button below a message."""
        message = {
            "message_id": message_id,
            "date": int(time.time()),
            "chat": chat or private(user),
            "from": bot_user(self.token),
            "text": "an alert",
        }
        query = {
            "id": f"press-{self._next_update}",
            "from": person(user, code),
            "chat_instance": "1",
            "message": message,
            "data": data,
        }
        return self.update(callback_query=query)

    def update(self, **parts) -> int:
        """Let anything happen; returns the update's number."""
        with self._changed:
            number = parts.pop("update_id", self._next_update)
            self._next_update = max(self._next_update, number) + 1
            self.updates.append({"update_id": number, **parts})
            self._changed.notify_all()
        return number

    # --- what tests ask

    def until(self, condition, seconds: float = 20):
        """Wait for something to become true."""
        ends_at = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < ends_at, [m.visible for m in self.accepted]
            time.sleep(0.005)
        return found

    def settled(self):
        """Wait until every update was confirmed, that is handled."""
        self.until(lambda: not self.updates)
        return self

    def buttons(self, chat: str) -> list[str]:
        """List the data of the buttons that were sent to a chat, oldest first."""
        return [
            button["callback_data"]
            for method, params in self.calls
            if params.get("chat_id") == chat and "reply_markup" in params
            for row in json.loads(params["reply_markup"]).get("inline_keyboard", ())
            for button in row
        ]

    # --- the API

    def dispatch(self, method: str, params: dict[str, str]) -> Reply:
        """Answer the methods that a bot that listens uses besides."""
        known = {
            "getupdates": self._get_updates,
            "getchat": self._get_chat,
            "getchatmember": self._get_chat_member,
            "answercallbackquery": self._answer_callback,
            "setmycommands": self._set_commands,
            "senddocument": self._send_document,
        }
        if refusal := self.refusing.get(method.lower()):
            return refusal
        answer = known.get(method.lower())
        return answer(params) if answer else super().dispatch(method, params)

    def _get_updates(self, params: dict[str, str]) -> Reply:
        offset = int(params.get("offset", 0))
        ends_at = time.monotonic() + float(params.get("timeout", 0))
        with self._changed:
            if self.n_conflicts:
                self.n_conflicts -= 1
                return CONFLICT
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
            while not self.updates and not self._stopped.is_set():
                if time.monotonic() >= ends_at:
                    break
                self._changed.wait(0.05)
            return result(self.updates[:100])

    def _get_chat(self, params: dict[str, str]) -> Reply:
        chat = self.chats.get(params["chat_id"])
        if chat is None:
            return failure(400, "Bad Request: chat not found")
        return result({**chat, "accent_color_id": 0, "max_reaction_count": 11,
                        "accepted_gift_types": GIFTS})  # fmt: skip

    def _get_chat_member(self, params: dict[str, str]) -> Reply:
        user = int(params["user_id"])
        status = self.statuses.get((params["chat_id"], user), "member")
        member: dict[str, object] = {"status": status, "user": person(user)}
        if user == int(self.token.partition(":")[0]):
            member["user"] = bot_user(self.token)
        if status == "administrator":
            member |= dict.fromkeys(RIGHTS, True)
        elif status == "creator":
            member["is_anonymous"] = False
        return result(member)

    def _answer_callback(self, params: dict[str, str]) -> Answer:
        with self._lock:
            self.toasts.append(params.get("text", ""))
        return result(True)

    def _set_commands(self, params: dict[str, str]) -> Answer:
        with self._lock:
            self.menus.append(params)
        return result(True)

    def _send_document(self, params: dict[str, str]) -> Reply:
        caption = params.get("caption", "")
        content = params["document"]
        with self._lock:
            self.documents.append((params["chat_id"], caption, content))
        return super().dispatch(
            "sendmessage", {"chat_id": params["chat_id"], "text": caption}
        )


RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages",
    "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories", "can_post_messages", "can_edit_messages",
)  # fmt: skip
GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
     "gifts_from_channels"), False,
)  # fmt: skip


def person(user: int, code: str = "en") -> dict[str, object]:
    """A person as messages name them."""
    return {
        "id": user,
        "is_bot": False,
        "first_name": "Somebody",
        "language_code": code,
    }


def private(user: int) -> dict[str, object]:
    """A person's private chat with the bot."""
    return {"id": user, "type": "private", "first_name": "Somebody"}


def group(chat: int, title: str = "A group") -> dict[str, object]:
    """A supergroup."""
    return {"id": chat, "type": "supergroup", "title": title, "is_forum": True}


def channel(chat: int, name: str) -> dict[str, object]:
    """A channel with a public name."""
    return {"id": chat, "type": "channel", "title": f"Channel {name}", "username": name}
