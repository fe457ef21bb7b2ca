"""Case 66: a backup made under load comes back whole, and tells nothing twice."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from db_nouns import NOW, announce, announce_articles, article, deal, entry, put
from db_nouns import feed as some_feed
from servers.telegram import TelegramServer

from newsbot.adapters.db import open_store
from newsbot.adapters.db.backups import backups_in, restore_backup, write_backup
from newsbot.adapters.db.copying import check_database, count_rows
from newsbot.errors import StoreBusyError
from newsbot.subscribing import Subscriber, Wish
from torture.ledgers import NAMES, ledger_at
from torture.outboxes import FastClock, post

CHATS = ["1", "2", "3"]


@pytest.mark.case(66, "backup under load")
def test_a_backup_under_load_is_whole(tmp_path, figure):
    """While threads write, each backup is checked against the state it was made of, is
    one file alone, and holds what was written before it began.
    """
    path, to = tmp_path / "news.db", tmp_path / "to"
    store = open_store(path)
    store.connection.db.execute("PRAGMA synchronous=OFF")
    done, written = threading.Event(), []

    def write():
        while not done.is_set():
            n = len(written)
            announce(store, *(entry(f"{n}-{m}", summary="x" * 500) for m in range(5)))
            written.append(n)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        n_before = []
        for n in range(4):
            n_before.append(len(written))
            write_backup(path, to, NOW + timedelta(seconds=n))
    finally:
        done.set()
        writer.join()
    store.close()
    files = sorted(to.iterdir())
    assert files == backups_in(to, "news")
    assert len(files) == 4
    for file, least in zip(files, n_before, strict=True):
        assert check_database(file) is None
        with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as raw:
            n_entries = count_rows(raw)["entries"]
        assert n_entries % 5 == 0  # a transaction is in it whole, or not at all
        assert n_entries >= 5 * least
    figure("written meanwhile", len(written), "transactions")


@pytest.mark.case(66, "backups of every older version")
@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_backup_of_any_older_version_comes_back(tmp_path, name):
    """It is brought up to date on the way, with every deal and article that it had."""
    old, path = tmp_path / "old.db", tmp_path / "news.db"
    had = ledger_at(old, name, 3)
    restore_backup(old, path, NOW)
    open_store(path).close()  # nothing is left to migrate
    assert list(tmp_path.glob("*.backup")) == []
    assert check_database(path) is None
    with closing(sqlite3.connect(path)) as raw:
        has = count_rows(raw)
    for table in ("articles", "deals", "findings", "deliveries", "feeds"):
        assert has[table] == had[table] == 3


@pytest.mark.case(66, "backups that are kept")
def test_keep_removes_its_own_oldest_alone(tmp_path):
    """Two of this ledger's stay; another ledger's, a link and a stranger's file, too."""
    path, to = tmp_path / "news.db", tmp_path / "to"
    open_store(path).close()
    open_store(tmp_path / "other.db").close()
    write_backup(tmp_path / "other.db", to, NOW)
    strangers = ["news-20200101.db", "news.db", "news-20200101T000000Z.db.txt"]
    for name in strangers:
        (to / name).write_text("mine")
    (to / "news-20200101T000000Z.db").symlink_to(to / "news.db")
    # Of a process that lives, and of one that was killed.
    (to / ".news-20200101T000000Z.db.1.partial").write_text("half")
    (to / ".news-20200101T000000Z.db.4194305.partial").write_text("half")
    made = [
        write_backup(path, to, NOW + timedelta(hours=n), keep=2).path for n in range(4)
    ]
    made.append(write_backup(path, to, NOW + timedelta(hours=3), keep=2).path)
    assert backups_in(to, "news") == made[-2:]
    assert made[-1].name == "news-20260301T150000Z-2.db"
    others = {
        *strangers,
        ".news-20200101T000000Z.db.1.partial",
        "news-20200101T000000Z.db",
        "other-20260301T120000Z.db",
    }
    assert {one.name for one in to.iterdir()} == others | {m.name for m in made[-2:]}


