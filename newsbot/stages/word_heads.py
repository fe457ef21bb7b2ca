"""What the words of a deal's sentences say by themselves: a second reader.

In: a reading, the sentences that state a deal or a sum, and whose names they hold.
Out: scores, to be added to those of the heads of the same name; and whether an article
tells of several deals, which no head is asked.

The model knows what a sentence says, and learns that from few articles; how often a
word or a pair stands in which kind of deal is plain to see. They err in different
places: together they are right more often than either (docs/judging.md).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.reading import Reading
from newsbot.types import MoneyMention
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES

#: What is read by words, and of how many classes: three heads beside which they stand,
#: and whether an article with three parties or more tells of several deals.
READERS: Mapping[str, int] = {
    "types": len(DEAL_TYPES),
    "roles": len(ROLES),
    "amount_kind": len(AMOUNT_KINDS),
    "several": 1,
}
#: What stands for a party's name, for the sum asked about, and for any other sum.
PARTY, SUM, OTHER_SUM = "\u00b6party", "\u00b6sum", "\u00b6other"
#: What stands before a word of the headline.
TITLE = "\u00b6title"

#: First code point, the one after the last, and what stands for what is between.
Mark = tuple[int, int, str]

_WORD = re.compile(r"[\w\u00b6]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordHead:
    """A linear classifier of words and pairs of neighbours."""

    #: Each word's or pair's place below.
    vocabulary: Mapping[str, int]
    #: How rare each is: its inverse document frequency, shape (n_words,).
    rarity: NDArray[np.float32]
    #: Shape (n_classes, n_words); what they count beside the head is worked in.
    weights: NDArray[np.float32]
    #: Shape (n_classes,).
    bias: NDArray[np.float32]

    def scores(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Weigh words and pairs, shape (n_classes,); unknown ones count nothing."""
        places, values = weighed(words, self.vocabulary, self.rarity)
        return np.asarray(self.weights[:, places] @ values + self.bias, np.float32)


def weighed(
    words: Sequence[str], vocabulary: Mapping[str, int], rarity: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Weigh what is known of some words, as one vector of unit length.

    Returns:
        Their places in the vocabulary and their weights, both of shape (n_known,).

    Source:
        Salton and Buckley, "Term-weighting approaches in automatic text retrieval",
        1988, with the logarithm of the counts.
    """
    counts = Counter(vocabulary[word] for word in words if word in vocabulary)
    places = np.array([*counts], dtype=np.int64)
    values = 1 + np.log(np.array([*counts.values()], dtype=np.float32))
    values = values * rarity[places] if len(places) else values
    length = float(np.linalg.norm(values)) or 1.0
    return places, np.asarray(values / length, dtype=np.float32)


def words_of_deal(
    reading: Reading, sentences: Iterable[int], names: Container[str]
) -> list[str]:
    """Words and pairs of the sentences that state a deal, its parties' names aside.

    Args:
        reading: The article.
        sentences: Numbers of the sentences.
        names: The parties.
    """
    marks = _marks(reading, names, {})
    return [
        word
        for number in sorted(set(sentences))
        for word in _paired(marked_words(reading, number, marks))
    ]


def words_of_article(reading: Reading, names: Container[str]) -> list[str]:
    """Words and pairs of a whole article, its parties' names aside.

    Those of the headline stand there twice, once marked as such.

    Args:
        reading: The article.
        names: The parties.
    """
    n_title = len(reading.article.title)
    marks = _marks(reading, names, {})
    found = []
    for number, sentence in enumerate(reading.sentences):
        words = _paired(marked_words(reading, number, marks))
        found += words
        if sentence.start < n_title:
            found += [f"{TITLE} {word}" for word in words]
    return found


def words_of_sum(
    reading: Reading, mention: MoneyMention, names: Container[str]
) -> list[str]:
    """Words and pairs of the sentence of a sum, with the place of the sum in it.

    Args:
        reading: The article.
        mention: The sum.
        names: The parties of its deal.
    """
    number = reading.sentence_index(mention.start)
    sums = {
        (one.start, one.end): SUM if one == mention else OTHER_SUM
        for one in reading.money
    }
    return _paired(marked_words(reading, number, _marks(reading, names, sums)))


def _marks(
    reading: Reading, names: Container[str], others: Mapping[tuple[int, int], str]
) -> list[Mark]:
    """Where parties are named, and other places with their marks, in order."""
    marks = dict(others)
    for one in reading.organisations:
        if one.name in names:
            marks[one.start, one.end] = PARTY
    return sorted((start, end, mark) for (start, end), mark in marks.items())


def _paired(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]


def marked_words(reading: Reading, number: int, marks: Sequence[Mark]) -> list[str]:
    """Words of a sentence in small letters, marks for what stands at their places.

    Args:
        reading: The article.
        number: Of the sentence.
        marks: In order.
    """
    sentence = reading.sentences[number]
    start, end = sentence.start, sentence.end
    text, at = "", start
    begin = bisect_left(marks, start, key=lambda one: one[0])
    for first, last, mark in marks[begin : bisect_left(marks, (end,))]:
        if at <= first and last <= end:
            text += f"{reading.article.full_text[at:first]} {mark} "
            at = last
    text += reading.article.full_text[at:end]
    return [_DIGIT.sub("0", word) for word in _WORD.findall(text.lower())]
