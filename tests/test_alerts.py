"""What becomes of a message that was sent, when its deal moves on."""

from __future__ import annotations

import itertools
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from fakes import Bench, FakeChannel, FakeJudge, entry, rows
from servers import telegram as api
from servers.telegram import TelegramServer

from newsbot.adapters.db import open_store
from newsbot.adapters.telegram.channel import TelegramChannel
from newsbot.alerts import COLLECT, correct_withdrawn
from newsbot.attempts import MAX_TRIES
from newsbot.errors import DeliveryError
from newsbot.evaluation.gold import read_gold
from newsbot.tuning.corpus_files import corpus_files
from newsbot.types import Amount

HOUR = timedelta(hours=1)
#: Texts that are no copies of each other, by language.
TEXTS = {"en": [], "de": []}
for one in read_gold(corpus_files([])):
    TEXTS[one.language].append(one.text)
GONE = DeliveryError("message to edit not found", retry=False)
DOWN = DeliveryError("down", retry=True)


class Judge(FakeJudge):
    """Reads status and sum from the title, too: "talks", "for $30bn"."""

    def _one(self, reading, now):
        judgement = super()._one(reading, now)
        title = reading.article.title
        findings = []
        for found in judgement.findings:
            words = title.split()
            status = "talks" if "talks" in words else found.status
            amounts = tuple(
                Amount(
                    value=Decimal(word.strip("$bn,")) * 10**9,
                    currency="USD",
                    kind="purchase",
                    bound="up_to" if "to" in words else "exact",
                    payer=None,
                    span=found.status_quote,
                    quote=found.status_quote,
                )
                for word in words
                if word.startswith("$")
            )
            findings.append(replace(found, status=status, amounts=amounts))
        return replace(judgement, findings=tuple(findings))


def bench_on(store, *channels):
    return Bench(store, judge=Judge("Nvidia", "Anthropic"), channels=channels)


@pytest.fixture
def bench():
    store = open_store(None)
    yield bench_on(store)
    store.close()


def paper(name, says="sign an AI cloud deal", *, language="en", number=None, **changes):
    """An entry of a paper of its own, and its page."""
    title = f"Nvidia and Anthropic {says}, {name} reports"
    url = f"https://{name}.example/deal"
    text = TEXTS[language][sum(map(ord, name)) if number is None else number]
    body = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
    page = f"<html><body><article><h1>{title}</h1>{body}</article></body></html>"
    one = entry(name, url=url, title=title, language=language, **changes)
    return one, page.encode()


def announce(bench, *papers):
    for one, page in papers:
        bench.fetcher.pages[one.url] = page
    bench.announce(*(one for one, _ in papers))
    bench.walk()


def later(bench, by=COLLECT):
    bench.clock.forward(by)
    bench.walk()


def last(text):
    return text.splitlines()[-1]


def edit_row(bench):
    (row,) = bench.store.connection.rows("SELECT * FROM edits")
    return row


# --- repeats


def test_a_repeat_edits_and_sends_nothing(bench):
    """Another paper raises the count in the message that is there, a minute later."""
    announce(bench, paper("a"))
    assert last(bench.channels[0].sent[0][1].plain).startswith("1 source (EN)")
    announce(bench, paper("b"), paper("c", language="de"))
    assert bench.channels[0].edited == []
    later(bench)
    ((recipient, provider_id, text),) = bench.channels[0].edited
    assert (recipient, provider_id) == ("-", "1")
    assert last(text) == "3 sources (2 EN, 1 DE), first seen 12:00 UTC"
    assert len(bench.channels[0].sent) == 1


def test_a_wire_copy_edits_nothing(bench):
    """The same text in another paper changes no word of the message."""
    announce(bench, paper("a", number=1))
    announce(bench, paper("b", number=1))
    later(bench)
    assert len(bench.store.ledger.deals()[0].findings) == 2
    assert bench.channels[0].edited == []


