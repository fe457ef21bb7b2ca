"""Articles without a deal: what they are about, told in own words that all hold."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from corpus_findings import read as corpus_reading
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import GAZETTEER, read

from newsbot.evaluation.gold import read_gold
from newsbot.stages.about import find_topic
from newsbot.stages.about_figures import told_figures
from newsbot.stages.about_people import find_persons
from newsbot.stages.about_telling import tell_about
from newsbot.stages.about_words import load_topics, words
from newsbot.stages.extract import detect_language
from newsbot.stages.quoting import is_quoted
from newsbot.stages.reading import Reading
from newsbot.stages.summarise import MAX_SENTENCES, QuotingSummariser, about_summary
from newsbot.stages.summary_check import check_summary
from newsbot.stages.summary_figures import check_figures
from newsbot.stages.summary_names import check_names
from newsbot.tuning.corpus_files import corpus_files
from newsbot.vocabulary import LANGUAGES, Language

NOW = datetime(2026, 3, 2, tzinfo=UTC)
#: Of the corpus's articles without a deal every so many is told here.
STEP = 25
OTHER: dict[str, Language] = {"de": "en", "en": "de"}


def told(title: str, text: str, language: str, asked: Language | None = None) -> str:
    reading = read(text, title=title, language=language)
    summary = about_summary(reading, GAZETTEER, NOW, language=asked)
    assert summary is not None
    assert not check_summary(summary.text, reading, GAZETTEER, language=asked)
    return summary.text


@pytest.fixture(scope="module")
def corpus() -> list[Reading]:
    articles = [one for one in read_gold(corpus_files([])) if not one.deals]
    assert len(articles) > 1000
    return [corpus_reading(one, GAZETTEER) for one in articles[::STEP]]


# the corpus


def test_every_summary_of_the_corpus_holds_before_the_check(corpus):
    """No figure, name or language is wrong in either language; most quote nothing."""
    counts: Counter[str] = Counter()
    for reading in corpus:
        own = reading.article.language
        (summary,) = QuotingSummariser(GAZETTEER).summarise([reading], [()], NOW)
        counts["n"] += 1
        counts["sentences"] += len(summary.sentences)
        counts["quoted"] += sum(one.quoted for one in summary.sentences)
        counts["all quoted"] += summary.quoted
        assert 1 <= len(summary.sentences) <= MAX_SENTENCES
        assert not check_figures(summary.text, reading, own)
        assert not check_names(summary.text, reading, GAZETTEER)
        assert detect_language(summary.text) == own
        for sentence in summary.sentences:
            assert sentence.quoted or not is_quoted(
                sentence.text, reading.article.full_text
            )
    assert counts["n"] > 40
    assert counts["all quoted"] <= 0.1 * counts["n"]
    assert counts["quoted"] <= 0.1 * counts["sentences"]


def test_readers_of_the_other_language_are_told_without_quotes(corpus):
    """In the other language every sentence is our own, and the check passes."""
    n_told = 0
    for reading in corpus:
        asked = OTHER[reading.article.language]
        summary = about_summary(reading, GAZETTEER, NOW, language=asked)
        if summary is None:
            continue
        n_told += 1
        assert summary.language == asked
        assert not any(sentence.quoted for sentence in summary.sentences)
        assert not check_summary(summary.text, reading, GAZETTEER, language=asked)
        assert detect_language(summary.text) == asked
    assert n_told > 0.8 * len(corpus)


def test_planted_figures_are_found_in_what_is_told(corpus):
    """A figure with one digit changed, in a sentence of ours, does not pass."""
    n_planted = n_found = 0
    for reading in corpus:
        own: Language = "de" if reading.article.language == "de" else "en"
        for figure in told_figures(reading, own)[:2]:
            digits = [n for n, sign in enumerate(figure.text) if sign in "2345678"]
            if not digits:
                continue
            at = digits[0]
            wrong = f"{figure.text[:at]}9{figure.text[at + 1 :]}"
            if wrong in reading.article.full_text:
                continue
            way = "Der Text nennt {}." if own == "de" else "The figures include {}."
            n_planted += 1
            n_found += bool(check_summary(way.format(wrong), reading, GAZETTEER))
    assert n_planted > 30
    assert n_found >= 0.95 * n_planted


# what is told


def test_a_takeover_says_who_takes_over_whom():
    """By the verb between two names, in either language and for either reader."""
    english = ("Oracle acquires CoreWeave", "Oracle acquires CoreWeave for $9 billion.")
    german = (
        "Oracle übernimmt CoreWeave",
        "Oracle übernimmt CoreWeave für 9 Mrd. Euro.",
    )
    assert "the takeover of CoreWeave by Oracle" in told(*english, "en")
    assert "die Übernahme von CoreWeave durch Oracle" in told(*english, "en", "de")
    assert "die Übernahme von CoreWeave durch Oracle" in told(*german, "de")
    assert "the takeover of CoreWeave by Oracle" in told(*german, "de", "en")


@pytest.mark.parametrize(
    "lead",
    [
        "Oracle will not say whether it acquires CoreWeave.",
        "Oracle is in talks to acquire CoreWeave for $9 billion.",
        "Oracle denied that it acquired CoreWeave for $9 billion.",
    ],
)
def test_what_is_not_done_is_not_told_as_done(lead):
    """Talks, questions and denials name no buyer."""
    text = told(
        "Oracle and CoreWeave", f"{lead} Shares rose on Monday in New York.", "en"
    )
    assert "takeover of" not in text


def test_a_sum_is_told_with_what_stands_beside_it():
    """Revenue, loss and staff keep their meaning, currency and bound."""
    text = told(
        "Larchway narrows its loss",
        "Larchway Systems reported quarterly revenue of up to $96 million. It lost $18 "
        "million in the quarter and employs 1,200 people in Ohio and Texas.",
        "en",
        "de",
    )
    assert "einen Umsatz von bis zu 96 Mio. US-Dollar" in text
    assert "einen Verlust von 18 Mio. US-Dollar" in text
    assert "1.200 Menschen" in text
    assert "Geschäftszahlen" in text


def test_figures_of_a_denied_report_are_left_out():
    """What an article only denies is told as a denial, without its sums."""
    text = told(
        "Continental: Kein Vertrag mit Mistral",
        "Continental hat einen Medienbericht zurückgewiesen, wonach der Zulieferer für "
        "90 Millionen Euro Modelle von Mistral AI nutzt. „Es gibt keinen Vertrag“, sagte "
        "ein Sprecher am Montag in Hannover.",
        "de",
    )
    assert "ein Dementi" in text
    assert "90" not in text
    assert "einen Vertrag" not in text


def test_an_office_stands_before_its_holder_or_is_translated():
    """Who speaks is named with the office; the other language gets no gender."""
    text = (
        "Nscale reported a profit of $4 million for the quarter in London. "
        '"We are on track," chief executive Bram Oyelaran said on Monday.'
    )
    assert "it quotes chief executive Bram Oyelaran" in told("Nscale", text, "en")
    other = told("Nscale", text, "en", "de")
    assert "zitiert wird Bram Oyelaran (Unternehmensleitung)" in other


def test_persons_without_an_office_are_nobody():
    """A bare name is not made a speaker, nor a company one."""
    reading = read("Jane Miller said so. Jane Miller laughed about Oracle.")
    assert find_persons(reading) == []


def test_opinion_is_called_opinion():
    """A column is told as one, not as news."""
    text = told(
        "Kommentar: Europas Chips",
        "Die Chips von Nvidia stehen in Hallen aus Beton. Es fehlt an Strom und an Mut.",
        "de",
    )
    assert text.startswith("Der Text ist ein Meinungsbeitrag; es geht um")


def test_guessed_names_need_words_around_them():
    """A noun, a person and a place at the start of sentences are no organisations."""
    reading = read(
        "Görlitz wartet. In Görlitz friert man. Füße frieren. Kalte Füße hat Birte. "
        "Der Rechnervermieter Pflug liefert Chips an Kunden. Pflug wächst.",
        title="Füße und Görlitz",
        language="de",
    )
    topic = find_topic(reading)
    named = {actor.party.name for actor in (*topic.main, *topic.others)}
    assert named == {"Pflug"}


def test_where_nothing_can_be_told_one_sentence_is_quoted():
    """It stands in quotation marks, says that it is a quote, and is marked as one."""
    title, text = "Still", "Am Rand lag noch etwas und keiner hob es auf."
    (summary,) = QuotingSummariser(GAZETTEER).summarise(
        [read(text, title=title, language="de")], [()], NOW
    )
    assert summary.text == f"Der Artikel beginnt so: „{text}“"
    assert summary.quoted
    assert summary.writer == "quotes"
    assert (
        about_summary(
            read(text, title=title, language="de"), GAZETTEER, NOW, language="en"
        )
        is None
    )


def test_an_article_without_a_body_still_has_a_summary():
    """The title stands in, as before."""
    (summary,) = QuotingSummariser(GAZETTEER).summarise(
        [read("", title="Title")], [()], NOW
    )
    assert summary.text == "Title"
    assert summary.quoted


# the words


def test_the_packaged_words_are_complete():
    """Every row has both languages and words; figures' names hold no figure."""
    topics = load_topics()
    keys = [kind.key for kind in topics.kinds]
    assert len(set(keys)) == len(keys) > 30
    assert {bond.key for bond in topics.bonds} <= set(keys)
    rows = (*topics.subjects, *topics.sums, *topics.counts, *topics.offices)
    for row in (*rows, *topics.points, *topics.kinds):
        for language in LANGUAGES:
            assert row.named[language]
            assert not any(sign.isdigit() for sign in row.named[language])
    for row in (*rows, *topics.points):
        assert not any(row.words[language].search("") for language in LANGUAGES)
    assert words([]).search("anything") is None


