"""A tiny base model and a dozen short articles, so that tuning takes seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tiny_models

from newsbot.adapters.hf_reader import ReaderConfig, load_decoder
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.evaluation.gold import GoldArticle, read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import read_article
from newsbot.tuning.corpus_files import corpus_files
from newsbot.tuning.examples import make_example
from newsbot.tuning.network import Network
from newsbot.tuning.questionnaire import Example
from newsbot.tuning.train import Recipe, make_network

GAZETTEER = load_organisations()
#: Three of the four layers of the tiny base, so that both kinds of attention are in.
RECIPE = Recipe(
    layers=3,
    first=1,
    rank=4,
    epochs=4,
    learning_rate=2e-3,
    head_learning_rate=1e-2,
    batch=4,
    rows=2,
)


def corpus(n: int) -> list[GoldArticle]:
    """The shortest articles of the repository's corpus, half of them with a deal."""
    everything = read_gold(corpus_files([]))
    everything.sort(key=lambda article: (len(article.text), article.id))
    with_deal = [article for article in everything if article.deals]
    without = [article for article in everything if not article.deals]
    chosen = [*with_deal[: n - n // 2], *without[: n // 2]]
    return sorted(chosen, key=lambda article: article.id)


def build(folder: Path) -> Path:
    """Write a random Gemma 3 of four thin layers."""
    return tiny_models.build(folder, "gemma3-text")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A base folder with its tokenizer."""

    folder: Path
    tokenizer: HfTokenizer

    def network(self, recipe: Recipe = RECIPE) -> Network:
        """A fresh network on the base, always the same one."""
        config = ReaderConfig(folder=str(self.folder), device="cpu", dtype="float32")
        decoder = load_decoder(self.folder, config, n_layers=recipe.layers)
        return make_network(decoder, recipe, int(decoder.config.hidden_size))

    def example(self, article: GoldArticle) -> Example:
        """The article with its questions and answers."""
        reading = read_article(as_article(article), GAZETTEER)
        return make_example(article, reading, self.tokenizer, GAZETTEER)


def bench(folder: Path) -> Bench:
    """Build a base and take its tokenizer."""
    build(folder)
    return Bench(folder=folder, tokenizer=HfTokenizer.load(folder))
