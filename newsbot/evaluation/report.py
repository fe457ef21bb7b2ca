"""Predictions to figures and to the lines an outside scorer reads.

The keys are those of the gold format's evaluation interface and stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from newsbot.evaluation.run import Prediction, as_gold_deal, claims
from newsbot.evaluation.score import Counts, Extraction, area_under_curve, match_deals
from newsbot.stages.amounts import find_capacity, find_money, same_value
from newsbot.stages.extract import detect_language
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.summary_figures import check_figures, find_figures
from newsbot.stages.summary_names import check_names
from newsbot.types import Amount, Capacity, Finding, Party, Span
from newsbot.vocabulary import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run took."""

    seconds: float
    model: str
    model_calls: int
    prompt_tokens: int
    generated_tokens: int


def report(
    predictions: Sequence[Prediction], gazetteer: Gazetteer, cost: Cost
) -> dict[str, Any]:
    """Compute every figure of `newsbot evaluate`."""
    extraction = extracted(predictions, gazetteer)
    detection: dict[str, Any] = _detection(predictions)
    detection["by_language"] = {
        language: _detection([p for p in predictions if p.gold.language == language])
        for language in LANGUAGES
    }
    return {
        "articles": len(predictions),
        "seconds": round(cost.seconds, 2),
        "model": cost.model,
        "detection": detection,
        "parties": extraction.parties.figures(),
        "roles": {"accuracy": extraction.roles.accuracy},
        "status": {"accuracy": extraction.status.accuracy},
        "types": extraction.types.figures(),
        "amounts": {
            **extraction.amounts.figures(),
            "kind_accuracy": extraction.amount_kind.accuracy,
            "bound_accuracy": extraction.amount_bound.accuracy,
        },
        "capacity": extraction.capacity.figures(),
        "alerts": _alerts(predictions, gazetteer.related),
        "grounding": _grounding(predictions, gazetteer),
        "summaries": _summaries(predictions, gazetteer),
        "cost": {
            "seconds_per_article": cost.seconds / max(len(predictions), 1),
            "model_calls": cost.model_calls,
            "prompt_tokens": cost.prompt_tokens,
            "generated_tokens": cost.generated_tokens,
        },
    }


def detected(predictions: Sequence[Prediction]) -> Counts:
    """Count the articles with a deal, and those in which one was told."""
    counts = Counts()
    for one in predictions:
        positive, said = bool(one.gold.deals), bool(one.told)
        counts.hit += positive and said
        counts.extra += said and not positive
        counts.missed += positive and not said
    return counts


def extracted(predictions: Sequence[Prediction], gazetteer: Gazetteer) -> Extraction:
    """Count what was read of the deals, right and wrong."""
    extraction = Extraction()
    for one in predictions:
        said = [as_gold_deal(told) for told in one.told]
        extraction.add(one.gold.deals, said, gazetteer.related)
    return extraction


def _detection(predictions: Sequence[Prediction]) -> dict[str, Any]:
    scored = [
        (one.judgement.assessment.probability, bool(one.gold.deals))
        for one in predictions
    ]
    return {**detected(predictions).figures(), "auc": area_under_curve(scored)}


def _alerts(predictions: Sequence[Prediction], same: Any) -> dict[str, Any]:
    """Replay the alerts in published order against the stories they tell of."""
    stories = {deal.story for one in predictions for deal in one.gold.deals}
    alerted: set[str] = set()
    n_false = n_duplicate = n_updates = 0
    order = sorted(
        range(len(predictions)),
        key=lambda n: (predictions[n].gold.published_at, n),
    )
    for n in order:
        one = predictions[n]
        told = [as_gold_deal(each) for each in one.told]
        # Two findings of one article may be one deal: its id does not tell them apart.
        verdicts = {id(a): b.verdict for a, b in zip(told, one.told, strict=True)}
        for right, predicted in match_deals(one.gold.deals, told, same):
            if predicted is None:
                continue
            verdict = verdicts[id(predicted)]
            n_updates += verdict == "update"
            if verdict != "new":
                continue
            if right is None:
                n_false += 1
            elif right.story in alerted:
                n_duplicate += 1
            else:
                alerted.add(right.story)
    counts = Counts(hit=len(alerted), extra=n_false, missed=len(stories) - len(alerted))
    return {
        "stories": len(stories),
        "alerted": len(alerted),
        "false_alerts": n_false,
        "duplicate_alerts": n_duplicate,
        "updates": n_updates,
        "precision": counts.precision,
        "recall": counts.recall,
    }


