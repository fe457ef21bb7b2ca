"""Shards: what became of an archive's documents, as Parquet files (extra `parquet`).

A shard is one table, a row for each document, in the order of the archive; nouns are
JSON in columns of their names. It may have been made on another machine and may have
been damaged on its way, so nothing in it is taken on trust: pages carry checksums,
each row is read by the nouns' own types, and a row that does not hold together is
one failed document.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from newsbot.adapters.files import write_whole
from newsbot.adapters.shard_rows import (
    COLUMNS,
    NOUNS,
    Key,
    ShardRowError,
    read_row,
    row_of,
)
from newsbot.errors import UserError
from newsbot.history import Carried, Document, Judged, Settled
from newsbot.types import identity

#: Of the table's columns and their meaning; a reader takes its own and older ones.
VERSION = 1
#: What the file says of itself.
MARK = b"newsbot.shard"
#: Rows that are read together.
ROWS = 256
#: More rows than any shard has: places of damage in two shards never meet.
_ROOM = 2**40


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a shard says of itself in its footer."""

    version: int
    first: Key
    last: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    """A shard whose footer was read."""

    path: Path
    n_rows: int
    first: Key
    last: Key


def write_shard(folder: Path, rows: Sequence[Carried]) -> str:
    """Write rows as one shard, whole or not at all; the same rows go to the same file.

    Args:
        folder: Where shards lie; it is there.
        rows: At least one, in any order.

    Returns:
        The file's name.

    Raises:
        UserError: pyarrow is missing, or the folder cannot be written.
    """
    pa, pq = _pyarrow()
    ordered = sorted(rows, key=lambda one: one.key)
    head = _Head(version=VERSION, first=ordered[0].key, last=ordered[-1].key)
    kinds = {"number": pa.int64(), "priority": pa.float64()}
    names = (*COLUMNS, *NOUNS)
    fields = [(name, kinds.get(name, pa.string())) for name in names]
    schema = pa.schema(fields, metadata={MARK: msgspec.json.encode(head)})
    table = pa.Table.from_pylist([row_of(one) for one in ordered], schema=schema)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        write_page_checksum=True,
        row_group_size=8 * ROWS,
    )
    first, last = ordered[0], ordered[-1]
    hashed = identity("shard", *map(str, (*first.key, *last.key)))
    name = f"{first.number:09d}-{hashed}.parquet"
    write_whole(folder / name, sink.getvalue().to_pybytes())
    return name


class ShardArchive:
    """Shards as an archive whose documents were settled elsewhere.

    Args:
        shards: What was written.
        weigh: Holds what a model said to what the ledger asks for.
    """

    def __init__(self, shards: Shards, weigh: Callable[[Judged], Judged]) -> None:
        self._shards = shards
        self._weigh = weigh

    def documents(self, after: str) -> Iterator[Document]:
        """Read them; see `history.Archive`. The cursor counts rows."""
        n_done, n_rows = int(after or 0), self._shards.n_rows
        for number, one in enumerate(self._shards.carried(), 1):
            if number <= n_done or not (one.settled or one.document):
                continue
            document = one.document or Document(cursor="", place="")
            settled = one.settled
            if settled is not None and settled.judged is not None:
                settled = replace(settled, judged=self._weigh(settled.judged))
            yield replace(
                document,
                cursor=str(number),
                settled=settled,
                share=min(number / n_rows, 1.0),
            )


