"""What the status page reads of the ledger: one connection for each request.

Opened with `mode=ro`, closed after the page: a ledger that is restored, upgraded or
made meanwhile is seen by the next request, and no reader stands in the way of a
checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsbot.adapters.db import Store
from newsbot.adapters.db.catalogue import Narrowed, Place
from newsbot.adapters.db.connection import open_for_reading
from newsbot.adapters.listing import deal_rows
from newsbot.errors import UserError
from newsbot.stages.export import DealRow
from newsbot.stages.filters import (
    Wanted,
    choose,
    fewest_dollars,
    most_dollars,
    names_of,
)
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import load_rates
from newsbot.stages.site_deals import Told
from newsbot.stages.site_query import Query
from newsbot.types import Article, Deal
from newsbot.versions import Former

#: Seconds that the queries of one page may take together.
PATIENCE = 10.0
#: Steps of SQLite's machine between two looks at the clock: some milliseconds.
STEPS = 20_000
#: Names of parties whose spelling is remembered; more are resolved each time.
MAX_NAMES = 200_000
#: A floating sum may fall short of a decimal one by its last digits.
SLACK = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of the list."""

    deals: tuple[Deal, ...]
    #: How many fit; None where that would take reading all of them.
    total: int | None
    #: Where the pages beside this one begin: ids for `before` and `after`.
    newer: str | None
    older: str | None
    #: Whether this is the first page.
    first: bool


class Reading:
    """Opens the ledger for one page after the other; threads share it.

    Args:
        path: The ledger.
        gazetteer: Spellings, parents and units.
    """

    def __init__(self, path: Path, gazetteer: Gazetteer) -> None:
        self._path = path
        self.gazetteer = gazetteer
        self._canonical: dict[str, str] = {}

    @property
    def exists(self) -> bool:
        """Whether there is a ledger."""
        return self._path.exists()

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Open the ledger for one page.

        Raises:
            StoreError: There is none, it cannot be read, or it took too long.
        """
        with closing(open_for_reading(self._path)) as connection:
            ends_at = time.monotonic() + PATIENCE

            def late() -> bool:
                return time.monotonic() > ends_at

            connection.raw.set_progress_handler(late, STEPS)
            yield Store(connection)

    def listed(self, store: Store, query: Query, now: datetime, limit: int) -> Listed:
        """List one page of the deals that fit.

        Raises:
            UserError: A filter cannot be read, or the page begins beside no deal.
        """
        wanted = query.asked.wanted(now)
        narrowed = self._narrowed(store, query, wanted)
        # Related names and sums are the stage's to judge; of articles, a count reads
        # all, where a page reads as many as it shows.
        asked = query.asked
        exact = not (
            asked.parties or asked.min_amount or asked.languages or asked.words
        )
        if query.before is not None:
            kept = self._kept(
                store, narrowed, wanted, limit + 1, before=_place(store, query.before)
            )
            if len(kept) > limit:
                deals = tuple(reversed(kept[:limit]))
                total = store.catalogue.count(narrowed) if exact else None
                return Listed(
                    deals=deals,
                    total=total,
                    newer=deals[0].id,
                    older=deals[-1].id,
                    first=False,
                )
            # Less than a page is left ahead: that is the first one, filled up.
        behind = _place(store, query.after) if query.after is not None else None
        kept = self._kept(store, narrowed, wanted, limit + 1, after=behind)
        deals = tuple(kept[:limit])
        more = len(kept) > limit
        whole = behind is None and not more
        return Listed(
            deals=deals,
            total=len(deals)
            if whole
            else store.catalogue.count(narrowed)
            if exact
            else None,
            newer=deals[0].id if behind is not None and deals else None,
            older=deals[-1].id if more else None,
            first=behind is None,
        )

    def rows(self, store: Store, deals: Sequence[Deal]) -> list[DealRow]:
        """Put deals on rows, with their articles."""
        return deal_rows(store, self.gazetteer, deals)

    def articles(self, store: Store, deal: Deal) -> dict[str, Article]:
        """Read the articles of a deal, those that are still kept."""
        ids = dict.fromkeys(finding.article_id for finding in deal.findings)
        kept = [store.line.article(id_) for id_ in ids]
        return {article.id: article for article in kept if article is not None}

    def told(self, store: Store, deal: Deal) -> Told:
        """Read everything about one deal."""
        left = tuple(store.versions.left(deal.id))
        former: dict[str, Former] = {}
        for finding in left:
            article = store.line.article(finding.article_id)
            if article is not None:
                former |= {
                    one.article.id: one
                    for one in store.versions.former(article.entry_id)
                    if one.article.id == finding.article_id
                }
        (row,) = self.rows(store, [deal])
        return Told(
            deal=deal,
            articles=self.articles(store, deal),
            verdicts={
                finding.id: store.ledger.verdict(finding.id)[1]
                for finding in deal.findings
            },
            row=row,
            left=left,
            former=former,
        )

    def _narrowed(self, store: Store, query: Query, wanted: Wanted) -> Narrowed:
        rates, least = load_rates(), None
        if wanted.min_amount is not None:
            fewest = fewest_dollars(wanted.min_amount, rates)
            least = None if fewest is None else fewest * SLACK
        parties = []
        if wanted.parties:
            canonical = self._names(store)
            parties = [
                tuple(names_of(one, canonical, self.gazetteer))
                for one in wanted.parties
            ]
        return Narrowed(
            parties=tuple(parties),
            types=wanted.types,
            statuses=wanted.statuses,
            since=wanted.since,
            until=wanted.until,
            languages=query.asked.languages,
            words=query.asked.words,
            least=least,
            dollars=most_dollars(rates),
        )

    def _names(self, store: Store) -> dict[str, str]:
        """The names of all parties, and what each resolves to."""
        known = self._canonical
        names = {
            name: known.get(name) or self.gazetteer.canonical(name)
            for name in store.catalogue.names()
        }
        if len(names) <= MAX_NAMES:
            self._canonical = names
        return names

    def _kept(
        self,
        store: Store,
        narrowed: Narrowed,
        wanted: Wanted,
        n_wanted: int,
        *,
        after: Place | None = None,
        before: Place | None = None,
    ) -> list[Deal]:
        """Read on, from a place, until so many deals fit or there are no more."""
        kept: list[Deal] = []
        while True:
            ids = store.catalogue.page(narrowed, n_wanted, after=after, before=before)
            found = {one.id: one for one in store.ledger.these(ids)}
            deals = [found[id_] for id_ in ids if id_ in found]
            kept += choose(deals, wanted, self.gazetteer, load_rates()).deals
            if len(kept) >= n_wanted or len(ids) < n_wanted or not deals:
                return kept[:n_wanted]
            last = Place(first_seen_at=deals[-1].first_seen_at, deal_id=deals[-1].id)
            after, before = (last, None) if before is None else (None, last)


def _place(store: Store, deal_id: str) -> Place:
    place = store.catalogue.place(deal_id)
    if place is None:
        merged = store.ledger.deal(deal_id)  # it may have become part of another
        place = store.catalogue.place(merged.id) if merged is not None else None
    if place is None:
        raise UserError(f"there is no deal {deal_id!r} for a page to begin beside")
    return place
