"""Feeds and the line: what was announced is kept, once, and in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from db_nouns import (
    HOUR,
    NOW,
    announce,
    announce_articles,
    article,
    assessment,
    entry,
    feed,
    finding,
    memory_store,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.adapters.db import open_store
from newsbot.courtesy import Courtesy
from newsbot.errors import StoreError
from newsbot.types import (
    Dropped,
    Page,
    identity,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "newsbot.db"


@pytest.fixture
def store(path):
    opened = open_store(path)
    yield opened
    opened.close()


def test_sync_keeps_what_servers_said(store):
    """A feed that stays in the config keeps validators and errors; others go."""
    store.feeds.sync([feed("stays"), feed("goes")])
    polled = {"etag": '"v1"', "last_modified": "Mon", "n_errors": 1, "error": "down"}
    store.feeds.polled(feed("stays", **polled), [], NOW)
    store.feeds.sync([feed("stays", every_minutes=60, language="en"), feed("comes")])
    stays, comes = sorted(store.feeds.all(), key=lambda one: one.id, reverse=True)
    assert comes == feed("comes")
    assert (stays.etag, stays.last_modified) == ('"v1"', "Mon")
    assert (stays.n_errors, stays.error) == (1, "down")
    assert (stays.every_minutes, stays.language) == (60, "en")


def test_sync_leaves_feeds_added_by_command(store):
    """A feed that a command added outlives a config that never named it."""
    store.feeds.add(feed("mine", source="command"))
    store.feeds.sync([feed("theirs")])
    store.feeds.sync([])
    assert [one.url for one in store.feeds.all()] == ["https://mine.example.org/feed"]


def test_a_feed_is_added_once_and_removed_by_url_or_id(store):
    """The address makes the feed; removing it keeps what it announced."""
    assert store.feeds.add(feed())
    assert not store.feeds.add(feed(id="other"))
    store.feeds.polled(feed(), [entry(feed_id="feed-a")], NOW)
    assert store.feeds.remove("feed-a")
    assert not store.feeds.remove("https://a.example.org/feed")
    assert store.line.entry("entry-a").feed_id is None


def test_feeds_are_due_longest_waiting_first(store):
    """A feed never polled comes first; one polled later than now does not come."""
    waits = {"never": None, "long": NOW - HOUR, "just": NOW, "later": NOW + HOUR}
    for name, at in waits.items():
        store.feeds.add(feed(name, next_poll_at=at))
    due = [one.id.removeprefix("feed-") for one in store.feeds.due(NOW)]
    assert due == ["never", "long", "just"]


def test_next_poll_at_counts_feeds_never_polled(store):
    """A new feed is due at once, even while all others wait."""
    assert store.feeds.next_poll_at() is None
    store.feeds.add(feed("later", next_poll_at=NOW + HOUR))
    assert store.feeds.next_poll_at() == NOW + HOUR
    store.feeds.add(feed("never"))
    assert store.feeds.next_poll_at() < NOW


def test_a_poll_is_one_transaction(store):
    """Validators never arrive without their entries, nor entries without them."""
    store.feeds.add(feed())
    bad = entry("b", feed_id="nobody")
    with pytest.raises(StoreError):
        store.feeds.polled(feed(etag="new"), [entry(), bad], NOW)
    assert store.feeds.all() == [feed()]
    assert store.line.counts() == {}


def test_a_known_entry_is_one_entry(store):
    """An entry announced again, even changed, is neither doubled nor sent back."""
    announce(store, entry())
    store.line.advance("entry-a", taken="found", given="fetched")
    assert store.feeds.polled(feed(), [entry(title="Neu"), entry("b")], NOW) == 1
    assert store.line.counts() == {"fetched": 1, "found": 1}
    assert store.line.entry("entry-a").title == "Neu"


def test_a_feed_removed_while_polled_announces_nothing(store):
    """The outcome of a poll is dropped when its feed is gone meanwhile."""
    assert store.feeds.polled(feed(), [entry()], NOW) == 0
    assert store.line.counts() == {}


def test_all_that_is_known_of_a_feed_is_read_back(store):
    """Every column of a feed's row returns as it was stored; surrogates as "?"."""
    store.feeds.add(feed())
    courtesy = Courtesy(
        wait_reason="the feed's ttl",
        not_before_at=NOW,
        stopped_at=NOW - HOUR,
        body_hash="0a",
        newest_at=NOW,
        gap_seconds=90,
        ttl_minutes=60,
        skip_hours="0,23",
        skip_days="6",
        moved_to="https://b.example/",
        n_moved=2,
        moved_since=NOW,
    )
    after = feed(etag="v1", n_errors=1, error="kaputt ?", courtesy=courtesy)
    store.feeds.polled(replace(after, error="kaputt \ud800"), [], NOW)
    assert store.feeds.all() == [after]
    assert store.feeds.due(NOW + HOUR) == []


