"""How does the press write a sum?

In: a value in whole units and its currency. Out: "30 Mrd. US-Dollar", "$30bn".
"""

from decimal import Decimal

from newsbot.stages.numerals import format_number

_GERMAN_NAMES = {
    "USD": "US-Dollar",
    "EUR": "Euro",
    "GBP": "Pfund",
    "CHF": "Franken",
    "JPY": "Yen",
    "CNY": "Yuan",
}
#: Bare, "CAD 5" and "TRY 5" could be other things; their signs could not.
_ENGLISH_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "C$", "TRY": "₺"}
_PRESS_SCALES = (
    (Decimal(10) ** 12, "Bio.", "tn"),
    (Decimal(10) ** 9, "Mrd.", "bn"),
    (Decimal(10) ** 6, "Mio.", "m"),
)


def format_money(value: Decimal, currency: str, language: str) -> str:
    """Write a sum as the press does, without losing a digit.

    Args:
        value: In whole units of *currency*; finite, not negative.
        currency: ISO 4217.
        language: ``"de"`` for "2,75 Mrd. Euro", else "€2.75bn".

    Raises:
        ValueError: *value* is negative or not finite.

    >>> format_money(Decimal(30_000_000_000), "USD", "de")
    '30 Mrd. US-Dollar'
    >>> format_money(Decimal(30_000_000_000), "USD", "en")
    '$30bn'
    """
    german = language == "de"
    scale = ""
    if value.is_finite():
        for size, german_scale, english_scale in _PRESS_SCALES:
            if value >= size:
                # A power of ten: shifting the point is exact at any length.
                value = value.scaleb(-size.adjusted())
                scale = f" {german_scale}" if german else english_scale
                break
    number = format_number(value, language)
    if german:
        return f"{number}{scale} {_GERMAN_NAMES.get(currency, currency)}"
    return f"{_ENGLISH_SIGNS.get(currency, currency + ' ')}{number}{scale}"
