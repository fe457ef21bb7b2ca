"""The ports of the line's end: channels, and the outbox that feeds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from newsbot.types import Alert, Delivery, identity
from newsbot.vocabulary import DeliveryState, Language

RecipientState = Literal["active", "parked", "moved"]
#: ``"notice"``: for managers; ``"digest"``, ``"broadcast"``: for a subscription.
NoticeKind = Literal["notice", "digest", "broadcast"]


class Channel(Protocol):
    """Takes messages for recipients of one service."""

    @property
    def name(self) -> str:
        """The name kept in delivery rows: ``"console"``, ``"telegram"``."""
        ...

    def whoami(self) -> str:
        """Say in a few words, for the operator, what is behind this channel.

        Raises:
            DeliveryError: It does not answer, or does not take our key.
        """
        ...

    def send(self, recipient: str, alert: Alert, *, reply_to: str | None = None) -> str:
        """Send one message.

        Args:
            recipient: Who gets it, as this service names them.
            alert: The message.
            reply_to: The provider's id of the message it answers, sent to the same
                recipient; where that is gone, the message goes out alone.

        Returns:
            The provider's id of the message.

        Raises:
            DeliveryError: Not accepted; says whether to retry.
        """
        ...

    def edit(self, recipient: str, provider_id: str, alert: Alert, *, was: str) -> None:
        """Put the newer text of a message in the place of the one that was sent.

        Twice is once: a message that has this text already is no error.

        Args:
            recipient: Who got it.
            provider_id: What `send` returned.
            alert: The message as it now is.
            was: The plain text that the recipient sees so far.

        Raises:
            DeliveryError: Not accepted; without retry where the message was deleted
                or is too old.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody that messages were written for."""

    channel: str
    #: As the channel names it: ``"42"``, ``"-100123/7"`` for a thread of a chat.
    recipient: str
    state: RecipientState
    #: Why it is parked.
    reason: str | None
    #: When it came into this state.
    since: datetime
    #: Where its messages go, once it has moved.
    moved_to: str | None = None


#: A line in either language.
Said = Callable[[Language], str]


def chat_of(recipient: str) -> str:
    """Tell the chat of a recipient, whose thread may be named.

    >>> chat_of("-100123/7")
    '-100123'
    """
    return recipient.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A message that was sent and has a newer text."""

    #: As it was sent; attempts, time and error are the edit's.
    delivery: Delivery
    #: With the newer text.
    alert: Alert
    #: The plain text that was there before.
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something that was asked of a channel; limits count it."""

    chat: str
    #: When it ended.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message for one reader that is about no deal: a line, a digest, a broadcast."""

    id: str
    channel: str
    recipient: str
    #: Plain.
    text: str
    #: The same with the tags that chats know; empty where it is the text alone.
    html: str = ""
    kind: NoticeKind = "notice"
    n_attempts: int = 0


