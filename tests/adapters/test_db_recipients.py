"""Parked recipients wait, and a chat that gets another id takes everything along."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from db_nouns import HOUR, NOW, alert, announce_articles, article, deal, put
from db_nouns import due as pairs_due
from sqlite_utils import Database

from newsbot.adapters.db import open_store
from newsbot.adapters.db.library import migrations

OLD, NEW = "-42", "-1001234567890"


@pytest.fixture
def store():
    opened = open_store(None)
    announce_articles(opened, article("a"))
    put(opened, deal(), "a")
    yield opened
    opened.close()


@pytest.fixture
def outbox(store):
    return store.outbox


def waiting(outbox, at=NOW):
    return [
        (d.recipient, a.id.removeprefix("alert-")) for d, a in pairs_due(outbox, at)
    ]


def states(outbox):
    return {one.recipient: one.state for one in outbox.recipients.all()}


def test_who_is_parked_waits_and_goes_on(outbox):
    """What was put before and after waits whole, in order; others do not."""
    everyone = [("telegram", "1"), ("telegram", "2")]
    outbox.put(alert("a"), everyone, NOW)
    assert outbox.park("telegram", "1", "blocked \ud800", NOW)
    assert not outbox.park("telegram", "1", "again", NOW)
    outbox.put(alert("b"), everyone, NOW)
    assert waiting(outbox, NOW + 99 * HOUR) == [("2", "a")]
    (parked, _) = outbox.recipients.all()
    assert (parked.state, parked.reason) == ("parked", "blocked ?")
    assert outbox.unpark("telegram", "1", NOW + HOUR)
    assert not outbox.unpark("telegram", "1", NOW + HOUR)
    assert waiting(outbox, NOW + HOUR) == [("1", "a"), ("2", "a")]


def test_a_stranger_can_be_parked_before_anything_is_sent(outbox):
    """Parking comes before the first message as well as after it."""
    assert outbox.park("telegram", "9", "stopped", NOW)
    outbox.put(alert(), [("telegram", "9")], NOW)
    assert waiting(outbox) == []
    assert not outbox.unpark("email", "9", NOW)


def test_a_chat_moves_with_all_that_is_kept(store, outbox):
    """What waits, what was sent and its threads have the new id; nothing is doubled."""
    outbox.put(alert("a"), [("telegram", OLD), ("telegram", f"{OLD}/7")], NOW)
    first = next(d for d in outbox.deliveries() if d.recipient == OLD)
    outbox.sent(first.id, "41")
    outbox.rewrite(replace(alert("a"), plain="newer"), NOW)
    outbox.put(alert("b"), [("telegram", OLD), ("email", OLD)], NOW)
    outbox.move("telegram", OLD, NEW, NOW)
    telegram = {d.recipient for d in outbox.deliveries() if d.channel == "telegram"}
    assert telegram == {NEW, f"{NEW}/7"}
    assert waiting(outbox) == [(f"{NEW}/7", "a"), (NEW, "b"), (OLD, "b")]
    (edit,) = outbox.edits(NOW)
    assert (edit.delivery.recipient, edit.delivery.provider_id) == (NEW, "-42:41")
    # A config that still names the old id writes for the new one.
    outbox.put(alert("c"), [("telegram", OLD), ("telegram", NEW)], NOW)
    told = [d.recipient for d in outbox.deliveries() if d.alert_id == "alert-c"]
    assert told == [NEW]
    assert store.connection.rows("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("sent_at", [None, OLD, NEW])
def test_moving_into_a_known_chat_leaves_one_of_each(outbox, sent_at):
    """A message that both had is there once, and sent where either got it."""
    outbox.put(alert("a"), [("telegram", OLD), ("telegram", NEW)], NOW)
    for delivery in outbox.deliveries():
        if delivery.recipient == sent_at:
            outbox.sent(delivery.id, "7")
    outbox.move("telegram", OLD, NEW, NOW)
    (one,) = outbox.deliveries()
    state = "pending" if sent_at is None else "sent"
    assert (one.recipient, one.state) == (NEW, state)
    assert states(outbox) == {OLD: "moved", NEW: "active"}


def test_moving_twice_and_back_again(outbox):
    """Each earlier id leads to where the chat is now, even if it returns."""
    outbox.put(alert("a"), [("telegram", "-1")], NOW)
    outbox.move("telegram", "-1", "-2", NOW)
    outbox.move("telegram", "-2", "-3", NOW)
    outbox.put(alert("b"), [("telegram", "-1"), ("telegram", "-2")], NOW)
    assert {d.recipient for d in outbox.deliveries()} == {"-3"}
    assert len(outbox.deliveries()) == 2
    outbox.move("telegram", "-3", "-1", NOW)
    outbox.move("telegram", "-1", "-1", NOW)
    assert waiting(outbox) == [("-1", "a")]
    assert states(outbox) == {"-1": "active", "-2": "moved", "-3": "moved"}
    outbox.put(alert("c"), [("telegram", name) for name in ("-1", "-2", "-3")], NOW)
    assert len(outbox.deliveries()) == 3


def test_a_parked_chat_stays_parked_when_it_moves(outbox):
    """The state goes along; a new id that is known keeps its own."""
    outbox.put(alert("a"), [("telegram", OLD), ("telegram", "-7")], NOW)
    outbox.park("telegram", OLD, "closed", NOW)
    outbox.move("telegram", OLD, NEW, NOW)
    assert states(outbox) == {OLD: "moved", NEW: "parked", "-7": "active"}
    outbox.move("telegram", NEW, "-7", NOW)
    assert states(outbox)["-7"] == "active"


def test_a_ledger_before_knows_its_recipients(tmp_path):
    """Who has waiting messages in an older ledger gets them after the upgrade."""
    path = tmp_path / "old.db"
    old = Database(path)
    migrations().apply(old, stop_before="m005_sending")
    old.execute("INSERT INTO deals VALUES ('deal-a', 'talks', '[]', '[]', '', '')")
    at = "2026-03-01T12:00:00.000000Z"
    old.execute(
        "INSERT INTO alerts (id, deal_id, kind, language, html, plain, created_at) "
        f"VALUES ('alert-a', 'deal-a', 'new', 'de', '<b>Neu</b>', 'Neu', '{at}')"
    )
    old.execute(
        "INSERT INTO deliveries VALUES ('d', 'alert-a', 'telegram', 'x', 'pending', "
        f"1, '{at}', NULL, NULL)"
    )
    old.conn.commit()
    old.close()
    store = open_store(path)
    assert waiting(store.outbox) == [("x", "a")]
    store.close()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
