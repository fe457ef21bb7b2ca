"""An adapter on disk: what was saved is loaded, and nothing that does not fit."""

from __future__ import annotations

import json
import pickle
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from newsbot.adapters.adapter_file import (
    FORMAT,
    MAX_HEADER,
    Adapter,
    load_adapter,
    read_card,
    save_adapter,
    shipped_adapter,
)
from newsbot.errors import ModelMissingError
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
from newsbot.stages.word_heads import WordHead
from newsbot.vocabulary import ROLES

BASE = "ab" * 32
WIDTH, RANK = 6, 2
CARD = json.dumps({"articles": 3, "note": "ä\n"})
MODULE = "layers.4.mlp.up_proj"


def adapter() -> Adapter:
    """A small adapter, the same one every time."""
    dice = np.random.default_rng(5)

    def numbers(*shape: int):
        return dice.normal(size=shape).astype(np.float32)

    def half(*shape: int):  # matrices are kept as float16
        return numbers(*shape).astype(np.float16).astype(np.float32)

    def pair() -> Pair:
        return Pair(
            left=numbers(PAIR_WIDTH, 2 * WIDTH),
            left_bias=numbers(PAIR_WIDTH),
            right=numbers(PAIR_WIDTH, 2 * WIDTH),
            right_bias=numbers(PAIR_WIDTH),
            bias=numbers(1),
        )

    return Adapter(
        matrices={
            MODULE: (half(RANK, WIDTH), half(9, RANK)),
            "layers.4.self_attn.q_proj": (half(RANK, WIDTH), half(8, RANK)),
        },
        heads=HeadSet(
            heads={
                name: Head(
                    weights=numbers(n, 2 * WIDTH),
                    bias=numbers(n),
                    exclusive=name in EXCLUSIVE,
                )
                for name, n in CLASSES.items()
            },
            pairs={name: pair() for name in PAIRS},
            namer=Namer(
                inner=numbers(NAME_UNITS, 2 * WIDTH),
                inner_bias=numbers(NAME_UNITS),
                outer=numbers(1, NAME_UNITS),
                outer_bias=numbers(1),
            ),
            casting=Casting(
                sets=np.eye(len(ROLES), dtype=np.float32)[:4],
                weights=numbers(4, N_KNOWN),
                trust=numbers(1),
            ),
            thresholds=Thresholds(
                article=0.1 + 0.2,
                party=1 / 3,
                amount=0.5,
                capacity=0.4,
                types=0.55,
                name=0.3,
            ),
            words={
                "types": WordHead(
                    vocabulary={"rents": 0, "vermietet \u00b6party": 1, "\u00fc": 2},
                    rarity=numbers(3),
                    weights=half(CLASSES["types"], 3),
                    bias=numbers(CLASSES["types"]),
                ),
                "several": WordHead(
                    vocabulary={"zwei vertr\u00e4ge": 0, "\u00b6title two": 1},
                    rarity=numbers(2),
                    weights=half(1, 2),
                    bias=numbers(1),
                ),
            },
            hash="unsaved",
        ),
        base=BASE,
        layer=9,
        card=CARD,
    )


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "adapter.safetensors"
    save_adapter(adapter(), file)
    return file


def refused(path: Path, match: str = "no usable adapter", *, base: str = BASE) -> None:
    """It is refused in one line that names the file and what to do."""
    with pytest.raises(ModelMissingError, match=match) as caught:
        load_adapter(path, base=base)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "newsbot model tune" in message


def parts(one: Adapter):
    """Every array of an adapter, by its place."""
    for name, (a, b) in one.matrices.items():
        yield f"{name}.a", a
        yield f"{name}.b", b
    for name, head in one.heads.heads.items():
        yield f"{name}.weights", head.weights
        yield f"{name}.bias", head.bias
    for name, pair in one.heads.pairs.items():
        for part in ("left", "left_bias", "right", "right_bias", "bias"):
            yield f"{name}.{part}", getattr(pair, part)
    for part in ("inner", "inner_bias", "outer", "outer_bias"):
        yield f"namer.{part}", getattr(one.heads.namer, part)
    for part in ("sets", "weights", "trust"):
        yield f"casting.{part}", getattr(one.heads.casting, part)
    for name, words in one.heads.words.items():
        for part in ("rarity", "weights", "bias"):
            yield f"words.{name}.{part}", getattr(words, part)


def test_what_was_saved_is_loaded(path):
    """Every number, threshold and word comes back in each bit, with the file's hash."""
    saved, loaded = adapter(), load_adapter(path, base=BASE)
    before, after = dict(parts(saved)), dict(parts(loaded))
    assert set(before) == set(after)
    for name, array in before.items():
        assert after[name].dtype == np.float32
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert loaded.heads.thresholds == saved.heads.thresholds
    assert {name: one.vocabulary for name, one in loaded.heads.words.items()} == {
        name: one.vocabulary for name, one in saved.heads.words.items()
    }
    assert (loaded.base, loaded.layer, loaded.card) == (BASE, 9, CARD)
    assert {n for n in CLASSES if loaded.heads[n].exclusive} == EXCLUSIVE
    assert len(loaded.heads.hash) == 12
    assert loaded.heads.hash != saved.heads.hash