def line_for(channel: str, recipient: str, text: str, now: datetime) -> Notice:
    """Make a line for one reader; the same line of one moment is one."""
    id_ = identity("notice", channel, recipient, text, now.isoformat())
    return Notice(id=id_, channel=channel, recipient=recipient, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Managers:
    """Who is told what a machine cannot mend, and in which language."""

    #: Pairs of channel and recipient.
    recipients: tuple[tuple[str, str], ...] = ()
    #: Of those who have set none.
    language: Language = "en"

    def tell(
        self,
        traffic: Traffic,
        said: Said,
        now: datetime,
        *,
        but: tuple[str, str] | None = None,
        also: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Write a line for each of them, in the caller's transaction.

        Args:
            traffic: Where lines wait.
            said: The line; each gets it in the language of their own chat.
            now: The time, aware UTC.
            but: Channel and recipient of who is not told: the line is about them.
            also: Who else is told.
        """
        for channel, manager in dict.fromkeys((*self.recipients, *also)):
            if (channel, manager) != but:
                language = traffic.language_of(channel, manager) or self.language
                traffic.notify(line_for(channel, manager, said(language), now), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a channel rests, and until when."""

    channel: str
    until: datetime
    reason: str
    since: datetime
    #: Its key was refused: somebody has to act.
    refused: bool


class Outbox(Protocol):
    """Messages and who still has to get them."""

    def atomic(self) -> AbstractContextManager[object]:
        """Run a block in one transaction, or in none at all."""
        ...

    def put(
        self, alert: Alert, recipients: Sequence[tuple[str, str]], now: datetime
    ) -> None:
        """Write a message and its pending deliveries."""
        ...

    def due(self, now: datetime) -> list[Delivery]:
        """List the first message that waits for each recipient, if it is time."""
        ...

    def alert(self, alert_id: str) -> Alert | None:
        """Read a message as it now is."""
        ...

    def begin(self, delivery_id: str, now: datetime) -> None:
        """Write down that a delivery is on its way."""
        ...

    def recover(self, now: datetime) -> int:
        """Count what was on its way when the process ended; how many those are."""
        ...

    def sent(
        self, delivery_id: str, provider_id: str, shown: Alert | None = None
    ) -> None:
        """Mark a delivery as taken by its channel."""
        ...

    def failed(self, delivery_id: str, reason: str, *, unknown: bool = False) -> None:
        """Give a delivery up."""
        ...

    def postpone(
        self, delivery_id: str, reason: str, due_at: datetime, *, unknown: bool = False
    ) -> None:
        """Count a failed attempt and try again later."""
        ...

    def hold(self, delivery_id: str, reason: str, due_at: datetime) -> None:
        """Wait without counting an attempt."""
        ...

    def about(self, deal_id: str, language: Language) -> list[Alert]:
        """List the messages about a deal in one language, oldest first."""
        ...

    def told_to(self, alert_id: str) -> list[tuple[str, str]]:
        """List who got a message or is still to get it: channel and recipient."""
        ...

    def answered(self, alert: Alert, delivery: Delivery) -> str | None:
        """Tell the provider's id of the message that this delivery answers."""
        ...

    def rewrite(self, alert: Alert, due_at: datetime) -> None:
        """Give a message a newer text, and have it edited where it was sent."""
        ...

    def edits(self, now: datetime) -> list[Edit]:
        """List the first edit that waits for each recipient, if it is time."""
        ...

    def edited(self, delivery_id: str, shown: Alert | None = None) -> None:
        """Mark a message as showing its newest text."""
        ...

    def drop_edit(self, delivery_id: str, reason: str, *, for_good: bool) -> None:
        """Give an edit up, and all later ones of the message where it is for good."""
        ...

    def put_off_edit(
        self, delivery_id: str, reason: str, due_at: datetime, *, counted: bool
    ) -> None:
        """Try an edit again later; where it was tried, count that."""
        ...

    def park(self, channel: str, recipient: str, reason: str, now: datetime) -> bool:
        """Let a recipient's messages wait; whether it was not parked before."""
        ...

    def quiet_until(
        self, channel: str, recipient: str, now: datetime
    ) -> datetime | None:
        """Tell when a subscriber's quiet hours end; None outside of them."""
        ...

    def hush(self, channel: str, recipient: str, until: datetime) -> None:
        """Let all that waits for a subscriber wait for the end of quiet hours."""
        ...

    def move(self, channel: str, old: str, new: str, now: datetime) -> None:
        """Give a chat another id, with all that is kept about it."""
        ...

    @property
    def traffic(self) -> Traffic:
        """What channels were asked lately, and which of them rest."""
        ...


class Traffic(Protocol):
    """What channels were asked lately, which of them rest, and lines for readers."""

    def began(self, channel: str, chat: str, now: datetime) -> int:
        """Write down that a channel is being asked; returns the request's number."""
        ...

    def ended(self, number: int, now: datetime) -> None:
        """Write down that a request is over."""
        ...

    def requests(self, channel: str, since: datetime) -> list[Request]:
        """List what ended since then, oldest first."""
        ...

    def pause(
        self,
        channel: str,
        reason: str,
        until: datetime,
        now: datetime,
        *,
        refused: bool,
    ) -> bool:
        """Let a channel rest; whether it did not for this reason before."""
        ...

    def resume(self, channel: str) -> bool:
        """Let a channel go on; whether it rested."""
        ...

    def language_of(self, channel: str, recipient: str) -> Language | None:
        """Tell the language that a chat has chosen; None where it has none."""
        ...

    def owner_of(self, channel: str, recipient: str) -> int | None:
        """Tell who subscribed a chat, by numeric id; None where nobody is known."""
        ...

    def notify(self, notice: Notice, due_at: datetime) -> bool:
        """Write a message about no deal; whether it was not written before."""
        ...

    def notices(self, now: datetime) -> list[Notice]:
        """List the messages whose time has come."""
        ...

    def begin_notice(self, id_: str, now: datetime) -> None:
        """Write down that a message is on its way."""
        ...

    def settle_notice(
        self,
        id_: str,
        state: DeliveryState,
        error: str,
        due_at: datetime,
        *,
        counted: bool = True,
        unknown: bool = False,
    ) -> None:
        """Write down what came of a try."""
        ...
