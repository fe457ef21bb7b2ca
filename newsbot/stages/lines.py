"""Lines of a message: which of them fit, and how they look as HTML and as plain text.

In: lines with what they are, the most important marked as such.
Out: those that fit into one message, rendered; the same words in both renderings.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from newsbot.stages.printable import one_line, utf16_units

#: UTF-16 units of a message, tags and addresses included: Telegram takes 4,096
#: without them (https://core.telegram.org/bots/api#sendmessage).
MAX_UNITS = 4_000
#: UTF-16 units before the quotes: what a reader takes in at a glance. A taste; moving
#: it moves how many facts of a large deal are only counted.
MAX_BEFORE_QUOTES = 900
#: Room kept for the line that counts what does not fit.
_ROOM = 24
#: Ranks of lines that are counted where they do not fit.
_FACTS = (1, 2)
#: Characters of an address that is linked; browsers and chats take no longer ones.
MAX_URL = 1_000
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a message, before it is HTML or plain text."""

    text: str
    #: What gives way first where a message is too long; 0 never does.
    rank: int = 0
    bold: bool = False
    #: Shown as a quotation.
    quote: bool = False
    #: After an empty line.
    apart: bool = False
    #: Follows the text: a link's words and its address, None where it has none.
    label: str = ""
    url: str | None = None


def web_url(url: str) -> str | None:
    """Give an address that may be linked: http or https, and of a sane length."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    linked = parts.scheme in ("http", "https") and parts.netloc
    return url if linked and len(url) <= MAX_URL and not _SPACE.search(url) else None


def shortened(text: str, longest: int) -> str:
    """One line of at most so many characters; what is cut ends in an ellipsis.

    What nobody sees, or what turns the reading direction, is left out.
    """
    text = one_line(text)
    if len(text) <= longest:
        return text
    return text[:longest].rsplit(" ", 1)[0] + " …"


def fitting(lines: Sequence[Line], more: Callable[[int], Line]) -> list[Line]:
    """Keep what fits into one message, the most important first, in reading order.

    Args:
        lines: In reading order; quotes stand together, the last lines behind them.
        more: Makes the line that counts the facts that were left out.

    Returns:
        Lines that are at most 900 units before the first quote, and 4,000 together.
    """
    n_before = next((n for n, line in enumerate(lines) if line.quote), len(lines) - 1)
    before, after = lines[:n_before], lines[n_before:]
    kept, n_left_out = _kept(before, MAX_BEFORE_QUOTES, _glance)
    if n_left_out:
        kept, n_left_out = _kept(before, MAX_BEFORE_QUOTES - _ROOM, _glance)
        kept.append(more(n_left_out))
    used = max(utf16_units(as_html(kept)), utf16_units(as_plain(kept)))
    left = MAX_UNITS - used - len("<blockquote expandable></blockquote>")
    return kept + _kept(after, left, _largest)[0]


def _kept(
    lines: Sequence[Line], room: int, size: Callable[[Line], int]
) -> tuple[list[Line], int]:
    """Keep the most important; and how many facts are left out."""
    kept: set[int] = set()
    for number, line in sorted(enumerate(lines), key=lambda pair: pair[1].rank):
        needed = size(line) + 1
        if needed > room:
            break  # what counts for less must not take the place of what counts more
        room -= needed
        kept.add(number)
    n_facts = sum(line.rank in _FACTS for line in lines)
    shown = [line for number, line in enumerate(lines) if number in kept]
    return shown, n_facts - sum(line.rank in _FACTS for line in shown)


def _glance(line: Line) -> int:
    """What a line costs before the quotes: as it is seen, unless it is all entities."""
    return max(utf16_units(_plain(line)), utf16_units(_html(line)) // 3)


def _largest(line: Line) -> int:
    return max(utf16_units(_html(line)), utf16_units(_plain(line)))


def as_html(lines: Sequence[Line]) -> str:
    """Render as Telegram HTML; quotes stand in one block that unfolds."""
    blocks = []
    for is_quote, group in groupby(lines, key=lambda line: line.quote):
        members = list(group)
        text = "\n".join(_html(line) for line in members)
        if is_quote:
            text = f"<blockquote expandable>{text}</blockquote>"
        blocks.append("\n" + text if is_quote and members[0].apart else text)
    return "\n".join(blocks)


def as_plain(lines: Sequence[Line]) -> str:
    """Render as plain text."""
    return "\n".join(_plain(line) for line in lines)


def _html(line: Line) -> str:
    text = html.escape(line.text, quote=False)
    if line.bold:
        text = f"<b>{text}</b>"
    if line.label:
        label = html.escape(line.label, quote=False)
        if line.url is not None:
            label = f'<a href="{html.escape(line.url)}">{label}</a>'
        text = f"{text} — {label}"
    return f"\n{text}" if line.apart and not line.quote else text


def _plain(line: Line) -> str:
    text = f"{line.text} — {line.label}" if line.label else line.text
    if line.url is not None:
        text = f"{text} {line.url}"
    if line.quote:
        text = f"> {text}"
    return f"\n{text}" if line.apart else text


def shortened_text(text: str, longest: int) -> str:
    """Keep as many whole lines as fit, and say that there was more.

    >>> shortened_text("one\\ntwo\\nthree", 9)
    'one\\ntwo …'
    """
    if len(text) <= longest:
        return text
    cut = text[: longest - 2]
    return (cut.rpartition("\n")[0] or cut) + " …"
