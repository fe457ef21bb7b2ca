"""Which sum only repeats another in a second currency?

In: a text's words and its sums in order. Out: those that say something of their own:
"umgerechnet 17 Mrd. Euro (20 Mrd. Dollar)" is one.
"""

from collections.abc import Sequence
from decimal import Decimal

from newsbot.stages.bounds import bound_before
from newsbot.stages.currencies import CURRENCIES
from newsbot.stages.numerals import BREAK, Token, at, listed
from newsbot.stages.quantities import Quantity, words_between

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
#: Sums to look back over for the one that "umgerechnet" converts.
_LOOK_BACK = 4


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


def converts(tokens: Sequence[Token], last: Quantity | None, item: Quantity) -> bool:
    """Tell whether a sum repeats the one before, or says that it repeats any."""
    return _is_converted(tokens, item) or (
        last is not None and _is_conversion(tokens, last, item)
    )


def without_conversions(
    tokens: Sequence[Token], sums: Sequence[Quantity]
) -> list[Quantity]:
    """Drop every sum that only repeats another in a second currency."""
    kept: list[Quantity] = []
    last: Quantity | None = None
    dropped = False
    for item in sums:
        repeats = last is not None and _is_conversion(tokens, last, item)
        if repeats and kept and last is kept[-1] and _is_converted(tokens, last):
            kept.pop()  # "umgerechnet 17 Mrd. Euro (20 Mrd. Dollar)"
            repeats = False
        elif not repeats and kept and _is_converted(tokens, item):
            earlier = [
                other
                for other in kept[-_LOOK_BACK:]
                if _is_worth(other, item, MARKED_DRIFT)
            ]
            repeats = bool(earlier)
        if not repeats and dropped and last is not None and last.unit == item.unit:
            # The other end of a converted range: "($5-6bn)" after "4 bis 5 Mrd. Euro".
            repeats = last.bound == "at_least" and item.bound == "up_to"
            repeats = repeats and item.first - last.next <= 3
        if not repeats:
            kept.append(item)
        dropped = repeats
        last = item
    return kept
