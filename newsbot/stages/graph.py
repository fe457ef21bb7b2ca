"""Deals as a picture: who buys from, invests in and supplies whom.

In: deals, the list of organisations, a language and a theme. Out: one SVG, the same
for the same deals, in any order. Names are text from the web: they are cleaned,
cut and escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.stages import svg
from newsbot.stages.graph_words import WORDS, GraphWords
from newsbot.stages.layers import (
    HEAD_SIZE,
    LABEL_SIZE,
    NAME_SIZE,
    Layout,
    Line,
    lay_out,
)
from newsbot.stages.lettering import width, wrapped
from newsbot.stages.links import (
    LINK_KINDS,
    Circle,
    Link,
    Network,
    network,
)
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.svg import Theme, Words
from newsbot.stages.ties import LinkKind, State
from newsbot.types import Deal
from newsbot.vocabulary import Language

#: Pixels.
MARGIN = 36.0
MIN_WIDTH = 640.0
TITLE_SIZE = 20.0
SMALL = 12.0
LEGEND_LINE = 20.0
HEAD = 26.0
SAMPLE = 30.0
#: Circles that are named below the picture; more are counted.
MAX_CIRCLES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawn picture."""

    svg: str
    #: In pixels.
    width: int
    height: int
    n_deals: int
    n_organisations: int
    n_links: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Some elements and the height that they take."""

    elements: tuple[str, ...]
    height: float


def draw(
    deals: Sequence[Deal],
    gazetteer: Gazetteer,
    *,
    language: Language = "en",
    theme: Theme = "auto",
) -> Picture:
    """Draw deals.

    Args:
        deals: With all their findings; may be empty.
        gazetteer: Tells trades, units and parents.
        language: Of the words around the names, and of the sums.
        theme: Light, dark, or as the reader's screen is set.

    Returns:
        The picture as SVG, with its size.
    """
    words = WORDS[language]
    net = network(deals, gazetteer, language)
    layout = lay_out(net, [_times(link, words) for link in net.links], words.columns)
    across = max(layout.width, MIN_WIDTH)
    head = _head(deals, net, words)
    legend = _legend(net, words, across, head.height)
    top = head.height + legend.height + (HEAD if net.nodes else 0.0)
    captions = _captions(net, words, across, top + layout.height + 26)
    total_height = round(top + layout.height + 26 + captions.height + 2 * MARGIN)
    total_width = round(across + 2 * MARGIN)
    body = (
        *head.elements,
        *legend.elements,
        *_column_heads(layout, words, top - 12, (across - layout.width) / 2),
        f'<g transform="translate({svg.number((across - layout.width) / 2)} '
        f'{svg.number(top)})">',
        *_lines(layout, words),
        *_boxes(layout, words),
        "</g>",
        *captions.elements,
    )
    drawn = "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_width}" '
            f'height="{total_height}" viewBox="0 0 {total_width} {total_height}" '
            f'role="img" aria-labelledby="title description" lang="{language}" '
            f'font-family="{svg.FONTS}">',
            f'<title id="title">{words.title}</title>',
            f'<desc id="description">{_described(net, words)}</desc>',
            svg.style(theme),
            f'<rect class="ground" width="{total_width}" height="{total_height}"/>',
            f'<g transform="translate({svg.number(MARGIN)} {svg.number(MARGIN)})">',
            *body,
            "</g>",
            "</svg>",
        )
    )
    return Picture(
        svg=drawn + "\n",
        width=total_width,
        height=total_height,
        n_deals=net.n_deals,
        n_organisations=len(net.nodes),
        n_links=len(net.links),
    )


def _times(link: Link, words: GraphWords) -> str:
    return words.times.format(n=link.n_deals) if link.n_deals > 1 else ""


def _head(deals: Sequence[Deal], net: Network, words: GraphWords) -> _Block:
    if not deals:
        told = words.none
    else:
        first = min(deal.first_seen_at for deal in deals).date()
        last = max(deal.last_seen_at for deal in deals).date()
        told = words.counted.format(
            deals=words.number(net.n_deals, words.deal),
            organisations=words.number(len(net.nodes), words.organisation),
            first=words.day(first),
            last=words.day(last),
        )
    return _Block(
        elements=(
            svg.text(Words(text=words.title, x=0, y=18, size=TITLE_SIZE, bold=True)),
            svg.text(Words(text=told, x=0, y=40, size=SMALL + 1, look="quiet")),
        ),
        height=62,
    )


def _legend(net: Network, words: GraphWords, across: float, top: float) -> _Block:
    """Say what colours and strokes mean; only of what is there."""
    kinds = {link.kind for link in net.links}
    states = {link.state for link in net.links}
    samples: list[tuple[str, LinkKind, State, bool]] = [
        (words.verbs[kind], kind, "signed", False)
        for kind in LINK_KINDS
        if kind in kinds
    ]
    if "talks" in states:
        samples.append((words.talks, "purchase", "talks", False))
    if "ended" in states:
        samples.append((words.ended, "purchase", "ended", False))
    if net.circles:
        samples.append((words.circular, "investment", "signed", True))
    elements, x, y = [], 0.0, top + 4
    for told, kind, state, circular in samples:
        room = SAMPLE + 8 + width(told, SMALL)
        if x and x + room > across:
            x, y = 0.0, y + LEGEND_LINE
        sample = Line(
            link=Link(
                source="",
                target="",
                kind=kind,
                state=state,
                label="",
                n_deals=1,
                circular=circular,
            ),
            points=((x, y - 4), (x + SAMPLE, y - 4)),
            swing=0,
            label=None,
        )
        elements.append(svg.stroke(sample))
        elements.append(svg.text(Words(text=told, x=x + SAMPLE + 8, y=y, size=SMALL)))
        x += room + 22
    height = y - top + LEGEND_LINE + 6 if samples else 0.0
    return _Block(elements=tuple(elements), height=height)


def _column_heads(
    layout: Layout, words: GraphWords, y: float, left: float
) -> list[str]:
    return [
        svg.text(
            Words(
                text=words.columns[column],
                x=left + middle,
                y=y,
                size=HEAD_SIZE,
                look="quiet",
                anchor="middle",
                bold=True,
            )
        )
        for column, middle in layout.columns
    ]


def _lines(layout: Layout, words: GraphWords) -> list[str]:
    """Links, the circling ones on top; labels above all lines."""
    ordered = sorted(layout.lines, key=lambda line: line.link.circular)
    drawn = [
        f"<g>{svg.title(_told(line.link, words))}{svg.stroke(line)}</g>"
        for line in ordered
    ]
    return drawn + [_label(line) for line in ordered if line.label]


def _label(line: Line) -> str:
    assert line.label is not None
    look = "ended" if line.link.state == "ended" else line.link.kind
    return svg.text(
        Words(
            text=line.label.text,
            x=line.label.x,
            y=line.label.y - (6 if line.link.circular else 4),
            size=LABEL_SIZE,
            look=look,
            anchor="end" if line.label.at_end else "start",
        )
    )


def _boxes(layout: Layout, words: GraphWords) -> list[str]:
    drawn = []
    for box in layout.boxes:
        told = f"{box.node.name}: {words.number(box.node.n_deals, words.deal)}"
        name = Words(
            text=box.text,
            x=box.x + box.width / 2,
            y=box.y + box.height / 2 + 4.5,
            size=NAME_SIZE,
            anchor="middle",
        )
        shape = svg.rect(box, circular=box.node.circular)
        drawn.append(f"<g>{svg.title(told)}{shape}{svg.text(name)}</g>")
    return drawn


def _told(link: Link, words: GraphWords) -> str:
    """A link as a sentence, for who points at it or hears it."""
    verb = words.verbs[link.kind]
    details = [
        link.label,
        words.number(link.n_deals, words.deal),
        {"signed": "", "talks": words.talks, "ended": words.ended}[link.state],
    ]
    more = ", ".join(part for part in details if part)
    return f"{link.source} {verb} {link.target} ({more})"


def _captions(net: Network, words: GraphWords, across: float, top: float) -> _Block:
    told = [_circle(circle, words) for circle in net.circles[:MAX_CIRCLES]]
    if told:
        told[0] = f"{words.circular}: {told[0]}"
    if len(net.circles) > MAX_CIRCLES:
        told.append(words.more_circles.format(n=len(net.circles) - MAX_CIRCLES))
    if net.n_nodes_left or net.n_links_left:
        told.append(
            words.left_out.format(
                organisations=words.number(net.n_nodes_left, words.organisation),
                links=words.number(net.n_links_left, words.link),
            )
        )
    if net.links:
        told.append(words.how_to_read)
    n_circles = min(len(net.circles), MAX_CIRCLES)
    elements: list[str] = []
    for n, told_one in enumerate(told):
        look = "text" if n < n_circles else "quiet"
        for line in wrapped(told_one, SMALL, across):
            y = top + len(elements) * LEGEND_LINE
            elements.append(svg.text(Words(text=line, x=0, y=y, size=SMALL, look=look)))
    return _Block(elements=tuple(elements), height=len(elements) * LEGEND_LINE)


def _circle(circle: Circle, words: GraphWords) -> str:
    names = (*circle.names, circle.names[0])
    parts = []
    for n, invests in enumerate(circle.invests):
        verb = words.verbs["investment" if invests else "purchase"]
        parts.append(f"{names[n]} {verb} {names[n + 1]}")
    return ", ".join(parts)


def _described(net: Network, words: GraphWords) -> str:
    """The whole picture in words, for who cannot see it."""
    told = [_told(link, words) for link in net.links]
    told += [f"{words.circular}: {_circle(one, words)}" for one in net.circles]
    return svg.escaped(". ".join(told or [words.none]) + ".")
