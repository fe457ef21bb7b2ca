"""Backfill: archives become known deals, once, whatever interrupts it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from archives_rig import (
    CONFIG,
    DEAL,
    FRENCH,
    WEATHER,
    backfill,
    fates,
    page,
    rows,
    story,
)
from commands import environment, here
from fakes import NOW, Bench, entry
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.archives.warc import WarcArchive
from newsbot.adapters.db import open_store
from newsbot.backfill import Backfill, judge_backlog, run_backfill
from newsbot.history import Choice, Document, Run, Totals
from newsbot.pipeline import STAGES, turn
from newsbot.rehearsal import DryStore
from newsbot.replay import replay
from newsbot.stages.coverage import coverage_page, gaps, summary_lines

#: What of the ledger must be the same, however often a backfill was killed.
LEDGER = (
    "SELECT id, url, title, text, language, published_at, site FROM articles ORDER BY id",
    "SELECT id, url, state, priority, published_at, may_alert FROM entries ORDER BY id",
    "SELECT documents, kept, duplicates, skipped, failed FROM archive_runs",
    "SELECT day, site, fate, reason, n FROM archive_tallies "
    "ORDER BY day, site, fate, reason",
    "SELECT place, reason FROM archive_failures ORDER BY number",
)


def archive(folder, n=40, name="a.warc"):
    """An archive of all sorts: deals, weather, French, twice the same, damage."""
    records = []
    for number in range(n):
        text = (DEAL, WEATHER, WEATHER, FRENCH)[number % 4]
        records.append(story(number, text, f"2024-05-{number % 27 + 1:02}"))
        if number % 10 == 9:
            records += [story(number - 1), b"garbage\r\n\r\n"]
    path = folder / name
    path.write_bytes(b"".join(records))
    return path


@pytest.fixture
def bench(tmp_path):
    store = open_store(tmp_path / "newsbot.db")
    yield Bench(store)
    store.close()


def fill(bench, documents, *, judged=True, **changes):
    """Backfill documents in this process; the totals."""
    run = Run(id="r", kind="warc", source="x", cursor="", totals=Totals())
    history = bench.store.history
    if history.last("key") is None:
        history.begin(run, "key", NOW)

    class Listed:
        def documents(self, after):
            yield from documents[int(after or 0) :]

    made = Backfill(
        archive=Listed(),
        parts=bench.parts,
        store=changes.pop("store", history),
        run_id="r",
        choice=changes.pop("choice", Choice()),
        clock=bench.clock,
        timer=time.monotonic,
    )
    run_backfill(made, history.run("r").cursor, **changes)
    if judged:
        judge_backlog(bench.parts, bench.clock)
    return history.run("r").totals


def told(number, *, day=1, text=DEAL, **changes):
    """A document whose page tells of a deal, or of something else."""
    values = {
        "cursor": str(number),
        "place": f"number {number}",
        "url": f"https://old.example/{number}",
        "body": page(number, text, f"2024-05-{day:02}"),
    }
    return Document(**{**values, **changes})


def test_twice_is_once(tmp_path):
    """A second run finds only what it knows; the ledger stays as it was."""
    path = archive(tmp_path)
    first, done = backfill(tmp_path, "warc", path)
    assert fates(first) == (30, 4, 10, 4), done.err
    assert done.code == 4
    before = [rows(tmp_path, query) for query in LEDGER[:2]]
    second, _ = backfill(tmp_path, "warc", path)
    assert fates(second) == (0, 34, 10, 4)
    assert [rows(tmp_path, query) for query in LEDGER[:2]] == before
    again, _ = backfill(tmp_path, "warc", path, "--resume")
    assert fates(again) == (0, 34, 10, 4)  # what was done is told, not done again


def kills(folder, path, n_kills, seed):
    """Kill a backfill at random moments, then let it end; how often it was killed."""
    dice = random.Random(seed)
    (folder / "config.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "newsbot", "backfill", "warc", str(path), "--json"]
    n_killed = 0
    for number in range(n_kills):
        started = subprocess.Popen(
            [*command, *(["--resume"] if number else [])],
            cwd=folder,
            env=environment(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Not before it has begun to write, and then at any line.
        ends_at = time.monotonic() + 60
        seen = progress(folder)
        while started.poll() is None and progress(folder) == seen:
            assert time.monotonic() < ends_at
            time.sleep(0.002)
        time.sleep(dice.random() * 0.05)
        started.send_signal(signal.SIGKILL)
        n_killed += started.wait() == -signal.SIGKILL
    return n_killed


def progress(folder):
    try:
        return rows(folder, "SELECT id, documents FROM archive_runs")
    except Exception:
        return []


def uninterrupted(folder, path):
    whole = folder / "whole"
    whole.mkdir()
    figures, _ = backfill(whole, "warc", path)
    return figures, [rows(whole, query) for query in LEDGER]


def test_killed_it_goes_on_where_it_was(tmp_path):
    """Killed twice, it ends with the ledger of an uninterrupted run."""
    path = archive(tmp_path, 240)
    figures, ledger = uninterrupted(tmp_path, path)
    broken = tmp_path / "broken"
    broken.mkdir()
    assert kills(broken, path, 2, seed=1) >= 1
    resumed, _ = backfill(broken, "warc", path, "--resume")
    assert fates(resumed) == fates(figures)
    assert [rows(broken, query) for query in LEDGER] == ledger


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_fifty_times(tmp_path):
    """Killed fifty times, it ends with the ledger of an uninterrupted run."""
    path = archive(tmp_path, 8_000)
    figures, ledger = uninterrupted(tmp_path, path)
    broken = tmp_path / "broken"
    broken.mkdir()
    assert kills(broken, path, 50, seed=2) >= 40
    resumed, _ = backfill(broken, "warc", path, "--resume")
    assert fates(resumed) == fates(figures)
    assert [rows(broken, query) for query in LEDGER] == ledger


def test_ctrl_c_stops_after_the_documents_in_hand(tmp_path):
    """SIGINT ends it with 130 and its figures; --resume goes on."""
    path = archive(tmp_path, 300)
    (tmp_path / "config.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "newsbot", "backfill", "warc", str(path), "--json"]
    started = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while started.poll() is None and not any(n for _, n in progress(tmp_path)):
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, "--resume" in err) == (130, True), err
    stopped = json.loads(out.splitlines()[-1])
    assert 0 < stopped["documents"] < 360
    resumed, _ = backfill(tmp_path, "warc", path, "--resume")
    assert resumed["documents"] == 360


def test_choices_leave_out_the_rest(bench):
    """Dates, language, site and a limit hold; what is left out is counted."""
    documents = [
        told(
            number,
            day=number,
            text=WEATHER,
            url=f"https://{'www.' if number % 2 else 'sport.'}a.example/{number}",
        )
        for number in range(1, 8)
    ]

    def totals(limit=None, **choice):
        dry = DryStore(bench.store.history)
        fill(bench, documents, store=dry, choice=Choice(**choice), limit=limit)
        return dry.totals.kept, dry.totals.skipped

    days = [datetime(2024, 5, day, tzinfo=UTC) for day in (3, 6)]
    assert totals() == (7, 0)
    assert totals(since=days[0], until=days[1]) == (3, 4)
    assert totals(site="a.example") == (4, 3)
    assert totals(site="WWW.a.example") == (4, 3)
    assert totals(site="*.a.example") == (3, 4)
    assert totals(language="en") == (0, 7)
    assert totals(limit=2) == (2, 0)
    assert bench.store.connection.rows("SELECT * FROM entries") == []


def test_bad_wishes_are_one_line(tmp_path):
    """No such file, no such kind, no such day: a line and exit code 2."""
    (tmp_path / "config.toml").write_text(CONFIG)
    for words, reason in (
        (("warc", "nowhere.warc"), "no such file"),
        (("rss", "x"), "'rss' is not one of"),
        (("warc", "x", "--from", "gestern"), "gestern"),
        (("warc", "x", "--dry-run", "--resume"), "--dry-run stores nothing"),
        (("sitemap", "ftp://a.example/"), "not an http or https address"),
        (("warc", "x", "--report", "nowhere/a.html"), "no folder nowhere"),
    ):
        assert reason in here(tmp_path, "backfill", *words).refused(2)


def test_the_summary_and_the_report_say_what_came(tmp_path):
    """By day and site what was found, the reasons, failures with their place."""
    path = archive(tmp_path, 20)
    (tmp_path / "config.toml").write_text(CONFIG)
    report = tmp_path / "coverage.html"
    done = here(tmp_path, "backfill", "warc", path, "--report", report)
    for words in ("zeitung.example", "2024-05-03", "language is fr", "a.warc, byte"):
        assert words in done.out
        assert words in report.read_text()
    assert "24 documents: 15 kept, 2 duplicates, 5 skipped, 2 failed" in done.out


def test_a_report_shows_gaps_and_escapes():
    """Days without anything, by a site's habit; names of strangers do no harm."""
    from newsbot.history import Failure, Tally

    days = [f"2024-05-{day:02}" for day in (1, 2, 3, 12, 13)]
    tallies = [
        Tally(day=day, site="<b>.example", fate="kept", reason="", n=2) for day in days
    ]
    page = coverage_page("a & b", Totals(documents=10, kept=10), tallies, [])
    assert "2024-05-04 to 2024-05-11" in page
    assert "<b>.example" not in page
    assert "&lt;b&gt;.example" in page
    assert gaps(["2024-05-01", "", "2024-05-31"]) == []
    lines = summary_lines(tallies, [Failure(place="x\n", reason="\x1b[2Jy")])
    assert not any("\n" in line or "\x1b" in line for line in lines)


