"""Gold articles: JSON Lines in, frozen nouns out, or one clear error.

The corpus for tuning has the same form, with `spans` besides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from newsbot.errors import UserError
from newsbot.vocabulary import (
    AMOUNT_KINDS,
    BOUNDS,
    DEAL_TYPES,
    LANGUAGES,
    ROLES,
    STATUSES,
)

#: JSON can spell what UTF-8 cannot write.
_HALF = re.compile("[\ud800-\udfff]")


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
    #: Organisations that the text names and that agreed on nothing here.
    not_parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldSpan:
    """Which sentence states what: ``deals.0.parties.1``, start, end."""

    field: str
    start: int
    end: int
    #: What the labeller read there, where the line says so.
    quote: str | None = None


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
                RecursionError,
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
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                if text.strip():
                    yield number, text
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 text (byte {error.start} of the line)"
        raise UserError(f"{path}:{number}: {reason}") from error


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
        if _HALF.search(value):
            raise ValueError(f"{name} holds half of a surrogate pair")
    _one_of("language", texts["language"], LANGUAGES)
    return GoldArticle(
        **texts,
        published_at=published_at,
        deals=tuple(_deal(deal) for deal in _list("deals", data["deals"])),
        spans=tuple(_span(span) for span in _list("spans", data.get("spans", []))),
    )


def _span(data: Any) -> GoldSpan:
    for name in ("start", "end"):
        if type(data[name]) is not int:
            raise ValueError(f"{name} of a span is not a whole number")
    return GoldSpan(
        field=str(data["field"]),
        start=data["start"],
        end=data["end"],
        quote=data.get("quote"),
    )


def _deal(data: Any) -> GoldDeal:
    if not isinstance(data, dict):
        raise ValueError("a deal is not an object")
    return GoldDeal(
        story=str(data["story"]),
        status=_one_of("status", data["status"], STATUSES),
        types=tuple(
            _one_of("type", kind, DEAL_TYPES) for kind in _list("types", data["types"])
        ),
        parties=tuple(
            (
                str(party["name"]),
                tuple(
                    _one_of("role", role, ROLES)
                    for role in _list("roles", party["roles"])
                ),
            )
            for party in _list("parties", data["parties"])
        ),
        amounts=tuple(
            GoldAmount(
                value=_number(amount["value"]),
                currency=str(amount["currency"]),
                kind=_one_of("kind", amount["kind"], AMOUNT_KINDS),
                bound=_one_of("bound", amount["bound"], BOUNDS),
                payer=amount.get("payer"),
            )
            for amount in _list("amounts", data["amounts"])
        ),
        capacity=tuple(
            (_number(item["value"]), str(item["unit"]))
            for item in _list("capacity", data.get("capacity", []))
        ),
        not_parties=tuple(
            str(name) for name in _list("not_parties", data.get("not_parties", []))
        ),
    )


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list")
    return value


def _number(value: Any) -> Decimal:
    written = str(value)
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise ValueError(f"{written!r} is not a number") from None
    if not number.is_finite() or number < 0:
        raise ValueError(f"{written} is not a number of something")
    return number


def _one_of(name: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(known)}")
    return str(value)
