"""Opens an archive that lies in files, by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol, get_args

from newsbot.adapters.archives.mbox import MboxArchive
from newsbot.adapters.archives.pages import PagesArchive
from newsbot.adapters.archives.places import Part
from newsbot.adapters.archives.tables import TableArchive
from newsbot.adapters.archives.warc import WarcArchive
from newsbot.errors import UserError
from newsbot.history import Archive, Order
from newsbot.ports import Parsing

FileKind = Literal["warc", "files", "jsonl", "mbox"]
FILE_KINDS: tuple[FileKind, ...] = get_args(FileKind)


class FileArchive(Archive, Protocol):
    """An archive whose parts are files, each of which may be read by itself."""

    #: In the order in which they are read.
    parts: tuple[Part, ...]


def open_files(
    kind: FileKind, path: Path, parsing: Parsing, parts: Sequence[Part] | None = None
) -> FileArchive:
    """Open an archive of files.

    Args:
        kind: What they hold.
        path: The file or folder.
        parsing: Reads what may do harm.
        parts: Those of it that are read, in this order; None for all.

    Raises:
        UserError: There is none.
    """
    if kind == "warc":
        return WarcArchive(path, parts)
    if kind == "files":
        return PagesArchive(path, parsing, parts)
    if kind == "jsonl":
        return TableArchive(path, parts)
    return MboxArchive(path, parsing, parts)


def ordered(kind: FileKind, parts: Sequence[Part], order: Order) -> list[Part]:
    """Put the files of an archive in the order of their dates.

    Saved pages are as old as their files; what crawlers and services write has its
    date in its name. Within a file the order is the file's own.

    Args:
        kind: What they hold.
        parts: By name, as `open_files` lists them.
        order: Which comes first.

    Raises:
        UserError: A file is gone.
    """

    def age(part: Part) -> tuple[float, str]:
        return (part.path.stat().st_mtime if kind == "files" else 0.0, part.name)

    try:
        found = sorted(parts, key=age, reverse=order == "newest")
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from error
    before = 0
    made = []
    for part in found:
        made.append(replace(part, before=before))
        before += part.size
    return made
