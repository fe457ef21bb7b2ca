"""JSON Feed goes the way of RSS and Atom; wrapped links lead to the publisher."""

from __future__ import annotations

import base64
import json

import pytest
from servers.feeds import NOW, only, parse

from newsbot.errors import ParseError
from newsbot.stages.parse import canonical_url

VERSION = "https://jsonfeed.org/version/1.1"
JSON = "application/feed+json"


def feed(*items, **more):
    return json.dumps(
        {"version": VERSION, "title": "News", "items": list(items), **more}
    )


ITEM = {
    "id": "https://paper.example/a",
    "url": "https://paper.example/a?utm_source=json",
    "title": "Größe & <b>Wert</b>",
    "content_html": "<p>Der Text.</p>",
    "date_published": "2026-03-01T11:00:00+01:00",
    "authors": [{"name": "Uwe"}, {"name": "Ada"}],
}


def test_an_item_is_an_entry():
    """Link, title, text, date, author, as from any feed; a title is no markup."""
    entry = only(feed(ITEM, language="de-DE"), content_type=JSON)
    assert entry.url == "https://paper.example/a"
    assert (entry.title, entry.summary) == ("Größe & <b>Wert</b>", "Der Text.")
    assert (entry.author, entry.site) == ("Uwe, Ada", "News")
    assert (NOW - entry.published_at).total_seconds() == 2 * 3600
    assert parse(feed(ITEM, language="de-DE")).language == "de-de"


@pytest.mark.parametrize(
    "item",
    [
        7,
        None,
        [],
        {},
        {"id": 5},
        {"url": "javascript:x"},
        {"url": ["x"]},
        {"url": "x" * 9_000},
    ],
)
def test_a_bad_item_spoils_no_other(item):
    """It is left out; the good one beside it is read."""
    assert [one.title for one in parse(feed(item, ITEM)).entries][-1:] == [
        ITEM["title"]
    ]


@pytest.mark.parametrize(
    "date",
    [
        None,
        5,
        "yesterday",
        "2026-13-45T99:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "x" * 999,
    ],
)
def test_a_bad_date_is_none(date):
    """The entry stays, undated."""
    assert only(feed({**ITEM, "date_published": date})).published_at is None


def test_text_and_id_stand_in():
    """No HTML, no url: plain text is shown as it is, the id is the address."""
    item = {"id": "https://paper.example/b", "content_text": "1 < 2 & <b>"}
    entry = only(feed(item))
    assert (entry.url, entry.summary) == ("https://paper.example/b", "1 < 2 & <b>")


@pytest.mark.parametrize(
    "body",
    [
        f'{{"version": "{VERSION}"}}',
        f'{{"version": "{VERSION}", "items": 5}}',
        f'{{"version": "{VERSION}", "items": [',
        f'{{"version": "{VERSION}", "items": ' + "[" * 100_000,
    ],
)
def test_damaged_json_is_one_error(body):
    """Cut off, without items, nested without end: no feed, in one line."""
    with pytest.raises(ParseError):
        parse(body)


def test_many_items_are_cut_in_the_middle():
    """The newest 500 stay, and what was left out is counted."""
    items = [
        {**ITEM, "id": f"i{n}", "url": f"https://paper.example/{n}"}
        for n in range(3_000)
    ]
    parsed = parse(feed(*items))
    assert len(parsed.entries) == 500
    assert parsed.n_dropped == 2_500


def test_older_pages_are_named():
    """next_url is where the older entries are, relative or not; on no other scheme."""
    assert parse(feed(ITEM, next_url="/2")).hints.older == "https://news.example/2"
    assert parse(feed(ITEM, next_url="file:///x")).hints.older is None


def ticket(address, *, amp=b""):
    """A Google News link of the older kind."""
    data = address.encode()
    length = (
        bytes([len(data)])
        if len(data) < 128
        else bytes([len(data) & 127 | 128, len(data) >> 7])
    )
    packed = b"\x08\x13\x22" + length + data + b"\xd2\x01" + bytes([len(amp)]) + amp
    code = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{code}?oc=5"


@pytest.mark.parametrize(
    "address", ["https://paper.example/a", "https://paper.example/" + "b" * 200]
)
def test_google_news_of_the_older_kind_is_resolved(address):
    """The publisher's address stands in the link."""
    assert canonical_url(ticket(address, amp=b"https://amp.example/a")) == address


def test_google_alerts_are_resolved():
    """The parameter is the address, brought into one form."""
    wrapped = "https://www.google.com/url?rct=j&sa=t&url=https://paper.example/a%3Futm_source%3Dx&ct=ga"
    assert canonical_url(wrapped) == "https://paper.example/a"


@pytest.mark.parametrize(
    "link",
    [
        "https://news.google.com/rss/articles/CBMiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "https://news.google.com/topics/x",
        "https://www.google.com/search?url=https://paper.example/a",
        "https://google.com.evil.example/url?url=https://paper.example/a",
    ],
)
def test_what_cannot_be_resolved_stays(link):
    """Tickets, other pages, look-alikes."""
    assert canonical_url(link) == link


def test_a_wrapped_link_to_nothing_usable_is_none():
    """What it stands for goes through the same check as any link."""
    assert canonical_url("https://www.google.com/url?url=javascript:alert(1)") is None