@pytest.mark.case(66, "restore on a clean directory, alerts sent since the backup")
def test_no_alert_is_sent_again_after_a_restore(tmp_path):
    """What waited in the backup and was sent since is unknown now; what was sent stays
    sent; a server sees nothing twice; what is new goes out.
    """
    path, clean = tmp_path / "news.db", tmp_path / "clean" / "newsbot.db"
    clock = FastClock()
    with TelegramServer() as server:
        with post(path, server, clock=clock) as office:
            office.fill(CHATS, ["sent"])
            office.serve()
            office.fill(CHATS, ["waits"])
            backup = write_backup(path, tmp_path / "to", NOW).path
            office.serve()  # after the backup
            office.fill(CHATS, ["later"])
            office.serve()
        n_sent = len(server.accepted)
        assert n_sent == 9
        done = restore_backup(backup, clean, clock())
        assert (done.replaced, done.n_held) == (None, 3)
        with post(clean, server, clock=clock) as office:
            office.serve()
            assert len(server.accepted) == n_sent
            states = {one.alert_id: one.state for one in office.outbox.deliveries()}
            assert states == {"alert-sent": "sent", "alert-waits": "unknown"}
            office.fill(CHATS, ["new"])
            office.serve()
        texts = [message.visible for message in server.accepted]
        assert sorted(texts) == sorted(["sent", "waits", "later", "new"] * 3)
    assert [one.name for one in (tmp_path / "to").iterdir()] == [backup.name]


@pytest.mark.case(66, "news announced between backup and restore")
def test_what_feeds_bring_again_makes_no_alert(tmp_path):
    """Entries from before the restore, or without a date, are silent when a feed first
    answers, however often it failed before; later ones alert.
    """
    path = tmp_path / "news.db"
    store = open_store(path)
    announce(store, entry("before"))
    backup = write_backup(path, tmp_path / "to", NOW).path
    store.close()
    restored_at = NOW + timedelta(hours=5)
    restore_backup(backup, path, restored_at)
    store = open_store(path)
    assert not store.line.entry("entry-before").may_alert  # it was on the line
    failed = some_feed(error="503", n_errors=1, last_polled_at=restored_at)
    later = restored_at + timedelta(hours=1)
    store.feeds.polled(failed, [], later)
    gap = entry("gap", published_at=NOW + timedelta(hours=2))
    new = entry("new", published_at=restored_at + timedelta(minutes=1))
    undated = entry("undated", published_at=None)
    store.feeds.polled(some_feed(), [gap, new, undated], later)
    alerts = {
        name: store.line.entry(f"entry-{name}").may_alert
        for name in ("gap", "new", "undated")
    }
    assert alerts == {"gap": False, "new": True, "undated": False}
    store.feeds.polled(some_feed(), [entry("next", published_at=None)], later)
    assert store.line.entry("entry-next").may_alert
    store.close()


@pytest.mark.case(66, "readers by mail")
def test_readers_go_on_after_the_restore(tmp_path):
    """A reader gets no digest of the day of the restore, on the reader's own calendar,
    and nothing of before; letters that waited are not sent.
    """
    path = tmp_path / "news.db"
    store = open_store(path)
    wish = Wish(address="a@example.org", language="de", time_zone="Asia/Tokyo")
    store.subscribers.ask(
        Subscriber(id="s", wish=wish, state="asked", asked_at=NOW), "hash"
    )
    store.subscribers.confirm("hash", NOW, since=0, instant_since=0)
    announce_articles(store, article())
    put(store, deal(), "a")
    backup = write_backup(path, tmp_path / "to", NOW).path
    store.close()
    restore_backup(backup, path, datetime(2026, 3, 4, 20, tzinfo=UTC))
    store = open_store(path)
    (reader,) = store.subscribers.active()
    assert str(reader.last_date) == "2026-03-05"
    assert reader.since == reader.instant_since == store.news.last() > 0
    store.close()


@pytest.mark.case(66, "restore over a database, in use or damaged")
def test_the_former_database_stays_beside_it(tmp_path):
    """It is whole, with what was in its log; while somebody has it open, nothing is
    replaced; a damaged one is kept as it was.
    """
    path = tmp_path / "news.db"
    store = open_store(path)
    backup = write_backup(path, tmp_path / "to", NOW).path
    announce_articles(store, article())
    with pytest.raises(StoreBusyError, match="has it open"):
        restore_backup(backup, path, NOW)
    assert store.line.article("article-a") is not None
    store.close()
    replaced = restore_backup(backup, path, NOW).replaced
    former = open_store(replaced)
    assert former.line.article("article-a") is not None
    former.close()
    path.write_bytes(b"broken" * 1000)
    again = restore_backup(backup, path, NOW).replaced
    assert again != replaced
    assert again.read_bytes() == b"broken" * 1000
    assert check_database(path) is None
    for leftover in ("-wal", "-shm"):
        assert not (tmp_path / f"news.db{leftover}").exists()
