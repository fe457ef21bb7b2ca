"""Of a sentence that is too long to quote, the parts that its figures stand in.

In: a text, a sentence of it, the places that are to be seen. Out: passages, each with
the places that it shows. A reader who is to check a figure must find it in the quote.
"""

from __future__ import annotations

from collections.abc import Sequence

from newsbot.stages.printable import one_line
from newsbot.types import Span


def passages(
    text: str, sentence: Span, places: Sequence[Span], longest: int
) -> list[tuple[list[int], str]]:
    """Quote a sentence, whole or in the parts that matter.

    Args:
        text: The article's full text.
        sentence: In it.
        places: Within the sentence: what the reader is to find.
        longest: Characters of one passage.

    Returns:
        Passages in the order of the text, each on one line, with the numbers of the
        places in it; what is left out is marked by "…". One passage, the beginning of
        the sentence, where there are no places.
    """
    whole = one_line(text[sentence.start : sentence.end])
    numbers = list(range(len(places)))
    if len(whole) <= longest or not numbers:
        return [(numbers, one_line(whole, longest))]
    together: list[list[int]] = []
    for n in sorted(numbers, key=lambda number: places[number].start):
        near = together and (
            places[n].end - places[together[-1][0]].start <= longest // 2
        )
        if near:
            together[-1].append(n)
        else:
            together.append([n])
    return [
        (group, _from(text, sentence, places[group[0]].start, longest))
        for group in together
    ]


def _from(text: str, sentence: Span, place: int, longest: int) -> str:
    """The beginning of a sentence, or where a place is far behind it, a bit before."""
    lead = longest // 3
    if place - sentence.start <= lead:
        return one_line(text[sentence.start : sentence.end], longest)
    start = place - lead
    blank = text.find(" ", start, place)
    start = start if blank < 0 else blank + 1
    return "…" + one_line(text[start : sentence.end], longest - 1)
