"""Feeds made to measure, and the stage that reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from newsbot.stages.parse import ParsedFeed, parse_feed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://news.example/feeds/all.xml"


def parse(body, *, content_type="application/rss+xml", **options) -> ParsedFeed:
    given = {
        "feed_id": "f1",
        "language": None,
        "now": NOW,
        "max_age": timedelta(hours=48),
        "first_poll": False,
        "url": URL,
    }
    data = body if isinstance(body, bytes) else body.encode()
    return parse_feed(data, content_type=content_type, **{**given, **options})


def rss(*items, head="<title>News</title>", declaration="<?xml version='1.0'?>"):
    body = "".join(f"<item>{item}</item>" for item in items)
    return f"""{declaration}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
        <channel>{head}{body}</channel></rss>"""


def item(number=1, *, title="T", date="Sun, 01 Mar 2026 10:00:00 GMT", more=""):
    when = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<title>{title}</title><link>https://news.example/{number}</link>{when}{more}"
    )


def only(body, **options):
    (entry,) = parse(body, **options).entries
    return entry
