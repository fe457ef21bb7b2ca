"""Every capital of a text that might be a name: the second look.

In: a text and the organisations already found in it.
Out: mentions of kind ``"unknown"`` for what else is written like a name.
`mentions` weighs what stands around a name and gives few candidates. Where an article
is said to report a deal and fewer than two sides of it are among them, the model is
asked about all of these, too: a plain word, a name with a digit, a lower-case brand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from newsbot.stages.words import (
    DETERMINERS,
    GIVEN,
    HEAD,
    JOINERS,
    LEGAL_FORMS,
    PERSON,
    PLACES,
    ROLE_WORDS,
    SHAPE,
    STOP,
    TRADE,
    Token,
    is_verb,
    like,
    starts_sentence,
    tokens,
)
from newsbot.types import OrganisationMention

#: Names at most, those told most often first: each costs the model a question.
MAX_NAMES = 40
#: Words of a name.
MAX_WORDS = 5
#: A brand in lower case shows itself by a digit: "werk42".
_BRAND = re.compile(r"[a-zäöü]+\d+\w*")
_INNER = frozenset(("&", "+", *JOINERS))
_TIME = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march
    april may june july august september october november december montag dienstag
    mittwoch donnerstag freitag samstag sonnabend sonntag januar februar märz mai juni
    juli oktober dezember
    """.split()
)


def find_capitals(
    text: str, taken: Sequence[OrganisationMention]
) -> list[OrganisationMention]:
    """Find what is written like a name and is no mention yet; linear in the text.

    Args:
        text: Title and text.
        taken: Mentions already found, disjoint.

    Returns:
        Mentions in order of place, disjoint from each other and from *taken*; at
        most `MAX_NAMES` different names.
    """
    words = tokens(text)
    places = {m.start: m.end for m in taken}
    free, end = [], 0
    for word in words:
        end = max(end, places.get(word.start, 0))
        free.append(word.start >= end)
    small = _small(words, free)
    runs = list(_runs(words, free, small))
    names = [_name(text, words, first, stop) for first, stop in runs]
    sure = {
        name
        for name, (first, stop) in zip(names, runs, strict=True)
        if _may_be_name(words, first, stop, small)
    }
    counts = Counter(name for name in names if name in sure)
    often = {name for name, _ in counts.most_common(MAX_NAMES)}
    return [
        OrganisationMention(
            name=name,
            kind="unknown",
            start=words[first].start,
            end=words[stop - 1].end,
        )
        for name, (first, stop) in zip(names, runs, strict=True)
        if name in often
    ]


def _small(words: Sequence[Token], free: Sequence[bool]) -> set[str]:
    """Words in lower case that open a sentence: no word does, but a brand may."""
    return {
        word.text
        for i, word in enumerate(words)
        if free[i]
        and word.text[:1].islower()
        and len(word.text) > 2
        and (i == 0 or "\n" in word.gap or words[i - 1].text in ".!?")
        and (i < 2 or len(words[i - 2].text) > 3)  # "Mrd. teuer" is no sentence
        and word.text not in STOP
    }


def _name(text: str, words: Sequence[Token], first: int, stop: int) -> str:
    return " ".join(text[words[first].start : words[stop - 1].end].split())


def _runs(
    words: Sequence[Token], free: Sequence[bool], small: set[str]
) -> Iterator[tuple[int, int]]:
    """Yield maximal runs of name-like words, without what opens or closes them."""
    i = 0
    while i < len(words):
        if free[i] and words[i].text in small:
            yield i, i + 1
            i += 1
            continue
        if not (free[i] and _is_capital(words[i])):
            i += 1
            continue
        stop = i + 1
        while stop < len(words) and free[stop] and words[stop].apart:
            inner = words[stop].text in _INNER or words[stop].text.isdigit()
            if not (inner or _is_capital(words[stop])) or "\n" in words[stop].gap:
                break
            stop += 1
        yield from _trimmed(words, i, stop)
        i = stop


def _is_capital(word: Token) -> bool:
    text = word.text
    if word.joined:
        return False
    return text[:1].isupper() or like(SHAPE, text) or like(_BRAND, text)


def _trimmed(
    words: Sequence[Token], first: int, stop: int
) -> Iterator[tuple[int, int]]:
    while first < stop and _opens(words[first].text):
        first += 1
    while stop > first and (
        words[stop - 1].text in _INNER or words[stop - 1].text.casefold() in LEGAL_FORMS
    ):
        stop -= 1
    if first < stop and stop - first <= MAX_WORDS:
        yield first, stop


def _opens(word: str) -> bool:
    """Whether a word stands before a name and is none of it: "The", "Bei", "CEO"."""
    folded = word.casefold()
    opens = word in STOP or folded in DETERMINERS or word in _INNER
    role = like(PERSON, word) or like(TRADE, word) or folded in ROLE_WORDS
    return opens or role or word.isdigit()


def _may_be_name(
    words: Sequence[Token], first: int, stop: int, small: set[str]
) -> bool:
    """Leave out days, places, persons, and words that are capital by their place."""
    texts = [word.text for word in words[first:stop]]
    if all(text.casefold() in _TIME or text.isdigit() for text in texts):
        return False
    if len(texts) > 1:
        return texts[0] not in GIVEN or like(HEAD, texts[0])
    word = texts[0]
    if word in small:
        return True
    if word in PLACES or word in GIVEN or len(word) < 2:
        return False
    before = words[first - 1].text if first else ""
    if before.casefold() in DETERMINERS:
        return False  # "der Vertrag"
    after = words[stop].text if stop < len(words) else ""
    return not starts_sentence(words, first) or is_verb(after)
