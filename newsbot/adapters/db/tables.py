"""Tables that came with later versions, by migration; none ever changes again."""

from __future__ import annotations

#: Who can be reached, what was asked of a channel lately, and which channel rests.
#: The first waiting message of each recipient is one look into `deliveries_waiting`.
SENDING = """
CREATE TABLE recipients (
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'active',
    reason TEXT,
    since TEXT NOT NULL,
    moved_to TEXT,
    PRIMARY KEY (channel, recipient)
) WITHOUT ROWID;
INSERT INTO recipients (channel, recipient, since)
    SELECT channel, recipient, MIN(due_at) FROM deliveries
    GROUP BY channel, recipient;
ALTER TABLE deliveries ADD COLUMN begun_at TEXT;
ALTER TABLE deliveries ADD COLUMN n_unknown INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_waiting ON deliveries(channel, recipient)
    WHERE state = 'pending';
CREATE INDEX deliveries_begun ON deliveries(begun_at) WHERE begun_at IS NOT NULL;
CREATE TABLE requests (
    number INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    chat TEXT NOT NULL,
    at TEXT NOT NULL,
    open INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE pauses (
    channel TEXT PRIMARY KEY,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT NOT NULL,
    refused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    n_attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    error TEXT
);
CREATE INDEX notices_waiting ON notices(due_at) WHERE state = 'pending';
"""

