"""Messages: the same facts in both languages and both renderings, and nothing hostile."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from deals import unlike
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.compose import compose
from newsbot.stages.lines import web_url
from newsbot.types import (
    Alert,
    Amount,
    Article,
    Capacity,
    Deal,
    Finding,
    Party,
    Span,
    Summary,
    SummarySentence,
    identity,
)
from newsbot.vocabulary import AMOUNT_KINDS, BOUNDS, DEAL_TYPES, ROLES, STATUSES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BILLION = 10**9
TEXT = "Oracle rents from CoreWeave for $30bn. More follows."
HOSTILE = '<script>alert(1)</script>"\'&amp;</b><a href="javascript:x">'


def article(name: str = "a", **parts) -> Article:
    fields = {
        "url": f"https://{name}.example.org/x?a=1&b=2",
        "title": "Oracle rents",
        "text": TEXT,
        "language": "en",
        "published_at": NOW,
        "site": f"{name}.example.org",
        "text_origin": "page",
        **parts,
    }
    values = {"id": name, "entry_id": name, "author": None, **fields}
    return Article(fingerprint=unlike(name), **values)


def amount(value: float, **parts) -> Amount:
    fields = {"currency": "USD", "kind": "purchase", "bound": "exact", "payer": None}
    span = Span(article_id="a", start=0, end=1)
    number = Decimal(str(value)) * BILLION
    return Amount(value=number, span=span, quote=span, **{**fields, **parts})


def finding(
    name: str = "a",
    *,
    amounts: Sequence[Amount] = (),
    names: Sequence[str] = ("Oracle", "CoreWeave"),
    capacity: Sequence[tuple[int, str]] = (),
    status: str = "announced",
    quote: tuple[int, int] = (14, 52),
) -> Finding:
    span = Span(article_id=name, start=quote[0], end=quote[1])
    return Finding(
        id=identity("finding", name),
        article_id=name,
        status=status,
        status_quote=span,
        types=("compute_purchase",),
        parties=tuple(
            Party(name=one, roles=("partner",), span=span, quote=span) for one in names
        ),
        amounts=tuple(amounts),
        capacity=tuple(
            Capacity(value=Decimal(value), unit=unit, span=span, quote=span)
            for value, unit in capacity
        ),
    )


def deal(*findings: Finding, **parts) -> Deal:
    told = findings or (finding(),)
    fields = {
        "status": "announced",
        "types": ("compute_purchase", "investment"),
        "parties": (("Oracle", ("customer",)), ("CoreWeave", ("provider", "partner"))),
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        **parts,
    }
    return Deal(id="deal-1", findings=told, **fields)


def write(about: Deal, *articles: Article, **options) -> Alert:
    kept = articles or tuple(article(f.article_id) for f in about.findings)
    settings_ = {"kind": "new", "language": "en", "summary": None, **options}
    return compose(about, {one.id: one for one in kept}, now=NOW, **settings_)


def summary(text: str, language: str = "en") -> Summary:
    return Summary(
        article_id="a",
        language=language,
        sentences=(SummarySentence(text=text, quoted=False),),
        writer="model",
        created_at=NOW,
    )


class Reader(HTMLParser):
    """Reads as a chat does: visible text, links and the tags it met."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str | None] = []
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)
        expected = {"a": ["href"], "blockquote": ["expandable"]}.get(tag, [])
        assert [name for name, _ in attrs] == expected
        self.links.extend(value for name, value in attrs if name == "href")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def shown(alert: Alert) -> Reader:
    reader = Reader()
    reader.feed(alert.html)
    reader.close()
    assert reader.open == []
    assert reader.tags <= {"b", "a", "blockquote"}
    return reader


def as_plain(alert: Alert) -> str:
    """Turn the HTML into what the plain text should be."""
    text = re.sub(r'<a href="([^"]*)">(.*?)</a>', r"\2 \1", alert.html)
    text = re.sub(
        r"<blockquote expandable>(.*?)</blockquote>",
        lambda block: re.sub(r"(?m)^", "> ", block[1]),
        text,
        flags=re.DOTALL,
    )
    return html.unescape(re.sub(r"</?b>", "", text))


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def lines(alert: Alert, mark: str = "•") -> list[str]:
    return [line for line in alert.plain.splitlines() if line.startswith(mark)]


