"""Does this deal go to this subscription now, later, or never?

In: a subscription, a deal with its articles, the time. Out: the decision, and why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from newsbot.stages.filters import Wanted, choose
from newsbot.stages.local_days import read_zone
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import Rates
from newsbot.stages.totals import Money
from newsbot.talking import Filters, Subscription
from newsbot.types import Article, Deal

#: Characters of a word that are compared; longer ones are no words of a language.
MAX_WORD = 60

Why = Literal["fits", "told before", "quiet hours", "paused", "muted", "filtered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """When a message goes to a subscription."""

    #: None for never.
    at: datetime | None
    why: Why


def decide(
    subscription: Subscription,
    deal: Deal,
    articles: Mapping[str, Article],
    now: datetime,
    *,
    reached: bool,
    gazetteer: Gazetteer,
    rates: Rates,
) -> Decision:
    """Decide when a message about a deal goes to a subscription.

    Args:
        subscription: With its filters, quiet hours and pauses.
        deal: As it stands.
        articles: Those that tell of it, by id.
        now: Aware.
        reached: It got a message about this deal before: then it gets what follows,
            also where that alone would not fit its filters.
        gazetteer: Spellings, parents and units.
        rates: For comparing sums.

    Returns:
        The time from which on it may be sent, or never. What comes in a pause or
        while muted is not sent later; what comes in quiet hours is, at their end.
    """
    if subscription.paused:
        return Decision(at=None, why="paused")
    if is_silent(subscription, now):
        return Decision(at=None, why="muted")
    if not reached and not fits(
        subscription.filters, deal, articles, gazetteer=gazetteer, rates=rates
    ):
        return Decision(at=None, why="filtered")
    ends_at = quiet_until(subscription, now)
    if ends_at is not None:
        return Decision(at=ends_at, why="quiet hours")
    return Decision(at=now, why="told before" if reached else "fits")


def is_silent(subscription: Subscription, now: datetime) -> bool:
    """Tell whether a subscription is paused, or muted for a while."""
    muted_until = subscription.muted_until
    return subscription.paused or (muted_until is not None and now < muted_until)


def fits(
    filters: Filters,
    deal: Deal,
    articles: Mapping[str, Article],
    *,
    gazetteer: Gazetteer,
    rates: Rates,
) -> bool:
    """Tell whether a deal fits all of a subscription's filters.

    A sum in a currency that nobody can compare does not fit: the reader asked for
    large ones.
    """
    least = filters.min_amount
    wanted = Wanted(
        types=filters.types,
        statuses=filters.statuses,
        min_amount=Money(value=least[0], currency=least[1]) if least else None,
    )
    if not choose([deal], wanted, gazetteer, rates).deals:
        return False
    if filters.parties and not any(
        choose([deal], Wanted(parties=(name,)), gazetteer, rates).deals
        for name in filters.parties
    ):
        return False
    if filters.languages and not any(
        article.language in filters.languages for article in articles.values()
    ):
        return False
    if not (filters.words or filters.without):
        return True
    texts = [article.full_text for article in articles.values()]
    texts += [name for name, _ in deal.parties]
    told = {word[:MAX_WORD] for text in texts for word in words_of(text)}
    return all(_occurs(word, told) for word in filters.words) and not any(
        _occurs(word, told) for word in filters.without
    )


def words_of(text: str) -> list[str]:
    """Split a text into the words that filters compare.

    >>> words_of("Das KI-Zentrum in Lübeck")
    ['das', 'ki', 'zentrum', 'in', 'lübeck']
    """
    return re.findall(r"\w+", text.casefold())


def _occurs(word: str, told: set[str]) -> bool:
    if "*" not in word:
        return word in told
    pattern = re.compile(r"\w*".join(re.escape(part) for part in word.split("*")))
    return any(pattern.fullmatch(one) for one in told)


def quiet_until(subscription: Subscription, now: datetime) -> datetime | None:
    """Tell when the quiet hours end in which *now* lies; None outside of them."""
    if subscription.quiet is None:
        return None
    start, end = subscription.quiet
    here = read_zone(subscription.timezone) or UTC
    local = now.astimezone(here)
    if not _within(local.time(), start, end):
        return None
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    ends_at = datetime.combine(day, end, here).astimezone(UTC)
    # The hour that clocks repeat in autumn may end before it has begun.
    return ends_at if ends_at > now else None


def _within(moment: time, start: time, end: time) -> bool:
    if start <= end:
        return start <= moment < end
    return moment >= start or moment < end