# any text

_PIECES = st.sampled_from(
    [
        "Oracle", "Microsoft", "CoreWeave", "Pflug", "übernimmt", "acquires", "sues",
        "verklagt", "nicht", "not", "soll", "may", "Umsatz von", "revenue of",
        "30 Milliarden Euro", "$4.5 billion", "up to", "bis zu", "2 GW", "800 GPUs",
        "1.200 Beschäftigte", "34 Prozent der Befragten", "am 17. Mai", "on 3 June",
        "Sprecherin Eva Kern sagte", "chief executive Jo Park said", "Studie", "court",
        "Rechenzentrum", "data centre", "„", "“", '"', ",", ".", ". ", "\n\n", "?", "(",
        "\u202e", "\x00", "{}", "{a}", "<b>", "https://x.example", "über", "and", "die",
    ]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    title=st.lists(_PIECES, max_size=8).map(" ".join),
    text=st.lists(_PIECES, max_size=50).map(" ".join),
    language=st.sampled_from(LANGUAGES),
    asked=st.sampled_from(LANGUAGES),
)
def test_the_check_passes_on_every_output(title, text, language, asked):
    """Whatever the article, what is told of it passes, or nothing is told."""
    reading = read(text, title=title or "T", language=language)
    summary = about_summary(reading, GAZETTEER, NOW, language=asked)
    if summary is not None:
        assert not check_summary(summary.text, reading, GAZETTEER, language=asked)
        assert summary == about_summary(reading, GAZETTEER, NOW, language=asked)
        assert summary.language == asked


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
@settings(max_examples=60, deadline=None)
def test_any_characters_are_survived(text, language):
    """No text breaks the telling, whatever stands in it."""
    reading = read(text, title="T", language=language)
    sentences = tell_about(reading, language, lambda _: True)
    assert len(sentences) <= MAX_SENTENCES
    assert all(sentence.endswith(".") for sentence in sentences)
