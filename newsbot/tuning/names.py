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
#: Words that open a name and are no name alone.
_LEADS = {
    "de": """
    Stadtwerke Stiftung Genossenschaft Landesbetrieb Zweckverband Rechenverbund Verlag
    Bankhaus Klinikum Hochschule Netzgesellschaft Verlagshaus Werft Reederei Brauerei
    Versicherung Gruppe Rechenhof Labor Institut Kraftwerke Sparkasse Logistik
    """.split(),
    "en": """
    The Bank University Grupo Banco Compagnie Atelier Institut Fundación Casa Port City
    Department Council Trust House Studio Maison Société Universidad Yayasan
    """.split(),
}
_LINKS = {
    "de": ("für", "und", "&", "von", "der"),
    "en": ("of", "for", "and", "&", "de"),
}
#: Words that follow a name's own word and are no name alone.
_TAILS = """
    Holdings Partners Industries Mills Airways Freight Motors Foods Foundry Fund
    Endowment Collective Works Telecom Mutual Stores Marine Pharma Pumpen Papier
    Maschinenbau Verlag Handel Energie Textil Chemie
""".split()
_EMPTY = frozenset(
    word for words in (*_LEADS.values(), *_LINKS.values(), _TRADES, _TAILS)
    for word in words
)  # fmt: skip
#: Share of the names that are one plain word; of those that are shaped unlike a name.
PLAIN, ODD = 0.25, 0.3


def invent_name(like: str | None, language: str, rng: Random) -> str:
    """Invent a name.

    Args:
        like: A name whose last word, where it tells a trade, is kept.
        language: Of the article: whose words may lead the name.
        rng: Decides.

    Returns:
        One to four words; `short_form` tells by which of them it goes.

    >>> invent_name("Hartriegel Labs", "en", Random(3)).endswith("Labs")
    True
    """
    first = rng.choice(_WORDS) if rng.random() < 0.3 else _coined(rng)
    if rng.random() < ODD:
        return _odd(first, language, rng)
    words = like.split() if like else []
    if len(words) > 1 and words[-1] in _TRADES:
        return f"{first} {words[-1]}"
    if len(words) == 1 or (not words and rng.random() < PLAIN):
        return first
    return f"{first} {rng.choice((*_TRADES, *_TAILS))}"


def short_form(name: str) -> str:
    """The word by which a name goes once it was told: its first that is no lead.

    >>> short_form("Stadtwerke Zelmar"), short_form("The Hollis Fund")
    ('Zelmar', 'Hollis')
    """
    return next((w for w in name.split() if w not in _EMPTY and len(w) > 2), name)


def _odd(first: str, language: str, rng: Random) -> str:
    """A name in a shape that no rule expects."""
    lead, link = rng.choice(_LEADS[language]), rng.choice(_LINKS[language])
    second = _coined(rng)
    return rng.choice(
        (
            first.lower(),
            f"{first}{rng.randint(2, 99)}",
            f"{rng.randint(2, 99)}{first}",
            "".join(rng.choice("BDFGHKLMNPRSTVWZ") for _ in range(3)),
            f"{first}{second}",
            f"{first}-{second}",
            f"{first} & {second}",
            f"{first} {second}",
            f"{lead} {first}",
            f"{lead} {first}",
            f"{lead} {link} {first}",
            f"{first} {link} {second}",
            f"{lead} {first} {rng.choice(_TAILS)}",
        )
    )


def _coined(rng: Random) -> str:
    middle = rng.choice(_MIDDLE) if rng.random() < 0.6 else ""
    return rng.choice(_BEGIN) + middle + rng.choice(_END)
