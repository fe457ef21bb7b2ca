"""Who gets a message about a deal is decided when it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from fakes import NOW
from test_alerts import announce, bench_on, paper

from newsbot.adapters.db import open_store
from newsbot.talking import Filters, Subscription, configured_chat


@pytest.fixture
def bench():
    store = open_store(None)
    yield bench_on(store)
    store.close()


def subscribe(bench, recipient, **changes):
    one = Subscription(
        channel="telegram", recipient=recipient, language="en", created_at=NOW
    )
    bench.store.subscriptions.put(replace(one, **changes))


def deliveries(bench, recipient):
    """Kind, language, state and time of what a recipient gets, in order."""
    rows = bench.store.connection.rows(
        "SELECT alerts.kind, alerts.language, deliveries.state, deliveries.due_at, "
        "alerts.plain FROM deliveries JOIN alerts ON alerts.id = deliveries.alert_id "
        "WHERE recipient = ? ORDER BY deliveries.rowid",
        (recipient,),
    )
    return [tuple(row.values()) for row in rows]


def kinds(bench, recipient):
    return [row[0] for row in deliveries(bench, recipient)]


def test_each_subscription_gets_its_language(bench):
    """One message per language, each composed once; the console keeps its own."""
    subscribe(bench, "1")
    subscribe(bench, "2", language="de")
    subscribe(bench, "3", language="de")
    announce(bench, paper("a"))
    assert [row[1] for row in deliveries(bench, "1")] == ["en"]
    assert [row[1] for row in deliveries(bench, "2")] == ["de"]
    assert deliveries(bench, "2")[0][4].startswith("Neues Abkommen")
    assert deliveries(bench, "3")[0][4] == deliveries(bench, "2")[0][4]
    (row,) = bench.store.connection.rows("SELECT count(*) AS n FROM alerts")
    assert row["n"] == 2


def test_filters_paused_and_muted_get_nothing(bench):
    """Who does not want it gets no delivery; it is not sent later either."""
    subscribe(bench, "1", filters=Filters(parties=("Oracle",)))
    subscribe(bench, "2", paused=True)
    subscribe(bench, "3", muted_until=bench.clock() + timedelta(days=1))
    subscribe(bench, "4", filters=Filters(parties=("Nvidia",)))
    announce(bench, paper("a"))
    assert [kinds(bench, name) for name in "1234"] == [[], [], [], ["new"]]


def test_quiet_hours_send_at_their_end(bench):
    """The message is written at once and due when the hours end."""
    now = bench.clock()
    start, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=2)).time()
    quiet = (time(start.hour), time(end.hour))
    subscribe(bench, "1", quiet=quiet)
    announce(bench, paper("a"))
    ((_, _, state, due_at, _),) = deliveries(bench, "1")
    assert state == "pending"
    assert due_at[11:16] == f"{quiet[1]:%H:%M}"


def test_who_got_the_first_message_gets_what_follows(bench):
    """An update reaches those who know the deal, whatever their filters say of it."""
    subscribe(bench, "1", filters=Filters(statuses=("talks",)))
    subscribe(bench, "2", filters=Filters(statuses=("announced",)))
    subscribe(bench, "3", filters=Filters(statuses=("ended",)))
    announce(bench, paper("a", "in talks about an AI cloud deal"))
    announce(bench, paper("b", number=5))
    assert kinds(bench, "1") == ["new", "update"]
    assert kinds(bench, "2") == ["update"]
    assert kinds(bench, "3") == []


def test_old_news_reaches_no_subscription(bench):
    """What is backfilled never alerts."""
    subscribe(bench, "1")
    announce(bench, paper("a", may_alert=False))
    assert kinds(bench, "1") == []


def test_configured_chats_are_subscriptions_and_go_with_the_config(bench):
    """Their settings stay over a restart; taken out of the file they end."""
    rows = bench.store.subscriptions
    chat = Subscription(
        channel="telegram",
        recipient="-100",
        language="en",
        created_at=NOW,
        source="config",
    )
    rows.sync("telegram", [chat])
    rows.put(replace(chat, language="de", quiet=(time(22), time(7))))
    subscribe(bench, "5")
    rows.sync("telegram", [chat])
    assert rows.get("telegram", "-100").language == "de"
    rows.sync("telegram", [])
    assert [one.recipient for one in rows.all()] == ["5"]


def test_a_configured_chat_that_was_parked_is_tried_again_at_a_start(bench):
    """No command may ever come from there; others stay parked until one does."""
    rows, outbox = bench.store.subscriptions, bench.store.outbox
    chats = [configured_chat(chat, "en", NOW) for chat in ("@late", "-55")]
    rows.sync("telegram", chats)
    outbox.move("telegram", "-55", "-10055", NOW)
    subscribe(bench, "5")
    for chat in ("@late", "-10055", "5"):
        outbox.park("telegram", chat, "not enough rights", NOW)
    rows.sync("telegram", chats)
    states = {one.recipient: one.state for one in outbox.recipients.all()}
    assert states == {
        "@late": "active",
        "-10055": "active",
        "-55": "moved",
        "5": "parked",
    }


def test_a_configured_group_that_grew_keeps_its_settings(bench):
    """The file still names the old id; the subscription goes by the new one."""
    rows = bench.store.subscriptions
    chat = configured_chat("-55", "en", NOW)
    rows.sync("telegram", [chat])
    rows.put(replace(chat, language="de"))
    bench.store.outbox.move("telegram", "-55", "-10055", NOW)
    rows.sync("telegram", [chat])
    (one,) = rows.all()
    assert (one.recipient, one.language) == ("-10055", "de")


def test_whoever_leaves_gets_nothing_that_still_waits(bench):
    """Deliveries that wait are given up with the subscription."""
    subscribe(bench, "1", quiet=(time(0), time(23, 59)))
    announce(bench, paper("a"))
    assert bench.store.subscriptions.remove("telegram", "1", "unsubscribed")
    assert [row[2] for row in deliveries(bench, "1")] == ["failed"]
