"""Is a public body that one paper names in German the one another names in English?

In: names. Out: whether they are one body in two languages, and how the other language
would call it. Universities, cities, regions, governments, foundations, hospitals and
ministries sign deals under names that every paper translates.
"""

from __future__ import annotations

import re
from functools import lru_cache

from newsbot.vocabulary import Language

#: Words for what a body is, by language.
_KINDS: dict[str, dict[Language, str]] = {
    "hospital": {
        "de": r"(?:\w*klinikum|\w*kliniken|\w*krankenhaus|\w*spital)s?",
        "en": r"hospitals?",
    },
    "university": {"de": r"\w*universität", "en": r"university"},
    "city": {"de": r"(?:landeshaupt|hanse)?stadt", "en": r"city"},
    "canton": {"de": r"kanton", "en": r"canton"},
    "district": {"de": r"(?:land)?kreis|bezirk", "en": r"district|county"},
    "region": {"de": r"region", "en": r"region"},
    "state": {"de": r"freistaat|(?:bundes)?land", "en": r"free|state"},
    "government": {"de": r"(?:landes|staats)?regierung", "en": r"government"},
    "foundation": {"de": r"\w*stiftung", "en": r"foundation"},
    "ministry": {"de": r"\w*ministeriums?", "en": r"ministry|ministries"},
}
#: A quick look: most names are of companies.
_BODY = re.compile(
    "|".join(rf"\b(?:{f})\b" for forms in _KINDS.values() for f in forms.values()),
    re.IGNORECASE,
)
#: What a ministry is for: the beginning of its German name, and its English word.
_PORTFOLIOS = (
    ("arbeit", r"labou?r"),
    ("außen", "foreign"),
    ("bildung", "education"),
    ("digital", "digital"),
    ("finanz", r"finances?"),
    ("forschung", "research"),
    ("gesundheit", "health"),
    ("innen", "interior"),
    ("justiz", "justice"),
    ("umwelt", "environment"),
    ("verkehr", "transport"),
    ("verteidigung", r"defen[cs]e"),
    ("wirtschaft", r"econom\w+"),
    ("wissenschaft", "science"),
)
_SMALL = frozenset("the of for and in der die das des von für und zu am im".split())
#: "Universität Rostock", "University of Rostock", "Rostock University".
_PLAIN: tuple[tuple[str, str], ...] = (
    ("Universität {}", "University of {}"),
    ("Universität {}", "{} University"),
    ("Universitätsklinikum {}", "University Hospital {}"),
    ("Universitätsklinikum {}", "{} University Hospital"),
    ("Stadt {}", "City of {}"),
    ("Kanton {}", "Canton of {}"),
    ("Landkreis {}", "{} district"),
    ("Region {}", "{} region"),
    ("Freistaat {}", "Free State of {}"),
    ("Land {}", "State of {}"),
    ("Regierung von {}", "Government of {}"),
    ("{}-Stiftung", "{} Foundation"),
)
#: Places that English calls otherwise, by their German names.
_PLACES: dict[str, str] = {
    "bayern": "bavaria",
    "braunschweig": "brunswick",
    "genf": "geneva",
    "hannover": "hanover",
    "hessen": "hesse",
    "kärnten": "carinthia",
    "köln": "cologne",
    "lombardei": "lombardy",
    "mailand": "milan",
    "münchen": "munich",
    "niedersachsen": "lower saxony",
    "nordrhein-westfalen": "north rhine-westphalia",
    "nürnberg": "nuremberg",
    "piemont": "piedmont",
    "rheinland-pfalz": "rhineland-palatinate",
    "sachsen": "saxony",
    "sachsen-anhalt": "saxony-anhalt",
    "steiermark": "styria",
    "thüringen": "thuringia",
    "toskana": "tuscany",
    "venetien": "veneto",
    "wien": "vienna",
    "zürich": "zurich",
}
_ENGLISH = re.compile(
    "|".join(rf"\b{re.escape(name)}\b" for name in _PLACES), re.IGNORECASE
)
_GERMAN = {english: german for german, english in _PLACES.items()}
_IN_GERMAN = re.compile(
    "|".join(rf"\b{re.escape(name)}\b" for name in _GERMAN), re.IGNORECASE
)
#: Public bodies that English papers call by one name of their own.
_FIXED: tuple[tuple[str, str], ...] = (
    ("Bundesagentur für Arbeit", "Federal Employment Agency"),
    ("Bundesamt für Migration und Flüchtlinge", "Federal Office for Migration"),
    ("Bundeskartellamt", "Federal Cartel Office"),
    ("Bundeskriminalamt", "Federal Criminal Police Office"),
    ("Bundesnetzagentur", "Federal Network Agency"),
    ("Bundespolizei", "Federal Police"),
    ("Bundesrechnungshof", "Federal Court of Auditors"),
    ("Deutscher Wetterdienst", "Weather Service"),
    ("Statistisches Bundesamt", "Federal Statistical Office"),
)
#: How each of them is called in the other language, with and without "German".
_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    **{german: (english, f"German {english}") for german, english in _FIXED},
    **{english: (german,) for german, english in _FIXED},
    **{f"German {english}": (german,) for german, english in _FIXED},
}


