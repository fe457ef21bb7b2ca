"""Fitting one linear head: penalised logistic regression, deterministic."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from newsbot.stages.heads import CLIP, Head

#: Steps of L-BFGS; the losses here settle within half of that.
MAX_STEPS = 200


def fit_head(
    vectors: NDArray[np.float32],
    labels: NDArray[np.float32],
    *,
    penalty: float,
    exclusive: bool = False,
) -> Head:
    """Fit a head.

    Args:
        vectors: Shape (n, width), raw.
        labels: Shape (n, n_classes), 0 or 1; rows sum to 1 where *exclusive*.
        penalty: Weight of the squared weights against the mean loss; larger is
            smoother. Chosen on a split of the corpus, see `newsbot.tuning.tune`.
        exclusive: Softmax over the classes instead of a sigmoid each.

    Returns:
        The head. The same input gives the same head.
    """
    mean, scale = vectors.mean(0), vectors.std(0) + 1e-3
    standard = np.clip((vectors - mean) / scale, -CLIP, CLIP)
    inputs = torch.from_numpy(standard.astype(np.float64))
    targets = torch.from_numpy(labels.astype(np.float64))
    weights = torch.zeros(
        (labels.shape[1], vectors.shape[1]), dtype=torch.float64, requires_grad=True
    )
    bias = torch.zeros(labels.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights, bias], max_iter=MAX_STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = inputs @ weights.T + bias
        if exclusive:
            data = -(targets * torch.log_softmax(scores, 1)).sum(1).mean()
        else:
            data = torch.nn.functional.binary_cross_entropy_with_logits(scores, targets)
        total: torch.Tensor = data + penalty * (weights**2).sum() / labels.shape[1]
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return Head(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        weights=weights.detach().numpy().astype(np.float32),
        bias=bias.detach().numpy().astype(np.float32),
        exclusive=exclusive,
    )
