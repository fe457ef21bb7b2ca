"""Which state does a name mean, in German or in English?

In: a name: "Latvia", "lettische Regierung", "Republik Lettland". Out: the state's
English name, or nothing; and how else papers call it. States sign deals, and every
paper calls them otherwise.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: English name, German name, what is of it in English, in German without its ending.
_TABLE = """
Algeria|Algerien|Algerian|algerisch
Angola|Angola|Angolan|angolanisch
Argentina|Argentinien|Argentine|argentinisch
Armenia|Armenien|Armenian|armenisch
Australia|Australien|Australian|australisch
Austria|Österreich|Austrian|österreichisch
Azerbaijan|Aserbaidschan|Azerbaijani|aserbaidschanisch
Bahrain|Bahrain|Bahraini|bahrainisch
Bangladesh|Bangladesch|Bangladeshi|bangladeschisch
Belarus|Belarus|Belarusian|belarussisch
Belgium|Belgien|Belgian|belgisch
Bolivia|Bolivien|Bolivian|bolivianisch
Botswana|Botsuana|Botswanan|botsuanisch
Brazil|Brasilien|Brazilian|brasilianisch
Brunei|Brunei|Bruneian|bruneiisch
Bulgaria|Bulgarien|Bulgarian|bulgarisch
Cambodia|Kambodscha|Cambodian|kambodschanisch
Cameroon|Kamerun|Cameroonian|kamerunisch
Canada|Kanada|Canadian|kanadisch
Chile|Chile|Chilean|chilenisch
China|China|Chinese|chinesisch
Colombia|Kolumbien|Colombian|kolumbianisch
Congo|Kongo|Congolese|kongolesisch
Costa Rica|Costa Rica|Costa Rican|costa-ricanisch
Croatia|Kroatien|Croatian|kroatisch
Cyprus|Zypern|Cypriot|zyprisch
Czech Republic|Tschechien|Czech|tschechisch
Denmark|Dänemark|Danish|dänisch
Ecuador|Ecuador|Ecuadorian|ecuadorianisch
Egypt|Ägypten|Egyptian|ägyptisch
Estonia|Estland|Estonian|estnisch
Ethiopia|Äthiopien|Ethiopian|äthiopisch
Finland|Finnland|Finnish|finnisch
France|Frankreich|French|französisch
Georgia|Georgien|Georgian|georgisch
Germany|Deutschland|German|deutsch
Ghana|Ghana|Ghanaian|ghanaisch
Greece|Griechenland|Greek|griechisch
Hungary|Ungarn|Hungarian|ungarisch
Iceland|Island|Icelandic|isländisch
India|Indien|Indian|indisch
Indonesia|Indonesien|Indonesian|indonesisch
Iraq|Irak|Iraqi|irakisch
Ireland|Irland|Irish|irisch
Israel|Israel|Israeli|israelisch
Italy|Italien|Italian|italienisch
Ivory Coast|Elfenbeinküste|Ivorian|ivorisch
Jamaica|Jamaika|Jamaican|jamaikanisch
Japan|Japan|Japanese|japanisch
Jordan|Jordanien|Jordanian|jordanisch
Kazakhstan|Kasachstan|Kazakh|kasachisch
Kenya|Kenia|Kenyan|kenianisch
Kuwait|Kuwait|Kuwaiti|kuwaitisch
Kyrgyzstan|Kirgistan|Kyrgyz|kirgisisch
Laos|Laos|Laotian|laotisch
Latvia|Lettland|Latvian|lettisch
Lebanon|Libanon|Lebanese|libanesisch
Liechtenstein|Liechtenstein|Liechtenstein|liechtensteinisch
Lithuania|Litauen|Lithuanian|litauisch
Luxembourg|Luxemburg|Luxembourg|luxemburgisch
Malaysia|Malaysia|Malaysian|malaysisch
Malta|Malta|Maltese|maltesisch
Mauritius|Mauritius|Mauritian|mauritisch
Mexico|Mexiko|Mexican|mexikanisch
Moldova|Moldau|Moldovan|moldauisch
Monaco|Monaco|Monegasque|monegassisch
Mongolia|Mongolei|Mongolian|mongolisch
Montenegro|Montenegro|Montenegrin|montenegrinisch
Morocco|Marokko|Moroccan|marokkanisch
Mozambique|Mosambik|Mozambican|mosambikanisch
Namibia|Namibia|Namibian|namibisch
Nepal|Nepal|Nepali|nepalesisch
Netherlands|Niederlande|Dutch|niederländisch
New Zealand|Neuseeland|New Zealand|neuseeländisch
Nigeria|Nigeria|Nigerian|nigerianisch
North Macedonia|Nordmazedonien|Macedonian|nordmazedonisch
Norway|Norwegen|Norwegian|norwegisch
Oman|Oman|Omani|omanisch
Pakistan|Pakistan|Pakistani|pakistanisch
Panama|Panama|Panamanian|panamaisch
Paraguay|Paraguay|Paraguayan|paraguayisch
Peru|Peru|Peruvian|peruanisch
Philippines|Philippinen|Philippine|philippinisch
Poland|Polen|Polish|polnisch
Portugal|Portugal|Portuguese|portugiesisch
Qatar|Katar|Qatari|katarisch
Romania|Rumänien|Romanian|rumänisch
Russia|Russland|Russian|russisch
Rwanda|Ruanda|Rwandan|ruandisch
Saudi Arabia|Saudi-Arabien|Saudi|saudisch
Senegal|Senegal|Senegalese|senegalesisch
Serbia|Serbien|Serbian|serbisch
Singapore|Singapur|Singaporean|singapurisch
Slovakia|Slowakei|Slovak|slowakisch
Slovenia|Slowenien|Slovenian|slowenisch
South Africa|Südafrika|South African|südafrikanisch
South Korea|Südkorea|South Korean|südkoreanisch
Spain|Spanien|Spanish|spanisch
Sri Lanka|Sri Lanka|Sri Lankan|sri-lankisch
Sweden|Schweden|Swedish|schwedisch
Switzerland|Schweiz|Swiss|schweizerisch
Taiwan|Taiwan|Taiwanese|taiwanisch
Tanzania|Tansania|Tanzanian|tansanisch
Thailand|Thailand|Thai|thailändisch
Tunisia|Tunesien|Tunisian|tunesisch
Turkey|Türkei|Turkish|türkisch
Uganda|Uganda|Ugandan|ugandisch
Ukraine|Ukraine|Ukrainian|ukrainisch
United Arab Emirates|Vereinigte Arabische Emirate|Emirati|emiratisch
United Kingdom|Großbritannien|British|britisch
United States|Vereinigte Staaten|American|amerikanisch
Uruguay|Uruguay|Uruguayan|uruguayisch
Uzbekistan|Usbekistan|Uzbek|usbekisch
Vietnam|Vietnam|Vietnamese|vietnamesisch
Zambia|Sambia|Zambian|sambisch
Zimbabwe|Simbabwe|Zimbabwean|simbabwisch
"""
_STATES = [tuple(line.split("|")) for line in _TABLE.split("\n") if line]
#: Names beside those of the table.
_OTHERS = {
    "Britain": "United Kingdom",
    "Great Britain": "United Kingdom",
    "Vereinigtes Königreich": "United Kingdom",
    "United States of America": "United States",
    "Vereinigte Staaten von Amerika": "United States",
    "Vereinigten Staaten": "United States",
    "Vereinigten Arabischen Emirate": "United Arab Emirates",
    "Bundesregierung": "Germany",
    "Czechia": "Czech Republic",
    "Tschechische Republik": "Czech Republic",
    "Slowakische Republik": "Slovakia",
    "Volksrepublik China": "China",
    "Republic of China": "Taiwan",
    "Weißrussland": "Belarus",
    "Côte d'Ivoire": "Ivory Coast",
    "Türkiye": "Turkey",
    "Holland": "Netherlands",
    "Niederlanden": "Netherlands",
    "State of Kuwait": "Kuwait",
    "State of Qatar": "Qatar",
    "State of Israel": "Israel",
}
#: Written just so: "us" is a word.
_LETTERS = {
    "US": "United States",
    "USA": "United States",
    "U.S.": "United States",
    "UK": "United Kingdom",
    "UAE": "United Arab Emirates",
    "VAE": "United Arab Emirates",
}
#: Also a firm's name, a given name, a part of the United States: states with a word
#: for one beside them only.
_AMBIGUOUS = frozenset(("georgia", "jordan", "island"))
#: What is of a state besides.
_ADJECTIVES = {
    "schweizer": "Switzerland",
    "saudi arabian": "Saudi Arabia",
    "saudi-arabisch": "Saudi Arabia",
    "korean": "South Korea",
    "koreanisch": "South Korea",
    "taiwanesisch": "Taiwan",
    "us-amerikanisch": "United States",
    "u.s.": "United States",
    "us": "United States",
    "uk": "United Kingdom",
    "uae": "United Arab Emirates",
}
_BY_NAME = {
    name.casefold(): state[0] for state in _STATES for name in (state[0], state[1])
} | {name.casefold(): state for name, state in _OTHERS.items()}
_BY_ADJECTIVE = {
    adjective.casefold(): state[0] for state in _STATES for adjective in state[2:]
} | _ADJECTIVES
_ROWS = {state[0]: state for state in _STATES}
#: Longer names are no state's; texts are hostile.
MAX_LETTERS = 80
#: "Government of the Republic of Latvia", "Regierung Lettlands".
_GOVERNMENT = re.compile(
    r"(?:the |die |der )?(?:federal )?(?:government|(?:bundes)?regierung) "
    r"(?:of |von |der |des )?(.+)"
)
#: "Latvian government", "Lettlands Regierung", "US-Regierung", "der estnische Staat".
_OWN = re.compile(
    r"(?:the |die |der )?(.+?)(?:'s)?"
    r"(?: (?:federal )?government| administration|[ -](?:bundes)?regierung| staat)"
)
#: "Republic of Latvia", "die Republik Lettland".
_FORM = re.compile(
    r"(?:the |die |der |das )?(?:(?:(?:federal |people's |islamic |arab )?"
    r"(?:republic|kingdom|sultanate|emirate|commonwealth|principality|grand duchy) of "
    r"|(?:bundes)?republik |königreich |sultanat |emirat |fürstentum "
    r"|grossherzogtum )(?:the |der )?)?(.+)"
)


def state_of(name: str) -> str | None:
    """Give the English name of the state that a name means, or None.

    A country, its government or the whole of it; of no firm or ministry, and of no
    part of one ("State of New York").

    >>> state_of("lettische Regierung"), state_of("Republic of Latvia")
    ('Latvia', 'Latvia')
    >>> state_of("Latvia Steel") is None
    True
    """
    return _state_of(name) if len(name) <= MAX_LETTERS else None


@lru_cache(maxsize=50_000)  # the ledger's names are compared again and again
def _state_of(name: str) -> str | None:
    if name in _LETTERS:
        return _LETTERS[name]
    plain = " ".join(name.split()).casefold().replace("\u2019", "'")
    if plain in _BY_NAME:
        return None if plain in _AMBIGUOUS else _BY_NAME[plain]
    owner = _OWN.fullmatch(plain)
    if owner is not None:
        stem = re.sub(r"(?<=sch)e[nr]?$", "", owner[1])
        return _BY_ADJECTIVE.get(stem) or _country(owner[1])
    government = _GOVERNMENT.fullmatch(plain)
    if government is not None:
        whole = _FORM.fullmatch(government[1])
        return _country(whole[1]) if whole is not None else None
    form = _FORM.fullmatch(plain)
    if form is None or (plain.endswith(f"the {form[1]}") and form[1] in _AMBIGUOUS):
        return None
    return _BY_NAME.get(form[1])


def _country(word: str) -> str | None:
    """Look a country up, also in the genitive: "Regierung Lettlands"."""
    return _BY_NAME.get(word) or _BY_NAME.get(word.removesuffix("s"))


def names_of(state: str) -> list[str]:
    """List how papers call a state, by its English name.

    >>> names_of("Latvia")[:3]
    ['Latvia', 'Lettland', 'Latvian government']
    """
    _, german, of_it, von_ihm = _ROWS[state]
    others = [name for name, meant in _OTHERS.items() if meant == state]
    letters = [name for name, meant in _LETTERS.items() if meant == state]
    words = [word for word, meant in _ADJECTIVES.items() if meant == state]
    names = [
        state,
        german,
        f"{of_it} government",
        f"{von_ihm}e Regierung",
        f"{state} government",
        f"{state}'s government",
        f"Government of {state}",
        f"Republic of {state}",
        f"Kingdom of {state}",
        f"Republik {german}",
        f"Regierung von {german}",
        f"Regierung {german}s",
        f"{von_ihm}er Staat",
        *others,
        *letters,
        *(f"{name} government" for name in letters),
        *(f"{name}-Regierung" for name in letters),
        *(f"{word}e Regierung" for word in words),
        *(f"{word.title()} Regierung" for word in words),
        *(f"{word.title()} government" for word in words),
    ]
    # "Republic of China" is another's, and "koreanisch government" nobody's.
    return [name for name in names if state_of(name) == state]
