"""Only what the grammar allows: llguidance's masks, written into the scores here.

In: a Lark grammar in llguidance's dialect. Out: per step, which tokens may follow.
llguidance's own torch helper compiles for 20 s on first use; a mask is one line.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import numpy as np

from newsbot.adapters.embedded import FIX
from newsbot.errors import ModelMissingError, ModelOutputError

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer

    from newsbot.adapters.hf_tokenizer import HfTokenizer


def grammar_substring_words(text: str) -> str:
    r"""Write the part of a Lark grammar that admits only runs of words of a text.

    The answer begins and ends at a border between words and non-words of *text*.
    It may be empty: ask for more around it where that matters.

    Args:
        text: What the answer must occur in, any characters.

    Returns:
        The right-hand side of a terminal.

    >>> print("start: QUOTE\nQUOTE: " + grammar_substring_words('a "b" c'))
    start: QUOTE
    QUOTE: %regex { "substring_words": "a \"b\" c" }
    """
    return f'%regex {{ "substring_words": {json.dumps(text)} }}'


class Matcher:
    """One answer's way through its grammar."""

    def __init__(self, matcher: LLMatcher) -> None:
        self._matcher = matcher

    @property
    def is_finished(self) -> bool:
        """Whether nothing may follow, so that no model step is needed."""
        return bool(self._matcher.is_stopped())

    def mask(self, scores: torch.Tensor) -> None:
        """Set the scores of all tokens that may not follow to minus infinity.

        Args:
            scores: Shape (n_vocabulary,); changed in place.

        Raises:
            ModelOutputError: The grammar cannot go on (a limit of llguidance).
        """
        import torch

        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        self._check()
        allowed = np.unpackbits(bits, bitorder="little", count=scores.shape[-1])
        mask = torch.from_numpy(allowed == 0)
        scores.masked_fill_(mask.to(scores.device), float("-inf"))

    def take(self, token: int) -> None:
        """Go on by the token that was chosen.

        Raises:
            ModelOutputError: The token is not allowed here.
        """
        self._matcher.consume_token(token)
        self._check()

    def _check(self) -> None:
        if self._matcher.is_error():
            raise _refusal(self._matcher.get_error())


class Grammars:
    """Makes matchers for one tokenizer; builds llguidance's copy of it when asked.

    That copy takes 4 s and 100 MB for 262,144 tokens, once.
    """

    def __init__(
        self, tokenizer: HfTokenizer, n_vocabulary: int, eos: list[int]
    ) -> None:
        self._source = tokenizer
        self._n_vocabulary = n_vocabulary
        self._eos = eos
        self._tokenizer: LLTokenizer | None = None
        self._lock = threading.Lock()

    def matcher(self, grammar: str) -> Matcher:
        """Compile a grammar, 10-30 ms for one with a whole article in it.

        Args:
            grammar: Lark, in llguidance's dialect.

        Raises:
            ModelMissingError: llguidance is missing.
            ModelOutputError: The grammar is not one.
        """
        tokenizer = self._load()
        from llguidance import LLMatcher

        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar))
        if matcher.is_error():
            raise _refusal(matcher.get_error())
        return Matcher(matcher)

    def _load(self) -> LLTokenizer:
        with self._lock:
            if self._tokenizer is None:
                try:
                    from llguidance import LLTokenizer
                except ImportError as error:
                    raise ModelMissingError(
                        f"{error.name} is not installed: {FIX}"
                    ) from error
                self._tokenizer = LLTokenizer(
                    self._source.as_json(),
                    n_vocab=self._n_vocabulary,
                    eos_token=self._eos,
                )
            return self._tokenizer


def _refusal(reason: str) -> ModelOutputError:
    first = (reason.splitlines() or ["unknown"])[0]
    error = ModelOutputError(f"grammar: {first}")
    error.retry = False
    return error
