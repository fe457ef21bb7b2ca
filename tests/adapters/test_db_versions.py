"""Several texts of one article: the upgrade that makes room, and what stays."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from db_nouns import HOUR, NOW, announce_articles, article, deal, memory_store, put
from sqlite_utils import Database

from newsbot.adapters.db import open_store
from newsbot.adapters.db.library import migrations
from newsbot.errors import StoreError


def filled_before(path):
    """A ledger of the version before, with all that points at an article."""
    old = Database(path)
    migrations().apply(old, stop_before="m010_versions")
    for statement in (
        "INSERT INTO entries VALUES ('e', NULL, 'https://x.example/', 't', '', NULL, "
        "'2026', 'feed', 1, NULL, NULL, NULL, 'done', '2026', 0, 0, NULL, NULL)",
        "INSERT INTO articles VALUES (7, 'a', 'e', 'https://x.example/', 'Old words', "
        "'Text', 'en', '2026-03-01T12:00:00.000000Z', 's', NULL, 'page', "
        "'0000000000000001')",
        "INSERT INTO deals VALUES ('d', 'talks', '[]', '[]', '', '')",
        "INSERT INTO assessments VALUES ('a', 0.9, 0.5, '[]', 'x', '[]', '2026')",
        "INSERT INTO findings VALUES ('f', 'a', 'd', 'new', '', '{}')",
        "INSERT INTO summaries VALUES ('a', 'en', '[]', 'x', '2026')",
    ):
        old.execute(statement)
    old.conn.commit()
    old.close()


def test_a_ledger_of_the_version_before_keeps_every_row(tmp_path):
    """Laying `articles` out anew takes nothing with it, and keys still hold."""
    path = tmp_path / "old.db"
    filled_before(path)
    store = open_store(path)
    for table in ("articles", "assessments", "findings", "summaries", "deals"):
        (row,) = store.connection.rows(f"SELECT count(*) AS n FROM {table}")
        assert row["n"] == 1, table
    assert [one.id for one in store.line.search("old", 9)] == ["a"]
    assert store.connection.rows("PRAGMA foreign_keys") == [{"foreign_keys": 1}]
    assert store.connection.rows("SELECT deal FROM deal_sources") == [{"deal": "d"}]
    with store.atomic() as db:
        db.execute("DELETE FROM entries")
    assert store.connection.rows("SELECT * FROM findings") == []
    store.close()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_upgrade_refuses_to_run_under_foreign_keys(tmp_path):
    """It would take all findings with the old table: nothing is touched."""
    path = tmp_path / "old.db"
    filled_before(path)
    old = Database(path)
    old.execute("PRAGMA foreign_keys=ON")
    with pytest.raises(StoreError, match="foreign keys"):
        migrations().apply(old)
    assert old.execute("SELECT count(*) FROM findings").fetchone() == (1,)
    old.close()


def test_one_text_is_the_newest():
    """A newer one replaces it, as often as it comes; the one before can be read."""
    with memory_store() as store:
        announce_articles(store, article())
        noun = put(store, deal(), "a")
        newer = replace(article(), id="article-a2", text="Neu gefasst.")
        for _ in range(2):
            store.versions.put(newer, NOW)
        assert store.line.article_of("entry-a") == newer
        assert store.line.article("article-a") == article()
        (former,) = store.versions.former("entry-a")
        assert (former.article, former.replaced_by, former.replaced_at) == (
            article(),
            "article-a2",
            NOW,
        )
        (standing,) = store.versions.standing("entry-a")
        assert (standing.finding, standing.deal_id) == (noun, "deal-a")
        store.versions.retire(noun.id, newer.id, None)
        assert store.versions.standing("entry-a") == []
        assert store.versions.left("deal-a") == [noun]
        assert store.versions.corrected(newer.id) == ["deal-a"]
        with store.atomic() as db:
            db.execute("DELETE FROM entries")  # both texts leave the index rightly
            db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('rebuild')")


@pytest.mark.parametrize("end", ["done", "irrelevant", "skipped", "failed"])
def test_an_entry_edited_on_its_way_goes_to_the_head_at_the_end(end):
    """Wherever the line ends; before that, it goes on as it was."""
    with memory_store() as store:
        announce_articles(store, article())
        with store.atomic() as db:
            db.execute(
                "UPDATE entries SET read_again_at = ?",
                ["2026-03-01T13:00:00.000000Z"],
            )
        store.line.advance("entry-a", taken="found", given="extracted")
        assert store.line.state("entry-a")[0] == "extracted"
        store.line.advance("entry-a", taken="extracted", given=end, reason="x")
        assert store.line.state("entry-a") == ("found", None, 0)
        assert store.line.due("found", NOW, 9) == []
        assert len(store.line.due("found", NOW + HOUR, 9)) == 1
