"""Where does a sentence begin and end?

In: a text and a place in it, or a whole text.
Out: code-point offsets of sentences; together they cover every word once.

A blank line always ends a sentence. A full stop does so only where the next
word may begin one and the word before is no abbreviation, initial or ordinal:
"rund 30 Mrd. US-Dollar", "am 18. November", "Amazon.com Inc. said".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Words whose full stop does not end a sentence, lower case, without the stop.
_ABBREVIATIONS = frozenset(
    """
    mrd mio tsd bio ca rd bzw vgl evtl ggf inkl exkl zzgl sog bspw z.b
    d.h u.a o.ä i.d.r s.o s.u v.a z.t e.g i.e nr vol st str dr prof hr fr
    mr mrs ms jr sr gen gov sen rep rev hon vs approx est univ abs kap jan
    feb mär mrz apr jun jul aug sep sept okt oct nov dez dec mo di mi sa mon
    tue wed thu fri ing dipl mag phil jur med min inkl insb jhd eur usd
    """.split()
)
#: Company forms and others that often stand last: their stop ends a sentence only
#: before a word that begins many and names nobody.
_COMPANY_FORMS = frozenset(
    "inc corp ltd co llc plc s.a n.v b.v s.p.a u.s u.k e.u usw etc dept bill".split()
)
#: Abbreviations that are words, too: "No. 5", but "They said no. Nvidia agreed."
_WORDS_TOO = frozenset("no so do sat sun art max".split())
_MONTHS = frozenset(
    """
    januar februar märz april mai juni juli august september oktober november
    dezember jahrhundert quartal
    """.split()
)
_STARTERS = frozenset(
    """
    the a an it its he she they this that in on at for with under as and but der die
    das ein eine es er sie in im am bei für mit nach auch und aber damit dabei wie
    we there who when after before since while dies diese dieser dort dann doch seit
    """.split()
)
#: A run of stops is looked at once, from its beginning: else it takes quadratic time.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”“’»«›‹)\]]*+(?=\s)|\n\s*\n")
_WORD_BEFORE = re.compile(r"[^\s(„“\"'»«]+$")
_WORD_AFTER = re.compile(r"\s*[\"'„“”»«›‹(\[–-]*\s*([^\s,.;:!?]+)")
#: Characters looked at on either side of a stop; keeps hostile text linear.
_WINDOW = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence's place, end exclusive, without white space around it."""

    start: int
    end: int


def split_sentences(text: str) -> list[Sentence]:
    """Split a text into sentences.

    Args:
        text: Plain text; a blank line separates paragraphs.

    Returns:
        Sentences in order, disjoint; every non-space character is in one.

    >>> text = "Der Vertrag läuft bis 2030. Er ist 30 Mrd. Euro wert."
    >>> [text[s.start : s.end] for s in split_sentences(text)]
    ['Der Vertrag läuft bis 2030.', 'Er ist 30 Mrd. Euro wert.']
    """
    sentences: list[Sentence] = []
    begin = 0
    for match in _END.finditer(text):
        if text[match.start()] == "\n" or _ends(text, match):
            _add(sentences, text, begin, match.end())
            begin = match.end()
    _add(sentences, text, begin, len(text))
    return sentences


def sentence_around(sentences: Sequence[Sentence], start: int) -> Sentence:
    """Find the sentence that a place stands in.

    Args:
        sentences: From `split_sentences`, not empty.
        start: A code-point offset in the same text.

    Returns:
        The sentence; for a place between two, the later one.
    """
    low, high = 0, len(sentences) - 1
    while low < high:
        middle = (low + high) // 2
        if sentences[middle].end <= start:
            low = middle + 1
        else:
            high = middle
    return sentences[low]


def token_range(offsets: NDArray[np.int64], start: int, end: int) -> tuple[int, int]:
    """Find the tokens that touch a piece of a text.

    Args:
        offsets: Shape (n_tokens, 2), in order.
        start: First code point of the piece.
        end: The one after its last.

    Returns:
        First token and the one after the last; at least one token, the nearest,
        where none touches.
    """
    first = int(np.searchsorted(offsets[:, 1], start, side="right"))
    last = int(np.searchsorted(offsets[:, 0], end, side="left"))
    first = max(min(first, len(offsets) - 1), 0)
    return first, max(last, first + 1)


def _add(sentences: list[Sentence], text: str, begin: int, end: int) -> None:
    piece = text[begin:end]
    stripped = piece.strip()
    if stripped:
        start = begin + len(piece) - len(piece.lstrip())
        sentences.append(Sentence(start=start, end=start + len(stripped)))


def _ends(text: str, match: re.Match[str]) -> bool:
    """Decide whether the stops of *match* end a sentence."""
    after = _WORD_AFTER.match(text, match.end(), match.end() + _WINDOW)
    if after is None:
        return True
    follower = after[1]
    if "\n\n" in text[match.end() : after.start(1)]:
        return True
    if text[match.start()] != "." or match[0].startswith(("..", ".”", '."', ".“")):
        return follower[:1].isupper() or follower[:1].isdigit()
    before = _WORD_BEFORE.search(text, max(0, match.start() - _WINDOW), match.start())
    word = before[0].lower() if before else ""
    if word in _ABBREVIATIONS:
        return False
    if word in _COMPANY_FORMS:
        return follower[:1].isupper() and follower.lower() in _STARTERS
    if word in _WORDS_TOO:
        return follower[:1].isupper()
    if len(word) == 1 and word.isalpha():  # an initial: "J. Huang"
        return False
    if word.isdigit() and len(word) <= 2:  # an ordinal: "18. November"
        return follower.lower() not in _MONTHS and follower[:1].isupper()
    return not follower[:1].islower()
