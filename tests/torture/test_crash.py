"""Case 53, the whole running system: killed at named points and at random moments."""

from __future__ import annotations

import pytest
from commands import newsbot
from servers.telegram import RESET, Silence

from torture.crash import crash_many
from torture.forked import Trap
from torture.ledgers import NAMES, ledger_at
from torture.newsroom import CHATS, Newsroom

#: Where a process kills itself. None may cost a thing; what may be there twice is said.
POINTS = {
    "after fetch": Trap(statement=r"INSERT.* INTO [\"\[]?pages", moment="before"),
    "after parse": Trap(statement=r"INSERT.* INTO [\"\[]?articles\b"),
    "in the transaction": Trap(statement=r"INSERT.* INTO [\"\[]?deals", moment="commit"),
    "after commit": Trap(statement=r"INSERT.* INTO [\"\[]?deliveries", moment="after"),
    "before send": Trap(statement=r"SET begun_at = ", moment="after"),
    "after send, before mark": Trap(
        statement=r"UPDATE deliveries SET state = 'sent'", moment="before"
    ),
    "after mark": Trap(statement=r"UPDATE deliveries SET state = 'sent'", moment="after"),
    "in the digest": Trap(statement=r"INSERT INTO letters .*'digest'", moment="commit"),
    "after SMTP 250, before mark": Trap(statement=r"UPDATE letters SET state = 'sent'"),
}
#: Messages, or mails, that may be there twice.
TWICE = {"after send, before mark": "duplicates", "after SMTP 250, before mark": "mails"}


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
            n_before = room.n_kills
            room.start(trap)
            room.wait_for_end(point)
            assert room.n_kills == n_before + 1, point
        room.start()
        room.until(lambda: not room.waiting())
        assert room.stop() == 0
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
