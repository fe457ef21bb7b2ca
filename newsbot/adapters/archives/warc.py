"""WARC files: what a crawler saved, record after record, never extracted to disk.

Every response, resource and revisit is one document. A record that is cut off, or
whose length is not the one it names, is failed; the search for the next record begins
one byte after its head, so that what it would have swallowed is not lost.

Source: ISO 28500:2017 (WARC 1.1); Common Crawl's CC-NEWS is such files.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsbot.adapters.archives.bounded import Seekable, inflate, read_most, unchunk
from newsbot.adapters.archives.damage import MAX_AGAIN, end_of, is_left, next_record
from newsbot.adapters.archives.places import (
    LISTS,
    MAX_BYTES,
    Cursor,
    Part,
    listed_parts,
    parts_of,
    rest_of,
)
from newsbot.errors import UserError
from newsbot.history import Document

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

ENDINGS = (".warc", ".warc.gz", ".warc.zst", ".warc.lz4")
#: Records that hold no document.
NO_PAGES = ("warcinfo", "request", "metadata", "continuation")
#: A length above this is no page's and no film's: it is taken for wrong.
LARGEST = 2**40
WRONG_LENGTH = "its length is not the one it names"

_CHUNK = re.compile(rb"[0-9a-fA-F]{1,16}[ \t]*(?:;[^\r\n]{0,999})?\r\n")
#: Another record within a body: the length before it was wrong.
_SWALLOWED = re.compile(rb"\r\n\r\n(?:\r\n)*WARC/1\.[01]\r\nWARC-")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A record as it was read; `reason` where it cannot be used."""

    offset: int
    kind: str
    url: str = ""
    captured_at: datetime | None = None
    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    reason: str = ""
    #: What follows it is not where its length says.
    cut_off: bool = False


class WarcArchive:
    """WARC files: one, a folder of them, or a list of paths (``.paths``, gzipped too).

    Args:
        path: The file or folder; of a list see `listed_parts`.
        parts: Those of it that are read; None for all.

    Raises:
        UserError: There is none, or the extra ``archive`` is missing.
    """

    def __init__(self, path: Path, parts: Sequence[Part] | None = None) -> None:
        need_fastwarc()
        self._is_list = path.name.endswith(LISTS) and path.is_file()
        if parts:
            self.parts = tuple(parts)
        elif self._is_list:
            self.parts = listed_parts(path)
        else:
            self.parts = parts_of(path, lambda n: n.endswith(ENDINGS), "WARC files")

    def documents(self, after: str) -> Iterator[Document]:
        """Read the records; see `history.Archive`."""
        for part, n_done in rest_of(self.parts, after):
            if self._is_list and not part.path.exists():
                if not n_done:
                    yield missing(part, "no such file")
                continue
            try:
                with part.path.open("rb") as file:
                    yield from documents_of(part, file, n_done)
            except OSError as error:
                reason = error.strerror or error
                raise UserError(f"{part.path}: {reason}") from error


def need_fastwarc() -> None:
    """Say now, and not after an hour, that a library is missing.

    Raises:
        UserError: It is.
    """
    try:
        import fastwarc  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise UserError(
            "WARC files need the extra: pip install 'newsbot[archive]'"
        ) from error


def documents_of(part: Part, file: Seekable, n_done: int) -> Iterator[Document]:
    """Read the records of one file.

    Args:
        part: Its place in the archive.
        file: Its bytes.
        n_done: Documents that are settled.

    Raises:
        OSError: It cannot be read any further; that is nobody's damage.
    """
    number = 0
    for record in _records(file):
        if record.kind in NO_PAGES and not record.reason:
            continue
        number += 1
        if number > n_done:
            yield _document(part, number, record)


def missing(part: Part, reason: str) -> Document:
    """One failed document in place of a file that a list names."""
    return Document(
        cursor=str(Cursor(part=part.name, n_done=1)),
        place=part.name,
        body=b"",
        fate="failed",
        reason=reason,
        share=part.share(0),
    )


def _document(part: Part, number: int, record: _Record) -> Document:
    fate, reason = None, record.reason
    if reason:
        fate = "failed"
    elif record.kind == "revisit":
        fate, reason = "duplicate", "saved before"
    elif record.kind not in ("response", "resource"):
        fate, reason = "skipped", f"a record of type {record.kind}"
    elif record.status is not None and record.status != 200:
        fate, reason = "skipped", f"HTTP {record.status}"
    elif record.content_type and not _is_page(record.content_type):
        fate, reason = "skipped", "not a page"
    return Document(
        cursor=str(Cursor(part=part.name, n_done=number)),
        place=f"{part.name}, byte {record.offset}",
        url=record.url,
        body=b"" if fate else record.body,
        content_type=record.content_type or "text/html",
        captured_at=record.captured_at,
        fate=fate,  # type: ignore[arg-type]  # one of the four above
        reason=reason,
        share=part.share(record.offset),
    )


