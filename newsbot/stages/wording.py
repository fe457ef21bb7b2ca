"""What status, type, role, kind and bound are called in either language.

In: values of the nouns. Out: the words that messages and summaries share.
"""

from __future__ import annotations

from collections.abc import Sequence

from newsbot.vocabulary import AmountKind, Bound, DealType, Language, Role, Status

STATUS: dict[Language, dict[Status, str]] = {
    "en": {
        "announced": "New deal",
        "expanded": "Deal expanded",
        "talks": "In talks",
        "ended": "Deal ended",
    },
    "de": {
        "announced": "Neues Abkommen",
        "expanded": "Abkommen erweitert",
        "talks": "In Verhandlung",
        "ended": "Abkommen beendet",
    },
}
#: How far a deal has come, within a sentence.
STATES: dict[Language, dict[Status, str]] = {
    "en": {
        "announced": "signed",
        "expanded": "expanded",
        "talks": "in talks",
        "ended": "ended",
    },
    "de": {
        "announced": "vereinbart",
        "expanded": "erweitert",
        "talks": "in Verhandlung",
        "ended": "beendet",
    },
}
TYPES: dict[Language, dict[DealType, str]] = {
    "en": {
        "investment": "investment",
        "compute_purchase": "compute purchase",
        "model_distribution": "model distribution",
        "chip_supply": "chip supply",
        "infrastructure": "infrastructure",
        "technology": "joint technology",
        "customer": "customer contract",
    },
    "de": {
        "investment": "Beteiligung",
        "compute_purchase": "Kauf von Rechenleistung",
        "model_distribution": "Vertrieb von Modellen",
        "chip_supply": "Lieferung von Chips",
        "infrastructure": "Infrastruktur",
        "technology": "gemeinsame Technik",
        "customer": "Kundenvertrag",
    },
}
ROLES: dict[Language, dict[Role, str]] = {
    "en": {
        "investor": "investor",
        "investee": "receives the investment",
        "provider": "provider",
        "customer": "customer",
        "model_provider": "model provider",
        "partner": "partner",
    },
    "de": {
        "investor": "Geldgeber",
        "investee": "erhält die Beteiligung",
        "provider": "Anbieter",
        "customer": "Kunde",
        "model_provider": "Modellanbieter",
        "partner": "Partner",
    },
}
KINDS: dict[Language, dict[AmountKind, str]] = {
    "en": {"investment": "Investment", "purchase": "Purchase", "total": "Total value"},
    "de": {"investment": "Investition", "purchase": "Kauf", "total": "Gesamtwert"},
}
#: With the blank that parts them from the figure.
BOUNDS: dict[Language, dict[Bound, str]] = {
    "en": {"exact": "", "up_to": "up to ", "at_least": "at least ", "about": "about "},
    "de": {
        "exact": "",
        "up_to": "bis zu ",
        "at_least": "mindestens ",
        "about": "rund ",
    },
}
#: Where on the line an article stands.
PLACES: dict[Language, dict[str, str]] = {
    "en": {},  # as the line calls them
    "de": {
        "found": "gefunden",
        "fetched": "geholt",
        "extracted": "gelesen",
        "relevant": "wartet auf das Modell",
        "assessed": "beurteilt",
        "identified": "zugeordnet",
        "summarised": "zusammengefasst",
        "done": "fertig",
        "irrelevant": "kein Thema",
        "skipped": "übersprungen",
        "failed": "gescheitert",
    },
}
AND: dict[Language, str] = {"en": " and ", "de": " und "}


def listed(names: Sequence[str], last: str) -> str:
    """Write several names as one phrase.

    Args:
        names: In order; may be empty.
        last: What stands before the last one, blanks included.

    >>> listed(["Oracle", "SoftBank", "OpenAI"], AND["de"])
    'Oracle, SoftBank und OpenAI'
    """
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + last + names[-1]
