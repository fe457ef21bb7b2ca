"""The mail that waits: contents, and a letter for each who gets one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from newsbot.adapters.db import cells, codec
from newsbot.adapters.db.connection import Connection
from newsbot.subscribing import Content, Letter, Picture

#: Those of a wrong clock cover news as well.
_DIGESTS = "kind IN ('digest', 'digest ahead')"

_DUE = (
    "state = 'pending' AND due_at <= ?1 AND NOT EXISTS ("
    "  SELECT 1 FROM letters AS earlier WHERE earlier.state = 'pending' "
    "  AND earlier.due_at > ?1 AND earlier.recipient = letters.recipient "
    "  AND earlier.rowid < letters.rowid)"
)


class LetterRows:
    """The tables `contents`, `content_pictures`, `letters` and `mail_outage`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(
        self, content: Content | None, letters: Sequence[Letter], now: datetime
    ) -> int:
        """Write a content and its letters in one transaction.

        A reader has one letter per kind and occasion: a second one is left out, and so
        is one to a reader who has left meanwhile. A digest moves its reader on: to its
        local date, past the news that it covers.

        Returns:
            How many letters are new.
        """
        n_new = 0
        with self._connection.atomic() as db:
            if content is not None:
                self._put_content(content, now)
            for letter in letters:
                values = codec.columns(letter)
                names = ", ".join(values)
                marks = ", ".join("?" for _ in values)
                cursor = db.execute(
                    f"INSERT INTO letters ({names}) SELECT {marks} WHERE ? IS NULL "
                    "OR EXISTS (SELECT 1 FROM subscribers WHERE id = ?) "
                    "ON CONFLICT DO NOTHING",
                    [*values.values(), *[letter.subscriber_id] * 2],
                )
                n_new += cursor.rowcount
                if cursor.rowcount and letter.kind == "digest":
                    db.execute(
                        "UPDATE subscribers SET last_date = ?, "
                        "since = max(since, ?) WHERE id = ?",
                        [letter.occasion, letter.upto, letter.subscriber_id],
                    )
        return n_new

    def due(self, now: datetime, limit: int) -> list[Letter]:
        """List pending letters whose time has come; a reader's earlier ones first.

        A later letter waits for an earlier one that is postponed.
        """
        return self._read(
            f"WHERE {_DUE} ORDER BY due_at, rowid LIMIT ?2", (cells.at_text(now), limit)
        )

    def is_due(self, letter_id: str, now: datetime) -> bool:
        """Whether a letter that was due still is: its reader may have left since."""
        return bool(
            self._read(f"WHERE {_DUE} AND id = ?2", (cells.at_text(now), letter_id))
        )

    def of(self, subscriber_id: str) -> list[Letter]:
        """List a reader's letters in the order of their writing."""
        return self._read("WHERE subscriber_id = ? ORDER BY rowid", (subscriber_id,))

    def all(self) -> list[Letter]:
        """List every letter in the order of their writing."""
        return self._read("ORDER BY rowid", ())

    def repair(self, now: datetime, latest: datetime) -> int:
        """Mend what a clock that was ahead has left: times that are too far off.

        Letters wait no longer than to *latest*, and a day that is yet to come counts
        as not written.

        Returns:
            How many rows were mended.
        """
        with self._connection.atomic() as db:
            waiting = db.execute(
                "UPDATE letters SET due_at = ? WHERE state = 'pending' AND due_at > ?",
                [cells.at_text(now), cells.at_text(latest)],
            ).rowcount
            written = db.execute(
                "UPDATE OR REPLACE letters SET kind = 'digest ahead' "
                "WHERE kind = 'digest' AND created_at > ?",
                [cells.at_text(latest)],
            ).rowcount
            if written:
                db.execute(
                    "UPDATE subscribers SET last_date = (SELECT max(occasion) "
                    "FROM letters WHERE subscriber_id = subscribers.id "
                    "AND kind = 'digest')"
                )
            return int(waiting + written)

    def content(self, content_id: str) -> Content | None:
        """Read a content with its pictures."""
        rows = self._connection.rows(
            "SELECT * FROM contents WHERE id = ?", (content_id,)
        )
        if not rows:
            return None
        row = rows[0]
        pngs: dict[str, Any] = {
            str(one["name"]): one["png"]
            for one in self._connection.rows(
                "SELECT name, png FROM content_pictures WHERE content_id = ?",
                (content_id,),
            )
        }
        return Content(
            id=str(row["id"]),
            subject=str(row["subject"]),
            text=str(row["text"]),
            html=str(row["html"]),
            language=row["language"],  # type: ignore[arg-type]
            pictures=tuple(
                Picture(png=pngs[one["name"]], **one)
                for one in json.loads(str(row["pictures"]))
            ),
        )

    def sent(self, letter_id: str) -> None:
        """Mark a letter as taken: the server takes mail."""
        with self._connection.atomic() as db:
            self._mark(letter_id, "sent", None)
            db.execute("DELETE FROM mail_outage")

    def failed(self, letter_id: str, reason: str) -> None:
        """Give a letter up, with the reason."""
        self._mark(letter_id, "failed", reason)

    def take_back(self, subscriber_id: str, letter_id: str) -> None:
        """Let a reader's next digest tell what a letter and all that waits was to tell.

        Digests that wait are given up for that: no news is in two of them.
        """
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE subscribers SET since = min(since, coalesce(("
                "SELECT min(letters.since) FROM letters WHERE subscriber_id = ?1 "
                f"AND {_DIGESTS} AND (letters.state = 'pending' OR letters.id = ?2)"
                "), since)) WHERE id = ?1",
                [subscriber_id, letter_id],
            )
            db.execute(
                "UPDATE letters SET state = 'failed', error = ?3 "
                f"WHERE subscriber_id = ?1 AND {_DIGESTS} AND state = 'pending' "
                "AND since IS NOT NULL AND id <> ?2",
                [subscriber_id, letter_id, "told in a later digest"],
            )

    def outage(self, now: datetime) -> tuple[datetime, bool]:
        """Note that the server takes nothing.

        Returns:
            Since when, this moment at the latest, and whether somebody was told.
        """
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO mail_outage (one, since) VALUES (1, ?1) "
                "ON CONFLICT DO UPDATE SET since = min(since, ?1)",
                [cells.at_text(now)],
            )
            since, told = db.execute(
                "SELECT since, is_told FROM mail_outage"
            ).fetchone()
            return cells.at_time(since), bool(told)

    def told_of_outage(self) -> None:
        """Note that somebody was told that the server takes nothing."""
        with self._connection.atomic() as db:
            db.execute("UPDATE mail_outage SET is_told = 1")

    def postpone(
        self, letter_id: str, reason: str, due_at: datetime, *, counted: bool
    ) -> None:
        """Try again at *due_at*; where it was tried, count that."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE letters SET n_attempts = n_attempts + ?, error = ?, due_at = ? "
                "WHERE id = ? AND state = 'pending'",
                [
                    int(counted),
                    cells.storable(reason),
                    cells.at_text(due_at),
                    letter_id,
                ],
            )

    def hold(self, reason: str, until: datetime) -> int:
        """Let everything wait, untried: the server serves nobody now.

        Returns:
            How many letters wait for that.
        """
        with self._connection.atomic() as db:
            cursor = db.execute(
                "UPDATE letters SET due_at = ?1, error = ?2 "
                "WHERE state = 'pending' AND due_at < ?1",
                [cells.at_text(until), cells.storable(reason)],
            )
            return int(cursor.rowcount)

    def older(self, before: datetime) -> list[Letter]:
        """List the pending letters that were written before then."""
        return self._read(
            "WHERE state = 'pending' AND created_at < ? ORDER BY rowid",
            (cells.at_text(before),),
        )

    def forget_contents(self, before: datetime) -> int:
        """Drop what old mail said, where none of it waits; the letters' rows stay.

        Returns:
            How many contents went.
        """
        with self._connection.atomic() as db:
            cursor = db.execute(
                "DELETE FROM contents WHERE created_at < ? AND NOT EXISTS ("
                "SELECT 1 FROM letters WHERE letters.content_id = contents.id "
                "AND letters.state = 'pending')",
                [cells.at_text(before)],
            )
            return int(cursor.rowcount)

    def _put_content(self, content: Content, now: datetime) -> None:
        pictures = [
            {"name": one.name, "width": one.width, "height": one.height, "alt": one.alt}
            for one in content.pictures
        ]
        with self._connection.atomic() as db:
            cursor = db.execute(
                "INSERT INTO contents (id, subject, text, html, pictures, language, "
                "created_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    content.id,
                    cells.storable(content.subject),
                    cells.storable(content.text),
                    cells.storable(content.html),
                    cells.document(pictures),
                    content.language,
                    cells.at_text(now),
                ],
            )
            if not cursor.rowcount:
                return
            for one in content.pictures:
                db.execute(
                    "INSERT INTO content_pictures (content_id, name, png) "
                    "VALUES (?, ?, ?)",
                    [content.id, one.name, one.png],
                )

    def _mark(self, letter_id: str, state: str, error: str | None) -> None:
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE letters SET state = ?, error = ?, n_attempts = n_attempts + 1 "
                "WHERE id = ? AND state = 'pending'",
                [state, None if error is None else cells.storable(error), letter_id],
            )

    def _read(self, where: str, parameters: tuple[object, ...]) -> list[Letter]:
        rows = self._connection.rows(f"SELECT * FROM letters {where}", parameters)
        return [
            Letter(
                **{
                    **row,  # type: ignore[arg-type]
                    "created_at": cells.at_time(str(row["created_at"])),
                    "due_at": cells.at_time(str(row["due_at"])),
                }
            )
            for row in rows
        ]