def _grounding(
    predictions: Sequence[Prediction], gazetteer: Gazetteer
) -> dict[str, int]:
    """Read every claim's quote back from the text and look whether it carries it."""
    n_claims = n_verbatim = 0
    for one in predictions:
        for told in one.told:
            finding = told.finding
            for item in finding.claims:
                n_claims += 1
                n_verbatim += _carries(one, item, gazetteer)
            n_claims += 1
            n_verbatim += bool(_text(one, finding.status_quote).strip())
    return {"claims": n_claims, "verbatim": n_verbatim}


def _carries(
    one: Prediction, item: Party | Amount | Capacity, gazetteer: Gazetteer
) -> bool:
    quote, mention = _text(one, item.quote), _text(one, item.span)
    if not mention or mention not in quote:
        return False
    language = one.gold.language
    if isinstance(item, Party):
        named = {found.name for found in gazetteer.find(mention)}
        here = {
            found.name
            for found in one.reading.organisations
            if (found.start, found.end) == (item.span.start, item.span.end)
        }
        if item.name in {*named, *here, gazetteer.canonical(mention)}:
            return True
        # A short form, or capitals, of a name that the text tells in full elsewhere.
        words = mention.casefold().split()
        full = one.reading.article.full_text
        return item.name in full and set(words) <= set(item.name.casefold().split())
    if isinstance(item, Amount):
        whole = any(
            same_value(found.value, item.value, Decimal(0))
            and found.currency == item.currency
            for found in find_money(quote, language)
        )
        return whole or _is_lent(one, item, mention)
    return any(
        same_value(found.value, item.value, Decimal(0)) and found.unit == item.unit
        for found in find_capacity(_text(one, item.quote), language)
    )


def _is_lent(one: Prediction, item: Amount, mention: str) -> bool:
    """Whether a sum stands there without a currency: "schießt 200 Millionen zu".

    The currency is that of a sum before it, as reading the whole text tells.
    """
    stated = any(
        same_value(figure.value, item.value, Decimal(0))
        for figure in find_figures(mention, one.gold.language)
    )
    return stated and any(
        (found.start, found.end, found.currency)
        == (item.span.start, item.span.end, item.currency)
        for found in one.reading.money
    )


def _summaries(
    predictions: Sequence[Prediction], gazetteer: Gazetteer
) -> dict[str, int]:
    numbers = names = language = quoted = 0
    for one in predictions:
        text = one.summary.text
        numbers += bool(check_figures(text, one.reading, one.gold.language))
        names += bool(check_names(text, one.reading, gazetteer))
        language += detect_language(text) != one.gold.language
        quoted += one.summary.quoted
    return {
        "n": len(predictions),
        "unsupported_numbers": numbers,
        "unsupported_names": names,
        "wrong_language": language,
        "quoted": quoted,
    }


def prediction_line(one: Prediction) -> str:
    """Write one article's prediction as a line of JSON."""
    return json.dumps(
        {
            "id": one.gold.id,
            "probability": round(one.judgement.assessment.probability, 6),
            "deals": [
                {
                    **deal_fields(told.finding),
                    "story": told.deal_id,
                    "alert": None if told.verdict == "repeat" else told.verdict,
                    "spans": [
                        {
                            "field": name,
                            "start": quote.start,
                            "end": quote.end,
                            "quote": _text(one, quote),
                        }
                        for name, _, quote in claims(told.finding)
                    ],
                }
                for told in one.told
            ],
            "summary": {
                "language": one.summary.language,
                "text": one.summary.text,
                "quoted": one.summary.quoted,
            },
        },
        ensure_ascii=False,
    )


def deal_fields(finding: Finding) -> dict[str, Any]:
    """A finding's gold fields as plain JSON values."""
    return {
        "status": finding.status,
        "types": list(finding.types),
        "parties": [
            {"name": party.name, "roles": list(party.roles)}
            for party in finding.parties
        ],
        "amounts": [
            {
                "value": plain_number(amount.value),
                "currency": amount.currency,
                "kind": amount.kind,
                "bound": amount.bound,
                "payer": amount.payer,
            }
            for amount in finding.amounts
        ],
        "capacity": [
            {"value": plain_number(item.value), "unit": item.unit}
            for item in finding.capacity
        ],
    }


def plain_number(value: Decimal) -> int | float:
    """Write a decimal as JSON's number, whole where it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def _text(one: Prediction, span: Span) -> str:
    return one.reading.article.full_text[span.start : span.end]
