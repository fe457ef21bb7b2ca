"""A page becomes the article's text and nothing else, or a reason why not."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trafilatura.deduplication import Simhash

from newsbot.demo.material import load_articles
from newsbot.demo.server import render_site
from newsbot.stages.extract import (
    MAX_TEXT,
    Skipped,
    clean_text,
    detect_language,
    extract,
    fingerprint,
)
from newsbot.types import Article, Entry, Page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN = NOW - timedelta(hours=1)
SITE = "http://127.0.0.1:8000"
DEMO = load_articles(NOW)
PAGES = render_site(DEMO, site_url=SITE)

GERMAN = (
    "Der Softwarekonzern Microsoft und der Chiphersteller Nvidia beteiligen sich an "
    "dem KI-Entwickler Anthropic. Im Gegenzug mietet das Unternehmen Rechenleistung "
    "in der Cloud des Konzerns. Das teilten die drei Firmen am Dienstag mit. "
)
ENGLISH = (
    "The software group Microsoft and the chip maker Nvidia are investing in the "
    "developer Anthropic. In return the company will rent computing capacity in the "
    "group's cloud. The three companies said so on Tuesday. "
)
FRENCH = (
    "Le groupe de logiciels et le fabricant de puces investissent dans la jeune "
    "pousse. En échange, la société louera de la puissance de calcul dans le nuage "
    "du groupe. Les trois entreprises l'ont annoncé mardi dans un communiqué. "
)


def entry(**changes):
    values = {
        "id": "e",
        "feed_id": None,
        "url": "https://www.example.org/a",
        "title": "Microsoft steigt bei Anthropic ein",
        "summary": "",
        "published_at": None,
        "first_seen_at": SEEN,
        "origin": "feed",
        "may_alert": True,
    }
    return Entry(**{**values, **changes})


def page(body, **changes):
    values = {
        "entry_id": "e",
        "url": "https://www.example.org/a",
        "status": 200,
        "content_type": "text/html; charset=utf-8",
        "body": body if isinstance(body, bytes) else body.encode(),
        "fetched_at": NOW,
    }
    return Page(**{**values, **changes})


def html(*paragraphs, head="", title="Seite"):
    inner = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f"<html><head><title>{title}</title>{head}</head><body><nav><a href='/'>Start"
        f"</a></nav><article><h1>{title}</h1>{inner}</article></body></html>"
    )


def read(*paragraphs, **changes):
    """Extract a page of these paragraphs."""
    return extract(page(html(*paragraphs)), entry(**changes), NOW)


# The demo site


@pytest.mark.parametrize("one", DEMO, ids=lambda one: one.id)
def test_every_demo_page_gives_its_article_and_nothing_else(one):
    """Menus, consent notes, teasers, bylines and hidden comments stay behind."""
    resource = PAGES[one.path]
    told = entry(id=one.id, title=one.title, summary=one.teaser)
    article = extract(
        page(resource.body, url=SITE + one.path, content_type=resource.media_type),
        told,
        NOW,
    )
    assert isinstance(article, Article)
    assert article.text == one.text
    assert article.title == one.title
    assert article.language == one.language
    assert article.text_origin == "page"
    assert article.author
    assert article.published_at.date() == one.published_at.date()


def test_the_demo_site_was_there():
    """Thirty articles in two languages stood behind the test above."""
    assert len(DEMO) == 30
    assert {one.language for one in DEMO} == {"de", "en"}


# Stubs

SUMMARY = (
    "Microsoft und Nvidia beteiligen sich an dem KI-Entwickler Anthropic, heißt es."
)
STUBS = {
    "nothing": ((), "the page gives no text"),
    "German teaser": (
        ("Der Softwarekonzern Microsoft beteiligt sich an Anthropic …",),
        "only a teaser",
    ),
    "English teaser": (
        ("The software group is investing in the developer, which ...",),
        "only a teaser",
    ),
    "longer teaser": ((GERMAN + "Außerdem wollen die Firmen […]",), "only a teaser"),
    "German consent": (
        (
            "Wir verwenden Cookies und ähnliche Techniken, um Inhalte zu zeigen.",
            "Bitte stimmen Sie der Verwendung zu: Cookies akzeptieren oder ablehnen.",
        ),
        "a consent wall",
    ),
    "German pur": (
        ("Sie können unser Angebot mit dem Pur-Abo ohne Werbung nutzen oder frei.",),
        "a consent wall",
    ),
    "English consent": (
        (
            "We and our partners use cookies to store data on your device every day.",
            "By clicking the button you accept all of this and agree to our terms.",
        ),
        "a consent wall",
    ),
    "German paywall": (
        (GERMAN, "Jetzt abonnieren und den ganzen Artikel lesen, nur 1 Euro im Monat."),
        "a paywall",
    ),
    "German subscribers": (
        ("Dieser Artikel ist nur für Abonnenten. Bereits Abonnent? Hier anmelden.",),
        "a paywall",
    ),
    "English paywall": (
        (ENGLISH, "Subscribe to continue reading this article. Only $1 a month."),
        "a paywall",
    ),
    "English account": (
        ("Create a free account to read this story. Already a subscriber? Sign in.",),
        "a paywall",
    ),
}


@pytest.mark.parametrize(("paragraphs", "reason"), STUBS.values(), ids=STUBS)
def test_a_stub_gives_way_to_the_feeds_summary(paragraphs, reason):
    """Where the page only teases or asks, the summary stands in and is marked."""
    article = read(*paragraphs, summary=f"{SUMMARY} {GERMAN}")
    assert isinstance(article, Article), article
    assert article.text_origin == "summary"
    assert article.text == f"{SUMMARY} {GERMAN}".strip()


WALLS = {name: stub for name, stub in STUBS.items() if "teaser" not in name}


@pytest.mark.parametrize(("paragraphs", "reason"), WALLS.values(), ids=WALLS)
def test_a_wall_without_a_summary_is_skipped_with_its_reason(paragraphs, reason):
    """Without words of the feed there is no article, and the reason names the wall."""
    expected = Skipped(reason=f"{reason}, and the feed gives no summary")
    assert read(*paragraphs) == expected
    assert read(*paragraphs, summary="Mehr lesen") == expected


def test_a_flash_without_a_summary_is_read_as_it_stands():
    """An agency's one line is as short as a teaser; it is news all the same."""
    flash = "Microsoft und Nvidia beteiligen sich an dem KI-Entwickler Anthropic."
    assert read(flash).text == flash
    too_short = read("Jetzt mehr lesen …")
    assert too_short == Skipped(reason="only a teaser, and the feed gives no summary")


