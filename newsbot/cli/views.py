"""Nouns as the plain JSON values that commands print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newsbot.adapters.db import Store
from newsbot.evaluation.report import deal_fields, plain_number
from newsbot.evaluation.run import claims
from newsbot.stages.course import course
from newsbot.stages.figures import differences
from newsbot.stages.sources import sources
from newsbot.types import Alert, Article, Deal, Finding, Span


def deal_view(deal: Deal, store: Store) -> dict[str, Any]:
    """A deal with every finding, its article and its quotes."""
    findings = [finding_view(finding, store) for finding in deal.findings]
    capacity = {
        f"{item.value} {item.unit}": {
            "value": plain_number(item.value),
            "unit": item.unit,
        }
        for finding in deal.findings
        for item in finding.capacity
    }
    withdrawn = {"withdrawn_by": deal.withdrawn_by} if deal.withdrawn_by else {}
    return {
        "id": deal.id,
        "status": deal.status,
        "types": list(deal.types),
        "parties": [
            {"name": name, "roles": list(roles)} for name, roles in deal.parties
        ],
        "amounts": _amounts(findings),
        "capacity": list(capacity.values()),
        "first_seen": deal.first_seen_at.isoformat(),
        "findings": findings,
        **withdrawn,
    }


def _amounts(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each sum as it is stated, once, with its payer and the papers that state it."""
    told: list[dict[str, Any]] = []
    for finding in findings:
        for amount in finding["amounts"]:
            known = next((one for one in told if _is_same(one, amount)), None)
            if known is None:
                known = {**amount, "sources": []}
                told.append(known)
            known["payer"] = known["payer"] or amount["payer"]
            if finding["source"] not in (None, *known["sources"]):
                known["sources"].append(finding["source"])
    return told


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two say the same of one payer; "up to $10bn" is not "$10bn"."""
    names = ("value", "currency", "kind", "bound")
    payers = {one["payer"], other["payer"]} - {None}
    return len(payers) < 2 and all(one[name] == other[name] for name in names)


def shown_deal(deal: Deal, store: Store) -> dict[str, Any]:
    """A deal as `show` and `export` tell it; with what earlier texts told."""
    earlier = [
        {**finding_view(one, store), "replaced": _replaced(one, store)}
        for one in store.versions.left(deal.id)
    ]
    found = (store.line.article(one.article_id) for one in deal.findings)
    articles = list({one.id: one for one in found if one is not None}.values())
    return {
        **deal_view(deal, store),
        "last_seen": deal.last_seen_at.isoformat(),
        "history": _history(deal, articles),
        "differences": _differences(deal, articles),
        "decisions": _decisions(deal, store),
        **({"earlier_findings": earlier} if earlier else {}),
    }


def _history(deal: Deal, articles: Sequence[Article]) -> list[dict[str, Any]]:
    """Since when the deal is in each state, and who told it first."""
    at = {one.id: one for one in articles}
    told = [
        (at[one.article_id].published_at, one.status, at[one.article_id].site)
        for one in deal.findings
        if one.article_id in at
    ]
    return [
        {"status": one.status, "since": one.since.isoformat(), "source": one.source}
        for one in course(told)
    ]


def _differences(deal: Deal, articles: Sequence[Article]) -> list[dict[str, Any]]:
    """Figures of one role about which sources disagree, each with its quote."""
    by_id = {one.id: one for one in articles}

    def quote(place: Span) -> str:
        text = by_id[place.article_id].full_text if place.article_id in by_id else ""
        return text[place.start : place.end]

    return [
        {
            "kind": one.kind,
            "figures": [
                {
                    "value": plain_number(claim.amount.value),
                    "currency": claim.amount.currency,
                    "bound": claim.amount.bound,
                    "payer": claim.amount.payer,
                    "source": claim.source.articles[0].site,
                    "url": claim.source.articles[0].url,
                    "quote": quote(claim.amount.quote),
                }
                for claim in one.claims
            ],
        }
        for one in differences(deal, sources(articles))
    ]


def _decisions(deal: Deal, store: Store) -> list[dict[str, Any]]:
    """What persons have said of the deal's findings: one with, or apart from."""
    own = {finding.id for finding in deal.findings}
    return [
        {
            "kind": one.kind,
            "findings": [one.finding_id, one.other_id],
            "decided": one.decided_at.isoformat(),
        }
        for one in store.ledger.decisions()
        if own & {one.finding_id, one.other_id}
    ]


def _replaced(finding: Finding, store: Store) -> str | None:
    """When a newer text took the place of the one that a finding stands in."""
    article = store.line.article(finding.article_id)
    former = store.versions.former(article.entry_id) if article else []
    moments = [one for one in former if one.article.id == finding.article_id]
    return moments[0].replaced_at.isoformat() if moments else None


def finding_view(finding: Finding, store: Store) -> dict[str, Any]:
    """A finding with where it stands: url, publisher, spans with their quotes."""
    article = store.line.article(finding.article_id)
    _, verdict, reason = store.ledger.verdict(finding.id)
    text = article.full_text if article else ""
    return {
        "id": finding.id,
        "article": finding.article_id,
        "url": article.url if article else None,
        "source": article.site if article else None,
        "title": article.title if article else None,
        "published": article.published_at.isoformat() if article else None,
        "language": article.language if article else None,
        "verdict": verdict,
        "reason": reason,
        **deal_fields(finding),
        "spans": [
            {
                "field": field,
                "start": quote.start,
                "end": quote.end,
                "quote": text[quote.start : quote.end],
            }
            for field, _, quote in claims(finding)
        ],
        "dropped": [
            {"claim": item.claim, "reason": item.reason} for item in finding.dropped
        ],
    }


def article_view(article: Article, store: Store) -> dict[str, Any]:
    """An article with its judgement, for yes and for no."""
    state, reason, _ = store.line.state(article.entry_id)
    judged = store.ledger.assessment(article.id)
    summary = store.ledger.summary(article.id)
    view: dict[str, Any] = {
        "id": article.id,
        "url": article.url,
        "source": article.site,
        "title": article.title,
        "language": article.language,
        "published": article.published_at.isoformat(),
        "text_origin": article.text_origin,
        "state": state,
        "reason": reason,
        "text": article.text,
        "versions": [
            {
                "id": one.article.id,
                "title": one.article.title,
                "replaced_by": one.replaced_by,
                "replaced": one.replaced_at.isoformat(),
            }
            for one in store.versions.former(article.entry_id)
        ],
        "summary": summary.text if summary else None,
        "assessment": None,
        "findings": [
            finding_view(finding, store)
            for finding in store.ledger.findings_of(article.id)
        ],
    }
    if judged is not None:
        assessment, dropped = judged
        view["assessment"] = {
            "probability": round(assessment.probability, 4),
            "threshold": assessment.threshold,
            "is_deal": assessment.is_deal,
            "words": list(assessment.words),
            "assessor": assessment.assessor,
            "dropped": [
                {"claim": item.claim, "reason": item.reason} for item in dropped
            ],
        }
    return view


def alert_view(alert: Alert) -> dict[str, Any]:
    """A message as it goes out."""
    return {
        "id": alert.id,
        "deal": alert.deal_id,
        "kind": alert.kind,
        "language": alert.language,
        "text": alert.plain,
        "html": alert.html,
        "created": alert.created_at.isoformat(),
    }