def test_a_feed_keeps_its_id_where_its_address_changes(store):
    """It is found, kept by the config and removed under the old address, too."""
    old, new = "https://a.example.org/feed", "https://new.example/feed"
    known = feed(id=identity("feed", old), url=old)
    store.feeds.sync([known])
    store.feeds.polled(replace(known, url=new, etag="v1"), [], NOW)
    store.feeds.sync([known])
    (moved,) = store.feeds.all()
    assert (moved.id, moved.url, moved.etag) == (known.id, new, "v1")
    assert not store.feeds.add(replace(known, source="command"))
    assert store.feeds.find(old) == store.feeds.find(new) == moved
    assert store.feeds.remove(old)


def test_an_address_that_another_feed_has_is_not_taken(store):
    """Two feeds that are one by now keep their addresses."""
    store.feeds.sync([feed("a"), feed("b")])
    store.feeds.polled(replace(feed("a"), url=feed("b").url, etag="v1"), [], NOW)
    urls = {one.id: (one.url, one.etag) for one in store.feeds.all()}
    assert urls[feed("a").id] == (feed("a").url, "v1")


def test_the_queue_is_promising_first_then_oldest(store):
    """Priority beats age; age is the publication, else when it was first seen."""
    announce(
        store,
        entry("new", published_at=NOW),
        entry("old", published_at=NOW - 2 * HOUR),
        entry("undated", published_at=None, first_seen_at=NOW - HOUR),
        entry("hot", published_at=NOW + HOUR),
    )
    store.line.advance("entry-hot", taken="found", given="found", priority=7.5)
    ids = [one.id.removeprefix("entry-") for one in store.line.due("found", NOW, 9)]
    assert ids == ["hot", "old", "undated", "new"]
    assert len(store.line.due("found", NOW, 2)) == 2


def test_advance_moves_only_from_the_expected_state(store):
    """Of two workers that took the same entry, the second is told to stop."""
    announce(store, entry())
    assert store.line.advance("entry-a", taken="found", given="fetched", reason="r")
    assert not store.line.advance("entry-a", taken="found", given="failed")
    assert store.line.state("entry-a") == ("fetched", "r", 0)
    assert store.line.state("nobody") == ("unknown", None, 0)


def test_a_postponed_entry_waits_and_counts(store):
    """An error that may pass hides the entry until its time, and adds up."""
    announce(store, entry())
    for n in (1, 2):
        store.line.postpone(
            "entry-a", taken="found", reason="\udfff", due_at=NOW + HOUR
        )
        assert store.line.state("entry-a") == ("found", "?", n)
    assert store.line.due("found", NOW, 9) == []
    assert len(store.line.due("found", NOW + HOUR, 9)) == 1
    store.line.postpone("entry-a", taken="fetched", reason="late", due_at=NOW)
    assert store.line.state("entry-a") == ("found", "?", 2)
    store.line.advance("entry-a", taken="found", given="fetched")
    assert store.line.state("entry-a") == ("fetched", None, 0)


