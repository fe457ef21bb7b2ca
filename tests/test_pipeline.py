"""The line: whatever happens on the way, each story is told once, and never lost."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import (
    GAZETTEER,
    NOW,
    Bench,
    FakeChannel,
    FakeJudge,
    FakeSummariser,
    entry,
    rows,
)
from servers.feeds import item, rss

from newsbot.adapters.db import open_store
from newsbot.errors import (
    FetchError,
    ModelMissingError,
    ModelOutputError,
    StoreError,
)
from newsbot.pipeline import FIRST_WAIT, MAX_ATTEMPTS, STAGES
from newsbot.ports import TextAnswer
from newsbot.prompts import load_prompt
from newsbot.stages.parse import parse_feed
from newsbot.stages.prompted import PromptJudge
from newsbot.stages.reading import read_article
from newsbot.stages.summarise import QuotingSummariser
from newsbot.types import identity

HOUR = timedelta(hours=1)
DULL = "Rain in Hamburg all week, the weather service says"
SUMMARY = (
    "Nvidia and Anthropic sign an AI cloud deal over computing capacity in several "
    "data centres, both companies said on Sunday in a joint statement."
)


@pytest.fixture
def bench():
    store = open_store(None)
    yield Bench(store)
    store.close()


def gone(url, status=404):
    return FetchError(url, "server answered so", status=status)


# --- twice equals once, interrupted equals uninterrupted


def test_a_story_in_two_papers_is_one_alert(bench):
    """Two wordings of a deal and a negative give one deal and one message."""
    bench.announce(entry("a"), entry("b"), entry("c", title=DULL))
    bench.walk()
    assert len(bench.store.ledger.deals()) == 1
    (message,) = bench.channels[0].sent
    assert "Nvidia and Anthropic" in message[1].plain
    assert bench.state(entry("c"))[:2] == ("irrelevant", "no organisation")


def test_twice_is_once(bench):
    """Announcing and walking everything again changes no row and sends nothing."""
    for _ in range(2):
        bench.announce(entry("a"), entry("b"), entry("c", title=DULL))
        bench.walk()
        before = rows(bench.store)
    bench.clock.forward(HOUR)
    bench.walk()
    assert rows(bench.store) == before
    assert len(bench.channels[0].sent) == 1


class Killed(BaseException):
    """What no `except Exception` holds up, as no process holds up a kill."""


def kill_before(store, number):
    """Let *number* transactions through, then die at the next one."""
    connection, passed = store.connection, itertools.count()
    atomic = connection.atomic

    @contextmanager
    def counted():
        if not connection.raw.in_transaction and next(passed) == number:
            raise Killed
        with atomic() as db:
            yield db

    connection.atomic = counted


def test_killed_anywhere_equals_not_killed(tmp_path):
    """A kill before any transaction loses nothing; what was marked sent stays sent."""
    announced = [entry("a"), entry("b"), entry("c", title=DULL)]
    whole = Bench(open_store(None))
    whole.announce(*announced)
    whole.walk()
    wanted = rows(whole.store)
    for number in itertools.count():
        path, channel = tmp_path / f"{number}.db", FakeChannel()
        first = Bench(open_store(path), channels=[channel])
        kill_before(first.store, number)
        killed = False
        try:
            first.announce(*announced)
            first.walk()
        except Killed:
            killed = True
        first.store.close()
        second = Bench(open_store(path), channels=[channel])
        marked = any(d.state == "sent" for d in second.store.outbox.deliveries())
        n_before = len(channel.sent)
        second.announce(*announced)
        second.walk()
        assert rows(second.store) == wanted, number
        assert len(channel.sent) - n_before == (0 if marked else 1), number
        second.store.close()
        if not killed:
            break
    assert number > 3 * len(STAGES) - 5  # a kill between any two was tried


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES])
def test_a_step_that_dies_is_done_again(bench, stage, monkeypatch):
    """A kill inside any step leaves the row in its state, and the next walk ends it."""
    monkeypatch.setattr("newsbot.pipeline.STAGES", dying_at(stage))
    bench.announce(entry("a"), entry("b"))
    with pytest.raises(Killed):
        bench.walk()
    bench.walk()
    assert {bench.state(one)[0] for one in (entry("a"), entry("b"))} == {"done"}
    assert len(bench.channels[0].sent) == 1


def dying_at(name):
    def dies(run):
        lives = []

        def step(parts, entries, now):
            outcomes = iter(run(parts, entries, now))
            yield next(outcomes)
            if not lives:
                lives.append(1)
                raise Killed
            yield from outcomes

        return step

    return tuple(
        replace(stage, run=dies(stage.run)) if stage.name == name else stage
        for stage in STAGES
    )


def test_a_stop_ends_between_two_batches(bench):
    """A walk that is asked to stop leaves the rest, and the next walk goes on there."""
    bench.announce(entry("a"))
    looks = iter([False, False, True])
    bench.walk(stopping=lambda: next(looks, True))
    assert bench.state(entry("a"))[0] == "extracted"
    bench.walk()
    assert bench.state(entry("a"))[0] == "done"


# --- the order of the queue


def test_the_most_promising_then_the_oldest_is_judged_first(bench):
    """The judge reads headlines full of cues first, and of equals the oldest."""
    weak = entry("weak", title="Nvidia and Anthropic talk of clouds", summary=SUMMARY)
    late = entry("late")
    early = entry("earl", published_at=NOW - HOUR)
    bench.announce(weak, late, early)
    bench.walk()
    assert bench.judge.judged == [[early.title, late.title, weak.title]]


def test_the_end_of_the_line_is_served_first(bench):
    """What is nearly done does not wait for what has just begun."""
    bench.announce(*(entry(f"n{n:02}") for n in range(40)))
    seen = []
    bench.walk(progress=lambda stage, _n: seen.append(stage))
    assert seen[:2] == ["fetch", "extract"]
    assert seen.index("compose") < len(seen) - 1 - seen[::-1].index("fetch")


def test_nothing_is_asked_for_nothing(bench):
    """Without a due article no model is built: loading one takes seconds."""

    class NoModel(Bench):
        @property
        def parts(self):
            def missing():
                raise AssertionError("a model was loaded for nothing")

            return replace(super().parts, judge=missing, summariser=missing)

    idle = NoModel(bench.store)
    idle.announce(entry("c", title=DULL))
    idle.walk()
    assert idle.state(entry("c"))[0] == "irrelevant"


# --- errors


def test_an_error_that_may_pass_waits_longer_each_time_and_is_given_up(bench):
    """A model that keeps failing costs six tries with doubling waits, then says so."""
    bench.judge.script.items.extend([ModelOutputError("no JSON")] * MAX_ATTEMPTS)
    one = entry("a")
    bench.announce(one)
    for attempt in range(MAX_ATTEMPTS - 1):
        bench.walk()
        state, reason, n_errors = bench.state(one)
        assert (state, n_errors) == ("relevant", attempt + 1)
        assert reason == "ModelOutputError: no JSON"
        bench.clock.forward(FIRST_WAIT * 2**attempt - timedelta(seconds=1))
        bench.walk()
        assert bench.state(one)[2] == attempt + 1  # too early: it was not asked
        bench.clock.forward(timedelta(seconds=1))
    bench.walk()
    assert bench.state(one) == ("failed", "ModelOutputError: no JSON", 0)
    assert len(bench.judge.judged) == MAX_ATTEMPTS


def test_one_bad_article_does_not_hold_up_its_batch(bench, monkeypatch):
    """An article at which a stage breaks waits alone; the others of its batch go on."""
    judged = FakeJudge.judge

    def judge(self, readings, now):
        if any("bad" in reading.article.title for reading in readings):
            raise ZeroDivisionError("something\nnobody foresaw")
        return judged(self, readings, now)

    monkeypatch.setattr(FakeJudge, "judge", judge)
    bench.announce(entry("a"), entry("bad"), entry("z"))
    bench.walk()
    assert bench.state(entry("bad"))[:2] == (
        "relevant",
        "ZeroDivisionError: something nobody foresaw",
    )
    assert bench.state(entry("a"))[0] == bench.state(entry("z"))[0] == "done"
    assert len(bench.channels[0].sent) == 1


@pytest.mark.parametrize("error", [ModelMissingError("x"), StoreError("disk full")])
def test_what_is_no_articles_fault_ends_the_walk(bench, error):
    """No model, or a full disk, is told at once, and no article pays for it."""
    bench.judge.script.items.append(error)
    bench.announce(entry("a"))
    with pytest.raises(type(error)):
        bench.walk()
    assert bench.state(entry("a")) == ("relevant", None, 0)


def test_an_article_that_vanished_fails_with_its_reason(bench):
    """A row without its article leaves the queue instead of turning in it for ever."""
    one = entry("a")
    bench.announce(one)
    bench.store.line.advance(one.id, taken="found", given="relevant")
    bench.walk()
    assert bench.state(one)[:2] == ("failed", "its article is gone")


@pytest.mark.parametrize("status", [404, 410, 403])
def test_a_page_that_is_gone_is_replaced_by_the_feeds_summary(bench, status):
    """A permanent error is not tried again: the summary is judged, and marked so."""
    one = entry("a", summary=SUMMARY)
    bench.fetcher.pages[one.url] = gone(one.url, status)
    bench.announce(one)
    bench.walk()
    article = bench.store.line.article_of(one.id)
    assert (article.text_origin, article.text) == ("summary", SUMMARY)
    assert len(bench.fetcher.asked) == 1
    assert len(bench.channels[0].sent) == 1


def test_without_page_and_summary_the_row_says_why(bench):
    """An entry of which nothing is left names the server's answer."""
    one = entry("a")
    bench.fetcher.pages[one.url] = gone(one.url)
    bench.announce(one)
    bench.walk()
    state, reason, _ = bench.state(one)
    assert state == "skipped"
    assert "no text" in reason
    assert "server answered so" in reason


