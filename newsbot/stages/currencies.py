"""Which currency does a sign, code or word name?

In: the tokens of a text and a place beside a figure.
Out: the ISO 4217 code and where its name ends, or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from newsbot.stages.numerals import (
    BREAK,
    GLUED,
    HYPHENS,
    Token,
    after_hyphen,
    at,
    listed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """What the press calls a currency."""

    #: ISO 4217.
    code: str
    #: Rough units per US dollar, 2020 to 2026. Only for seeing that two sums may be
    #: one, converted; a factor of two either way does no harm.
    per_dollar: Decimal
    #: Words that name it, casefolded, behind the figure.
    words: frozenset[str] = frozenset()
    #: Beginnings of adjectives that make "Dollar" or "Kronen" this one.
    adjectives: tuple[str, ...] = ()


def _currency(code: str, rate: str, words: str = "", adjectives: str = "") -> Currency:
    return Currency(
        code=code,
        per_dollar=Decimal(rate),
        words=frozenset(words.split()),
        adjectives=tuple(adjectives.split()),
    )


CURRENCIES = {
    currency.code: currency
    for currency in (
        _currency("USD", "1", "dollar dollars", "american amerikan"),
        _currency("EUR", "0.9", "euro euros"),
        _currency("GBP", "0.78", "pfund pfunds pound pounds sterling", "brit"),
        _currency("CHF", "0.9", "franken frankens franc francs", "swiss schweiz"),
        _currency("JPY", "140", "yen yens", "japan"),
        _currency("CNY", "7.1", "yuan yuans renminbi rmb", "chin"),
        _currency("KRW", "1350", "won", "südkorea korea"),
        _currency("INR", "84", "rupee rupees rupie rupien", "indi"),
        _currency("AED", "3.67", "dirham dirhams", "emirat uae"),
        _currency("SAR", "3.75", "riyal riyals rial rials", "saudi"),
        _currency("QAR", "3.64", "", "qatar katar"),
        _currency("SEK", "10", "kronor", "swed schwed"),
        _currency("NOK", "10", "", "norw"),
        _currency("DKK", "6.8", "", "danish dän"),
        _currency("PLN", "4", "zloty zlotys złoty złotych złote zł", "polish poln"),
        _currency("CZK", "22", "koruna koruny", "czech tschech"),
        _currency("CAD", "1.36", "", "kanad canad"),
        _currency("AUD", "1.5", "", "austral"),
        _currency("NZD", "1.65", "", "neuseel"),
        _currency("SGD", "1.34", "", "singapur singapore"),
        _currency("HKD", "7.8", "", "hongkong"),
        _currency("TWD", "31", "", "taiwan"),
        _currency("BRL", "5.3", "reais", "brasil brazil"),
        _currency("HUF", "360", "forint forints"),
        _currency("ILS", "3.6", "shekel shekels schekel", "israel"),
        _currency("TRY", "35", "lira"),
        _currency("RUB", "90", "rubel roubles rubles", "russ"),
        _currency("ZAR", "18", "rand"),
        _currency("THB", "35", "baht"),
        _currency("MYR", "4.4", "ringgit"),
        _currency("IDR", "15800", "rupiah", "indones"),
        _currency("PHP", "57", "", "philippin filipin"),
        _currency("ISK", "135", "", "iceland isländ"),
        _currency("VND", "25000", "dong", "vietnam"),
        _currency("MXN", "18", "", "mexik mexic"),
        _currency("CLP", "950", "", "chile"),
        _currency("KWD", "0.31"),
        _currency("EGP", "48", "", "ägypt egypt"),
        _currency("KES", "130", "", "kenia kenya"),
        _currency("TZS", "2600", "", "tansan tanzan"),
        _currency("UGX", "3600", "", "ugand"),
        _currency("NGN", "1500", "naira nairas", "nigeri"),
        _currency("PKR", "280", "", "pakist"),
        _currency("KZT", "520", "tenge", "kasach kazakh"),
        _currency("UAH", "42", "hrywnja hryvnia hryvnias griwna", "ukrain"),
    )
}
_WORDS = {word: code for code, item in CURRENCIES.items() for word in item.words}
_ADJECTIVES = {
    start: code for code, item in CURRENCIES.items() for start in item.adjectives
}
#: Countries of two words.
_PAIRS = {
    ("hong", "kong"): "HKD",
    ("new", "taiwan"): "TWD",
    ("new", "zealand"): "NZD",
    ("south", "korean"): "KRW",
}
#: Not yet decided; `resolve` turns them into codes.
CROWN, PESO, REAL, SHILLING, YEN_OR_YUAN = "kr", "peso", "real", "shilling", "¥"
#: Words whose country is open until the text is known.
_OPEN_WORDS = {
    **dict.fromkeys(listed("krone kronen kroner crown crowns kr"), CROWN),
    **dict.fromkeys(listed("peso pesos"), PESO),
    "real": REAL,
    **dict.fromkeys(listed("shilling shillings schilling"), SHILLING),
}
#: Beginnings of words that tell which country's. Some are of no currency above, as
#: "COP 30" is a conference: their pesos are none, rather than another country's.
_COUNTRIES: dict[str, dict[str, tuple[str, ...]]] = {
    CROWN: {
        "DKK": ("dän", "danish", "denmark", "dkk", "kopenhagen", "copenhagen"),
        "NOK": ("norw", "nok", "oslo"),
        "SEK": ("swed", "schwed", "sek", "stockholm"),
        "CZK": ("czech", "tschech", "czk", "prag"),
    },
    PESO: {
        "MXN": ("mexi",),
        "ARS": ("argentin", "buenos"),
        "CLP": ("chile",),
        "COP": ("kolumb", "colomb", "bogot"),
        "PHP": ("philippin", "filipin", "manila"),
    },
    REAL: {"BRL": ("brasil", "brazil", "reais")},
    SHILLING: {
        "KES": ("kenia", "kenya", "nairobi"),
        "TZS": ("tansan", "tanzan", "dodoma"),
        "UGX": ("ugand", "kampala"),
    },
}
_FAMILIES = {
    "USD": frozenset(listed("USD CAD AUD NZD SGD HKD TWD")),
    CROWN: frozenset(listed("SEK NOK DKK CZK ISK")),
    PESO: frozenset(_COUNTRIES[PESO]),
    REAL: frozenset({"BRL"}),
    SHILLING: frozenset(_COUNTRIES[SHILLING]),
    "GBP": frozenset(listed("GBP EGP")),
    "CHF": frozenset({"CHF"}),
    "SAR": frozenset(listed("SAR QAR")),
    "INR": frozenset(listed("INR PKR")),
}
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "＄": "USD",
    "﹩": "USD",
    "¥": YEN_OR_YUAN,
    "￥": YEN_OR_YUAN,
    "₹": "INR",
    "₩": "KRW",
    "￦": "KRW",
    "₽": "RUB",
    "₪": "ILS",
    "₺": "TRY",
    "￡": "GBP",
    "₱": "PHP",
}
#: Letters glued to the front of a sign: "HK$", "CN¥".
_SIGN_LETTERS = {
    "US": "USD",
    "USD": "USD",
    "U": "USD",
    "C": "CAD",
    "CA": "CAD",
    "CAD": "CAD",
    "CDN": "CAD",
    "A": "AUD",
    "AU": "AUD",
    "NZ": "NZD",
    "S": "SGD",
    "SG": "SGD",
    "HK": "HKD",
    "NT": "TWD",
    "R": "BRL",
    "MX": "MXN",
    "CN": "CNY",
    "RMB": "CNY",
    "JP": "JPY",
}
_CODES = {code: code for code in CURRENCIES} | {
    "RMB": "CNY",
    "SFr": "CHF",
    "SFR": "CHF",
    "SKr": "SEK",
    "NKr": "NOK",
    "DKr": "DKK",
    "Kč": "CZK",
    "Ft": "HUF",
    "TL": "TRY",
    "Rmb": "CNY",
    "Rp": "IDR",
    "Dh": "AED",
    "Dhs": "AED",
    "QR": "QAR",
    "Php": "PHP",
    "Rs": "INR",
    "Kr": CROWN,
    "kr": CROWN,
    "Fr": "CHF",
    "Euro": "EUR",
    "EURO": "EUR",
    "zł": "PLN",
    "R": "ZAR",
    "RM": "MYR",
}
#: Codes that are also other words; before a figure they need a scale or sign after.
SCALED_ONLY = frozenset(listed("Fr Euro EURO TRY CAD R RM Ft TL Dh QR"))
#: Words that are money only after a scale: English "won", German "Rand".
_SCALED_WORDS = frozenset(listed("won rand lira real sterling"))
#: Names that begin with a currency: "Dollar General", "Euro Zone".
_NAMES = {
    ("dollar", "general"),
    ("dollar", "tree"),
    ("dollar", "shave"),
    ("euro", "zone"),
    ("euro", "area"),
    ("euro", "stoxx"),
    ("pound", "foolish"),
    ("won", "a"),
    ("won", "the"),
    ("won", "an"),
}


def is_year(token: Token) -> bool:
    """Tell whether digits look like a year of our time."""
    return len(token.text) == 4 and token.text[:2] in ("19", "20")


def sign_before(tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
    """Find the currency that stands right before a figure: "US$", "CHF", "Rs."

    Args:
        tokens: The text.
        index: Where the figure begins.

    Returns:
        The code, or what `resolve` decides, and the index of its first token.
    """
    if tokens[index].gap == BREAK:
        return None
    last = index - 1
    token = at(tokens, last)
    if token.text == "." and at(tokens, last - 1).text in ("Rs", "SFr", "Fr", "kr"):
        last -= 1
        token = tokens[last]
    if token.text in _SIGNS:
        return _with_letters(tokens, last)
    sign = at(tokens, last - 1)
    if token.gap == tokens[index].gap == GLUED and sign.text == "$":
        letters = _SIGN_LETTERS.get(token.text)  # "$US10bn", as Australia writes it
        return None if letters is None else (letters, last - 1)
    code = _CODES.get(token.text)
    glued = token.gap == GLUED and at(tokens, last - 1).is_word
    return None if code is None or glued else (code, last)


def _with_letters(tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
    """Read what is glued to the front of a sign: "US$", "US-$", "C$"."""
    sign = _SIGNS[tokens[index].text]
    before = at(tokens, index - 1)
    if tokens[index].gap != GLUED or sign not in ("USD", YEN_OR_YUAN):
        return sign, index
    if before.text in HYPHENS and before.gap == GLUED:
        letters = at(tokens, index - 2)
        code = _SIGN_LETTERS.get(letters.text)
        return (code, index - 2) if code is not None else (sign, index)
    if not before.is_word:
        return sign, index
    code = _SIGN_LETTERS.get(before.text)
    return None if code is None else (code, index - 1)


def _adjective(tokens: Sequence[Token], index: int) -> tuple[str | None, int]:
    """Read "US-", "kanadische" or "Hong Kong" before a word for a currency."""
    words = [at(tokens, index + offset).folded for offset in range(4)]
    if words[0] == "us":
        return "USD", after_hyphen(tokens, index + 1)
    if words == ["u", ".", "s", "."]:
        return "USD", after_hyphen(tokens, index + 4)
    pair = _PAIRS.get((words[0], words[1]))
    if pair is not None:
        return pair, index + 2
    for start, code in _ADJECTIVES.items():
        if words[0].startswith(start):
            index = after_hyphen(tokens, index + 1)
            return code, index + at(tokens, index).folded.startswith("arab")
    return None, index


def name_after(
    tokens: Sequence[Token], index: int, *, scaled: bool
) -> tuple[str, int] | None:
    """Find the currency right behind a figure: "€", "US-Dollar", "kanadische Dollar".

    Args:
        tokens: The text.
        index: The index after the figure and its scale.
        scaled: Whether a scale ("Mrd.") stands between.

    Returns:
        The code, or what `resolve` decides, and the index after it.
    """
    joined = after_hyphen(tokens, index) > index
    index = after_hyphen(tokens, index)
    if at(tokens, index).gap == BREAK:
        return None
    sign = _sign_after(tokens, index, joined=joined)
    if sign is not None:
        return sign
    adjective, noun = _adjective(tokens, index)
    token = at(tokens, noun)
    if token.gap == BREAK:
        return None
    word = token.folded
    code = _OPEN_WORDS.get(word) or _WORDS.get(word)
    if code is None and adjective is None and token.text in CURRENCIES:
        code = token.text
    elif scaled and token.text == "Fr":  # "14 Mio. Fr."
        code = "CHF"
    elif word == "real" and adjective is None and not _is_noun(tokens, noun):
        return None
    if code is None or (word in _SCALED_WORDS and not scaled):
        return None
    if adjective is not None:
        if adjective not in _FAMILIES.get(code, frozenset({code})):
            return None
        code = adjective
    following = at(tokens, noun + 1)
    compound = following.text in HYPHENS and following.gap == GLUED
    other = (word, following.folded) in _NAMES and token.text != "Won"  # German
    if other or (compound and not (joined or scaled)):
        return None  # "5 Dollar General stores", "20 Euro-Länder"
    if following.folded == "sterling":
        noun += 1
    return code, noun + 1


def _is_noun(tokens: Sequence[Token], index: int) -> bool:
    """Tell "Real" from "real users", "Real Users" and "Real-Märkte"."""
    following = at(tokens, index + 1).text
    joined = following[:1].isupper() or following in HYPHENS
    return tokens[index].text == "Real" and not joined


def _sign_after(
    tokens: Sequence[Token], index: int, *, joined: bool
) -> tuple[str, int] | None:
    """Read "€" or "US$" behind a figure, unless it belongs to the next figure."""
    end = index
    if at(tokens, end).text in _SIGN_LETTERS and at(tokens, end + 1).gap == GLUED:
        end = after_hyphen(tokens, end + 1)
    token = at(tokens, end)
    if token.text not in _SIGNS or (end > index and token.gap != GLUED):
        return None
    following = at(tokens, end + 1)
    apart = joined or at(tokens, index).gap != GLUED
    if apart and following.is_digits and following.gap == GLUED:
        return None
    if end == index:
        return _SIGNS[token.text], end + 1
    return _SIGN_LETTERS[tokens[index].text], end + 1


def resolve(tokens: Sequence[Token], unit: str | None) -> str | None:
    """Decide what "kr", "¥" or "pesos" means by words of the whole text.

    Several candidates or none leave the larger currency: SEK, JPY; of pesos, reals and
    shillings they leave none.
    """
    if unit == YEN_OR_YUAN:
        words = {token.folded for token in tokens}
        chinese = not words.isdisjoint(("yuan", "renminbi", "rmb", "cny"))
        return "CNY" if chinese and words.isdisjoint(("yen", "jpy")) else "JPY"
    if unit not in _COUNTRIES:
        return unit
    counts = {
        code: sum(token.folded.startswith(names) for token in tokens)
        for code, names in _COUNTRIES[unit].items()
    }
    best = max(counts.values())
    leaders = [code for code, count in counts.items() if count == best]
    if best and len(leaders) == 1:
        return leaders[0] if leaders[0] in CURRENCIES else None
    return "SEK" if unit == CROWN else None
