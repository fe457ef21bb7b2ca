"""The packaged words that prove what an article without a deal is about.

In: `newsbot/data/topics.toml`, which says what its tables hold.
Out: its rows, with the words of either language compiled.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from newsbot.vocabulary import LANGUAGES, Language

Patterns = Mapping[Language, re.Pattern[str]]
Names = Mapping[Language, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A name in both languages, and the words for it."""

    named: Names
    #: Alternatives as regular expressions, blank and star resolved; by language.
    bodies: Names
    words: Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsKind:
    """A kind of news."""

    key: str
    #: Behind "um" and "about"; of a form behind "ist" and "is".
    named: Names
    #: Whether it is what the text itself is.
    form: bool
    #: The words that prove it in title and lead, and those that do so in a title.
    anywhere: Patterns
    in_title: Patterns
    #: Verbs right behind the name of who acts, and how it is called then.
    verbs: Patterns | None
    role: Names | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What one organisation does to another, by a verb between their names."""

    #: Of the kind of news that it is.
    key: str
    #: With ``{a}`` and ``{b}``.
    named: Names
    verbs: Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something that can rise and fall by a percentage."""

    rise: Names
    fall: Names
    bodies: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The whole file, each table in its order."""

    kinds: tuple[NewsKind, ...]
    bonds: tuple[Bond, ...]
    subjects: tuple[Row, ...]
    sums: tuple[Row, ...]
    counts: tuple[Row, ...]
    shares: tuple[Row, ...]
    moves: tuple[Move, ...]
    offices: tuple[Row, ...]
    points: tuple[Row, ...]


def words(listed: Sequence[str]) -> re.Pattern[str]:
    """Compile words, case folded: a blank is any white space, ``*`` a word's rest.

    >>> bool(words(["take over", "klag*"]).search("Sie klagten."))
    True
    """
    return re.compile(rf"(?<!\w)(?:{body(listed)})(?!\w)", re.IGNORECASE)


def body(listed: Sequence[str]) -> str:
    """Join words into the alternatives of a regular expression; none match nothing."""
    alternatives = (one.replace("*", r"\w*").replace(" ", r"\s+") for one in listed)
    return "|".join(alternatives) or "(?!)"


@cache
def load_topics() -> Topics:
    """Read the packaged file, once."""
    text = files("newsbot").joinpath("data", "topics.toml").read_text(encoding="utf-8")
    table: dict[str, list[dict[str, Any]]] = tomllib.loads(text)
    return Topics(
        kinds=tuple(_kind(row) for row in table["kind"]),
        bonds=tuple(
            Bond(key=row["key"], named=_names(row), verbs=_patterns(row))
            for row in table["bond"]
        ),
        subjects=_rows(table["subject"]),
        sums=_rows(table["sum"]),
        counts=_rows(table["count"]),
        shares=_rows(table["share"]),
        moves=tuple(
            Move(rise=_names(row), fall=_names(row, "fall_"), bodies=_bodies(row))
            for row in table["move"]
        ),
        offices=_rows(table["office"]),
        points=tuple(_point(row) for row in table["point"]),
    )


def _names(row: Mapping[str, Any], prefix: str = "") -> Names:
    return {language: row[f"{prefix}{language}"] for language in LANGUAGES}


def _bodies(row: Mapping[str, Any]) -> Names:
    return {language: body(row[f"words_{language}"]) for language in LANGUAGES}


def _patterns(row: Mapping[str, Any], field: str = "words") -> Patterns:
    return {language: words(row[f"{field}_{language}"]) for language in LANGUAGES}


def _rows(table: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    return tuple(
        Row(named=_names(row), bodies=_bodies(row), words=_patterns(row))
        for row in table
    )


def _kind(row: Mapping[str, Any]) -> NewsKind:
    listed: dict[Language, list[str]] = {
        language: row[f"words_{language}"] for language in LANGUAGES
    }
    acts = "verbs_de" in row
    return NewsKind(
        key=row["key"],
        named=_names(row),
        form=row.get("form", False),
        anywhere={
            language: words([one for one in every if not one.startswith("^")])
            for language, every in listed.items()
        },
        in_title={
            language: words([one.removeprefix("^") for one in every])
            for language, every in listed.items()
        },
        verbs=_patterns(row, "verbs") if acts else None,
        role=_names(row, "role_") if acts else None,
    )


def _point(row: Mapping[str, Any]) -> Row:
    proof: dict[Language, str] = {
        language: "|".join(row[f"proof_{language}"]) for language in LANGUAGES
    }
    return Row(
        named=_names(row),
        bodies=proof,
        words={
            language: re.compile(rf"(?<!\w)(?:{one})", re.IGNORECASE)
            for language, one in proof.items()
        },
    )
