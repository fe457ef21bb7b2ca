"""What a digest says around the facts, in either language.

In: counts and days. Out: words, subjects, dates as the language writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from newsbot.vocabulary import Language

_MONTHS: dict[Language, tuple[str, ...]] = {
    "en": tuple(
        "January February March April May June July August September October "
        "November December".split()
    ),
    "de": tuple(
        "Januar Februar März April Mai Juni Juli August September Oktober "
        "November Dezember".split()
    ),
}
_WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "en": tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    "de": tuple("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionWords:
    """The words of one language; pairs are one and many."""

    name: str
    new: str
    updates: str
    talks: str
    noticed: str
    picture: str
    health: str
    deal: tuple[str, str]
    update: tuple[str, str]
    rumour: tuple[str, str]
    correction: tuple[str, str]
    withdrawn: str
    #: Takes `by` and `news`.
    corrected: str
    #: Takes `healthy` and `n`.
    healthy: str
    #: Takes `feeds`.
    nothing_at_all: str
    #: The same for readers who want certain deals: there may be others.
    nothing_chosen: str
    no_feeds: str
    #: Takes `when`.
    silent: str
    never: str
    #: Takes `n` and `when`.
    waiting: str
    #: Takes `n` and `of`.
    unreadable: str
    others: str
    more: str
    brief: str
    quote_open: str
    quote_close: str
    by_cloud: str
    by_cloud_note: str
    cloud: str
    deals_head: str
    firm: str
    soft: Mapping[str, str]
    no_cloud: str
    week: str
    who: str
    what: str
    with_whom: str
    sum_head: str
    times: str
    in_talks: str
    ended: str
    why: str
    leave: str
    leave_link: str
    written_by: str
    read_all: str
    all_money: str
    #: Takes `day`.
    since: str
    #: Takes `n`.
    week_largest: str
    table_below: str
    #: Behind a figure of an earlier state; takes `state`.
    as_of: str

    def number(self, n: int, noun: tuple[str, str]) -> str:
        """Write a count with its noun.

        >>> WORDS["de"].number(2, WORDS["de"].deal)
        '2 neue Abkommen'
        """
        return f"{n} {noun[0] if n == 1 else noun[1]}"


WORDS: dict[Language, EditionWords] = {
    "en": EditionWords(
        name="AI-cloud deals",
        new="New deals",
        updates="Updates and corrections",
        talks="Talks and rumours",
        noticed="Also noticed",
        picture="The picture",
        health="Feeds",
        deal=("new deal", "new deals"),
        update=("update", "updates"),
        rumour=("rumour", "rumours"),
        correction=("correction", "corrections"),
        withdrawn="withdrawn",
        corrected="{by} has corrected: {news}",
        healthy="{healthy} of {n} feeds healthy",
        nothing_at_all="No deals; {feeds}.",
        nothing_chosen="No deals of your choice; {feeds}.",
        no_feeds="no feeds are followed",
        silent="no feed was read since {when}",
        never="no feed was read yet",
        waiting="articles that wait to be read: {n}, the first since {when}",
        unreadable="articles of the last day that failed: {n} of {of}",
        others="{n} others",
        more="and {n} more, not shown here for length",
        brief="In one line each",
        quote_open="“",
        quote_close="”",
        by_cloud="By cloud, last 30 days",
        by_cloud_note=(
            "Firm sums only are drawn; “about”, “at least” and “up to” are never "
            "added to them. Each figure counts once; a deal of two clouds stands in "
            "both rows."
        ),
        cloud="Cloud",
        deals_head="Deals",
        firm="Firm",
        soft={"about": "about", "at_least": "at least", "up_to": "up to"},
        no_cloud="(no cloud)",
        week="Who deals with whom, last 7 days",
        who="Who",
        what="does what",
        with_whom="with whom",
        sum_head="Sum",
        times="{n} deals",
        in_talks="in talks",
        ended="ended",
        why="You get this because your address was entered for it and confirmed.",
        leave="To get no more of these, open",
        leave_link="Unsubscribe",
        written_by="Written by newsbot from the articles named; quotes stay in their "
        "own language.",
        read_all="All of them: newsbot deals --since {day}",
        all_money="All clouds",
        since="Everything since the digest of {day}.",
        week_largest="the {n} largest",
        as_of="when it was {state}",
        table_below="The same numbers stand in the table below.",
    ),
    "de": EditionWords(
        name="KI-Cloud-Abkommen",
        new="Neue Abkommen",
        updates="Neue Stände und Korrekturen",
        talks="Gespräche und Gerüchte",
        noticed="Außerdem gelesen",
        picture="Das Bild",
        health="Feeds",
        deal=("neues Abkommen", "neue Abkommen"),
        update=("neuer Stand", "neue Stände"),
        rumour=("Gerücht", "Gerüchte"),
        correction=("Korrektur", "Korrekturen"),
        withdrawn="zurückgezogen",
        corrected="{by} hat korrigiert: {news}",
        healthy="{healthy} von {n} Feeds in Ordnung",
        nothing_at_all="Keine Abkommen; {feeds}.",
        nothing_chosen="Keine Abkommen nach Ihrer Auswahl; {feeds}.",
        no_feeds="kein Feed wird verfolgt",
        silent="seit {when} wurde kein Feed gelesen",
        never="noch kein Feed wurde gelesen",
        waiting="Artikel, die noch ungelesen sind: {n}, der erste seit {when}",
        unreadable="Artikel des letzten Tages, die scheiterten: {n} von {of}",
        others="{n} weitere",
        more="und {n} weitere, der Länge wegen nicht gezeigt",
        brief="In je einer Zeile",
        quote_open="„",
        quote_close="“",
        by_cloud="Nach Cloud, letzte 30 Tage",
        by_cloud_note=(
            "Gezeichnet sind nur feste Summen; „rund“, „mindestens“ und „bis zu“ "
            "werden ihnen nie zugezählt. Jede Zahl zählt einmal; ein Abkommen zweier "
            "Clouds steht in beiden Zeilen."
        ),
        cloud="Cloud",
        deals_head="Zahl",
        firm="Fest",
        soft={"about": "rund", "at_least": "mindestens", "up_to": "bis zu"},
        no_cloud="(keine Cloud)",
        week="Wer mit wem, letzte 7 Tage",
        who="Wer",
        what="tut was",
        with_whom="mit wem",
        sum_head="Summe",
        times="{n} Abkommen",
        in_talks="in Verhandlung",
        ended="beendet",
        why="Sie bekommen dies, weil Ihre Adresse eingetragen und bestätigt wurde.",
        leave="Um nichts mehr davon zu bekommen, öffnen Sie",
        leave_link="Abbestellen",
        written_by="Von newsbot aus den genannten Artikeln geschrieben; Zitate "
        "bleiben in ihrer Sprache.",
        read_all="Alle: newsbot deals --since {day}",
        all_money="Alle Clouds",
        since="Alles seit der Ausgabe vom {day}.",
        week_largest="die {n} größten",
        as_of="Stand: {state}",
        table_below="Dieselben Zahlen stehen in der Tabelle darunter.",
    ),
}


def long_day(day: date, language: Language) -> str:
    """Write a day in full.

    >>> long_day(date(2026, 1, 31), "de")
    'Samstag, 31. Januar 2026'
    """
    name = _WEEKDAYS[language][day.weekday()]
    return f"{name}, {short_day(day, language)}"


def short_day(day: date, language: Language) -> str:
    """Write a day with its month's name.

    >>> short_day(date(2026, 1, 31), "en")
    '31 January 2026'
    """
    dot = "." if language == "de" else ""
    return f"{day.day}{dot} {_MONTHS[language][day.month - 1]} {day.year}"
