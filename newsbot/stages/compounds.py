"""Words that hyphens tie together: the pieces that names are made of.

In: the tokens of a text. Out: units that may belong to a name, and which go on.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from newsbot.stages.words import (
    JOINERS,
    MAX_LETTERS,
    SHAPE,
    Token,
    begins_anew,
    is_priced,
    like,
)


class Unit(NamedTuple):
    """Tokens that hyphens tie to one word: ``"Elbtal-Kliniken"``."""

    text: str
    parts: tuple[str, ...]
    #: Tokens, end exclusive.
    first: int
    stop: int
    #: Whether the list already found a name in it.
    known: bool
    #: Whether it is written like a name, and the list knows none in it.
    plain: bool


def units(words: Sequence[Token], known: Container[int]) -> list[Unit]:
    """Tie tokens to units, and keep those that may belong to a name.

    Args:
        words: The tokens of a text.
        known: Indices of tokens in which the list already found a name.

    Returns:
        In order: units written like a name, with a known name, or that may
        stand inside a name ("&", "of").
    """
    found, i = [], 0
    while i < len(words):
        first, stop = words[i].text, i + 1
        while stop < len(words) and words[stop].gap and words[stop].joined:
            stop += 1
        listed = any(n in known for n in range(i, stop))
        plain = not listed and not first.islower() and len(first) <= MAX_LETTERS
        plain = plain and (first[0].isupper() or like(SHAPE, first))
        plain = plain and not is_priced(words, stop - 1)
        if listed or plain or first == "&" or first in JOINERS:
            parts = tuple(word.text for word in words[i:stop])
            found.append(Unit("-".join(parts), parts, i, stop, listed, plain))
        i = stop
    return found


def goes_on(words: Sequence[Token], run: Sequence[Unit], unit: Unit) -> bool:
    """Tell whether a unit follows a run of units, with nothing but a space between."""
    return (
        bool(run)
        and run[-1].stop == unit.first
        and words[unit.first].apart
        and not begins_anew(words, run[0].first, unit.first)
    )