def test_a_message_is_edited_once_a_minute_with_the_latest_text(bench):
    """Papers that come one by one within a minute make one edit, the next another."""
    announce(bench, paper("a"))
    step = timedelta(seconds=15)
    for name in "bcde":
        announce(bench, paper(name))
        bench.clock.forward(step)
    bench.walk()
    announce(bench, paper("f"))
    bench.clock.forward(COLLECT - step)
    bench.walk()
    assert [last(text)[:9] for _, _, text in bench.channels[0].edited] == ["5 sources"]
    later(bench, step)
    assert [last(text)[:9] for _, _, text in bench.channels[0].edited] == [
        "5 sources",
        "6 sources",
    ]


def test_a_message_that_still_waits_goes_out_with_the_newest_text(bench):
    """What nobody has seen needs no edit."""
    bench.channels[0].script.items.append(DOWN)
    announce(bench, paper("a"))
    announce(bench, paper("b"))
    later(bench, HOUR)
    ((_, alert),) = bench.channels[0].sent
    assert last(alert.plain).startswith("2 sources")
    assert bench.channels[0].edited == []


def test_old_news_corrects_but_does_not_alert(bench):
    """What may not alert still raises the count of a message that was sent."""
    announce(bench, paper("a"))
    announce(bench, paper("b", may_alert=False))
    later(bench)
    assert len(bench.channels[0].sent) == len(bench.channels[0].edited) == 1


def test_every_recipient_s_message_is_edited(bench):
    """Two channels, two messages, two edits, each under its own id."""
    bench.channels = [FakeChannel("console"), FakeChannel("telegram")]
    bench.channels[1].sent = [None]  # so that the ids differ
    announce(bench, paper("a"))
    announce(bench, paper("b"))
    later(bench)
    assert [c.edited[0][1] for c in bench.channels] == ["1", "2"]


# --- updates


def test_an_update_answers_the_first_message_and_says_what_changed(bench):
    """A reply with old and new, and the first message shows how the deal stands."""
    announce(bench, paper("a", "in talks over up to $20bn of AI cloud"))
    announce(bench, paper("b", "sign an AI cloud deal for $25bn"))
    channel = bench.channels[0]
    assert channel.replies == [None, "1"]
    reply = channel.sent[1][1]
    assert reply.kind == "update"
    assert reply.plain.splitlines()[:3] == [
        "Update – New deal: Nvidia and Anthropic",
        "→ now signed (was: in talks)",
        "→ amount now $25bn (was: up to $20bn)",
    ]
    later(bench)
    ((_, provider_id, text),) = channel.edited
    assert provider_id == "1"
    assert text.splitlines()[:2] == [
        "New deal: Nvidia and Anthropic",
        "→ now signed (was: in talks)",
    ]
    assert "up to $20bn (when it was in talks)" in text


def test_a_later_paper_edits_first_message_and_reply(bench):
    """The reply keeps what it told; both count the new paper."""
    announce(bench, paper("a", "in talks over AI cloud"))
    announce(bench, paper("b", "sign an AI cloud deal for $30bn"))
    later(bench)
    announce(bench, paper("c", "sign an AI cloud deal for $30bn"))
    later(bench)
    assert len(bench.channels[0].sent) == 2
    edited = bench.channels[0].edited[1:]
    assert sorted(provider_id for _, provider_id, _ in edited) == ["1", "2"]
    assert {last(text)[:9] for _, _, text in edited} == {"3 sources"}
    reply = next(text for _, provider_id, text in edited if provider_id == "2")
    assert "→ now signed (was: in talks)" in reply


def test_what_the_first_message_told_is_told_once(bench):
    """Talks and contract that arrive together are one message, not two."""
    announce(
        bench,
        paper(
            "a", "in talks over AI cloud", published_at=entry("a").published_at - HOUR
        ),
        paper("b", "sign an AI cloud deal for $30bn"),
    )
    later(bench)
    ((_, alert),) = bench.channels[0].sent
    assert alert.kind == "new"
    assert "2 sources" in alert.plain
    assert bench.channels[0].edited == []


