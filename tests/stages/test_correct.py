"""What a newer text takes back, and what it only says again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from db_nouns import article, finding
from fakes import GAZETTEER

from newsbot.stages.correct import heirs, newer_version, taken_over
from newsbot.types import Party, Span

SAYS = "Nvidia and OpenAI agree on chips."
BEFORE = article(title="Chips", text=f"{SAYS} It was sunny.", language="en")


def span(text, words):
    start = text.index(words)
    return Span(article_id=BEFORE.id, start=start, end=start + len(words))


def told(*names, name="a"):
    """A finding that names these, each in the sentence of the article."""
    text = BEFORE.full_text
    quote = span(text, SAYS)
    parties = tuple(
        Party(name=one, roles=("partner",), span=span(text, "OpenAI"), quote=quote)
        for one in names
    )
    return finding(name, parties=parties, status_quote=quote)


@pytest.mark.parametrize(
    ("changes", "is_newer"),
    [
        ({"text": f"{SAYS} It rained."}, True),
        ({"title": "No chips"}, True),
        ({"text": f"{SAYS}\n\n  It was\tsunny."}, False),
        ({"author": "Someone else"}, False),
        ({"text": "Short.", "text_origin": "summary"}, False),
    ],
)
def test_what_is_a_newer_version(changes, is_newer):
    """Words count; white space, an author and a page that is gone do not."""
    found = newer_version(replace(BEFORE, **changes), BEFORE)
    assert (found is not None) == is_newer
    if found is not None:
        assert found.id != BEFORE.id
        assert newer_version(found, found) is None


def test_a_feeds_own_words_may_be_edited_where_there_is_no_page():
    """Where the summary stood in before, its edit is the article's."""
    known = replace(BEFORE, text_origin="summary")
    found = newer_version(replace(known, text="Other words."), known)
    assert found.text == "Other words."


def test_heirs_share_the_most_parties_first():
    """Two deals of one article find their places; what is told no more finds none."""
    older = [told("Nvidia", "OpenAI"), told("Nvidia", "Oracle", name="b")]
    newer = [told("Nvidia", "Oracle", name="c"), told("Mistral AI", "SAP", name="d")]
    assert heirs(older, newer, GAZETTEER) == {"finding-b": newer[0]}
    assert heirs([], newer, GAZETTEER) == heirs(older, [], GAZETTEER) == {}


def test_a_finding_moves_with_its_sentence():
    """Its places are those of the same words, farther down."""
    after = replace(BEFORE, id="article-b", text=f"Today it rained. {SAYS}")
    moved = taken_over(told("OpenAI"), BEFORE, after)
    (party,) = moved.parties
    assert after.full_text[party.span.start : party.span.end] == "OpenAI"
    assert after.full_text[party.quote.start : party.quote.end] == SAYS
    assert {party.span.article_id, moved.article_id} == {"article-b"}
    assert moved.id != told("OpenAI").id


@pytest.mark.parametrize(
    "text",
    [
        SAYS.replace("agree", "do not agree"),
        f"{SAYS} Correction: they do not.",
        f"{SAYS} Korrektur: In einer früheren Fassung stand es anders.",
        f"{SAYS} Der Bericht wurde zurückgezogen.",
        "",
    ],
)
def test_what_is_taken_back_does_not_move(text):
    """An edited sentence, or a word of correction, in either language."""
    assert taken_over(told("OpenAI"), BEFORE, replace(BEFORE, text=text)) is None
