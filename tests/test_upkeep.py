"""The service's own jobs: due by the ledger, and none stops another."""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from db_nouns import (
    NOW,
    alert,
    announce,
    announce_articles,
    article,
    assessment,
    deal,
    entry,
    feed,
    finding,
    put,
)
from servers.fetching import make
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.db import open_store
from newsbot.adapters.db.labels import Label
from newsbot.adapters.db.watch import WatchRows
from newsbot.adapters.db.wrong_clock import WAITS
from newsbot.config import load_config
from newsbot.errors import ConfigError
from newsbot.pipeline import STAGES
from newsbot.types import Page, Span
from newsbot.upkeep import Upkeep, look
from newsbot.watching import STAGE_OF

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Rig:
    """A ledger, its config, and what keeps it."""

    def __init__(self, folder, more="", fetcher=None):
        path = folder / "config.toml"
        path.write_text(more)
        self.config = load_config(path)
        self.store = open_store(self.config.database_path)
        self.told = []
        self.upkeep = Upkeep(
            self.config,
            self.store.connection,
            lambda: fetcher,
            lambda text, now: self.told.append(text),
        )

    def done(self, job):
        """When a job was done, and its error; None if never."""
        rows = WatchRows(self.store.connection).done()
        return next(((d.done_at, d.error) for d in rows if d.job == job), None)


def test_the_stages_are_those_of_the_line():
    """What health calls a stage is what the line calls it."""
    assert list(STAGE_OF.items()) == [(one.taken, one.name) for one in STAGES]


def test_a_backup_is_made_when_it_is_due_and_not_at_each_start(tmp_path):
    """Once a day whatever restarts; two stay."""
    more = '[backup]\nto = "copies"\nevery = "1d"\nkeep = 2\n'
    for hours in (0, 1, 23, 24, 25, 48, 72):
        rig = Rig(tmp_path, more)
        rig.upkeep.serve(NOW + hours * HOUR)
        rig.store.close()
    names = sorted(one.name for one in (tmp_path / "copies").iterdir())
    assert names == ["newsbot-20260303T120000Z.db", "newsbot-20260304T120000Z.db"]


def test_a_backup_that_fails_is_told_and_tried_again(tmp_path):
    """The reason stands in health, the rest goes on, and an hour later it is mended."""
    (tmp_path / "copies").write_text("no folder")
    rig = Rig(tmp_path, '[backup]\nto = "copies"\n')
    rig.upkeep.serve(NOW)
    assert rig.done("pulse") == (NOW, None)
    at, error = rig.done("backup")
    assert at == NOW
    assert "copies" in error
    _, health = look(rig.config, NOW)
    assert any("the last backup failed" in one for one in health.problems)
    (tmp_path / "copies").unlink()
    rig.upkeep.serve(NOW + HOUR / 2)
    assert not (tmp_path / "copies").exists()
    rig.upkeep.serve(NOW + HOUR)
    assert rig.done("backup") == (NOW + HOUR, None)
    assert look(rig.config, NOW)[1].ok


def test_what_is_too_old_goes_and_quotes_stay(tmp_path):
    """Pages, texts and labels go after their days; what a deal quotes can be read, and
    what is still on the line keeps all it needs.
    """
    rig = Rig(tmp_path, "[retention]\npages = 30\ntexts = 60\nfeedback = 90\n")
    store = rig.store
    announce_articles(store, article(), article("b"))
    put(store, deal(), "a")
    announce(store, entry("waits"))
    for name in ("a", "b", "waits"):
        page = Page(
            entry_id=f"entry-{name}",
            url="https://example.org",
            status=200,
            content_type="text/html",
            body=b"<p>",
            fetched_at=NOW,
        )
        store.line.put_page(page)
    store.connection.db.execute(
        "UPDATE entries SET state = 'done' WHERE id < 'entry-w'"
    )
    store.labels.put(Label(deal_id="deal-a", user_id=7, kind="yes", labelled_at=NOW))

    def left():
        pages = [store.line.page(f"entry-{one}") is not None for one in ("a", "waits")]
        texts = [store.line.article(f"article-{one}").text for one in ("a", "b")]
        return pages, texts, len(store.labels.all())

    whole = "Microsoft & OpenAI bauen."
    rig.upkeep.serve(NOW + 29 * DAY)
    assert left() == ([True, True], [whole, whole], 1)
    rig.upkeep.serve(NOW + 31 * DAY)
    assert left() == ([False, True], [whole, whole], 1)
    # The quote of tests/db_nouns.py lies in the title.
    rig.upkeep.serve(NOW + 61 * DAY)
    assert left() == ([False, True], ["", ""], 1)
    assert store.line.search("bauen", 10) == []
    assert store.line.search("Lübeck", 10) != []
    rig.upkeep.serve(NOW + 91 * DAY)
    assert left()[2] == 0
    found = store.ledger.deal("deal-a")
    assert found.findings[0].parties[0].name == "Nvidia"
    check = store.connection.rows("PRAGMA integrity_check")
    assert check == [{"integrity_check": "ok"}]


