"""Calibration and thresholds on scores that are made up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.tuning.choose import BETAS, N_BINS, Chosen, choose
from newsbot.tuning.labelled import NAMED, PLAIN, UNCLEAR
from newsbot.tuning.network import Answers
from newsbot.tuning.questionnaire import (
    Asked,
    Deal,
    Example,
    Organisation,
    Pairing,
    Part,
    Payment,
    Quantity,
    Sum,
)
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES

ASKED = Asked(ids=(7,), about=(1,))


def score(probability: float) -> float:
    """What the logistic turns into this probability."""
    return math.log(probability / (1 - probability))


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def scores(*probabilities: float):
    return torch.tensor([score(p) for p in probabilities])


def article(
    probability: float, is_deal: bool, *, sentence: float = 0.5
) -> tuple[Example, Answers]:
    """An article about which only the first question is asked, with its answer."""
    example = Example(
        id="a",
        ids=(2, 3),
        reports=ASKED,
        is_deal=is_deal,
        sentences=((1, 2),),
        states=(is_deal,),
    )
    return example, told(article=probability, sentence=(sentence,))


def told(
    *,
    article: float = 0.9,
    sentence: Sequence[float] = (0.5,),
    party: Sequence[float] = (),
    roles: Sequence[Sequence[float]] = (),
    amount: Sequence[float] = (),
    capacity: Sequence[float] = (),
    types: Sequence[Sequence[float]] = (),
    status: Sequence[int] = (),
    kinds: Sequence[int] = (),
    deal: Sequence[float] = (),
    payer: Sequence[float] = (),
    name: Sequence[float] = (),
) -> Answers:
    return Answers(
        article=torch.tensor(score(article)),
        sentence=scores(*sentence),
        party=scores(*party),
        roles=torch.stack([scores(*one) for one in roles])
        if roles
        else torch.zeros(0, len(ROLES)),
        types=torch.stack([scores(*one) for one in types])
        if types
        else torch.zeros(0, len(DEAL_TYPES)),
        status=torch.eye(len(STATUSES))[list(status)],
        amount=scores(*amount),
        amount_kind=torch.eye(len(AMOUNT_KINDS))[list(kinds)],
        capacity=scores(*capacity),
        deal=scores(*deal),
        belongs=torch.zeros(len(amount) + len(capacity), len(party)),
        payer=scores(*payer),
        name=scores(*name),
    )


def deal_article(
    deals_of: Sequence[int | None],
    *,
    sums: Sequence[Sum] = (),
    quantities: Sequence[Quantity] = (),
    pairs: Sequence[bool] = (),
    parts: Sequence[Sequence[int]] = (),
    pays: Sequence[bool] = (),
    named: Sequence[int] = (),
    **answers,
) -> tuple[Example, Answers]:
    """An article with organisations, by the number of their deal or None."""
    example = Example(
        id="a",
        ids=(2, 3),
        reports=ASKED,
        is_deal=True,
        sentences=((1, 2),),
        states=(True,),
        organisations=tuple(
            Organisation(
                asked=ASKED,
                name=f"Firma{n}",
                deals=frozenset() if deal is None else frozenset({deal}),
            )
            for n, deal in enumerate(deals_of)
        ),
        sums=tuple(sums),
        quantities=tuple(quantities),
        pairings=tuple(
            Pairing(asked=ASKED, is_deal=one, parted=not one) for one in pairs
        ),
        parts=tuple(
            Part(
                asked=ASKED, deal=0, roles=tuple(k in roles for k in range(len(ROLES)))
            )
            for roles in parts
        ),
        payments=tuple(Payment(asked=ASKED, pays=one) for one in pays),
        words=tuple(1 for _ in named),
        named=tuple(named),
        deals=(
            Deal(
                asked=ASKED,
                types=tuple(k == 0 for k in range(len(DEAL_TYPES))),
                status=0,
            ),
        ),
    )
    defaults = {
        "types": [[0.8] + [0.1] * (len(DEAL_TYPES) - 1)],
        "status": [0],
        "kinds": [0] * len(sums),
    }
    return example, told(**{**defaults, **answers})


def chosen(*predicted: tuple[Example, Answers]) -> Chosen:
    return choose(predicted, [unread(example) for example, _ in predicted])


def unread(example: Example):
    """Readers of words that say nothing of any deal."""
    return {
        "types": np.zeros((len(example.deals), len(DEAL_TYPES)), np.float32),
        "roles": np.zeros((len(example.parts), len(ROLES)), np.float32),
    }


def skewed(n: int = 400, *, slope: float = 3.0, shift: float = 2.0):
    """Articles whose scores are far too sure and too high."""
    rng = Random(4)
    predicted = []
    for _ in range(n):
        truth = rng.uniform(0.02, 0.98)
        said = logistic(slope * score(truth) + shift)
        predicted.append(article(min(max(said, 1e-9), 1 - 1e-9), rng.random() < truth))
    return predicted


def brier(predicted, found: Chosen) -> float:
    errors = [
        (logistic(found.slope * float(one.article) + found.shift) - example.is_deal)
        ** 2
        for example, one in predicted
    ]
    return sum(errors) / len(errors)


def plain(predicted) -> float:
    errors = [
        (logistic(float(one.article)) - example.is_deal) ** 2
        for example, one in predicted
    ]
    return sum(errors) / len(errors)


def test_calibration_undoes_a_skew():
    """Scores that were stretched and shifted come back, and the error falls."""
    predicted = skewed()
    found = chosen(*predicted)
    assert found.slope == pytest.approx(1 / 3, abs=0.1)
    assert found.shift == pytest.approx(-2 / 3, abs=0.3)
    assert brier(predicted, found) < 0.9 * plain(predicted)
    assert found.figures["article"]["brier"] == pytest.approx(
        brier(predicted, found), abs=1e-5
    )


def test_calibration_moves_no_order():
    """The slope stays positive, so the article that seemed likelier still does."""
    backwards = [article(0.9, False)] * 20 + [article(0.1, True)] * 20
    assert chosen(*backwards).slope > 0


def test_what_is_calibrated_already_stays():
    """Honest probabilities are hardly moved."""
    found = chosen(*skewed(2000, slope=1.0, shift=0.0))
    assert found.slope == pytest.approx(1, abs=0.15)
    assert found.shift == pytest.approx(0, abs=0.2)


def test_a_perfect_split_does_not_run_away():
    """Where every article is told right, the calibration stays finite and sure."""
    found = chosen(*[article(0.99, True)] * 30, *[article(0.01, False)] * 30)
    assert 0 < found.slope < 20
    assert abs(found.shift) < 20
    high = logistic(found.slope * score(0.99) + found.shift)
    assert 0.9 < high < 1
    assert found.figures["article"]["auc"] == 1
    assert found.figures["article"]["f1"] == 1


def test_a_threshold_lies_between_the_right_and_the_wrong():
    """Where all parties score above all bystanders, the middle between them is it."""
    found = chosen(
        article(0.1, False),
        deal_article([0, 0, None, None], party=(0.4, 0.7, 0.2, 0.1)),
        deal_article([0, 0, None], party=(0.5, 0.8, 0.15)),
    )
    assert found.thresholds.party == pytest.approx(0.3, abs=0.02)
    assert found.figures["party"]["f1"] == 1
    assert found.figures["party"]["n"] == 7


def own(deal: int | None) -> Sum:
    return Sum(asked=ASKED, deal=deal)


def size(deal: int | None) -> Quantity:
    return Quantity(asked=ASKED, deal=deal)


def test_a_false_sum_weighs_more_than_a_missing_one():
    """With the same scores the sums' threshold is the higher: they stand in alerts."""
    deals = [0, 0, 0, 0, None, None, None]
    likely = (0.9, 0.8, 0.4, 0.38, 0.5, 0.45, 0.39)
    found = chosen(
        deal_article(
            [0, 0],
            party=(0.9, 0.9),
            sums=[own(deal) for deal in deals],
            quantities=[size(deal) for deal in deals],
            amount=likely,
            capacity=likely,
        ),
        article(0.1, False),
    )
    assert BETAS["amount"] < BETAS["capacity"]
    assert found.thresholds.amount > found.thresholds.capacity
    assert found.thresholds.amount > 0.5


