"""Is a name short for another, or the same one read in another way?

In: names that no list knows. Out: whether one is the other's short form, and how the
other may read. One paper writes "Reederei Vollmershausen", the next "Vollmershausen";
of "der Gegenseitigen Oldenburg" nobody knows where the name begins and ends.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Letters that no sign can be left off.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "a", "œ": "o", "ı": "i"})


def _plain(folded: str) -> str:
    """Leave signs off letters, as papers abroad do: "ČEZ", "Boege", "Boge"."""
    apart = unicodedata.normalize("NFKD", folded).translate(_LETTERS)
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return re.sub(r"(?<=[aou])e", "", bare)


#: What a firm does, before its own name. None that tells two bodies of one place apart:
#: the Stadtwerke, the Sparkasse and the university of a town are not the town.
_TRADES = (
    "Bankhaus",
    "Baumarkt",
    "Brauerei",
    "Energiegenossenschaft",
    "Genossenschaft",
    "Großbäckerei",
    "Kanzlei",
    "Maschinenfabrik",
    "Molkerei",
    "Pensionskasse",
    "Privatbank",
    "Reederei",
    "Spedition",
    "Sprachlabor",
    "Stahlwerk",
    "Verlag",
    "Verlagshaus",
    "Versandhaus",
    "Werft",
)
#: What a firm of this trade calls itself by, behind its own name, and papers leave out.
_KINDS = (
    "AI",
    "Analytics",
    "Cloud",
    "Compute",
    "Computing",
    "Data Centers",
    "Data Centres",
    "Devices",
    "Intelligence",
    "Labs",
    "Mining",
    "Research",
    "Robotics",
    "Semiconductor",
    "Semiconductors",
    "Silicon",
    "Software",
    "Systems",
    "Technologies",
)
#: Shorter names are initials, and many firms' own.
_MIN_LENGTH = 4
#: Bodies that bear the name of a place and are not the place.
_BODIES = frozenset(
    _plain(
        "college handwerkskammer hochschule hospital klinikum kreissparkasse "
        "raiffeisenbank sparkasse stadtwerk stadtwerke uniklinik uniklinikum "
        "universität universitätsklinikum university verkehrsbetriebe volksbank"
    ).split()
)
#: Words that many firms' names have: alone they name none.
_COMMON = frozenset(
    "bank city cloud compute data deutsche digital energie energy european german "
    "group gruppe health holding international labs services stadt systems "
    "technologies".split()
)
#: What a German name gets in the middle of a sentence.
_ENDINGS = frozenset(("e", "em", "en", "er", "es", "n", "s"))


def is_short_for(one: str, other: str) -> bool:
    """Tell whether two names differ by a word for a trade only.

    >>> is_short_for("Vollmershausen", "Reederei Vollmershausen")
    True
    >>> is_short_for("Halmgrid Cloud", "Halmgrid")
    True
    >>> is_short_for("Peine", "Stadtwerke Peine")
    False
    """
    return one in _bare(other) or other in _bare(one)


def other_lengths(name: str) -> list[str]:
    """List how other papers may call a firm: shorter, or with a word for its trade.

    >>> other_lengths("Werft Ebbesand")
    ['Ebbesand']
    """
    bare = _bare(name)
    if bare or " " in name or len(name) < _MIN_LENGTH:
        return bare
    longer = [f"{trade} {name}" for trade in _TRADES]
    return [*longer, *(f"{name} {kind}" for kind in _KINDS)]


def _bare(name: str) -> list[str]:
    """The name without its trade, if it has one."""
    trade, _, own = name.partition(" ")
    if trade in _TRADES:
        return [own] if len(own) >= _MIN_LENGTH else []
    for kind in _KINDS:
        own = name.removesuffix(f" {kind}")
        if own != name and " " not in own and own.casefold() not in _COMMON:
            return [own] if len(own) >= _MIN_LENGTH else []
    return []


def reads_like(one: str, other: str) -> bool:
    """Tell whether two names may be one, read with more or fewer words, or inflected.

    All words of the shorter stand in a row in the longer one. That is no proof: ask
    it only where the rest of two tellings is the same.

    >>> reads_like("Gegenseitigen Oldenburg", "Verein Gegenseitige Oldenburg")
    True
    >>> reads_like("Stadtwerke Peine", "Peine")
    False
    """
    short, long = sorted((_words(one), _words(other)), key=len)
    if not any(len(w) >= _MIN_LENGTH and w not in _COMMON for w in short):
        return False
    n = len(short)
    return any(
        all(map(_same_word, short, long[at : at + n]))
        and not _BODIES.intersection((*long[:at], *long[at + n :]))
        for at in range(len(long) - n + 1)
    )


@lru_cache(maxsize=10_000)
def _words(name: str) -> tuple[str, ...]:
    bare = _plain(re.sub(r"['’]s\b", "", name.casefold()))
    return tuple(re.findall(r"[\w&+]+", bare))


def _same_word(one: str, other: str) -> bool:
    """Whether two words are one, but for the ending of a case."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < _MIN_LENGTH:
        return False
    stem = short.removesuffix("e")
    return long.startswith(stem) and long[len(stem) :] in _ENDINGS
