"""The order in which one day's articles arrive makes no other deals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tellings import DAY, GAZETTEER, TRIO, finding

from newsbot.stages.identify import identify
from newsbot.types import Deal, Finding
from newsbot.vocabulary import STATUSES


@dataclass(frozen=True, kw_only=True)
class Story:
    """A deal as it is, and how far papers may go in telling it."""

    parties: tuple[str, ...]
    #: In billions of dollars.
    value: int
    types: tuple[str, ...]
    #: Whether another story has the same parties: then only its sum tells it apart.
    alike: bool = False


STORIES = (
    Story(parties=TRIO, value=30, types=("compute_purchase", "investment")),
    Story(parties=("Microsoft", "OpenAI"), value=250, types=("compute_purchase",)),
    Story(
        parties=("Oracle", "OpenAI"), value=90, types=("infrastructure",), alike=True
    ),
    Story(parties=("Oracle", "OpenAI"), value=4, types=("customer",), alike=True),
    Story(parties=("Google Cloud", "Anthropic"), value=60, types=("chip_supply",)),
    Story(
        parties=("Zelvaro", "Quillon", "SAP"), value=2, types=("customer", "technology")
    ),
)
Article = tuple[tuple[Finding, ...], timedelta]


@st.composite
def tellings(draw, story: Story) -> Finding:
    """One paper's telling: some parties, a unit or its parent, a sum near by or none."""
    names = draw(st.permutations(story.parties))
    names = names[: draw(st.integers(2, len(names)))]
    names = [
        "Google" if name == "Google Cloud" and draw(st.booleans()) else name
        for name in names
    ]
    factor = draw(st.sampled_from([1.0, 0.98, 1.02]))
    sums = [[(story.value * factor, "USD")], [(round(story.value * 0.86, 1), "EUR")]]
    states = ("announced", "talks") if story.alike else STATUSES
    return finding(
        *names,
        sums=draw(st.sampled_from(sums if story.alike else [*sums, []])),
        types=draw(st.lists(st.sampled_from(story.types), min_size=1, unique=True)),
        status=draw(st.sampled_from(states)),
    )


@st.composite
def articles(draw) -> Article:
    """An article at some hour of the day that tells one story, or two."""
    stories = draw(
        st.lists(st.sampled_from(STORIES), min_size=1, max_size=2, unique=True)
    )
    found = [draw(tellings(story)) for story in stories]
    found = [replace(one, article_id=found[0].article_id) for one in found]
    return tuple(found), timedelta(hours=draw(st.integers(0, 14)))


def told(order: Sequence[Article]) -> list[Deal]:
    """Let articles arrive one after the other."""
    deals: dict[str, Deal] = {}
    for found, later in order:
        for result in identify(found, DAY + later, list(deals.values()), GAZETTEER):
            for gone in result.absorbed:
                del deals[gone]
            deals[result.deal.id] = result.deal
    return list(deals.values())


def essence(deals: Sequence[Deal]) -> set[tuple[object, ...]]:
    """What deals are, but for ids and for which of two spellings was read first."""
    return {
        (
            frozenset(one.id for one in deal.findings),
            deal.status,
            frozenset(deal.types),
            frozenset(GAZETTEER.parent(name) or name for name, _ in deal.parties),
            deal.first_seen_at,
            deal.last_seen_at,
        )
        for deal in deals
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(articles(), max_size=8), st.randoms(use_true_random=False))
def test_a_day_s_articles_make_the_same_deals_in_any_order(day, random):
    """Shuffled, they give the same deals: findings, status, types, sides and times."""
    shuffled = list(day)
    random.shuffle(shuffled)
    plain = told(day)
    assert essence(told(shuffled)) == essence(plain)
    n_found = sum(len(found) for found, _ in day)
    assert sum(len(deal.findings) for deal in plain) == n_found


@pytest.mark.parametrize("sums", [[], [(30, "USD")]])
@pytest.mark.parametrize("trio", [TRIO, ("Zelvaro", "Quillon", "SAP")])
def test_the_parts_of_a_deal_and_the_whole_are_one_in_every_order(trio, sums):
    """Three papers name two parties each, one all three: one deal, 24 times."""
    parts = [(trio[n], trio[n - 1]) for n in range(3)]
    day = [((finding(*names, sums=sums),), timedelta()) for names in (trio, *parts)]
    for order in permutations(day):
        (deal,) = told(order)
        assert len(deal.findings) == 4
        assert {name for name, _ in deal.parties} == set(trio)


def test_two_deals_stay_two_in_every_order():
    """What shares two parties and the sum, but not the third, is never joined."""
    ones = [finding(*TRIO, sums=[(30, "USD")]) for _ in range(2)]
    others = [finding(*TRIO[:2], "Zelvaro", sums=[(30, "USD")]) for _ in range(2)]
    day = [((one,), timedelta()) for one in (*ones, *others)]
    for order in permutations(day):
        assert {frozenset(one.id for one in deal.findings) for deal in told(order)} == {
            frozenset(one.id for one in ones),
            frozenset(one.id for one in others),
        }


@pytest.mark.parametrize("hours", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_of_an_end_and_an_extension_told_at_once_the_end_stands(hours):
    """Whichever paper appears first, and whichever is read first."""
    day = [
        ((finding("Oracle", "OpenAI", status=status),), timedelta(hours=hour))
        for status, hour in zip(("announced", "expanded", "ended"), hours, strict=True)
    ]
    for order in permutations(day):
        (deal,) = told(order)
        assert deal.status == "ended"


@pytest.mark.parametrize("states", [*permutations(("announced", "ended", "expanded"))])
def test_an_end_and_an_extension_of_one_hour_are_an_end_in_every_order(states):
    """The halves that a whole telling unites have states of their own: the end stands."""
    names = (TRIO, TRIO[:2], TRIO[1:])
    day = [
        ((finding(*who, status=state),), timedelta())
        for who, state in zip(names, states, strict=True)
    ]
    for order in permutations(day):
        (deal,) = told(order)
        assert deal.status == "ended"
