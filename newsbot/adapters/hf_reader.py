"""A tuned model that reads articles and is asked about them, without writing.

In: texts and one question, in batches; then more questions about a text it has read.
Out: states. The text's keys and values are kept, so a further question costs its own
few tokens. Only the layers that the adapter was tuned on are loaded; the rest of the
base and its vocabulary head, half of the work, are never touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from newsbot.adapters import hf_files
from newsbot.adapters.adapter_file import Adapter
from newsbot.adapters.embedded import FIX
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.errors import ModelMissingError
from newsbot.ports import Memory

try:
    import torch

    from newsbot.adapters.hf_branches import branch_mask, scaled
    from newsbot.adapters.hf_machine import (
        device_name,
        in_batches,
        peak_bytes,
        set_up,
    )
    from newsbot.adapters.hf_windows import Window, windows
except ImportError as missing:
    raise ModelMissingError(f"{missing.name} is not installed: {FIX}") from missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Tokens read at once: some 8,000 characters, thrice the longest article tuned on.
WINDOW = 2_048
#: Tokens of left context that a later window repeats.
OVERLAP = 256
#: Tokens of questions in one pass. An article names ten or twenty organisations; a
#: list of a thousand, asked in one pass, would need gigabytes for its mask.
MAX_ASKED = 1_024
#: Where the checkpoints of models that see keep the text part; see `hf_load`.
TEXT_PART = {r"^model\.language_model\.": "", r"^language_model\.model\.": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderConfig:
    """Which base to load, and how to run it."""

    folder: str
    #: ``"auto"`` takes the GPU where there is one.
    device: str = "auto"
    #: ``"auto"``: what the conversion measured as faster on this machine.
    dtype: str = "auto"
    batch_size: int = 8


class HfMemory:
    """A stretch of a text that was read; see `newsbot.ports.Memory`."""

    def __init__(
        self,
        reader: HfReader,
        states: torch.Tensor,
        offsets: NDArray[np.int64],
        answer: torch.Tensor,
        cache: list[tuple[torch.Tensor, torch.Tensor]],
    ) -> None:
        self._reader = reader
        self._cache = cache
        self.states: NDArray[np.float32] = states.cpu().numpy()
        self.offsets = offsets
        self.answer: NDArray[np.float32] = answer.cpu().numpy()

    @property
    def start(self) -> int:
        """First code point that was read."""
        return int(self.offsets[0, 0]) if len(self.offsets) else 0

    @property
    def end(self) -> int:
        """The code point after the last that was read."""
        return int(self.offsets[-1, 1]) if len(self.offsets) else 0

    def ask(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """Put questions behind the text, each as if it were the only one."""
        return self._reader.ask(self._cache, questions)


class HfReader:
    """The first layers of a causal model, tuned; make it with `load`."""

    def __init__(
        self,
        decoder: Any,
        tokenizer: HfTokenizer,
        config: ReaderConfig,
        name: str,
    ) -> None:
        self._decoder = decoder
        self._tokenizer = tokenizer
        self._config = config
        self._name = name

    @classmethod
    def load(cls, config: ReaderConfig, adapter: Adapter) -> HfReader:
        """Load a base model's first layers and add the adapter to them.

        Raises:
            ModelMissingError: Not there, refused, or the adapter does not fit it.
        """
        folder = hf_files.local_folder(config.folder, offline=True)
        decoder = load_decoder(folder, config, n_layers=adapter.layer)
        add_matrices(decoder, adapter)
        return cls(
            decoder.eval(),
            HfTokenizer.load(folder),
            config,
            f"{hf_files.model_name(folder, config.folder)}"
            f"@{hf_files.fingerprint(folder)}/{adapter.layer}",
        )

    @property
    def id(self) -> str:
        """Name, hash and layers, as in ``"gemma3-270m@a5fd3b62230a/12"``."""
        return self._name

    @property
    def decoder(self) -> Any:
        """The layers that are run, as transformers has them; for measurements."""
        return self._decoder

    @property
    def dtype(self) -> str:
        """The type computed with, as ``"float32"``."""
        return str(self._decoder.dtype).removeprefix("torch.")

    @property
    def device(self) -> str:
        """Where it runs, as ``"cpu"`` or ``"cuda (NVIDIA L4)"``."""
        return device_name(self._decoder.device)

    @property
    def quantisation(self) -> str:
        """The weights are as they were converted."""
        return "none"

    @property
    def peak_bytes(self) -> int:
        """The most memory held so far, on the GPU or by the process."""
        return peak_bytes(self._decoder.device)

    def encode(self, texts: Sequence[str], question: str) -> list[tuple[Memory, ...]]:
        """Read each text whole, long ones in windows that overlap.

        Raises:
            ModelOutputError: Out of memory even with one window at a time.
        """
        prefix = self._tokenizer.prefix
        asked = self._tokenizer.encode(question).ids
        tokens = [self._tokenizer.encode(text) for text in texts]
        pieces = [
            window
            for index, each in enumerate(tokens)
            for window in windows(index, each.ids, prefix, WINDOW, OVERLAP)
            or [Window(text=index, start=0, end=0, n_context=0, ids=prefix)]
        ]
        read = in_batches(
            self._config.batch_size,
            pieces,
            lambda window: len(window.ids),
            lambda batch: self._read(
                batch, asked, [tokens[w.text].offsets[w.start : w.end] for w in batch]
            ),
        )
        found: list[list[Memory]] = [[] for _ in texts]
        for window, memory in zip(pieces, read, strict=True):
            found[window.text].append(memory)
        return [tuple(each) for each in found]

    def _read(
        self,
        batch: Sequence[Window],
        asked: tuple[int, ...],
        offsets: Sequence[NDArray[np.int64]],
    ) -> list[HfMemory]:
        """Run windows of like length, padded on the right; all in one pass."""
        from transformers import DynamicCache

        rows = [window.ids + asked for window in batch]
        longest = max(len(row) for row in rows)
        ids = torch.zeros((len(rows), longest), dtype=torch.long)
        branches = torch.full_like(ids, -1)
        for n, (row, window) in enumerate(zip(rows, batch, strict=True)):
            ids[n, : len(row)] = torch.tensor(row)
            branches[n, : len(window.ids)] = 0
            branches[n, len(window.ids) : len(row)] = 1
        places = torch.arange(longest).expand(len(rows), longest)
        cache = DynamicCache()
        output = self._run(ids, places, branches, cache)
        layers = [(layer.keys, layer.values) for layer in cache.layers]
        n_prefix = len(self._tokenizer.prefix)
        memories = []
        for n, (row, window) in enumerate(zip(rows, batch, strict=True)):
            end = len(window.ids)
            memories.append(
                HfMemory(
                    self,
                    output[n, n_prefix:end],
                    offsets[n],
                    output[n, len(row) - 1],
                    [(k[n : n + 1, :, :end], v[n : n + 1, :, :end]) for k, v in layers],
                )
            )
        return memories

    def ask(
        self,
        remembered: list[tuple[torch.Tensor, torch.Tensor]],
        questions: Sequence[str],
    ) -> NDArray[np.float32]:
        """Give the state at the end of each question; see `HfMemory.ask`."""
        width = int(self._decoder.config.hidden_size)
        asked = [self._tokenizer.encode(question).ids for question in questions]
        answers = [self._ask(remembered, part) for part in _in_passes(asked, MAX_ASKED)]
        return np.concatenate([np.empty((0, width), dtype=np.float32), *answers])

    def _ask(
        self,
        remembered: list[tuple[torch.Tensor, torch.Tensor]],
        asked: Sequence[tuple[int, ...]],
    ) -> NDArray[np.float32]:
        """Run questions side by side, each at the place right behind the text."""
        from transformers import DynamicCache

        cache = DynamicCache()
        for layer, (keys, values) in enumerate(remembered):
            cache.update(keys, values, layer)
        n_before = remembered[0][0].shape[2]
        ids: list[int] = []
        places: list[int] = []
        branches: list[int] = []
        ends = []
        for number, question in enumerate(asked, 1):
            ids += question
            places += range(n_before, n_before + len(question))
            branches += [number] * len(question)
            ends.append(len(ids) - 1)
        output = self._run(
            torch.tensor([ids]),
            torch.tensor([places]),
            torch.tensor([branches]),
            cache,
            n_before=n_before,
        )
        return np.asarray(output[0, ends].cpu().numpy(), dtype=np.float32)

    def _run(
        self,
        ids: torch.Tensor,
        places: torch.Tensor,
        branches: torch.Tensor,
        cache: Any,
        *,
        n_before: int = 0,
    ) -> torch.Tensor:
        device = self._decoder.embed_tokens.weight.device
        places, branches = places.to(device), branches.to(device)
        with torch.inference_mode():
            output = self._decoder(
                input_ids=ids.to(device),
                position_ids=places,
                attention_mask=branch_mask(
                    places, branches, self._decoder.config, n_before=n_before
                ),
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
            return scaled(output)


def _in_passes(
    asked: Sequence[tuple[int, ...]], size: int
) -> Iterator[list[tuple[int, ...]]]:
    """Split questions, in order, into passes of *size* tokens; one at least in each."""
    part: list[tuple[int, ...]] = []
    n_tokens = 0
    for ids in asked:
        if part and n_tokens + len(ids) > size:
            yield part
            part, n_tokens = [], 0
        part.append(ids)
        n_tokens += len(ids)
    if part:
        yield part


def load_decoder(folder: Path, config: ReaderConfig, *, n_layers: int) -> Any:
    """Load the first layers of a model, without final norm and vocabulary head.

    Raises:
        ModelMissingError: It cannot be loaded, or has fewer layers.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from transformers import AutoConfig, AutoModel
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise ModelMissingError(f"{error.name} is not installed: {FIX}") from error
    transformers_logging.disable_progress_bar()  # stderr belongs to the command
    device, dtype = set_up(folder, config.device, config.dtype)
    try:
        shape = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        ).get_text_config()
        if n_layers > shape.num_hidden_layers:
            raise ValueError(f"it has {shape.num_hidden_layers} layers, not {n_layers}")
        shape.num_hidden_layers = n_layers
        if getattr(shape, "layer_types", None):
            shape.layer_types = shape.layer_types[:n_layers]
        level = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()  # the layers left out are meant
        try:
            decoder, loading = AutoModel.from_pretrained(
                folder,
                config=shape,
                key_mapping=TEXT_PART,
                dtype=dtype,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                # Named here, for a config may name a kernel to fetch and run.
                attn_implementation="sdpa",
                output_loading_info=True,
            )
        finally:
            transformers_logging.set_verbosity(level)
        # transformers fills what a file lacks with random numbers, and warns.
        if absent := sorted(loading["missing_keys"]):
            raise ValueError(f"{len(absent)} weights missing, as {absent[0]}")
        # States are read before the last norm, which was made for the last layer.
        decoder.norm = torch.nn.Identity()
        return decoder.to(device)
    except Exception as error:
        # transformers raises OSError, ValueError, KeyError, RuntimeError and
        # safetensors its own; for the user they all mean: not this folder.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelMissingError(f"{folder}: cannot be loaded: {reason}") from error


def add_matrices(decoder: Any, adapter: Adapter) -> None:
    """Add an adapter's low-rank matrices to the weights they were tuned for.

    Raises:
        ModelMissingError: They name a weight that is not there, or of another shape.
    """
    for name, (a, b) in adapter.matrices.items():
        try:
            weight = decoder.get_submodule(name).weight
            change = torch.from_numpy(b) @ torch.from_numpy(a)
            if change.shape != weight.shape:  # a single row would be added to all
                raise RuntimeError(f"{change.shape} to {weight.shape}")
            changed = weight.detach().float().cpu() + change
        except (AttributeError, RuntimeError) as error:
            raise ModelMissingError(
                f"the adapter does not fit the base model at {name}"
            ) from error
        with torch.no_grad():
            weight.data = changed.to(device=weight.device, dtype=weight.dtype)
