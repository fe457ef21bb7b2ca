"""A model behind an OpenAI-compatible server that the user runs.

In: questions. Out: answers, over ``POST {base_url}/chat/completions`` as vLLM,
SGLang, llama.cpp and Ollama serve it. How to reach an address, with which limits of
time and bytes and which policy, is the caller's: it comes in as `post`.
Grammars are not sent, for servers disagree on how; what a grammar would have
forbidden, the check after the answer drops.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import urllib3

from newsbot.errors import ModelMissingError, ModelOutputError, StageError
from newsbot.ports import ChoiceRequest, TextAnswer, TextRequest
from newsbot.stages.printable import one_line

#: Sends a body to a URL with headers; gives status and decoded body. Must be safe
#: to call from several threads. May raise urllib3's errors, OSError or StageError.
Post = Callable[[str, bytes, dict[str, str]], tuple[int, bytes]]
Request = TypeVar("Request")
Answer = TypeVar("Answer")

#: What reading a foreign JSON value in the expected shape may raise.
FOREIGN_FORM = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
#: Most stop texts OpenAI's interface takes; further ones are applied here only.
MAX_STOPS = 4
#: Most alternatives per token OpenAI's interface gives.
N_ALTERNATIVES = 20
#: Tokens for one of the fixed answers; they are a few words.
MAX_CHOICE_TOKENS = 24
#: Below this sum of probabilities the alternatives say nothing about the answers:
#: the model began with a quotation mark, say. Not swept; any small figure does.
MIN_MASS = 0.05
#: What comes before the answers on offer; German questions get it in English, too,
#: for instruction-tuned models follow both.
CHOICE_INSTRUCTION = "Answer with exactly one of these, and nothing else:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Which server, and which of its models."""

    #: Up to and with the version: ``"http://127.0.0.1:8000/v1"``.
    base_url: str
    #: The name the server knows the model by.
    model: str
    #: Sent as a bearer token; None for servers without.
    api_key: str | None = None
    #: Requests under way at once; the server batches them.
    n_parallel: int = 4

    def __repr__(self) -> str:
        """Show all but the key."""
        return f"ServerConfig(base_url={self.base_url!r}, model={self.model!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What newsbot reads of a server's answer."""

    text: str
    #: The first token's alternatives and their log-probabilities; maybe none.
    alternatives: tuple[tuple[str, float], ...]
    n_prompt_tokens: int
    n_generated_tokens: int


