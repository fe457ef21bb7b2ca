"""What the rooms need from outside, as Protocols; doors implement them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar, TypeVarTuple

from newsbot.errors import StageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from newsbot.courtesy import MayFollow, Secrets
    from newsbot.mailing import Outbox
    from newsbot.talking import Subscriptions
    from newsbot.types import (
        Article,
        Assessment,
        Calibration,
        Deal,
        Dropped,
        Entry,
        Finding,
        Page,
        Summary,
    )
    from newsbot.versions import Revisits, Versions
    from newsbot.vocabulary import Verdict

T = TypeVar("T")
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole HTTP answer, decoded and bounded."""

    #: After redirects; what was dialled last.
    url: str
    status: int
    #: Lower-case names; the last value wins, except where joined by comma.
    headers: dict[str, str]
    body: bytes
    #: Where permanent redirects alone (301, 308) led; None without any.
    moved_to: str | None = None


class Fetcher(Protocol):
    """Gets a URL within one deadline and one cap on decoded bytes."""

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        secrets: Secrets | None = None,
        may_follow: MayFollow | None = None,
    ) -> Response:
        """GET *url*, conditionally where validators are given.

        Args:
            url: Absolute http(s) URL.
            etag: Sent back as If-None-Match, byte for byte.
            last_modified: Sent back as If-Modified-Since, byte for byte.
            secrets: For their own scheme, host and port only.
            may_follow: Asked before each hop; gives seconds that it may take longer.

        Returns:
            The answer, status 200 or 304.

        Raises:
            FetchError: No answer in time, too large, refused, or any other status;
                or what *may_follow* raised.
        """
        ...


class Parsing(Protocol):
    """Calls the functions that read hostile documents where they can do no harm."""

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function within its limits of time and memory.

        Raises:
            ParseError: What it raised; or the document cost too much.
            ParserError: It could not be called just now.
        """
        ...

    def each(
        self, function: Callable[[*Ts], T], calls: Iterable[tuple[*Ts]]
    ) -> Iterator[T | StageError]:
        """Call a function on many documents, in order.

        Yields:
            What `run` would return or, in its place, raise.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a model may write for one request."""

    max_tokens: int = 200
    #: Generation ends before any of these texts.
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest:
    """One question to a text model."""

    #: What the system or instruction part says; models without a chat template
    #: get it before `text`.
    instruction: str
    #: The fenced material and the question.
    text: str
    limits: Limits = Limits()
    #: A Lark grammar in llguidance's dialect, or None for free text.
    grammar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnswer:
    """What a text model wrote, and what it cost."""

    text: str
    n_prompt_tokens: int
    n_generated_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRequest:
    """One question whose answer is one of a few fixed texts."""

    instruction: str
    text: str
    choices: tuple[str, ...]


class TextModel(Protocol):
    """Batch in, batch out; the order is kept."""

    @property
    def id(self) -> str:
        """Name and revision or file hash, kept beside every output."""
        ...

    def generate(self, requests: Sequence[TextRequest]) -> list[TextAnswer]:
        """Write one answer per request.

        Raises:
            ModelOutputError: The model could not answer (out of memory, time).
        """
        ...

    def choose(self, requests: Sequence[ChoiceRequest]) -> list[tuple[float, ...]]:
        """Weigh each request's answers: a probability per choice, 1 together."""
        ...

    @property
    def n_weighed_tokens(self) -> int:
        """Tokens read so far to weigh choices; 0 where a server tells of none."""
        ...


