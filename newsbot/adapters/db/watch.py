"""What the ledger says of how the service is doing."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.adapters.db.feeds import FeedRows
from newsbot.adapters.db.recipients import RecipientRows, parked
from newsbot.adapters.db.traffic import TrafficRows
from newsbot.errors import StoreError
from newsbot.watching import STAGE_OF, Day, Done, Facts, Sending, Visits, Waiting

#: What "lately" means.
LATELY = timedelta(days=1)


def free_bytes(connection: Connection) -> int:
    """Tell how many bytes are free where an open ledger lies."""
    (row,) = connection.rows(
        "SELECT file FROM pragma_database_list WHERE name = 'main'"
    )
    folder = Path(str(row["file"])).parent if row["file"] else Path()
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror or error}") from error


class WatchRows:
    """Reads across all tables; writes to `upkeep` alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def facts(
        self,
        now: datetime,
        *,
        running: bool,
        free_bytes: int,
    ) -> Facts:
        """Gather what is known.

        Args:
            now: Aware.
            running: Whether a service holds the ledger's lock.
            free_bytes: Left where the ledger lies.
        """
        return Facts(
            running=running,
            feeds=tuple(FeedRows(self._connection).all()),
            waiting=self.waiting(now),
            sending=self.sending(now),
            day=self.day(now),
            pauses=tuple(TrafficRows(self._connection).pauses(now)),
            parked=tuple(parked(RecipientRows(self._connection).all())),
            done=self.done(),
            n_readers=self._number(
                "SELECT (SELECT count(*) FROM subscriptions WHERE NOT paused) + "
                "(SELECT count(*) FROM subscribers WHERE state = 'active')"
            ),
            free_bytes=free_bytes,
            visits=self.visits(),
        )

    def visits(self) -> Visits:
        """Count the pages that are asked for again."""
        (row,) = self._connection.rows(
            "SELECT count(due_at) AS n, min(due_at) AS next_at, "
            "total(n_visits) AS visits FROM revisits"
        )
        next_at = row["next_at"]
        return Visits(
            n_waiting=int(str(row["n"])),
            next_at=cells.at_time(str(next_at)) if next_at else None,
            n_visits=int(float(str(row["visits"]))),
            n_edited=self._number(
                "SELECT count(*) FROM articles JOIN revisits USING (entry_id) "
                "WHERE replaced_at >= begun_at"
            ),
        )

    def waiting(self, now: datetime) -> tuple[Waiting, ...]:
        """Count the entries before each stage, in the order of the line."""
        rows = self._connection.rows(
            "SELECT state, count(*) AS n, sum(n_errors > 0) AS again, "
            "min(due_at) AS since FROM entries WHERE state IN "
            f"({', '.join('?' for _ in STAGE_OF)}) GROUP BY state",
            tuple(STAGE_OF),
        )
        found = {str(row["state"]): row for row in rows}
        at, counts = cells.at_text(now), []
        for state, stage in STAGE_OF.items():
            row = found.get(state, {"n": 0, "again": 0, "since": None})
            since = row["since"]
            is_due = since is not None and str(since) <= at
            counts.append(
                Waiting(
                    stage=stage,
                    n=int(str(row["n"])),
                    n_again=int(str(row["again"])),
                    since=cells.at_time(str(since)) if is_due else None,
                )
            )
        return tuple(counts)

    def sending(self, now: datetime) -> Sending:
        """Count the messages by what became of them."""
        counts = TrafficRows(self._connection).counts()
        lately = cells.at_text(now - LATELY)
        mails = dict.fromkeys(("pending", "sent", "failed"), 0)
        for row in self._connection.rows(
            "SELECT state, count(*) AS n FROM letters GROUP BY state"
        ):
            mails[str(row["state"])] = int(str(row["n"]))
        given_up, refused = (
            self._number(
                "SELECT count(*) FROM letters WHERE state = 'failed' "
                f"AND due_at >= ? AND error {like} 'given up after %'",
                lately,
            )
            for like in ("LIKE", "NOT LIKE")
        )
        n_failed_lately = self._number(
            "SELECT count(*) FROM deliveries WHERE state = 'failed' AND due_at >= ?",
            lately,
        )
        # What quiet hours have kept back waits from their end on.
        oldest = self._connection.rows(
            "SELECT iif(deliveries.n_attempts = 0 AND deliveries.error IS NULL, "
            "max(alerts.created_at, deliveries.due_at), alerts.created_at) AS at, "
            "deliveries.error FROM deliveries "
            "JOIN alerts ON alerts.id = alert_id JOIN recipients "
            "USING (channel, recipient) WHERE deliveries.state = 'pending' "
            "AND recipients.state = 'active' "
            "AND (deliveries.due_at <= ?1 OR deliveries.n_attempts > 0 "
            "OR deliveries.error IS NOT NULL) UNION ALL "
            "SELECT created_at, error FROM letters WHERE state = 'pending' "
            "AND (due_at <= ?1 OR n_attempts > 0 OR error IS NOT NULL) "
            "ORDER BY 1 LIMIT 1",
            (cells.at_text(now),),
        )
        error = oldest[0]["error"] if oldest else None
        return Sending(
            n_pending=counts["pending"],
            n_sent=counts["sent"],
            n_failed=counts["failed"],
            n_unknown=counts["unknown"],
            n_parked=counts["parked"],
            n_unanswered=counts["unanswered"],
            n_failed_lately=n_failed_lately,
            oldest_at=cells.at_time(str(oldest[0]["at"])) if oldest else None,
            oldest_error=None if error is None else str(error),
            n_mails_pending=mails["pending"],
            n_mails_sent=mails["sent"],
            n_mails_failed=mails["failed"],
            n_mails_given_up=given_up,
            n_mails_refused=refused,
        )

    def done(self) -> tuple[Done, ...]:
        """List what the service has done for itself."""
        rows = self._connection.rows("SELECT * FROM upkeep ORDER BY job")
        return tuple(
            Done(
                job=str(row["job"]),
                done_at=cells.at_time(str(row["done_at"])),
                error=None if row["error"] is None else str(row["error"]),
            )
            for row in rows
        )

    def did(self, job: str, now: datetime, error: str | None = None) -> None:
        """Write down that something was done, or tried in vain."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO upkeep (job, done_at, error) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET done_at = excluded.done_at, "
                "error = excluded.error",
                [
                    job,
                    cells.at_text(now),
                    None if error is None else cells.storable(error),
                ],
            )

    def day(self, now: datetime) -> Day:
        """Count what the last 24 hours brought."""
        since = cells.at_text(now - LATELY)
        states = {
            str(row["state"]): int(str(row["n"]))
            for row in self._connection.rows(
                "SELECT state, count(*) AS n FROM entries WHERE first_seen_at >= ? "
                "AND origin = 'feed' GROUP BY state",
                (since,),
            )
        }
        judged = self._connection.rows(
            "SELECT count(*) AS n, total(probability >= threshold) AS deals "
            "FROM assessments WHERE assessed_at >= ?",
            (since,),
        )[0]
        return Day(
            n_entries=sum(states.values()),
            n_failed=states.get("failed", 0),
            n_irrelevant=states.get("irrelevant", 0) + states.get("skipped", 0),
            n_judged=int(str(judged["n"])),
            n_deals=int(float(str(judged["deals"]))),
            n_new=self._number(
                "SELECT count(*) FROM deals WHERE first_seen_at >= ?", since
            ),
            n_alerts=self._number(
                "SELECT count(*) FROM alerts WHERE created_at >= ?", since
            ),
        )

    def _number(self, sql: str, *parameters: object) -> int:
        (row,) = self._connection.rows(sql, parameters)
        return int(str(next(iter(row.values()))))
