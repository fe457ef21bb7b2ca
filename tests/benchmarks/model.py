"""What the judge saves: against an obvious program, and against the bare model.

Run it on a quiet machine: ``python tests/benchmarks/model.py [--seconds N]
[--stream N] [--written N] [--tokens N] [--json]``. One run gives everything, as ratios:

- *stream* and *deals*: newsbot reads, gates, judges and grounds articles in batches;
  the obvious program asks the same base model about every article, one by one,
  through transformers' text-generation pipeline, for a JSON answer of at most 200
  tokens that stops at the closing brace; bfloat16, the same threads, no gate. In the
  stream 3 % of the articles report deals and 20 % pass the gate; the others are all
  deals. The gate's share of the gain is what reading the rest, too, would cost.
- *detection*: articles read and asked whether they report a deal, against a bare
  forward pass over the same tokens, of the same layers and of all layers.
- *extraction*: one article that reports a deal, read and asked everything, against
  plain `generate` behind the same article. As newsbot writes nothing, the other side
  writes as many tokens as newsbot's questions have.
- *peak memory* of a process that only judges these articles.

Both sides of each are timed in turn, round by round, until the time is over, and
medians of the rounds' ratios are printed. The obvious program takes a few articles
of the same kinds in each round, others in the next: all of them would take hours.
The articles are the demo's and the tuning corpus's, always the same ones.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import bare
import torch

from newsbot.adapters.adapter_file import load_adapter, shipped_adapter
from newsbot.adapters.embedded import base_sha256, prepare
from newsbot.adapters.hf_reader import HfReader, ReaderConfig
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.config import Config
from newsbot.evaluation.gold import read_gold
from newsbot.evaluation.run import as_article
from newsbot.ports import Memory
from newsbot.stages.assess import HeadJudge
from newsbot.stages.extraction import Extraction
from newsbot.stages.gate import gate
from newsbot.stages.ground import ground
from newsbot.stages.heads import HeadSet
from newsbot.stages.organisations import Gazetteer, load_organisations
from newsbot.stages.questions import REPORTS
from newsbot.stages.reading import read_article
from newsbot.stages.recall import recall_text
from newsbot.tuning.corpus_files import corpus_files
from newsbot.types import Article

#: What is wanted of each ratio, and which way.
WANTED = {
    "stream": "at least 15",
    "deals": "at least 3",
    "detection_same_layers": "at most 1.3",
    "detection_all_layers": "at most 1.3",
    "extraction": "at least 3",
}
#: Gigabytes that a process that only judges may hold.
WANTED_GB = 1.5
#: Shares of the stream.
DEALS, HITS = 0.03, 0.20
#: Articles that are all deals, and those that detection reads.
N_DEALS = 8
#: Tokens that the obvious program may write. The base seldom closes the brace before:
#: fewer show what a program whose model ends sooner would take.
MAX_TOKENS = 200
#: It is shown how to begin, as a base model that was only told would often end at once.
QUESTION = (
    "\n\nDoes this article report a new partnership for AI computing, cloud, chips or "
    "models? Answer with one JSON object with the keys deal, parties, types, status, "
    'amount and currency.\nJSON: {"deal":'
)
DEMO = Path(__file__).parents[2] / "newsbot" / "demo" / "articles.jsonl"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The articles, chosen the same way every time."""

    #: In an order of chance, but always the same.
    stream: list[Article]
    deals: list[Article]
    #: Those of the stream that the gate keeps out.
    kept_out: list[Article]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """newsbot's side, loaded as `newsbot run` loads it."""

    judge: HeadJudge
    reader: HfReader
    heads: HeadSet
    gazetteer: Gazetteer
    tokenizer: HfTokenizer
    folder: Path
    batch_size: int

    def judge_all(self, articles: Sequence[Article]) -> int:
        """Read, gate, judge and ground; gives the number of findings."""
        n_findings = 0
        for start in range(0, len(articles), self.batch_size):
            part = articles[start : start + self.batch_size]
            readings = [read_article(article, self.gazetteer) for article in part]
            judged = self.judge.judge(readings, NOW)
            n_findings += sum(len(one.findings) for one in judged)
        return n_findings

    def detect(self, texts: Sequence[str]) -> int:
        """Read texts and weigh whether they report a deal; gives how many do."""
        n_deals = 0
        for start in range(0, len(texts), self.batch_size):
            part = texts[start : start + self.batch_size]
            for memories in self.reader.encode(part, REPORTS):
                for memory in memories:
                    likely = self.heads["article"].probabilities(
                        recall_text(memory)[None]
                    )
                    n_deals += bool(likely[0, 0] >= self.heads.thresholds.article)
        return n_deals

    def extract(self, article: Article) -> int:
        """Read one article and ask who agreed on what; gives the questions' tokens."""
        reading = read_article(article, self.gazetteer)
        n_tokens = 0
        (memories,) = self.reader.encode([article.full_text], REPORTS)
        for memory in memories:
            counted = Counted(memory=memory, tokenizer=self.tokenizer)
            drafts, _ = Extraction(
                reading, counted, self.heads, self.gazetteer
            ).drafts()
            ground(reading, drafts, self.gazetteer.related)
            n_tokens += counted.n_tokens
        return n_tokens


