"""Prompts: one Markdown file each, checked when loaded, hashed beside every output.

A file begins with a TOML head between two lines of ``+++``: `name`, `version`,
`inputs` (the variables, all of them and no others) and `output`. The text
below has two parts, ``# Instruction`` and ``# Text``; variables are ``{{name}}``.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from newsbot.errors import ConfigError

_FILE = re.compile(
    r"\+\+\+\n(?P<head>.*?)\n\+\+\+\n\s*# Instruction\n(?P<instruction>.*?)"
    r"\n# Text\n(?P<text>.*)",
    re.DOTALL,
)
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_KEYS = {"name", "version", "inputs", "output"}
#: What fences the article off in every prompt, and what looks like it.
_FENCE = re.compile(r"~{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question's wording."""

    name: str
    version: int
    inputs: tuple[str, ...]
    #: What the answer must look like, in words.
    output: str
    instruction: str
    text: str
    #: SHA-256 of the file, 12 hexadecimal digits.
    hash: str

    @property
    def id(self) -> str:
        """Name, version and hash, kept beside every output."""
        return f"{self.name}@{self.version}:{self.hash}"

    def fill(self, values: Mapping[str, str]) -> str:
        """Put values into the text; a value is never read as a variable.

        Raises:
            KeyError: A variable has no value, or a value no variable.
        """
        if set(values) != set(self.inputs):
            raise KeyError(f"{self.name} takes {self.inputs}, not {tuple(values)}")
        return _VARIABLE.sub(lambda match: values[match[1]], self.text)


def parse_prompt(data: bytes, *, file: str) -> Prompt:
    """Read and check one prompt file.

    Raises:
        ConfigError: The head is missing, has unknown keys or wrong types, or does
            not name exactly the variables that the text uses.
    """
    try:
        match = _FILE.fullmatch(data.decode("utf-8").replace("\r\n", "\n"))
        if match is None:
            raise ConfigError(f"{file}: needs a +++ head, # Instruction and # Text")
        head = tomllib.loads(match["head"])
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    if set(head) != _KEYS:
        wrong = ", ".join(sorted(set(head) ^ _KEYS))
        raise ConfigError(f"{file}: unknown or missing keys in the head: {wrong}")
    _check_types(head, file)
    if stray := _VARIABLE.findall(match["instruction"]):
        raise ConfigError(f"{file}: the instruction takes no variable: {stray[0]}")
    used = set(_VARIABLE.findall(match["text"]))
    if used != set(head["inputs"]):
        raise ConfigError(
            f"{file}: inputs are {sorted(head['inputs'])}, the text uses {sorted(used)}"
        )
    return Prompt(
        name=head["name"],
        version=head["version"],
        inputs=tuple(head["inputs"]),
        output=head["output"],
        instruction=match["instruction"].strip(),
        text=match["text"].strip(),
        hash=hashlib.sha256(data).hexdigest()[:12],
    )


def _check_types(head: Mapping[str, Any], file: str) -> None:
    for key, kind, what in (
        ("name", str, "a text"),
        ("version", int, "a whole number"),
        ("inputs", list, "a list of texts"),
        ("output", str, "a text"),
    ):
        value = head[key]
        items = value if isinstance(value, list) else []
        if type(value) is not kind or not all(isinstance(one, str) for one in items):
            raise ConfigError(f"{file}: {key} must be {what}, not {value!r}")


def fenced(text: str) -> str:
    """An article as data: it cannot close the fence that a prompt puts around it."""
    return _FENCE.sub("~", text)


@cache
def load_prompt(name: str) -> Prompt:
    """Load a prompt of the package by name.

    Raises:
        ConfigError: There is no such prompt, or it is not well formed.
    """
    file = f"{name}.md"
    for folder in _folders():
        path = folder / file
        if path.is_file():
            return parse_prompt(path.read_bytes(), file=str(path))
    raise ConfigError(f"no prompt {name!r}")


def _folders() -> tuple[Path, ...]:
    """The wheel carries the prompts as data; a checkout has them at its top."""
    packaged = Path(str(resources.files("newsbot"))) / "data" / "prompts"
    return packaged, Path(__file__).parents[1] / "prompts"
