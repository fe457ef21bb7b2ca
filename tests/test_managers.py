"""What managers read: in their own language, in Telegram or by mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from fakes import NOW
from mail_rig import GAZETTEER, START, desk, text_of

from newsbot.config import Config
from newsbot.mailing import Managers
from newsbot.mailroom import Mailroom
from newsbot.stages.notices import FeedNews, feed_text, mail_text, say_feed
from newsbot.talking import Subscription

GERMAN, ENGLISH = "7", "8"


@pytest.fixture
def mail(tmp_path):
    with desk(tmp_path, email={"manager": "boss@example.org"}) as one:
        yield one


def lines(store):
    return {
        row["recipient"]: row["text"]
        for row in store.connection.rows("SELECT * FROM notices")
    }


def prefer(store, recipient, language):
    store.subscriptions.put(
        Subscription(
            channel="telegram", recipient=recipient, language=language, created_at=NOW
        )
    )


def managers(*ids, language="en"):
    return Managers(
        recipients=tuple(("telegram", id_) for id_ in ids), language=language
    )


def test_each_manager_reads_in_the_language_of_their_chat(mail):
    """One reads German, one English, one who chose nothing what the config says."""
    prefer(mail.store, GERMAN, "de")
    prefer(mail.store, ENGLISH, "en")
    news = FeedNews(kind="failing", detail="HTTP 500")
    said = partial(feed_text, "https://me:secret@paper.example/feed?key=1", news)
    told = managers(GERMAN, ENGLISH, "9", language="de")
    told.tell(mail.store.outbox.traffic, said, NOW)
    assert lines(mail.store) == {
        GERMAN: "Feed https://paper.example/feed: schlägt immer wieder fehl: HTTP 500; "
        "es wird weiter versucht, mindestens einmal am Tag",
        ENGLISH: "Feed https://paper.example/feed: keeps failing: HTTP 500; it is tried "
        "on, at least once a day",
        "9": lines(mail.store)[GERMAN],
    }


@pytest.mark.parametrize("kind", ["failing", "gone", "moved", "doubled", "recovered"])
def test_all_that_becomes_of_a_feed_has_words_in_both(kind):
    """No kind is without words, and none has the same in both languages."""
    news = FeedNews(kind=kind, detail="4")
    english, german = say_feed(news, "en"), say_feed(news, "de")
    assert english != german
    assert "4" in english
    assert "4" in german


def test_lines_from_outside_stay_one_line():
    """An error and an address with line ends and marks of direction are cleaned."""
    evil = "x\u202e\r\ny" * 500
    for language in ("de", "en"):
        for text in (
            feed_text(
                "https://a.example/", FeedNews(kind="gone", detail=evil), language
            ),
            mail_text("given up", evil, evil, language),
        ):
            assert not set(text) & set("\u202e\r\n")
            assert len(text) < 1_200


def test_the_weekly_report_comes_by_mail_where_nobody_has_telegram(mail):
    """To `[email] manager`, once, in the language of the alerts."""
    mail.room.report(lambda language: f"Report in {language}", START)
    mail.serve()
    (taken,) = [one.mail for one in mail.server.taken]
    assert taken["To"] == "boss@example.org"
    assert taken["Subject"] == "newsbot: the week's report"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert text_of(taken).strip() == "Report in en"


def test_the_weekly_report_comes_once_where_there_is_telegram(mail):
    """To each manager there, and not by mail besides."""
    config = Config(email=mail.email, digest=mail.digest)
    room = Mailroom(config, mail.store, GAZETTEER, managers(GERMAN))
    prefer(mail.store, GERMAN, "de")
    room.report(lambda language: f"Report in {language}", START)
    mail.serve()
    assert lines(mail.store) == {GERMAN: "Report in de"}
    assert mail.server.taken == []


def test_mail_that_stops_is_told_once(tmp_path):
    """A server that is down: waits that grow, one line after half an hour, one mail."""
    with desk(tmp_path, email={"manager": "boss@example.org"}) as mail:
        for name in "abc":
            mail.reader(f"{name}@example.org")
        config = Config(email=replace(mail.email, port=1), digest=mail.digest)
        mail.room = Mailroom(config, mail.store, GAZETTEER, managers(GERMAN))
        prefer(mail.store, GERMAN, "de")
        mail.at, tried, waits = at_seven(), None, []
        while mail.at < at_seven() + timedelta(hours=4):
            mail.serve()
            due = min(one.due_at for one in mail.letters)
            if due != tried:
                waits.append(due - mail.at)
            tried = due
            mail.at += timedelta(minutes=1)
        assert waits[0] == timedelta(minutes=5)
        assert waits == sorted(waits)
        assert waits[-1] == timedelta(hours=1)
        (line,) = lines(mail.store).values()
        assert line.startswith("seit 2026-01-31 06:00 UTC geht keine Mail mehr hinaus")
        assert {one.state for one in mail.letters} == {"pending"}
        mail.restart()
        mail.run(hours=10)
        assert {one.state for one in mail.letters} == {"sent"}
        to_boss = [one for one in mail.server.taken if one.recipient[:4] == "boss"]
        assert len(to_boss) == 1
        assert len(lines(mail.store)) == 1
        # The next outage is told of again; after four days its digests are merged.
        mail.room = Mailroom(config, mail.store, GAZETTEER, managers(GERMAN))
        mail.run(hours=24 * 6)
        told = mail.store.connection.rows("SELECT * FROM notices")
        assert len(told) == 2
        mail.restart()
        before = len(mail.mails)
        mail.run(hours=2)
        assert 3 <= len(mail.mails) - before <= 6
        dates = [(one.recipient, one.occasion) for one in mail.letters]
        assert len(dates) == len(set(dates))


def at_seven():
    """Seven in the morning in Berlin."""
    return datetime(2026, 1, 31, 6, tzinfo=UTC)


def test_without_mail_and_telegram_nothing_is_written(tmp_path):
    """A report that nobody can get is none; nothing fails."""
    with desk(tmp_path, email={"manager": ""}) as one:
        one.room.report(lambda language: "Report", START)
        one.serve()
        assert one.server.taken == []
        assert lines(one.store) == {}
