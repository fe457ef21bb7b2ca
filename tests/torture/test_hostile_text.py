"""Cases 33, 34: encodings that lie, and characters that nobody sees.

German text stays whole where its encoding is declared or can be told; what can turn a
line around, hide in it or forge another one never reaches a log, a table or a message.
"""

from __future__ import annotations

import logging
import unicodedata

import pytest
from commands import config, here
from fakes import NOW, entry
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer

from newsbot.cli.logs import OneLine
from newsbot.stages.extract import extract
from newsbot.stages.printable import INVISIBLE
from newsbot.types import Article, Page
from torture.rig import RSS, Rig, good, one_clear_line

TITLE = "Größere Übergänge für Köln: „Straße“ – 30 € für Ärzte"
TEXT = (
    "Die beiden Unternehmen bestätigten am Dienstag, dass sie über viele Jahre hinweg "
    "größere Rechenzentren in Köln und Düsseldorf betreiben wollen. Für die Übergänge "
    "zahlen sie früher als üblich, heißt es in Kürze aus beiden Häusern. "
) * 3

ENCODINGS = {
    "utf-8": ("utf-8", "utf-8"),
    "utf-8 with mark": ("utf-8-sig", ""),
    "utf-16 with mark": ("utf-16", ""),
    "utf-16-le undeclared": ("utf-16-le", ""),
    "utf-16-be as utf-8": ("utf-16-be", "utf-8"),
    "utf-32": ("utf-32", ""),
    "utf-32-be undeclared": ("utf-32-be", ""),
    "windows-1252": ("cp1252", "windows-1252"),
    "windows-1252 as utf-8": ("cp1252", "utf-8"),
    "windows-1252 as latin-1": ("cp1252", "iso-8859-1"),
    "windows-1252 undeclared": ("cp1252", ""),
    "utf-8 as latin-1": ("utf-8", "iso-8859-1"),
    "utf-8 as utf-16": ("utf-8", "utf-16"),
    "windows-1252 as utf-16": ("cp1252", "utf-16"),
    "utf-8 as nonsense": ("utf-8", "x-user-defined"),
    "gb18030": ("gb18030", "gb2312"),
    "iso-8859-15": ("iso-8859-15", "iso-8859-15"),
    "mac-roman": ("mac-roman", "macintosh"),
}


def coded(text, encoding):
    if encoding == "iso-8859-15":
        text = text.replace("„", '"').replace("“", '"').replace("–", "-")
    return text.encode(encoding)


def plain(text):
    return text.replace("„", '"').replace("“", '"').replace("–", "-")


@pytest.fixture(scope="module")
def server():
    with ScriptedServer() as running:
        yield running


@pytest.mark.case(33, "18 encodings, declared, undeclared and lied about: feeds")
def test_german_feeds_survive_their_encoding(server, tmp_path, parsing):
    """Every title arrives with its umlauts, its quotes and its euro."""
    with Rig(tmp_path, server, parsing=parsing) as rig:
        for n, (encoding, declared) in enumerate(ENCODINGS.values()):
            head = f"<?xml version='1.0' encoding='{declared or 'utf-8'}'?>"
            body = rss(item(f"e{n}", title=TITLE), declaration=head if n % 2 else "")
            kind = f"application/xml; charset={declared}" if declared else "text/xml"
            url = f"/encoded{n}"
            reply = Reply(200, {"Content-Type": kind}, coded(body, encoding))
            rig.add(server.on(url, reply))
        outcomes = rig.poll()
        assert [one.error for one in outcomes.values() if one.error] == []
        titles = {one.url: one.title for one in rig.entries()}
        for n, name in enumerate(ENCODINGS):
            assert plain(titles[f"https://news.example/e{n}"]) == plain(TITLE), name
        rig.intact()


