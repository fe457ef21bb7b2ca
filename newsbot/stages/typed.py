"""What people type to the bot: hours, times, filters.

In: the words behind a command. Out: a value, or None, or the word nobody understands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from decimal import Decimal

from newsbot.stages.filters import read_sum
from newsbot.stages.printable import one_line
from newsbot.stages.subscriptions import MAX_WORD, words_of
from newsbot.stages.wording import TYPES
from newsbot.talking import Days, Filters
from newsbot.vocabulary import (
    DEAL_TYPES,
    LANGUAGES,
    STATUSES,
    DealType,
    Language,
    Status,
)

#: Words, and names, of one filter.
MAX_TERMS = 12
#: Stars of one word: each makes comparing slower.
MAX_STARS = 3
#: Characters of what follows a command; the longest filter that makes sense is shorter.
MAX_TYPED = 600
#: Longest that a chat may be muted for.
MAX_MUTE = timedelta(days=365)

_TIME = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:h|uhr|(?P<half>[ap])\.?m\.?)?", re.IGNORECASE
)
_SPAN = re.compile(r"(\d{1,4})\s*([a-z]+)", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("m", "min", "minute", "minutes", "minuten"), "minutes"),
    **dict.fromkeys(("h", "hour", "hours", "std", "stunde", "stunden"), "hours"),
    **dict.fromkeys(("d", "day", "days", "t", "tag", "tage"), "days"),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen"), "weeks"),
}
#: Quotation marks that phones put in the place of what is typed.
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))
#: What blanks part, unless they stand in quotation marks; the last may be missing.
_TERM = re.compile(r'(?:"[^"]*(?:"|$)|\S)+')
#: Of several values the commas part, unless they stand in quotation marks.
_PART = re.compile(r'(?:"[^"]*(?:"|$)|[^,])+')
_KEY = re.compile(r"(\w+):(.*)", re.DOTALL)
#: "2 Mrd", "2 billion dollars": words that a sum may have behind its figure.
MAX_SUM_WORDS = 2
_KEYS = {
    "party": "parties", "partei": "parties", "firma": "parties",
    "type": "types", "typ": "types", "art": "types",
    "status": "statuses", "stand": "statuses",
    "min": "min_amount", "ab": "min_amount",
    "lang": "languages", "sprache": "languages",
}  # fmt: skip
_STATES: dict[str, Status] = {
    **{status: status for status in STATUSES},
    "signed": "announced", "vereinbart": "announced", "neu": "announced",
    "erweitert": "expanded", "verhandlung": "talks", "beendet": "ended",
}  # fmt: skip
_SPOKEN: dict[str, Language] = {
    **{language: language for language in LANGUAGES},
    "german": "de", "deutsch": "de", "english": "en", "englisch": "en",
}  # fmt: skip
_DAYS: dict[str, Days] = {
    "daily": "daily", "täglich": "daily", "taeglich": "daily",
    "weekdays": "weekdays", "werktags": "weekdays", "wochentags": "weekdays",
    "weekly": "weekly", "wöchentlich": "weekly", "woechentlich": "weekly",
    "monday": "weekly", "mondays": "weekly", "montags": "weekly",
}  # fmt: skip
#: "confirmed only": everything but talks.
CONFIRMED: tuple[Status, ...] = ("announced", "expanded", "ended")
_CONFIRMED_WORDS = {"confirmed", "bestätigt", "bestaetigt", "bestätigte"}
_CONFIRMED_ONLY = re.compile(
    r"(?<!\S)(?:confirmed only|only confirmed|nur bestätigte?)(?!\S)", re.IGNORECASE
)


class FilterError(ValueError):
    """A filter that nobody understands; its text is the word."""


def read_time(text: str) -> time | None:
    """Read a time of day.

    >>> read_time("7"), read_time("22:30"), read_time("25:00")
    (datetime.time(7, 0), datetime.time(22, 30), None)
    >>> read_time("7 pm"), read_time("12am")
    (datetime.time(19, 0), datetime.time(0, 0))
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if half := match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    return time(hour % 24, minute)


def read_plan(text: str) -> tuple[time, Days] | None:
    """Read when a digest comes: a time of day, and on which days, if not daily.

    >>> read_plan("7:30"), read_plan("8 Uhr werktags")
    ((datetime.time(7, 30), 'daily'), (datetime.time(8, 0), 'weekdays'))
    """
    words = text.split()
    days = _DAYS.get(words[-1].casefold()) if words else None
    at = read_time(" ".join(words[:-1] if days else words))
    return None if at is None else (at, days or "daily")


def read_hours(text: str) -> tuple[time, time] | None:
    """Read quiet hours.

    >>> read_hours("22-07")
    (datetime.time(22, 0), datetime.time(7, 0))
    """
    parts = re.split(r"\s*(?:-|–|—|\bto\b|\bbis\b)\s*", text.strip())
    if len(parts) != 2:
        return None
    start, end = read_time(parts[0]), read_time(parts[1])
    return None if start is None or end is None or start == end else (start, end)


