"""Turns a config's TOML tables into dataclasses, or into one clear error.

In: tables and the dataclass that each is to become. Out: the dataclass, checked;
what is wrong is said with file, line, key, value and the nearest known key.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from newsbot.errors import ConfigError

#: Per dataclass and key: lowest and highest value, and their unit.
Limits = Mapping[type, Mapping[str, tuple[Any, Any, str]]]

_DURATION = re.compile(r"(\d{1,6})\s*(m|min|h|d)")
#: Longer ones would reach before the first year that a date can name.
_LONGEST = timedelta(days=3650)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: A key so named holds a secret by mistake: its value is never repeated.
_SECRET = re.compile(r"(?i)token|password|passwort|secret|key|credential")
#: A chat's id or public name, and a topic's id where it is a forum.
_CHAT = re.compile(
    r"(-?[1-9][0-9]{0,18}|@[A-Za-z][A-Za-z0-9_]{2,31})(/[1-9][0-9]{0,9})?"
)
_DURATION_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns TOML tables into dataclasses, knowing where each key stands."""

    path: Path
    text: str
    limits: Limits

    def error(self, key: tuple[str | int, ...], message: str) -> ConfigError:
        """Make the error that names where a key stands."""
        line = line_of(self.text, key)
        where = f"{self.path}:{line}" if line else f"{self.path}"
        return ConfigError(f"{where}: {_dotted(key)}: {message}")

    def read(self, kind: type, table: object, key: tuple[str | int, ...]) -> Any:
        """Read a table as a dataclass.

        Raises:
            ConfigError: A key or a value is wrong.
        """
        if not isinstance(table, dict):
            raise self.error(key, f"{_shown(table)} is not a table")
        hints = typing.get_type_hints(kind)
        hints.pop("folder", None)
        known = {f.name: f for f in dataclasses.fields(kind) if f.name in hints}
        for name, value in table.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                everything = "" if near else f"; known: {', '.join(known)}"
                shown = "hidden" if _SECRET.search(name) else _shown(value)
                raise self.error(
                    (*key, name), f"unknown key (value {shown}){hint}{everything}"
                )
        values: dict[str, Any] = {}
        for name, spec in known.items():
            if name in table:
                values[name] = self._value(hints[name], table[name], (*key, name))
            elif spec.default is spec.default_factory is dataclasses.MISSING:
                raise self.error(key, f"{name!r} is missing")
        self._check(kind, values, key)
        return kind(**values)

    def _value(self, hint: Any, value: object, key: tuple[str | int, ...]) -> Any:
        origin = typing.get_origin(hint)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            return self.read(hint, value, key)
        if origin is tuple:
            inner = typing.get_args(hint)[0]
            if not isinstance(value, list):
                raise self.error(key, f"{_shown(value)} is not a list")
            return tuple(
                self._value(inner, item, (*key, n)) for n, item in enumerate(value)
            )
        if origin is Literal:
            choices = typing.get_args(hint)
            if value not in choices:
                near = difflib.get_close_matches(str(value), choices, n=1)
                wish = f"; did you mean {near[0]!r}?" if near else ""
                listed = ", ".join(repr(choice) for choice in choices)
                raise self.error(key, f"{_shown(value)} is not one of {listed}{wish}")
            return value
        if origin in (typing.Union, types.UnionType):
            kinds = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
            for kind in kinds[:-1]:
                try:
                    return self._value(kind, value, key)
                except ConfigError:
                    continue
            return self._value(kinds[-1], value, key)
        if hint is timedelta:
            return self._duration(value, key)
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        # TOML's true is a Python int, too: a flag where a number belongs is wrong.
        if isinstance(value, bool) is not (hint is bool) or not isinstance(value, hint):
            names = {int: "a whole number", str: "a text in quotes"}
            names |= {bool: "true/false", float: "a number"}
            raise self.error(key, f"{_shown(value)} is not {names[hint]}")
        return value

    def _duration(self, value: object, key: tuple[str | int, ...]) -> timedelta:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.error(
                key, f'{_shown(value)} is not a duration such as "48h" or "7d"'
            )
        duration = timedelta(**{_DURATION_UNITS[match[2]]: int(match[1])})
        if duration > _LONGEST:
            raise self.error(key, f"{value!r} is longer than {_LONGEST.days}d")
        return duration

    def _check(
        self, kind: type, values: dict[str, Any], key: tuple[str | int, ...]
    ) -> None:
        """Hold values against the limits that a type cannot say."""
        for name, (low, high, unit) in self.limits.get(kind, {}).items():
            if name in values and not low <= values[name] <= high:
                # A duration's repr is Python, no text.
                value = values[name]
                shown = str(value) if isinstance(value, timedelta) else repr(value)
                message = f"{shown} is outside {low}..{high} {unit}".rstrip()
                raise self.error((*key, name), message)
        defaults = {f.name: f.default for f in dataclasses.fields(kind)}
        for name in ("url", "base_url"):
            url = values.get(name)
            unset = url == "" == defaults.get(name)
            if url is not None and not unset and not _is_address(url):
                message = f"{_shown(url)} is not an http or https address"
                raise self.error((*key, name), message)
        for name, value in values.items():
            is_named = name.endswith("_env") and value
            if is_named and not _ENVIRONMENT_NAME.fullmatch(value):
                # Perhaps the secret itself: it must not reach a log.
                message = "the value is not the name of an environment variable"
                raise self.error((*key, name), message)
        for n, chat in enumerate(values.get("chats", ())):
            if not is_chat(str(chat)):
                message = f'{_shown(chat)} is no chat: 123, "@channel", "-100123/7"'
                raise self.error((*key, "chats", n), message)
        for n, entry in enumerate(values.get("allow", ())):
            match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})", entry)
            if match is None or not 1 <= int(match[2]) <= 65_535:
                message = f'{entry!r} is not "host:port"'
                raise self.error((*key, "allow", n), message)


def is_chat(text: str) -> bool:
    """Whether a text names a Telegram chat, or a topic of one."""
    return _CHAT.fullmatch(text) is not None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # "http://[::1"
        return False


def _shown(value: object) -> str:
    """Show a value in an error, cut where it would fill the screen."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _dotted(key: tuple[str | int, ...]) -> str:
    dotted = ""
    for part in key:
        if isinstance(part, int):
            dotted += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[\w-]+", part) else repr(part)
            dotted += f".{name}" if dotted else name
    return dotted or "config"


def line_of(
    text: str, key: tuple[str | int, ...], *, whole: bool = False
) -> int | None:
    """Find the line of a key, or of what it stands in, for an editor to jump there.

    A `[header]`, a `[[list]]` and a `dotted.key =` each name a path; the first line
    with the longest path that leads to *key* is the one.

    Args:
        text: TOML.
        key: Names, and numbers in lists from 0 on.
        whole: Only the key itself will do.

    Returns:
        Its number, from 1 on; None where there is none.
    """
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    found, length = None, len(key) - 1 if whole else 0
    for number, line in enumerate(text.split("\n"), 1):
        path = table
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+)\]", line):
            path = _parts(header[2])
            if header[1] == "[[":
                counts[path] = counts.get(path, -1) + 1
                path = (*path, counts[path])
            table = path
        elif "=" in line:
            path = (*table, *_parts(line.partition("=")[0]))
        if length < len(path) and path == key[: len(path)]:
            found, length = number, len(path)
    return found


def _parts(dotted: str) -> tuple[str | int, ...]:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))
