"""Columns to nouns of who gets messages; apart, as who lists deals needs none."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from newsbot.adapters.db import cells, codec
from newsbot.mailing import Notice, Pause, Recipient
from newsbot.talking import Filters


def recipient(row: codec.Row) -> Recipient:
    """Read a recipient."""
    return Recipient(**{**row, "since": cells.at_time(row["since"])})


def pause(row: codec.Row) -> Pause:
    """Read why a channel rests."""
    return Pause(
        channel=row["channel"],
        until=cells.at_time(row["until"]),
        reason=row["reason"],
        since=cells.at_time(row["since"]),
        refused=bool(row["refused"]),
    )


def notice(row: codec.Row) -> Notice:
    """Read a line for a reader; other columns are left out."""
    names = {field.name for field in dataclasses.fields(Notice)}
    return Notice(**{name: value for name, value in row.items() if name in names})


def filters(read: dict[str, Any]) -> Filters:
    """Read a subscription's filters, as `document` of their fields wrote them."""
    least = read.pop("min_amount", None)
    return Filters(
        **{name: tuple(terms) for name, terms in read.items()},
        min_amount=(Decimal(least[0]), least[1]) if least else None,
    )
