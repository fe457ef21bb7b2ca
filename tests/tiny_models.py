"""Tiny random models of the presets' architectures, with tokenizer and chat template.

They write nonsense; what they have in common with the published ones is the classes
of transformers, the layout of the files, and the form of the chat.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import tokenizers
import torch
import transformers

from newsbot.adapters.hf import HfConfig, HfModel

#: Trained on, so that a word is not always five tokens.
TEXT = (
    "Überall wächst der Bedarf: OpenAI und Oracle schließen einen Vertrag über 30 Mrd. "
    "US-Dollar. Anthropic buys chips from Google, and nobody says for how much. "
    'status announced types compute_purchase parties name roles provider "customer" '
    "an AI-cloud deal is an agreement between two or more named organisations "
)
QWEN = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
#: Gemma 3 puts the instruction before the user's first turn.
GEMMA3 = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{% set first = messages[0].content + '\n\n' %}{% set rest = messages[1:] %}"
    "{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}"
    "{% for m in rest %}<start_of_turn>{{ m.role }}\n"
    "{{ first if loop.first else '' }}{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
GEMMA4 = (
    "{{ bos_token }}{% for m in messages %}<|turn>{{ m.role }}\n"
    "{{ m.content | trim }}<turn|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn>model\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "[SYSTEM_PROMPT]{{ m.content }}[/SYSTEM_PROMPT]"
    "{% elif m.role == 'user' %}[INST]{{ m.content }}[/INST]"
    "{% else %}{{ raise_exception('roles') }}{% endif %}{% endfor %}"
)
#: Control tokens in the order of their ids: padding, end, begin, then the turns.
MARKS = {
    "qwen3": ("<pad>", "<|im_end|>", "<|im_start|>"),
    "gemma3": ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
    "gemma4": ("<pad>", "<eos>", "<bos>", "<|turn>", "<turn|>"),
    "mistral3": (
        *("<unk>", "</s>", "<s>", "[INST]", "[/INST]"),
        *("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    ),
}
MARKS["gemma3-text"] = MARKS["gemma3"]
MARKS["mistral"] = MARKS["mistral3"]
CHATS = {
    "qwen3": QWEN,
    "gemma3": GEMMA3,
    "gemma3-text": GEMMA3,
    "gemma4": GEMMA4,
    "mistral3": MISTRAL,
    "mistral": MISTRAL,
}
#: What a reader of text never looks at, as small as it goes.
EYES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}


def names() -> tuple[str, ...]:
    """The architectures that the installed transformers has."""
    has_gemma4 = hasattr(transformers, "Gemma4Config")
    return tuple(name for name in CHATS if name != "gemma4" or has_gemma4)


def write_tokenizer(folder: Path, name: str) -> int:
    """Train a small byte-level tokenizer; returns the size of its vocabulary."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(
        add_prefix_space=False
    )
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [TEXT] * 5,
        tokenizers.trainers.BpeTrainer(
            vocab_size=420,
            special_tokens=list(MARKS[name]),
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    if name != "qwen3":  # it has no begin-of-sequence
        begin = MARKS[name][2]
        tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single=f"{begin} $A", special_tokens=[(begin, 2)]
        )
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHATS[name])
    return tokenizer.get_vocab_size()


def build(folder: Path, name: str, *, context: int = 4096) -> Path:
    """Write a model folder of one architecture, the same one every time."""
    folder.mkdir()
    text = {
        "vocab_size": write_tokenizer(folder, name),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": context,
        "initializer_range": 0.4,  # else a random model writes one token forever
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }
    sliding = {
        "sliding_window": 16,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    }
    torch.manual_seed(7)
    model = _model(name, text, sliding)
    model.generation_config.eos_token_id = [1, len(MARKS[name]) - 1]
    model.save_pretrained(folder)
    return folder


def _model(name: str, text: dict, sliding: dict):
    if name == "qwen3":
        return transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**text))
    if name == "mistral":
        return transformers.MistralForCausalLM(transformers.MistralConfig(**text))
    if name == "mistral3":
        config = transformers.Mistral3Config(
            text_config={"model_type": "mistral", **text},
            vision_config={
                **{"model_type": "pixtral", **EYES, "head_dim": 8},
                **{"image_size": 28, "patch_size": 14},
            },
            tie_word_embeddings=False,
        )
        return transformers.Mistral3ForConditionalGeneration(config)
    if name == "gemma4":
        # As the 31B model: keys are values, wider heads in the full layers.
        config = transformers.Gemma4Config(
            text_config={
                **{**text, **sliding, "global_head_dim": 16, "attention_k_eq_v": True},
                **{"num_global_key_value_heads": 1, "hidden_size_per_layer_input": 0},
                "final_logit_softcapping": 30.0,
            },
            vision_config={
                **{**EYES, "num_key_value_heads": 2, "head_dim": 8},
                "position_embedding_size": 64,
            },
        )
        return transformers.Gemma4ForConditionalGeneration(config)
    gemma3 = {**text, **sliding, "query_pre_attn_scalar": 8}
    if name == "gemma3-text":
        config = transformers.Gemma3TextConfig(**gemma3)
        return transformers.Gemma3ForCausalLM(config)
    config = transformers.Gemma3Config(
        text_config=gemma3,
        vision_config={**EYES, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
    )
    return transformers.Gemma3ForConditionalGeneration(config)


def whole(folder: Path):
    """The model with all its parts, as transformers itself loads it."""
    name = json.loads((folder / "config.json").read_text())["architectures"][0]
    return getattr(transformers, name).from_pretrained(folder).eval()


def load(folder: Path, **options) -> HfModel:
    """Load through the door."""
    options = {"device": "cpu", "dtype": "float32", **options}
    return HfModel.load(HfConfig(folder_or_name=str(folder), **options))


def as_tekken(folder: Path) -> None:
    """Turn the tokenizer of a folder into Mistral's own form, without a chat."""
    marks = MARKS["mistral3"]
    # Mistral's order of the first three differs from the one the models here use.
    pieces = [bytes([n]) for n in range(256)]
    pieces += [b"Or", b"ac", b"Orac", b"le", b"Oracle"]
    (folder / "tekken.json").write_text(
        json.dumps(
            {
                "config": {
                    "pattern": r"\s*\w+|\s*[^\s\w]+|\s+",
                    "default_vocab_size": len(marks) + len(pieces),
                    "default_num_special_tokens": len(marks),
                },
                "vocab": [
                    {
                        "rank": rank,
                        "token_bytes": base64.b64encode(piece).decode(),
                        "token_str": None,
                    }
                    for rank, piece in enumerate(pieces)
                ],
                "special_tokens": [
                    {"rank": rank, "token_str": mark, "is_control": True}
                    for rank, mark in enumerate(marks)
                ],
            }
        )
    )
    (folder / "tokenizer.json").unlink()
    (folder / "chat_template.jinja").unlink()
