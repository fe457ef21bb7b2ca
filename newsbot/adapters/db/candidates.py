"""Which known deals a finding may tell of: found by names and times alone.

In: the names that each party may go by, and a reach. Out: ids of deals, to be weighed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.ports import Near, Reach

#: Deals of a side that are counted, to find out which side is in most.
COUNTED = 2_000
#: Ids of deals that share two of the sides ?1, pairs of name and side: last seen from
#: ?2 on (in talks: ?3) and first until ?4.
#:
#: Of the side that is in most deals, as OpenAI is beside a firm that signs for the
#: first time, none is read: it is asked of the others' whether they share it, too.
_SHARE_TWO = """
WITH asked(party, side) AS (SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
named(party, side) AS MATERIALIZED (
    SELECT party, side FROM asked
    WHERE EXISTS (SELECT 1 FROM deal_parties WHERE deal_parties.party = asked.party)
),
most(side) AS MATERIALIZED (
    SELECT side FROM (
        SELECT side, (
            SELECT count(*) FROM (
                SELECT 1 FROM named AS its CROSS JOIN deal_parties USING (party)
                WHERE its.side = named.side AND last_seen_at >= ?2 LIMIT ?5
            )
        ) AS n FROM named GROUP BY side
    ) ORDER BY n DESC, side LIMIT 1
),
others(deal_id, side) AS (
    SELECT deal_id, side FROM named CROSS JOIN deal_parties USING (party)
    WHERE side != (SELECT side FROM most) AND last_seen_at >= ?2
        AND first_seen_at <= ?4
    UNION ALL
    SELECT deal_id, side FROM named CROSS JOIN deal_parties USING (party)
    WHERE side != (SELECT side FROM most) AND status = 'talks'
        AND last_seen_at >= ?3 AND last_seen_at < ?2 AND first_seen_at <= ?4
)
SELECT deal_id FROM others GROUP BY deal_id HAVING COUNT(DISTINCT side) > 1 OR EXISTS (
    -- With the plus, the few names of a deal are read once, not sought one by one.
    SELECT 1 FROM deal_parties WHERE deal_parties.deal_id = others.deal_id
        AND +party IN (SELECT party FROM named WHERE side = (SELECT side FROM most))
)
"""


def candidate_ids(
    connection: Connection, sides: Sequence[Sequence[str]], reach: Reach, near: Near
) -> list[str]:
    """Find the deals that share two sides, or one, and may share another.

    Args:
        connection: To the ledger.
        sides: For each party every name it may go by.
        reach: From when to when.
        near: Whether the names of a deal that shares one side are worth a look.

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
            COUNTED,
        ),
    )
    ids = [str(row["deal_id"]) for row in found]
    ids += _near_ids(connection, [name for name, _ in named], reach, near)
    return list(dict.fromkeys(ids))


def _near_ids(
    connection: Connection, names: Sequence[str], reach: Reach, near: Near
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
    return [deal_id for deal_id, parties in told.items() if near(parties)]
