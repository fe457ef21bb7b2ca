"""Case 42: lists of feeds, as `newsbot feeds import` meets them."""

from __future__ import annotations

import sqlite3
import time

import pytest
from commands import here

from torture.rig import one_clear_line

HEAD = '<?xml version="1.0"?>\n<opml version="2.0"><body>\n'
TAIL = "</body></opml>\n"
GOOD = '<outline text="Good" xmlUrl="https://good.example/feed"/>\n'


def outline(url, title="x"):
    return f'<outline type="rss" text="{title}" xmlUrl="{url}"/>\n'


LISTS = {
    "100,000 outlines": HEAD + GOOD + "".join(outline(f"https://n{n}.example/f") for n in range(100_000)) + TAIL,
    "depth of 5,000": HEAD + GOOD + "<outline>" * 5_000 + outline("https://deep.example/") + "</outline>" * 5_000 + TAIL,
    "depth without end": HEAD + GOOD + "<outline>" * 500_000,
    "duplicates": HEAD + GOOD * 500 + TAIL,
    "html in titles": HEAD + GOOD + outline("https://h.example/f", "&lt;script&gt;x&lt;/script&gt;&#x1b;[31m") + TAIL,
    "private": HEAD + GOOD + outline("http://10.0.0.1/") + outline("http://[::1]/") + outline("http://2130706433/") + TAIL,
    "schemes": HEAD + GOOD + outline("file:///etc/passwd") + outline("javascript:alert(1)") + outline("feed:x") + TAIL,
    "users and ports": HEAD + GOOD + outline("https://u:secret@h.example/") + outline("https://h.example:22/") + TAIL,
    "1 MB attribute": HEAD + GOOD + outline("https://h.example/" + "a" * 10**6, "t" * 10**6) + TAIL,
    "40,000 attributes": HEAD + GOOD + "<outline " + " ".join(f"a{n}='1'" for n in range(40_000)) + "/>" + TAIL,
    "controls": HEAD + GOOD + outline("https://h.example/\u202e\u2028x", "a\u202eb\u2066") + TAIL,
    "cut off": HEAD + GOOD + outline("https://h.example/f")[:-20],
    "number 37": HEAD + GOOD + outline("37") + outline("") + outline("https:///") + outline("https://a b/") + TAIL,
}  # fmt: skip
REFUSED = {
    "xxe": ('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD + outline("&x;") + TAIL, "entity declarations"),
    "laughs": ('<!DOCTYPE o [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + HEAD + outline("x", "&b;") + TAIL, "entity declarations"),
    "a feed": ("<rss><channel/></rss>", "not an OPML list"),
    "a page": ("<html><body>x", "HTML page"),
    "nothing": ("", "empty"),
    "noise": ("\x00\x01\x02" * 999, ""),
    "eleven MB": (HEAD + " " * (11 * 2**20) + TAIL, "larger than 10 MiB"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    return tmp_path


def imported(folder, text):
    file = folder / "feeds.opml"
    file.write_text(text, encoding="utf-8")
    done = here(folder, "feeds", "import", "feeds.opml")
    assert "Traceback" not in done.err
    assert "secret" not in done.err
    for line in done.err.splitlines():
        one_clear_line(line)
    return done


@pytest.mark.case(42, "100,000 outlines, depth 5,000, private, HTML in titles, 37")
@pytest.mark.parametrize("name", LISTS)
def test_the_valid_rest_is_imported(folder, name, figure):
    """What is wrong has its line; what is right is added, each once, and bounded."""
    started = time.monotonic()
    done = imported(folder, LISTS[name])
    seconds = time.monotonic() - started
    assert done.code in (0, 4)
    with sqlite3.connect(folder / "newsbot.db") as db:
        urls = [url for (url,) in db.execute("SELECT url FROM feeds")]
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert urls.count("https://good.example/feed") == 1
    assert len(urls) <= 10_000
    assert all(url.startswith("https://") and url.isascii() for url in urls)
    assert len(done.err.splitlines()) <= 1_500
    if name == "100,000 outlines":
        figure(name, seconds, "s")


@pytest.mark.case(42, "XXE, laughs, feeds, pages, noise, 11 MB instead of a list")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_is_one_line(folder, name):
    """The file is named, and why it is no list; nothing is added."""
    text, reason = REFUSED[name]
    done = imported(folder, text)
    line = done.refused(2)
    assert "feeds.opml" in line
    assert reason in line
    assert here(folder, "feeds", "list").out == ""
