"""Every kind of archive by the command, and what is none."""

from __future__ import annotations

import gzip
import json
import os
import re
from email.message import EmailMessage

import pytest
from archives_rig import (
    CONFIG,
    DEAL,
    WEATHER,
    backfill,
    fates,
    listing,
    packed,
    page,
    record,
    rows,
    story,
)
from commands import here
from servers.feeds import rss
from servers.scripted import Reply, ScriptedServer

#: A record that fills more than one piece of a file on the web.
LARGE = record("https://a.example/x", os.urandom(9 * 2**20), status="404 Not Found")
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def site(tmp_path):
    """A site with one page, that the config lets the fetcher reach."""
    with ScriptedServer() as server:
        base = server.on("/1", Reply(200, HTML, page(1, DEAL))).removesuffix("/1")
        (tmp_path / "config.toml").write_text(
            f'{CONFIG}[network]\nallow = ["{server.netloc}"]\nspacing_ms = 0\n'
            f'[archives]\nwayback_url = "{base}"\nwayback_spacing_ms = 0\n'
        )
        server.base = base
        yield server


def warc(folder, _site):
    (folder / "a.warc.gz").write_bytes(packed(story(1, DEAL)))
    return folder / "a.warc.gz"


def sitemap(_folder, site):
    links = f"<url><loc>{site.base}/1</loc><lastmod>2024-05-03</lastmod></url>"
    whole = gzip.compress(f"<urlset>{links}</urlset>".encode())
    site.on("/pages.xml.gz", Reply(200, {}, whole))
    index = f"<sitemap><loc>{site.base}/pages.xml.gz</loc></sitemap>"
    return site.on(
        "/s.xml", Reply(200, {}, f"<sitemapindex>{index}</sitemapindex>".encode())
    )


def feed(_folder, site):
    item = (
        f"<title>Meldung Nummer 1</title><link>{site.base}/1</link>"
        "<pubDate>Fri, 03 May 2024 08:00:00 GMT</pubDate>"
    )
    kind = {"Content-Type": "application/rss+xml"}
    return site.on("/feed", Reply(200, kind, rss(item).encode()))


def wayback(_folder, site):
    rows_ = [["timestamp", "original"], ["20240504000000", "https://a.example/1"]]
    site.on("/cdx/search/cdx", Reply(200, {}, json.dumps(rows_).encode()))
    capture = "/web/20240504000000id_/https://a.example/1"
    site.on(capture, Reply(200, HTML, page(1, DEAL)))
    return "a.example/*"


def files(folder, _site):
    (folder / "zeitung.example").mkdir()
    (folder / "zeitung.example" / "1.html").write_bytes(page(1, DEAL))
    return folder


def jsonl(folder, _site):
    line = {"url": "https://a.example/1", "date": "2024-05-03T08:00:00Z"}
    line |= {"title": "Meldung Nummer 1", "text": DEAL}
    (folder / "a.jsonl").write_text(json.dumps(line) + "\n")
    return folder / "a.jsonl"


def mbox(folder, _site):
    mail = EmailMessage()
    mail["Subject"], mail["Date"] = "Alert", "Fri, 03 May 2024 08:00:00 +0000"
    mail.set_content(
        f'<div><a href="https://www.google.com/url?url=https://a.example/1">Anthropic '
        f"und Nvidia schließen einen Vertrag</a><div>{DEAL}</div></div>",
        subtype="html",
    )
    (folder / "a.mbox").write_bytes(b"From x@a.example\n" + mail.as_bytes() + b"\n")
    return folder / "a.mbox"


KINDS = (warc, sitemap, feed, wayback, files, jsonl, mbox)


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_each_kind_brings_its_article(tmp_path, site, make):
    """One article, of its day, that waits for the model and never alerts; then none."""
    source = make(tmp_path, site)
    figures, done = backfill(tmp_path, make.__name__, source)
    assert fates(figures) == (1, 0, 0, 0), done.err
    assert rows(
        tmp_path,
        "SELECT substr(published_at, 1, 10), state, may_alert, origin FROM entries",
    ) == [("2024-05-03", "relevant", 0, "archive")]
    assert rows(tmp_path, "SELECT text LIKE '%30 Milliarden%' FROM articles") == [(1,)]
    again, _ = backfill(tmp_path, make.__name__, source)
    assert fates(again) == (0, 1, 0, 0)


