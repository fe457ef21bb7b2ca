"""A causal language model in this process: choices and texts.

In: questions, in batches. Out: probabilities and answers.
Imported only when a model is wanted: it brings torch and transformers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

import numpy as np

from newsbot.adapters import hf_files
from newsbot.adapters.embedded import FIX
from newsbot.adapters.hf_grammar import Grammars, grammar_substring_words
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.errors import ModelMissingError, ModelOutputError
from newsbot.ports import ChoiceRequest, TextAnswer, TextRequest

try:
    from newsbot.adapters import hf_generate
    from newsbot.adapters.hf_load import Loading, load_weights
    from newsbot.adapters.hf_machine import (
        device_name,
        in_batches,
        peak_bytes,
        set_up,
    )
except ImportError as missing:
    raise ModelMissingError(f"{missing.name} is not installed: {FIX}") from missing

__all__ = ["HfConfig", "HfModel", "grammar_substring_words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HfConfig:
    """Which model to load, and how to run it."""

    #: A folder, or a name on the Hugging Face hub.
    folder_or_name: str
    #: ``"auto"`` takes the GPU where there is one.
    device: str = "auto"
    #: ``"auto"``: bfloat16 on a GPU; on a CPU what the embedded model's conversion
    #: measured as faster, else bfloat16 only where the processor computes with it.
    dtype: str = "auto"
    #: ``"int8"`` halves the weights; it needs bitsandbytes.
    quantisation: Literal["none", "int8"] = "none"
    #: Texts or prompts in one pass; 8 to 16 gave most articles per second.
    batch_size: int = 8
    #: Tokens that prompt and answer may have together.
    context: int = 4096
    #: Whether only what lies on this machine may be loaded.
    offline: bool = True


class HfModel:
    """A causal language model of transformers; make it with `load`.

    Args:
        model: The model, on its device, in evaluation mode.
        tokenizer: Its tokenizer.
        grammars: Makes matchers for its vocabulary.
        config: As given to `load`.
        name: Name and hash, without the layer.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: HfTokenizer,
        grammars: Grammars,
        config: HfConfig,
        name: str,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._grammars = grammars
        self._config = config
        self._name = name
        self._text_config = model.config.get_text_config()
        longest = getattr(self._text_config, "max_position_embeddings", None)
        self._context = min(config.context, longest or config.context)
        self._eos = _eos(model)
        #: Tokens read so far to weigh choices.
        self.n_weighed_tokens = 0

    @classmethod
    def load(cls, config: HfConfig) -> HfModel:
        """Load a model from safetensors, running no code of its own.

        Args:
            config: Which and how.

        Returns:
            A model that is ready.

        Raises:
            ModelMissingError: Not there, refused, unknown to transformers, too large
                for the memory, or a library is missing.
            ValueError: A figure in *config* makes no sense.
        """
        if config.batch_size < 1:
            raise ValueError(f"batch_size must be 1 at least: {config}")
        if config.offline:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        folder = hf_files.local_folder(config.folder_or_name, offline=config.offline)
        device, dtype = set_up(folder, config.device, config.dtype)
        tokenizer = HfTokenizer.load(folder)
        model = load_weights(
            folder,
            Loading(device=device, dtype=dtype, quantisation=config.quantisation),
        )
        name = hf_files.model_name(folder, config.folder_or_name)
        grammars = Grammars(
            tokenizer,
            # Some tokenizers know more tokens than the model, some fewer.
            max(model.get_output_embeddings().weight.shape[0], tokenizer.n_vocabulary),
            sorted(_eos(model)),
        )
        hash_ = hf_files.fingerprint(folder)
        return cls(model, tokenizer, grammars, config, f"{name}@{hash_}")

    @property
    def id(self) -> str:
        """Name and hash, as in ``"gemma3-270m@a5fd3b62230a"``."""
        return self._name

    @property
    def dtype(self) -> str:
        """The type computed with, as ``"float32"``."""
        return str(self._model.dtype).removeprefix("torch.")

    @property
    def device(self) -> str:
        """Where it runs, as ``"cpu"`` or ``"cuda (NVIDIA L4)"``."""
        return device_name(self._model.device)

    @property
    def quantisation(self) -> str:
        """What the weights were turned into: ``"none"`` or ``"int8"``."""
        return self._config.quantisation

    @property
    def peak_bytes(self) -> int:
        """The most memory held so far, on the GPU or by the process."""
        return peak_bytes(self._model.device)

    def choose(self, requests: Sequence[ChoiceRequest]) -> list[tuple[float, ...]]:
        """Weigh the fixed answers of each request.

        The weight of an answer is the softmax, over the answers, of its mean
        log-probability per token after the prompt. The mean and not the sum: else
        an answer of three tokens would lose to one of a single token for its length.
        An answer directly continues the text; begin it with a space where a
        question ends without one.

        Args:
            requests: Each with at least one choice, none empty.

        Returns:
            Per request one probability per choice, in order, summing to 1.

        Raises:
            ModelOutputError: Prompt longer than the context, or out of memory.
            ValueError: A request without choices, or an empty choice.
        """
        questions = [self._question(request) for request in requests]
        weights = in_batches(
            self._config.batch_size,
            questions,
            lambda question: len(question.ids),
            lambda part: hf_generate.weigh(self._model, part),
        )
        self.n_weighed_tokens += sum(len(question.ids) for question in questions)
        return [_softmax(row) for row in weights]

    def generate(self, requests: Sequence[TextRequest]) -> list[TextAnswer]:
        """Write one answer per request, greedily.

        An answer ends at end-of-sequence, before a stop text, where its grammar is
        complete, or after `max_tokens`; in the last case it may be a mere beginning
        of what the grammar admits. `n_generated_tokens` counts every step, also the
        one that gave end-of-sequence or completed a stop text.

        Args:
            requests: Prompts of any length that fits the context.

        Returns:
            Answers in order, untrimmed.

        Raises:
            ModelOutputError: Prompt and answer do not fit the context (nothing is
                cut), a grammar is not one, or out of memory.
            ModelMissingError: A grammar is asked for and llguidance is missing.
        """
        prompts = [self._prompt(request) for request in requests]
        order = list(range(len(requests)))

        def write(part: Sequence[int]) -> list[hf_generate.Written]:
            # Matchers remember their way: each attempt at a batch gets new ones.
            fresh = [
                hf_generate.Prompt(
                    ids=prompts[index],
                    max_tokens=requests[index].limits.max_tokens,
                    stop=requests[index].limits.stop,
                    matcher=None
                    if grammar is None
                    else self._grammars.matcher(grammar),
                )
                for index in part
                for grammar in [requests[index].grammar]
            ]
            return hf_generate.write(self._model, self._tokenizer, fresh, self._eos)

        answers = in_batches(
            self._config.batch_size, order, lambda index: len(prompts[index]), write
        )
        return [
            TextAnswer(
                text=(
                    self._tokenizer.decode(answer.ids)
                    if answer.text is None
                    else answer.text
                ),
                n_prompt_tokens=len(answer.prompt.ids),
                n_generated_tokens=answer.n_generated,
            )
            for answer in answers
        ]

    def _prompt(self, request: TextRequest) -> tuple[int, ...]:
        ids = self._tokenizer.prompt(request.instruction, request.text)
        self._check_length(len(ids), request.limits.max_tokens)
        return ids

    def _question(self, request: ChoiceRequest) -> hf_generate.Question:
        if not request.choices or not all(request.choices):
            raise ValueError("a request needs choices, none of them empty")
        ids = self._tokenizer.prompt(request.instruction, request.text)
        if self._tokenizer.has_chat_template:
            choices = [self._tokenizer.encode(choice).ids for choice in request.choices]
        else:
            # Encoded together, for a token may span the border of prompt and answer.
            whole = [
                self._tokenizer.prompt(request.instruction, request.text + choice)
                for choice in request.choices
            ]
            n_shared = min(_n_common([ids, *whole]), min(map(len, whole)) - 1)
            choices = [each[n_shared:] for each in whole]
            ids = ids[:n_shared]
        self._check_length(len(ids), max(len(choice) for choice in choices))
        return hf_generate.Question(ids=ids, choices=tuple(choices))

    def _check_length(self, n_prompt: int, n_answer: int) -> None:
        if n_prompt < 1:
            raise ValueError("a request needs a text")
        if n_prompt + n_answer > self._context:
            error = ModelOutputError(
                f"prompt of {n_prompt} and answer of {n_answer} tokens exceed the "
                f"context of {self._context}"
            )
            error.retry = False
            raise error


def _n_common(rows: Sequence[tuple[int, ...]]) -> int:
    """Count the leading tokens that all rows share."""
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))
    return sum(1 for _ in columns)


def _softmax(scores: Sequence[float]) -> tuple[float, ...]:
    values = np.array(scores, dtype=np.float64)
    weights = np.exp(values - values.max())
    return tuple(float(weight) for weight in weights / weights.sum())


def _eos(model: Any) -> frozenset[int]:
    """Collect what ends an answer: chat models end turns by another token."""
    found: set[int] = set()
    for config in (model.generation_config, model.config.get_text_config()):
        ids = getattr(config, "eos_token_id", None)
        if isinstance(ids, int):
            found.add(ids)
        elif ids is not None:
            found.update(int(id_) for id_ in ids)
    return frozenset(found)
