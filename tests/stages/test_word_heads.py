"""The second reader: words and pairs of the sentences that state a deal or a sum."""

from __future__ import annotations

import time

import numpy as np
import pytest
import texts
from fakes import GAZETTEER, NOW

from newsbot.stages.reading import Reading, read_article
from newsbot.stages.word_heads import (
    OTHER_SUM,
    PARTY,
    SUM,
    WordHead,
    weighed,
    words_of_article,
    words_of_deal,
    words_of_sum,
)
from newsbot.types import Article

TEXT = (
    "Anthropic rents 12,000 chips from Oracle for $3 billion and puts $500 million into "
    "a hall. Nvidia shares rose."
)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_article(
        Article(
            id="a",
            entry_id="e",
            url="https://example.org/a",
            title="A contract",
            text=TEXT,
            language="en",
            published_at=NOW,
            site="example.org",
            author=None,
            text_origin="page",
            fingerprint=0,
        ),
        GAZETTEER,
    )


def test_names_of_parties_are_no_words(reading):
    """What a deal is does not hang on who signs it; digits are one as another."""
    where = reading.sentence_index(reading.article.full_text.index("Anthropic"))
    words = words_of_deal(reading, [where, where], {"Anthropic", "Oracle"})
    single = [word for word in words if " " not in word]
    assert single[:6] == [PARTY, "rents", "00", "000", "chips", "from"]
    assert single.count(PARTY) == 2
    assert not {"anthropic", "oracle", "nvidia", "rose"} & set(single)
    assert f"{PARTY} rents" in words
    assert "rents 00" in words
    assert words_of_deal(reading, [], {"Anthropic"}) == []
    assert "anthropic" in words_of_deal(reading, [where], ())


def test_a_sum_has_its_place_among_the_words(reading):
    """The sum asked about is told from others of its sentence."""
    first, second = reading.money
    words = words_of_sum(reading, first, {"Oracle"})
    assert f"for {SUM}" in words
    assert f"puts {OTHER_SUM}" in words
    assert f"{OTHER_SUM} into" in words
    assert f"puts {SUM}" in words_of_sum(reading, second, ())


def head(*weights: float) -> WordHead:
    words = ("rents", "puts", "shares")
    return WordHead(
        vocabulary={word: n for n, word in enumerate(words)},
        rarity=np.array([1, 2, 2], np.float32),
        weights=np.array([weights], np.float32),
        bias=np.array([0.25], np.float32),
    )


def test_scores_are_those_of_a_vector_of_unit_length():
    """Counts by their logarithm, times rarity; what is unknown counts nothing."""
    assert head(4, 0, 0).scores(["rents", "none"]) == pytest.approx([4.25])
    assert head(3, 4, 9).scores(["rents", "puts"]) == pytest.approx(
        [11 / 5**0.5 + 0.25]
    )
    for nothing in ([], ["none"]):
        assert head(4, 4, 4).scores(nothing) == pytest.approx([0.25])
    places, values = weighed(
        ["puts", "rents", "puts"], head(0, 0, 0).vocabulary, head(0, 0, 0).rarity
    )
    assert places.tolist() == [1, 0]
    assert np.linalg.norm(values) == pytest.approx(1)
    assert values[0] / values[1] == pytest.approx(2 * (1 + np.log(2)))


def test_a_long_article_of_names_is_read_in_linear_time():
    """Ten times the names take about ten times as long, not a hundred times."""

    def seconds(n: int) -> float:
        reading = texts.read("Oracle mietet bei Zwirbelwerk für 3 Mio. Euro. " * n)
        names = {mention.name for mention in reading.organisations}
        started = time.perf_counter()
        words = words_of_article(reading, names)
        taken = time.perf_counter() - started
        assert words.count(PARTY) == len(reading.organisations)
        return taken

    seconds(20)
    assert seconds(1_000) < 60 * max(seconds(100), 1e-3)
