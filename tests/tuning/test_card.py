"""The model card: what an adapter says of how it came about."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

import pytest

pytest.importorskip("torch")

from fakes import NO_HEADS

from newsbot.evaluation.gold import read_gold
from newsbot.stages.heads import Thresholds
from newsbot.tuning.card import make_card
from newsbot.tuning.choose import Chosen
from newsbot.tuning.corpus_files import corpus_files, data_digest
from newsbot.tuning.train import Recipe

CHOSEN = Chosen(
    slope=1.0,
    shift=0.0,
    casting=NO_HEADS.casting,
    thresholds=Thresholds(
        article=0.5, party=0.5, amount=0.5, capacity=0.5, types=0.5, name=0.3
    ),
    figures={
        "party": {"auc": 0.912345678, "n": 12.0},
        "article": {"f1": 1 / 3, "n": 3.0},
    },
    reliability=[(0.1, 0.0, 2), (0.9, 1.0, 1)],
)


@pytest.fixture(scope="module")
def files():
    return corpus_files([])[:2]


def test_a_card_tells_data_recipe_and_figures(files):
    """How many articles of what, their digest, how it was tuned, how well it does."""
    corpus = read_gold(files)
    card = make_card(CHOSEN, Recipe(epochs=7), corpus, files)
    assert card["articles"] == len(corpus)
    assert card["with_deals"] == sum(bool(article.deals) for article in corpus)
    assert 0 < card["with_deals"] < card["articles"]
    assert card["languages"] == dict(Counter(article.language for article in corpus))
    assert card["data"] == data_digest(files)
    assert card["recipe"] == asdict(Recipe(epochs=7))
    assert card["held_out"]["party"] == {"auc": 0.9123, "n": 12}
    assert list(card["held_out"]) == ["article", "party"]
    assert card["reliability"] == [[0.1, 0.0, 2], [0.9, 1.0, 1]]
    assert card["known_failures"]
    assert "Gemma Terms of Use" in card["base"]


def test_a_card_names_its_base(files):
    """Tuned on a base of one's own, it says so and claims nothing of Gemma's."""
    card = make_card(CHOSEN, Recipe(), read_gold(files), files, base="own-1b")
    assert card["base"] == "own-1b"
    assert "Gemma" not in json.dumps(card)


def test_a_card_survives_the_file(files):
    """It is plain JSON: written into an adapter and read again it is the same."""
    card = make_card(CHOSEN, Recipe(), read_gold(files), files)
    assert json.loads(json.dumps(card)) == card


def test_no_corpus_makes_an_empty_card():
    """Nothing to count is no error."""
    card = make_card(CHOSEN, Recipe(), [], [])
    assert (card["articles"], card["with_deals"], card["languages"]) == (0, 0, {})
