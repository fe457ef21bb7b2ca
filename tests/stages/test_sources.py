"""Sources: copies and one paper's articles count once, and releases are marked."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import pytest
from deals import NOW, article, unlike
from hypothesis import given
from hypothesis import strategies as st
from wire_copies import EDITS

from newsbot.evaluation.gold import read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages.extract import fingerprint
from newsbot.stages.sources import (
    MAX_BITS,
    RELEASE_HOSTS,
    copies,
    is_release,
    shared_runs,
    sources,
)
from newsbot.tuning.corpus_files import corpus_files

GOLD = read_gold(corpus_files([]))
#: Every fifteenth; `measure_sources.py` takes them all.
SAMPLE = [as_article(one) for one in GOLD[::15] if one.text.count("\n\n") > 1]


def copied(one, edit, *, name="copy"):
    """The same text on another paper's page, edited."""
    text = EDITS[edit](one.text, one.language)
    return replace(
        one,
        id=name,
        site=f"{name}.example",
        title="Something quite different stands above it",
        text=text,
        fingerprint=fingerprint(text),
    )


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_one_source(edit):
    """Other headline, dateline, credit, cut end: of a hundred at most one slips by."""
    assert len(SAMPLE) > 60
    missed = [one.id for one in SAMPLE if len(sources([one, copied(one, edit)])) > 1]
    assert len(missed) <= len(SAMPLE) / 100 + 1, missed


def test_retellings_are_sources_of_their_own():
    """No two articles of the corpus that retell one deal are taken for copies."""
    stories = defaultdict(list)
    for gold in GOLD:
        for told in gold.deals:
            stories[told.story].append(gold)
    pairs = {
        (one.id, other.id): (as_article(one), as_article(other))
        for group in stories.values()
        for one, other in combinations(group, 2)
        if one.id != other.id
    }
    assert len(pairs) > 100
    assert not [ids for ids, pair in pairs.items() if copies(*pair)]


def test_one_paper_is_one_source_in_whatever_case_it_is_written():
    """Three articles of one site, and one of another, are two sources."""
    told = [
        article("a", site="Blatt A"),
        article("b", site="blatt a", day=1),
        article("c", site="BLATT A", day=2),
        article("d", site="Blatt B"),
    ]
    assert [len(source.articles) for source in sources(told)] == [3, 1]


def test_copies_of_copies_are_one_source():
    """What is near to the middle one is together, though the ends are far apart."""
    one, middle, end = 0, (1 << MAX_BITS) - 1, (1 << 2 * MAX_BITS) - 1
    told = [
        article("a", fingerprint=one),
        article("b", fingerprint=end),
        article("c", fingerprint=middle),
    ]
    assert not copies(told[0], told[1])
    assert len(sources(told)) == 1


def test_the_bound_is_where_it_is_said():
    """So many bits are a copy, one more is none."""
    near, far = (1 << MAX_BITS) - 1, (1 << MAX_BITS + 1) - 1
    assert copies(article("a", fingerprint=0), article("b", fingerprint=near))
    assert not copies(article("a", fingerprint=0), article("b", fingerprint=far))


def test_a_short_flash_shares_nothing_that_counts():
    """A dozen words stand in many papers; they make no copy."""
    assert shared_runs(article("a"), article("b")) == 0.0
    assert len(sources([article("a"), article("b")])) == 2


def test_the_first_article_gives_language_and_place():
    """Sources come in the order of their first articles, and speak its language."""
    told = [article("b", language="de", day=1), article("a"), article("c", day=2)]
    assert [(s.articles[0].id, s.language) for s in sources(told)] == [
        ("a", "en"),
        ("b", "de"),
        ("c", "en"),
    ]
    assert sources([]) == ()


