"""Names that an article gives twice in one breath, once in brackets.

In: the organisations found in a text. Out: one name for both: "das Landesamt für
Polizeiliche Dienste (LPD)", "KIT (Karlsruher Institut für Technologie)".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from newsbot.types import OrganisationMention

#: Letters of a short form.
MIN_LETTERS, MAX_LETTERS = 2, 8
#: Letters of a short form that no text explains.
MIN_INITIALS = 3


def is_acronym_of(short: str, name: str) -> bool:
    """Tell whether letters of a name, in order, make a short form.

    The first begins a word.

    >>> is_acronym_of("Kages", "Steiermärkische Krankenanstaltengesellschaft")
    True
    >>> is_acronym_of("Köln", "Stadtwerke Nordsee")
    False
    """
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    if not MIN_LETTERS <= len(letters) <= MAX_LETTERS or len(short) >= len(name):
        return False
    words = name.casefold().replace("-", " ").split()
    return any(
        word[:1] == letters[0] and _holds(" ".join(words[n:]), letters)
        for n, word in enumerate(words)
    )


def are_initials(short: str, name: str) -> bool:
    """Tell whether capitals alone are short for a name, without a text that says so.

    Every capital of the name's words is among them in order, and the first word's is
    the first; what stands between may be of compounds.

    >>> are_initials("ÖGK", "Österreichische Gesundheitskasse")
    True
    >>> are_initials("OIA", "Oman Investment Authority")
    True
    >>> are_initials("OVH", "Oman Investment Authority")
    False
    """
    words = name.replace("-", " ").split()
    begin = [word[0] for word in words if word[:1].isupper()]
    return (
        short.isalpha()
        and short.isupper()
        and MIN_INITIALS <= len(short) <= MAX_LETTERS
        and len(begin) > 1
        and begin[0] == short[0]
        and _holds(short, begin)
        and is_acronym_of(short, name)
    )


def _holds(text: str, letters: Sequence[str]) -> bool:
    left = iter(text)
    return all(letter in left for letter in letters)


def linked(
    text: str, mentions: Sequence[OrganisationMention]
) -> list[OrganisationMention]:
    """Give a guessed name and its short form in brackets one name.

    A listed name stays; of two guessed ones the one told more often is the name.
    """
    told = Counter(mention.name for mention in mentions)
    names: dict[str, str] = {}
    for one, other in pairwise(mentions):
        if one.name == other.name or not _in_brackets(text, one, other):
            continue
        short, full = sorted((one, other), key=lambda mention: len(mention.name))
        if not is_acronym_of(short.name, full.name):
            continue
        kept, lost = (
            (short, full) if told[short.name] > told[full.name] else (full, short)
        )
        if lost.kind != "unknown":
            kept, lost = lost, kept
        names.setdefault(lost.name, kept.name)
    return [
        replace(mention, name=names[mention.name])
        if mention.kind == "unknown" and mention.name in names
        else mention
        for mention in mentions
    ]


def _in_brackets(
    text: str, one: OrganisationMention, other: OrganisationMention
) -> bool:
    between = text[one.end : other.start]
    return between.strip() == "(" and text[other.end : other.end + 1] == ")"
