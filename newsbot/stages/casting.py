"""Which roles do the parties of one deal play, taken together?

In: scores of each party's roles and of the deal's types. Out: roles of each party.
A head weighs each role of each party alone, and a threshold on each gives sets of
roles that nobody plays, a buyer without a seller, an investee without an investor. Here
each party gets one whole set, by its own scores, those of the others and of the deal's
types, and how often such a set is played.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsbot.vocabulary import DEAL_TYPES, ROLES, Role

Array = NDArray[np.float32]
#: Scores beyond this say no more.
SURE = 9.0
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

    def roles(self, roles: Array, types: Array) -> list[tuple[Role, ...]]:
        """Give each party the likeliest set.

        Args:
            roles: Scores (log odds) of each party's roles, shape (n_parties, n_roles).
            types: Scores of the deal's types, shape (n_types,).
        """
        alone = clipped(roles) @ (self.sets - 0.5).T * self.trust
        best = (alone + known(roles, types) @ self.weights.T).argmax(1)
        return [
            tuple(ROLES[role] for role in np.flatnonzero(self.sets[n])) for n in best
        ]


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


def clipped(scores: Array) -> Array:
    """Keep scores within what says anything."""
    return np.asarray(np.clip(scores, -SURE, SURE), dtype=np.float32)
