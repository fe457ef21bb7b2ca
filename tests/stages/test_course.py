"""The states that a deal came to, told by papers in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from newsbot.stages.course import course

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def steps(*told):
    return [
        (one.status, (one.since - DAY).days, one.source)
        for one in course(
            (DAY + timedelta(days=n), status, name) for n, status, name in told
        )
    ]


def test_from_talks_to_the_end():
    """Each state once, with the day and the paper that told it first."""
    told = (
        (0, "talks", "a"),
        (1, "talks", "b"),
        (40, "announced", "c"),
        (41, "talks", "late"),
        (42, "announced", "d"),
        (300, "expanded", "e"),
        (900, "ended", "f"),
        (901, "announced", "late"),
    )
    expected = [
        ("talks", 0, "a"),
        ("announced", 40, "c"),
        ("expanded", 300, "e"),
        ("ended", 900, "f"),
    ]
    assert steps(*told) == expected
    assert steps(*reversed(told)) == expected


def test_a_second_extension_is_a_step_and_its_retelling_is_none():
    """Papers retell an extension for weeks; months later it is another one."""
    told = [(0, "announced", "a")]
    told += [(n, "expanded", f"e{n}") for n in (60, 61, 100, 200, 230)]
    assert [step[1] for step in steps(*told)] == [0, 60, 200]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_talks_and_signing_of_one_moment_are_told_in_their_order(order):
    """Two papers of one minute: first what comes first."""
    told = [(0, "announced", "a"), (0, "talks", "b"), (0, "talks", "c")]
    assert [step[0] for step in steps(*(told[n] for n in order))] == [
        "talks",
        "announced",
    ]


def test_no_papers_no_steps():
    """A deal whose articles are gone has no course."""
    assert course(()) == ()
