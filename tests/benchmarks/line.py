"""How fast the line walks, stage by stage, and what of that is the model.

Run it on a quiet machine: ``python tests/benchmarks/line.py [--runs N]
[--articles N] [--json]``. Every run serves the demo's site on loopback, polls it
into a new database and walks the real stages over it, one stage at a time. After
the gate, the assess stage and a bare forward pass of the same layers over the same
tokens are timed in turn, so that what else the machine does hits both alike.
Medians over the runs are printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import bare

from newsbot.adapters.adapter_file import load_adapter, shipped_adapter
from newsbot.adapters.embedded import base_sha256, prepare
from newsbot.adapters.hf_reader import HfReader, ReaderConfig
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.app import App
from newsbot.config import (
    AlertsConfig,
    Config,
    DatabaseConfig,
    FeedConfig,
    NetworkConfig,
)
from newsbot.demo.server import HOST, DemoSite
from newsbot.pipeline import STAGES, Parts, turn
from newsbot.ports import Memory
from newsbot.stages.assess import HeadJudge
from newsbot.stages.heads import HeadSet
from newsbot.stages.summarise import QuotingSummariser

#: The stages that are reported; fetching is the loopback's speed, not newsbot's.
REPORTED = ("extract", "gate", "assess", "identify", "summarise", "compose")


@dataclass(slots=True, kw_only=True)
class TimedEncoder:
    """The model as the stages see it, with a stopwatch at the door."""

    model: HfReader
    #: Seconds of each call, and how many texts and tokens it read.
    seconds: list[float] = field(default_factory=list)
    n_texts: int = 0
    n_tokens: int = 0

    @property
    def id(self) -> str:
        """The model's own id."""
        return self.model.id

    def encode(self, texts: Sequence[str], question: str) -> list[tuple[Memory, ...]]:
        """Encode, and keep how long it took."""
        started = perf_counter()
        encoded = self.model.encode(texts, question)
        if texts:
            self.seconds.append(perf_counter() - started)
        self.n_texts += len(texts)
        self.n_tokens += sum(len(m.offsets) for one in encoded for m in one)
        return encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every run works with; loaded once."""

    model: HfReader
    tokenizer: HfTokenizer
    heads: HeadSet
    batch_size: int

    def forward(self, batches: Sequence[Sequence[str]]) -> float:
        """Seconds of bare forward passes of the same layers over texts."""
        prepared = [
            batch
            for texts in batches
            for batch in bare.batches(self.tokenizer, texts, self.batch_size)
        ]
        return bare.forward_seconds(self.model.decoder, prepared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run measured."""

    #: Stage to the entries it took and the seconds that took.
    stages: dict[str, tuple[int, float]]
    #: Seconds of each call of the model.
    calls: list[float]
    n_texts: int
    n_tokens: int
    #: Seconds of the bare forward passes over the same texts.
    bare_seconds: float


def load() -> Bench:
    """Load the embedded model and its adapter, converting it first where needed."""
    config = Config()
    adapter = load_adapter(shipped_adapter(), base=base_sha256())
    folder = prepare(config.cache_path, progress=lambda stage, _: _say(f"{stage} ..."))
    batch_size = config.model.batch_size
    return Bench(
        model=HfReader.load(
            ReaderConfig(folder=str(folder), batch_size=batch_size), adapter
        ),
        tokenizer=HfTokenizer.load(folder),
        heads=adapter.heads,
        batch_size=batch_size,
    )


def walk_once(bench: Bench, folder: Path, n_articles: int, *, bare_first: bool) -> Run:
    """Walk the demo's articles through the line, into a database of their own.

    Args:
        bench: The model and its adapter.
        folder: An empty folder for the database.
        n_articles: How many articles go down the line; the others are left out.
        bare_first: Whether the bare forward pass goes before the assess stage.
    """
    app = App(Config(folder=folder))
    with DemoSite(app.clock()) as site:
        app = App(_config(folder, site))
        app.sync_feeds()
        app.poll(force=True)
        encoder = TimedEncoder(model=bench.model)
        judge = HeadJudge(encoder, bench.heads, app.gazetteer)
        summariser = QuotingSummariser(app.gazetteer)
        parts = replace(app.parts, judge=lambda: judge, summariser=lambda: summariser)
        _leave_out(app, n_articles)
        timed: dict[str, tuple[int, float]] = {}
        bare_seconds = 0.0
        for stage in STAGES:
            if stage.name == "assess":
                batches = _batches(parts, app, stage.batch)
                if bare_first:
                    bare_seconds = bench.forward(batches)
            started, n_taken = perf_counter(), 0
            while n_turn := turn(parts, stage, app.clock()):
                n_taken += n_turn
            timed[stage.name] = n_taken, perf_counter() - started
            if stage.name == "assess" and not bare_first:
                bare_seconds = bench.forward(batches)
    app.close()
    return Run(
        stages=timed,
        calls=encoder.seconds,
        n_texts=encoder.n_texts,
        n_tokens=encoder.n_tokens,
        bare_seconds=bare_seconds,
    )


