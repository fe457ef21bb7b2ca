"""Feeds of every kind: what becomes an entry, with which link and date."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.feeds import NOW, URL, item, only, parse, rss

from newsbot.stages.parse import MAX_ENTRIES, canonical_url
from newsbot.types import identity

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de-DE">
  <title>Zeitung</title>
  <link rel="self" href="https://news.example/feed"/>
  <entry>
    <title type="html">Gro&lt;b&gt;ß&lt;/b&gt;auftrag</title>
    <link rel="enclosure" href="https://cdn.example/a.mp3"/>
    <link href="/a?utm_source=rss&amp;id=1#x"/>
    <id>tag:news.example,2026:1</id>
    <updated>2026-03-01T10:00:00+01:00</updated>
    <published>2026-03-01T09:30:00+01:00</published>
    <author><name>Jane Doe</name></author>
    <summary>Kurz.</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Lang und</p><p>breit &amp; mehr.</p></div></content>
  </entry>
</feed>"""


# Ordinary feeds


def test_an_rss_entry_says_everything():
    """Title, link, date, author and summary arrive as plain values."""
    entry = only(
        rss(
            item(
                title="Cloud &amp; KI",
                more="<description>&lt;p&gt;Ein&lt;/p&gt;&lt;p&gt;Text&lt;/p&gt;</description><dc:creator>Jane</dc:creator>",
            )
        ),
        language="de",
    )
    assert entry.id == identity("entry", "https://news.example/1")
    assert (entry.feed_id, entry.url, entry.title) == (
        "f1",
        "https://news.example/1",
        "Cloud & KI",
    )
    assert (entry.summary, entry.author, entry.language) == ("Ein Text", "Jane", "de")
    assert entry.published_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (entry.first_seen_at, entry.origin, entry.may_alert) == (NOW, "feed", True)


def test_an_atom_feed_reads_alike():
    """The alternate link counts, the published date, and the longer text."""
    feed = parse(ATOM)
    assert (feed.title, feed.language, feed.n_dropped) == ("Zeitung", "de-de", 0)
    (entry,) = feed.entries
    assert (entry.url, entry.title, entry.author) == (
        "https://news.example/a?id=1",
        "Großauftrag",
        "Jane Doe",
    )
    assert entry.summary == "Lang und breit & mehr."
    assert entry.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_rdf_keeps_its_items_outside_the_channel():
    """RSS 1.0 works, with Dublin Core dates."""
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>R</title></channel>
      <item rdf:about="https://news.example/1"><title>T</title><link>https://news.example/1</link><dc:date>2026-02-28T10:00:00Z</dc:date></item></rdf:RDF>"""
    entry = only(body)
    assert (entry.title, entry.published_at) == (
        "T",
        datetime(2026, 2, 28, 10, tzinfo=UTC),
    )


def test_an_empty_feed_is_a_feed():
    """No entries is an answer, not an error."""
    assert parse(rss()).entries == ()
    assert parse(rss()).title == "News"


def test_full_text_of_the_feed_is_taken_where_it_is_longer():
    """`content:encoded` stands in for a teaser."""
    more = "<description>Kurz</description><content:encoded><![CDATA[<p>Viel länger.</p><script>alert(1)</script>]]></content:encoded>"
    assert only(rss(item(more=more))).summary == "Viel länger."


def test_media_titles_do_not_replace_the_title():
    """Elements of other namespaces are not taken for the entry's own."""
    assert (
        only(
            rss(
                item(
                    more="<media:content><media:title>Bild</media:title></media:content>"
                )
            )
        ).title
        == "T"
    )


