"""Learns which sets of roles the parties of a deal play, from articles left out.

In: what the heads say of deals that they did not learn from, and the right roles.
Out: a casting (`stages/casting.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from newsbot.stages.casting import N_KNOWN, Casting, clipped, known
from newsbot.vocabulary import ROLES

#: How often a set has to be played to be one that may be said. A role alone always may.
LEAST = 3
#: Weight of the squared weights beside the parties' summed loss. On 914 parties left
#: out, in eight parts by article, 64 and 65 of 100 were right from 3 to 6, 63 at 1.
PENALTY = 5.0
#: Steps of the search at most.
STEPS = 200
#: Parts of the deals that each are cast by what the others teach, to measure it.
FOLDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One deal as the heads see it, and as it is."""

    #: Scores of the parties' roles, shape (n_parties, n_roles).
    roles: NDArray[np.float32]
    #: Scores of the deal's types, shape (n_types,).
    types: NDArray[np.float32]
    #: Per party, one per `ROLES`.
    right: tuple[tuple[bool, ...], ...]


def learn_casting(deals: Sequence[Cast]) -> Casting:
    """Learn a casting.

    Args:
        deals: Of articles that the heads did not learn from. Where there are few, a
            party plays one role, the one that the heads find likeliest.
    """
    played = Counter(roles for deal in deals for roles in deal.right if any(roles))
    alone = [tuple(n == m for m in range(len(ROLES))) for n in range(len(ROLES))]
    often = [roles for roles, count in played.most_common() if count >= LEAST]
    sets = list(dict.fromkeys([*alone, *often]))
    number = {roles: n for n, roles in enumerate(sets)}
    own, about, right = [], [], []
    for deal in deals:
        told = known(deal.roles, deal.types)
        for n, roles in enumerate(deal.right):
            if roles in number:
                own.append(clipped(deal.roles)[n])
                about.append(told[n])
                right.append(number[roles])
    weights, trust = _search(
        np.array(sets, dtype=np.float64),
        np.array(own, dtype=np.float64).reshape(-1, len(ROLES)),
        np.array(about, dtype=np.float64).reshape(-1, N_KNOWN),
        right,
    )
    return Casting(
        sets=np.array(sets, dtype=np.float32),
        weights=weights.astype(np.float32),
        trust=np.array([trust], dtype=np.float32),
    )


def measure_casting(deals: Sequence[Cast]) -> float:
    """Share of parties that get exactly their roles from what other deals teach."""
    right: list[bool] = []
    for fold in range(FOLDS):
        casting = learn_casting([d for n, d in enumerate(deals) if n % FOLDS != fold])
        for deal in deals[fold::FOLDS]:
            told = casting.roles(deal.roles, deal.types)
            right += [
                {*said} == {r for r, plays in zip(ROLES, roles, strict=True) if plays}
                for said, roles in zip(told, deal.right, strict=True)
            ]
    return float(np.mean(right)) if right else 0.0


def _search(
    sets: NDArray[np.float64],
    own: NDArray[np.float64],
    about: NDArray[np.float64],
    right: Sequence[int],
) -> tuple[NDArray[np.float64], float]:
    """Multinomial logistic regression beside the heads' own scores."""
    alone = torch.from_numpy(own @ (sets - 0.5).T)
    inputs, targets = torch.from_numpy(about), torch.tensor(right, dtype=torch.long)
    weights = torch.zeros(len(sets), N_KNOWN, dtype=torch.float64, requires_grad=True)
    trust = torch.ones(1, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [weights, trust], max_iter=STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        search.zero_grad()
        scores = alone * trust + inputs @ weights.T
        wrong = functional.cross_entropy(scores, targets, reduction="sum")
        total = wrong + PENALTY * ((weights**2).sum() + (trust - 1) ** 2).sum()
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return float(total.detach())

    search.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().numpy(), float(trust.detach())
