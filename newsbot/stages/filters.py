"""Which deals does a reader ask for?

In: what was typed ("1bn", "2 Mrd", "7d", a name in any spelling), and deals. Out: the
deals that fit all of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from newsbot.stages.amounts import CURRENCIES, find_money
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import Rates
from newsbot.stages.totals import Money, comparable, sums_of
from newsbot.stages.worth import worth
from newsbot.types import Deal
from newsbot.vocabulary import DealType, Status

_AGE = re.compile(r"(\d{1,5})([hd])")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
#: Scales that only German has: with them "1.500" is fifteen hundred, and "Billion" in
#: their plural is a million millions.
_GERMAN = re.compile(r"mrd|mio|tsd|bio\b|milliarde|millionen|billionen", re.IGNORECASE)
#: Points that can only part thousands: nobody asks for 1.001 dollars.
_DOTTED = re.compile(
    r"[^\d.]*\d{1,3}(\.\d{3})+(?![\d.])(?! ?([kmb]|bn|tn|\w+ions?)\b).*"
)
#: Characters of a typed sum.
MAX_TYPED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asks for; what is empty or None asks for nothing."""

    #: In any spelling; a deal must name all of them, each itself or by its units.
    parties: tuple[str, ...] = ()
    #: A deal must have one of them.
    types: tuple[DealType, ...] = ()
    #: A deal must have one of them.
    statuses: tuple[Status, ...] = ()
    min_amount: Money | None = None
    #: First seen at or after, and before.
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Deals that fit, in the order given, and how many nobody could compare."""

    deals: tuple[Deal, ...]
    #: They fit but for a sum in a currency without a rate.
    n_incomparable: int = 0


def choose(
    deals: Iterable[Deal],
    wanted: Wanted,
    gazetteer: Gazetteer,
    rates: Rates,
    told_in: Collection[str] | None = None,
) -> Chosen:
    """Pick the deals that fit everything wanted.

    Args:
        deals: In any order.
        wanted: What to ask of each.
        gazetteer: Spellings, parents and units.
        rates: For comparing sums.
        told_in: Ids of the deals that are told in a wanted language; None for all.

    Returns:
        What fits.
    """
    asked = [_Party(name, gazetteer) for name in wanted.parties]
    found: list[Deal] = []
    n_incomparable = 0
    for deal in deals:
        if (
            (wanted.since is not None and deal.first_seen_at < wanted.since)
            or (wanted.until is not None and deal.first_seen_at >= wanted.until)
            or (wanted.types and not set(wanted.types) & set(deal.types))
            or (wanted.statuses and deal.status not in wanted.statuses)
            or (told_in is not None and deal.id not in told_in)
            or not all(one.in_deal(deal) for one in asked)
        ):
            continue
        if wanted.min_amount is not None:
            reached = _reaches(deal, wanted.min_amount, rates, gazetteer)
            n_incomparable += reached is None
            if not reached:
                continue
        found.append(deal)
    return Chosen(deals=tuple(found), n_incomparable=n_incomparable)


class _Party:
    """An organisation as a reader spells it."""

    def __init__(self, name: str, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._known = gazetteer.get(name)
        self._name = gazetteer.canonical(name)
        self._words = _words(self._name)

    def in_deal(self, deal: Deal) -> bool:
        """Whether a deal names it, in its own parties or in any paper's."""
        names = dict.fromkeys(name for name, _ in deal.parties)
        # A deal keeps the first of "Google" and "Google Cloud"; papers name both.
        names |= dict.fromkeys(p.name for f in deal.findings for p in f.parties)
        return any(self.names(name) for name in names)

    def names(self, name: str) -> bool:
        """Whether a name is its own or that of a unit."""
        if self._known is None:
            # No list knows it: "schwarz digits" is found by each of its words.
            words = _words(name)
            n = len(self._words)
            starts = range(len(words) - n + 1)
            return n > 0 and any(words[i : i + n] == self._words for i in starts)
        up: str | None = self._gazetteer.canonical(name)
        while up is not None:
            if up == self._known.name:
                return True
            up = self._gazetteer.parent(up)
        return False


