"""Learning the second reader: from labelled articles to words that count."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from newsbot.evaluation.gold import read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import read_article
from newsbot.stages.word_heads import PARTY, SUM
from newsbot.tuning.corpus_files import corpus_files
from newsbot.tuning.labelled import with_labelled
from newsbot.tuning.word_heads import LEAST, SHARE, Read, learn_words, rows_of
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES

GAZETTEER = load_organisations()
FILLER = "the of a in and to on for with by".split()


def rows(n: int, words: dict[str, int], n_classes: int, seed: int = 1) -> list[Read]:
    """Texts of filler with one word that tells the class, and one that nobody knows."""
    rng = Random(seed)
    made = []
    for number in range(n):
        word, right = list(words.items())[number % len(words)]
        text = [*rng.choices(FILLER, k=8), word, f"rare{seed}-{number}"]
        made.append(
            Read(
                words=tuple(text),
                right=tuple(k == right for k in range(n_classes)),
            )
        )
    return made


@pytest.mark.parametrize("name", ["types", "amount_kind"])
def test_words_that_tell_are_learned(name):
    """Other texts with the same telling words are read rightly; rare words are left out."""
    words = {"invests": 0, "rents": 1, "total": 2}
    learned = learn_words({name: rows(90, words, 3)})[name]
    for row in rows(30, words, 3, seed=2):
        scores = learned.scores(row.words)
        assert row.right[int(scores.argmax())]
        if name == "types":
            assert [score > 0 for score in scores] == list(row.right)
    assert set(learned.vocabulary) == {*FILLER, *words}
    assert learned.weights.shape == (3, len(learned.vocabulary))
    np.testing.assert_array_equal(
        learned.weights, learned.weights.astype(np.float16).astype(np.float32)
    )


def test_a_share_of_the_scores_is_what_counts(monkeypatch):
    """What is kept is the share of what was learned, weights and bias alike."""
    told = {"types": rows(60, {"invests": 0, "rents": 1}, 2)}
    half = learn_words(told)["types"]
    monkeypatch.setitem(SHARE, "types", 2 * SHARE["types"])
    whole = learn_words(told)["types"]
    text = ["rents", "the"]
    assert whole.scores(text) == pytest.approx(2 * half.scores(text), rel=1e-2)


def test_nothing_is_learned_of_nothing():
    """Without a row there is no reader; with too few texts it knows no word."""
    assert learn_words({"types": [], "amount_kind": []}) == {}
    few = learn_words({"types": rows(LEAST - 1, {"rents": 0}, 2)})["types"]
    assert few.vocabulary.keys() <= set(FILLER)
    assert np.isfinite(few.scores(["rents"])).all()


def test_how_often_articles_tell_of_several_deals_is_no_word():
    """Words that say nothing leave the odds as they are, however rare two deals are."""
    told = [
        Read(words=(*FILLER, "zwei" if number % 6 == 0 else "ein"), right=(one,))
        for number in range(120)
        for one in [number % 6 == 0]
    ]
    reader = learn_words({"several": told})["several"]
    nothing = float(reader.scores([])[0])
    assert float(reader.scores(["zwei"])[0]) > nothing + 1
    assert float(reader.scores(["ein"])[0]) < nothing
    mixed = [replace(row, words=tuple(FILLER)) for row in told]
    reader = learn_words({"several": mixed})["several"]
    assert float(reader.scores(FILLER)[0]) == pytest.approx(0, abs=0.1)


def test_articles_of_three_parties_tell_how_many_deals_they_have():
    """An article of two parties has one deal: there is nothing to learn."""
    articles = [
        one for file in corpus_files([])[:3] for one in read_gold([file]) if one.deals
    ]
    n_rows = 0
    for article in articles[:60]:
        reading = read_article(as_article(article), GAZETTEER)
        found = rows_of(article, with_labelled(article, reading, GAZETTEER), GAZETTEER)
        names = {name for deal in article.deals for name, _ in deal.parties}
        assert bool(found["several"]) == (len(names) >= 3)
        for row in found["several"]:
            assert row.right == (len(article.deals) > 1,)
            assert PARTY in row.words
            n_rows += 1
        parties = [roles for deal in article.deals for _, roles in deal.parties]
        assert [
            {role for role, plays in zip(ROLES, row.right, strict=True) if plays}
            for row in found["roles"]
        ] == [set(roles) for roles in parties]
    assert n_rows >= 5


def test_labelled_articles_give_a_row_for_each_deal_and_most_sums():
    """Rows stand in the order of the deals, with their answers and no party's name."""
    (path, *_) = corpus_files([])
    articles = [one for one in read_gold([path]) if one.deals][:40]
    n_sums = n_found = 0
    for article in articles:
        reading = read_article(as_article(article), GAZETTEER)
        found = rows_of(article, with_labelled(article, reading, GAZETTEER), GAZETTEER)
        assert [
            {type_ for type_, is_it in zip(DEAL_TYPES, row.right, strict=True) if is_it}
            for row in found["types"]
        ] == [set(deal.types) for deal in article.deals]
        assert all(PARTY in row.words for row in found["types"])
        assert all(SUM in row.words for row in found["amount_kind"])
        assert all(sum(row.right) == 1 for row in found["amount_kind"])
        assert {len(row.right) for row in found["amount_kind"]} <= {len(AMOUNT_KINDS)}
        n_sums += sum(len(deal.amounts) for deal in article.deals)
        n_found += len(found["amount_kind"])
    assert n_found >= 0.9 * n_sums > 20