def test_old_deals_are_known_and_silent(bench):
    """Backfilled deals keep their dates and send nothing; a later paper repeats them."""
    totals = fill(bench, [told(1, day=2), told(2, day=1), told(3, text=WEATHER)])
    assert totals.kept == 3
    (deal,) = bench.store.ledger.deals()
    assert deal.first_seen_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert bench.store.history.n_deals("r") == 1
    assert bench.store.outbox.about(deal.id, "en") == []
    bench.clock.now = datetime(2024, 5, 4, tzinfo=UTC)
    live = entry("late", published_at=bench.clock.now, first_seen_at=bench.clock.now)
    bench.announce(live)
    bench.walk()
    article = bench.store.line.article_of(live.id)
    (finding,) = bench.store.ledger.findings_of(article.id)
    assert bench.store.ledger.verdict(finding.id)[1] == "repeat"
    assert bench.channels[0].sent == []


def test_the_past_is_told_in_its_order(bench):
    """Replay gives one message at the oldest article's time, and stores none."""
    fill(bench, [told(1, day=9), told(2, day=3), told(3, day=5)])
    (one,) = replay(bench.store, bench.parts, None, None)
    assert (one.at.day, one.article.url) == (3, "https://old.example/2")
    assert "Anthropic" in one.alert.plain
    assert (
        list(replay(bench.store, bench.parts, one.at + timedelta(days=1), None)) == []
    )
    assert bench.store.connection.rows("SELECT * FROM alerts") == []


