"""A publisher edits an article: the deal follows, and who was told is told, once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import NOW, Bench, FakeJudge, rows
from scripted_press import MINUTE, ScriptedJudge, edit, paper, publish

from newsbot.adapters.db import open_store
from newsbot.adapters.db.entries import MAX_READ_AGAIN
from newsbot.alerts import COLLECT
from newsbot.errors import FetchError
from newsbot.stages.identify import rebuilt
from newsbot.stages.rates import load_rates
from newsbot.stages.totals import totals
from newsbot.types import Decision

DAY = timedelta(days=1)
RAIN = "It rains in Hamburg, and nothing else was to be learnt there on Sunday."


@pytest.fixture
def bench():
    store = open_store(None)
    yield Bench(store, judge=ScriptedJudge())
    store.close()


def only(bench):
    (deal,) = bench.store.ledger.deals()
    return deal


def sums(deal):
    return [str(one.value) for finding in deal.findings for one in finding.amounts]


def sent(bench):
    return [alert.plain for _, alert in bench.channels[0].sent]


def settle(bench):
    bench.clock.forward(COLLECT)
    bench.walk()


# --- what is told


def test_a_corrected_amount_is_told_in_a_reply_and_shown_in_the_message(bench):
    """The deal keeps its id and follows the text; one reply names the publisher."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    before = only(bench)
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m"))
    after = only(bench)
    assert (after.id, sums(before), sums(after)) == (
        before.id,
        ["6000000000"],
        ["600000000"],
    )
    first, reply = bench.channels[0].sent
    assert reply[1].plain.startswith("Correction – New deal: ")
    assert "→ Handelspost has corrected: amount now €600m (was: €6bn)" in reply[1].plain
    assert (first[1].kind, reply[1].kind) == ("new", "correction")
    assert bench.channels[0].replies == [None, "1"]
    settle(bench)
    ((_, provider_id, shown),) = bench.channels[0].edited
    assert provider_id == "1"
    assert "€600m" in shown
    assert "1 source (EN)" in shown


def test_a_correction_in_german(bench):
    """The German reader reads who has corrected what in German."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"), "de")
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m"), "de")
    assert (
        "Handelspost hat korrigiert: Summe jetzt 600 Mio. Euro (vorher: 6 Mrd. Euro)"
        in (sent(bench)[-1])
    )
    edit(bench, paper("Handelspost", RAIN), "de")
    assert sent(bench)[-1] == (
        "Korrektur: Handelspost hat den Bericht zurückgezogen, und keine andere Quelle "
        "meldet diesen Deal: Nvidia und Anthropic."
    )


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("Nvidia and Anthropic sign", "no amount any more (was: €6bn)"),
        ("Nvidia and Anthropic in talks for €6bn", "now in talks (was: signed)"),
        ("Nvidia and Mistral AI sign for €6bn", "new party: Mistral AI"),
        ("Nvidia and Anthropic sign for up to €6bn", "amount now up to €6bn"),
    ],
)
def test_what_a_correction_may_change(bench, says, told):
    """A figure that is gone, an earlier status, another party, another bound."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    deal = only(bench)
    edit(bench, paper("Handelspost", says))
    assert only(bench).id == deal.id
    assert told in sent(bench)[-1]
    assert len(sent(bench)) == 2


def test_a_text_that_tells_the_same_deal_in_other_words_tells_nobody(bench):
    """A slip of the pen mended: a new version, the same facts, no message."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn, at last"))
    assert len(sent(bench)) == 1
    settle(bench)
    ((_, _, shown),) = bench.channels[0].edited
    assert "at last" in shown


def test_a_text_that_tells_no_deal_any_more_withdraws_it(bench):
    """Its only source gone, a deal stays, is marked, and is counted nowhere."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    edit(bench, paper("Handelspost", RAIN))
    deal = only(bench)
    assert (deal.withdrawn_by, deal.findings) == ("Handelspost", ())
    assert sent(bench)[1:] == [
        "Correction: Handelspost has withdrawn its report, and no other source tells "
        "of this deal: Nvidia and Anthropic."
    ]
    settle(bench)
    ((_, _, shown),) = bench.channels[0].edited
    assert shown.startswith("Withdrawn – New deal: Nvidia and Anthropic")
    told = totals([deal], load_rates(), bench.parts.gazetteer)
    assert (told.whole.n_deals, told.omitted.withdrawn) == (0, (deal.id,))
    assert bench.store.ledger.latest(9) == []
    assert bench.store.ledger.count() == 0


