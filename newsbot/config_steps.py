"""Brings an older config file up to date; its comments and its order stay.

In: a file, and the steps from each version to the next. Out: its text as the newest
version has it, written back beside a copy of the old one. A file says its version with
`config_version`; one that does not is read as of the newest.

A change that older files do not survive, such as another name for a key, is a function
at the end of `STEPS`, from text to text; it never changes again.
"""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from newsbot.config_reader import line_of
from newsbot.errors import ConfigError, UserError

log = logging.getLogger("newsbot")

Step = Callable[[str], str]

#: The first leads from version 1 to 2. So far every change kept older files valid.
STEPS: tuple[Step, ...] = ()
CONFIG_VERSION = 1 + len(STEPS)

_VERSION = re.compile(r"^([ \t]*config_version[ \t]*=[ \t]*)\d+", re.M)


def current_text(
    path: Path, check: Callable[[str], object], steps: Sequence[Step] = STEPS
) -> str:
    """Read a config file, and bring it up to date if it is older.

    The old one stays beside it, named with its version (``config.toml.v1.backup``).
    Where the file cannot be written, or is somebody else's, it is only read so.

    Args:
        path: The file.
        check: Raises where the new text cannot be used; then nothing is written.
        steps: From version 1 to 2, and so on.

    Raises:
        ConfigError: It cannot be read, or *check* says what is wrong.
    """
    old = _read(path)
    text = upgraded(old, steps)
    if text == old:
        return text
    check(text)
    version = _version_of(old, steps)
    try:
        _put_in_place(path.resolve(), f"v{version}", old, text)
    except (OSError, UserError) as error:
        log.warning("%s is of version %d, and stays so: %s", path, version, error)
    else:
        log.warning("%s was of version %d, and is of %d", path, version, 1 + len(steps))
    return text


def upgraded(text: str, steps: Sequence[Step] = STEPS) -> str:
    """Take the steps that a config's text has not taken yet.

    Args:
        text: What is no TOML, or of a newer version, or of none that is one, stays.
        steps: From version 1 to 2, and so on.
    """
    version = _version_of(text, steps)
    if version is None or version > len(steps):
        return text
    for step in steps[version - 1 :]:
        text = step(text)
    return _VERSION.sub(rf"\g<1>{1 + len(steps)}", text, count=1)


def renamed(table: str, old: str, new: str) -> Step:
    """Make a step that gives a key another name.

    Args:
        table: Where it stands, as ``"network"``; ``""`` for the top.
        old: Its name until now.
        new: Its name from now on.

    >>> renamed("log", "form", "format")('[log]\\nform = "json"  # mine')
    '[log]\\nformat = "json"  # mine'
    """
    key = (table, old) if table else (old,)
    # Alone or behind a dot, in quotes or not.
    name = re.compile(rf"((?:^|\.)[ \t]*[\"']?){re.escape(old)}([\"']?[ \t]*)$")

    def step(text: str) -> str:
        number = line_of(text, key, whole=True)
        if number is None:
            return text
        lines = text.split("\n")
        head, equals, value = lines[number - 1].partition("=")
        lines[number - 1] = name.sub(rf"\g<1>{new}\g<2>", head) + equals + value
        return "\n".join(lines)

    return step


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: {reason}; `newsbot init` writes one") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start})") from error


def _version_of(text: str, steps: Sequence[Step]) -> int | None:
    try:
        version = tomllib.loads(text).get("config_version", 1 + len(steps))
    except tomllib.TOMLDecodeError:
        return None
    return version if type(version) is int and version >= 1 else None


def _put_in_place(place: Path, version: str, old: str, text: str) -> None:
    """Write the new text, and before it the copy of the old one.

    Raises:
        OSError: The file is somebody else's: a new one would not be.
        UserError: It cannot be written.
    """
    from newsbot.adapters.files import write_new, write_whole

    if os.geteuid() not in (0, place.stat().st_uid):
        raise PermissionError("it is somebody else's")
    backup = place.with_name(f"{place.name}.{version}.backup")
    if not backup.exists():
        write_new(backup, old.encode())
    write_whole(place, text.encode())
