"""Newer texts of sent messages, as rows: kept, collected, given up; and the upgrade."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from db_nouns import (
    HOUR,
    NOW,
    alert,
    announce_articles,
    article,
    deal,
    memory_store,
    put,
)
from db_nouns import due as pairs_due
from sqlite_utils import Database

from newsbot.adapters.db import open_store
from newsbot.adapters.db.library import migrations
from newsbot.types import Told

MINUTE = timedelta(minutes=1)
TOLD = Told(
    article_id="article-a",
    status="talks",
    parties=(("Nvidia", ("partner", "investor")), ("=cmd|' \u202e<b>", ())),
    finding_ids=("finding-a", "finding-b"),
)


@pytest.fixture
def outbox():
    with memory_store() as store:
        announce_articles(store, article())
        put(store, deal(), "a")
        yield store.outbox


def sent(outbox, *recipients, message=None):
    """A message that these recipients have."""
    message = message or alert(told=TOLD)
    outbox.put(message, [("telegram", one) for one in recipients], NOW)
    for number, delivery in enumerate(outbox.deliveries()):
        outbox.sent(delivery.id, str(number))
    return message


def newer(outbox, message, text, due_at=NOW + MINUTE):
    outbox.rewrite(replace(message, plain=text, html=f"<b>{text}</b>"), due_at)


def test_what_a_message_told_is_read_back(outbox):
    """State, parties, roles and findings come back as they were, also hostile ones."""
    sent(outbox, "x", message=alert(told=TOLD, answers="alert-0"))
    (kept,) = outbox.about("deal-a", "de")
    assert kept == alert(told=TOLD, answers="alert-0")
    assert outbox.about("deal-a", "en") == outbox.about("nobody", "de") == []


def test_an_edit_per_recipient_with_the_latest_text(outbox):
    """Two newer texts within a minute are one edit each, due when the first was."""
    message = sent(outbox, "x", "y")
    newer(outbox, message, "2 Quellen")
    newer(outbox, message, "3 Quellen", NOW + HOUR)
    assert outbox.edits(NOW) == []
    edits = outbox.edits(NOW + MINUTE)
    assert {edit.delivery.recipient for edit in edits} == {"x", "y"}
    assert {edit.delivery.provider_id for edit in edits} == {"0", "1"}
    assert {(edit.alert.plain, edit.was) for edit in edits} == {("3 Quellen", "Neu")}


def test_an_edit_of_a_text_that_is_old_by_now_is_not_the_last(outbox):
    """A text that changed while it was on its way is put in next; also a first one."""
    message = sent(outbox, "x")
    newer(outbox, message, "2")
    (edit,) = outbox.edits(NOW + HOUR)
    newer(outbox, message, "3")
    outbox.edited(edit.delivery.id, edit.alert)
    (again,) = outbox.edits(NOW + HOUR)
    assert (again.was, again.alert.plain) == ("2", "3")
    outbox.edited(again.delivery.id, again.alert)
    assert outbox.edits(NOW + HOUR) == []
    outbox.put(alert("b"), [("telegram", "y")], NOW)
    ((delivery, shown),) = pairs_due(outbox, NOW)
    newer(outbox, shown, "4")
    outbox.sent(delivery.id, "9", shown)
    (late,) = outbox.edits(NOW + HOUR)
    assert (late.was, late.alert.plain) == ("Neu", "4")


def test_after_an_edit_the_next_one_starts_anew(outbox):
    """What was shown is the text that the next edit replaces."""
    message = sent(outbox, "x")
    newer(outbox, message, "2")
    (edit,) = outbox.edits(NOW + HOUR)
    outbox.edited(edit.delivery.id)
    assert outbox.edits(NOW + HOUR) == []
    newer(outbox, replace(message, plain="2"), "3", NOW + HOUR)
    (again,) = outbox.edits(NOW + HOUR)
    assert (again.was, again.alert.plain, again.delivery.n_attempts) == ("2", "3", 0)


@pytest.mark.parametrize(("for_good", "n_left"), [(True, 0), (False, 1)])
def test_given_up_for_good_or_for_now(outbox, for_good, n_left):
    """A deleted message is never edited again; one that was not reached is."""
    message = sent(outbox, "x")
    newer(outbox, message, "2")
    (edit,) = outbox.edits(NOW + HOUR)
    outbox.drop_edit(edit.delivery.id, "gone \ud800", for_good=for_good)
    newer(outbox, message, "3")
    assert len(outbox.edits(NOW + HOUR)) == n_left


def test_a_put_off_edit_counts_only_tries(outbox):
    """Waiting for others costs no try; the reason and the time are kept."""
    newer(outbox, sent(outbox, "x"), "2")
    (edit,) = outbox.edits(NOW + MINUTE)
    outbox.put_off_edit(edit.delivery.id, "busy", NOW + HOUR, counted=True)
    outbox.put_off_edit(edit.delivery.id, "waits", NOW + HOUR, counted=False)
    assert outbox.edits(NOW + MINUTE) == []
    (later,) = outbox.edits(NOW + HOUR)
    assert (later.delivery.n_attempts, later.delivery.error) == (1, "waits")


def test_what_was_not_sent_is_not_edited(outbox):
    """A message that still waits, or was given up, has no edit; its text is new."""
    message = alert(told=TOLD)
    outbox.put(message, [("telegram", "x"), ("telegram", "y")], NOW)
    outbox.failed(outbox.deliveries()[0].id, "blocked")
    newer(outbox, message, "2")
    assert outbox.edits(NOW + HOUR) == []
    assert pairs_due(outbox, NOW)[0][1].plain == "2"


def test_a_reply_finds_its_message_per_recipient(outbox):
    """Each chat's own id; none where the first message never arrived."""
    message = alert(told=TOLD)
    outbox.put(message, [("telegram", "x"), ("telegram", "y")], NOW)
    first = next(d for d in outbox.deliveries() if d.recipient == "x")
    outbox.sent(first.id, "41")
    reply = alert("b", answers=message.id)
    outbox.put(reply, [("telegram", "x"), ("telegram", "y")], NOW)
    found = {
        delivery.recipient: outbox.answered(reply, delivery)
        for delivery in outbox.deliveries()
    }
    assert found == {"x": "41", "y": None}
    assert outbox.answered(message, first) is None


def test_a_ledger_of_the_first_version_is_upgraded(tmp_path):
    """Its messages stay, tell nothing of what they told, and can be answered."""
    path = tmp_path / "old.db"
    old = Database(path)
    migrations().apply(old, stop_before="m002_edits")
    old.execute("INSERT INTO deals VALUES ('deal-a', 'talks', '[]', '[]', '', '')")
    old.execute(
        "INSERT INTO alerts VALUES ('alert-a', 'deal-a', 'new', 'de', '<b>Neu</b>', "
        "'Neu', '2026-03-01T12:00:00.000000Z')"
    )
    old.execute(
        "INSERT INTO deliveries VALUES ('d', 'alert-a', 'telegram', 'x', 'sent', 1, "
        "'2026-03-01T12:00:00.000000Z', '7', NULL)"
    )
    old.conn.commit()
    old.close()
    store = open_store(path)
    assert store.outbox.alerts() == [alert()]
    newer(store.outbox, alert(), "2")
    assert [e.delivery.provider_id for e in store.outbox.edits(NOW + HOUR)] == ["7"]
    store.close()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
