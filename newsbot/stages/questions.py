"""What the model is asked about an article, once it has read it.

In: a reading of an article.
Out: questions. Each is put behind the article alone, as if the others were not there;
what the heads weigh is the model's state at its last token, beside those at the
places of the article that it asks about (`stages.recall`).

A causal model knows a word only by what stands before it. Naming an organisation
or a sum once more, behind the whole article, gives a state that knows all of it.
Wording and places are part of the tuning: a change of them must bump `VERSION`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.types import CapacityMention, MoneyMention, OrganisationMention
from newsbot.vocabulary import OrganisationKind

#: Bump when any question changes: an adapter tuned on other ones is refused.
VERSION = 4
#: Does the article report a deal? Put behind every article, about all of it.
REPORTS = "\n\nDeal reported:"
#: Characters of the sentence shown before and after a sum.
BEFORE, AFTER = 60, 45
#: Other spellings shown beside a canonical name.
MAX_SPELLINGS = 2
#: What a list knows of an organisation, in a word.
_TRADES: dict[OrganisationKind, str] = {
    "lab": "AI lab",
    "cloud": "cloud",
    "neocloud": "AI cloud",
    "chips": "chip maker",
    "datacentre": "data centres",
    "investor": "investor",
    "telecom": "telecom",
    "software": "software",
    "industry": "industry",
    "bank": "bank",
    "media": "media",
    "public": "public body",
    "consultancy": "consultancy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A text to put behind an article, and what in the article it is about."""

    text: str
    #: First code point and the one after the last, of each place; none: all of it.
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One organisation of an article, with all its mentions."""

    name: str
    mentions: tuple[OrganisationMention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """One sum of money of an article, with every place that states it."""

    mentions: tuple[MoneyMention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One capacity of an article, with every place that states it."""

    mentions: tuple[CapacityMention, ...]


def candidates(mentions: Sequence[OrganisationMention]) -> list[Candidate]:
    """Gather mentions by organisation, in order of first mention."""
    by_name: dict[str, list[OrganisationMention]] = {}
    for mention in mentions:
        by_name.setdefault(mention.name, []).append(mention)
    return [
        Candidate(name=name, mentions=tuple(found)) for name, found in by_name.items()
    ]


def sums(mentions: Sequence[MoneyMention]) -> list[Sum]:
    """Gather mentions by value and currency, in order of first mention."""
    found: dict[object, list[MoneyMention]] = {}
    for mention in mentions:
        found.setdefault((mention.value, mention.currency), []).append(mention)
    return [Sum(mentions=tuple(same)) for same in found.values()]


def quantities(mentions: Sequence[CapacityMention]) -> list[Quantity]:
    """Gather mentions by value and unit, in order of first mention."""
    found: dict[object, list[CapacityMention]] = {}
    for mention in mentions:
        found.setdefault((mention.value, mention.unit), []).append(mention)
    return [Quantity(mentions=tuple(same)) for same in found.values()]


def about_organisation(
    reading: Reading, candidate: Candidate, gazetteer: Gazetteer
) -> Question:
    """Ask what an organisation is to the deal."""
    spelled: list[str] = []
    for mention in candidate.mentions:
        surface = reading.article.full_text[mention.start : mention.end]
        if surface != candidate.name and surface not in spelled:
            spelled.append(surface)
    known = gazetteer.get(candidate.name)
    trade = _TRADES[known.kind] if known else "company"
    also = f" ({', '.join(spelled[:MAX_SPELLINGS])})" if spelled else ""
    return Question(
        text=f"\n\nOrganisation: {candidate.name}{also}, {trade}:",
        places=_places(candidate.mentions),
    )


def about_sum(reading: Reading, one: Sum) -> Question:
    """Ask what a sum is to the deal."""
    return Question(
        text=f"\n\nSum: {_in_context(reading, one.mentions)}:",
        places=_places(one.mentions),
    )


def about_payer(
    reading: Reading, one: Sum, name: str, gazetteer: Gazetteer
) -> Question:
    """Ask whether a party pays a sum."""
    return Question(
        text=f"\n\nSum: {_in_context(reading, one.mentions)}. Paid by {name}:",
        places=_places([*one.mentions, *_named(reading, [name], gazetteer)]),
    )


def about_quantity(reading: Reading, one: Quantity) -> Question:
    """Ask what a capacity is to the deal."""
    return Question(
        text=f"\n\nCapacity: {_in_context(reading, one.mentions)}:",
        places=_places(one.mentions),
    )


def about_deal(
    reading: Reading, names: Sequence[str], gazetteer: Gazetteer
) -> Question:
    """Ask whether these made a deal together, of what kind, and how far it is."""
    return Question(
        text=f"\n\nDeal of {', '.join(names)}:",
        places=_places(_named(reading, names, gazetteer)),
    )


def about_role(
    reading: Reading, names: Sequence[str], name: str, gazetteer: Gazetteer
) -> Question:
    """Ask as what one party of a deal made it."""
    return Question(
        text=f"\n\nDeal of {', '.join(names)}. Role of {name}:",
        places=_places(_named(reading, [name], gazetteer)),
    )


def _named(
    reading: Reading, names: Sequence[str], gazetteer: Gazetteer
) -> list[OrganisationMention]:
    """Where any of these is named, or a unit or the parent of one."""
    named = {mention.name for mention in reading.organisations}
    meant = {
        one
        for one in named
        if any(one == name or gazetteer.related(one, name) for name in names)
    }
    return [mention for mention in reading.organisations if mention.name in meant]


def _places(
    mentions: Sequence[OrganisationMention | MoneyMention | CapacityMention],
) -> tuple[tuple[int, int], ...]:
    return tuple((mention.start, mention.end) for mention in mentions)


def _in_context(
    reading: Reading, mentions: Sequence[MoneyMention | CapacityMention]
) -> str:
    """Show a quantity in its sentence; the text says it better than the title."""
    text, n_title = reading.article.full_text, len(reading.article.title)
    mention = next((m for m in mentions if m.start > n_title), mentions[0])
    sentence = reading.sentences[reading.sentence_index(mention.start)]
    start = max(sentence.start, mention.start - BEFORE)
    end = min(sentence.end, mention.end + AFTER)
    if start > sentence.start:
        space = text.find(" ", start, mention.start)
        start = space + 1 if space >= 0 else mention.start
    if end < sentence.end:
        space = text.rfind(" ", mention.end, end)
        end = space if space >= 0 else mention.end
    marked = f"[{text[mention.start : mention.end]}]"
    return text[start : mention.start] + marked + text[mention.end : end]