@dataclass(slots=True, kw_only=True)
class Counted:
    """A memory that counts the tokens of the questions it is asked."""

    memory: Memory
    tokenizer: HfTokenizer
    n_tokens: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.memory, name)

    def ask(self, questions: Sequence[str]) -> Any:
        """Ask, and count."""
        self.n_tokens += sum(len(self.tokenizer.encode(q).ids) for q in questions)
        return self.memory.ask(questions)


class Obvious:
    """The program that anyone would write first."""

    def __init__(self, folder: Path, device: torch.device, max_tokens: int) -> None:
        from transformers import (
            AutoModelForCausalLM,
            PreTrainedTokenizerFast,
            StoppingCriteriaList,
            pipeline,
        )
        from transformers.utils import logging

        logging.set_verbosity_error()  # it would explain itself in every call
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, local_files_only=True
        )
        self.model: Any = model.eval().to(device)
        self._tokenizer: Any = PreTrainedTokenizerFast(
            tokenizer_file=str(folder / "tokenizer.json"),
            bos_token="<bos>",
            eos_token="<eos>",
            pad_token="<pad>",
        )
        self._pipeline: Any = pipeline(
            "text-generation",
            model=self.model,
            tokenizer=self._tokenizer,
            device=device,
        )
        self._stop: Any = StoppingCriteriaList([self._is_closed])
        self._max_tokens = max_tokens
        #: Tokens written so far, and articles.
        self.n_written = self.n_articles = 0

    def _is_closed(self, ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        closed = ["}" in self._tokenizer.decode(row[-1:]) for row in ids]
        return torch.tensor(closed, device=ids.device)

    def judge_all(self, articles: Sequence[Article]) -> None:
        """Ask about each article, one by one."""
        for article in articles:
            (answer,) = self._pipeline(
                article.full_text + QUESTION,
                max_new_tokens=self._max_tokens,
                do_sample=False,
                return_full_text=False,
                stopping_criteria=self._stop,
            )
            written = self._tokenizer(
                answer["generated_text"], add_special_tokens=False
            )["input_ids"]
            self.n_written += len(written)
            self.n_articles += 1

    def write(self, text: str, n_tokens: int) -> None:
        """Read a text and write exactly so many tokens behind it."""
        ids = torch.tensor([self._tokenizer(text)["input_ids"]]).to(self.model.device)
        with torch.inference_mode():
            self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=n_tokens,
                min_new_tokens=n_tokens,
                do_sample=False,
            )


@dataclass(slots=True, kw_only=True)
class Rounds:
    """What was timed, round by round."""

    #: Name of a ratio to its value in each round.
    ratios: dict[str, list[float]] = field(default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)
    n: int = 0

    def keep(self, where: dict[str, list[float]], name: str, value: float) -> None:
        """Add a round's figure."""
        where.setdefault(name, []).append(value)


def choose(n_stream: int, gazetteer: Gazetteer) -> Material:
    """Choose the articles, walking through all of them in one order of chance."""
    gold = read_gold([DEMO, *corpus_files([])])
    Random(1).shuffle(gold)
    n_reported = max(1, round(DEALS * n_stream))
    n_hits = max(n_reported + 1, round(HITS * n_stream))
    wanted = {
        "deal": n_reported + N_DEALS,
        "passed": n_hits - n_reported,
        "kept out": n_stream - n_hits,
    }
    found: dict[str, list[Article]] = {kind: [] for kind in wanted}
    for line in gold:
        article = as_article(line)
        passed = gate(article, read_article(article, gazetteer).organisations).passed
        kind = "kept out" if not passed else "deal" if line.deals else "passed"
        if not (line.deals and not passed) and len(found[kind]) < wanted[kind]:
            found[kind].append(article)
        if all(len(found[kind]) >= wanted[kind] for kind in wanted):
            break
    # Should a long stream want more than there are, they come again.
    kept_out = list(islice(cycle(found["kept out"]), wanted["kept out"]))
    stream = [*found["deal"][N_DEALS:], *found["passed"], *kept_out]
    Random(2).shuffle(stream)
    return Material(stream=stream, deals=found["deal"][:N_DEALS], kept_out=kept_out)


