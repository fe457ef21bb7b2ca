"""Opens an archive that lies in files, by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, get_args

from newsbot.adapters.archives.mbox import MboxArchive
from newsbot.adapters.archives.pages import PagesArchive
from newsbot.adapters.archives.places import Part
from newsbot.adapters.archives.tables import TableArchive
from newsbot.adapters.archives.warc import WarcArchive
from newsbot.history import Archive
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
