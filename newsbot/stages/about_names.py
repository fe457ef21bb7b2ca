"""Whom does an article surely name, and what does it call them?

In: the reading of an article.
Out: its organisations by name. Those that no list knows count only where the words
around them show a company: here no model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from newsbot.stages.about_words import words
from newsbot.stages.reading import Reading
from newsbot.stages.words import (
    GIVEN,
    ORDINARY,
    PERSON,
    SUFFIX,
    TRADE,
    is_verb,
    tokens,
)
from newsbot.types import CapacityMention, MoneyMention, OrganisationMention, Party
from newsbot.vocabulary import Language

#: Distinct guessed names that are weighed; each is searched for in the whole text.
MAX_GUESSED = 40
#: Letters of a guessed name.
_MIN_NAME = 3
_APPOSED: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r"(?: (?:AG|GmbH|SE))?, (eine? [^,.;:–—\d\n]{6,60}),"),
    "en": re.compile(
        r"(?: (?:SA|Inc\.?|Ltd|plc|AG|Corp\.?))?, ((?:an?|the) [^,.;:–—\d\n]{6,60})[,.]"
    ),
}
_SHAPE = re.compile(r"[a-zäöü][A-ZÄÖÜ]|[a-z]\d|[&.]\w")
#: Last words of names that are as often plain plurals.
_PLURAL = re.compile(r"Rechenzentr\w*|Chips|Modelle|Models|\w*[Dd]aten|Parks|Services")
_NEXT = re.compile(r" (\w+)")
_LEGAL = re.compile(r" (?:AG|GmbH|SE|KG|Inc|Corp|Ltd|plc|SA|NV|AB|Holdings?)\b")
_CALENDAR = words(
    """
    montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz
    april juni juli august september oktober november dezember monday tuesday wednesday
    thursday friday saturday sunday january february march june july october december
    """.split()
)
#: First words of what belongs to somebody, not of a name.
_OWNED = words("mein* unser* sein* ihr* my our europas deutschlands amerikas".split())
#: What stands before a noun, a place or a person, but not before a company's name.
_DETERMINED = re.compile(
    r"(?:\d|(?<=[a-zäöüß,] )[A-ZÄÖÜ][\w.]+|(?i:\b(?:de[rmns]|die|das|eine?[rmns]?|im|"
    r"am|ins?|zu[mr]|vo[mn]|bei|beim|aus|nach|in|near|at|from|outside|of|the|an?|"
    r"Herrn?|Frau|Mrs?|Ms|Dr|Prof|\w+er|"
    r"\w+[Cc]hef(?:in)?|\w*[Ss]precher(?:in)?))\.?) $"
)
#: Nouns of trade that say next to nothing.
_BARE_NOUNS = words(
    """
    firma unternehmen konzern tochter mutter partner kunde haus gruppe rivale konkurrent
    company firm group unit arm partner customer client rival business start-up startup
    operator supplier
    """.split()
)
_NOUN_BEFORE = re.compile(r"(?<![\w-])((?:\w+-)*(\w{3,}))\s$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An organisation that an article names, with what it calls it."""

    #: Without roles; `spelling.party_name` writes it.
    party: Party
    #: "Gehäusebauer", "a maker of chips": in the article's language; may be empty.
    described: str
    #: Whether a list knows it.
    listed: bool


def find_named(reading: Reading) -> tuple[OrganisationMention, ...]:
    """List the mentions by name, in order: a product alone stands for nobody here.

    Args:
        reading: The article.
    """
    text = reading.article.full_text
    sums: tuple[MoneyMention | CapacityMention, ...]
    sums = (*reading.money, *reading.capacity)
    lower = {token.text for token in tokens(text) if token.text.islower()}
    guessed = [
        mention
        for mention in reading.organisations
        if mention.kind == "unknown"
        and not any(m.start < mention.end and mention.start < m.end for m in sums)
    ]
    by_name = sorted(guessed, key=lambda mention: mention.name)
    groups = {
        name: list(group) for name, group in groupby(by_name, key=lambda one: one.name)
    }
    first = list(dict.fromkeys(mention.name for mention in guessed))[:MAX_GUESSED]
    sure = {name for name in first if _is_sure(name, groups[name], text, lower)}
    return tuple(
        mention
        for mention in reading.organisations
        if mention.kind == "name"
        or (mention.kind == "unknown" and mention.name in sure)
    )


