"""What is a deal worth, if every figure counts once?

In: a deal with every paper's figures. Out: its figures, each once, with the bound
that all papers bear; or why none can be counted.

Papers round and convert, name a sum's payer or do not, tell parts or what they come
to. Money that is only talked about, and a deal that is over, are worth nothing here.
Where two papers contradict each other, nobody decides between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from newsbot.stages.amounts import same_value
from newsbot.stages.rates import Rates
from newsbot.types import Amount, Deal, Finding
from newsbot.vocabulary import Bound, Status

LeftOut = Literal["talks", "ended", "no_sum", "differing", "withdrawn"]
Related = Callable[[str, str], bool]

#: Which bound stands where papers differ over one figure. What only one of them calls
#: "up to" is not firm; "about" may be the other paper's rounding.
_CAREFUL: tuple[Bound, ...] = ("up_to", "exact", "at_least", "about")
_COUNTED: tuple[Status, ...] = ("announced", "expanded")
#: Figures of one family state the same about a sum, and must agree.
_FAMILY: dict[Bound, str] = {
    "exact": "value",
    "about": "value",
    "at_least": "floor",
    "up_to": "ceiling",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A deal's figures, each once."""

    #: As one paper wrote them, with the bound that all papers bear.
    figures: tuple[Amount, ...] = ()
    #: Why nothing is counted; None where something is.
    left_out: LeftOut | None = None
    #: Whether some papers call a figure firm and others "up to".
    mixed: bool = False


@dataclass(slots=True, eq=False)
class _Slot:
    """One figure, with everyone who told it."""

    told: list[Amount]
    status: Status

    @property
    def first(self) -> Amount:
        return self.told[0]

    @property
    def payer(self) -> str | None:
        return next((one.payer for one in self.told if one.payer), None)

    @property
    def bound(self) -> Bound:
        bounds = {one.bound for one in self.told}
        return next(bound for bound in _CAREFUL if bound in bounds)

    @property
    def mixed(self) -> bool:
        bounds = {one.bound for one in self.told}
        return "up_to" in bounds and len(bounds) > 1

    def agreed(self) -> Amount:
        """The figure as most papers of the careful bound have it, else in full."""
        if len(self.told) == 1:
            return self.first
        bound = self.bound
        fitting = [one for one in self.told if one.bound == bound]
        counts = Counter((one.value, one.currency) for one in fitting)

        def weight(one: Amount) -> tuple[int, int, bool]:
            digits = len(one.value.normalize().as_tuple().digits)
            return counts[one.value, one.currency], digits, one.payer is not None

        return max(fitting, key=weight)


class _DifferingError(Exception):
    """Two papers contradict each other."""


@dataclass(slots=True)
class _Ledger:
    """The figures of one deal so far."""

    rates: Rates
    at: datetime
    related: Related
    slots: list[_Slot] = field(default_factory=list)

    def add(self, amounts: Sequence[Amount], status: Status) -> None:
        """Take one finding's figures: those known again, the rest as new ones."""
        free = list(self.slots)
        left = list(amounts)
        for fits in (
            self._same_payer,
            self._same_kind,
            self._other_kind,
            self._same_number,
        ):
            for amount in list(left):
                slot = next((one for one in free if fits(amount, one)), None)
                if slot is not None:
                    slot.told.append(amount)
                    free.remove(slot)
                    left.remove(amount)
        groups: dict[tuple[str, str], list[Amount]] = {}
        for amount in left:
            groups.setdefault((amount.kind, _FAMILY[amount.bound]), []).append(amount)
        for (kind, family), group in groups.items():
            self._add_new(kind, family, group, free, status)

    def _add_new(
        self,
        kind: str,
        family: str,
        group: list[Amount],
        free: Sequence[_Slot],
        status: Status,
    ) -> None:
        known = [
            slot
            for slot in self.slots
            if (slot.first.kind, _FAMILY[slot.bound]) == (kind, family)
        ]
        if len(known) > 1:  # what the parts come to is no further part
            group = [a for a in group if not self.is_sum(a, [s.first for s in known])]
        open_slots = [slot for slot in known if slot.status == status and slot in free]
        for slot in open_slots:
            if len(group) > 1 and self.is_sum(slot.first, group):
                self.slots.remove(slot)  # its parts say more
                open_slots = [one for one in open_slots if one is not slot]
                break
        for amount in group:
            if any(self._may_share_payer(amount, slot) for slot in open_slots):
                raise _DifferingError
        self.slots.extend(_Slot([amount], status) for amount in group)

    def near(self, a: Amount, b: Amount) -> bool:
        """Whether two figures may be one."""
        return self.rates.same_figure(a.value, a.currency, b.value, b.currency, self.at)

    def _same_payer(self, amount: Amount, slot: _Slot) -> bool:
        payer = slot.payer
        known = amount.payer and payer and self.related(amount.payer, payer)
        return bool(known) and self._same_kind(amount, slot)

    def _same_kind(self, amount: Amount, slot: _Slot) -> bool:
        return amount.kind == slot.first.kind and self.near(amount, slot.first)

    def _other_kind(self, amount: Amount, slot: _Slot) -> bool:
        return self._may_share_payer(amount, slot) and self.near(amount, slot.first)

    def _same_number(self, amount: Amount, slot: _Slot) -> bool:
        """Sooner than paid twice, one paper mistook who pays it, or what for."""
        told = slot.first
        return (amount.value, amount.currency) == (told.value, told.currency)

    def _may_share_payer(self, amount: Amount, slot: _Slot) -> bool:
        payer = slot.payer
        return not (amount.payer and payer) or self.related(amount.payer, payer)

    def is_sum(self, amount: Amount, parts: Sequence[Amount]) -> bool:
        """Whether a figure is what parts come to; only in one currency."""
        if any(part.currency != amount.currency for part in parts):
            return False
        return same_value(amount.value, sum((p.value for p in parts), Decimal()))

    def without_known_floors(self) -> list[_Slot]:
        """Drop "at least" where the same payment's figure is known and not less."""
        values = [slot for slot in self.slots if _FAMILY[slot.bound] == "value"]

        def told(floor: _Slot) -> bool:
            if floor.bound != "at_least":
                return False
            low = self._dollars(floor.first)
            return any(
                slot.first.kind == floor.first.kind
                and self._may_share_payer(floor.first, slot)
                and low is not None
                and low <= (self._dollars(slot.first) or 0)
                for slot in values
            )

        return [slot for slot in self.slots if not told(slot)]

    def _dollars(self, amount: Amount) -> Decimal | None:
        return self.rates.dollars(amount.value, amount.currency, self.at)


