"""The nouns: what walks down the line, from a feed to a delivered message.

Ids are hashes of what makes the thing itself (`identity`): a step done twice finds the
same row. `_at` is an aware UTC time, offsets count code points of `Article.full_text`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from newsbot.courtesy import Courtesy
from newsbot.vocabulary import (
    AlertKind,
    AmountKind,
    Bound,
    DealType,
    DeliveryState,
    Language,
    MentionKind,
    Origin,
    Role,
    Status,
    TextOrigin,
)


def identity(*parts: str) -> str:
    """Hash what makes a thing itself into a short, stable id.

    Args:
        parts: The texts that identify the thing, in a fixed order.

    Returns:
        16 hexadecimal digits (64 bits) of SHA-256 over the parts.

    >>> identity("entry", "https://example.org/a") == identity("entry", "https://example.org/a")
    True
    """
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where to look, and what the server said last time."""

    id: str
    url: str
    language: Language | None
    every_minutes: int
    #: ``"config"`` feeds follow the config file; ``"command"`` feeds live here.
    source: Literal["config", "command"]
    etag: str | None = None
    last_modified: str | None = None
    next_poll_at: datetime | None = None
    #: None until the first successful poll: old entries then stay silent.
    first_polled_at: datetime | None = None
    last_polled_at: datetime | None = None
    n_errors: int = 0
    error: str | None = None
    courtesy: Courtesy = field(default_factory=Courtesy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A link was announced by a feed or found in an archive."""

    id: str
    feed_id: str | None
    url: str
    title: str
    #: The feed's own summary, plain text; stands in when the page gives no text.
    summary: str
    published_at: datetime | None
    first_seen_at: datetime
    origin: Origin
    #: Old news on a feed's first poll is stored but never alerts.
    may_alert: bool
    language: Language | None = None
    author: str | None = None
    #: What the feed calls itself; names the publisher where the page does not.
    site: str | None = None
    #: Of the feed and the entry's own id in it, where that is one entry's alone.
    guid_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the server gave for an entry's link, with its validators, if any."""

    entry_id: str
    url: str
    status: int
    content_type: str
    body: bytes
    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The text, clean: NFC, one blank line between paragraphs."""

    id: str
    entry_id: str
    url: str
    title: str
    text: str
    language: str
    published_at: datetime
    site: str
    author: str | None
    #: ``"summary"``: the page was a stub, the feed's own summary stands in.
    text_origin: TextOrigin
    #: 64-bit simhash of the words of the text.
    fingerprint: int

    @property
    def full_text(self) -> str:
        """Title, blank line, text: what every `Span` points into."""
        return f"{self.title}\n\n{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of one article's `full_text`, by code points, end exclusive."""

    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationMention:
    """A place in a text that names, or stands for, an organisation."""

    #: Canonical name as the press writes it: ``"Amazon Web Services"``.
    name: str
    kind: MentionKind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMention:
    """A sum of money as a text writes it."""

    #: Value in whole units of `currency`, never in millions.
    value: Decimal
    #: ISO 4217 code.
    currency: str
    bound: Bound
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityMention:
    """A quantity of compute or power as a text writes it."""

    value: Decimal
    #: ``"GW"``, ``"MW"``, ``"GPU"``, ``"chip"`` ...
    unit: str
    bound: Bound
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation that made the agreement, as one article states it."""

    name: str
    roles: tuple[Role, ...]
    span: Span
    #: The sentence that states the agreement.
    quote: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum of money that a deal names, as one article states it."""

    #: Value in whole units of `currency`, never in millions.
    value: Decimal
    #: ISO 4217 code, e.g. ``"USD"``.
    currency: str
    kind: AmountKind
    #: How firm the figure is: ``"up to $10bn"`` is not ``"$10bn"``.
    bound: Bound
    #: Who pays, a party's name; None where the text does not say.
    payer: str | None
    #: Where the article says so; the figure was read from this text.
    span: Span
    #: The sentence around it.
    quote: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Compute or power that a deal names, as one article states it."""

    value: Decimal
    unit: str
    span: Span
    quote: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A claim that was considered and not kept, and why."""

    claim: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Is there a deal in the article? Kept for yes and for no."""

    article_id: str
    #: Calibrated, in [0, 1].
    probability: float
    #: The probability from which the answer is yes.
    threshold: float
    #: Words and names that led the gate here.
    words: tuple[str, ...]
    #: Which model, head and prompt answered, with their hashes.
    assessor: str
    assessed_at: datetime

    @property
    def is_deal(self) -> bool:
        """Whether the probability reaches the threshold."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold that people's labels have raised."""

    #: The probability from which an article is a deal.
    threshold: float
    #: The judge whose probabilities it holds for; any other goes by its own.
    assessor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One deal as one article states it."""

    id: str
    article_id: str
    status: Status
    #: The sentence the status was read from.
    status_quote: Span
    types: tuple[DealType, ...]
    parties: tuple[Party, ...]
    amounts: tuple[Amount, ...]
    capacity: tuple[Capacity, ...]
    dropped: tuple[Dropped, ...] = ()
    #: Names left out that may be parties all the same, and others: articles differ.
    unsure: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[Party | Amount | Capacity, ...]:
        """Everything that carries its own place in the text."""
        return (*self.parties, *self.amounts, *self.capacity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """The deal itself, joined over articles, papers and languages."""

    id: str
    status: Status
    types: tuple[DealType, ...]
    #: Canonical name and roles, without places in a text.
    parties: tuple[tuple[str, tuple[Role, ...]], ...]
    first_seen_at: datetime
    last_seen_at: datetime
    findings: tuple[Finding, ...]
    #: The publisher that took back the only report; None while one stands.
    withdrawn_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person says of two findings: the same deal, or two. A label, too."""

    kind: Literal["same", "apart"]
    finding_id: str
    other_id: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySentence:
    """One sentence of a summary.

    `quoted` where 80 % of its words stand in this order in one of the article's.
    """

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """An article, shorter; in its own language unless another was asked for."""

    article_id: str
    language: Language
    sentences: tuple[SummarySentence, ...]
    #: Model and prompt, or ``"facts"`` of a deal, ``"topic"`` of others, ``"quotes"``.
    writer: str
    created_at: datetime

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def quoted(self) -> bool:
        """Whether every sentence is quoted."""
        return all(sentence.quoted for sentence in self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The state of a deal that a message told, and whose article was the occasion."""

    article_id: str
    status: Status
    parties: tuple[tuple[str, tuple[Role, ...]], ...]
    finding_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A message about a deal, rendered; its text follows the deal."""

    id: str
    deal_id: str
    kind: AlertKind
    language: Language
    html: str
    plain: str
    created_at: datetime
    #: The message it is a reply to: the first one about this deal.
    answers: str | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one recipient over one channel."""

    id: str
    alert_id: str
    channel: str
    recipient: str
    state: DeliveryState
    n_attempts: int
    due_at: datetime
    provider_id: str | None = None
    error: str | None = None
    #: When the try that is on its way began; None where none is.
    begun_at: datetime | None = None
    #: Tries whose answer never came: each may have arrived.
    n_unknown: int = 0
