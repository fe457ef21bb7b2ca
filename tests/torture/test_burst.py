"""Case 47: a burst to many chats keeps every limit, also across a restart."""

from __future__ import annotations

import pytest
from servers.telegram import TelegramServer

from torture.outboxes import FAST, FastClock, assert_limits_kept, post

pytestmark = pytest.mark.case(47, "a burst to private chats, groups and channels")

PRIVATE = [str(1000 + n) for n in range(60)]
GROUPS = [f"-100{n}" for n in range(3)]
CHANNELS = ["@first_channel", "@second_channel"]


def burst(path, n_private, n_groups, *, n_serves):
    with TelegramServer() as server:
        server.flood = ((1, 1 / FAST), (20, 60 / FAST), (30, 1 / FAST))
        clock = FastClock(speed=1)
        for serve in range(n_serves):
            with post(path, server, pace=FAST, clock=clock) as office:
                if serve == 0:
                    office.fill(PRIVATE, range(n_private))
                    office.fill(GROUPS + CHANNELS, range(n_groups))
                if serve < n_serves - 1:
                    goal = len(server.accepted) + 100
                    office.courier.serve(lambda: len(server.accepted) >= goal)  # noqa: B023
                else:
                    office.courier.serve()
                    deliveries = office.outbox.deliveries()
        assert [one for one in deliveries if one.state != "sent"] == []
        assert_limits_kept(server)
        for chats, n in ((PRIVATE, n_private), (GROUPS + CHANNELS, n_groups)):
            for chat in chats:
                assert server.messages(chat) == [str(one) for one in range(n)], chat


def test_a_burst_keeps_the_limits_also_across_restarts(tmp_path):
    """65 chats, three runs one after the other: each message once, in order."""
    burst(tmp_path / "news.db", 4, 25, n_serves=3)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_five_hundred_alerts_to_everybody(tmp_path):
    """The whole burst: 500 alerts to 60 private chats, 3 groups and 2 channels."""
    burst(tmp_path / "news.db", 500, 500, n_serves=5)
