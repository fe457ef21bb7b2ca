"""Calibration and thresholds, from the answers about articles that were left out.

In: examples and the scores a network gave them. Out: what is chosen, and figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from newsbot.evaluation.score import area_under_curve
from newsbot.stages.casting import Casting
from newsbot.stages.heads import HeadSet, Thresholds
from newsbot.tuning.cast import Cast, learn_casting, measure_casting
from newsbot.tuning.labelled import NAMED, UNCLEAR
from newsbot.tuning.network import Answers
from newsbot.tuning.questionnaire import Example

Array = NDArray[np.float64]
#: F scores this close are equal: a few articles of the corpus either way.
PLATEAU = 0.005
#: Weight of recall against precision for each threshold. A false party or sum stands
#: in an alert; a party below the threshold still counts where a deal needs two. What is
#: no name is asked about as a party all the same, and refused there.
BETAS: Mapping[str, float] = {
    "article": 1.0, "party": 0.5, "amount": 0.7, "capacity": 1.0, "types": 1.0,
    "name": 2.0,
}  # fmt: skip
#: Share of deals among the articles that are said to report one.
PRECISION = 0.95
#: Bins of the reliability diagram.
N_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What held-out articles decide."""

    #: Platt's calibration of the article's score: probability is the logistic of
    #: slope times score plus shift.
    slope: float
    shift: float
    thresholds: Thresholds
    #: Which sets of roles are played.
    casting: Casting
    #: Head to figures, e.g. ``{"auc": 0.94, "f1": 0.88, "n": 120}``.
    figures: Mapping[str, Mapping[str, float]]
    #: Reliability of the article's probability: per bin the mean probability, the
    #: share of deals, and how many.
    reliability: Sequence[tuple[float, float, int]]


@dataclass(slots=True)
class _Rows:
    """Scores and right answers of one head, rows of all articles."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    def add(self, scores: Tensor, right: Sequence[bool]) -> None:
        self.scores += scores.flatten().float().tolist()
        self.right += right

    def probabilities(self) -> Array:
        return _logistic(np.array(self.scores, dtype=np.float64))

    def labels(self) -> NDArray[np.bool_]:
        return np.array(self.right, dtype=np.bool_)  # of no rows, too


def choose(
    predicted: Sequence[tuple[Example, Answers]],
    by_words: Sequence[Mapping[str, NDArray[np.float32]]],
    kept: HeadSet | None = None,
) -> Chosen:
    """Choose calibration and thresholds, and measure every head.

    Args:
        predicted: Articles that the network did not learn from, with its answers.
        by_words: For each of them what readers of words, which did not learn from it
            either, add to the scores of its deals' `types`, shape (n_deals, n_types),
            and of their parties' `roles`, shape (n_parties, n_roles).
        kept: Heads whose thresholds, casting and calibration stay; it is measured only.

    Source:
        Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    rows: dict[str, _Rows] = {}
    exact: dict[str, list[bool]] = {}
    casts: list[Cast] = []
    for (example, told), said in zip(predicted, by_words, strict=True):
        both = replace(
            told,
            types=told.types + torch.from_numpy(said["types"]).to(told.types),
            roles=told.roles + torch.from_numpy(said["roles"]).to(told.roles),
        )
        _collect(example, both, rows, exact)
        casts += _casts(example, replace(both, types=told.types))
    article = rows["article"]
    slope, shift = 1.0, 0.0
    if kept is None:
        slope, shift = _platt(np.array(article.scores), article.labels())
    article.scores = [slope * score + shift for score in article.scores]
    plateaus = {
        name: _plateau(rows[name].probabilities(), rows[name].labels(), beta)
        for name, beta in BETAS.items()
        if name in rows
    }
    middle = {name: round(sum(ends) / 2, 3) for name, ends in plateaus.items()}
    middle["article"] = _lowest_precise(
        article.probabilities(), np.array(article.right), plateaus["article"][0]
    )
    figures = {name: _figures(one) for name, one in rows.items()}
    figures |= {
        name: {"accuracy": float(np.mean(hits)), "n": float(len(hits))}
        for name, hits in exact.items()
        if hits
    }
    if casts:
        n_parties = sum(len(cast.right) for cast in casts)
        figures["cast"] = {"accuracy": measure_casting(casts), "n": float(n_parties)}
    return Chosen(
        slope=slope,
        shift=shift,
        thresholds=kept.thresholds
        if kept
        else Thresholds(**{name: middle.get(name, 0.5) for name in BETAS}),
        casting=kept.casting if kept else learn_casting(casts),
        figures=figures,
        reliability=_reliability(article),
    )


