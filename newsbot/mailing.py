"""The ports of the line's end: channels, and the outbox that feeds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newsbot.types import Alert, Delivery, Language, RecipientState


class Channel(Protocol):
    """Takes messages for recipients of one service."""

    @property
    def name(self) -> str:
        """The name kept in delivery rows: ``"console"``, ``"telegram"``."""
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


class Outbox(Protocol):
    """Messages and who still has to get them."""

    def put(
        self, alert: Alert, recipients: Sequence[tuple[str, str]], now: datetime
    ) -> None:
        """Write a message and its pending deliveries."""
        ...

    def due(self, now: datetime) -> list[tuple[Delivery, Alert]]:
        """List the first message that waits for each recipient, if it is time."""
        ...

    def park(self, channel: str, recipient: str, reason: str, now: datetime) -> bool:
        """Let a recipient's messages wait; whether it was not parked before."""
        ...

    def move(self, channel: str, old: str, new: str, now: datetime) -> None:
        """Give a chat another id, with all that is kept about it."""
        ...

    def sent(self, delivery_id: str, provider_id: str) -> None:
        """Mark a delivery as taken by its channel."""
        ...

    def failed(self, delivery_id: str, reason: str) -> None:
        """Give a delivery up."""
        ...

    def postpone(self, delivery_id: str, reason: str, due_at: datetime) -> None:
        """Count a failed attempt and try again later."""
        ...

    def hold(self, delivery_id: str, reason: str, due_at: datetime) -> None:
        """Wait without counting an attempt."""
        ...

    def about(self, deal_id: str, language: Language) -> list[Alert]:
        """List the messages about a deal in one language, oldest first."""
        ...

    def answered(self, alert: Alert, delivery: Delivery) -> str | None:
        """Tell the provider's id of the message that this delivery answers."""
        ...

    def rewrite(self, alert: Alert, due_at: datetime) -> None:
        """Give a message a newer text, and have it edited where it was sent."""
        ...

    def edits(self, now: datetime, limit: int) -> list[Edit]:
        """List the edits whose time has come."""
        ...

    def edited(self, delivery_id: str) -> None:
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
