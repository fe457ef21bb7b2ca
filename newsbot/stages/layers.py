"""Where everything of a picture stands: columns of boxes, links between their ports.

In: a `Network`. Out: a `Layout` in pixels. The same network gives the same layout.

Organisations stand in columns by trade. Every link has a port of its own on the
side of a box, and passes columns between its ends in a lane of its own, so that
beside a column there are only level lines, each with room for its label: no label
meets another, nor a line. Lines bend only in the middle between two columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from newsbot.stages.lettering import fitted, width
from newsbot.stages.links import COLUMNS, Column, Link, Network, Node
from newsbot.stages.spreading import spread

#: Pixels. A port's line carries a label of `LABEL_SIZE` above it.
PORT = 19.0
BOX_PAD = 5.0
MIN_BOX = 27.0
GAP = 12.0
LANE_GAP = 5.0
NAME_SIZE = 12.5
HEAD_SIZE = 12.0
LABEL_SIZE = 10.5
MAX_NAME_WIDTH = 190.0
MAX_LABEL_WIDTH = 210.0
NAME_PAD = 12.0
#: Between label and box, and between label and bend.
LABEL_PAD = 12.0
BEND = 110.0
MIN_STUB = 16.0
#: Rounds of ordering and of levelling; more change nothing visible.
_ORDER_ROUNDS = 16
_LEVEL_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An organisation with its place."""

    node: Node
    #: What fits of its name.
    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A link's sums, above its line at the end where it begins."""

    text: str
    #: Where it begins, or ends if `at_end`.
    x: float
    #: The line's height, not the text's.
    y: float
    at_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A link with its way: level pieces, joined by bends."""

    link: Link
    #: (x, y) of the ends of the level pieces, two for each.
    points: tuple[tuple[float, float], ...]
    #: How far a link within one column swings out; 0 elsewhere.
    swing: float
    label: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything with its place, in pixels from the top left."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    #: Each column in use with the middle of its boxes.
    columns: tuple[tuple[Column, float], ...]
    width: float
    height: float


@dataclass(slots=True, kw_only=True)
class _Item:
    """A box or a lane while it is being placed."""

    column: int
    key: str
    node: Node | None
    height: float
    y: float = 0.0
    #: Ends of links at this item, by side: -1 left, 1 right.
    ports: dict[int, list[_End]] = field(default_factory=lambda: {-1: [], 1: []})

    @property
    def room(self) -> float:
        """Its height, and what keeps the next one away; lanes may lie close."""
        return self.height + (GAP if self.node else LANE_GAP)


@dataclass(slots=True, kw_only=True)
class _End:
    """One end of a hop."""

    item: _Item
    side: int
    y: float = 0.0
    other: _End | None = None
    #: Within a column: what goes up comes first.
    same_column: bool = False


@dataclass(slots=True, kw_only=True)
class _Way:
    """A link and its hops, from its source to its target."""

    link: Link
    label: str
    hops: list[tuple[_End, _End]]


def lay_out(
    network: Network, words: Sequence[str], heads: Mapping[Column, str]
) -> Layout:
    """Place a network.

    Args:
        network: What to draw.
        words: How often a link was made, in words, one per link; behind its sums.
        heads: What stands above each column, of `HEAD_SIZE`; none is narrower.

    Returns:
        Boxes and lines; the top left box begins at 0, 0.
    """
    used = [
        column
        for column in COLUMNS
        if any(node.column == column for node in network.nodes)
    ]
    items = {
        node.name: _Item(
            column=used.index(node.column), key=node.name, node=node, height=MIN_BOX
        )
        for node in network.nodes
    }
    ways = _ways(network, words, items, len(used))
    columns = _ordered(items, ways, len(used))
    _grow(columns)
    _level(columns)
    widths = [
        max(
            width(heads[name], HEAD_SIZE),
            *(_name_width(item.node) for item in column if item.node),
        )
        for name, column in zip(used, columns, strict=True)
    ]
    lefts, zones, right = _across(columns, ways, widths)
    lines = tuple(_line(way, lefts, widths, zones) for way in ways)
    boxes = [
        Box(
            node=item.node,
            text=fitted(item.node.name, NAME_SIZE, MAX_NAME_WIDTH),
            x=lefts[item.column],
            y=item.y,
            width=widths[item.column],
            height=item.height,
        )
        for column in columns
        for item in column
        if item.node
    ]
    return Layout(
        boxes=tuple(boxes),
        lines=lines,
        columns=tuple(
            (column, lefts[n] + widths[n] / 2) for n, column in enumerate(used)
        ),
        width=right,
        height=max((box.y + box.height for box in boxes), default=0.0),
    )


def _name_width(node: Node | None) -> float:
    text = fitted(node.name, NAME_SIZE, MAX_NAME_WIDTH) if node else ""
    return width(text, NAME_SIZE) + 2 * NAME_PAD


def _ways(
    network: Network, words: Sequence[str], items: dict[str, _Item], n_columns: int
) -> list[_Way]:
    """Give every link its ports, and a lane in each column that it passes."""
    ways = []
    for number, (link, word) in enumerate(zip(network.links, words, strict=True)):
        start, end = items[link.source], items[link.target]
        step = 1 if end.column > start.column else -1
        stops = [start]
        for column in range(start.column + step, end.column, step):
            if start.column == end.column:
                break
            lane = _Item(column=column, key=f"\0{number}", node=None, height=PORT)
            items[f"\0{number}.{column}"] = lane
            stops.append(lane)
        stops.append(end)
        hops = []
        for a, b in pairwise(stops):
            same = a.column == b.column
            outward = 1 if n_columns == 1 or a.column < n_columns - 1 else -1
            first = _End(item=a, side=outward if same else step, same_column=same)
            last = _End(item=b, side=outward if same else -step, same_column=same)
            first.other, last.other = last, first
            a.ports[first.side].append(first)
            b.ports[last.side].append(last)
            hops.append((first, last))
        told = ", ".join(part for part in (link.label, word) if part)
        label = fitted(told, LABEL_SIZE, MAX_LABEL_WIDTH)
        ways.append(_Way(link=link, label=label, hops=hops))
    return ways


def _ordered(
    items: dict[str, _Item], ways: Sequence[_Way], n_columns: int
) -> list[list[_Item]]:
    """Order each column so that neighbours of neighbours stand near: barycentres."""
    columns: list[list[_Item]] = [[] for _ in range(n_columns)]
    near: defaultdict[int, list[_Item]] = defaultdict(list)
    for way in ways:
        for a, b in way.hops:
            near[id(a.item)].append(b.item)
            near[id(b.item)].append(a.item)
    for item in sorted(items.values(), key=lambda one: (-len(near[id(one)]), one.key)):
        columns[item.column].append(item)
    # The busiest stand in the middle, the others around them in turn.
    for column in columns:
        column[:] = [*column[1::2][::-1], *column[::2]]
    rank = {
        id(item): (n + 0.5) / len(column)
        for column in columns
        for n, item in enumerate(column)
    }
    for turn in range(_ORDER_ROUNDS):
        for column in columns if turn % 2 == 0 else columns[::-1]:
            middle = {id(one): _middle(one, near[id(one)], rank) for one in column}
            column.sort(key=lambda item: (middle[id(item)], item.key))
            for n, item in enumerate(column):
                rank[id(item)] = (n + 0.5) / len(column)
    return columns


def _middle(item: _Item, near: Sequence[_Item], rank: Mapping[int, float]) -> float:
    """Where among its neighbours an item belongs, from 0 to 1.

    Two of one column would change places for ever: each goes half the way.
    """
    ranks = [rank[id(other)] for other in near]
    if not near or any(other.column == item.column for other in near):
        ranks.append(rank[id(item)])
    return sum(ranks) / len(ranks)


def _grow(columns: Sequence[Sequence[_Item]]) -> None:
    """Make boxes as high as their ports need."""
    for column in columns:
        y = 0.0
        for item in column:
            if item.node:
                n_ports = max(len(item.ports[-1]), len(item.ports[1]))
                item.height = max(MIN_BOX, n_ports * PORT + 2 * BOX_PAD)
            item.y = y
            y += item.room


def _level(columns: Sequence[Sequence[_Item]]) -> None:
    """Move boxes towards what they are linked to; none passes another."""
    _arrange_ports(columns)
    for turn in range(_LEVEL_ROUNDS):
        for column in columns if turn % 2 == 0 else columns[::-1]:
            wanted = [_wanted(item) for item in column]
            tops = spread(wanted, [item.room for item in column])
            for item, top in zip(column, tops, strict=True):
                item.y = top
            _arrange_ports(columns)
    top = min((item.y for column in columns for item in column), default=0.0)
    for column in columns:
        for item in column:
            # Whole pixels keep level lines sharp.
            item.y = float(round(item.y - top))
    _arrange_ports(columns)


def _wanted(item: _Item) -> float:
    """The top that would make the links of an item level, on average."""
    shifts = [
        end.other.y - end.y
        for ends in item.ports.values()
        for end in ends
        if end.other and not end.same_column
    ]
    return item.y + (sum(shifts) / len(shifts) if shifts else 0.0)


def _arrange_ports(columns: Sequence[Sequence[_Item]]) -> None:
    """Order the ports of each side by where their links lead."""
    for column in columns:
        for item in column:
            for ends in item.ports.values():
                ends.sort(key=_port_order)
                room = item.height - len(ends) * PORT
                for n, end in enumerate(ends):
                    end.y = float(round(item.y + room / 2 + (n + 0.5) * PORT))


def _port_order(end: _End) -> tuple[int, float, float]:
    assert end.other is not None
    there = end.other.item
    middle = there.y + there.height / 2
    if not end.same_column:
        return 0, middle, end.other.y
    up = middle < end.item.y + end.item.height / 2
    # Nested swings: the nearest is the innermost, above and below.
    return (-1, -middle, 0.0) if up else (1, -middle, 0.0)


def _across(
    columns: Sequence[Sequence[_Item]], ways: Sequence[_Way], widths: Sequence[float]
) -> tuple[list[float], dict[tuple[int, int], float], float]:
    """Place the columns: beside each, room for its labels; between, for bends."""
    zones = {(n, side): MIN_STUB for n in range(len(columns)) for side in (-1, 1)}
    swings: set[tuple[int, int]] = set()
    for way in ways:
        first = way.hops[0][0]
        key = (first.item.column, first.side)
        if way.label:
            room = width(way.label, LABEL_SIZE) + 2 * LABEL_PAD
            zones[key] = max(zones[key], room)
        if first.same_column:
            swings.add(key)
    lefts, x = [], 0.0
    for n, name_width in enumerate(widths):
        if n:
            x += zones[n - 1, 1] + BEND + zones[n, -1]
        lefts.append(float(round(x)))
        x = lefts[-1] + name_width
    last = len(columns) - 1
    if (last, 1) in swings:
        x += zones[last, 1] + BEND
    return lefts, zones, x


def _line(
    way: _Way,
    lefts: Sequence[float],
    widths: Sequence[float],
    zones: dict[tuple[int, int], float],
) -> Line:
    def edge(end: _End) -> tuple[float, float]:
        """Where a link meets a box, and where its level piece ends."""
        column = end.item.column
        box = lefts[column] + (widths[column] if end.side > 0 else 0.0)
        return box, box + end.side * zones[column, end.side]

    points: list[tuple[float, float]] = []
    for first, last in way.hops:
        near, out = edge(first)
        into, far = edge(last)[1], edge(last)[0]
        points += [(near, first.y), (out, first.y), (into, last.y), (far, last.y)]
    first, last = way.hops[0]
    swing = 0.0
    if first.same_column:
        distance = abs(first.y - last.y)
        swing = first.side * min(BEND * 0.8, 24 + distance / 4)
    label = None
    if way.label:
        x = edge(first)[0] + first.side * LABEL_PAD * 0.75
        label = Label(text=way.label, x=x, y=first.y, at_end=first.side < 0)
    return Line(link=way.link, points=tuple(points), swing=swing, label=label)
