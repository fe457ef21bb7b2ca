"""What is taken out of a page beforehand changes nothing of what trafilatura finds."""

from __future__ import annotations

from copy import copy

import pytest
from benchmarks.extract import make_pages
from test_extract import DEMO, PAGES
from trafilatura import bare_extraction
from trafilatura.utils import load_html

from newsbot.stages.furniture import drop_furniture, drop_scripts

TEXT = (
    "<p>" + "Anthropic buys computing power from a provider for years. " * 12 + "</p>"
)
ODD = {
    "nested menus": "<nav>a<nav>b</nav></nav> tail <nav>c</nav>" + TEXT,
    "tails": f"{TEXT}<figure>x</figure> stays <aside>gone</aside> too{TEXT}",
    "an article in a form": f"<form id=aspnet>{TEXT}{TEXT}<input value=x></form>",
    "a small form": f"{TEXT}<form><label>Mail</label> Your address</form>",
    "a formula": f"{TEXT}<p>So <math alttext='E=mc^2'><mi>E</mi></math> holds.</p>",
    "a table": f"{TEXT}<table><tr><td>{TEXT}</td></tr></table>{TEXT}",
    "comments in an aside": f"<article>{TEXT}</article><aside class=comments>{TEXT}"
    f"</aside><div id=comments>{TEXT}</div>",
    "times and captions": f"<p><time>1 March</time> {TEXT[3:]}<figure><figcaption>{TEXT}"
    "</figcaption></figure>",
    "buttons in a line": f"<p>He <button>share</button> said so.</p>{TEXT}",
    "only furniture": f"<nav>{TEXT}</nav><footer>{TEXT}</footer>",
    "lists and quotes": f"{TEXT}<ul><li>one</li><li>two <nav>x</nav></li></ul>"
    f"<blockquote>{TEXT}</blockquote>",
}


def found(tree):
    """The text, as `extract` asks for it."""
    article = bare_extraction(
        tree,
        fast=True,
        favor_precision=True,
        include_comments=False,
        include_tables=False,
    )
    return None if article is None else article.text


def same(markup):
    tree = load_html(markup)
    drop_scripts(tree)
    before = found(tree)
    assert found(drop_furniture(copy(tree))) == before
    return before


@pytest.mark.parametrize("inner", ODD.values(), ids=ODD)
def test_odd_pages_give_the_same_text(inner):
    """Nested, with text behind it, around the article, or all there is."""
    same(
        f"<html><head><title>T</title></head><body><main><h1>T</h1>{inner}</main></body></html>"
    )


def test_ordinary_pages_give_the_same_text():
    """The demo's pages, and those of the benchmark."""
    pages = [PAGES[one.path].body for one in DEMO]
    pages += [page.body for page in make_pages(12)]
    texts = [same(page) for page in pages]
    assert sum(text is not None for text in texts) > 30


def test_most_of_a_page_is_furniture():
    """Or it would not be worth its while."""
    (page,) = make_pages(1)
    tree = load_html(page.body)
    n_before = len(list(tree.iter()))
    assert len(list(drop_furniture(tree).iter())) < n_before / 2


def test_scripts_go_and_what_follows_them_stays():
    """In the middle of a sentence, too."""
    tree = load_html(
        "<html><body><p>one<script>two()</script> three</p><p>x</p></body>"
    )
    drop_scripts(tree)
    assert tree.findtext(".//p") == "one three"
