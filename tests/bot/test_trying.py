"""/test URL: the model is asked beside the conversation; nothing is kept."""

from __future__ import annotations

import threading
import time

import pytest
from fakes import FakeFetcher, FakeJudge
from talking_bot import MANAGER, READER, rig

from newsbot.errors import FetchError, ModelMissingError

URL = "https://paper.example/a"
TITLE = "Nvidia and Anthropic sign an AI cloud deal"
TEXT = "Anthropic will rent AI chips from Nvidia for $30bn, both said. " * 20
RAIN = "It rains on Hamburg and nobody has signed anything at all there. " * 20


def page(title, text):
    return (
        f"<html><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    ).encode()


@pytest.fixture
def web():
    return FakeFetcher(
        {
            URL: page(TITLE, TEXT),
            "https://paper.example/rain": page("Rain", RAIN),
            "https://paper.example/gone": FetchError(
                "https://paper.example/gone", "no answer"
            ),
        }
    )


@pytest.fixture
def bot(tmp_path, web):
    with rig(tmp_path, fetcher=web) as made:
        yield made


def tried(bot, url, n, *, code="en"):
    """What a manager is told of a page, in so many messages."""
    before = len(bot.server.messages(str(MANAGER)))
    bot.ask(MANAGER, f"/test {url}", code=code)
    said = bot.server.until(
        lambda: (
            len(bot.server.messages(str(MANAGER))) >= before + 1 + n
            and bot.server.messages(str(MANAGER))[before + 1 :]
        )
    )
    assert len(said) == n
    return said


def test_a_deal_is_told_as_its_alert_would_tell_it(bot):
    """Verdict, probability and threshold; parties and quotes; nothing is stored."""
    head, alert = tried(bot, URL, 2)
    assert TITLE in head
    assert "A deal, probability 0.90 (threshold 0.50)" in head
    assert "Nvidia" in alert
    assert "Anthropic" in alert
    assert "Anthropic will rent AI chips" in alert or TITLE in alert
    for table in ("entries", "articles", "findings", "deals", "alerts", "news"):
        assert bot.rows(f"SELECT * FROM {table}") == [], table


class Slow(FakeJudge):
    """A model that has other things to do."""

    def __init__(self, *names):
        super().__init__(*names)
        self.begun, self.free = threading.Event(), threading.Event()

    def judge(self, readings, now):
        self.begun.set()
        assert self.free.wait(60)
        return super().judge(readings, now)


def test_no_other_answer_waits_for_the_model(bot):
    """Neither what is said at once, nor what takes a while, as an export does."""
    bot.admit(READER)
    bot.judge = Slow("Nvidia", "Anthropic")
    bot.ask(MANAGER, f"/test {URL}")
    assert bot.judge.begun.wait(20)
    assert bot.ask(READER, "/help")
    bot.server.say(READER, "/export")
    bot.server.until(lambda: bot.server.documents)
    assert len(bot.server.messages(str(MANAGER))) == 1  # it is still thinking
    bot.judge.free.set()
    bot.server.until(lambda: len(bot.server.messages(str(MANAGER))) == 3)


def test_the_verdict_in_german(bot):
    """Who writes in German reads so."""
    head, alert = tried(bot, URL, 2, code="de")
    assert "Ein Deal, Wahrscheinlichkeit 0.90 (Schwelle 0.50)" in head
    assert "Neu" in alert


def test_no_deal(bot):
    """The gate keeps rain from the model; what the model takes for none is none."""
    (head,) = tried(bot, "https://paper.example/rain", 1)
    assert "No deal: kept from the model" in head
    assert bot.judge.judged == []
    bot.judge = FakeJudge()
    (head,) = tried(bot, URL, 1)
    assert "No deal, probability 0.10 (threshold 0.50)." in head


def test_what_cannot_be_read_or_judged_is_said(bot):
    """No answer, no model, and what nobody foresaw: one line each."""
    (said,) = tried(bot, "https://paper.example/gone", 1)
    assert "did not arrive" in said
    bot.judge = FakeJudge(script=[ModelMissingError("no weights here")])
    (said,) = tried(bot, URL, 1)
    assert said == "The model cannot be asked: no weights here"
    (said,) = tried(bot, "https://paper.example/surprise", 1)
    assert "went wrong" in said


def test_only_managers_may_try(bot):
    """Everybody else is told so, and nothing is fetched."""
    bot.admit(READER)
    bot.ask(READER, f"/test {URL}")
    assert bot._fetcher.asked == []
    for words in ("", "javascript:alert(1)", "file:///etc/passwd", "x" * 3_000):
        bot.ask(MANAGER, f"/test {words}")
    assert bot._fetcher.asked == []


def test_a_model_that_thinks_delays_no_answer(bot):
    """While an article is judged, other commands are answered."""
    thinking = threading.Event()

    class Slow(FakeJudge):
        def judge(self, readings, now):
            thinking.wait(20)
            return super().judge(readings, now)

    bot.judge = Slow("Nvidia", "Anthropic")
    bot.ask(MANAGER, f"/test {URL}")
    began = time.monotonic()
    (answer,) = bot.ask(MANAGER, "/stats")
    waited = time.monotonic() - began
    assert "deals" in answer
    assert not thinking.is_set()
    thinking.set()
    bot.server.until(
        lambda: any("A deal" in one for one in bot.server.messages(str(MANAGER)))
    )
    assert waited < 20
