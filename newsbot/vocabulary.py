"""The closed lists of words that nouns are described with."""

from typing import Literal, get_args

Language = Literal["de", "en"]
Origin = Literal["feed", "archive"]
TextOrigin = Literal["page", "summary"]
Status = Literal["announced", "expanded", "talks", "ended"]
DealType = Literal[
    "investment",
    "compute_purchase",
    "model_distribution",
    "chip_supply",
    "infrastructure",
    "technology",
    "customer",
]
Role = Literal[
    "investor", "investee", "provider", "customer", "model_provider", "partner"
]
Bound = Literal["exact", "up_to", "at_least", "about"]
AmountKind = Literal["investment", "purchase", "total"]
OrganisationKind = Literal[
    "lab",
    "cloud",
    "neocloud",
    "chips",
    "datacentre",
    "investor",
    "telecom",
    "software",
    "industry",
    "bank",
    "media",
    "public",
    "consultancy",
]
MentionKind = Literal["name", "product", "description", "unknown"]
AlertKind = Literal["new", "update", "correction", "notice"]
Verdict = Literal["new", "update", "repeat"]
DeliveryState = Literal["pending", "sent", "failed", "unknown"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
STATUSES: tuple[Status, ...] = get_args(Status)
DEAL_TYPES: tuple[DealType, ...] = get_args(DealType)
ROLES: tuple[Role, ...] = get_args(Role)
AMOUNT_KINDS: tuple[AmountKind, ...] = get_args(AmountKind)
BOUNDS: tuple[Bound, ...] = ("exact", "up_to", "at_least", "about")
