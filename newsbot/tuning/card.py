"""What an adapter says of itself: recipe, data, figures, known failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from newsbot.adapters.adapter_file import Adapter
from newsbot.evaluation.gold import GoldArticle
from newsbot.tuning.choose import Chosen
from newsbot.tuning.corpus_files import data_digest
from newsbot.tuning.train import Recipe

#: The embedded base, with the notice that its licence asks for.
EMBEDDED = (
    "gemma3-270m; Gemma is provided under and subject to the Gemma Terms of Use found "
    "at ai.google.dev/gemma/terms"
)
#: What every adapter of this kind gets wrong more than the rest; measured figures
#: stand in docs/judging.md.
KNOWN_FAILURES = (
    "the corpus is written for this purpose: real news is more varied",
    "roles of parties in deals of several types",
    "a competitor's deal told in the same breath",
    "articles much longer than 700 words",
)


def make_card(
    chosen: Chosen,
    recipe: Recipe,
    corpus: Sequence[GoldArticle],
    files: Sequence[Path],
    *,
    base: str = EMBEDDED,
    start: Adapter | None = None,
) -> dict[str, Any]:
    """Write a model card.

    Args:
        chosen: Thresholds and held-out figures.
        recipe: How it was tuned.
        corpus: The articles.
        files: Where they were read from, for their digest.
        base: The base model's name.
        start: The adapter that it went on from.

    Returns:
        What is kept in the adapter's file and printed after tuning.
    """
    languages = Counter(article.language for article in corpus)
    return {
        "base": base,
        **({"from": start.heads.hash} if start else {}),
        "articles": len(corpus),
        "with_deals": sum(bool(article.deals) for article in corpus),
        "languages": dict(sorted(languages.items())),
        "data": data_digest(files),
        "recipe": asdict(recipe),
        "held_out": {
            head: {name: round(value, 4) for name, value in figures.items()}
            for head, figures in sorted(chosen.figures.items())
        },
        "reliability": [list(bin_) for bin_ in chosen.reliability],
        "known_failures": list(KNOWN_FAILURES),
    }
