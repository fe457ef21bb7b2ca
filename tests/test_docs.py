"""The pages of docs/: what is generated is current, and nothing is left out."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import typing

import pytest
from commands import ROOT, environment
from test_cli_setup import commands

from newsbot.config import Config

PAGES = sorted((ROOT / "docs").glob("*.md"))
#: Written by a script; the papers are not in a wheel.
GENERATED = ["configuration", "licences"]


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_current(tmp_path, name):
    """A page that code writes is what it would write now; else the command is named."""
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / f"{name}.py", "--check"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_reference_has_every_key():
    """Each table and key of the config stands in the reference, with words to it."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    n_keys = 0
    for name, hint in typing.get_type_hints(Config).items():
        inner = typing.get_args(hint)
        kind = inner[0] if inner else hint
        if not dataclasses.is_dataclass(kind):
            continue
        part = page.partition(f"[{name}]")[2].partition("\n## ")[0]
        for field in dataclasses.fields(kind):
            n_keys += 1
            row = re.search(rf"^\| `{field.name}` \|.*\| (.+) \|$", part, re.M)
            assert row, f"{name}.{field.name}"
            assert row[1].strip(), f"{name}.{field.name} is not explained"
    assert n_keys > 60


def test_every_command_is_in_the_docs():
    """Each command stands in the README or a page of docs/, as one would type it."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    text += (ROOT / "README.md").read_text(encoding="utf-8")
    found = [" ".join(words) for words, _ in commands()]
    assert len(found) > 30
    lacking = [one for one in found if not re.search(rf"newsbot {one}\b", text)]
    assert lacking == []
