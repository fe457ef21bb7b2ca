"""Rows of a shard: a document's outcome as columns, and back, checked.

In: a `Carried`, or a row of a file that a stranger may have written.
Out: columns of text and numbers, nouns as JSON; or a `Carried` that holds together.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from newsbot.history import FATES, Carried, Document, Judged, Settled
from newsbot.stages.parse import canonical_url
from newsbot.stages.printable import MAX_REASON, one_line
from newsbot.types import (
    Amount,
    Article,
    Capacity,
    Entry,
    Finding,
    Party,
    Span,
    identity,
)

#: Source and part of an archive, and the document's number in it.
Key = tuple[str, str, int]
#: Columns of text, but for the number and the priority.
COLUMNS = (
    *("source", "part", "number", "place", "fate", "reason"),
    *("day", "known_day", "site", "state", "priority"),
)
#: Columns of JSON; null where there is none.
NOUNS = ("entry", "article", "judged", "document")
#: States in which articles come to the line.
STATES = ("relevant", "irrelevant", "assessed")

_DAY = re.compile(r"|\d{4}-\d{2}-\d{2}")

T = TypeVar("T")


class ShardRowError(Exception):
    """A shard, or a row of one, that is not what newsbot writes; one line."""


def row_of(carried: Carried) -> dict[str, Any]:
    """Spread a document's outcome over the columns."""
    row: dict[str, Any] = dict.fromkeys((*COLUMNS, *NOUNS))
    row |= {
        "source": _storable(carried.source),
        "part": _storable(carried.part),
        "number": carried.number,
    }
    settled = carried.settled
    if settled is not None:
        for name in COLUMNS[3:-1]:
            row[name] = _storable(getattr(settled, name))
        row["priority"] = settled.priority
        for name in ("entry", "article", "judged"):
            row[name] = _written(getattr(settled, name))
    row["document"] = _written(carried.document)
    return row


def read_row(row: Mapping[str, Any]) -> Carried:
    """Read a row and check that its parts belong to each other.

    Raises:
        ShardRowError: They do not, or are not of their types.
    """
    source, part, number = row["source"], row["part"], row["number"]
    if not isinstance(source, str) or not isinstance(part, str):
        raise ShardRowError("no place in an archive")
    if not isinstance(number, int) or number < 1:
        raise ShardRowError("no place in an archive")
    document = _read(row["document"], Document)
    settled = None
    if row["fate"] is not None:
        settled = _settled(row)
    elif document is not None and (
        document.body is not None or document.fate or document.settled
    ):
        raise ShardRowError("a link that is none")
    return Carried(
        source=source, part=part, number=number, settled=settled, document=document
    )


def _settled(row: Mapping[str, Any]) -> Settled:
    texts = {name: row[name] for name in COLUMNS[3:-1]}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ShardRowError("a column that is empty")
    if texts["fate"] not in FATES:
        raise ShardRowError("no such fate")
    days = (texts["day"], texts["known_day"])
    if not all(_DAY.fullmatch(day) for day in days):
        raise ShardRowError("a day that is none")
    priority = row["priority"]
    if not isinstance(priority, float) or not abs(priority) < 1e9:
        raise ShardRowError("a priority that is none")
    for name in ("place", "reason"):
        texts[name] = one_line(texts[name], MAX_REASON)
    texts["site"] = one_line(texts["site"], 100)
    settled = Settled(
        cursor="",
        **texts,
        priority=priority,
        entry=_read(row["entry"], Entry),
        article=_read(row["article"], Article),
        judged=_read(row["judged"], Judged),
    )
    _check(settled)
    return settled


def _check(settled: Settled) -> None:
    """Refuse nouns that do not belong to each other, or that an archive never gives."""
    entry, article, judged = settled.entry, settled.article, settled.judged
    if (settled.fate == "kept") != (article is not None):
        raise ShardRowError("kept, but without an article, or the reverse")
    if entry is not None and (
        canonical_url(entry.url) != entry.url
        or entry.id != identity("entry", entry.url)
        or (entry.feed_id, entry.origin, entry.may_alert) != (None, "archive", False)
        or entry.guid_hash is not None
        or _naive(entry.first_seen_at, entry.published_at)
    ):
        raise ShardRowError("an entry that no archive gives")
    if article is None:
        if judged is not None:
            raise ShardRowError("a judgement without an article")
        return
    if (
        entry is None
        or (article.entry_id, article.id) != (entry.id, identity("article", entry.id))
        or article.language not in ("de", "en")
        or not 0 <= article.fingerprint < 2**64
        or _naive(article.published_at)
    ):
        raise ShardRowError("an article that is not its entry's")
    if settled.state not in STATES or (settled.state == "assessed") != bool(judged):
        raise ShardRowError("a state that is none")
    if judged is not None:
        _check_judged(judged, article)


def _check_judged(judged: Judged, article: Article) -> None:
    assessment = judged.assessment
    if (
        assessment.article_id != article.id
        or not 0 <= assessment.probability <= 1
        or _naive(assessment.assessed_at)
    ):
        raise ShardRowError("a judgement on another article")
    length = len(article.full_text)
    for finding in judged.findings:
        if finding.article_id != article.id or not all(
            one.article_id == article.id and 0 <= one.start < one.end <= length
            for one in _spans(finding)
        ):
            raise ShardRowError("a finding without its place in the text")


def _spans(noun: Finding) -> list[Span]:
    spans = [noun.status_quote]
    for part in (*noun.parties, *noun.amounts, *noun.capacity):
        assert isinstance(part, Party | Amount | Capacity)
        spans += [part.span, part.quote]
    return spans


def _naive(*moments: datetime | None) -> bool:
    return any(one is not None and one.tzinfo is None for one in moments)


def _written(noun: object) -> str | None:
    if noun is None:
        return None
    try:
        return msgspec.json.encode(noun).decode()
    except UnicodeError:  # lone surrogates: a file's name, mostly
        return msgspec.json.encode(storable(noun)).decode()


def storable(value: Any) -> Any:
    """Replace lone surrogates in every text of a noun, which nothing can write."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, tuple):
        return tuple(map(storable, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        made = {one.name: storable(getattr(value, one.name)) for one in fields}
        return dataclasses.replace(value, **made)
    return value


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _read(text: object, kind: type[T]) -> T | None:
    if text is None:
        return None
    try:
        read: T = msgspec.json.decode(str(text), type=kind)
        return read
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ShardRowError(f"no {kind.__name__.lower()}") from error
