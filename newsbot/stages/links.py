"""Who pays, backs and supplies whom: deals as a network of organisations.

In: deals with their findings, and the list of organisations. Out: a `Network`:
organisations in columns by trade, and links directed along money or supply.

Rules. A customer pays a provider, an investor an investee; a maker of chips supplies
its customer, a lab gives its models to a cloud. Organisations without such a role
stand beside the deal's busiest one. Deals of one kind and state between the same two
are one link; what is signed, negotiated and ended stays apart, and so do firm sums
and ceilings. A unit stands for its parent where both are of one trade.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from newsbot.stages.amounts import format_money
from newsbot.stages.lettering import clean
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.ties import LinkKind, Price, State, Tie, ties
from newsbot.stages.wording import BOUNDS
from newsbot.types import Deal
from newsbot.vocabulary import Language, OrganisationKind, Role

Column = Literal["chips", "neocloud", "cloud", "lab", "other"]

#: From left to right along the chain of supply, so that most links are short.
COLUMNS: tuple[Column, ...] = ("chips", "neocloud", "cloud", "lab", "other")
LINK_KINDS: tuple[LinkKind, ...] = (
    "purchase",
    "investment",
    "chips",
    "models",
    "together",
)
#: More organisations than this are no picture; those in most deals stay.
MAX_ORGANISATIONS = 120
MAX_LINKS = 240
#: Characters of a sum; no sum of the press is longer.
MAX_MONEY = 28
#: One sum for several links together.
_JOINT: dict[Language, str] = {"en": "joint ", "de": "zusammen "}
_BY_KIND: dict[OrganisationKind, Column] = {
    "chips": "chips",
    "neocloud": "neocloud",
    "datacentre": "neocloud",
    "cloud": "cloud",
    "lab": "lab",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An organisation of the picture."""

    name: str
    column: Column
    #: Deals it is a party of.
    n_deals: int
    #: Whether money that it spends comes back to it.
    circular: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """All deals of one kind and state between two organisations.

    Along the money (``purchase``, ``investment``) or the supply (``chips``,
    ``models``); ``together`` has no direction.
    """

    source: str
    target: str
    kind: LinkKind
    state: State
    #: The sums as the press writes them; empty where none is told.
    label: str
    n_deals: int
    circular: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Money that comes back to an investor, over one or two others."""

    #: Payers in order; the last one pays the first.
    names: tuple[str, ...]
    #: For each payer, whether it invests in the next or buys from it.
    invests: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What the picture shows, before anything has a place."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    circles: tuple[Circle, ...]
    n_deals: int
    #: Organisations and links that did not fit.
    n_nodes_left: int
    n_links_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundle:
    """The ties that one link is made of."""

    first: Tie
    prices: tuple[Price, ...]
    n_deals: int

    @property
    def money(self) -> tuple[str, str] | None:
        """Payer and payee, where money flows that was agreed on."""
        tie = self.first
        if tie.state != "signed" or tie.kind in ("models", "together"):
            return None
        ends = (tie.source, tie.target)
        return ends[::-1] if tie.kind == "chips" else ends


def network(
    deals: Sequence[Deal],
    gazetteer: Gazetteer,
    language: Language,
    *,
    max_organisations: int = MAX_ORGANISATIONS,
    max_links: int = MAX_LINKS,
) -> Network:
    """Draw up who deals with whom; the order of *deals* does not matter.

    Args:
        deals: With all their findings.
        gazetteer: Tells trades, units and parents.
        language: The sums are written in.
        max_organisations: Of more, those in most deals are kept.
        max_links: Of more, those with most deals and money are kept.

    Returns:
        Organisations and links, sorted, with what was left out.
    """
    standing = (deal for deal in deals if deal.withdrawn_by is None)
    ordered = sorted(standing, key=lambda deal: (deal.first_seen_at, deal.id))
    names = _merged({name for deal in ordered for name, _ in deal.parties}, gazetteer)
    columns = _columns(ordered, names, gazetteer)
    found = [
        ties(deal, names, lambda name: columns[name] == "chips") for deal in ordered
    ]
    in_deals: Counter[str] = Counter()
    for of_deal in found:
        in_deals.update({name for tie in of_deal for name in (tie.source, tie.target)})
    ranked = sorted(in_deals, key=lambda name: (-in_deals[name], name))
    kept = set(ranked[:max_organisations])
    bundles = _bundled(tie for of_deal in found for tie in of_deal)
    shown = [one for one in bundles if {one.first.source, one.first.target} <= kept][
        :max_links
    ]
    circles = _circles(shown)
    turning = {pair for circle in circles for pair in _pairs(circle.names)}
    turners = {name for circle in circles for name in circle.names}
    links = [_link(one, one.money in turning, language) for one in shown]
    seen = {name for link in links for name in (link.source, link.target)}
    return Network(
        nodes=tuple(
            Node(
                name=name,
                column=columns[name],
                n_deals=in_deals[name],
                circular=name in turners,
            )
            for name in sorted(seen)
        ),
        links=tuple(links),
        circles=circles,
        n_deals=len(ordered),
        n_nodes_left=len(in_deals) - len(seen),
        n_links_left=len(bundles) - len(links),
    )


def _merged(names: Iterable[str], gazetteer: Gazetteer) -> dict[str, str]:
    """Name each party as the picture does: units of one trade as one organisation.

    A unit keeps its own name while nobody else of its family is in the picture.
    """
    families: defaultdict[str, list[str]] = defaultdict(list)
    cleaned: dict[str, str] = {}
    for name in sorted(names):
        known = gazetteer.get(name)
        root = cleaned[name] = known.name if known else clean(name) or "?"
        while known and known.parent:
            above = gazetteer.get(known.parent)
            if above is None or _column_of(above.kind) != _column_of(known.kind):
                break
            known, root = above, above.name
        families[root].append(name)
    merged = {}
    for root, members in families.items():
        own = {cleaned[name] for name in members}
        shown = root if len(own) > 1 else own.pop()
        merged.update(dict.fromkeys(members, shown))
    return merged


def _column_of(kind: OrganisationKind) -> Column:
    return _BY_KIND.get(kind, "other")


def _columns(
    deals: Sequence[Deal], names: Mapping[str, str], gazetteer: Gazetteer
) -> dict[str, Column]:
    """Put every organisation into its trade; of unknown ones the roles decide."""
    columns: dict[str, Column] = {}
    votes: defaultdict[str, Counter[Column]] = defaultdict(Counter)
    for deal in deals:
        for name, roles in deal.parties:
            known = gazetteer.get(name)
            if known:
                columns[names[name]] = _column_of(known.kind)
            else:
                votes[names[name]].update(_votes(deal, roles))
    for name, counted in votes.items():
        best = min(COLUMNS, key=lambda column: -counted[column])
        columns.setdefault(name, best if counted else "other")
    return columns


def _votes(deal: Deal, roles: Sequence[Role]) -> list[Column]:
    """What an unknown organisation's roles in a deal make it."""
    types = set(deal.types)
    votes: list[Column] = []
    if "model_provider" in roles:
        votes.append("lab")
    elif "provider" in roles and "chip_supply" in types and len(types) == 1:
        votes.append("chips")
    elif "provider" in roles and types & {"compute_purchase", "infrastructure"}:
        votes.append("neocloud")
    elif roles:
        votes.append("other")
    return votes


