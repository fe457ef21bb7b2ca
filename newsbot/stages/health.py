"""Is the service well, and why did nothing come?

In: what the ledger says at one moment. Out: problems that somebody has to mend,
warnings that somebody may want to know, and the reasons of a silence, in words.

That no service runs is no problem by itself, for many start one now and then; what
waits is therefore held against a service that does run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from newsbot.stages.printable import without_keys
from newsbot.types import Feed
from newsbot.vocabulary import Language
from newsbot.watching import Day, Facts, Health, Sending

#: Polls in a row that fail before a feed counts as failing: one that is down for a
#: few minutes is no news. With the back-off of `timing` the third comes after hours.
FAILING_POLLS = 3
#: One failing feed of ten or fewer is a problem; of hundreds some always fail.
FAILING_SHARE = 0.1
#: How long work may wait while a service runs: a model on a slow machine takes a
#: minute for a batch, and an unseen model is converted first.
STUCK_AFTER = timedelta(hours=1)
#: How long the service may give no sign of life; it gives one each minute.
SILENT_AFTER = timedelta(minutes=10)
#: Given-up articles of the last day, from so many on, that are a problem by half.
MANY_FAILED = 5
#: Bytes below which the disk counts as full, and as nearly so.
FULL_BYTES = 100 * 2**20
SCARCE_BYTES = 1000 * 2**20


def judge_health(
    facts: Facts, now: datetime, *, backup_every: timedelta | None = None
) -> Health:
    """Say what is wrong.

    Args:
        facts: What the ledger says.
        now: Aware.
        backup_every: How often a backup is to be made; None where none is.
    """
    problems = [*_feeds(facts, now), *_queue(facts, now), *_deliveries(facts, now)]
    problems += _upkeep(facts, now, backup_every)
    return Health(
        running=facts.running,
        problems=tuple(map(without_keys, problems)),
        warnings=tuple(map(without_keys, _warnings(facts))),
    )


def failing(feeds: tuple[Feed, ...]) -> list[Feed]:
    """Pick the feeds that are gone, or have failed several times in a row."""
    return [
        one
        for one in feeds
        if one.courtesy.stopped_at is not None or one.n_errors >= FAILING_POLLS
    ]


def many_failed(day: Day) -> bool:
    """Whether so many articles of a day failed that something is wrong."""
    return day.n_failed >= MANY_FAILED and day.n_failed * 2 >= day.n_entries


def _feeds(facts: Facts, now: datetime) -> Iterator[str]:
    feeds, bad = facts.feeds, failing(facts.feeds)
    troubled = [one for one in feeds if one.n_errors or one in bad]
    if feeds and len(troubled) == len(feeds):
        shown = f"{feeds[0].url}: {_trouble(feeds[0])}"
        yield f"no feed answers: {len(feeds)} of {len(feeds)} fail ({shown})"
    elif len(bad) >= len(feeds) * FAILING_SHARE:
        yield from (f"feed {one.url} fails: {_trouble(one)}" for one in bad)
    if not facts.running:
        return
    late = [
        one
        for one in feeds
        if one.courtesy.stopped_at is None
        and one.next_poll_at is not None
        and now - one.next_poll_at > STUCK_AFTER
    ]
    if late:
        since = min(one.next_poll_at for one in late if one.next_poll_at)
        yield f"{len(late)} feeds are due since {since:%Y-%m-%d %H:%M} UTC, unasked"


def _trouble(feed: Feed) -> str:
    if feed.courtesy.stopped_at is not None:
        why = None if feed.error else feed.courtesy.wait_reason
        why = why or "it is gone for good"
        return f"{why}; `newsbot feeds remove` forgets it"
    return f"{feed.n_errors} polls in a row, {feed.error}"


def _queue(facts: Facts, now: datetime) -> Iterator[str]:
    for one in facts.waiting if facts.running else ():
        if one.since is not None and now - one.since > STUCK_AFTER:
            yield (
                f"{one.n} articles wait for {one.stage}, the first since "
                f"{one.since:%Y-%m-%d %H:%M} UTC"
            )
    day = facts.day
    if many_failed(day):
        yield f"{day.n_failed} of {day.n_entries} articles of the last day failed"


def _deliveries(facts: Facts, now: datetime) -> Iterator[str]:
    for pause in facts.pauses:
        if pause.refused:
            yield f"{pause.channel} refuses our key: {pause.reason}"
    sending = facts.sending
    if sending.n_failed_lately:
        yield f"{sending.n_failed_lately} messages were given up in the last day"
    if sending.n_mails_given_up:
        yield f"{sending.n_mails_given_up} mails were given up in the last day"
    oldest = sending.oldest_at
    if facts.running and oldest is not None and now - oldest > STUCK_AFTER:
        why = f": {sending.oldest_error}" if sending.oldest_error else ""
        yield f"a message waits since {oldest:%Y-%m-%d %H:%M} UTC{why}"


def _upkeep(
    facts: Facts, now: datetime, backup_every: timedelta | None
) -> Iterator[str]:
    if facts.free_bytes < FULL_BYTES:
        yield f"the disk is full: {facts.free_bytes // 2**20} MiB are left"
    pulse = facts.last("pulse")
    if facts.running and pulse and now - pulse.done_at > SILENT_AFTER:
        yield f"the service gave no sign since {pulse.done_at:%Y-%m-%d %H:%M} UTC"
    backup = facts.last("backup")
    if backup and backup.error:
        yield f"the last backup failed: {backup.error}"
        return
    longest = 2 * backup_every if backup_every else None
    if facts.running and backup and longest and now - backup.done_at > longest:
        yield f"the last backup is of {backup.done_at:%Y-%m-%d %H:%M} UTC"


def _warnings(facts: Facts) -> Iterator[str]:
    if not facts.feeds:
        yield "there are no feeds: `newsbot feeds add URL`"
    if not facts.n_readers:
        yield "nobody gets alerts but the console: no chat and no reader by mail"
    bad = failing(facts.feeds)
    if bad and len(bad) < len(facts.feeds) * FAILING_SHARE:
        yield f"{len(bad)} of {len(facts.feeds)} feeds fail: `newsbot feeds list`"
    for pause in facts.pauses:
        if not pause.refused:
            yield f"{pause.channel} rests: {pause.reason}"
    for one in facts.parked:
        yield f"{one.channel} {one.recipient} cannot be reached: {one.reason}"
    if facts.sending.n_mails_refused:
        yield (
            f"{facts.sending.n_mails_refused} mails were refused for good in the last "
            "day: `newsbot subscribers list`"
        )
    if facts.sending.n_unknown:
        yield f"{facts.sending.n_unknown} messages may or may not have arrived"
    if FULL_BYTES <= facts.free_bytes < SCARCE_BYTES:
        yield f"{facts.free_bytes // 2**20} MiB are left on the disk"
    for job in ("heartbeat", "retention", "report"):
        last = facts.last(job)
        if last and last.error:
            yield f"the {job} failed: {last.error}"


def reasons(facts: Facts, health: Health) -> tuple[str, ...]:
    """Say why nothing came, or what did: the last day, from feeds to messages."""
    day, lines = facts.day, []
    if not facts.running:
        lines.append("no service runs: `newsbot run` follows the feeds")
    if facts.feeds and not day.n_entries:
        lines.append("the feeds announced nothing new in the last 24 hours")
    elif facts.feeds:
        lines.append(
            f"in the last 24 hours the feeds announced {day.n_entries} articles: "
            f"{day.n_irrelevant} without a word of a deal, {day.n_failed} failed, "
            f"{day.n_judged} read by the model, {day.n_deals} reported a deal"
        )
        lines.append(
            f"that made {day.n_new} new deals and {day.n_alerts} messages"
            if day.n_new or day.n_alerts
            else "that made no new deal, so there was nothing to send"
        )
    if waiting := sum(one.n for one in facts.waiting):
        lines.append(f"{waiting} articles are still on the line")
    return (*lines, *health.problems, *health.warnings)


def sending_line(sending: Sending) -> str:
    """Tell what became of the messages, in one line."""
    return (
        f"{sending.n_sent} sent, {sending.n_pending} waiting, "
        f"{sending.n_failed} failed, {sending.n_unknown} unknown; "
        f"{sending.n_unanswered} tries had no answer and may have arrived twice"
    )


def report(facts: Facts, health: Health, language: Language) -> str:
    """Tell the managers, once a week, how things stand."""
    head = {"de": "Wochenbericht", "en": "Weekly report"}[language]
    return f"{head}: {standing(facts, health, language)}"


def standing(facts: Facts, health: Health, language: Language) -> str:
    """Tell a manager how things stand, in a few lines."""
    sent, day = facts.sending, facts.day
    n_bad = len(failing(facts.feeds))
    if language == "de":
        lines = [
            f"{len(facts.feeds)} Feeds, davon {n_bad} gestört; "
            f"{sent.n_sent} Nachrichten gesendet, {sent.n_pending} warten, "
            f"{sent.n_failed} aufgegeben, {sent.n_unknown} ungewiss.",
            f"Letzte 24 Stunden: {day.n_entries} Artikel, {day.n_judged} vom Modell "
            f"gelesen, {day.n_new} neue Deals.",
        ]
        good = "Nichts ist zu tun."
    else:
        lines = [
            f"{len(facts.feeds)} feeds, {n_bad} of them failing; "
            f"{sent.n_sent} messages sent, {sent.n_pending} waiting, "
            f"{sent.n_failed} given up, {sent.n_unknown} unknown.",
            f"Last 24 hours: {day.n_entries} articles, {day.n_judged} read by the "
            f"model, {day.n_new} new deals.",
        ]
        good = "Nothing has to be mended."
    return "\n".join([*lines, *(health.problems or (good,))])
