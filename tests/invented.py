"""Invented deals between known and unknown organisations; the same for the same seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from newsbot.types import Amount, Deal, Finding, Party, Span

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PLACE = Span(article_id="article", start=0, end=1)
BN = Decimal(10**9)


def amount(value, *, kind="purchase", bound="exact", payer=None, currency="USD"):
    return Amount(
        value=Decimal(value),
        currency=currency,
        kind=kind,
        bound=bound,
        payer=payer,
        span=PLACE,
        quote=PLACE,
    )


def deal(name, parties, types, *, status="announced", amounts=(), day=0):
    """A deal with one finding; *parties* maps names to roles."""
    parties = tuple((who, tuple(roles)) for who, roles in parties.items())
    seen = START + timedelta(days=day)
    finding = Finding(
        id=f"finding-{name}",
        article_id=f"article-{name}",
        status=status,
        status_quote=PLACE,
        types=tuple(types),
        parties=tuple(
            Party(name=who, roles=roles, span=PLACE, quote=PLACE)
            for who, roles in parties
        ),
        amounts=tuple(amounts),
        capacity=(),
    )
    return Deal(
        id=f"deal-{name}",
        status=status,
        types=tuple(types),
        parties=parties,
        first_seen_at=seen,
        last_seen_at=seen,
        findings=(finding,),
    )


def investment(name, investor, investee, value, **changes):
    bound = changes.pop("bound", "exact")
    sums = [amount(value, kind="investment", bound=bound, payer=investor)]
    roles = {investor: ("investor",), investee: ("investee",)}
    return deal(name, roles, ("investment",), amounts=sums, **changes)


def purchase(name, customer, provider, value=None, **changes):
    bound = changes.pop("bound", "exact")
    sums = [] if value is None else [amount(value, bound=bound, payer=customer)]
    roles = {customer: ("customer",), provider: ("provider",)}
    return deal(name, roles, ("compute_purchase",), amounts=sums, **changes)


def chips(name, maker, customer, value=None, **changes):
    sums = [] if value is None else [amount(value, payer=customer)]
    roles = {maker: ("provider",), customer: ("customer",)}
    return deal(name, roles, ("chip_supply",), amounts=sums, **changes)


def models(name, lab, cloud, **changes):
    roles = {lab: ("model_provider",), cloud: ("provider",)}
    return deal(name, roles, ("model_distribution",), **changes)


def circle():
    """Five deals with money that goes round, over two and over three."""
    return [
        investment("a", "Nvidia", "OpenAI", 10 * BN, bound="up_to", day=1),
        chips("b", "Nvidia", "OpenAI", 6 * BN, day=2),
        purchase("c", "OpenAI", "Oracle", 30 * BN, day=9),
        chips("d", "Nvidia", "Oracle", 4 * BN, day=12),
        investment("e", "Amazon", "Anthropic", 4 * BN, day=15),
    ]


def many(n, seed=7):
    """`n` deals, most between different organisations, as a year of news brings."""
    chosen = random.Random(seed)
    makers = ["Nvidia", "AMD", "Broadcom", "Intel", "Cerebras", "Groq", "Qualcomm"]
    clouds = [
        "Microsoft",
        "Google Cloud",
        "Amazon Web Services",
        "Oracle",
        "IBM",
        "OVHcloud",
        "Alibaba Cloud",
        "Ionos",
        "Stackit",
    ]
    neo = [
        "CoreWeave",
        "Nebius",
        "Lambda",
        "Crusoe",
        "Nscale",
        "Equinix",
        "Digital Realty",
        "Northern Data",
        "Vantage Data Centers",
    ]
    labs = [
        "OpenAI",
        "Anthropic",
        "Mistral AI",
        "Cohere",
        "xAI",
        "Aleph Alpha",
        "DeepL",
        "Perplexity",
        "Black Forest Labs",
        "Hugging Face",
        "Stability AI",
    ]
    others = ["SoftBank", "BlackRock", "Siemens", "SAP", "Deutsche Bank", "Allianz", "Bosch", "BMW", "Telefónica", "Orange", "Blackstone", "Brookfield", "Volkswagen", "Spotify", "Zalando", "Airbus", "Salesforce", "Accenture", "Bayer", "Commerzbank", "Lufthansa", "Walmart", "Snowflake", "Adobe", "Deutsche Bahn", "Merck", "Roche", "Stadtwerke Lüneburg", "Nordwind Kapital", "Rheinische Datenwerke", "Ministry of Digital Affairs", "Fund for Compute", "Klinikum Mitte", "Alpenbank", "Hafen Hamburg", "Universität Ulm", "Grid and Sons", "Tidewater Partners", "Quantum Foundry", "Polaris Health", "Nordsee Energie", "Falke Logistik", "Kranich Versicherung", "Sternwarte"]  # fmt: skip
    made = [*circle()][:n]
    states = ["announced"] * 8 + ["expanded", "talks", "talks", "ended"]
    turn = {"others": 0, "labs": 0, "neo": 0}

    def next_of(kind, names):
        turn[kind] += 1
        return names[(turn[kind] - 1) % len(names)]

    while len(made) < n:
        name, day = f"m{len(made)}", 2 * len(made)
        more = {"status": chosen.choice(states), "day": day}
        value = chosen.choice([None, 1, 2, 5, 10, 38, Decimal("0.25"), Decimal("1.4")])
        value = None if value is None else value * BN
        if value:
            more["bound"] = chosen.choice(["exact", "exact", "up_to", "about"])
        kind = chosen.choice(["buy", "buy", "sell", "sell", "sell", "invest", "invest", "chips", "models", "neo", "together"])  # fmt: skip
        lab, other = next_of("labs", labs), next_of("others", others)
        if kind == "buy":
            made.append(
                purchase(name, lab, chosen.choice(clouds[:5] + neo), value, **more)
            )
        elif kind == "sell":
            made.append(purchase(name, other, chosen.choice(clouds), value, **more))
        elif kind == "invest":
            into = chosen.choice([lab, chosen.choice(neo)])
            made.append(investment(name, other, into, value or BN, **more))
        elif kind == "chips":
            more.pop("bound", None)
            buyer = chosen.choice([lab, *clouds, *neo, *neo])
            made.append(chips(name, chosen.choice(makers), buyer, value, **more))
        elif kind == "models":
            more.pop("bound", None)
            made.append(models(name, lab, chosen.choice(clouds), **more))
        elif kind == "neo":
            made.append(
                purchase(
                    name, chosen.choice(clouds), next_of("neo", neo), value, **more
                )
            )
        else:
            more.pop("bound", None)
            roles = {lab: ("partner",), other: ("partner",)}
            made.append(deal(name, roles, ("technology",), **more))
    return made
