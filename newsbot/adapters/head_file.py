"""Heads on disk: one safetensors file, pinned to its base by SHA-256."""

from __future__ import annotations

import hashlib
import json
import struct
from importlib import resources
from pathlib import Path

import numpy as np

from newsbot.errors import ModelMissingError
from newsbot.stages import features
from newsbot.stages.cues import CUES
from newsbot.stages.heads import NAMES, Head, HeadSet

_FIELDS = ("mean", "scale", "weights", "bias")


def shipped_heads() -> Path:
    """Where the heads of the embedded model lie in the package."""
    return Path(str(resources.files("newsbot"))) / "data" / "heads.safetensors"


def save_heads(heads: HeadSet, path: Path, *, card: str) -> None:
    """Write heads, atomically.

    Args:
        heads: The heads.
        path: The file.
        card: Recipe, data digest and figures as JSON, kept in the file's head.
    """
    from safetensors.numpy import save_file

    tensors = {
        f"{name}.{part}": np.ascontiguousarray(
            getattr(heads[name], part), dtype=np.float32
        )
        for name in NAMES
        for part in _FIELDS
    }
    metadata = {
        "base": heads.base,
        "layer": str(heads.layer),
        "threshold": repr(heads.threshold),
        "party_threshold": repr(heads.party_threshold),
        "amount_threshold": repr(heads.amount_threshold),
        "exclusive": json.dumps([n for n in NAMES if heads[n].exclusive]),
        "features": str(features.VERSION),
        "cues": json.dumps(CUES),
        "card": card,
    }
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata=metadata)
    partial.chmod(0o644)  # safetensors makes it private; a package's file is not
    partial.replace(path)


def read_card(path: Path) -> dict[str, str]:
    """Read what a head file says of itself, without loading its tensors.

    Raises:
        ModelMissingError: The file is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > 1_000_000:
                raise ValueError("header too long")
            header = json.loads(file.read(length))
        return dict(header["__metadata__"])
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise ModelMissingError(
            f"{path}: no usable heads; run `newsbot model tune`"
        ) from error


def load_heads(path: Path, *, base: str) -> HeadSet:
    """Load heads that were tuned on this very base model.

    Args:
        path: A file written by `save_heads`.
        base: SHA-256 of the base model's file.

    Raises:
        ModelMissingError: Missing, damaged, or tuned on another base or on
            other features.
    """
    from safetensors.numpy import load_file

    metadata = read_card(path)
    if metadata.get("base") != base:
        raise ModelMissingError(
            f"{path}: tuned on another base model ({metadata.get('base', '?')[:12]}, "
            f"not {base[:12]}); run `newsbot model tune`"
        )
    same_features = metadata.get("features") == str(features.VERSION)
    if not same_features or json.loads(metadata.get("cues", "[]")) != list(CUES):
        raise ModelMissingError(
            f"{path}: tuned on other features; run `newsbot model tune`"
        )
    tensors = load_file(path)
    exclusive = set(json.loads(metadata["exclusive"]))
    heads = {
        name: Head(
            **{part: tensors[f"{name}.{part}"] for part in _FIELDS},
            exclusive=name in exclusive,
        )
        for name in NAMES
    }
    return HeadSet(
        heads=heads,
        threshold=float(metadata["threshold"]),
        party_threshold=float(metadata["party_threshold"]),
        amount_threshold=float(metadata["amount_threshold"]),
        base=base,
        layer=int(metadata["layer"]),
        hash=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
    )
