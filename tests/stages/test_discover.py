"""A site's feed, from its page: heads first, news before comments, then common places."""

from __future__ import annotations

import pytest

from newsbot.stages.discover import common_places, feed_links, looks_like_page

URL = "https://paper.example/news/"


@pytest.mark.parametrize(
    "path", ["", "/", "/news/", "/index.html", "/de/start.php", "/feedback/"]
)
def test_addresses_that_read_as_pages(path):
    """A host alone, a folder, a page: a feed is looked for."""
    assert looks_like_page("https://feeds.example" + path)


@pytest.mark.parametrize(
    "path",
    [
        "/feed.xml",
        "/feed/",
        "/rss",
        "/?feed=rss2",
        "/x.atom",
        "/own",
        "/rss/index.html",
        "/a?b/",
    ],
)
def test_addresses_that_do_not(path):
    """These are taken as they are, without asking."""
    assert not looks_like_page("https://a.example" + path)


def test_the_head_names_feeds_and_news_come_first():
    """Relative and odd links resolve; comments come last; other relations are none."""
    page = """<head><link rel="alternate" type="application/rss+xml"
        title="Comments on this" href="/comments/feed">
      <LINK REL='alternate' TYPE='application/atom+xml; charset=utf-8' HREF='news.atom'/>
      <link rel=alternate type=application/feed+json href=/feed.json>
      <link rel="stylesheet" type="text/css" href="/feed.css">
      <link rel="alternate" hreflang="de" href="/de/">
      <link rel="alternate" type="application/rss+xml" href="javascript:x">
      </head><a href="/rss">RSS</a>"""
    assert feed_links(page, URL) == [
        "https://paper.example/news/news.atom",
        "https://paper.example/feed.json",
        "https://paper.example/comments/feed",
    ]


def test_older_types_of_feeds():
    """JSON Feed 1.0 had no type of its own; WordPress's interface is none."""
    link = '<link rel="alternate" type="application/{}" href="{}">'
    page = link.format("json", "/wp-json/wp/v2/posts/1")
    page += link.format("json", "/feed.json") + link.format("x-rss+xml", "/a")
    page += link.format("json+oembed", "/feed/embed") + link.format("xml", "/b")
    assert [url.rpartition("/")[2] for url in feed_links(page, URL)] == [
        "feed.json",
        "a",
        "b",
    ]


def test_without_a_head_the_page_s_links():
    """What a page links to and reads as a feed is tried."""
    page = '<a href="/about">x</a><a class=y href="/service/rss.xml">RSS</a>'
    assert feed_links(page, URL) == ["https://paper.example/service/rss.xml"]
    assert feed_links("<a href=" * 50_000, URL) == []


def test_a_page_that_names_thousands_of_feeds():
    """The first ten are taken; each link is looked at once, however many there are."""
    link = '<link rel="alternate" type="application/rss+xml" href="/{}">'
    page = "".join(link.format(n) for n in range(8_000))
    assert feed_links(page, URL) == [f"https://paper.example/{n}" for n in range(10)]


def test_common_places_begin_nearby():
    """First the page's own folder, then the site's root."""
    places = common_places(URL)
    assert places[0] == "https://paper.example/news/feed"
    assert "https://paper.example/feed.xml" in places
    assert len(places) == len(set(places)) == 16
