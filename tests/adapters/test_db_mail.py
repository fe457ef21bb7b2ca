"""News, readers and letters in the ledger: unique keys, order, and old ledgers."""

import sqlite3
from datetime import UTC, datetime, time, timedelta

import digest_ledger as ledger
import pytest
from db_nouns import memory_store

from newsbot.adapters.db import open_store
from newsbot.subscribing import Choice, Content, Letter, Picture, Subscriber, Wish

NOW = datetime(2026, 1, 31, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
PICTURE = Picture(name="a.png", png=b"\x89PNG", width=1, height=2, alt="ä")
CONTENT = Content(id="c", subject="s", text="t", html="h", pictures=(PICTURE,))


@pytest.fixture
def store():
    with memory_store() as one:
        yield one


def reader(store, name="a", **wish):
    asked = Subscriber(
        id=name,
        wish=Wish(address=f"{name}@example.org", **wish),
        state="asked",
        asked_at=NOW,
    )
    store.subscribers.ask(asked, f"hash-{name}")
    return store.subscribers.confirm(f"hash-{name}", NOW, since=3, instant_since=5)


def letter(name="a", **changes):
    values = {
        "id": f"letter-{name}",
        "subscriber_id": "a",
        "recipient": "a@example.org",
        "kind": "digest",
        "occasion": "2026-01-31",
        "content_id": "c",
        "state": "pending",
        "n_attempts": 0,
        "created_at": NOW,
        "due_at": NOW,
        "upto": 7,
    }
    return Letter(**{**values, **changes})


def test_a_wish_comes_back_whole(store):
    """What a reader asked for is read as it was written."""
    choice = Choice(
        parties=("Müller & Söhne",), types=("investment",), statuses=("talks",),
        min_amount="2 Mrd", languages=("de",),
    )  # fmt: skip
    one = reader(
        store, language="de", time_zone="Asia/Kathmandu", at=time(23, 59), days="weekly",
        choice=choice, instant=True,
    )  # fmt: skip
    assert one.wish.choice == choice
    assert (one.wish.at, one.wish.days, one.wish.instant) == (
        time(23, 59),
        "weekly",
        True,
    )
    assert (one.since, one.instant_since, one.confirmed_at) == (3, 5, NOW)
    assert (
        store.subscribers.get("a")
        == store.subscribers.by_address("A@EXAMPLE.org")
        == one
    )


def test_one_letter_per_reader_and_date(store):
    """A second digest for the same date is left out, whatever it says."""
    reader(store)
    assert store.letters.put(CONTENT, [letter()], NOW) == 1
    other = letter("b", upto=9, created_at=NOW + HOUR)
    assert store.letters.put(CONTENT, [other], NOW) == 0
    (one,) = store.subscribers.active()
    assert (one.since, one.last_date.isoformat()) == (7, "2026-01-31")
    assert store.letters.put(CONTENT, [letter("c", kind="alert")], NOW) == 1
    assert store.letters.content("c") == CONTENT


def test_a_readers_letters_go_in_order(store):
    """A later letter waits for an earlier one; those of others do not."""
    reader(store, "a")
    reader(store, "b")
    later = letter("2", occasion="2026-02-01")
    other = letter("3", subscriber_id="b", recipient="b@example.org")
    store.letters.put(CONTENT, [letter("1"), later, other], NOW)
    assert [one.id for one in store.letters.due(NOW, 9)] == [
        "letter-1",
        "letter-2",
        "letter-3",
    ]
    store.letters.postpone("letter-1", "later", NOW + HOUR, counted=True)
    assert [one.id for one in store.letters.due(NOW, 9)] == ["letter-3"]
    store.letters.sent("letter-3")
    assert store.letters.hold("down", NOW + 2 * HOUR) == 2
    assert store.letters.due(NOW + HOUR, 9) == []
    first = store.letters.due(NOW + 2 * HOUR, 9)[0]
    assert (first.n_attempts, first.error) == (1, "down")


def test_what_is_given_up_is_told_by_a_later_digest(store):
    """The reader goes back to before the first that waits; no day gets a second row."""
    reader(store)
    days = ("2026-01-31", "2026-02-01", "2026-02-02")
    for n, day in enumerate(days):
        one = letter(day, occasion=day, since=3 + 4 * n, upto=7 + 4 * n)
        store.letters.put(CONTENT, [one], NOW)
    store.letters.put(CONTENT, [letter("alert", kind="alert")], NOW)
    store.letters.sent(f"letter-{days[0]}")
    store.letters.failed(f"letter-{days[1]}", "450 later")
    store.letters.take_back("a", f"letter-{days[1]}")
    states = {one.id: (one.state, one.error) for one in store.letters.all()}
    assert states == {
        f"letter-{days[0]}": ("sent", None),
        f"letter-{days[1]}": ("failed", "450 later"),
        f"letter-{days[2]}": ("failed", "told in a later digest"),
        "letter-alert": ("pending", None),
    }
    (one,) = store.subscribers.active()
    assert one.since == 7
    assert (str(one.last_date), str(one.told_date)) == (days[2], days[0])
    assert store.letters.put(CONTENT, [letter("x", occasion=days[2])], NOW) == 0


def test_a_server_that_takes_nothing_is_remembered(store):
    """Since when, and that somebody was told, until it takes a mail; over restarts."""
    reader(store)
    store.letters.put(CONTENT, [letter()], NOW)
    assert store.letters.outage(NOW) == (NOW, False)
    store.letters.told_of_outage()
    assert store.letters.outage(NOW + HOUR) == (NOW, True)
    # A clock that was set back makes no outage of the future.
    assert store.letters.outage(NOW - HOUR) == (NOW - HOUR, True)
    store.letters.sent("letter-a")
    assert store.letters.outage(NOW + HOUR) == (NOW + HOUR, False)


def test_old_contents_go_and_keys_stay(store):
    """What was said is dropped once nothing of it waits; that it was sent is kept."""
    reader(store)
    store.letters.put(CONTENT, [letter()], NOW)
    assert store.letters.forget_contents(NOW + HOUR) == 0
    store.letters.sent("letter-a")
    assert store.letters.forget_contents(NOW) == 0
    assert store.letters.forget_contents(NOW + HOUR) == 1
    (kept,) = store.letters.all()
    assert (kept.state, kept.content_id) == ("sent", None)
    assert store.letters.put(CONTENT, [letter("b")], NOW) == 0


def test_news_is_numbered_as_it_comes(store):
    """Every verdict and summary gets the next number once, repeats as well."""
    ledger.fill(store, feeds=0)
    news = store.news.after(0)
    assert [one.number for one in news] == list(range(1, len(news) + 1))
    assert {one.kind for one in news} == {"finding", "summary"}
    assert [one.verdict for one in news if one.deal_id == "old-3"] == ["new", "update"]
    assert [one.status for one in news if one.deal_id == "old-3"] == [
        "talks",
        "announced",
    ]
    n = store.news.last()
    again = ledger.STORIES[0]
    deal = store.ledger.deal(again.deal)
    store.ledger.put_deal(deal, deal.findings[0], "new", "once more")
    assert store.news.last() == n
    assert store.news.before(ledger.DAY) == 3
    assert store.news.before(ledger.DAY + 99 * HOUR) == n


def test_ledgers_of_before(tmp_path):
    """A ledger without these tables gets them, with its news numbered by time."""
    path = tmp_path / "newsbot.db"
    with open_store(path).connection.db.conn:
        pass
    store = open_store(path)
    ledger.fill(store, feeds=0)
    n_news = store.news.last()
    store.close()
    raw = sqlite3.connect(path)
    for kind, name in (
        ("TRIGGER", "news_of_finding"), ("TRIGGER", "news_of_summary"),
        ("TABLE", "news"), ("TABLE", "letters"), ("TABLE", "content_pictures"),
        ("TABLE", "contents"), ("TABLE", "subscribers"), ("TABLE", "mail_secret"),
    ):  # fmt: skip
        raw.execute(f"DROP {kind} {name}")
    # What later versions did to these tables and others.
    raw.execute("DROP TABLE revisits")
    raw.execute("DROP TABLE mail_outage")
    raw.execute("ALTER TABLE subscriptions DROP COLUMN digest_days")
    raw.execute("ALTER TABLE pages DROP COLUMN etag")
    raw.execute("ALTER TABLE pages DROP COLUMN last_modified")
    raw.execute(
        "DELETE FROM _sqlite_migrations WHERE name IN "
        "('m007_mail', 'm014_following', 'm016_mailing')"
    )
    raw.commit()
    raw.close()
    store = open_store(path)
    news = store.news.after(0)
    assert len(news) == n_news
    findings = [one.published_at for one in news if one.kind == "finding"]
    assert findings == sorted(findings)
    ledger.keep(
        store,
        ledger.Story(
            deal="x", text="A and B. C.", parties={"Aa": "partner", "Bb": "partner"}
        ),
        99,
    )
    assert store.news.last() == n_news + 1
    assert store.connection.rows("PRAGMA integrity_check")[0]["integrity_check"] == "ok"
    store.close()


def test_who_leaves_while_a_digest_is_written_gets_none(store):
    """The others' letters are written; nothing fails over the one who left."""
    reader(store, "a")
    reader(store, "b")
    store.subscribers.remove("a")
    other = letter("b", subscriber_id="b", recipient="b@example.org")
    assert store.letters.put(CONTENT, [letter("a"), other], NOW) == 1
    assert [one.id for one in store.letters.all()] == ["letter-b"]


def test_leaving_takes_the_letters_along(store):
    """Nothing of a reader stays: neither row nor letter."""
    reader(store)
    store.letters.put(CONTENT, [letter()], NOW)
    assert store.subscribers.remove("a")
    assert not store.subscribers.remove("a")
    assert store.letters.all() == []
