"""/digest of the bot: short, once a local day, over the outbox to a Bot API server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import digest_ledger as ledger
import pytest
from servers import telegram as api
from talking_bot import READER, Rig, rig

from newsbot.adapters.db import open_store
from newsbot.chat_digests import write_chat_digests

BERLIN = ZoneInfo("Europe/Berlin")
CHAT = str(READER)


class Chat:
    """A subscribed chat whose digests are written and sent as the service does."""

    def __init__(self, bot, *asked):
        self.bot = bot
        self.n = 100
        bot.admit(READER)
        bot.clock.now = berlin(30, 12)
        for text in ("/sub", "/timezone Europe/Berlin", *asked):
            bot.ask(READER, text)
        self.before = len(bot.server.messages(CHAT))

    @property
    def said(self):
        """What arrived since then."""
        return self.bot.server.messages(CHAT)[self.before :]

    def ask(self, text):
        """Ask something whose answer is of no interest here."""
        answers = self.bot.ask(READER, text)
        self.before += len(answers)
        return answers

    def at(self, moment, room=None):
        """Let it be that time; how many digests arrived."""
        self.bot.clock.now = moment
        (room or self.bot.room()).write_chat_digests(moment)
        return self.bot.send()

    def tell(self, moment, deal=None, **changes):
        """Let the line come to know a deal."""
        self.n += 1
        fields = {"deal": deal or f"deal-{self.n}", "at": moment, **changes}
        ledger.keep(self.bot.store, replace(ledger.STORIES[3], **fields), self.n)

    @property
    def days(self):
        rows = self.bot.rows("SELECT local_date FROM chat_digests ORDER BY 1")
        return [row["local_date"] for row in rows]


def berlin(day, hour, minute=0, month=1):
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        yield made


@pytest.fixture
def chat(bot):
    return Chat(bot, "/digest 07:30")


def test_a_day_of_news_is_one_message_with_links(chat):
    """At the hour, once, in the chat's language: a line per deal; later only what is new."""
    chat.ask("/lang de")
    ledger.fill(chat.bot.store, feeds=2, ill=1)
    assert chat.at(berlin(31, 7, 29)) == 0
    chat.tell(berlin(31, 7))
    assert chat.at(berlin(31, 7, 30)) == 1
    (text,) = chat.said
    assert text.startswith("KI-Cloud-Abkommen, Samstag, 31. Januar 2026")
    assert "OpenAI und Oracle, 30 Mrd. US-Dollar" in text
    assert "Mistral" in text
    sent = chat.bot.server.accepted[-1]
    assert (sent.parse_mode, sent.preview) == ("HTML", False)
    assert '<a href="https://ledgerline.example.org/new-1-3.html">' in sent.text
    for minutes in (0, 1, 60, 16 * 60):
        assert chat.at(berlin(31, 7, 30) + timedelta(minutes=minutes)) == 0
    chat.tell(berlin(31, 20), deal="tomorrow", parties={"Aleph": "customer"})
    assert chat.at(berlin(1, 7, 30, month=2)) == 1
    assert "Aleph" in chat.said[-1]
    assert "Mistral" not in chat.said[-1]


def test_late_the_same_day_and_merged_after_several(chat):
    """Down over the hour: late, once. Down for three days: one digest that says so."""
    chat.tell(berlin(31, 5))
    assert chat.at(berlin(31, 22)) == 1
    assert chat.at(berlin(31, 23)) == 0
    for day in (1, 2, 3):
        name = f"Lab {day}"
        chat.tell(
            berlin(day, 12, month=2), parties={name: "customer", "Oracle": "provider"}
        )
    assert chat.at(berlin(4, 9, month=2)) == 1
    assert "Everything since the digest of" in chat.said[-1]
    assert all(f"Lab {day}" in chat.said[-1] for day in (1, 2, 3))
    assert chat.days == ["2026-01-31", "2026-02-04"]


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
@pytest.mark.parametrize("hour", ["02:30", "07:00"])
def test_both_changes_of_the_clock(bot, month, day, hour):
    """One message per local date, each deal in exactly one, also at 02:30."""
    chat = Chat(bot)
    bot.clock.now = start = berlin(day, 0, month=month) - timedelta(days=2)
    chat.ask(f"/digest {hour}")
    moment, n = start, 0
    room = bot.room()
    while moment < start + timedelta(days=4):
        if n % 7 == 0:
            chat.tell(moment, parties={f"Lab {n}": "customer", "Oracle": "provider"})
        chat.at(moment, room)
        moment += timedelta(minutes=30)
        n += 1
    expected = [
        berlin(day, 12, month=month) + timedelta(days=k) for k in (-2, -1, 0, 1)
    ]
    dates = [at.astimezone(BERLIN).date().isoformat() for at in expected]
    assert chat.days == dates
    assert len(chat.said) == 4
    told = "\n".join(chat.said)
    for number in range(0, n - 48, 7):
        assert told.count(f"Lab {number} and") == 1, number


