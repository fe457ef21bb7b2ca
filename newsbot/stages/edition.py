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
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import cast

from newsbot.stages.changes import Change, changes
from newsbot.stages.currencies import CURRENCIES
from newsbot.subscribing import News
from newsbot.types import Article, Deal, Role, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Which news a digest tells; all other news is known, or to come."""

    #: Numbers of the news that is told.
    told: frozenset[int]
    #: Numbers of the news that is not to be known yet.
    later: frozenset[int] = frozenset()


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
    related: Callable[[str, str], bool],
) -> list[DealNews]:
    """Say of each deal what is new in it.

    Args:
        deals: With all their findings.
        news: Everything known of these deals.
        fresh: What the digest tells.
        articles: Of the findings, by id, as far as they are kept.
        related: Whether two names are the same, or parent and unit.

    Returns:
        The deals of which there is something to tell, as they stand by then. A deal
        that was told again only is left out.
    """
    of_finding = {one.subject: one for one in news if one.kind == "finding"}
    found = []
    for deal in deals:
        known = [
            of_finding[finding.id]
            for finding in deal.findings
            if finding.id in of_finding
            and of_finding[finding.id].number not in fresh.later
        ]
        if not any(
            one.number in fresh.told and one.verdict != "repeat" for one in known
        ):
            continue
        after = _as_known(deal, known)
        before = _as_known(deal, [one for one in known if one.number not in fresh.told])
        of_deal = {
            finding.article_id: articles[finding.article_id]
            for finding in after.findings
            if finding.article_id in articles
        }
        new = not before.findings
        changed = () if new else changes(before, after, of_deal, related=related)
        if new or changed:
            found.append(
                DealNews(deal=after, changed=changed, new=new, articles=of_deal)
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


def _as_known(deal: Deal, known: Sequence[News]) -> Deal:
    """The deal as it stood when these findings of it were known."""
    ids = {one.subject for one in known}
    kept = tuple(finding for finding in deal.findings if finding.id in ids)
    if len(kept) == len(deal.findings) or not known:
        # As it stands; a person may have moved findings since the last news.
        return replace(deal, findings=kept)
    last = max(known, key=lambda one: one.number)
    parties = tuple(
        (name, cast("tuple[Role, ...]", roles)) for name, roles in last.parties
    )
    return replace(
        deal,
        status=last.status or deal.status,
        parties=parties or deal.parties,
        findings=kept,
    )
