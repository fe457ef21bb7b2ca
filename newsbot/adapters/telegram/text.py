"""How much of a text fits into one Telegram message?

In: Telegram HTML or plain text of any length.
Out: the same, or a shorter one that ends with an ellipsis and is still valid.
Telegram counts what the reader sees, in UTF-16 units: tags count nothing,
``&amp;`` counts one, most emoji count two.

Source:
    https://core.telegram.org/bots/api#sendmessage ("1-4096 characters after
    entities parsing") and #html-style; the named entities and the optional
    semicolon as tdlib's `parse_html` (td/telegram/MessageEntity.cpp) reads them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from newsbot.stages.printable import utf16_units

#: UTF-16 units of visible text in one message.
MAX_UNITS = 4096

#: Characters given up at most to end on a whole word; longer words are cut.
#: A taste, not a measurement: a German compound in full, not a lost sentence.
MAX_WORD = 64

#: Characters given up at most to keep an emoji sequence or accents together.
MAX_CLUSTER = 16

ELLIPSIS = "…"

_PIECE = re.compile(
    r"""(?P<tag> < (?: [^<>"'] | "[^"]*" | '[^']*' )* > )
    | & (?: \#x(?P<hex>[0-9a-fA-F]{1,6}) (?![0-9a-fA-F])
          | \#(?P<decimal>[0-9]{1,7}) (?![0-9])
          | (?P<named>lt|gt|amp|quot) (?![A-Za-z]) ) ;?
    | .""",
    re.DOTALL | re.VERBOSE,
)
_NAME = re.compile(r"</?([^\s>/]*)")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def fit_html(html: str, limit: int = MAX_UNITS) -> str:
    """Shorten Telegram HTML until its visible text fits.

    The cut falls between words where one is near, never inside a tag, an
    entity, a surrogate pair or an emoji sequence; open tags are closed.

    Args:
        html: Well-formed Telegram HTML. Of anything else the result is as
            malformed as the input; Telegram refuses it and nothing breaks here.
        limit: UTF-16 units of visible text, at least 1.

    Returns:
        *html* itself if it fits (halves of surrogate pairs replaced, for they
        cannot be sent), else a shorter one whose visible text ends with "…".

    Raises:
        ValueError: *limit* is below 1.

    >>> fit_html("<b>one two</b> three", 8)
    '<b>one two…</b>'
    """
    pieces = list(_pieces(_sendable(html)))
    kept = _cut([text for _, text in pieces], limit)
    shown = "".join(raw for raw, _ in pieces[:kept])
    if kept == len(pieces):
        return shown
    closing = "".join(f"</{name}>" for name in _open_tags(pieces[:kept]))
    return f"{shown}{ELLIPSIS}{closing}"


def fit_plain(text: str, limit: int = MAX_UNITS) -> str:
    """Shorten plain text until it fits, as `fit_html` does.

    Args:
        text: Text without markup.
        limit: UTF-16 units, at least 1.

    Returns:
        *text* if it fits, else a shorter one that ends with "…".

    Raises:
        ValueError: *limit* is below 1.
    """
    text = _sendable(text)
    kept = _cut(text, limit)
    return text if kept == len(text) else text[:kept] + ELLIPSIS


def _sendable(text: str) -> str:
    """Replace halves of surrogate pairs: UTF-8, and so HTTP, cannot carry them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _pieces(html: str) -> Iterator[tuple[str, str]]:
    """Split into pieces that must stay whole, each with the text it shows."""
    for match in _PIECE.finditer(html):
        raw = match[0]
        code = int(match["hex"] or "0", 16) or int(match["decimal"] or "0")
        if match["tag"]:
            yield raw, ""
        elif match["named"]:
            yield raw, _NAMED[match["named"]]
        elif 0 < code < 0x10FFFF:
            yield raw, chr(code)
        else:
            yield raw, raw


def _cut(texts: Sequence[str], limit: int) -> int:
    """Find how many pieces to keep so that they and an ellipsis fit."""
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if sum(map(utf16_units, texts)) <= limit:
        return len(texts)
    places = [place for place, text in enumerate(texts) if text]
    room = limit - utf16_units(ELLIPSIS)
    end = 0
    while (room := room - utf16_units(texts[places[end]])) >= 0:
        end += 1
    # `end` is now the first visible piece that has to go.
    shown = [texts[place] for place in places[: end + 1]]
    for start in range(end, max(0, end - MAX_WORD), -1):
        if shown[start].isspace():
            end = start
            break
    else:
        for start in range(end, max(0, end - MAX_CLUSTER), -1):
            if not _join(shown[start - 1], shown[start]):
                end = start
                break
    while end and shown[end - 1].isspace():
        end -= 1
    return places[end - 1] + 1 if end else 0


def _join(before: str, after: str) -> bool:
    """Say whether two characters are drawn as one: accents, emoji, flags."""
    joiner = "\u200d"
    if joiner in (before, after) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if all("\U0001f1e6" <= char <= "\U0001f1ff" for char in (before, after)):
        return True
    return len(after) == 1 and unicodedata.category(after) in ("Mn", "Me", "Mc")


def _open_tags(pieces: Sequence[tuple[str, str]]) -> list[str]:
    """List the tags still open after these pieces, innermost first."""
    names: list[str] = []
    for raw, text in pieces:
        name = _NAME.match(raw) if not text else None
        if name is None:
            continue
        if not raw.startswith("</"):
            names.append(name[1])
        elif names:
            names.pop()
    return names[::-1]
