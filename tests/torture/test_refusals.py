"""Cases 46 and 48 to 52: whatever Telegram answers, nothing is lost and nobody waits
for another chat.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from servers import telegram as api
from servers.telegram import TelegramServer

from newsbot.attempts import MAX_TRIES
from torture.outboxes import FastClock, post

A, B = "1001", "1002"
OLD, NEW, NEWER = "-4001", "-1001111111111", "-1002222222222"


@pytest.fixture
def server():
    with TelegramServer() as running:
        yield running


@pytest.fixture
def office(tmp_path, server):
    with post(tmp_path / "news.db", server, managers=("77",)) as opened:
        yield opened
        assert opened.store.connection.rows("PRAGMA integrity_check") == [
            {"integrity_check": "ok"}
        ]


def numbers(n):
    return [str(one) for one in range(n)]


@pytest.mark.case(46, "429: the whole bot rests, nothing is lost")
def test_the_whole_bot_rests_for_as_long_as_it_is_told(server, office, tmp_path):
    """46: after a 429 of 30 s nothing is asked before; order is kept, all arrive once."""
    chats = [str(n) for n in range(1, 9)]
    office.fill(chats, range(25))
    server.script(chats[0], api.too_many_requests(30))
    office.courier.serve()
    n_before = len(server.calls)
    # Another process, on the same ledger, obeys as well.
    with post(tmp_path / "news.db", server, clock=office.clock) as other:
        assert other.courier.serve() == 0
    (pause,) = office.outbox.traffic.pauses(office.clock())
    assert (pause.until - pause.since).total_seconds() == 30
    assert len(server.calls) == n_before
    office.serve()
    assert len(server.accepted) == 200
    for chat in chats:
        assert server.messages(chat) == numbers(25)
    assert office.outbox.traffic.counts()["unanswered"] == 0


GONE = [
    api.BLOCKED,
    api.DEACTIVATED,
    api.KICKED,
    api.GROUP_DELETED,
    api.CHAT_NOT_FOUND,
    api.NO_RIGHTS,
]


@pytest.mark.parametrize("reply", GONE)
@pytest.mark.case(48, "blocked, kicked, deactivated: parked alone")
def test_who_is_gone_is_asked_once_and_comes_back_whole(server, office, reply):
    """48: parked after one try, the others are served; unparked, all goes out in order."""
    server.standing[A] = reply
    office.fill([A, B], range(3))
    office.serve()
    assert server.messages(B) == numbers(3)
    assert office.states() == {A: "parked", B: "active"}
    assert sum(params.get("chat_id") == A for _, params in server.calls) == 1
    assert office.outbox.traffic.counts()["parked"] == 3
    del server.standing[A]
    office.outbox.unpark("telegram", A, office.clock())
    office.serve()
    assert server.messages(A) == numbers(3)
    assert server.messages("77") == []


@pytest.mark.case(49, "a group that becomes a supergroup")
def test_a_group_that_moves_twice_gets_everything_once(server, office):
    """49: to an id that moves on, into a chat that has the messages already."""
    office.fill([OLD, f"{OLD}/5", NEWER, A], range(2))
    server.standing[OLD] = api.migrated(int(NEW))
    server.standing[NEW] = api.migrated(int(NEWER))
    office.serve()
    office.fill([OLD], [2])
    office.serve()
    topic = [m.visible for m in server.accepted if m.thread == 5]
    assert topic == numbers(2)
    main = [m.visible for m in server.accepted if m.chat == NEWER and m.thread is None]
    assert main == numbers(3)
    assert server.messages(A) == numbers(2)
    assert {m.chat for m in server.accepted} == {NEWER, A}
    states = office.states()
    assert [states[chat] for chat in (OLD, NEW, NEWER)] == ["moved", "moved", "active"]
    assert states[f"{OLD}/5"] == "moved"


@pytest.mark.case(49, "a group that becomes a supergroup")
def test_groups_that_lead_in_circles_come_to_an_end(server, office):
    """49: two ids that name each other cost thirty tries, and one message."""
    server.standing[OLD] = api.migrated(int(NEW))
    server.standing[NEW] = api.migrated(int(OLD))
    office.fill([OLD, A], [0])
    office.serve()
    (failed,) = [one for one in office.outbox.deliveries() if one.state == "failed"]
    assert failed.n_attempts == MAX_TRIES
    assert server.messages(A) == ["0"]


@pytest.mark.case(49, "a group that becomes a supergroup")
def test_no_message_of_the_new_group_is_taken_for_one_of_the_old(server, office):
    """49: ids begin anew in a supergroup; an edit of an old message touches nothing."""
    office.fill([A, OLD], [0])
    office.serve()
    server.standing[OLD] = api.migrated(int(NEW))
    office.fill([OLD], [1])
    office.serve()
    first = next(m for m in server.accepted if m.chat == OLD)
    new = next(m for m in server.accepted if m.chat == NEW)
    server.accepted[server.accepted.index(new)] = replace(
        new, message_id=first.message_id
    )
    told = office.outbox.alert("alert-0")
    office.outbox.rewrite(replace(told, html="newer", plain="newer"), office.clock())
    office.serve(until=lambda: not office.outbox.edits(office.clock()))
    assert server.messages(NEW) == ["1"]
    assert server.messages(A) == ["newer"]


@pytest.mark.case(50, "markup refused, topics closed")
def test_a_closed_topic_pauses_alone_and_its_managers_hear_of_it_once(server, office):
    """50: the topic's messages wait, the chat's others go on, one line tells why."""
    server.standing[f"{NEW}/7"] = api.TOPIC_CLOSED
    office.fill([f"{NEW}/7", NEW], range(2))
    office.serve()
    assert server.messages(NEW) == numbers(2)
    (line,) = server.messages("77")
    assert f"{NEW}/7" in line
    assert "TOPIC_CLOSED".casefold() in line.casefold()
    assert office.states()[f"{NEW}/7"] == "parked"
    office.fill([f"{NEW}/7"], [2])
    office.serve()
    assert len(server.messages("77")) == 1


@pytest.mark.parametrize("plain", ["as plain text", ""])
@pytest.mark.case(50, "markup refused, topics closed")
def test_markup_that_is_refused_goes_out_as_text_or_stands_aside(server, office, plain):
    """50: once as plain text, else it fails with the reason; the next one goes out."""
    office.fill([A], range(2))
    office.store.connection.db.execute(
        "UPDATE alerts SET html = '<b>x', plain = ? WHERE id = 'alert-0'", [plain]
    )
    office.serve()
    assert server.messages(A) == [*([plain] if plain else []), "1"]
    first = office.outbox.deliveries()[0]
    assert first.state == ("sent" if plain else "failed")
    assert plain or "empty" in first.error
    assert first.n_attempts == 1


@pytest.mark.case(51, "401, 409, 502, no JSON")
def test_a_refused_token_stops_everything_loudly_and_loses_nothing(
    server, office, tmp_path, caplog
):
    """51: one request at a time, one error line; a new token sends it all, in order."""
    good, server.token = server.token, "1:somebody-elses"
    office.fill([A, B], range(5))
    with caplog.at_level(logging.INFO, logger="newsbot"):
        for _ in range(5):
            office.courier.serve()
            office.clock.forward(timedelta(minutes=6))
        office.courier.serve()
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "token was refused" in errors[0].getMessage()
    assert server.accepted == []
    assert len(server.calls) <= 2 + 5
    (pause,) = office.outbox.traffic.pauses(office.clock())
    assert pause.refused
    assert {d.n_attempts for d in office.outbox.deliveries()} == {0}
    server.token = good
    # A new process with a new token goes on at once.
    with post(tmp_path / "news.db", server, clock=office.clock) as fresh:
        fresh.courier.serve()
        assert fresh.outbox.traffic.pauses(fresh.clock()) == []
    assert server.messages(A) == server.messages(B) == numbers(5)


@pytest.mark.case(51, "401, 409, 502, no JSON")
def test_a_token_that_is_good_again_is_found_without_a_restart(server, office, caplog):
    """51: the probe that gets through lifts the stop, and says so."""
    good, server.token = server.token, "1:somebody-elses"
    office.fill([A], range(2))
    office.courier.serve()
    server.token = good
    office.clock.forward(timedelta(minutes=6))
    with caplog.at_level(logging.INFO, logger="newsbot"):
        office.courier.serve()
    assert "goes on channel=telegram" in caplog.text
    assert server.messages(A) == numbers(2)


@pytest.mark.parametrize("reply", [api.BAD_GATEWAY, api.CONFLICT])
@pytest.mark.case(51, "401, 409, 502, no JSON")
def test_twenty_failures_of_the_server_lose_nothing(tmp_path, server, reply):
    """51: 502 with HTML, twenty times: back-off that grows, then all of it, in order."""
    server.script(A, *[reply] * 20)
    waits = []
    with post(tmp_path / "news.db", server, clock=FastClock(speed=1)) as office:
        office.fill([A], range(2))
        while not server.accepted:
            office.courier.serve()
            first = max(office.outbox.deliveries(), key=lambda one: one.n_attempts)
            if first.state == "pending":
                waits.append(first.due_at - office.clock())
                assert waits[-1] > timedelta(seconds=20)
                office.clock.forward(waits[-1])
        office.serve()
    assert len(waits) == 20
    assert all(later > 0.9 * wait for wait, later in pairwise(waits))
    assert server.messages(A) == numbers(2)


@pytest.mark.case(51, "401, 409, 502, no JSON")
def test_a_second_instance_is_named(server, office):
    """51: a conflict says in words what it is."""
    server.script(A, api.CONFLICT)
    office.fill([A], [0])
    office.courier.serve()
    assert "a second instance" in office.outbox.deliveries()[0].error


@pytest.mark.parametrize("reply", [api.HANG, api.RESET])
@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.case(52, "answers that never come, hosts that are not there")
def test_an_answer_that_never_came_is_counted_and_sent_again(
    tmp_path, server, reply, accept
):
    """52: rather twice than never, and the ledger says how often that may have been."""
    server.script(A, api.Silence(reset=reply.reset, accept=accept))
    with post(tmp_path / "news.db", server, timeout=1.0) as office:
        office.fill([A, B], range(2))
        office.serve()
        counts = office.outbox.traffic.counts()
    assert server.messages(A) == (["0"] if accept else []) + numbers(2)
    assert server.messages(B) == numbers(2)
    assert (counts["unanswered"], counts["sent"]) == (1, 4)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nosuch.invalid"])
@pytest.mark.case(52, "answers that never come, hosts that are not there")
def test_a_server_that_is_not_there_gets_everything_once_when_it_is(
    tmp_path, server, host
):
    """52: refused connections and unknown hosts are retried, with no duplicate."""
    path = tmp_path / "news.db"
    with post(path, server, base_url=f"http://{host}/bot") as office:
        office.fill([A], range(3))
        office.courier.serve()
        errors = [one.error for one in office.outbox.deliveries() if one.error]
        assert len(errors) == 1
        assert errors[0].startswith("network")
        clock = office.clock
    with post(path, server, clock=clock) as office:
        office.serve()
        assert office.outbox.traffic.counts()["unanswered"] == 0
    assert server.messages(A) == numbers(3)


@pytest.mark.case(52, "answers that never come, hosts that are not there")
def test_a_chat_that_hangs_holds_up_no_other(tmp_path, server):
    """A slow chat keeps its own messages waiting, and nobody else's."""
    chats = [str(2000 + n) for n in range(20)]
    server.standing[A] = api.Silence(reset=False, accept=False)
    with post(tmp_path / "news.db", server) as office:
        office.fill([A, *chats], range(3))
        on_the_way = []

        def all_others_have_theirs():
            if len(server.accepted) < 60:
                return False
            on_the_way.extend(
                one.recipient for one in office.outbox.deliveries() if one.begun_at
            )
            server.release()
            return True

        office.courier.serve(all_others_have_theirs)
    assert A in on_the_way
    assert len(server.accepted) == 60
    assert server.messages(A) == []
