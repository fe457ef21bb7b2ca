"""The doors to archives: what each gives, and where it goes on."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from archives_rig import DEAL, WEATHER, packed, page, record, story
from fakes import InlineParsing
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.archives.mbox import MboxArchive
from newsbot.adapters.archives.packed import members_of
from newsbot.adapters.archives.pages import PagesArchive
from newsbot.adapters.archives.tables import TableArchive
from newsbot.adapters.archives.warc import WarcArchive
from newsbot.adapters.archives.web import Period, SitemapArchive, WaybackArchive
from newsbot.adapters.http import HttpFetcher
from newsbot.archive import FeedArchive, Walk
from newsbot.errors import ParseError, UserError
from newsbot.stages.saved import address_of, read_mail
from newsbot.stages.sitemaps import read_sitemap
from newsbot.turns import Hosts
from newsbot.types import Feed

PARSING = InlineParsing()


@pytest.fixture
def server():
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def fetcher(server):
    made = HttpFetcher(allow=(server.netloc,), version="0")
    yield made
    made.close()


def goes_on(archive):
    """All documents; from each one's cursor on, an archive gives those behind it."""
    read = list(archive.documents(""))
    for number, one in enumerate(read, 1):
        rest = [later.place for later in archive.documents(one.cursor)]
        assert rest == [later.place for later in read[number:]]
    return read


def test_warc_records_by_type_and_status(tmp_path):
    """Responses are pages; redirects, pictures and revisits are told apart."""
    (tmp_path / "b").mkdir()
    picture = record("https://a.example/p", b"x").replace(b"text/html", b"image/png", 1)
    (tmp_path / "b" / "1.warc").write_bytes(
        record("", b"", kind="warcinfo")
        + story(1)
        + record("https://a.example/2", b"", status="301 Moved")
        + picture
        + record("https://a.example/1", b"", kind="revisit")
        + record("https://a.example/q", b"", kind="request")
    )
    (tmp_path / "b" / "2.warc.gz").write_bytes(gzip.compress(story(2)))
    read = goes_on(WarcArchive(tmp_path))
    assert [one.fate for one in read] == [None, "skipped", "skipped", "duplicate", None]
    assert [one.reason for one in read[1:3]] == ["HTTP 301", "not a page"]
    assert read[0].captured_at == datetime(2024, 5, 4, tzinfo=UTC)
    assert b"Meldung Nummer 1" in read[0].body
    shares = [one.share for one in read]
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("heads", "encode"),
    [
        ("Content-Encoding: gzip\r\n", gzip.compress),
        ("Content-Encoding: gzip\r\n", lambda data: data),
        ("Transfer-Encoding: chunked\r\n", lambda data: data),
        (
            "Transfer-Encoding: chunked\r\n",
            lambda data: b"%x;x=1\r\n%b\r\n0\r\n\r\n" % (len(data), data),
        ),
    ],
)
def test_warc_codings_come_off(tmp_path, heads, encode):
    """Bodies are decoded, and those that a crawler had decoded stay as they are."""
    path = tmp_path / "a.warc"
    path.write_bytes(record("https://a.example/", encode(page(1)), heads=heads))
    (one,) = WarcArchive(path).documents("")
    assert (one.fate, one.body) == (None, page(1))


def test_a_record_without_an_http_head_says_what_it_is(tmp_path):
    """A resource is read by its own type: a page is one, a picture is none."""

    def resource(number, kind, body):
        head = (
            f"WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: {kind}\r\n"
            f"WARC-Target-URI: https://a.example/{number}\r\n"
            f"WARC-Date: 2024-05-03T08:00:00Z\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body + b"\r\n\r\n"

    path = tmp_path / "a.warc"
    path.write_bytes(
        resource(1, "text/html", page(1)) + resource(2, "image/png", b"\x89PNG")
    )
    told = [(one.fate, one.reason) for one in goes_on(WarcArchive(path))]
    assert told == [(None, ""), ("skipped", "not a page")]


def test_warc_lists_of_paths(tmp_path):
    """A list names files relative to itself, as Common Crawl publishes them."""
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "a.warc").write_bytes(story(1))
    (tmp_path / "warc.paths").write_text("crawl/a.warc\n")
    assert [
        one.place for one in WarcArchive(tmp_path / "warc.paths").documents("")
    ] == ["crawl/a.warc, byte 0"]
    (tmp_path / "warc.paths").write_text("nowhere.warc\n")
    with pytest.raises(UserError, match="nowhere"):
        WarcArchive(tmp_path / "warc.paths")


