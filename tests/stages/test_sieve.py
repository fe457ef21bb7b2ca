"""Damaged and hostile feeds: read as far as they go, at little cost."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from servers.feeds import item, parse, rss

from newsbot.errors import ParseError


def test_broken_xml_keeps_what_is_readable():
    """A bare ampersand, an unknown entity, a wrong end tag, a cut: entries stay."""
    good = rss(item(1), item(2, title="A & B &foo; C"), item(3))
    assert [entry.title for entry in parse(good).entries][0::2] == ["T", "T"]
    assert parse(good).entries[1].title == "A & B &foo; C"
    assert len(parse(good.replace("</channel>", "</b>")).entries) == 3
    assert len(parse(good[: good.index("/3<")]).entries) >= 2
    junk = "<br />\nWarning: mysql_connect() in /var/www\n" + good.removeprefix(
        "<?xml version='1.0'?>"
    )
    assert len(parse(junk).entries) == 3


HOSTILE = {
    "ampersands": item(more=f"<description>{'&' * 2_000_000}</description>"),
    "attributes": item(
        more="<description><![CDATA[<p "
        + " ".join(f"a{n}=1" for n in range(200_000))
        + ">x]]></description>"
    ),
    "categories": item(
        more="".join(f"<category>{n}</category>" for n in range(20_000))
    ),
    "nested": item(more="<a>" * 100_000 + "</a>" * 100_000),
    "nested markup": item(
        more="<description><![CDATA[" + "<div>" * 100_000 + "]]></description>"
    ),
    "brackets": item(more=f"<description>{'&lt;' * 300_000}</description>"),
    "unclosed": item(
        more="<description><![CDATA[" + "<p x" * 300_000 + "]]></description>"
    ),
    "comments": item(more="<!--" * 100_000),
    "links": item(more="<link>https://e.example/</link>" * 50_000),
    "guid": item(more=f"<guid>{'x' * 1_000_000}</guid>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_feeds_cost_little_time(name):
    """Sizes at which feedparser alone takes minutes are read in a moment."""
    started = time.monotonic()
    body = rss(HOSTILE[name], item(2))
    try:
        assert parse(body).entries
    except ParseError:
        assert name == "comments"
    assert time.monotonic() - started < 10


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.text(max_size=40))
@example(b"<rss>&#xD800;&#99999999999;<item>", "")
@example(b"<rss xmlns:x='\x00'><x:item>", "text/xml; charset=\x00")
def test_any_bytes_are_a_feed_or_a_parse_error(data, content_type):
    """No input whatever raises anything else."""
    for body in (
        data,
        b"<rss><channel>" + data,
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>"
        + data
        + b"</entry></feed>",
    ):
        with contextlib.suppress(ParseError):
            parse(body, content_type=content_type)


PIECES = st.lists(
    st.sampled_from(
        ["<item>", "</item>", "<entry>", "<title>", "</title>", "<link>", "<link href='/a'/>", "</link>", "https://e.example/1", "<guid>", "<pubDate>",
         "2026-03-01", "Sun, 99 Mar", "<![CDATA[", "]]>", "&", "&lt;", "&#x110000;", "&uuml;", "<!--", "-->", "<?x", "?>", "<content type='xhtml'>",
         "<div>", "<content mode='base64'>", "xml:base='//['", "<author><name>", "<a:b>", "\x00", "\ud800", "ü", "<description>", "<svg>", "<image>", "<!DOCTYPE x>"]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    PIECES,
    st.sampled_from(
        [
            "<rss><channel>",
            "<feed>",
            "<rdf:RDF>",
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "",
        ]
    ),
)
def test_shuffled_feeds_never_crash(pieces, root):
    """Pieces of feeds in any order are read or refused, and read alike twice."""
    body = (root + "".join(pieces)).encode("utf-8", "surrogatepass")
    try:
        feed = parse(body)
    except ParseError:
        return
    assert feed == parse(body)
    for entry in feed.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert len(entry.title) <= 500
        assert entry.title.isprintable()
