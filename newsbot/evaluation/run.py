"""Gold articles through the line's own stages, on a ledger in memory.

Every line is judged and gets its prediction; deals are identified in the order
in which the articles were published, as the line would have met them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from newsbot.evaluation.gold import GoldAmount, GoldArticle, GoldDeal
from newsbot.pipeline import Judge, Summariser
from newsbot.stages.assess import Judgement
from newsbot.stages.extract import fingerprint
from newsbot.stages.identify import identify
from newsbot.stages.likeness import reach
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.sides import families
from newsbot.types import (
    Amount,
    Article,
    Capacity,
    Deal,
    Finding,
    Party,
    Span,
    Summary,
    identity,
)
from newsbot.vocabulary import Verdict

_CLAIM_NAMES: dict[type, str] = {
    Party: "parties",
    Amount: "amounts",
    Capacity: "capacity",
}
#: Articles judged at once.
BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One deal as predicted for one article."""

    finding: Finding
    #: The predicted deal's id: equal ids mean the same deal.
    deal_id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the line makes of one gold article."""

    gold: GoldArticle
    reading: Reading
    judgement: Judgement
    told: tuple[Told, ...]
    summary: Summary


def as_article(gold: GoldArticle, *, number: int = 0) -> Article:
    """Make an article of a gold line, its text as given, not normalised.

    Args:
        gold: The line.
        number: Its place among the lines read; two lines may share an id.
    """
    id_ = identity("gold", gold.id, str(number))
    return Article(
        id=id_,
        entry_id=id_,
        url=gold.url,
        title=gold.title,
        text=gold.text,
        language=gold.language,
        published_at=gold.published_at,
        site=gold.source,
        author=None,
        text_origin="page",
        fingerprint=fingerprint(gold.text),
    )


def predict(
    gold: Sequence[GoldArticle],
    judge: Judge,
    summariser: Summariser,
    gazetteer: Gazetteer,
    *,
    progress: Callable[[str, float], None],
) -> list[Prediction]:
    """Run the stages over gold articles.

    Args:
        gold: The articles, in any order.
        judge: Says whether and which.
        summariser: Writes the summaries.
        gazetteer: The organisations.
        progress: Told the stage and the share done.

    Returns:
        One prediction per article, in the order given.
    """
    articles = [as_article(article, number=n) for n, article in enumerate(gold)]
    readings: list[Reading] = []
    judgements: list[Judgement] = []
    summaries: list[Summary] = []
    for start in range(0, len(articles), BATCH):
        progress("judge", start / len(articles))
        batch = [read_article(a, gazetteer) for a in articles[start : start + BATCH]]
        # The time of judging plays no part in a prediction: the first article's
        # own time stands in, so that two runs give the same rows.
        now = batch[0].article.published_at
        judged = judge.judge(batch, now)
        found = [judgement.findings for judgement in judged]
        readings.extend(batch)
        judgements.extend(judged)
        summaries.extend(summariser.summarise(batch, found, now))
    told = _identified(articles, judgements, gazetteer)
    return [
        Prediction(
            gold=gold[n],
            reading=readings[n],
            judgement=judgements[n],
            told=told[n],
            summary=summaries[n],
        )
        for n in range(len(gold))
    ]


def _identified(
    articles: Sequence[Article], judgements: Sequence[Judgement], gazetteer: Gazetteer
) -> list[tuple[Told, ...]]:
    """Replay the articles in published order against one growing ledger.

    A deal that turned out to be another one is that one from the beginning.
    """
    order = sorted(range(len(articles)), key=lambda n: (articles[n].published_at, n))
    deals: dict[str, Deal] = {}
    told: list[tuple[Told, ...]] = [() for _ in articles]
    names_of: dict[str, str] = {}
    for n in order:
        findings = judgements[n].findings
        names = {n for family in families(findings, gazetteer) for n in family}
        when = articles[n].published_at
        begin, end = reach(findings, when).event
        known = [
            deal
            for deal in deals.values()
            if begin <= deal.last_seen_at <= end  # names may be read otherwise
            or any(name in names for name, _ in deal.parties)
        ]
        rows = []
        for found in identify(findings, when, known, gazetteer):
            for gone in found.absorbed:
                deals.pop(gone, None)
                names_of[gone] = found.deal.id
            deals[found.deal.id] = found.deal
            rows.append(
                Told(
                    finding=found.finding,
                    deal_id=found.deal.id,
                    verdict=found.verdict,
                )
            )
        told[n] = tuple(rows)

    def lasting(deal_id: str) -> str:
        while deal_id in names_of:
            deal_id = names_of[deal_id]
        return deal_id

    return [
        tuple(replace(one, deal_id=lasting(one.deal_id)) for one in rows)
        for rows in told
    ]


def as_gold_deal(told: Told) -> GoldDeal:
    """Put a prediction into the form that the scores compare."""
    finding = told.finding
    return GoldDeal(
        story=told.deal_id,
        status=finding.status,
        types=finding.types,
        parties=tuple((party.name, party.roles) for party in finding.parties),
        amounts=tuple(
            GoldAmount(
                value=amount.value,
                currency=amount.currency,
                kind=amount.kind,
                bound=amount.bound,
                payer=amount.payer,
            )
            for amount in finding.amounts
        ),
        capacity=tuple((item.value, item.unit) for item in finding.capacity),
    )


def claims(finding: Finding) -> list[tuple[str, Span, Span]]:
    """List every claim of a finding: field, the place itself, the quote around it."""
    rows = [("status", finding.status_quote, finding.status_quote)]
    counts: dict[str, int] = {}
    for item in finding.claims:
        name = _CLAIM_NAMES[type(item)]
        number = counts.get(name, 0)
        counts[name] = number + 1
        rows.append((f"{name}.{number}", item.span, item.quote))
    return rows
