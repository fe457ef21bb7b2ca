"""Deals for other programs: every cell text, every feed well-formed and escaped."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from fakes import GAZETTEER
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from told_deals import WHEN, Paper, articles_of, deal, sum_of

from newsbot.stages.export import (
    ATOM,
    COLUMNS,
    deal_row,
    safe_cell,
    write_atom,
    write_csv,
)
from newsbot.stages.rates import load_rates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = (
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script> & Söhne",
    "a\x1b[31m\x00\x07b",
    "moc.\u202eelgoog",
    "]]>",
    "x;=1+1",
    '"quoted", and\r\nbroken',
    "\ud800\ufffe",
    "株式会社",
)


def row(*papers, **fields):
    one = deal(*papers, **fields)
    articles = {article.id: article for article in articles_of(one, *papers)}
    return deal_row(one, articles, load_rates(), GAZETTEER.related)


def cells(rows):
    """What a CSV reader makes of rows: the head, and a mapping per row."""
    head, *read = csv.reader(io.StringIO(write_csv(rows), newline=""))
    return head, [dict(zip(head, line, strict=True)) for line in read]


def test_csv_has_stable_columns_and_one_row_per_deal():
    """The columns that programs read, in this order, and what stands in them."""
    papers = [
        Paper(amounts=(sum_of(10, bound="up_to", kind="investment", payer="Oracle"),)),
        Paper(language="de", site="zeitung.example"),
    ]
    head, (one, _) = cells([row(*papers), row(Paper(), id="d2", status="talks")])
    assert head == [
        "id", "first_seen", "last_seen", "status", "types", "parties", "investors",
        "investees", "providers", "customers", "model_providers", "partners", "amounts",
        "capacity", "firm_usd", "about_usd", "at_least_usd", "up_to_usd", "left_out",
        "languages", "sources", "titles", "urls",
    ]  # fmt: skip
    assert one["first_seen"] == "2025-11-03T09:00:00Z"
    assert (one["parties"], one["customers"]) == ("OpenAI | Oracle", "OpenAI")
    assert one["amounts"] == "up_to 10000000000 USD investment (Oracle)"
    assert (one["firm_usd"], one["up_to_usd"]) == ("0", "10000000000")
    assert (one["capacity"], one["languages"]) == ("2 GW", "en | de")
    assert one["sources"] == "paper.example | zeitung.example"


def test_csv_says_why_a_deal_counts_nothing():
    """Where totals leave a deal out, its sums are empty, not zero."""
    assert cells([])[1] == []
    for fields, papers, reason in (
        ({"status": "talks"}, [Paper(amounts=(sum_of(1),))], "talks"),
        ({}, [Paper()], "no_sum"),
        ({}, [Paper(amounts=(sum_of(1, "AED"),))], "no_rate"),
        ({}, [Paper(amounts=(sum_of(n),)) for n in (1, 2)], "differing"),
    ):
        (one,) = cells([row(*papers, **fields)])[1]
        assert (one["left_out"], one["firm_usd"]) == (reason, "")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49 40", "'+49 40"),
        ("-5 %", "'-5 %"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'=1"),
        ("\t=1", "'=1"),
        ("\u202e=1", "'=1"),
        ('"=1"', '"\'=1"'),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ("a; @x", "a; '@x"),
        ("Rolls-Royce = R&D", "Rolls-Royce = R&D"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text, safe):
    """What begins like one gets an apostrophe, and nothing else is touched."""
    assert safe_cell(text) == safe


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(EVIL), st.text()), min_size=1, max_size=4))
def test_csv_survives_every_name(names):
    """Any names and titles give one row, and no cell that is calculated."""
    paper = Paper(title=names[0], site=names[-1], parties=("Nvidia",))
    head, (one,) = cells([row(paper, parties=tuple(names))])
    assert len(head) == len(COLUMNS)
    for cell in one.values():
        assert not re.match(r"[\s\"]*[=+@＝＋＠-]", cell), cell
        assert not re.search(r"[\x00-\x1f\u202e]", cell)


def atom(rows, asked=""):
    """A feed's root, after what RFC 4287 asks of it."""
    root = etree.fromstring(write_atom(rows, NOW, asked))
    assert root.tag == f"{{{ATOM}}}feed"
    for element in (root, *root.findall(f"{{{ATOM}}}entry")):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{{{ATOM}}}{name}")
            assert found.text
        assert element.findtext(f"{{{ATOM}}}id").startswith("tag:newsbot.invalid,2026:")
        assert datetime.fromisoformat(element.findtext(f"{{{ATOM}}}updated")).tzinfo
        alternates = element.findall(f"{{{ATOM}}}link[@rel='alternate']")
        assert len(alternates) <= 1
        assert (
            alternates
            or element is root
            or element.find(f"{{{ATOM}}}content") is not None
        )
    assert root.findtext(f"{{{ATOM}}}author/{{{ATOM}}}name")
    return root