def _collect(
    example: Example,
    told: Answers,
    rows: dict[str, _Rows],
    exact: dict[str, list[bool]],
) -> None:
    def add(name: str, scores: Tensor, right: Sequence[bool]) -> None:
        rows.setdefault(name, _Rows()).add(scores, right)

    add("article", told.article, [example.is_deal])
    add("sentence", told.sentence, list(example.states))
    if not example.is_deal:
        return
    who = example.organisations
    add("party", told.party, [bool(one.deals) for one in who])
    add("deal", told.deal, [pairing.is_deal for pairing in example.pairings])
    add("roles", told.roles, [r for part in example.parts for r in part.roles])
    add("types", told.types, [t for deal in example.deals for t in deal.types])
    add("amount", told.amount, [one.deal is not None for one in example.sums])
    add("capacity", told.capacity, [o.deal is not None for o in example.quantities])
    add("payer", told.payer, [payment.pays for payment in example.payments])
    clear = [n for n, named in enumerate(example.named) if named != UNCLEAR]
    add("name", told.name[clear], [example.named[n] == NAMED for n in clear])

    def hit(name: str, scores: Tensor, right: int) -> None:
        exact.setdefault(name, []).append(int(scores.argmax()) == right)

    for n, part in enumerate(example.parts):
        said = (told.roles[n] > 0).tolist()
        exact.setdefault("all_roles", []).append(said == list(part.roles))
    for n, deal in enumerate(example.deals):
        hit("status", told.status[n], deal.status)
    for n, one in enumerate(example.sums):
        if one.deal is not None:
            hit("amount_kind", told.amount_kind[n], one.kind)


def _platt(scores: Array, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and shift by Newton's method, with Platt's softened targets."""
    n_yes, n_no = int(right.sum()), int((~right).sum())
    if not n_yes or not n_no:
        return 1.0, 0.0
    targets = np.where(right, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))
    inputs = np.stack([scores, np.ones_like(scores)], 1)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        probabilities = _logistic(inputs @ weights)
        gradient = inputs.T @ (probabilities - targets)
        spread = probabilities * (1 - probabilities)
        # A little weight keeps a perfect split from running away.
        curve = inputs.T @ (inputs * spread[:, None]) + 1e-3 * np.eye(2)
        step = np.linalg.solve(curve, gradient)
        weights = weights - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return float(max(weights[0], 0.05)), float(weights[1])


def _reliability(rows: _Rows) -> list[tuple[float, float, int]]:
    probabilities, right = rows.probabilities(), rows.labels()
    bins = np.minimum((probabilities * N_BINS).astype(int), N_BINS - 1)
    return [
        (
            round(float(probabilities[bins == n].mean()), 3),
            round(float(right[bins == n].mean()), 3),
            int((bins == n).sum()),
        )
        for n in range(N_BINS)
        if (bins == n).any()
    ]


def _figures(rows: _Rows) -> dict[str, float]:
    probabilities, right = rows.probabilities(), rows.labels()
    if not len(right):
        return {"n": 0.0}
    low, high = _plateau(probabilities, right, 1.0)
    said = probabilities >= (low + high) / 2
    return {
        "auc": area_under_curve(
            list(zip(probabilities.tolist(), right.tolist(), strict=True))
        ),
        "f1": _f_score(said, right, 1.0),
        "brier": float(((probabilities - right) ** 2).mean()),
        "n": float(len(right)),
    }


def _plateau(
    probabilities: Array, right: NDArray[np.bool_], beta: float
) -> tuple[float, float]:
    """The lowest and highest threshold of those whose F score is about the best."""
    grid = np.linspace(0.05, 0.95, 91)
    values = np.array([_f_score(probabilities >= t, right, beta) for t in grid])
    best = grid[values >= values.max() - PLATEAU]
    return round(float(best.min()), 3), round(float(best.max()), 3)


def _casts(example: Example, told: Answers) -> list[Cast]:
    """Give every deal's parties as they are read, and as they are."""
    casts = []
    for number in range(len(example.deals)):
        parts = [n for n, part in enumerate(example.parts) if part.deal == number]
        casts.append(
            Cast(
                roles=_array(told.roles[parts]),
                types=_array(told.types[number]),
                right=tuple(example.parts[n].roles for n in parts),
            )
        )
    return casts


def _array(scores: Tensor) -> NDArray[np.float32]:
    return np.asarray(scores.float().cpu().numpy(), dtype=np.float32)


def _lowest_precise(
    probabilities: Array, right: NDArray[np.bool_], otherwise: float
) -> float:
    """The lowest threshold that keeps `PRECISION`, at most *otherwise*.

    A false alert is seen and put aside, a missed deal stays unseen.
    """
    for threshold in np.linspace(0.05, 0.95, 91):
        said = probabilities >= threshold
        if said.any() and right[said].mean() >= PRECISION:
            return min(round(float(threshold), 3), otherwise)
    return otherwise


def _f_score(said: NDArray[np.bool_], right: NDArray[np.bool_], beta: float) -> float:
    """F score; *beta* below 1 favours precision (van Rijsbergen 1979)."""
    hits = float((said & right).sum())
    total = float(said.sum()) + beta**2 * float(right.sum())
    return (1 + beta**2) * hits / total if total else 1.0


def _logistic(scores: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -60, 60))))
