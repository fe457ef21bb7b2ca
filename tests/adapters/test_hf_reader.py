"""The reader, on tiny random models: questions behind a text, none seen by another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import tiny_models  # noqa: E402
from fakes import NO_HEADS  # noqa: E402

from newsbot.adapters import hf_reader  # noqa: E402
from newsbot.adapters.adapter_file import Adapter  # noqa: E402
from newsbot.adapters.hf_reader import HfReader, ReaderConfig  # noqa: E402
from newsbot.adapters.hf_windows import windows  # noqa: E402
from newsbot.errors import ModelMissingError  # noqa: E402
from newsbot.ports import Memory  # noqa: E402

GERMAN = (
    "Überall wächst der Bedarf: OpenAI und Oracle schließen einen Vertrag "
    "über 30 Mrd. US-Dollar. "
)
ENGLISH = "Anthropic buys chips from Google, and “nobody” says for how much 😀👩‍💻. "
#: Far longer than the window of the tiny models' sliding layers, 16 tokens.
TEXT = GERMAN + ENGLISH
REPORTS = "\n\nDeal reported:"
QUESTIONS = (
    "\n\nOrganisation: Oracle, cloud:",
    "\n\nOrganisation: OpenAI, AI lab:",
    "\n\nSum: einen Vertrag über [30 Mrd. US-Dollar]. Nobody says for how much:",
    "\n\nDeal of OpenAI, Oracle:",
    "?",
    "\n\nOrganisation: Oracle, cloud:",
)
#: Of the four that the tiny models have: a sliding, a full and a sliding one.
LAYER = 3
#: Mistral's layers are all of one kind, and may all have a window.
NAMES = (*tiny_models.names(), "mistral-near")
CLOSE = {"atol": 2e-4, "rtol": 1e-3}


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("readers")
    found = {n: tiny_models.build(root / n, n) for n in tiny_models.names()}
    near = shutil.copytree(found["mistral"], root / "mistral-near")
    config = json.loads((near / "config.json").read_text())
    (near / "config.json").write_text(json.dumps({**config, "sliding_window": 16}))
    return {**found, "mistral-near": near}


@pytest.fixture(params=NAMES)
def folder(request, folders) -> Path:
    return folders[request.param]


def adapter(layer: int = LAYER, **matrices) -> Adapter:
    """Some layers and low-rank matrices; a reader looks at nothing else."""
    return Adapter(
        matrices=matrices,
        heads=NO_HEADS,
        base="",
        layer=layer,
        card="{}",
    )


def load(folder: Path, adapted: Adapter | None = None, **options) -> HfReader:
    options = {"device": "cpu", "dtype": "float32", **options}
    return HfReader.load(
        ReaderConfig(folder=str(folder), **options), adapted or adapter()
    )


def read(reader: HfReader, text: str) -> Memory:
    """The only memory of one text."""
    ((memory,),) = reader.encode([text], REPORTS)
    return memory


def ids_of(reader: HfReader, *texts: str) -> tuple[int, ...]:
    """One plain sequence: begin-of-sequence, and the texts one behind the other."""
    tokenizer = reader._tokenizer
    return tokenizer.prefix + tuple(
        id_ for text in texts for id_ in tokenizer.encode(text).ids
    )


def plain(folder: Path, ids: tuple[int, ...], layer: int = LAYER) -> np.ndarray:
    """What transformers itself calls hidden_states[layer], at unit mean square."""
    with torch.inference_mode():
        states = tiny_models.whole(folder)(
            input_ids=torch.tensor([ids]), output_hidden_states=True
        ).hidden_states[layer][0]
    return one_scale(states.float().numpy())


def one_scale(states: np.ndarray) -> np.ndarray:
    return states / np.sqrt((states**2).mean(-1, keepdims=True) + 1e-6)


# the contract: no question sees another


def test_each_question_is_answered_as_in_one_plain_sequence(folder):
    """Text and one question, run through the bare model, give the same state."""
    reader = load(folder)
    memory = read(reader, TEXT)
    states = plain(folder, ids_of(reader, TEXT, REPORTS))
    n_prefix = len(reader._tokenizer.prefix)
    n_text = len(memory.offsets)
    assert n_text > 3 * 16
    np.testing.assert_allclose(
        memory.states, states[n_prefix : n_prefix + n_text], **CLOSE
    )
    np.testing.assert_allclose(memory.answer, states[-1], **CLOSE)
    asked = memory.ask(QUESTIONS)
    assert asked.shape == (len(QUESTIONS), 32)
    assert asked.dtype == np.float32
    for question, answer in zip(QUESTIONS, asked, strict=True):
        alone = plain(folder, ids_of(reader, TEXT, question))[-1]
        np.testing.assert_allclose(answer, alone, **CLOSE)


def test_questions_together_are_answered_as_each_alone(folder):
    """In any order and company; a memory that was asked remembers no question."""
    memory = read(load(folder), TEXT)
    alone = np.concatenate([memory.ask([question]) for question in QUESTIONS])
    np.testing.assert_allclose(memory.ask(QUESTIONS), alone, **CLOSE)
    np.testing.assert_allclose(memory.ask(QUESTIONS[::-1]), alone[::-1], **CLOSE)
    np.testing.assert_allclose(alone[0], alone[-1], **CLOSE)  # the same question
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    np.testing.assert_allclose(memory.ask([REPORTS])[0], memory.answer, **CLOSE)
    assert memory.ask([]).shape == (0, 32)


@pytest.mark.parametrize("size", [1, 20, 30])
def test_questions_beyond_one_pass_are_answered_alike(folders, monkeypatch, size):
    """A list of a thousand names is asked in parts, in order, none left out."""
    memory = read(load(folders["gemma3-text"]), TEXT)
    expected = memory.ask(QUESTIONS)
    monkeypatch.setattr(hf_reader, "MAX_ASKED", size)
    runs = []
    run = HfReader._run
    monkeypatch.setattr(
        HfReader,
        "_run",
        lambda self, ids, *a, **k: runs.append(ids) or run(self, ids, *a, **k),
    )
    np.testing.assert_allclose(memory.ask(QUESTIONS), expected, **CLOSE)
    assert len(runs) > 1
    sizes = [ids.shape[1] for ids in runs]
    longest = max(len(memory._reader._tokenizer.encode(q).ids) for q in QUESTIONS)
    assert max(sizes) <= max(size, longest)


def test_a_batch_equals_one_by_one(folder):
    """Padding and neighbours change nothing; order is kept; empty texts pass."""
    reader = load(folder, batch_size=3)
    texts = [GERMAN, "", ENGLISH * 3, "kurz", GERMAN * 2, "Ja"]
    together = reader.encode(texts, REPORTS)
    assert [len(memories) for memories in together] == [1] * len(texts)
    for text, (memory,) in zip(texts, together, strict=True):
        alone = read(reader, text)
        assert memory.offsets.tolist() == alone.offsets.tolist()
        assert (memory.start, memory.end) == (0, len(text))
        np.testing.assert_allclose(memory.states, alone.states, **CLOSE)
        np.testing.assert_allclose(memory.answer, alone.answer, **CLOSE)
        np.testing.assert_allclose(memory.ask(QUESTIONS), alone.ask(QUESTIONS), **CLOSE)
    assert reader.encode([], REPORTS) == []


def test_an_empty_text_can_be_asked(folder):
    """Nothing to read: no states, and a question that stands alone."""
    reader = load(folder)
    memory = read(reader, "")
    assert memory.states.shape == (0, 32)
    assert memory.offsets.shape == (0, 2)
    assert (memory.start, memory.end) == (0, 0)
    for question, answer in (
        (REPORTS, memory.answer),
        (QUESTIONS[1], memory.ask(QUESTIONS[:2])[1]),
    ):
        alone = plain(folder, ids_of(reader, question))[-1]
        np.testing.assert_allclose(answer, alone, **CLOSE)


# long texts


@pytest.mark.parametrize("n_tokens", [0, 1, 62, 63, 64, 110, 111, 500])
def test_windows_cover_each_token_once(n_tokens):
    """Nothing is cut, nothing is given twice, no window is too long."""
    ids = tuple(range(n_tokens))
    found = windows(0, ids, (2,), 64, 16)
    own = [token for w in found for token in ids[w.start + w.n_context : w.end]]
    assert own == list(ids)
    assert all(len(window.ids) <= 64 for window in found)


def test_a_long_text_is_read_whole(folder, monkeypatch):
    """Stretches overlap and leave nothing out; each is a text of its own."""
    monkeypatch.setattr(hf_reader, "WINDOW", 64)
    monkeypatch.setattr(hf_reader, "OVERLAP", 16)
    reader = load(folder, batch_size=3)
    text = TEXT * 4
    (short,), memories = reader.encode(["kurz", text], REPORTS)
    assert (short.start, short.end) == (0, 4)
    assert len(memories) > 4
    whole = reader._tokenizer.encode(text)
    assert (memories[0].start, memories[-1].end) == (0, len(text))
    n_own = 64 - len(reader._tokenizer.prefix)
    start = 0
    for memory in memories:
        end = min(start + n_own, len(whole.ids))
        assert memory.offsets.tolist() == whole.offsets[start:end].tolist()
        assert memory.states.shape == (end - start, 32)
        last, start = start, end - 16
    assert end == len(whole.ids)
    stretch = reader._tokenizer.prefix + whole.ids[last:end]
    asked = reader._tokenizer.encode(QUESTIONS[0]).ids
    states = plain(folder, stretch + asked)
    np.testing.assert_allclose(memories[-1].ask(QUESTIONS[:1])[0], states[-1], **CLOSE)
    np.testing.assert_allclose(
        memories[-1].states, states[len(stretch) - (end - last) : len(stretch)], **CLOSE
    )


def test_up_to_its_end_the_first_stretch_is_as_if_nothing_followed(
    folders, monkeypatch
):
    """A causal model knows a token by what precedes it: windows are invisible there."""
    reader = load(folders["gemma3-text"])
    whole = read(reader, TEXT * 2)
    monkeypatch.setattr(hf_reader, "WINDOW", 64)
    monkeypatch.setattr(hf_reader, "OVERLAP", 16)
    ((first, *_),) = reader.encode([TEXT * 2], REPORTS)
    assert len(first.states) == 63
    np.testing.assert_allclose(first.states, whole.states[:63], **CLOSE)


def test_offsets_point_into_the_text(folders):
    """Offsets count code points of the text as given, umlauts and emoji included."""
    text = "Große Übermut­igkeit 😀 e\u0301 👩‍💻 “ok”\n\n" + GERMAN
    memory = read(load(folders["qwen3"]), text)
    assert memory.offsets.dtype == np.int64
    assert (memory.start, memory.end) == (0, len(text))
    covered: set[int] = set()
    for start, end in memory.offsets.tolist():
        assert start < end
        covered.update(range(start, end))
    assert covered == set(range(len(text)))


# the layers that are run, and what is added to them


def test_fewer_layers_give_the_hidden_states_of_the_last_one(folder):
    """What transformers calls hidden_states[layer], for every layer but its last."""
    for layer in (1, 2, 3):
        reader = load(folder, adapter(layer))
        assert len(reader._decoder.layers) == layer
        states = plain(folder, ids_of(reader, TEXT, REPORTS), layer)
        n_prefix = len(reader._tokenizer.prefix)
        memory = read(reader, TEXT)
        end = n_prefix + len(memory.offsets)
        np.testing.assert_allclose(memory.states, states[n_prefix:end], **CLOSE)
        np.testing.assert_allclose(
            (memory.states**2).mean(-1), np.ones(len(memory.states)), atol=1e-3
        )


def test_all_layers_end_before_the_last_norm(folders):
    """The norm made for the last layer would bend what heads were tuned on."""
    folder = folders["qwen3"]
    reader = load(folder, adapter(4))
    model = tiny_models.whole(folder)
    ids = torch.tensor([ids_of(reader, TEXT)])
    with torch.inference_mode():
        normed = model(ids, output_hidden_states=True).hidden_states[4][0]
        ours = model.model.norm(torch.from_numpy(read(reader, TEXT).states))
    np.testing.assert_allclose(ours, normed, **CLOSE)


def test_neither_head_nor_upper_layers_are_held(folders):
    """The vocabulary's head and the layers above are never loaded."""
    names = [name for name, _ in load(folders["qwen3"])._decoder.named_parameters()]
    assert any(name.startswith("layers.2.") for name in names)
    assert not any("lm_head" in name or "layers.3." in name for name in names)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_product_of_the_matrices_is_added(folders, dtype):
    """B A lands on the weight that it names, and on no other."""
    dice = np.random.default_rng(3)
    folder = folders["gemma3-text"]
    plain_ = load(folder, dtype=dtype)
    a = dice.normal(size=(2, 32)).astype(np.float32)
    b = dice.normal(size=(48, 2)).astype(np.float32)
    tuned = load(folder, adapter(**{"layers.1.mlp.up_proj": (a, b)}), dtype=dtype)
    before = dict(plain_._decoder.named_parameters())
    for name, weight in tuned._decoder.named_parameters():
        assert weight.dtype == getattr(torch, dtype)
        expected = before[name].float()
        if name == "layers.1.mlp.up_proj.weight":
            expected = (expected + torch.from_numpy(b @ a)).to(weight.dtype).float()
        torch.testing.assert_close(weight.float(), expected)
    assert tuned.dtype == dtype
    if dtype == "float32":
        assert np.abs(read(tuned, TEXT).answer - read(plain_, TEXT).answer).max() > 0.01


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("layers.1.mlp.up_proj", ((2, 31), (48, 2))),
        ("layers.1.mlp.up_proj", ((2, 32), (1, 2))),  # would be added to every row
        ("layers.1.mlp.up_proj", ((2, 1), (48, 2))),  # ... to every column
        ("layers.1.mlp.up_proj", ((3, 32), (48, 2))),
        ("layers.1.input_layernorm", ((2, 32), (32, 2))),
        ("layers.3.mlp.up_proj", ((2, 32), (48, 2))),  # a layer that is not run
        ("layers.1.mlp", ((2, 32), (48, 2))),
        ("nobody", ((2, 32), (48, 2))),
    ],
)
def test_an_adapter_that_does_not_fit_is_one_clear_error(folders, name, shapes):
    """Another shape, a layer that is not there, no weight at all: named."""
    matrices = tuple(np.ones(shape, dtype=np.float32) for shape in shapes)
    with pytest.raises(ModelMissingError, match=f"does not fit .* at {name}$"):
        load(folders["gemma3-text"], adapter(**{name: matrices}))


def test_more_layers_than_there_are_is_one_clear_error(folders):
    """An adapter of a deeper model is refused by the number of layers."""
    with pytest.raises(ModelMissingError, match="it has 4 layers, not 5"):
        load(folders["qwen3"], adapter(5))


def test_the_id_names_base_and_layers(folders):
    """What is kept beside a judgement changes with the files and the layers."""
    reader = load(folders["qwen3"])
    assert reader.id.startswith("qwen3@")
    assert reader.id.endswith("/3")
    assert reader.id != load(folders["qwen3"], adapter(2)).id
    assert (reader.device, reader.quantisation) == ("cpu", "none")
    assert reader.peak_bytes > 0
