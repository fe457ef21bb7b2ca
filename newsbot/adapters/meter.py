"""What a model was asked and what it wrote, counted at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.ports import (
    ChoiceRequest,
    Encoder,
    Memory,
    TextAnswer,
    TextModel,
    TextRequest,
)


@dataclass(slots=True, kw_only=True)
class Count:
    """Running totals of one model."""

    calls: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0


class MeteredEncoder:
    """An encoder that counts its calls and tokens."""

    def __init__(self, encoder: Encoder, count: Count) -> None:
        self._encoder = encoder
        self._count = count

    @property
    def id(self) -> str:
        """The encoder's own id."""
        return self._encoder.id

    def encode(self, texts: Sequence[str], question: str) -> list[tuple[Memory, ...]]:
        """Encode, and count one call per batch; questions are not counted."""
        encoded = self._encoder.encode(texts, question)
        self._count.calls += bool(texts)
        self._count.prompt_tokens += sum(
            len(memory.offsets) for one in encoded for memory in one
        )
        return encoded


class MeteredModel:
    """A text model that counts its calls and tokens."""

    def __init__(self, model: TextModel, count: Count) -> None:
        self._model = model
        self._count = count

    @property
    def id(self) -> str:
        """The model's own id."""
        return self._model.id

    def generate(self, requests: Sequence[TextRequest]) -> list[TextAnswer]:
        """Generate, and count one call per batch."""
        answers = self._model.generate(requests)
        self._count.calls += bool(requests)
        self._count.prompt_tokens += sum(one.n_prompt_tokens for one in answers)
        self._count.generated_tokens += sum(one.n_generated_tokens for one in answers)
        return answers

    def choose(self, requests: Sequence[ChoiceRequest]) -> list[tuple[float, ...]]:
        """Weigh choices, and count one call per batch and what was read for it."""
        before = self._model.n_weighed_tokens
        weights = self._model.choose(requests)
        self._count.calls += bool(requests)
        self._count.prompt_tokens += self._model.n_weighed_tokens - before
        return weights

    @property
    def n_weighed_tokens(self) -> int:
        """Tokens that the model read so far to weigh choices."""
        return self._model.n_weighed_tokens
