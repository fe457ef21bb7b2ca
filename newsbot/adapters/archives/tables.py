"""JSON Lines and CSV: one document a line, with url, date, title and text.

Lines are read within a bound, so that one of a gigabyte costs nothing but its place.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from newsbot.adapters.archives.bounded import CHUNK
from newsbot.adapters.archives.places import Cursor, Part, parts_of, rest_of
from newsbot.errors import UserError
from newsbot.history import Document
from newsbot.stages.sitemaps import read_date

JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
CSV_ENDINGS = (".csv", ".tsv")
#: Bytes of one line; an article has some thousands.
MAX_LINE = 2 * 2**20
#: Names that exporters give to the same field, ours first.
NAMES = {
    "url": ("url", "link", "source_url"),
    "date": ("date", "published", "published_at", "pubdate", "date_publish"),
    "title": ("title", "headline"),
    "text": ("text", "body", "content", "maintext"),
    "language": ("language", "lang"),
    "author": ("author", "authors"),
}
_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line, or why it could not be read."""

    number: int
    offset: int
    data: bytes
    reason: str = ""


class TableArchive:
    """Files of JSON Lines or CSV, plain or gzipped: one, or a folder of them.

    Args:
        path: The file or folder; the ending says which of the two it is.
        parts: Those of it that are read; None for all.

    Raises:
        UserError: There is none.
    """

    def __init__(self, path: Path, parts: Sequence[Part] | None = None) -> None:
        self.parts = tuple(
            parts or parts_of(path, _is_table, "JSON Lines or CSV files")
        )

    def documents(self, after: str) -> Iterator[Document]:
        """Read the lines; see `history.Archive`."""
        for part, n_done in rest_of(self.parts, after):
            name = part.name.lower().removesuffix(".gz")
            rows = _csv_rows if name.endswith(CSV_ENDINGS) else _json_rows
            for number, (line, values) in enumerate(rows(part.path), 1):
                if number > n_done:
                    yield _document(part, number, line, values)


def _is_table(name: str) -> bool:
    return name.removesuffix(".gz").endswith((*JSON_ENDINGS, *CSV_ENDINGS))


def _document(part: Part, number: int, line: _Line, values: dict[str, str]) -> Document:
    reason = line.reason
    given = {name: _first(values, names) for name, names in NAMES.items()}
    published_at = _read_date(given["date"])
    if not reason and not given["url"]:
        reason = "no url"
    elif not reason and not (given["text"] or given["title"]):
        reason = "no text"
    elif not reason and given["date"] and published_at is None:
        reason = f"date {given['date'][:40]!r} cannot be read"
    language = given["language"][:2].lower()
    return Document(
        cursor=str(Cursor(part=part.name, n_done=number)),
        place=f"{part.name}, line {line.number}, byte {line.offset}",
        url=given["url"],
        body=given["text"].encode("utf-8", "replace"),
        content_type="text/plain; charset=utf-8",
        title=given["title"],
        language=language if language in ("de", "en") else None,  # type: ignore[arg-type]
        author=given["author"] or None,
        published_at=published_at,
        fate="failed" if reason else None,
        reason=reason,
        share=None if part.name.lower().endswith(".gz") else part.share(line.offset),
    )


