"""The day's page: whole, without scripts, and with nothing hostile alive in it."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.digest import render_digest
from newsbot.types import Alert, Article, Summary, SummarySentence

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def article(**parts: str) -> Article:
    fields = {
        "url": "https://example.org/a",
        "title": "Ein Titel",
        "site": "Zeitung",
        **parts,
    }
    return Article(
        id="a",
        entry_id="a",
        text="Text.",
        language="de",
        published_at=NOW,
        author=None,
        text_origin="page",
        fingerprint=0,
        **fields,
    )


def summary(text: str) -> Summary:
    return Summary(
        article_id="a",
        language="de",
        sentences=(SummarySentence(text=text, quoted=True),),
        writer="quotes",
        created_at=NOW,
    )


def alert(
    html: str = "<b>New deal: A &amp; B</b>\n<blockquote>“q”</blockquote>\n1 source",
) -> Alert:
    return Alert(
        id="x",
        deal_id="d",
        kind="new",
        language="en",
        html=html,
        plain="",
        created_at=NOW,
    )


class Page(HTMLParser):
    """Counts tags and collects links and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links.extend(value for name, value in attrs if name in ("href", "src"))

    def handle_data(self, data):
        self.text += data


def render(
    *alerts: Alert, text: str = "Kurz.", language: str = "de", **parts: str
) -> Page:
    return Page(
        render_digest(
            alerts,
            [summary(text)],
            {"a": article(**parts)},
            day="2026-03-02",
            language=language,
        )
    )


def test_deals_stand_first_then_what_else_was_read():
    """Each alert has a section; summaries follow with title, link and paper."""
    page = render(alert(), alert())
    assert page.tags.count("section") == 2
    assert page.text.index("New deal: A & B") < page.text.index("Außerdem gelesen")
    assert page.text.index("Ein Titel") < page.text.index("Kurz.")
    assert page.links == ["https://example.org/a"]
    assert "KI-Cloud-Abkommen, 2026-03-02" in page.text


def test_a_day_without_deals_says_so():
    """An empty day is a page, too, in either language."""
    assert "Keine Abkommen." in render().text
    nothing = render_digest([], [], {}, day="2026-03-02", language="en")
    assert "No deals." in nothing
    assert "Also noticed" not in nothing


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://[::1", "data:,x"])
def test_hostile_addresses_are_not_linked(url):
    """Only web addresses become links; a broken one does not break the page."""
    assert render(url=url).links == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | st.just('"><script src=//x></script><img onerror=x>'))
def test_no_text_becomes_markup(text):
    """Titles, summaries and papers stay text, whatever they hold."""
    plain = render().tags
    assert render(text=text, title=text, site=text).tags == plain


def test_the_page_needs_no_network():
    """No script, image, font or style comes from elsewhere."""
    page = render(alert())
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