class Memory(Protocol):
    """A stretch of a text that a model has read, and may be asked about."""

    @property
    def start(self) -> int:
        """First code point of the text that was read."""
        ...

    @property
    def end(self) -> int:
        """The code point after the last that was read."""
        ...

    @property
    def states(self) -> NDArray[np.float32]:
        """State of each token, shape (n_tokens, width), each of unit mean square."""
        ...

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Start and end of each token in the text, shape (n_tokens, 2)."""
        ...

    @property
    def answer(self) -> NDArray[np.float32]:
        """State at the end of the question put behind the text, shape (width,)."""
        ...

    def ask(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """Put more questions behind the text, each as if it were the only one.

        Returns:
            The state at the end of each, shape (n_questions, width).
        """
        ...


class Encoder(Protocol):
    """Reads texts whole, nothing cut; writes nothing."""

    @property
    def id(self) -> str:
        """Name and file hash of the base, and the layers run."""
        ...

    def encode(self, texts: Sequence[str], question: str) -> list[tuple[Memory, ...]]:
        """Read each text and put one question behind it.

        Returns:
            Per text what is remembered of it, from its beginning on: one stretch, or
            several that overlap where it is long.
        """
        ...


class Line(Protocol):
    """The queue: entries, their state, pages and articles."""

    def due(self, state: str, now: datetime, limit: int) -> list[Entry]:
        """List entries that wait in *state*, those to be done first first."""
        ...

    def advance(
        self,
        entry_id: str,
        *,
        taken: str,
        given: str,
        reason: str | None = None,
        priority: float | None = None,
    ) -> bool:
        """Move an entry on, only if it still is where it was taken from."""
        ...

    def state(self, entry_id: str) -> tuple[str, str | None, int]:
        """Tell an entry's state, reason and count of errors."""
        ...

    def postpone(
        self, entry_id: str, *, taken: str, reason: str, due_at: datetime
    ) -> None:
        """Count an error that may pass and try again later."""
        ...

    def put_page(self, page: Page) -> None:
        """Keep what the server gave."""
        ...

    def page(self, entry_id: str) -> Page | None:
        """Read the page of an entry."""
        ...

    def put_article(self, article: Article) -> None:
        """Keep an article."""
        ...

    def article(self, article_id: str) -> Article | None:
        """Read an article."""
        ...

    def article_of(self, entry_id: str) -> Article | None:
        """Read the article of an entry."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which known deals a finding may tell of, by their time."""

    #: Told last at or after this, and first at or before `until`.
    since: datetime
    until: datetime
    #: `since` for deals that are still in talks.
    talks_since: datetime
    #: The days of the event: told last within these two.
    event: tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Which deals are worth a look by the names of their parties alone."""

    #: In the days of the event, of those that share one side.
    near: Callable[[Sequence[str]], bool]
    #: At any other time, of those that share two.
    far: Callable[[Sequence[str]], bool]


class Ledger(Protocol):
    """Assessments, findings, deals, summaries."""

    def put_assessment(
        self,
        assessment: Assessment,
        findings: Sequence[Finding],
        dropped: tuple[Dropped, ...],
    ) -> None:
        """Keep the judgement on an article."""
        ...

    def calibration(self) -> Calibration | None:
        """Read the threshold that labels have raised, if they have."""
        ...

    def findings_of(self, article_id: str) -> list[Finding]:
        """List the findings of an article."""
        ...

    def verdict(self, finding_id: str) -> tuple[str | None, Verdict | None, str | None]:
        """Tell a finding's deal, its verdict, and why."""
        ...

    def candidates(
        self, sides: Sequence[Sequence[str]], reach: Reach, look: Look
    ) -> tuple[list[Deal], frozenset[frozenset[str]]]:
        """List deals that may be told again, and pairs of findings a person parted."""
        ...

    def absorb(self, absorbed: Sequence[str], deal_id: str, now: datetime) -> None:
        """Let deals become part of another; a reader of both is told so."""
        ...

    def put_deal(
        self, deal: Deal, finding: Finding, verdict: Verdict, reason: str
    ) -> None:
        """Keep a deal as it stands after one more finding."""
        ...

    def deal(self, deal_id: str) -> Deal | None:
        """Read a deal with all its findings."""
        ...

    def rewrite(self, deal: Deal) -> None:
        """Write a deal anew after findings have moved into it or out of it."""
        ...

    def put_summary(self, summary: Summary) -> None:
        """Keep an article's summary."""
        ...

    def summary(self, article_id: str) -> Summary | None:
        """Read an article's summary."""
        ...


class Store(Protocol):
    """The ledger as the line sees it."""

    @property
    def line(self) -> Line:
        """The queue."""
        ...

    @property
    def ledger(self) -> Ledger:
        """What was found."""
        ...

    @property
    def versions(self) -> Versions:
        """Earlier texts, and what they told."""
        ...

    @property
    def revisits(self) -> Revisits:
        """Pages to be asked for again."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What is to be sent."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """Who gets what."""
        ...

    def atomic(self) -> AbstractContextManager[object]:
        """Run a block in one transaction, or in none at all."""
        ...