def _read_date(text: str) -> datetime | None:
    """Read a date as exporters write it; None where it is none.

    >>> _read_date("3.5.2024") == _read_date("2024-05-03")
    True
    """
    try:
        if text.isascii() and text.isdecimal() and len(text) in (10, 13):
            seconds = int(text) / (1 if len(text) == 10 else 1_000)
            return datetime.fromtimestamp(seconds, UTC)
        if german := _GERMAN_DATE.fullmatch(text):
            day, month, year = map(int, german.groups())
            return datetime(year, month, day, tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return read_date(text)


def _first(values: dict[str, str], names: tuple[str, ...]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _lines(path: Path) -> Iterator[_Line]:
    """Read a file's lines; what is longer than `MAX_LINE` is passed over."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            # Buffered: GzipFile's own readline reads byte by byte.
            unpacked = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw)))
            yield from _split(unpacked if packed else raw)
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile) or error.strerror is None:
            yield _Line(number=0, offset=0, data=b"", reason=f"damaged gzip: {error}")
            return
        raise UserError(f"{path}: {error.strerror}") from error
    except (EOFError, zlib.error) as error:
        yield _Line(number=0, offset=0, data=b"", reason=f"cut off: {error}")


def _split(stream: BinaryIO) -> Iterator[_Line]:
    offset = number = 0
    while data := stream.readline(MAX_LINE + 1):
        number += 1
        start, offset = offset, offset + len(data)
        if len(data) <= MAX_LINE or data.endswith(b"\n"):
            yield _Line(number=number, offset=start, data=data)
            continue
        while data and not data.endswith(b"\n"):
            data = stream.readline(CHUNK)
            offset += len(data)
        reason = f"a line longer than {MAX_LINE // 2**20} MiB"
        yield _Line(number=number, offset=start, data=b"", reason=reason)


def _json_rows(path: Path) -> Iterator[tuple[_Line, dict[str, str]]]:
    for line in _lines(path):
        if line.reason or not line.data.strip():
            if line.reason:
                yield line, {}
            continue
        try:
            values = _object(line.data)
        except (ValueError, RecursionError) as error:
            reason = "nested too deep" if isinstance(error, RecursionError) else error
            yield replace(line, data=b"", reason=str(reason)), {}
        else:
            yield line, values


def _object(data: bytes) -> dict[str, str]:
    """Read one object; only texts count, under the names that are asked for.

    Raises:
        ValueError: No JSON object, a key twice, NaN, or a field that is no text.
    """
    try:
        read = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_once_each,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    if not isinstance(read, dict):
        raise ValueError("no JSON object")
    wanted = {name for names in NAMES.values() for name in names}
    values = {}
    for key, value in read.items():
        name = key.strip().lower()
        if name not in wanted or value is None:
            continue
        if isinstance(value, list) and name == "authors":
            value = ", ".join(one for one in value if isinstance(one, str))
        if name in NAMES["date"] and type(value) in (int, float):
            value = str(value).partition(".")[0]  # of a number beyond all, "inf"
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        values[name] = value.strip()
    return values


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice[:40]!r} twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


class _BrokenError(ValueError):
    """A line that could not be read, within a row."""


class _Texts:
    """Lines as text for the CSV reader; a broken one ends its row, not the file."""

    def __init__(self, path: Path, parts: Sequence[Part] | None = None) -> None:
        self._lines = _lines(path)
        #: The first line of the row in hand.
        self.first: _Line | None = None

    def __iter__(self) -> _Texts:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.first = self.first or line
        if line.reason:
            raise _BrokenError(line.reason)
        return line.data.decode("utf-8-sig" if line.number == 1 else "utf-8", "replace")


def _csv_rows(path: Path) -> Iterator[tuple[_Line, dict[str, str]]]:
    """Read rows below a head that names the columns; quotes may span lines."""
    csv.field_size_limit(MAX_LINE)
    texts = _Texts(path)
    is_tabbed = path.name.lower().removesuffix(".gz").endswith(".tsv")
    reader = csv.reader(texts, delimiter="\t" if is_tabbed else ",")
    head: list[str] | None = None
    while True:
        texts.first = None
        reason = ""
        row: list[str] = []
        try:
            row = next(reader)
        except StopIteration:
            return
        except (_BrokenError, csv.Error) as error:
            reason = str(error)
        if not row and not reason:
            continue
        if head is None:
            head = [name.strip().lower() for name in row]
            if not set(NAMES["url"]) & set(head):
                raise UserError(f"{path}: the first line names no column url")
            continue
        if not reason and len(row) != len(head):
            reason = f"{len(row)} fields below {len(head)} names"
        line = texts.first or _Line(number=0, offset=0, data=b"")
        values = dict(zip(head, (one.strip() for one in row), strict=False))
        yield replace(line, data=b"", reason=reason), values
