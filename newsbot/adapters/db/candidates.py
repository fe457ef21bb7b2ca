"""Which known deals a finding may tell of: found by names and times alone.

In: the names that each party may go by, and a reach. Out: ids of deals, to be weighed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.ports import Look, Reach
from newsbot.types import Deal

if TYPE_CHECKING:
    from sqlite_utils import Database

#: Ids of deals that share two of the sides ?1, pairs of name and side: last seen from
#: ?2 on (in talks: ?3) and first until ?4.
#:
#: By pairs of names: OpenAI is in thousands of deals, but in few with a given partner.
_SHARE_TWO = """
WITH asked(party, side) AS (SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
named(party, side) AS MATERIALIZED (
    SELECT party, side FROM asked
    WHERE EXISTS (SELECT 1 FROM deal_parties WHERE deal_parties.party = asked.party)
)
SELECT DISTINCT deal_id FROM named AS one CROSS JOIN named AS two
CROSS JOIN deal_pairs AS pair ON pair.party = one.party AND pair.other = two.party
WHERE one.side != two.side AND one.party < two.party AND first_seen_at <= ?4
    AND (last_seen_at >= ?2 OR (status = 'talks' AND last_seen_at >= ?3))
"""
#: Names that its articles were not sure of by which a deal is found, the first of them:
#: however many papers retell it, a deal has so many pairs.
MAX_UNSURE = 40
_PUT_PARTY = """
INSERT INTO deal_parties (deal_id, party, first_seen_at, last_seen_at, status)
VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET first_seen_at = excluded.first_seen_at,
last_seen_at = excluded.last_seen_at, status = excluded.status
"""
_PUT_PAIR = """
INSERT INTO deal_pairs (deal_id, party, other, first_seen_at, last_seen_at, status)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at,
status = excluded.status
"""


def put_sides(db: Database, deal: Deal) -> None:
    """Write by which names a deal is found: its parties, and who may be one.

    Of two whom its articles were not sure of, no pair is kept: one side at least must
    be sure.
    """
    times = [cells.at_text(deal.first_seen_at), cells.at_text(deal.last_seen_at)]
    sure = {cells.storable(name) for name, _ in deal.parties}
    unsure = [cells.storable(n) for finding in deal.findings for n in finding.unsure]
    names = sorted(sure.union([*dict.fromkeys(unsure)][:MAX_UNSURE]))
    db.conn.executemany(
        _PUT_PARTY, [(deal.id, name, *times, deal.status) for name in names]
    )
    pairs = [(a, b) for a, b in combinations(names, 2) if a in sure or b in sure]
    db.conn.executemany(
        _PUT_PAIR, [(deal.id, *pair, *times, deal.status) for pair in pairs]
    )


def forget_sides(db: Database, deal_id: str) -> None:
    """Take a deal's names away, before they are written anew."""
    for table in ("deal_parties", "deal_pairs"):
        db.execute(f"DELETE FROM {table} WHERE deal_id = ?", [deal_id])


def candidate_ids(
    connection: Connection, sides: Sequence[Sequence[str]], reach: Reach, look: Look
) -> list[str]:
    """Find the deals that share two sides, or one, and may share another.

    Args:
        connection: To the ledger.
        sides: For each party every name it may go by.
        reach: From when to when.
        look: Tells which deals that share one side are worth a look.

    Returns:
        Their ids, each once.
    """
    named = [
        (cells.storable(name), side)
        for side, names in enumerate(sides)
        for name in names
    ]
    if not named:
        return []
    found = connection.rows(
        _SHARE_TWO,
        (
            json.dumps(named),
            cells.at_text(reach.since),
            cells.at_text(reach.talks_since),
            cells.at_text(reach.until),
        ),
    )
    ids = [str(row["deal_id"]) for row in found]
    ids += _near_ids(connection, [name for name, _ in named], reach, look)
    return list(dict.fromkeys(ids))


def _near_ids(
    connection: Connection, names: Sequence[str], reach: Reach, look: Look
) -> list[str]:
    """Ids of deals of these days with one of the names, and others that may be.

    Also by what a name begins with, and by what begins with it, as papers shorten them.
    """
    first, last = reach.event
    begun = [" ".join(w[:n]) for w in map(str.split, names) for n in range(1, len(w))]
    rows = connection.rows(
        "SELECT deal_id, json_group_array(party) AS parties FROM deal_parties "
        "WHERE deal_id IN (SELECT deal_id FROM deal_parties "
        "WHERE party IN (SELECT value FROM json_each(?1)) "
        "AND last_seen_at BETWEEN ?3 AND ?4 "
        # Behind a name and a space: the sign after the space ends the range.
        "UNION SELECT deal_id FROM json_each(?2) CROSS JOIN deal_parties "
        "ON party > value || ' ' AND party < value || '!' "
        "AND last_seen_at BETWEEN ?3 AND ?4) GROUP BY deal_id",
        (
            json.dumps(list(dict.fromkeys((*names, *begun)))),
            json.dumps(names),
            cells.at_text(first),
            cells.at_text(last),
        ),
    )
    told = {str(row["deal_id"]): json.loads(str(row["parties"])) for row in rows}
    return [deal_id for deal_id, parties in told.items() if look.near(parties)]