def names_of(
    party: str, canonical: Mapping[str, str], gazetteer: Gazetteer
) -> list[str]:
    """Pick the names under which a deal with a party may be kept.

    Args:
        party: In any spelling.
        canonical: The names that deals are kept under, and what each resolves to.
        gazetteer: Spellings, parents and units.

    Returns:
        No name of a deal that `choose` would pick is missing: a deal keeps the first
        of "Google" and "Google Cloud", and papers name both.
    """
    family = set(gazetteer.family([party]))
    if gazetteer.get(party) is not None:
        return [name for name, known in canonical.items() if known in family]
    asked = _Party(party, gazetteer)
    return [
        name
        for name, known in canonical.items()
        if known in family or asked.names(name)
    ]


def most_dollars(rates: Rates) -> dict[str, float]:
    """Say of each currency the most that a unit was ever worth in dollars."""
    codes = {code for row in rates.quarters.values() for code in row}
    most = {
        code: max(
            1 / float(row[code]) for row in rates.quarters.values() if code in row
        )
        for code in sorted(codes)
    }
    return {**most, "USD": 1.0}


def fewest_dollars(least: Money, rates: Rates) -> float | None:
    """Say the least that a sum was ever worth in dollars; None without a rate."""
    if least.currency == "USD":
        return float(least.value)
    worths = [
        least.value / row[least.currency]
        for row in rates.quarters.values()
        if least.currency in row
    ]
    return float(min(worths)) if worths else None


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name.casefold())


def _reaches(
    deal: Deal, least: Money, rates: Rates, gazetteer: Gazetteer
) -> bool | None:
    """Whether a deal's largest sum is at least so much; None if nobody can tell.

    Any figure that a paper states counts, "up to" as well, and so does what the
    firm parts come to.
    """
    at = deal.first_seen_at
    wanted = rates.dollars(least.value, least.currency, at)
    unknown = False
    for amount in (one for finding in deal.findings for one in finding.amounts):
        if amount.currency == least.currency:
            if amount.value >= least.value:
                return True
            continue
        dollars = rates.dollars(amount.value, amount.currency, at)
        if dollars is None or wanted is None:
            unknown = True
        elif dollars >= wanted:
            return True
    told = worth(deal, rates, gazetteer.related)
    figures = [(one, at) for one in comparable(told, rates, at)]
    firm = sums_of(figures, rates).firm.dollars
    if wanted is not None and figures and firm >= wanted:
        return True
    return None if unknown else False


def read_sum(text: str) -> Money | None:
    """Read a sum as people type it; US dollars where no currency stands there.

    Args:
        text: "1bn", "500m", "2 Mrd", "$1bn", "750 Mio. Euro".

    Returns:
        The sum; None where the text is not exactly one.

    >>> read_sum("2 Mrd")
    Money(value=Decimal('2000000000'), currency='USD')
    """
    typed = " ".join(text.split())
    if not typed or len(typed) > MAX_TYPED:
        return None
    typed = re.sub(r"(?<=\d)_(?=\d)", "", typed)
    typed = re.sub(r"(?<=\d) ?([kmb]|bn|tn)(?=€| ?$)", r"\1 ", typed).strip()
    typed = re.sub(r"\b[a-z]{3}\b", _code, typed)
    german = _GERMAN.search(typed) or _DOTTED.fullmatch(typed)
    language = "de" if german else "en"
    for written in (typed, f"{typed} dollars"):
        found = find_money(written, language)
        if len(found) == 1 and (found[0].start, found[0].end) == (0, len(written)):
            return Money(value=found[0].value, currency=found[0].currency)
    return None


def _code(word: re.Match[str]) -> str:
    upper = word[0].upper()
    return upper if upper in CURRENCIES else word[0]


def read_moment(text: str, now: datetime, *, end: bool = False) -> datetime | None:
    """Read a day or an age.

    Args:
        text: "2026-03-01", "1.3.2026", or "7d", "12h" back from *now*.
        now: Aware.
        end: Whether a day means its end, so that it lies within.

    Returns:
        The moment, UTC; None where the text is neither, or out of the calendar.
    """
    typed = text.strip()
    try:
        if age := _AGE.fullmatch(typed):
            hours = int(age[1]) * (24 if age[2] == "d" else 1)
            return now - timedelta(hours=hours)
        if iso := _DATE.fullmatch(typed):
            year, month, day = iso.groups()
        elif german := _GERMAN_DATE.fullmatch(typed):
            day, month, year = german.groups()
        else:
            return None
        moment = datetime(int(year), int(month), int(day), tzinfo=UTC)
        return moment + timedelta(days=1) if end else moment
    except (ValueError, OverflowError):
        return None
