"""The nouns and the port of the bot that people talk to.

What a person asks, in which standing, what is answered, and what a chat has
subscribed to. A door hears and speaks; the desk decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Literal, Protocol

from newsbot.vocabulary import DealType, Language, Status

ChatKind = Literal["private", "group", "channel"]
#: Where a menu is offered; ``"admins"``: of groups. A number is one manager's chat.
Scope = Literal["private", "group", "admins"] | int
LabelKind = Literal["yes", "no", "dup"]
#: On which days a digest goes out.
Days = Literal["daily", "weekdays", "weekly"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which deals a subscription wants; what is empty or None asks for nothing."""

    #: In any spelling; a deal must name one of them.
    parties: tuple[str, ...] = ()
    types: tuple[DealType, ...] = ()
    statuses: tuple[Status, ...] = ()
    #: Value in whole units, and ISO 4217 code.
    min_amount: tuple[Decimal, str] | None = None
    #: An article in one of these languages must tell of it.
    languages: tuple[Language, ...] = ()
    #: Each must occur; ``*`` stands for any letters.
    words: tuple[str, ...] = ()
    #: None may occur.
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one chat, or one topic of a forum, gets and when."""

    channel: str
    #: As the channel names it: ``"-100123"``, a topic ``"-100123/45"``.
    recipient: str
    language: Language
    created_at: datetime
    #: ``"config"``: the config file names it, and it comes back from there.
    source: Literal["config", "chat"] = "chat"
    #: Whose subscription it is, by numeric id; None where the config named it.
    owner_id: int | None = None
    title: str = ""
    filters: Filters = Filters()
    #: Local times between which nothing is sent; it waits for the end.
    quiet: tuple[time, time] | None = None
    #: Until then nothing is sent, nor later.
    muted_until: datetime | None = None
    paused: bool = False
    #: A name of the IANA time zone database.
    timezone: str = "UTC"
    #: Local time of the daily digest.
    digest_at: time | None = None
    digest_days: Days = "daily"
    #: Where the digest goes by mail; the reader of that address knows whether it was
    #: confirmed.
    email: str | None = None


def configured_chat(chat: str, language: Language, now: datetime) -> Subscription:
    """Subscribe a Telegram chat that the config names."""
    return Subscription(
        channel="telegram",
        recipient=chat,
        language=language,
        created_at=now,
        source="config",
    )


class Subscriptions(Protocol):
    """Who has subscribed."""

    def all(self) -> list[Subscription]:
        """List every subscription, oldest first."""
        ...

    def reached(self, deal_id: str) -> frozenset[tuple[str, str]]:
        """List channel and recipient of who gets, or got, a message about a deal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command or a press, as it came."""

    update_id: int
    kind: Literal["command", "press", "moved"]
    chat_id: int
    chat_kind: ChatKind
    #: Who; None for an administrator who posts as the group itself.
    user_id: int | None
    #: A command with what follows it, or the data of the pressed button.
    text: str
    #: What the person's app is set to: ``"de-AT"``; may be empty.
    language_code: str = ""
    #: Topic of a forum.
    thread_id: int | None = None
    chat_title: str = ""
    #: A public chat's name: ``"@channel"``; empty where it has none.
    chat_name: str = ""
    #: Of a press: what has to be answered, and the message it stood under.
    callback_id: str | None = None
    message_id: int | None = None
    #: When it was written, aware; None for a press, whose time nobody tells.
    sent_at: datetime | None = None

    @property
    def recipient(self) -> str:
        """The chat or topic, as a subscription names it."""
        topic = "" if self.thread_id is None else f"/{self.thread_id}"
        return f"{self.chat_id}{topic}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the service says, just now, of a chat and of who asks."""

    chat_id: int
    chat_kind: ChatKind
    title: str
    is_admin: bool
    #: Whether the bot may post there.
    bot_is_admin: bool
    #: Whether the service answered at all; else nothing above says anything.
    answered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button below a message."""

    label: str
    #: At most 64 bytes (https://core.telegram.org/bots/api#inlinekeyboardbutton).
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that waits to be said."""

    #: Chat or topic.
    recipient: str
    html: str
    kind: Literal["message", "toast", "edit", "document"] = "message"
    buttons: tuple[tuple[Button, ...], ...] = ()
    #: Of a toast: the press it answers.
    callback_id: str | None = None
    #: Of a toast: it stays until the person closes it.
    stays: bool = False
    #: Of a message: the person's app opens a reply to it, for words to follow.
    asks: bool = False
    #: Of an edit: the message.
    message_id: int | None = None
    #: Of a document: its text.
    document: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The commands that a chat's menu offers."""

    scope: Scope
    #: None: for every language that has no menu of its own.
    language: Language | None
    #: Pairs of name and description.
    commands: tuple[tuple[str, str], ...]


#: Work that takes longer than an answer may; says what to add.
Job = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is left to do when an update was handled, besides the replies that wait."""

    #: Longer work, apart from the conversation; it may leave replies.
    job: Job | None = None
    #: The job waits for a model, maybe for minutes: no other job waits for it.
    asks_model: bool = False
    #: Said now or never, and kept nowhere: refusals of strangers.
    at_once: tuple[Reply, ...] = ()


class Desk(Protocol):
    """Decides what is answered; every method may take a database transaction."""

    def lookup(self, asked: Asked) -> str | int | None:
        """Name the chat whose `Standing` the answer needs; None for none."""
        ...

    def answer(self, asked: Asked, standing: Standing | None) -> Outcome:
        """Do what is asked, once; what is answered waits in `replies`."""
        ...

    def replies(self, limit: int, but: Set[str]) -> Sequence[tuple[int, Reply]]:
        """List answers whose time has come, with their numbers, oldest first.

        None of those chats and topics that *but* names.
        """
        ...

    def said(self, number: int) -> None:
        """Forget an answer: it was said, or never can be."""
        ...

    def put_off(self, number: int, seconds: float) -> None:
        """Say an answer later; given up after some tries."""
        ...

    def put_aside(self, number: int, seconds: float) -> None:
        """Say an answer when its turn comes; that was no try."""
        ...

    def moved(self, old: str, new: str) -> None:
        """A chat has another id from now on; all that is kept about it goes along."""
        ...

    def rest(self, seconds: float, reason: str) -> None:
        """Ask nothing of the service for so long, as it wants it: nobody may."""
        ...

    def resting(self) -> bool:
        """Whether the service wants to be left alone just now."""
        ...

    def menus(self) -> Sequence[Menu]:
        """List the menus of commands."""
        ...


class Conversation(Protocol):
    """The bot at work."""

    def start(self) -> None:
        """Begin to listen; returns at once."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...
