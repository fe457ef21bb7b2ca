"""Who pays whom, as far as a sentence's grammar says it?

In: a sentence and the organisations in it.
Out: relations: the money goes from one to the other, for shares or for goods.

Rules by verb and preposition, active and passive: "A rents from B", "B supplies A
with", "A is supplied by B", "A beteiligt sich an B". What they do not know they
leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from newsbot.types import OrganisationMention


class Relation(NamedTuple):
    """Money goes from `payer` to `payee`."""

    kind: Literal["trade", "equity"]
    payer: str
    payee: str


def _words(body: str) -> re.Pattern[str]:
    joined = "|".join(body.split())
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)


_BUY = _words(
    r"""
    rent(?:s|ed|ing)? leas(?:e|es|ed|ing) buy(?:s|ing)? bought purchas\w+ book(?:s|ed)
    order(?:s|ed)? tak(?:e|es|ing) us(?:e|es|ing) reserv\w+ secur\w+ licen[cs]\w+
    run(?:s|ning)? train(?:s|ing)? \w*miet\w* bezieh\w* bezug\w* kauf\w* bucht buchen
    sicher\w* \w*pacht\w* nutz\w* bestell\w* erwerb\w* erwirbt abnehm\w* abnahme\w*
    nimmt reservier\w*
    """
)
_SUPPLY = _words(
    r"""
    suppl(?:y|ies|ied|ying) sell(?:s|ing)? sold provid\w+ deliver\w* host(?:s|ed|ing)?
    ship(?:s|ped|ping)? rent(?:s|ed)?\s+out let liefer\w* verkauf\w* stell(?:t|en)
    vermiet\w* verpacht\w* belief\w* versorg\w* bereitstell\w*
    """
)
_INVEST = _words(
    r"""
    invest(?:s|ed|ing|ment|iert|ieren|iere|ition|itionen)? back(?:s|ed|ing)?
    beteilig\w* steck(?:t|en) steig(?:t|en) einsteig\w* einstieg stakes? shareholding
    """
)
_FROM = {"from", "at", "bei", "von", "beim", "vom", "with"}
_TO = {"to", "an", "für", "for"}
_IN = {"in", "into", "an", "am", "bei", "beim"}
_BY = {"by", "von", "vom", "durch"}
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|wird|werden|wurde|wurden|worden)\b", re.I
)
#: Words that may stand between a preposition and the name it governs.
MAX_APPOSITION = 6
#: Words that end a clause: what stands behind belongs to another verb.
_CLAUSE = re.compile(r"[;:–—]|\b(?:which|while|who|whose|während|wobei|dessen|deren)\b")
#: "Rents from" takes, "rents to" gives.
_LETS = re.compile(r"\b(?:rent|leas)\w*", re.IGNORECASE)
_BACKS = re.compile(r"\bback(?:s|ed|ing)?\s+(?:\w+\s+){0,3}$")
_PREPOSITION = re.compile(r"[\w'’]+")


def find_relations(
    sentence: str, mentions: Sequence[OrganisationMention]
) -> set[Relation]:
    """Read who pays whom.

    Args:
        sentence: One sentence.
        mentions: The organisations in it, by offsets into it, in order.
    """
    found: set[Relation] = set()
    for n, first in enumerate(mentions):
        for second in mentions[n + 1 :]:
            if first.name == second.name:
                continue
            between = sentence[first.end : second.start]
            if _CLAUSE.search(between):
                break
            found.update(_between(sentence, first, second, between))
    return found


def _between(
    sentence: str, first: OrganisationMention, second: OrganisationMention, between: str
) -> Iterator[Relation]:
    governs = _governing(between)
    behind = re.split(r"[;:–—]|, ", sentence[second.end :])[0]
    clause = f"{between} {behind}"
    passive = _PASSIVE.search(between) is not None
    a, b = first.name, second.name
    if _INVEST.search(clause):
        if passive and governs in _BY:
            yield Relation("equity", b, a)
        elif (governs in _IN and not passive) or _BACKS.search(between):
            yield Relation("equity", a, b)
        return
    supply, buy = _SUPPLY.search(clause), _BUY.search(clause)
    if passive and governs in _BY and supply and not buy:
        yield Relation("trade", a, b)
    elif passive and governs in _BY and buy and not supply:
        yield Relation("trade", b, a)
    elif supply and not buy and not passive:
        if governs in _TO or _is_object(between, behind):
            yield Relation("trade", b, a)
    elif buy and not supply and not passive and governs in _FROM:
        if governs != "with" or re.search(r"Bezug|capacity|Miete", clause):
            yield Relation("trade", a, b)
    elif buy and not passive and governs in ("to", "an") and _LETS.search(clause):
        yield Relation("trade", b, a)
    elif buy and not supply and governs == "mit" and re.search(r"\bBezug\b", clause):
        yield Relation("trade", a, b)


def _governing(between: str) -> str:
    """The preposition before the second name, apposition or articles between."""
    words: list[str] = [word.casefold() for word in _PREPOSITION.findall(between)]
    for word in reversed(words[-MAX_APPOSITION:]):
        if word in _FROM | _TO | _IN | _BY | {"mit"}:
            return word
    return ""


def _is_object(between: str, behind: str) -> bool:
    """Whether the second name is whom the verb supplies: "beliefert B mit"."""
    with_ = re.match(r"\W*(?:\w+\W+){0,3}(?:with|mit)\b", behind, re.IGNORECASE)
    return with_ is not None and _governing(between) == ""
