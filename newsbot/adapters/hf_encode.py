"""The hidden states of long texts, window by window.

In: a text's tokens. Out: windows that cover them, and the states in each.
A causal model knows a token by what precedes it: a later window repeats the last
tokens of the one before as context, and their states are taken from the earlier
window, which saw more.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from newsbot.errors import ModelMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of one text's tokens."""

    #: Number of the text in its batch.
    text: int
    #: First token and the one after the last, counted in the text.
    start: int
    end: int
    #: Leading tokens that stand in the window before, too, and only give context.
    n_context: int
    #: With begin-of-sequence where the model wants one.
    ids: tuple[int, ...]


def windows(
    text: int, ids: tuple[int, ...], prefix: tuple[int, ...], size: int, overlap: int
) -> list[Window]:
    """Cover a text's tokens with windows, nothing cut.

    Args:
        text: Number of the text, kept in each window.
        ids: The text's tokens.
        prefix: What every window begins with.
        size: Tokens in a window, *prefix* among them.
        overlap: Tokens repeated; less than *size* without *prefix*.

    Returns:
        Windows from left to right; none for a text without tokens.

    >>> [(w.start, w.end, w.n_context) for w in windows(0, (7,) * 10, (2,), 6, 2)]
    [(0, 5, 0), (3, 8, 2), (6, 10, 2)]
    """
    n_own = size - len(prefix)
    found = []
    start = n_context = 0
    while start + n_context < len(ids):
        end = min(start + n_own, len(ids))
        found.append(
            Window(
                text=text,
                start=start,
                end=end,
                n_context=n_context,
                ids=prefix + ids[start:end],
            )
        )
        n_context = overlap
        start = end - overlap
    return found


def states(
    decoder: Any, batch: Sequence[Window], n_prefix: int
) -> list[NDArray[np.float32]]:
    """Run the decoder over windows of like length.

    Args:
        decoder: What `first_layers` gave.
        batch: Padded on the right, which a causal model never looks at.
        n_prefix: Leading states to leave out.

    Returns:
        Per window the states of shape (n_tokens, width).
    """
    longest = max(len(window.ids) for window in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    for row, window in enumerate(batch):
        ids[row, : len(window.ids)] = torch.tensor(window.ids)
        mask[row, : len(window.ids)] = 1
    device = decoder.embed_tokens.weight.device
    with torch.inference_mode():
        output = decoder(
            input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False
        ).last_hidden_state
    return [
        output[row, n_prefix : len(window.ids)].float().cpu().numpy()
        for row, window in enumerate(batch)
    ]


def first_layers(model: Any, layer: int | None) -> Any:
    """Make a view of the decoder that stops early; the weights are shared."""
    decoder = model.get_decoder()
    if layer is None:
        return decoder
    layers = getattr(decoder, "layers", None)
    if layers is None or not hasattr(decoder, "norm"):
        raise ModelMissingError(
            f"{type(model).__name__}: its layers cannot be read one by one; "
            "leave the layer unset"
        )
    if not 1 <= layer <= len(layers):
        raise ModelMissingError(
            f"layer {layer} asked for, the model has layers 1 to {len(layers)}"
        )
    if layer == len(layers):
        return decoder
    view = copy.copy(decoder)
    view._modules = dict(decoder._modules)
    view.layers = torch.nn.ModuleList(layers[:layer])
    view.norm = torch.nn.Identity()
    return view
