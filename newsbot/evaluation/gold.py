"""Gold articles: JSON Lines in, frozen nouns out, or one clear error.

The corpus for tuning has the same form, with `spans` besides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from newsbot.errors import UserError
from newsbot.types import AMOUNT_KINDS, BOUNDS, DEAL_TYPES, LANGUAGES, ROLES, STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldAmount:
    """A sum that a careful reader found."""

    value: Decimal
    currency: str
    kind: str
    bound: str
    payer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldDeal:
    """A deal that a careful reader found, or that newsbot predicts."""

    story: str
    status: str
    types: tuple[str, ...]
    #: Name and roles.
    parties: tuple[tuple[str, tuple[str, ...]], ...]
    amounts: tuple[GoldAmount, ...]
    #: Value and unit.
    capacity: tuple[tuple[Decimal, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldSpan:
    """Which sentence states what: ``deals.0.parties.1``, start, end."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldArticle:
    """One line of a gold or corpus file."""

    id: str
    url: str
    source: str
    published_at: datetime
    language: str
    title: str
    text: str
    deals: tuple[GoldDeal, ...]
    spans: tuple[GoldSpan, ...]


def read_gold(paths: Sequence[Path]) -> list[GoldArticle]:
    """Read gold files, in the order given.

    Raises:
        UserError: A file is missing or a line is not in the gold format; names
            file, line and what is wrong.
    """
    articles: list[GoldArticle] = []
    for path in paths:
        for number, line in _lines(path):
            try:
                articles.append(_article(json.loads(line)))
            except (
                ValueError,
                KeyError,
                TypeError,
                AttributeError,
                InvalidOperation,
            ) as error:
                reason = (
                    f"{error} is missing"
                    if isinstance(error, KeyError)
                    else str(error) or type(error).__name__
                )
                raise UserError(
                    f"{path}:{number}: not a gold article: {reason}"
                ) from error
    return articles


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start})") from error


def _article(data: Any) -> GoldArticle:
    if not isinstance(data, dict):
        raise ValueError("the line is not an object")
    published_at = datetime.fromisoformat(data["published"])
    if published_at.tzinfo is None:
        raise ValueError("published has no offset")
    texts = {
        name: data[name]
        for name in ("id", "url", "source", "title", "text", "language")
    }
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a text")
    _one_of("language", texts["language"], LANGUAGES)
    return GoldArticle(
        **texts,
        published_at=published_at,
        deals=tuple(_deal(deal) for deal in data["deals"]),
        spans=tuple(
            GoldSpan(field=span["field"], start=span["start"], end=span["end"])
            for span in data.get("spans", ())
        ),
    )


def _deal(data: Any) -> GoldDeal:
    return GoldDeal(
        story=str(data["story"]),
        status=_one_of("status", data["status"], STATUSES),
        types=tuple(_one_of("type", kind, DEAL_TYPES) for kind in data["types"]),
        parties=tuple(
            (
                str(party["name"]),
                tuple(_one_of("role", role, ROLES) for role in party["roles"]),
            )
            for party in data["parties"]
        ),
        amounts=tuple(
            GoldAmount(
                value=Decimal(str(amount["value"])),
                currency=str(amount["currency"]),
                kind=_one_of("kind", amount["kind"], AMOUNT_KINDS),
                bound=_one_of("bound", amount["bound"], BOUNDS),
                payer=amount.get("payer"),
            )
            for amount in data["amounts"]
        ),
        capacity=tuple(
            (Decimal(str(item["value"])), str(item["unit"]))
            for item in data.get("capacity", ())
        ),
    )


def _one_of(name: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(known)}")
    return str(value)
