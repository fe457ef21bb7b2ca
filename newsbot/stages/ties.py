"""One deal as ties between its parties: who pays, backs or supplies whom.

In: a deal with its findings, and what each party is called in the picture.
Out: ties, directed along money or supply, with the sums that are told for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Literal

from newsbot.stages.currencies import CURRENCIES
from newsbot.types import Deal
from newsbot.vocabulary import AmountKind, Bound, Role, Status

LinkKind = Literal["purchase", "investment", "chips", "models", "together"]
State = Literal["signed", "talks", "ended"]

#: Parties of one role that are drawn; a deal of hundreds is a list, no picture.
MAX_SIDE = 12
_STATES: dict[Status, State] = {
    "announced": "signed",
    "expanded": "signed",
    "talks": "talks",
    "ended": "ended",
}
#: Which sums stand on which tie, best first.
_SUMS: dict[LinkKind, tuple[AmountKind, ...]] = {
    "investment": ("investment", "total"),
    "purchase": ("purchase", "total"),
    "chips": ("purchase", "total"),
    "models": (),
    "together": ("total",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A sum that is told for a tie."""

    #: In whole units of `currency`.
    value: Decimal
    #: ISO 4217.
    currency: str
    bound: Bound
    #: The text gives one sum for several ties together.
    joint: bool

    @property
    def dollars(self) -> Decimal:
        """About how much it is, to find the largest; unknown currencies are last."""
        known = CURRENCIES.get(self.currency)
        return self.value / known.per_dollar if known else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """What one deal makes between two of its parties."""

    source: str
    target: str
    kind: LinkKind
    state: State
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    source: str
    target: str
    kind: LinkKind


def ties(
    deal: Deal, names: Mapping[str, str], is_chip_maker: Callable[[str], bool]
) -> list[Tie]:
    """Tie the parties of a deal.

    Args:
        deal: With its findings, from which the sums come.
        names: What each party's name is in the picture.
        is_chip_maker: Whether a name of the picture makes chips.

    Returns:
        At least one tie where there are two parties; in a fixed order.
    """
    sides: dict[Role, list[str]] = {}
    for name, roles in sorted(deal.parties):
        for role in roles:
            side = sides.setdefault(role, [])
            if names[name] not in side:
                side.append(names[name])
    cut = {role: side[:MAX_SIDE] for role, side in sides.items()}
    pairs = dict.fromkeys(
        pair
        for pair in (
            *_investments(cut),
            *_trades(deal, cut, is_chip_maker),
            *_models(deal, cut, is_chip_maker),
        )
        if pair.source != pair.target
    )
    every = list(dict.fromkeys(names[name] for name, _ in sorted(deal.parties)))
    all_pairs = [*pairs, *_rest(every, list(pairs))]
    return [
        Tie(
            source=pair.source,
            target=pair.target,
            kind=pair.kind,
            state=_STATES[deal.status],
            prices=_prices(deal, pair, all_pairs, names),
        )
        for pair in all_pairs
    ]


def _investments(sides: Mapping[Role, Sequence[str]]) -> list[_Pair]:
    investors = sides.get("investor", ())
    investees = sides.get("investee", ())
    return [
        _Pair(source=a, target=b, kind="investment")
        for a, b in product(investors, investees)
    ]


def _trades(
    deal: Deal,
    sides: Mapping[Role, Sequence[str]],
    is_chip_maker: Callable[[str], bool],
) -> list[_Pair]:
    """Tie customers and those who sell to them.

    Whose cloud a maker's chips are for sells on: a lab that rents there buys of it.
    """
    types = set(deal.types)
    trades = types & {"compute_purchase", "infrastructure", "customer"}
    customers = sides.get("customer", ())
    sellers = sides.get("provider", ())
    providers = [name for name in sellers if name not in customers]
    between = [name for name in sellers if name in customers]
    ends = [name for name in customers if name not in sellers]
    makers = [n for n in providers if "chip_supply" in types and is_chip_maker(n)]
    found = []
    for seller, customer in product(providers, customers):
        if seller in makers and between and customer in ends:
            continue
        if seller in makers or ("chip_supply" in types and not trades):
            found.append(_Pair(source=seller, target=customer, kind="chips"))
        else:
            found.append(_Pair(source=customer, target=seller, kind="purchase"))
    if makers:
        found += [
            _Pair(source=customer, target=seller, kind="purchase")
            for seller, customer in product(between, ends)
        ]
    models = sides.get("model_provider", ())
    if not providers:
        found += [
            _Pair(source=customer, target=seller, kind="purchase")
            for seller, customer in product(models, customers)
            if seller not in customers
        ]
    return found


def _models(
    deal: Deal,
    sides: Mapping[Role, Sequence[str]],
    is_chip_maker: Callable[[str], bool],
) -> list[_Pair]:
    """Tie labs and the platforms that offer their models.

    Whoever supplies the chips is none, where somebody else supplies a cloud.
    """
    labs = sides.get("model_provider", ())
    sellers = sides.get("provider", ())
    clouds = [
        name
        for name in sellers
        if not ("chip_supply" in deal.types and is_chip_maker(name))
    ]
    platforms = clouds or (
        sellers
        or (sides.get("partner", ()) if "model_distribution" in deal.types else ())
    )
    return [
        _Pair(source=lab, target=platform, kind="models")
        for lab, platform in product(labs, platforms)
        if platform not in labs
    ]


def _rest(every: Sequence[str], pairs: Sequence[_Pair]) -> list[_Pair]:
    """Tie who has no tie yet to the one that has most."""
    degree = Counter(name for pair in pairs for name in (pair.source, pair.target))
    alone = [name for name in every if name not in degree]
    hub = max(every, key=lambda name: degree[name], default=None)
    return [
        _Pair(source=min(hub, name), target=max(hub, name), kind="together")
        for name in alone[: 2 * MAX_SIDE]
        if hub is not None and name != hub
    ]


def _prices(
    deal: Deal, pair: _Pair, pairs: Sequence[_Pair], names: Mapping[str, str]
) -> tuple[Price, ...]:
    """The sums that are told for a tie: of its kind, and not another's."""
    alike = [other for other in pairs if other.kind == pair.kind]
    payer = pair.target if pair.kind == "chips" else pair.source
    of_payer = [
        other
        for other in alike
        if (other.target if other.kind == "chips" else other.source) == payer
    ]
    amounts = [amount for finding in deal.findings for amount in finding.amounts]
    for kind in _SUMS[pair.kind]:
        found = []
        for amount in amounts:
            if amount.kind != kind or amount.value <= 0:
                continue
            told = names.get(amount.payer, amount.payer) if amount.payer else None
            if told is not None and told != payer:
                continue
            shared = of_payer if told is not None else alike
            found.append(
                Price(
                    value=amount.value,
                    currency=amount.currency,
                    bound=amount.bound,
                    joint=len(shared) > 1,
                )
            )
        if found:
            return tuple(dict.fromkeys(found))
    return ()
