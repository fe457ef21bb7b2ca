"""Case 53, the whole running system: killed at named points and at random moments."""

from __future__ import annotations

import pytest

from newsbot.adapters.db.copying import count_rows
from torture.crash import crash, crash_many
from torture.forked import Trap
from torture.ledgers import NAMES, ledger_at
from torture.newsroom import CHATS, Newsroom

#: Where a process kills itself. None may cost a thing; what may be there twice is said.
POINTS = {
    "after fetch": Trap(statement=r"INSERT.* INTO [\"\[]?pages", moment="before"),
    "after parse": Trap(statement=r"INSERT.* INTO [\"\[]?articles\b"),
    "in the transaction": Trap(
        statement=r"INSERT.* INTO [\"\[]?deals", moment="commit"
    ),
    "after commit": Trap(statement=r"INSERT.* INTO [\"\[]?deliveries", moment="after"),
    "before send": Trap(statement=r"UPDATE deliveries .*begun_at = '", moment="after"),
    "after send, before mark": Trap(
        statement=r"UPDATE deliveries SET state = 'sent'", moment="before"
    ),
    "after mark": Trap(
        statement=r"UPDATE deliveries SET state = 'sent'", moment="after"
    ),
    "in the digest": Trap(statement=r"INSERT INTO letters .*'digest'", moment="commit"),
    "after SMTP 250, before mark": Trap(statement=r"UPDATE letters SET state = 'sent'"),
}


def test_killed_at_each_named_point_nothing_is_lost(tmp_path, figure):
    """One system dies at nine points, one after the other, with news for each; what is
    there twice was sent and not marked.
    """
    with Newsroom(tmp_path, seed=1) as room:
        room.enrol(instant=True)
        for point, trap in POINTS.items():
            room.publish(2)
            while not any(story.parties for story in room.stories[-2:]):
                room.publish(1)
            room.enrol()
            room.start(trap)
            room.dies(point)
        room.finish()
        found = room.figures()
        assert room.launcher.n_orphans() == 0
    assert not found.broken
    assert (found.lost, found.digests) == (0, found.digests_due)
    # Threads send at once: a kill finds one message that is marked, and others that
    # are on their way.
    assert 1 <= found.duplicates <= found.unknown <= 3 * len(CHATS)
    assert found.mails_twice == 1
    figure("points", len(POINTS))
    figure("twice", found.duplicates + found.mails_twice)


@pytest.mark.case(53, "killed in a migration, by statement and at its commit")
def test_killed_in_a_migration_the_next_start_does_it(tmp_path):
    """`newsbot run` on the first ledger there was dies in its upgrade, twice: the ledger
    is as before, and the next start upgrades it and tells the news.
    """
    statement = r"CREATE TABLE [\"\[]?\w*subscri"
    with Newsroom(tmp_path, seed=2) as room:
        before = ledger_at(room.database, NAMES[0], 0)
        for trap in (
            Trap(statement=statement),
            Trap(statement=statement, moment="commit"),
        ):
            room.start(trap)
            room.dies(f"migration, {trap.moment}")
            with room.ledger() as raw:
                applied = raw.execute("SELECT name FROM _sqlite_migrations").fetchall()
                assert applied == [(NAMES[0],)]
                assert count_rows(raw) == before
        while not any(story.parties for story in room.stories):
            room.publish(1)
        room.finish()
        found = room.figures()
    assert (found.broken, found.delivered) == ((), found.alerts_due)
    assert found.delivered >= len(CHATS)


@pytest.mark.case(53, "the whole system, killed at random moments")
def test_killed_at_random_moments_nothing_is_lost(tmp_path, figure):
    """Two systems are killed some times each: nothing is lost, and what is there twice
    was on its way at a kill.
    """
    judge(crash_many(tmp_path, 10, seed=1, n_systems=2), 10, figure)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.case(53, "the whole system, killed at 60 random moments")
def test_killed_sixty_times_nothing_is_lost(tmp_path, figure):
    """As above, 60 kills of three systems."""
    judge(crash_many(tmp_path, 60, seed=2, n_systems=3), 60, figure)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.case(53, "the whole system with the embedded model, killed at 20 moments")
def test_killed_with_the_embedded_model_nothing_is_lost(tmp_path, figure):
    """As above, 20 kills, each life with the model that it loads anew."""
    judge([crash(tmp_path, 20, seed=3, embedded=True)], 20, figure)


def judge(reports, n_kills, figure):
    """Hold the figures of all systems against what is promised."""
    for one in reports:
        assert one.figures.broken == ()
        assert one.orphans == 0
        assert one.figures.lost == 0
        assert one.figures.duplicates <= one.figures.unknown
        assert one.figures.digests == one.figures.digests_due
    assert sum(one.kills for one in reports) == n_kills
    delivered = sum(one.figures.delivered for one in reports)
    assert delivered >= n_kills / 2
    figure("delivered", delivered)
    figure("twice", sum(one.figures.duplicates for one in reports))
    figure("mails twice", sum(one.figures.mails_twice for one in reports))
