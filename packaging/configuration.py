"""Writes docs/configuration.md from the config's dataclasses and the example.

python packaging/configuration.py           # writes it
python packaging/configuration.py --check   # fails where it is not current
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import tomllib
import types
import typing
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from newsbot.config import LIMITS, Config

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "configuration.md"
HEAD = """# Configuration

Every table and key of `config.toml`. Written by `python packaging/configuration.py`
from the code and the comments of [config.example.toml](../config.example.toml), which
is what `newsbot init` writes; a test says whether it is current.

Every key is optional unless it says *needed*. A mistake is answered with its line,
value and the nearest known key. Keys that end in `_env` name environment variables,
which hold the secrets; no secret is in the file. Durations are texts such as `"48h"`,
`"30m"` or `"7d"`. Paths are relative to the config file. `newsbot check` tries
everything that is configured; a running service reads the file again on SIGHUP.
"""
_KINDS = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}


def main() -> None:
    """Write the page, or say that it is not current."""
    page = render()
    if "--check" not in sys.argv:
        TARGET.write_text(page, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != page:
        sys.exit(f"{TARGET} is not current: python packaging/configuration.py")


def render() -> str:
    """Render the page, tables in the order of the config."""
    comments = _example_comments()
    hints = typing.get_type_hints(Config)
    parts = [HEAD]
    for field in dataclasses.fields(Config):
        kind, is_list = _table_of(hints[field.name])
        if kind is None:
            continue
        title = f"[[{field.name}]]" if is_list else f"[{field.name}]"
        doc = " ".join((inspect.getdoc(kind) or "").split())
        more = " One block for each." if is_list else ""
        parts.append(
            f"## `{title}`\n\n{doc}{more}\n\n{_keys(kind, field.name, comments)}"
        )
    return "\n".join(parts)


def _keys(kind: type, table: str, comments: dict[tuple[str, str], str]) -> str:
    hints, notes = typing.get_type_hints(kind), _notes(kind)
    lines = ["| key | value | default | says |", "| --- | --- | --- | --- |"]
    for field in dataclasses.fields(kind):
        # The code's note stands alone; the example's has its line around it.
        meaning = notes.get(field.name) or comments.get((table, field.name), "")
        value = _value(hints[field.name]) + _limits(kind, field.name)
        row = (f"`{field.name}`", value, _default(field), meaning)
        cells = (cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _table_of(hint: Any) -> tuple[type | None, bool]:
    """Find a table's dataclass, and whether it may come more than once."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint, False
    inner = typing.get_args(hint)
    if inner and dataclasses.is_dataclass(inner[0]) and isinstance(inner[0], type):
        return inner[0], True
    return None, False


def _value(hint: Any) -> str:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{json.dumps(choice)}`" for choice in inner)
    if origin is tuple:
        return f"list of: {_value(inner[0])}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_value(one) for one in inner if one is not types.NoneType)
    return "duration" if hint is timedelta else _KINDS[hint]


def _limits(kind: type, name: str) -> str:
    if name not in LIMITS.get(kind, {}):
        return ""
    low, high, unit = LIMITS[kind][name]
    return f", {_shown(low)} to {_shown(high)} {unit}".rstrip()


def _shown(value: object) -> str:
    if not isinstance(value, timedelta):
        return f"{value:,}" if isinstance(value, int) else str(value)
    minutes = int(value.total_seconds() // 60)
    for size, letter in ((1440, "d"), (60, "h")):
        if minutes % size == 0 and minutes >= size:
            return f"{minutes // size}{letter}"
    return f"{minutes}m"


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default
    if value is dataclasses.MISSING:
        return "*needed*"
    if value is None or value == "":
        return "none"
    if isinstance(value, timedelta):
        return f'`"{_shown(value)}"`'
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def _notes(kind: type) -> dict[str, str]:
    """Read what `#:` says above each field."""
    notes: dict[str, str] = {}
    said: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        if match := re.match(r"\s+#: ?(.*)", line):
            said.append(match[1])
        elif match := re.match(r"\s+(\w+): ", line):
            notes[match[1]] = re.sub(r"``?", "`", " ".join(said))
            said = []
        else:
            said = []
    return notes


def _example_comments() -> dict[tuple[str, str], str]:
    """Read the comment behind each key of the example, with the lines that go on."""
    comments: dict[tuple[str, str], str] = {}
    for table, key, comment in _example_lines():
        if key:
            comments[table, key] = comment
            last = (table, key)
        else:
            comments[last] = f"{comments[last]} {comment}"
    return {where: text for where, text in comments.items() if text}


def _example_lines() -> Iterator[tuple[str, str, str]]:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    tomllib.loads(text)  # what is not TOML is no example
    table, open_comment = "", False
    for line in text.splitlines():
        if header := re.match(r"(?:# )?\[+(\w+)\]+", line):
            table, open_comment = header[1], False
        elif found := re.match(r"(?:# )?(\w+) = ([^#]*)(?:# ?(.*))?$", line):
            yield table, found[1], (found[3] or "").strip()
            open_comment = bool(found[3])
        elif (more := re.match(r"\s{8,}# (.*)", line)) and open_comment:
            yield table, "", more[1].strip()
        else:
            open_comment = False


if __name__ == "__main__":
    main()