def test_the_hash_is_the_content_s(path, tmp_path):
    """Another number is another hash; another place is not."""
    first = load_adapter(path, base=BASE)
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(path.read_bytes())
    assert load_adapter(moved, base=BASE).heads.hash == first.heads.hash
    save_adapter(replace(adapter(), card="{}"), moved)
    assert load_adapter(moved, base=BASE).heads.hash != first.heads.hash


def test_saving_leaves_one_file_and_the_same_bytes(path, tmp_path):
    """The same adapter gives the same file, saved anew or over; nothing partial stays."""
    again = tmp_path / "again.safetensors"
    for _ in range(3):
        save_adapter(load_adapter(path, base=BASE), again)
        assert again.read_bytes() == path.read_bytes()
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["adapter.safetensors", "again.safetensors"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_card_is_read_without_the_tensors(path):
    """What an adapter says of itself stands in its head, also where the rest is cut."""
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    path.write_bytes(path.read_bytes()[: 8 + length])
    card = read_card(path)
    assert card["card"] == CARD
    assert (card["base"], card["layer"]) == (BASE, "9")
    refused(path)


def test_another_base_is_refused(path):
    """An adapter changes one base only; both are named."""
    refused(path, "another base model", base="cd" * 32)
    refused(path, "abababababab, not cdcdcdcdcdcd", base="cd" * 32)
    refused(altered(path, base="a\nb\x1b[2J"), r"another base model \(\?, not")
    refused(altered(path, base=None), r"another base model \(\?, not")


def altered(path: Path, **changed: str | None) -> Path:
    """Write the same tensors with other words about themselves."""
    metadata = {**read_card(path), **changed}
    kept = {key: value for key, value in metadata.items() if value is not None}
    save_file(load_file(path), path, metadata=kept)
    return path


def test_other_words_are_all_that_altering_changes(path):
    """The way the tests below alter a file keeps it loadable."""
    assert load_adapter(altered(path, card="{}"), base=BASE).card == "{}"


@pytest.mark.parametrize("version", ["0", "999", None, ""])
def test_other_questions_are_refused(path, version):
    """Heads tuned on other questions would weigh other states."""
    refused(altered(path, questions=version), "other questions")


@pytest.mark.parametrize(
    "changed",
    [
        {"format": str(FORMAT + 1)},
        {"format": str(FORMAT - 1)},  # no casting
        {"format": None},
        {"thresholds": None},
        {"thresholds": "high"},
        {"thresholds": "{}"},
        {"thresholds": "[0.5]"},
        {"thresholds": '{"article": 0.5}'},
        {"layer": "nine"},
        {"layer": None},
        {"layer": "-2"},
        {"card": None},
    ],
)
def test_missing_and_senseless_words_are_refused(path, changed):
    """A file that does not say how to use it is not used."""
    refused(altered(path, **changed))


def test_thresholds_must_be_numbers(path):
    """A threshold that is a text or no probability would fail on the first article."""
    for value in ('"high"', "null", "[1]", "NaN", "7"):
        thresholds = json.loads(read_card(path)["thresholds"])
        text = json.dumps({**thresholds, "party": "?"}).replace('"?"', value)
        refused(altered(path, thresholds=text))
        save_adapter(adapter(), path)


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
        (22).to_bytes(8, "little") + b'{"__metadata__": null}',
        (10**9).to_bytes(8, "little") + b"{}",
        b"\x02\0\0\0\0\0\0\0{}",
        pickle.dumps({"lora": [1.0, 2.0]}),
        b"PK\x03\x04" + pickle.dumps(adapter().layer) * 20,
    ],
)
def test_what_is_no_adapter_is_refused(path, data):
    """Random bytes, other JSON, pickles and zip files are told like a damaged file."""
    path.write_bytes(data)
    refused(path)
    with pytest.raises(ModelMissingError, match="no usable adapter"):
        read_card(path)


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_is_never_opened(path, tmp_path):
    """A file that runs code where it is unpickled runs none."""
    mark = tmp_path / "ran"
    path.write_bytes(pickle.dumps(Trap(mark)))
    refused(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())
    assert mark.exists()  # the trap works


