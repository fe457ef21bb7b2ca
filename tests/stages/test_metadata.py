"""What a page says of its article is what trafilatura's own reading gives."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest
from lxml.html import tostring
from trafilatura.metadata import extract_metadata
from trafilatura.utils import load_html

from newsbot.stages.metadata import Metadata, read_metadata

URL = "https://www.paper.example/deals/1"
TEXT = "<p>" + "Anthropic buys computing power from a provider. " * 20 + "</p>"


def page(head: str = "", body: str = "") -> str:
    return f"<html><head>{head}</head><body><h1>A deal</h1>{body}{TEXT}</body></html>"


PAGES = {
    "nothing": page(),
    "title element": page("<title>A deal is signed - paper.example</title>"),
    "OpenGraph": page(
        '<meta property="og:title" content="Deal"><meta property="og:site_name" '
        'content="the paper"><meta property="article:author" content="Eva Muster">'
        '<meta property="article:published_time" content="2026-02-27T10:00:00Z">'
    ),
    "one-word author": page('<meta name="author" content="Redaktion">'),
    "Twitter name": page('<meta name="twitter:site" content="@paper">'),
    "JSON-LD": page(
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": '
        '"Deal", "datePublished": "2026-03-01T10:00:00Z", "author": {"@type": '
        '"Person", "name": "Robin Sample"}, "publisher": {"name": "Paper"}}</script>'
    ),
    "broken JSON-LD": page(
        '<script type="application/ld+json">{"author": [[[], "name": </script>'
    ),
    "canonical address": page('<link rel="canonical" href="https://b.example/x">'),
    "byline and date in the text": page(
        body='<p class="byline">By Eva Muster</p><time datetime="2026-02-01">1</time>'
    ),
    "licence and tags": page(
        body='<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
        'CC</a><a rel="tag" href="/tag/deals/">Deals</a><footer>2 March 2026</footer>'
    ),
    "references and blanks": page(
        "<title> A &amp;amp; B\u00a0 &#8211; C.example</title>"
    ),
}


@pytest.mark.parametrize("markup", PAGES.values(), ids=PAGES)
def test_it_reads_what_trafilatura_reads(markup: str) -> None:
    """Title, author, date and publisher, for each place where pages say them."""
    tree = load_html(markup)
    before = tostring(tree)
    expected = extract_metadata(copy(tree), URL)
    assert read_metadata(tree, URL, Metadata()) == Metadata(
        title=expected.title,
        author=expected.author,
        date=expected.date,
        sitename=expected.sitename,
    )
    assert tostring(tree) == before


@pytest.mark.parametrize("markup", PAGES.values(), ids=PAGES)
def test_what_is_known_is_not_looked_for(markup: str) -> None:
    """The feed's author and date stand; what it is silent on is read."""
    known = Metadata(author="Uwe Sanftleben", date="2026-02-03")
    tree = load_html(markup)
    silent = read_metadata(tree, URL, Metadata())
    assert read_metadata(tree, URL, known) == replace(
        silent, author=known.author, date=known.date
    )


def test_the_places_differ() -> None:
    """The comparison above is of pages that say something."""
    found = {
        read_metadata(load_html(markup), URL, Metadata()) for markup in PAGES.values()
    }
    assert len(found) >= 7
