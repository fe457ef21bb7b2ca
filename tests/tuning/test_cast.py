"""Which sets of roles are played is learned from deals that were left out."""

import numpy as np
import pytest

from newsbot.tuning.cast import LEAST, Cast, learn_casting, measure_casting
from newsbot.vocabulary import DEAL_TYPES, ROLES

TYPES = np.zeros(len(DEAL_TYPES), dtype=np.float32)


def plays(*roles: str) -> tuple[bool, ...]:
    return tuple(role in roles for role in ROLES)


def seen(*roles: str, doubt: float = 0.0) -> list[float]:
    """Scores of a head that is right but for a doubt about each role."""
    return [2.0 - doubt if role in roles else doubt - 2.0 for role in ROLES]


def deal(*parties: tuple[list[float], tuple[bool, ...]]) -> Cast:
    return Cast(
        roles=np.array([told for told, _ in parties], dtype=np.float32),
        types=TYPES,
        right=tuple(right for _, right in parties),
    )


@pytest.fixture
def circular() -> list[Cast]:
    """The heads never see that who sells to its investee has invested, too."""
    plain = deal(
        (seen("provider"), plays("provider")), (seen("customer"), plays("customer"))
    )
    money = deal(
        (seen("provider"), plays("investor", "provider")),
        (seen("customer", "investee"), plays("customer", "investee")),
    )
    return [plain, money] * 20


def test_what_the_heads_never_see_is_learned_from_the_others(circular):
    """The same scores are an investor beside an investee, and none beside a customer."""
    casting = learn_casting(circular)
    plain, money = circular[:2]
    assert casting.roles(plain.roles, TYPES) == [("provider",), ("customer",)]
    assert {*casting.roles(money.roles, TYPES)[0]} == {"investor", "provider"}
    assert measure_casting(circular) == 1.0


def test_learning_is_the_same_each_time(circular):
    """The same deals give the same casting, bit for bit."""
    one, other = learn_casting(circular), learn_casting(circular)
    for part in ("sets", "weights", "trust"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_a_rare_set_is_not_said(circular):
    """What was played less than `LEAST` times may be a slip; a role alone may be said."""
    odd = deal(
        (seen("model_provider", "partner"), plays("model_provider", "partner")),
        (seen("customer"), plays("customer")),
    )

    def sets(n_odd):
        told = learn_casting([*circular, *[odd] * n_odd]).sets.astype(bool)
        return {tuple(one.tolist()) for one in told}

    assert odd.right[0] not in sets(LEAST - 1)
    assert odd.right[0] in sets(LEAST)
    assert {plays(role) for role in ROLES} <= sets(0)


def test_of_nothing_each_party_plays_its_likeliest_role():
    """Without a deal to learn from the heads are trusted."""
    casting = learn_casting([])
    told = deal(
        (seen("provider", "investor"), plays("provider")), (seen("partner"), ())
    )
    said = casting.roles(told.roles, TYPES)
    assert [len(roles) for roles in said] == [1, 1]
    assert said[1] == ("partner",)
    assert measure_casting([]) == 0.0


def test_roles_without_a_party_that_is_labelled_teach_nothing(circular):
    """A party that labels do not know has no roles, and is no set of its own."""
    stranger = deal((seen("customer"), plays()), (seen("provider"), plays("provider")))
    casting = learn_casting([*circular, *[stranger] * 10])
    assert casting.sets.any(1).all()
