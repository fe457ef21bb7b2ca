"""Digests as pages: escaped, small, the user's own templates, and as browsers show it."""

import html
import re
from datetime import date
from html.parser import HTMLParser

import browser
import digest_ledger as ledger
import pytest
from db_nouns import memory_store
from mail_rig import GAZETTEER

from newsbot.adapters.pages import NAMES, Templates
from newsbot.adapters.picture import png_of
from newsbot.digests import told_of_day, write_digest
from newsbot.errors import ConfigError
from newsbot.press import Press
from newsbot.stages.edition_page import Edition, health_of
from newsbot.stages.edition_sample import samples
from newsbot.stages.local_days import bounds, read_zone
from newsbot.stages.rates import load_rates
from newsbot.subscribing import Choice

DAY = date(2026, 1, 31)
needs_chromium = pytest.mark.skipif(
    browser.CHROMIUM is None, reason="no chromium on this machine"
)


def write(store, language="en", *, templates=None, paint=None):
    press = Press(
        store=store,
        gazetteer=GAZETTEER,
        rates=load_rates(),
        templates=templates or Templates(),
        paint=paint,
    )
    start, end = bounds(DAY, read_zone("Europe/Berlin"))
    return write_digest(
        press,
        told_of_day(press, start, end, Choice()),
        DAY,
        language=language,
        choice=Choice(),
        until=end,
        health=health_of(store.feeds.all(), ledger.NOW, language),
    )


@pytest.fixture(scope="module")
def full():
    """The whole day in both languages, with pictures."""
    with memory_store() as store:
        ledger.fill(store)
        return {code: write(store, code, paint=png_of) for code in ("de", "en")}


class _Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


def test_the_order_is_fixed(full):
    """New deals, updates, talks, the rest, the picture, feeds: in both forms."""
    heads = {
        "de": ["Neue Abkommen", "Neue Stände und Korrekturen", "Gespräche und Gerüchte", "Außerdem gelesen", "Das Bild", "Feeds"],
        "en": ["New deals", "Updates and corrections", "Talks and rumours", "Also noticed", "The picture", "Feeds"],
    }  # fmt: skip
    for code, expected in heads.items():
        assert re.findall(r"<h2[^>]*>(.*?)</h2>", full[code].html) == expected
        assert re.findall(r"^== (.*) ==$", full[code].text, re.M) == expected


def test_every_figure_has_its_quote_and_link(full):
    """Whatever sum is told of a deal, the next lines quote it and name the address."""
    figures = re.findall(
        r"^(?:Kauf|Investition): (.*)\n(> „.*“)\n  (\S+ https://\S+)$",
        full["de"].text,
        re.M,
    )
    assert [figure for figure, _, _ in figures] == [
        "30 Mrd. US-Dollar, OpenAI zahlt",
        "rund 750 Mio. Euro, Nvidia zahlt",
        "400 Mio. Euro, Zephira Labs zahlt",
        "1,6 Mrd. Euro, Mistral AI zahlt",
        "bis zu 2 Mrd. Euro, Mistral AI zahlt (Stand: in Verhandlung)",
        "mindestens 10 Mrd. US-Dollar, Meta zahlt",
    ]
    assert full["de"].html.count("<blockquote") == len(figures) + 1  # one without a sum


def test_the_text_lacks_nothing_that_the_page_says(full):
    """Every word and every link of the page stands in the plain text, too."""
    for content in full.values():
        page = _Elements(content.html)
        links = {one["href"] for one in page.all("a")}
        assert len(links) > 8
        assert [link for link in links if link not in content.text] == []
        body = re.sub(r'<head>.*?</head>|<div class="pre".*?</div>', "", content.html, flags=re.DOTALL)  # fmt: skip
        said = html.unescape(re.sub(r"<[^>]*>", " ", body))
        words = set(re.findall(r"\w+", said))
        assert len(words) > 150
        # What a link is called, where the text has the address.
        missing = words - set(re.findall(r"\w+", content.text))
        assert missing <= {"Unsubscribe", "Abbestellen"}