def test_hits_are_counted_where_one_answer_is_right():
    """Status and kind have an accuracy."""
    one, another = Sum(asked=ASKED, deal=0, kind=1), Sum(asked=ASKED, deal=0, kind=0)
    found = chosen(
        deal_article(
            [0, None, 0],
            party=(0.9, 0.1, 0.9),
            sums=[one, another, own(None)],
            amount=(0.9, 0.9, 0.1),
            kinds=(1, 2, 0),
        ),
        deal_article([0, 0], party=(0.9, 0.9), status=[1]),
        article(0.1, False),
    )
    assert found.figures["status"] == {"accuracy": 0.5, "n": 2}
    assert found.figures["amount_kind"] == {"accuracy": 0.5, "n": 2}


def test_payers_and_names_are_measured():
    """Who pays has its figures; so has each word, but for those nobody knows about."""
    found = chosen(
        deal_article(
            [0, 0],
            party=(0.9, 0.9),
            pays=(True, False, False),
            payer=(0.7, 0.8, 0.1),
            named=(NAMED, PLAIN, UNCLEAR, PLAIN),
            name=(0.8, 0.1, 0.9, 0.2),
        ),
        article(0.1, False),
    )
    assert found.figures["payer"]["n"] == 3
    assert found.figures["payer"]["auc"] == 0.5
    assert found.figures["name"]["n"] == 3
    assert found.figures["name"]["auc"] == 1
    assert 0.2 < found.thresholds.name < 0.8


