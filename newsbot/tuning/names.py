"""Names of organisations that do not exist.

In: a name whose trade the new one keeps, and chance. Out: a name.
"""

from __future__ import annotations

from random import Random

_BEGIN = """
    Al Ar Bel Ber Bir Bo Bran Cal Cor Cu Dal Der Dor El Er Fal Fen Gal Gor Hal Hel Hol
    Im Jar Kal Kel Kor Lan Lin Lor Lu Mar Mel Mor Nal Nor Ol Or Pel Per Quin Ral Ren Ro
    Sal Sel Sor Tal Ter Thal Tor Ul Val Ver Vol Wal Wen Xan Yor Zel Zor Ei Stein Birk
    Kranich Amsel Hasel Linden Moor Sund Fjord Heide Brack Falken
""".split()
_MIDDLE = "a e i o an en in on ar er ir or ia io ea eo un am em".split()
_END = """
    da dan dar den der dis do don dra fin ga gan ka kan kor la lan lar len lis lo ma mar
    men mir mo na nar nes nis no ra ran rel ren ris ro ron sa sen sis ta tan ter tis to
    tor va van ven vex vis vo x za zen berg bruck dorf feld mark stedt tal wald werk
""".split()
_WORDS = """
    Amber Anchor Basalt Beacon Birch Cinder Copper Drift Ember Fathom Flint Granite
    Harbour Hollow Indigo Juniper Kestrel Lantern Larch Meridian Nimbus Orchard Pebble
    Quarry Raven Saffron Slate Sparrow Thistle Tundra Umber Willow Zenith Adler Ahorn
    Biber Dachs Eiche Fuchs Habicht Iltis Kiefer Luchs Marder Otter Reiher Ulme Wolke
""".split()
_TRADES = """
    AI Labs Cloud Compute Systems Technologies Networks Data Intelligence Research
    Robotics Energy Capital Semiconductor Silicon Digital Infrastructure Bank Group
    Rechenzentren Hosting KI Dynamics Health Media Logistik Software Werke
""".split()
#: Share of the names that are one plain word.
PLAIN = 0.25


def invent_name(like: str | None, rng: Random) -> str:
    """Invent a name.

    Args:
        like: A name whose last word, where it tells a trade, is kept.
        rng: Decides.

    Returns:
        One to three words, the first of them long enough to stand alone.

    >>> invent_name("Hartriegel Labs", Random(1)).endswith("Labs")
    True
    """
    first = rng.choice(_WORDS) if rng.random() < 0.3 else _coined(rng)
    words = like.split() if like else []
    if len(words) > 1 and words[-1] in _TRADES:
        return f"{first} {words[-1]}"
    if len(words) == 1 or (not words and rng.random() < PLAIN):
        return first
    return f"{first} {rng.choice(_TRADES)}"


def _coined(rng: Random) -> str:
    middle = rng.choice(_MIDDLE) if rng.random() < 0.6 else ""
    return rng.choice(_BEGIN) + middle + rng.choice(_END)
