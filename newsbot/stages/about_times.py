"""Which days does an article name, and where does it come from?

In: the reading of an article. Out: days and months, and the place of its dateline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsbot.stages.reading import Reading
from newsbot.vocabulary import Language

#: Dates of a summary.
MAX_DATES = 3

_DAYS = {
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
_MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November "
    "Dezember",
    "en": "January February March April May June July August September October "
    "November December",
}
#: Spellings beside those of `_MONTHS` and `_DAYS`.
_SHORT = {
    "Jan": 0, "Feb": 1, "Apr": 3, "Jun": 5, "Jul": 6, "Aug": 7, "Sep": 8, "Sept": 8,
    "Oct": 9, "Nov": 10, "Dec": 11, "Jänner": 0,
}  # fmt: skip
_MONTH_LISTS: dict[Language, list[str]] = {
    "de": _MONTHS["de"].split(),
    "en": _MONTHS["en"].split(),
}
_DAY_LISTS: dict[Language, list[str]] = {
    "de": _DAYS["de"].split(),
    "en": _DAYS["en"].split(),
}
_ANY_MONTH = "|".join([*_MONTH_LISTS["de"], *_MONTH_LISTS["en"], *_SHORT])
_DATES: dict[Language, re.Pattern[str]] = {
    "de": re.compile(
        rf"(?<![\w.-])(?:(?P<day>\d{{1,2}})\. )?(?P<month>{_ANY_MONTH})\b"
        rf"(?: (?P<year>20\d\d))?|(?<!\w)(?P<name>{'|'.join(_DAY_LISTS['de'])})(?!\w)"
    ),
    "en": re.compile(
        rf"(?<![\w.-])(?:(?P<day>\d{{1,2}}) )?(?P<month>{_ANY_MONTH})\b\.?"
        r"(?: (?P<behind>\d{1,2})(?![\d:%]|\w))?(?:,? (?P<year>20\d\d))?"
        rf"|(?<!\w)(?P<name>{'|'.join(_DAY_LISTS['en'])})(?!\w)"
    ),
}
_PLACE = r"[A-ZÄÖÜ][a-zäöüß]+(?:[ -][A-ZÄÖÜ][a-zäöüß]+)?"
_LOUD = r"[A-ZÄÖÜ]{4,}(?:[ -][A-ZÄÖÜ]{3,})?"
_DATELINE: dict[Language, re.Pattern[str]] = {
    "de": re.compile(rf"({_PLACE}|{_LOUD})(?:\.|,? [–—-]|:)\s"),
    "en": re.compile(rf"({_LOUD})(?:, [A-Z]\w+\.?(?: \d+)?)?(?:,? [–—-]|:) ?"),
}
#: Ambiguous without a day: a word, a name.
_WORDS_TOO = frozenset(("May", "March", "August", "April", "June"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Date:
    day: int | None
    month: int | None
    year: str | None
    weekday: int | None


def find_dates(reading: Reading, language: Language) -> list[str]:
    """Write the days that an article's body names, full dates first, each once.

    Args:
        reading: The article.
        language: To write them in; German ones are nominatives.
    """
    own: Language = "de" if reading.article.language == "de" else "en"
    found: dict[_Date, None] = {}
    for match in _DATES[own].finditer(reading.article.text):
        date = _date(match, own)
        if date is not None:
            found.setdefault(date)
    ordered = sorted(found, key=lambda one: (one.day is None, one.year is None))
    written = dict.fromkeys(_written(one, language) for one in ordered)
    return list(written)[:MAX_DATES]


def _date(match: re.Match[str], own: Language) -> _Date | None:
    if (name := match["name"]) is not None:
        weekday = _DAY_LISTS[own].index(name)
        return _Date(day=None, month=None, year=None, weekday=weekday)
    month = match["month"]
    behind = match["behind"] if own == "en" else None
    day = match["day"] or behind
    if month not in _MONTH_LISTS[own] and month not in _SHORT:
        return None
    if day is None and match["year"] is None and month in {*_WORDS_TOO, *_SHORT}:
        return None
    number = _SHORT[month] if month in _SHORT else _MONTH_LISTS[own].index(month)
    if day is not None and not 1 <= int(day) <= 31:
        return None
    return _Date(
        day=int(day) if day else None, month=number, year=match["year"], weekday=None
    )


def _written(date: _Date, language: Language) -> str:
    if date.weekday is not None:
        return _DAY_LISTS[language][date.weekday]
    assert date.month is not None
    month = _MONTH_LISTS[language][date.month]
    year = f" {date.year}" if date.year else ""
    if date.day is None:
        return f"{month}{year}"
    if language == "de":
        return f"der {date.day}. {month}{year}"
    return f"{date.day} {month}{year}"


def find_dateline(reading: Reading) -> str:
    """The place that an article's body begins with, as datelines do; else nothing."""
    own: Language = "de" if reading.article.language == "de" else "en"
    match = _DATELINE[own].match(reading.article.text)
    if match is None:
        return ""
    place = match[1]
    return place.title() if place.isupper() else place
