"""What was corrected after a digest is in the next one: each reader, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from fakes import NOW, Bench
from mail_rig import desk, text_of
from scripted_press import MINUTE, ScriptedJudge, edit, paper, publish

from newsbot.adapters.db import open_store
from newsbot.adapters.pages import Templates
from newsbot.digests import told_of_day, told_since, write_digest
from newsbot.press import Press
from newsbot.stages.edition_page import Health
from newsbot.stages.edition_short import short_digest
from newsbot.stages.identify import rebuilt, united
from newsbot.stages.rates import load_rates
from newsbot.subscribing import Choice
from newsbot.types import Decision

SIX = "Nvidia and Anthropic sign for €6bn"
LESS = "Nvidia and Anthropic sign for €600m"
RAIN = "It rains in Hamburg, and nothing else was to be learnt there on Sunday."
DAY = date(2026, 3, 2)


class Reader:
    """Somebody who gets a digest whenever asked, from a ledger with a line."""

    def __init__(self, choice=None):
        self.bench = Bench(open_store(None), judge=ScriptedJudge())
        self.press = Press(
            store=self.bench.store,
            gazetteer=self.bench.parts.gazetteer,
            rates=load_rates(),
            templates=Templates(None),
            paint=None,
        )
        self.choice = choice or Choice()
        self.since = 0

    def next(self):
        """What the next digest tells; it is not told again."""
        upto = self.bench.store.news.last()
        told = told_since(self.press, self.since, upto, self.choice)
        self.since = upto
        return told

    def page(self, told, language="en"):
        return write_digest(
            self.press,
            told,
            DAY,
            language=language,
            choice=self.choice,
            until=NOW,
            health=Health(line="well"),
        )

    def publish(self, site, says, **changes):
        self.bench.clock.forward(MINUTE)
        publish(self.bench, paper(site, says, **changes))

    edit = publish

    def only(self):
        (deal,) = self.bench.store.ledger.deals()
        return deal


@pytest.fixture
def reader():
    one = Reader()
    yield one
    one.bench.store.close()


def lines(told):
    """The changes as a reader reads them, deal by deal."""
    from newsbot.stages.edition_items import item_of

    return [item_of(one, "en").changes for one in told.updates]


def test_a_corrected_sum_is_in_the_next_digest_and_in_no_other(reader):
    """Told, corrected, told so with both figures and the publisher's name; then quiet."""
    reader.publish("Handelspost", SIX)
    assert len(reader.next().new) == 1
    reader.edit("Handelspost", LESS)
    told = reader.next()
    assert lines(told) == [("Handelspost has corrected: amount now €600m (was: €6bn)",)]
    assert (told.new, told.talks) == ((), ())
    page = reader.page(told)
    assert page.subject.startswith("1 correction – 2 March 2026: ")
    assert "Updates and corrections" in page.text
    german = reader.page(told, "de")
    assert "1 Korrektur" in german.subject
    assert "Handelspost hat korrigiert: Summe jetzt 600 Mio. Euro" in german.text
    short = short_digest(told, DAY, "en", Health(line="well"))
    assert "Handelspost has corrected: amount now €600m (was: €6bn)" in short.plain
    assert reader.next().deals == ()


def test_a_deal_corrected_before_its_first_digest_is_new_there(reader):
    """Who never read the wrong figure is not told of it."""
    reader.publish("Handelspost", SIX)
    reader.edit("Handelspost", LESS)
    told = reader.next()
    assert [one.new for one in told.deals] == [True]
    assert "600m" in reader.page(told).text
    assert "6bn" not in reader.page(told).text
    assert reader.next().deals == ()


def test_two_corrections_between_two_digests_are_one(reader):
    """What was told is compared with what stands; what stood between is nothing."""
    reader.publish("Handelspost", SIX)
    reader.next()
    reader.edit("Handelspost", LESS)
    reader.edit("Handelspost", "Nvidia and Anthropic sign for €7bn")
    assert lines(reader.next()) == [
        ("Handelspost has corrected: amount now €7bn (was: €6bn)",)
    ]
    reader.edit("Handelspost", "Nvidia and Anthropic sign for €8bn")
    assert lines(reader.next()) == [
        ("Handelspost has corrected: amount now €8bn (was: €7bn)",)
    ]
    reader.edit("Handelspost", SIX)
    reader.edit("Handelspost", "Nvidia and Anthropic sign for €8bn, as said")
    assert reader.next().deals == ()


def test_a_withdrawal_is_in_the_next_digest(reader):
    """The only report was taken back: one item says so, without figures."""
    reader.publish("Handelspost", SIX)
    reader.next()
    reader.edit("Handelspost", RAIN)
    told = reader.next()
    assert lines(told) == [
        ("Handelspost has withdrawn its report, and no other source tells of it",)
    ]
    text = reader.page(told).text
    assert "Withdrawn" in text
    assert "6bn" not in text
    assert reader.next().deals == ()
    reader.publish("Abendblatt", "Nvidia and Anthropic sign for €5bn")
    ((first, *_),) = lines(reader.next())
    assert first == "told again, after the first report was withdrawn"
    assert reader.next().deals == ()


def test_a_deal_that_came_and_went_between_two_digests_is_in_none(reader):
    """Withdrawn before anybody read of it: nobody needs to know."""
    reader.publish("Handelspost", SIX)
    reader.edit("Handelspost", RAIN)
    told = reader.next()
    assert told.deals == ()
    assert reader.next().deals == ()