def read_span(text: str) -> timedelta | None:
    """Read how long to be silent: "30m", "8h", "2 Tage", "1w"; at most a year.

    >>> read_span("8h"), read_span("2 Stunden")
    (datetime.timedelta(seconds=28800), datetime.timedelta(seconds=7200))
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        return None
    unit = _UNITS.get(match[2].lower())
    if unit is None:
        return None
    span = timedelta(**{unit: int(match[1])})
    return span if timedelta() < span <= MAX_MUTE else None


def read_filters(text: str) -> Filters:
    """Read filters as typed: ``party:OpenAI type:investment min:1bn gpu !rumour``.

    German keys and names count as well. Without any word the filters are empty.

    Raises:
        FilterError: A word is none of these; its text names it.

    >>> read_filters("min:1bn data* !rumour").words
    ('data*',)
    """
    if len(text) > MAX_TYPED:
        raise FilterError(f"> {MAX_TYPED}")
    found: dict[str, list[object]] = {}
    for key, value in _terms(text):
        if not key:
            _plain(value.replace('"', " ").strip(), found)
            continue
        field = _KEYS.get(key.casefold())
        if field is None:
            raise FilterError(f"{key}:")
        # A sum may hold a comma: "1,5 Mrd".
        parts = [value] if field == "min_amount" else _PART.findall(value)
        named = [part.replace('"', "").strip() for part in parts]
        for part in filter(None, named):
            found.setdefault(field, []).extend(_values(field, part, key))
        if not any(named):
            raise FilterError(f"{key}:")
    if any(len(terms) > MAX_TERMS for terms in found.values()):
        raise FilterError(f"> {MAX_TERMS}")
    values = {name: tuple(dict.fromkeys(terms)) for name, terms in found.items()}
    least = values.pop("min_amount", ())
    if len(least) > 1:
        raise FilterError("min:")
    return Filters(**values, min_amount=least[0] if least else None)  # type: ignore[arg-type]


def _terms(text: str) -> Iterator[tuple[str, str]]:
    """Part a filter into keys and values; a word that stands alone has no key.

    What people type with blanks belongs together: "party: OpenAI, Nvidia", "min:2 Mrd".
    """
    typed = _CONFIRMED_ONLY.sub("confirmed", text.translate(_QUOTES))
    words = _TERM.findall(typed)[::-1]
    while words:
        word = words.pop()
        match = _KEY.fullmatch(word)
        if match is None:
            yield "", word
            continue
        key, value = match[1], match[2]
        while words and (not value or value.endswith(",")):
            value += words.pop()
        if _KEYS.get(key.casefold()) == "min_amount":
            for n in range(min(MAX_SUM_WORDS, len(words)), 0, -1):
                longer = " ".join([value, *words[-1 : -n - 1 : -1]])
                if read_sum(longer.replace('"', "")) is not None:
                    value = longer
                    del words[-n:]
                    break
        yield key, value


def _values(field: str, part: str, key: str) -> Sequence[object]:
    if field == "statuses" and part.casefold() in _CONFIRMED_WORDS:
        return CONFIRMED
    return (_value(field, part, key),)


def _value(field: str, part: str, key: str) -> object:
    read: object = None
    if field == "parties":
        read = one_line(part, MAX_WORD) if any(map(str.isalnum, part)) else None
    elif field == "types":
        read = _type(part)
    elif field == "statuses":
        read = _STATES.get(part.casefold())
    elif field == "languages":
        read = _SPOKEN.get(part.casefold())
    else:
        money = read_sum(part)
        read = (money.value, money.currency) if money else None
    if read is None:
        raise FilterError(f"{key}:{part}")
    return read


def _type(typed: str) -> DealType | None:
    asked = typed.casefold().replace(" ", "_")
    for type_ in DEAL_TYPES:
        names = [type_, *(words[type_] for words in TYPES.values())]
        if asked in {name.casefold().replace(" ", "_") for name in names}:
            return type_
    return None


def _plain(value: str, found: dict[str, list[object]]) -> None:
    """Read a plain word, ``!word``, ``wild*`` or ``confirmed``."""
    if value.casefold() in _CONFIRMED_WORDS:
        found.setdefault("statuses", []).extend(CONFIRMED)
        return
    field = "without" if value.startswith("!") else "words"
    # Split as texts are; a star stays with its word.
    parts = [word for word in re.findall(r"[\w*]+", value.casefold()) if words_of(word)]
    if not parts:
        raise FilterError(value)
    for part in parts:
        if len(part) > MAX_WORD or part.count("*") > MAX_STARS:
            raise FilterError(value)
        found.setdefault(field, []).append(part)


def write_filters(filters: Filters) -> str:
    """Write filters as they are typed; empty where there are none.

    >>> write_filters(read_filters('party:"Schwarz Digits" !rumour'))
    'party:"Schwarz Digits" !rumour'
    """
    parts = [f"party:{_quoted(name)}" for name in filters.parties]
    if filters.types:
        parts.append(f"type:{','.join(filters.types)}")
    if filters.statuses:
        parts.append(
            "confirmed"
            if set(filters.statuses) == set(CONFIRMED)
            else f"status:{','.join(filters.statuses)}"
        )
    if filters.min_amount:
        parts.append(f"min:{_typed_sum(*filters.min_amount)}")
    if filters.languages:
        parts.append(f"lang:{','.join(filters.languages)}")
    parts += filters.words
    parts += [f"!{word}" for word in filters.without]
    return " ".join(parts)


def _typed_sum(value: Decimal, currency: str) -> str:
    """Write a sum as people type it, where that reads as the very same."""
    for unit, short in ((10**9, "bn"), (10**6, "m")):
        scaled = value / unit
        text = f"{scaled.normalize():f}{short} {currency}"
        read = read_sum(text)
        if scaled >= 1 and read is not None and read.value == value:
            return (
                f"{scaled.normalize():f}{short}" if currency == "USD" else f'"{text}"'
            )
    return f'"{value:f} {currency}"'


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"[\s,:]", name) else name


def language_of(code: str, default: Language) -> Language:
    """Pick the language of an app's setting, such as ``"de-AT"``.

    >>> language_of("de-AT", "en"), language_of("fr", "en")
    ('de', 'en')
    """
    short = code.lower().partition("-")[0]
    return short if short in LANGUAGES else default
