"""The check of a summary: planted errors are found, the article's own words pass."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from corpus_findings import findings, halves
from corpus_findings import read as corpus_reading
from planting import OUTSIDE, PLANTS, told_wrong

from newsbot.evaluation.gold import GoldArticle
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.summary_check import check_summary
from newsbot.types import Article

GAZETTEER = load_organisations()
#: Every so many-th article of the held-out half: 20 seconds would take them all.
STEP = 5
MIN_WORDS = 6
TEXT = (
    "Oracle has agreed to rent computing capacity from CoreWeave for $30 billion. "
    "The contract runs for five years and covers 2 GW, said analyst Petra Lindqvist."
    "\n\nMicrosoft is in talks to invest about $700 million in Nscale. "
    "Google supplies Anthropic with chips. Vodafone has ended its contract with IBM."
)


def read(text: str = TEXT, language: str = "en") -> Reading:
    article = Article(
        id="a",
        entry_id="e",
        url="https://example.org/a",
        title="Deals of the day",
        text=text,
        language=language,
        published_at=datetime(2026, 3, 2, tzinfo=UTC),
        site="example.org",
        author=None,
        text_origin="page",
        fingerprint=0,
    )
    return read_article(article, GAZETTEER)


def kinds(text: str, reading: Reading | None = None) -> set[str]:
    return {one.kind for one in check_summary(text, reading or read(), GAZETTEER)}


@pytest.fixture(scope="module")
def held_out() -> list[tuple[GoldArticle, Reading]]:
    articles = halves()["held-out"][::STEP]
    assert len(articles) > 50
    return [(article, corpus_reading(article, GAZETTEER)) for article in articles]


def body(reading: Reading) -> list[str]:
    """The sentences of an article that could stand in a summary."""
    own = [s for s in reading.sentences if s.start > len(reading.article.title)]
    texts = [" ".join(reading.text(s).split()) for s in own]
    return [text for text in texts if len(text.split()) >= MIN_WORDS]


def test_halves_share_no_story():
    """No story of the development half is in the held-out one; both are large."""
    split = halves()
    stories = [
        {deal.story for article in half for deal in article.deals}
        for half in split.values()
    ]
    assert stories[0].isdisjoint(stories[1])
    assert min(map(len, split.values())) > 300


def test_the_article_s_own_sentences_pass(held_out):
    """At most 2 % of sentences and runs of two and three raise an alarm."""
    n_checked, alarms = 0, []
    for _, reading in held_out:
        texts = body(reading)
        runs = [
            texts[n : n + size]
            for size in (1, 2, 3)
            for n in range(0, len(texts) - size + 1, size)
        ]
        for run in runs:
            n_checked += 1
            alarms += [run] if check_summary(" ".join(run), reading, GAZETTEER) else []
    assert n_checked > 1000
    assert len(alarms) <= 0.02 * n_checked, alarms


def test_planted_errors_are_found(held_out):
    """A digit, party, currency, direction or status swapped is found in 95 of 100."""
    dice = random.Random(11)
    planted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for article, reading in held_out:
        for text in body(reading):
            for kind, plant in PLANTS.items():
                wrong = plant(text, reading, article, GAZETTEER, dice)
                if wrong is None or wrong == text:
                    continue
                planted[kind] += 1
                missed[kind] += not check_summary(wrong, reading, GAZETTEER)
    assert set(planted) == set(PLANTS)
    assert planted.total() > 300
    assert missed.total() <= 0.05 * planted.total(), (planted, missed)
    for kind in ("digit", "currency"):
        assert missed[kind] <= 0.05 * planted[kind], kind


def test_errors_in_told_summaries_are_mostly_found(held_out):
    """Where nothing is quoted, figures and strangers are found, directions seldom."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for article, reading in held_out:
        outside = next(n for n in OUTSIDE if n not in reading.article.full_text)
        for finding in findings(article, reading, GAZETTEER):
            language = "de" if article.language == "de" else "en"
            for kind, text in told_wrong(finding, reading, language, outside).items():
                planted[kind] += 1
                found[kind] += bool(check_summary(text, reading, GAZETTEER))
    for kind in ("digit", "party", "currency"):
        assert found[kind] >= 0.95 * planted[kind] > 0, kind
    assert found["status"] >= 0.6 * planted["status"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Oracle will pay CoreWeave $31 billion for it.", "figure"),
        ("Oracle will pay CoreWeave $30 million for it.", "figure"),
        ("Oracle will pay CoreWeave €30 billion for it.", "figure"),
        ("Oracle will pay CoreWeave up to $30 billion for it.", "figure"),
        ("Microsoft would put $700 million into Nscale.", "figure"),
        ("The contract with CoreWeave covers 2 MW.", "figure"),
        ("The contract with CoreWeave runs for two years.", "figure"),
        ("Nvidia will pay CoreWeave $30 billion for it.", "name"),
        ("The contract covers 2 GW, said analyst Petra Sundberg.", "name"),
        ("CoreWeave has agreed to rent computing capacity from Oracle.", "direction"),
        ("Anthropic supplies Google with chips.", "direction"),
        ("Google is supplied with chips by Anthropic.", "direction"),
        ("Microsoft has agreed to invest about $700 million in Nscale.", "status"),
        ("Vodafone has signed its contract with IBM.", "status"),
        ("Oracle mietet bei CoreWeave Rechenleistung für die nächsten Jahre.", "language"),
        ("It covers 2 GW. It covers 2 GW.", "loop"),
        ("The contract runs and runs and the the the contract runs.", "loop"),
        ("The **contract** covers 2 GW in the end.", "markup"),
    ],
)  # fmt: skip
def test_each_kind_of_error_is_named(text, kind):
    """What is wrong is said by kind, with the claim and a reason."""
    assert kind in kinds(text)
    for one in check_summary(text, read(), GAZETTEER):
        assert one.claim
        assert one.reason


@pytest.mark.parametrize(
    "text",
    [
        "CoreWeave will rent computing capacity to Oracle for $30 billion.",
        "For $30 billion, Oracle gets 2 GW from CoreWeave.",
        "Oracle will pay CoreWeave about $30 billion over five years.",
        "Microsoft is negotiating an investment of about $700 million in Nscale.",
        "ORACLE's contract covers 2 GW, says Lindqvist.",
        "Anthropic is supplied with chips by Google.",
        "Vodafone no longer works with IBM.",
    ],
)
def test_true_paraphrases_pass(text):
    """Other words for the same facts raise no alarm."""
    assert check_summary(text, read(), GAZETTEER) == []


def test_rounding_must_be_said():
    """A rounded figure passes with "about" only, and only where it is near."""
    reading = read("Oracle has agreed to pay CoreWeave $29.7 billion for its capacity.")
    claim = "Oracle will pay CoreWeave {} for its capacity."
    assert not kinds(claim.format("about $30 billion"), reading)
    assert kinds(claim.format("$30 billion"), reading)
    assert kinds(claim.format("about $33 billion"), reading)


def test_the_other_language_is_checked_by_values():
    """A German article bears an English summary that was asked for in English."""
    reading = read(
        "Die Deutsche Telekom mietet bei CoreWeave Rechenleistung für 1,5 Mrd. Euro. "
        "Der Vertrag läuft fünf Jahre.",
        "de",
    )
    told = (
        "Deutsche Telekom has agreed to buy computing capacity from CoreWeave for {}."
    )
    for sum_, fine in (("€1.5bn", True), ("€1.6bn", False), ("$1.5bn", False)):
        found = check_summary(told.format(sum_), reading, GAZETTEER, language="en")
        assert (found == []) is fine, found