def test_pages_stand_alone(full):
    """No script, no remote content, alt texts, a language, under 100 kB."""
    for code, content in full.items():
        elements = _Elements(content.html)
        names = {tag for tag, _ in elements.found}
        assert not names & {"script", "form", "iframe", "object", "link", "base", "svg"}
        assert elements.all("html")[0]["lang"] == code
        images = elements.all("img")
        assert [image["src"] for image in images] == [
            "cid:clouds.png@newsbot.invalid",
            "cid:week.png@newsbot.invalid",
        ]
        assert all(len(image["alt"]) > 40 for image in images)
        assert "url(" not in content.html
        assert len(content.html.encode()) < 60_000
        inlined = [
            attrs.get("style")
            for tag, attrs in elements.found
            if tag in ("h1", "h2", "th", "p")
        ]
        assert all(inlined)


def test_pictures_and_tables_say_the_same(full):
    """What is drawn stands in the tables of both forms, and the whole once."""
    english = full["en"]
    assert [picture.png[:4] for picture in english.pictures] == [b"\x89PNG"] * 2
    for row in ("Oracle | 1 | $30bn | –", "Nordwolke | 1 | $12bn | –"):
        assert f"* {row}\n" in english.text
        cells = "".join(
            f"<t[hd][^>]*>{cell}</t[hd]>" for cell in map(re.escape, row.split(" | "))
        )
        assert re.search(cells, english.html)
    assert "* OpenAI | buys from | Oracle | $30bn\n" in english.text
    assert (
        "* Meta | buys from (in talks) | Google Cloud | at least $10bn\n"
        in english.text
    )
    assert "Oracle: $30bn" in english.pictures[0].alt


def test_the_subject_counts_and_dates(full):
    """Counts and date stand first, then the largest deal."""
    assert full["de"].subject == (
        "3 neue Abkommen, 1 neuer Stand, 1 Gerücht – 31. Januar 2026: "
        "OpenAI und Oracle, 30 Mrd. US-Dollar"
    )
    assert full["en"].subject == (
        "3 new deals, 1 update, 1 rumour – 31 January 2026: OpenAI and Oracle, $30bn"
    )


def test_a_summary_is_in_the_readers_language(full):
    """Of two papers' summaries the one that the reader can read is shown."""
    assert "OpenAI kauft für 30 Milliarden US-Dollar" in full["de"].html
    assert "OpenAI buys computing capacity from Oracle" in full["en"].html


def test_an_empty_ledger_has_a_page():
    """Without any news there is one line."""
    with memory_store() as store:
        content = write(store)
    assert "\nNo deals; no feeds are followed.\n" in content.text
    assert content.subject == "No deals – 31 January 2026"
    assert "<h2" not in content.html


def test_feeds_are_shown_without_their_secrets():
    """Passwords and keys in a feed's address are not passed on."""
    with memory_store() as store:
        url = "https://me:geheim@paper.example.org/private?key=geheim"
        store.feeds.add(
            ledger.feed(
                "x",
                url=url,
                error=f"{url}: 401 for https://me:geheim@paper.example.org/",
                n_errors=1,
            )
        )
        store.feeds.add(
            ledger.feed(
                "y",
                url="https://y.example.org/feeds/geheim0geheim0geheim0/rss.xml",
                error="https://cdn.example.org/geheim?sig=geheim: 403 (see "
                "https://y.example.org/geheim0)",
                n_errors=1,
            )
        )
        content = write(store)
    assert "* y.example.org/feeds/…/rss.xml: https://cdn.example.org/…: 403 (see " in (
        content.text
    )
    assert "https://y.example.org/…)" in content.text
    assert "geheim" not in content.text + content.html
    assert (
        "paper.example.org/private: 401 for https://paper.example.org/" in content.text
    )


