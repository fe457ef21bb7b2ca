"""Tuning end to end on a few articles, with an encoder of plain numbers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from newsbot.adapters.head_file import load_heads, save_heads
from newsbot.evaluation.gold import GoldArticle, read_gold
from newsbot.evaluation.run import as_article
from newsbot.ports import Encoded
from newsbot.stages.assess import HeadJudge
from newsbot.stages.heads import EXCLUSIVE, NAMES
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import read_article
from newsbot.tuning.corpus_files import corpus_files
from newsbot.tuning.tune import Tuned, as_head_set, tune

GAZETTEER = load_organisations()
NOW = datetime(2026, 3, 2, tzinfo=UTC)
WIDTH = 6


class WordHashes:
    """An encoder whose states are hashes of the words: always the same, and cheap."""

    id = "word-hashes"

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> Encoded:
        words = list(re.finditer(r"\S+", text))
        states = [
            np.frombuffer(hashlib.sha256(word[0].encode()).digest()[:WIDTH], np.uint8)
            for word in words
        ]
        return Encoded(
            states=(np.array(states, dtype=np.float32).reshape(-1, WIDTH) - 128) / 64,
            offsets=np.array([word.span() for word in words], dtype=np.int64).reshape(
                -1, 2
            ),
        )


@pytest.fixture(scope="module")
def corpus() -> list[GoldArticle]:
    """A few articles of the repository's corpus: both classes, both languages."""
    some = read_gold(corpus_files([]))[::14]
    assert len(some) >= 30
    assert {bool(article.deals) for article in some} == {True, False}
    assert {article.language for article in some} == {"de", "en"}
    # A party that rules do not see in the text costs a row, not the run.
    deal = next(article for article in some if article.deals)
    parties = (("Nirgendwo", ("customer",)), ("Niemand", ("provider",)))
    lost = replace(deal, id="lost", deals=(replace(deal.deals[0], parties=parties),))
    return [*some, lost]


def tuned(corpus: Sequence[GoldArticle]) -> tuple[Tuned, list[float]]:
    shares: list[float] = []
    made = tune(
        corpus,
        WordHashes(),
        GAZETTEER,
        progress=lambda _stage, share: shares.append(share),
    )
    return made, shares


@pytest.fixture(scope="module")
def made(corpus) -> tuple[Tuned, list[float]]:
    return tuned(corpus)


def test_every_head_is_tuned_and_measured(made):
    """Each head is there with finite numbers and held-out figures in [0, 1]."""
    result, shares = made
    assert set(result.heads) == set(NAMES) == set(result.figures)
    for name in NAMES:
        head = result.heads[name]
        assert head.exclusive == (name in EXCLUSIVE)
        assert np.isfinite(head.weights).all()
        figures = dict(result.figures[name])
        assert figures.pop("n") > 0
        assert figures
        assert all(0 <= value <= 1 for value in figures.values()), (name, figures)
    for threshold in (
        result.threshold,
        result.party_threshold,
        result.amount_threshold,
    ):
        assert 0 < threshold < 1
    assert all(0 <= share <= 1 for share in shares)


def test_the_figures_are_held_out(made):
    """Cues alone tell deals from the rest better than chance on unseen stories."""
    result, _ = made
    assert 0.6 < result.figures["article"]["auc"] < 1
    assert 0.6 < result.figures["party"]["auc"] < 1


def test_the_same_corpus_gives_the_same_heads(corpus, made, tmp_path):
    """Tuned twice and saved twice, the files are equal byte for byte."""
    again, _ = tuned(corpus)
    files = []
    for number, one in enumerate((made[0], again)):
        path = tmp_path / str(number)
        card = json.dumps(
            {name: dict(figures) for name, figures in one.figures.items()}
        )
        save_heads(as_head_set(one, base="b", layer=3), path, card=card)
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_tuned_heads_judge(corpus, made, tmp_path):
    """What was saved judges as what was tuned, and knows its own corpus well."""
    heads = as_head_set(made[0], base="b", layer=3)
    path: Path = tmp_path / "heads.safetensors"
    save_heads(heads, path, card="{}")
    readings = [read_article(as_article(one), GAZETTEER) for one in corpus]
    before, after = (
        HeadJudge(WordHashes(), one, GAZETTEER).judge(readings, NOW)
        for one in (heads, load_heads(path, base="b"))
    )
    for a, b in zip(before, after, strict=True):
        assert a.findings == b.findings
        assert a.assessment.probability == b.assessment.probability
    right = [
        judgement.assessment.is_deal == bool(article.deals)
        for article, judgement in zip(corpus, after, strict=True)
    ]
    assert sum(right) / len(right) > 0.8


def test_the_order_of_the_corpus_moves_no_article_to_another_fold(corpus, made):
    """Folds go by story: the figures of a shuffled corpus are the same."""
    shuffled, _ = tuned(list(reversed(corpus)))
    for name in ("article", "party"):
        for figure, value in made[0].figures[name].items():
            assert shuffled.figures[name][figure] == pytest.approx(value, abs=0.02)
