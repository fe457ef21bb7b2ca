"""Cases 35 and 36: whatever stands in a title, name or link arrives as literal text."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from deals import amount, article, deal, finding
from servers import telegram as api
from servers.telegram import TelegramServer

from newsbot.adapters.telegram.channel import TelegramChannel
from newsbot.stages.compose import compose
from newsbot.stages.notices import correction
from newsbot.stages.printable import one_line
from newsbot.types import Summary, SummarySentence

pytestmark = pytest.mark.case(
    35, "hostile titles, names and links as literal text (36)"
)

NASTY = [
    "<b>x",
    "a<b && c",
    "[x](tg://user?id=1)",
    "</a><a href='https://evil.example'>",
    "</blockquote><b>",
    "_*[]()~`>#+-=|{}.!",
    "@channel @everyone",
    "/stop",
    "&lt;&amp;&#60;&quot;",
    "&" * 600,
    "<" * 600,
    "x" * 5_000,
    "😀" * 2_500,
    "wort " * 815 + "&amp;&amp;",
    "e" + "\u0301" * 100,
    "👩‍👩‍👧‍👦🇩🇪" * 20,
    "\ud800 half \udfff",
    "line\nbreak\r\n\ttab",
    "'; DROP TABLE deals; --",
    "{0} {x} %s %n ${HOME}",
    "‮abc‬ \u2066x\u2069",
    "\x00\x07\x1b[31m",
    "ﷺ" * 50,
    "مرحبا بالعالم",
    "Ω≈ç√∫˜µ≤≥÷",
    "<tg-spoiler>x</tg-spoiler>",
    '<a href="tg://user?id=123">Bob</a>',
    "<!-- x -->",
    "<script>alert(1)</script>",
    "https://evil.example/ http://x",
]


@pytest.fixture(scope="module")
def server():
    with TelegramServer() as running:
        yield running


@pytest.fixture(scope="module")
def channel(server):
    opened = TelegramChannel(api.TOKEN, server.base_url, timeout_seconds=5)
    yield opened
    opened.close()


def send(server, channel, message):
    """Send it, and read what the chat shows; it never needs the plain text."""
    n_calls = len(server.calls)
    channel.send("42", message)
    assert len(server.calls) == n_calls + 1
    return server.accepted[-1]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("text", NASTY)
def test_every_text_from_outside_arrives_as_text(server, channel, text, language):
    """In names, sites, quotes and the summary: one link, the article's; no preview."""
    source = article(text=text + " and more.", title=text, site=text, language=language)
    told = finding("a", amount(30, payer=text), names=(text, "CoreWeave"))
    about = deal(told, parties=((text, ("customer",)), ("CoreWeave", ("provider",))))
    brief = Summary(
        article_id="a",
        language=language,
        sentences=(SummarySentence(text=text, quoted=False),),
        writer="model",
        created_at=source.published_at,
    )
    message = compose(
        about,
        {"a": source},
        kind="new",
        language=language,
        summary=brief,
        now=source.published_at,
    )
    shown = send(server, channel, message)
    assert shown.parse_mode == "HTML"
    assert not shown.preview
    # The tags are ours, whatever the text holds: one link, one block of quotes.
    assert re.findall(r"<[^>]*>", shown.text) == [
        "<b>",
        "</b>",
        "<blockquote expandable>",
        '<a href="https://a.example.org/x">',
        "</a>",
        "</blockquote>",
    ]
    first = one_line(text).split()[0][:20]
    assert first in shown.visible
    corrected = correction("merged", about, message, source.published_at)
    assert first in send(server, channel, corrected).visible


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://x.example/?q=\"'><b>", True),
        ("https://x.example/a b", False),
        ("javascript:alert(1)", False),
        ("https://x.example/" + "y" * 3_000, False),
        ("", False),
    ],
)
def test_only_what_is_an_address_is_linked(server, channel, url, linked):
    """Quotes in it stay in the attribute; what is none stays plain text."""
    source = replace(article(), url=url)
    message = compose(
        deal(finding()),
        {"a": source},
        kind="new",
        language="en",
        summary=None,
        now=source.published_at,
    )
    shown = send(server, channel, message)
    assert ("<a href=" in shown.text) is linked
    assert html.escape(url) in shown.text if linked else "javascript" not in shown.text
