"""What a clock that was ahead has left in the ledger: times that are not to come yet.

While a clock is a year ahead, feeds are put off to next year, and what waits to be sent
is due then. Set right, the service would be silent until that day. So the ledger says
how far back the clock was set, and whatever waits is moved back with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection

#: Steps of a clock that is corrected now and then; what waits is not moved for them.
TOLERANCE = timedelta(minutes=10)
#: Times until which something waits: table and column.
WAITS = (
    ("feeds", "next_poll_at"),
    ("feeds", "not_before_at"),
    ("entries", "due_at"),
    ("entries", "read_again_at"),
    ("deliveries", "due_at"),
    ("edits", "due_at"),
    ("notices", "due_at"),
    ("replies", "due_at"),
    ("letters", "due_at"),
    ("pauses", "until"),
    ("subscriptions", "muted_until"),
    ("site_rules", "expires_at"),
    ("revisits", "due_at"),
    # An invitation is good for so many days, not for a year more.
    ("invites", "expires_at"),
)
#: Times at which something was done, by which that is seen.
DONE = (("feeds", "last_polled_at"), ("upkeep", "done_at"), ("requests", "at"))


def mend_times(connection: Connection, now: datetime) -> timedelta | None:
    """Move what waits, where the clock was set back since something was last done.

    Nothing comes later than it would have, and nothing earlier than *now*.

    Args:
        connection: The ledger.
        now: Aware.

    Returns:
        By how much the clock was set back; None where it was not.
    """
    at = cells.at_text(now)
    with connection.atomic() as db:
        latest = max(
            (
                cells.at_time(text)
                for table, column in DONE
                for (text,) in db.execute(f"SELECT max({column}) FROM {table}")
                if text is not None
            ),
            default=now,
        )
        back = latest - now
        if back <= TOLERANCE:
            return None
        # Milliseconds are enough here; the form stays that of `cells.at_text`.
        shift = f"-{back.total_seconds():.3f} seconds"
        for table, column in WAITS:
            db.execute(
                f"UPDATE {table} SET {column} = "
                f"max(?, strftime('%Y-%m-%dT%H:%M:%f000Z', {column}, ?)) "
                f"WHERE {column} > ?",
                [at, shift, at],
            )
        for table, column in DONE:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} > ?", [at, at])
    return back
