"""What is in a digest: news to deals, each in one section, in fixed order.

In: what the line came to know, the deals as they stand, which news is fresh. Out: the
new deals, those that changed since the reader was told, talks, and what else was
noticed.

News is numbered as it becomes known; a digest covers the numbers after the last one.
No clock decides what a reader has been told: an article that arrives late, or while
the clock was wrong, still has its number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from newsbot.stages.changes import Change, ToldAsOne, ToldAsTwo, Withdrawal
from newsbot.stages.currencies import CURRENCIES
from newsbot.stages.edition_states import NO_PAST, Fresh, Past, states
from newsbot.subscribing import News
from newsbot.types import Article, Deal, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class DealNews:
    """A deal as a digest tells it."""

    #: With the findings that are known by then.
    deal: Deal
    #: What changed since it was last told; empty for a new one.
    changed: tuple[Change, ...]
    new: bool
    articles: Mapping[str, Article]
    #: Of its articles, the last news first.
    summaries: tuple[Summary, ...] = ()
    #: As the reader knew it.
    before: Deal | None = None
    #: The publishers that corrected what the reader knew.
    corrected_by: tuple[str, ...] = ()

    @property
    def correction(self) -> bool:
        """Whether it takes back something that the reader was told."""
        ours = (ToldAsTwo, ToldAsOne, Withdrawal)
        return bool(self.corrected_by) or any(
            isinstance(one, ours) for one in self.changed
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A relevant article that tells of no deal."""

    article: Article
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that a digest tells, in its order."""

    new: tuple[DealNews, ...]
    updates: tuple[DealNews, ...]
    talks: tuple[DealNews, ...]
    noticed: tuple[Noticed, ...]

    @property
    def deals(self) -> tuple[DealNews, ...]:
        """Every deal, whatever its section."""
        return (*self.new, *self.updates, *self.talks)


def since(news: Sequence[News], number: int) -> Fresh:
    """Take the news after a number; old news that was only stored is none."""
    return Fresh(
        told=frozenset(
            one.number for one in news if one.number > number and one.may_alert
        )
    )


def of_day(news: Sequence[News], start: datetime, end: datetime) -> Fresh:
    """Take the news of a stretch of time, as the ledger dates it.

    What was published then counts, and what a feed announced then. What came later
    is not known yet.
    """

    def within(at: datetime) -> bool:
        return start <= at < end

    return Fresh(
        told=frozenset(
            one.number
            for one in news
            if within(one.published_at) or (one.may_alert and within(one.seen_at))
        ),
        later=frozenset(
            one.number for one in news if min(one.seen_at, one.published_at) >= end
        ),
    )


def tell_deals(
    deals: Iterable[Deal],
    news: Sequence[News],
    fresh: Fresh,
    articles: Mapping[str, Article],
    *,
    past: Past = NO_PAST,
    related: Callable[[str, str], bool],
) -> list[DealNews]:
    """Say of each deal what is new in it.

    Args:
        deals: With all their findings.
        news: Everything known of these deals.
        fresh: What the digest tells.
        articles: Of the findings, by id, as far as they are kept; of those that left
            their deals, too.
        past: The findings that left their deals.
        related: Whether two names are the same, or parent and unit.

    Returns:
        The deals of which there is something to tell, as they stand by then. A deal
        that was told again only is left out.
    """
    of_deal: dict[str | None, list[News]] = {}
    for one in news:
        of_deal.setdefault(one.deal_id, []).append(one)
    found = []
    for deal in deals:
        known = of_deal.get(deal.id, [])
        told = states(deal, known, fresh, articles, past, related=related)
        if told is None or not (told.new or told.changed):
            continue
        shown = told.after if told.after.findings else told.before
        found.append(
            DealNews(
                deal=told.after,
                changed=told.changed,
                new=told.new,
                articles={
                    finding.article_id: articles[finding.article_id]
                    for finding in shown.findings
                    if finding.article_id in articles
                },
                before=told.before,
                corrected_by=told.corrected_by,
            )
        )
    return found


def arrange(found: Sequence[DealNews], noticed: Sequence[Noticed]) -> Told:
    """Put what is told into its sections: largest sums first, then most sources.

    An update stays one, also where it ends talks.
    """

    def weight(one: DealNews) -> tuple[Decimal, int, datetime, str]:
        deal = one.deal
        return -largest(deal), -len(one.articles), deal.first_seen_at, deal.id

    ordered = sorted(found, key=weight)
    return Told(
        new=tuple(one for one in ordered if one.new and one.deal.status != "talks"),
        updates=tuple(one for one in ordered if not one.new),
        talks=tuple(one for one in ordered if one.new and one.deal.status == "talks"),
        noticed=tuple(sorted(noticed, key=lambda one: one.article.published_at)),
    )


def largest(deal: Deal) -> Decimal:
    """About how many dollars the largest figure is, for the order alone."""
    sums = [
        amount.value / known.per_dollar
        for finding in deal.findings
        for amount in finding.amounts
        if (known := CURRENCIES.get(amount.currency)) is not None
    ]
    return max(sums, default=Decimal())
