"""What people press becomes gold, and may raise the threshold."""

from __future__ import annotations

import json

import pytest
from commands import here
from db_nouns import assessment
from fakes import FakeJudge
from told_deals import WHEN, Paper, sum_of, tell

from newsbot.adapters.db import open_store
from newsbot.adapters.db.labels import Label
from newsbot.evaluation.gold import read_gold
from newsbot.stages.assess import Judgement
from newsbot.stages.calibrate import Scored, held_to, propose, quality, settled
from newsbot.types import Calibration


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.toml").write_text('[database]\npath = "x.db"\n', "utf-8")
    return tmp_path


@pytest.fixture
def store(folder):
    opened = open_store(folder / "x.db")
    yield opened
    opened.close()


def told(store, n, probability=0.75, kind=None, users=(1,)):
    """A deal in one article, and what people say of it."""
    deal = tell(store, Paper(amounts=(sum_of(n + 1),), language="de"), id=f"{n:016x}")
    (finding,) = deal.findings
    judged = assessment(finding.article_id, probability=probability, assessed_at=WHEN)
    store.ledger.put_assessment(judged, [finding], ())
    for user in users if kind else ():
        store.labels.put(
            Label(deal_id=deal.id, user_id=user, kind=kind, labelled_at=WHEN)
        )
    return deal


def test_labels_become_gold_that_is_read(folder, store):
    """Yes and duplicate keep the deal, no makes a negative, a tie is left out."""
    told(store, 1, kind="yes")
    told(store, 2, kind="no")
    told(store, 3, kind="dup")
    told(store, 4)
    tied = told(store, 5, kind="yes")
    store.labels.put(Label(deal_id=tied.id, user_id=2, kind="no", labelled_at=WHEN))
    done = here(folder, "labels", "export", "--out", "labels.jsonl")
    assert (done.code, done.out) == (0, "")
    assert "3 articles of 3 labelled deals" in done.err
    articles = read_gold([folder / "labels.jsonl"])
    assert [len(one.deals) for one in articles] == [1, 0, 1]
    (deal,) = articles[0].deals
    assert [name for name, _ in deal.parties] == ["OpenAI", "Oracle"]
    assert deal.amounts[0].value == 2 * 10**9
    assert articles[0].language == "de"
    assert len(here(folder, "labels", "export").out.splitlines()) == 3


def test_evaluate_measures_on_exported_labels(folder, store):
    """The line that `newsbot evaluate` walks takes the exported file."""
    from newsbot.evaluation.report import Cost, report
    from newsbot.evaluation.run import predict
    from newsbot.stages.organisations import load_organisations
    from newsbot.stages.summarise import QuotingSummariser

    told(store, 1, kind="yes")
    told(store, 2, kind="no")
    here(folder, "labels", "export", "--out", "labels.jsonl")
    gold = read_gold([folder / "labels.jsonl"])
    gazetteer = load_organisations(())
    summariser = QuotingSummariser(gazetteer)
    made = predict(
        gold,
        FakeJudge("OpenAI", "Oracle"),
        summariser,
        gazetteer,
        progress=lambda _stage, _fraction: None,
    )
    cost = Cost(
        seconds=1, model="fake", model_calls=0, prompt_tokens=0, generated_tokens=0
    )
    assert report(made, gazetteer, cost)["articles"] == 2


def test_too_few_labels_are_refused(folder, store):
    """One line says how many there are and how many it takes."""
    told(store, 1, kind="yes")
    line = here(folder, "calibrate", "--apply").refused(2)
    assert "1 labelled deals (1 yes, 0 no) are too few: 20 are needed" in line
    assert store.ledger.calibration() is None


def test_calibrate_shows_and_takes_with_apply_alone(folder, store):
    """The proposal is shown; the ledger keeps it only when asked to."""
    for n in range(24):
        wrong = n % 3 == 0
        told(store, n, 0.55 if wrong else 0.8, kind="no" if wrong else "yes")
    done = here(folder, "calibrate", "--json")
    shown = json.loads(done.out)
    assert shown["labels"] == 24
    assert shown["before"] == {"threshold": 0.5, "precision": 0.6667, "recall": 1.0}
    assert shown["after"] == {"threshold": 0.675, "precision": 1.0, "recall": 1.0}
    assert store.ledger.calibration() is None
    assert here(folder, "calibrate", "--apply").code == 0
    assert store.ledger.calibration() == Calibration(threshold=0.675, assessor="head 1")
    info = json.loads(here(folder, "model", "info", "--json").out)
    assert info["calibrated"]["threshold"] == 0.675
    assert here(folder, "calibrate", "--reset").code == 0
    assert store.ledger.calibration() is None


def test_the_line_holds_a_judge_to_its_own_calibration():
    """Below it nothing is found any more; another judge goes by its own."""
    found = Judgement(assessment=assessment(probability=0.6), findings=(), dropped=())
    raised = Calibration(threshold=0.7, assessor="head 1")
    assert held_to(found, raised).assessment.threshold == 0.7
    assert not held_to(found, raised).assessment.is_deal
    other = Calibration(threshold=0.7, assessor="head 2")
    assert held_to(found, other) == held_to(found, None) == found
    lower = Calibration(threshold=0.3, assessor="head 1")
    assert held_to(found, lower) == found


def test_a_threshold_never_falls_and_ties_stay():
    """With nothing to gain the judge's own stays."""
    good = [Scored(probability=0.6 + n / 100, is_deal=True) for n in range(10)]
    now, best = propose(good, 0.5)
    assert now == best == quality(good, 0.5)
    bad = [Scored(probability=0.9, is_deal=False), *good]
    assert propose(bad, 0.5)[1].threshold == 0.5


def test_labels_follow_a_merged_deal(store):
    """A label of a deal that became part of another counts for that one."""
    one, other = told(store, 1, kind="yes"), told(store, 2, kind="no", users=(2, 3))
    store.ledger.absorb([other.id], one.id, WHEN)
    verdicts = settled((x.deal_id, x.kind) for x in store.labels.all())
    assert verdicts == {one.id: False}
