"""Nobody is woken: quiet hours hold when a message goes out, not only when written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from db_nouns import alert
from servers import telegram as api
from talking_bot import MANAGER, READER, rig

from newsbot.mailing import line_for
from newsbot.stages.subscriptions import is_silent

EVENING = datetime(2026, 3, 2, 21, 50, tzinfo=UTC)


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        made.admit(READER)
        made.tell(1)
        made.clock.now = EVENING
        made.ask(READER, "/sub")
        made.ask(READER, "/quiet 22-07")
        made.server.accepted.clear()
        yield made


def write(bot, name, to=READER):
    told = alert(name, deal_id="d0", plain=name, html=name, created_at=bot.clock())
    bot.store.outbox.put(told, [("telegram", str(to))], bot.clock())


def sent(bot, to=READER):
    bot.send()
    return bot.server.messages(str(to))


def test_what_could_not_be_sent_before_the_night_waits_for_its_end(bot):
    """Written at 21:50, the service is down until 23:00: it rings at 07:00, once."""
    write(bot, "one")
    write(bot, "other", to=MANAGER)
    bot.clock.forward(minutes=70)
    assert sent(bot) == []
    assert sent(bot, MANAGER) == ["other"]
    (waits,) = [one for one in bot.store.outbox.deliveries() if one.state == "pending"]
    assert (waits.error, waits.n_attempts) == (None, 0)
    assert waits.due_at == datetime(2026, 3, 3, 7, tzinfo=UTC)
    bot.clock.now = datetime(2026, 3, 3, 6, 59, tzinfo=UTC)
    assert sent(bot) == []
    bot.clock.forward(minutes=2)
    assert sent(bot) == ["one"]
    assert sent(bot) == ["one"]


def test_a_try_that_failed_is_not_made_again_in_the_night(bot):
    """The order is kept as well: what was written later comes later."""
    bot.server.script(str(READER), *[api.BAD_GATEWAY] * 2)
    write(bot, "one")
    write(bot, "two")
    for _ in range(12):
        bot.send()
        bot.clock.forward(minutes=7)
    assert bot.server.messages(str(READER)) == []
    bot.clock.now = datetime(2026, 3, 3, 7, 1, tzinfo=UTC)
    assert sent(bot) == ["one", "two"]


def test_other_quiet_hours_hold_at_once_for_what_waits(bot):
    """Turned off, what waits comes now; moved, it comes at their new end."""
    bot.clock.now = datetime(2026, 3, 2, 23, tzinfo=UTC)
    for name in ("one", "two"):
        write(bot, name)
        assert sent(bot) == []
        bot.clock.forward(minutes=1)
    bot.ask(READER, "/quiet 22-06")
    bot.server.accepted.clear()
    assert sent(bot) == []
    due = {one.due_at for one in bot.store.outbox.deliveries()}
    assert due == {datetime(2026, 3, 3, 6, tzinfo=UTC)}
    bot.ask(READER, "/quiet off")
    bot.server.accepted.clear()
    assert sent(bot) == ["one", "two"]


def test_another_time_zone_moves_the_quiet_hours(bot):
    """At 23:00 UTC it is 08:00 in Tokyo: what waits arrives."""
    bot.clock.now = datetime(2026, 3, 2, 23, tzinfo=UTC)
    write(bot, "one")
    assert sent(bot) == []
    assert "Asia/Tokyo" in bot.ask(READER, "/timezone tokyo")[0]
    bot.server.accepted.clear()
    assert sent(bot) == ["one"]


def test_a_broadcast_that_was_late_does_not_ring_and_a_manager_s_line_does(bot):
    """Written by day, sent by night: lines of trouble alone wait for nothing."""
    bot.ask(MANAGER, "/broadcast hello")
    traffic = bot.store.outbox.traffic
    traffic.notify(line_for("telegram", str(READER), "a feed", EVENING), EVENING)
    bot.clock.forward(minutes=70)
    assert sent(bot) == ["a feed"]
    bot.clock.now = datetime(2026, 3, 3, 7, 0, 1, tzinfo=UTC)
    assert sent(bot) == ["a feed", "hello"]


def test_a_mute_ends_and_a_pause_does_not(bot):
    """Edges: silent to the last second, heard at the first one after."""
    one = bot.sub(READER)
    until = EVENING + timedelta(hours=8)
    bot.store.subscriptions.put(replace(one, muted_until=until, quiet=None))
    there = bot.sub(READER)
    assert is_silent(there, until - timedelta(microseconds=1))
    assert not is_silent(there, until)
    paused = replace(there, paused=True, muted_until=None)
    assert is_silent(paused, until + timedelta(days=400))
    bot.store.subscriptions.put(replace(paused, quiet=(time(22), time(7))))
    bot.ask(READER, "/resume")
    assert not is_silent(bot.sub(READER), EVENING)
