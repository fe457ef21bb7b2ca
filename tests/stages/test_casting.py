"""Roles of a deal's parties, chosen together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from newsbot.stages.casting import N_KNOWN, SURE, Casting, known
from newsbot.vocabulary import DEAL_TYPES, ROLES

N, PAIR = len(ROLES), [0, 2]  # investor and provider
TYPES = np.zeros(len(DEAL_TYPES), dtype=np.float32)
#: Where the others' scores and the types' stand among what is known of a party.
OTHERS, KINDS = slice(2 * N, 3 * N), slice(3 * N, 3 * N + len(DEAL_TYPES))


def casting(**weights: dict[int, float]) -> Casting:
    """Each role alone, and investor with provider; weights of that set by place."""
    sets = np.concatenate([np.eye(N), np.zeros((1, N))]).astype(np.float32)
    sets[-1, PAIR] = 1
    table = np.zeros((N + 1, N_KNOWN), dtype=np.float32)
    for place, weight in weights.get("both", {}).items():
        table[-1, place] = weight
    return Casting(sets=sets, weights=table, trust=np.ones(1, dtype=np.float32))


def scores(**told: float):
    """Scores of one party's roles; others are unlikely."""
    return [told.get(role, -3.0) for role in ROLES]


def cast(one: Casting, *parties, types=TYPES):
    return one.roles(np.array(parties, dtype=np.float32), types)


def test_without_weights_the_likeliest_set_is_the_heads_own():
    """What the heads find likelier than not is played, alone or with another role."""
    said = cast(
        casting(),
        scores(customer=2.0),
        scores(provider=1.0, investor=0.5),
        scores(provider=1.0, investor=-0.5),
    )
    assert said == [("customer",), ("investor", "provider"), ("provider",)]


def test_a_set_that_nobody_plays_is_never_said():
    """Two likely roles that are in no set together give one of them."""
    (said, _) = cast(casting(), scores(customer=2.0, provider=1.9), scores())
    assert said == ("customer",)


def test_what_the_others_play_decides():
    """A provider that may have invested did so where somebody received it."""
    place = OTHERS.start + ROLES.index("investee")
    weighed = casting(both={place: 1.0})
    maybe = scores(provider=1.0, investor=-0.4)
    alone = cast(weighed, maybe, scores(customer=2.0))
    beside = cast(weighed, maybe, scores(customer=2.0, investee=3.0))
    assert alone[0] == ("provider",)
    assert beside[0] == ("investor", "provider")


def test_what_kind_of_deal_it_is_decides():
    """The same with the type: an investment has an investor."""
    weighed = casting(both={KINDS.start + DEAL_TYPES.index("investment"): 1.0})
    maybe, buyer = scores(provider=1.0, investor=-0.4), scores(customer=2.0)
    types = TYPES.copy()
    assert cast(weighed, maybe, buyer, types=types)[0] == ("provider",)
    types[DEAL_TYPES.index("investment")] = 4.0
    assert cast(weighed, maybe, buyer, types=types)[0] == ("investor", "provider")


def test_one_party_alone_has_no_others():
    """Nobody stands beside it: what is known is finite, and a role is given."""
    roles = np.array([scores(partner=1.0)], dtype=np.float32)
    assert known(roles, TYPES).shape == (1, N_KNOWN)
    assert casting().roles(roles, TYPES) == [("partner",)]


@given(
    arrays(np.float32, (3, N), elements=st.floats(-1e6, 1e6, width=32)),
    st.permutations(range(3)),
)
def test_the_order_of_parties_is_nothing(roles, order):
    """Parties in another order have the same roles, of any scores; each has some."""
    weighed = casting(both={OTHERS.start: 0.3, 2: -0.2})
    said = weighed.roles(roles, TYPES)
    assert weighed.roles(roles[order], TYPES) == [said[n] for n in order]
    assert all(said)


@pytest.mark.parametrize("score", [1e30, np.float32(SURE) + 1])
def test_beyond_sure_a_score_says_no_more(score):
    """One wild score does not drown what the others say."""
    wild = np.array([scores(provider=score), scores()], dtype=np.float32)
    tame = np.array([scores(provider=SURE), scores()], dtype=np.float32)
    np.testing.assert_array_equal(known(wild, TYPES), known(tame, TYPES))
