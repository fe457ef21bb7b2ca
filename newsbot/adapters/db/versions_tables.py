"""Room for several versions of one article: the migration that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsbot.errors import StoreError

if TYPE_CHECKING:
    from sqlite_utils import Database

#: `articles` with `replaced_by`, of an entry as many as it had texts, one of them the
#: newest. The index of words holds the newest only.
_ARTICLES = (
    """
CREATE TABLE articles_new (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    entry_id TEXT NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    language TEXT NOT NULL,
    published_at TEXT NOT NULL,
    site TEXT NOT NULL,
    author TEXT,
    text_origin TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    replaced_by TEXT,
    replaced_at TEXT
)
""",
    """
INSERT INTO articles_new (number, id, entry_id, url, title, text, language,
    published_at, site, author, text_origin, fingerprint)
    SELECT number, id, entry_id, url, title, text, language, published_at, site,
    author, text_origin, fingerprint FROM articles
""",
    "DROP TABLE articles",
    "ALTER TABLE articles_new RENAME TO articles",
    "CREATE INDEX articles_published ON articles(published_at)",
    "CREATE INDEX articles_entry ON articles(entry_id)",
    "CREATE UNIQUE INDEX articles_newest ON articles(entry_id) "
    "WHERE replaced_by IS NULL",
    """
CREATE TRIGGER articles_fts_insert AFTER INSERT ON articles
WHEN new.replaced_by IS NULL BEGIN
    INSERT INTO articles_fts(rowid, title, text)
    VALUES (new.number, new.title, new.text);
END
""",
    """
CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles
WHEN old.replaced_by IS NULL BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.number, old.title, old.text);
END
""",
    """
CREATE TRIGGER articles_fts_replace AFTER UPDATE OF replaced_by ON articles
WHEN old.replaced_by IS NULL AND new.replaced_by IS NOT NULL BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.number, old.title, old.text);
END
""",
    """
CREATE TRIGGER articles_fts_update AFTER UPDATE OF title, text ON articles
WHEN old.replaced_by IS NULL BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO articles_fts(rowid, title, text)
    VALUES (new.number, new.title, new.text);
END
""",
    # Findings of a replaced text: the deal that they were in, and the text that took
    # their place there.
    "ALTER TABLE findings ADD COLUMN former_deal_id TEXT",
    "ALTER TABLE findings ADD COLUMN left_for TEXT",
    "CREATE INDEX findings_former ON findings(former_deal_id) "
    "WHERE former_deal_id IS NOT NULL",
    "CREATE INDEX findings_left ON findings(left_for) WHERE left_for IS NOT NULL",
    "ALTER TABLE deals ADD COLUMN withdrawn_by TEXT",
    # An edit that came while the entry was on its way: when to read it again.
    "ALTER TABLE entries ADD COLUMN read_again_at TEXT",
)


def make_room(db: Database) -> None:
    """Lay `articles` out anew, without touching what points at it.

    Raises:
        StoreError: Foreign keys are enforced: dropping the old table would take all
            findings with it.

    Source:
        https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema
        Changes".
    """
    if db.execute("PRAGMA foreign_keys").fetchone()[0]:
        raise StoreError("articles cannot be laid out anew under foreign keys")
    # Views and keys go on naming `articles`, which is not there for a moment.
    before = db.execute("PRAGMA legacy_alter_table").fetchone()[0]
    db.execute("PRAGMA legacy_alter_table=ON")
    try:
        for statement in _ARTICLES:
            db.execute(statement)
    finally:
        db.execute(f"PRAGMA legacy_alter_table={before}")
