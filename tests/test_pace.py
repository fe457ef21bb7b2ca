"""Limits: whenever requests may begin, no window ever holds more than it allows."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torture.outboxes import busiest

from newsbot.mailing import Request, chat_of
from newsbot.pace import TELEGRAM, Limits, Pace, Window, is_group

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SMALL = Limits(
    chat=Window(most=1, span=timedelta(seconds=1)),
    group=Window(most=3, span=timedelta(seconds=20)),
    everything=Window(most=4, span=timedelta(seconds=2)),
)


def seconds(number):
    return timedelta(seconds=number)


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3", "-4", "@five"]),
            st.floats(0, 3),  # until it is answered
            st.floats(0, 1),  # when in between the other side counts it
        ),
        min_size=5,
        max_size=60,
    )
)
def test_no_window_holds_more_than_it_allows(asked):
    """However slow answers are and wherever the other side counts: within limits."""
    pace, now = Pace(SMALL), NOW
    on_the_way, counted = [], []
    for chat, takes, share in asked:
        while (ready_at := pace.ready_at(chat, now)) is None or ready_at > now:
            soonest = on_the_way[0][0] if on_the_way else None
            if ready_at is None or (soonest is not None and soonest <= ready_at):
                ended_at, of_chat = heapq.heappop(on_the_way)
                now = max(now, ended_at)
                pace.end(of_chat, now)
            else:
                now = ready_at
        pace.begin(chat)
        heapq.heappush(on_the_way, (now + seconds(takes), chat))
        # Whole microseconds: a float's last digit would move a window's end.
        at = (now + seconds(takes * share) - NOW) // timedelta(microseconds=1)
        counted.append((chat, at))
    assert busiest([at for _, at in counted], 2_000_000) <= 4
    for chat in {chat for chat, _ in counted}:
        times = [at for of_chat, at in counted if of_chat == chat]
        assert busiest(times, 1_000_000) <= 1
        if is_group(chat):
            assert busiest(times, 20_000_000) <= 3


def test_what_was_asked_before_a_restart_still_counts():
    """Requests of an earlier process are read back; a minute later they are over."""
    before = [Request(chat="-1", at=NOW + seconds(n)) for n in range(20)]
    pace = Pace(TELEGRAM, before)
    assert pace.ready_at("-1", NOW + seconds(30)) == NOW + seconds(60)
    assert pace.ready_at("1", NOW + seconds(30)) == NOW + seconds(30)
    assert pace.ready_at("-1", NOW + seconds(61)) == NOW + seconds(61)


def test_a_clock_that_is_set_back_holds_nothing_up_for_long():
    """Times in the future count as now, not as hours to wait."""
    pace = Pace(TELEGRAM, [Request(chat="1", at=NOW + seconds(7200))])
    assert pace.ready_at("1", NOW) == NOW + seconds(1)


def test_limits_scale():
    """Fifty times as fast: as many messages in a fiftieth of the time."""
    fast = TELEGRAM.scaled(50)
    assert fast.chat == Window(most=1, span=seconds(0.02))
    assert fast.group == Window(most=20, span=seconds(1.2))
    assert fast.everything == Window(most=30, span=seconds(0.02))


@pytest.mark.parametrize(
    ("recipient", "chat", "group"),
    [("42", "42", False), ("-100/7", "-100", True), ("@name", "@name", True)],
)
def test_a_thread_counts_for_its_chat(recipient, chat, group):
    """Limits hold for chats; groups and channels are those without a person's id."""
    assert chat_of(recipient) == chat
    assert is_group(chat) is group


def test_answers_go_on_within_what_a_group_and_everybody_may_have():
    """A private chat's answers follow at once; a group's, and all together, wait."""
    pace = Pace(SMALL)
    for _ in range(3):
        assert pace.take_answer("1", NOW) == NOW
        pace.end("1", NOW)
    assert pace.take("1", NOW) == NOW + seconds(1)
    assert pace.take_answer("-1", NOW) == NOW
    # Four within two seconds, and one of them not answered yet.
    assert pace.take_answer("2", NOW + seconds(1)) == NOW + seconds(2)
    pace.end("-1", NOW)
    now = NOW + seconds(3)
    for _ in range(2):
        assert pace.take_answer("-1", now) == now
        pace.end("-1", now)
    assert pace.take_answer("-1", now) == NOW + seconds(20)


def test_messages_leave_some_of_everything_to_answers():
    """However many messages wait, who asks is answered at once."""
    pace = Pace(SMALL, kept_back=1)
    chats = [chat for chat in "12345" if pace.take(chat, NOW) == NOW]
    assert chats == ["1", "2", "3"]
    assert pace.take_answer("9", NOW) == NOW
    assert pace.take_answer("9", NOW) is None