#: The bot: who is subscribed and who may talk to it, what it has heard, what it has
#: still to say, and what people think of its messages.
BOT = """
CREATE TABLE subscriptions (
    number INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    language TEXT NOT NULL,
    created_at TEXT NOT NULL,
    source TEXT NOT NULL,
    owner_id INTEGER,
    title TEXT NOT NULL,
    filters TEXT NOT NULL,
    quiet TEXT,
    muted_until TEXT,
    paused INTEGER NOT NULL,
    timezone TEXT NOT NULL,
    digest_at TEXT,
    email TEXT,
    email_confirmed_at TEXT,
    UNIQUE (channel, recipient)
);
CREATE TABLE bot_users (
    user_id INTEGER PRIMARY KEY,
    admitted_at TEXT NOT NULL
);
CREATE TABLE invites (
    hash TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE TABLE bot_updates (
    update_id INTEGER PRIMARY KEY,
    handled_at TEXT NOT NULL
);
CREATE INDEX bot_updates_age ON bot_updates(handled_at);
CREATE TABLE replies (
    number INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    recipient TEXT NOT NULL,
    due_at TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX replies_queue ON replies(due_at);
CREATE TABLE labels (
    deal_id TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    labelled_at TEXT NOT NULL,
    PRIMARY KEY (deal_id, user_id)
) WITHOUT ROWID;
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""

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

#: When feeds are asked, and why; entries under another address; texts that changed;
#: what sites allow; how far a feed's archive was read.
MANNERS = """
ALTER TABLE feeds ADD COLUMN wait_reason TEXT;
ALTER TABLE feeds ADD COLUMN not_before_at TEXT;
ALTER TABLE feeds ADD COLUMN stopped_at TEXT;
ALTER TABLE feeds ADD COLUMN body_hash TEXT;
ALTER TABLE feeds ADD COLUMN newest_at TEXT;
ALTER TABLE feeds ADD COLUMN gap_seconds INTEGER;
ALTER TABLE feeds ADD COLUMN ttl_minutes INTEGER;
ALTER TABLE feeds ADD COLUMN skip_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN skip_days TEXT NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN moved_to TEXT;
ALTER TABLE feeds ADD COLUMN n_moved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN moved_since TEXT;
CREATE INDEX feeds_due ON feeds(next_poll_at);
ALTER TABLE entries ADD COLUMN guid_hash TEXT;
CREATE INDEX entries_url ON entries(url);
CREATE INDEX entries_guid ON entries(guid_hash) WHERE guid_hash IS NOT NULL;
CREATE TABLE entry_versions (
    entry_id TEXT NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    replaced_at TEXT NOT NULL,
    PRIMARY KEY (entry_id, number)
) WITHOUT ROWID;
CREATE TABLE site_rules (
    url TEXT PRIMARY KEY,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    etag TEXT,
    last_modified TEXT,
    fetched_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE TABLE archive_pages (
    feed_id TEXT NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    url TEXT NOT NULL,
    next_url TEXT,
    PRIMARY KEY (feed_id, number),
    UNIQUE (feed_id, url)
) WITHOUT ROWID;
"""

#: What joins the parts: messages about no deal (digests, broadcasts, lines for
#: managers) wait beside the alerts, each digest of a chat once per local date; which
#: chat a reader of mail belongs to; which addresses were asked lately, as hashes.
JOINTS = """
ALTER TABLE notices ADD COLUMN kind TEXT NOT NULL DEFAULT 'notice';
ALTER TABLE notices ADD COLUMN html TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN begun_at TEXT;
ALTER TABLE notices ADD COLUMN n_unknown INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notices_begun ON notices(begun_at) WHERE begun_at IS NOT NULL;
CREATE INDEX notices_recipient ON notices(channel, recipient);
ALTER TABLE subscriptions ADD COLUMN digest_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN digest_begun_at TEXT;
UPDATE subscriptions SET digest_since = (SELECT coalesce(max(number), 0) FROM news);
CREATE TABLE chat_digests (
    subscription INTEGER NOT NULL REFERENCES subscriptions(number) ON DELETE CASCADE,
    local_date TEXT NOT NULL,
    upto INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    notice_id TEXT REFERENCES notices(id) ON DELETE SET NULL
        DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (subscription, local_date)
) WITHOUT ROWID;
CREATE INDEX chat_digests_notice ON chat_digests(notice_id);
ALTER TABLE subscribers ADD COLUMN chat TEXT;
ALTER TABLE subscribers ADD COLUMN asked_by TEXT;
CREATE INDEX subscribers_chat ON subscribers(chat) WHERE chat IS NOT NULL;
CREATE INDEX subscribers_asked_by ON subscribers(asked_by)
    WHERE asked_by IS NOT NULL;
CREATE TABLE mail_questions (
    number INTEGER PRIMARY KEY,
    address_hash TEXT NOT NULL,
    chat_hash TEXT NOT NULL,
    asked_at TEXT NOT NULL
);
CREATE INDEX mail_questions_age ON mail_questions(asked_at);
"""

#: What the service has done for itself and when; which feeds answered since a backup
#: was restored; articles of which the quoted sentences alone are left.
UPKEEP = """
CREATE TABLE upkeep (
    job TEXT PRIMARY KEY,
    done_at TEXT NOT NULL,
    error TEXT
) WITHOUT ROWID;
CREATE TABLE restores (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL
);
CREATE TABLE heard_since_restore (
    feed_id TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE shortened (
    article_id TEXT PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX pages_fetched ON pages(fetched_at);
"""

#: Backfills, by archive and choice (`key`): how far each came, what became of its
#: documents by day and site, and of the first failures where and why.
HISTORY = """
CREATE TABLE archive_runs (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    cursor TEXT NOT NULL DEFAULT '',
    documents INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    started_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX archive_runs_key ON archive_runs(key);
CREATE TABLE archive_tallies (
    run_id TEXT NOT NULL REFERENCES archive_runs(id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    site TEXT NOT NULL,
    fate TEXT NOT NULL,
    reason TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (run_id, day, site, fate, reason)
) WITHOUT ROWID;
CREATE TABLE archive_failures (
    run_id TEXT NOT NULL REFERENCES archive_runs(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
) WITHOUT ROWID;
ALTER TABLE entries ADD COLUMN run_id TEXT;
CREATE INDEX entries_run ON entries(run_id) WHERE run_id IS NOT NULL;
"""

#: Corrections as news, in its order: kind `correction` is a finding that left its deal
#: (`other`: the one in its place), `merged` a deal that became part of another one,
#: `split` a deal that was taken out of one (`other`). `known` is the number from which
#: on a reader knows what is corrected. Pages of articles with a deal are asked for
#: again, with what they were marked with.
FOLLOWING = """
ALTER TABLE news ADD COLUMN other TEXT;
ALTER TABLE news ADD COLUMN known INTEGER;
ALTER TABLE news ADD COLUMN at TEXT;
CREATE INDEX news_other ON news(other) WHERE kind = 'split';
ALTER TABLE pages ADD COLUMN etag TEXT;
ALTER TABLE pages ADD COLUMN last_modified TEXT;
CREATE TABLE revisits (
    entry_id TEXT PRIMARY KEY REFERENCES entries(id) ON DELETE CASCADE,
    begun_at TEXT NOT NULL,
    n_visits INTEGER NOT NULL DEFAULT 0,
    due_at TEXT,
    visited_at TEXT,
    outcome TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX revisits_due ON revisits(due_at) WHERE due_at IS NOT NULL;
"""

#: A digest covers the news after `since`: where it is given up, another one tells that
#: again. Since when the mail server takes nothing, and whether somebody was told. The
#: days of a chat's digest.
MAILING = """
ALTER TABLE letters ADD COLUMN since INTEGER;
CREATE INDEX letters_written ON letters(created_at) WHERE kind = 'digest';
CREATE TABLE mail_outage (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    since TEXT NOT NULL,
    is_told INTEGER NOT NULL DEFAULT 0
);
ALTER TABLE subscriptions ADD COLUMN digest_days TEXT NOT NULL DEFAULT 'daily';
"""

#: Which two names stand in one deal, in the order of their letters.
PAIRS = """
CREATE TABLE deal_pairs (
    party TEXT NOT NULL,
    other TEXT NOT NULL,
    deal_id TEXT NOT NULL REFERENCES deals(id) ON DELETE CASCADE,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (party, other, deal_id)
) WITHOUT ROWID;
CREATE INDEX deal_pairs_deal ON deal_pairs(deal_id);
INSERT INTO deal_pairs
    SELECT one.party, two.party, deal_id, one.first_seen_at, one.last_seen_at,
        one.status
    FROM deal_parties AS one JOIN deal_parties AS two USING (deal_id)
    WHERE one.party < two.party;
DROP INDEX deal_parties_talks;
"""
