"""Why something became of an article or finding, in the reader's language.

In: a reason as gate and identification wrote it into the ledger, in English. Out: the
same for a German reader. What other stages and servers said stays in their words.
"""

from __future__ import annotations

import re

from newsbot.stages.wording import STATES
from newsbot.vocabulary import STATUSES, Language

#: What the gate and `identify` write, and what it says in German.
_GERMAN = (
    (r"\bno word of AI or cloud\b", "kein Wort von KI oder Cloud"),
    (r"\bno word of agreement\b", "kein Wort von einem Abkommen"),
    (r"\bno organisation\b", "keine Organisation"),
    (
        r"\bno known deal fits \((\d+) looked at\)",
        r"kein bekanntes Abkommen passt (\1 geprüft)",
    ),
    (r"^same deal, score ([\d.]+)", r"dasselbe Abkommen, Wert \1"),
    (r"\bit is its own\b", "es ist sein eigenes"),
    (r"\b(\d+) of (\d+) parties \(", r"\1 von \2 Parteien ("),
    (r"\bsums agree\b", "Summen stimmen überein"),
    (r"\bsums differ\b", "Summen weichen ab"),
    (r"\ban extension of others\b", "eine Erweiterung durch andere"),
    (r"\bno common type\b", "keine gemeinsame Art"),
    (r"\b(\d+) days apart\b", r"\1 Tage auseinander"),
    (r"\bone of them unsure here\b", "eine davon hier unsicher"),
    (r"; news: ", "; neu: "),
    (r"\btold again\b", "wieder gemeldet"),
    (r"\bexpanded again\b", "noch einmal erweitert"),
    (r"\banother sum\b", "eine andere Summe"),
    (r"\bfirst sum\b", "die erste Summe"),
    (r"(?<=[:,] )party (?=\S)", "Partei "),
    (
        r"\b(\d+) deals turned out to be one\b",
        r"\1 Abkommen erwiesen sich als eines",
    ),
    (
        r"^stands in the place of what the article said before it was edited$",
        "steht für das, was der Artikel vor seiner Änderung sagte",
    ),
)
_STATUS = re.compile(rf"\b({'|'.join(STATUSES)}) \(was ({'|'.join(STATUSES)})\)")


def said_reason(reason: str, language: Language) -> str:
    """Put a reason of the ledger into a reader's language.

    >>> said_reason("no word of agreement, no organisation", "de")
    'kein Wort von einem Abkommen, keine Organisation'
    """
    if language == "en":
        return reason
    states = {status: STATES[language][status] for status in STATUSES}
    said = _STATUS.sub(
        lambda found: f"{states[found[1]]} (vorher {states[found[2]]})",  # type: ignore[index]
        reason,
    )
    for english, german in _GERMAN:
        said = re.sub(english, german, said)
    return said
