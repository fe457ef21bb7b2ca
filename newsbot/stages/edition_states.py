"""A deal as a reader knew it, and as it is known now, over corrections and all.

In: a deal, every finding that ever told it, the news of it, which of that is told.
Out: the deal before and after. A finding tells from the number under which it became
known to the one under which its publisher's newer text took its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from newsbot.stages.changes import Change, ToldAsOne, ToldAsTwo, changes
from newsbot.subscribing import News
from newsbot.types import Article, Deal, Finding
from newsbot.vocabulary import Role

#: Makes one deal of findings and when each was told; `identify.rebuilt`.
Rebuild = Callable[[Sequence[tuple[Finding, datetime]]], Deal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Which news a digest tells; all other news is known, or to come."""

    #: Numbers of the news that is told.
    told: frozenset[int]
    #: Numbers of the news that is not to be known yet.
    later: frozenset[int] = frozenset()

    def known(self, number: int) -> bool:
        """Whether the reader knew it before."""
        return number not in self.told and number not in self.later


def _never(_told: Sequence[tuple[Finding, datetime]]) -> Deal:
    raise ValueError("a deal that was corrected needs a way to make it anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of deals besides what they rest on now."""

    #: By deal id: the findings that have left it.
    left: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    rebuild: Rebuild = _never


#: Of deals that no publisher ever corrected.
NO_PAST = Past()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Life:
    """From when to when a finding tells a deal, in numbers of news."""

    born: int
    left: int | None
    #: Number and verdict of the news that it first was, as it or what it follows on.
    root: int
    verdict: str | None
    may_alert: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """A deal before what is told, and after."""

    before: Deal
    after: Deal
    #: What is told, in the order of the ledger.
    changed: tuple[Change, ...]
    #: Whether the reader never heard of it.
    new: bool
    #: Who has corrected what the reader knows.
    corrected_by: tuple[str, ...]


def states(
    deal: Deal,
    news: Sequence[News],
    fresh: Fresh,
    articles: Mapping[str, Article],
    past: Past,
    *,
    related: Callable[[str, str], bool],
) -> States | None:
    """Say how a deal was known, how it is, and what to tell of it.

    Args:
        deal: With all its findings.
        news: Everything known of it.
        fresh: What is told.
        articles: Of its findings, those that left it, too, by id.
        past: The findings that left it.
        related: Whether two names are the same, or parent and unit.

    Returns:
        None where there is nothing to tell: it only was told once more.
    """
    told = _Told(deal, news, fresh, articles, past)
    if not told.anything:
        return None
    before, after = told.state(told.before_ids), told.state(told.after_ids)
    if told.unheard:
        if not told.after_ids:
            return None  # came and went between two digests
        return States(before=before, after=after, changed=(), new=True, corrected_by=())
    if not told.after_ids:
        after = told.withdrawn(before)
    if not told.before_ids:
        before = told.withdrawn(before)
    changed = changes(before, after, articles, related=related)
    sites: tuple[str, ...] = ()
    if told.corrected and told.after_ids:
        middle = told.state(told.middle_ids)
        if changes(before, middle, articles, related=related):
            sites = told.sites
    return States(
        before=before,
        after=after,
        changed=(*told.mistakes, *changed),
        new=False,
        corrected_by=sites,
    )


class _Told:
    """Which findings a deal rested on, and rests on now."""

    def __init__(
        self,
        deal: Deal,
        news: Sequence[News],
        fresh: Fresh,
        articles: Mapping[str, Article],
        past: Past,
    ) -> None:
        gone = past.left.get(deal.id, ())
        self._deal, self._news, self._articles = deal, news, articles
        self._rebuild = past.rebuild if gone else None
        self._findings = {one.id: one for one in (*gone, *deal.findings)}
        lives = _lives(news)
        self._lives = {id_: lives[id_] for id_ in self._findings if id_ in lives}
        items = self._lives.items()
        known = {id_ for id_, one in items if fresh.known(one.born)}
        came = {id_ for id_, one in items if one.born not in fresh.later}
        left = {id_ for id_, one in items if one.left not in fresh.later | {None}}
        leaves = {id_ for id_ in left if self._lives[id_].left in fresh.told}
        new = {id_ for id_, one in items if one.root in fresh.told}
        self.before_ids = known - (left - leaves)
        self.after_ids = came - left
        #: As if the corrections were all that is told.
        self.middle_ids = self.after_ids - new
        #: What the reader knew and the publisher took back.
        self.corrected = self.before_ids & leaves
        self.mistakes = _mistakes(news, fresh)
        #: Whether the reader never knew of the deal.
        self.unheard = not known
        heard = any(self._lives[id_].may_alert for id_ in self.before_ids)
        self.anything = bool(
            any(
                not self.before_ids or self._lives[id_].verdict != "repeat"
                for id_ in self.after_ids & new
            )
            or (self.corrected and heard)
            or self.mistakes
        )

    @property
    def sites(self) -> tuple[str, ...]:
        """The publishers of what was taken back."""
        ids = [self._findings[id_].article_id for id_ in self.corrected]
        kept = (self._articles.get(id_) for id_ in ids)
        return tuple(sorted({one.site for one in kept if one is not None}))

    def state(self, ids: Collection[str]) -> Deal:
        """The deal as it stood when it rested on these findings."""
        deal = self._deal
        kept = tuple(one for id_, one in self._findings.items() if id_ in ids)
        if not kept or set(ids) == {one.id for one in deal.findings}:
            # As it stands; a person may have moved findings since the last news.
            return replace(deal, findings=kept)
        if self._rebuild is not None:
            told = [
                (one, self._articles[one.article_id].published_at)
                for one in kept
                if one.article_id in self._articles
            ]
            return replace(self._rebuild(told), id=deal.id) if told else deal
        known = [
            one for one in self._news if one.kind == "finding" and one.subject in ids
        ]
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

    def withdrawn(self, known: Deal) -> Deal:
        """The deal as nobody tells it any more."""
        by = self._deal.withdrawn_by
        if by is None:
            ends = [
                (one.left, id_)
                for id_, one in self._lives.items()
                if one.left is not None
            ]
            last = self._findings[max(ends)[1]].article_id if ends else ""
            article = self._articles.get(last)
            by = article.site if article else ""
        return replace(known, findings=(), withdrawn_by=by)


def _lives(news: Sequence[News]) -> dict[str, _Life]:
    """From when to when each finding told its deal; those without a number are left
    out.
    """
    first = {one.subject: one for one in news if one.kind == "finding"}
    taken = {one.subject: one for one in news if one.kind == "correction"}
    born = {one.heir: one.number for one in taken.values() if one.heir is not None}
    found: dict[str, _Life] = {}
    for id_ in (*first, *taken):
        last = id_
        # What a finding was the first time is kept under the last that follows on it.
        while last in taken and (heir := taken[last].heir) is not None:
            last = heir
        root = first.get(last)
        if root is not None:
            found[id_] = _Life(
                born=born.get(id_, root.number),
                left=taken[id_].number if id_ in taken else None,
                root=root.number,
                verdict=root.verdict,
                may_alert=root.may_alert,
            )
    return found


def _mistakes(news: Sequence[News], fresh: Fresh) -> list[Change]:
    """What the reader was told as two deals, or as one, and what it is."""
    found: list[Change] = []
    for one in news:
        if one.known is None or one.number not in fresh.told:
            continue
        if fresh.known(one.known):
            names = tuple(name for name, _ in one.parties)
            kind = ToldAsTwo if one.kind == "merged" else ToldAsOne
            found.append(kind(names=names))
    return found