@pytest.mark.parametrize(("empty_days", "n_messages"), [("send", 1), ("skip", 0)])
def test_an_empty_day(tmp_path, empty_days, n_messages):
    """One line, or nothing, as configured; the day is over either way."""
    with rig(tmp_path, digest={"empty_days": empty_days}) as made:
        chat = Chat(made, "/digest 07:30")
        made.store.feeds.add(ledger.feed("paper", last_polled_at=berlin(31, 7)))
        assert chat.at(berlin(31, 8)) == n_messages
        assert chat.at(berlin(31, 9)) == 0
        assert [one.splitlines()[1] for one in chat.said] == [
            "No deals; 1 of 1 feeds healthy."
        ] * n_messages
        assert chat.days == ["2026-01-31"]


def test_filters_choose_what_it_tells(chat):
    """The same filters as the alerts': alternatives and words."""
    chat.ask("/filter party:Anthropic,Nvidia !Leipzig")
    ledger.fill(chat.bot.store, feeds=2, ill=0)
    assert chat.at(berlin(31, 8)) == 1
    assert "Anthropic and Stackit" in chat.said[0]
    assert "OpenAI" not in chat.said[0]
    assert "Zephira" not in chat.said[0]
    assert chat.at(berlin(1, 8, month=2)) == 1
    assert "\nNo deals of your choice; 3 of 3 feeds healthy." in chat.said[1]


@pytest.mark.parametrize("command", ["/pause", "/mute 21h"])
def test_a_digest_of_a_pause_is_left_out(chat, command):
    """What falls into a pause is not told later; the next day is told again."""
    chat.tell(berlin(31, 5), parties={"Quiet Lab": "customer"})
    chat.ask(command)
    assert chat.at(berlin(31, 8)) == 0
    chat.ask("/resume")
    assert chat.at(berlin(31, 9)) == 0
    chat.tell(berlin(31, 10), parties={"Loud Lab": "customer"})
    assert chat.at(berlin(1, 8, month=2)) == 1
    assert "Loud Lab" in chat.said[0]
    assert "Quiet Lab" not in chat.said[0]


def test_one_that_waits_is_dropped_by_a_pause(chat):
    """Written, but not sent yet: a pause, and /stop, take it along."""
    chat.bot.room().write_chat_digests(berlin(31, 8))
    chat.ask("/pause")
    chat.ask("/resume")
    chat.bot.clock.now = berlin(31, 9)
    assert chat.bot.send() == 0
    chat.bot.room().write_chat_digests(berlin(1, 8, month=2))
    chat.ask("/stop")
    assert chat.bot.send() == 0
    assert chat.bot.rows("SELECT * FROM notices") == []
    assert chat.bot.rows("SELECT * FROM chat_digests") == []


def test_quiet_hours_hold_it_until_their_end(chat):
    """Due at 07:30, sent at nine, with the news of half past seven."""
    chat.ask("/quiet 22-09")
    assert chat.at(berlin(31, 7, 30)) == 0
    assert chat.at(berlin(31, 8, 59)) == 0
    assert chat.at(berlin(31, 9)) == 1


def test_turned_on_late_and_changed(bot):
    """Past the hour it begins tomorrow; off and on, or another hour, is none twice."""
    chat = Chat(bot)
    bot.clock.now = berlin(31, 12)
    assert "07:30 (Europe/Berlin)" in chat.ask("/digest 07:30")[0]
    assert chat.at(berlin(31, 12, 1)) == 0
    assert chat.at(berlin(1, 7, 30, month=2)) == 1
    chat.ask("/digest 18:00")
    assert chat.at(berlin(1, 18, month=2)) == 0
    chat.ask("/digest off")
    chat.ask("/digest 19:00")
    assert chat.at(berlin(1, 19, month=2)) == 0
    # Off for a while: no history then, and no digest before the hour.
    chat.ask("/digest off")
    chat.tell(berlin(3, 12, month=2), parties={"Old Lab": "customer"})
    assert chat.at(berlin(9, 19, month=2)) == 0
    chat.tell(berlin(9, 20, month=2), parties={"New Lab": "customer"})
    bot.clock.now = berlin(10, 12, month=2)
    chat.ask("/digest 07:30")
    assert chat.at(berlin(10, 12, 1, month=2)) == 0
    assert chat.at(berlin(11, 7, 30, month=2)) == 1
    assert "New Lab" in chat.said[-1]
    assert "Old Lab" not in chat.said[-1]


def test_a_clock_that_is_wrong(chat):
    """Set back: none twice. A year ahead: the days in between come all the same."""
    room = chat.bot.room()
    assert room.write_chat_digests(berlin(31, 8)) == 1
    assert room.write_chat_digests(berlin(31, 6)) == 0
    assert room.write_chat_digests(berlin(30, 8)) == 0
    assert room.write_chat_digests(berlin(31, 8) + timedelta(days=365)) == 1
    for day in (1, 2):
        assert room.write_chat_digests(berlin(day, 8, month=2)) == 1
        assert room.write_chat_digests(berlin(day, 9, month=2)) == 0


