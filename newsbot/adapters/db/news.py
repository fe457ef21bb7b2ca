"""News in the order in which the line came to know it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.subscribing import News

if TYPE_CHECKING:
    from sqlite_utils import Database

#: When a correction came is when its text took the place of the earlier one.
_SEEN_AT = """
CASE news.kind WHEN 'correction' THEN articles.replaced_at
    WHEN 'merged' THEN news.at WHEN 'split' THEN news.at
    ELSE entries.first_seen_at END
"""
_PUBLISHED_AT = """
CASE news.kind WHEN 'correction' THEN articles.replaced_at
    WHEN 'merged' THEN news.at WHEN 'split' THEN news.at
    ELSE articles.published_at END
"""
_SELECT = f"""
SELECT news.number, news.kind, news.subject, news.other, news.known,
    news.status, news.parties, findings.verdict,
    coalesce(findings.deal_id, findings.former_deal_id, deal_aliases.deal_id,
        news.other) AS deal_id,
    news.kind IN ('correction', 'merged', 'split') OR entries.may_alert AS may_alert,
    {_SEEN_AT} AS seen_at, {_PUBLISHED_AT} AS published_at
FROM news
LEFT JOIN findings ON news.kind IN ('finding', 'correction')
    AND findings.id = news.subject
LEFT JOIN deal_aliases ON deal_aliases.id =
    CASE news.kind WHEN 'merged' THEN news.subject WHEN 'split' THEN news.other END
LEFT JOIN articles ON articles.id = coalesce(findings.article_id, news.subject)
LEFT JOIN entries ON entries.id = articles.entry_id
WHERE (entries.id IS NOT NULL OR news.kind IN ('merged', 'split'))
"""
#: The numbers of all news of some deals, found by their indexes.
_OF_DEALS = """
WITH asked(id) AS (SELECT value FROM json_each(?))
SELECT news.number FROM asked JOIN findings ON findings.deal_id = asked.id
    JOIN news ON news.kind = 'finding' AND news.subject = findings.id
UNION ALL
SELECT news.number FROM asked JOIN findings ON findings.former_deal_id = asked.id
    JOIN news ON news.kind IN ('finding', 'correction')
    AND news.subject = findings.id
UNION ALL
SELECT news.number FROM asked JOIN deal_aliases ON deal_aliases.deal_id = asked.id
    JOIN news ON news.kind = 'merged' AND news.subject = deal_aliases.id
UNION ALL
SELECT news.number FROM asked JOIN deal_aliases ON deal_aliases.deal_id = asked.id
    JOIN news ON news.kind = 'split' AND news.other = deal_aliases.id
UNION ALL
SELECT news.number FROM asked JOIN news ON news.kind = 'split' AND news.other = asked.id
"""


class NewsRows:
    """The table `news`, with what it tells of."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> int:
        """Tell the number of the last news; 0 before the first."""
        rows = self._connection.rows("SELECT max(number) AS n FROM news")
        return int(str(rows[0]["n"] or 0))

    def before(self, moment: datetime) -> int:
        """Tell the number after which all news was seen since then."""
        rows = self._connection.rows(
            f"SELECT min(number) AS n FROM ({_SELECT} AND {_SEEN_AT} >= ?)",
            (cells.at_text(moment),),
        )
        first = rows[0]["n"]
        return self.last() if first is None else int(str(first)) - 1

    def after(self, number: int) -> list[News]:
        """List the news after a number, in its order."""
        return self._read("AND news.number > ? ORDER BY news.number", (number,))

    def between(self, start: datetime, end: datetime) -> list[News]:
        """List the news that was published or seen within a stretch of time."""
        pair = (cells.at_text(start), cells.at_text(end))
        return self._read(
            f"AND (({_PUBLISHED_AT} >= ? AND {_PUBLISHED_AT} < ?) "
            f"OR ({_SEEN_AT} >= ? AND {_SEEN_AT} < ?)) ORDER BY news.number",
            (*pair, *pair),
        )

    def of_deals(self, deal_ids: frozenset[str]) -> list[News]:
        """List all news of some deals, in its order."""
        return self._read(
            f"AND news.number IN ({_OF_DEALS}) ORDER BY news.number",
            (json.dumps(sorted(deal_ids)),),
        )

    def _read(self, where: str, parameters: tuple[object, ...]) -> list[News]:
        rows = self._connection.rows(f"{_SELECT} {where}", parameters)
        return [
            News(
                number=int(str(row["number"])),
                kind=row["kind"],  # type: ignore[arg-type]
                subject=str(row["subject"]),
                deal_id=row["deal_id"],  # type: ignore[arg-type]
                verdict=row["verdict"],  # type: ignore[arg-type]
                status=row["status"],  # type: ignore[arg-type]
                parties=tuple(
                    (name, tuple(roles))
                    for name, roles in json.loads(str(row["parties"]))
                ),
                may_alert=bool(row["may_alert"]),
                seen_at=cells.at_time(str(row["seen_at"])),
                published_at=cells.at_time(str(row["published_at"])),
                heir=row["other"] if row["kind"] == "correction" else None,  # type: ignore[arg-type]
                known=row["known"],  # type: ignore[arg-type]
            )
            for row in rows
        ]


def findings_of(db: Database, deal_id: str) -> list[str]:
    """List the ids of a deal's findings."""
    rows = db.execute("SELECT id FROM findings WHERE deal_id = ?", [deal_id])
    return [str(id_) for (id_,) in rows.fetchall()]


def told_from(db: Database, finding_ids: Sequence[str]) -> int | None:
    """Tell the number of the first of these findings that was told; None: none was."""
    row = db.execute(
        "SELECT min(news.number) FROM news JOIN findings ON findings.id = news.subject "
        "JOIN articles ON articles.id = findings.article_id "
        "JOIN entries ON entries.id = articles.entry_id "
        "WHERE news.kind = 'finding' AND entries.may_alert "
        "AND news.subject IN (SELECT value FROM json_each(?))",
        [json.dumps(list(finding_ids))],
    ).fetchone()
    return None if row[0] is None else int(row[0])


def put_mistake(
    db: Database,
    kind: Literal["merged", "split"],
    subject: str,
    other: str | None,
    known: Sequence[int | None],
    now: datetime,
) -> None:
    """Number it as news that one deal was told as two, or two as one.

    Args:
        db: In the transaction of the change.
        kind: Which of the two.
        subject: The deal that ends, or the one that was taken out; its row is there.
        other: The deal that it was taken out of.
        known: From which number on each of the two was told; None where it never was.
        now: The time.
    """
    told = [number for number in known if number is not None]
    if len(told) < len(known):
        return  # who was not told of both needs no correction
    db.execute(
        "INSERT OR REPLACE INTO news "
        "(kind, subject, other, known, at, status, parties) "
        "SELECT ?, id, ?, ?, ?, status, parties FROM deals WHERE id = ?",
        [kind, other, max(told), cells.at_text(now), subject],
    )
