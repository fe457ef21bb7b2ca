"""Text of strangers on one line that does what it looks like.

In: a name, title or address from the web. Out: the same without control characters
and marks that turn the reading direction, for terminals, tables and feeds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: Inside a character class: controls but white space, soft hyphen, zero-width and
#: bidirectional characters, fillers, variation selectors, tags, and what is no
#: character. They can reorder a text, or say what only a machine reads (UTS 39, 5).
INVISIBLE = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    r"\uffa0\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# The joiners among them belong to the spelling of many languages.
_HIDDEN = re.compile(rf"(?![\u200c\u200d])[{INVISIBLE}]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: Code points of a reason that is kept.
MAX_REASON = 500
#: An address: scheme, user and password, host and path, query.
_ADDRESS = re.compile(r"(https?://)([^\s/?#]+@)?([^\s?#]*)(\?[^\s#]+)?", re.I)
_KEY_NAME = re.compile(r"(?i)token|key|auth|pass|pw|secret|credential|sig|session|code")
#: Long, and neither a word nor a number: what opens a private feed looks like this.
_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_.~=-]{16,}")
#: A part of a path that opens a private feed: a UUID, or one long word of letters and
#: digits. Words joined by hyphens are the title of an article, and stay.
_KEY_IN_PATH = re.compile(
    r"(?<=/)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{24,})(?![\w-])",
    re.I,
)


def one_line(text: str, longest: int | None = None) -> str:
    """Write a text on one line, without what a reader cannot see.

    Args:
        text: Any text, lone surrogates included.
        longest: Code points of the result at most; what is cut ends in "…".

    >>> one_line("Nvidia\\x1b[31m\\n signs")
    'Nvidia [31m signs'
    """
    line = " ".join(_HIDDEN.sub("", _BREAKS.sub(" ", text)).split())
    if longest is None or len(line) <= longest:
        return line
    return line[: longest - 1].rstrip() + "…"


def is_key(part: str) -> bool:
    """Tell whether a part of an address looks like what opens a private feed.

    >>> is_key("feed"), is_key("f3Qz9kLm2Xw7Tb4Rv8")
    (False, True)
    """
    return _KEY.fullmatch(part) is not None


def without_keys(text: str) -> str:
    """Hide in every address what may open a private feed: passwords, keys, tokens.

    >>> without_keys("https://me:pw@a.example/feed?q=cloud&token=s3cret: 401")
    'https://…@a.example/feed?q=cloud&token=…: 401'
    """
    return _ADDRESS.sub(_without_key, text) if "://" in text else text


def _without_key(found: re.Match[str]) -> str:
    scheme, user, place, query = found.groups()
    shown = scheme + ("…@" if user else "") + _KEY_IN_PATH.sub("…", place)
    if not query:
        return shown
    # What ends a sentence belongs to no query.
    said = query.rstrip(":;,.)\"'")
    pairs = [pair.partition("=") for pair in said[1:].split("&")]
    hidden = [
        f"{name}{equals}…"
        if equals and (_KEY_NAME.search(name) or _KEY.fullmatch(value))
        else ("…" if _KEY.fullmatch(name) else f"{name}{equals}{value}")
        for name, equals, value in pairs
    ]
    return f"{shown}?{'&'.join(hidden)}{query[len(said) :]}"


def width(text: str) -> int:
    """Count the columns of a terminal that a line takes.

    >>> width("東京"), width("Zu\u0308rich")
    (4, 6)
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char)
        else 2
        if unicodedata.east_asian_width(char) in ("W", "F")
        else 1
        for char in text
    )


def named(names: Sequence[str], columns: int, more: str = " and {n} more") -> str:
    """List as many names as fit, and count the others.

    Args:
        names: In order; the first one is always shown, cut if need be.
        columns: Width of the whole, about.
        more: How others are counted.

    >>> named(["Nvidia", "OpenAI", "Oracle"], 14)
    'Nvidia, OpenAI and 1 more'
    """
    shown: list[str] = []
    left = columns
    for name in names:
        line = one_line(name, max(columns, 2))
        left -= width(line) + 2 * bool(shown)
        if shown and left < 0:
            break
        shown.append(line)
    others = len(names) - len(shown)
    return ", ".join(shown) + (more.format(n=others) if others else "")


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Lay cells out in columns, two blanks apart.

    Args:
        rows: Shape (n, m): cells of one line each, the head first.
        right: Columns that are set to the right.

    Returns:
        n lines, without blanks at their ends.

    >>> table([["id", "deals"], ["abc", "2"]], right=[1])
    ['id   deals', 'abc      2']
    """
    columns = range(len(rows[0])) if rows else range(0)
    widths = [max(width(row[n]) for row in rows) for n in columns]

    def cell(text: str, n: int) -> str:
        blanks = " " * (widths[n] - width(text))
        return blanks + text if n in right else text + blanks

    return [
        "  ".join(cell(text, n) for n, text in enumerate(row)).rstrip() for row in rows
    ]


def utf16_units(text: str) -> int:
    """Count UTF-16 code units, as Telegram does.

    >>> utf16_units("ä😀")
    3
    """
    return len(text) + sum(char > "\uffff" for char in text)