def test_a_host_that_is_down_is_asked_again_and_then_given_up(bench):
    """Errors that may pass honour Retry-After; the summary stands in at the end."""
    one = entry("a", summary=SUMMARY)
    later = NOW + 3 * HOUR
    busy = FetchError(one.url, "busy", status=503, retry_at=later)
    down = FetchError(one.url, "connection refused")
    bench.fetcher.pages[one.url] = [busy, down]
    bench.announce(one)
    bench.walk()
    bench.clock.forward(2 * HOUR)
    bench.walk()
    assert bench.state(one)[2] == 1  # not before the time that the server named
    for _ in range(MAX_ATTEMPTS):
        bench.clock.forward(2 * HOUR)
        bench.walk()
    assert len(bench.fetcher.asked) == MAX_ATTEMPTS
    assert bench.state(one)[0] == "done"
    assert bench.store.line.article_of(one.id).text_origin == "summary"


def test_old_news_of_a_first_poll_stays_silent(bench):
    """On a feed's first poll, entries beyond the age are stored but never alert."""
    old = item("old", title=entry("a").title, date="Tue, 24 Feb 2026 12:00:00 GMT")
    parsed = parse_feed(
        rss(old).encode(),
        url="https://a.example/feed",
        content_type="application/rss+xml",
        feed_id=identity("feed", "https://a.example/feed"),
        language=None,
        now=NOW,
        max_age=2 * 24 * HOUR,
        first_poll=True,
    )
    bench.announce(*parsed.entries)
    bench.walk()
    assert len(bench.store.ledger.deals()) == 1
    assert bench.store.outbox.alerts() == []