def test_parsing_warns_of_nothing():
    """No deprecation warning of a library reaches the operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(parse(rss(item(date="nonsense"))).entries) == 1


# Links


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://News.Example:443/A", "https://news.example/A"),
        ("http://news.example.:80", "http://news.example/"),
        ("http://news.example:8080/a", "http://news.example:8080/a"),
        ("/a/../b", "https://news.example/b"),
        ("a", "https://news.example/feeds/a"),
        ("//other.example/a", "https://other.example/a"),
        ("?id=1", "https://news.example/feeds/all.xml?id=1"),
        ("https://e.example/?b=2&a=1&b=1", "https://e.example/?b=2&a=1&b=1"),
        (
            "https://e.example/a?utm_source=x&UTM_medium=y&id=1&fbclid=z",
            "https://e.example/a?id=1",
        ),
        (
            "https://e.example/a?gclid=1&mc_cid=2&wt_mc=3&wt_zmc=4#frag",
            "https://e.example/a",
        ),
        ("https://e.example/a?ref=rss", "https://e.example/a"),
        ("https://e.example/a?ref=main&source=feed_x", "https://e.example/a?ref=main"),
        ("https://e.example/a?", "https://e.example/a"),
        ("https://e.example/ä b?q=ü", "https://e.example/%C3%A4%20b?q=%C3%BC"),
        ('https://e.example/"<x>', "https://e.example/%22%3Cx%3E"),
        ("https://müller.example/", "https://xn--mller-kva.example/"),
        (" https://e.example/a\n", "https://e.example/a"),
        ("https://[2606:2800::1]/a", "https://[2606:2800::1]/a"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("ftp://e.example/", None),
        ("data:text/html,x", None),
        ("feed:https://e.example/", None),
        ("mailto:a@b.example", None),
        ("https://user:pw@e.example/", None),
        ("https://e.example\\@127.0.0.1/", None),
        ("https://e.example/a\tb", None),
        ("https://e.example/a\x00", None),
        ("https://e.exa mple/", None),
        ("https://e.example:99999/", None),
        ("https://e.example:0/", None),
        ("https:///a", None),
        ("https://[::1", None),
        ("https://e.example/" + "a" * 4000, None),
        ("", None),
    ],
)
def test_links_have_one_form(url, canonical):
    """Case, port, fragment and tracking go; order and meaning stay."""
    assert canonical_url(url, URL) == canonical


@given(st.text())
def test_canonical_links_stay_as_they_are(text):
    """Doing it twice equals doing it once, and the result is plain ASCII."""
    for url in (text, f"https://e.example/{text}", f"https://{text}/"):
        once = canonical_url(url, URL)
        if once is not None:
            assert once.isascii()
            assert canonical_url(once, "") == once


def test_one_link_is_one_entry():
    """Tracking and fragments do not make a second entry, in one feed or in two."""
    feed = parse(
        rss(
            "<link>https://e.example/a?utm_source=x</link>",
            "<link>https://E.example/a#top</link>",
        )
    )
    assert [entry.url for entry in feed.entries] == ["https://e.example/a"]
    assert feed.n_dropped == 0


@pytest.mark.parametrize(
    "body",
    [
        "<title>T</title>",
        "<link>javascript:alert(1)</link>",
        "<guid isPermaLink='false'>https://e.example/a</guid>",
        "<guid>tag:1</guid><link>file:///etc/passwd</link>",
    ],
)
def test_entries_without_a_usable_link_are_counted(body):
    """What cannot be linked is left out, and the feed says how many."""
    feed = parse(rss(body, item()))
    assert len(feed.entries) == 1
    assert feed.n_dropped == 1


def test_a_permanent_guid_is_a_link():
    """An RSS guid is the address unless it says otherwise (RSS 2.0, guid)."""
    assert only(rss("<guid>https://e.example/a</guid>")).url == "https://e.example/a"


# Dates and alerts


@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("Sun, 01 Mar 2026 12:59:00 GMT", NOW + timedelta(minutes=59)),
        ("Sun, 01 Mar 2026 13:01:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Sat, 01 Jan 2099 00:00:00 GMT", None),
        ("Sun, 01 Jan 1995 00:00:00 GMT", datetime(1995, 1, 1, tzinfo=UTC)),
        ("2026-03-01T11:00:00+02:00", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("Sun, 01 Mar 2026 10:00:00 XYZ", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("99999999999999-01-01", None),
        ("gestern", None),
        ("", None),
    ],
)
def test_impossible_dates_are_no_dates(date, published):
    """Far past and future are templates' mistakes; an hour ahead is a clock's."""
    assert only(rss(item(date=date))).published_at == published


@pytest.mark.parametrize(
    ("date", "options", "may_alert"),
    [
        ("Sun, 22 Feb 2026 10:00:00 GMT", {"first_poll": True}, False),
        ("Sun, 22 Feb 2026 10:00:00 GMT", {"first_poll": False}, True),
        ("Sat, 28 Feb 2026 10:00:00 GMT", {"first_poll": True}, True),
        ("", {"first_poll": True}, True),
        ("Sun, 01 Mar 2026 10:00:00 GMT", {"origin": "archive"}, False),
    ],
)
def test_old_news_and_archives_do_not_alert(date, options, may_alert):
    """On the first poll only the young alert; from an archive nothing does."""
    assert only(rss(item(date=date)), **options).may_alert is may_alert


def test_the_newest_five_hundred_are_kept():
    """A longer feed keeps its newest entries in order and counts the rest."""
    start = NOW - timedelta(days=700)
    dated = [
        item(n, date=(start + timedelta(days=n)).strftime("%a, %d %b %Y %H:%M:%S GMT"))
        for n in range(700)
    ]
    for items in (dated, dated[::-1]):
        feed = parse(rss(*items))
        numbers = [int(entry.url.rpartition("/")[2]) for entry in feed.entries]
        assert len(numbers) == MAX_ENTRIES
        assert set(numbers) == set(range(200, 700))
        assert numbers in (sorted(numbers), sorted(numbers, reverse=True))
        assert feed.n_dropped == 200


def test_a_feed_of_fifty_thousand_items_is_read_at_both_ends():
    """Newest-first or oldest-first, the newest are among what is read; the rest counted."""
    items = [f"<link>https://e.example/{n}</link>" for n in range(50_000)]
    feed = parse(rss(*items))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.n_dropped == 50_000 - MAX_ENTRIES
