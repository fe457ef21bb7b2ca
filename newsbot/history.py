"""What archives hold, and what became of it: the nouns of `newsbot backfill`.

An `Archive` gives documents one after the other and says after each where it stands,
so that a backfill that was stopped or killed goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, get_args

from newsbot.types import Article, Assessment, Dropped, Entry, Finding
from newsbot.vocabulary import Language

#: Which documents of an archive come first.
Order = Literal["newest", "oldest"]
Fate = Literal["kept", "duplicate", "skipped", "failed"]
FATES: tuple[Fate, ...] = get_args(Fate)
#: Failures of one backfill that are kept with place and reason; all are counted.
MAX_FAILURES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing an archive holds: a page, a text, a link; or damage in its place."""

    #: Where the archive stands after this document; opaque, for `Archive.documents`.
    cursor: str
    #: Where it lies, for people: ``"a.warc.gz, byte 4711"``.
    place: str
    url: str = ""
    #: The page as it was; None where only a link is known, and nothing else.
    body: bytes | None = None
    content_type: str = "text/html"
    #: Where a link's page is asked for, if not at `url`: a capture of it.
    capture_url: str | None = None
    title: str = ""
    summary: str = ""
    language: Language | None = None
    author: str | None = None
    #: When it was published, where the archive says so.
    published_at: datetime | None = None
    #: When it was saved: it was published before that.
    captured_at: datetime | None = None
    #: What became of it already, where the archive can tell.
    fate: Fate | None = None
    #: Why.
    reason: str = ""
    #: Share of the archive that was read with it, 0 to 1; None where nobody knows.
    share: float | None = None
    #: All that became of it, where another machine has read it.
    settled: Settled | None = None
    #: What was asked of the archive, where the page of a link is asked for elsewhere.
    wanted: Choice | None = None


class Archive(Protocol):
    """Gives the documents of an archive, in an order that stays."""

    def documents(self, after: str) -> Iterator[Document]:
        """Read the archive.

        Args:
            after: The cursor of the last document that is settled; empty to begin.

        Yields:
            Documents; what is damaged is one of them, failed, and the next follows.

        Raises:
            UserError: There is no such archive.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of an archive is wanted."""

    #: Published at or after.
    since: datetime | None = None
    #: Published before.
    until: datetime | None = None
    language: Language | None = None
    #: Shell pattern for the host without ``www.``: ``"*.example.org"``.
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a model said of an article before it came to the ledger."""

    assessment: Assessment
    findings: tuple[Finding, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of one document, with what is to be stored of it."""

    cursor: str
    place: str
    fate: Fate
    reason: str = ""
    #: ISO day of publication, else of capture; empty where nobody knows.
    day: str = ""
    #: Host without ``www.``; empty where nobody knows.
    site: str = ""
    #: The day that counts where its link turns out to be known: the archive's own.
    known_day: str = ""
    #: Its link, where it was one to read: if it is known, all else is a duplicate.
    entry: Entry | None = None
    #: The rest only where it is kept.
    article: Article | None = None
    judged: Judged | None = None
    #: The state on the line that it gets.
    state: str = ""
    priority: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One document on its way to the ledger, as a shard holds it."""

    #: The archive and what was wanted of it, its part, the document's number in that:
    #: what orders documents.
    source: str
    part: str
    number: int
    #: What became of it; None where the ledger's machine has to ask for its page.
    settled: Settled | None = None
    document: Document | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Its place among all documents of all archives."""
        return (self.source, self.part, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of documents; `documents` is the sum of the others."""

    documents: int = 0
    kept: int = 0
    duplicates: int = 0
    skipped: int = 0
    failed: int = 0
    #: Seconds of work, over all parts of an interrupted backfill.
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A backfill as the ledger remembers it."""

    id: str
    kind: str
    source: str
    #: Where it goes on.
    cursor: str
    totals: Totals
    #: None while documents are left.
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many documents of one site and day had the same fate for the same reason."""

    day: str
    site: str
    fate: Fate
    reason: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One document that could not be read."""

    place: str
    reason: str


class HistoryStore(Protocol):
    """What a backfill needs of the ledger."""

    def knows(self, entry: Entry) -> bool:
        """Whether an article is known by its link."""
        ...

    def settle(
        self, run_id: str, documents: Sequence[Settled], seconds: float, now: datetime
    ) -> Totals:
        """Store what became of documents, and where the archive stands, together."""
        ...
