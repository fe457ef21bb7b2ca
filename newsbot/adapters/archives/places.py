"""Where an archive stands: cursors, and a folder's files in an order that stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsbot.adapters.archives.bounded import inflate
from newsbot.errors import UserError

#: Bytes of one member or record that are read; no page of news is larger.
MAX_BYTES = 15 * 2**20
#: Lists of files, as Common Crawl publishes them; bytes of one, unpacked.
LISTS = (".paths", ".paths.gz")
MAX_LIST = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A part of an archive, and how many of its documents are settled."""

    part: str = ""
    n_done: int = 0

    def __str__(self) -> str:
        return f"{self.n_done} {self.part}"


def read_cursor(text: str) -> Cursor:
    """Read a cursor; the empty text is the beginning.

    Raises:
        UserError: It is none.

    >>> read_cursor(str(Cursor(part="a b.warc", n_done=7))).n_done
    7
    """
    if not text:
        return Cursor()
    n_done, _, part = text.partition(" ")
    if not n_done.isdecimal():
        raise UserError(f"no place in an archive: {text!r}")
    return Cursor(part=part, n_done=int(n_done))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of an archive."""

    #: Its name within the archive.
    name: str
    #: Bytes of all files before it, its own, and those of the whole archive.
    before: int
    size: int
    total: int
    #: Where it lies on this machine; of a file on the web, nowhere.
    path: Path = Path()

    def share(self, offset: int) -> float:
        """Which share of the whole archive lies before *offset* of this file."""
        done = self.before + min(offset, self.size)
        return min(done / self.total, 1.0) if self.total else 1.0


def parts_of(path: Path, wanted: Callable[[str], bool], what: str) -> tuple[Part, ...]:
    """List the files of an archive: one, or those of a folder, by name.

    Links are not followed: they may lead out of the folder, or round in circles.

    Args:
        path: A file or a folder.
        wanted: Whether a file of a folder belongs to it, by its lower-case name.
        what: What is looked for, for messages.

    Raises:
        UserError: There is none.
    """
    try:
        if path.is_file():
            files = [(path.name, path)]
        elif path.is_dir():
            files = sorted(
                (one.relative_to(path).as_posix(), one)
                for one in _walk(path)
                if wanted(one.name.lower())
            )
        elif path.exists():
            raise UserError(f"{path}: neither a file nor a folder")
        else:
            raise UserError(f"{path}: no such file or folder")
        sizes = [one.stat().st_size for _, one in files]
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    if not files:
        raise UserError(f"{path}: no {what} in this folder")
    total, before, parts = sum(sizes), 0, []
    for (name, one), size in zip(files, sizes, strict=True):
        parts.append(Part(path=one, name=name, before=before, size=size, total=total))
        before += size
    return tuple(parts)


def read_list(data: bytes) -> list[str]:
    """Read a list of files, plain or gzipped: one name a line, each once, sorted.

    Raises:
        ValueError: It is none.
    """
    if data.startswith(b"\x1f\x8b"):
        data = inflate(data, MAX_LIST)
    return sorted({one.strip() for one in data.decode().split("\n")} - {""})


def listed_parts(path: Path) -> tuple[Part, ...]:
    """List the files that a list names, by name.

    A name counts from the list's folder or one above it: in a mirror of Common Crawl a
    list lies deep within the store from whose root it counts. A file that is not there
    stays in the list, without a byte.

    Args:
        path: One name a line, plain or gzipped.

    Raises:
        UserError: It cannot be read, or none of its files is there.
    """
    try:
        names = read_list(path.read_bytes())
        bases = (path.absolute().parent, *path.absolute().parent.parents)
        files = [
            next((base / name for base in bases if (base / name).is_file()), None)
            for name in names
        ]
        sizes = [0 if one is None else one.stat().st_size for one in files]
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}") from error
    if not any(files):
        first = f", {names[0]!r} the first of them" if names else ""
        raise UserError(f"{path}: none of the files that it lists is there{first}")
    total, before, parts = sum(sizes), 0, []
    for name, one, size in zip(names, files, sizes, strict=True):
        at = one or path.parent / name
        parts.append(Part(path=at, name=name, before=before, size=size, total=total))
        before += size
    return tuple(parts)


def rest_of(parts: Sequence[Part], after: str) -> Iterator[tuple[Part, int]]:
    """List the files that are left, each with how many documents to pass over.

    Raises:
        UserError: The file where it stood is gone.
    """
    cursor = read_cursor(after)
    names = [part.name for part in parts]
    if cursor.part and cursor.part not in names:
        raise UserError(f"{cursor.part}: it stood there, and the file is gone")
    first = names.index(cursor.part) if cursor.part else 0
    for part in parts[first:]:
        yield part, cursor.n_done if part.name == cursor.part else 0


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path
