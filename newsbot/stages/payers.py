"""Who pays a sum?

In: a reading, the sums of a deal, its parties and their roles, and how likely the model
holds each of them for the payer of each.
Out: a party for each sum, or nobody in particular.

An order that the sentence gives ("5 and 10 billion respectively") decides, else a list
("Microsoft up to 5 billion, Nvidia up to 10 billion") of which the model sees one
payer, else the model, half as sure of who has another role than that sum's payer has.
Payers do not help roles in turn: given the role of what they pay, fewer parties had
their roles right (.537 for .556 on held-out articles).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.reading import Reading
from newsbot.types import MoneyMention, OrganisationMention
from newsbot.vocabulary import AmountKind, Role

Mention = TypeVar("Mention", MoneyMention, OrganisationMention)

#: Words that give sums an order: behind them, or between the last two.
_BEHIND = re.compile(r"\brespectively\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:bzw|beziehungsweise)\b", re.IGNORECASE)
#: What parts the members of a list from each other, and a list from what it explains.
_PARTED = re.compile(r"[,;:(] | [\u2013\u2014-] | (?:und|and|while|sowie|plus) ")
#: Probability from which a party pays. Where a sum is the deal's, somebody mostly does:
#: on held-out articles the payer was right for 55 % of the sums at 0.5, 66 % at 0.3.
PAYS_FROM = 0.3
#: Who pays what, by role.
PAYING_ROLES: Mapping[AmountKind, Role] = {
    "investment": "investor",
    "purchase": "customer",
}
#: What is left of the likelihood of a party without that role, where another has it. Of
#: 1,456 sums of articles that the adapter had not met the payer is right for .784
#: without, .797 with a half and .787 with a fifth or nothing.
UNLIKELY = 0.5


def by_roles(
    likely: NDArray[np.float32],
    kinds: Sequence[AmountKind],
    roles: Sequence[Sequence[Role]],
) -> NDArray[np.float32]:
    """Weigh how likely each party pays each sum by what it is in the deal.

    Args:
        likely: Shape (n_mentions, n_names).
        kinds: What each sum is for.
        roles: Those of each party.

    Returns:
        The same, less where another party has the role of who pays such a sum.
    """
    weighed = likely.copy()
    for n, kind in enumerate(kinds):
        has = np.array([PAYING_ROLES.get(kind) in some for some in roles], dtype=bool)
        if has.any():
            weighed[n, ~has] *= UNLIKELY
    return weighed


def find_payers(
    reading: Reading,
    mentions: Sequence[MoneyMention],
    names: Sequence[str],
    likely: NDArray[np.float32],
) -> list[str | None]:
    """Say who of a deal's parties pays each of its sums.

    Args:
        reading: The article.
        mentions: The sums, each at its best place.
        names: The parties of the deal.
        likely: Shape (n_mentions, n_names): the probability that each pays it.

    Returns:
        A party's name, or None, for each sum.
    """
    best = likely.argmax(1)
    told = [
        names[n] if row[n] >= PAYS_FROM else None
        for n, row in zip(best, likely, strict=True)
    ]
    listed = in_list(reading, mentions, names)
    # Whoever stands beside a sum may get it, too: one payer that the model sees tells.
    if any(told[mentions.index(m)] == name for m, name in listed.items()):
        told = [listed.get(m, one) for m, one in zip(mentions, told, strict=True)]
    return [
        in_order(reading, m, names) or one
        for m, one in zip(mentions, told, strict=True)
    ]


def in_order(
    reading: Reading, mention: MoneyMention, names: Sequence[str]
) -> str | None:
    """Read "A and B put in 10 and 5 billion respectively": in the order given.

    Args:
        reading: The article.
        mention: A sum of it.
        names: Who may pay.

    Returns:
        One of the names, or None where no order is given.
    """
    row = _row(reading, mention)
    if len(row) < 2:
        return None
    sentence = reading.sentences[reading.sentence_index(mention.start)]
    before = [
        m.name
        for m in _within(reading.organisations, sentence.start, row[0].start)
        if m.name in names
    ]
    nearest = list(dict.fromkeys(reversed(before)))[: len(row)]
    if len(nearest) < len(row):
        return None
    return nearest[::-1][row.index(mention)]


def in_list(
    reading: Reading, mentions: Sequence[MoneyMention], names: Sequence[str]
) -> dict[MoneyMention, str]:
    """Read "A with 5 billion, B with 10 billion": each sum, and the name beside it.

    Args:
        reading: The article.
        mentions: Sums of it.
        names: Who may stand beside them.

    Returns:
        Those of one list, two at least; empty where there is none.
    """
    found: dict[MoneyMention, str] = {}
    words: list[str] = []
    for mention in sorted(mentions, key=lambda m: m.start):
        name, between = _beside(reading, mention, names)
        last = next(reversed(found), None)
        goes_on = last and _adjoins(reading, last, mention)
        # "Nvidia will bis zu 10 Milliarden geben, Microsoft bis zu 5": a list leaves
        # out what it has said. "..., which values Anthropic at 350" is none.
        if name and goes_on and words[len(words) - len(between) :] == between:
            found[mention] = name
        elif len(set(found.values())) > 1:
            break
        else:
            found, words = ({mention: name}, between) if name else ({}, [])
    return found if len(set(found.values())) > 1 else {}


def _adjoins(reading: Reading, one: MoneyMention, other: MoneyMention) -> bool:
    """Whether two sums follow each other in one sentence."""
    between = _within(reading.money, one.end, other.start)
    same = reading.sentence_index(one.start) == reading.sentence_index(other.start)
    return same and not between


def _beside(
    reading: Reading, mention: MoneyMention, names: Sequence[str]
) -> tuple[str | None, list[str]]:
    """The only name between a sum and what parts it from the words before.

    Returns:
        The name, if there is just one and it is among *names*, and the words between
        it and the sum.
    """
    text = reading.article.full_text
    start = reading.sentences[reading.sentence_index(mention.start)].start
    earlier = _within(reading.money, start, mention.start)
    start = earlier[-1].end if earlier else start
    for parted in _PARTED.finditer(text, start, mention.start):
        start = parted.end()
    near = _within(reading.organisations, start, mention.start)
    if len({m.name for m in near}) != 1 or near[0].name not in names:
        return None, []
    return near[0].name, text[near[-1].end : mention.start].split()


def _row(reading: Reading, mention: MoneyMention) -> Sequence[MoneyMention]:
    """The sums that stand in one order with this one; none where no word says so.

    They follow each other with no name between them, so that what comes later in the
    sentence, as a valuation, is none of them.
    """
    sentence = reading.sentences[reading.sentence_index(mention.start)]
    sums = _within(reading.money, sentence.start, sentence.end)
    n, text = sums.index(mention), reading.article.full_text

    def follows(one: MoneyMention, other: MoneyMention) -> bool:
        return not _within(reading.organisations, one.end, other.start)

    first = last = n
    while first and follows(sums[first - 1], sums[first]):
        first -= 1
    while last + 1 < len(sums) and follows(sums[last], sums[last + 1]):
        last += 1
    row = sums[first : last + 1]
    for k in range(len(row) - 1):
        if _BETWEEN.search(text, row[k].end, row[k + 1].start):
            return row[: k + 2] if mention in row[: k + 2] else []
    if behind := _BEHIND.search(text, row[0].end, sentence.end):
        ahead = [m for m in row if m.end <= behind.start()]
        return ahead if mention in ahead else []
    return []


def _within(found: Sequence[Mention], start: int, end: int) -> Sequence[Mention]:
    """Cut out the mentions that begin in a stretch; they stand in order of place."""
    first = bisect_left(found, start, key=lambda m: m.start)
    return found[first : bisect_left(found, end, lo=first, key=lambda m: m.start)]
