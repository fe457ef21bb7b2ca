"""An adapter on disk: low-rank weights and heads in one file, pinned to its base.

In: a path. Out: the adapter, or one clear error. One safetensors file holds the
tuned pairs of low-rank matrices, the heads, thresholds, and a card that says how it
came about.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsbot.errors import ModelMissingError
from newsbot.stages import questions
from newsbot.stages.casting import N_KNOWN, Casting
from newsbot.stages.heads import (
    CLASSES,
    EXCLUSIVE,
    NAME_UNITS,
    PAIR_WIDTH,
    PAIRS,
    Head,
    HeadSet,
    Namer,
    Pair,
    Thresholds,
)
from newsbot.stages.word_heads import READERS, WordHead
from newsbot.vocabulary import ROLES

_PAIR_PARTS = ("left", "left_bias", "right", "right_bias", "bias")
_CASTING_PARTS = ("sets", "weights", "trust")
_NAMER_PARTS = ("inner", "inner_bias", "outer", "outer_bias")
#: Bump when a file of this version could not be read by an older one.
FORMAT = 3
#: Bytes of a file's own head; a card is a few thousand.
MAX_HEADER = 1_000_000
#: What a missing, cut or altered file makes its readers raise.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


_Kept = NDArray[np.float16] | NDArray[np.float32] | NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What tuning changed of a base model, and what reads its states."""

    #: By the module's name in the base, as ``"layers.4.mlp.up_proj"``: the matrices
    #: A of shape (rank, n_in) and B of shape (n_out, rank); B A is added to it.
    matrices: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    heads: HeadSet
    #: SHA-256 of the base model's file.
    base: str
    #: Layers of the base that are run.
    layer: int
    #: Recipe, data digest and figures, as JSON.
    card: str


def shipped_adapter() -> Path:
    """Where the adapter of the embedded model lies in the package."""
    return Path(str(resources.files("newsbot"))) / "data" / "adapter.safetensors"


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write an adapter, atomically; the same adapter gives the same bytes.

    The low-rank matrices are kept as float16: their values lie far inside its range,
    and its 11 bits are more than the bfloat16 they are added to.
    """
    from safetensors.numpy import save

    tensors: dict[str, _Kept] = {}
    for name, (a, b) in adapter.matrices.items():
        tensors[f"lora.{name}.a"] = np.ascontiguousarray(a, dtype=np.float16)
        tensors[f"lora.{name}.b"] = np.ascontiguousarray(b, dtype=np.float16)
    for name in CLASSES:
        head = adapter.heads[name]
        tensors[f"head.{name}.weights"] = np.ascontiguousarray(head.weights)
        tensors[f"head.{name}.bias"] = np.ascontiguousarray(head.bias)
    for name in PAIRS:
        for part in _PAIR_PARTS:
            value = getattr(adapter.heads.pairs[name], part)
            tensors[f"pair.{name}.{part}"] = np.ascontiguousarray(value)
    for part in _NAMER_PARTS:
        tensors[f"namer.{part}"] = np.ascontiguousarray(
            getattr(adapter.heads.namer, part)
        )
    for part in _CASTING_PARTS:
        tensors[f"casting.{part}"] = np.ascontiguousarray(
            getattr(adapter.heads.casting, part)
        )
    for name, reader in adapter.heads.words.items():
        tensors |= _written_words(name, reader)
    metadata = {
        "format": str(FORMAT),
        "base": adapter.base,
        "layer": str(adapter.layer),
        "questions": str(questions.VERSION),
        "thresholds": json.dumps(asdict(adapter.heads.thresholds), sort_keys=True),
        "card": adapter.card,
    }
    partial = path.with_suffix(".partial")
    partial.write_bytes(_in_order(save(tensors, metadata=metadata)))
    partial.chmod(0o644)  # a package's file is not private, whatever the umask
    partial.replace(path)


def _in_order(data: bytes) -> bytes:
    """Sort a file's head: safetensors writes its metadata in an order of chance.

    Without this, the same adapter would have another hash each time it is saved.
    """
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    written = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return struct.pack("<Q", len(written)) + written + data[8 + length :]


def read_card(path: Path) -> dict[str, str]:
    """Read what an adapter says of itself, without loading its tensors.

    Raises:
        ModelMissingError: The file is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MAX_HEADER:
                raise ValueError("header too long")
            header = json.loads(file.read(length))
        return {str(key): str(text) for key, text in header["__metadata__"].items()}
    except (*_DAMAGE, struct.error) as error:
        raise _unusable(path) from error


