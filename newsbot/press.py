"""What digests are made with, and the picture of the period that each one shows.

In: the ledger, a reader's choice, a moment. Out: the last 30 days by cloud and the
last week's deals, as pictures and as the same numbers in tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from newsbot.adapters.db import Store
from newsbot.adapters.db.watch import WatchRows
from newsbot.adapters.pages import Pictures, Renderer
from newsbot.adapters.picture import png_of
from newsbot.errors import UserError
from newsbot.stages.bars import CloudRow, bars, cloud_rows
from newsbot.stages.edition import largest
from newsbot.stages.edition_page import Health, Panorama, health_of, tie_rows
from newsbot.stages.edition_words import WORDS
from newsbot.stages.filters import Wanted, choose, read_sum
from newsbot.stages.links import Network, network
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.printable import one_line
from newsbot.stages.rates import Rates
from newsbot.stages.subscriptions import fits
from newsbot.stages.totals import totals
from newsbot.stages.week import week_picture
from newsbot.subscribing import Choice, Picture
from newsbot.talking import Filters
from newsbot.types import Article, Deal
from newsbot.vocabulary import Language

#: What the picture of the period covers.
MONTH = timedelta(days=30)
WEEK = timedelta(days=7)
#: Deals in the week's picture; of more, those with the largest sums.
MAX_DRAWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What digests are made with."""

    store: Store
    gazetteer: Gazetteer
    rates: Rates
    templates: Renderer
    #: SVG, width and height in pixels to PNG; None draws no pictures.
    paint: Callable[[str, int, int], bytes] | None
    #: Whether a day without any news is told of, or passed over.
    empty_days: Literal["send", "skip"] = "send"


def painter() -> Callable[[str, int, int], bytes] | None:
    """Give what draws pictures; None where that is not installed."""
    try:
        png_of('<svg xmlns="http://www.w3.org/2000/svg"/>', 1, 1)
    except UserError:
        return None  # the tables tell the same
    return png_of


def wanted(choice: Choice) -> Wanted:
    """Read a choice as filters."""
    return Wanted(
        parties=choice.parties,
        types=choice.types,
        statuses=choice.statuses,
        min_amount=read_sum(choice.min_amount) if choice.min_amount else None,
    )


def chosen(press: Press, deals: Sequence[Deal], choice: Choice) -> list[Deal]:
    """Pick the deals that fit a choice, in the order given."""
    told_in = None
    if choice.languages:
        told_in = press.store.catalogue.told_in(choice.languages)
    found = choose(deals, wanted(choice), press.gazetteer, press.rates, told_in)
    if choice.filters == Filters():
        return list(found.deals)
    return [
        deal
        for deal in found.deals
        if fits(
            choice.filters,
            deal,
            articles_of(press, [deal]),
            gazetteer=press.gazetteer,
            rates=press.rates,
        )
    ]


def articles_of(press: Press, deals: Sequence[Deal]) -> dict[str, Article]:
    """Read the articles that tell of deals, by id, as far as they are kept."""
    ids = {one.article_id for deal in deals for one in deal.findings}
    kept = (press.store.line.article(id_) for id_ in sorted(ids))
    return {article.id: article for article in kept if article}


def condition_of(press: Press, now: datetime) -> Callable[[Language], Health]:
    """Look how feeds and line are; gives it in the words of either language."""
    feeds = press.store.feeds.all()
    watch = WatchRows(press.store.connection)
    waiting, lately = watch.waiting(now), watch.day(now)

    def said(language: Language) -> Health:
        return health_of(feeds, now, language, waiting=waiting, lately=lately)

    return said


def panorama_of(
    press: Press, choice: Choice, until: datetime, language: Language
) -> tuple[Panorama, Pictures]:
    """Put the last 30 days and the last week before the reader, as far as they go."""
    ledger = press.store.ledger
    month = [
        deal
        for deal in chosen(press, ledger.deals(until - MONTH), choice)
        if deal.first_seen_at < until and deal.withdrawn_by is None
    ]
    if not month:
        return Panorama(), Pictures()
    rows = cloud_rows(totals(month, press.rates, press.gazetteer, "cloud"), language)
    week = [deal for deal in month if deal.first_seen_at >= until - WEEK]
    drawn = sorted(week, key=lambda deal: (-largest(deal), deal.id))[:MAX_DRAWN]
    net = network(drawn, press.gazetteer, language)
    ties, n_left = tie_rows(net, language)
    panorama = Panorama(
        clouds=rows,
        ties=ties,
        n_ties_left=n_left,
        n_largest=len(drawn) if len(week) > len(drawn) else 0,
    )
    if press.paint is None:
        return panorama, Pictures()
    return panorama, Pictures(
        clouds=_clouds_picture(press.paint, rows, language),
        week=_week_picture(press.paint, net, language),
    )


def _clouds_picture(
    paint: Callable[[str, int, int], bytes],
    rows: Sequence[CloudRow],
    language: Language,
) -> Picture | None:
    drawing = bars(rows, language)
    if drawing is None:
        return None
    words = WORDS[language]
    told = ", ".join(f"{row.name}: {row.firm}" for row in rows if row.dollars)
    return Picture(
        name="clouds.png",
        png=paint(drawing.svg, drawing.width, drawing.height),
        width=drawing.width,
        height=drawing.height,
        alt=one_line(f"{words.by_cloud}. {told}", 240) + f" {words.table_below}",
    )


def _week_picture(
    paint: Callable[[str, int, int], bytes], net: Network, language: Language
) -> Picture | None:
    drawing = week_picture(net, language)
    if drawing is None:
        return None
    words = WORDS[language]
    return Picture(
        name="week.png",
        png=paint(drawing.svg, drawing.width, drawing.height),
        width=drawing.width,
        height=drawing.height,
        alt=f"{words.week}. {words.table_below}",
    )
