"""Compressed bytes, decoded within a bound: what grows past it is refused."""

from __future__ import annotations

import zlib
from typing import Protocol

#: Bytes read or written at once.
CHUNK = 64 * 2**10


class Readable(Protocol):
    """What gives bytes in pieces."""

    def read(self, size: int = ..., /) -> bytes:
        """Read at most so many; nothing at the end."""
        ...


class Seekable(Protocol):
    """What gives bytes from any place on."""

    def read(self, size: int = ..., /) -> bytes:
        """Read at most so many; nothing at the end."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go on from there."""
        ...


class TooLargeError(ValueError):
    """More than the bound came out."""


def inflate(data: bytes, most: int, *, wbits: int = 47) -> bytes:
    """Decode gzip or zlib data, all members of it.

    Args:
        data: Compressed bytes.
        most: Bytes that may come out.
        wbits: As for `zlib.decompressobj`; 47 recognises gzip and zlib by their heads.

    Raises:
        TooLargeError: More would come out.
        ValueError: Damaged or cut off.
    """
    out = bytearray()
    try:
        while data:
            decoder = zlib.decompressobj(wbits)
            out += decoder.decompress(data, most + 1 - len(out))
            if len(out) > most:
                raise TooLargeError(f"larger than {most // 2**20} MiB")
            if not decoder.eof:
                raise ValueError("compressed data is cut off")
            data = decoder.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise ValueError("compressed data is damaged") from error
    return bytes(out)


def read_most(stream: Readable, most: int) -> bytes:
    """Read a stream to its end.

    Raises:
        TooLargeError: It is longer than *most* bytes.
    """
    data = bytearray()
    while piece := stream.read(min(CHUNK, most + 1 - len(data))):
        data += piece
        if len(data) > most:
            raise TooLargeError(f"larger than {most // 2**20} MiB")
    return bytes(data)


def unchunk(data: bytes) -> bytes:
    """Take chunked transfer coding off a body (RFC 9112, 7.1).

    Raises:
        ValueError: A chunk's length is none, or the body ends within a chunk.
    """
    out, at = bytearray(), 0
    while True:
        end = data.find(b"\r\n", at, at + 1_000)
        digits = data[at:end].partition(b";")[0].strip() if end >= 0 else b""
        if not digits or len(digits) > 16:
            raise ValueError("wrong length of a chunk")
        try:
            length = int(digits, 16)
        except ValueError as error:
            raise ValueError("wrong length of a chunk") from error
        if length <= 0:
            if length < 0:
                raise ValueError("wrong length of a chunk")
            return bytes(out)
        start = end + 2
        if start + length > len(data):
            raise ValueError("the body ends within a chunk")
        out += data[start : start + length]
        at = start + length + 2
