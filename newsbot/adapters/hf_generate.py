"""One batch of prompts through the model: write greedily, or weigh fixed answers.

In: prompts as token ids. Out: token ids, or mean log-probabilities.
The loop is our own and not `model.generate`: every row has its own grammar, stops
and budget, and rows that are done leave the batch.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from newsbot.adapters.hf_grammar import Matcher
    from newsbot.adapters.hf_tokenizer import HfTokenizer

#: Numbers in one slab of scores while choices are weighed: 64M float32, 256 MB.
#: With 262,144 tokens in the vocabulary a batch of 56 answers would need 600 MB.
MAX_SCORES = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the model reads before it writes."""

    ids: tuple[int, ...]
    max_tokens: int
    stop: tuple[str, ...]
    matcher: Matcher | None


@dataclass(slots=True, kw_only=True)
class Written:
    """What the model wrote after one prompt."""

    prompt: Prompt
    #: Token ids, without the one that ended the answer.
    ids: list[int] = field(default_factory=list)
    #: Set when a stop text came: what stood before it.
    text: str | None = None
    n_generated: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A prompt and the token ids of each answer to weigh."""

    ids: tuple[int, ...]
    #: Each at least one token long.
    choices: tuple[tuple[int, ...], ...]


def write(
    model: Any,
    tokenizer: HfTokenizer,
    prompts: Sequence[Prompt],
    eos: frozenset[int],
) -> list[Written]:
    """Write an answer to each prompt, always the likeliest token that is allowed.

    Args:
        model: A causal language model of transformers.
        tokenizer: Its tokenizer; looks for stop texts.
        prompts: One batch; padded on the left to the longest.
        eos: Ids that end an answer.

    Returns:
        One answer per prompt, in order.

    Raises:
        ModelOutputError: A grammar met one of llguidance's limits.
    """
    answers = [Written(prompt=prompt) for prompt in prompts]
    for answer in answers:
        answer.is_done = answer.prompt.max_tokens < 1 or _grammar_is_over(answer)
    rows = [answer for answer in answers if not answer.is_done]
    if not rows:
        return answers
    with torch.inference_mode():
        ids, mask = _padded([row.prompt.ids for row in rows], model.device)
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=_positions(mask),
            use_cache=True,
            logits_to_keep=1,
        )
        while True:
            scores = output.logits[:, -1].float()
            for index, row in enumerate(rows):
                _take(row, scores[index], tokenizer, eos)
            keep = [index for index, row in enumerate(rows) if not row.is_done]
            if not keep:
                return answers
            cache = output.past_key_values
            if len(keep) < len(rows):
                cache.batch_select_indices(torch.tensor(keep, device=model.device))
                mask = mask[keep]
                rows = [rows[index] for index in keep]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            output = model(
                input_ids=torch.tensor(
                    [row.ids[-1:] for row in rows], device=model.device
                ),
                attention_mask=mask,
                position_ids=_positions(mask)[:, -1:],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )


def weigh(model: Any, questions: Sequence[Question]) -> list[list[float]]:
    """Give each answer's mean log-probability per token after its prompt.

    The prompts are read once; their cache is copied for the answers.

    Args:
        model: A causal language model of transformers.
        questions: One batch.

    Returns:
        Per question one figure per choice, in nats per token.
    """
    with torch.inference_mode():
        ids, mask = _padded([question.ids for question in questions], model.device)
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=_positions(mask),
            use_cache=True,
            logits_to_keep=1,
        )
        first = torch.log_softmax(output.logits[:, -1].float(), dim=-1)
        sums = [
            [float(first[index, choice[0]]) for choice in question.choices]
            for index, question in enumerate(questions)
        ]
        places = [
            (row, column)
            for row, question in enumerate(questions)
            for column, choice in enumerate(question.choices)
            if len(choice) > 1
        ]
        longest = max(
            (len(questions[row].choices[column]) for row, column in places), default=1
        )
        at_once = max(1, MAX_SCORES // (longest * first.shape[-1]))
        for start in range(0, len(places), at_once):
            part = places[start : start + at_once]
            tails = _tails(
                model,
                copy.deepcopy(output.past_key_values),
                mask,
                [row for row, _ in part],
                [questions[row].choices[column] for row, column in part],
            )
            for (row, column), tail in zip(part, tails, strict=True):
                sums[row][column] += tail
    return [
        [
            total / len(choice)
            for total, choice in zip(totals, question.choices, strict=True)
        ]
        for totals, question in zip(sums, questions, strict=True)
    ]


def _tails(
    model: Any,
    cache: Any,
    mask: torch.Tensor,
    rows: list[int],
    choices: list[tuple[int, ...]],
) -> list[float]:
    """Sum the log-probabilities of all tokens of each choice but the first."""
    cache.batch_select_indices(torch.tensor(rows, device=model.device))
    longest = max(len(choice) for choice in choices)
    # Padding on the right changes nothing to its left in a causal model.
    ids = torch.zeros((len(choices), longest - 1), dtype=torch.long)
    real = torch.zeros((len(choices), longest - 1), dtype=mask.dtype)
    for index, choice in enumerate(choices):
        ids[index, : len(choice) - 1] = torch.tensor(choice[:-1])
        real[index, : len(choice) - 1] = 1
    full = torch.cat([mask[rows], real.to(model.device)], dim=1)
    scores = model(
        input_ids=ids.to(model.device),
        attention_mask=full,
        position_ids=_positions(full)[:, -ids.shape[1] :],
        past_key_values=cache,
        use_cache=True,
    ).logits
    sums = []
    for index, choice in enumerate(choices):
        wanted = torch.tensor(choice[1:], device=scores.device).unsqueeze(-1)
        chances = torch.log_softmax(scores[index, : len(choice) - 1].float(), dim=-1)
        sums.append(float(chances.gather(-1, wanted).sum()))
    return sums


def _take(
    row: Written,
    scores: torch.Tensor,
    tokenizer: HfTokenizer,
    eos: frozenset[int],
) -> None:
    """Choose one row's next token and see whether the answer ends with it."""
    matcher = row.prompt.matcher
    if matcher is not None:
        matcher.mask(scores)
    token = int(scores.argmax())
    row.n_generated += 1
    if token in eos:
        row.is_done = True
        return
    row.ids.append(token)
    if matcher is not None:
        matcher.take(token)
    if row.prompt.stop:
        text = tokenizer.decode(row.ids)
        found = [at for stop in row.prompt.stop if (at := text.find(stop)) >= 0]
        if found:
            row.text = text[: min(found)]
            row.is_done = True
            return
    row.is_done = row.n_generated >= row.prompt.max_tokens or _grammar_is_over(row)


def _grammar_is_over(row: Written) -> bool:
    return row.prompt.matcher is not None and row.prompt.matcher.is_finished


def _padded(
    rows: Sequence[tuple[int, ...]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad on the left, so that the last column is every row's last token."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, longest - len(row) :] = torch.tensor(row)
        mask[index, longest - len(row) :] = 1
    return ids.to(device), mask.to(device)


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.cumsum(-1) - 1).clamp(min=0)
