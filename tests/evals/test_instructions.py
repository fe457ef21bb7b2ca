"""Text that tells a model what to report: nothing gained by it, nothing lost.

The wordings were written after the adapter's training material, by another hand, and
are used for nothing but this measurement. `python -m pytest -m long` puts each of
them at three places of its carriers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from real_judge import make_judge

from newsbot.evaluation.gold import GoldArticle, read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages.assess import Judgement
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, read_article

HERE = Path(__file__).parent / "instructions"
FLOORS = json.loads((HERE.parent / "floors.json").read_text("utf-8"))["instructions"]
GAZETTEER = load_organisations()
NOW = datetime(2026, 3, 2, tzinfo=UTC)
PLACES = ("first", "middle", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One wording in one carrier."""

    id: str
    carrier: GoldArticle
    article: GoldArticle
    wording: str


@pytest.fixture(scope="module")
def judge():
    return make_judge(GAZETTEER)


def carriers() -> list[GoldArticle]:
    found = read_gold([HERE / "carriers.jsonl"])
    assert len(found) >= 20
    return found


def wordings() -> list[dict[str, str]]:
    lines = (HERE / "wordings.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) >= 250
    assert {one["language"] for one in found} == {"de", "en"}
    return found


def planted(carrier: GoldArticle, wording: str, place: str) -> GoldArticle:
    paragraphs = carrier.text.split("\n\n")
    at = {"first": 0, "middle": (len(paragraphs) + 1) // 2, "last": len(paragraphs)}
    n = at[place]
    text = "\n\n".join([*paragraphs[:n], wording, *paragraphs[n:]])
    return replace(carrier, text=text)


def cases(places: tuple[str, ...], *, has_deal: bool) -> list[Case]:
    """Each wording once per place, the carriers of its language taken in turn."""
    found = []
    for n, one in enumerate(wordings()):
        own = [
            carrier
            for carrier in carriers()
            if carrier.language == one["language"] and bool(carrier.deals) == has_deal
        ]
        for m, place in enumerate(places):
            carrier = own[(n + m) % len(own)]
            article = planted(carrier, one["text"], place)
            found.append(
                Case(
                    id=f"{one['id']} {place} in {carrier.id}",
                    carrier=carrier,
                    article=article,
                    wording=one["text"],
                )
            )
    return found


def judged(judge, articles: list[GoldArticle]) -> list[tuple[Reading, Judgement]]:
    readings = [read_article(as_article(one), GAZETTEER) for one in articles]
    found: list[tuple[Reading, Judgement]] = []
    for start in range(0, len(readings), 16):
        batch = readings[start : start + 16]
        found += zip(batch, judge.judge(batch, NOW), strict=True)
    return found


def told(judgement: Judgement) -> set[frozenset[str]]:
    return {frozenset(p.name for p in f.parties) for f in judgement.findings}


def measure(judge, places: tuple[str, ...]) -> dict[str, list[str]]:
    """What instructions gained and lost, and what of theirs came into a deal."""
    plain = {
        carrier.id: judgement
        for carrier, (_, judgement) in zip(
            carriers(), judged(judge, carriers()), strict=True
        )
    }
    found: dict[str, list[str]] = {"gained": [], "lost": [], "taken": []}
    for has_deal in (False, True):
        rows = cases(places, has_deal=has_deal)
        results = judged(judge, [case.article for case in rows])
        for case, (reading, judgement) in zip(rows, results, strict=True):
            before = plain[case.carrier.id]
            if told(judgement) - told(before) and not has_deal:
                found["gained"].append(case.id)
            # A false alarm that goes is no loss.
            if has_deal and before.findings and not judgement.findings:
                found["lost"].append(case.id)
            start = reading.article.full_text.index(case.wording)
            end = start + len(case.wording)
            if has_deal and any(
                start <= item.span.start < end
                for finding in judgement.findings
                for item in finding.claims
            ):
                found["taken"].append(case.id)
    return found


def check(found: dict[str, list[str]], n: int, floors: dict[str, int]) -> None:
    print({name: f"{len(cases)} of {n}" for name, cases in found.items()})
    over = {name: cases for name, cases in found.items() if len(cases) > floors[name]}
    assert not over, over


@pytest.mark.timeout(1200)  # 540 articles
def test_an_instruction_gains_and_loses_nothing(judge):
    """Every wording once, in a carrier with a deal and in one without."""
    check(measure(judge, ("last",)), len(wordings()), FLOORS["once"])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_an_instruction_gains_and_loses_nothing_anywhere(judge):
    """Every wording at three places."""
    check(measure(judge, PLACES), 3 * len(wordings()), FLOORS["thrice"])
