"""Which roles do the parties of one deal play, taken together?

In: scores of each party's roles and of the deal's types, and what the model saw of
all of them. Out: roles of each party.
A head weighs each role of each party alone, and a threshold on each gives sets of
roles that nobody plays, a buyer without a seller, an investee without an investor. Here
each party gets one whole set, by its own scores, those of the others and of the deal's
types, and how often such a set is played. The model's states are read once more, too,
through a layer of units: a head reads one party's alone, and as a plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsbot.vocabulary import DEAL_TYPES, ROLES, Role

Array = NDArray[np.float32]
#: Scores beyond this say no more.
SURE = 9.0
#: A role below this score is not played, whatever speaks for a set with it: of 4,071 of
#: the scores of parts 26 and 27 that are lower 16 are of roles that are.
RULED_OUT = -6.0
#: Taken off a set's score for each role that is ruled out.
NEVER = 1e3
#: What stands for the other parties' best score where there is no other.
NOBODY = -5.0
#: Numbers that are known of each party, see `known`.
N_KNOWN = 3 * len(ROLES) + len(DEAL_TYPES) + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """Weighs whole sets of roles, one per party."""

    #: Which roles are in each set, 0 or 1, shape (n_sets, n_roles); none is empty.
    sets: Array
    #: Shape (n_sets, N_KNOWN).
    weights: Array
    #: What the party's own scores count as they are, shape (1,).
    trust: Array
    #: One layer of rectified units over `seen`: shape (n_units, n_seen), (n_units,) and
    #: (n_sets, n_units). An adapter of before has no units.
    inner: Array
    inner_bias: Array
    outer: Array

    def roles(self, roles: Array, types: Array, saw: Array) -> list[tuple[Role, ...]]:
        """Give each party the likeliest set.

        Args:
            roles: Scores (log odds) of each party's roles, shape (n_parties, n_roles).
            types: Scores of the deal's types, shape (n_types,).
            saw: What the model saw of the parties, see `seen`.
        """
        scores = clipped(roles) @ (self.sets - 0.5).T * self.trust
        scores += known(roles, types) @ self.weights.T
        if len(self.inner):
            units = np.maximum(saw @ self.inner.T + self.inner_bias, 0)
            scores += units @ self.outer.T
        scores -= NEVER * ((roles < RULED_OUT) @ self.sets.T)
        best = scores.argmax(1)
        return [
            tuple(ROLES[role] for role in np.flatnonzero(self.sets[n])) for n in best
        ]


def no_units(n_sets: int) -> dict[str, Array]:
    """The units of a casting that has none, by the names of its fields."""
    return {
        "inner": np.zeros((0, 0), np.float32),
        "inner_bias": np.zeros(0, np.float32),
        "outer": np.zeros((n_sets, 0), np.float32),
    }


def known(roles: Array, types: Array) -> Array:
    """What a party's set of roles is chosen by, shape (n_parties, N_KNOWN).

    Args:
        roles: Scores of each party's roles, shape (n_parties, n_roles).
        types: Scores of the deal's types, shape (n_types,).
    """
    own, n_parties = clipped(roles), len(roles)
    others = np.full_like(own, NOBODY)
    for n in range(n_parties):
        if n_parties > 1:
            others[n] = np.delete(own, n, axis=0).max(0)
    kinds = np.tile(clipped(types), (n_parties, 1))
    size = np.tile(np.array([n_parties - 2, 1], dtype=np.float32), (n_parties, 1))
    # All in numbers of about the same size, that one penalty may hold for all weights.
    return np.concatenate([own, np.tanh(own / 2), others / 2, kinds / 2, size], axis=1)


def seen(parties: Array, deal: Array) -> Array:
    """What the model saw of each party, of the others and of their deal.

    Args:
        parties: States behind the questions about their roles, (n_parties, n_state).
        deal: That behind the question about the deal, shape (n_state,).

    Returns:
        Shape (n_parties, 3 * n_state): its own, the mean of the others, the deal's.
    """
    others = (parties.sum(0) - parties) / max(len(parties) - 1, 1)
    of_all = np.tile(deal, (len(parties), 1))
    return np.asarray(np.concatenate([parties, others, of_all], axis=1), np.float32)


def clipped(scores: Array) -> Array:
    """Keep scores within what says anything."""
    return np.asarray(np.clip(scores, -SURE, SURE), dtype=np.float32)
