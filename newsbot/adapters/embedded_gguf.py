"""Read the header of one GGUF: its values, its tensors, its tokenizer, its shape.

In: the assembled file of the embedded model. Out: tokenizer.json and config.json as
text, and where each tensor lies. Written for this one file, whose SHA-256 is
pinned; the format itself has not changed since 2023.
"""

from __future__ import annotations

import json
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsbot.errors import ModelMissingError

#: GGUF value types by number, as `struct` spells them.
#: Source: ggml-org/ggml, docs/gguf.md, enum gguf_metadata_value_type.
SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i",
    6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
STRING, ARRAY = 8, 9
#: llama.cpp's marks in ``tokenizer.ggml.token_type``.
CONTROL, USER_DEFINED = 3, 4
Value = int | float | str | list[int] | list[float] | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufTensor:
    """Where one tensor lies in the file."""

    name: str
    #: In torch's order, slowest dimension first.
    shape: tuple[int, ...]
    ggml_type: int
    #: Bytes from the start of the file.
    offset: int


class GgufFile:
    """The header of a GGUF, read once, and the bytes behind it, mapped."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 0
        magic, version, n_tensors, n_values = self._unpack("<4sIQQ")
        if magic != b"GGUF" or version != 3:
            raise ModelMissingError(f"{path}: not a GGUF of version 3")
        self.values: dict[str, Value] = {}
        for _ in range(n_values):
            name = self._string()
            self.values[name] = self._value(self._unpack("<I")[0])
        tensors: list[tuple[str, tuple[int, ...], int, int]] = []
        for _ in range(n_tensors):
            name = self._string()
            (n_dimensions,) = self._unpack("<I")
            shape = self._unpack(f"<{n_dimensions}Q")[::-1]
            kind, offset = self._unpack("<IQ")
            tensors.append((name, shape, kind, offset))
        start = -(-self._at // 32) * 32  # 32: GGUF's default alignment
        self.tensors = [
            GgufTensor(name=name, shape=shape, ggml_type=kind, offset=start + offset)
            for name, shape, kind, offset in tensors
        ]

    def strings(self, name: str) -> list[str]:
        """Give a list of strings from the header."""
        value = self.values[name]
        assert isinstance(value, list)
        return [str(item) for item in value]

    def number(self, name: str) -> int:
        """Give a whole number from the header."""
        value = self.values[name]
        assert isinstance(value, int)
        return value

    def _unpack(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self.data, self._at)
        self._at += struct.calcsize(form)
        return values

    def _string(self) -> str:
        (length,) = self._unpack("<Q")
        start, self._at = self._at, self._at + length
        return self.data[start : self._at].decode("utf-8")

    def _value(self, kind: int) -> Value:
        if kind == STRING:
            return self._string()
        if kind != ARRAY:
            scalar: int | float = self._unpack(SCALARS[kind])[0]
            return scalar
        item, count = self._unpack("<IQ")
        if item == STRING:
            return [self._string() for _ in range(count)]
        return list(self._unpack(f"<{count}{SCALARS[item][1]}"))


def tokenizer_json(gguf: GgufFile) -> str:
    """Rebuild Gemma's tokenizer.json from the vocabulary of the GGUF.

    The file names no merges. A merge is any cut of a token into two tokens; the
    earlier the whole stands in the vocabulary, the earlier it is applied.

    Args:
        gguf: The base.

    Returns:
        The text of a tokenizer.json.

    Source:
        transformers 5.23, integrations/gguf/gguf_tokenizer_mapping.py
        (`gemma_tokenizer`, `add_gguf_special_tokens`) and `generate_merges`.
    """
    tokens = gguf.strings("tokenizer.ggml.tokens")
    kinds = gguf.values["tokenizer.ggml.token_type"]
    assert isinstance(kinds, list)
    # llama.cpp spells a run of spaces as spaces; the tokenizer looks for U+2581.
    spelled = [
        "\u2581" * len(token) if " " in token and not token.strip() else token
        for token in tokens
    ]
    vocabulary = {token: index for index, token in enumerate(spelled)}
    merges: list[tuple[str, str]] = []
    for whole in spelled:
        cuts = [
            (whole[:cut], whole[cut:])
            for cut in range(1, len(whole))
            if whole[:cut] in vocabulary and whole[cut:] in vocabulary
        ]
        # Longest left part first, as transformers' stable sort leaves them.
        merges.extend(reversed(cuts))
    bos, eos, unknown, pad = (
        tokens[gguf.number(f"tokenizer.ggml.{name}_token_id")]
        for name in ("bos", "eos", "unknown", "padding")
    )
    special = {bos, eos, unknown, pad, "<mask>"}
    added = [
        {
            "id": index,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": token in special or kind == CONTROL,
        }
        for index, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if token in special
        or kind == CONTROL
        or (kind == USER_DEFINED and token in vocabulary)
    ]
    bos_id = vocabulary[bos]
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {
                "type": "Replace",
                "pattern": {"String": " "},
                "content": "\u2581",
            },
            "pre_tokenizer": {
                "type": "Split",
                "pattern": {"String": " "},
                "behavior": "MergedWithPrevious",
                "invert": False,
            },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [
                    {"SpecialToken": {"id": bos, "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}},
                ],
                "pair": [
                    {"SpecialToken": {"id": bos, "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": bos, "type_id": 1}},
                    {"Sequence": {"id": "B", "type_id": 1}},
                ],
                "special_tokens": {bos: {"id": bos, "ids": [bos_id], "tokens": [bos]}},
            },
            "decoder": {
                "type": "Sequence",
                "decoders": [
                    {
                        "type": "Replace",
                        "pattern": {"String": "\u2581"},
                        "content": " ",
                    },
                    {"type": "ByteFallback"},
                    {"type": "Fuse"},
                ],
            },
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": unknown,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": True,
                "byte_fallback": True,
                "ignore_merges": False,
                "vocab": vocabulary,
                "merges": merges,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def config_json(gguf: GgufFile) -> str:
    """Write config.json for the text-only Gemma 3 in the GGUF.

    What the GGUF leaves unsaid is the published model's own: local rotary base,
    attention scale, one full-attention layer in six.

    Source:
        huggingface.co/google/gemma-3-270m, config.json; transformers 5.23,
        `Gemma3TextConfig`.
    """
    n_layers = gguf.number("gemma3.block_count")
    rope_theta = gguf.values["gemma3.rope.freq_base"]
    kinds = ("sliding_attention", "full_attention")
    head_dim = gguf.number("gemma3.attention.key_length")
    config = {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "dtype": "bfloat16",
        "vocab_size": len(gguf.strings("tokenizer.ggml.tokens")),
        "hidden_size": gguf.number("gemma3.embedding_length"),
        "intermediate_size": gguf.number("gemma3.feed_forward_length"),
        "num_hidden_layers": n_layers,
        "num_attention_heads": gguf.number("gemma3.attention.head_count"),
        "num_key_value_heads": gguf.number("gemma3.attention.head_count_kv"),
        "head_dim": head_dim,
        "query_pre_attn_scalar": head_dim,
        "hidden_activation": "gelu_pytorch_tanh",
        "max_position_embeddings": gguf.number("gemma3.context_length"),
        "rms_norm_eps": 1e-06,
        "sliding_window": gguf.number("gemma3.attention.sliding_window"),
        "layer_types": [kinds[(layer + 1) % 6 == 0] for layer in range(n_layers)],
        "rope_parameters": {
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
            "full_attention": {"rope_type": "default", "rope_theta": rope_theta},
        },
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": True,
        "use_bidirectional_attention": False,
        "use_cache": True,
        "bos_token_id": gguf.number("tokenizer.ggml.bos_token_id"),
        "eos_token_id": gguf.number("tokenizer.ggml.eos_token_id"),
        "pad_token_id": gguf.number("tokenizer.ggml.padding_token_id"),
    }
    return json.dumps(config, indent=2) + "\n"
