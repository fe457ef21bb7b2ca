"""What do people's labels say of the threshold from which an article is a deal?

In: labels of deals that were told, and how likely the judge held each. Out: the
threshold that serves these labels best, with precision and recall before and after.

Only what was told can be labelled, so labels can only ask for more strictness: what
the judge let go nobody has seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from newsbot.stages.assess import Judgement
from newsbot.talking import LabelKind
from newsbot.types import Calibration, Dropped

#: Deals that must be labelled before a threshold is moved, and of them of each kind:
#: with fewer, one press would move it by several points.
MIN_LABELS = 20
MIN_OF_EACH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A labelled deal."""

    #: The highest probability of its articles: from there on it is told.
    probability: float
    is_deal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How a threshold does on the labels, each in [0, 1]."""

    threshold: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def settled(labels: Iterable[tuple[str, LabelKind]]) -> dict[str, bool]:
    """Let the majority decide for each deal; a tie decides nothing.

    A duplicate is a deal: what was wrong is that it was told twice.

    Args:
        labels: Pairs of deal id and what one person said.

    >>> settled([("a", "yes"), ("a", "dup"), ("b", "no"), ("c", "yes"), ("c", "no")])
    {'a': True, 'b': False}
    """
    votes: Counter[str] = Counter()
    for deal_id, kind in labels:
        votes[deal_id] += -1 if kind == "no" else 1
    return {deal_id: n > 0 for deal_id, n in votes.items() if n}


def quality(scored: Sequence[Scored], threshold: float) -> Quality:
    """Measure a threshold on the labels; recall is of what was told."""
    told = [one for one in scored if one.probability >= threshold]
    n_right = sum(one.is_deal for one in told)
    n_deals = sum(one.is_deal for one in scored)
    return Quality(
        threshold=threshold,
        precision=n_right / len(told) if told else 1.0,
        recall=n_right / n_deals if n_deals else 0.0,
    )


def enough(scored: Sequence[Scored]) -> bool:
    """Whether there are labels enough to move a threshold."""
    n_deals = sum(one.is_deal for one in scored)
    n_of_each = min(n_deals, len(scored) - n_deals)
    return len(scored) >= MIN_LABELS and n_of_each >= MIN_OF_EACH


def propose(scored: Sequence[Scored], threshold: float) -> tuple[Quality, Quality]:
    """Find the threshold with the best F1, the lowest of equals.

    Args:
        scored: Labelled deals.
        threshold: The judge's own; the proposed one is not below it.

    Returns:
        How the judge's own does, and the proposed one.
    """
    now = quality(scored, threshold)
    levels = sorted({one.probability for one in scored if one.probability > threshold})
    below = [threshold, *levels]
    between = [
        round((low + high) / 2, 4) for low, high in zip(below, levels, strict=False)
    ]
    best = now
    for level in between:
        tried = quality(scored, level)
        if tried.f1 > best.f1:
            best = tried
    return now, best


def held_to(judgement: Judgement, calibration: Calibration | None) -> Judgement:
    """Hold a judgement to the calibrated threshold, if that is its judge's own.

    What falls below it has no findings any more; its probability says why.
    """
    assessment = judgement.assessment
    if calibration is None or calibration.assessor != assessment.assessor:
        return judgement
    if calibration.threshold <= assessment.threshold:
        return judgement
    stricter = replace(assessment, threshold=calibration.threshold)
    if stricter.is_deal or not judgement.findings:
        return replace(judgement, assessment=stricter)
    reason = f"below the calibrated threshold {calibration.threshold:.2f}"
    dropped = tuple(
        Dropped(claim=", ".join(party.name for party in one.parties), reason=reason)
        for one in judgement.findings
    )
    return replace(
        judgement,
        assessment=stricter,
        findings=(),
        dropped=(*judgement.dropped, *dropped),
    )
