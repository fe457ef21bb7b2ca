"""Is a name short for another, without the word that says what the firm does?

In: names that no list knows. Out: whether one is the other's short form, and how the
other may read. One paper writes "Reederei Vollmershausen", the next "Vollmershausen".
"""

from __future__ import annotations

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
#: Shorter names are initials, and many firms' own.
_MIN_LENGTH = 4


def is_short_for(one: str, other: str) -> bool:
    """Tell whether two names differ by a word for a trade only.

    >>> is_short_for("Vollmershausen", "Reederei Vollmershausen")
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
    return [f"{trade} {name}" for trade in _TRADES]


def _bare(name: str) -> list[str]:
    """The name without its trade, if it has one."""
    trade, _, own = name.partition(" ")
    return [own] if trade in _TRADES and len(own) >= _MIN_LENGTH else []
