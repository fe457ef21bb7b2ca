"""What a digest tells: new, changed, talked about; and how it is counted and cut."""

import re
from dataclasses import replace
from datetime import date, timedelta

import digest_ledger as ledger
import pytest
from db_nouns import memory_store

from newsbot.stages.edition import arrange, of_day, since, tell_deals
from newsbot.stages.edition_items import item_of
from newsbot.stages.edition_page import (
    ROOMS,
    Health,
    Panorama,
    alert_edition,
    edition,
    health_of,
)
from newsbot.stages.edition_words import WORDS, long_day

DAY = date(2026, 1, 31)
WELL = Health(line="2 of 2 feeds healthy")


@pytest.fixture(scope="module")
def known():
    """The deals of the day, all news, and their articles."""
    with memory_store() as store:
        ledger.fill(store, feeds=0)
        deals = store.ledger.deals()
        ids = {one.article_id for deal in deals for one in deal.findings}
        articles = {id_: store.line.article(id_) for id_ in ids}
        return deals, store.news.after(0), articles


def told(known, fresh):
    deals, news, articles = known
    return tell_deals(deals, news, fresh, articles, related=str.__eq__)


def names(found):
    return {one.deal.id for one in found}


def test_everything_is_told_once(known):
    """Cut the news at any place: no deal is new twice, and none is left out."""
    _, news, _ = known
    whole = names(told(known, since(news, 0)))
    for cut in range(len(news) + 1):
        later = frozenset(one.number for one in news if one.number > cut)
        first = told(
            known,
            replace(since(news, 0), told=since(news, 0).told - later, later=later),
        )
        second = told(known, since(news, cut))
        new = [one.deal.id for one in (*first, *second) if one.new]
        assert len(new) == len(set(new))
        assert set(new) == whole
        updated = [one.deal.id for one in (*first, *second) if not one.new]
        assert len(updated) == len(set(updated))


def test_retold_is_not_told(known):
    """A repeat alone is no news."""
    _, news, _ = known
    repeat = next(one for one in news if one.verdict == "repeat")
    fresh = replace(since(news, 0), told=frozenset([repeat.number]))
    assert told(known, fresh) == []


def test_a_day_knows_nothing_of_the_next(known):
    """On 26 January the deal was only talked about, with the figure of then."""
    _, news, _ = known
    start = ledger.DAY - timedelta(days=5)
    (one,) = told(known, of_day(news, start, start + timedelta(days=1)))
    assert (one.deal.id, one.deal.status, one.new) == ("old-3", "talks", True)
    assert item_of(one, "en").figure == "up to €2bn"


def test_sections(known):
    """New, changed, talked about; the largest sums first."""
    _, news, _ = known
    found = told(known, of_day(news, ledger.DAY, ledger.DAY + timedelta(days=1)))
    parts = arrange(found, [])
    assert [one.deal.id for one in parts.new] == ["new-1", "new-2", "new-3"]
    assert [one.deal.id for one in parts.updates] == ["old-3"]
    assert [one.deal.id for one in parts.talks] == ["new-4"]
    item = item_of(parts.updates[0], "en")
    assert item.status == "Signed"
    assert item.changes == (
        "now signed (was: in talks)",
        "amount now €1.6bn (was: up to €2bn)",
    )
    assert item.figure == "€1.6bn"


def test_long_lists_are_counted(known):
    """What does not fit is counted, section by section, and where to find it is said."""
    _, news, _ = known
    parts = arrange(told(known, since(news, 0)), [])
    many = replace(parts, new=parts.new * 100)
    page = edition(
        many, DAY, language="en", room=ROOMS[-1], health=WELL, panorama=Panorama()
    )
    section = page.sections[0]
    assert len(section.items) + len(section.brief) + section.n_left == len(many.new)
    assert "newsbot deals --since 2026-01-31" in page.read_all
    assert page.subject.startswith(f"{len(many.new)} new deals")


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_figure_stands_in_its_quote_however_long_the_sentence(language):
    """A sentence of a thousand letters with sums at its end: shown where they stand."""
    far = "wie sie sagen, " * 40
    text = (
        f"Lab zahlt Cloud 11 Milliarden Euro und {far}dazu 22 Milliarden Euro, also "
        f"33 Milliarden Euro, und {far}später 44 Milliarden Euro. Mehr nicht."
    )
    sums = tuple(
        (f"{n} Milliarden Euro", n, "EUR", "purchase", "exact", "Lab")
        for n in (44, 11, 22, 33)
    )
    with memory_store() as store:
        story = ledger.Story(
            deal="long",
            text=text,
            parties={"Lab": "customer", "Cloud": "provider"},
            sums=sums,
        )
        ledger.fill(store, [story], feeds=0)
        deals, news = store.ledger.deals(), store.news.after(0)
        articles = {one.article_id: None for one in deals[0].findings}
        articles = {id_: store.line.article(id_) for id_ in articles}
    (one,) = tell_deals(deals, news, since(news, 0), articles, related=str.__eq__)
    item = item_of(one, language)
    shown = [(figure, fact.quote) for fact in item.facts for _, figure in fact.figures]
    assert len(shown) == 4
    for figure, quote in shown:
        number = re.search(r"\d\d", figure)[0]
        assert f"{number} Milliarden Euro" in quote
        assert len(quote) <= 320
        assert quote.strip("…").rstrip() in text
    assert [fact.quote[0] == "…" for fact in item.facts] == [False, True, True]
    assert len(item.facts[1].figures) == 2


@pytest.mark.parametrize("language", ["de", "en"])
def test_strangers_fill_no_screen(known, language):
    """Gigantic and hostile names stay one line of bounded length."""
    _, news, _ = known
    (one, *_) = told(known, since(news, 0))
    evil = "x\u202e\r\n\x00" * 900
    deal = replace(
        one.deal, parties=tuple((f"{evil}{n}", ("customer",)) for n in range(500))
    )
    item = item_of(replace(one, deal=deal), language)
    assert len(item.heading) < 500
    assert len(item.parties) == 8
    for text in (item.heading, *(name for name, _ in item.parties)):
        assert not set(text) & set("\u202e\r\n\x00")
    assert len(alert_edition(replace(one, deal=deal), DAY, language).subject) <= 150


def test_the_feeds_health():
    """Well, ill, silent, none: each said in words."""
    well = ledger.feed("a")
    ill = [ledger.feed(f"i{n}", error=f"HTTP 50{n}", n_errors=1) for n in range(15)]
    assert not health_of([well], ledger.NOW, "en").broken
    assert health_of([well], ledger.NOW, "en").line == "1 of 1 feeds healthy"
    many = health_of([well, *ill], ledger.NOW, "de")
    assert many.line == "1 von 16 Feeds in Ordnung"
    assert len(many.failing) == 11
    assert many.failing[-1] == ("5 weitere", "")
    silent = health_of([well], ledger.NOW + timedelta(days=2), "en")
    assert silent.broken
    assert "no feed was read since 2026-01-31" in silent.silent
    never = replace(well, last_polled_at=None)
    assert health_of([never], ledger.NOW, "en").silent == "no feed was read yet"
    assert not health_of([], ledger.NOW, "en").broken


def test_both_languages_have_every_word():
    """No word is missing or left in the other language."""
    fields = WORDS["en"].__slots__
    same = {
        name
        for name in fields
        if getattr(WORDS["en"], name) == getattr(WORDS["de"], name)
    }
    assert same == {"cloud", "health"}
    assert long_day(DAY, "de") == "Samstag, 31. Januar 2026"
    assert long_day(DAY, "en") == "Saturday, 31 January 2026"
