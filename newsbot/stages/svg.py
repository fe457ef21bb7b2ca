"""Text, lines and colours as SVG.

In: what to draw, with its place. Out: SVG elements as text, escaped, and the style
sheet of a light picture, a dark one, or one that follows its reader's choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from newsbot.stages.layers import Box, Line
from newsbot.stages.lettering import clean

#: ``"auto"``: as `prefers-color-scheme` says, where the picture is looked at.
Theme = Literal["light", "dark", "auto"]
FONTS = "Roboto, Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
ARROW = 7.0
#: Digits behind the point: a tenth of a pixel cannot be seen.
_DIGITS = 1

#: Chosen for a contrast of 4.5:1 at least, as text on the ground of each theme
#: (WCAG 2.2, 1.4.3); the hues stay apart for the colour-blind.
_LIGHT = {
    "ground": "#ffffff",
    "text": "#1b2330",
    "quiet": "#5b6675",
    "box": "#f4f6f9",
    "rim": "#c5ccd6",
    "purchase": "#1459c7",
    "investment": "#157347",
    "chips": "#b3470b",
    "models": "#8a35c9",
    "together": "#0b6b78",
    "ended": "#6b7482",
    "glow": "#ffd54a",
}
_DARK = {
    "ground": "#0e131b",
    "text": "#e7ecf3",
    "quiet": "#9aa5b4",
    "box": "#1a212c",
    "rim": "#3b4656",
    "purchase": "#6cb0ff",
    "investment": "#4fcf86",
    "chips": "#ff9d5c",
    "models": "#cfa0ff",
    "together": "#4fd0de",
    "ended": "#8b95a4",
    "glow": "#7a5c00",
}
_STROKES = ("purchase", "investment", "chips", "models", "together", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text with its place and looks."""

    text: str
    x: float
    y: float
    size: float
    #: Class of its colour.
    look: str = "text"
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


def style(theme: Theme) -> str:
    """Write the style sheet of a theme."""
    if theme == "auto":
        dark = "".join(_rules(_DARK))
        inner = (
            f"{''.join(_rules(_LIGHT))}@media (prefers-color-scheme: dark){{{dark}}}"
        )
    else:
        inner = "".join(_rules(_DARK if theme == "dark" else _LIGHT))
    return f"<style>{inner}</style>"


def _rules(colours: dict[str, str]) -> list[str]:
    return [
        f".ground{{fill:{colours['ground']}}}",
        f".box{{fill:{colours['box']};stroke:{colours['rim']}}}",
        f".turn{{stroke:{colours['glow']}}}",
        *(f".{name}{{fill:{colours[name]}}}" for name in ("text", "quiet", *_STROKES)),
        *(f".s-{name}{{stroke:{colours[name]}}}" for name in _STROKES),
    ]


def number(value: float) -> str:
    """Write a length without needless digits.

    >>> number(12.0), number(0.25)
    ('12', '0.2')
    """
    written = f"{value:.{_DIGITS}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def text(words: Words) -> str:
    """Write a text element."""
    weight = ' font-weight="700"' if words.bold else ""
    anchor = "" if words.anchor == "start" else f' text-anchor="{words.anchor}"'
    return (
        f'<text class="{words.look}" x="{number(words.x)}" y="{number(words.y)}" '
        f'font-size="{number(words.size)}"{anchor}{weight}>'
        f"{escaped(words.text)}</text>"
    )


def title(words: str) -> str:
    """Write what a reader hears or sees on pointing at a thing."""
    return f"<title>{escaped(words)}</title>"


def escaped(words: str) -> str:
    """Write text from anywhere as the content of an element."""
    return escape(clean(words))


def rect(box: Box, *, circular: bool) -> str:
    """Write the box of an organisation; a glow around it where money circles."""
    place = (
        f'x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}" '
        f'height="{number(box.height)}" rx="6"'
    )
    glow = f'<rect class="turn" {place} fill="none" stroke-width="6"/>'
    return f'{glow if circular else ""}<rect class="box" {place}/>'


def path(line: Line) -> str:
    """Write the way of a link: level, bent, level."""
    return _path(line.points, line.swing, _arrow_room(line))


def _arrow_room(line: Line) -> float:
    return 0.0 if line.link.kind == "together" else ARROW


def _path(points: Sequence[tuple[float, float]], swing: float, arrow: float) -> str:
    (x, y), *others = points
    parts = [f"M{number(x)} {number(y)}"]
    for n, (to_x, to_y) in enumerate(others):
        last = n == len(others) - 1
        if last:
            back = -1 if to_x > x else 1
            to_x += back * arrow
        # The second of four points of a hop ends its first level piece.
        if n % 4 == 1:
            if swing:
                first_x, second_x = x + swing, to_x + swing
            else:
                first_x = second_x = (x + to_x) / 2
            parts.append(
                f"C{number(first_x)} {number(y)} {number(second_x)} {number(to_y)} "
                f"{number(to_x)} {number(to_y)}"
            )
        else:
            parts.append(f"L{number(to_x)} {number(to_y)}")
        x, y = to_x, to_y
    return "".join(parts)


def stroke(line: Line) -> str:
    """Write a link: a glow under it where money circles, its line, its arrow."""
    link = line.link
    look = "ended" if link.state == "ended" else link.kind
    way = path(line)
    dash = ' stroke-dasharray="6 4"' if link.state == "talks" else ""
    width = 2.6 if link.circular else 1.6
    glow = f'<path class="turn" d="{way}" fill="none" stroke-width="8"/>'
    drawn = (
        f'<path class="s-{look}" d="{way}" fill="none" '
        f'stroke-width="{number(width)}"{dash}/>'
    )
    head = "" if link.kind == "together" else _head(line, look)
    return f"{glow if link.circular else ''}{drawn}{head}"


def _head(line: Line, look: str) -> str:
    (before, _), (x, y) = line.points[-2:]
    back = ARROW + 1 if x < before else -ARROW - 1
    half = ARROW * 0.6
    return (
        f'<path class="{look}" d="M{number(x)} {number(y)}'
        f"L{number(x + back)} {number(y - half)}"
        f'L{number(x + back)} {number(y + half)}Z"/>'
    )
