"""Migrations, in order; each runs in one transaction and never changes again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from newsbot.adapters.db.tables import (
    BOT,
    FOLLOWING,
    HISTORY,
    JOINTS,
    MAIL,
    MAILING,
    MANNERS,
    PAIRS,
    SENDING,
    UPKEEP,
)
from newsbot.adapters.db.versions_tables import make_room
from newsbot.adapters.db.views import VIEWS

if TYPE_CHECKING:
    from sqlite_utils import Database

#: All migrations, in their order; `library.migrations` runs them.
STEPS: list[Callable[[Database], None]] = []


def _step(migration: Callable[[Database], None]) -> Callable[[Database], None]:
    STEPS.append(migration)
    return migration


#: The line's queue is the query over (state, due_at): this index is the queue.
_FIRST = """
CREATE TABLE feeds (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    language TEXT,
    every_minutes INTEGER NOT NULL,
    source TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    next_poll_at TEXT,
    first_polled_at TEXT,
    last_polled_at TEXT,
    n_errors INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE TABLE entries (
    id TEXT PRIMARY KEY,
    feed_id TEXT REFERENCES feeds(id) ON DELETE SET NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    published_at TEXT,
    first_seen_at TEXT NOT NULL,
    origin TEXT NOT NULL,
    may_alert INTEGER NOT NULL,
    language TEXT,
    author TEXT,
    site TEXT,
    state TEXT NOT NULL,
    due_at TEXT NOT NULL,
    priority REAL NOT NULL DEFAULT 0,
    n_errors INTEGER NOT NULL DEFAULT 0,
    reason TEXT
);
CREATE INDEX entries_queue ON entries(state, due_at);
CREATE INDEX entries_feed ON entries(feed_id);
CREATE TABLE pages (
    entry_id TEXT PRIMARY KEY REFERENCES entries(id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    fetched_at TEXT NOT NULL
);
CREATE TABLE articles (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    entry_id TEXT NOT NULL UNIQUE REFERENCES entries(id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    language TEXT NOT NULL,
    published_at TEXT NOT NULL,
    site TEXT NOT NULL,
    author TEXT,
    text_origin TEXT NOT NULL,
    fingerprint TEXT NOT NULL
);
CREATE INDEX articles_published ON articles(published_at);
CREATE VIRTUAL TABLE articles_fts USING fts5(
    title, text, content='articles', content_rowid='number',
    tokenize="unicode61 remove_diacritics 2"
);
CREATE TRIGGER articles_fts_insert AFTER INSERT ON articles BEGIN
    INSERT INTO articles_fts(rowid, title, text)
    VALUES (new.number, new.title, new.text);
END;
CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.number, old.title, old.text);
END;
CREATE TRIGGER articles_fts_update AFTER UPDATE OF title, text ON articles BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO articles_fts(rowid, title, text)
    VALUES (new.number, new.title, new.text);
END;
CREATE TABLE assessments (
    article_id TEXT PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
    probability REAL NOT NULL,
    threshold REAL NOT NULL,
    words TEXT NOT NULL,
    assessor TEXT NOT NULL,
    dropped TEXT NOT NULL DEFAULT '[]',
    assessed_at TEXT NOT NULL
);
CREATE TABLE deals (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    types TEXT NOT NULL,
    parties TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL
);
CREATE INDEX deals_last_seen ON deals(last_seen_at);
CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    deal_id TEXT REFERENCES deals(id) ON DELETE SET NULL,
    verdict TEXT,
    reason TEXT,
    document TEXT NOT NULL
);
CREATE INDEX findings_article ON findings(article_id);
CREATE INDEX findings_deal ON findings(deal_id);
CREATE TABLE deal_parties (
    deal_id TEXT NOT NULL REFERENCES deals(id) ON DELETE CASCADE,
    party TEXT NOT NULL,
    PRIMARY KEY (deal_id, party)
) WITHOUT ROWID;
CREATE INDEX deal_parties_party ON deal_parties(party);
CREATE TABLE summaries (
    article_id TEXT PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    sentences TEXT NOT NULL,
    writer TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    deal_id TEXT NOT NULL REFERENCES deals(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    html TEXT NOT NULL,
    plain TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    alert_id TEXT NOT NULL REFERENCES alerts(id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    provider_id TEXT,
    error TEXT,
    UNIQUE (alert_id, channel, recipient)
);
CREATE INDEX deliveries_queue ON deliveries(state, due_at);
"""


@_step
def m001_first(db: Database) -> None:
    """Lay out the first ledger."""
    for statement in _statements(_FIRST):
        db.execute(statement)


#: What a message told, which one it answers, and newer texts of those sent.
_EDITS = """
ALTER TABLE alerts ADD COLUMN answers TEXT;
ALTER TABLE alerts ADD COLUMN told TEXT;
CREATE INDEX alerts_deal ON alerts(deal_id);
CREATE TABLE edits (
    delivery_id TEXT PRIMARY KEY REFERENCES deliveries(id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    was TEXT NOT NULL,
    error TEXT
);
CREATE INDEX edits_queue ON edits(state, due_at);
"""


@_step
def m002_edits(db: Database) -> None:
    """Make room for edits of messages that were sent."""
    for statement in _statements(_EDITS):
        db.execute(statement)


#: Parties by time: a name that half of all deals share is read for the days that
#: count only.
_IDENTITY = """
CREATE TABLE deal_parties_new (
    deal_id TEXT NOT NULL REFERENCES deals(id) ON DELETE CASCADE,
    party TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (deal_id, party)
) WITHOUT ROWID;
INSERT INTO deal_parties_new (deal_id, party, last_seen_at, status)
    SELECT deal_id, party, deals.last_seen_at, deals.status
    FROM deal_parties JOIN deals ON deals.id = deal_parties.deal_id;
DROP TABLE deal_parties;
ALTER TABLE deal_parties_new RENAME TO deal_parties;
CREATE INDEX deal_parties_party ON deal_parties(party, last_seen_at, deal_id);
CREATE INDEX deal_parties_talks ON deal_parties(party, last_seen_at, deal_id)
    WHERE status = 'talks';
CREATE TABLE deal_aliases (
    id TEXT PRIMARY KEY,
    deal_id TEXT NOT NULL REFERENCES deals(id) ON DELETE CASCADE
);
CREATE INDEX deal_aliases_deal ON deal_aliases(deal_id);
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    finding TEXT NOT NULL,
    other TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    UNIQUE (kind, finding, other)
);
CREATE INDEX decisions_finding ON decisions(finding);
CREATE INDEX decisions_other ON decisions(other);
"""


@_step
def m003_identity(db: Database) -> None:
    """Make candidates cheap to find, and keep what persons decide."""
    for statement in _statements(_IDENTITY):
        db.execute(statement)


@_step
def m004_views(db: Database) -> None:
    """Add the views that people read the ledger with."""
    for statement in VIEWS:
        db.execute(statement)


@_step
def m005_sending(db: Database) -> None:
    """Keep who is parked, what was sent lately, and why a channel rests."""
    for statement in _statements(SENDING):
        db.execute(statement)


@_step
def m006_bot(db: Database) -> None:
    """Make room for the bot that people talk to."""
    for statement in _statements(BOT):
        db.execute(statement)


@_step
def m007_mail(db: Database) -> None:
    """Number the news, and make room for readers and their mail."""
    for statement in _statements(MAIL):
        db.execute(statement)


@_step
def m008_manners(db: Database) -> None:
    """Keep what servers and feeds ask for, and what entries said before."""
    for statement in _statements(MANNERS):
        db.execute(statement)


@_step
def m009_joints(db: Database) -> None:
    """Join mail, chats and managers: digests of chats, readers of chats, questions."""
    for statement in _statements(JOINTS):
        db.execute(statement)


@_step
def m010_versions(db: Database) -> None:
    """Keep every version of an article, and what its earlier ones told."""
    make_room(db)


@_step
def m011_history(db: Database) -> None:
    """Keep how far backfills came, and what became of their documents."""
    for statement in _statements(HISTORY):
        db.execute(statement)


@_step
def m012_upkeep(db: Database) -> None:
    """Keep what the service did for itself, and what a restore must not repeat."""
    for statement in _statements(UPKEEP):
        db.execute(statement)


@_step
def m014_following(db: Database) -> None:
    """Number corrections as news, and keep when pages are asked for again."""
    for statement in _statements(FOLLOWING):
        db.execute(statement)


@_step
def m016_mailing(db: Database) -> None:
    """Keep what a digest begins after, when mail stopped, and a chat's days."""
    for statement in _statements(MAILING):
        db.execute(statement)


@_step
def m018_titles(db: Database) -> None:
    """Keep what feeds are called, for lists of feeds that others read."""
    db.execute("ALTER TABLE feeds ADD COLUMN title TEXT")


@_step
def m019_newest(db: Database) -> None:
    """Find the newest deals without sorting all of them."""
    db.execute("CREATE INDEX deals_first_seen ON deals(first_seen_at DESC, id)")


@_step
def m020_freshness(db: Database) -> None:
    """Keep how long a feed's answer is fresh, and where its older pages begin."""
    db.execute("ALTER TABLE feeds ADD COLUMN fresh_seconds INTEGER")
    db.execute("ALTER TABLE feeds ADD COLUMN older_url TEXT")


#: From when to when a party's deals were seen: a paper of years ago, as archives bring
#: them, is compared with the deals of its days and not with all that came since.
_SPANS = """
ALTER TABLE deal_parties ADD COLUMN first_seen_at TEXT NOT NULL DEFAULT '';
UPDATE deal_parties SET first_seen_at =
    (SELECT first_seen_at FROM deals WHERE deals.id = deal_parties.deal_id);
DROP INDEX deal_parties_party;
DROP INDEX deal_parties_talks;
CREATE INDEX deal_parties_party
    ON deal_parties(party, last_seen_at, first_seen_at, deal_id);
CREATE INDEX deal_parties_talks
    ON deal_parties(party, last_seen_at, first_seen_at, deal_id, status)
    WHERE status = 'talks';
"""


@_step
def m021_spans(db: Database) -> None:
    """Keep when a party's deals were first seen, beside when last."""
    for statement in _statements(_SPANS):
        db.execute(statement)


@_step
def m022_pairs(db: Database) -> None:
    """Find the deals of two sides by both names at once."""
    for statement in _statements(PAIRS):
        db.execute(statement)


def _statements(script: str) -> list[str]:
    """Split a script, keeping triggers whole.

    `executescript` would commit the open transaction of the migration.
    """
    statements: list[str] = []
    part = ""
    for line in script.strip().splitlines():
        part += line + "\n"
        in_trigger = part.startswith("CREATE TRIGGER")
        if line.endswith("END;") or (line.endswith(";") and not in_trigger):
            statements.append(part)
            part = ""
    return statements