def test_a_mirror_by_the_list_that_lies_in_it(tmp_path):
    """A list counts from the root of its store; a file that is missing is one failure."""
    names = [f"crawl-data/CC-NEWS/2024/05/CC-NEWS-{n}.warc.gz" for n in range(3)]
    folder = tmp_path / "crawl-data" / "CC-NEWS" / "2024" / "05"
    folder.mkdir(parents=True)
    for n in (0, 2):
        (tmp_path / names[n]).write_bytes(packed(story(n)))
    listed = folder / "warc.paths.gz"
    listed.write_bytes(gzip.compress("\n".join(names).encode() + b"\n"))
    found = goes_on(WarcArchive(listed))
    assert [(one.place, one.reason) for one in found] == [
        (f"{names[0]}, byte 0", ""),
        (names[1], "no such file"),
        (f"{names[2]}, byte 0", ""),
    ]
    listed.write_bytes(b"\x1f\x8b broken")
    with pytest.raises(UserError, match="damaged"):
        WarcArchive(listed)


def test_there_is_no_archive(tmp_path):
    """Nothing there, and nothing of its kind in a folder, are one clear line."""
    for door in (WarcArchive, TableArchive):
        with pytest.raises(UserError, match="no such file"):
            door(tmp_path / "x")
        with pytest.raises(UserError, match="in this folder"):
            door(tmp_path)


def test_tables_by_their_columns(tmp_path):
    """JSON Lines and CSV give url, date, title, text, under the names in use."""
    row = {"link": "https://a.example/1", "published_at": "2024-05-03T10:00:00+02:00"}
    (tmp_path / "a.jsonl").write_text(
        json.dumps({**row, "headline": "Titel", "content": WEATHER, "lang": "de"})
    )
    (tmp_path / "b.csv.gz").write_bytes(
        gzip.compress(
            f'url,date,text\nhttps://a.example/2,2024-05-03,"{DEAL}\n\nx"'.encode()
        )
    )
    first, second = goes_on(TableArchive(tmp_path))
    assert first.published_at == datetime(2024, 5, 3, 8, tzinfo=UTC)
    assert (first.title, first.body.decode(), first.language) == (
        "Titel",
        WEATHER,
        "de",
    )
    assert second.body.decode().endswith("\n\nx")
    assert second.fate is None


@pytest.mark.parametrize(
    "date",
    ["2024-05-03", "3.5.2024", "03.05.2024", 1714694400, 1714694400000, 1714694400.5],
)
def test_dates_as_exporters_write_them(tmp_path, date):
    """ISO, German, and seconds or milliseconds since 1970 are the same day."""
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps({"url": "https://a.example/1", "title": "x", "date": date})
    )
    (one,) = TableArchive(path).documents("")
    assert one.published_at == datetime(2024, 5, 3, tzinfo=UTC), one.reason


@pytest.mark.parametrize("date", ['"31.2.2024"', "9" * 400, "1e300", "1e400", "-5"])
def test_dates_that_are_none_fail(tmp_path, date):
    """A number or day out of any calendar is one failed line."""
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"url": "https://a.example/1", "title": "x", "date": {date}}}')
    (one,) = TableArchive(path).documents("")
    assert one.fate == "failed"
    assert "cannot be read" in one.reason


