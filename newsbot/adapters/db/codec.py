"""Nouns to columns and back; `codec_readers` does the same for who gets messages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, cast

import msgspec

from newsbot.adapters.db.cells import at_text, at_time, document, storable
from newsbot.courtesy import Courtesy, SiteFile
from newsbot.types import (
    Alert,
    Amount,
    Article,
    Assessment,
    Capacity,
    Deal,
    Delivery,
    Dropped,
    Entry,
    Feed,
    Finding,
    Page,
    Party,
    Span,
    Summary,
    SummarySentence,
    Told,
)
from newsbot.vocabulary import DealType, Role

Row = Mapping[str, Any]


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else at_time(text)


def columns(noun: Any) -> dict[str, Any]:
    """Spread a noun over columns of the same names."""
    row: dict[str, Any] = {}
    for name in _names(noun.__class__):
        value = getattr(noun, name)
        kind = type(value)
        if kind is str:
            row[name] = value if value.isascii() else storable(value)
        elif kind is bool:
            row[name] = int(value)
        elif isinstance(value, datetime):
            row[name] = at_text(value)
        else:
            row[name] = storable(value) if isinstance(value, str) else value
    return row


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def feed_row(noun: Feed) -> dict[str, Any]:
    """Write a feed; what its courtesy says are columns of the same row."""
    row = columns(noun)
    del row["courtesy"]
    return {**row, **columns(noun.courtesy)}


def feed(row: Row) -> Feed:
    """Read a feed."""
    values: dict[str, Any] = {
        **row,
        **{name: at_time(row[name]) for name in _TIMES if row[name] is not None},
    }
    own = {name: values.pop(name) for name in _names(Courtesy)}
    return Feed(**values, courtesy=Courtesy(**own))


_TIMES = [
    name
    for name in (*_names(Feed), *_names(Courtesy))
    if name.endswith(("_at", "_since"))
]


def entry(row: Row) -> Entry:
    """Read an entry; the columns of the queue are left out."""
    values = {name: row[name] for name in _names(Entry)}
    values["published_at"] = _maybe(row["published_at"])
    values["first_seen_at"] = at_time(row["first_seen_at"])
    values["may_alert"] = bool(row["may_alert"])
    return Entry(**values)


def page(row: Row) -> Page:
    """Read a page."""
    return Page(**{**row, "fetched_at": at_time(row["fetched_at"])})


def site_file(row: Row) -> SiteFile:
    """Read what a site allows."""
    times = ("fetched_at", "expires_at")
    return SiteFile(**{**row, **{name: at_time(row[name]) for name in times}})


def article_row(noun: Article) -> dict[str, Any]:
    """Write an article; 64 unsigned bits do not fit SQLite's integers."""
    return {**columns(noun), "fingerprint": f"{noun.fingerprint:016x}"}


def article(row: Row) -> Article:
    """Read an article; which one has replaced it is left out."""
    names = {field.name for field in dataclasses.fields(Article)}
    values = {name: value for name, value in row.items() if name in names}
    values["published_at"] = at_time(row["published_at"])
    values["fingerprint"] = int(row["fingerprint"], 16)
    return Article(**values)


def assessment_row(noun: Assessment, dropped: tuple[Dropped, ...]) -> dict[str, Any]:
    """Write an assessment and what was dropped on its way."""
    return {
        **columns(noun),
        "words": document(noun.words),
        "dropped": document([[item.claim, item.reason] for item in dropped]),
    }


def assessment(row: Row) -> tuple[Assessment, tuple[Dropped, ...]]:
    """Read an assessment and what was dropped."""
    values = {name: value for name, value in row.items() if name != "dropped"}
    values["words"] = tuple(json.loads(row["words"]))
    values["assessed_at"] = at_time(row["assessed_at"])
    dropped = tuple(
        Dropped(claim=claim, reason=reason)
        for claim, reason in json.loads(row["dropped"])
    )
    return Assessment(**values), dropped


def finding_document(noun: Finding) -> str:
    """Write a finding as JSON."""
    return document(dataclasses.asdict(noun))


