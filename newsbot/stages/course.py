"""How did a deal come to stand as it does?

In: when which paper told which status. Out: the steps, from talks to the end.

What is signed does not become talks again because a late paper says so, and papers
that tell a state again make no step of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsbot.stages.likeness import SAME_DEAL_DAYS, SAME_EVENT_DAYS
from newsbot.vocabulary import Status

#: How far a deal has come, whatever the order in which the papers are read.
STAGE: dict[Status, int] = {"talks": 0, "announced": 1, "expanded": 2, "ended": 2}
#: Between two tellings of one extension.
_RETOLD = timedelta(days=SAME_DEAL_DAYS)
#: Within which an end stands against an extension that another paper tells.
_AT_ONCE = timedelta(days=SAME_EVENT_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusStep:
    """A state that a deal came to."""

    status: Status
    #: When a paper first told it.
    since: datetime
    #: The paper's name.
    source: str


def next_status(
    known: Status, last_told_at: datetime, said: Status, said_at: datetime
) -> Status:
    """Tell the status of a deal after one more paper.

    Args:
        known: Before.
        last_told_at: When the latest paper before told of the deal.
        said: What the paper says.
        said_at: When it appeared.

    Returns:
        The one farthest along; of extension and end the one told last, or, where both
        are told within days, the end.

    >>> day = datetime(2026, 3, 2)
    >>> next_status("announced", day, "talks", day)
    'announced'
    """
    if STAGE[said] != STAGE[known]:
        return said if STAGE[said] > STAGE[known] else known
    if abs(said_at - last_told_at) <= _AT_ONCE:
        return "ended" if "ended" in (said, known) else known
    return said if said_at > last_told_at else known


def course(told: Iterable[tuple[datetime, Status, str]]) -> tuple[StatusStep, ...]:
    """List the states that a deal came to, in the order of time.

    Args:
        told: Of each finding when its article appeared, its status and the paper.

    Returns:
        The steps; an extension is one again where nobody has told one for
        `SAME_DEAL_DAYS`.
    """
    steps: list[StatusStep] = []
    last_told_at = extended_at = datetime.min
    for at, said, source in sorted(told, key=lambda one: (one[0], STAGE[one[1]], one)):
        known = steps[-1].status if steps else None
        now = said if known is None else next_status(known, last_told_at, said, at)
        again = said == known == "expanded" and at - extended_at > _RETOLD
        if now != known or again:
            steps.append(StatusStep(status=now, since=at, source=source))
        if said == "expanded":
            extended_at = at
        last_told_at = at
    return tuple(steps)