def test_saved_pages_say_where_they_were(tmp_path):
    """By their saver's mark, their canonical link, og:url, or folders like hosts."""
    marked = b"<!-- saved from url=(0021)https://a.example/m -->\n" + page(1)
    assert address_of(marked) == "https://a.example/m"
    link = b'<link href="https://a.example/c?utm_source=x" rel="canonical">'
    assert address_of(link) == "https://a.example/c"
    assert address_of(b"<meta property='og:url' content='https://a.example/o'>") == (
        "https://a.example/o"
    )
    assert address_of(b"<p>nothing") is None
    inner = tmp_path / "mirror" / "www.a.example" / "2024"
    inner.mkdir(parents=True)
    (inner / "index.html").write_bytes(page(2))
    (tmp_path / "mirror" / "lost.html").write_bytes(page(3))
    lost, found = goes_on(PagesArchive(tmp_path, PARSING))
    assert (lost.fate, lost.reason) == ("skipped", "no address in it")
    assert found.url == "https://www.a.example/2024/"
    (mirrored,) = goes_on(PagesArchive(inner.parent, PARSING))
    assert mirrored.url == found.url


def test_mhtml_gives_page_address_and_day(tmp_path):
    """A page saved by a browser is read out of its MHTML file."""
    (tmp_path / "a.mhtml").write_bytes(
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.example/1\r\n"
        b"Date: Fri, 03 May 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n'
        b"Content-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n" + page(1) + b"\r\n--x--\r\n"
    )
    (tmp_path / "b.mht").write_bytes(b"no mail at all")
    good, bad = goes_on(PagesArchive(tmp_path, PARSING))
    assert (good.url, good.captured_at.day) == ("https://a.example/1", 3)
    assert b"Meldung Nummer 1" in good.body
    assert bad.fate == "failed"


def test_members_are_read_from_zip_and_tar(tmp_path):
    """Zip and tar hold the same pages; what is no page is passed over."""
    names = ("a.example/1.html", "a.example/logo.png", "a.example/2.htm")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, page(1))
    with tarfile.open(tmp_path / "a.tar.xz", "w:xz") as archive:
        for name in names:
            head = tarfile.TarInfo(name)
            head.size, head.mtime = len(page(1)), 1_714_700_000
            archive.addfile(head, io.BytesIO(page(1)))
    for path in (tmp_path / "a.zip", tmp_path / "a.tar.xz"):
        members = list(members_of(path, (".html", ".htm")))
        assert [one.name for one in members] == [names[0], names[2]]
        assert {one.data for one in members} == {page(1)}
    assert len(goes_on(PagesArchive(tmp_path, PARSING))) == 4


ALERT = (
    '<div><a href="https://www.google.com/url?rct=j&amp;url=https://a.example/1&amp;ct=ga">'
    f"Anthropic und Nvidia schließen einen Vertrag</a><div>{DEAL}</div></div>"
    '<div><a href="https://b.example/2">Der Regen hört heute nicht auf</a> Kurz.</div>'
    '<a href="https://www.google.com/alerts/remove?x">Diesen Alert jetzt abbestellen</a>'
)


def mail(subject="Alert", body=ALERT, heads=""):
    return (
        f"From: x <x@example.org>\nSubject: {subject}\n{heads}"
        "Date: Fri, 03 May 2024 10:00:00 +0000\nMIME-Version: 1.0\n"
        f"Content-Type: text/html; charset=utf-8\n\n{body}\n"
    ).encode()


def test_mails_give_links_and_what_they_say(tmp_path):
    """An alert's links are unwrapped, each with its own words; chores are left out."""
    start = b"From x@example.org Fri May  3 10:00:00 2024\n"
    web = "Archived-At: <https://letters.example/7>\n"
    (tmp_path / "a.mbox").write_bytes(
        start
        + mail()
        + b"\n"
        + start
        + mail("Brief", f"<p>{WEATHER}</p>", web)
        + b"\n"
        + start
        + b"garbage\n"
    )
    first, second, letter, broken = goes_on(MboxArchive(tmp_path, PARSING))
    assert (first.url, second.url) == ("https://a.example/1", "https://b.example/2")
    assert first.title == "Anthropic und Nvidia schließen einen Vertrag"
    assert "30 Milliarden" in first.summary
    assert "30 Milliarden" not in second.summary
    assert first.published_at == datetime(2024, 5, 3, 10, tzinfo=UTC)
    assert (letter.url, letter.title) == ("https://letters.example/7", "Brief")
    assert broken.fate == "failed"


