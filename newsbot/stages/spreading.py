"""Things in a row, each as near to where it wants to be as the others let it.

In: wanted places and sizes, in order. Out: places in the same order, none overlapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Find the tops nearest to the wanted ones, by the sum of squares.

    Args:
        wanted: Shape (n,): where each thing would begin if it were alone.
        heights: Shape (n,): how much room each takes, gap included.

    Returns:
        Shape (n,): where each begins.

    Source:
        Isotonic regression by pooling adjacent violators; Barlow et al.,
        "Statistical inference under order restrictions", 1972.

    >>> spread([0, 0, 10], [4, 4, 4])
    [-2.0, 2.0, 10.0]
    """
    offsets = [0.0, *accumulate(heights)][: len(wanted)]
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while pools and pools[-1][0] > mean:
            above, n_above = pools.pop()
            mean = (mean * size + above * n_above) / (size + n_above)
            size += n_above
        pools.append((mean, size))
    means = [mean for mean, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
