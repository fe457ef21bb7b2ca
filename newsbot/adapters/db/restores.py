"""What a restored ledger does not know: the news since its backup was told already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells
from newsbot.types import Entry, Feed

if TYPE_CHECKING:
    from sqlite_utils import Database

Outcomes = Sequence[tuple[Feed, Sequence[Entry]]]


def heard_again(db: Database, outcomes: Outcomes) -> Outcomes:
    """Take the alerts from what a feed announced before the ledger was restored.

    A feed that answers for the first time since then brings again what it brought
    between backup and restore. What has no date, or one of that time, is stored
    without alerts: nobody knows whether it was told.

    Args:
        db: In the transaction that stores the outcomes.
        outcomes: Of polls: each feed's new row, and the entries it vouches for.
    """
    row = db.execute("SELECT max(at) FROM restores").fetchone()
    if row is None or row[0] is None:
        return outcomes
    restored_at = cells.at_time(row[0])
    known = {id_ for (id_,) in db.execute("SELECT feed_id FROM heard_since_restore")}
    heard: list[tuple[Feed, Sequence[Entry]]] = []
    for feed, entries in outcomes:
        if feed.error is None and feed.id not in known:
            db.execute(
                "INSERT OR IGNORE INTO heard_since_restore (feed_id) VALUES (?)",
                [feed.id],
            )
            entries = [
                one
                if one.published_at is not None and one.published_at > restored_at
                else replace(one, may_alert=False)
                for one in entries
            ]
        heard.append((feed, entries))
    return heard
