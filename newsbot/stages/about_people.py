"""Which persons does an article name with their office?

In: the reading of an article.
Out: full names with the office that stands right before or behind them, and whether
they are quoted there. A name without an office is left out: who that is, nobody said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsbot.stages.about_kinds import words
from newsbot.stages.reading import Reading
from newsbot.types import Language

#: Persons of a summary.
MAX_PERSONS = 2

#: How an office is called in the other language. German | English | German words |
#: English words. The German side of English offices is a place, as a title would
#: have a gender that English does not tell.
_OFFICES = """
Unternehmensleitung | chief executive | geschäftsführer geschäftsführerin vorstandschef vorstandschefin firmenchef firmenchefin konzernchef konzernchefin | chief_executive chief_executive_officer ceo managing_director
Finanzleitung | finance chief | finanzchef finanzchefin finanzvorstand finanzvorständin | chief_financial_officer cfo finance_chief finance_director
Technikleitung | technology chief | technikchef technikchefin | chief_technology_officer cto technology_chief chief_scientist
operative Leitung | operating chief | betriebschef betriebschefin | chief_operating_officer coo
Pressestelle | spokesperson | sprecher sprecherin pressesprecher pressesprecherin konzernsprecher konzernsprecherin unternehmenssprecher unternehmenssprecherin firmensprecher firmensprecherin | spokesman spokeswoman spokesperson
Vorstand | board member | vorstand vorständin vorstandsmitglied | board_member
Vorsitz | chair | aufsichtsratschef aufsichtsratschefin | chairman chairwoman chair
Gründung | founder | gründer gründerin mitgründer mitgründerin | founder co-founder
Bürgermeisteramt | mayor | bürgermeister bürgermeisterin oberbürgermeister oberbürgermeisterin | mayor
Ministerium | minister | minister ministerin staatssekretär staatssekretärin landesminister wirtschaftsminister wirtschaftsministerin digitalminister digitalministerin finanzminister finanzministerin wissenschaftsminister wissenschaftsministerin | minister digital_minister secretary_of_state
Analyse | analyst | analyst analystin | analyst
Wissenschaft | researcher | professor professorin forscherin forscher wissenschaftlerin wissenschaftler rektor rektorin | professor researcher economist
Gericht | judge | richter richterin | judge magistrate
Anwaltschaft | lawyer | anwalt anwältin rechtsanwalt rechtsanwältin | lawyer attorney general_counsel solicitor
Leitung | head | leiter leiterin direktor direktorin abteilungsleiter abteilungsleiterin it-leiter it-leiterin chef chefin projektleiter projektleiterin | director head_of_it channel_director president vice_president manager
Training | coach | trainer trainerin | coach
Gewerkschaft | union official | betriebsrätin betriebsratschef betriebsratschefin gewerkschaftssekretär gewerkschaftssekretärin | union_secretary
"""
_NAME = r"(?:Dr\. |Prof\. )?[A-ZÄÖÜ][\w'’-]*[a-zäöüß](?: (?:von|van|de|der|den|zu|[A-Z]\.))* [A-ZÄÖÜ][\w'’-]*[a-zäöüßé]"
#: Inside a name: no person's.
_NO_NAME = re.compile(
    r"\b(?:The|Der|Die|Das|In|Im|Am|AI|KI|Compute|Cloud|Labs?|Group|Bank|Systems?|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Montag|Dienstag|"
    r"Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|University|Data|Energy|Capital)\b"
)
_SAID: dict[Language, re.Pattern[str]] = {
    "de": words(
        "sagt sagte sagten erklärt erklärte teilte_mit betont betonte spricht_von räumte "
        "warnte warnt bestätigte begründet begründete verweist verwies nannte meint meinte"
    ),
    "en": words(
        "said says told added adds argued argues warned warns explained explains noted "
        "asked wrote writes confirmed conceded admitted"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone whom an article names with an office."""

    name: str
    #: As the article writes it, uninflected.
    office: str
    #: By language, for a reader of the other one.
    called: dict[Language, str]
    #: Whether the sentence tells what this person said.
    speaks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    called: dict[Language, str]
    before: re.Pattern[str]
    behind: re.Pattern[str]


def _offices(language: Language) -> tuple[_Office, ...]:
    found = []
    for row in _OFFICES.strip().splitlines():
        german, english, de, en = (cell.strip() for cell in row.split("|"))
        listed = (de if language == "de" else en).split()
        body = "|".join(
            f"[{one[0]}{one[0].upper()}]{one[1:]}".replace("_", r"\s") for one in listed
        )
        body = "|".join([body, *(one.upper() for one in listed if len(one) == 3)])
        found.append(
            _Office(
                called={"de": german, "en": english},
                before=re.compile(rf"(?<![\w-])({body}) ({_NAME})(?![\w-])"),
                behind=re.compile(
                    rf"(?<![\w-])({_NAME}),? (?:the |its |their |der |die |as (?:its |new )*)?({body})"
                    r"(?![\w-])"
                ),
            )
        )
    return tuple(found)


_BY_LANGUAGE: dict[Language, tuple[_Office, ...]] = {
    "de": _offices("de"),
    "en": _offices("en"),
}


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
        for office in _BY_LANGUAGE[own]:
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
