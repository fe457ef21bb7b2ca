"""How a name from the web is lettered in a picture: clean, measured, cut to fit.

In: any text, a size, a width. Out: text without marks that change how its
neighbours are read, its width, and the part of it that fits.
"""

from __future__ import annotations

import unicodedata

#: Advance widths of the printable ASCII characters, in hundredths of the size, as
#: DejaVu Sans has them. It is the widest of the usual fonts for text on screens: what
#: fits in it fits in Roboto, Arial and Helvetica.
_WIDTHS = (
    *(32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34),
    *(64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53),
    *(100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79),
    *(60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50),
    *(50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61),
    *(63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84),
)
_OTHER = 80
_WIDE = 110
ELLIPSIS = "…"
#: Letters that stack marks without end are no name: more marks than this go.
_MAX_MARKS = 2


def clean(text: str) -> str:
    """Drop what cannot be drawn, or would change how the text around it is read.

    Control, private and unassigned characters and lone surrogates go, and so do
    the marks that turn the direction of writing; white space becomes one blank.

    >>> clean("Open\\u202eAI\\x00 \\n Inc")
    'OpenAI Inc'
    """
    kept: list[str] = []
    n_marks = 0
    for char in unicodedata.normalize("NFC", text):
        if char.isspace():
            kept.append(" ")
            continue
        category = unicodedata.category(char)
        n_marks = n_marks + 1 if category in ("Mn", "Me") else 0
        if category[0] != "C" and n_marks <= _MAX_MARKS:
            kept.append(char)
    return " ".join("".join(kept).split())


def width(text: str, size: float) -> float:
    """Measure a text in a wide font.

    Args:
        text: Already clean.
        size: Of the font, in pixels.

    Returns:
        Pixels, rather too many than too few.
    """
    return sum(_hundredths(char) for char in text) * size / 100


def fitted(text: str, size: float, room: float) -> str:
    """Cut a text to *room* pixels; a cut shows as an ellipsis.

    >>> fitted("Brandenburgische Rechenzentren", 10, 80)
    'Brandenburgi…'
    """
    if width(text, size) <= room:
        return text
    left = room - width(ELLIPSIS, size)
    kept = 0
    for char in text:
        left -= _hundredths(char) * size / 100
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Break a text into lines of at most *room* pixels, between words.

    >>> wrapped("sums are never added", 10, 70)
    ['sums are', 'never', 'added']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(fitted(word, size, room))
    return lines


def _hundredths(char: str) -> int:
    if " " <= char <= "~":
        return _WIDTHS[ord(char) - 32]
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" else _OTHER
