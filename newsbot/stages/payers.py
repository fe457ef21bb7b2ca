"""Who pays a sum?

In: a reading, a sum's place and kind, the parties of its deal, and how the model scores
each of them as its payer.
Out: a party, or nobody in particular.

An order that the sentence gives ("5 and 10 billion respectively") decides, else the
model's score. Roles are no help: where nobody is named as its customer, a purchase is
paid all the same. On held-out articles the score alone names the payer of 72 % of the
sums, whoever has the paying role and the best score of these 62 %, and whoever has it
and stands nearest 56 %.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsbot.stages.reading import Reading
from newsbot.types import MoneyMention

_RESPECTIVELY = re.compile(
    r"\b(respectively|beziehungsweise|bzw|jeweils)\b", re.IGNORECASE
)


def find_payer(
    reading: Reading,
    mention: MoneyMention,
    names: Sequence[str],
    scores: Sequence[float],
) -> str | None:
    """Say who of a deal's parties pays a sum.

    Args:
        reading: The article.
        mention: The sum, at its best place.
        names: The parties of its deal.
        scores: Shape (n_names + 1,): the model's; the last of nobody in particular.

    Returns:
        A party's name, or None.
    """
    if (paired := _in_order(reading, mention, names)) is not None:
        return paired
    best = max(range(len(scores)), key=lambda n: scores[n])
    return names[best] if best < len(names) else None


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
