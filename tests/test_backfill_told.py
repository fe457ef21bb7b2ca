"""What a backfill shows: rehearsed, on its way, and told again as alerts."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

from archives_rig import CONFIG, DEAL, FRENCH, backfill, fates, rows, story
from commands import environment, here
from fakes import NOW
from terminal import typed
from told_deals import Paper, tell

from newsbot.adapters.db import open_store
from newsbot.history import Run, Totals
from newsbot.talking import Filters, configured_chat


def archive(folder, n=12):
    """Deals and French in turn, one record twice, one damaged."""
    records = [story(n, (DEAL, FRENCH)[n % 2]) for n in range(n)]
    path = folder / "a.warc"
    path.write_bytes(b"".join([*records, records[0], b"garbage\r\n\r\n"]))
    return path


def said(out):
    """What is told of documents, without the time that it took."""
    return re.sub(r"in [0-9.]+ s|would be: |(?:would pass|passed) the gate.*", "", out)


def test_a_rehearsal_tells_what_the_run_will(tmp_path):
    """`--dry-run` says the same by day, site and reason, writes its page, stores none."""
    path, page = archive(tmp_path), tmp_path / "dry.html"
    (tmp_path / "config.toml").write_text(CONFIG)
    dry = here(tmp_path, "backfill", "warc", path, "--dry-run", "--report", page)
    assert (
        "would be: 14 documents: 6 kept, 1 duplicates, 6 skipped, 1 failed" in dry.out
    )
    assert "; 6 would pass the gate" in dry.out
    assert "zeitung.example" in page.read_text()
    assert rows(tmp_path, "SELECT * FROM entries") == []
    assert rows(tmp_path, "SELECT * FROM archive_runs") == []
    figures, _ = backfill(tmp_path, "warc", path, "--dry-run")
    assert fates(figures) == (6, 1, 6, 1)
    assert said(here(tmp_path, "backfill", "warc", path).out) == said(dry.out)
    assert "--dry-run stores nothing" in here(
        tmp_path, "backfill", "warc", path, "--dry-run", "--alerts", "replay"
    ).refused(2)


def test_a_terminal_shows_how_far_it_is(tmp_path):
    """A bar, documents, kept, deals, rate and time left, on one line, rewritten."""
    path = archive(tmp_path, 700)
    (tmp_path / "config.toml").write_text(CONFIG)
    done = typed(tmp_path, "backfill", "warc", path, keys=[], seconds=120)
    shown = re.findall(
        r"\[([#.]+)\] +(\d+)%, ([\d,]+) documents, ([\d,]+) kept, (\d+) deals, "
        r"[\d,.]+/s(?:, (\d+:\d\d:\d\d) left)?",
        done.err,
    )
    assert len(shown) > 2, done.err
    assert [int(one[1]) for one in shown] == sorted(int(one[1]) for one in shown)
    assert shown[-1][2:4] == ("702", "350")
    assert any(one[5] for one in shown)
    assert done.err.count("\r\x1b[K[") >= len(shown)


def test_deals_of_a_backfill_are_counted(tmp_path):
    """Only deals that its own articles tell of, each once."""
    store = open_store(tmp_path / "newsbot.db")
    run = Run(id="r", kind="warc", source="x", cursor="", totals=Totals())
    store.history.begin(run, "key", NOW)
    tell(store, Paper(), Paper(site="b.example"), id="a1")
    tell(store, Paper(), id="b2")
    assert store.history.n_deals("r") == 0
    store.connection.db.execute(
        "UPDATE entries SET run_id = 'r' WHERE id IN (SELECT entry_id FROM articles "
        "JOIN findings ON findings.article_id = articles.id WHERE deal_id = 'a1')"
    )
    assert store.history.n_deals("r") == 1
    store.close()


def test_the_past_is_told_by_the_command(tmp_path):
    """`--alerts replay` says when, by which article and to whom; JSON is the last line."""
    (tmp_path / "config.toml").write_text(CONFIG)
    store = open_store(tmp_path / "newsbot.db")
    tell(store, Paper(), Paper(site="b.example"), id="a1")
    tell(store, Paper(), id="b2", parties=("Mistral AI", "Microsoft"))
    store.connection.db.execute("UPDATE entries SET origin = 'archive', may_alert = 0")
    for chat, party in (("41", "Oracle"), ("42", "Mistral AI")):
        chosen = Filters(parties=(party,))
        store.subscriptions.put(
            replace(configured_chat(chat, "en", NOW), source="chat", filters=chosen)
        )
    store.close()
    path = archive(tmp_path, 2)
    figures, done = backfill(tmp_path, "warc", path, "--alerts", "replay")
    assert figures["kept"] == 1
    assert done.out.count(" UTC, by https://paper.example/") == 2
    assert "2025-11-03 09:00 UTC, by https://paper.example/a10\n" in done.out
    assert "to console -, telegram 41\n" in done.out
    assert "to console -, telegram 42\n" in done.out
    assert "2 alerts would have gone out" in done.err
    assert rows(tmp_path, "SELECT * FROM alerts") == []
    later = ("--alerts", "replay", "--from", "2025-11-04")
    _, done = backfill(tmp_path, "warc", path, *later)
    assert "0 alerts would have gone out" in done.err


def test_the_ledger_opens_without_data_frames(tmp_path):
    """Where pandas is installed, no command waits for it, and it can still be used."""
    (tmp_path / "pandas.py").write_text("print('loaded')\n")
    code = (
        "import sys\nfrom newsbot.adapters.db import open_store\n"
        "open_store(None)\nassert 'sqlite_utils' in sys.modules\n"
        "print('pandas' in sys.modules)\nimport pandas"
    )
    outside = environment(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**outside, "PYTHONPATH": f"{tmp_path}:{outside['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["False", "loaded"]


def test_lists_load_what_they_need(tmp_path):
    """`deals` and what adds them up load no model, no channel and no other table.

    Nor does the table load what writes, and what reads whole deals.
    """
    (tmp_path / "config.toml").write_text(CONFIG)
    code = (
        "import sys\nfrom newsbot.cli import cli\n"
        "cli(['--config', 'config.toml', *sys.argv[1:]], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    open_store(tmp_path / "newsbot.db").close()
    for words in (["deals"], ["deals", "--totals"], ["graph", "--out", "g.svg"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        loaded = set(done.stderr.split())
        assert "newsbot.adapters.db.catalogue" in loaded, words
        for name in ("newsbot.app", "newsbot.adapters.db.outbox", "newsbot.mailing"):
            assert name not in loaded, (words, name)
        assert "sqlite_utils" not in loaded, words
        assert (words == ["deals"]) == ("newsbot.adapters.db.codec" not in loaded)
