"""Sentences end where a reader would say so; nothing is lost between them."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.sentences import (
    Sentence,
    sentence_around,
    split_sentences,
    token_range,
)

#: Texts whose sentences are parted by ``|``, as a reader of the language parts them.
GERMAN = [
    "Der Vertrag läuft bis 2030.| Er ist 30 Mrd. Euro wert.",
    "Microsoft zahlt rund 30 Mrd. US-Dollar.| Nvidia gibt 10 Mio. dazu.",
    "Am 18. November unterschrieben beide.| Am 1. Januar geht es los.",
    "Das war das 3. Quartal.| Im 4. Quartal kam der Umsatz.",
    "Im 21. Jahrhundert braucht jeder Rechner.| Sagt er.",
    "Prof. Dr. Anna Weiß leitet das Institut.| Sie forscht an KI.",
    "Die Nvidia Inc. liefert Chips.| Das sagte ein Sprecher.",
    "Partner ist die Amazon.com Inc. aus Seattle.| Sie baut selbst.",
    "Er arbeitet bei der Müller & Co. KG in Köln.| Dort bleibt er.",
    "J. Huang sprach zuerst.| Dann kam S. Nadella.",
    "Wir bauen z. B. in Lübeck.| Oder in Kiel.",
    "Wir bauen z.B. in Lübeck.| Oder in Kiel.",
    "Das heißt, d. h. Der Plan steht.",
    "Dabei sind u. a. Microsoft und SAP.| Mehr folgt.",
    "Der Preis stieg um ca. 5 Prozent.| Die Aktie fiel.",
    "Der Preis liegt bei 3,5 Mio. Euro.| 2025 waren es 2,1.",
    "Die Version 3.5 ist da.| Version 4.0 folgt.",
    "„Wir bauen 2 GW.“| Der Chef lachte.",
    "Er sagte: „Wir kaufen Chips.“| Danach ging er.",
    "„Warum?“, fragte sie.| Niemand wusste es.",
    "„Stopp!“, rief er.| Alle blieben.",
    "Wirklich?| Ja!| Natürlich.",
    "Was heißt das?!| Nichts.",
    "Und dann …| Nichts geschah.",
    "Er zögerte ... und ging.| Dann kam er.",
    "Ist das klar?| 2026 wird es das sein.",
    "Die Firma sitzt in St. Gallen.| Sie wächst.",
    "Gemeint ist Abs. 3 des Vertrags.| Er gilt.",
    "Strom, Wasser usw. sind knapp.| Rechner auch.",
    "Laut § 5 Nr. 2 gilt das.| Punkt.",
    "Das kostet 500 Tsd. Euro.| Im Jahr.",
    "Der Deal (30 Mrd. Dollar.)| Er ist groß.",
    "Berlin (dpa) - Die Cloud wächst.| Das sagt SAP.",
    "Überschrift ohne Punkt\n\n|Der Text beginnt.",
    "Erster Absatz.\n\n|Zweiter Absatz.",
    "Microsoft kauft ein:\n\n|Alle Details.",
    "OpenAI nutzt AWS.| Anthropic nutzt Google.",
    "Das Modell heißt o3.| Es rechnet.",
    "Es fehlen Strom, Wasser usw.| Der Staat zahlt.",
    "Das sind 5 Bill. Euro.| Oder mehr.",
    "„Wir zahlen.“| „Wir auch.“",
    "Sie kommt am Mo. oder Di. nach Bonn.| Dann geht sie.",
]
ENGLISH = [
    "The deal runs to 2030.| It is worth $30 bn.",
    "Microsoft Corp. and Nvidia Corp. signed it.| They said so.",
    "Amazon.com Inc. said on Monday it would pay.| It did.",
    "He works for Apple Inc.| The company is large.",
    "They said no.| Nvidia agreed.",
    "He signed the bill.| The Senate had passed it.",
    "He sold to Dell Inc. and Oracle Corp. in May.| It was a lot.",
    "It moved to the U.S.| The government paid.",
    "She did so.| Microsoft followed.",
    "The buyer is Oracle Corp.| It pays $5bn.",
    "The U.S. government agreed.| The U.K. did not.",
    "It is based in the U.S. and the U.K. today.| It moves.",
    "Mr. Nadella met Ms. Su.| They talked.",
    "Dr. J. R. Smith leads it.| He is new.",
    "Elon R. Musk spoke.| No one listened.",
    "It costs $3.5 billion.| Last year it was $2.1 billion.",
    "Use version 4.0 now.| Version 4.5 follows.",
    "Shares rose 3.2%.| Analysts cheered.",
    "“We need chips.”| Nvidia agreed.",
    "“Why now?” she asked.| He shrugged.",
    "“Never!” he said.| Never.",
    "Really?| Yes!| Good.",
    "He waited... and left.| Then he came back.",
    "And then…| Silence.",
    "It is small, e.g. 5 MW.| Others are larger.",
    "It means, i.e. Google pays.| Nobody else.",
    "Meta vs. Google is old.| Now they sign.",
    "On Jan. 5 they met.| On Feb. 6 they signed.",
    "It opens on Nov. 18, 2026.| Work begins now.",
    "See No. 5 on the list.| It leads.",
    "OpenAI (backed by Microsoft.)| It grows.",
    "AMSTERDAM, Feb 6 (BW) - Cohere rents chips.| It pays.",
    "Nvidia's GB300 chips ship in 2026.| 300,000 of them go to Texas.",
    "It bought 49% of Scale AI.| Scale stays independent.",
    "Headline without a stop\n\n|The text begins.",
    "First paragraph.\n\n|Second paragraph.",
    "Who pays?\n|Nobody says.",
    "It sells GPUs, TPUs, etc. to all.| Everyone buys.",
]


def sentences_of(text):
    return [text[one.start : one.end] for one in split_sentences(text)]


@pytest.mark.parametrize("marked", [*GERMAN, *ENGLISH])
def test_a_sentence_ends_where_a_reader_ends_it(marked):
    """Abbreviations, ordinals, initials, forms and decimals end no sentence."""
    parts = [part.strip() for part in marked.split("|")]
    assert sentences_of(marked.replace("|", "")) == parts


WORDS = [
    "Inc.",
    "Mrd.",
    "18.",
    "J.",
    "„Ja.“",
    "...",
    "…",
    "?!",
    "U.S.",
    "Die",
    "und",
    "3,5",
]
texts = st.text() | st.lists(
    st.sampled_from([*WORDS, "\n\n", "\n", " ", "\u2028", "."]), max_size=40
).map(" ".join)


@settings(deadline=None)
@given(texts)
def test_sentences_cover_every_visible_character_once(text):
    """Sentences are disjoint, in order, trimmed, and leave out nothing but space."""
    last = 0
    for one in split_sentences(text):
        assert one.start >= last
        assert text[last : one.start].strip() == ""
        assert text[one.start : one.end].strip() == text[one.start : one.end] != ""
        last = one.end
    assert text[last:].strip() == ""


@settings(deadline=None)
@given(texts, texts)
def test_paragraphs_are_split_apart_from_each_other(one, other):
    """A blank line ends a sentence, whatever stands around it."""
    joined = sentences_of(f"{one}\n\n{other}")
    assert [s for part in (one, other) for s in sentences_of(part)] == joined


@settings(deadline=None)
@given(texts, st.data())
def test_every_place_has_its_sentence(text, data):
    """A place inside a sentence gives that one; a place between two, the later."""
    sentences = split_sentences(text)
    if not sentences:
        return
    place = data.draw(st.integers(0, len(text)))
    found = sentence_around(sentences, place)
    later = [one for one in sentences if place < one.end]
    assert found == (later[0] if later else sentences[-1])


def test_no_text_has_no_sentences():
    """Nothing, or only white space, is no sentence."""
    assert split_sentences("") == []
    assert split_sentences(" \n\n \t") == []


def test_offsets_count_code_points():
    """An emoji or an umlaut is one character, as in every span."""
    assert split_sentences("Ü😀.  Ok") == [
        Sentence(start=0, end=3),
        Sentence(start=5, end=7),
    ]


HOSTILE = [
    "a",
    ".",
    "a.",
    ". ",
    '."',
    "\n",
    "\n ",
    "„",
    "A. ",
    "…",
    " ",
    "Inc. ",
    ".\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear(piece):
    """Eight times the text takes about eight times as long, not sixty-four."""

    def seconds(length):
        text = piece * (length // len(piece)) + "x"
        return min(timed(lambda: split_sentences(text)) for _ in range(3))

    assert seconds(160_000) < 30 * max(seconds(20_000), 0.002)


def timed(call):
    begun = time.process_time()
    call()
    return time.process_time() - begun


@st.composite
def token_places(draw):
    """Tokens as a tokenizer gives them: in order, disjoint, some apart."""
    places, at = [], 0
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.integers(0, 3))
        end = at + draw(st.integers(1, 5))
        places.append((at, end))
        at = end
    return np.array(places, dtype=np.int64)


@given(token_places(), st.integers(0, 70), st.integers(1, 30))
def test_a_piece_has_the_tokens_that_touch_it(offsets, start, length):
    """All tokens that share a character with a piece, and no other."""
    first, last = token_range(offsets, start, start + length)
    touching = [
        n for n, (a, b) in enumerate(offsets) if a < start + length and start < b
    ]
    assert 0 <= first < last <= len(offsets)
    if touching:
        assert list(range(first, last)) == touching
    else:
        assert last == first + 1


def test_a_piece_between_tokens_has_the_next_one():
    """White space belongs to no token: the token behind stands in, at the end before."""
    offsets = np.array([(0, 3), (5, 8)], dtype=np.int64)
    assert token_range(offsets, 3, 5) == (1, 2)
    assert token_range(offsets, 9, 12) == (1, 2)
    assert token_range(offsets, 2, 6) == (0, 2)
    assert token_range(offsets, 0, 3) == (0, 1)
