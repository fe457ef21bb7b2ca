"""`newsbot model tune`: from a corpus to an adapter that can ship.

Two runs. The first leaves an eighth of the stories out; on these every threshold and
the calibration are chosen, and the figures of the card are measured. The second goes
on from there with everything. The gold plays no part in either.

It may go on from another adapter instead of from the base's own weights, with far fewer
articles: what was chosen for that one is kept then, a few articles would choose by
chance, and the figures are of articles that it may have learned from before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch

from newsbot.adapters.adapter_file import Adapter
from newsbot.adapters.hf_attention import attention_name
from newsbot.adapters.hf_reader import ReaderConfig, load_decoder
from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.errors import UserError
from newsbot.evaluation.gold import GoldArticle
from newsbot.evaluation.run import as_article
from newsbot.stages import questions
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import read_article
from newsbot.stages.word_heads import WordHead
from newsbot.tuning.augment import augment
from newsbot.tuning.choose import Chosen, choose
from newsbot.tuning.distract import distract
from newsbot.tuning.examples import make_example, thinned
from newsbot.tuning.labelled import with_labelled
from newsbot.tuning.network import Answers, Network
from newsbot.tuning.questionnaire import Example
from newsbot.tuning.train import (
    Passes,
    Recipe,
    make_network,
    matrices,
    put_matrices,
    train,
)
from newsbot.tuning.word_heads import (
    CHOSEN_BY,
    Read,
    by_words,
    joined_rows,
    learn_words,
    rows_of,
)

#: One story in so many is left out of the first run.
PARTS = 8

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the base lies and where runs are kept."""

    #: The base's folder, and the SHA-256 of the file it came from.
    folder: Path
    base: str
    #: Checkpoints are kept here.
    runs: Path
    device: str = "auto"
    dtype: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What tuning gave."""

    adapter: Adapter
    #: The adapter of the first run, which learned from no story that was left out.
    held_out_adapter: Adapter
    chosen: Chosen


def is_held_out(article: GoldArticle) -> bool:
    """Whether the first run leaves an article out.

    One story, one side: a hash, so that new articles move no old ones.
    """
    story = article.deals[0].story if article.deals else article.id
    return int(hashlib.sha256(story.encode()).hexdigest(), 16) % PARTS == 0


def tune(
    corpus: Sequence[GoldArticle],
    place: Place,
    gazetteer: Gazetteer,
    recipe: Recipe,
    *,
    resume: bool,
    progress: Progress,
    start: Adapter | None = None,
) -> Tuned:
    """Tune an adapter.

    Args:
        corpus: Labelled articles with `spans`.
        place: The base model, and where to keep checkpoints.
        gazetteer: The organisations, as the line will see them.
        recipe: How.
        resume: Go on where a killed run of the same recipe stopped.
        progress: Told what is being done and the share done.
        start: The adapter to go on from; None begins at the base's own weights.

    Raises:
        UserError: The corpus is too small, *start* does not fit the recipe, or the
            extra `tune` is missing.
        ModelMissingError: The base cannot be loaded.
    """
    if start is not None and start.base != place.base:
        raise UserError("the adapter to go on from was tuned on another base model")
    # Values too small for full precision cost a hundred times the work.
    torch.set_flush_denormal(True)
    try:
        return _tune(
            corpus,
            _Workshop(place, gazetteer, recipe, start),
            recipe,
            resume,
            progress,
        )
    finally:  # it holds for all of the process
        torch.set_flush_denormal(False)


def _tune(
    corpus: Sequence[GoldArticle],
    workshop: _Workshop,
    recipe: Recipe,
    resume: bool,
    progress: Progress,
) -> Tuned:
    kept = [article for article in corpus if not is_held_out(article)]
    left_out = [article for article in corpus if is_held_out(article)]
    if not all(any(article.deals for article in part) for part in (kept, left_out)):
        raise UserError(
            f"{len(corpus)} articles are too few: some with deals must be left out to "
            "measure on, and some be left"
        )
    whole = recipe.epochs * len(kept) + recipe.last_epochs * len(corpus)
    first = recipe.epochs * len(kept) / whole
    network = workshop.network()
    workshop.run(
        network,
        kept,
        first=0,
        resume=resume,
        progress=lambda stage, share: progress(f"first run, {stage}", first * share),
    )
    kept_rows = [workshop.rows(article) for article in kept]
    left_out_rows = [workshop.rows(article) for article in left_out]
    kept_heads = workshop.start.heads if workshop.start else None
    known_words = kept_heads.words if kept_heads else {}
    words = known_words or learn_words(joined_rows(kept_rows))
    chosen = choose(
        workshop.predict(network, left_out),
        [
            {name: by_words(words.get(name), name, rows[name]) for name in CHOSEN_BY}
            for rows in left_out_rows
        ],
        kept_heads,
    )
    held_out_adapter = workshop.adapter(network, chosen, words)
    workshop.run(
        network,
        corpus,
        first=recipe.epochs,
        resume=resume,
        progress=lambda stage, share: progress(
            f"second run, {stage}", first + (1 - first) * share
        ),
    )
    words = known_words or learn_words(joined_rows([*kept_rows, *left_out_rows]))
    return Tuned(
        adapter=workshop.adapter(network, chosen, words),
        held_out_adapter=held_out_adapter,
        chosen=chosen,
    )


class _Workshop:
    """What both runs share."""

    def __init__(
        self,
        place: Place,
        gazetteer: Gazetteer,
        recipe: Recipe,
        start: Adapter | None,
    ) -> None:
        self.start = start
        self._place = place
        self.gazetteer = gazetteer
        self._recipe = recipe
        self._tokenizer = HfTokenizer.load(place.folder)

    def network(self) -> Network:
        """Make a network to begin with."""
        place, recipe = self._place, self._recipe
        decoder = load_decoder(
            place.folder,
            ReaderConfig(
                folder=str(place.folder), device=place.device, dtype=place.dtype
            ),
            n_layers=recipe.layers,
        )
        # Judging keeps torch's own until an adapter ships that learned with the other:
        # what differs in the last digits moves articles near a threshold.
        decoder.set_attn_implementation(attention_name(decoder.device, decoder.dtype))
        network = make_network(decoder, recipe, int(decoder.config.hidden_size))
        if self.start is not None:
            put_matrices(network, self.start.matrices)
            network.load(self.start.heads)
        network.to(next(decoder.parameters()).device)
        return network

    def run(
        self,
        network: Network,
        articles: Sequence[GoldArticle],
        *,
        first: int,
        resume: bool,
        progress: Progress,
    ) -> None:
        """Tune a network on articles; from pass *first* on it is the second run."""
        recipe = self._recipe
        what = [asdict(recipe), self._place.base, questions.VERSION, first]
        if self.start is not None:
            what.append(self.start.heads.hash)
        # The texts and labels, not the ids alone: a corrected corpus is another one.
        what.append([repr(article) for article in articles])
        digest = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]
        train(
            network,
            recipe,
            Passes(
                examples=lambda number: self._epoch(articles, number),
                n_examples=len(articles),
                first=first,
                n_passes=recipe.last_epochs if first else recipe.epochs,
                rate=recipe.last_rate if first else 1.0,
            ),
            checkpoint=self._place.runs / f"{digest}.pt",
            resume=resume,
            progress=progress,
        )

    def _epoch(self, articles: Sequence[GoldArticle], number: int) -> list[Example]:
        """The articles of one pass, each changed by chance; the first as they are."""
        examples = []
        for article in articles:
            rng = Random(f"{self._recipe.seed}-{number}-{article.id}")
            if number:
                reading = read_article(as_article(article), self.gazetteer)
                reading = with_labelled(article, reading, self.gazetteer)
                article = augment(article, reading, self.gazetteer, rng)
            article = distract(article, articles, rng)
            examples.append(thinned(self._example(article), rng))
        return examples

    def _example(self, article: GoldArticle) -> Example:
        reading = read_article(as_article(article), self.gazetteer)
        return make_example(article, reading, self._tokenizer, self.gazetteer)

    def rows(self, article: GoldArticle) -> dict[str, list[Read]]:
        """What an article, as it is, teaches the second reader."""
        reading = read_article(as_article(article), self.gazetteer)
        reading = with_labelled(article, reading, self.gazetteer)
        return rows_of(article, reading, self.gazetteer)

    def predict(
        self, network: Network, articles: Sequence[GoldArticle]
    ) -> list[tuple[Example, Answers]]:
        """Answer everything about articles, as they are."""
        network.eval()
        found = []
        with torch.inference_mode():
            for article in articles:
                example = self._example(article)
                found.append((example, network.answers([example])[0]))
        return found

    def adapter(
        self, network: Network, chosen: Chosen, words: Mapping[str, WordHead]
    ) -> Adapter:
        """Take the tuned parts out of a network, the calibration worked in."""
        told = network.export(chosen.thresholds, chosen.casting)
        article = told["article"]
        calibrated = replace(
            article,
            weights=np.asarray(article.weights * chosen.slope, dtype=np.float32),
            bias=np.asarray(
                article.bias * chosen.slope + chosen.shift, dtype=np.float32
            ),
        )
        return Adapter(
            matrices=matrices(network),
            heads=replace(
                told, heads={**told.heads, "article": calibrated}, words=words
            ),
            base=self._place.base,
            layer=self._recipe.layers,
            card="{}",
        )
