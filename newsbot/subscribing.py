"""Who reads by mail, and the mail that waits: nouns and ports of the digest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal, Protocol

from newsbot.talking import Days, Filters, Subscription
from newsbot.vocabulary import DealType, Language, Status

SubscriberState = Literal["asked", "active", "suspended"]
#: ``"skipped"``: nothing to tell, and the reader is not to be told so.
LetterState = Literal["pending", "sent", "failed", "skipped"]
#: ``"digest ahead"``: written while the clock was ahead; its day is yet to come.
#: What the line came to know: a finding, a summary; and what takes something back: a
#: publisher, who corrected a finding; we, who told one deal as two, or two as one.
NewsKind = Literal["finding", "summary", "correction", "merged", "split"]
LetterKind = Literal["digest", "digest ahead", "alert", "notice"]

DAYS: tuple[Days, ...] = ("daily", "weekdays", "weekly")
#: When a digest goes out unless its reader says otherwise.
MORNING = time(7, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which deals a reader wants; what is empty asks for nothing."""

    #: In any spelling; a deal must name all of them.
    parties: tuple[str, ...] = ()
    #: A deal must have one of them.
    types: tuple[DealType, ...] = ()
    statuses: tuple[Status, ...] = ()
    #: As typed: ``"1bn"``.
    min_amount: str = ""
    #: An article in one of these must tell of the deal.
    languages: tuple[Language, ...] = ()
    #: What a chat asks for besides: alternatives, words.
    filters: Filters = field(default_factory=Filters)


def choice_of(filters: Filters) -> Choice:
    """Ask for the deals that a chat's filters let through."""
    return Choice(languages=filters.languages, filters=replace(filters, languages=()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a reader asks for, before and after it is confirmed."""

    #: As RFC 5321 takes it, ASCII: ``"reader@example.org"``.
    address: str
    language: Language = "en"
    #: IANA name: ``"Europe/Berlin"``.
    time_zone: str = "UTC"
    #: Local time of day.
    at: time = MORNING
    #: ``"weekly"``: on Mondays.
    days: Days = "daily"
    choice: Choice = Choice()
    #: Whether each deal comes as a mail of its own, too, as soon as it is known.
    instant: bool = False


def wish_of(subscription: Subscription) -> Wish:
    """Ask for a chat's digest by mail: its language, zone, hour, days and filters."""
    return Wish(
        address=subscription.email or "",
        language=subscription.language,
        time_zone=subscription.timezone,
        at=subscription.digest_at or MORNING,
        days=subscription.digest_days,
        choice=choice_of(subscription.filters),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A reader: one address, one digest a day at most."""

    id: str
    wish: Wish
    #: ``"asked"``: not confirmed yet; ``"suspended"``: the mailbox was refused.
    state: SubscriberState
    asked_at: datetime
    confirmed_at: datetime | None = None
    #: Number of the last news that is told: digests and alerts begin after it.
    since: int = 0
    instant_since: int = 0
    #: Local date of the last digest, and of the last one that was not given up.
    last_date: date | None = None
    told_date: date | None = None
    #: Why it is suspended.
    error: str | None = None
    #: The bot's chat whose settings it follows, and the one that asked and waits for
    #: its answer; None for readers of `newsbot subscribers`.
    chat: str | None = None
    asked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that the line came to know, in the order in which it did."""

    #: Grows; never used twice, whatever the clock says.
    number: int
    kind: NewsKind
    #: Id of the finding, of the summary's article, of the finding that left its deal,
    #: of the deal that was merged or taken out.
    subject: str
    #: The deal that it is about, as it is called now.
    deal_id: str | None
    #: Whether the finding was told as new; repeats change nothing.
    verdict: str | None
    #: State of the deal after this finding.
    status: Status | None
    parties: tuple[tuple[str, tuple[str, ...]], ...]
    #: Old news of a feed's first poll, and of archives, is no news.
    may_alert: bool
    #: When the feed announced the article, and when it says it was published.
    seen_at: datetime
    published_at: datetime
    #: Of a correction: the finding in whose place the other one stands now, if any.
    heir: str | None = None
    #: Of a merger or a split: the number from which on both were told.
    known: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of a mail."""

    #: File name, and the left part of its Content-ID: ``"clouds.png"``.
    name: str
    png: bytes
    #: In pixels as it is shown.
    width: int
    height: int
    #: What it shows, for who does not see it.
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a mail says, the same for all who get it.

    `PLACE` in texts stands for each reader's own address to leave by.
    """

    id: str
    subject: str
    #: Plain text; complete without the rest.
    text: str
    #: Empty for mail that is text alone.
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    language: Language = "en"


#: Stands in a content where a reader's own address to leave by goes.
PLACE = "https://newsbot.invalid/leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail to one reader; its id makes its Message-ID."""

    id: str
    #: None for notices to the manager.
    subscriber_id: str | None
    recipient: str
    kind: LetterKind
    #: What it is for: a digest's local date, an alert's news. Unique per reader.
    occasion: str
    #: None where there is nothing to say, or old contents were dropped.
    content_id: str | None
    state: LetterState
    n_attempts: int
    created_at: datetime
    due_at: datetime
    #: Number of the last news that it covers.
    upto: int
    #: Of a digest: number of the news that it begins after.
    since: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A mail as it goes over the wire."""

    sender: str
    recipient: str
    message_id: str
    data: bytes


class Postman(Protocol):
    """Takes mail to a server; one connection serves many."""

    def carry(self, envelope: Envelope) -> str:
        """Hand over one mail.

        Returns:
            The server's answer.

        Raises:
            MailError: Not taken; says whose fault it is and whether to retry.
        """
        ...

    def close(self) -> None:
        """Say goodbye to the server."""
        ...
