"""What is judged well or not, and how a silence is explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsbot.courtesy import Courtesy
from newsbot.mailing import Pause, Recipient
from newsbot.stages.health import judge_health, reasons, report, sending_line
from newsbot.types import Feed
from newsbot.watching import Day, Done, Facts, Sending, Waiting

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SENDING = Sending(
    n_pending=0,
    n_sent=3,
    n_failed=0,
    n_unknown=0,
    n_parked=0,
    n_unanswered=0,
    n_failed_lately=0,
    oldest_at=None,
    oldest_error=None,
    n_mails_pending=0,
    n_mails_sent=0,
    n_mails_failed=0,
)
DAY = Day(
    n_entries=10,
    n_failed=0,
    n_irrelevant=7,
    n_judged=3,
    n_deals=1,
    n_new=1,
    n_alerts=1,
)


def feed(name="a", **changes):
    values = {
        "id": name,
        "url": f"https://{name}.example/feed",
        "language": "de",
        "every_minutes": 15,
        "source": "config",
        "next_poll_at": NOW + HOUR,
    }
    return Feed(**{**values, **changes})


def bad(name="a", n_errors=3):
    return feed(name, n_errors=n_errors, error="503 Service Unavailable")


WELL = Facts(
    running=True,
    feeds=(feed(),),
    waiting=(Waiting(stage="assess", n=2, n_again=0, since=NOW - HOUR / 2),),
    sending=SENDING,
    day=DAY,
    pauses=(),
    parked=(),
    done=(Done(job="pulse", done_at=NOW, error=None),),
    n_readers=1,
    free_bytes=10**11,
)


def facts(**changes):
    return replace(WELL, **changes)


def pause(refused):
    return Pause(
        channel="telegram", until=NOW, reason="Unauthorized", since=NOW, refused=refused
    )


def test_all_is_well():
    """Nothing to mend, nothing to say."""
    health = judge_health(WELL, NOW, backup_every=timedelta(days=1))
    assert (health.ok, health.problems, health.warnings) == (True, (), ())


OLD = NOW - 2 * HOUR
GONE = Courtesy(stopped_at=OLD)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"feeds": (bad(n_errors=1),)}, "no feed answers: 1 of 1"),
        ({"feeds": (feed("b"), bad())}, "feed https://a.example/feed fails: 3 polls"),
        ({"feeds": (feed("b"), feed("c", courtesy=GONE))}, "gone for good"),
        ({"feeds": (feed(next_poll_at=OLD),)}, "1 feeds are due since"),
        (
            {"waiting": (Waiting(stage="assess", n=9, n_again=0, since=OLD),)},
            "9 articles wait for assess, the first since 2026-03-02 10:00 UTC",
        ),
        ({"day": replace(DAY, n_failed=5)}, "5 of 10 articles of the last day failed"),
        ({"pauses": (pause(refused=True),)}, "telegram refuses our key: Unauthorized"),
        ({"sending": replace(SENDING, n_failed_lately=2)}, "2 messages were given up"),
        ({"sending": replace(SENDING, n_mails_given_up=3)}, "3 mails were given up"),
        (
            {"sending": replace(SENDING, oldest_at=OLD, oldest_error="timed out")},
            "a message waits since 2026-03-02 10:00 UTC: timed out",
        ),
        ({"free_bytes": 99 * 2**20}, "the disk is full: 99 MiB"),
        ({"done": (Done(job="pulse", done_at=OLD, error=None),)}, "gave no sign"),
        (
            {"done": (Done(job="backup", done_at=NOW, error="disk"),)},
            "the last backup failed: disk",
        ),
        (
            {"done": (Done(job="backup", done_at=NOW - 49 * HOUR, error=None),)},
            "the last backup is of 2026-02-28",
        ),
    ],
)
def test_each_problem_is_named(changes, words):
    """One thing is wrong: one line says it, and health is not ok."""
    health = judge_health(facts(**changes), NOW, backup_every=timedelta(days=1))
    (problem,) = health.problems
    assert words in problem
    assert not health.ok


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"feeds": ()}, "there are no feeds"),
        ({"n_readers": 0}, "nobody gets alerts but the console"),
        ({"feeds": (bad(), *(feed(f"f{n}") for n in range(19)))}, "1 of 20 feeds fail"),
        ({"pauses": (pause(refused=False),)}, "telegram rests"),
        ({"sending": replace(SENDING, n_unknown=4)}, "4 messages may or may not"),
        ({"sending": replace(SENDING, n_mails_refused=2)}, "2 mails were refused"),
        ({"free_bytes": 500 * 2**20}, "500 MiB are left"),
        (
            {
                "done": (
                    Done(job="heartbeat", done_at=NOW, error="refused"),
                    *WELL.done,
                )
            },
            "the heartbeat failed: refused",
        ),
        (
            {
                "parked": (
                    Recipient(
                        channel="telegram",
                        recipient="42",
                        state="parked",
                        reason="blocked",
                        since=NOW,
                    ),
                )
            },
            "telegram 42 cannot be reached: blocked",
        ),
    ],
)
def test_a_warning_leaves_health_ok(changes, words):
    """What nobody has to mend is told, and health stays ok."""
    health = judge_health(facts(**changes), NOW)
    assert health.ok, health.problems
    (warning,) = health.warnings
    assert words in warning


def test_without_a_service_nothing_is_late():
    """Who starts newsbot now and then has feeds and articles that wait: all is well."""
    idle = facts(
        running=False,
        feeds=(feed(next_poll_at=OLD),),
        waiting=(Waiting(stage="fetch", n=9, n_again=0, since=OLD),),
        sending=replace(SENDING, oldest_at=OLD),
        done=(Done(job="pulse", done_at=OLD, error=None),),
    )
    health = judge_health(idle, NOW, backup_every=HOUR)
    assert (health.running, health.ok) == (False, True)


def test_a_feed_that_fails_twice_beside_others_is_no_problem_yet():
    """Two polls in vain are no news while another feed answers."""
    assert judge_health(facts(feeds=(feed("b"), bad(n_errors=2))), NOW).ok


def test_a_silence_is_explained_from_feeds_to_messages():
    """The reasons say how far the day's articles came, and what is wrong."""
    told = reasons(WELL, judge_health(WELL, NOW))
    assert "announced 10 articles: 7 without a word of a deal" in told[0]
    assert "1 new deals and 1 messages" in told[1]
    quiet = facts(
        running=False, feeds=(bad(),), day=Day(**dict.fromkeys(Day.__slots__, 0))
    )
    told = "\n".join(reasons(quiet, judge_health(quiet, NOW)))
    for words in ("no service runs", "nothing new", "no feed answers", "2 articles"):
        assert words in told
    assert "3 sent, 0 waiting" in sending_line(SENDING)


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Wochenbericht: 1 Feeds"), ("en", "Weekly report: 1 feeds")],
)
def test_the_weekly_report_speaks_both_languages(language, words):
    """It counts, and names what has to be mended."""
    ill = facts(feeds=(bad(),))
    text = report(ill, judge_health(ill, NOW), language)
    assert words in text
    assert "no feed answers" in text
