"""`newsbot benchmark`, and `model info`: what a user with a GPU asks first."""

from __future__ import annotations

import json
import time

import pytest
from commands import CACHE, here, newsbot

pytest.importorskip("torch")
import tiny_models

from newsbot.adapters import embedded

KEYS = [
    "model", "device", "dtype", "quantisation", "load_seconds",
    "prefill_tokens_per_second", "decode_tokens_per_second_1",
    "decode_tokens_per_second_8", "encoded_articles_per_second",
    "articles_per_second", "n_articles", "peak_memory_gib",
]  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_models.build(tmp_path_factory.mktemp("models") / "tiny", "qwen3")


def test_benchmark_measures_a_model_folder_in_time(tmp_path, tiny):
    """JSON on standard output, progress on standard error, and soon over."""
    config = tmp_path / "config.toml"
    config.write_text("[model]\ncontext = 16384\n")  # a tiny tokenizer makes many
    started = time.monotonic()
    done = newsbot(tmp_path, "benchmark", "--model", tiny, "--seconds", "5", "--json")
    assert done.code == 0, done
    assert time.monotonic() - started < 60
    facts = json.loads(done.out)
    assert list(facts) == KEYS
    assert facts["model"].startswith("tiny@")
    assert facts["dtype"] in ("float32", "bfloat16")
    assert facts["encoded_articles_per_second"] is None
    for key in ("load_seconds", "prefill_tokens_per_second", "articles_per_second"):
        assert facts[key] > 0, key
    assert 1 <= facts["n_articles"] <= 30
    assert 0.1 < facts["peak_memory_gib"] < 16
    assert "read ..." in done.err
    assert "judge ..." in done.err


def test_benchmark_measures_the_embedded_model(tmp_path):
    """The default is measured by what it does: it encodes, it never writes."""
    if not embedded.is_prepared(CACHE):
        pytest.skip("the embedded model is not converted")
    done = here(tmp_path, "benchmark", "--seconds", "5")
    assert done.code == 0, done
    said = dict(line.split(":", 1) for line in done.out.splitlines())
    assert said["model"].strip().startswith("embedded gemma3-270m")
    assert said["encoding"].endswith(" articles/s")
    assert said["judging, end to end"].endswith(" articles/s")
    assert said["reading"].endswith(" tokens/s")
    assert not any(name.startswith("writing") for name in said)


def test_benchmark_refuses_in_one_line(tmp_path):
    """A slip, a folder that is no model, and no time at all."""
    slip = here(tmp_path, "benchmark", "--model", "gpu-24").refused(2)
    assert "did you mean 'gpu-24gb'" in slip
    assert "config.json" in here(tmp_path, "benchmark", "--model", tmp_path).refused(3)
    assert "--seconds" in here(tmp_path, "benchmark", "--seconds", "0").refused(2)


def test_a_gpu_preset_without_gpu_is_one_line(tmp_path):
    """Both commands that take --model say that there is no GPU, and what to take."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    for command in (("benchmark",), ("evaluate", "x.jsonl")):
        (tmp_path / "x.jsonl").write_text("")
        line = here(tmp_path, *command, "--model", "gpu-80gb").refused(3)
        assert "needs a GPU with 70 GiB, and torch sees none" in line


def test_evaluate_measures_any_model_folder(tmp_path, tiny):
    """`evaluate --model FOLDER` runs the same prompts and prints the same figures."""
    gold = {
        "id": "x",
        "url": "https://a.example/x",
        "source": "a.example",
        "published": "2026-03-01T12:00:00+00:00",
        "language": "en",
        "title": "OpenAI rents AI cloud from Oracle",
        "text": "OpenAI signed a contract: it rents AI chips from Oracle.",
        "deals": [],
    }
    (tmp_path / "x.jsonl").write_text(json.dumps(gold))
    (tmp_path / "config.toml").write_text("[model]\ncontext = 16384\n")
    done = here(tmp_path, "evaluate", "x.jsonl", "--model", tiny, "--json")
    assert done.code == 0, done
    figures = json.loads(done.out)
    assert figures["model"].startswith("tiny@")
    assert "95 lie between" not in done.err
    words = ("evaluate", "x.jsonl", "--model", tiny, "--json", "--intervals")
    done = here(tmp_path, *words)
    assert done.code == 0, done
    assert set(json.loads(done.out)) == set(figures)
    told = done.err[done.err.index("95 lie between") :]
    (line,) = (line for line in told.splitlines() if "detection.f1" in line)
    low, high = map(float, line.split()[1:])
    assert 0 <= low <= high <= 1


def test_model_info_lists_the_presets(tmp_path):
    """Which models there are by name, with licence, memory and why."""
    done = here(tmp_path, "model", "info")
    assert done.code == 0
    assert "gpu-24gb" in done.out
    assert "google/gemma-3-12b-it" in done.out
    facts = json.loads(here(tmp_path, "model", "info", "--json").out)
    rows = {row["name"]: row for row in facts["presets"]}
    assert rows["gpu-80gb"]["licence"] == "Apache-2.0"
    (tmp_path / "config.toml").write_text('[model]\npreset = "gpu-8gb"\n')
    facts = json.loads(here(tmp_path, "model", "info", "--json").out)
    assert (facts["preset"], facts["name"]) == ("gpu-8gb", "Qwen/Qwen3-4B")
