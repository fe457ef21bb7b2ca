"""What a model knows of an article and of places in it, in the form that heads weigh.

In: what the model remembers, and questions. Out: per question the state behind it,
beside the mean state of the tokens that it asks about. The first has read all of the
article, the second was there: either alone says less (docs/tuning.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from newsbot.ports import Memory
from newsbot.stages.questions import Question
from newsbot.stages.sentences import token_range

Array = NDArray[np.float32]


def recall(memory: Memory, asked: Sequence[Question]) -> Array:
    """Put questions behind a text.

    Args:
        memory: What the model remembers of the text, or of a stretch of it.
        asked: Their places are code points of the text; those outside the stretch
            are left out.

    Returns:
        Shape (n_questions, 2 * width).
    """
    behind = memory.ask([question.text for question in asked])
    if not asked:
        return np.concatenate([behind, behind], axis=1)
    here = np.stack([_mean(memory, question.places) for question in asked])
    return np.concatenate([behind, here], axis=1)


def recall_text(memory: Memory) -> Array:
    """Give what is known behind the text as a whole, shape (2 * width,)."""
    return np.concatenate([memory.answer, _mean(memory, ())])


def places_in(
    offsets: NDArray[np.int64], places: Sequence[tuple[int, int]]
) -> NDArray[np.int64]:
    """Number the tokens of these places, each once, in order.

    Args:
        offsets: Start and end of each token in the text, shape (n_tokens, 2).
        places: Of the text; those outside of what was read are left out.

    Returns:
        All tokens where there is no place among them.
    """
    n_tokens = len(offsets)
    touched = np.zeros(n_tokens, dtype=np.bool_)
    for start, end in places:
        if n_tokens and offsets[0, 0] < end and start < offsets[-1, 1]:
            first, last = token_range(offsets, start, end)
            touched[first:last] = True
    return np.flatnonzero(touched if touched.any() else ~touched)


def _mean(memory: Memory, places: Sequence[tuple[int, int]]) -> Array:
    if not len(memory.states):  # an empty text
        return np.zeros_like(memory.answer)
    tokens = places_in(memory.offsets, places)
    return np.asarray(memory.states[tokens].mean(0), dtype=np.float32)