@pytest.mark.case(33, "18 encodings, declared, undeclared and lied about: pages")
def test_german_pages_survive_their_encoding(parsing):
    """By header or by the page's own word, the text is German."""
    calls, names = [], []
    for name, (encoding, declared) in ENCODINGS.items():
        for by_header in (True, False):
            meta = f'<meta charset="{declared}">' if declared and not by_header else ""
            body = (
                f"<html><head>{meta}<title>x</title></head><body><article>"
                f"<p>{TEXT}</p></article></body></html>"
            )
            kind = f"text/html; charset={declared}" if declared and by_header else ""
            one = entry("x", title=TITLE)
            page = Page(
                entry_id=one.id,
                url=one.url,
                status=200,
                content_type=kind or "text/html",
                body=coded(body, encoding),
                fetched_at=NOW,
            )
            calls.append((page, one, NOW))
            names.append((name, by_header))
    for found, name in zip(parsing.each(extract, calls), names, strict=True):
        assert isinstance(found, Article), (name, found)
        assert plain(found.text) == plain(TEXT.strip()), name
        assert found.language == "de"


@pytest.mark.case(33, "invalid bytes, NUL, two marks, cut characters, noise")
def test_bytes_of_no_encoding_crash_nothing(server, tmp_path, parsing):
    """What cannot be told is replaced; the rest of the text stays."""
    start, end = rss(item("bad", title="Köln @ ist")).encode().split(b"@")
    bodies = {
        "invalid": start + b"\xff\xfe\xfa" + end,
        "nul": start + b"\0\0" + end,
        "cut": start + "Ü".encode()[:1] + end,
        "two-marks": b"\xef\xbb\xbf\xef\xbb\xbf" + start + end,
        "surrogates": start + b"\xed\xa0\x80\xed\xb0\x80" + end,
        "overlong": start + b"\xc0\xaf\xe0\x80\xaf" + end,
        "wrong-mark": b"\xff\xfe" + start + end,
        "noise": bytes(range(256)) * 64,
        "utf-16-odd": rss(item("bad", title="Köln")).encode("utf-16")[:-1],
    }
    with Rig(tmp_path, server, parsing=parsing) as rig:
        for name, body in bodies.items():
            rig.add(server.on(f"/{name}", Reply(200, RSS, body)))
        rig.poll()
        for name in bodies:
            outcome = rig.polled[server.url(f"/{name}")]
            if outcome.error:
                one_clear_line(outcome.error)
        kept = [name for name in bodies if not rig.polled[server.url(f"/{name}")].error]
        assert set(kept) >= {"invalid", "nul", "cut", "surrogates", "overlong"}
        for one in rig.entries():
            one_clear_line(one.title)
        rig.intact()


#: Every kind of what must not come through, and what of it may.
NAUGHTY = (
    "\x1b[31mred\x1b[0m", "\x07\x08\x0c", "line\nERROR forged=1", "line\r\nforged", "\x85next\u2028line\u2029",
    "\u202egnp.exe\u202c", "\u2066isolated\u2069", "\u200fright", "zero\u200b\u200c\u200d\u2060width", "\ufeff\ufffe",
    "tag" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all"), "vs" + "\ufe0f\U000e0100\U000e01ef",
    "z" + "\u0301" * 100, "\ud800lone\udfff", "soft\u00adhyphen", "\u034f\u115f\u3164\uffa0fill", "\U0001d173music",
    "<b>x</b>", "a<b && c", "[x](tg://user?id=1)", "</a><a href='https://evil.example'>", "*_`~|>#+-={}.!",
    "@channel /stop", "'; DROP TABLE entries; --", "=HYPERLINK(\"http://evil\")", "%s%s%n {0} ${x} {{y}}",
    "\u0000", "ﷺ" * 50, "𝒳" * 100, "👩‍👩‍👧‍👦" * 40, "a" * 5_000, "&amp;" * 900, "‮‮‮", "\x9b31m", "\x90\x9c",
)  # fmt: skip


def unseen(text):
    """What of a text turns, hides or breaks lines."""
    return {
        char
        for char in text
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")
        and char not in "\n\u200c\u200d"
    }


