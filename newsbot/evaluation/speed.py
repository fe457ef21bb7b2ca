"""How fast is a model on this machine: tokens per second, articles per second?

In: a model, its judge, articles and a stopwatch. Out: rates, in a bounded time.
Every probe grows with what the one before took, so that a slow model ends in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from newsbot.pipeline import Judge
from newsbot.ports import Encoder, Limits, TextModel, TextRequest
from newsbot.prompts import Prompt, fenced
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.questions import REPORTS
from newsbot.stages.reading import read_article
from newsbot.types import Article

#: Prompts written for at once: one article alone, and a full batch.
BATCHES = (1, 8)
#: Tokens a decoding probe begins with, and the most it grows to.
FIRST_TOKENS, MOST_TOKENS = 8, 128
#: Shares of the time that reading and each of the two decoding probes may take; what
#: is left goes to judging.
READING_SHARE, WRITING_SHARE = 0.2, 0.15
#: Letters and spaces without an end, so that every step is one under a grammar, as
#: in newsbot's own questions, and none ends early.
ENDLESS = "start: WORDS\nWORDS: /[ a-z]{4000,}/"

#: Characters of an article that the decoding probes begin with: a long prompt would
#: cost a slow model the minute, and changes the rate little.
SHORT = 300

Result = TypeVar("Result")
Stopwatch = Callable[[], float]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Rates of one model; None where they cannot be told."""

    #: Tokens of prompts, or of encoded articles, read in one second.
    prefill_tokens_per_second: float | None
    #: Tokens written in one second, for one prompt and for eight at once.
    decode_tokens_per_second_1: float | None = None
    decode_tokens_per_second_8: float | None = None
    #: Articles turned into hidden states in one second; the embedded model's work.
    encoded_articles_per_second: float | None = None
    #: Articles read, gated, judged and grounded in one second, and how many were.
    articles_per_second: float
    n_articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the probes share."""

    articles: Sequence[Article]
    judge: Judge
    gazetteer: Gazetteer
    #: Seconds that all probes together may take, about.
    seconds: float
    #: Texts or prompts in one pass.
    batch_size: int
    now: datetime
    stopwatch: Stopwatch
    progress: Progress


def encoder_speed(encoder: Encoder, bench: Bench) -> Speed:
    """Measure a model whose hidden states are read.

    Raises:
        ModelOutputError: Out of memory.
    """
    started = bench.stopwatch()
    encoder.encode([bench.articles[0].full_text], REPORTS)  # the first call warms up
    bench.progress("encode", 0.1)
    n_articles = n_tokens = 0
    seconds = 0.0
    while n_articles == 0 or seconds < READING_SHARE * bench.seconds:
        at = n_articles % len(bench.articles)
        texts = [a.full_text for a in bench.articles[at : at + bench.batch_size]]
        took, encoded = _timed(bench, partial(encoder.encode, texts, REPORTS))
        seconds += took
        n_articles += len(texts)
        n_tokens += sum(len(m.offsets) for one in encoded for m in one)
    rate, n_judged = _judged(bench, started)
    return Speed(
        prefill_tokens_per_second=_rate(n_tokens, seconds),
        encoded_articles_per_second=_rate(n_articles, seconds),
        articles_per_second=rate,
        n_articles=n_judged,
    )


def text_speed(model: TextModel, detect: Prompt, bench: Bench) -> Speed:
    """Measure a model that is asked in words.

    Args:
        model: The model, in this process or behind a server.
        detect: The prompt whose questions are read.
        bench: Articles, judge and time.

    Raises:
        ModelOutputError: It did not answer, or a prompt exceeds its context.
        ModelMissingError: A server does not know the model.
    """
    started = bench.stopwatch()
    articles = [article.full_text for article in bench.articles]
    short = [_request("", text[:SHORT]) for text in articles]
    model.generate(short[:1])  # the first call warms up
    questions = [
        _request(detect.instruction, detect.fill({"article": fenced(text)}))
        for text in articles
    ]
    prefill = _read(model, questions, bench)
    rates: list[float | None] = []
    for n, n_rows in enumerate(BATCHES):
        bench.progress("write", 0.3 + 0.1 * n)
        is_late = bench.stopwatch() - started > bench.seconds / 2
        rates.append(None if is_late else _written(model, short[:n_rows], bench))
    rate, n_judged = _judged(bench, started)
    return Speed(
        prefill_tokens_per_second=prefill,
        decode_tokens_per_second_1=rates[0],
        decode_tokens_per_second_8=rates[1],
        articles_per_second=rate,
        n_articles=n_judged,
    )


def _request(instruction: str, text: str) -> TextRequest:
    return TextRequest(
        instruction=instruction,
        text=text,
        limits=Limits(max_tokens=1),
        grammar=ENDLESS,
    )


def _read(
    model: TextModel, questions: Sequence[TextRequest], bench: Bench
) -> float | None:
    """Tokens per second of whole questions, a single token written after each."""
    bench.progress("read", 0.1)
    share = READING_SHARE * bench.seconds
    seconds, answers = _timed(bench, partial(model.generate, questions[:1]))
    n_tokens = sum(answer.n_prompt_tokens for answer in answers)
    if seconds * bench.batch_size > share:  # a batch would take too long
        return _rate(n_tokens, seconds)
    n_tokens = n_read = 0
    seconds = 0.0
    while n_read == 0 or seconds < share:
        at = n_read % len(questions)
        part = questions[at : at + bench.batch_size]
        took, answers = _timed(bench, partial(model.generate, part))
        seconds += took
        n_tokens += sum(answer.n_prompt_tokens for answer in answers)
        n_read += len(part)
    return _rate(n_tokens, seconds)


def _written(
    model: TextModel, requests: Sequence[TextRequest], bench: Bench
) -> float | None:
    """Tokens per second after the prompts are read: what more tokens take longer."""
    share = WRITING_SHARE * bench.seconds
    base, first = _timed(bench, partial(model.generate, requests))
    n_tokens = FIRST_TOKENS
    while True:
        longer = [replace(r, limits=Limits(max_tokens=n_tokens)) for r in requests]
        took, answers = _timed(bench, partial(model.generate, longer))
        share -= took
        if n_tokens >= MOST_TOKENS or base + 4 * max(took - base, 0.0) > share:
            break
        n_tokens *= 4
    more = sum(answer.n_generated_tokens for answer in answers)
    more -= sum(answer.n_generated_tokens for answer in first)
    return _rate(more, took - base)


def _judged(bench: Bench, started: float) -> tuple[float, int]:
    """Judge articles until the time is over, or all were, in growing batches."""
    n_done, size = 0, 1
    seconds = 0.0
    while n_done < len(bench.articles):
        bench.progress("judge", 0.5 + 0.5 * n_done / len(bench.articles))
        part = bench.articles[n_done : n_done + size]

        took, _ = _timed(bench, partial(_judge, bench, part))
        seconds += took
        n_done += len(part)
        left = bench.seconds - (bench.stopwatch() - started)
        n_fitting = int(left * n_done / seconds) if seconds > 0 else bench.batch_size
        if n_fitting < 1:
            break
        size = max(1, min(bench.batch_size, n_fitting))
    bench.progress("judge", 1.0)
    return (n_done / seconds if seconds > 0 else 0.0), n_done


def _judge(bench: Bench, articles: Sequence[Article]) -> None:
    readings = [read_article(article, bench.gazetteer) for article in articles]
    bench.judge.judge(readings, bench.now)


def _timed(bench: Bench, work: Callable[[], Result]) -> tuple[float, Result]:
    started = bench.stopwatch()
    result = work()
    return bench.stopwatch() - started, result


def _rate(n: int, seconds: float) -> float | None:
    return n / seconds if n > 0 and seconds > 0 else None