def test_a_teaser_that_says_more_than_the_summary_stays():
    """A short text of the page is kept where the feed says even less."""
    teaser = "Microsoft und Nvidia beteiligen sich an dem Entwickler, heißt es heute …"
    short = "Die beiden Konzerne beteiligen sich an dem Entwickler."
    article = read(teaser, summary=short)
    assert (article.text_origin, article.text) == ("page", teaser)


@pytest.mark.parametrize(
    "phrase",
    [
        "Wer die Seite besucht, muss Cookies zustimmen oder akzeptieren.",
        "Readers must accept cookies and agree to continue reading.",
        "Der Verlag wirbt mit „Jetzt abonnieren“ für das neue Angebot.",
        "Und dann war da noch die Frage, wie es weitergeht …",
    ],
)
def test_a_long_article_with_such_a_phrase_is_no_stub(phrase):
    """A text about cookies, subscriptions or an open end is an article all the same."""
    article = read(
        *[GERMAN.strip()] * 2, GERMAN.replace("drei", "vier"), GERMAN * 2, phrase
    )
    assert isinstance(article, Article)
    assert article.text_origin == "page"
    assert phrase in article.text


def test_the_title_is_not_repeated_in_the_text():
    """A heading that repeats the feed's title is cut, a word that begins alike is not."""
    again = read("Microsoft steigt bei Anthropic ein", GERMAN)
    assert again.text == GERMAN.strip()
    alike = read("KI-Firmen wie diese mieten sich ein. " + GERMAN, title="KI")
    assert alike.text.startswith("KI-Firmen wie diese")


def test_a_byline_is_no_text():
    """A line that only names author and date is cut; a first sentence is not."""
    read_ = read("Von Uwe Sanftleben · 1. März 2026, 08:40 Uhr", GERMAN)
    assert read_.text == GERMAN.strip()
    sentence = "Von diesem Vertrag hat niemand gewusst, sagt der Chef."
    assert read(sentence, GERMAN).text.startswith(sentence)


# Other kinds of page


def test_a_page_that_is_no_html_gives_way_to_the_summary():
    """A PDF, an image or an empty body is not read as a page."""
    for one in (page(b"%PDF-1.7", content_type="application/pdf"), page(b"")):
        assert isinstance(extract(one, entry(), NOW), Skipped)
        assert extract(one, entry(summary=GERMAN), NOW).text == GERMAN.strip()


def test_another_language_is_skipped_by_name():
    """Only German and English are read; the reason names what was found."""
    skipped = read(FRENCH, FRENCH.replace("trois", "quatre"), title="Un accord")
    assert skipped == Skipped(reason="language is fr, not de or en")


@pytest.mark.parametrize("one", DEMO, ids=lambda one: one.id)
def test_short_texts_are_told_apart_by_language(one):
    """The first sentence of an article is enough to tell German from English."""
    assert detect_language(one.teaser) == one.language


def test_a_missing_title_is_taken_from_page_or_text():
    """An entry without title gets the page's, or else the text's first words."""
    assert read(GERMAN, title="").title == "Seite"
    article = extract(page(b""), entry(title=" ", summary=GERMAN), NOW)
    assert article.title == GERMAN[:80].rsplit(" ", 1)[0]


# Characters


def test_text_is_clean():
    """NFC; no control, zero-width, bidirectional or soft-hyphen characters."""
    dirty = "Lu\u0308beck\u200b:\u202e Rechen\u00adzentrum\x00\x1b\ufeff \ud800 e\u200b\u0301"
    assert clean_text(dirty) == "Lübeck: Rechenzentrum \ufffd é"