def finding(written: str) -> Finding:
    """Read a finding."""
    try:
        return _FINDING.decode(written)
    except msgspec.ValidationError:
        # Another version's words for a kind or role; they are told as they stand.
        return _foreign_finding(written)


#: A third of the time that `json` and constructors take.
_FINDING = msgspec.json.Decoder(Finding)


def _foreign_finding(written: str) -> Finding:
    data = cast("dict[str, Any]", json.loads(written))

    def span(item: dict[str, Any]) -> Span:
        return Span(**item)

    def grounded(item: dict[str, Any]) -> dict[str, Any]:
        values = {**item, "span": span(item["span"]), "quote": span(item["quote"])}
        if "value" in values:
            values["value"] = Decimal(values["value"])
        if "roles" in values:
            values["roles"] = tuple(values["roles"])
        return values

    return Finding(
        id=data["id"],
        article_id=data["article_id"],
        status=data["status"],
        status_quote=span(data["status_quote"]),
        types=tuple(data["types"]),
        parties=tuple(Party(**grounded(item)) for item in data["parties"]),
        amounts=tuple(Amount(**grounded(item)) for item in data["amounts"]),
        capacity=tuple(Capacity(**grounded(item)) for item in data["capacity"]),
        dropped=tuple(Dropped(**item) for item in data["dropped"]),
        # Rows of earlier versions have none.
        unsure=tuple(data.get("unsure", ())),
        named=tuple(data.get("named", ())),
    )


@lru_cache(maxsize=1_000)  # the same few, deal after deal
def types(written: str) -> tuple[DealType, ...]:
    """Read the types of a deal."""
    return tuple(json.loads(written))


#: Names are anybody's, roles those of any version.
_PARTIES = msgspec.json.Decoder(tuple[tuple[str, tuple[str, ...]], ...])


def parties(written: str) -> tuple[tuple[str, tuple[Role, ...]], ...]:
    """Read the parties of a deal."""
    return cast("tuple[tuple[str, tuple[Role, ...]], ...]", _PARTIES.decode(written))


def summary_row(noun: Summary) -> dict[str, Any]:
    """Write a summary."""
    sentences = [[sentence.text, sentence.quoted] for sentence in noun.sentences]
    return {**columns(noun), "sentences": document(sentences)}


def summary(row: Row) -> Summary:
    """Read a summary."""
    values = dict(row)
    values["created_at"] = at_time(row["created_at"])
    values["sentences"] = tuple(
        SummarySentence(text=text, quoted=quoted)
        for text, quoted in json.loads(row["sentences"])
    )
    return Summary(**values)


def alert_row(noun: Alert) -> dict[str, Any]:
    """Write an alert."""
    told = None if noun.told is None else document(dataclasses.asdict(noun.told))
    return {**columns(noun), "told": told}


def alert(row: Row) -> Alert:
    """Read an alert."""
    values = {**row, "created_at": at_time(row["created_at"])}
    if row["told"] is not None:
        data = json.loads(row["told"])
        parties = tuple((name, tuple(roles)) for name, roles in data["parties"])
        finding_ids = tuple(data["finding_ids"])
        values["told"] = Told(
            **{**data, "parties": parties, "finding_ids": finding_ids}
        )
    return Alert(**values)


def delivery(row: Row) -> Delivery:
    """Read a delivery."""
    begun_at = _maybe(row.get("begun_at"))
    return Delivery(**{**row, "due_at": at_time(row["due_at"]), "begun_at": begun_at})


def deal(row: Row, findings: Sequence[Finding]) -> Deal:
    """Read a row of `deals`, with its findings, oldest article first."""
    return Deal(
        id=row["id"],
        status=row["status"],
        types=types(row["types"]),
        parties=parties(row["parties"]),
        first_seen_at=at_time(row["first_seen_at"]),
        last_seen_at=at_time(row["last_seen_at"]),
        findings=tuple(findings),
        withdrawn_by=row["withdrawn_by"],
    )