prints = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**12 - 1, 2**64 - 1])
papers = st.lists(
    st.builds(
        lambda n, print_, site: article(f"{n}", fingerprint=print_, site=site),
        st.integers(0, 10**6),
        prints,
        st.sampled_from(["x", "X", "y", "z", "", "\u202e"]),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(papers, st.randoms(use_true_random=False))
def test_the_order_of_the_articles_changes_nothing(told, dice: random.Random):
    """Shuffled articles give the same sources; each article stands in one of them."""
    found = sources(told)
    shuffled = list(told)
    dice.shuffle(shuffled)
    assert sources(shuffled) == found
    ids = [one.id for source in found for one in source.articles]
    assert sorted(ids) == sorted(one.id for one in told)


ABOUT = "\n\nAbout Larkwell\n\nLarkwell builds data centres.\n\n"
UEBER = "\n\nÜber Larkwell\n\nLarkwell baut Rechenzentren.\n\n"
NEWS = (
    "Larkwell and Nvidia signed an agreement on computing capacity in three data "
    "centres. The first machines go into service before the summer, both companies "
    "said on Sunday. Neither side named a price for the capacity that it covers. "
) * 2

RELEASES = [
    {"url": "https://www.prnewswire.com/news-releases/larkwell-1.html"},
    {"url": "https://www.presseportal.de/pm/1/2"},
    {"url": "https://news.cision.com/larkwell/r/deal"},
    {"url": "https://ir.larkwell.example.com/2026/deal"},
    {"url": "https://newsroom.larkwell.example.com/deal"},
    {"url": "https://larkwell.example.com/press-releases/deal"},
    {"url": "https://larkwell.example.com/unternehmen/pressemitteilungen/deal"},
    {"text": f"FOR IMMEDIATE RELEASE\n\n{NEWS}"},
    {"text": f"Pressemitteilung vom 2. März 2026\n\n{NEWS}"},
    {"title": "Press release: Larkwell and Nvidia sign"},
    {"title": "Pressemitteilung – Larkwell und Nvidia"},
    {"text": f"BERLIN, March 2, 2026 /PRNewswire/ -- {NEWS}"},
    {"text": f"LONDON--(BUSINESS WIRE)--{NEWS}"},
    {"text": f"Hamburg (ots) - {NEWS}"},
    {"text": f"EQS-News: Larkwell SE\n\n{NEWS}"},
    {"text": f"{NEWS}{ABOUT}Media contact\n\nJo Doe, press@larkwell.example"},
    {"text": f"{NEWS}{UEBER}Pressekontakt:\n\nJo Doe, Tel. +49 40 1234567"},
]
REPORTS = [
    {},
    {"text": f"{NEWS} This was announced in a press release on Sunday."},
    {"text": f"Wie es in einer Pressemitteilung heißt, {NEWS}"},
    {"text": f"The press release: a genre that deserves a closer look. {NEWS}"},
    {"text": f"{NEWS}\n\nAbout the author\n\nJo Doe writes. jo@paper.example"},
    {"text": f"{NEWS}\n\nÜber den Autor\n\nJo Doe schreibt. jo@blatt.example"},
    {"text": f"{NEWS}{ABOUT}There is no more to say."},
    {"text": f"{NEWS}\n\nWrite to the desk: desk@paper.example"},
    {"url": "https://press.example/2026/deal"},
    {"url": "https://notprnewswire.com/deal"},
    {"url": "https://paper.example.com/press-review/deal"},
    {"url": "http://[::1"},
]


@pytest.mark.parametrize("parts", RELEASES, ids=lambda parts: repr(parts)[:60])
def test_a_release_is_marked(parts):
    """Its host, path, label, wire mark, or boilerplate with a contact gives it away."""
    assert is_release(article("a", **{"text": NEWS, **parts}))


@pytest.mark.parametrize("parts", REPORTS, ids=lambda parts: repr(parts)[-60:])
def test_reporting_is_not_marked(parts):
    """To quote a release, to name an author or to ask for mail makes none."""
    assert not is_release(article("a", **{"text": NEWS, **parts}))


def test_of_the_corpus_hardly_anything_is_a_release():
    """The corpus is written as news: at most one article of a hundred is marked."""
    marked = [one.url for one in map(as_article, GOLD) if is_release(one)]
    assert len(GOLD) > 1_000
    assert len(marked) <= len(GOLD) / 100, marked
    assert len(RELEASE_HOSTS) > 20


def test_a_source_is_a_release_while_nobody_reports():
    """A paper that prints a release and then asks around is no release any more."""
    release = article("a", title="Press release: a deal", site="x")
    assert sources([release])[0].release
    report = article("b", site="x", day=1)
    assert not sources([release, report])[0].release


@given(st.text(max_size=400), st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_it(text, title, url):
    """Whatever stands in an article, it is counted and marked or not."""
    one = article("a", text=text, title=title, url=url, published_at=NOW)
    other = article("b", text=title, fingerprint=unlike(text))
    assert is_release(one) in (True, False)
    assert 1 <= len(sources([one, other])) <= 2
