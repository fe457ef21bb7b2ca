"""A bare forward pass over texts: what reading them costs at the very least.

In: a decoder and texts. Out: seconds. Tokenised and padded beforehand, in the same
windows and batches as `HfReader.encode` makes; no questions, no cache kept, no heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import torch

from newsbot.adapters.hf_reader import OVERLAP, WINDOW
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.adapters.hf_windows import windows

#: Token ids and, of the same shape, 1 where they are no padding.
Batch = tuple[torch.Tensor, torch.Tensor]


def batches(
    tokenizer: HfTokenizer, texts: Sequence[str], batch_size: int
) -> list[Batch]:
    """Tokenise texts and pad windows of like length together."""
    rows = [
        window.ids
        for n, text in enumerate(texts)
        for window in windows(
            n, tokenizer.encode(text).ids, tokenizer.prefix, WINDOW, OVERLAP
        )
    ]
    rows.sort(key=len, reverse=True)
    return [
        _padded(rows[start : start + batch_size])
        for start in range(0, len(rows), batch_size)
    ]


def _padded(rows: Sequence[tuple[int, ...]]) -> Batch:
    ids = torch.zeros((len(rows), len(rows[0])), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for n, row in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row)
        mask[n, : len(row)] = 1
    return ids, mask


def forward_seconds(decoder: Any, prepared: Sequence[Batch]) -> float:
    """Run a decoder of transformers over batches; gives the seconds it took."""
    device = decoder.embed_tokens.weight.device
    started = perf_counter()
    with torch.inference_mode():
        for ids, mask in prepared:
            decoder(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                use_cache=False,
            )
    return perf_counter() - started
