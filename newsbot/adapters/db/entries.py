"""Entries as feeds announce them: one for one article, whatever its feed does to it.

A feed may give an entry a new id, a link with other parameters, under https instead
of http, a new title, a new date: it stays the entry that it was, and nothing is told
twice. What it said before is kept as a version, and its page is read again: the
publisher may have corrected it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.line import ENDS
from newsbot.types import Entry, identity

if TYPE_CHECKING:
    from sqlite_utils import Database

#: Versions of one entry that are kept: a feed that changes its mind with every poll
#: must not fill the disk. The entry itself follows the feed no further, either.
MAX_VERSIONS = 24
#: How often an edited entry is read again within a day; later edits wait for the next.
MAX_READ_AGAIN, DAY = 3, timedelta(days=1)
#: Two titles under one id and two links are one article's, edited, where they share
#: this part of the shorter one's words; feeds exist that give every entry one id.
SAME_TITLE = 0.5


#: Id, title, summary and feed of an entry that is known.
_Known = tuple[str, str, str, str | None]


def put_entries(db: Database, entries: Sequence[Entry], now: datetime) -> int:
    """Insert entries at the head of the line, or edit those that are known.

    Returns:
        How many are new.
    """
    if not entries:
        return 0
    # Nearly all of a feed's entries are known under the very link.
    marks = ", ".join("?" for _ in entries)
    known: dict[str, _Known] = {
        row[0]: row
        for row in db.execute(
            f"SELECT id, title, summary, feed_id FROM entries WHERE id IN ({marks})",
            [entry.id for entry in entries],
        )
    }
    return sum(_put(db, entry, known.get(entry.id), now) for entry in entries)


def put_entry(
    db: Database, entry: Entry, now: datetime, more: Mapping[str, object]
) -> bool:
    """Insert an entry where it stands on the line; one that is known stays as it is.

    Args:
        db: Within a transaction.
        entry: What an archive holds.
        now: The time.
        more: Columns of the queue, `state` among them.

    Returns:
        Whether it is new.
    """
    if find_entry(db, entry) is not None:
        return False
    return _insert(db, entry, now, more) > 0


def find_entry(db: Database, entry: Entry) -> str | None:
    """Find the id of the entry that is the same article; None where it is new."""
    row = db.execute("SELECT id FROM entries WHERE id = ?", [entry.id]).fetchone()
    known = row or _known_otherwise(db, entry)
    return None if known is None else str(known[0])


def _put(db: Database, entry: Entry, known: _Known | None, now: datetime) -> int:
    known = known or _known_otherwise(db, entry)
    if known is not None:
        _edit(db, known, entry, now)
        return 0
    return _insert(db, entry, now, {"state": "found"})


def _insert(
    db: Database, entry: Entry, now: datetime, more: Mapping[str, object]
) -> int:
    values = {**codec.columns(entry), "due_at": cells.at_text(now), **more}
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    cursor = db.execute(
        f"INSERT INTO entries ({names}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING",
        list(values.values()),
    )
    return int(cursor.rowcount)


def _known_otherwise(db: Database, entry: Entry) -> _Known | None:
    """The row of the same article, under another form of its link, or by its id."""
    links = _variants(entry.url)
    marks = ", ".join("?" for _ in links)
    row: _Known | None = db.execute(
        "SELECT id, title, summary, feed_id FROM entries WHERE url IN "
        f"({marks}) ORDER BY first_seen_at LIMIT 1",
        links,
    ).fetchone()
    if row is None and entry.guid_hash is not None:
        rows = db.execute(
            "SELECT id, title, summary, feed_id FROM entries WHERE guid_hash = ?",
            [entry.guid_hash],
        ).fetchall()
        row = next((one for one in rows if _alike(one[1], entry.title)), None)
    return row


def _variants(url: str) -> list[str]:
    """The ways in which publishers write one address: scheme, www, final slash."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https"):
        return [url]
    host, slash, path = rest.partition("/")
    bare = host.removeprefix("www.")
    address, mark, query = path.partition("?")
    ends = {address.removesuffix("/"), f"{address.removesuffix('/')}/"}
    if not address.removesuffix("/"):
        ends = {address}
    return [
        f"{way}://{name}{slash}{end}{mark}{query}"
        for way in ("http", "https")
        for name in (bare, f"www.{bare}")
        for end in sorted(ends)
    ]


def _alike(one: str, other: str) -> bool:
    words = [set(re.findall(r"\w+", title.lower())) for title in (one, other)]
    shorter = min(len(words[0]), len(words[1]))
    return not shorter or len(words[0] & words[1]) >= SAME_TITLE * shorter


def _edit(db: Database, known: _Known, entry: Entry, now: datetime) -> None:
    """Keep what an entry said before, where its own feed says something else now.

    Dates alone are no edit: many feeds renew them with every answer.
    """
    id_, title, summary, feed_id = known
    said = cells.storable(entry.title), cells.storable(entry.summary)
    if feed_id != entry.feed_id or (title, summary) == said:
        return
    hashed = identity("version", *said)
    seen = db.execute(
        "SELECT count(*), coalesce(max(hash = ?), 0) FROM entry_versions "
        "WHERE entry_id = ?",
        [hashed, id_],
    ).fetchone()
    # A feed that goes back to what it said before is churning, not editing.
    if seen[1] or seen[0] >= MAX_VERSIONS:
        return
    db.execute(
        "INSERT INTO entry_versions VALUES (?, ?, ?, ?, ?, ?)",
        [
            id_,
            seen[0] + 1,
            identity("version", title, summary),
            title,
            summary,
            cells.at_text(now),
        ],
    )
    db.execute(
        "UPDATE entries SET title = ?, summary = ? WHERE id = ?",
        [*said, id_],
    )
    _read_again(db, id_, now)


def retitle(db: Database, entry_id: str, title: str, now: datetime) -> None:
    """Give an entry the new headline of its page, and keep what it said before.

    The feed may go on giving the earlier title: it then goes back to what it said
    before, which is no edit.
    """
    row = db.execute(
        "SELECT title, summary, (SELECT count(*) FROM entry_versions "
        "WHERE entry_id = entries.id) FROM entries WHERE id = ?",
        [entry_id],
    ).fetchone()
    if row is None or row[2] >= MAX_VERSIONS:
        return
    hashed = identity("version", row[0], row[1])
    db.execute(
        "INSERT INTO entry_versions VALUES (?, ?, ?, ?, ?, ?)",
        [entry_id, row[2] + 1, hashed, row[0], row[1], cells.at_text(now)],
    )
    db.execute(
        "UPDATE entries SET title = ? WHERE id = ?", [cells.storable(title), entry_id]
    )


def _read_again(db: Database, entry_id: str, now: datetime) -> None:
    """Send an entry that was read down the line again, or have it sent at its end.

    What was edited before it was read is read once.
    """
    edits = db.execute(
        "SELECT replaced_at FROM entry_versions WHERE entry_id = ? "
        "ORDER BY number DESC LIMIT 1 OFFSET ?",
        [entry_id, MAX_READ_AGAIN],
    ).fetchone()
    at = max(now, cells.at_time(edits[0]) + DAY) if edits else now
    ends = ", ".join("?" for _ in ENDS)
    cursor = db.execute(
        "UPDATE entries SET state = 'found', reason = NULL, n_errors = 0, due_at = ? "
        f"WHERE id = ? AND state IN ({ends})",
        [cells.at_text(at), entry_id, *ENDS],
    )
    if not cursor.rowcount:
        db.execute(
            "UPDATE entries SET read_again_at = ? WHERE id = ? AND state != 'found'",
            [cells.at_text(at), entry_id],
        )