def as_actor(
    name: str, named: Sequence[OrganisationMention], reading: Reading
) -> Actor:
    """Take everything that an article says about one of its names together.

    Args:
        name: Of at least one of *named*.
        named: The mentions by name.
        reading: The article.
    """
    own: Language = "de" if reading.article.language == "de" else "en"
    mentions = [mention for mention in named if mention.name == name]
    first = mentions[0]
    party = Party(
        name=name,
        roles=(),
        span=reading.span(first.start, first.end),
        quote=reading.quote(first.start),
    )
    described = (_described(m, reading.article.full_text, own) for m in mentions)
    return Actor(
        party=party,
        described=next(filter(None, described), ""),
        listed=first.kind == "name",
    )


def _is_sure(
    name: str, mentions: Sequence[OrganisationMention], text: str, lower: Set[str]
) -> bool:
    written = name.split()
    last = written[-1].rpartition("-")[2]
    if len(name) < _MIN_NAME or _CALENDAR.search(name) or PERSON.fullmatch(written[0]):
        return False
    if _OWNED.fullmatch(written[0]):
        return False
    if any(word.casefold() in lower for word in written) or TRADE.fullmatch(last):
        return False
    if ORDINARY.fullmatch(last) and not SUFFIX.fullmatch(last):
        return False
    if len(written) == 1 and _PLURAL.fullmatch(last):
        return False
    suffix = SUFFIX.fullmatch(last) and not _PLURAL.fullmatch(last)
    if len(written) > 1 and (suffix or _SHAPE.search(name)):
        return True
    if any(_is_called(mention, text) for mention in mentions):
        return True
    if any(f"{given} {name}" in text for given in GIVEN):
        return False
    found = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    places = [(m.start(), m.end()) for m in found.finditer(text)]
    if any(_DETERMINED.search(text[max(0, start - 40) : start]) for start, _ in places):
        return False
    acts = any(is_verb(_word_at(text, end)) for _, end in places)
    return len(places) > 1 and (acts or len(written) > 1)


def _word_at(text: str, place: int) -> str:
    """The word that stands one blank behind a place; empty where none does."""
    match = _NEXT.match(text, place)
    return match[1] if match else ""


def _is_called(mention: OrganisationMention, text: str) -> bool:
    """Whether a noun or apposition beside a name, or a legal form, calls it one."""
    before = _NOUN_BEFORE.search(text[max(0, mention.start - 60) : mention.start])
    if before is not None and _calling(before[2]):
        return True
    if _LEGAL.match(text, mention.end):
        return True
    for pattern in _APPOSED.values():
        match = pattern.match(text, mention.end)
        if match is not None and any(map(TRADE.fullmatch, match[1].split())):
            return True
    return False


def _calling(noun: str) -> bool:
    """Whether it is a noun of trade; the English "arm" is no part of German words."""
    return TRADE.fullmatch(noun) is not None and not noun.endswith(("arme", "armen"))


def _described(mention: OrganisationMention, text: str, own: Language) -> str:
    """What stands beside a name in apposition, in a form that bends nowhere."""
    apposed = _APPOSED[own].match(text, mention.end)
    if apposed is not None:
        return apposed[1]
    before = _NOUN_BEFORE.search(text[max(0, mention.start - 60) : mention.start])
    if before is None or not _calling(before[2]):
        return ""
    noun = before[1]
    if _BARE_NOUNS.fullmatch(noun):
        return ""
    if own == "en":
        return noun if noun.islower() and not noun.endswith("s") else ""
    bent = noun.endswith(("s", "n", "e")) and not noun.endswith("unternehmen")
    return noun if noun[0].isupper() and not bent else ""
