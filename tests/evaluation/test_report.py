"""The report: the format's keys, and alerts replayed as a reader would have met them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from newsbot.evaluation.gold import GoldArticle, GoldDeal
from newsbot.evaluation.report import Cost, plain_number, report
from newsbot.evaluation.run import Prediction, Told, as_article
from newsbot.stages.assess import Judgement
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import read_article
from newsbot.stages.summarise import quote_summary
from newsbot.types import (
    Amount,
    Assessment,
    Capacity,
    Finding,
    Party,
    Summary,
    SummarySentence,
)

GAZETTEER = load_organisations()
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
COST = Cost(
    seconds=6.0, model="embedded x", model_calls=3, prompt_tokens=40, generated_tokens=0
)
TEXT = (
    "Oracle has agreed to rent 2 GW of capacity from CoreWeave for $30 billion. "
    "Nvidia and Anthropic signed another contract with Meta and OpenAI."
)


def gold_deal(story: str, *names: str, **parts) -> GoldDeal:
    fields = {
        "status": "announced",
        "types": ("customer",),
        "amounts": (),
        "capacity": (),
    }
    return GoldDeal(
        story=story,
        parties=tuple(
            (name, ("partner",)) for name in names or ("Oracle", "CoreWeave")
        ),
        **{**fields, **parts},
    )


def predicted(
    *told: tuple[str, str, Sequence[str]],
    deals: Sequence[GoldDeal] = (),
    hours: float = 0,
    probability: float | None = None,
    language: str = "en",
    summary: str | None = None,
) -> Prediction:
    """One article: what was told (deal id, verdict, parties) and what is right."""
    gold = GoldArticle(
        id="g",
        url="https://example.org/1",
        source="Example",
        published_at=DAY + timedelta(hours=hours),
        language=language,
        title="Oracle rents from CoreWeave",
        text=TEXT,
        deals=tuple(deals),
        spans=(),
    )
    reading = read_article(as_article(gold), GAZETTEER)

    def finding(names: Sequence[str]) -> Finding:
        mentions = [
            next(m for m in reversed(reading.organisations) if m.name == name)
            for name in names
        ]
        quote = reading.quote(mentions[0].start)
        return Finding(
            id="f",
            article_id=reading.article.id,
            status="announced",
            status_quote=quote,
            types=("customer",),
            parties=tuple(
                Party(
                    name=m.name,
                    roles=("partner",),
                    span=reading.span(m.start, m.end),
                    quote=reading.quote(m.start),
                )
                for m in mentions
            ),
            amounts=(),
            capacity=(),
        )

    rows = tuple(
        Told(finding=finding(names), deal_id=id_, verdict=verdict)
        for id_, verdict, names in told
    )
    likely = (0.9 if told else 0.1) if probability is None else probability
    text = (
        quote_summary(reading, (), DAY)
        if summary is None
        else Summary(
            article_id=reading.article.id,
            language="en",
            sentences=(SummarySentence(text=summary, quoted=False),),
            writer="model",
            created_at=DAY,
        )
    )
    return Prediction(
        gold=gold,
        reading=reading,
        judgement=Judgement(
            assessment=Assessment(
                article_id=reading.article.id,
                probability=likely,
                threshold=0.5,
                words=(),
                assessor="x",
                assessed_at=DAY,
            ),
            findings=tuple(row.finding for row in rows),
            dropped=(),
        ),
        told=rows,
        summary=text,
    )


BOTH = ("Oracle", "CoreWeave")
OTHERS = ("Nvidia", "Anthropic")


def figures(*predictions: Prediction) -> dict:
    made = report(predictions, GAZETTEER, COST)
    assert json.loads(json.dumps(made)) == made
    return made


def alerts(*predictions: Prediction) -> dict:
    return figures(*predictions)["alerts"]


def test_the_report_has_exactly_the_format_s_keys():
    """Names and nesting are those an outside reader expects."""
    made = figures(predicted(("d", "new", BOTH), deals=[gold_deal("s")]))
    rates = {"precision", "recall", "f1"}
    assert set(made) == set(
        "articles seconds model detection parties roles status types amounts capacity "
        "alerts grounding summaries cost".split()
    )
    assert set(made["detection"]) == rates | {"auc", "by_language"}
    assert set(made["detection"]["by_language"]) == {"de", "en"}
    assert set(made["detection"]["by_language"]["de"]) == rates | {"auc"}
    for name in ("parties", "types", "capacity"):
        assert set(made[name]) == rates
    assert set(made["amounts"]) == rates | {"kind_accuracy", "bound_accuracy"}
    assert set(made["roles"]) == set(made["status"]) == {"accuracy"}
    assert set(made["alerts"]) == set(
        "stories alerted false_alerts duplicate_alerts updates precision recall".split()
    )
    assert set(made["grounding"]) == {"claims", "verbatim"}
    assert set(made["summaries"]) == set(
        "n unsupported_numbers unsupported_names wrong_language quoted".split()
    )
    assert made["cost"] == {
        "seconds_per_article": 6.0,
        "model_calls": 3,
        "prompt_tokens": 40,
        "generated_tokens": 0,
    }
    assert (made["articles"], made["seconds"], made["model"]) == (1, 6.0, "embedded x")


def test_an_empty_file_has_figures():
    """Nothing read is nothing wrong, and no division by zero."""
    made = figures()
    assert made["articles"] == 0
    assert made["detection"]["f1"] == made["detection"]["auc"] == 1.0
    assert made["alerts"]["recall"] == 1.0
    assert made["cost"]["seconds_per_article"] == 6.0


def test_negatives_alone_have_figures():
    """All-negative files measure false alarms only."""
    quiet = figures(predicted(), predicted())
    assert quiet["detection"]["precision"] == quiet["detection"]["recall"] == 1.0
    assert quiet["alerts"]["stories"] == 0
    noisy = figures(predicted(), predicted(("d", "new", BOTH)))
    assert noisy["detection"]["precision"] == 0.0
    assert noisy["detection"]["recall"] == 1.0
    assert noisy["alerts"]["false_alerts"] == 1
    assert noisy["alerts"]["precision"] == 0.0


def test_detection_counts_articles_and_languages_apart():
    """An article is positive with one deal or three; each language has its own."""
    made = figures(
        predicted(
            ("d", "new", BOTH), deals=[gold_deal("s"), gold_deal("t", "Meta", "SAP")]
        ),
        predicted(deals=[gold_deal("u")], language="de"),
        predicted(("e", "new", BOTH), language="de"),
        predicted(),
    )["detection"]
    assert (made["precision"], made["recall"]) == (0.5, 0.5)
    assert made["by_language"]["en"]["f1"] == 1.0
    assert made["by_language"]["de"]["f1"] == 0.0


def test_the_probability_orders_what_the_answer_cannot():
    """AUC looks at probabilities, also where nothing was told."""
    missed = predicted(deals=[gold_deal("s")], probability=0.4)
    made = figures(missed, predicted(probability=0.3), predicted(probability=0.4))
    assert made["detection"]["auc"] == pytest.approx(0.75)
    assert made["detection"]["recall"] == 0.0


def test_one_alert_per_story_is_right():
    """A first alert is a hit; repeats in other papers cost nothing."""
    one = gold_deal("s")
    made = alerts(
        predicted(("d", "new", BOTH), deals=[one]),
        predicted(("d", "repeat", BOTH), deals=[one], hours=1),
        predicted(("d", "update", BOTH), deals=[one], hours=2),
    )
    assert made["alerted"] == made["stories"] == made["updates"] == 1
    assert made["duplicate_alerts"] == made["false_alerts"] == 0
    assert made["precision"] == made["recall"] == 1.0


def test_a_second_alert_for_a_story_is_a_duplicate():
    """Two deals made of one story alert twice, and that is counted."""
    one = gold_deal("s")
    made = alerts(
        predicted(("d", "new", BOTH), deals=[one]),
        predicted(("e", "new", BOTH), deals=[one], hours=1),
    )
    assert (made["alerted"], made["duplicate_alerts"]) == (1, 1)


def test_an_alert_for_no_deal_is_false():
    """False is what matches no deal of its article, and what a negative alerts."""
    made = alerts(
        predicted(("d", "new", OTHERS), deals=[gold_deal("s")]),
        predicted(("e", "new", BOTH)),
    )
    assert (made["false_alerts"], made["alerted"], made["stories"]) == (2, 0, 1)
    assert made["recall"] == 0.0


def test_a_story_without_an_alert_is_missed():
    """Repeats and updates alone do not alert a story."""
    made = alerts(
        predicted(deals=[gold_deal("s")]),
        predicted(("d", "repeat", BOTH), deals=[gold_deal("t")]),
        predicted(("e", "update", BOTH), deals=[gold_deal("u")]),
    )
    assert (made["stories"], made["alerted"], made["updates"]) == (3, 0, 1)


def test_alerts_are_replayed_in_published_order():
    """Which of two alerts is the duplicate is decided by time; the sum is the same."""
    one = gold_deal("s")
    late = predicted(("d", "new", BOTH), deals=[one], hours=5)
    early = predicted(("e", "new", BOTH), deals=[one], hours=1)
    assert alerts(late, early) == alerts(early, late)


def test_two_findings_of_one_article_may_be_one_deal():
    """A repeat in the same article does not hide the alert before it."""
    made = alerts(
        predicted(
            ("d", "new", BOTH),
            ("d", "repeat", OTHERS),
            deals=[gold_deal("s"), gold_deal("t", *OTHERS)],
        )
    )
    assert (made["stories"], made["alerted"]) == (2, 1)


def test_a_round_up_alerts_each_story():
    """Two deals of one article are two stories and two first alerts."""
    made = alerts(
        predicted(
            ("d", "new", BOTH),
            ("e", "new", OTHERS),
            deals=[gold_deal("t", *OTHERS), gold_deal("s")],
        )
    )
    assert made["alerted"] == made["stories"] == 2
    assert made["recall"] == made["precision"] == 1.0


def test_grounding_reads_every_claim_back():
    """A quote that does not carry its claim is counted as not verbatim."""
    from dataclasses import replace

    good = predicted(("d", "new", BOTH), deals=[gold_deal("s")])
    finding = good.told[0].finding
    money, capacity = good.reading.money[0], good.reading.capacity[0]
    amount = Amount(
        value=money.value,
        currency=money.currency,
        kind="purchase",
        bound="exact",
        payer=None,
        span=good.reading.span(money.start, money.end),
        quote=good.reading.quote(money.start),
    )
    size = Capacity(
        value=capacity.value,
        unit=capacity.unit,
        span=good.reading.span(capacity.start, capacity.end),
        quote=good.reading.quote(capacity.start),
    )
    full = replace(finding, amounts=(amount,), capacity=(size,))

    def grounding(changed: Finding) -> dict:
        told = replace(good.told[0], finding=changed)
        return figures(replace(good, told=(told,)))["grounding"]

    assert grounding(full) == {"claims": 5, "verbatim": 5}
    elsewhere = good.reading.span(0, 6)
    for wrong in (
        replace(full, amounts=(replace(amount, value=Decimal(31)),)),
        replace(full, amounts=(replace(amount, currency="EUR"),)),
        replace(full, amounts=(replace(amount, quote=elsewhere),)),
        replace(full, capacity=(replace(size, unit="MW"),)),
        replace(
            full, parties=(replace(full.parties[0], name="Nvidia"), full.parties[1])
        ),
        replace(
            full,
            parties=(
                replace(full.parties[0], quote=good.reading.span(5, 9)),
                full.parties[1],
            ),
        ),
        replace(full, status_quote=good.reading.span(9_000, 9_009)),
    ):
        assert grounding(wrong) == {"claims": 5, "verbatim": 4}


def test_summaries_are_counted_by_what_is_wrong_with_them():
    """Invented numbers and names, another language, and quotes, each for itself."""
    made = figures(
        predicted(),
        predicted(summary="Oracle pays CoreWeave $31 billion for its capacity."),
        predicted(summary="SoftBank has agreed to rent capacity from CoreWeave."),
        predicted(summary="Oracle mietet bei CoreWeave Kapazität für seine Kunden."),
    )["summaries"]
    assert made == {
        "n": 4,
        "unsupported_numbers": 1,
        "unsupported_names": 1,
        "wrong_language": 1,
        "quoted": 1,
    }


@pytest.mark.parametrize(
    ("value", "written"),
    [("30000000000", "30000000000"), ("2.5", "2.5"), ("1E+3", "1000"), ("0", "0")],
)
def test_numbers_are_json_numbers(value, written):
    """Whole numbers are whole, others have their point."""
    assert json.dumps(plain_number(Decimal(value))) == written
