"""Figures: rounding and conversion are no contradiction, everything else is."""

from __future__ import annotations

import pytest
from deals import amount, article, deal, finding
from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.figures import differences, same_figure
from newsbot.stages.sources import sources
from newsbot.vocabulary import AMOUNT_KINDS, BOUNDS


def told(*findings, **parts):
    """The differences in a deal whose every finding stands in another paper."""
    papers = [article(f.article_id, day=n) for n, f in enumerate(findings)]
    return differences(deal(*findings, **parts), sources(papers))


def shown(found):
    return [
        [(int(c.amount.value / 10**9), c.amount.bound) for c in one.claims]
        for one in found
    ]


def test_two_papers_two_figures():
    """$20bn in one paper and 15 billion euros in another stand side by side."""
    (found,) = told(finding("a", amount(20)), finding("b", amount(15, currency="EUR")))
    assert [c.amount.currency for c in found.claims] == ["USD", "EUR"]
    assert [c.source.articles[0].id for c in found.claims] == ["a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        amount(20),
        amount(20.4),
        amount(19.5, bound="about"),
        amount(20, bound="at_least"),
        amount(17, currency="EUR", bound="about"),
        amount(20, kind="total"),
        amount(20, payer="Oracle"),
    ],
)
def test_rounded_converted_or_otherwise_named_is_the_same(other):
    """ "rund 17 Mrd. Euro" is $20bn; a total of the same sum is no other sum."""
    assert told(finding("a", amount(20)), finding("b", other)) == ()


def test_up_to_and_committed_differ():
    """The same sum as a ceiling and as a promise is a contradiction."""
    found = told(finding("a", amount(20)), finding("b", amount(20, bound="up_to")))
    assert shown(found) == [[(20, "exact"), (20, "up_to")]]


def test_parts_and_their_sum_agree():
    """Five from one and ten from the other is fifteen in a headline."""
    parts = finding("a", amount(5, payer="Nvidia"), amount(10, payer="Microsoft"))
    assert told(parts, finding("b", amount(15))) == ()


def test_two_payers_pay_two_sums():
    """What Nvidia pays does not contradict what Microsoft pays."""
    one = finding("a", amount(10, kind="investment", payer="Nvidia"))
    other = finding("b", amount(5, kind="investment", payer="Microsoft"))
    assert told(one, other) == ()


def test_what_was_negotiated_is_no_contradiction():
    """Talks about $10bn and a contract over $30bn follow each other."""
    talks = finding("a", amount(10), status="talks")
    assert told(talks, finding("b", amount(30))) == ()


def test_a_paper_that_corrects_itself_is_heard_last():
    """The same site first says 20, then 30, as the other paper does."""
    papers = [
        article("a", site="x"),
        article("b", site="x", day=1),
        article("c", site="y"),
    ]
    about = deal(
        finding("a", amount(20)), finding("b", amount(30)), finding("c", amount(30))
    )
    assert differences(about, sources(papers)) == ()


def test_each_figure_once_and_each_role_apart():
    """Three papers with two figures make two claims; another role is another line."""
    found = told(
        finding("a", amount(20), amount(1, kind="investment")),
        finding("b", amount(30), amount(3, kind="investment")),
        finding("c", amount(30.2)),
    )
    assert shown(found) == [
        [(1, "exact"), (3, "exact")],
        [(20, "exact"), (30, "exact")],
    ]


def test_without_two_sources_nothing_differs():
    """One paper's two figures are its own business; a deal may have no article."""
    one = finding("a", amount(20), amount(35, bound="up_to"))
    assert told(one) == ()
    assert differences(deal(one), ()) == ()


sums = st.builds(
    amount,
    st.decimals(0, 10**6, places=2),
    kind=st.sampled_from(AMOUNT_KINDS),
    bound=st.sampled_from(BOUNDS),
    currency=st.sampled_from(["USD", "EUR", "JPY", "XTS"]),
)


@given(st.lists(sums, max_size=4), st.lists(sums, max_size=4))
def test_differing_is_mutual_and_nothing_is_made_up(one, other):
    """Whoever comes first, both differ or neither; every figure was said by somebody."""
    forth = told(finding("a", *one), finding("b", *other))
    back = told(finding("a", *other), finding("b", *one))
    assert {d.kind for d in forth} == {d.kind for d in back}
    assert all(c.amount in (*one, *other) for d in forth for c in d.claims)


@given(sums, sums)
def test_sameness_is_mutual(one, other):
    """A figure is its own like, and likeness has no direction."""
    assert same_figure(one, one)
    assert same_figure(one, other) == same_figure(other, one)