def test_pairs_are_measured():
    """Whether two made a deal together has its own figures."""
    found = chosen(
        deal_article(
            [0, 0, 1],
            party=(0.9, 0.9, 0.9),
            pairs=(True, False, False),
            deal=(0.5, 0.6, 0.1),
        ),
        article(0.1, False),
    )
    assert found.figures["deal"]["n"] == 3
    assert found.figures["deal"]["auc"] == 0.5


def test_roles_count_one_by_one_and_together():
    """A party whose second role is missed has five answers right, but not all."""
    n = len(ROLES)
    first, both = [0.9] + [0.1] * (n - 1), [0.9, 0.9] + [0.1] * (n - 2)
    found = chosen(
        deal_article(
            [0, 0], party=(0.9, 0.9), parts=[(0,), (0, 1), (0, 1)],
            roles=[first, first, both],
        ),
        article(0.1, False),
    )  # fmt: skip
    assert found.figures["roles"]["n"] == 3 * n
    assert found.figures["all_roles"] == {"accuracy": pytest.approx(2 / 3), "n": 3}


def test_what_words_say_of_roles_counts():
    """Figures and casting are of the sums of both scores, as judging adds them."""
    n = len(ROLES)
    wrong, right = [0.9] + [0.1] * (n - 1), [0.1, 0.9] + [0.1] * (n - 2)
    predicted = [
        deal_article([0, 0], party=(0.9, 0.9), parts=[(1,), (1,)], roles=[wrong, wrong])
    ] * 8
    said = unread(predicted[0][0])
    said["roles"] = np.array([scores(*right).numpy() * 2] * 2, np.float32)
    assert choose(predicted, [said] * 8).figures["all_roles"]["accuracy"] == 1
    found = choose(predicted, [unread(example) for example, _ in predicted])
    assert found.figures["all_roles"]["accuracy"] == 0


def test_articles_without_deals_ask_nothing_else():
    """Their sentences count, their names and sums do not exist."""
    found = chosen(article(0.2, False), article(0.8, False))
    assert set(found.figures) == {"article", "sentence"}
    assert found.casting.sets.sum(1).tolist() == [1] * len(ROLES)
    assert found.thresholds.party == 0.5
    assert (found.slope, found.shift) == (1, 0)


def test_deals_alone_are_no_reason_to_calibrate():
    """With one class there is nothing to fit: the scores stay as they are."""
    found = chosen(deal_article([0, 0], party=(0.9, 0.8)))
    assert (found.slope, found.shift) == (1, 0)
    assert all(0 < getattr(found.thresholds, name) < 1 for name in BETAS)


def test_deals_without_sums_leave_their_threshold_in_the_middle():
    """Where no held-out article names a sum, a half is as good as any."""
    found = chosen(deal_article([0, 0], party=(0.9, 0.8)), article(0.1, False))
    assert found.thresholds.amount == 0.5
    assert found.thresholds.capacity == 0.5
    assert found.figures["amount"] == {"n": 0}


def test_reliability_counts_every_article_once():
    """The bins' means and shares add up to all articles and all deals."""
    predicted = skewed(300)
    found = chosen(*predicted)
    assert 1 < len(found.reliability) <= N_BINS
    assert sum(n for _, _, n in found.reliability) == 300
    deals = sum(share * n for _, share, n in found.reliability)
    assert deals == pytest.approx(sum(e.is_deal for e, _ in predicted), abs=1)
    means = [mean for mean, _, _ in found.reliability]
    assert means == sorted(means)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-40, 40), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_the_scores_the_choice_is_usable(rows):
    """Calibration is finite and rising, thresholds are probabilities, figures too."""
    predicted = []
    for value, is_deal in rows:
        example, one = article(0.5, is_deal)
        answers = {name: getattr(one, name) for name in Answers.__dataclass_fields__}
        predicted.append(
            (example, Answers(**{**answers, "article": torch.tensor(value)}))
        )
    found = chosen(*[(e, a) for e, a in predicted if not e.is_deal] or [predicted[0]])
    found_all = chosen(*predicted)
    for one in (found, found_all):
        assert one.slope > 0
        assert np.isfinite([one.slope, one.shift]).all()
        assert 0 < one.thresholds.article < 1
        assert 0 <= one.figures["article"]["brier"] <= 1
