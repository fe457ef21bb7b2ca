"""The queue of the line: entries, their state, their pages and articles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.stages.extract import NO_FULL_TEXT
from newsbot.types import Article, Entry, Page
from newsbot.watching import STAGE_OF

#: States in which an entry stays, unless its feed edits it.
ENDS = ("done", "irrelevant", "skipped", "failed")
#: Articles that are compared with each other; to rank a million takes a second.
#: Where it moves, `tests/benchmarks/ledger.py` says what that costs.
MAX_RANKED = 10_000


class LineRows:
    """The tables `entries`, `pages` and `articles`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, state: str, now: datetime, limit: int) -> list[Entry]:
        """List entries that wait in *state*.

        News of today before what archives brought; then the most promising, then the
        oldest, first.
        """
        rows = self._connection.rows(
            "SELECT * FROM entries WHERE state = ? AND due_at <= ? "
            "ORDER BY origin = 'archive', priority DESC, "
            "coalesce(published_at, first_seen_at), id LIMIT ?",
            (state, cells.at_text(now), limit),
        )
        return [codec.entry(row) for row in rows]

    def is_behind(self, now: datetime) -> bool:
        """Whether a feed is due, or something that one announced."""
        (row,) = self._connection.rows(
            "SELECT EXISTS (SELECT 1 FROM feeds WHERE stopped_at IS NULL "
            "AND (next_poll_at IS NULL OR next_poll_at <= ?1)) OR EXISTS ("
            "SELECT 1 FROM entries WHERE due_at <= ?1 AND origin = 'feed' "
            f"AND state IN ({', '.join(map(repr, STAGE_OF))})) AS behind",
            (cells.at_text(now),),
        )
        return bool(row["behind"])

    def counts(self) -> dict[str, int]:
        """Count the entries by state."""
        rows = self._connection.rows(
            "SELECT state, count(*) AS n FROM entries GROUP BY state ORDER BY state"
        )
        return {str(row["state"]): int(str(row["n"])) for row in rows}

    def state(self, entry_id: str) -> tuple[str, str | None, int]:
        """Tell an entry's state, the reason beside it and its count of errors."""
        rows = self._connection.rows(
            "SELECT state, reason, n_errors FROM entries WHERE id = ?", (entry_id,)
        )
        if not rows:
            return "unknown", None, 0
        reason = rows[0]["reason"]
        return (
            str(rows[0]["state"]),
            None if reason is None else str(reason),
            int(str(rows[0]["n_errors"])),
        )

    def advance(
        self,
        entry_id: str,
        *,
        taken: str,
        given: str,
        reason: str | None = None,
        priority: float | None = None,
    ) -> bool:
        """Move an entry on, only if it still is where it was taken from.

        Why there is no full text stays beside it, behind any newer reason. Where
        the line ends, an entry that was edited meanwhile goes to its head again.
        Call it inside `atomic` together with the product's insert.

        Returns:
            False when another worker has moved it already: drop the product.
        """
        with self._connection.atomic() as db:
            ends = given in ENDS
            cursor = db.execute(
                "UPDATE entries SET n_errors = 0, "
                "state = iif(:ends AND read_again_at IS NOT NULL, 'found', :given), "
                "due_at = iif(:ends, coalesce(read_again_at, due_at), due_at), "
                "read_again_at = iif(:ends, NULL, read_again_at), "
                "reason = CASE WHEN :ends AND read_again_at IS NOT NULL THEN NULL "
                "WHEN reason LIKE :note || '%' "
                "THEN coalesce(:reason || ' (' || reason || ')', reason) "
                "ELSE :reason END, priority = coalesce(:priority, priority) "
                "WHERE id = :id AND state = :taken",
                {
                    "given": given,
                    "ends": ends,
                    "note": NO_FULL_TEXT,
                    "reason": None if reason is None else cells.storable(reason),
                    "priority": priority,
                    "id": entry_id,
                    "taken": taken,
                },
            )
            return cursor.rowcount > 0

    def postpone(
        self, entry_id: str, *, taken: str, reason: str, due_at: datetime
    ) -> None:
        """Count an error that may pass and try again at *due_at*."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE entries SET n_errors = n_errors + 1, reason = ?, due_at = ? "
                "WHERE id = ? AND state = ?",
                [cells.storable(reason), cells.at_text(due_at), entry_id, taken],
            )

    def put_page(self, page: Page) -> None:
        """Keep what the server gave."""
        with self._connection.atomic() as db:
            db.table("pages").upsert(codec.columns(page), pk="entry_id")

    def page(self, entry_id: str) -> Page | None:
        """Read the page of an entry."""
        rows = self._connection.rows(
            "SELECT * FROM pages WHERE entry_id = ?", (entry_id,)
        )
        return codec.page(rows[0]) if rows else None

    def put_article(self, article: Article) -> None:
        """Keep the article of an entry; a second time changes nothing.

        A newer version of it comes by `Versions.put`.
        """
        with self._connection.atomic() as db:
            db.table("articles").insert(codec.article_row(article), ignore=True)

    def article(self, article_id: str) -> Article | None:
        """Read an article by its id."""
        rows = self._connection.rows(
            "SELECT * FROM articles WHERE id = ?", (article_id,)
        )
        return codec.article(rows[0]) if rows else None

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Read those articles of these ids that are still kept, by id."""
        rows = self._connection.rows(
            "SELECT * FROM articles WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {str(row["id"]): codec.article(row) for row in rows}

    def article_of(self, entry_id: str) -> Article | None:
        """Read the article of an entry, in its newest version."""
        rows = self._connection.rows(
            "SELECT * FROM articles WHERE entry_id = ? AND replaced_by IS NULL",
            (entry_id,),
        )
        return codec.article(rows[0]) if rows else None

    def entry(self, entry_id: str) -> Entry | None:
        """Read an entry by its id."""
        rows = self._connection.rows("SELECT * FROM entries WHERE id = ?", (entry_id,))
        return codec.entry(rows[0]) if rows else None

    def entries_of(self, feed_id: str) -> set[str]:
        """List the ids of the entries that a feed announced."""
        rows = self._connection.rows(
            "SELECT id FROM entries WHERE feed_id = ?", (feed_id,)
        )
        return {str(row["id"]) for row in rows}

    def fingerprints(self, since: datetime) -> list[tuple[str, int]]:
        """List article ids and fingerprints from *since* on, oldest first."""
        rows = self._connection.rows(
            "SELECT id, fingerprint FROM articles WHERE published_at >= ? "
            "AND replaced_by IS NULL ORDER BY published_at, id",
            (cells.at_text(since),),
        )
        return [(str(row["id"]), int(str(row["fingerprint"]), 16)) for row in rows]

    def search(self, words: str, limit: int) -> list[Article]:
        """Find articles that hold every word; quotes, operators and signs are text.

        The best come first; of words that stand in very many, those stored last.
        """
        query = cells.words_query(words)
        if not query:
            return []
        found = self._connection.rows(
            "SELECT count(*) AS n FROM (SELECT 1 FROM articles_fts "
            "WHERE articles_fts MATCH ? LIMIT ?)",
            (query, MAX_RANKED + 1),
        )
        ranked = int(str(found[0]["n"])) <= MAX_RANKED
        rows = self._connection.rows(
            "SELECT articles.* FROM articles_fts "
            "JOIN articles ON articles.number = articles_fts.rowid "
            "WHERE articles_fts MATCH ? "
            f"ORDER BY {'rank' if ranked else 'articles_fts.rowid DESC'} LIMIT ?",
            (query, limit),
        )
        return [codec.article(row) for row in rows]
