"""How the service is doing: what the ledger says, and what is judged from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsbot.mailing import Pause, Recipient
from newsbot.types import Feed

#: The stage that takes an entry, by the entry's state, in the order of the line: that
#: of `pipeline.STAGES`, which cannot be asked without loading what the stages need.
STAGE_OF = {
    "found": "fetch",
    "fetched": "extract",
    "extracted": "gate",
    "relevant": "assess",
    "assessed": "identify",
    "identified": "summarise",
    "summarised": "compose",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Entries that wait for one stage of the line."""

    stage: str
    n: int
    #: Of these, how many have failed before and wait for another try.
    n_again: int
    #: When the one that waits longest came due; None where none is due.
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What became of the messages, and of the mails."""

    n_pending: int
    n_sent: int
    n_failed: int
    #: Messages that may or may not have arrived and are not sent again.
    n_unknown: int
    #: Pending ones whose recipient cannot be reached.
    n_parked: int
    #: Tries whose answer never came: each may have arrived twice.
    n_unanswered: int
    #: Given up within the last day.
    n_failed_lately: int
    #: When the oldest message or mail was written that waits although it could go
    #: out, and why it did not at the last try.
    oldest_at: datetime | None
    oldest_error: str | None
    n_mails_pending: int
    n_mails_sent: int
    n_mails_failed: int
    #: Mails of the last day that waited for days in vain, and that were refused for
    #: good: their readers are suspended.
    n_mails_given_up: int = 0
    n_mails_refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What the last 24 hours brought, by how far it came."""

    n_entries: int
    #: Given up: the page, its text or its judgement could not be had.
    n_failed: int
    #: Neither failed nor still on the line, and no word of a deal in them.
    n_irrelevant: int
    #: Read by the model.
    n_judged: int
    #: Of these, how many report a deal.
    n_deals: int
    #: Deals that were not known before, and messages written.
    n_new: int
    n_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """When the service last did something for itself."""

    #: ``pulse``, ``backup``, ``retention``, ``heartbeat``, ``report``.
    job: str
    done_at: datetime
    #: What went wrong at the last try; None: nothing.
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Pages with a deal that are asked for again, in case they are edited."""

    #: Pages that will be asked for again, and when the next one is due.
    n_waiting: int = 0
    next_at: datetime | None = None
    #: Requests so far, and texts that differ from the one before.
    n_visits: int = 0
    n_edited: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at one moment."""

    running: bool
    feeds: tuple[Feed, ...]
    waiting: tuple[Waiting, ...]
    sending: Sending
    day: Day
    pauses: tuple[Pause, ...]
    parked: tuple[Recipient, ...]
    #: By name of the job.
    done: tuple[Done, ...]
    #: Whom alerts can reach besides the console: chats and readers by mail.
    n_readers: int
    #: Bytes that are free where the ledger lies.
    free_bytes: int
    visits: Visits = Visits()

    def last(self, job: str) -> Done | None:
        """Find when something was done last."""
        return next((one for one in self.done if one.job == job), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is wrong, in words for the operator."""

    running: bool
    #: What somebody has to mend.
    problems: tuple[str, ...] = ()
    #: What somebody may want to know.
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.problems
