"""Entries that were read before, word for word, are left out, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.parse import ParsedFeed, parse_feed
from newsbot.stages.unchanged import MAX_REMEMBERED, split

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://paper.example/feed"


def item(number: int, title: str = "", *, more: str = "") -> str:
    return (
        f"<item><title>{title or f'Entry {number}'}</title>"
        f"<link>https://paper.example/{number}</link><guid>g{number}</guid>"
        f"<pubDate>Sun, 01 Mar 2026 0{number % 10}:00:00 GMT</pubDate>{more}</item>"
    )


def rss(*items: str, head: str = "") -> bytes:
    inside = f"<title>Paper</title>{head}{''.join(items)}"
    return f'<rss version="2.0"><channel>{inside}</channel></rss>'.encode()


def read(body: bytes, known: bytes = b"", url: str = URL) -> ParsedFeed:
    return parse_feed(
        body,
        url=url,
        content_type="application/rss+xml",
        feed_id="f",
        language=None,
        now=NOW,
        max_age=timedelta(days=2),
        first_poll=False,
        known=known,
    )


def urls(feed: ParsedFeed) -> list[str]:
    return [entry.url.rpartition("/")[2] for entry in feed.entries]


def test_only_what_is_new_or_edited_is_read() -> None:
    """Of five entries one is new and one has another title: those two come."""
    first = read(rss(*map(item, range(4))))
    assert urls(first) == ["0", "1", "2", "3"]
    second = read(
        rss(item(4), item(0), item(1, "Edited"), item(2), item(3)), first.seen
    )
    assert urls(second) == ["4", "1"]
    assert second.entries[1].title == "Edited"
    third = read(
        rss(item(4), item(0), item(1, "Edited"), item(2), item(5)), second.seen
    )
    assert urls(third) == ["5"]


def test_a_feed_that_repeats_all_still_reads_as_a_feed() -> None:
    """Where only the head has changed, one entry is read: a feed is never empty."""
    first = read(rss(*map(item, range(3))))
    second = read(rss(*map(item, range(3)), head="<ttl>90</ttl>"), first.seen)
    assert urls(second) == ["0"]
    assert second.hints.ttl_minutes == 90
    assert len(second.seen) == len(first.seen)


def test_the_pace_is_learned_from_all_entries() -> None:
    """Dates of known entries count, as they did when they were read."""
    first = read(rss(*map(item, range(6))))
    second = read(rss(*map(item, range(7))), first.seen)
    assert sorted(second.dates) == sorted(read(rss(*map(item, range(7)))).dates)
    assert len(second.dates) == 7


def test_an_id_that_all_entries_have_names_none() -> None:
    """A new entry with the id of a known one is told by its link alone."""
    same = [item(n).replace(f"g{n}", "same") for n in range(3)]
    first = read(rss(*same[:2]))
    second = read(rss(*same), first.seen)
    assert urls(second) == ["2"]
    assert second.entries[0].guid_hash is None


@pytest.mark.parametrize("known_first", [True, False])
def test_of_two_entries_with_one_link_the_first_counts(known_first: bool) -> None:
    """A known entry hides a later one with its link, and none before it."""
    first = read(rss(item(0), item(1)))
    again = item(1, "The same link once more").replace("g1", "g9")
    order = (item(0), item(1), again) if known_first else (item(0), again, item(1))
    whole, second = read(rss(*order)), read(rss(*order), first.seen)
    told = [entry for entry in whole.entries if entry not in first.entries]
    assert list(second.entries) == told
    assert len(second.entries) == (0 if known_first else 1)


@pytest.mark.parametrize(
    "odd",
    [
        item(1, more="<description><![CDATA[ </item> <item> ]]></description>"),
        item(
            1, more="<description><![CDATA[ <b>x</b> ]]><!-- </item> --></description>"
        ),
        item(1, more=f"<inner>{item(7)}</inner>"),
    ],
)
def test_what_cannot_be_cut_plainly_is_read_whole(odd: str) -> None:
    """An end within CDATA, a comment or another entry: nothing is remembered."""
    body = rss(item(0), odd, item(2))
    first = read(body)
    assert first.seen == b""
    assert read(body, first.seen).entries == first.entries


def test_a_feed_that_is_cut_off_is_not_remembered() -> None:
    """What broke off is read whole the next time."""
    body = rss(*map(item, range(4)))
    assert read(body[: body.rfind(b"<title>")]).seen == b""
    assert read(body).seen != b""


def test_another_address_makes_other_entries() -> None:
    """Relative links lead elsewhere after a redirect: nothing counts as known."""
    body = rss(item(0).replace("https://paper.example", ""), item(1))
    first = read(body)
    moved = read(body, first.seen, url="https://other.example/feed")
    assert [entry.url for entry in moved.entries] == [
        "https://other.example/0",
        "https://paper.example/1",
    ]


def test_what_is_remembered_is_bounded() -> None:
    """32 bytes for each entry, and nothing of a feed with too many."""
    assert len(read(rss(*map(item, range(9)))).seen) == 9 * 32
    many = rss(*map(item, range(MAX_REMEMBERED + 1))).decode()
    assert split(many, URL, b"").digests == ()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 8), unique=True, min_size=1),
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1),
)
def test_with_memory_or_without_the_same_is_learned(
    before: list[int], after: list[tuple[int, bool]]
) -> None:
    """Whatever a feed repeats, edits, sorts anew or doubles, nothing new is missed."""
    first = read(rss(*map(item, before)))
    body = rss(*(item(n, "Edited" if edited else "") for n, edited in after))
    whole, second = read(body), read(body, first.seen)
    said = {(entry.url, entry.title) for entry in first.entries}
    expected = [e for e in whole.entries if (e.url, e.title) not in said]
    got = [e for e in second.entries if (e.url, e.title) not in said]
    # An id that two entries share names neither, in both ways of reading.
    assert [replace(e, guid_hash=None) for e in got] == [
        replace(e, guid_hash=None) for e in expected
    ]