def test_other_sources_keep_a_deal(bench):
    """One of two papers takes its report back: the reader is told nothing wrong."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    publish(bench, paper("Abendblatt", "Nvidia and Anthropic sign for €6bn"))
    deal = only(bench)
    edit(bench, paper("Handelspost", RAIN))
    assert (only(bench).id, only(bench).withdrawn_by) == (deal.id, None)
    assert len(only(bench).findings) == 1
    assert len(sent(bench)) == 1
    settle(bench)
    assert "1 source (EN)" in bench.channels[0].edited[-1][2]


def test_a_withdrawn_deal_that_another_paper_tells_stands_again(bench):
    """It keeps its id; the reader hears of it in a reply, not in a second alert."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    deal = only(bench)
    edit(bench, paper("Handelspost", RAIN))
    publish(bench, paper("Abendblatt", "Nvidia and Anthropic sign for €5bn"))
    assert (only(bench).id, only(bench).withdrawn_by) == (deal.id, None)
    assert sums(only(bench)) == ["5000000000"]
    assert "told again, after the first report was withdrawn" in sent(bench)[-1]
    assert [alert.kind for _, alert in bench.channels[0].sent] == [
        "new",
        "correction",
        "update",
    ]


def test_who_was_not_told_needs_no_correction(bench):
    """Old news of a first poll is corrected in the ledger alone."""
    told = paper("Handelspost", "Nvidia and Anthropic sign for €6bn", may_alert=False)
    publish(bench, told)
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m"))
    assert sums(only(bench)) == ["600000000"]
    assert sent(bench) == []


def test_a_correction_that_brings_the_first_deal_is_an_alert(bench):
    """What was dull and now tells a deal is news like any other."""
    publish(bench, paper("Handelspost", RAIN))
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    assert [alert.kind for _, alert in bench.channels[0].sent] == ["new"]


# --- what counts as a correction


def test_the_same_text_again_is_read_and_leaves_everything(bench):
    """Another summary in the feed, the same page: fetched once more, no new version."""
    told = paper("Handelspost", "Nvidia and Anthropic sign for €6bn")
    publish(bench, told)
    before = {k: v for k, v in rows(bench.store).items() if k != "entries"}
    edit(bench, paper("Handelspost", told.entry.title, summary="In other words."))
    assert len(bench.fetcher.asked) == 2
    assert {k: v for k, v in rows(bench.store).items() if k != "entries"} == before
    assert bench.state(told.entry)[0] == "done"
    assert len(bench.judge.judged) == 1


def test_dates_and_churn_read_nothing_again(bench):
    """New dates, and a feed that goes back to what it said before, fetch no page."""
    told = paper("Handelspost", "Nvidia and Anthropic sign for €6bn")
    publish(bench, told)
    edit(bench, paper("Handelspost", told.entry.title, published_at=NOW + MINUTE))
    assert len(bench.fetcher.asked) == 1
    other = paper("Handelspost", told.entry.title, summary="Also so.")
    edit(bench, other)
    edit(bench, told)
    edit(bench, other)
    assert len(bench.fetcher.asked) == 2