def test_live_news_goes_first(bench):
    """Where both wait for the model, today's article is judged before the past's."""
    documents = [told(number, day=number) for number in range(1, 4)]
    run = replace(bench.parts)
    assert run.store is bench.store
    live = entry("today", title="Nvidia and Anthropic agree")
    bench.announce(live)
    history = bench.store.history
    history.begin(
        Run(id="r", kind="x", source="", cursor="", totals=Totals()), "key", NOW
    )
    fill(bench, documents)
    states = {bench.store.line.state(live.id)[0]}
    assert states == {"found"}  # a backfill fetches nothing that is not its own
    bench.store.connection.db.execute("UPDATE entries SET state = 'found'")
    due = bench.store.line.due("found", NOW, 2)
    assert due[0].id == live.id


def test_the_model_reads_live_news_before_the_past(bench):
    """News that comes while the past waits for the model is in its next batch, first."""
    fill(bench, [told(number) for number in range(1, 25)], judged=False)
    live = entry("today", title="Nvidia and Anthropic agree on cloud chips")
    stages = {stage.name: stage for stage in STAGES}

    def progress(name, _n):
        if name == "assess" and bench.state(live)[0] == "unknown":
            bench.announce(live)
            for before in ("fetch", "extract", "gate"):
                assert turn(bench.parts, stages[before], bench.clock()) == 1

    judge_backlog(bench.parts, bench.clock, progress=progress)
    first, second, *rest = bench.judge.judged
    assert live.title not in first
    assert second[0] == live.title
    assert sum(map(len, rest)) == 9  # the past goes on behind it
    assert bench.state(live)[0] == "done"


