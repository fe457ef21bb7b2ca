"""What is a sum worth in US dollars, for comparison alone?

In: a sum, its currency and a moment. Out: dollars by the average of that quarter's
reference rates of the European Central Bank, which ship with the package.

The original currency stands first wherever sums are shown; see the head of
``newsbot/data/rates.toml`` for the source and how to renew it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from newsbot.stages.amounts import same_value
from newsbot.stages.likeness import ROUNDED_TOLERANCE, close

#: How far apart two figures may lie that are one, converted: papers round (5 %), and
#: the day's rate leaves its quarter's average by up to 5 % in the major currencies.
CONVERTED_TOLERANCE = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Reference rates per quarter."""

    source: str
    #: First and last day that the averages hold.
    first_day: date
    last_day: date
    #: Units per US dollar by quarter (``"2026-Q1"``) and ISO 4217 code, oldest first.
    quarters: Mapping[str, Mapping[str, Decimal]]

    def dollars(self, value: Decimal, currency: str, at: datetime) -> Decimal | None:
        """Convert a sum by the rate of a moment's quarter.

        Before the table's first quarter that one stands in, after its last the last.

        Args:
            value: In whole units of *currency*.
            currency: ISO 4217.
            at: Aware.

        Returns:
            US dollars, not rounded; None where the currency has no rate then.
        """
        if currency == "USD":
            return value
        names = list(self.quarters)
        name = min(max(quarter_of(at), names[0]), names[-1])
        rate = self.quarters.get(name, {}).get(currency)
        return None if rate is None else value / rate

    def same_figure(
        self, a: Decimal, a_currency: str, b: Decimal, b_currency: str, at: datetime
    ) -> bool:
        """Tell whether two sums may be one figure, rounded or converted.

        Closer than `identify.close`, which has one rate for all years: "15 Mrd. Euro"
        is not $20bn where 17 are.
        """
        if a_currency == b_currency:
            return same_value(a, b, ROUNDED_TOLERANCE)
        left, right = self.dollars(a, a_currency, at), self.dollars(b, b_currency, at)
        if left is None or right is None:
            return close(a, a_currency, b, b_currency)
        return same_value(left, right, CONVERTED_TOLERANCE)


def quarter_of(at: datetime) -> str:
    """Name the quarter of a moment, in UTC.

    >>> quarter_of(datetime(2026, 4, 1, tzinfo=UTC))
    '2026-Q2'
    """
    utc = at.astimezone(UTC)
    return f"{utc.year:04}-Q{(utc.month + 2) // 3}"


@cache
def load_rates() -> Rates:
    """Read the packaged table, once per process."""
    packaged = files("newsbot").joinpath("data", "rates.toml")
    table = tomllib.loads(packaged.read_text(encoding="utf-8"), parse_float=Decimal)
    return Rates(
        source=table["source"],
        first_day=table["first_day"],
        last_day=table["last_day"],
        quarters={
            name: {code: Decimal(rate) for code, rate in row.items()}
            for name, row in sorted(table["quarters"].items())
        },
    )
