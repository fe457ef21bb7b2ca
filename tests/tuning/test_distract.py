"""Foreign paragraphs in an article: its own labels stay, and still read the same."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.evaluation.gold import GoldArticle, read_gold
from newsbot.tuning.corpus_files import corpus_files
from newsbot.tuning.distract import INSTRUCTED, distract, instruction

SEEDS = range(20)


@pytest.fixture(scope="module")
def articles() -> list[GoldArticle]:
    everything = read_gold(corpus_files([]))
    some = everything[:: len(everything) // 60]
    assert any(not article.deals for article in some)
    return some


@pytest.fixture(scope="module")
def distracted(articles) -> list[tuple[GoldArticle, GoldArticle]]:
    """Each article with what became of it under several seeds."""
    return [
        (article, distract(article, articles, Random(f"{seed}-{article.id}")))
        for article in articles
        for seed in SEEDS
    ]


def pieces(article: GoldArticle) -> list[str]:
    full = f"{article.title}\n\n{article.text}"
    return [full[span.start : span.end] for span in article.spans]


def test_labels_stay_and_spans_still_read_the_same(distracted):
    """Whatever is put in, and wherever, each span reads the sentence that it read."""
    for article, changed in distracted:
        assert changed.deals == article.deals
        assert [s.field for s in changed.spans] == [s.field for s in article.spans]
        assert pieces(changed) == pieces(article)
        bare = replace(changed, text="", spans=())
        assert bare == replace(article, text="", spans=())


def test_nothing_of_the_article_is_lost(distracted):
    """All its paragraphs are still there, whole and in their order."""
    for article, changed in distracted:
        rest = iter(changed.text.split("\n\n"))
        assert all(own in rest for own in article.text.split("\n\n"))


def test_some_articles_get_something_and_most_do_not(distracted):
    """Before, between and behind: about a fifth is changed, in all three ways."""
    changed = [(a, b) for a, b in distracted if a != b]
    assert 0.1 < len(changed) / len(distracted) < 0.35
    assert all(len(b.text) > len(a.text) for a, b in changed)
    ends = {(b.text.startswith(a.text), b.text.endswith(a.text)) for a, b in changed}
    assert ends >= {(True, False), (False, True), (False, False)}


def test_foreign_paragraphs_come_from_articles_without_a_deal(articles):
    """What is added is of the same language and reports no deal of its own."""
    n_seen = 0
    for article in articles[:20]:
        for seed in range(60):
            changed = distract(article, articles, Random(seed))
            own = article.text.split("\n\n")
            added = [p for p in changed.text.split("\n\n") if p not in own]
            sources = [
                o for o in articles if added and added[-1] in o.text.split("\n\n")
            ]
            for other in sources:
                n_seen += 1
                assert other.language == article.language
                assert not other.deals
    assert n_seen > 20


def test_alone_an_article_gets_no_foreign_paragraphs(articles):
    """Where every other article reports a deal or is of another language, none fit."""
    article = next(a for a in articles if a.deals)
    for seed in range(40):
        changed = distract(article, [article], Random(seed))
        own = article.text.split("\n\n")
        left = changed.text.split("\n\n")
        for paragraph in own:
            left.remove(paragraph)
        assert len(left) <= 2  # an instruction is one paragraph, and may come twice
        assert not set(left) & set(own)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**63), st.sampled_from(["de", "en"]))
def test_an_instruction_is_one_paragraph(seed, language):
    """It has words, no gap left to fill, no blank line; chance alone decides."""
    text = instruction(language, Random(seed))
    assert text == instruction(language, Random(seed))
    assert len(text.split()) > 3
    assert "\n\n" not in text
    assert not any(gap in text for gap in ("{deal}", "{main}", "{a}", "{b}", "{n}"))


def test_instructions_are_of_many_forms():
    """In either language hundreds of draws are hundreds of texts, now and then JSON."""
    for language in ("de", "en"):
        drawn = {instruction(language, Random(seed)) for seed in range(300)}
        assert len(drawn) > 280
        assert any(text.startswith("{") for text in drawn)
        assert any(text.startswith("<!--") for text in drawn)


def test_an_instruction_names_no_party(articles):
    """What an instruction claims is in no label: no party or sum of it is the deal's."""
    n_seen = n_twice = 0
    for article in articles:
        for seed in SEEDS:
            changed = distract(article, [], Random(f"{seed}-{article.id}"))
            if changed.text == article.text:
                continue
            n_seen += 1
            own = article.text.split("\n\n")
            orders = [p for p in changed.text.split("\n\n") if p not in own]
            assert 1 <= len(orders) <= 2
            n_twice += len(orders) == 2
            for added in orders:
                start = f"{changed.title}\n\n{changed.text}".index(added)
                end = start + len(added)
                assert all(s.end <= start or end <= s.start for s in changed.spans)
            assert changed.deals == article.deals
    assert n_seen > 50
    assert 0 < n_twice < n_seen / 5  # most are told once


def test_articles_without_a_deal_get_more_instructions(articles):
    """They are the fewer, and an order must tip none of them."""
    shares = {}
    for is_deal in (True, False):
        some = [article for article in articles if bool(article.deals) == is_deal]
        changed = [
            distract(article, [], Random(f"{seed}-{article.id}")).text != article.text
            for article in some
            for seed in range(2000 // len(some))
        ]
        shares[is_deal] = sum(changed) / len(changed)
        assert shares[is_deal] == pytest.approx(INSTRUCTED[is_deal], abs=0.05)
    assert shares[False] > 1.5 * shares[True]