def test_two_writers_write_one(chat):
    """The key is in the database: a second process writes nothing."""
    other = open_store(chat.bot.path)
    now = berlin(31, 8)
    progress = other.chat_digests.progress()
    assert write_chat_digests(chat.bot.room().press, now) == 1
    (one,) = progress
    assert not other.chat_digests.put(one, now.date(), 0, now, "another")
    assert other.connection.rows("PRAGMA foreign_key_check") == []
    other.close()
    assert chat.at(now) == 1


def test_a_topic_and_a_group_that_moves(tmp_path):
    """It goes to its topic; a group that grows gets the waiting one at its new id."""
    made = Rig(tmp_path)
    with made.server:
        sub = replace(
            _subscription(made), recipient="-100/7", digest_at=berlin(31, 7).time()
        )
        made.store.subscriptions.put(replace(sub, timezone="UTC"))
        now = made.clock.now = berlin(31, 9)
        made.store.chat_digests.begin("telegram", "-100/7", 0, now - timedelta(days=1))
        assert made.room().write_chat_digests(now) == 1
        made.server.script("-100", api.migrated(-200))
        assert made.send() == 1
        (message,) = made.server.accepted
        assert (message.chat, message.thread) == ("-200", 7)
        assert made.room().write_chat_digests(now) == 0
        made.clock.forward(days=1)
        assert made.room().write_chat_digests(made.clock()) == 1
        assert made.send() == 1
        made.channel.close()
    made.store.close()


def test_days_of_the_week(bot):
    """Monday to Friday, and on Mondays: what the days between bring is not lost."""
    chat = Chat(bot, "/digest 07:30 werktags")
    assert (
        chat.ask("/digest")[0] == "Digest at: 07:30, Monday to Friday (Europe/Berlin)"
    )
    chat.tell(berlin(31, 6), parties={"Weekend Lab": "customer"})
    for day in (31, 32, 33, 34):
        chat.at(berlin(1, 8, month=1) + timedelta(days=day - 1))
    assert chat.days == ["2026-02-02", "2026-02-03"]
    assert "Weekend Lab" in chat.said[0]
    chat.ask("/digest 07:30 weekly")
    for day in range(4, 11):
        chat.at(berlin(day, 8, month=2))
    assert chat.days[2:] == ["2026-02-09"]
    assert "Mondays" in chat.ask("/list")[0]
    chat.ask("/digest 8 Uhr")
    assert chat.at(berlin(11, 8, month=2)) == 1


def _subscription(made):
    made.admit(READER)
    from newsbot.talking import Subscription

    return Subscription(
        channel="telegram", recipient=CHAT, language="en", created_at=made.clock()
    )


def test_who_blocked_the_bot_gets_it_when_back(chat):
    """Blocked: parked, not tried again; /start lets it go, once."""
    chat.bot.server.script(CHAT, api.BLOCKED)
    assert chat.at(berlin(31, 8)) == 0
    n_calls = len(chat.bot.server.calls)
    assert chat.at(berlin(31, 9)) == 0
    sends = [name for name, _ in chat.bot.server.calls[n_calls:] if "end" in name]
    assert sends == []
    chat.ask("/start")
    assert chat.at(berlin(31, 10)) == 1
    assert chat.at(berlin(31, 11)) == 0


@pytest.mark.parametrize("reply", [api.RESET, api.BAD_GATEWAY])
def test_an_answer_that_never_came_is_counted(chat, reply):
    """Sent again, rather twice than never; `newsbot check` counts what may be twice."""
    chat.bot.server.script(CHAT, reply)
    chat.at(berlin(31, 8))
    chat.at(berlin(31, 8, 5))
    counts = chat.bot.store.outbox.traffic.counts()
    unknown = counts["unanswered"]
    assert unknown == (reply is api.RESET)
    assert len(chat.said) == 1 + unknown


def test_a_kill_while_it_is_on_its_way_is_counted(chat):
    """The mark of an earlier process: unknown, and sent again."""
    room, now = chat.bot.room(), berlin(31, 8)
    room.write_chat_digests(now)
    (waiting,) = chat.bot.store.outbox.traffic.notices(now)
    chat.bot.store.outbox.traffic.begin_notice(waiting.id, now)
    assert chat.at(now) == 1
    assert chat.bot.store.outbox.traffic.counts()["unanswered"] == 1


def test_ledgers_of_before_tell_no_history(tmp_path):
    """A digest that was only stored begins with what is new after the upgrade."""
    with rig(tmp_path) as made:
        chat = Chat(made, "/digest 07:30")
        ledger.fill(made.store, feeds=1, ill=0)
        db = made.store.connection.db
        with made.store.atomic():
            db.execute(
                "UPDATE subscriptions SET digest_since = 0, digest_begun_at = NULL"
            )
            db.execute(
                "UPDATE subscriptions SET digest_since = "
                "(SELECT coalesce(max(number), 0) FROM news)"
            )
        assert chat.at(berlin(31, 8)) == 1
        assert "No deals" in chat.said[0]
