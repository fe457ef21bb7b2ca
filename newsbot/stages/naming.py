"""Which words of an article are an organisation's name, as the tuned model sees it?

In: an article's text, the model's states of it, and the organisations already found.
Out: mentions of kind ``"unknown"`` for further names, whatever their shape: a plain
word, a brand in lower case, a name in a language of its own.
`mentions` looks for names by rules before any model has read; this looks where an
article is said to report a deal, and each name costs the model a question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.sentences import token_range
from newsbot.stages.words import JOINERS, LEGAL_FORMS, STOP, Token
from newsbot.types import OrganisationMention

#: Names at most, those told most often first.
MAX_NAMES = 40
#: Words of a name; longer runs are lists and headlines.
MAX_WORDS = 6
_INNER = frozenset(("&", "+", *JOINERS))
#: Words that stand between two names.
_PARTING = frozenset(("und", "and", "oder", "or", "sowie", "with", "mit"))
#: Signs that may stand inside a name: "Wa'ed Ventures", "St. Rochus".
_SIGNS = frozenset(("'", "."))


def last_tokens(words: Sequence[Token], offsets: NDArray[np.int64]) -> list[int]:
    """Number of the last model token of each word.

    Args:
        words: In order, none before the first or behind the last model token.
        offsets: Shape (n_tokens, 2): code points of the model's tokens.
    """
    return [token_range(offsets, word.start, word.end)[1] - 1 for word in words]


def find_names(
    text: str,
    words: Sequence[Token],
    likely: NDArray[np.float32],
    threshold: float,
    taken: Sequence[OrganisationMention],
) -> list[OrganisationMention]:
    """Put words that are likely part of a name together; linear in the text.

    Args:
        text: Title and text.
        words: Its words, or those of a stretch of it.
        likely: Shape (n_words,): how likely each is part of a name.
        threshold: From which on it is.
        taken: Mentions already found, disjoint; none is found twice.

    Returns:
        Every place of the names, in order and disjoint; at most `MAX_NAMES` names.
    """
    free = _free(words, taken)
    inside = [
        bool(free[i] and likely[i] >= threshold and _may_be_inside(word.text))
        for i, word in enumerate(words)
    ]
    runs = list(_runs(words, inside))
    names = [_name(text, words, first, stop) for first, stop in runs]
    told = set(names)
    # "Nebels Vertrag": the name is told without its ending elsewhere.
    cut = [name.endswith("s") and name[:-1] in told for name in names]
    names = [
        name[:-1] if is_cut else name for name, is_cut in zip(names, cut, strict=True)
    ]
    counts = Counter(names)
    often = {name for name, _ in counts.most_common(MAX_NAMES)}
    return [
        OrganisationMention(
            name=name,
            kind="unknown",
            start=words[first].start,
            end=words[stop - 1].end - is_cut,
        )
        for name, (first, stop), is_cut in zip(names, runs, cut, strict=True)
        if name in often
    ]


def _may_be_inside(word: str) -> bool:
    """ "AI" ends many a name; "and" parts two far oftener than it joins one."""
    is_word = any(map(str.isalnum, word)) and word not in _PARTING
    return is_word or word in _INNER or word in _SIGNS


def _free(words: Sequence[Token], taken: Sequence[OrganisationMention]) -> list[bool]:
    ends = {mention.start: mention.end for mention in taken}
    free, end = [], 0
    for word in words:
        end = max(end, ends.get(word.start, 0))
        free.append(word.start >= end)
    return free


def _runs(words: Sequence[Token], inside: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield runs of words that are inside a name, without what opens or closes them."""
    i = 0
    while i < len(words):
        stop = i + 1
        if inside[i]:
            while (
                stop < len(words)
                and inside[stop]
                and (words[stop].apart or words[stop].joined or not words[stop].gap)
            ):
                stop += 1
            yield from _trimmed(words, i, stop)
        i = stop


def _trimmed(
    words: Sequence[Token], first: int, stop: int
) -> Iterator[tuple[int, int]]:
    """Cut signs, joiners and legal forms off both ends."""

    def is_empty(word: str) -> bool:
        return word in _INNER or not any(map(str.isalnum, word))

    while first < stop and (is_empty(words[first].text) or words[first].text in STOP):
        first += 1
    while stop > first and (
        is_empty(words[stop - 1].text)
        or (stop - 1 > first and words[stop - 1].text.casefold() in LEGAL_FORMS)
    ):
        stop -= 1
    if first < stop <= first + MAX_WORDS and not words[first].text.isdigit():
        yield first, stop


def _name(text: str, words: Sequence[Token], first: int, stop: int) -> str:
    """Read a name, white space as single blanks."""
    return " ".join(text[words[first].start : words[stop - 1].end].split())
