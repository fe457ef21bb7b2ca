"""Where records of a WARC file end and begin, when their own words are in doubt."""

from __future__ import annotations

import re
import zlib

from newsbot.adapters.archives.bounded import Seekable
from newsbot.adapters.archives.places import MAX_BYTES

#: Bytes looked at together in search of the next record.
WINDOW = 2**20
#: Bytes of a record that are looked at again to judge whether its length was right.
MAX_AGAIN = MAX_BYTES + 2**20

_RECORD = re.compile(rb"(?<![^\n])WARC/[01]\.[0-9]+\r?\n(?=WARC-|Content-)", re.I)
_MEMBER = b"\x1f\x8b\x08"
_PACKED = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_LENGTH = re.compile(rb"(?im)^Content-Length:[ \t]*([0-9]{1,19})[ \t]*\r?$")


def end_of(file: Seekable, offset: int) -> int | None:
    """Where a record ends, if it ends where its length says."""
    file.seek(offset)
    data, end = file.read(MAX_AGAIN), None
    if data.startswith(_MEMBER):
        decoder = zlib.decompressobj(31)
        packed = data
        try:
            data = decoder.decompress(packed, MAX_AGAIN)
        except zlib.error:
            return None
        if not decoder.eof:
            return None
        end = offset + len(packed) - len(decoder.unused_data)
    head = data.find(b"\r\n\r\n")
    length = _LENGTH.search(data[:head])
    if head < 0 or length is None:
        return None
    body_ends = head + 4 + int(length[1])
    if data[body_ends : body_ends + 4] != b"\r\n\r\n":
        return None
    return offset + body_ends + 4 if end is None else end


def is_left(file: Seekable, offset: int) -> bool:
    """Whether anything stands there but empty lines."""
    file.seek(offset)
    while data := file.read(WINDOW):
        if data.strip(b"\0\r\n\t "):
            return True
    return False


def next_record(file: Seekable, start: int) -> int | None:
    """Search the next record, or the next gzip member that begins with one."""
    file.seek(0)
    packed = file.read(3) == _MEMBER
    marks = _PACKED if packed else _RECORD
    file.seek(start)
    window, at = file.read(WINDOW), start
    while window:
        for found in marks.finditer(window):
            offset = at + found.start()
            if not packed or _begins_record(file, offset):
                return offset
        # Marks across the border of two windows are found in the next.
        file.seek(at + len(window))
        more = file.read(WINDOW)
        if not more:
            return None
        kept = window[-16:]
        at += len(window) - len(kept)
        window = kept + more
    return None


def _begins_record(file: Seekable, offset: int) -> bool:
    file.seek(offset)
    try:
        head = zlib.decompressobj(31).decompress(file.read(4_096), 16)
    except zlib.error:
        return False
    return head.startswith(b"WARC/")
