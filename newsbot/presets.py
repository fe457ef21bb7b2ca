"""Which models newsbot knows by name, what they need, and why these.

In: a preset's name, or what a GPU offers. Out: the model, or one clear error.
Pure: nothing is loaded or asked here. Sources of every figure: docs/models.md.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal, get_args

from newsbot.errors import ModelMissingError, UserError

PresetName = Literal[
    "embedded",
    "gpu-8gb",
    "gpu-24gb",
    "gpu-48gb",
    "gpu-80gb",
    "transformers",
    "server",
]
Quantisation = Literal["none", "int8"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A model by name, and what it asks of the machine."""

    name: PresetName
    #: Hugging Face repository, the latest revision; empty where the user names it.
    repository: str = ""
    licence: str = ""
    #: GiB of the weights of the text part in bfloat16.
    weights_gib: float = 0.0
    #: What the weights must be turned into to fit the card that the preset names.
    quantisation: Quantisation = "none"
    #: GiB of GPU memory below which loading is not tried. Computed, not measured:
    #: weights as loaded, the cache of 8 prompts of 4,096 tokens (of 2 for gpu-8gb),
    #: and about 2 GiB for everything else. Recompute when a model changes.
    gpu_gib: float = 0.0
    why: str


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="embedded",
        repository="google/gemma-3-270m",
        licence="Gemma Terms of Use",
        weights_gib=0.5,
        why="comes with the package, runs on any CPU; heads tuned for this one task",
    ),
    Preset(
        name="gpu-8gb",
        repository="Qwen/Qwen3-4B",
        licence="Apache-2.0",
        weights_gib=7.5,
        quantisation="int8",
        gpu_gib=7.0,
        why="GermEval F1 58.6; invents in 5.7 % of summaries; free licence",
    ),
    Preset(
        name="gpu-24gb",
        repository="google/gemma-3-12b-it",
        licence="Gemma Terms of Use",
        weights_gib=21.9,
        quantisation="int8",
        gpu_gib=20.0,
        why="GermEval F1 64.5 (Qwen3-8B 62.0); invents in 4.4 % of summaries "
        "(Qwen3-8B 4.8 %)",
    ),
    Preset(
        name="gpu-48gb",
        repository="mistralai/Mistral-Small-3.2-24B-Instruct-2506",
        licence="Apache-2.0",
        weights_gib=43.9,
        quantisation="int8",
        gpu_gib=32.0,
        why="GermEval F1 70.7; its predecessor 2501 invents in 5.1 % of summaries",
    ),
    Preset(
        name="gpu-80gb",
        repository="google/gemma-4-31B-it",
        licence="Apache-2.0",
        weights_gib=57.2,
        gpu_gib=70.0,
        why="GermEval F1 75.3 (validation split), the best of these",
    ),
    Preset(
        name="transformers",
        why="any causal model of the hub or a folder: set model.name",
    ),
    Preset(
        name="server",
        why="any model behind an OpenAI-compatible server: set model.base_url and "
        "model.name",
    ),
)

_BY_NAME = {preset.name: preset for preset in PRESETS}
assert tuple(_BY_NAME) == get_args(PresetName)


def preset_of(name: PresetName) -> Preset:
    """Give the preset of a name that the config has checked."""
    return _BY_NAME[name]


def find_preset(name: str) -> PresetName | None:
    """Tell whether a name is a preset's.

    Args:
        name: As given on a command line: a preset, a folder or a hub name.

    Returns:
        The preset's name; None for what may be a folder or a hub name.

    Raises:
        UserError: Neither, and so close to a preset that it must be a slip.

    >>> find_preset("gpu-8gb"), find_preset("Qwen/Qwen3-8B")
    ('gpu-8gb', None)
    """
    for known in _BY_NAME:
        if known == name:
            return known
    near = difflib.get_close_matches(name.lower(), _BY_NAME, n=1, cutoff=0.7)
    if near:
        raise UserError(
            f"{name!r} is not a preset; did you mean {near[0]!r}? "
            "(`newsbot model info` lists them)"
        )
    return None


def check_gpu(preset: Preset, total_gib: float | None) -> None:
    """Refuse a GPU on which a preset cannot run, before anything is fetched.

    Args:
        preset: What is asked for.
        total_gib: Memory of the GPU; None where there is no GPU.

    Raises:
        ModelMissingError: Too little; names what would fit.
    """
    if total_gib is None:
        raise ModelMissingError(
            f"preset {preset.name} needs a GPU with {preset.gpu_gib:.0f} GiB, and "
            'torch sees none; take "embedded", or set model.device = "cpu" (slow)'
        )
    if total_gib >= preset.gpu_gib:
        return
    fitting = [p.name for p in PRESETS if 0 < p.gpu_gib <= total_gib]
    advice = fitting[-1] if fitting else "embedded"
    raise ModelMissingError(
        f"preset {preset.name} needs {preset.gpu_gib:.0f} GiB of GPU memory, this GPU "
        f'has {total_gib:.1f}; "{advice}" fits'
    )
