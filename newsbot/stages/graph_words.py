"""What is written in a picture of deals, besides names and sums, in either language.

In: nothing. Out: words and patterns, and how a count and a day are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from newsbot.stages.links import Column
from newsbot.stages.ties import LinkKind
from newsbot.vocabulary import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphWords:
    """The words of one language."""

    title: str
    none: str
    #: Takes `deals`, `organisations`, `first` and `last`.
    counted: str
    #: One and many.
    deal: tuple[str, str]
    organisation: tuple[str, str]
    link: tuple[str, str]
    #: Behind a link's sums; takes `n`.
    times: str
    columns: Mapping[Column, str]
    verbs: Mapping[LinkKind, str]
    talks: str
    ended: str
    circular: str
    #: Takes `n`.
    more_circles: str
    #: Takes `organisations` and `links`.
    left_out: str
    how_to_read: str
    #: Of `strftime`.
    day_pattern: str

    def number(self, n: int, noun: tuple[str, str]) -> str:
        """Write a count with its noun.

        >>> WORDS["de"].number(2, WORDS["de"].organisation)
        '2 Organisationen'
        """
        return f"{n} {noun[0] if n == 1 else noun[1]}"

    def day(self, moment: date) -> str:
        """Write a day as the language does."""
        return moment.strftime(self.day_pattern)


WORDS: dict[Language, GraphWords] = {
    "en": GraphWords(
        title="AI-cloud deals",
        none="No deals in this time",
        counted="{deals} between {organisations}, {first} to {last}",
        deal=("deal", "deals"),
        organisation=("organisation", "organisations"),
        link=("link", "links"),
        times="{n} deals",
        columns={
            "chips": "Chip makers",
            "neocloud": "Neoclouds, data centres",
            "cloud": "Clouds",
            "lab": "AI labs",
            "other": "Customers, investors, others",
        },
        verbs={
            "purchase": "buys from",
            "investment": "invests in",
            "chips": "supplies chips to",
            "models": "gives its models to",
            "together": "works with",
        },
        talks="in talks",
        ended="ended",
        circular="Circular money",
        more_circles="{n} more circles",
        left_out="Left out, with fewest deals: {organisations}, {links}",
        how_to_read=(
            "Of several deals between the same two, the largest firm sum is shown, "
            "and a ceiling (“up to”) where it is higher; sums are never added."
        ),
        day_pattern="%Y-%m-%d",
    ),
    "de": GraphWords(
        title="KI-Cloud-Abkommen",
        none="Keine Abkommen in dieser Zeit",
        counted="{deals} zwischen {organisations}, {first} bis {last}",
        deal=("Abkommen", "Abkommen"),
        organisation=("Organisation", "Organisationen"),
        link=("Verbindung", "Verbindungen"),
        times="{n} Abkommen",
        columns={
            "chips": "Chiphersteller",
            "neocloud": "Neoclouds, Rechenzentren",
            "cloud": "Clouds",
            "lab": "KI-Labore",
            "other": "Kunden, Geldgeber, andere",
        },
        verbs={
            "purchase": "kauft bei",
            "investment": "investiert in",
            "chips": "liefert Chips an",
            "models": "gibt seine Modelle an",
            "together": "arbeitet zusammen mit",
        },
        talks="in Verhandlung",
        ended="beendet",
        circular="Geld im Kreis",
        more_circles="{n} weitere Kreise",
        left_out="Weggelassen, mit den wenigsten Abkommen: {organisations}, {links}",
        how_to_read=(
            "Von mehreren Abkommen zwischen denselben beiden steht die größte feste "
            "Summe da, und eine Obergrenze („bis zu“), wo sie höher ist; Summen "
            "werden nie addiert."
        ),
        day_pattern="%d.%m.%Y",
    ),
}
