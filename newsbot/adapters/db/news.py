"""News in the order in which the line came to know it."""

from __future__ import annotations

import json
from datetime import datetime

from newsbot.adapters.db import codec
from newsbot.adapters.db.connection import Connection
from newsbot.subscribing import News

_SELECT = """
SELECT news.number, news.kind, news.subject, news.status, news.parties,
    findings.deal_id, findings.verdict, entries.may_alert,
    entries.first_seen_at, articles.published_at
FROM news
LEFT JOIN findings ON news.kind = 'finding' AND findings.id = news.subject
JOIN articles ON articles.id = coalesce(findings.article_id, news.subject)
JOIN entries ON entries.id = articles.entry_id
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
            f"SELECT min(number) AS n FROM ({_SELECT} "
            "WHERE entries.first_seen_at >= ?)",
            (codec.at_text(moment),),
        )
        first = rows[0]["n"]
        return self.last() if first is None else int(str(first)) - 1

    def after(self, number: int) -> list[News]:
        """List the news after a number, in its order."""
        return self._read("WHERE news.number > ? ORDER BY news.number", (number,))

    def between(self, start: datetime, end: datetime) -> list[News]:
        """List the news that was published or seen within a stretch of time."""
        pair = (codec.at_text(start), codec.at_text(end))
        return self._read(
            "WHERE (articles.published_at >= ? AND articles.published_at < ?) "
            "OR (entries.first_seen_at >= ? AND entries.first_seen_at < ?) "
            "ORDER BY news.number",
            (*pair, *pair),
        )

    def of_deals(self, deal_ids: frozenset[str]) -> list[News]:
        """List all news of some deals, in its order."""
        return self._read(
            "WHERE findings.deal_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY news.number",
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
                seen_at=codec.at_time(str(row["first_seen_at"])),
                published_at=codec.at_time(str(row["published_at"])),
            )
            for row in rows
        ]
