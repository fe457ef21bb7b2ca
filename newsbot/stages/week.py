"""Who deals with whom, small enough for a mail: payers left, paid right.

In: a network of few links. Out: an SVG of a telephone's width, where every link has a
row of its own at its beginning, with its sum on it. `graph` draws the large picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from newsbot.stages import svg
from newsbot.stages.bars import WIDTH, Drawing
from newsbot.stages.graph_words import WORDS
from newsbot.stages.lettering import fitted, width
from newsbot.stages.links import LINK_KINDS, Link, Network
from newsbot.stages.svg import Words, escaped, number
from newsbot.vocabulary import Language

#: Pixels.
_SIDE = 140.0
_EDGE = 10.0
_ROW = 46.0
_BOX = 34.0
_NAME = 16.0
_LABEL = 14.0
_LEGEND = 24.0
#: Links in one picture; more are in the table alone.
MAX_LINKS = 15


def week_picture(net: Network, language: Language) -> Drawing | None:
    """Draw the links of a network, those with most deals and money first.

    Returns:
        The picture on white; None without a link.
    """
    links = _ordered(net.links[:MAX_LINKS])
    if not links:
        return None
    legend = _legend(links, language)
    top = _EDGE + len(legend) * _LEGEND + 8
    rows = {n: top + n * _ROW + _ROW / 2 for n in range(len(links))}
    left = _places([link.source for link in links], rows)
    right = _spread(_places([link.target for link in links], rows), top)
    height = round(max([*rows.values(), *right.values()]) + _ROW / 2 + _EDGE)
    body = [
        *(line for row in legend for line in row),
        *(_arrow(link, rows[n], right[link.target]) for n, link in enumerate(links)),
        *(_box(name, _EDGE, y) for name, y in left.items()),
        *(_box(name, WIDTH - _EDGE - _SIDE, y) for name, y in right.items()),
    ]
    return Drawing(
        svg="\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
                f'height="{height}" viewBox="0 0 {WIDTH} {height}" '
                f'font-family="{svg.FONTS}">',
                svg.style("light"),
                f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
                *body,
                "</svg>",
            )
        ),
        width=WIDTH,
        height=height,
    )


def _ordered(links: Sequence[Link]) -> list[Link]:
    """Links of one source next to each other, in the order of their first."""
    sources = dict.fromkeys(link.source for link in links)
    return [link for source in sources for link in links if link.source == source]


def _places(names: Sequence[str], rows: dict[int, float]) -> dict[str, float]:
    """Each name in the middle of its rows."""
    return {
        name: mean(rows[n] for n, other in enumerate(names) if other == name)
        for name in dict.fromkeys(names)
    }


def _spread(places: dict[str, float], top: float) -> dict[str, float]:
    """Boxes of one side apart from each other, in their order."""
    spread: dict[str, float] = {}
    least = top + _ROW / 2
    for name, y in sorted(places.items(), key=lambda pair: pair[1]):
        spread[name] = max(y, least)
        least = spread[name] + _ROW
    return spread


def _look(link: Link) -> str:
    return "ended" if link.state == "ended" else link.kind


def _arrow(link: Link, y: float, end: float) -> str:
    """A line that leaves level, with its sum on it, and bends to where it goes."""
    start, stop = _EDGE + _SIDE, WIDTH - _EDGE - _SIDE
    level = start + 190
    bend = (level + stop) / 2
    dash = ' stroke-dasharray="6 4"' if link.state == "talks" else ""
    tip = stop - 8
    way = (
        f"M{number(start)} {number(y)}H{number(level)}"
        f"C{number(bend)} {number(y)} {number(bend)} {number(end)} "
        f"{number(tip)} {number(end)}"
    )
    look = _look(link)
    line = f'<path class="s-{look}" d="{way}" fill="none" stroke-width="2"{dash}/>'
    head = (
        f'<path class="{look}" d="M{number(stop)} {number(end)}l-9 -5v10Z"/>'
        if link.kind != "together"
        else ""
    )
    label = fitted(link.label.split(", ")[0], _LABEL, level - start + 6)
    words = Words(text=label, x=start + 8, y=y - 6, size=_LABEL, look=look)
    return line + head + (svg.text(words) if label else "")


def _box(name: str, x: float, y: float) -> str:
    words = Words(
        text=fitted(name, _NAME, _SIDE - 14),
        x=x + _SIDE / 2,
        y=y + 6,
        size=_NAME,
        anchor="middle",
    )
    return (
        f'<rect class="box" x="{number(x)}" y="{number(y - _BOX / 2)}" '
        f'width="{number(_SIDE)}" height="{number(_BOX)}" rx="6">'
        f"<title>{escaped(name)}</title></rect>{svg.text(words)}"
    )


def _legend(links: Sequence[Link], language: Language) -> list[list[str]]:
    """What the colours mean, as many to a row as fit; only those that are there."""
    words = WORDS[language]
    samples = [
        (kind, words.verbs[kind], "")
        for kind in LINK_KINDS
        if any(link.kind == kind and link.state != "ended" for link in links)
    ]
    if any(link.state == "ended" for link in links):
        samples.append(("ended", words.ended, ""))  # type: ignore[arg-type]
    if any(link.state == "talks" for link in links):
        samples.append(("purchase", words.talks, ' stroke-dasharray="6 4"'))
    rows: list[list[str]] = [[]]
    x = _EDGE
    for look, told, dash in samples:
        room = 36 + width(told, _LABEL) + 14
        if rows[-1] and x + room > WIDTH - _EDGE:
            rows.append([])
            x = _EDGE
        y = _EDGE + (len(rows) - 1) * _LEGEND + 14
        rows[-1].append(
            f'<path class="s-{look}" d="M{number(x)} {number(y - 5)}h28" fill="none" '
            f'stroke-width="2.5"{dash}/>'
        )
        rows[-1].append(svg.text(Words(text=told, x=x + 36, y=y, size=_LABEL)))
        x += room
    return rows