# what is said


def test_an_english_message_says_who_what_how_much_and_where():
    """Status, names, roles, sums with payer and bound, capacity, quote, sources."""
    told = finding(
        amounts=[
            amount(30, payer="Oracle"),
            amount(5, kind="investment", bound="up_to"),
        ],
        capacity=[(2, "GW")],
    )
    assert write(deal(told)).plain == (
        "New deal: Oracle and CoreWeave\n"
        "Kind: compute purchase, investment\n"
        "• Oracle: customer\n"
        "• CoreWeave: provider, partner\n"
        "• Purchase: $30bn, paid by Oracle\n"
        "• Investment: up to $5bn\n"
        "• Capacity: 2 GW\n"
        "\n"
        "> “Oracle rents from CoreWeave for $30bn.” — a.example.org "
        "https://a.example.org/x?a=1&b=2\n"
        "\n"
        "1 source (EN), first seen 09:00 UTC"
    )


def test_a_german_message_says_the_same_in_german():
    """Every word around names and quotes is the reader's."""
    told = finding(
        amounts=[amount(7.3, payer="Oracle", bound="about"), amount(1, kind="total")]
    )
    alert = write(
        deal(told, finding("b"), status="expanded"), language="de", kind="update"
    )
    assert alert.plain.splitlines()[:7] == [
        "Neuer Stand – Abkommen erweitert: Oracle und CoreWeave",
        "Art: Kauf von Rechenleistung, Beteiligung",
        "• Oracle: Kunde",
        "• CoreWeave: Anbieter, Partner",
        "• Kauf: rund 7,3 Mrd. US-Dollar, Oracle zahlt",
        "• Gesamtwert: 1 Mrd. US-Dollar",
        "",
    ]
    assert "„Oracle rents from CoreWeave for $30bn.“" in alert.plain
    assert alert.plain.endswith("2 Quellen (2 EN), zuerst um 09:00 UTC")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_status_type_role_kind_and_bound_has_its_words(language):
    """No value of the format is without a word in either language."""
    for status in STATUSES:
        sums = [
            amount(n + 1, kind=kind, bound=bound)
            for n, (kind, bound) in enumerate(
                (k, b) for k in AMOUNT_KINDS for b in BOUNDS
            )
        ]
        about = deal(
            finding(amounts=sums),
            status=status,
            types=DEAL_TYPES,
            parties=(("Oracle", ROLES), ("CoreWeave", ())),
        )
        alert = write(about, language=language)
        assert len(lines(alert)) == 2 + len(sums)
        assert not re.search(r"_|None", alert.plain)


def test_the_summary_is_shown_only_in_the_reader_s_language():
    """A German summary of a German article is not pushed at an English reader."""
    for language, there in (("en", True), ("de", False)):
        alert = write(deal(), summary=summary("A short text.", language))
        assert ("A short text." in alert.plain) is there
        assert ("A short text." in alert.html) is there


def test_a_text_from_the_feed_says_so():
    """A quote from a feed's summary is marked, for the page was not read."""
    alert = write(deal(), article(text_origin="summary"))
    assert "a.example.org, from the feed's summary" in alert.plain


def test_one_quote_per_paper_and_three_at_most():
    """Sources are counted by site; each quoted site is quoted once."""
    told = [finding(name) for name in "abcde"]
    articles = [article(name) for name in "abcd"] + [article("e", site="d.example.org")]
    alert = write(deal(*told), *articles)
    assert len(lines(alert, ">")) == 3
    assert "4 sources" in alert.plain


def test_an_article_that_is_gone_costs_its_quote_only():
    """Old articles may be deleted; the message about their deal is still written."""
    alert = write(deal(finding("a"), finding("gone")), article("a"))
    assert "1 source (EN)," in alert.plain
    gone = compose(
        deal(finding("gone")), {}, kind="new", language="en", summary=None, now=NOW
    )
    assert "\n1 source," in gone.plain


# one figure, one line


