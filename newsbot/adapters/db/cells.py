"""What stands in a cell of a table: times, texts, JSON."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal


def at_text(moment: datetime) -> str:
    """Write a time so that text order is time order.

    Raises:
        ValueError: The time is naive.
    """
    if moment.tzinfo is UTC:
        return f"{moment.isoformat(timespec='microseconds')[:-6]}Z"
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment!r}")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def at_time(text: str) -> datetime:
    """Read a time written by `at_text`."""
    return datetime.fromisoformat(text)


def storable(text: str) -> str:
    """Replace lone surrogates, which cannot be stored as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def words_query(words: str) -> str:
    """Write a query of FTS5 for all of some words; quotes and operators are text.

    Empty where there is no word.
    """
    # FTS5 reads a query up to the first NUL.
    plain = storable(words.replace("\0", " "))
    return " ".join('"' + word.replace('"', '""') + '"' for word in plain.split())


def document(value: object) -> str:
    """Write JSON; exact decimals stay text, times are written as in columns."""

    def plain(item: object) -> str:
        if isinstance(item, datetime):
            return at_text(item)
        if isinstance(item, Decimal):
            return str(item)
        raise TypeError(f"cannot write {item!r}")

    return storable(json.dumps(value, ensure_ascii=False, default=plain))


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage while many nouns are read.

    None of them is garbage, and none leads in a circle; with a hundred thousand deals,
    to look at all of them again and again takes longer than to read them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
