"""Case 53, the sending part: killed at random moments, nothing is lost, and what is
there twice was counted as unknown.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers.telegram import TelegramServer

from torture.outboxes import FAST, FastClock, assert_limits_kept, post

pytestmark = pytest.mark.case(53, "kills at random moments of sending")

TESTS = Path(__file__).resolve().parents[1]
A_FEW = [*(str(1000 + n) for n in range(12)), "-1001", "@some_channel"]
#: As the burst without kills has them.
EVERYBODY = [
    *(str(1000 + n) for n in range(60)),
    *(f"-100{n}" for n in range(3)),
    "@first_channel",
    "@second_channel",
]


@contextmanager
def senders(path, server, began_at):
    """What starts processes that send, one after the other."""
    command = [sys.executable, "-m", "torture.sender", str(path), server.base_url]
    starting = subprocess.Popen(
        [*command, str(began_at)],
        cwd=TESTS,
        env={"PYTHONPATH": f"{TESTS.parent}:{TESTS}", "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    with starting:
        yield starting
        starting.stdin.close()


def killed(starting, server, n_more, seconds):
    """Start a sender and kill it; false once it has sent everything.

    It is killed in the middle of a message, after so many more have arrived, on a
    machine of any speed, and not before so many seconds.
    """
    goal = len(server.accepted) + n_more
    starting.stdin.write("start\n")
    pid = int(starting.stdout.readline())
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at or len(server.accepted) < goal:
        if select.select([starting.stdout], [], [], 0.002)[0]:
            break
    else:
        os.kill(pid, signal.SIGKILL)
    code = int(starting.stdout.readline())
    assert code in (0, -signal.SIGKILL)
    return code != 0


def kill_many(path, chats, n_messages, n_kills, *, n_between, seed):
    """Send so many messages to each chat, killed after *n_between* or fewer of them."""
    rng, clock = random.Random(seed), FastClock(speed=1)
    with TelegramServer() as server:
        server.flood = ((1, 1 / FAST), (20, 60 / FAST), (30, 1 / FAST))
        with post(path, server, clock=clock) as office:
            office.fill(chats, range(n_messages))
        n_killed = 0
        with senders(path, server, clock.began_at) as starting:
            while n_killed < n_kills:
                n_more, seconds = rng.randint(1, n_between), rng.uniform(0, 0.2)
                if not killed(starting, server, n_more, seconds):
                    break
                n_killed += 1
        with post(path, server, pace=FAST, clock=clock) as office:
            office.serve()
            deliveries = office.outbox.deliveries()
            check = office.store.connection.rows("PRAGMA integrity_check")
        assert check == [{"integrity_check": "ok"}]
        assert {one.state for one in deliveries} == {"sent"}
        arrived = Counter((m.chat, m.visible) for m in server.accepted)
        assert len(arrived) == len(chats) * n_messages  # none is lost
        for one in deliveries:
            n_times = arrived[(one.recipient, one.alert_id.removeprefix("alert-"))]
            assert 1 <= n_times <= 1 + one.n_unknown, one
        for chat in chats:
            first = list(dict.fromkeys(server.messages(chat)))
            assert first == [str(n) for n in range(n_messages)], chat
        assert_limits_kept(server)
        n_unknown = sum(one.n_unknown for one in deliveries)
        return n_killed, len(server.accepted) - len(arrived), n_unknown


def test_killed_a_few_times_nothing_is_lost(tmp_path):
    """Three kills in mid-sending: every message arrives, twice only if counted."""
    path = tmp_path / "news.db"
    assert kill_many(path, A_FEW, 8, 3, n_between=25, seed=1)[0] == 3


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_two_hundred_times_nothing_is_lost(tmp_path, figure):
    """500 alerts to 60 private chats, 3 groups and 2 channels, and 200 kills in it."""
    n_killed, n_twice, n_unknown = kill_many(
        tmp_path / "news.db", EVERYBODY, 500, 200, n_between=240, seed=2
    )
    figure("kills", n_killed)
    figure("there twice", n_twice)
    figure("unknown", n_unknown)
    assert n_killed == 200
