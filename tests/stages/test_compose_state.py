"""Messages that stay true: sources per language, what differs, what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from deals import NOW, amount, article, capacity, deal, finding

from newsbot.stages.changes import AmountChange, StatusChange, changes
from newsbot.stages.compose import MAX_CHANGES, MAX_CLAIMS, compose
from newsbot.types import Span


def write(about, *articles, language="en", kind="new", changed=(), now=NOW):
    kept = articles or [article(one.article_id) for one in about.findings]
    return compose(
        about,
        {one.id: one for one in kept},
        kind=kind,
        language=language,
        summary=None,
        now=now,
        changed=changed,
    )


def last(alert):
    return alert.plain.splitlines()[-1]


def facts(alert, mark="• Purchase"):
    return [line for line in alert.plain.splitlines() if line.startswith(mark)]


def test_sources_are_counted_per_language():
    """Three papers, one of them German, as both readers see it."""
    papers = [article("a"), article("b"), article("c", language="de")]
    about = deal(*(finding(one.id) for one in papers))
    assert last(write(about, *papers)) == "3 sources (2 EN, 1 DE), first seen 09:00 UTC"
    assert last(write(about, *papers, language="de")) == (
        "3 Quellen (2 EN, 1 DE), zuerst um 09:00 UTC"
    )


def test_another_day_is_named():
    """A message written the day after the deal was seen gives the date."""
    alert = write(deal(finding()), now=NOW + timedelta(days=1))
    assert last(alert) == "1 source (EN), first seen 2026-03-02 09:00 UTC"
    german = write(deal(finding()), now=NOW + timedelta(days=1), language="de")
    assert last(german) == "1 Quelle (EN), zuerst am 2026-03-02 um 09:00 UTC"


def test_a_wire_copy_is_neither_counted_nor_quoted():
    """The same text under another paper's name adds nothing to the message."""
    papers = [article("a"), article("b", fingerprint=article("a").fingerprint)]
    alert = write(deal(finding("a"), finding("b")), *papers)
    assert last(alert).startswith("1 source (EN)")
    assert len(facts(alert, ">")) == 1


def test_press_releases_are_marked():
    """Alone, among reports, and where nobody reports, in count and quote."""
    release = article("a", url="https://www.prnewswire.com/x")
    other = article("b", url="https://www.businesswire.com/x")
    paper = article("c")
    alone = write(deal(finding("a")), release)
    assert last(alone).startswith("1 source (EN, press release), ")
    assert "a.example.org, press release https" in alone.plain
    mixed = write(deal(finding("a"), finding("c")), release, paper)
    assert last(mixed).startswith("2 sources (2 EN; 1 × press release), ")
    both = write(deal(finding("a"), finding("b")), release, other, language="de")
    assert last(both).startswith("2 Quellen (2 EN; nur Pressemitteilungen), ")


def test_two_figures_stand_side_by_side():
    """What papers disagree about is one line that names them, and no average."""
    about = deal(
        finding("a", amount(20)),
        finding("b", amount(15, currency="EUR", bound="about")),
    )
    papers = [article("a", site="Blatt A"), article("b", site="Blatt B")]
    assert facts(write(about, *papers)) == [
        "• Purchase, figures differ: $20bn (Blatt A) / about €15bn (Blatt B)"
    ]
    assert facts(write(about, *papers, language="de"), "• Kauf") == [
        "• Kauf, Angaben weichen ab: 20 Mrd. US-Dollar (Blatt A) / "
        "rund 15 Mrd. Euro (Blatt B)"
    ]


def test_up_to_and_committed_stand_side_by_side_rounding_does_not():
    """A ceiling is no promise; a rounded figure is the same one."""
    firm, ceiling = finding("a", amount(20)), finding("b", amount(20, bound="up_to"))
    assert (
        "figures differ: $20bn (a.example.org) / up to $20bn (b"
        in facts(write(deal(firm, ceiling)))[0]
    )
    rounded = finding("b", amount(20.4))
    assert not any("differ" in line for line in facts(write(deal(firm, rounded))))


def test_a_thousand_figures_are_counted():
    """However many papers disagree, the line stays readable."""
    told = [finding(f"p{n:02}", amount(2**n)) for n in range(30)]
    (line,) = facts(write(deal(*told)))
    assert line.count(" / ") == MAX_CLAIMS
    assert line.endswith("26 others")


def test_a_figure_of_the_talks_says_so():
    """Once there is a contract, what was negotiated is shown as that."""
    talks = finding("a", amount(20, bound="up_to"), status="talks")
    about = deal(talks, finding("b", amount(30)))
    assert facts(write(about)) == [
        "• Purchase: up to $20bn (when it was in talks)",
        "• Purchase: $30bn",
    ]
    only = write(deal(talks, finding("b")), language="de")
    assert facts(only, "• Kauf") == ["• Kauf: bis zu 20 Mrd. US-Dollar"]