def test_a_huge_head_is_not_read(path):
    """A head that claims, or has, gigabytes costs no memory."""
    deep = b"[" * (3 * MAX_HEADER)
    for data in (
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2**34) + b"{}",
        struct.pack("<Q", len(deep)) + deep,
        struct.pack("<Q", MAX_HEADER) + b"[" * MAX_HEADER,
    ):
        path.write_bytes(data)
        tracemalloc.start()
        refused(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10 * MAX_HEADER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("head.status.bias", None),
        ("head.roles.weights", None),
        ("pair.belongs.left", None),
        ("namer.inner", None),
        ("namer.inner", np.zeros((NAME_UNITS, WIDTH), dtype=np.float32)),
        ("namer.outer", np.zeros((2, NAME_UNITS), dtype=np.float32)),
        ("namer.outer_bias", np.zeros((), dtype=np.float32)),
        ("casting.trust", None),
        ("casting.trust", np.zeros(2, dtype=np.float32)),
        ("casting.weights", np.zeros((4, N_KNOWN - 1), dtype=np.float32)),
        ("casting.sets", np.zeros((0, len(ROLES)), dtype=np.float32)),
        ("casting.sets", np.zeros((4, len(ROLES)), dtype=np.float32)),
        ("casting.sets", np.full((4, len(ROLES)), 0.5, dtype=np.float32)),
        ("words.types.bias", None),
        ("words.types.rarity", np.zeros(4, dtype=np.float32)),
        ("words.types.weights", np.zeros((3, 3), dtype=np.float16)),
        ("words.types.text", np.frombuffer(b"only one", dtype=np.uint8)),
        ("words.types.text", np.frombuffer(b"\xff\n\n", dtype=np.uint8)),
        ("pair.belongs.bias", None),
        (f"lora.{MODULE}.a", None),
        (f"lora.{MODULE}.b", None),
        ("head.party.bias", np.zeros(3, dtype=np.float32)),
        ("head.roles.weights", np.zeros(12 * WIDTH, dtype=np.float32)),
        ("head.status.weights", np.zeros((9, 2 * WIDTH), dtype=np.float32)),
        (f"lora.{MODULE}.a", np.zeros((RANK + 1, WIDTH), dtype=np.float16)),
        (f"lora.{MODULE}.b", np.zeros(RANK, dtype=np.float16)),
        ("pair.belongs.left", np.zeros((PAIR_WIDTH - 1, 2 * WIDTH), dtype=np.float32)),
        ("pair.belongs.left", np.zeros((PAIR_WIDTH, WIDTH), dtype=np.float32)),
        ("pair.belongs.right_bias", np.zeros(3, dtype=np.float32)),
        ("pair.belongs.bias", np.zeros(2, dtype=np.float32)),
        ("pair.belongs.right", np.zeros((PAIR_WIDTH, 2 * WIDTH + 1), dtype=np.float32)),
        ("head.party.weights", np.zeros((1, 2 * WIDTH + 1), dtype=np.float32)),
        ("head.party.weights", np.zeros((1, WIDTH), dtype=np.float32)),
        ("head.article.weights", np.zeros((1, 2 * WIDTH + 1), dtype=np.float32)),
        ("head.article.weights", np.zeros((1, WIDTH), dtype=np.float32)),
        ("head.sentence.weights", np.zeros((1, WIDTH), dtype=np.float32)),
        ("head.party.bias", np.full(1, np.nan, dtype=np.float32)),
        (f"lora.{MODULE}.a", np.full((RANK, WIDTH), np.inf, dtype=np.float16)),
    ],
)
def test_a_missing_or_misshapen_tensor_is_refused(path, name, value):
    """Every tensor is needed, of shapes that fit each other, and finite."""
    tensors, metadata = load_file(path), read_card(path)
    changed = {**tensors, name: value}
    assert name in tensors
    kept = {key: one for key, one in changed.items() if one is not None}
    save_file(kept, path, metadata=metadata)
    refused(path)


def test_a_missing_file_is_refused(tmp_path):
    """No file and a folder are told in one line."""
    refused(tmp_path / "none.safetensors")
    refused(tmp_path)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_a_damaged_file_loads_or_is_refused(path, data):
    """Whatever byte is turned over, there is an adapter or one clear error."""
    save_adapter(adapter(), path)
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    at = data.draw(st.integers(0, length + 8))
    content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    message = ""
    try:
        assert load_adapter(path, base=BASE).base == BASE
    except ModelMissingError as error:
        message = str(error)
    assert message == "" or message.startswith(f"{path}: ")
    assert "\n" not in message


@pytest.mark.skipif(not shipped_adapter().is_file(), reason="not tuned yet")
def test_the_shipped_adapter_fits_this_version():
    """The package's own adapter is for the embedded base and these questions."""
    from newsbot.adapters.embedded import base_sha256

    loaded = load_adapter(shipped_adapter(), base=base_sha256())
    assert loaded.matrices
    for name, array in parts(loaded):
        assert np.isfinite(array).all(), name
    card = json.loads(loaded.card)
    assert card["articles"] > 1000
    assert card["recipe"]["layers"] == loaded.layer
