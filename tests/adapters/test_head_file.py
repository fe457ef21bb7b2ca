"""Heads on disk: what was saved is loaded, and nothing that does not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from safetensors.numpy import load_file, save_file

from newsbot.adapters.head_file import (
    load_heads,
    read_card,
    save_heads,
    shipped_heads,
)
from newsbot.errors import ModelMissingError
from newsbot.stages.heads import EXCLUSIVE, NAMES, Head, HeadSet

BASE = "ab" * 32


def heads() -> HeadSet:
    dice = np.random.default_rng(5)

    def head(name: str) -> Head:
        n_classes, width = 3, 7
        return Head(
            mean=dice.normal(size=width).astype(np.float32),
            scale=np.ones(width, dtype=np.float32),
            weights=dice.normal(size=(n_classes, width)).astype(np.float32),
            bias=dice.normal(size=n_classes).astype(np.float32),
            exclusive=name in EXCLUSIVE,
        )

    return HeadSet(
        heads={name: head(name) for name in NAMES},
        threshold=0.1 + 0.2,
        party_threshold=1 / 3,
        amount_threshold=0.5,
        base=BASE,
        layer=9,
        hash="unsaved",
    )


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "heads.safetensors"
    save_heads(heads(), file, card=json.dumps({"articles": 3}))
    return file


def refused(path: Path, match: str = "newsbot model tune", *, base: str = BASE) -> None:
    with pytest.raises(ModelMissingError, match=match) as caught:
        load_heads(path, base=base)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "newsbot model tune" in message


def test_what_was_saved_is_loaded(path):
    """Every number and threshold comes back in each bit; the file's hash is kept."""
    saved, loaded = heads(), load_heads(path, base=BASE)
    for name in NAMES:
        for part in ("mean", "scale", "weights", "bias"):
            assert np.array_equal(
                getattr(saved[name], part), getattr(loaded[name], part)
            )
        assert loaded[name].exclusive == saved[name].exclusive
    assert replace(loaded, heads={}, hash="") == replace(saved, heads={}, hash="")
    assert len(loaded.hash) == 12
    assert json.loads(read_card(path)["card"]) == {"articles": 3}


def test_saving_leaves_one_file_and_the_same_bytes(path, tmp_path):
    """The same heads give the same file; nothing partial is left."""
    again = tmp_path / "again.safetensors"
    save_heads(heads(), again, card=json.dumps({"articles": 3}))
    assert again.read_bytes() == path.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "again.safetensors",
        "heads.safetensors",
    ]


def test_another_base_is_refused(path):
    """Heads read the states of one base only; both are named."""
    refused(path, "another base model", base="cd" * 32)
    refused(path, "abababababab, not cdcdcdcdcdcd", base="cd" * 32)


def altered(path: Path, **changed: str | None) -> Path:
    """Write the same tensors with other words about themselves."""
    metadata = {**read_card(path), **changed}
    kept = {key: value for key, value in metadata.items() if value is not None}
    save_file(load_file(path), path, metadata=kept)
    return path


@pytest.mark.parametrize(
    "changed",
    [
        {"features": "999"},
        {"features": None},
        {"cues": '["other"]'},
        {"cues": "{"},
        {"cues": None},
    ],
)
def test_other_features_are_refused(path, changed):
    """Heads tuned on other numbers would weigh the wrong ones."""
    refused(altered(path, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"threshold": "high"},
        {"threshold": None},
        {"layer": "nine"},
        {"exclusive": None},
        {"exclusive": "["},
        {"base": None},
    ],
)
def test_missing_and_senseless_words_are_refused(path, changed):
    """A file that does not say how to use it is not used."""
    refused(altered(path, **changed))


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -1, -5_000])
def test_a_cut_file_is_refused(path, kept):
    """However much is missing at the end, it is one line and no traceback."""
    data = path.read_bytes()
    path.write_bytes(data[:kept])
    refused(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 64,
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"null",
        (20).to_bytes(8, "little") + b'{"__metadata__": []}',
        (10**9).to_bytes(8, "little") + b"{}",
        b"\x02\0\0\0\0\0\0\0{}",
    ],
)
def test_what_is_no_head_file_is_refused(path, data):
    """Random bytes and other JSON are named like a damaged file."""
    path.write_bytes(data)
    refused(path)


def test_a_missing_head_or_part_is_refused(path):
    """All heads are needed, whole and of shapes that fit."""
    tensors, metadata = load_file(path), read_card(path)
    for name, value in (
        ("status.bias", None),
        ("party.mean", np.zeros(3, dtype=np.float32)),
        ("roles.weights", np.zeros(21, dtype=np.float32)),
    ):
        changed = {**tensors, name: value}
        kept = {key: one for key, one in changed.items() if one is not None}
        save_file(kept, path, metadata=metadata)
        refused(path)


def test_a_missing_file_is_refused(tmp_path):
    """No file and a folder are told in one line."""
    refused(tmp_path / "none.safetensors")
    refused(tmp_path)


def test_the_shipped_heads_fit_this_version():
    """The package's own heads are for the embedded base and these features."""
    from newsbot.adapters.embedded import base_sha256

    loaded = load_heads(shipped_heads(), base=base_sha256())
    assert set(loaded.heads) == set(NAMES)
    assert {name for name in NAMES if loaded[name].exclusive} == EXCLUSIVE
    for threshold in (
        loaded.threshold,
        loaded.party_threshold,
        loaded.amount_threshold,
    ):
        assert 0 < threshold < 1
    for name in NAMES:
        head = loaded[name]
        assert all(
            np.isfinite(part).all()
            for part in (head.mean, head.scale, head.weights, head.bias)
        )
        assert (head.scale > 0).all()
    card = json.loads(read_card(shipped_heads())["card"])
    assert card["articles"] >= 120