def test_a_figure_of_several_articles_is_shown_once():
    """Value and currency make the figure, however its kind and bound are told."""
    about = deal(
        finding("a", amounts=[amount(30, kind="total", bound="about")]),
        finding("b", amounts=[amount(30), amount(30, currency="EUR")]),
        finding("c", amounts=[amount(30, kind="purchase", bound="at_least")]),
    )
    assert lines(write(about))[2:] == ["• Purchase: $30bn", "• Purchase: €30bn"]


def test_the_entry_with_a_payer_is_shown():
    """Who pays is worth more than what most papers call it."""
    about = deal(
        finding("a", amounts=[amount(30, kind="total")]),
        finding("b", amounts=[amount(30, kind="total")]),
        finding("c", amounts=[amount(30, payer="Oracle")]),
    )
    assert lines(write(about))[2:] == ["• Purchase: $30bn, paid by Oracle"]


def test_the_kind_most_articles_give_is_shown_then_the_first():
    """Between kinds the majority decides, between bounds the first telling."""
    first = finding("a", amounts=[amount(30, kind="investment", bound="about")])
    second = finding("b", amounts=[amount(30, kind="total", bound="at_least")])
    third = finding("c", amounts=[amount(30, kind="total", bound="exact")])
    assert lines(write(deal(first, second)))[2:] == ["• Investment: about $30bn"]
    assert lines(write(deal(first, second, third)))[2:] == [
        "• Total value: at least $30bn"
    ]


# hostile and oversized input


@pytest.mark.parametrize(
    "text", [HOSTILE, "x" * 3_000, "😀" * 3_000, "a\n• b\x00", "&" * 999]
)
def test_hostile_names_titles_and_sites_stay_text(text):
    """Names, quotes, sites and summaries are escaped and cut; no tag comes of them."""
    about = deal(
        finding(
            names=(text, "CoreWeave"),
            amounts=[amount(30, payer=text)],
            quote=(0, 9_999),
        ),
        parties=((text, ("customer",)), ("CoreWeave", ("provider",))),
    )
    source = article(title=text, text=text, site=text)
    alert = write(about, source, summary=summary(text))
    reader = shown(alert)
    assert reader.links == [source.url]
    assert as_plain(alert) == alert.plain
    assert units(alert.html) < 4096
    assert alert.plain.startswith("New deal: ")
    assert len(lines(alert)) == 3


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "http://[::1",
        "https://",
        "https://example.org/a b",
        "https://example.org/\n• Capacity: 9 GW",
        "https://example.org/" + "x" * 3_000,
        "",
    ],
)
def test_only_web_addresses_are_linked(url):
    """What is no http address of a sane length is neither linked nor written out."""
    assert web_url(url) is None
    alert = write(deal(), article(url=url))
    assert shown(alert).links == []
    assert "a.example.org" in alert.plain
    assert not url or url not in alert.plain


def test_an_address_with_quotes_stays_inside_its_attribute():
    """Quotes and angle brackets in an address cannot end the attribute."""
    url = "https://example.org/?q=\"'><b>&x=1"
    alert = write(deal(), article(url=url))
    assert shown(alert).links == [url]
    assert as_plain(alert) == alert.plain


@pytest.mark.parametrize("start", ["> ", "• ", "→ ", ">> •", "\u200b> ", "\n> "])
def test_no_summary_passes_for_a_quote_or_a_fact(start):
    """As plain text only its first mark tells a quote from what newsbot says."""
    said = "Oracle pays 900 billion dollars."
    plain = write(deal(finding("a")), summary=summary(start + said)).plain
    assert said in plain.splitlines()


texts = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [HOSTILE, "A" * 3_000, "😀 " * 900, "&" * 500]
)
amounts = st.builds(
    amount,
    st.decimals(0, 10**6, places=2),
    kind=st.sampled_from(AMOUNT_KINDS),
    bound=st.sampled_from(BOUNDS),
    currency=st.sampled_from(["USD", "EUR", "XTS"]),
    payer=st.none() | texts,
)