def test_known_links_are_not_asked_for(bench):
    """A link that the ledger has is a duplicate; others are asked for once."""
    page_ = told(1).body
    bench.fetcher.pages["https://old.example/1"] = page_
    link = told(1, body=None)
    assert fill(bench, [link]).kept == 1
    fill(bench, [link, replace(told(2, body=None), cursor="2", url=link.url)])
    assert [url for url, *_ in bench.fetcher.asked] == ["https://old.example/1"]
    assert bench.store.history.run("r").totals.duplicates == 1


def test_a_million_known_pages_are_written_as_they_come(bench):
    """Documents that need no extraction are settled in batches, too."""
    ended = [
        told(number, fate="skipped", reason="HTTP 404", body=b"")
        for number in range(1, 1_001)
    ]
    seen = []
    fill(bench, ended, progress=lambda totals, _share: seen.append(totals.documents))
    assert len(seen) > 5
    assert seen[-1] == 1_000


def test_a_dry_run_counts_without_writing(bench):
    """Its figures are those of the real run, doubles included."""
    documents = [told(1), told(2), told(1, cursor="3")]
    dry = DryStore(bench.store.history)
    fill(bench, documents, store=dry)
    assert (dry.totals.kept, dry.totals.duplicates) == (2, 1)
    assert bench.store.connection.rows("SELECT * FROM entries") == []


def test_a_site_by_its_sitemap(tmp_path):
    """Pages come over the guarded fetcher, with its manners; the command adds them up."""
    with ScriptedServer() as server:
        url = server.on("/a", Reply(200, {"Content-Type": "text/html"}, page(1)))
        gone = server.on("/b", Reply(404))
        links = "".join(f"<url><loc>{one}</loc></url>" for one in (url, gone))
        site = server.on("/s.xml", Reply(200, {}, f"<urlset>{links}</urlset>".encode()))
        (tmp_path / "config.toml").write_text(
            f'{CONFIG}[network]\nallow = ["{server.netloc}"]\nspacing_ms = 0\n'
        )
        figures, done = backfill(tmp_path, "sitemap", site)
        assert fates(figures) == (1, 0, 0, 1), done.err
        assert "/robots.txt" in [request.target for request in server.requests]


def test_without_the_extra_it_is_one_line(tmp_path):
    """Without fastwarc, `backfill warc` says what to install."""
    path = archive(tmp_path, 1)
    (tmp_path / "config.toml").write_text(CONFIG)
    code = (
        "import sys\nsys.modules['fastwarc'] = None\n"
        "from newsbot.cli import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "backfill", "warc", str(path)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "newsbot[archive]" in done.stderr
    assert len(list(WarcArchive(path).documents(""))) == 1
