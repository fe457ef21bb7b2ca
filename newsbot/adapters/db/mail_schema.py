"""The tables of the digest: news in their order, readers, and the mail that waits."""

from __future__ import annotations

#: News is numbered by the database as it becomes known: no clock can lose any of it,
#: or tell it twice. Triggers see to it, so that no way into the ledger forgets it.
MAIL = """
CREATE TABLE news (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT,
    parties TEXT NOT NULL DEFAULT '[]',
    UNIQUE (kind, subject)
);
INSERT INTO news (kind, subject, status, parties)
    SELECT 'finding', findings.id, json_extract(findings.document, '$.status'),
        deals.parties
    FROM findings JOIN deals ON deals.id = findings.deal_id
    JOIN articles ON articles.id = findings.article_id
    WHERE findings.verdict IS NOT NULL ORDER BY articles.published_at, findings.id;
INSERT INTO news (kind, subject)
    SELECT 'summary', article_id FROM summaries ORDER BY created_at, article_id;
CREATE TRIGGER news_of_finding AFTER UPDATE OF verdict ON findings
WHEN new.verdict IS NOT NULL BEGIN
    INSERT OR IGNORE INTO news (kind, subject, status, parties)
    SELECT 'finding', new.id, deals.status, deals.parties
    FROM deals WHERE deals.id = new.deal_id;
END;
CREATE TRIGGER news_of_summary AFTER INSERT ON summaries BEGIN
    INSERT OR IGNORE INTO news (kind, subject) VALUES ('summary', new.article_id);
END;
CREATE TABLE subscribers (
    id TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    wish TEXT NOT NULL,
    asked TEXT,
    state TEXT NOT NULL,
    token_hash TEXT,
    asked_at TEXT NOT NULL,
    confirmed_at TEXT,
    since INTEGER NOT NULL DEFAULT 0,
    instant_since INTEGER NOT NULL DEFAULT 0,
    last_date TEXT,
    error TEXT
);
CREATE UNIQUE INDEX subscribers_address ON subscribers(lower(address));
CREATE INDEX subscribers_token ON subscribers(token_hash);
CREATE TABLE contents (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    pictures TEXT NOT NULL,
    language TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE content_pictures (
    content_id TEXT NOT NULL REFERENCES contents(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    png BLOB NOT NULL,
    PRIMARY KEY (content_id, name)
);
CREATE TABLE letters (
    id TEXT PRIMARY KEY,
    subscriber_id TEXT REFERENCES subscribers(id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    occasion TEXT NOT NULL,
    content_id TEXT REFERENCES contents(id) ON DELETE SET NULL,
    state TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    upto INTEGER NOT NULL,
    error TEXT,
    UNIQUE (subscriber_id, kind, occasion)
);
CREATE INDEX letters_queue ON letters(state, due_at);
CREATE INDEX letters_content ON letters(content_id);
CREATE TABLE mail_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret BLOB NOT NULL
);
"""