def test_an_entry_is_read_again_a_few_times_a_day_only(bench):
    """Twenty edits in a day cost a few requests; the last one is read the next day."""
    told = paper("Handelspost", "Nvidia and Anthropic sign for €6bn")
    publish(bench, told)
    for n in range(20):
        bench.clock.forward(MINUTE)
        edit(bench, paper("Handelspost", f"Nvidia and Anthropic sign for €{n + 7}bn"))
    assert len(bench.fetcher.asked) == 1 + MAX_READ_AGAIN
    bench.clock.forward(DAY)
    bench.walk()
    assert len(bench.fetcher.asked) == 2 + MAX_READ_AGAIN
    assert sums(only(bench)) == ["26000000000"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_takes_nothing_back(bench, status):
    """No page is no correction: what was read on it stands, and the row says why."""
    told = paper("Handelspost", "Nvidia and Anthropic sign for €6bn")
    publish(bench, told)
    gone = paper("Handelspost", told.entry.title, summary="Nothing to see here. " * 20)
    bench.fetcher.pages[gone.entry.url] = FetchError(gone.entry.url, "x", status=status)
    bench.announce(gone.entry)
    bench.walk()
    state, reason, _ = bench.state(told.entry)
    assert (state, sums(only(bench))) == ("done", ["6000000000"])
    assert reason.startswith("could not be read again: the earlier text stands")


def test_an_edit_while_the_article_is_on_its_way_is_read_at_the_end(bench):
    """Mid-line, an entry goes on with what was read, and then to the head again."""
    told = paper("Handelspost", "Nvidia and Anthropic sign for €6bn")
    bench.fetcher.pages[told.entry.url] = told.page
    bench.announce(told.entry)
    looks = iter([False, False, True])
    bench.walk(stopping=lambda: next(looks, True))
    assert bench.state(told.entry)[0] == "extracted"
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m"))
    assert sums(only(bench)) == ["600000000"]
    assert bench.state(told.entry)[0] == "done"
    assert [alert.kind for _, alert in bench.channels[0].sent] == ["new", "correction"]


def test_a_judge_that_changes_its_mind_withdraws_nothing(bench):
    """Every sentence of the deal stands: the publisher has taken nothing back."""
    first = paper("Handelspost", "Nvidia and Anthropic sign for €6bn", more="Once.")
    publish(bench, first)
    deal = only(bench)
    bench.judge = FakeJudge()  # sees no deal in anything
    edit(bench, paper("Handelspost", first.entry.title, more="Twice.", summary="x"))
    assert (only(bench).id, only(bench).withdrawn_by) == (deal.id, None)
    (found,) = only(bench).findings
    article = bench.store.line.article(found.article_id)
    assert "Twice." in article.text
    for party in found.parties:
        assert article.full_text[party.span.start : party.span.end] == party.name
    taken_back = "Correction: an earlier version of this report was wrong."
    edit(bench, paper("Handelspost", first.entry.title, more=taken_back, summary="y"))
    assert only(bench).withdrawn_by == "Handelspost"


# --- what is kept


def test_the_earlier_text_stays_with_its_quotes(bench):
    """Its findings point into it; words are searched in the newest text only."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn, aye"))
    (old,) = only(bench).findings
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m, nay"))
    (new,) = only(bench).findings
    (left,) = bench.store.versions.left(only(bench).id)
    assert left == old
    assert new.article_id != old.article_id
    before = bench.store.line.article(old.article_id)
    quote = old.amounts[0].quote
    assert "€6bn" in before.full_text[quote.start : quote.end]
    assert bench.store.line.search("aye", 9) == []
    assert [one.id for one in bench.store.line.search("nay", 9)] == [new.article_id]
    with bench.store.atomic() as db:
        db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('integrity-check')")


def test_what_a_person_decided_holds_for_the_corrected_text(bench):
    """Parted findings stay parted, when one of them is corrected."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    publish(bench, paper("Abendblatt", "Nvidia and Anthropic sign for €6bn"))
    one, other = only(bench).findings
    bench.store.ledger.decide(
        Decision(
            kind="apart", finding_id=one.id, other_id=other.id, decided_at=bench.clock()
        )
    )
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €7bn"))
    pairs = {
        frozenset((kept.finding_id, kept.other_id))
        for kept in bench.store.ledger.decisions()
    }
    heirs = {finding.id for finding in only(bench).findings}
    assert heirs in pairs


def test_a_split_deal_is_corrected_where_it_went(bench):
    """A finding that a person moved is corrected in the deal that it was moved to."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    publish(bench, paper("Abendblatt", "Nvidia and Anthropic sign for €6bn"))
    whole = only(bench)
    sites = {bench.store.line.article(f.article_id).site: f for f in whole.findings}
    moved, kept = sites["Abendblatt"], sites["Handelspost"]
    ledger, gazetteer = bench.store.ledger, bench.parts.gazetteer
    with bench.store.atomic():
        for one, id_ in ((moved, "other"), (kept, whole.id)):
            ledger.rewrite(replace(rebuilt([(one, NOW)], gazetteer), id=id_))
        ledger.decide(
            Decision(
                kind="apart",
                finding_id=moved.id,
                other_id=kept.id,
                decided_at=bench.clock(),
            )
        )
    edit(bench, paper("Abendblatt", "Nvidia and Anthropic sign for €7bn"))
    assert sums(ledger.deal("other")) == ["7000000000"]
    assert sums(ledger.deal(whole.id)) == ["6000000000"]


def test_a_deal_told_new_is_not_news_again_by_its_correction(bench):
    """News keeps its number: the digest before it told the deal, the next does not."""
    publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
    before = [one.number for one in bench.store.news.after(0) if one.deal_id]
    edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m"))
    after = [one for one in bench.store.news.after(0) if one.kind == "finding"]
    assert [one.number for one in after] == before
    assert [one.verdict for one in after] == ["new"]
    assert after[0].subject == only(bench).findings[0].id


# --- order


def told(bench):
    """The deals as a reader sees them, whatever their ids."""
    return sorted(
        (
            tuple(sorted(name for name, _ in deal.parties)),
            deal.status,
            tuple(sorted(sums(deal))),
            tuple(
                sorted(
                    bench.store.line.article(one.article_id).site
                    for one in deal.findings
                )
            ),
        )
        for deal in bench.store.ledger.deals()
    )


def test_the_order_of_versions_and_papers_within_a_day_changes_no_deal():
    """A paper, its correction and two others: whatever comes when, the deals agree."""
    wrong = paper("Handelspost", "Nvidia and Anthropic sign for €6bn")
    right = paper("Handelspost", "Nvidia and Anthropic sign for €600m")
    second = paper("Abendblatt", "Nvidia and Anthropic sign for €600m")
    third = paper("Kurier", "Nvidia and Mistral AI sign for €2bn")
    outcomes = set()
    for order in itertools.permutations((wrong, right, second, third)):
        if order.index(right) < order.index(wrong):
            continue  # no version comes before the one that it replaces
        bench = Bench(open_store(None), judge=ScriptedJudge())
        for one in order:
            (edit if one is right else publish)(bench, one)
            bench.clock.forward(MINUTE)
        outcomes.add(tuple(told(bench)))
        kinds = [alert.kind for _, alert in bench.channels[0].sent]
        assert kinds.count("new") <= 3
        bench.store.close()
    assert len(outcomes) == 1, outcomes


def test_a_feed_that_never_saw_the_first_version_gives_the_same_deal():
    """Only the corrected text was ever read: as if there had been no other."""
    seen = []
    for versions in (("€6bn", "€600m"), ("€600m",)):
        bench = Bench(open_store(None), judge=ScriptedJudge())
        for n, figure in enumerate(versions):
            one = paper("Handelspost", f"Nvidia and Anthropic sign for {figure}")
            (edit if n else publish)(bench, one)
        seen.append(told(bench))
        bench.store.close()
    assert seen[0] == seen[1]
