"""How far are wire copies from retellings? Prints the table of docs/sources.md.

Run it as `PYTHONPATH=tests python tests/measure_sources.py [STEP]`; STEP 1, the
default, takes every article of the corpus, which takes a minute.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace
from itertools import combinations

from wire_copies import EDITS

from newsbot.evaluation.gold import read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages.extract import fingerprint
from newsbot.stages.sources import (
    MAX_BITS,
    MIN_RUNS,
    MIN_SHARED,
    copies,
    is_release,
    shared_runs,
)
from newsbot.tuning.corpus_files import corpus_files
from newsbot.types import Article


def told_again(step: int) -> tuple[list[Article], list[tuple[Article, Article]]]:
    """Every STEP-th article, and every pair of articles that retell one deal."""
    stories: dict[str, list[Article]] = defaultdict(list)
    articles = []
    for gold in read_gold(corpus_files([])):
        article = as_article(gold)
        articles.append(article)
        for deal in gold.deals:
            stories[deal.story].append(article)
    pairs = {
        (one.id, other.id): (one, other)
        for told in stories.values()
        for one, other in combinations(told, 2)
        if one.id != other.id
    }
    return articles[::step], list(pairs.values())


def row(name: str, pairs: list[tuple[Article, Article]]) -> str:
    """One line of the table."""
    bits = sorted((a.fingerprint ^ b.fingerprint).bit_count() for a, b in pairs)
    shared = sorted(shared_runs(a, b) for a, b in pairs)
    n = len(pairs)
    near = sum(one <= MAX_BITS for one in bits)
    like = sum(one >= MIN_SHARED for one in shared)
    both = sum(copies(a, b) for a, b in pairs)
    return (
        f"| {name} | {n} | {bits[0]} / {bits[n // 2]} / {bits[-1]} | {near / n:.1%} | "
        f"{shared[0]:.2f} / {shared[n // 2]:.2f} / {shared[-1]:.2f} | {like / n:.1%} | "
        f"{both / n:.1%} |"
    )


def main() -> None:
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    articles, retold = told_again(step)
    print(f"bits <= {MAX_BITS}, shared >= {MIN_SHARED}, runs >= {MIN_RUNS}\n")
    print(
        "| pairs | n | bits that differ: least / median / most | near | shared runs: "
        "least / median / most | alike | taken for copies |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(row("one deal, retold", retold))
    for name, edit in EDITS.items():
        pairs = []
        for article in articles:
            text = edit(article.text, article.language)
            if text != article.text:
                copy = replace(article, text=text, fingerprint=fingerprint(text))
                pairs.append((article, copy))
        print(row(name, pairs))
    marked = [article for article in articles if is_release(article)]
    print(f"\nmarked as press releases: {len(marked)} of {len(articles)} articles")
    for article in marked[:40]:
        print(f"  {article.url} {article.title}")


if __name__ == "__main__":
    main()
