"""What labels name is found, also where rules overlook it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from newsbot.evaluation.gold import GoldArticle, GoldDeal
from newsbot.evaluation.run import as_article
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.words import tokens
from newsbot.tuning.labelled import (
    N_CAPITALS,
    NAMED,
    PLAIN,
    UNCLEAR,
    named_words,
    some_capitals,
    with_labelled,
)

GAZETTEER = load_organisations()


def gold(text: str, *names: str, others: tuple[str, ...] = ()) -> GoldArticle:
    deal = GoldDeal(
        story="s",
        status="announced",
        types=("compute_purchase",),
        parties=tuple((name, ("partner",)) for name in names),
        amounts=(),
        capacity=(),
        not_parties=others,
    )
    return GoldArticle(
        id="c-1",
        url="https://example.org",
        source="Blatt",
        published_at=datetime(2026, 3, 2, tzinfo=UTC),
        language="de",
        title="",
        text=text,
        deals=(deal,),
        spans=(),
    )


def read(article: GoldArticle) -> Reading:
    return with_labelled(
        article, read_article(as_article(article), GAZETTEER), GAZETTEER
    )


def places(article: GoldArticle) -> list[tuple[str, str]]:
    reading = read(article)
    full = reading.article.full_text
    return [(full[m.start : m.end], m.name) for m in reading.organisations]


def words(article: GoldArticle) -> dict[str, int]:
    reading = read(article)
    cut = tokens(reading.article.full_text)
    said = named_words(article, reading, cut, GAZETTEER)
    return {word.text: kind for word, kind in zip(cut, said, strict=True)}


def test_labelled_names_are_found_in_every_form():
    """In lower case, with a lead, by their short form, in the genitive, in capitals."""
    text = "talwerk rechnet bei Stadtwerke Zelmar. Zelmars Hallen stehen. TALWERK SCHWEIGT."
    assert places(gold(text, "talwerk", "Stadtwerke Zelmar")) == [
        ("talwerk", "talwerk"),
        ("Stadtwerke Zelmar", "Stadtwerke Zelmar"),
        ("Zelmar", "Stadtwerke Zelmar"),
        ("TALWERK", "talwerk"),
    ]


def test_a_label_wins_over_a_guess_and_a_listed_name_over_both():
    """The rules may cut a name wrongly; what the list knows stands."""
    text = "Der Anbieter Halle Nebel beliefert Oracle. Nebel Oracle schweigt."
    assert ("Halle Nebel", "Halle Nebel") in places(gold(text, "Halle Nebel", "Oracle"))
    assert places(gold(text, "Nebel Oracle", "Oracle"))[-1] == ("Oracle", "Oracle")


def test_a_part_of_a_longer_word_is_no_name():
    """ "Turm" does not stand in "Turmbau" nor in "Eckturm"."""
    text = "Turm baut. Der Turmbau und der ECKTURM schweigen, auch Turms Chef."
    found = places(gold(text, "Turm", "Oracle"))
    assert found == [("Turm", "Turm"), ("Turm", "Turm")]


def test_words_are_part_of_a_name_or_not():
    """Labelled and listed names count; guesses that no label confirms are left open."""
    text = "Oracle und nimbl rechnen. Der KI-Entwickler Zelvaro schweigt, sagt Azure."
    said = words(gold(text, "nimbl", "Oracle"))
    assert said["Oracle"] == said["nimbl"] == NAMED
    assert said["rechnen"] == said["Der"] == said["."] == PLAIN
    assert said["Zelvaro"] == UNCLEAR
    assert said["Azure"] == UNCLEAR  # a product is its maker's, and no name


def test_bystanders_of_the_labels_are_names_too():
    """Not agreeing is no reason to have no name."""
    article = gold("nimbl und brygg reden.", "nimbl", others=("brygg",))
    assert words(article)["brygg"] == NAMED


def test_some_capitals_are_no_names():
    """A few of those that stand in no name, and the same ones for the same chance."""
    article = gold(
        "Oracle mietet. Hallen, Strom und Kabel kommen aus Bremen.", "Oracle"
    )
    reading = read(article)
    cut = tokens(reading.article.full_text)
    found = some_capitals(reading, cut, Random(2))
    assert found == some_capitals(reading, cut, Random(2))
    assert len(found) == N_CAPITALS
    assert {one.name for one in found} <= {"Hallen", "Strom", "Kabel", "Bremen"}
    few = read(replace(article, text="Oracle mietet."))
    assert some_capitals(few, tokens(few.article.full_text), Random(2)) == []
