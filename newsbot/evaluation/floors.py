"""Floors: figures that were reached once and must not be lost.

`tests/evals/floors.json` names, for each gold file by its SHA-256, the figures
below which an evaluation fails. A file it does not name has no floors. They bind
the model they were measured with, no other; where the same weights round otherwise,
in another number type, floors that were measured there stand beside the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from newsbot.errors import GateError, UserError

#: Searched upwards from the gold file.
NAME = "floors.json"


def check_floors(
    files: Sequence[Path], figures: Mapping[str, Any], model: str, dtype: str = ""
) -> None:
    """Hold figures against their floors.

    Args:
        files: The gold files that were read; floors apply to exactly this set.
        figures: What was measured, as `report` gives it.
        model: The model's name; floors of another kind of model do not bind.
        dtype: The number type that it computed in. Floors under ``"in"`` and this name
            take the place of those of the same figures.

    Raises:
        GateError: A figure fell below its floor; names it with both values.
        UserError: The floors cannot be read.
    """
    if not files:
        return
    path = _find(files[0])
    if path is None:
        return
    try:
        floors = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}") from error
    try:
        bound_model, gold = str(floors["model"]), set(floors["gold"].values())
        if (
            not model.startswith(bound_model)
            or {digest(file) for file in files} != gold
        ):
            return
        here = floors.get("in", {}).get(dtype, {})
        missed = list(_missed(_beside(floors["floors"], here), figures, ""))
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: no floors: {error!r}") from error
    if missed:
        raise GateError(f"below the floor: {'; '.join(missed)}")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _find(file: Path) -> Path | None:
    for folder in file.absolute().parents:
        if (folder / NAME).is_file():
            return folder / NAME
    return None


def _beside(floors: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Put other floors in the places of those of the same name."""
    return {
        name: _beside(floor, others.get(name, {}))
        if isinstance(floor, dict)
        else others.get(name, floor)
        for name, floor in floors.items()
    }


def _missed(
    floors: Mapping[str, Any], figures: Mapping[str, Any], prefix: str
) -> Iterator[str]:
    for name, floor in floors.items():
        if isinstance(floor, dict):
            yield from _missed(floor, figures[name], f"{prefix}{name}.")
        elif figures[name] < floor:
            yield f"{prefix}{name} {figures[name]:.4f} < {floor:.4f}"