def test_a_message_of_an_older_version_stays_as_it_is(bench):
    """Without a note of what it told, a message is not edited, but is answered."""
    announce(bench, paper("a", "in talks over AI cloud"))
    bench.store.connection.db.execute("UPDATE alerts SET told = NULL")
    announce(bench, paper("b", "in talks over AI cloud"))
    announce(bench, paper("c", "sign an AI cloud deal"))
    later(bench)
    assert bench.channels[0].replies == [None, "1"]
    assert [a.kind for _, a in bench.channels[0].sent] == ["new", "update"]
    assert bench.channels[0].edited == []


# --- edits that fail


def failing(bench, *script):
    """A message that was sent, with a repeat whose edit goes as the script says."""
    announce(bench, paper("a"))
    announce(bench, paper("b"))
    bench.channels[0].script.items.extend(script)
    later(bench)


def test_a_deleted_message_is_given_up_quietly(bench):
    """The reason is kept; later papers do not try again."""
    failing(bench, GONE)
    row = edit_row(bench)
    assert (row["state"], row["error"]) == ("failed", "message to edit not found")
    announce(bench, paper("c"))
    later(bench, HOUR)
    assert bench.channels[0].edited == []
    assert edit_row(bench)["n_attempts"] == 1
    assert bench.store.outbox.deliveries()[0].state == "sent"


def test_an_edit_is_tried_again_with_growing_waits_and_not_for_ever(bench):
    """Twelve tries; a later paper has the message tried once more."""
    failing(bench, *[DOWN] * MAX_TRIES)
    for _ in range(MAX_TRIES - 1):
        assert edit_row(bench)["state"] == "pending"
        later(bench, 25 * HOUR)
    assert (edit_row(bench)["state"], edit_row(bench)["error"]) == ("unknown", "down")
    later(bench, 25 * HOUR)
    assert bench.channels[0].edited == []
    announce(bench, paper("c"))
    later(bench)
    assert last(bench.channels[0].edited[0][2]).startswith("3 sources")


def test_the_wait_that_a_provider_names_holds_for_the_whole_recipient(bench):
    """After "too many requests" nothing more is edited there before its time."""
    announce(bench, paper("a", "in talks over AI cloud"))
    announce(bench, paper("b", "sign an AI cloud deal"))
    later(bench)
    assert len(bench.channels[0].edited) == 1
    announce(bench, paper("c", "sign an AI cloud deal"))
    slow = DeliveryError("slow down", retry=True, retry_after=90)
    bench.channels[0].script.items.append(slow)
    later(bench)
    later(bench, timedelta(seconds=89))
    assert len(bench.channels[0].edited) == 1
    later(bench, timedelta(seconds=1))
    assert len(bench.channels[0].edited) == 3


def test_an_edit_for_a_removed_channel_waits_for_its_return(bench):
    """Taking a channel out of the config loses none of its edits."""
    announce(bench, paper("a"))
    announce(bench, paper("b"))
    channels, bench.channels = bench.channels, [FakeChannel("telegram")]
    for _ in range(2 * MAX_TRIES):
        later(bench, 2 * HOUR)
    assert edit_row(bench)["error"] == "channel console is not configured"
    bench.channels = channels
    later(bench, 2 * HOUR)
    assert len(channels[0].edited) == 1


def test_an_unforeseen_error_does_not_stop_the_line(bench):
    """A fault in a channel is written down; the next paper is walked all the same."""
    failing(bench, RuntimeError("un\nforeseen"))
    assert edit_row(bench)["error"] == "RuntimeError: un foreseen"
    announce(bench, paper("c"))
    assert bench.state(paper("c")[0])[0] == "done"


# --- kills


class Killed(BaseException):
    """What no `except Exception` holds up."""


def kill_before(store, number):
    connection, passed = store.connection, itertools.count()
    atomic = connection.atomic

    @contextmanager
    def counted():
        if not connection.db.conn.in_transaction and next(passed) == number:
            raise Killed
        with atomic() as db:
            yield db

    connection.atomic = counted


def lasting(store):
    """The ledger and its messages, whose quotes depend on who came through first."""
    kept = rows(store)
    del kept["edits"]
    kept["alerts"] = [
        (row["id"], row["kind"], last(row["plain"])) for row in kept["alerts"]
    ]
    return kept


