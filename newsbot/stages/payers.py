"""Who pays a sum?

In: a reading, a sum's place, the parties of its deal, and how likely the model holds
each of them for its payer.
Out: a party, or nobody in particular.

An order that the sentence gives ("5 and 10 billion respectively") decides, else the
model. Roles are no help: where nobody was seen as its customer, a purchase is paid all
the same. Nor do payers help roles: given the role of what they pay, fewer parties had
their roles right (.537 for .556 on held-out articles).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsbot.stages.reading import Reading
from newsbot.types import MoneyMention

#: Words that give sums an order: behind them, or between the last two.
_BEHIND = re.compile(r"\brespectively\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:bzw|beziehungsweise)\b", re.IGNORECASE)
#: Probability from which a party pays. Where a sum is the deal's, somebody mostly does:
#: on held-out articles the payer was right for 55 % of the sums at 0.5, 66 % at 0.3.
PAYS_FROM = 0.3


def find_payer(
    reading: Reading,
    mention: MoneyMention,
    names: Sequence[str],
    likely: Sequence[float],
) -> str | None:
    """Say who of a deal's parties pays a sum.

    Args:
        reading: The article.
        mention: The sum, at its best place.
        names: The parties of its deal.
        likely: Shape (n_names,): the probability that each pays it.

    Returns:
        A party's name, or None.
    """
    if (paired := in_order(reading, mention, names)) is not None:
        return paired
    best = max(range(len(names)), key=lambda n: likely[n])
    return names[best] if likely[best] >= PAYS_FROM else None


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
        for m in reading.organisations
        if sentence.start <= m.start < row[0].start and m.name in names
    ]
    nearest = list(dict.fromkeys(reversed(before)))[: len(row)]
    if len(nearest) < len(row):
        return None
    return nearest[::-1][row.index(mention)]


def _row(reading: Reading, mention: MoneyMention) -> list[MoneyMention]:
    """The sums that stand in one order with this one; none where no word says so.

    They follow each other with no name between them, so that what comes later in the
    sentence, as a valuation, is none of them.
    """
    sentence = reading.sentences[reading.sentence_index(mention.start)]
    sums = [m for m in reading.money if sentence.start <= m.start < sentence.end]
    n, text = sums.index(mention), reading.article.full_text

    def follows(one: MoneyMention, other: MoneyMention) -> bool:
        return not any(one.end <= m.start < other.start for m in reading.organisations)

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
