"""The gate loses no deal, explains itself, and costs next to nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import texts

from newsbot.stages.gate import _AGREEMENTS, _TOPICS, MAX_WORDS, beginnings, gate
from newsbot.stages.mentions import find_unknown
from newsbot.stages.organisations import load_organisations
from newsbot.types import OrganisationMention

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT / "newsbot" / "tuning" / "corpus").glob("*.jsonl"))
LABELLED = [
    *CORPUS,
    ROOT / "newsbot" / "demo" / "articles.jsonl",
    *sorted((ROOT / "tests" / "evals" / "gold").glob("*.jsonl")),
]
GAZETTEER = load_organisations()
SOMEBODY = (OrganisationMention(name="Nvidia", kind="name", start=0, end=6),)


def article(text, title="", language="de"):
    return texts.article(text, title=title, language=language)


def decide(one):
    known = GAZETTEER.find(one.full_text)
    return gate(one, [*known, *find_unknown(one.full_text, known)])


def records(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def passes(text):
    return gate(article(text), SOMEBODY).passed


@pytest.mark.parametrize("path", LABELLED, ids=lambda path: path.stem)
def test_no_deal_is_lost(path):
    """Every labelled article with a deal passes, in training, demo and gold files."""
    deals = [one for one in records(path) if one["deals"]]
    assert deals
    lost = [
        (one["id"], decision.reason)
        for one in deals
        if not (
            decision := decide(article(one["text"], one["title"], one["language"]))
        ).passed
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("vocabulary", "phrase"),
    [
        (_TOPICS, "A.I."),
        (_TOPICS, "a.i"),
        (_TOPICS, "Artificial\nIntelligence"),
        (_TOPICS, "MACHINE LEARNING"),
        (_TOPICS, "Künstlicher Intelligenz"),
        (_TOPICS, "maschinelles  Lernen"),
        (_TOPICS, "data-centres"),
        (_TOPICS, "Data center"),
        (_AGREEMENTS, "Co-operated"),
        (_AGREEMENTS, "codeveloped"),
        (_AGREEMENTS, "CO-DEVELOPING"),
        (_AGREEMENTS, "teaming up"),
        (_AGREEMENTS, "join forces"),
        (_AGREEMENTS, "anchor tenant"),
    ],
)
def test_phrases_are_found_in_any_spelling(vocabulary, phrase):
    """The quick look at how phrases begin passes over none of them."""
    for text in (phrase, f"«{phrase}»", f"Der Regen. {phrase}, sagt er."):
        assert vocabulary.occurs(text, set())
        assert phrase.lower() in vocabulary.found(text)
    assert not vocabulary.occurs(f"x{phrase}x", set())


def test_beginnings_are_what_every_alternative_must_have():
    """Letters up to the first that may be missing or another; nothing where there is none."""
    pattern = r"a\.i\.?|data[\s-]cent(?:er|re)s?|joins?\s+forces|(?:in|on)to|x*y"
    assert beginnings(pattern) == ("a.i", "data", "join", "")


def test_the_corpus_was_there():
    """The training corpus stood behind the test above, in both languages."""
    deals = [one for path in CORPUS for one in records(path) if one["deals"]]
    assert len(deals) >= 100
    assert {one["language"] for one in deals} == {"de", "en"}


#: Whose hands were asked for near misses alone, all of AI and agreements; part 28 is of
#: deals alone.
NEAR_MISSES = {f"part{n}" for n in range(22, 34)}
OTHERS = [path for path in LABELLED if path.stem not in NEAR_MISSES]


def share_outside(paths, language=None):
    """How many of the articles without a deal stop here, in [0, 1]."""
    others = [
        one
        for path in paths
        for one in records(path)
        if not one["deals"] and language in (None, one["language"])
    ]
    passed = [
        decide(article(one["text"], one["title"], one["language"])).passed
        for one in others
    ]
    return passed.count(False) / len(others)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_much_that_is_no_deal_stays_outside(path):
    """Among articles without a deal some stop here: 5 to 34 % when measured."""
    assert share_outside([path]) >= 0.05


@pytest.mark.parametrize("language", ["de", "en"])
def test_much_of_either_language_stays_outside(language):
    """15 % in German, 16 % in English when measured."""
    assert share_outside(OTHERS, language) >= 0.1


TOPICS = {
    "de": "KI KI-Modelle Rechenzentrum Rechenzentren Großrechenzentrum Sprachmodell "
    "Cloudanbieter Cloud-Sparte Chips Chiphersteller KI-Chip Halbleiterkonzern GPUs "
    "Rechenleistung Grafikprozessoren Supercomputer Serverfarmen Gigawatt KI-Beschleuniger",
    "en": "AI A.I. LLM GPU GPUs cloud hyperscaler data-centre datacenter compute chips "
    "accelerators inference supercomputer neocloud gigawatts chatbot semiconductor",
}
AGREEMENTS = {
    "de": "Vertrag Milliardenvertrag Rahmenvertrag Verträge Partnerschaft Kooperation "
    "Abkommen Vereinbarung vereinbart unterzeichnet Großauftrag Absichtserklärung "
    "Beteiligung investiert mietet Liefervertrag gekündigt verlängert Verhandlungen",
    "en": "deal agreement agreed partnership contract signs invests lease rents alliance "
    "pact co-operation memorandum talks supplies terminates stake venture",
}


@pytest.mark.parametrize("word", " ".join(TOPICS.values()).split())
def test_a_word_of_ai_or_cloud_opens_the_gate(word):
    """Words of both languages, inflected and compound, count by whole word or head."""
    assert passes(f"Der {word}, ein Vertrag.")
    assert passes(f"„{word}“: a contract")


@pytest.mark.parametrize("word", " ".join(AGREEMENTS.values()).split())
def test_a_word_of_agreement_opens_the_gate(word):
    """Words of both languages for agreements, talks, ends and money count."""
    assert passes(f"Die KI, {word}.")


@pytest.mark.parametrize(
    "phrase",
    [
        "artificial intelligence",
        "machine\nlearning",
        "data centers",
        "künstlicher Intelligenz",
        "Künstliche  Intelligenz",
    ],
)
def test_a_phrase_counts_across_white_space(phrase):
    """Words of a phrase may be parted by any white space, as in a broken line."""
    assert passes(f"It is {phrase}: a contract")


@pytest.mark.parametrize(
    "words",
    [
        "said maid claim kite Skier Bikini",
        "chipmunk chipotle",
        "Rechenschaft",
        "cloudy cloudburst",
        "tokenism",
        "modellieren",
        "mwa agwen",
        "platformer",
        "serverin",
        "AIs_x xAI9 9ai",
        "data  x centre",
    ],
)
def test_no_part_of_a_word_counts(words):
    """A word inside another, or a lookalike, is no word of AI or cloud."""
    decision = gate(article(f"{words} Vertrag contract"), SOMEBODY)
    assert decision.reason == "no word of AI or cloud"
    assert not decision.passed


def test_no_part_of_a_word_is_an_agreement():
    """ "Dealer" or "designed" is no deal and no signature."""
    decision = gate(
        article("KI: dealership designed wonder landscape impact"), SOMEBODY
    )
    assert decision.reason == "no word of agreement"


def test_a_deal_needs_somebody():
    """Without an organisation nobody agreed; the reason lists all that is missing."""
    decision = gate(article("KI-Vertrag"), ())
    assert (decision.passed, decision.reason) == (False, "no organisation")
    nothing = gate(article("Regen am Sonntag"), ())
    assert nothing.reason == (
        "no word of AI or cloud, no word of agreement, no organisation"
    )
    assert (nothing.score, nothing.words) == (0.0, ())


def test_where_no_rule_saw_a_name_a_capital_will_do():
    """A ticker in capitals or a name of no known shape must not be lost here."""
    for text in ("a contract for AI with 4Winde", "der KI-Vertrag mit Halbmond"):
        assert gate(article(text), ()).passed
    assert not gate(article("a contract for ai with nobody"), ()).passed


def test_the_decision_shows_its_words():
    """Names, then words in order of appearance, each once, in lower case."""
    decision = gate(
        article("Vertrag über KI, KI und Chips. Der Vertrag gilt."), SOMEBODY
    )
    assert decision.passed
    assert decision.words == ("Nvidia", "ki", "chips", "vertrag")


def test_the_words_shown_are_few():
    """A long article does not fill its row with words."""
    names = [
        OrganisationMention(name=f"Firma {n}", kind="unknown", start=0, end=1)
        for n in range(100)
    ]
    text = " ".join([*TOPICS.values(), *AGREEMENTS.values()])
    assert len(gate(article(text), names).words) <= MAX_WORDS


def test_a_promising_title_comes_first_in_the_queue():
    """Words in the title weigh more than the same words in the text."""
    text = "Ein KI-Vertrag mit Nvidia."
    told = gate(article(text, title="KI-Vertrag mit Nvidia"), SOMEBODY)
    untold = gate(article(text, title="Neues vom Tage"), SOMEBODY)
    assert told.score > untold.score > 0


HOSTILE = [
    "a",
    "ä",
    "9",
    "_",
    " ",
    "\n",
    ".",
    "-",
    "ki",
    "KI ",
    "a-",
    "vertrag",
    "modelle",
]
HOSTILE += [
    "team ",
    "data ",
    "künstliche\n",
    "a.",
    "cloud",
    "Ab",
    "\u0301",
    "„",
    "i.a ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_linear_time(piece):
    """A hundred kilobytes of one kind of character are decided in a moment."""

    def seconds(length):
        one = article(piece * (length // len(piece)))
        return min(timed(lambda: gate(one, SOMEBODY)) for _ in range(3))

    assert seconds(100_000) < 30 * max(seconds(12_500), 0.002)


def test_a_hundred_articles_take_a_second_at_most():
    """Far faster than the model: some 900 articles per CPU second when measured."""
    texts = [
        article(one["text"], one["title"])
        for one in records(ROOT / "newsbot" / "demo" / "articles.jsonl")
    ]

    def run():
        for one in texts * 4:
            gate(one, SOMEBODY)

    assert timed(run) < 1


def timed(call):
    begun = time.process_time()
    call()
    return time.process_time() - begun
