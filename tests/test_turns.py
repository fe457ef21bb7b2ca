"""Turns: one at a time on each host, many at once, nothing lost, failures raised."""

from __future__ import annotations

import threading

import pytest

from newsbot.turns import AT_ONCE, WORKERS, Hosts, in_turns


def test_all_is_done_in_order_on_each_host():
    """Every item once; on one host in the order given."""
    items = [f"{n % 7}/{n}" for n in range(300)]
    done = []
    given = in_turns(
        items, lambda item: item[0], lambda item: done.append(item) or item, Hosts(0)
    )
    assert sorted(one for many in given for one in many) == sorted(items)
    for host in "0123456":
        mine = [item for item in done if item[0] == host]
        assert mine == [item for item in items if item[0] == host]


def test_nothing_to_do_starts_nothing():
    """No items, no thread, no result."""
    before = threading.active_count()
    assert list(in_turns([], str, str, Hosts(0))) == []
    assert threading.active_count() == before


def test_slow_hosts_are_asked_at_once():
    """Eight hosts that each wait for all the others: that takes eight workers."""
    barrier = threading.Barrier(8, timeout=20)
    given = list(in_turns(range(8), str, lambda n: barrier.wait() >= 0, Hosts(0)))
    assert sum(map(len, given)) == 8


def test_a_failure_is_raised_after_the_rest():
    """What was done is handed over first."""

    def work(n):
        if n == 3:
            raise ValueError("three")
        return n

    seen = []
    given = in_turns(range(6), str, work, Hosts(0))
    with pytest.raises(ValueError, match="three"):
        seen.extend(one for many in given for one in many)
    assert sorted(seen) == [0, 1, 2, 4, 5]


def test_two_rounds_share_their_hosts():
    """Polls and pages together keep to one request at a time."""
    hosts, at_once, lock = Hosts(0.001), [], threading.Lock()

    def work(_):
        at_once.append(lock.acquire(blocking=False))
        if at_once[-1]:
            lock.release()

    def a_round():
        list(in_turns(range(20), lambda _: "host", work, hosts))

    threads = [threading.Thread(target=a_round) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert at_once == [True] * 60


def test_a_host_keeps_its_own_distance():
    """A longer distance holds for its host alone; others keep the common one."""
    now = [0.0]
    hosts = Hosts(0.5, clock=lambda: now[0])
    hosts.slow_down("slow", 10)
    for name, wait in (("slow", 10), ("quick", 0.5)):
        assert hosts.take(name) == 0
        assert hosts.take(name) > 0
        assert hosts.give_back(name) == wait
        assert hosts.take(name) == pytest.approx(wait)
        now[0] += wait
        assert hosts.take(name) == 0


def test_who_asks_no_more_is_served_no_more():
    """An error while results are stored ends the round: nothing more is asked."""
    done = []
    given = in_turns(
        range(1_000), lambda n: n % 2, lambda n: done.append(n), Hosts(0.001)
    )
    next(given)
    given.close()
    n_done = len(done)
    threading.Event().wait(0.1)
    assert len(done) <= n_done + 2


def test_what_is_not_taken_holds_the_workers_up():
    """Storing is slower than asking: results wait in bounded number, then the workers."""
    done = []
    before = threading.active_count()
    given = in_turns(
        range(5_000), lambda n: n % 20, lambda n: done.append(n), Hosts(0.0)
    )
    taken = next(given)
    assert 0 < len(taken) <= AT_ONCE
    n_done = -1
    while n_done != len(done):  # until nobody does anything any more
        n_done = len(done)
        threading.Event().wait(0.3)
    assert len(taken) < n_done <= len(taken) + 2 * AT_ONCE + WORKERS
    n_taken = len(taken) + sum(map(len, given))
    assert n_taken == len(done) == 5_000
    assert threading.active_count() == before


def test_who_waits_to_hand_over_is_let_go():
    """A round that is given up leaves no thread behind that waits for it."""
    before = threading.active_count()
    given = in_turns(range(5_000), lambda n: n % 20, str, Hosts(0.0))
    next(given)
    threading.Event().wait(0.3)
    given.close()
    for _ in range(100):
        if threading.active_count() == before:
            break
        threading.Event().wait(0.05)
    assert threading.active_count() == before