def test_templates_of_ones_own(tmp_path):
    """A file in the folder takes the place of the package's; the others stay."""
    own = tmp_path / "digest.txt.j2"
    own.write_text("{{ page.day }}: {{ page.counts }} {{ leave }}\n", encoding="utf-8")
    with memory_store() as store:
        ledger.fill(store)
        content = write(store, templates=Templates(tmp_path))
    assert content.text.startswith(
        "Saturday, 31 January 2026: 3 new deals, 1 update, 1 rumour http"
    )
    assert "<h2" in content.html
    assert {path.name for path in tmp_path.iterdir()} <= set(NAMES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% if %}", "digest.txt.j2:1"),
        ("{{ page.nonsense }}", "nonsense"),
        ("{{ page.day + 1 }}", "digest template"),
        ("{% include 'missing' %}", "missing"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% for n in page.notes %}{{ n.source.url.host }}{% endfor %}", "host"),
    ],
)
def test_templates_that_are_wrong(tmp_path, text, said):
    """A template that cannot be used is one clear line, before any day is written."""
    (tmp_path / "digest.txt.j2").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Templates(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_templates_stay_as_they_were_tried(tmp_path):
    """Half an edit beside a running service is not taken up until it is read again."""
    own = tmp_path / "digest.txt.j2"
    own.write_text("{{ page.day }} {{ leave }}\n", encoding="utf-8")
    templates = Templates(tmp_path)
    own.write_text("{% if %}", encoding="utf-8")
    (tmp_path / "digest.css").write_text("p {", encoding="utf-8")
    with memory_store() as store:
        assert write(store, templates=templates).text.startswith("Saturday, 31")


def test_the_samples_show_everything():
    """What templates are tried on fills every part of the pages that ship."""
    full, empty, alert = samples()
    page = Templates().render(full)
    for part in (full.period, full.read_all, full.health.unread[0], "HTTP 500"):
        assert part in page.html
        assert part in page.text
    for name in Edition.__slots__:
        assert getattr(full, name) or name == "nothing", name
    assert "Keine Abkommen; 2 von 2 Feeds in Ordnung." in Templates().render(empty).text
    assert alert.health is None


@needs_chromium
@pytest.mark.parametrize(
    ("width", "dark"), [(375, False), (375, True), (800, False), (800, True)]
)
def test_browsers_show_it(tmp_path, full, width, dark):
    """At a telephone's width and a desk's, light and dark: nothing is cut off."""
    page = full["de"].html
    told = browser.measured(
        tmp_path,
        page,
        width,
        dark=dark,
        question='[d.querySelector(".body").getBoundingClientRect().width,'
        'w.getComputedStyle(d.querySelector(".quiet")).color]',
    )
    across, quiet = told["answer"]
    assert told["width"] == width  # nothing to scroll to the side
    assert across <= 600
    assert quiet == ("rgb(169, 180, 194)" if dark else "rgb(85, 96, 110)")
    assert told["height"] > 1_000
    assert told["ground"] == ("rgb(14, 19, 27)" if dark else "rgb(238, 241, 245)")


@needs_chromium
def test_long_words_fit(tmp_path):
    """A name without a blank that is wider than a telephone is broken, not cut off."""
    with memory_store() as store:
        name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
        story = ledger.Story(
            deal="long",
            text=f"{name} mietet bei Oracle. Mehr nicht.",
            parties={name: "customer", "W" * 80: "provider"},
        )
        ledger.fill(store, [story], feeds=1, ill=1)
        content = write(store, "de")
    assert browser.measured(tmp_path, content.html, 375)["width"] == 375


def test_programs_that_know_little_show_it(full):
    """No <style>, no remote content, Word's engine: what each needs is there.

    Gmail drops a style sheet in forwarded or long mails; Outlook reads tables and
    widths in attributes, and neither background pictures, flex nor grid.
    """
    for content in full.values():
        bare = re.sub(r"<style>.*?</style>", "", content.html, flags=re.DOTALL)
        page = _Elements(bare)
        for tag in ("h1", "h2", "h3", "p", "td", "th", "blockquote", "img"):
            assert page.all(tag)
            styled = [attrs for attrs in page.all(tag) if attrs.get("style")]
            plain = len(page.all(tag)) - len(styled)
            assert plain <= (tag == "td"), f"{plain} bare {tag}"  # the outer cell
        layout = [one for one in page.all("table") if one.get("role")]
        assert len(layout) >= 2
        for one in layout:
            assert (one["role"], one["cellpadding"]) == ("presentation", "0")
        assert bare.count("<!--[if mso]>") == 2
        assert content.html.encode().index(b'charset="utf-8"') < 1_024
        assert 'width="600"' in bare
        for one in page.all("img"):
            assert one["src"].startswith("cid:")
            assert one["alt"]
            assert int(one["width"]) <= 600
        gone = (
            r"url\(|background-image|display:\s*(?:flex|grid)|position:|float:|@import"
        )
        assert not re.search(gone, bare)
        for tag in ("script", "form", "iframe", "link", "object", "video", "svg"):
            assert page.all(tag) == [], tag