def worth(deal: Deal, rates: Rates, related: Related) -> Worth:
    """Tell what a deal is worth, every figure once.

    A stated total stands for everything else; that of an extension for the earlier
    one. Without a total, parts are listed side by side, and an extension's new sum
    beside the first one's.

    Args:
        deal: With its findings in the order in which they appeared.
        rates: For seeing that two figures are one, converted.
        related: Whether two names are the same, or parent and unit.

    Returns:
        The figures, or the reason for which none is counted.
    """
    if deal.withdrawn_by is not None:
        return Worth(left_out="withdrawn")
    if deal.status == "talks" or deal.status == "ended":
        return Worth(left_out=deal.status)
    told = [one for one in deal.findings if one.status in _COUNTED and one.amounts]
    if not told:
        return Worth(left_out="no_sum")
    totals = [one for one in told if _totals(one)]
    extended = [one for one in totals if one.status == "expanded"]
    if (only := _only_figure(extended or totals or told)) is not None:
        return Worth(figures=(only,))
    ledger = _Ledger(rates, deal.first_seen_at, related)
    try:
        if totals:
            for finding in extended or totals:
                ledger.add(_alone(_totals(finding), ledger), "announced")
            _check_alone(ledger.slots)
        else:
            for finding in told:
                ledger.add(_own(finding.amounts, ledger), finding.status)
    except _DifferingError:
        return Worth(left_out="differing")
    slots = ledger.without_known_floors()
    return Worth(
        figures=tuple(slot.agreed() for slot in slots),
        mixed=any(slot.mixed for slot in slots),
    )


def _only_figure(told: Sequence[Finding]) -> Amount | None:
    """The one figure that every paper tells alike: of most deals, all that there is."""
    first = told[0].amounts[0]
    alike = (first.value, first.currency, first.kind, first.bound, first.payer)
    for finding in told:
        for one in finding.amounts:
            if (one.value, one.currency, one.kind, one.bound, one.payer) != alike:
                return None
    return first


def _totals(finding: Finding) -> list[Amount]:
    return [amount for amount in finding.amounts if amount.kind == "total"]


def _alone(totals: Sequence[Amount], ledger: _Ledger) -> list[Amount]:
    """One article's totals, a figure that it repeats once; whoever pays."""
    kept: list[Amount] = []
    for amount in totals:
        if not any(ledger.near(amount, one) for one in kept):
            kept.append(amount)
    return kept


def _check_alone(slots: Sequence[_Slot]) -> None:
    """A deal has one total; a floor and a ceiling may stand beside it."""
    families = Counter(_FAMILY[slot.bound] for slot in slots)
    if any(count > 1 for count in families.values()):
        raise _DifferingError


def _own(amounts: Sequence[Amount], ledger: _Ledger) -> list[Amount]:
    """One article's figures, without repetition and without sums of the others."""
    kept: list[Amount] = []
    # The careful bound of a figure that an article repeats comes first, and stays.
    for amount in sorted(amounts, key=lambda one: _CAREFUL.index(one.bound)):
        again = any(
            (one.value, one.currency, one.kind)
            == (amount.value, amount.currency, amount.kind)
            and (
                not (one.payer and amount.payer)
                or ledger.related(one.payer, amount.payer)
            )
            for one in kept
        )
        if not again:
            kept.append(amount)
    parts = []
    for amount in kept:
        others = [
            one
            for one in kept
            if one is not amount
            and one.kind == amount.kind
            and _FAMILY[one.bound] == _FAMILY[amount.bound]
        ]
        if len(others) < 2 or not ledger.is_sum(amount, others):
            parts.append(amount)
    return parts
