"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from newsbot.errors import UserError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it.

    It is written beside its place and moved there; a link keeps pointing, and an
    older file keeps its mode and, where that may be, its owner. A device or a pipe is
    written to as it is.

    Args:
        path: Where the file shall be.
        data: All of it.

    Raises:
        UserError: The place cannot be written.
    """
    try:
        place = path.resolve()
        if place.exists() and not place.is_file():
            with place.open("wb") as device:
                device.write(data)
            return
        partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if place.exists():
                known = place.stat()
                with suppress(PermissionError):
                    os.chown(partial, known.st_uid, known.st_gid)
                partial.chmod(known.st_mode & 0o7777)
            partial.replace(place)
        finally:
            with suppress(FileNotFoundError):
                partial.unlink()
    except (OSError, ValueError, RuntimeError) as error:
        # Python says ValueError for a NUL in a name, RuntimeError for links in a ring.
        reason = error.strerror if isinstance(error, OSError) else None
        raise UserError(f"{path}: {reason or error}") from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet, so that nobody ever sees half of it.

    Its folder is made where it is missing; only its owner can read it.

    Args:
        path: Where the file shall be.
        data: All of it.

    Raises:
        UserError: It is there already and was not touched, or cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(partial, _NEW, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _move_beside(partial, path)
        finally:
            with suppress(OSError):
                partial.unlink()
    except FileExistsError as error:
        raise UserError(f"{path} exists already; it was not touched") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UserError(f"{path}: {reason or error}") from error


def _move_beside(partial: Path, path: Path) -> None:
    """Give a file its name, unless that is taken: a rename would not ask."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no links; who comes at the same moment may lose.
        if path.exists():
            raise FileExistsError(path) from None
        partial.rename(path)
