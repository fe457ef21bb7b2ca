"""Which deals of a ledger fit, and deals as rows: where every list begins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from newsbot.adapters.db import Store
from newsbot.adapters.db.catalogue import Narrowed
from newsbot.stages.filters import Chosen, Wanted, choose, names_of
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import load_rates
from newsbot.types import Deal
from newsbot.vocabulary import Language

if TYPE_CHECKING:
    from newsbot.stages.export import DealRow


def list_deals(
    store: Store,
    gazetteer: Gazetteer,
    wanted: Wanted,
    languages: Sequence[Language] = (),
    words: str | None = None,
) -> Chosen:
    """List the deals that fit, newest first.

    Args:
        store: The ledger.
        gazetteer: Spellings, parents and units.
        wanted: What to ask of each.
        languages: Only deals that are told in one of them; empty for all.
        words: Only deals of which one article holds every word; None for all.
    """
    ledger = store.ledger
    told_in = store.catalogue.told_in(languages) if languages else None
    if words is not None:
        worded = store.catalogue.worded(words)
        told_in = worded if told_in is None else told_in & worded
    if wanted.parties or wanted.types or wanted.statuses or wanted.until:
        narrowed = Narrowed(
            parties=_names(store, gazetteer, wanted.parties),
            types=wanted.types,
            statuses=wanted.statuses,
            since=wanted.since,
            until=wanted.until,
        )
        found = ledger.these(store.catalogue.ids(narrowed))
    else:
        found = ledger.deals(wanted.since)
    return choose(found, wanted, gazetteer, load_rates(), told_in)


def _names(
    store: Store, gazetteer: Gazetteer, parties: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """List, for each party, the names that a deal with it may be kept under."""
    if not parties:
        return ()
    canonical = {name: gazetteer.canonical(name) for name in store.catalogue.names()}
    return tuple(tuple(names_of(one, canonical, gazetteer)) for one in parties)


def deal_rows(
    store: Store, gazetteer: Gazetteer, deals: Sequence[Deal]
) -> list[DealRow]:
    """Put deals on rows, with their articles."""
    from newsbot.stages.export import deal_row

    # The same few names meet in deal after deal.
    rates, related = load_rates(), cache(gazetteer.related)
    told = (finding for deal in deals for finding in deal.findings)
    articles = store.line.articles({one.article_id for one in told})
    return [deal_row(deal, articles, rates, related) for deal in deals]
