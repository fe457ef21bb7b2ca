"""Learns which sets of roles the parties of a deal play, from articles left out.

In: what the heads say of deals that they did not learn from, and the right roles.
Out: a casting (`stages/casting.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from newsbot.stages.casting import N_KNOWN, Casting, clipped, known, no_units
from newsbot.vocabulary import ROLES

#: How often a set has to be played to be one that may be said. A role alone always may.
LEAST = 3
#: Weight of the squared weights beside the parties' summed loss. On 914 parties left
#: out, in eight parts by article, 64 and 65 of 100 were right from 3 to 6, 63 at 1.
PENALTY = 5.0
#: Steps of the search at most.
STEPS = 200
#: Parties from which on the units are learned, that read what the model saw.
ENOUGH = 3_000
#: Units, passes over all parties, parties of a step, rate, decay of the weights, the
#: share of inputs and units that is hidden, and what right answers share with others.
#: Learned from 4,146 parties of parts 21 to 25 these give 1,066 of parts 26 and 27
#: their roles for .881 (.872 without units), and each of parts 23 to 25, learned from
#: the other six, .7 to 2.6 in a hundred more. From 2,000 parties they gain nothing.
#: Units that read the scores, too, do as well and are led astray by odd ones; 128
#: units, 8 passes or a decay of 1 do as well.
UNITS, PASSES, BATCH, RATE = 256, 12, 64, 1e-3
DECAY, HIDDEN, SMOOTHING = 0.3, 0.5, 0.05
#: Parts of the deals that each are cast by what the others teach, to measure it.
FOLDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One deal as the heads see it, and as it is."""

    #: Scores of the parties' roles, shape (n_parties, n_roles).
    roles: NDArray[np.float32]
    #: Scores of the deal's types, shape (n_types,).
    types: NDArray[np.float32]
    #: What the model saw of the parties, as `stages.casting.seen` gives it.
    seen: NDArray[np.float32]
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
    own, about, saw, right = [], [], [], []
    for deal in deals:
        told = known(deal.roles, deal.types)
        for n, roles in enumerate(deal.right):
            if roles in number:
                own.append(clipped(deal.roles)[n])
                about.append(told[n])
                saw.append(deal.seen[n])
                right.append(number[roles])
    scores = np.array(own, dtype=np.float64).reshape(-1, len(ROLES))
    inputs = np.array(about, dtype=np.float64).reshape(-1, N_KNOWN)
    table = np.array(sets, dtype=np.float64)
    weights, trust = _search(table, scores, inputs, right)
    casting = Casting(
        sets=table.astype(np.float32),
        weights=weights.astype(np.float32),
        trust=np.array([trust], dtype=np.float32),
        **no_units(len(sets)),
    )
    if len(right) < ENOUGH:
        return casting
    said = scores @ (table - 0.5).T * trust + inputs @ weights.T
    return _with_units(casting, said.astype(np.float32), np.array(saw), right)


def _with_units(
    casting: Casting,
    said: NDArray[np.float32],
    saw: NDArray[np.float32],
    right: Sequence[int],
) -> Casting:
    """Learn what the units add to the scores of sets.

    Args:
        casting: Without units.
        said: What it says of each party, shape (n_parties, n_sets).
        saw: What the model saw of each, shape (n_parties, n_seen).
        right: Number of each party's set.
    """
    mean, spread = saw.mean(0), saw.std(0) + 1e-4
    scaled = torch.from_numpy((saw - mean) / spread)
    before, targets = torch.from_numpy(said), torch.tensor(right)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        inner = nn.Linear(saw.shape[1], UNITS)
        outer = nn.Linear(UNITS, len(casting.sets))
        nn.init.zeros_(outer.weight)
        nn.init.zeros_(outer.bias)
        layers = nn.Sequential(
            nn.Dropout(HIDDEN), inner, nn.ReLU(), nn.Dropout(HIDDEN), outer
        )
        _learn(layers, scaled, before, targets)
    # In the states' own measure, and as it is kept: what is saved is what was measured.
    read = (inner.weight.detach().numpy() / spread).astype(np.float16)
    kept = read.astype(np.float32)
    weights = casting.weights.copy()
    weights[:, -1] += outer.bias.detach().numpy()  # the last that is known is 1
    return replace(
        casting,
        weights=weights,
        inner=kept,
        inner_bias=inner.bias.detach().numpy() - kept @ mean,
        outer=outer.weight.detach().numpy(),
    )


def _learn(network: nn.Module, inputs: Tensor, before: Tensor, right: Tensor) -> None:
    steps = PASSES * -(-len(inputs) // BATCH)
    search = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    rates = torch.optim.lr_scheduler.OneCycleLR(search, RATE, total_steps=steps)
    for _ in range(PASSES):
        order = torch.randperm(len(inputs))
        for first in range(0, len(inputs), BATCH):
            batch = order[first : first + BATCH]
            search.zero_grad()
            scores = network(inputs[batch]) + before[batch]
            loss = functional.cross_entropy(
                scores, right[batch], label_smoothing=SMOOTHING
            )
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            search.step()
            rates.step()


def measure_casting(deals: Sequence[Cast], more: Sequence[Cast] = ()) -> float:
    """Share of parties that get exactly their roles from what other deals teach.

    Args:
        deals: Measured on, in parts; the others of them teach.
        more: Teach each time.
    """
    right: list[bool] = []
    for fold in range(FOLDS):
        others = [deal for n, deal in enumerate(deals) if n % FOLDS != fold]
        casting = learn_casting([*others, *more])
        for deal in deals[fold::FOLDS]:
            told = casting.roles(deal.roles, deal.types, deal.seen)
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