def _is_page(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return "html" in kind or kind == "text/plain"


def _records(file: Seekable) -> Iterator[_Record]:
    """Read a file, beginning anew behind whatever is damaged."""
    start: int | None = 0
    while start is not None:
        start = yield from _run_of_records(file, start)


def _run_of_records(file: Seekable, start: int) -> Generator[_Record, None, int | None]:
    """Read records up to the first damage.

    Each record is held until the next one was found where its length says: a wrong
    length shows only there.

    Returns:
        Where to begin again; None at the end of the file.
    """
    from fastwarc.warc import ArchiveIterator

    file.seek(start)
    source = _Bytes(file)
    held: _Record | None = None
    last = start
    try:
        for raw in ArchiveIterator(source, parse_http=True):
            last = start + raw.stream_pos
            if held is not None:
                yield held
            held = _read(raw, last)
            source.check()
            if held.cut_off or _swallows(held.body):
                reason = held.reason or WRONG_LENGTH
                break
        else:
            source.check()
            if held is not None:
                yield held
            # The library passes over what it cannot take for the head of a record.
            at = start if held is None else end_of(file, held.offset)
            if at is None or not is_left(file, at):
                return None
            yield _Record(offset=at, kind="unknown", reason="cut off in its head")
            return next_record(file, at + 1)
    except (OSError, ValueError, OverflowError) as error:
        source.check()
        reason = f"no WARC record: {error}"
        end = end_of(file, held.offset) if held is not None else None
        if held is not None and end is not None:
            yield held
            yield _Record(offset=end, kind="unknown", reason=reason)
            return next_record(file, end + 1)
        if held is not None:
            reason = WRONG_LENGTH
    offset = held.offset if held is not None else last
    url = held.url if held is not None else ""
    yield _Record(offset=offset, kind="unknown", url=url, reason=reason)
    return next_record(file, offset + 1)


def _swallows(body: bytes) -> bool:
    # The expression alone reads a page twenty times as slowly as this looks for a word.
    return b"\r\nWARC/1." in body and _SWALLOWED.search(body) is not None


class _Bytes:
    """A file from where it stands, as a plain stream: offsets count from there."""

    def __init__(self, file: Seekable) -> None:
        self._file = file
        self._n_read = 0
        self._broken: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            self._broken = error
            raise
        self._n_read += len(data)
        return data

    def check(self) -> None:
        """Tell a disk or host that gave up from a damaged record.

        Raises:
            OSError: It did; the library may have taken it for the file's end.
        """
        if self._broken is not None:
            raise self._broken

    def tell(self) -> int:
        return self._n_read

    def seek(self, offset: int, whence: int = 0) -> int:
        raise OSError("not seekable")

    def close(self) -> None:
        """The file is its owner's."""


def _read(raw: WarcRecord, offset: int) -> _Record:
    """Take from a record what is needed, and check that all of it is there."""
    url = (raw.headers.get("WARC-Target-URI") or "").strip("<>")
    kind = (raw.headers.get("WARC-Type") or "unknown").lower()
    captured_at = _time(raw.headers.get("WARC-Date"))
    length = raw.headers.get("Content-Length") or ""
    record = _Record(offset=offset, kind=kind, url=url, captured_at=captured_at)
    if raw.headers.get("WARC-Type") is None:
        return replace(record, cut_off=True, reason="cut off in its head")
    if not length.strip().isdecimal() or int(length) >= 2**63:
        return replace(record, cut_off=True, reason="a length that is none")
    if kind in NO_PAGES:
        return record
    n_bytes = raw.content_length  # without the HTTP head
    if n_bytes > MAX_BYTES and n_bytes <= MAX_AGAIN:
        return replace(record, reason=f"larger than {MAX_BYTES // 2**20} MiB")
    body = raw.reader.read(min(n_bytes, MAX_BYTES + 1))
    while piece := raw.reader.read(max(min(n_bytes, MAX_BYTES + 1) - len(body), 0)):
        body += piece
    if len(body) < min(n_bytes, MAX_BYTES + 1):
        return replace(record, cut_off=True, reason="cut off before its end")
    if len(body) > MAX_BYTES:
        large = f"larger than {MAX_BYTES // 2**20} MiB"
        # A length of 2^63 - 1 is read no further: the search goes on behind its head.
        return replace(record, cut_off=n_bytes > LARGEST, reason=large)
    record = replace(record, body=body)
    if raw.is_http_parsed:
        return _decoded(raw, record)
    # Without an HTTP head, the record's own says what it holds.
    return replace(record, content_type=raw.headers.get("Content-Type") or "")


def _decoded(raw: WarcRecord, record: _Record) -> _Record:
    """Take the codings off an HTTP body; crawlers leave heads behind that lie."""
    heads, body = raw.http_headers, record.body
    record = replace(
        record,
        status=heads.status_code,
        content_type=heads.get("Content-Type") or "text/html",
    )
    if record.status is None:
        return replace(record, reason="no HTTP status")
    try:
        if "chunked" in (heads.get("Transfer-Encoding") or "").lower():
            body = unchunk(body) if _CHUNK.match(body) else _plain(body)
        coding = (heads.get("Content-Encoding") or "").strip().lower()
        if coding in ("gzip", "x-gzip", "deflate") and body[:1] in (b"\x1f", b"\x78"):
            body = inflate(body, MAX_BYTES)
        elif coding in ("br", "zstd"):
            body = _modern(coding, body)
    except (ValueError, OSError) as error:
        return replace(record, body=b"", reason=str(error))
    return replace(record, body=body)


def _plain(body: bytes) -> bytes:
    """Many crawlers take chunks off and keep the head that names them."""
    if not body.lstrip()[:1] == b"<":
        raise ValueError("wrong length of a chunk")
    return body


def _modern(coding: str, body: bytes) -> bytes:
    from fastwarc.stream_io import BrotliReader, ZstdReader

    reader = (BrotliReader if coding == "br" else ZstdReader)(io.BytesIO(body))
    try:
        return read_most(reader, MAX_BYTES)
    except OSError:
        if body.lstrip()[:1] == b"<":
            return body  # decoded already, by the crawler
        raise


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
