"""Feed lists: what is imported, what is refused with its line, and the way back."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsbot.errors import ParseError
from newsbot.stages.opml import (
    MAX_DEPTH,
    MAX_FEEDS,
    MAX_REFUSED,
    OpmlFeed,
    read_opml,
    write_opml,
)
from newsbot.stages.parse import absolute_url


def opml(*lines, declaration="<?xml version='1.0'?>\n"):
    body = "\n".join(lines)
    return f"{declaration}<opml version='1.0'><head><title>x</title></head><body>\n{body}\n</body></opml>".encode()


def outline(url, title="T"):
    return f'<outline type="rss" text="{title}" xmlUrl="{url}"/>'


def test_feeds_are_read_from_folders():
    """Folders are walked, titles are plain text, attributes in any case."""
    result = read_opml(
        opml(
            '<outline text="Folder"><outline text="Inner">',
            outline("https://a.example/feed", "A &lt;b&gt;x&lt;/b&gt; &amp;amp; B"),
            "</outline></outline>",
            '<OUTLINE TITLE="B" XMLURL="HTTP://B.example:80/feed?utm_source=x#y"/>',
        )
    )
    assert result.feeds == (
        OpmlFeed(url="https://a.example/feed", title="A x & B"),
        # A feed's own parameters belong to it, even those that track elsewhere.
        OpmlFeed(url="http://b.example/feed?utm_source=x", title="B"),
    )
    assert result.refused == ()


def test_each_refusal_names_its_line_and_reason():
    """Wrong addresses and repetitions are told one by one; the rest is imported."""
    result = read_opml(
        opml(
            outline("https://a.example/1"),
            outline("file:///etc/passwd"),
            outline("javascript:alert(1)"),
            outline(""),
            outline("https://user:pw@a.example/"),
            outline("https://A.example/1"),
            outline("https://a.example/2"),
        )
    )
    assert [feed.url for feed in result.feeds] == [
        "https://a.example/1",
        "https://a.example/2",
    ]
    assert [line.partition(": ")[0] for line in result.refused] == [
        "line 4",
        "line 5",
        "line 6",
        "line 7",
        "line 8",
    ]
    assert "not an http or https address" in result.refused[0]
    assert result.refused[-1] == "line 8: https://A.example/1: listed twice"


def test_private_addresses_are_left_to_the_door():
    """A list may name a local feed; whether it is dialled is decided when it is."""
    assert (
        read_opml(opml(outline("http://127.0.0.1:8123/feed"))).feeds[0].url
        == "http://127.0.0.1:8123/feed"
    )


def test_a_hundred_thousand_outlines_are_bounded():
    """Feeds and reasons stop at their limits, and what was left out is counted."""
    started = time.monotonic()
    result = read_opml(
        opml(*(f'<outline xmlUrl="https://a.example/{n}"/>' for n in range(100_000)))
    )
    assert len(result.feeds) == MAX_FEEDS
    assert len(result.refused) == MAX_REFUSED + 1
    assert result.refused[-1] == f"and {100_000 - MAX_FEEDS - MAX_REFUSED} more"
    assert time.monotonic() - started < 20


def test_depth_costs_no_stack():
    """Outlines 5,000 deep are refused below a limit, and what follows is read."""
    deep = (
        '<outline text="x">' * 5_000
        + outline("https://a.example/deep")
        + "</outline>" * 5_000
    )
    result = read_opml(opml(deep, outline("https://a.example/flat")))
    assert [feed.url for feed in result.feeds] == ["https://a.example/flat"]
    assert f"more than {MAX_DEPTH} levels deep" in result.refused[0]


def test_a_damaged_file_keeps_what_came_before():
    """Feeds before the damage are imported; the line where it shows is named."""
    result = read_opml(
        opml(outline("https://a.example/1"), "<outline", outline("https://a.example/2"))
    )
    assert [feed.url for feed in result.feeds] == ["https://a.example/1"]
    assert result.refused[0].startswith("line 5: ")
    assert "the rest was not read" in result.refused[0]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"]
)
def test_entity_declarations_are_refused(encoding):
    """No declaration, in no encoding, reaches the parser."""
    doctype = '<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    data = opml('<outline xmlUrl="https://a.example/&x;"/>', declaration=doctype)
    with pytest.raises(ParseError, match="entity declarations not accepted"):
        read_opml(data.decode().encode(encoding))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html></html>", "HTML page"),
        (b"<rss><channel/></rss>", "a feed, not an OPML"),
        (b"https://a.example/feed", "no feed"),
        (b"<opml>" + b" " * 11 * 2**20, "larger than 10 MiB"),
    ],
)
def test_other_files_are_refused(data, reason):
    """What is no list says what it is instead."""
    with pytest.raises(ParseError, match=reason):
        read_opml(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=100))
@example(b"<outline xmlUrl='http://[/'/>", "&#0;")
def test_any_bytes_are_a_list_or_a_parse_error(data, text):
    """No input whatever raises anything else, and every reason is one line."""
    for body in (
        data,
        b"<opml>" + data,
        opml(text),
        opml(f'<outline xmlUrl="{text}"/>').replace(b"\xff", b""),
    ):
        try:
            result = read_opml(body)
        except ParseError:
            continue
        assert all(len(line.splitlines()) == 1 for line in result.refused)


TITLES = st.text(max_size=50).map(lambda text: " ".join(text.split()))


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(categories=["L", "N"]), min_size=1), TITLES, max_size=5
    )
)
@example({"a": "quotes \" and ' <b> & ]]>"})
def test_what_is_written_can_be_read(feeds):
    """Addresses come back exactly, in order, and nothing is refused."""
    urls = list(
        dict.fromkeys(
            absolute_url(f"https://a.example/{name}?a=1&b=2") for name in feeds
        )
    )
    listed = [
        OpmlFeed(url=url, title=title)
        for url, title in zip(urls, feeds.values(), strict=False)
        if url
    ]
    result = read_opml(write_opml(listed))
    assert [feed.url for feed in result.feeds] == [feed.url for feed in listed]
    assert result.refused == ()
    assert write_opml(listed) == write_opml(listed)


def test_titles_survive_the_way_out_and_back():
    """Quotes and ampersands in titles are escaped and read back."""
    feed = OpmlFeed(url="https://a.example/", title="\"KI\" & Köln’s 'Cloud'")
    assert read_opml(write_opml([feed])).feeds == (feed,)