def test_short_headlines_of_a_mail_are_links_too():
    """Two or three words are a title where the mail marks them as one."""
    mail = EmailMessage()
    mail["Subject"] = "x"
    mail.set_content(
        "<table><tr><td><h3><a href='https://a.example/1'>OpenAI kauft Chips</a></h3>"
        "<p>Der Vertrag gilt.</p><a href='https://a.example/9'>Read more here</a>"
        "<tr><td><a itemprop=url href='https://a.example/2'><span>AWS buys power</span>"
        "</a> Said so.<tr><td><a href='https://a.example/3'><h2>One</h2></a></table>",
        subtype="html",
    )
    read = read_mail(mail.as_bytes())
    assert [(one.url[-1], one.title) for one in read.links] == [
        ("1", "OpenAI kauft Chips"),
        ("2", "AWS buys power"),
    ]
    assert "Der Vertrag gilt." in read.links[0].said


def test_plain_mails_give_links_too():
    """A newsletter without HTML says above each link what it is about."""
    text = f"Ein Vertrag mit Nvidia ist da\n{DEAL}\nhttps://a.example/1\n\nBye.\n"
    read = read_mail(
        b"Subject: x\nContent-Type: text/plain; charset=utf-8\n\n" + text.encode()
    )
    (link,) = read.links
    assert (link.url, link.title) == (
        "https://a.example/1",
        "Ein Vertrag mit Nvidia ist da",
    )
    with pytest.raises(ParseError):
        read_mail(b"")


NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://a.example/1</loc><image:image><image:loc>https://a.example/i.png</image:loc>
<image:title>Bild</image:title></image:image><news:news>
<news:publication_date>2024-05-03T10:00:00Z</news:publication_date>
<news:title>Ein Titel &amp; mehr</news:title></news:news></url>
<url><loc>/2</loc><lastmod>2024-05-02</lastmod></url><url><loc>mailto:x</loc></url>"""


def test_sitemaps_are_read_whole_or_as_far_as_they_go():
    """Titles and dates of news, relative addresses; a broken end is told."""
    whole = read_sitemap((NEWS + "</urlset>").encode(), "https://a.example/s.xml")
    first, second = whole.links
    assert (first.url, first.title) == ("https://a.example/1", "Ein Titel & mehr")
    assert first.published_at == datetime(2024, 5, 3, 10, tzinfo=UTC)
    assert (second.url, second.changed_at.day) == ("https://a.example/2", 2)
    assert (whole.n_dropped, whole.broken) == (1, "")
    cut = read_sitemap((NEWS + "<url><loc>").encode(), "https://a.example/s.xml")
    assert (len(cut.links), bool(cut.broken)) == (2, True)
    lines = read_sitemap(
        b"https://a.example/1\nhttps://a.example/2\n", "https://a.example/"
    )
    assert len(lines.links) == 2
    for bad in (b"<html></html>", b"", b"<rss/>"):
        with pytest.raises(ParseError):
            read_sitemap(bad, "https://a.example/")
    with pytest.raises(ParseError, match="entity"):
        read_sitemap(b'<!DOCTYPE x [<!ENTITY a "b">]><urlset/>', "https://a.example/")


def test_a_site_by_its_index(server, fetcher):
    """An index leads to its sitemaps, gzipped ones, too; one that fails is counted."""
    old = "<sitemap><loc>/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap>"
    index = server.on(
        "/index.xml",
        Reply(
            200,
            {},
            f"<sitemapindex><sitemap><loc>/a.xml.gz</loc></sitemap>{old}"
            "<sitemap><loc>/gone.xml</loc></sitemap></sitemapindex>".encode(),
        ),
    )
    server.on("/a.xml.gz", Reply(200, {}, gzip.compress((NEWS + "</urlset>").encode())))
    server.on("/gone.xml", Reply(404))
    period = Period(since=datetime(2024, 1, 1, tzinfo=UTC))
    read = goes_on(SitemapArchive(index, fetcher.fetch, PARSING, period))
    assert [one.fate for one in read] == [None, None, "failed", "failed"]
    assert "without an address" in read[2].reason
    assert "404" in read[3].reason
    assert not any(request.target == "/old.xml" for request in server.requests)


def test_what_a_sitemap_loses_is_told(server, fetcher):
    """Entries without an address, and lists too deep within others, are failures."""
    broken = b"<urlset><url><loc>mailto:x</loc></url><url><loc>/2</loc></url></urlset>"
    server.on("/pages.xml", Reply(200, {}, broken))
    nested = "<sitemapindex><sitemap><loc>/{}.xml</loc></sitemap>{}</sitemapindex>"
    pages = "<sitemap><loc>/pages.xml</loc></sitemap>"
    for depth in range(4):
        body = nested.format(depth + 1, "" if depth else pages).encode()
        url = server.on(f"/{depth}.xml", Reply(200, {}, body))
    read = goes_on(
        SitemapArchive(url.replace("3.xml", "0.xml"), fetcher.fetch, PARSING, Period())
    )
    told = [(one.fate, one.reason) for one in read]
    assert told == [
        ("failed", "1 of its sitemaps too deep within others, or too many"),
        (None, ""),
        ("failed", "1 entries without an address, or too many"),
    ]
    assert not any(request.target == "/4.xml" for request in server.requests)


def test_captures_by_their_index(server, fetcher):
    """The index is asked page by page with its key, and captures as they were saved."""

    def index(request):
        if "resumeKey" in request.target:
            rows = [
                ["timestamp", "original"],
                ["20240504000000", "https://a.example/2?x=1"],
            ]
        else:
            rows = [
                ["timestamp", "original"],
                ["20240503000000", "https://a.example/1"],
            ]
            rows += [["x", "https://a.example/bad"], [], ["a key"]]
        return Reply(200, {}, json.dumps(rows).encode())

    base = server.on("/cdx/search/cdx", index).removesuffix("/cdx/search/cdx")
    archive = WaybackArchive("a.example/*", base, fetcher.fetch, Period())
    read = goes_on(archive)
    assert [one.fate for one in read] == [None, "failed", None]
    assert read[0].capture_url == f"{base}/web/20240503000000id_/https://a.example/1"
    assert read[2].url == "https://a.example/2?x=1"
    assert "resumeKey=a+key" in server.requests[1].target
    with pytest.raises(UserError):
        WaybackArchive("a b", base, fetcher.fetch, Period())


def test_a_feed_by_its_older_pages(server, fetcher):
    """RFC 5005 pages are links, newest first; a page that is missing is a gap."""
    head = '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><id>x</id>'

    def atom(number, older):
        return Reply(
            200,
            {"Content-Type": "application/atom+xml"},
            f'{head}<link rel="prev-archive" href="{older}"/><entry><id>{number}</id>'
            f'<title>Titel {number}</title><link href="https://a.example/{number}"/>'
            "<updated>2024-05-03T10:00:00Z</updated></entry></feed>".encode(),
        )

    url = server.on("/feed", atom(1, "/older"))
    server.on("/older", atom(2, "/gone"))
    server.on("/gone", Reply(404))
    feed = Feed(id="f", url=url, language=None, every_minutes=15, source="command")
    how = Walk(hosts=Hosts(0.0), secrets=None)
    now = datetime(2024, 6, 1, tzinfo=UTC)
    read = list(FeedArchive(feed, fetcher, lambda: now, how).documents(""))
    assert [one.url.rsplit("/", 1)[1] for one in read] == ["1", "2", "gone"]
    assert [one.fate for one in read] == [None, None, "failed"]
    n_asked = len(server.requests)
    rest = FeedArchive(feed, fetcher, lambda: now, how).documents(read[0].cursor)
    assert next(rest).url == "https://a.example/2"
    assert [request.target for request in server.requests[n_asked:]] == [
        "/feed",
        "/older",
    ]