def test_atom_tells_a_deal_with_quotes_and_sources():
    """A feed reader finds the entry, its links, its categories, and the facts."""
    papers = [Paper(amounts=(sum_of(10, bound="up_to"),)), Paper(site="b.example")]
    atom([row(*papers)])
    feed = feedparser.parse(write_atom([row(*papers)], NOW))
    assert not feed.bozo
    (entry,) = feed.entries
    assert entry.id == "tag:newsbot.invalid,2026:deal:d1"
    assert entry.title == "New deal: OpenAI, Oracle"
    assert entry.link == "https://paper.example/d10"
    assert [link.rel for link in entry.links] == ["alternate", "related"]
    assert [tag.term for tag in entry.tags] == ["compute_purchase"]
    content = entry.content[0].value
    for text in ("purchase: up to $10bn", "<blockquote>Two</blockquote>", "2 GW"):
        assert text in content
    assert feed.feed.updated == "2025-11-03T09:00:00Z"


def test_atom_ids_stay_and_times_move():
    """More articles move an entry's time, not its id; an empty feed has the hour."""
    before, later = row(Paper()), WHEN + timedelta(days=3)
    after = row(Paper(), Paper(), seen_at=later)
    ids = [
        atom([one]).findtext(f"{{{ATOM}}}entry/{{{ATOM}}}id") for one in (before, after)
    ]
    assert ids[0] == ids[1]
    assert (
        atom([before, after]).findtext(f"{{{ATOM}}}updated") == "2025-11-06T09:00:00Z"
    )
    assert atom([]).findtext(f"{{{ATOM}}}updated") == "2026-03-01T12:00:00Z"
    feeds = [
        atom([], asked).findtext(f"{{{ATOM}}}id")
        for asked in ("", "party a", "party a")
    ]
    assert feeds[0] != feeds[1] == feeds[2]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(EVIL), st.text()), min_size=1, max_size=4))
def test_atom_survives_every_name(names):
    """Any names, titles and addresses give a feed that parses, without their markup."""
    url = f"javascript:{names[0]}"
    paper = Paper(title=names[0], site=names[-1], url=url, parties=("Nvidia",))
    root = atom([row(paper, parties=tuple(names))], names[0])
    entry = root.find(f"{{{ATOM}}}entry")
    assert entry.find(f"{{{ATOM}}}link") is None
    content = entry.findtext(f"{{{ATOM}}}content")
    assert "<script" not in content
    assert set(re.findall(r"<(\w+)", content)) <= {"ul", "li", "blockquote", "p"}


def test_a_thousand_parties_stay_readable():
    """The title counts who does not fit; the row has them all."""
    names = tuple(f"Company {n}" for n in range(1000))
    title = atom([row(Paper(), parties=names)]).findtext(
        f"{{{ATOM}}}entry/{{{ATOM}}}title"
    )
    assert title.endswith("more")
    assert len(title) < 160
    assert cells([row(Paper(), parties=names)])[1][0]["parties"].count(" | ") == 999
