"""Does every quantity of a summary stand in its article?

In: a summary and a reading. Out: numbers, sums and capacities that the article has
not, or not so firmly, or counts something else by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from newsbot.stages.amounts import find_capacity, find_money, same_value
from newsbot.stages.bounds import bound_around
from newsbot.stages.numerals import BREAK, Token, at, tokenize
from newsbot.stages.quantities import collect
from newsbot.stages.reading import Reading
from newsbot.stages.unsupported import Unsupported
from newsbot.types import CapacityMention, MoneyMention
from newsbot.vocabulary import Bound

#: How far a figure may lie from the article's where the summary says "about".
ROUNDING = Decimal("0.05")
#: "Both", "the two": counts that no article needs to spell out.
MAX_COUNTED = 2
_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_PER_CENT = frozenset(("%", "prozent", "percent", "prozentpunkte", "per"))
_MONTHS = {
    name[:3]: name[:3]
    for name in "jan feb mar apr may jun jul aug sep oct nov dec".split()
} | {"mär": "mar", "mai": "may", "okt": "oct", "dez": "dec"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its scale, whatever it counts."""

    value: Decimal
    bound: Bound
    #: What it counts, as the beginning of the next word; empty where nothing does.
    counted: str
    start: int
    end: int


# A summary is checked sentence by sentence: its article is read once for all of them.
@lru_cache(maxsize=8)
def find_figures(text: str, language: str) -> tuple[Figure, ...]:
    """Find the numbers of a text with their scales."""
    tokens = tokenize(text)
    found = collect(tokens, language, lambda _, __: None, lambda _, __: None)
    return tuple(
        Figure(
            value=item.value,
            bound=bound_around(tokens, item.first, item.next),
            counted=_counted(tokens, item.first, item.next),
            start=tokens[item.first].start,
            end=tokens[item.next - 1].end,
        )
        for item in found
    )


def _counted(tokens: Sequence[Token], first: int, end: int) -> str:
    """What a number counts: a month, per cent, or the beginning of the next word."""
    following = at(tokens, end)
    if following.text == "." and at(tokens, end + 1).folded[:3] in _MONTHS:
        following = at(tokens, end + 1)
    if following.gap == BREAK:
        return ""
    if following.folded in _PER_CENT:
        return "%"
    before = at(tokens, first - 1)
    month = _MONTHS.get(before.folded[:3])
    if month and tokens[first].gap != BREAK and before.text[:1].isupper():
        return f"day of {month}"
    month = _MONTHS.get(following.folded[:3])
    if month and following.text[:1].isupper() and len(tokens[first].text) <= 2:
        return f"day of {month}"
    word = following.folded
    # Shorter words are articles and prepositions, and count nothing.
    return word[:5].rstrip("s") if following.is_word and len(word) > 3 else ""


def check_figures(text: str, reading: Reading, language: str) -> list[Unsupported]:
    """List figures of a summary that its article does not support.

    Args:
        text: The summary.
        reading: The article.
        language: Of the summary; the article's may be the other one.
    """
    full = reading.article.full_text
    money = find_money(text, language)
    capacity = find_capacity(text, language)
    found = [_unit(one, text, one.currency) for one in _no_money(money, reading, text)]
    found += [_unit(one, text, one.unit) for one in _no_capacity(capacity, reading)]
    taken = [(m.start, m.end) for m in money] + [(c.start, c.end) for c in capacity]
    for figure, reason in _no_figure(text, reading, language):
        if not any(start <= figure.start < end for start, end in taken):
            claim = text[figure.start : figure.end]
            found.append(Unsupported(kind="figure", claim=claim, reason=reason))
    places = {figure.start for figure in find_figures(text, language)}
    stated = set(_NUMBER.findall(full))
    same = language == reading.article.language
    found += [
        Unsupported(kind="figure", claim=match[0], reason="is not in the article")
        for match in _NUMBER.finditer(text)
        if same and match[0] not in stated and match.start() not in places
    ]
    return found


def _unit(one: MoneyMention | CapacityMention, text: str, unit: str) -> Unsupported:
    bound = "" if one.bound == "exact" else f" ({one.bound})"
    return Unsupported(
        kind="figure",
        claim=text[one.start : one.end],
        reason=f"no {one.value} {unit}{bound} in the article",
    )


def _no_money(
    told: Sequence[MoneyMention], reading: Reading, text: str
) -> Iterator[MoneyMention]:
    full = reading.article.full_text
    for one in told:
        fits = any(
            one.currency == other.currency
            and _fits(one.value, one.bound, other.value, other.bound)
            for other in reading.money
        )
        # A conversion in brackets is no sum of the article, but stands in it.
        own = re.escape(text[one.start : one.end])
        if not fits and not _elsewhere(one, reading):
            literal = re.search(rf"(?<![\w.,]){own}(?![\w])", full)
            if literal is None or _read_there(literal, reading):
                yield one


def _elsewhere(one: MoneyMention, reading: Reading) -> bool:
    """Whether one of the article's sentences, read alone, states the sum."""
    return any(
        one.currency == other.currency
        and _fits(one.value, one.bound, other.value, other.bound)
        for sentence in reading.sentences
        for other in find_money(reading.text(sentence), reading.article.language)
    )


def _read_there(match: re.Match[str], reading: Reading) -> bool:
    """Whether the article was read at this place, and so differently."""
    return any(m.start < match.end() and match.start() < m.end for m in reading.money)


def _no_capacity(
    told: Sequence[CapacityMention], reading: Reading
) -> Iterator[CapacityMention]:
    for one in told:
        if not any(
            one.unit == other.unit
            and _fits(one.value, one.bound, other.value, other.bound)
            for other in reading.capacity
        ):
            yield one


def _fits(told: Decimal, bound: Bound, stated: Decimal, firm: Bound) -> bool:
    """Whether a figure may be told for one stated: rounded only as "about"."""
    if told == stated and bound == firm:
        return True
    about = bound == "about" and firm in ("exact", "about")
    return about and same_value(told, stated, ROUNDING)


def _no_figure(
    text: str, reading: Reading, language: str
) -> Iterator[tuple[Figure, str]]:
    own = reading.article.language
    stated = find_figures(reading.article.full_text, own)
    values = {figure.value for figure in stated}
    by_counted: dict[str, set[Decimal]] = {}
    for figure in stated:
        by_counted.setdefault(figure.counted, set()).add(figure.value)
    for figure in find_figures(text, language):
        rounded = figure.bound == "about" and any(
            same_value(figure.value, value, ROUNDING) for value in values
        )
        if figure.value not in values and not rounded:
            if figure.value > MAX_COUNTED:
                yield figure, "is not in the article"
            continue
        others = by_counted.get(figure.counted, set())
        alike = bool(figure.counted) and language == own and not rounded
        if alike and others and figure.value not in others:
            yield figure, f"the article counts {min(others)}, not so many"