@settings(max_examples=120, deadline=None)
@given(
    names=st.lists(texts, max_size=14),
    sums=st.lists(amounts, max_size=40),
    site=texts,
    quote=texts,
    brief=texts,
    language=st.sampled_from(["de", "en"]),
    url=st.sampled_from(
        ["https://example.org/" + "u" * 900, "javascript:x", "https://ä.example/"]
    ),
)
def test_any_message_fits_and_says_the_same_twice(
    names, sums, site, quote, brief, language, url
):
    """Below 4,096 units, well formed, plain as HTML, facts before quotes."""
    told = [
        finding(name, amounts=sums[n::3], names=names or ["x"], quote=(0, 5_000))
        for n, name in enumerate("abc")
    ]
    sources = [
        article(name, site=f"{name} {site}", text=quote, url=url) for name in "abc"
    ]
    about = deal(*told, parties=tuple((name, ("partner",)) for name in names))
    alert = write(about, *sources, summary=summary(brief, language), language=language)
    reader = shown(alert)
    assert units(alert.html) < 4096
    assert units(alert.plain) < 4096
    assert as_plain(alert) == alert.plain
    assert all(urlsplit(link or "").scheme == "https" for link in reader.links)
    text = alert.plain.splitlines()
    facts = [n for n, line in enumerate(text) if line.startswith("•")]
    quotes = [n for n, line in enumerate(text) if line.startswith("> ")]
    assert not (facts and quotes) or max(facts) < min(quotes)
    # Figures about which papers differ share one line.
    most = len(names) + len({(a.value, a.currency) for a in sums})
    assert len(facts) <= most
    # What does not fit at a glance is counted.
    counted = [line for line in text if line.startswith(("… and ", "… und "))]
    assert len(facts) >= len(names) + bool(sums) or counted
    before = alert.plain.partition("\n\n>")[0] if quotes else ""
    assert units(before) <= 900


def test_a_glance_is_short_and_says_what_it_leaves_out():
    """At most 900 characters stand before the quotes; more facts are counted."""
    sums = [amount(n + 1, payer=f"Organisation number{n:060}") for n in range(24)]
    told = [finding(name, amounts=sums, quote=(0, 900)) for name in "abc"]
    sources = [article(name, text="wordy " * 200) for name in "abc"]
    for language, more in (("en", "… and {} more"), ("de", "… und {} weitere")):
        alert = write(
            deal(*told),
            *sources,
            summary=summary("s" * 380, language),
            language=language,
        )
        before = alert.plain.partition("\n\n>")[0]
        assert 700 < units(before) <= 900
        assert before.endswith(more.format(2 + 24 - len(lines(alert))))
        assert "ssss" not in before
        assert len(lines(alert, ">")) == 3
        assert alert.html.count("<blockquote expandable>") == 1


def test_two_sentences_stand_above_the_facts():
    """What happened comes first; a third sentence is no news at a glance."""
    three = replace(
        summary(""),
        sentences=tuple(
            SummarySentence(text=text, quoted=False)
            for text in ("One happened.", "Two followed.", "Three is too much.")
        ),
    )
    alert = write(deal(), summary=three)
    assert alert.plain.splitlines()[1] == "One happened. Two followed."
    assert "Three" not in alert.plain


# ids


def test_the_id_is_stable():
    """More sources, another summary or time give the same row; another status none."""
    first = write(deal())
    more = write(deal(finding("a"), finding("b")), summary=summary("x"))
    assert first.id == more.id
    others = {
        write(deal(), kind="update").id,
        write(deal(), language="de").id,
        write(deal(status="ended")).id,
        write(replace(deal(), id="deal-2")).id,
    }
    assert len(others | {first.id}) == 5


def test_each_extension_has_its_own_message():
    """A second extension is another row; its retelling is not."""

    def told(*days: int) -> str:
        names = [f"p{day}" for day in days]
        sources = [
            article(name, published_at=NOW + timedelta(days=day))
            for name, day in zip(names, days, strict=True)
        ]
        about = deal(
            *(finding(name, status="expanded") for name in names), status="expanded"
        )
        return write(about, *sources, kind="update").id

    assert told(0) == told(0, 1)
    assert told(0, 1, 200) == told(0, 200, 201) != told(0)