def test_another_paper_keeps_a_withdrawn_report_alive(reader):
    """One of two takes it back: what the reader knows still is so."""
    reader.publish("Handelspost", SIX)
    reader.publish("Abendblatt", SIX)
    reader.next()
    reader.edit("Handelspost", RAIN)
    assert reader.next().deals == ()


def test_news_and_a_correction_in_one_digest(reader):
    """A third party by another paper is news, and no publisher's correction."""
    reader.publish("Handelspost", SIX)
    reader.next()
    reader.edit("Handelspost", f"{SIX}, at last")
    reader.publish("Abendblatt", "Nvidia, Oracle and Anthropic sign for €6bn")
    (changed,) = lines(reader.next())
    assert changed
    assert not any("corrected" in line for line in changed)


def test_old_news_is_corrected_in_silence(reader):
    """Who was told nothing of a first poll's old news hears no correction of it."""
    reader.publish("Handelspost", SIX, may_alert=False)
    reader.next()
    reader.edit("Handelspost", LESS)
    assert reader.next().deals == ()


@pytest.mark.parametrize(
    "choice",
    [
        Choice(min_amount="1bn"),
        Choice(parties=("Nvidia",), languages=("en",)),
        Choice(statuses=("announced",)),
    ],
)
def test_who_chose_the_deal_hears_of_its_correction(choice):
    """Corrected below the sum that a reader asks for, withdrawn: told to who knew."""
    for says in (LESS, RAIN):
        reader = Reader(choice)
        reader.publish("Handelspost", SIX)
        assert len(reader.next().new) == 1
        reader.edit("Handelspost", says)
        assert len(reader.next().updates) == 1
        reader.bench.store.close()


def test_who_wanted_no_such_deal_hears_no_correction():
    """A wish that kept a deal out keeps its correction out."""
    reader = Reader(Choice(parties=("Mistral AI",)))
    reader.publish("Handelspost", SIX)
    assert reader.next().deals == ()
    reader.edit("Handelspost", LESS)
    assert reader.next().deals == ()
    reader.bench.store.close()


def test_each_day_of_the_ledger_tells_what_was_known_then(reader):
    """The first day has the wrong figure; the day of the correction has both."""
    reader.publish("Handelspost", SIX)
    day = timedelta(days=1)
    midnight = NOW.replace(hour=0)
    reader.bench.clock.forward(day)
    reader.edit("Handelspost", LESS)
    first = told_of_day(reader.press, midnight, midnight + day, Choice())
    second = told_of_day(reader.press, midnight + day, midnight + 2 * day, Choice())
    assert [one.new for one in first.deals] == [True]
    assert "€6bn" in reader.page(first).text
    assert lines(second) == [
        ("Handelspost has corrected: amount now €600m (was: €6bn)",)
    ]


def split_off(reader, site):
    """What `newsbot split` does with the findings of one site."""
    store, gazetteer = reader.bench.store, reader.bench.parts.gazetteer
    whole = reader.only()
    by_site = {store.line.article(one.article_id).site: one for one in whole.findings}
    moved = by_site.pop(site)
    rest = replace(
        rebuilt([(one, NOW) for one in by_site.values()], gazetteer), id=whole.id
    )
    with store.atomic():
        for one in by_site.values():
            store.ledger.decide(
                Decision(
                    kind="apart",
                    finding_id=moved.id,
                    other_id=one.id,
                    decided_at=reader.bench.clock(),
                )
            )
        other = replace(rebuilt([(moved, NOW)], gazetteer), id="another")
        store.ledger.part(rest, other, reader.bench.clock())
    return whole


def test_our_own_mistakes_are_in_the_next_digest(reader):
    """Two deals told as one are parted, and made one again: each said once."""
    reader.publish("Handelspost", SIX)
    reader.publish("Abendblatt", SIX)
    reader.next()
    whole = split_off(reader, "Abendblatt")
    told = reader.next()
    (said,) = lines(told)
    assert said == (
        "two deals told as one by mistake; the other one is: Nvidia and Anthropic",
    )
    assert reader.page(told).subject.startswith("1 correction ")
    assert reader.next().deals == ()
    store = reader.bench.store
    one, other = store.ledger.deal(whole.id), store.ledger.deal("another")
    with store.atomic():
        store.ledger.absorb(["another"], whole.id, reader.bench.clock())
        joined = united(one, other, reader.bench.parts.gazetteer)
        store.ledger.rewrite(replace(joined, id=whole.id))
    (said,) = lines(reader.next())
    assert said[0].startswith("told as two deals by mistake, it is one")
    assert reader.next().deals == ()


def test_a_mistake_mended_before_the_digest_is_none(reader):
    """Parted before anybody read of it: two new deals, and no excuse."""
    reader.publish("Handelspost", SIX)
    reader.publish("Abendblatt", SIX)
    split_off(reader, "Abendblatt")
    told = reader.next()
    assert len(told.new) == 2
    assert told.updates == ()


def test_a_reader_gets_one_mail_with_the_correction(tmp_path):
    """Over a real server: the day's digest, the next day's correction, then nothing."""
    with desk(tmp_path, digest={"empty_days": "skip"}) as mail:
        bench = Bench(mail.store, judge=ScriptedJudge())
        mail.at = NOW
        mail.reader()
        publish(bench, paper("Handelspost", SIX))
        mail.run(hours=24)
        bench.clock.now = mail.at
        edit(bench, paper("Handelspost", LESS))
        mail.run(hours=72)
        texts = [text_of(one) for one in mail.mails]
        assert len([text for text in texts if "has corrected" in text]) == 1
        assert "corrected" not in texts[0]
        assert "amount now €600m (was: €6bn)" in texts[1]