@pytest.mark.case(34, "35 naughty texts in every field: entries, articles, messages")
def test_naughty_texts_are_harmless_in_every_field(server, tmp_path, parsing):
    """Titles, summaries, authors, sites and texts come through on a line, visible."""
    from html import escape

    def field(text):
        return escape(text.encode("utf-8", "replace").decode().replace("\0", ""))

    with Rig(tmp_path, server, parsing=parsing) as rig:
        for n, text in enumerate(NAUGHTY):
            said = field(text)
            page = (
                f"<html><head><title>{said}</title><meta name='author' content='{said}'>"
                f"<meta property='og:site_name' content='{said}'></head><body><article>"
                f"<h1>{said}</h1><p>{TEXT} Nvidia Anthropic {said}</p></article></body>"
            )
            link = server.on(
                f"/n{n}", Reply(200, {"Content-Type": "text/html"}, page.encode())
            )
            inner = (
                f"<title>{said} n{n}</title><link>{link}</link><author>{said}</author>"
                f"<description>{said}</description><guid>{said}</guid>"
            )
            body = rss(inner, head=f"<title>{said}</title>")
            reply = Reply(200, {**RSS, "ETag": '"x"'}, body.encode())
            rig.add(server.on(f"/naughty{n}", reply))
        rig.poll()
        assert [one.error for one in rig.polled.values() if one.error] == []
        assert len(rig.entries()) == len(NAUGHTY) + 1
        for one in rig.entries():
            for value in (one.title, one.summary, one.author or "", one.site or ""):
                assert not unseen(value), repr(value)
                assert "\n" not in value
        rig.walk()
        for one in rig.entries("done") + rig.entries("irrelevant"):
            found = rig.article(one)
            assert not unseen(found.full_text + found.site + (found.author or ""))
        assert rig.channel.sent
        for _, alert in rig.channel.sent:
            assert not unseen(alert.plain), repr(alert.plain)
            assert "<a href='https://evil" not in alert.html
            assert "<script" not in alert.html
        rig.intact()


@pytest.mark.case(34, "the same in errors and log lines of the command")
def test_no_text_forges_a_line(server, tmp_path):
    """What a server says in its errors stays on the line of its own feed."""
    forged = "\x1b[2J\u202eERROR forged\u2028line"
    replies = {
        "coding": Reply(200, {"Content-Encoding": forged.encode().decode("latin-1")}, b"x"),
        "location": Reply(302, {"Location": f"/x{forged}".encode().decode("latin-1")}),
        "title": Reply(200, RSS, rss(head=f"<title>{forged[4:]}</title>").encode()),
    }  # fmt: skip
    more = "".join(
        f'[[feeds]]\nurl = "{server.on(f"/{name}", reply)}"\n'
        for name, reply in replies.items()
    )
    server.on("/fine", good(item("fine")))
    more += f'[[feeds]]\nurl = "{server.url("/fine")}"\n'
    config(tmp_path, server, more=more)
    done = here(tmp_path, "feeds", "test", server.url("/title"))
    assert done.code == 0
    assert not unseen(done.out.rstrip())
    for name in ("coding", "location"):
        done = here(tmp_path, "feeds", "test", server.url(f"/{name}"))
        line = done.refused(4)
        one_clear_line(line)


@pytest.mark.case(34, "log records with breaks, escapes, marks and a traceback")
@pytest.mark.parametrize("text", NAUGHTY)
def test_a_log_record_is_one_line(text):
    """Whatever an event carries, its line is one line, and no traceback follows."""
    try:
        raise ValueError(text)
    except ValueError as error:
        record = logging.LogRecord(
            "newsbot",
            logging.ERROR,
            "x",
            1,
            "feed=%s",
            (text,),
            (type(error), error, None),
        )
    line = OneLine("%(levelname)s %(message)s").format(record)
    assert len(line.splitlines()) == 1
    assert not unseen(line), repr(line)
    assert "Traceback" not in line
    assert line.startswith("ERROR feed=")


@pytest.mark.case(34, "every format character of Unicode is in the list")
def test_the_list_of_the_unseen_holds_every_format_character():
    """What Unicode calls a format character is in the list, but Arabic's number signs."""
    import re

    missing = [
        chr(point)
        for point in range(0x110000)
        if unicodedata.category(chr(point)) == "Cf"
        and not re.match(f"[{INVISIBLE}]", chr(point))
    ]
    visible = set(
        "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    )
    egyptian = {chr(point) for point in range(0x13430, 0x13440)}
    assert set(missing) <= visible | egyptian
