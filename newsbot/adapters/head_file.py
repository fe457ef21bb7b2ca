"""Heads on disk: one safetensors file, pinned to its base by SHA-256."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsbot.errors import ModelMissingError
from newsbot.stages import features
from newsbot.stages.cues import CUES
from newsbot.stages.heads import NAMES, Head, HeadSet

_FIELDS = ("mean", "scale", "weights", "bias")
#: What a missing, cut or altered file makes its readers raise.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def shipped_heads() -> Path:
    """Where the heads of the embedded model lie in the package."""
    return Path(str(resources.files("newsbot"))) / "data" / "heads.safetensors"


def save_heads(heads: HeadSet, path: Path, *, card: str) -> None:
    """Write heads, atomically; the same heads and card give the same bytes.

    Args:
        heads: The heads.
        path: The file.
        card: Recipe, data digest and figures as JSON, kept in the file's head.
    """
    from safetensors.numpy import save

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
    partial.write_bytes(_in_order(save(tensors, metadata=metadata)))
    partial.chmod(0o644)  # a package's file is not private, whatever the umask
    partial.replace(path)


def _in_order(data: bytes) -> bytes:
    """Sort a file's head: safetensors writes its metadata in an order of chance.

    Without this, the same heads would have another hash each time they are saved.
    """
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    written = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return struct.pack("<Q", len(written)) + written + data[8 + length :]


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
        return {str(key): str(text) for key, text in header["__metadata__"].items()}
    except (*_DAMAGE, struct.error) as error:
        raise _unusable(path) from error


def load_heads(path: Path, *, base: str) -> HeadSet:
    """Load heads that were tuned on this very base model.

    Args:
        path: A file written by `save_heads`.
        base: SHA-256 of the base model's file.

    Raises:
        ModelMissingError: Missing, damaged, or tuned on another base or on
            other features.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    metadata = read_card(path)
    if metadata.get("base") != base:
        raise ModelMissingError(
            f"{path}: tuned on another base model ({metadata.get('base', '?')[:12]}, "
            f"not {base[:12]}); run `newsbot model tune`"
        )
    try:
        cues = json.loads(metadata["cues"])
        if metadata["features"] != str(features.VERSION) or cues != list(CUES):
            raise ModelMissingError(
                f"{path}: tuned on other features; run `newsbot model tune`"
            )
        data = path.read_bytes()
        tensors = load(data)
        exclusive = set(json.loads(metadata["exclusive"]))
        return HeadSet(
            heads={name: _head(tensors, name, name in exclusive) for name in NAMES},
            threshold=float(metadata["threshold"]),
            party_threshold=float(metadata["party_threshold"]),
            amount_threshold=float(metadata["amount_threshold"]),
            base=base,
            layer=int(metadata["layer"]),
            hash=hashlib.sha256(data).hexdigest()[:12],
        )
    except (*_DAMAGE, SafetensorError) as error:
        raise _unusable(path) from error


def _head(
    tensors: Mapping[str, NDArray[np.float32]], name: str, exclusive: bool
) -> Head:
    parts = {part: tensors[f"{name}.{part}"] for part in _FIELDS}
    head = Head(**parts, exclusive=exclusive)
    n_classes, width = head.weights.shape
    shapes = (head.mean.shape, head.scale.shape, head.bias.shape)
    if shapes != ((width,), (width,), (n_classes,)):
        raise ValueError(f"head {name}: its parts do not fit each other")
    return head


def _unusable(path: Path) -> ModelMissingError:
    return ModelMissingError(f"{path}: no usable heads; run `newsbot model tune`")
