"""A known deal of three that an article tells as two, and which deals are looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tellings import DAY, GAZETTEER, days, finding, tell

from newsbot.stages.identify import Identified, identify
from newsbot.stages.likeness import SAME_EVENT_DAYS, likeness
from newsbot.stages.sides import families, look
from newsbot.types import Finding

THREE = ("OpenAI", "Oracle", "Nvidia")


def retold(known: Finding, *told: Finding, later: int = 1) -> list[Identified]:
    """What one article's findings are, beside a deal that is known."""
    (first,) = tell(known)
    same = [replace(one, article_id=told[0].article_id) for one in told]
    return identify(same, DAY + days(later), [first.deal], GAZETTEER)


def test_two_parts_of_a_known_deal_are_that_deal():
    """Told by two articles both would be it; the deal keeps both findings."""
    parts = finding(*THREE[:2]), finding(*THREE[::2])
    for told in (parts, parts[::-1]):
        found = retold(finding(*THREE), *told)
        assert [one.verdict for one in found] == ["repeat", "repeat"]
        assert found[0].deal.id == found[1].deal.id
        assert {one.id for one in found[1].deal.findings} > {one.id for one in parts}


@pytest.mark.parametrize(
    ("known", "told", "later"),
    [
        pytest.param(
            finding(*THREE),
            [finding(*THREE[:2]), finding(*THREE[:2])],
            1,
            id="the same",
        ),
        pytest.param(
            finding(*THREE), [finding(*THREE), finding(*THREE[:2])], 1, id="whole, part"
        ),
        pytest.param(
            finding(*THREE, sums=[(10, "USD")]),
            [finding(*THREE[:2], sums=[(10, "USD")]), finding(*THREE)],
            1,
            id="part, whole",
        ),
        pytest.param(
            finding(*THREE),
            [finding(*THREE[:2]), finding(THREE[0], "SAP")],
            1,
            id="another party",
        ),
        pytest.param(
            finding("Zelvaro", "Oracle", unsure=["SAP", "AMD"]),
            [finding("Zelvaro", "SAP"), finding("Zelvaro", "AMD")],
            1,
            id="sides that the deal was not sure of",
        ),
        pytest.param(
            finding(*THREE),
            [finding(*THREE[:2]), finding(*THREE[::2])],
            40,
            id="weeks later",
        ),
        pytest.param(
            finding("Zelvaro", *THREE[1:], sums=[(1, "USD")]),
            [
                finding("Zelvaro", "Oracle", sums=[(1, "USD")]),
                finding("Zelvaro", "Nvidia", sums=[(9, "USD")]),
            ],
            1,
            id="another sum",
        ),
    ],
)
def test_what_an_article_tells_apart_stays_apart(known, told, later):
    """The same sides twice, a whole, others, another time or sum: two deals."""
    found = retold(known, *told, later=later)
    assert len({one.deal.id for one in found}) == 2


def test_a_third_part_that_repeats_another_is_a_deal_of_its_own():
    """An article tells two deals of the same two sides apart."""
    parts = finding(*THREE[:2]), finding(*THREE[::2]), finding(*THREE[::2])
    found = retold(finding(*THREE), *parts)
    assert sorted(one.verdict for one in found) == ["new", "repeat", "repeat"]


POOL = (
    "Google", "Google Cloud", "Google DeepMind", "Anthropic", "Broadcom", "Zelvaro",
    "Zelvaro Labs", "Zelvaro Estates", "ZELVARO", "Reederei Quillon", "Quillon",
    "Universität Rostock", "University of Rostock", "Zelvaro Wealth Authority", "ZWA",
)  # fmt: skip
names = st.lists(st.sampled_from(POOL), min_size=2, max_size=4, unique=True)
sums = st.lists(st.sampled_from([(1, "EUR"), (5, "EUR")]), max_size=1)
statuses = st.sampled_from(("talks", "announced", "expanded"))


@settings(max_examples=400, deadline=None)
@given(names, names, sums, sums, statuses, statuses, st.sampled_from((9, 200)))
def test_no_deal_that_fits_is_left_unread(here, there, said, known, one, other, later):
    """Names alone hide no deal of another time that a finding tells of."""
    assert later > SAME_EVENT_DAYS + 1
    told = finding(*here, sums=said, status=one)
    (first,) = tell(finding(*there, sums=known, status=other))
    if likeness(told, DAY + days(later), first.deal, GAZETTEER).is_same:
        parties = [name for name, _ in first.deal.parties]
        assert look([told], GAZETTEER).far(parties)


def test_a_name_is_asked_for_in_other_capitals():
    """The ledger finds "Zelvaro21" where a paper writes "zelvaro21", and the reverse."""
    assert "Zelvaro21" in families([finding("zelvaro21", "SAP")], GAZETTEER)[0]
    assert "zelvaro21" in families([finding("Zelvaro21", "SAP")], GAZETTEER)[0]
