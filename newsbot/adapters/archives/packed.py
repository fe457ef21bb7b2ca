"""Zip and tar files, read member by member; nothing is ever written to disk.

A member whose name leads elsewhere, a link, a device, an encrypted or overlapping one
is one failed member; an archive within an archive is not opened.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from newsbot.adapters.archives.bounded import (
    CHUNK,
    Readable,
    TooLargeError,
    read_most,
)
from newsbot.adapters.archives.places import MAX_BYTES
from newsbot.errors import UserError

ZIP_ENDINGS = (".zip", ".maff")
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
#: Bytes of a zip's directory, which is held in memory; 100,000 members take about 8.
MAX_DIRECTORY = 32 * 2**20
#: Members of a zip.
MAX_MEMBERS = 200_000
#: Bytes of a tar's extra heads (long names); they are held in memory.
MAX_HEAD = 2**20
#: How many times its size an archive may hold, and what any may.
MAX_RATIO, FREE = 200, 2**30

_END = struct.Struct("<4s4H2LH")
#: What is no damage: the two empty blocks at a tar's end, or the file's own.
_ENDS = (tarfile.EOFHeaderError, tarfile.EmptyHeaderError)  # type: ignore[attr-defined]
#: What reading a damaged tar raises; an `OSError` with a number is the disk's.
_DAMAGE = (
    *(tarfile.TarError, EOFError, zlib.error, lzma.LZMAError),
    *(ValueError, OverflowError, OSError),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member; `reason` where it was not read."""

    name: str
    offset: int
    data: bytes = b""
    saved_at: datetime | None = None
    reason: str = ""
    #: Not damaged, only not wanted: an archive within the archive.
    unwanted: bool = False


def members_of(path: Path, wanted: tuple[str, ...]) -> Iterator[Member]:
    """Read the members whose lower-case names end so; others are passed over.

    Raises:
        UserError: The file cannot be opened.
    """
    name = path.name.lower()
    read = _zipped if name.endswith(ZIP_ENDINGS) else _taped
    try:
        yield from read(path, wanted)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error


def _refusal(name: str) -> str:
    """Why a member's name is none; empty where it is one."""
    slashes = name.replace("\\", "/")
    drive = len(name) > 1 and name[1] == ":"
    if slashes.startswith("/") or drive or ".." in slashes.split("/"):
        return "its name leads out of the archive"
    return ""


def _zipped(path: Path, wanted: tuple[str, ...]) -> Iterator[Member]:
    with path.open("rb") as file:
        if reason := _directory_refusal(file):
            yield Member(name="", offset=0, reason=reason)
            return
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            yield Member(name="", offset=0, reason=f"no zip file: {error}")
            return
        with archive:
            size, budget = path.stat().st_size, FREE
            budget += MAX_RATIO * size
            infos = archive.infolist()
            overlapping = _overlapping(infos)
            for info in infos:
                if info.is_dir():
                    continue
                member = _zip_member(archive, info, wanted, overlapping)
                if member is None:
                    continue
                budget -= len(member.data)
                if budget < 0:
                    reason = f"more than {MAX_RATIO} times the size of the archive"
                    yield Member(name=info.filename, offset=0, reason=reason)
                    return
                yield member


def _zip_member(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    wanted: tuple[str, ...],
    overlapping: set[int],
) -> Member | None:
    offset = info.header_offset
    reason = _refusal(info.orig_filename) or _refusal(info.filename)
    mode = info.external_attr >> 16
    if not reason and mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        reason = "no plain file"
    if not reason and info.flag_bits & 0x1:
        reason = "encrypted"
    if not reason and offset in overlapping:
        reason = "overlaps another member"
    if not reason and info.file_size > MAX_BYTES:
        reason = f"larger than {MAX_BYTES // 2**20} MiB"
    name = info.filename
    if reason:
        return Member(name=name, offset=offset, reason=reason)
    if name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS)):
        inner = "an archive within the archive"
        return Member(name=name, offset=offset, reason=inner, unwanted=True)
    if not name.lower().endswith(wanted):
        return None
    try:
        with archive.open(info) as stream:
            data = read_most(stream, MAX_BYTES)
    except TooLargeError as error:
        return Member(name=name, offset=offset, reason=str(error))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        return Member(name=name, offset=offset, reason=f"damaged: {error}")
    except (NotImplementedError, RuntimeError) as error:
        return Member(name=name, offset=offset, reason=f"cannot be read: {error}")
    return Member(name=name, offset=offset, data=data, saved_at=_zip_time(info))


def _directory_refusal(file: BinaryIO) -> str:
    """Why a zip's directory is not read; it is held in memory as a whole."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return "no zip file: it has no directory"
    _, _, _, _, n_members, n_bytes, _, _ = _END.unpack_from(tail, at)
    if n_members == 0xFFFF or n_bytes == 0xFFFFFFFF:  # ZIP64
        at = tail.rfind(b"PK\x06\x06")
        if at < 0 or at + 56 > len(tail):
            return "no zip file: it has no directory"
        n_members, n_bytes = struct.unpack_from("<2Q", tail, at + 32)
    if n_members > MAX_MEMBERS or n_bytes > MAX_DIRECTORY:
        return f"more than {MAX_MEMBERS:,} members, or a directory that large"
    return ""


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Offsets of members that share bytes with another."""
    found: set[int] = set()
    end, before = 0, -1
    for info in sorted(infos, key=lambda one: one.header_offset):
        if before >= 0 and info.header_offset < end:
            found |= {before, info.header_offset}
        # 30 bytes of head at least, and the name.
        own = info.header_offset + 30 + len(info.orig_filename) + info.compress_size
        if own > end:
            end, before = own, info.header_offset
    return found


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    """None for the first day of 1980, too, which stands for no time at all."""
    try:
        moment = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.year > 1980 else None