def test_killed_anywhere_ends_with_the_same_messages(tmp_path):
    """A repeat and an update, killed before any transaction: no third alert, all true."""
    begun = tmp_path / "begun.db"
    first = bench_on(open_store(begun))
    announce(first, paper("a", "in talks over AI cloud"))
    first.store.close()
    more = [paper("b", "in talks over AI cloud"), paper("c", "sign an AI cloud deal")]

    def go_on(bench):
        announce(bench, *more)
        later(bench)

    def opened(path):
        shutil.copy(begun, path)
        return bench_on(open_store(path))

    whole = opened(tmp_path / "whole.db")
    go_on(whole)
    wanted = lasting(whole.store)
    assert len(whole.channels[0].sent) == len(whole.channels[0].edited) == 1
    whole.store.close()
    for number in itertools.count():
        path = tmp_path / f"{number}.db"
        bench = opened(path)
        kill_before(bench.store, number)
        killed = False
        try:
            go_on(bench)
        except Killed:
            killed = True
        bench.store.close()
        again = bench_on(open_store(path), *bench.channels)
        again.clock.now = bench.clock.now
        marked = sum(d.state == "sent" for d in again.store.outbox.deliveries()) == 2
        n_before = len(again.channels[0].sent)
        go_on(again)
        assert lasting(again.store) == wanted, number
        later(again)
        assert again.store.outbox.edits(again.clock() + HOUR) == []
        assert len(again.channels[0].sent) - n_before == (0 if marked else 1), number
        again.store.close()
        if not killed:
            break
    assert number > 15


# --- the real channel


def test_telegram_shows_the_reply_and_the_edited_message(tmp_path):
    """One chat, from talks to contract to a third paper, as its readers see it."""
    store = open_store(tmp_path / "x.db")
    with TelegramServer() as server:
        channel = TelegramChannel(api.TOKEN, server.base_url, timeout_seconds=5)
        bench = bench_on(store, channel)
        bench.recipients = (("telegram", "-100"),)
        announce(bench, paper("a", "in talks over AI cloud"))
        announce(bench, paper("b", "sign an AI cloud deal for $30bn"))
        announce(bench, paper("c", "sign an AI cloud deal for $30bn", language="de"))
        later(bench)
        original, reply = server.accepted
        assert (original.reply_to, reply.reply_to) == (None, original.message_id)
        assert original.visible.startswith(
            "New deal: Nvidia and Anthropic\n→ now signed"
        )
        assert reply.visible.startswith("Update – New deal")
        for message in server.accepted:
            assert "3 sources (2 EN, 1 DE), first seen 12:00 UTC" in message.visible
            assert (message.parse_mode, message.preview) == ("HTML", False)
        server.delete(original.message_id)
        announce(bench, paper("d", "sign an AI cloud deal for $30bn"))
        later(bench)
        assert "4 sources" in server.accepted[0].visible
        states = store.connection.rows("SELECT state, error FROM edits ORDER BY state")
        assert [row["state"] for row in states] == ["failed", "sent"]
        assert "not found" in states[0]["error"]
        channel.close()
    store.close()


# --- mistakes of ours


def test_a_deal_that_was_none_is_taken_back_where_it_was_told(bench):
    """A reply, once, to those who got the message; later papers still count."""
    announce(bench, paper("a"))
    bench.recipients = (("console", "another"),)
    (deal,) = bench.store.ledger.deals()
    for _ in range(2):
        correct_withdrawn(bench.store, deal, bench.clock())
        bench.deliver()
    recipient, message = bench.channels[0].sent[-1]
    assert (recipient, message.kind) == ("-", "correction")
    assert message.plain.startswith("Correction: this was no deal, we were wrong: ")
    assert bench.channels[0].replies == [None, "1"]
    announce(bench, paper("b"))
    later(bench)
    assert len(bench.channels[0].edited) == 1
    assert len(bench.channels[0].sent) == 2


def test_a_deal_that_nobody_heard_of_needs_no_correction(bench):
    """Old news is stored without a message, and nothing is taken back."""
    announce(bench, paper("a", may_alert=False))
    (deal,) = bench.store.ledger.deals()
    correct_withdrawn(bench.store, deal, bench.clock())
    assert bench.deliver() == 0