def test_pages_and_articles_come_back_as_they_went(store):
    """What the server gave and what was read from it are kept whole."""
    announce(store, entry())
    page = Page(
        entry_id="entry-a",
        url="https://example.org/a",
        status=200,
        content_type="text/html",
        body=bytes(range(256)),
        fetched_at=NOW,
    )
    store.line.put_page(page)
    store.line.put_page(page)
    store.line.put_article(article())
    store.line.put_article(article(title="anders"))
    assert store.line.page("entry-a") == page
    assert store.line.article_of("entry-a") == article()
    assert store.line.page("nobody") is None
    assert store.line.article("nobody") is None


@pytest.mark.parametrize("bits", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_fingerprints_keep_all_their_bits(store, bits):
    """64 unsigned bits survive a database whose integers are signed."""
    announce_articles(store, article(fingerprint=bits))
    assert store.line.fingerprints(NOW) == [("article-a", bits)]
    assert store.line.article("article-a").fingerprint == bits
    assert store.line.fingerprints(NOW + HOUR) == []


def test_fingerprints_come_oldest_first(store):
    """Of equal articles the oldest is the one to be repeated."""
    announce_articles(
        store,
        article("young", published_at=NOW),
        article("old", published_at=NOW - HOUR),
    )
    ids = [id_ for id_, _ in store.line.fingerprints(NOW - HOUR)]
    assert ids == ["article-old", "article-young"]


def test_lone_surrogates_are_stored_safely(store):
    """Half a character in a title is replaced, not an error and not half stored."""
    announce(store, entry(title="Halb \ud83d", summary="\udc00", author="\ud800"))
    kept = store.line.entry("entry-a")
    assert (kept.title, kept.summary, kept.author) == ("Halb ?", "?", "?")
    store.line.put_article(article())
    store.ledger.put_assessment(
        assessment(words=("\ud800",)),
        [finding(dropped=(Dropped(claim="\ud800", reason="r"),))],
        (Dropped(claim="c", reason="\udfff"),),
    )
    kept, dropped = store.ledger.assessment("article-a")
    assert (kept.words, dropped[0].reason) == (("?",), "?")
    assert store.ledger.findings_of("article-a")[0].dropped[0].claim == "?"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lubeck", True),
        ("LÜBECK rechenzentrum", True),
        ("Lu\u0308beck", True),
        ("luebeck", False),
        ("Rechenzentrum Hamburg", False),
        ("beck", False),
        ("microsoft & openai", True),
        ('"Lübeck"', True),
        ("", False),
        ("  ", False),
    ],
)
def test_search_finds_words_with_and_without_umlaut(store, words, found):
    """Every word must be there; accents and case do not matter, operators are text."""
    announce_articles(store, article())
    assert store.line.search(words, 5) == ([article()] if found else [])


@settings(deadline=None)
@given(
    st.text(st.characters() | st.sampled_from('"*^:(){}-+\0\ud800'), max_size=60)
    | st.lists(
        st.sampled_from(["AND", "OR", "NOT", "NEAR(a, 2)", "title:", "x*", '"', "\0"])
    ).map(" ".join)
)
def test_no_search_ever_raises(words):
    """Whatever a user types is text to be found, never a syntax error."""
    with memory_store() as store:
        announce_articles(store, article())
        assert store.line.search(words, 5) in ([], [article()])


def test_a_very_long_search_is_answered(store):
    """A page pasted into the search is slow at worst, not an error."""
    announce_articles(store, article())
    assert store.line.search("Lübeck " * 20_000, 5) == [article()]


def test_a_deleted_article_is_no_longer_found(store):
    """The search index follows articles that go or change."""
    announce_articles(store, article())
    db = store.connection.db
    db.execute("UPDATE articles SET title = 'Neues aus Kiel'")
    assert store.line.search("Lübeck", 5) == []
    assert len(store.line.search("kiel", 5)) == 1
    db.execute("DELETE FROM articles")
    assert store.line.search("kiel", 5) == []


def test_the_store_is_shared_by_threads(store):
    """The service's threads write through one connection without mixing."""
    store.feeds.add(feed())

    def poll(n: int) -> int:
        batch = [entry(f"{n}-{m}") for m in range(20)]
        return store.feeds.polled(feed(), batch, NOW)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(poll, range(30))) == 600
    assert store.line.counts() == {"found": 600}
