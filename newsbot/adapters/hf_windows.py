"""Long texts, window by window.

In: a text's tokens. Out: windows that cover them, nothing cut. A causal model knows
a token by what precedes it: a later window repeats the last tokens of the one before
as context.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of one text's tokens."""

    #: Number of the text in its batch.
    text: int
    #: First token and the one after the last, counted in the text.
    start: int
    end: int
    #: Leading tokens that stand in the window before, too, and only give context.
    n_context: int
    #: With begin-of-sequence where the model wants one.
    ids: tuple[int, ...]


def windows(
    text: int, ids: tuple[int, ...], prefix: tuple[int, ...], size: int, overlap: int
) -> list[Window]:
    """Cover a text's tokens with windows, nothing cut.

    Args:
        text: Number of the text, kept in each window.
        ids: The text's tokens.
        prefix: What every window begins with.
        size: Tokens in a window, *prefix* among them.
        overlap: Tokens repeated; less than *size* without *prefix*.

    Returns:
        Windows from left to right; none for a text without tokens.

    >>> [(w.start, w.end, w.n_context) for w in windows(0, (7,) * 10, (2,), 6, 2)]
    [(0, 5, 0), (3, 8, 2), (6, 10, 2)]
    """
    n_own = size - len(prefix)
    found = []
    start = n_context = 0
    while start + n_context < len(ids):
        end = min(start + n_own, len(ids))
        found.append(
            Window(
                text=text,
                start=start,
                end=end,
                n_context=n_context,
                ids=prefix + ids[start:end],
            )
        )
        n_context = overlap
        start = end - overlap
    return found
