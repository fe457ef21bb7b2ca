"""Answers of the bot that Telegram does not take: none is lost, nobody is pressed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from db_nouns import alert
from servers import telegram as api
from servers.telegram_bot import group
from talking_bot import READER, STRANGER, rig

from newsbot.adapters.db import cells
from newsbot.talking import Asked, Reply

OTHER = "43"
OLD, NEW = -4001, -1001111111111


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        made.admit(READER)
        made.tell(2)
        yield made


def resting(bot):
    return bot.store.outbox.traffic.rests("telegram", bot.clock())


def waiting(bot):
    return bot.rows("SELECT recipient, n_attempts FROM replies ORDER BY number")


def later(bot):
    """A second on: how long an answer rests is noted after the rest itself is."""
    bot.clock.forward(seconds=1)
    return True


def test_after_a_429_nothing_is_sent_by_anybody_until_it_is_over(bot):
    """An answer's 429 holds up messages as well, a message's holds up answers."""
    bot.server.script(str(READER), api.too_many_requests(30))
    bot.server.say(READER, "/deals")
    bot.server.until(lambda: bot.store.outbox.traffic.pauses(bot.clock()))
    told = alert("one", deal_id="d1", created_at=bot.clock())
    bot.store.outbox.put(told, [("telegram", OTHER)], bot.clock())
    bot.server.say(READER, "/help")
    bot.server.say(STRANGER, "/start")
    bot.server.settled()
    # How long the first answer rests is noted after the rest itself is.
    begun = cells.at_text(bot.clock())
    bot.server.until(lambda: bot.rows("SELECT 1 FROM replies WHERE due_at > ?", begun))
    n_before = sum(method == "sendMessage" for method, _ in bot.server.calls)
    assert bot.send() == 0
    bot.clock.forward(seconds=29)
    assert bot.send() == 0
    assert n_before == sum(method == "sendMessage" for method, _ in bot.server.calls)
    assert [row["n_attempts"] for row in waiting(bot)] == [0, 0]
    bot.clock.forward(seconds=2)
    bot.quiet()
    assert bot.send() == 1
    first, second = bot.server.messages(str(READER))
    assert first.startswith("Deals (2)")
    assert "/quiet" in second


def test_an_answer_outlives_any_number_of_429(bot):
    """To be told to wait is no try: after more than all tries it is still said."""
    bot.server.script(str(READER), *[api.too_many_requests(5)] * 10)
    bot.server.say(READER, "/deals")
    bot.server.settled()
    bot.server.until(lambda: resting(bot))
    bot.server.until(lambda: later(bot) and bot.server.messages(str(READER)))
    (answer,) = bot.server.messages(str(READER))
    assert answer.startswith("Deals (2)")


def test_a_chat_that_hangs_keeps_nobody_else_waiting(tmp_path):
    """Its answer is on its way for seconds; who asks meanwhile is answered at once."""
    with rig(tmp_path) as bot:
        bot.admit(READER, int(OTHER))
        bot.server.standing[str(READER)] = api.Silence(reset=False, accept=False)
        bot.server.say(READER, "/help")
        bot.server.settled()
        bot.server.until(
            lambda: any(p.get("chat_id") == str(READER) for _, p in bot.server.calls)
        )
        for n in range(3):
            bot.server.say(int(OTHER), "/help")
            bot.server.until(lambda n=n: len(bot.server.messages(OTHER)) == n + 1)
        bot.server.until(lambda: len(waiting(bot)) == 1)  # what was taken is noted
        assert [row["n_attempts"] for row in waiting(bot)] == [0]  # it still hangs
        bot.server.release()


def test_an_answer_waits_for_a_token_that_is_taken_again(bot):
    """401 for as long as it takes loses no answer."""
    good, bot.server.token = bot.server.token, "1:somebody-elses"
    store, desk = bot.desk()
    typed = Asked(
        update_id=5_000,
        kind="command",
        chat_id=READER,
        chat_kind="private",
        user_id=READER,
        text="/deals",
    )
    desk.answer(typed, None)
    store.close()
    for _ in range(12):
        n_tried = len(bot.server.calls)
        bot.server.until(lambda n=n_tried: len(bot.server.calls) > n)
        bot.clock.forward(seconds=90)
    assert [row["n_attempts"] for row in waiting(bot)] == [0]
    bot.server.token = good
    bot.server.until(lambda: later(bot) and bot.server.messages(str(READER)))


def test_an_answer_follows_a_group_that_moved(bot):
    """Told by the refusal or by the service message: it is said in the new group."""
    old = {"id": OLD, "type": "group", "title": "small"}
    bot.server.statuses[str(OLD), READER] = "creator"
    bot.ask(READER, "/sub", chat=old)
    bot.server.standing[str(OLD)] = api.migrated(NEW)
    bot.server.say(READER, "/deals", chat=old)
    bot.server.settled()
    bot.server.until(lambda: {row["recipient"] for row in waiting(bot)} <= {str(NEW)})
    bot.server.until(lambda: later(bot) and bot.server.messages(str(NEW)))
    (answer,) = bot.server.messages(str(NEW))
    assert answer.startswith("Deals (2)")
    assert (bot.sub(OLD), bot.sub(NEW).owner_id) == (None, READER)
    moved = {one.recipient: one.moved_to for one in bot.store.outbox.recipients.all()}
    assert moved[str(OLD)] == str(NEW)


def test_what_waits_to_be_said_moves_in_the_transaction_of_the_move(bot):
    """Chat and topics; another chat whose id begins alike stays."""
    bot.stop()
    for recipient in (f"{OLD}", f"{OLD}/7", f"{OLD}9", "43"):
        bot.store.bot.say(Reply(recipient=recipient, html="x"), bot.clock())
    bot.store.outbox.move("telegram", str(OLD), str(NEW), bot.clock())
    kept = [one.recipient for _, one in bot.store.bot.replies(bot.clock(), 10)]
    assert kept == [f"{NEW}", f"{NEW}/7", f"{OLD}9", "43"]
    assert [row["recipient"] for row in waiting(bot)] == kept


def test_the_owner_of_a_topic_hears_that_it_was_closed(bot):
    """Its messages wait; who subscribed it is told once, in their own language."""
    bot.ask(READER, "/start", code="de")
    forum = group(NEW)
    bot.server.statuses[str(NEW), READER] = "administrator"
    topic = {"is_topic_message": True, "message_thread_id": 45}
    bot.ask(READER, "/sub", chat=forum, **topic)
    bot.server.standing[f"{NEW}/45"] = api.TOPIC_CLOSED
    for name in ("one", "two"):
        told = alert(name, deal_id="d1", created_at=bot.clock())
        bot.store.outbox.put(told, [("telegram", f"{NEW}/45")], bot.clock())
    bot.send()
    bot.clock.forward(seconds=2)
    bot.send()
    said = [
        text
        for text in bot.server.messages(str(READER))
        if text.startswith("Angehalten")
    ]
    assert len(said) == 1
    assert f"{NEW}/45" in said[0]
    waits = bot.store.outbox.deliveries()
    assert [one.state for one in waits] == ["pending", "pending"]
    assert waits[0].due_at <= bot.clock() + timedelta(days=1)