class _Head(tarfile.TarInfo):
    """A tar's head; long names and other extras that fill the memory are refused."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Head:
        """Read one block; see `tarfile.TarInfo.frombuf`."""
        head = super().frombuf(buf, encoding, errors)
        is_extra = head.type in (
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
        )
        if is_extra and head.size > MAX_HEAD:
            raise tarfile.ReadError("a name of more than 1 MiB")
        return head

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Head:
        """Read a head; `tarfile` would take a damaged one for the archive's end."""
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            if isinstance(error, _ENDS):
                raise
            raise tarfile.ReadError(str(error)) from error


class _Forward:
    """A stream that `tarfile` reads as a file, as long as it only goes forward.

    Its own mode for streams knows one member of gzip, bzip2 or xz; here the standard
    library's readers of these give all of them, one after the other.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._back = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        parts, self._back = [self._back[:size]], self._back[size:]
        n_read = len(parts[0])
        while n_read < size:
            piece = self._stream.read(min(size - n_read, CHUNK))
            if not piece:
                break
            parts.append(piece)
            n_read += len(piece)
        self._at += n_read
        return b"".join(parts)

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence or offset < self._at:
            raise tarfile.StreamError("a member that begins before its head")
        while self._at < offset and self.read(min(offset - self._at, CHUNK)):
            pass
        return self._at

    def put_back(self, block: bytes) -> None:
        """Let what was read last be read again."""
        self._back = block + self._back
        self._at -= len(block)


def _unpacked(file: BinaryIO) -> Readable:
    """The bytes of a tar, whatever it is packed with, by its own first bytes."""
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if head == b"\xfd7zXZ\0":
        return lzma.LZMAFile(file)
    return file


def _taped(path: Path, wanted: tuple[str, ...]) -> Iterator[Member]:
    """Read a tar, what follows damage in it, and tars that were put behind it."""
    most = FREE + MAX_RATIO * path.stat().st_size
    with path.open("rb") as file:
        stream = _Forward(_unpacked(file))
        going, n_damaged = True, 0
        while going:
            try:
                going = yield from _one_tar(stream, wanted, most)
            except _DAMAGE as error:
                yield _damaged(stream, error)
                n_damaged += 1
            try:
                going = going and _begins_again(stream, most)
            except _DAMAGE as error:
                # A checksum that is wrong shows at the end of all.
                if not n_damaged and "Not a gzipped file" not in str(error):
                    yield _damaged(stream, error)
                return


def _damaged(stream: _Forward, error: Exception) -> Member:
    if isinstance(error, OSError) and error.errno is not None:
        raise error  # the disk's, and no damage
    reason = f"damaged tar file: {error}"
    return Member(name="", offset=stream.tell(), reason=reason)


def _one_tar(
    stream: _Forward, wanted: tuple[str, ...], most: int
) -> Generator[Member, None, bool]:
    """Read a tar to its end; whether what is behind it may be read."""
    with tarfile.TarFile(fileobj=stream, tarinfo=_Head) as archive:  # type: ignore[arg-type]  # all of a file that is read here
        while (info := archive.next()) is not None:
            # Else every head stays in memory.
            archive.members.clear()  # type: ignore[attr-defined]
            if info.offset_data + info.size > most:
                reason = f"more than {MAX_RATIO} times the size of the archive"
                yield Member(name=info.name, offset=info.offset, reason=reason)
                return False
            if (member := _tar_member(archive, info, wanted)) is not None:
                yield member
    return True


def _begins_again(stream: _Forward, most: int) -> bool:
    """Search the next head of a member: behind damage, or behind a tar's end."""
    while stream.tell() < most:
        block = stream.read(tarfile.BLOCKSIZE)
        if len(block) < tarfile.BLOCKSIZE:
            return False
        if block[257:262] == b"ustar" and _is_head(block):
            stream.put_back(block)
            return True
    return False


def _is_head(block: bytes) -> bool:
    try:
        _Head.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def _tar_member(
    archive: tarfile.TarFile, info: tarfile.TarInfo, wanted: tuple[str, ...]
) -> Member | None:
    name, offset = info.name, info.offset
    if info.isdir():
        return None
    reason = _refusal(name)
    if not reason and not info.isreg():
        reason = "no plain file"
    if not reason and info.size > MAX_BYTES:
        reason = f"larger than {MAX_BYTES // 2**20} MiB"
    if reason:
        return Member(name=name, offset=offset, reason=reason)
    if name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS)):
        inner = "an archive within the archive"
        return Member(name=name, offset=offset, reason=inner, unwanted=True)
    if not name.lower().endswith(wanted):
        return None
    stream = archive.extractfile(info)
    data = read_most(stream, MAX_BYTES) if stream is not None else b""
    if len(data) < info.size:
        raise tarfile.ReadError("it ends within a member")
    try:
        saved_at = datetime.fromtimestamp(info.mtime, UTC) if info.mtime else None
    except (ValueError, OverflowError, OSError):
        saved_at = None
    return Member(name=name, offset=offset, data=data, saved_at=saved_at)
