"""Presets: a table that agrees with config and docs, and refusals in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import GAZETTEER

from newsbot.adapters import hf_files
from newsbot.brain import prompted_brain, with_model
from newsbot.config import Config, ModelConfig, load_config
from newsbot.errors import ConfigError, ModelMissingError, UserError
from newsbot.presets import PRESETS, check_gpu, find_preset, preset_of

DOCS = Path(__file__).parents[1] / "docs" / "models.md"
GPU = [preset for preset in PRESETS if preset.gpu_gib]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_can_be_chosen_in_the_config(tmp_path, preset):
    """What the table names, `[model] preset` takes."""
    path = tmp_path / "config.toml"
    path.write_text(f'[model]\npreset = "{preset.name}"\n')
    assert load_config(path).model.preset == preset.name


@pytest.mark.parametrize("preset", GPU, ids=lambda preset: preset.name)
def test_every_model_fits_the_card_that_names_it(preset):
    """Weights as loaded, and room to work, within nine tenths of the card."""
    card = float(preset.name.removeprefix("gpu-").removesuffix("gb"))
    loaded = preset.weights_gib / (2 if preset.quantisation == "int8" else 1)
    assert loaded < preset.gpu_gib < 0.92 * card
    if preset.quantisation == "none":
        return
    assert preset.weights_gib > 0.9 * card  # else int8 would be for nothing


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_the_docs_tell_of_every_preset(preset):
    """docs/models.md has each preset's model, licence and memory in one row."""
    rows = [
        line
        for line in DOCS.read_text("utf-8").splitlines()
        if line.startswith(f"| `{preset.name}`")
    ]
    assert len(rows) == 1
    if not preset.repository:
        return
    assert preset.repository in rows[0]
    assert preset.licence in rows[0]
    if preset.gpu_gib:
        assert f"{preset.weights_gib} GiB" in rows[0]
        assert f"{preset.gpu_gib:.0f} GiB" in rows[0]


@pytest.mark.parametrize(
    ("total", "name", "said"),
    [
        (None, "gpu-8gb", 'needs a GPU with 7 GiB, and torch sees none; take "emb'),
        (7.8, "gpu-24gb", 'needs 20 GiB of GPU memory, this GPU has 7.8; "gpu-8gb"'),
        (44.4, "gpu-80gb", '"gpu-48gb" fits'),
        (4.0, "gpu-8gb", '"embedded" fits'),
    ],
)
def test_a_gpu_too_small_is_refused_with_what_fits(total, name, said):
    """The figures of both sides, and the largest preset that would do."""
    with pytest.raises(ModelMissingError) as caught:
        check_gpu(preset_of(name), total)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gpu_large_enough_passes():
    """Cards report a little less than their name; that is enough."""
    for total, name in ((7.6, "gpu-8gb"), (22.0, "gpu-24gb"), (79.1, "gpu-80gb")):
        check_gpu(preset_of(name), total)


@pytest.mark.parametrize("name", ["gpu-24", "gpu-24GB", "gpu24gb", "embeded", "sever"])
def test_a_slip_names_the_nearest_preset(name):
    """What is nearly a preset is no folder and no hub name."""
    with pytest.raises(UserError, match="did you mean"):
        find_preset(name)


@pytest.mark.parametrize("name", ["Qwen/Qwen3-8B", "gpt2", "./gemma", "/models/x"])
def test_folders_and_hub_names_are_no_slips(name):
    """Everything else is left to the hub."""
    assert find_preset(name) is None
    model = with_model(Config(), name).model
    assert (model.preset, model.name) == ("transformers", name)


def test_another_preset_leaves_the_old_name_behind():
    """A model named for one preset is not loaded under another."""
    config = Config(model=ModelConfig(preset="transformers", name="a/b", device="cpu"))
    model = with_model(config, "gpu-8gb").model
    assert (model.preset, model.name, model.device) == ("gpu-8gb", "", "cpu")
    assert with_model(config, "transformers").model.name == "a/b"
    own = replace(config, model=ModelConfig(preset="gpu-8gb", name="/models/qwen"))
    assert with_model(own, "gpu-8gb").model.name == "/models/qwen"


# building it


@pytest.fixture
def asked(monkeypatch):
    """What the model door is asked to load, on a machine with a GPU of 24 GB."""
    from newsbot.adapters import hf, hf_machine

    found = []

    def load(config):
        found.append(config)
        raise ModelMissingError("stop here")

    monkeypatch.setattr(hf.HfModel, "load", load)
    monkeypatch.setattr(hf_machine, "gpu_gib", lambda: 23.5)
    return found


def build(**options):
    return prompted_brain(ModelConfig(**options), GAZETTEER, lambda: None)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, ("google/gemma-3-12b-it", "int8")),
        ({"name": "/models/gemma"}, ("/models/gemma", "int8")),
        ({"quantisation": "none"}, ("google/gemma-3-12b-it", "none")),
        ({"device": "cpu"}, ("google/gemma-3-12b-it", "none")),
    ],
)
def test_a_preset_says_what_is_loaded(asked, options, wanted):
    """Repository and quantisation come from the table where the config is silent."""
    with pytest.raises(ModelMissingError, match="stop here"):
        build(preset="gpu-24gb", **options)
    (config,) = asked
    assert (config.folder_or_name, config.quantisation) == wanted


def test_a_preset_beyond_the_gpu_loads_nothing(asked):
    """Nothing is fetched or read where the card cannot hold it."""
    with pytest.raises(ModelMissingError, match='"gpu-24gb" fits'):
        build(preset="gpu-48gb")
    assert asked == []


def test_a_preset_without_model_wants_a_name():
    """`transformers` and `server` are no models: the user names one."""
    for preset in ("transformers", "server"):
        with pytest.raises(ConfigError, match="name is missing"):
            build(preset=preset)


# weights that are not here


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("LocalEntryNotFoundError", "not on this machine, and the Hugging Face hub"),
        ("GatedRepoError", "wants its licence accepted at https://huggingface.co/a/b"),
        ("RepositoryNotFoundError", "neither a folder nor a model on the hub"),
    ],
)
def test_weights_that_do_not_come_say_why_in_one_line(monkeypatch, kind, said):
    """Offline, not allowed or unknown: each has its own line, with what to do."""
    import httpx
    import huggingface_hub
    from huggingface_hub import errors

    answer = httpx.Response(404, request=httpx.Request("GET", "https://x.example"))

    def fail(name, **options):
        assert "consolidated*" in options["ignore_patterns"]
        error = getattr(errors, kind)
        if kind == "LocalEntryNotFoundError":
            raise error("two\nlines")
        raise error("two\nlines", response=answer)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(ModelMissingError) as caught:
        hf_files.local_folder("a/b", offline=False)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
