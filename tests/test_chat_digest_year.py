"""A year of /digest in twelve time zones: each local date once, each deal once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import digest_ledger as ledger
import pytest
from stages.test_local_days import ZONES
from talking_bot import Rig

from newsbot.chat_digests import write_chat_digests
from newsbot.stages.local_days import moment
from newsbot.talking import Subscription

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
#: No digest is later than this before midnight.
STEP = timedelta(hours=6)


@pytest.fixture
def made(tmp_path):
    rig = Rig(tmp_path, digest={"empty_days": "skip"})
    # The rows are what is looked at: a sync to disk for each would take minutes.
    rig.store.connection.db.execute("PRAGMA synchronous = OFF")
    yield rig
    rig.store.close()


def test_every_subscription_every_day(made):
    """365 local days: one row per date, none double, none missing, each deal in one."""
    hours = {}
    for n, name in enumerate(ZONES):
        chat = str(100 + n)
        hours[chat] = (time((n * 7) % 17, 30 if n % 3 else 0), ZoneInfo(name))
        made.store.subscriptions.put(
            Subscription(
                channel="telegram",
                recipient=chat,
                language="de" if n % 2 else "en",
                created_at=BEGIN,
                timezone=name,
                digest_at=hours[chat][0],
            )
        )
        made.store.chat_digests.begin("telegram", chat, 0, BEGIN)
    press, now, n_deals, n_written = made.room().press, BEGIN, 0, 0
    end = BEGIN + timedelta(days=365)
    while now < end:
        if now.hour == 12 and now.timetuple().tm_yday % 9 == 0 and now < end - 5 * STEP:
            story = replace(ledger.STORIES[3], deal=f"deal-{n_deals}", at=now)
            ledger.keep(made.store, story, n_deals)
            n_deals += 1
        n_written += write_chat_digests(press, now)
        now += STEP
    assert n_deals == 40
    for chat, (at, zone) in hours.items():
        rows = made.rows(
            "SELECT local_date FROM chat_digests JOIN subscriptions "
            "ON number = subscription WHERE recipient = ? ORDER BY local_date",
            chat,
        )
        first = BEGIN.astimezone(zone).date() - timedelta(days=1)
        days = [first + timedelta(days=n) for n in range(368)]
        expected = [
            day.isoformat()
            for day in days
            if BEGIN <= moment(day, at, zone) <= now - STEP
        ]
        assert [row["local_date"] for row in rows] == expected, zone
        assert len(expected) >= 364
    (counted,) = made.rows("SELECT COUNT(*) AS n FROM notices")
    assert counted["n"] == n_written
    for chat in hours:
        told = "\n".join(
            row["html"]
            for row in made.rows("SELECT html FROM notices WHERE recipient = ?", chat)
        )
        for n in range(n_deals):
            assert told.count(f"/deal-{n}-{n}.html") == 1, (chat, n)
