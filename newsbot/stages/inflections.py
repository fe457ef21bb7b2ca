"""Names of German bodies as they are called, from how a sentence bends them.

In: a name as it stands in a text. Out: the same in the nominative: "bei den Stadtwerken
Jena" is told of the Stadtwerke Jena, "des Kantons Glarus" of the Kanton Glarus.
"""

from __future__ import annotations

import re

#: Plural bodies, in the dative.
_PLURAL = re.compile(r"(\w*(?:[Ww]erke|[Bb]etriebe))n")
#: Bodies, in the genitive.
_GENITIVE = re.compile(
    r"(\w*(?:[Hh]aus|[Kk]reis)|Freistaat|Land)es"
    r"|(\w*(?:[Vv]erbund|[Kk]linikum)|Kanton|Freistaat|Institut)e?s"
)
#: An adjective before a feminine noun: "Technischen Universität".
_ADJECTIVE = re.compile(r"([A-ZÄÖÜ]\w*ische|Deutsche|Vereinigte)n")
_FEMININE = re.compile(
    r"\w*(?:universität|hochschule|kasse|bank|gesellschaft|akademie|klinik|agentur|"
    r"kammer|anstalt|versicherung|stiftung|genossenschaft)",
    re.IGNORECASE,
)


def nominative(word: str, after: str = "") -> str:
    """Unbend the first word of a body's name.

    Args:
        word: The word.
        after: The next one, if it is a part of the name.

    >>> nominative("Stadtwerken"), nominative("Technischen", "Universität")
    ('Stadtwerke', 'Technische')
    """
    if match := _PLURAL.fullmatch(word) or _GENITIVE.fullmatch(word):
        return match[1] or match[2]
    if (match := _ADJECTIVE.fullmatch(word)) and _FEMININE.fullmatch(after):
        return match[1]
    return word


def unbent(name: str) -> str:
    """Give a name of several words its nominative.

    >>> unbent("Kantons Glarus"), unbent("Kantons")
    ('Kanton Glarus', 'Kantons')
    """
    first, *rest = name.split(" ")
    return " ".join([nominative(first, rest[0]), *rest]) if rest else name
