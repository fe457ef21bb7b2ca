"""Deals and sums by cloud as bars, and the same numbers as rows of a table.

In: totals by cloud. Out: rows of text, and an SVG that draws the firm sums. What is
drawn stands in the rows, too; what has no firm sum has no bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from newsbot.stages import svg
from newsbot.stages.amounts import format_money
from newsbot.stages.edition_words import WORDS, EditionWords
from newsbot.stages.lettering import fitted
from newsbot.stages.printable import one_line
from newsbot.stages.svg import Words
from newsbot.stages.totals import Column, Row, Totals, rounded
from newsbot.vocabulary import Language

#: Pixels.
WIDTH = 560
_NAMES = 180.0
_FIGURES = 130.0
_ROW = 34.0
_BAR = 18.0
_EDGE = 12.0
#: Bars in one picture, and rows of its table; more are put together in none.
MAX_ROWS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudRow:
    """A cloud and what its deals come to, as text."""

    name: str
    n_deals: int
    #: Firm sums: the papers' currencies, and dollars where there are others.
    firm: str
    #: Sums of other bounds, each with its word; never to be added.
    soft: str
    #: Firm dollars, for the length of the bar.
    dollars: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture that is still to be turned into pixels."""

    svg: str
    #: In pixels.
    width: int
    height: int


def cloud_rows(told: Totals, language: Language) -> tuple[CloudRow, ...]:
    """Write totals by cloud as rows, largest firm sum first, the whole last."""
    words = WORDS[language]
    rows = [_row(one, one.name or words.no_cloud, language) for one in told.rows]
    if len(rows) > 1:
        rows = [*rows[:MAX_ROWS], _row(told.whole, words.all_money, language)]
    return tuple(rows)


def bars(rows: Sequence[CloudRow], language: Language) -> Drawing | None:
    """Draw the firm sums of `cloud_rows`; None where there is none.

    The whole is left out: it is no cloud, and adds up what two clouds share once.
    """
    clouds = [row for row in (rows[:-1] if len(rows) > 1 else rows) if row.dollars]
    if not clouds:
        return None
    most = max(row.dollars for row in clouds)
    room = WIDTH - 2 * _EDGE - _NAMES - _FIGURES
    height = round(len(clouds) * _ROW + 2 * _EDGE)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="{svg.FONTS}">',
        svg.style("light"),
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
    ]
    for n, row in enumerate(clouds):
        middle = _EDGE + n * _ROW + _ROW / 2
        length = max(2.0, float(row.dollars / most) * room)
        label = format_money(rounded(row.dollars), "USD", language)
        drawn += [
            svg.text(
                Words(
                    text=fitted(row.name, 16, _NAMES - 10),
                    x=_EDGE,
                    y=middle + 5,
                    size=16,
                )
            ),
            f'<rect class="purchase" x="{svg.number(_EDGE + _NAMES)}" '
            f'y="{svg.number(middle - _BAR / 2)}" width="{svg.number(length)}" '
            f'height="{svg.number(_BAR)}" rx="3"/>',
            svg.text(
                Words(
                    text=label,
                    x=_EDGE + _NAMES + length + 8,
                    y=middle + 5,
                    size=15,
                    look="quiet",
                )
            ),
        ]
    return Drawing(svg="\n".join([*drawn, "</svg>"]), width=WIDTH, height=height)


def _row(row: Row, name: str, language: Language) -> CloudRow:
    sums, words = row.sums, WORDS[language]
    soft = [
        f"{words.soft[bound]} {_money(column, language)}"
        for bound, column in (
            ("about", sums.about),
            ("at_least", sums.at_least),
            ("up_to", sums.up_to),
        )
        if column.originals
    ]
    return CloudRow(
        name=one_line(name, 60),
        n_deals=row.n_deals,
        firm=_money(sums.firm, language),
        soft="; ".join(soft),
        dollars=sums.firm.dollars,
    )


def _money(column: Column, language: Language) -> str:
    """The papers' currencies first; dollars where there are others than dollars."""
    told = [format_money(one.value, one.currency, language) for one in column.originals]
    if not told:
        return "–"
    text = " + ".join(told)
    if {one.currency for one in column.originals} == {"USD"}:
        return text
    return f"{text} (≈\u00a0{format_money(rounded(column.dollars), 'USD', language)})"


def soft_words(words: EditionWords) -> str:
    """List the bounds that are never added, as a head of their column."""
    return ", ".join(words.soft.values())