def test_what_changed_stands_below_the_headline():
    """In words, in both languages, before everything else."""
    before = deal(finding("a", amount(20, bound="up_to"), status="talks"))
    after = deal(*before.findings, finding("b", amount(30)))
    changed = changes(before, after, {})
    assert write(after, kind="update", changed=changed).plain.splitlines()[:3] == [
        "Update – New deal: Oracle and CoreWeave",
        "→ now signed (was: in talks)",
        "→ amount now $30bn (was: up to $20bn)",
    ]
    german = write(after, kind="update", changed=changed, language="de")
    assert "→ jetzt vereinbart (vorher: in Verhandlung)" in german.plain


@pytest.mark.parametrize("name", ["<b>&", "x" * 3_000, "a\n→ b", "😀" * 900])
def test_a_hostile_party_changes_one_line_only(name):
    """A new party's name is escaped, cut, and kept on its line."""
    before = deal(finding())
    after = deal(finding(), parties=(*before.parties, (name, ("partner",))))
    alert = write(after, kind="update", changed=changes(before, after, {}))
    assert len(facts(alert, "→")) == 1
    assert "<b>&" not in alert.html
    assert len(alert.html) < 4096


def test_a_thousand_changes_are_counted():
    """A message stays one message when a thousand parties join."""
    before = deal(finding())
    parties = tuple((f"Party {n}", ("partner",)) for n in range(1_000))
    after = replace(before, parties=(*before.parties, *parties))
    alert = write(after, kind="update", changed=changes(before, after, {}))
    told = facts(alert, "→")
    assert len(told) == MAX_CHANGES + 1
    assert told[-1] == "→ 992 others"
    assert "1 source" in alert.plain


def test_each_update_has_its_own_id():
    """A new figure without a new status is another message; a source is none."""
    one = deal(finding("a"))
    two = deal(finding("a"), finding("b", amount(30)))
    three = deal(*two.findings, finding("c", size=[capacity(2)]))
    ids = {
        write(one, kind="update").id,
        write(two, kind="update", changed=changes(one, two, {})).id,
        write(three, kind="update", changed=changes(two, three, {})).id,
    }
    assert len(ids) == 3
    later = changes(one, three, {})
    assert write(one).id == write(three, changed=later).id


def quotes(alert):
    return [line.partition(" — ")[::2] for line in facts(alert, "> ")]


def reported(name, text, **parts):
    """A paper that tells the deal in a sentence, and a finding that points at it."""
    paper = article(name, text=text)
    place = Span(article_id=name, start=14, end=len(paper.full_text))
    told = finding(name, **parts)
    parties = tuple(replace(one, span=place, quote=place) for one in told.parties)
    return paper, replace(told, status_quote=place, parties=parties)


@pytest.mark.parametrize("kind", ["update", "correction"])
def test_an_update_quotes_who_says_so_first(kind):
    """Three papers told of talks; the fourth, which says signed, is the first quote."""
    talks = [
        reported(name, f"Paper {name} hears of talks.", status="talks")
        for name in "bcd"
    ]
    paper, signed = reported("z", "Both have signed.")
    about = deal(*(told for _, told in talks), signed)
    alert = compose(
        about,
        {one.id: one for one in (*(paper for paper, _ in talks), paper)},
        kind=kind, language="en", summary=None, now=NOW,
        changed=[StatusChange(now="announced", was="talks")], occasion="z",
    )  # fmt: skip
    (first, source), *others = quotes(alert)
    assert (first, source.split()[0]) == ("> “Both have signed.”", "z.example.org")
    assert [quote for quote, _ in others] == [
        "> “Paper b hears of talks.”", "> “Paper c hears of talks.”"
    ]  # fmt: skip


def test_a_new_figure_stands_in_the_first_quote():
    """Of the article that brings a sum, the sentence with it is quoted before others."""
    text = "It is signed. Oracle pays a lot. The price is $40bn."
    paper, told = reported("z", text)
    start = paper.full_text.index("The price")
    place = Span(article_id="z", start=start, end=len(paper.full_text))
    whole = Span(article_id="z", start=14, end=27)
    figure = replace(amount(40), span=place, quote=place)
    parties = tuple(replace(one, quote=whole) for one in told.parties)
    told = replace(told, amounts=(figure,), parties=parties, status_quote=whole)
    earlier, known = reported("b", "Oracle is in talks.")
    alert = compose(
        deal(known, told), {"b": earlier, "z": paper},
        kind="update", language="en", summary=None, now=NOW,
        changed=[AmountChange(now=figure, was=())], occasion="z",
    )  # fmt: skip
    said = [quote for quote, _ in quotes(alert)]
    assert said == [
        "> “The price is $40bn.”", "> “It is signed.”", "> “Oracle is in talks.”"
    ]  # fmt: skip


def test_an_occasion_that_is_gone_leaves_the_other_quotes():
    """Its page was forgotten: what is kept is quoted."""
    earlier, known = reported("b", "Oracle is in talks.")
    _, told = reported("z", "Both have signed.")
    alert = compose(
        deal(known, told), {"b": earlier},
        kind="update", language="en", summary=None, now=NOW,
        changed=[StatusChange(now="announced", was="talks")], occasion="z",
    )  # fmt: skip
    assert [quote for quote, _ in quotes(alert)] == ["> “Oracle is in talks.”"]
