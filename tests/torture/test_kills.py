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

from torture.outboxes import FAST, FastClock, post

pytestmark = pytest.mark.case(53, "kills at random moments of sending")

TESTS = Path(__file__).resolve().parents[1]
CHATS = [*(str(1000 + n) for n in range(12)), "-1001", "@some_channel"]


@contextmanager
def senders(path, server):
    """What starts processes that send, one after the other."""
    starting = subprocess.Popen(
        [sys.executable, "-m", "torture.sender", str(path), server.base_url],
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


def killed(starting, server, rng):
    """Start a sender and kill it somewhen; false once it has sent everything."""
    n_before = len(server.accepted)
    starting.stdin.write("start\n")
    pid = int(starting.stdout.readline())
    ends_at = time.monotonic() + rng.uniform(0, 0.2)
    # Somewhere in the middle of a few messages, on a machine of any speed.
    n_more = rng.randrange(1, 40)
    while time.monotonic() < ends_at or len(server.accepted) < n_before + n_more:
        if select.select([starting.stdout], [], [], 0.001)[0]:
            break
    else:
        os.kill(pid, signal.SIGKILL)
    code = int(starting.stdout.readline())
    assert code in (0, -signal.SIGKILL)
    return code != 0


def kill_many(path, n_kills, n_messages, *, seed):
    rng = random.Random(seed)
    with TelegramServer() as server:
        with post(path, server, clock=FastClock(speed=1)) as office:
            office.fill(CHATS, range(n_messages))
        n_killed = 0
        with senders(path, server) as starting:
            while n_killed < n_kills and killed(starting, server, rng):
                n_killed += 1
        with post(path, server, pace=FAST, clock=FastClock(speed=1)) as office:
            office.serve()
            deliveries = office.outbox.deliveries()
            check = office.store.connection.rows("PRAGMA integrity_check")
        assert check == [{"integrity_check": "ok"}]
        assert {one.state for one in deliveries} == {"sent"}
        arrived = Counter((m.chat, m.visible) for m in server.accepted)
        assert len(arrived) == len(CHATS) * n_messages  # none is lost
        for one in deliveries:
            n_times = arrived[(one.recipient, one.alert_id.removeprefix("alert-"))]
            assert 1 <= n_times <= 1 + one.n_unknown, one
        for chat in CHATS:
            first = list(dict.fromkeys(server.messages(chat)))
            assert first == [str(n) for n in range(n_messages)], chat
        n_unknown = sum(one.n_unknown for one in deliveries)
        return n_killed, len(server.accepted) - len(arrived), n_unknown


def test_killed_a_few_times_nothing_is_lost(tmp_path):
    """Three kills in mid-sending: every message arrives, twice only if counted."""
    assert kill_many(tmp_path / "news.db", 3, 8, seed=1)[0] == 3


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_two_hundred_times_nothing_is_lost(tmp_path, figure):
    """200 kills of a real process at random moments, as above."""
    n_killed, n_twice, n_unknown = kill_many(tmp_path / "news.db", 200, 500, seed=2)
    figure("kills", n_killed)
    figure("there twice", n_twice)
    figure("unknown", n_unknown)
    assert n_killed == 200
