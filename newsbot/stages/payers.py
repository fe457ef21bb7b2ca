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

_RESPECTIVELY = re.compile(
    r"\b(respectively|beziehungsweise|bzw|jeweils)\b", re.IGNORECASE
)
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
    if (paired := _in_order(reading, mention, names)) is not None:
        return paired
    best = max(range(len(names)), key=lambda n: likely[n])
    return names[best] if likely[best] >= PAYS_FROM else None


def _in_order(
    reading: Reading, mention: MoneyMention, names: Sequence[str]
) -> str | None:
    """Read "A and B put in 10 and 5 billion respectively": in the order given."""
    sentence = reading.sentences[reading.sentence_index(mention.start)]
    if not _RESPECTIVELY.search(reading.text(sentence)):
        return None
    inside = [
        m
        for m in reading.organisations
        if sentence.start <= m.start < mention.start and m.name in names
    ]
    if not inside:
        return None
    sums = [m.start for m in reading.money if inside[-1].end <= m.start < sentence.end]
    nearest = list(dict.fromkeys(m.name for m in reversed(inside)))[: len(sums)]
    if len(sums) < 2 or len(nearest) < len(sums) or mention.start not in sums:
        return None
    return nearest[::-1][sums.index(mention.start)]