def parts_of(data, asked):
    """A server's way with a large file: parts of it, when asked for them."""

    def answer(request):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.header("Range") or "")
        if wanted is None:
            return Reply(200, {}, data)
        start, end = int(wanted[1]), min(int(wanted[2]), len(data) - 1)
        asked.append((start, request.target))
        heads = {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
        return Reply(206, heads, data[start : end + 1])

    return answer


def test_a_crawl_is_read_where_it_is_published(tmp_path, site):
    """A list's files are read in parts, never stored; a missing one is one failure."""
    asked = []
    names = [f"crawl-data/CC-NEWS/2024/05/{n}.warc.gz" for n in range(3)]
    names += ["http://169.254.169.254/latest"]
    for n in (0, 2):
        data = packed(story(n, DEAL), LARGE, story(n + 10))
        site.on(f"/{names[n]}", parts_of(data, asked))
    site.on(f"/{names[1]}", Reply(404))
    listed = gzip.compress("\n".join(names).encode())
    url = site.on("/crawl-data/CC-NEWS/2024/05/warc.paths.gz", Reply(200, {}, listed))
    figures, done = backfill(tmp_path, "warc", url)
    assert fates(figures) == (4, 0, 2, 2), done.err
    assert f"failed: {names[3]}: on another host, not asked for" in done.err
    assert f"failed: {names[1]}: server answered 404 Not Found" in done.err
    assert [one for one in asked if one[0]] == [
        (8 * 2**20, f"/{names[n]}") for n in (0, 2)
    ]
    assert not [name for name in listing(tmp_path) if "warc" in name]
    n_asked = len(asked)
    again, _ = backfill(tmp_path, "warc", f"{site.base}/{names[2]}")
    assert fates(again)[0] == 0
    assert len(asked) == n_asked + 2


def test_a_host_that_gives_up_costs_no_record(tmp_path, site):
    """What did not come is no damage: the run ends in a line, and goes on later."""
    data = packed(story(1), LARGE, story(2))
    whole, gone = parts_of(data, []), True

    def answer(request):
        first = (request.header("Range") or "").startswith("bytes=0-")
        return whole(request) if first or not gone else Reply(503)

    url = site.on("/a.warc.gz", answer)
    done = here(tmp_path, "--config", tmp_path / "config.toml", "backfill", "warc", url)
    assert "server answered 503 Service Unavailable; --resume goes on" in done.err
    assert done.code == 2
    assert rows(tmp_path, "SELECT failed FROM archive_runs") == [(0,)]
    gone = False
    figures, done = backfill(tmp_path, "warc", url, "--resume")
    assert fates(figures) == (2, 0, 1, 0), done.err
    assert "ray reads files" in here(
        tmp_path, "backfill", "warc", url, "--engine", "ray"
    ).refused(2)


def test_a_host_that_asks_for_patience_loses_no_page(tmp_path, site):
    """429 ends the run in a line; later it goes on, and has every page."""
    links = "".join(f"<url><loc>{site.base}/{n}</loc></url>" for n in (1, 2))
    url = site.on("/s.xml", Reply(200, {}, f"<urlset>{links}</urlset>".encode()))
    site.on("/2", Reply(429))
    config = ("--config", tmp_path / "config.toml")
    done = here(tmp_path, *config, "backfill", "sitemap", url)
    assert done.code == 2
    assert "429" in done.err
    assert "--resume goes on" in done.err
    assert rows(tmp_path, "SELECT failed FROM archive_runs") == [(0,)]
    site.on("/2", Reply(200, HTML, page(2, DEAL)))
    figures, done = backfill(tmp_path, "sitemap", url, "--resume")
    assert fates(figures) == (2, 0, 0, 0), done.err


def test_limits_days_and_languages_by_the_command(tmp_path):
    """--limit and --resume walk on; --from, --to, --lang and --site leave out the rest."""
    path = tmp_path / "a.warc"
    path.write_bytes(
        b"".join(story(n, WEATHER, f"2024-05-{n:02}") for n in range(1, 7))
    )
    choice = ("--from", "2024-05-02", "--to", "2024-05-04", "--lang", "de")
    part, _ = backfill(tmp_path, "warc", path, *choice, "--limit", "3")
    assert (part["documents"], fates(part)) == (3, (2, 0, 1, 0))
    whole, _ = backfill(tmp_path, "warc", path, *choice, "--resume")
    assert (whole["documents"], fates(whole)) == (6, (3, 0, 3, 0))
    again, done = backfill(tmp_path, "warc", path, *choice, "--resume")
    assert fates(again) == fates(whole)
    assert "read to its end before" in done.err
    days = rows(
        tmp_path, "SELECT substr(published_at, 9, 2) FROM entries ORDER BY published_at"
    )
    assert days == [("02",), ("03",), ("04",)]
    other, _ = backfill(tmp_path, "warc", path, "--site", "*.zeitung.example")
    assert fates(other) == (0, 0, 6, 0)
    english, _ = backfill(tmp_path, "warc", path, "--lang", "en")
    assert fates(english) == (0, 3, 3, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"hello, this is no archive at all\n" * 100,
        bytes(range(256)) * 20,
        page(1),
        gzip.compress(b"hello, this is no archive at all\n" * 100),
        gzip.compress(story(1))[:40],
        b"\x1f\x8b\x08",
        b"\0" * 5_000,
    ],
    ids=["text", "bytes", "html", "packed text", "cut off", "a head", "zeros"],
)
def test_what_is_no_warc_is_one_failure(tmp_path, data):
    """Nothing is passed over in silence: one failed document, and exit code 4."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    figures, done = backfill(tmp_path, "warc", path)
    assert (fates(figures), done.code) == ((0, 0, 0, 1), 4), done.err
    assert "failed: a.warc.gz, byte 0: " in done.err


def test_an_empty_file_holds_nothing(tmp_path):
    """It is no error: crawlers begin files that nothing comes into."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"")
    figures, done = backfill(tmp_path, "warc", path)
    assert (fates(figures), done.code) == ((0, 0, 0, 0), 0)


def test_another_headline_is_no_news_of_an_archive(tmp_path):
    """The same address twice, with other titles, is one article, and nobody asks for it."""
    url = "https://zeitung.example/1"
    second = page(1, WEATHER).replace(b"Meldung Nummer 1", b"Eine andere Meldung")
    path = tmp_path / "a.warc"
    path.write_bytes(record(url, page(1, WEATHER)) + record(url, second))
    figures, _ = backfill(tmp_path, "warc", path)
    assert fates(figures) == (1, 1, 0, 0)
    assert rows(tmp_path, "SELECT title, state FROM entries") == [
        ("Meldung Nummer 1", "irrelevant")
    ]
    assert rows(tmp_path, "SELECT * FROM entry_versions") == []
