"""Is a sentence a source's own, and how does it differ?

In: a sentence and a text, or two rows of words.
Out: the share of its words that stand in this order in one sentence of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from newsbot.stages.sentences import split_sentences
from newsbot.stages.words import tokens

#: Share of a sentence's words that may stand in this order in one sentence of the
#: article before the sentence counts as quoted.
QUOTED_SHARE = 0.8


def is_quoted(sentence: str, text: str) -> bool:
    """Tell whether 80 % of a sentence's words stand in this order in some sentence.

    Measured as the longest common subsequence of words, case folded and without
    punctuation, with any one sentence of the text, as a share of its own words.

    >>> is_quoted("Oracle rents halls.", "On Monday, Oracle rents halls in Texas.")
    True
    >>> is_quoted("Halls go to Oracle.", "On Monday, Oracle rents halls in Texas.")
    False
    """
    own = plain_words(sentence)
    return any(
        share(own, plain_words(text[source.start : source.end])) >= QUOTED_SHARE
        for source in split_sentences(text)
    )


def plain_words(text: str) -> list[str]:
    """Cut a text into words, case folded, without punctuation."""
    return [t.text.casefold() for t in tokens(text) if t.text[:1].isalnum()]


def share(own: Sequence[str], theirs: Sequence[str]) -> float:
    """Give the share of *own* that stands in order in *theirs*; 0 where far apart."""
    if not own:
        return 0.0
    counts = Counter(theirs)
    most = sum(min(n, counts[word]) for word, n in Counter(own).items())
    if most < len(own) / 2:
        return most / len(own)  # an upper bound is enough for what is not alike
    return _common(own, theirs) / len(own)


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for one in a:
        diagonal = 0
        for j, other in enumerate(b, 1):
            above = row[j]
            row[j] = diagonal + 1 if one == other else max(above, row[j - 1])
            diagonal = above
    return row[-1]
