"""Names and their short forms.

In: the organisations found in a text. Out: one name for both: "das Landesamt für
Polizeiliche Dienste (LPD)", "KIT (Karlsruher Institut für Technologie)", "the European
Space Agency" that is "ESA" further down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from newsbot.types import OrganisationMention
from newsbot.vocabulary import MentionKind

#: Letters of a short form.
MIN_LETTERS, MAX_LETTERS = 2, 8
#: Letters of a short form that no text explains.
MIN_INITIALS = 3
#: Names whose short forms are looked for, those told most often; each with each.
MAX_NAMES = 100


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
    return (
        len(short) >= MIN_INITIALS
        and _begins_as(short, name)
        and is_acronym_of(short, name)
    )


def _stands_for(short: str, name: str, kind: MentionKind) -> bool:
    """Whether capitals that no text explains are a name's; all its own, if listed."""
    begin = "".join(word[0] for word in name.split() if word[:1].isupper())
    return are_initials(short, name) and (kind == "unknown" or begin == short)


def _begins_as(short: str, name: str) -> bool:
    """Whether capitals hold those of a name in order, the first one first.

    Others may stand between and behind: "BVG" are the Berliner Verkehrsbetriebe.
    """
    words = name.replace("-", " ").split()
    begin = [word[0] for word in words if word[:1].isupper()]
    return (
        short.isalpha()
        and short.isupper()
        and len(short) <= MAX_LETTERS
        and len(begin) > 1
        and begin[0] == short[0]
        and _holds(short, begin)
    )


def _holds(text: str, letters: Sequence[str]) -> bool:
    left = iter(text)
    return all(letter in left for letter in letters)


def linked(
    text: str, mentions: Sequence[OrganisationMention]
) -> list[OrganisationMention]:
    """Give a guessed name and its short form one name, where the text has both.

    A listed name stays. Of two guessed ones the full one is the name, as labels have it
    in 28 of 34 such places of the corpus; where the short form is none of capitals
    alone, the one told more often.
    """
    told = Counter(mention.name for mention in mentions)
    kinds = {mention.name: mention.kind for mention in mentions}
    names: dict[str, str] = {}

    def link(short: str, full: str) -> None:
        is_name = told[short] > told[full] and not short.isupper()
        kept, lost = (short, full) if is_name else (full, short)
        if kinds[lost] != "unknown":
            kept, lost = lost, kept
        names.setdefault(lost, kept)

    for one, other in pairwise(mentions):
        short, full = sorted((one.name, other.name), key=len)
        explained = short != full and _in_brackets(text, one, other)
        if explained and (is_acronym_of(short, full) or _begins_as(short, full)):
            link(short, full)
    often = [name for name, _ in told.most_common(MAX_NAMES)]
    # A list knows its short forms: "Stadtwerke Papenburg" do not stand for SAP.
    for short in (n for n in often if kinds[n] == "unknown" and n.isupper()):
        full_ones = [name for name in often if _stands_for(short, name, kinds[name])]
        if len(full_ones) == 1:
            link(short, *full_ones)
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
