"""Case 76: days of the whole system in minutes, with everything that goes wrong in them."""

from __future__ import annotations

import pytest

from torture.soak import Plan, soak

#: Of the memory at the end of the warm-up, what may be added after it.
MOST_GROWN = 0.05
#: Files that may be open more at the end: connections that are under way.
MORE_FILES = 4.0


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.case(76, "soak: feeds, 5 % hostile, kills, floods, two clock changes")
def test_a_short_soak_loses_nothing(tmp_path, figure):
    """40 feeds at 240 times the speed over both nights in which Berlin's clocks change."""
    plan = Plan(
        seconds=36, speed=240, n_feeds=40, kill_every=8, story_every=1.5, seed=1
    )
    done = judged(soak(tmp_path, plan), figure)
    assert done.polls > 40
    assert done.figures.alerts_due > 20


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.case(
    76, "soak: 500 feeds, 5 % hostile, five minutes at 100 times the speed"
)
def test_a_soak_loses_nothing_and_holds_no_more(tmp_path, figure):
    """As above, 500 feeds; memory and open files are flat in the last two minutes."""
    done = judged(soak(tmp_path, Plan(seconds=300, seed=2)), figure)
    assert done.kills >= 1
    assert done.drift.grown < MOST_GROWN * done.drift.memory
    assert done.drift.files_grown < MORE_FILES


def judged(done, figure):
    """Hold what came of a soak against what is promised."""
    assert done.broken == ()
    assert done.orphans == 0
    assert done.figures.lost == 0
    assert done.figures.duplicates <= done.figures.unknown
    figure("polls", done.polls)
    figure("kills", done.kills)
    figure("delivered", done.figures.delivered)
    figure("memory", done.drift.memory, "MiB")
    figure("grown", done.drift.grown, "MiB")
    return done