def _bundled(found: Iterable[Tie]) -> list[_Bundle]:
    """Join ties of one kind and state between the same two; the largest first."""
    groups: defaultdict[tuple[str, str, LinkKind, State], list[Tie]] = defaultdict(list)
    for tie in found:
        groups[tie.source, tie.target, tie.kind, tie.state].append(tie)
    bundles = [
        _Bundle(
            first=group[0],
            prices=tuple(price for tie in group for price in tie.prices),
            n_deals=len(group),
        )
        for _, group in sorted(groups.items())
    ]
    return sorted(bundles, key=lambda one: (-one.n_deals, -_dollars(one)))


def _dollars(bundle: _Bundle) -> Decimal:
    return max((price.dollars for price in bundle.prices), default=Decimal(0))


def _link(bundle: _Bundle, circular: bool, language: Language) -> Link:
    tie = bundle.first
    return Link(
        source=tie.source,
        target=tie.target,
        kind=tie.kind,
        state=tie.state,
        label=_label(bundle.prices, language),
        n_deals=bundle.n_deals,
        circular=circular,
    )


def _label(prices: Sequence[Price], language: Language) -> str:
    """Write the largest firm sum, and a ceiling where it is higher.

    >>> up_to = Price(value=Decimal(10**10), currency="USD", bound="up_to", joint=False)
    >>> _label([up_to], "en")
    'up to $10bn'
    """
    firm = [price for price in prices if price.bound != "up_to"]
    ceilings = [price for price in prices if price.bound == "up_to"]
    best = max(firm, key=lambda price: price.dollars, default=None)
    highest = max(ceilings, key=lambda price: price.dollars, default=None)
    shown = [best] if best else []
    if highest and (best is None or highest.dollars > best.dollars):
        shown.append(highest)
    return ", ".join(_written(price, language) for price in shown)


def _written(price: Price, language: Language) -> str:
    joint = _JOINT[language] if price.joint else ""
    money = format_money(price.value, price.currency, language)
    if len(money) > MAX_MONEY:  # a figure that is cut would be a smaller one
        money = f"{price.value:.1e} {price.currency}"
    return f"{joint}{BOUNDS[language][price.bound]}{money}"


def _circles(bundles: Sequence[_Bundle]) -> tuple[Circle, ...]:
    """Find money that comes back to an investor over one or two others."""
    flows: defaultdict[str, set[str]] = defaultdict(set)
    invested: set[tuple[str, str]] = set()
    for one in bundles:
        if one.money is None:
            continue
        flows[one.money[0]].add(one.money[1])
        if one.first.kind == "investment":
            invested.add(one.money)
    found: dict[tuple[str, ...], None] = {}
    for investor, investee in sorted(invested):
        ways: list[tuple[str, ...]] = [(investor, investee)]
        ways += [(investor, investee, third) for third in sorted(flows[investee])]
        for way in ways:
            if len(set(way)) == len(way) and investor in flows[way[-1]]:
                turns = [way[n:] + way[:n] for n in range(len(way))]
                if not any(turn in found for turn in turns):
                    found[way] = None
    ordered = sorted(found, key=lambda way: (len(way), way))
    return tuple(
        Circle(names=way, invests=tuple(pair in invested for pair in _pairs(way)))
        for way in ordered
    )


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(names, (*names[1:], names[0]), strict=True))