def load() -> Judging:
    """Load what judges, converting the model first where needed."""
    config = Config()
    adapter = load_adapter(shipped_adapter(), base=base_sha256())
    folder = prepare(config.cache_path, progress=lambda stage, _: _say(f"{stage} ..."))
    batch_size = config.model.batch_size
    reader = HfReader.load(
        ReaderConfig(folder=str(folder), batch_size=batch_size), adapter
    )
    gazetteer = load_organisations()
    return Judging(
        judge=HeadJudge(reader, adapter.heads, gazetteer),
        reader=reader,
        heads=adapter.heads,
        gazetteer=gazetteer,
        tokenizer=HfTokenizer.load(folder),
        folder=folder,
        batch_size=batch_size,
    )


def judge_only(n_stream: int) -> None:
    """Judge everything once and print the peak of this process's memory, in bytes."""
    judging = load()
    material = choose(n_stream, judging.gazetteer)
    judging.judge_all(material.stream)
    judging.judge_all(material.deals)
    # Not `getrusage`: its peak counts what the parent held when it started this.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024)


def _peak_bytes(n_stream: int) -> int:
    done = subprocess.run(
        [sys.executable, __file__, "--judge-only", "--stream", str(n_stream)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(done.stdout)


def measure(
    n_seconds: float, n_stream: int, n_written: int, max_tokens: int
) -> dict[str, Any]:
    """Time both sides in turn until the time is over, one round at least.

    Args:
        n_seconds: For the rounds together, about; loading comes before.
        n_stream: Articles in the stream.
        n_written: Articles that the obvious program judges in a round, of the stream
            and of the deals.
        max_tokens: Tokens that it may write about each.

    Returns:
        Ratios, the gate's share, rates, peak memory.
    """
    _say("judging alone, for its memory")
    peak = _peak_bytes(n_stream)
    _say("loading")
    judging = load()
    obvious = Obvious(judging.folder, judging.reader.decoder.device, max_tokens)
    material = choose(n_stream, judging.gazetteer)
    judging.judge_all(material.deals[:1])  # the first calls pay for warming up
    obvious.write(material.deals[0].title, 2)
    rounds = Rounds()
    started = last = perf_counter()
    while True:
        _round(rounds, judging, obvious, material, n_written)
        rounds.n += 1
        told = (f"{name} {values[-1]:.2f}" for name, values in rounds.ratios.items())
        _say(f"round {rounds.n}: {', '.join(told)}")
        now = perf_counter()
        if now - started + (now - last) > n_seconds:
            break
        last = now
    ratios = {name: median(values) for name, values in rounds.ratios.items()}
    return {
        "rounds": rounds.n,
        "threads": torch.get_num_threads(),
        "dtype": judging.reader.dtype,
        "layers": len(judging.reader.decoder.layers),
        "stream": {
            "articles": len(material.stream),
            "pass_the_gate": len(material.stream) - len(material.kept_out),
        },
        "ratios": {name: ratios[name] for name in WANTED},
        # The gain on the stream is the product of the two.
        "gate_share": ratios["gate"],
        "without_gate": ratios["stream"] / ratios["gate"],
        "rates": {name: median(values) for name, values in rounds.rates.items()},
        "tokens_written_per_article": obvious.n_written / obvious.n_articles,
        "peak_memory_gb": peak / 1e9,
    }


def _round(
    rounds: Rounds,
    judging: Judging,
    obvious: Obvious,
    material: Material,
    n_written: int,
) -> None:
    """Time everything once; which side goes first changes with each round."""
    ratios, rates, number = rounds.ratios, rounds.rates, rounds.n

    def turns(*sides: Callable[[], object]) -> list[float]:
        order = list(enumerate(sides))
        took = dict.fromkeys(range(len(sides)), 0.0)
        for n, side in order[:: -1 if number % 2 else 1]:
            began = perf_counter()
            side()
            took[n] = perf_counter() - began
        return [took[n] for n in range(len(sides))]

    def part(articles: Sequence[Article]) -> list[Article]:
        return list(
            islice(cycle(articles), number * n_written, (number + 1) * n_written)
        )

    stream, deals = material.stream, material.deals
    texts = [article.full_text for article in deals]
    rest = [article.full_text for article in material.kept_out]
    ours, theirs, reading_all = turns(
        lambda: judging.judge_all(stream),
        lambda: obvious.judge_all(part(stream)),
        lambda: judging.detect(rest),
    )
    rounds.keep(ratios, "stream", (theirs / n_written) / (ours / len(stream)))
    rounds.keep(ratios, "gate", (ours + reading_all) / ours)
    rounds.keep(rates, "stream_articles_per_second", len(stream) / ours)
    rounds.keep(rates, "obvious_articles_per_second", n_written / theirs)

    ours, theirs = turns(
        lambda: judging.judge_all(deals), lambda: obvious.judge_all(part(deals))
    )
    rounds.keep(ratios, "deals", (theirs / n_written) / (ours / len(deals)))
    rounds.keep(rates, "deal_articles_per_second", len(deals) / ours)

    prepared = bare.batches(judging.tokenizer, texts, judging.batch_size)
    n_tokens = sum(int(mask.sum()) for _, mask in prepared)
    ours, same, whole = turns(
        lambda: judging.detect(texts),
        lambda: bare.forward_seconds(judging.reader.decoder, prepared),
        lambda: bare.forward_seconds(obvious.model.model, prepared),
    )
    rounds.keep(ratios, "detection_same_layers", ours / same)
    rounds.keep(ratios, "detection_all_layers", ours / whole)
    rounds.keep(rates, "read_tokens_per_second", n_tokens / ours)

    article = deals[number % len(deals)]
    n_asked = max(1, judging.extract(article))  # warm, and counted
    ours, theirs = turns(
        lambda: judging.extract(article),
        lambda: obvious.write(article.full_text, n_asked),
    )
    rounds.keep(ratios, "extraction", theirs / ours)
    rounds.keep(rates, "extraction_seconds", ours)
    rounds.keep(rates, "extraction_tokens_asked", n_asked)
    rounds.keep(rates, "written_tokens_per_second", n_asked / theirs)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(figures: dict[str, Any]) -> None:
    names = {
        "stream": "articles per second, realistic stream, against the obvious program",
        "deals": "articles per second, deals only, against the obvious program",
        "detection_same_layers": "detection against a bare pass of the same layers",
        "detection_all_layers": "detection against a bare pass of all layers",
        "extraction": "extraction of one article against plain generate",
    }
    print(
        f"{'ratio (median of ' + str(figures['rounds']) + ' rounds)':<72}value  wanted"
    )
    for name, said in names.items():
        print(f"{said:<70}{figures['ratios'][name]:>7.2f}  {WANTED[name]}")
    print(f"{'  of the stream: the gate alone':<70}{figures['gate_share']:>7.2f}")
    print(f"{'  of the stream: without the gate':<70}{figures['without_gate']:>7.2f}")
    peak = figures["peak_memory_gb"]
    print(f"{'peak memory of judging, GB':<70}{peak:>7.2f}  under {WANTED_GB:g}")
    for name, value in figures["rates"].items():
        print(f"{name.replace('_', ' '):<70}{value:>7.2f}")
    written = figures["tokens_written_per_article"]
    print(f"{'tokens that the obvious program wrote per article':<70}{written:>7.1f}")
    print(
        f"{figures['stream']['articles']} articles in the stream, "
        f"{figures['stream']['pass_the_gate']} pass the gate; "
        f"{figures['layers']} layers, {figures['dtype']}, {figures['threads']} threads"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="for all rounds")
    parser.add_argument("--stream", type=int, default=100, help="articles in it")
    parser.add_argument(
        "--written", type=int, default=4, help="articles the other side has per round"
    )
    parser.add_argument(
        "--tokens", type=int, default=MAX_TOKENS, help="it may write about each"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--judge-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.judge_only:
        judge_only(options.stream)
        return
    figures = measure(options.seconds, options.stream, options.written, options.tokens)
    if options.json:
        print(json.dumps(figures))
        return
    _print(figures)


if __name__ == "__main__":
    main()
