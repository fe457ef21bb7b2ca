"""Weights on disk into a model that writes: the right class, the text part, int8.

In: a checked folder. Out: a causal language model on its device.
Models that also see (Gemma 3 and 4, Mistral Small 3) keep their text part under a
prefix; only that part is read, so that no memory goes to what never is used.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from newsbot.adapters.embedded import FIX
from newsbot.adapters.hf_machine import GIB, memory_bytes
from newsbot.errors import ModelMissingError

#: Where the checkpoints of models that see keep the text part, and where the text
#: model wants it: as on the hub (Gemma 3, Mistral 3), and as transformers 5 saves.
TEXT_PART = {
    r"^model\.language_model\.": "model.",
    r"^language_model\.model\.": "model.",
    r"^language_model\.lm_head\.": "lm_head.",
}
#: The head over the vocabulary, under any prefix.
HEAD = "lm_head.weight"
#: Mistral repeats its weights in a format of its own, which nobody here reads.
FOREIGN_WEIGHTS = "consolidated"
INT8_FIX = "pip install 'newsbot[gpu]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How the weights are to lie in memory."""

    device: torch.device
    dtype: torch.dtype
    quantisation: Literal["none", "int8"] = "none"


def load_weights(folder: Path, loading: Loading) -> Any:
    """Load a model's text part from safetensors, running no code of its own.

    Args:
        folder: A folder that `hf_files.check` has passed.
        loading: Device, type and quantisation.

    Returns:
        A causal language model of transformers, in evaluation mode.

    Raises:
        ModelMissingError: Unknown to the installed transformers, writes no text,
            too large for the memory, broken, or a library is missing.
    """
    try:
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise ModelMissingError(f"{error.name} is not installed: {FIX}") from error
    config, is_part = _config(folder)
    _check_memory(folder, loading)
    options: dict[str, Any] = {"config": config}
    if is_part:
        options["key_mapping"] = TEXT_PART
    if loading.quantisation == "int8":
        options["quantization_config"] = _int8()
    has_accelerate = importlib.util.find_spec("accelerate") is not None
    if loading.quantisation == "int8" or (
        has_accelerate and loading.device.type == "cuda"
    ):
        # Straight to the GPU: 60 GB need not pass through the machine's memory.
        options["device_map"] = {"": loading.device}
    transformers_logging.disable_progress_bar()  # stderr belongs to the command
    verbosity = transformers_logging.get_verbosity()
    # It would list the part that sees as unexpected; what is missing is read below.
    transformers_logging.set_verbosity_error()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=loading.dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            # Named here, for a config may name a kernel to fetch and run.
            attn_implementation="sdpa",
            output_loading_info=True,
            **options,
        )
        # transformers fills what a file lacks with random numbers, and warns.
        if absent := sorted(report["missing_keys"]):
            raise ValueError(f"{len(absent)} weights missing, as {absent[0]}")
        if "device_map" not in options:
            model = model.to(loading.device)
    except Exception as error:
        # transformers raises OSError, ValueError, KeyError, RuntimeError and
        # safetensors its own; for the user they all mean: not this folder.
        raise _unloadable(folder, error) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
    return model.eval()


def weight_files(folder: Path) -> list[Path]:
    """List the files that hold the weights, sorted; not a format of its own."""
    return sorted(
        path
        for path in folder.glob("*.safetensors")
        if not path.name.startswith(FOREIGN_WEIGHTS)
    )


def _config(folder: Path) -> tuple[Any, bool]:
    """Read the config of the part that writes; say whether it is a part only."""
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    kind = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    if kind is not None and kind not in CONFIG_MAPPING:
        raise ModelMissingError(
            f"{folder}: transformers {transformers.__version__} does not know the "
            f"architecture {kind!r}; a later one may: pip install -U transformers"
        )
    try:
        whole = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        text = whole.get_text_config(decoder=True)
    except Exception as error:
        raise _unloadable(folder, error) from error
    is_part = text is not whole and type(text) in MODEL_FOR_CAUSAL_LM_MAPPING
    if not is_part:
        if type(whole) not in MODEL_FOR_CAUSAL_LM_MAPPING:
            raise ModelMissingError(
                f"{folder}: the architecture {kind!r} of transformers "
                f"{transformers.__version__} has no part that writes text"
            )
        return whole, False
    if getattr(whole, "quantization_config", None) is not None:
        # Which parts are quantised is told under names that the text part lacks.
        raise ModelMissingError(
            f"{folder}: quantised checkpoints of models that see cannot be read; "
            "take the unquantised one, newsbot turns it into int8 itself"
        )
    # The whole model's word counts for the head, not the part's; and a head that is
    # in the files is never replaced by the embedding.
    if whole.tie_word_embeddings and not _has_head(folder):
        text.tie_word_embeddings = True
    return text, True


def _has_head(folder: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        for path in weight_files(folder):
            with safe_open(path, "pt") as file:
                if any(name.endswith(HEAD) for name in file.keys()):  # noqa: SIM118
                    return True
    except (SafetensorError, OSError) as error:
        raise _unloadable(folder, error) from error
    return False


def _int8() -> Any:
    for library in ("bitsandbytes", "accelerate"):
        if importlib.util.find_spec(library) is None:
            raise ModelMissingError(
                f"{library} is not installed, and this model is loaded as int8: "
                f'{INT8_FIX}, or set model.quantisation = "none"'
            )
    from transformers import BitsAndBytesConfig

    # It says for every layer that it computes in float16.
    warnings.filterwarnings("ignore", message="MatMul8bitLt")
    return BitsAndBytesConfig(load_in_8bit=True)


def _check_memory(folder: Path, loading: Loading) -> None:
    """Refuse weights that cannot fit, before minutes are spent on reading them."""
    available = memory_bytes(loading.device)
    n_bytes = sum(path.stat().st_size for path in weight_files(folder))
    if loading.quantisation == "int8":
        n_bytes //= 2
    if available is not None and n_bytes > available:
        where = "GPU" if loading.device.type == "cuda" else "machine"
        raise ModelMissingError(
            f"{folder}: weights of {n_bytes / GIB:.1f} GiB do not fit the "
            f"{available / GIB:.1f} GiB that the {where} has free"
        )


def _unloadable(folder: Path, error: Exception) -> ModelMissingError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return ModelMissingError(f"{folder}: cannot be loaded: {reason}")
