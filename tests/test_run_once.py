"""`run --once`: what it writes goes out before it leaves, edits too."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from fakes import AnyPage, Clock, FakeFetcher, FakeSummariser, InlineParsing, feed
from scripted_press import ScriptedJudge, paper

from newsbot.app import App
from newsbot.config import Config

SIX = "Nvidia and Anthropic sign for €6bn"
GERMAN = "Nvidia und Anthropic einigen sich auf €6bn"


@pytest.fixture
def app(tmp_path):
    clock = Clock()
    made = App(Config(folder=tmp_path), clock=clock, stdout=io.StringIO())
    judge, summariser = ScriptedJudge(), FakeSummariser()
    made.__dict__["parts"] = replace(
        made.parts,
        fetcher=FakeFetcher(),
        parsing=InlineParsing(),
        permission=AnyPage(),
        judge=lambda: judge,
        summariser=lambda: summariser,
    )
    yield made
    made.close()


def announce(app, *papers):
    for one in papers:
        app.parts.fetcher.pages[one.entry.url] = one.page
    app.store.feeds.add(feed())
    app.store.feeds.polled(feed(), [one.entry for one in papers], app.clock())


def printed(app):
    return app._stdout.getvalue()


def test_a_second_paper_edits_the_message_in_the_same_run(app):
    """Another paper of a deal that was told: its count of sources, before the run ends."""
    announce(app, paper("Handelspost", SIX))
    app.walk_and_send()
    announce(app, paper("Abendblatt", GERMAN, german=True))
    app.walk_and_send()
    out = printed(app)
    assert out.count("New deal") >= 1
    assert "~ " in out
    assert "2 sources" in out
    (edit,) = app.store.connection.rows("SELECT state FROM edits")
    assert edit["state"] == "sent"
    app.walk_and_send()
    assert printed(app) == out


def test_a_correction_and_its_edit_leave_in_one_run(app):
    """The reply and the corrected first message, without another run."""
    announce(app, paper("Handelspost", SIX))
    app.walk_and_send()
    announce(app, paper("Handelspost", "Nvidia and Anthropic sign for €600m"))
    app.walk_and_send()
    assert "Handelspost has corrected" in printed(app)
    states = [row["state"] for row in app.store.connection.rows("SELECT * FROM edits")]
    assert states == ["sent"]


def test_an_edit_that_failed_keeps_its_own_time(app):
    """Only what waits for more papers is hurried, not what a channel refused."""
    announce(app, paper("Handelspost", SIX))
    app.walk_and_send()
    announce(app, paper("Abendblatt", GERMAN, german=True))
    app.walk_and_send()
    with app.store.atomic() as db:
        db.execute(
            "UPDATE edits SET state = 'pending', n_attempts = 2, due_at = '2999-01-01'"
        )
    app.walk_and_send()
    (edit,) = app.store.connection.rows("SELECT state, due_at FROM edits")
    assert (edit["state"], edit["due_at"]) == ("pending", "2999-01-01")
