"""Which sums of money does a text state, and how does one write them?

In: a German or English text: "bis zu 30 Mrd. US-Dollar (26 Mrd. Euro)".
Out: its sums, exact, in whole units: 30000000000 USD, up to. A conversion is no sum
of its own. Figures without a currency and words without a figure are none either.
"""

from collections.abc import Sequence
from decimal import Decimal

from newsbot.stages.capacity import find_capacity, format_capacity
from newsbot.stages.conversions import without_conversions
from newsbot.stages.currencies import (
    CURRENCIES,
    SCALED_ONLY,
    is_year,
    name_after,
    resolve,
    sign_before,
)
from newsbot.stages.lent import carry, carry_back
from newsbot.stages.money import format_money
from newsbot.stages.numerals import Token, at, tokenize
from newsbot.stages.quantities import Quantity, collect, link
from newsbot.types import MoneyMention

__all__ = [
    "CURRENCIES",
    "find_capacity",
    "find_money",
    "format_capacity",
    "format_money",
    "same_value",
]


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
        named = item.unit_first and tokens[item.first].text in SCALED_ONLY
        if named and item.scale is None:
            # A word is no part of a figure that has its currency from elsewhere.
            item.unit, item.unit_first = None, False
            item.first += 1
    codes = {unit: resolve(tokens, unit) for unit in {item.unit for item in found}}
    for item in found:
        item.unit = codes[item.unit]
    link(tokens, found)
    carry(tokens, found, language)
    carry_back(tokens, found)
    sums = [item for item in found if item.unit is not None]
    return [
        MoneyMention(
            value=item.value,
            currency=item.unit,
            bound=item.bound,
            start=tokens[item.first].start,
            end=tokens[item.next - 1].end,
        )
        for item in without_conversions(tokens, sums)
        if item.unit is not None
    ]
