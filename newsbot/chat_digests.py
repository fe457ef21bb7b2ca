"""The digest that a chat gets: short, once a local day, at the hour it asked for.

In: news in the ledger, subscriptions with `/digest HH:MM`. Out: messages in the
outbox. The key of a digest is the subscription and its local date, unique in the
ledger; when one is due, and what it tells, is decided as for digests by mail. Nothing
is sent here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from newsbot.adapters.db.chat_digests import Progress
from newsbot.digests import AHEAD, told_since
from newsbot.mailing import Notice
from newsbot.press import Press, condition_of
from newsbot.stages.edition import Told
from newsbot.stages.edition_page import Health
from newsbot.stages.edition_short import Short, short_digest
from newsbot.stages.edition_words import WORDS
from newsbot.stages.local_days import due_date, read_zone
from newsbot.stages.subscriptions import is_silent, quiet_until
from newsbot.subscribing import choice_of, wish_of
from newsbot.talking import Filters, Subscription
from newsbot.types import identity
from newsbot.vocabulary import Language

#: How long messages that were sent are kept; that a day had its digest, for good.
KEEP = timedelta(days=30)


def write_chat_digests(press: Press, now: datetime) -> int:
    """Write the digests of chats that are due, one message for each.

    A digest that falls into a pause is left out, and what it would have told is not
    told later; one that falls into quiet hours waits for their end.

    Returns:
        How many messages are new.
    """
    store = press.store
    store.chat_digests.repair(now, now + AHEAD)
    store.outbox.traffic.forget_notices(now - KEEP)
    upto = store.news.last()
    writer = _Writer(press, now, upto)
    n_new = 0
    known = {(one.channel, one.recipient): one for one in store.subscriptions.all()}
    for one in store.chat_digests.progress():
        there = known.get((one.channel, one.recipient))
        if there is None or there.digest_at is None:
            continue
        one = _since_begun(one, there)
        day = due_date(wish_of(there), one.last_date, one.begun_at, now)
        if day is None:
            continue
        short = None if is_silent(there, now) else writer.write(there, one, day)
        n_new += _put(press, there, one, day, short, upto, now)
    return n_new


def _since_begun(one: Progress, there: Subscription) -> Progress:
    """Leave out digests of before they were turned off: no day since was missed."""
    here = read_zone(there.timezone) or UTC
    last, begun = one.last_date, one.begun_at.astimezone(here).date()
    return replace(one, last_date=None) if last and last < begun else one


class _Writer:
    """Writes each text once for all chats that get the same."""

    def __init__(self, press: Press, now: datetime, upto: int) -> None:
        self._press = press
        self._now = now
        self._upto = upto
        self._condition: Callable[[Language], Health] | None = None
        self._told: dict[tuple[int, Filters], Told] = {}
        self._written: dict[
            tuple[int, Filters, date, Language, date | None], Short | None
        ] = {}

    def write(self, there: Subscription, one: Progress, day: date) -> Short | None:
        """Write one; None where an empty day is not told of."""
        last = one.last_date
        after = last if last is not None and (day - last).days > 1 else None
        key = (one.since, there.filters, day, there.language, after)
        if key not in self._written:
            self._written[key] = self._write(*key)
        return self._written[key]

    def _write(
        self,
        since: int,
        filters: Filters,
        day: date,
        language: Language,
        after: date | None,
    ) -> Short | None:
        press = self._press
        if self._condition is None:
            self._condition = condition_of(press, self._now)
        health = self._condition(language)
        told = self._told.get((since, filters))
        if told is None:
            told = told_since(press, since, self._upto, choice_of(filters))
            self._told[since, filters] = told
        if not (told.deals or health.broken or press.empty_days == "send"):
            return None
        nothing = WORDS[language].nothing_chosen if filters != Filters() else ""
        return short_digest(told, day, language, health, after, nothing)


def _put(
    press: Press,
    there: Subscription,
    one: Progress,
    day: date,
    short: Short | None,
    upto: int,
    now: datetime,
) -> int:
    """Write the day and its message in one transaction; how many are new."""
    store = press.store
    with store.atomic():
        recipient = store.outbox.recipients.known(one.channel, one.recipient, now)
        key = (one.channel, recipient, day.isoformat(), now.isoformat())
        id_ = identity("digest", *key) if short else None
        if not store.chat_digests.put(one, day, upto, now, id_):
            return 0
        if short is None or id_ is None:
            return 0
        notice = Notice(
            id=id_,
            channel=one.channel,
            recipient=recipient,
            text=short.plain,
            html=short.html,
            kind="digest",
        )
        store.outbox.traffic.notify(notice, quiet_until(there, now) or now)
    return 1