class ServerModel:
    """A `TextModel` on the other side of HTTP.

    Args:
        config: Server and model.
        post: See `Post`.
    """

    def __init__(self, config: ServerConfig, post: Post) -> None:
        self._config = config
        self._post = post
        self._url = config.base_url.rstrip("/") + "/chat/completions"
        #: Tokens read so far to weigh choices, as far as the server told.
        self.n_weighed_tokens = 0

    @property
    def id(self) -> str:
        """The model's name and the server's address, without user or key."""
        parts = urlsplit(self._config.base_url)
        return f"{self._config.model}@{parts.netloc.rpartition('@')[2]}"

    def generate(self, requests: Sequence[TextRequest]) -> list[TextAnswer]:
        """Write one answer per request, at temperature 0.

        Args:
            requests: Their grammars are not sent.

        Returns:
            Answers in order, cut before the first stop text; token counts are 0
            where the server gives none.

        Raises:
            ModelOutputError: No answer, or none in the form of the interface.
            ModelMissingError: The server does not know the model, or refuses the key.
        """
        return self._parallel(self._generate, requests)

    def choose(self, requests: Sequence[ChoiceRequest]) -> list[tuple[float, ...]]:
        """Weigh the fixed answers of each request.

        Where the server gives the likeliest first tokens, an answer weighs what
        the tokens weigh that begin it and no other answer. Otherwise the answer
        that was written has probability 1.

        Args:
            requests: Each with at least one choice, none empty.

        Returns:
            Per request one probability per choice, in order, summing to 1.

        Raises:
            ModelOutputError: As `generate`, or the answer was none of the choices.
            ModelMissingError: As `generate`.
            ValueError: A request without choices, or an empty choice.
        """
        for request in requests:
            if not request.choices or not all(map(str.strip, request.choices)):
                raise ValueError("a request needs choices, none of them empty")
        weighed = self._parallel(self._choose, requests)
        self.n_weighed_tokens += sum(n_tokens for _, n_tokens in weighed)
        return [weights for weights, _ in weighed]

    def _parallel(
        self, work: Callable[[Request], Answer], requests: Sequence[Request]
    ) -> list[Answer]:
        if len(requests) <= 1:
            return [work(request) for request in requests]
        with ThreadPoolExecutor(self._config.n_parallel) as pool:
            return list(pool.map(work, requests))

    def _generate(self, request: TextRequest) -> TextAnswer:
        body = self._body(request.instruction, request.text, request.limits.max_tokens)
        if request.limits.stop:
            body["stop"] = list(request.limits.stop[:MAX_STOPS])
        reply = self._ask(body)
        # Some servers leave the stop text in, and only four of them were sent.
        ends = [
            at for stop in request.limits.stop if (at := reply.text.find(stop)) >= 0
        ]
        return TextAnswer(
            text=reply.text[: min(ends, default=len(reply.text))],
            n_prompt_tokens=reply.n_prompt_tokens,
            n_generated_tokens=reply.n_generated_tokens,
        )

    def _choose(self, request: ChoiceRequest) -> tuple[tuple[float, ...], int]:
        """Weigh one request's choices; also how many tokens were read for that."""
        choices = tuple(choice.strip() for choice in request.choices)
        offer = "\n".join(["", CHOICE_INSTRUCTION, *choices])
        body = self._body(request.instruction, request.text + offer, MAX_CHOICE_TOKENS)
        try:
            reply = self._ask(
                {**body, "logprobs": True, "top_logprobs": N_ALTERNATIVES}
            )
        except ModelOutputError as error:
            if "logprobs" not in str(error):
                raise
            reply = self._ask(body)
        return _weights(choices, reply), reply.n_prompt_tokens

    def _body(self, instruction: str, text: str, max_tokens: int) -> dict[str, Any]:
        messages = [{"role": "user", "content": text}]
        if instruction:
            messages.insert(0, {"role": "system", "content": instruction})
        return {
            "model": self._config.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": False,
        }

    def _ask(self, body: dict[str, Any]) -> _Reply:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._config.api_key is not None:
            headers["Authorization"] = f"Bearer {self._config.api_key}"
        try:
            status, content = self._post(
                self._url, json.dumps(body).encode("utf-8"), headers
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ModelOutputError(
                f"{self._url}: no answer ({type(error).__name__})"
            ) from error
        except StageError as error:
            failure = ModelOutputError(str(error))
            failure.retry = error.retry
            raise failure from error
        if status != 200:
            raise self._refusal(status, content)
        try:
            return _read(json.loads(content))
        except FOREIGN_FORM as error:
            raise ModelOutputError(
                f"{self._url}: the answer has not the form of the OpenAI interface"
            ) from error

    def _refusal(self, status: int, content: bytes) -> Exception:
        """Name what a status other than 200 means, quoting the server in one line."""
        said = one_line(content[:300].decode("utf-8", "replace"))
        if self._config.api_key:
            said = said.replace(self._config.api_key, "***")
        text = f"{self._url}: status {status}: {said}"
        if status in (401, 403):
            return ModelMissingError(f"{text} - check the API key")
        if status == 404:
            return ModelMissingError(f"{text} - check base_url and the model's name")
        if 300 <= status < 400:
            return ModelMissingError(f"{text} - redirects are not followed")
        error = ModelOutputError(text)
        error.retry = status in (408, 429) or status >= 500
        return error


def _read(content: Any) -> _Reply:
    """Read a chat completion; anything that is not one raises a built-in error."""
    choice = content["choices"][0]
    text = choice["message"]["content"]
    if not isinstance(text, str):
        raise TypeError("no text")
    listed = (choice.get("logprobs") or {}).get("content") or []
    first = listed[0]["top_logprobs"] if listed else []
    usage = content.get("usage") or {}
    return _Reply(
        text=text,
        alternatives=tuple(
            (str(entry["token"]), float(entry["logprob"])) for entry in first
        ),
        n_prompt_tokens=int(usage.get("prompt_tokens") or 0),
        n_generated_tokens=int(usage.get("completion_tokens") or 0),
    )


def _weights(choices: tuple[str, ...], reply: _Reply) -> tuple[float, ...]:
    folded = [choice.casefold() for choice in choices]
    weights = [0.0] * len(choices)
    for token, logprob in reply.alternatives:
        begins = token.strip().casefold()
        matching = [
            index for index, choice in enumerate(folded) if choice.startswith(begins)
        ]
        if begins and len(matching) == 1 and logprob <= 0:
            weights[matching[0]] += math.exp(logprob)
    total = sum(weights)
    if total >= MIN_MASS:
        return tuple(weight / total for weight in weights)
    said = reply.text.strip().strip("\"'`*.").casefold()
    if said not in folded:
        raise ModelOutputError("the answer is none of the choices")
    return tuple(float(index == folded.index(said)) for index in range(len(folded)))