def translated(one: str, other: str) -> bool:
    """Tell whether two names are one body's, in German and in English.

    A ministry is known by what it is for, as countries have other names in the other
    language; everything else by its own name.

    >>> translated("Universität Rostock", "University of Rostock")
    True
    >>> translated("Universität Rostock", "University of Bremen")
    False
    """
    if other in _OTHER_NAMES.get(one, ()):
        return True
    if not (_is_body(one) and _is_body(other)):
        return False
    return _is_pair(one, other) or _is_pair(other, one)


@lru_cache(maxsize=10_000)  # the same few names, again and again
def _is_body(name: str) -> bool:
    return _BODY.search(name) is not None


def translations(name: str) -> list[str]:
    """List how papers in the other language may call a body by its own name.

    >>> translations("City of Jena")
    ['Stadt Jena']
    >>> translations("Region Venetien")
    ['Veneto region']
    """
    found: dict[str, None] = dict.fromkeys(_OTHER_NAMES.get(name, ()))
    for german, english in _PLAIN:
        for form, other, place in (
            (german, english, _in_english),
            (english, german, _in_german),
        ):
            before, after = form.split("{}")
            proper = name.removeprefix(before).removesuffix(after)
            if proper and form.format(proper) == name:
                found[other.format(place(proper))] = None
    return list(found)


def _in_english(proper: str) -> str:
    """Call the places in a German name as English does."""
    return _ENGLISH.sub(lambda m: _PLACES[m[0].casefold()].title(), proper)


def _in_german(proper: str) -> str:
    """Call the places in an English name as German does."""
    return _IN_GERMAN.sub(lambda m: _GERMAN[m[0].casefold()].title(), proper)


def _is_pair(german: str, english: str) -> bool:
    here, there = _words(german), _words(_in_german(english))
    for kind, forms in _KINDS.items():
        if not (_has(here, forms["de"]) and _has(there, forms["en"])):
            continue
        if kind == "ministry":
            return any(
                any(word.startswith(stem) for word in here) and _has(there, form)
                for stem, form in _PORTFOLIOS
            )
        proper = _proper(here, "de")
        return bool(proper) and proper == _proper(there, "en")
    return False


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name.casefold())


def _has(words: list[str], form: str) -> bool:
    return any(re.fullmatch(form, word) for word in words)


def _proper(words: list[str], language: Language) -> set[str]:
    """The words that say which one it is."""
    kinds = [forms[language] for forms in _KINDS.values()]
    return {
        word
        for word in words
        if word not in _SMALL and not any(re.fullmatch(kind, word) for kind in kinds)
    }