# --- the fakes keep the contract of the real parts


class YesModel:
    """A text model that finds in every article the deal of two companies."""

    id = "yes"

    def choose(self, requests):
        return [(1.0, 0.0) for _ in requests]

    def generate(self, requests):
        answer = (
            '[{"status": "announced", "types": ["customer"], "amounts": [], "parties":'
            ' [{"name": "Nvidia", "roles": ["partner"]},'
            ' {"name": "Anthropic", "roles": ["partner"]}]}]'
        )
        count = {"n_prompt_tokens": 1, "n_generated_tokens": 1}
        return [TextAnswer(text=answer, **count) for _ in requests]


def real_judge():
    prompts = load_prompt("detect_deal"), load_prompt("extract_deal")
    return PromptJudge(YesModel(), *prompts, GAZETTEER)


@pytest.mark.parametrize(
    ("judge", "summariser"),
    [
        (FakeJudge("Nvidia", "Anthropic"), FakeSummariser()),
        (real_judge(), QuotingSummariser(GAZETTEER)),
    ],
    ids=["fake", "real"],
)
def test_judge_and_summariser_answer_for_each_article(bench, judge, summariser):
    """One answer per article, in order, whose spans read back what they claim."""
    bench.announce(entry("a"), entry("c", title=DULL), entry("b"))
    bench.walk()
    articles = [bench.store.line.article_of(entry(n).id) for n in "acb"]
    readings = [read_article(article, GAZETTEER) for article in articles]
    judgements = judge.judge(readings, NOW)
    assert [j.assessment.article_id for j in judgements] == [a.id for a in articles]
    assert [j.assessment.is_deal for j in judgements] == [True, False, True]
    assert [len(j.findings) for j in judgements] == [1, 0, 1]
    for reading, judgement in zip(readings, judgements, strict=True):
        for finding in judgement.findings:
            assert {p.name for p in finding.parties} == {"Nvidia", "Anthropic"}
            assert all(reading.text(p.span) == p.name for p in finding.parties)
    found = [judgement.findings for judgement in judgements]
    summaries = summariser.summarise(readings, found, NOW)
    assert [s.article_id for s in summaries] == [a.id for a in articles]
    assert all(summary.text for summary in summaries)
    assert (judge.judge([], NOW), summariser.summarise([], [], NOW)) == ([], [])
