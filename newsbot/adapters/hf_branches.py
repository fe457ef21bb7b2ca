"""One text and several questions behind it, none of which sees another.

In: where each token stands and to which branch it belongs. Out: attention masks in
the form that transformers takes, and states at one scale. Judging and tuning build
their sequences with these, so that both see the same.
"""

from __future__ import annotations

from typing import Any

import torch

#: Keeps the scale of a state without content finite.
EPSILON = 1e-6


def scaled(states: torch.Tensor) -> torch.Tensor:
    """Bring each state to unit mean square, as float32.

    A few tokens carry activations a thousand times the rest.
    """
    wide = states.float()
    return wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON)


def branch_mask(
    places: torch.Tensor,
    branches: torch.Tensor,
    config: Any,
    *,
    n_before: int = 0,
) -> dict[str, torch.Tensor] | torch.Tensor:
    """Say which token may look at which.

    Args:
        places: Shape (n_rows, n): position of each token.
        branches: Shape (n_rows, n): 0 for the text, 1 and more for the questions,
            -1 for padding.
        config: The text model's config: its sliding window, where it has one.
        n_before: Tokens of the text that are remembered and not in the row; they
            stand at positions 0 to *n_before* - 1.

    Returns:
        Per kind of layer a mask of shape (n_rows, 1, n, n_before + n), true where
        one may look; one mask alone for a model with one kind of layer.
    """
    rows, n = places.shape
    device = places.device
    if n_before:
        before = torch.arange(n_before, device=device).expand(rows, n_before)
        key_places = torch.cat([before, places], 1)
        key_branches = torch.cat([torch.zeros_like(before), branches], 1)
    else:
        key_places, key_branches = places, branches
    mine, theirs = branches[:, :, None], key_branches[:, None, :]
    sees = (mine == theirs) | ((theirs == 0) & (mine >= 0))
    sees = sees & (key_places[:, None, :] <= places[:, :, None])
    # Padding looks at itself: a row that sees nothing would be no number.
    itself = torch.arange(n, device=device)
    sees[:, itself, itself + n_before] = True
    window = getattr(config, "sliding_window", None)
    if not window:
        near = sees
    else:  # compared, not subtracted: distances would be eight bytes each
        near = sees & (key_places[:, None, :] > (places - window)[:, :, None])
    if not getattr(config, "layer_types", None):
        # One kind of layer: as Mistral's, whose window then holds for all.
        return near[:, None]
    return {"full_attention": sees[:, None], "sliding_attention": near[:, None]}
