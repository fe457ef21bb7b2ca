"""A site's feed, from its page: heads first, news before comments, then common places."""

from __future__ import annotations

import pytest

from newsbot.stages.discover import common_places, feed_links, looks_like_feed

URL = "https://paper.example/news/"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/feed.xml",
        "https://a.example/feed/",
        "https://a.example/rss",
        "https://a.example/?feed=rss2",
        "https://feeds.a.example/x.atom",
        "https://a.example/news.rss",
        "http://a.example/index.rdf",
    ],
)
def test_addresses_that_read_as_feeds(url):
    """These are taken as they are, without asking."""
    assert looks_like_feed(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://feeds.example/",
        "https://a.example/feedback",
        "https://a.example/",
        "https://rss.a.example",
    ],
)
def test_addresses_that_do_not(url):
    """A host's name, or a word that only begins so, says nothing."""
    assert not looks_like_feed(url)


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


def test_without_a_head_the_page_s_links():
    """What a page links to and reads as a feed is tried."""
    page = '<a href="/about">x</a><a class=y href="/service/rss.xml">RSS</a>'
    assert feed_links(page, URL) == ["https://paper.example/service/rss.xml"]
    assert feed_links("<a href=" * 50_000, URL) == []


def test_common_places_begin_nearby():
    """First the page's own folder, then the site's root."""
    places = common_places(URL)
    assert places[0] == "https://paper.example/news/feed"
    assert "https://paper.example/feed.xml" in places
    assert len(places) == len(set(places)) == 16
