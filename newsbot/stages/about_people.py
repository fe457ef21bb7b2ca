"""Which persons does an article name with their office?

In: the reading of an article.
Out: full names with the office that stands right before or behind them, and whether
they are quoted there. A name without an office is left out: who that is, nobody said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from newsbot.stages.about_words import Names, load_topics, words
from newsbot.stages.reading import Reading
from newsbot.vocabulary import Language

#: Persons of a summary.
MAX_PERSONS = 2
#: Letters of an office that is written in capitals.
_SHORT = 3

_NAME = (
    r"(?:Dr\. |Prof\. )?[A-ZÄÖÜ][\w'’-]*[a-zäöüß]"
    r"(?: (?:von|van|de|der|den|zu|[A-Z]\.))* [A-ZÄÖÜ][\w'’-]*[a-zäöüßé]"
)
#: Inside a name: no person's.
_NO_NAME = re.compile(
    r"\b(?:The|Der|Die|Das|In|Im|Am|AI|KI|Compute|Cloud|Labs?|Group|Bank|Systems?|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Montag|Dienstag|"
    r"Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|University|Data|Energy|Capital)\b"
)
_SAID: dict[Language, re.Pattern[str]] = {
    "de": words(
        """
        sagt sagte sagten erklärt erklärte teilte betont betonte spricht räumte warnte
        warnt bestätigte begründet begründete verweist verwies nannte meint meinte
        """.split()
    ),
    "en": words(
        """
        said says told added adds argued argues warned warns explained explains noted
        asked wrote writes confirmed conceded admitted
        """.split()
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone whom an article names with an office."""

    name: str
    #: As the article writes it, uninflected.
    office: str
    #: By language, for a reader of the other one.
    called: Names
    #: Whether the sentence tells what this person said.
    speaks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    called: Names
    before: re.Pattern[str]
    behind: re.Pattern[str]


@cache
def _offices(language: Language) -> tuple[_Office, ...]:
    found = []
    for row in load_topics().offices:
        # The first letter may be a capital; "CEO" is written so.
        body = "|".join(
            f"[{one[0]}{one[0].upper()}]{one[1:]}" if len(one) > _SHORT else one.upper()
            for one in row.bodies[language].split("|")
        )
        found.append(
            _Office(
                called=row.named,
                before=re.compile(rf"(?<![\w-])({body}) ({_NAME})(?![\w-])"),
                behind=re.compile(
                    rf"(?<![\w-])({_NAME}),? "
                    rf"(?:the |its |their |der |die |as (?:its |new )*)?({body})"
                    r"(?![\w-])"
                ),
            )
        )
    return tuple(found)


def find_persons(reading: Reading) -> list[Person]:
    """List the persons whom an article names with an office, who speak first.

    Args:
        reading: The article.
    """
    own: Language = "de" if reading.article.language == "de" else "en"
    found: dict[str, tuple[bool, int, Person]] = {}
    for start, person in _all(reading, own):
        found.setdefault(person.name, (not person.speaks, start, person))
    ordered = sorted(found.values(), key=lambda item: item[:2])
    return [person for _, _, person in ordered]


def _all(reading: Reading, own: Language) -> Iterator[tuple[int, Person]]:
    for sentence in reading.sentences:
        text = " ".join(reading.text(sentence).split())
        for office in _offices(own):
            for pattern, (name, title) in (
                (office.before, (2, 1)),
                (office.behind, (1, 2)),
            ):
                for match in pattern.finditer(text):
                    if _NO_NAME.search(match[name]):
                        continue
                    yield (
                        sentence.start,
                        Person(
                            name=match[name],
                            office=match[title],
                            called=office.called,
                            speaks=_SAID[own].search(text) is not None,
                        ),
                    )
