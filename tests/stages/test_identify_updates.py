"""What is news of a known deal, and what is none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tellings import BILLION, days, finding, tell, verdicts

from newsbot.types import Capacity, Finding

PAIR = ("Oracle", "OpenAI")


def told(*figures, status="announced", names=PAIR) -> Finding:
    """A telling with figures: value, and then kind, bound and payer where they matter."""
    found = finding(*names, sums=[(value, "USD") for value, *_ in figures])
    amounts = []
    for amount, (_, *more) in zip(found.amounts, figures, strict=True):
        kind, bound, payer = [*more, *("purchase", "exact", None)[len(more) :]]
        amounts.append(replace(amount, kind=kind, bound=bound, payer=payer))
    return replace(found, status=status, amounts=tuple(amounts))


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        pytest.param([(20,)], [(20.9,)], "repeat", id="rounded"),
        pytest.param([(20, "purchase", "up_to")], [(20,)], "update", id="made firm"),
        pytest.param(
            [(20,)], [(20, "purchase", "up_to")], "update", id="said to be a ceiling"
        ),
        pytest.param(
            [(20,)], [(20, "purchase", "about")], "repeat", id="said to be rounded"
        ),
        pytest.param(
            [(20,)],
            [(20,), (5, "investment")],
            "update",
            id="the first figure of another role",
        ),
        pytest.param(
            [(20,)],
            [(20,), (45, "purchase", "up_to")],
            "update",
            id="a ceiling beside the firm sum",
        ),
        pytest.param([(20,)], [(20,), (3,)], "repeat", id="a part beside the whole"),
        pytest.param([(20,)], [(12,), (8,)], "repeat", id="the parts for the whole"),
        pytest.param([(12,), (8,)], [(20,)], "repeat", id="the whole for the parts"),
        pytest.param([(20,)], [(20, "total")], "repeat", id="another kind"),
        pytest.param(
            [(10, "investment"), (30,)],
            [(5, "investment"), (30,)],
            "update",
            id="one role differs, the other does not",
        ),
        pytest.param([], [(20,)], "update", id="the first figure"),
        pytest.param([(20,)], [], "repeat", id="no figure any more"),
    ],
)
def test_figures_are_news_role_by_role(first, second, verdict):
    """A first, a changed and a contradicting figure are told, once; no other is."""
    again = told(*second)
    results = tell(
        told(*first),
        (again, days(1)),
        (replace(again, id="other", article_id="other"), days(2)),
    )
    assert [one.verdict for one in results] == ["new", verdict, "repeat"], results
    assert len(results[2].deal.findings) == 3


def test_a_changed_sum_is_an_update_of_a_deal_of_one_who_signs_rarely():
    """A sum moved by 15 % is no rounding: both figures are kept and the reader is told."""
    first, second = (told((value,), names=("Oracle", "Zelvaro")) for value in (20, 23))
    results = tell(first, (second, days(1)))
    assert [one.verdict for one in results] == ["new", "update"]
    assert "another sum" in results[1].reason
    kept = [one.value for f in results[1].deal.findings for one in f.amounts]
    assert kept == [20 * BILLION, 23 * BILLION]


@pytest.mark.parametrize(
    ("value", "later", "types", "verdict"),
    [
        pytest.param(25, 1, ("compute_purchase",), "update", id="contradiction"),
        pytest.param(11, 0, ("compute_purchase",), "update", id="half"),
        pytest.param(60, 0, ("compute_purchase",), "new", id="thrice"),
        pytest.param(25, 1, ("technology",), "new", id="another type"),
        pytest.param(25, 10, ("compute_purchase",), "new", id="other days"),
    ],
)
def test_two_papers_may_contradict_each_other_on_a_deal_of_giants(
    value, later, types, verdict
):
    """The same two, in the same days, for a like sum: one deal with two figures."""
    second = replace(told((value,)), types=types)
    assert verdicts(told((20,)), (second, days(later))) == ["new", verdict]


@pytest.mark.parametrize(
    ("room", "later", "types", "verdict"),
    [
        pytest.param(210, 0, ("compute_purchase",), "update", id="as much capacity"),
        pytest.param(150, 0, ("compute_purchase",), "new", id="other capacity"),
        pytest.param(210, 10, ("compute_purchase",), "new", id="other days"),
        pytest.param(210, 1, ("technology",), "new", id="another type"),
    ],
)
def test_as_much_capacity_is_one_deal_whatever_the_sums(room, later, types, verdict):
    """One paper tells what 210 megawatts cost a year, another for all the years."""

    def rent(value: float, megawatts: int) -> Finding:
        found = told((value,))
        span = found.status_quote
        item = Capacity(value=Decimal(megawatts), unit="MW", span=span, quote=span)
        return replace(found, capacity=(item,))

    second = replace(rent(1.3, room), types=types)
    assert verdicts(rent(3.3, 210), (second, days(later))) == ["new", verdict]


@pytest.mark.parametrize(
    ("names", "figures", "verdict"),
    [
        pytest.param(("Nebius", "AMD"), [(0.5,)], "new", id="fewer sides, other sum"),
        pytest.param(("Nebius", "AMD"), [], "new", id="fewer sides, no sum"),
        pytest.param(("Nebius", "AMD"), [(3,)], "update", id="fewer sides, equal sum"),
        pytest.param(
            ("Nebius", "AMD"),
            [(1.1,), (4.1, "total")],
            "update",
            id="total less what is added",
        ),
        pytest.param(("Nebius", "AMD", "Cohere"), [(9,)], "update", id="same sides"),
        pytest.param(("Nebius", "Zelvaro"), [(9,)], "update", id="one signs rarely"),
    ],
)
@pytest.mark.parametrize("status", ["expanded", "ended"])
def test_two_who_sign_often_may_extend_another_deal(names, figures, verdict, status):
    """Without their third partner only a sum tells which of their deals it is."""
    third = "Zelvaro" if "Zelvaro" in names else "Cohere"
    first = told((3,), names=("AMD", "Nebius", third))
    later = told(*figures, status=status, names=names)
    if status == "ended" and len(figures) > 1:
        verdict = "new"  # what ends was not added to
    assert verdicts(first, (later, days(34))) == ["new", verdict]


def test_what_was_negotiated_is_no_news_of_what_is_signed():
    """A late paper on the talks gives another figure; but the first one is welcome."""
    names = ("Oracle", "Zelvaro")
    late = told((23,), status="talks", names=names)
    assert verdicts(told((20,), names=names), (late, days(1))) == ["new", "repeat"]
    assert verdicts(told(names=names), (late, days(1))) == ["new", "update"]


def test_five_more_papers_are_no_news():
    """Other words, a unit, a conversion, fewer parties, no sum: nobody is told again."""
    names = ("Google Cloud", "Anthropic", "Broadcom")
    papers = [
        finding(*names),
        finding("Google", "Anthropic", sums=[(20, "USD")]),
        finding("Anthropic", "Google Cloud", sums=[(17, "EUR")]),
        finding(*names[:2], status="talks"),
        finding(*reversed(names), sums=[(19.6, "USD")], types=["chip_supply"]),
    ]
    first = finding(*names, sums=[(20, "USD")])
    later = [(paper, days(n / 3)) for n, paper in enumerate(papers)]
    assert verdicts(first, *later) == ["new", *["repeat"] * 5]


def test_each_party_keeps_its_own_roles():
    """Where parent and unit are both named, what one does is not the other's doing."""

    def roles(found: Finding, of: dict[str, str]) -> Finding:
        parties = (replace(one, roles=(of[one.name],)) for one in found.parties)
        return replace(found, parties=tuple(parties))

    of = {
        "Amazon": "investor",
        "Amazon Web Services": "provider",
        "Anthropic": "customer",
    }
    results = tell(
        roles(finding(*of), of),
        (roles(finding("Amazon Web Services", "Anthropic"), of), days(1)),
    )
    assert dict(results[1].deal.parties) == {name: (of[name],) for name in of}
