"""How good are the check of summaries and the told ones? Prints both halves.

Run it as `PYTHONPATH=tests python tests/measure_summaries.py [STEP]`; STEP 1, the
default, takes every article of the corpus and some minutes. The gold plays no part.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from corpus_findings import findings, halves, read
from planting import OUTSIDE, PLANTS, told_wrong

from newsbot.evaluation.gold import GoldArticle
from newsbot.stages.organisations import Gazetteer, load_organisations
from newsbot.stages.reading import Reading
from newsbot.stages.summarise import tell_summary
from newsbot.stages.summary_check import check_summary
from newsbot.vocabulary import Language

#: Words a sentence needs to count.
MIN_WORDS = 6


def of_sentences(
    article: GoldArticle, reading: Reading, gazetteer: Gazetteer,
    dice: random.Random, counts: Counter[str],
) -> None:  # fmt: skip
    """Count alarms on the article's own sentences, and finds of planted errors."""
    own = [s for s in reading.sentences if s.start > len(article.title)]
    texts = [" ".join(reading.text(s).split()) for s in own]
    texts = [text for text in texts if len(text.split()) >= MIN_WORDS]
    for size in (1, 2, 3):
        for n in range(0, len(texts) - size + 1, size):
            told = " ".join(texts[n : n + size])
            counts[f"runs of {size}"] += 1
            counts[f"false alarms on {size}"] += bool(
                check_summary(told, reading, gazetteer)
            )
    for text in texts:
        for kind, plant in PLANTS.items():
            wrong = plant(text, reading, article, gazetteer, dice)
            if wrong is not None and wrong != text:
                counts[f"planted {kind}"] += 1
                counts[f"found {kind}"] += bool(
                    check_summary(wrong, reading, gazetteer)
                )


def of_deals(
    article: GoldArticle, reading: Reading, gazetteer: Gazetteer,
    dice: random.Random, counts: Counter[str],
) -> None:  # fmt: skip
    """Count deals that are told, and finds of errors planted before the telling."""
    own: Language = "de" if article.language == "de" else "en"
    other: Language = "en" if own == "de" else "de"
    outside = [name for name in OUTSIDE if name not in reading.article.full_text]
    for finding in findings(article, reading, gazetteer):
        now = article.published_at
        counts["deals"] += 1
        summary = tell_summary(reading, [finding], gazetteer, now)
        counts["told in the other language"] += (
            tell_summary(reading, [finding], gazetteer, now, language=other) is not None
        )
        if summary is None:
            continue
        counts["told"] += 1
        counts["told, first sentence quoted"] += summary.sentences[0].quoted
        counts["told, any sentence quoted"] += any(s.quoted for s in summary.sentences)
        name = dice.choice(outside)
        for kind, text in told_wrong(finding, reading, own, name).items():
            counts[f"told with wrong {kind}"] += 1
            counts[f"of these found, {kind}"] += bool(
                check_summary(text, reading, gazetteer)
            )


def main() -> None:
    """Measure both halves."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    gazetteer = load_organisations()
    for half, articles in halves().items():
        counts: Counter[str] = Counter()
        dice = random.Random(5)
        for article in articles[::step]:
            reading = read(article, gazetteer)
            of_sentences(article, reading, gazetteer, dice, counts)
            of_deals(article, reading, gazetteer, dice, counts)
        print(f"{half}: {len(articles[::step])} articles")
        for name, count in counts.items():
            print(f"  {name}: {count}")


if __name__ == "__main__":
    main()
