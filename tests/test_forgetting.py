"""Who asks to be forgotten is: rows, queue and labels, in the whole database."""

from __future__ import annotations

from datetime import timedelta

from db_nouns import NOW, alert, announce_articles, article, deal, put

from newsbot.adapters.db import open_store
from newsbot.mailing import line_for
from newsbot.subscribing import Content, Letter, Subscriber, Wish
from newsbot.talking import configured_chat


def dump(store):
    """Everything that the database says, as text."""
    return "\n".join(store.connection.db.conn.iterdump())


def test_a_chat_that_leaves_is_in_no_table(tmp_path):
    """Its subscription, deliveries, edits, notices and state go; others keep theirs."""
    store = open_store(tmp_path / "news.db")
    announce_articles(store, article())
    put(store, deal(), "a")
    leaver, other = "987654321", "123456789"
    chats = [configured_chat(one, "en", NOW) for one in (leaver, other)]
    store.subscriptions.sync("telegram", chats)
    store.outbox.put(alert(), [("telegram", one) for one in (leaver, other)], NOW)
    for one in store.outbox.due(NOW):
        store.outbox.sent(one.id, "7")
    store.outbox.rewrite(alert(html="<b>Mehr</b>", plain="Mehr"), NOW)
    for one in (leaver, other):
        store.outbox.traffic.notify(line_for("telegram", one, "paused", NOW), NOW)
    assert dump(store).count(leaver) > 3
    store.subscriptions.forget("telegram", leaver)
    assert leaver not in dump(store)
    assert dump(store).count(other) > 3
    assert len(store.outbox.edits(NOW + timedelta(days=1))) == 1
    store.close()


def test_a_reader_who_leaves_is_in_no_table(tmp_path):
    """The address goes with every letter to it, waiting or sent."""
    store = open_store(tmp_path / "news.db")
    address = "leaver@example.org"
    reader = Subscriber(id="s", wish=Wish(address=address), state="asked", asked_at=NOW)
    store.subscribers.ask(reader, "hash")
    store.subscribers.confirm("hash", NOW, since=0, instant_since=0)
    content = Content(id="c", subject="Deals", text="Deals", html="<p>Deals</p>")
    letters = [
        Letter(
            id=f"letter-{kind}",
            subscriber_id="s",
            recipient=address,
            kind=kind,
            occasion="2026-03-01",
            content_id="c",
            state="pending",
            n_attempts=0,
            created_at=NOW,
            due_at=NOW,
            upto=0,
        )
        for kind in ("digest", "alert")
    ]
    store.letters.put(content, letters, NOW)
    store.letters.sent("letter-alert")
    assert dump(store).count(address) == 3
    assert store.subscribers.remove("s")
    assert address not in dump(store)
    assert store.letters.all() == []
    store.close()