def test_a_quote_stays_where_it_was(tmp_path):
    """The sentence behind a deal keeps its place in the text; all else is spaces."""
    rig = Rig(tmp_path, "[retention]\npages = 0\ntexts = 1\n")
    text = "Vorher steht etwas. Microsoft & OpenAI bauen. Danach kommt mehr."
    whole = article(text=text)
    announce_articles(rig.store, whole)
    start = whole.full_text.index("Microsoft")
    span = Span(article_id="article-a", start=start, end=start + 25)
    party = replace(finding().parties[0], span=span, quote=span)
    noun = finding(status_quote=span, parties=(party,))
    rig.store.ledger.put_assessment(assessment(), [noun], ())
    rig.store.connection.db.execute("UPDATE entries SET state = 'done'")
    rig.upkeep.serve(NOW + 2 * DAY)
    kept = rig.store.line.article("article-a")
    assert kept.full_text[span.start : span.end] == "Microsoft & OpenAI bauen."
    assert kept.text.split() == ["Microsoft", "&", "OpenAI", "bauen."]


def test_the_heartbeat_beats_while_all_is_well(tmp_path):
    """It is asked for every five minutes, not while something has to be mended, and its
    address, which is a secret, is in no error.
    """
    more = '[heartbeat]\nurl_env = "BEAT"\nevery = "5m"\n'
    with ScriptedServer() as server, closing(make(server)) as fetcher:
        url = server.on("/ping/secret", Reply(200, {}, b"OK"))
        with patch.dict(os.environ, {"BEAT": url}):
            rig = Rig(tmp_path, more, fetcher)
        for minutes in (0, 1, 4, 5, 6):
            rig.upkeep.serve(NOW + timedelta(minutes=minutes))
        assert len(server.requests) == 2
        rig.store.feeds.add(feed_that_fails())
        rig.upkeep.serve(NOW + timedelta(minutes=20))
        assert len(server.requests) == 2
        rig.store.feeds.remove("broken")
        server.on("/ping/secret", Reply(404, {}, b""))
        rig.upkeep.serve(NOW + timedelta(minutes=30))
        assert len(server.requests) == 3
        error = rig.done("heartbeat")[1]
        assert "404" in error
        assert "secret" not in error
        with patch.dict(os.environ, {"BEAT": "no address"}), pytest.raises(ConfigError):
            Rig(tmp_path, more, fetcher)


@pytest.mark.parametrize("status", [201, 202, 204])
def test_a_heartbeat_that_was_taken_is_well(tmp_path, status):
    """Services answer without a page, too: accepted is not failed."""
    more = '[heartbeat]\nurl_env = "BEAT"\n'
    with ScriptedServer() as server, closing(make(server)) as fetcher:
        url = server.on("/ping", Reply(status, {}, b""))
        with patch.dict(os.environ, {"BEAT": url}):
            rig = Rig(tmp_path, more, fetcher)
        rig.upkeep.serve(NOW)
        assert len(server.requests) == 1
    assert rig.done("heartbeat") == (NOW, None)


def feed_that_fails():
    return feed(id="broken", n_errors=9, error="503")


def test_the_weekly_report_comes_once_a_week(tmp_path):
    """The first after a week, the next after another, however often it is looked."""
    rig = Rig(tmp_path)
    for days in (0, 1, 6, 7, 8, 13, 14):
        rig.upkeep.serve(NOW + days * DAY)
    assert len(rig.told) == 2
    assert rig.told[0]("en").startswith("Weekly report: 0 feeds")
    assert rig.told[0]("de").startswith("Wochenbericht: 0 Feeds")


def test_whatever_waits_is_moved_with_the_clock(tmp_path):
    """Every column of the schema that says until when, also of tables that are new."""
    rig = Rig(tmp_path)
    until = re.compile(
        r"(due_at|until|expires_at|not_before_at|next_poll_at|again_at)$"
    )
    found = {
        (table, str(column["name"]))
        for table in rig.store.connection.db.table_names()
        for column in rig.store.connection.rows(f"PRAGMA table_info([{table}])")
        if until.search(str(column["name"]))
    }
    assert len(found) > 10
    assert found == set(WAITS)
    rig.store.close()


def test_what_a_clock_ahead_put_off_comes_when_the_clock_is_right(tmp_path, caplog):
    """Polled and written a year ahead: feed, entry and message are due at once, other
    waits keep their length, and a step of minutes moves nothing.
    """
    rig, year = Rig(tmp_path), timedelta(days=365)
    ahead = NOW + year
    store = rig.store
    polled = feed(next_poll_at=ahead + HOUR, last_polled_at=ahead)
    announce_articles(store, article())
    put(store, deal(), "a")
    store.feeds.polled(polled, [entry("late")], ahead)
    store.outbox.put(alert(), [("telegram", "42")], ahead)
    rig.upkeep.serve(ahead - timedelta(minutes=5))
    assert store.feeds.all()[0].next_poll_at == ahead + HOUR
    assert "set back" not in caplog.text
    rig.upkeep.serve(NOW)
    assert "the clock was set back by 365 days" in caplog.text
    assert store.feeds.all()[0].next_poll_at == NOW + HOUR
    assert store.feeds.all()[0].last_polled_at == NOW
    assert "entry-late" in {one.id for one in store.line.due("found", NOW, 9)}
    assert [one.recipient for one in store.outbox.due(NOW)] == ["42"]
    caplog.clear()
    rig.upkeep.serve(NOW + timedelta(minutes=1))
    assert "set back" not in caplog.text
    store.close()
