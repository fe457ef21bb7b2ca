"""Rates of a model by a stopwatch that the test turns: right, and ended in time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import GAZETTEER, FakeJudge

from newsbot.evaluation.gold import read_gold
from newsbot.evaluation.run import as_article
from newsbot.evaluation.speed import Bench, encoder_speed, text_speed
from newsbot.ports import TextAnswer
from newsbot.prompts import load_prompt
from newsbot.stages.questions import REPORTS

DEMO = Path(__file__).parents[2] / "newsbot" / "demo" / "articles.jsonl"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
#: Characters of one stretch that the machine reads.
LONG = 900


class Machine:
    """A model and a judge whose every step takes a known time."""

    id = "machine"

    def __init__(self, *, prefill=0.0001, decode=0.01, judging=0.1) -> None:
        self.now = 0.0
        self.prefill = prefill
        self.decode = decode
        self.judging = judging
        self.judged = []
        self.stages = []
        self.fake = FakeJudge()

    def stopwatch(self):
        return self.now

    def encode(self, texts, question):
        """A token for each character; long texts come in two stretches."""
        assert question == REPORTS
        self.now += self.prefill * sum(map(len, texts))
        return [
            tuple(
                SimpleNamespace(offsets=np.zeros((n, 2), dtype=np.int64))
                for n in (min(len(text), LONG), max(len(text) - LONG, 0))
                if n
            )
            for text in texts
        ]

    def generate(self, requests):
        """A step for all rows at once takes what a step for one takes."""
        self.now += self.prefill * sum(len(request.text) for request in requests)
        steps = max(request.limits.max_tokens for request in requests) - 1
        self.now += self.decode * steps
        return [
            TextAnswer(
                text="a" * request.limits.max_tokens,
                n_prompt_tokens=len(request.text),
                n_generated_tokens=request.limits.max_tokens,
            )
            for request in requests
        ]

    def judge(self, readings, now):
        self.now += self.judging * len(readings)
        self.judged.extend(reading.article.id for reading in readings)
        return self.fake.judge(readings, now)


@pytest.fixture(scope="module")
def articles():
    return [as_article(line, number=n) for n, line in enumerate(read_gold([DEMO]))]


def bench(machine, articles, **options):
    return Bench(
        articles=articles,
        judge=machine,
        gazetteer=GAZETTEER,
        seconds=options.get("seconds", 60),
        batch_size=8,
        now=NOW,
        stopwatch=machine.stopwatch,
        progress=lambda stage, share: machine.stages.append((stage, share)),
    )


def test_a_text_models_rates_are_its_own(articles):
    """Reading, writing one and eight, and judging come out as the machine does them."""
    machine = Machine()
    speed = text_speed(machine, load_prompt("detect_deal"), bench(machine, articles))
    assert speed.prefill_tokens_per_second == pytest.approx(10_000)
    assert speed.decode_tokens_per_second_1 == pytest.approx(100)
    assert speed.decode_tokens_per_second_8 == pytest.approx(800)
    assert speed.articles_per_second == pytest.approx(10)
    assert speed.n_articles == len(articles) == 30
    assert machine.judged == [article.id for article in articles]
    assert machine.stages[-1] == ("judge", 1.0)
    shares = [share for _, share in machine.stages]
    assert shares == sorted(shares)


def test_an_encoders_rates_are_its_own(articles):
    """The embedded model is measured by what it reads, whole; it never writes."""
    machine = Machine()
    assert any(len(article.full_text) > LONG for article in articles)
    speed = encoder_speed(machine, bench(machine, articles))
    assert speed.prefill_tokens_per_second == pytest.approx(10_000)
    mean = np.mean([len(article.full_text) for article in articles])
    assert speed.encoded_articles_per_second == pytest.approx(10_000 / mean, rel=0.3)
    assert speed.decode_tokens_per_second_1 is None
    assert speed.articles_per_second == pytest.approx(10)


@pytest.mark.parametrize("seconds", [10, 60])
def test_a_slow_model_ends_about_in_time(articles, seconds):
    """Half a minute an article: fewer are judged, the rate is right, it ends."""
    machine = Machine(prefill=0.0005, decode=0.3, judging=seconds / 6)
    speed = text_speed(
        machine, load_prompt("detect_deal"), bench(machine, articles, seconds=seconds)
    )
    assert machine.now < 1.6 * seconds
    assert 1 <= speed.n_articles < 8
    assert speed.articles_per_second == pytest.approx(6 / seconds)


def test_a_hopelessly_slow_model_still_gets_its_figures(articles):
    """An article for longer than all the time: one is judged, writing stays unknown."""
    machine = Machine(prefill=0.02, decode=2.0, judging=90.0)
    speed = text_speed(
        machine, load_prompt("detect_deal"), bench(machine, articles, seconds=10)
    )
    assert speed.n_articles == 1
    assert speed.prefill_tokens_per_second == pytest.approx(50)
    assert speed.decode_tokens_per_second_8 is None


def test_what_a_server_does_not_tell_is_unknown(articles):
    """Without token counts there are no token rates; articles still count."""

    class Silent(Machine):
        def generate(self, requests):
            return [
                TextAnswer(text=one.text, n_prompt_tokens=0, n_generated_tokens=0)
                for one in super().generate(requests)
            ]

    machine = Silent()
    speed = text_speed(machine, load_prompt("detect_deal"), bench(machine, articles))
    assert speed.prefill_tokens_per_second is None
    assert speed.decode_tokens_per_second_1 is None
    assert speed.decode_tokens_per_second_8 is None
    assert speed.articles_per_second == pytest.approx(10)
