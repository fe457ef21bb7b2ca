"""Which files make up the corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from newsbot.errors import UserError

_HERE = Path(__file__).parent / "corpus"


def corpus_files(named: Sequence[Path]) -> list[Path]:
    """List the corpus's files, sorted; the checkout's own where none is named.

    Raises:
        UserError: There is none; a wheel does not carry the corpus.
    """
    # An installed newsbot may run in a checkout, whose corpus it then takes.
    own = _HERE if _HERE.is_dir() else Path("newsbot/tuning/corpus")
    files: list[Path] = []
    for place in named or [own]:
        files.extend(sorted(place.glob("*.jsonl")) if place.is_dir() else [place])
    files = [file for file in files if file.is_file()]
    if not files:
        raise UserError(
            "no corpus here: run this in a checkout, or name one with --corpus DIR"
        )
    return files


def data_digest(files: Sequence[Path]) -> str:
    """SHA-256 over the files' bytes, in order, 16 hexadecimal digits."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]
