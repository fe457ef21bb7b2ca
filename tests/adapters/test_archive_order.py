"""Archives by date: newest first or oldest first, where they can be read so."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from archives_rig import story
from fakes import InlineParsing

from newsbot.adapters.archives.opening import open_files, ordered
from newsbot.adapters.archives.web import Period, SitemapArchive, WaybackArchive
from newsbot.errors import UserError
from newsbot.ports import Response

PARSING = InlineParsing()
SPRING = Period(
    since=datetime(2024, 1, 15, tzinfo=UTC), until=datetime(2024, 3, 1, tzinfo=UTC)
)


def urls(archive, after=""):
    return [one.url for one in archive.documents(after)]


def answers(pages):
    """Asks a table of bodies."""
    return lambda url: Response(url=url, status=200, headers={}, body=pages[url])


def resumed(archive):
    """Read an archive anew behind each of its documents; all must agree."""
    whole = list(archive.documents(""))
    for number, one in enumerate(whole, 1):
        assert [x.url for x in archive.documents(one.cursor)] == [
            x.url for x in whole[number:]
        ]
    return [one.url for one in whole]


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_sitemaps_by_their_dates(order):
    """Indexes by what changed, lists by their dates; what has none comes last."""
    base = "https://a.example"
    index = "".join(
        f"<sitemap><loc>{base}/{name}.xml</loc><lastmod>{day}</lastmod></sitemap>"
        for name, day in (("feb", "2024-02-28"), ("jan", "2024-01-31"))
    )

    def sitemap(*links):
        listed = "".join(
            f"<url><loc>{base}/{name}</loc>"
            + (f"<lastmod>{day}</lastmod>" if day else "")
            + "</url>"
            for name, day in links
        )
        return f"<urlset>{listed}</urlset>".encode()

    pages = {
        f"{base}/index.xml": f"<sitemapindex>{index}</sitemapindex>".encode(),
        f"{base}/jan.xml": sitemap(("1", "2024-01-01"), ("x", ""), ("2", "2024-01-02")),
        f"{base}/feb.xml": sitemap(("4", "2024-02-04"), ("3", "2024-02-03")),
    }
    archive = SitemapArchive(
        f"{base}/index.xml", answers(pages), PARSING, Period(), order
    )
    names = [url.removeprefix(f"{base}/") for url in resumed(archive)]
    newest, oldest = ["4", "3", "2", "1", "x"], ["1", "2", "x", "3", "4"]
    assert names == (newest if order == "newest" else oldest)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_captures_month_by_month(order):
    """The index is asked for each month, in order; what was saved later is not lost."""
    asked = []

    def ask(url):
        query = {name: one[0] for name, one in parse_qs(urlsplit(url).query).items()}
        asked.append((query.get("from"), query.get("to")))
        name = query["from"]
        rows = [
            ["timestamp", "original"],
            [f"{name}15000000"[:14], f"https://a.example/{name}"],
        ]
        return Response(url=url, status=200, headers={}, body=json.dumps(rows).encode())

    archive = WaybackArchive("a.example/*", "https://w.example", ask, SPRING, order)
    list(archive.documents(""))
    months = [
        ("20240115000000", "202401"),
        ("202402", "202402"),
        ("202403", "202403"),
        ("202404", None),
    ]
    assert asked == (months if order == "oldest" else months[::-1])
    assert len(resumed(archive)) == 4
    with pytest.raises(UserError, match="--from and --to"):
        WaybackArchive("a.example", "https://w.example", ask, Period(), order)


def test_files_by_name_and_saved_pages_by_their_time(tmp_path):
    """What crawlers write has its date in its name; a saved page is as old as its file."""
    for number, name in enumerate(("b.html", "c.html", "a.html")):
        file = tmp_path / name
        file.write_bytes(
            b"<html><link rel=canonical href='https://a.example/x'></html>"
        )
        os.utime(file, (number * 1_000.0, number * 1_000.0))
    pages = open_files("files", tmp_path, PARSING)
    newest = ordered("files", pages.parts, "newest")
    assert [one.name for one in newest] == ["a.html", "c.html", "b.html"]
    assert [one.name for one in ordered("files", pages.parts, "oldest")] == [
        *("b.html", "c.html", "a.html")
    ]
    crawl = tmp_path / "crawl"
    crawl.mkdir()
    for number in (1, 2, 3):
        (crawl / f"CC-NEWS-2024010{number}.warc").write_bytes(story(number))
    parts = open_files("warc", crawl, PARSING).parts
    archive = open_files("warc", crawl, PARSING, ordered("warc", parts, "newest"))
    assert [url[-1] for url in resumed(archive)] == ["3", "2", "1"]
    shares = [one.share for one in archive.documents("")]
    assert shares == sorted(shares)