def test_white_space_is_one_kind():
    """Any white space parts words; line ends of any system part paragraphs."""
    assert clean_text("a\tb\x0bc\x0cd\x85e\u2028f\u00a0g  h") == "a b c d e f g h"
    assert clean_text("a\r\nb\rc\n\n\n d ") == "a\n\nb\n\nc\n\nd"


@settings(deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_cleaning_is_whole_and_done_once(text):
    """A cleaned text is NFC, can be stored, and stays as it is when cleaned again."""
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()
    kinds = {unicodedata.category(c) for c in cleaned.replace("\n", "")}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}


def test_a_novel_is_cut():
    """A text is at most `MAX_TEXT` characters long."""
    assert len(clean_text("Wort " * MAX_TEXT)) <= MAX_TEXT
    assert len(read(*[GERMAN * 50] * 20, summary=GERMAN).text) <= MAX_TEXT


def test_hostile_marks_do_not_cost_quadratic_time():
    """A hundred thousand combining marks are cleaned in a moment."""
    begun = time.process_time()
    text = clean_text("a" + "\u0301\u0316" * MAX_TEXT)
    assert time.process_time() - begun < 2
    assert len(text) < 40


def test_site_and_author_are_one_clean_line():
    """What a page says of itself is cleaned and bounded like its text."""
    head = (
        '<meta property="og:site_name" content="Das\u202e Blatt">'
        '<meta name="author" content="Uwe\u200b Meier">'
    )
    article = extract(page(html(GERMAN, head=head)), entry(), NOW)
    assert (article.site, article.author) == ("Das Blatt", "Uwe Meier")
    told = read(GERMAN, author="Eva\n\tMuster\x00 " + "x" * 500)
    assert told.author.startswith("Eva Muster x")
    assert len(told.author) <= 200
    assert "\n" not in told.author


@settings(deadline=None)
@given(st.binary(max_size=2000), st.text(max_size=50), st.text(max_size=50))
def test_no_bytes_ever_crash(body, title, summary):
    """Whatever a server sends gives an article or a reason."""
    outcome = extract(page(body), entry(title=title, summary=summary), NOW)
    assert isinstance(outcome, Article | Skipped)


PIECES = [
    "<p>",
    "</p>",
    "<article>",
    "<div",
    ">",
    "<!--",
    "-->",
    "&#x110000;",
    "&amp",
    "\0",
]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*PIECES, "<script>", "<table>", GERMAN, "\ufffe", "<svg>"]),
        max_size=30,
    )
)
def test_no_markup_ever_crashes(pieces):
    """Broken markup gives an article or a reason, and clean text."""
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    outcome = extract(page(b"<html><body>" + body), entry(), NOW)
    text = outcome.text if isinstance(outcome, Article) else outcome.reason
    assert text == clean_text(text) != ""


# Dates


def dated(day):
    head = f'<meta property="article:published_time" content="{day}">'
    return page(html(GERMAN, head=head))


def test_the_feeds_date_counts_first():
    """A feed names the minute, a page mostly the day."""
    at = NOW - timedelta(days=3)
    one = extract(dated("2026-02-20"), entry(published_at=at), NOW)
    assert one.published_at == at


def test_the_pages_date_stands_in():
    """Without a feed's date the page's day counts, as its first moment in UTC."""
    one = extract(dated("2026-02-20T08:00:00Z"), entry(), NOW)
    assert one.published_at == datetime(2026, 2, 20, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2031-05-05", "gestern", ""])
def test_without_a_sensible_date_it_is_when_it_was_seen(day):
    """A day to come is a template's mistake; the link's first sighting counts."""
    assert extract(dated(day), entry(), NOW).published_at == SEEN


# Fingerprints


@pytest.mark.parametrize("one", DEMO, ids=lambda one: one.id)
def test_a_small_edit_stays_near(one):
    """An agency's note moves few bits: at most 4 when measured on these articles."""
    edited = f"{one.text}\n\n(Mit Material der dpa)"
    assert (fingerprint(one.text) ^ fingerprint(edited)).bit_count() <= 6


def test_different_articles_are_far():
    """No two demo articles are within 14 bits; 17 when measured."""
    prints = [fingerprint(one.text) for one in DEMO]
    nearest = min((a ^ b).bit_count() for a, b in combinations(prints, 2))
    assert nearest > 14


@settings(deadline=None)
@given(st.text(max_size=2_000))
@example("")
@example(" ".join(one.text for one in DEMO))
def test_a_fingerprint_is_trafilatura_s(text):
    """Bit for bit, so that fingerprints of earlier versions go on matching."""
    text = clean_text(text)
    assert fingerprint(text) == Simhash(text).hash


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_fingerprint_is_64_bits_and_always_the_same(text):
    """Any text has one fingerprint, unsigned and of 64 bits."""
    assert 0 <= fingerprint(text) == fingerprint(text) < 2**64