class Shards:
    """Shards as one stream of documents, in the order of their archives.

    The order in which they are named says nothing, a row that two of them hold counts
    once, and few are open at a time.

    Args:
        paths: Files, or folders of ``.parquet`` files.

    Raises:
        UserError: pyarrow is missing, there is no such file, or none is a shard.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        _pyarrow()
        shards: list[_Shard] = []
        #: Files that are no shards, each with the reason.
        self.refused: list[tuple[Path, str]] = []
        for path in _files(paths):
            try:
                shards.append(_opened(path))
            except ShardRowError as error:
                self.refused.append((path, str(error)))
        if self.refused and not shards:
            path, reason = self.refused[0]
            raise UserError(f"{path}: {reason}")
        self._shards = sorted(shards, key=lambda one: (one.first, one.path.name))

    @property
    def id(self) -> str:
        """Says which rows these are, whatever their files are called."""
        refused = (f"{path.name} {reason}" for path, reason in self.refused)
        held = (f"{one.first} {one.last} {one.n_rows}" for one in self._shards)
        return identity("shards", *sorted(held), *sorted(refused))

    @property
    def n_rows(self) -> int:
        """How many rows they hold, those that two of them hold twice."""
        return sum(one.n_rows for one in self._shards) + len(self.refused)

    def carried(self) -> Iterator[Carried]:
        """Read the documents; what is damaged is one of them, failed."""
        for number, (path, reason) in enumerate(self.refused):
            yield _failed(("", path.name, number), path, reason)
        last: tuple[Key, int] | None = None
        for place, one in self._merged():
            if place != last:
                yield one
            last = place

    def ended(self) -> frozenset[tuple[str, str]]:
        """List source and name of the parts that are here from beginning to end."""
        return frozenset(
            part for part, missing in self._missing().items() if missing == 0
        )

    def gaps(self) -> list[str]:
        """Say which parts of archives are not here as a whole, a line each."""
        return [
            f"{part}: its end is in none of these shards"
            if missing is None
            else f"{part}: {missing} of its documents are in none of these shards"
            for (_, part), missing in sorted(self._missing().items())
            if missing != 0
        ]

    def _missing(self) -> dict[tuple[str, str], int | None]:
        """Count the documents of each part that are not here; None without its end."""
        found: dict[tuple[str, str], set[int]] = {}
        ends: dict[tuple[str, str], int] = {}
        columns = ["source", "part", "number", "fate", "document"]
        for shard in self._shards:
            with suppress(ShardRowError):  # what is damaged is missing
                for row in _rows(shard.path, columns):
                    part = (str(row["source"]), str(row["part"]))
                    numbers = found.setdefault(part, set())
                    if row["fate"] is None and row["document"] is None:
                        ends[part] = int(row["number"])
                    else:
                        numbers.add(int(row["number"]))
        return {
            part: ends[part] - 1 - len(numbers) if part in ends else None
            for part, numbers in found.items()
        }

    def written_by(self, source: str) -> list[Path]:
        """List the files that hold an archive's documents."""
        return [one.path for one in self._shards if one.first[0] == source]

    def _merged(self) -> Iterator[tuple[tuple[Key, int], Carried]]:
        """Every row with its place, in order; equal places stand beside each other."""
        waiting = deque(self._shards)
        opened: list[tuple[tuple[Key, int], int, Carried]] = []
        streams = [_stream(shard, n) for n, shard in enumerate(self._shards, 1)]
        n_opened = 0

        def push(n: int) -> None:
            if (found := next(streams[n], None)) is not None:
                heapq.heappush(opened, (found[0], n, found[1]))

        while waiting or opened:
            while waiting and (not opened or waiting[0].first <= opened[0][0][0]):
                waiting.popleft()
                push(n_opened)
                n_opened += 1
            if opened:
                place, n, one = heapq.heappop(opened)
                yield place, one
                push(n)


def _stream(shard: _Shard, number: int) -> Iterator[tuple[tuple[Key, int], Carried]]:
    """Read one shard; damage has a place of its own, behind the row before it."""
    key, n_rows = shard.first, 0
    try:
        for row in _rows(shard.path, None):
            n_rows += 1
            try:
                one = read_row(row)
                if one.key < key or one.key > shard.last:
                    raise ShardRowError("a row that is out of order")
            except ShardRowError as error:
                broken = _failed(key, shard.path, f"row {n_rows}: {error}")
                yield (key, number * _ROOM + n_rows), broken
                continue
            key = one.key
            yield (key, 0), one
    except ShardRowError as error:
        reason = f"behind row {n_rows}, {shard.n_rows - n_rows} rows: {error}"
        yield (key, number * _ROOM + n_rows + 1), _failed(key, shard.path, reason)


def _rows(path: Path, columns: list[str] | None) -> Iterator[dict[str, Any]]:
    """Read the rows of a shard.

    Raises:
        ShardRowError: The file is damaged from here on.
    """
    pa, pq = _pyarrow()
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=ROWS, columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ShardRowError("damaged") from error


def _failed(key: Key, path: Path, reason: str) -> Carried:
    settled = Settled(cursor="", place=path.name, fate="failed", reason=reason)
    return Carried(source=key[0], part=key[1], number=key[2], settled=settled)


def _opened(path: Path) -> _Shard:
    pa, pq = _pyarrow()
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema, n_rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ShardRowError("no Parquet, or damaged") from error
    mark = (schema.metadata or {}).get(MARK)
    if mark is None:
        raise ShardRowError("Parquet, but no shard of newsbot")
    try:
        version = msgspec.json.decode(mark).get("version")
        if isinstance(version, int) and version > VERSION:
            raise ShardRowError(
                f"written by a newer newsbot (shards of version {version}); "
                "upgrade newsbot"
            )
        head = msgspec.json.decode(mark, type=_Head)
    except (msgspec.MsgspecError, AttributeError, UnicodeError) as error:
        raise ShardRowError("a shard whose head cannot be read") from error
    missing = {*COLUMNS, *NOUNS} - set(schema.names)
    if missing:
        raise ShardRowError(f"a shard without the column {min(missing)}")
    return _Shard(path=path, n_rows=n_rows, first=head.first, last=head.last)


def _files(paths: Iterable[Path]) -> list[Path]:
    """List the files, each once, by name."""
    found: set[Path] = set()
    for path in paths:
        try:
            if path.is_dir():
                inside = {one for one in path.iterdir() if one.suffix == ".parquet"}
                if not inside:
                    raise UserError(f"{path}: no shards in this folder")
                found |= inside
            elif path.is_file():
                found.add(path)
            else:
                raise UserError(f"{path}: no such file or folder")
        except OSError as error:
            raise UserError(f"{path}: {error.strerror or error}") from error
    resolved = {path.resolve(): path for path in sorted(found)}
    return sorted(resolved.values())


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UserError(
            'Shards need pyarrow: pip install "newsbot[parquet]"'
        ) from error
    return pa, pq
