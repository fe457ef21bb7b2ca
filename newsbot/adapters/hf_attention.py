"""Attention as plain matrix products, for bfloat16 on a CPU.

torch's own kernel multiplies bfloat16 there no faster than float32, ten times slower
than its matrix product: it was half the time of a pass. With float32, or on a GPU,
that kernel is as fast as anything.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface

#: The name under which transformers finds it.
PLAIN = "newsbot_plain"


def attention_name(device: torch.device | str, dtype: torch.dtype) -> str:
    """Name the faster attention for a device and a type."""
    on_cpu = torch.device(device).type == "cpu"
    return PLAIN if on_cpu and dtype == torch.bfloat16 else "sdpa"


def plain_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attend; heads that share keys are one long product.

    Args:
        module: The layer, which is not needed.
        query: Shape (n_rows, n_heads, n, width).
        key: Shape (n_rows, n_groups, n_keys, width), a group for several heads.
        value: The same shape.
        attention_mask: Shape (n_rows, 1, n, n_keys), true where one may look;
            None: everywhere.
        scaling: Of the products of queries and keys.

    Returns:
        Shape (n_rows, n, n_heads, width), and no weights.
    """
    n_rows, n_heads, n, width = query.shape
    n_groups, n_keys = key.shape[1:3]
    each = n_heads // n_groups
    rows = (query * scaling).reshape(n_rows * n_groups, each * n, width)
    keys = key.reshape(n_rows * n_groups, n_keys, width)
    scores = torch.bmm(rows, keys.transpose(1, 2)).view(n_rows, n_heads, n, n_keys)
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    # In the products' own type: the kernel itself computes in float32.
    weights = torch.softmax(scores, -1).view(n_rows * n_groups, each * n, n_keys)
    values = value.reshape(n_rows * n_groups, n_keys, width)
    found = torch.bmm(weights, values).view(n_rows, n_heads, n, width)
    return found.transpose(1, 2).contiguous(), None


AttentionInterface.register(PLAIN, plain_attention)
