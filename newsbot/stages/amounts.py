"""Which sums of money does a text state, and how does one write them?

In: a German or English text: "bis zu 30 Mrd. US-Dollar (26 Mrd. Euro)".
Out: its sums, exact, in whole units: 30000000000 USD, up to. A conversion is no sum
of its own. Figures without a currency and words without a figure are none either.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from newsbot.stages.bounds import bound_before
from newsbot.stages.capacity import find_capacity, format_capacity
from newsbot.stages.currencies import (
    CURRENCIES,
    SCALED_ONLY,
    is_year,
    name_after,
    resolve,
    sign_before,
)
from newsbot.stages.money import format_money
from newsbot.stages.numerals import (
    BREAK,
    GLUED,
    HYPHENS,
    Token,
    at,
    listed,
    tokenize,
)
from newsbot.stages.quantities import Quantity, collect, link, words_between
from newsbot.types import MoneyMention

__all__ = [
    "CURRENCIES",
    "find_capacity",
    "find_money",
    "format_capacity",
    "format_money",
    "same_value",
]

#: How far rates may lie from those in `CURRENCIES`, as a factor, in a conversion that
#: the text marks as one ("umgerechnet", a bracket right behind the sum).
MARKED_DRIFT = Decimal(2)
#: The same for a bracket some words later: "30 Mrd. Dollar schwerer Vertrag (26 ...)".
DISTANT_DRIFT = Decimal("1.35")
#: Words that say what follows is the same sum in another currency.
_TRIGGERS = frozenset(
    listed("""
    ( [ / = umgerechnet or oder also sind equivalent entspricht entsprechen
    entsprechend i.e equals equal equates bzw beziehungsweise converted
""")
)
#: Words that may stand beside them between a sum and its conversion.
_LINKS = _TRIGGERS | frozenset(
    listed("""
    , – — - ≈ ~ . das der die was which is that about rund etwa ca circa c
    roughly around approximately approx some nearly almost gut knapp nach
    derzeitigem aktuellem heutigem jetzigem kurs wechselkurs stand zum
    derzeitigen aktuellen heutigen to the of at current exchange rates aktuell
    derzeit currently gegenwärtig ungefähr fast i e this it das wären wäre would
    be just over under bis zu up more than mehr als über
""")
)
_CONVERTED = frozenset(("umgerechnet", "equivalent", "converted"))
#: Smallest scale that takes its currency from elsewhere in the sentence.
MIN_CARRIED = Decimal(10) ** 6
#: Sentences back to the sum that lends its currency: "Die Bank zahlt 350 Millionen
#: Euro. Nvidia schießt bis zu 200 Millionen zu."
MAX_SENTENCES = 2
#: Tokens between a figure and the next sum of its list, which lends its currency:
#: "Microsoft mit bis zu 5 Milliarden, Nvidia mit bis zu 10 Milliarden Dollar".
MAX_LISTED = 10
#: What parts the members of such a list.
_LISTING = frozenset((",", ";", "und", "and", "sowie", "while", "plus"))
#: "85 Millionen von insgesamt 118 Millionen Euro": a part and its whole.
_OF = frozenset(("von", "of"))
_WHOLE = frozenset(listed("of von insgesamt den the a total up to bis zu rund about"))
#: Words before a figure among which one for something counted makes it no sum.
MAX_APART = 7
#: Letters of a currency's code or sign.
MAX_CODE = 4
#: Beginnings of words for other things that come in millions.
_COUNTED = tuple(
    listed("""
    nutzer user kund customer client abonnent subscriber token parameter aktie share
    einwohner mensch people person haushalt household home gerät device zeile line
    dokument document datensatz datensätz record download aufruf quer anfrag request
    bürger citizen mitglied member watt gigawatt megawatt gpu tpu chip prozessor
    processor beschleuniger accelerator kilowatt stunde hour tonne liter gallon quadrat
    square fahrzeug vehicle car patient schüler student unternehmen arbeitsplätze
""")
)
#: "Zwei Milliarden davon": part of the sum before, be it a sentence earlier.
_PARTS = frozenset(("davon", "hiervon"))
_NOT_COUNTED = _PARTS | frozenset(
    listed("""
    in im für an am auf aus bis von vom bei beim und oder als über um zu zum zur nach
    durch mit pro je sofort später jährlich werden wird sind ist sollen soll fließen
    fliessen entfallen entfällt stammen kommen kommt kommen gehen geht zahlt zahlen
    sowie dazu zu zuschießen aufbringen beisteuern beitragen bei ein zusätzlich
    übernimmt trägt beträgt kosten kostet wert steckt stecken
    hinzu drauf obendrauf bereit zurück hinein
    for by to on at over from and or as per if when with which while upfront up more
    a an of that is are will would this next each annually later now
    through until via into onto towards plus
""")
)
#: Sums to look back over for the one that "umgerechnet" converts.
_LOOK_BACK = 4


def same_value(a: Decimal, b: Decimal, tolerance: Decimal = Decimal("0.01")) -> bool:
    """Tell whether two values are equal but for rounding.

    Args:
        a: One value.
        b: The other, in the same unit.
        tolerance: Largest difference as a part of the larger one; 0.01 is 1 %.
    """
    return abs(a - b) <= tolerance * max(abs(a), abs(b))


def _after(tokens: Sequence[Token], quantity: Quantity) -> tuple[str, int] | None:
    """Read the currency behind a figure, also "$5 million Canadian dollars"."""
    scaled = quantity.scale is not None
    if quantity.article and not scaled:
        return None
    found = name_after(tokens, quantity.next, scaled=scaled)
    if found is None:
        return None
    if quantity.unit_first:
        same = found[0] == quantity.unit or quantity.unit == "USD"
        dollar = at(tokens, found[1] - 1).folded.startswith("dollar")
        return found if same and (found[0] == quantity.unit or dollar) else None
    following = at(tokens, found[1])
    if is_year(tokens[quantity.first]) and not scaled and following.is_digits:
        return None  # "in 2025 USD 10bn"
    return found


def _is_sentence_end(tokens: Sequence[Token], index: int) -> bool:
    following = at(tokens, index + 1)
    return tokens[index].text in (".", "!", "?") and (
        following.gap == BREAK or (following.gap > 0 and following.text[:1].isupper())
    )


def _carry(tokens: Sequence[Token], found: Sequence[Quantity], language: str) -> None:
    """Lend "bei Verlängerung bis zu 140 Millionen" the currency of the sum before.

    Only where nothing else can be meant: millions at least, the sums of the paragraph
    all in one currency and the last of them near, no word for what else is counted in
    millions, and behind the figure a sign or a word that cannot be counted.
    """
    last: Quantity | None = None
    common: str | None = None
    position = n_sentences = 0
    counted_at = -MAX_APART - 1
    for item in found:
        for index in range(position, item.first + 1):
            if tokens[index].gap == BREAK:
                last, common = None, None
            if index == item.first:
                break
            n_sentences += _is_sentence_end(tokens, index)
            if tokens[index].folded.startswith(_COUNTED):
                counted_at = index
        position = item.next
        if item.unit is not None:
            common = item.unit if common in (None, item.unit) else ""
            last, n_sentences = item, 0
            continue
        part = at(tokens, item.next).folded in _PARTS
        if last is None or not common or (item.scale or 0) < MIN_CARRIED:
            continue
        near = part or n_sentences <= MAX_SENTENCES
        counted = item.first - counted_at <= MAX_APART
        foreign = _looks_like_code(at(tokens, item.first - 1).text, language)
        if near and not (counted or foreign) and _stands_alone(tokens, item):
            item.unit = common


def _carry_back(tokens: Sequence[Token], found: Sequence[Quantity]) -> None:
    """Lend the first figures of a list the currency that stands behind its last.

    Only where both come in millions at least, the list goes on right behind the
    figure, and nothing counted stands before it.
    """
    for item, last in reversed(list(pairwise(found))):
        if item.unit is not None or last.unit is None or last.unit_first:
            continue
        if min(item.scale or 0, last.scale or 0) < MIN_CARRIED:
            continue
        between = range(item.next, last.first + 1)
        ends = any(
            tokens[n].gap == BREAK or _is_sentence_end(tokens, n) for n in between
        )
        listed_on = at(tokens, item.next).folded in _LISTING or _is_part(
            tokens, item, last
        )
        before = tokens[max(item.first - MAX_APART, 0) : item.first]
        counted = any(token.folded.startswith(_COUNTED) for token in before)
        foreign = _is_code(at(tokens, item.first - 1).text)
        near = len(between) <= MAX_LISTED
        if listed_on and near and not (ends or counted or foreign):
            item.unit = last.unit


def _looks_like_code(word: str, language: str) -> bool:
    """Whether a word before a lone figure may be a currency nobody here knows."""
    # German writes every noun large, and names its payers there.
    return _is_code(word) or (language != "de" and word[:1].isupper())


def _is_code(word: str) -> bool:
    """Whether a word is written as currencies are: "KSh"."""
    return 1 < len(word) <= MAX_CODE and sum(map(str.isupper, word)) > 1


def _stands_alone(tokens: Sequence[Token], item: Quantity) -> bool:
    """Tell whether nothing that could be counted follows a figure."""
    following = at(tokens, item.next)
    if following.gap != BREAK and following.is_word:
        return following.folded in _NOT_COUNTED
    hyphen = following.text in HYPHENS and following.gap == GLUED
    return not hyphen and following.text not in ("%", "°", "/")


def _is_part(tokens: Sequence[Token], item: Quantity, whole: Quantity) -> bool:
    """Tell whether a figure is told as a part of the one that follows."""
    between = words_between(tokens, item, whole)
    return bool(between) and between[0] in _OF and _WHOLE.issuperset(between)


def _is_converted(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Tell whether "umgerechnet" or "equivalent to" stands before a sum."""
    _, first = bound_before(tokens, quantity.first)
    if at(tokens, first).gap == BREAK:
        return False
    words = [at(tokens, index).folded for index in range(first - 3, quantity.first)]
    return not _CONVERTED.isdisjoint(words)


def _is_worth(one: Quantity, other: Quantity, drift: Decimal) -> bool:
    """Tell whether two sums in different currencies may be the same money."""
    if one.unit is None or other.unit is None or one.unit == other.unit:
        return False
    dollars = one.value / CURRENCIES[one.unit].per_dollar
    others = other.value / CURRENCIES[other.unit].per_dollar
    return max(dollars, others) <= drift * min(dollars, others)


def _is_conversion(tokens: Sequence[Token], one: Quantity, other: Quantity) -> bool:
    """Tell whether the next sum is the one before in another currency."""
    words = words_between(tokens, one, other)
    gaps = [token.gap for token in tokens[one.next : other.first + 1]]
    if BREAK in gaps or len(words) > 12:
        return False
    if _LINKS.issuperset(words) and not _TRIGGERS.isdisjoint(words):
        return _is_worth(one, other, MARKED_DRIFT)
    _, first = bound_before(tokens, other.first)
    bracket = at(tokens, first - 1).text in ("(", "[")
    return bracket and "." not in words and _is_worth(one, other, DISTANT_DRIFT)


def _without_conversions(
    tokens: Sequence[Token], sums: Sequence[Quantity]
) -> list[Quantity]:
    """Drop every sum that only repeats another in a second currency."""
    kept: list[Quantity] = []
    last: Quantity | None = None
    dropped = False
    for item in sums:
        converts = last is not None and _is_conversion(tokens, last, item)
        if converts and kept and last is kept[-1] and _is_converted(tokens, last):
            kept.pop()  # "umgerechnet 17 Mrd. Euro (20 Mrd. Dollar)"
            converts = False
        elif not converts and kept and _is_converted(tokens, item):
            earlier = [
                other
                for other in kept[-_LOOK_BACK:]
                if _is_worth(other, item, MARKED_DRIFT)
            ]
            converts = bool(earlier)
        if not converts and dropped and last is not None and last.unit == item.unit:
            # The other end of a converted range: "($5-6bn)" after "4 bis 5 Mrd. Euro".
            converts = last.bound == "at_least" and item.bound == "up_to"
            converts = converts and item.first - last.next <= 3
        if not converts:
            kept.append(item)
        dropped = converts
        last = item
    return kept


def find_money(text: str, language: str) -> list[MoneyMention]:
    """Find every sum of money in a text.

    Digits follow the language where they are ambiguous: "1.500" is 1500 in German and
    1.5 in English, "1,500" the other way round; "38.5" and "2,5" are decimal in both.
    In a range ("5 bis 7 Mrd. Euro") the lower end is at_least, the upper up_to.
    A figure of more than 18 digits is no sum.

    Args:
        text: Any text; offsets are its code points.
        language: ISO 639-1; decides what "1.500" and "Billion" mean. Number words
            are read in both languages.

    Returns:
        The sums, sorted and disjoint. A span reaches from the figure or the currency
        before it to the scale or the currency after it, without the bound ("bis zu")
        and without an article ("a $30 billion deal"). A figure that takes its currency
        from the other end of a range or from its sentence has a span without one.

    >>> [(str(m.value), m.bound) for m in find_money("rund 7,3 Mrd. Euro", "de")]
    [('7300000000', 'about')]
    """
    tokens = tokenize(text)
    found = collect(tokens, language, sign_before, _after)
    for item in found:
        if item.unit is None:
            continue
        if item.unit_first and item.scale is None:
            named = tokens[item.first].text in SCALED_ONLY
            item.unit = None if named else item.unit
    codes = {unit: resolve(tokens, unit) for unit in {item.unit for item in found}}
    for item in found:
        item.unit = codes[item.unit]
    link(tokens, found)
    _carry(tokens, found, language)
    _carry_back(tokens, found)
    sums = [item for item in found if item.unit is not None]
    return [
        MoneyMention(
            value=item.value,
            currency=item.unit,
            bound=item.bound,
            start=tokens[item.first].start,
            end=tokens[item.next - 1].end,
        )
        for item in _without_conversions(tokens, sums)
        if item.unit is not None
    ]
