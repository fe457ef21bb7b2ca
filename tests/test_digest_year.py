"""A year of digests in twelve time zones: each local date once for each reader."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import digest_ledger as ledger
import pytest
from mail_rig import desk
from stages.test_local_days import ZONES

from newsbot.digests import write_due
from newsbot.subscribing import Subscriber, Wish


def enter(store, n, confirmed_at):
    """A reader of every zone in turn, at hours that are spread over the day."""
    wish = Wish(
        address=f"reader{n}@example.org",
        language="de" if n % 2 else "en",
        time_zone=ZONES[n % len(ZONES)],
        at=time((n * 7) % 24, 30 if n % 3 else 0),
    )
    asked = Subscriber(
        id=f"reader-{n}", wish=wish, state="asked", asked_at=confirmed_at
    )
    store.subscribers.ask(asked, f"token {n}")
    store.subscribers.confirm(f"token {n}", confirmed_at, since=0, instant_since=0)


@pytest.mark.parametrize(
    ("n_readers", "start", "days"),
    [
        (24, date(2026, 3, 25), 8),
        (24, date(2026, 10, 21), 8),
        pytest.param(
            1_000,
            date(2026, 1, 1),
            365,
            marks=[pytest.mark.long, pytest.mark.timeout(7_200)],
        ),
    ],
)
def test_every_reader_every_day(tmp_path, n_readers, start, days):
    """One outbox row per reader and local date: none double, none missing.

    On the days on which Berlin's clock changes, the mail is sent, too.
    """
    step = timedelta(minutes=60 if n_readers > 100 else 30)
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
    end = begin + timedelta(days=days)
    changes = {date(2026, 3, 29), date(2026, 10, 25)}
    with desk(tmp_path, digest={"empty_days": "skip"}) as mail:
        # The rows are what is looked at: a sync to disk for each would take hours.
        mail.store.connection.db.execute("PRAGMA synchronous = OFF")
        with mail.store.atomic():
            for n in range(n_readers):
                enter(mail.store, n, begin)
        now, n_written, n = begin, 0, 0
        while now < end:
            if now.hour % 8 == 0 and now.minute == 0:
                story = replace(ledger.STORIES[3], deal=f"deal-{n}", at=now)
                ledger.keep(mail.store, story, n)
                n += 1
            if now.date() in changes and n_readers < 100:
                n_written += mail.room.serve(now)[0]
            else:
                n_written += write_due(mail.room.press, now)
            now += step
        letters = mail.store.connection.rows(
            "SELECT subscriber_id, occasion, created_at, state FROM letters"
        )
        assert len(letters) == n_written
        rows = {}
        for row in letters:
            rows.setdefault(row["subscriber_id"], []).append(row["occasion"])
        assert len(rows) == n_readers
        for reader in mail.store.subscribers.active():
            zone = ZoneInfo(reader.wish.time_zone)
            first, last = begin.astimezone(zone), end.astimezone(zone)
            expected = [
                day
                for day in (
                    first.date() + timedelta(days=i) for i in range(-1, days + 2)
                )
                if begin <= _moment(day, reader.wish.at, zone) <= end - step
            ]
            assert rows[reader.id] == [day.isoformat() for day in expected], reader
            assert last.date() - expected[-1] <= timedelta(days=1)
        if n_readers < 100:
            sent = [one for one in letters if one["state"] == "sent"]
            assert len(sent) >= n_readers
            assert (
                len({one["Message-ID"] for one in mail.mails})
                == len(mail.mails)
                == len(sent)
            )


def _moment(day, at, zone):
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
