"""A year of digests in twelve time zones: each local date once for each reader."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import digest_ledger as ledger
import pytest
from mail_rig import desk, text_of
from stages.test_local_days import ZONES

from newsbot.digests import write_due
from newsbot.posting import post
from newsbot.stages.edition_words import WORDS
from newsbot.subscribing import Subscriber, Wish

#: The days on which Berlin's clock changes, and the mail is sent, too.
CHANGES = (date(2026, 3, 29), date(2026, 10, 25))
DAY = timedelta(days=1)
#: Another paper in words of its own.
SIGNED = {
    "title": "Oracle has the signature",
    "text": "It is signed: for $30 billion OpenAI rents halls in Ohio from Oracle. "
    "They are to open next summer, the paper says.",
    "site": "circuitwire.example.org",
}


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
    ("n_readers", "start", "days", "step"),
    [
        (24, date(2026, 3, 25), 8, timedelta(minutes=30)),
        (24, date(2026, 10, 21), 8, timedelta(minutes=30)),
        pytest.param(
            1_000,
            date(2026, 1, 1),
            365,
            timedelta(hours=1),
            marks=[pytest.mark.long, pytest.mark.timeout(7_200)],
        ),
    ],
)
def test_every_reader_every_day(tmp_path, n_readers, start, days, step):
    """One outbox row per reader and local date: none double, none missing.

    Each deal and each update is in exactly one digest of each reader. On the days on
    which Berlin's clock changes, every mail is composed and sent, once.
    """
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
    end = begin + timedelta(days=days)
    with desk(tmp_path, digest={"empty_days": "skip"}) as mail:
        # The rows are what is looked at: a sync to disk for each would take hours.
        mail.store.connection.db.execute("PRAGMA synchronous = OFF")
        with mail.store.atomic():
            for n in range(n_readers):
                enter(mail.store, n, begin)
        n_deals = live(mail, begin, end, step)
        rows = read_rows(mail.store)
        assert len(rows) == n_readers
        for reader in mail.store.subscribers.active():
            zone = ZoneInfo(reader.wish.time_zone)
            expected = dates(begin, end - step, reader.wish.at, zone)
            assert [row["occasion"] for row in rows[reader.id]] == expected, reader
            assert len(expected) >= days - 1
        check_told(mail.store, rows, n_deals)
        check_sent(mail, n_readers)


def live(mail, begin, end, step):
    """Let the time pass, with news now and then; returns how many deals there were."""
    now, n_deals, moving = begin, 0, None
    while now < end:
        day = now.date()
        if now.hour == 3 and now.minute == 0:
            if moving is not None:  # what was new yesterday has moved on
                happen(mail.store, moving, now, "update", **SIGNED)
                moving = None
            near = any(0 <= (one - day).days <= 1 for one in CHANGES)
            if now + 3 * DAY < end and (near or (day - begin.date()).days % 6 == 0):
                happen(mail.store, n_deals, now, "new", status="talks")
                moving, n_deals = n_deals, n_deals + 1
        write_due(mail.room.press, now)
        if day in CHANGES:
            post(mail.room.office, now)
        now += step
        if now.date() in CHANGES and day not in CHANGES:
            # That day's mail is sent, not that of the months before.
            with mail.store.atomic() as db:
                db.execute("UPDATE letters SET state = 'sent' WHERE state = 'pending'")
    return n_deals


def happen(store, n, now, verdict, **changes):
    """A deal, or a new state of it, becomes known."""
    story = replace(ledger.STORIES[3], deal=f"deal-{n}", at=now, verdict=verdict)
    ledger.keep(store, replace(story, **changes), verdict)


def dates(first, last, at, zone):
    """The local dates on which it is *at* within a stretch of time."""
    day, found = first.astimezone(zone).date() - DAY, []
    while day <= last.astimezone(zone).date() + DAY:
        moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if first <= moment <= last:
            found.append(day.isoformat())
        day += DAY
    return found


def read_rows(store):
    """The rows of the outbox by reader."""
    found = {}
    for row in store.connection.rows(
        "SELECT subscriber_id, occasion, created_at, state, content_id "
        "FROM letters ORDER BY rowid"
    ):
        found.setdefault(row["subscriber_id"], []).append(row)
    return found


def check_told(store, rows, n_deals):
    """Every reader was told each deal and each update, once."""
    told = {
        row["id"]: fresh_in(row["text"])
        for row in store.connection.rows("SELECT id, text FROM contents")
    }
    expected = Counter(
        f"deal-{n}-{kind}" for n in range(n_deals) for kind in ("new", "update")
    )
    assert len(expected) >= 4
    for reader, letters in rows.items():
        found = Counter(
            name for row in letters for name in told.get(row["content_id"], ())
        )
        assert found == expected, reader


def fresh_in(text):
    """The articles that a digest tells for the first time."""
    parts = re.split(r"^== (.+) ==$", text, flags=re.MULTILINE)
    found = set()
    for title, part in zip(parts[1::2], parts[2::2], strict=True):
        names = set(re.findall(r"(?<=/)deal-\d+-\w+(?=\.html)", part))
        if title in {words.talks for words in WORDS.values()}:
            found |= names
        elif title in {words.updates for words in WORDS.values()}:
            # The report that it was new is named as a source again.
            found |= {name for name in names if name.endswith("-update")}
    return found


def check_sent(mail, n_readers):
    """On each of the days whose mail is sent, every letter went out, once."""
    sent = Counter((one["To"], text_of(one).split("\n")[1]) for one in mail.mails)
    assert set(sent.values()) == {1}
    names = [one["Message-ID"] for one in mail.mails]
    assert len(set(names)) == len(names) >= n_readers
    posted = [
        row
        for letters in read_rows(mail.store).values()
        for row in letters
        if row["state"] == "sent"
        and datetime.fromisoformat(row["created_at"]).date() in CHANGES
    ]
    assert len(posted) == len(names)