def load_adapter(path: Path, *, base: str) -> Adapter:
    """Load an adapter that was tuned on this very base model.

    Args:
        path: A file written by `save_adapter`.
        base: SHA-256 of the base model's file.

    Raises:
        ModelMissingError: Missing, damaged, or tuned on another base or with other
            questions.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    metadata = read_card(path)
    if (own := metadata.get("base", "")) != base:
        shown = own[:12] if own.isalnum() else "?"
        raise ModelMissingError(
            f"{path}: tuned on another base model ({shown}, not {base[:12]}); "
            "run `newsbot model tune`"
        )
    if metadata.get("questions") != str(questions.VERSION):
        raise ModelMissingError(
            f"{path}: tuned with other questions; run `newsbot model tune`"
        )
    try:
        if metadata["format"] != str(FORMAT):
            raise ValueError(f"format {metadata['format']}")
        data = path.read_bytes()
        tensors = {name: np.asarray(t, np.float32) for name, t in load(data).items()}
        for name, tensor in tensors.items():
            if not np.isfinite(tensor).all():
                raise ValueError(f"{name}: not all numbers")
        names = {n[5:-2] for n in tensors if n.startswith("lora.")}
        width = tensors["head.article.weights"].shape[-1] // 2
        if (layer := int(metadata["layer"])) < 1:
            raise ValueError(f"{layer} layers")
        heads = HeadSet(
            heads={name: _head(tensors, name, width) for name in CLASSES},
            pairs={name: _pair(tensors, name, width) for name in PAIRS},
            namer=_namer(tensors, width),
            casting=_casting(tensors),
            thresholds=_thresholds(metadata["thresholds"]),
            words={
                name: _words(tensors, name)
                for name in READERS
                if f"words.{name}.text" in tensors
            },
            hash=hashlib.sha256(data).hexdigest()[:12],
        )
        return Adapter(
            matrices={n: _matrices(tensors, n) for n in sorted(names)},
            heads=heads,
            base=base,
            layer=layer,
            card=metadata["card"],
        )
    except (*_DAMAGE, SafetensorError) as error:
        raise _unusable(path) from error


def _matrices(
    tensors: Mapping[str, NDArray[np.float32]], name: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    a, b = tensors[f"lora.{name}.a"], tensors[f"lora.{name}.b"]
    if a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
        raise ValueError(f"{name}: its matrices do not fit each other")
    return a, b


def _head(tensors: Mapping[str, NDArray[np.float32]], name: str, width: int) -> Head:
    weights, bias = tensors[f"head.{name}.weights"], tensors[f"head.{name}.bias"]
    n_classes = CLASSES[name]
    if weights.shape != (n_classes, 2 * width) or bias.shape != (n_classes,):
        raise ValueError(f"head {name}: of another shape")
    return Head(weights=weights, bias=bias, exclusive=name in EXCLUSIVE)


def _pair(tensors: Mapping[str, NDArray[np.float32]], name: str, width: int) -> Pair:
    side = ((PAIR_WIDTH, 2 * width), (PAIR_WIDTH,))
    parts = {}
    for part, shape in zip(_PAIR_PARTS, (*side, *side, (1,)), strict=True):
        parts[part] = tensors[f"pair.{name}.{part}"]
        if parts[part].shape != shape:
            raise ValueError(f"pair {name}: {part} of another shape")
    return Pair(**parts)


def _namer(tensors: Mapping[str, NDArray[np.float32]], width: int) -> Namer:
    shapes = ((NAME_UNITS, 2 * width), (NAME_UNITS,), (1, NAME_UNITS), (1,))
    parts = {}
    for part, shape in zip(_NAMER_PARTS, shapes, strict=True):
        parts[part] = tensors[f"namer.{part}"]
        if parts[part].shape != shape:
            raise ValueError(f"namer: {part} of another shape")
    return Namer(**parts)


def _casting(tensors: Mapping[str, NDArray[np.float32]]) -> Casting:
    sets, weights, trust = (tensors[f"casting.{part}"] for part in _CASTING_PARTS)
    n_sets = len(sets)
    shapes = ((n_sets, len(ROLES)), (n_sets, N_KNOWN), (1,))
    if (sets.shape, weights.shape, trust.shape) != shapes:
        raise ValueError("casting: of another shape")
    if not n_sets or not np.isin(sets, (0, 1)).all() or not sets.any(1).all():
        raise ValueError("casting: no sets of roles")
    return Casting(sets=sets, weights=weights, trust=trust)


def _written_words(name: str, reader: WordHead) -> dict[str, _Kept]:
    """Write a second reader: its words as bytes, a line each, its weights as halves."""
    places = sorted(reader.vocabulary, key=lambda word: reader.vocabulary[word])
    text = "\n".join(places).encode()
    return {
        f"words.{name}.text": np.frombuffer(text, np.uint8),
        f"words.{name}.rarity": np.ascontiguousarray(reader.rarity),
        f"words.{name}.weights": np.ascontiguousarray(reader.weights, np.float16),
        f"words.{name}.bias": np.ascontiguousarray(reader.bias),
    }


def _words(tensors: Mapping[str, NDArray[np.float32]], name: str) -> WordHead:
    text, rarity, weights, bias = (
        tensors[f"words.{name}.{part}"]
        for part in ("text", "rarity", "weights", "bias")
    )
    written = text.astype(np.uint8).tobytes().decode()
    words = written.split("\n") if written else []
    n_words, n_classes = len(words), READERS[name]
    shapes = ((n_words,), (n_classes, n_words), (n_classes,))
    if (rarity.shape, weights.shape, bias.shape) != shapes:
        raise ValueError(f"words of {name}: of another shape")
    return WordHead(
        vocabulary={word: n for n, word in enumerate(words)},
        rarity=rarity,
        weights=weights,
        bias=bias,
    )


def _thresholds(text: str) -> Thresholds:
    told = {str(name): float(value) for name, value in json.loads(text).items()}
    if not all(0 <= value <= 1 for value in told.values()):
        raise ValueError("a threshold is no probability")
    return Thresholds(**told)


def _unusable(path: Path) -> ModelMissingError:
    return ModelMissingError(f"{path}: no usable adapter; run `newsbot model tune`")