def _config(folder: Path, site: DemoSite) -> Config:
    return Config(
        database=DatabaseConfig(path="line.db"),
        network=NetworkConfig(allow=(f"{HOST}:{site.port}",)),
        feeds=tuple(
            FeedConfig(url=url, language="de" if code == "de" else "en")
            for url, code in site.feeds
        ),
        alerts=AlertsConfig(console=False),
        folder=folder,
    )


def _leave_out(app: App, n_articles: int) -> None:
    """Take all but the first articles off the line before it starts."""
    waiting = app.store.line.due(STAGES[0].taken, app.clock(), 10_000)
    for entry in waiting[n_articles:]:
        app.store.line.advance(
            entry.id, taken=STAGES[0].taken, given="skipped", reason="not measured"
        )


def _batches(parts: Parts, app: App, size: int) -> list[list[str]]:
    """The texts that wait for the model, in the batches the stage will take."""
    waiting = parts.store.line.due("relevant", app.clock(), 10_000)
    articles = [parts.store.line.article_of(entry.id) for entry in waiting]
    texts = [article.full_text for article in articles if article is not None]
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def measure(n_runs: int, n_articles: int) -> dict[str, Any]:
    """Walk the line several times and take medians.

    Args:
        n_runs: Runs that count; one goes before, unmeasured.
        n_articles: Articles in each.

    Returns:
        Per stage its articles and articles per second; the model's calls; the
        assess stage against the bare forward pass.
    """
    bench = load()
    runs = []
    for number in range(n_runs + 1):
        _say(f"run {number} of {n_runs}")
        with tempfile.TemporaryDirectory() as folder:
            run = walk_once(bench, Path(folder), n_articles, bare_first=number % 2 == 0)
        runs.append(run)
    runs = runs[1:]  # the first one pays for warming up
    assess = median(run.stages["assess"][1] for run in runs)
    bare = median(run.bare_seconds for run in runs)
    return {
        "runs": n_runs,
        "stages": {
            name: {
                "articles": runs[0].stages[name][0],
                "articles_per_second": median(
                    run.stages[name][0] / run.stages[name][1] for run in runs
                ),
            }
            for name in REPORTED
        },
        "model": {
            "calls": len(runs[0].calls),
            "articles": runs[0].n_texts,
            "tokens": runs[0].n_tokens,
            "seconds_per_call": median(s for run in runs for s in run.calls),
            "tokens_per_second": median(run.n_tokens / sum(run.calls) for run in runs),
        },
        "assess": {
            "stage_seconds": assess,
            "bare_forward_seconds": bare,
            "ratio": median(run.stages["assess"][1] / run.bare_seconds for run in runs),
        },
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="that count")
    parser.add_argument("--articles", type=int, default=1000, help="in each run")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    figures = measure(options.runs, options.articles)
    if options.json:
        print(json.dumps(figures))
        return
    print("stage      articles  articles per second")
    for name, row in figures["stages"].items():
        print(f"{name:<10} {row['articles']:>8}  {row['articles_per_second']:>19.1f}")
    model, assess = figures["model"], figures["assess"]
    print(
        f"\nmodel: {model['seconds_per_call']:.2f} seconds per call "
        f"({model['calls']} calls, {model['articles']} articles, "
        f"{model['tokens_per_second']:.0f} tokens per second)"
    )
    print(
        f"assess stage against a bare forward pass: {assess['ratio']:.2f} "
        f"({assess['stage_seconds']:.2f} s / {assess['bare_forward_seconds']:.2f} s)"
    )


if __name__ == "__main__":
    main()
