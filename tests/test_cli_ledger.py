"""The ledger on the command line: filters, totals and exports."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime

import feedparser
import pytest
from commands import config, here
from told_deals import WHEN, Paper, sum_of, tell

from newsbot.adapters.db import open_store

EVIL = "=cmd|' /C calc'!A0 \x1b[31m"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A folder whose ledger holds five deals."""
    folder = tmp_path_factory.mktemp("ledger")
    config(folder)
    store = open_store(folder / "newsbot.db")
    tell(
        store,
        Paper(amounts=(sum_of(38),)),
        Paper(amounts=(sum_of(33, "EUR", bound="about"),), language="de", site="b.example"),
        id="a1", parties=("OpenAI", "Amazon Web Services"),
    )  # fmt: skip
    tell(
        store,
        Paper(amounts=(sum_of(5, "EUR", bound="up_to", kind="investment"),), language="de"),
        id="b2", parties=("Mistral AI", "Microsoft"), types=("investment",),
        seen_at=datetime(2026, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    tell(store, Paper(amounts=(sum_of(99),)), id="c3", status="talks")
    tell(
        store,
        Paper(title=EVIL),
        id="d4",
        parties=(EVIL, *(f"Firm {n}" for n in range(999))),
    )
    tell(store, Paper(amounts=(sum_of(9, "AED"),)), id="e5", parties=("G42", "Oracle"))
    store.close()
    return folder


def ids(folder, *options):
    done = here(folder, "deals", "--json", *options)
    assert done.code == 0, done
    return "".join(deal["id"] for deal in json.loads(done.out))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "b2a1c3d4e5"),
        (("--party", "aws"), "a1"),
        (("--party", "Amazon.com"), "a1"),
        (("--party", "ChatGPT", "--party", "Oracle"), "c3"),
        (("--type", "investment", "--type", "customer"), "b2"),
        (("--status", "talks", "--status", "ended"), "c3"),
        (("--min-amount", "2 Mrd"), "b2a1c3"),
        (("--min-amount", "30 Mrd. Euro"), "a1c3"),
        (("--min-amount", "9bn AED"), "e5"),
        (("--lang", "de"), "b2a1"),
        (("--lang", "en", "--lang", "de"), "b2a1c3d4e5"),
        (("--since", "2026-01-01"), "b2"),
        (("--until", "2025-11-03"), "a1c3d4e5"),
        (("--until", "2025-11-02"), ""),
        (("--since", "1.11.2025", "--until", "2025-12-31", "--lang", "de"), "a1"),
        (("--party", "openai", "--status", "announced", "--min-amount", "1bn"), "a1"),
        (("--party", "Nobody"), ""),
    ],
)
def test_filters_combine(told, options, expected):
    """Each filter narrows the list and the table; all of them together must fit."""
    assert ids(told, *options) == expected
    lines = here(told, "deals", *options).out.splitlines()
    assert "".join(line.split()[0] for line in lines[1:]) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--min-amount", "much"), '"1bn"'),
        (("--min-amount", "-1bn"), '"1bn"'),
        (("--since", "yesterday"), '"2026-03-01"'),
        (("--until", "2026-02-30"), '"2026-03-01"'),
        (("--since", "2026-03-01", "--until", "2026-02-01"), "is after until"),
        (("--party", " "), "is not a name"),
        (("--type", "wedding"), "wedding"),
        (("--lang", "fr"), "fr"),
        (("--by", "cloud"), "--by needs --totals"),
        (("--limit", "-1"), "-1"),
        (("--limit", "3", "--totals"), "no --limit"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(told, options, said):
    """Nonsense is a usage error in one line, for both commands that take it."""
    assert said in here(told, "deals", *options).refused(2)
    if options[0] not in ("--by", "--limit"):
        assert said in here(told, "export", "--format", "csv", *options).refused(2)


@pytest.mark.parametrize("more", [(), ("--party", "OpenAI")])
def test_a_limit_lists_the_newest_and_says_what_else_there_is(told, more):
    """`--limit` shortens table and JSON alike; 0 is no limit, and nothing is said."""
    whole = ids(told, *more)
    done = here(told, "deals", "--limit", "1", *more)
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == [whole[:2]]
    n_all = len(whole) // 2
    assert done.err.strip() == (f"the newest 1 of {n_all} deals; --limit 0 lists all")
    assert ids(told, "--limit", "1", *more) == whole[:2]
    done = here(told, "deals", "--limit", "0", *more)
    assert (len(done.out.splitlines()), done.err) == (1 + n_all, "")


def test_what_cannot_be_compared_is_said(told):
    """A sum without a rate neither fits nor vanishes silently."""
    done = here(told, "deals", "--min-amount", "1bn", "--party", "G42")
    assert (done.code, done.out) == (0, "")
    assert "1 deal left out, because a currency has no reference rate" in done.err


def test_the_table_shows_strangers_as_text(told):
    """One line per deal under a head, bounds with their sums, no control characters."""
    lines = here(told, "deals").out.splitlines()
    assert len(lines) == 6
    assert lines[0].split() == [
        "id", "first", "seen", "status", "parties", "sums", "types", "sources",
    ]  # fmt: skip
    assert "up to €5bn" in lines[1]
    assert "$38bn, about €33bn" in lines[2]
    assert lines[2].endswith("2")
    assert "\x1b" not in lines[4]
    assert " more" in lines[4]
    assert max(map(len, lines)) < 200


def test_totals_say_what_they_count_and_what_not(told):
    """Firm money alone in its column, the originals first, the omissions below."""
    done = here(told, "deals", "--totals", "--by", "cloud")
    lines = done.out.splitlines()
    assert lines[0].split() == [
        "cloud",
        "deals",
        "firm",
        "about",
        "at",
        "least",
        "up",
        "to",
    ]
    assert lines[1].split() == ["Amazon", "1", "$38bn", "-", "-", "-"]
    assert lines[2].startswith("Microsoft      1  -      -      -         €5bn (≈ $5.")
    assert lines[3].split()[:4] == ["all", "deals", "2", "$38bn"]
    for text in (
        "1 deal in talks, 0 ended, 1 without a sum, 0 with differing figures",
        "1 with sums in a currency without a rate (AED)",
        "ECB euro foreign exchange reference rates",
    ):
        assert text in done.out
    whole = json.loads(here(told, "deals", "--totals", "--json").out)
    assert whole["all"]["firm"] == {
        "usd": 38 * 10**9,
        "originals": [{"value": 38 * 10**9, "currency": "USD"}],
    }
    assert whole["left_out"]["talks"] == {"deals": 1, "ids": ["c3"]}
    assert whole["rows"] == []
    some = json.loads(
        here(told, "deals", "--totals", "--by=quarter", "--json", "--lang=de").out
    )
    assert [row["name"] for row in some["rows"]] == ["2025-Q4", "2026-Q1"]


def test_csv_and_json_on_standard_output(told):
    """A row per deal that no spreadsheet calculates; JSON is what `show` tells."""
    done = here(told, "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["id"] for row in rows] == ["b2", "a1", "c3", "d4", "e5"]
    assert rows[3]["parties"].startswith("'=cmd")
    assert rows[1]["firm_usd"] == "38000000000"
    told_json = json.loads(here(told, "export", "--format=json", "--party=AWS").out)
    assert told_json == [json.loads(here(told, "show", "a1", "--json").out)]


def test_a_file_is_written_whole_or_not_at_all(told, tmp_path):
    """--out replaces a file in one step, keeps its mode, and leaves nothing beside."""
    out = tmp_path / "deals.atom"
    out.write_text("old")
    out.chmod(0o600)
    done = here(told, "export", "--format", "atom", "--out", out, "--lang", "de")
    assert (done.code, done.out, done.err) == (0, "", f"2 deals: {out}\n")
    feed = feedparser.parse(out.read_bytes())
    assert not feed.bozo
    assert [entry.id.rsplit(":", 1)[1] for entry in feed.entries] == ["b2", "a1"]
    assert feed.feed.subtitle == "lang de"
    assert out.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["deals.atom"]
    missing = tmp_path / "no" / "such.csv"
    refused = here(told, "export", "--format", "csv", "--out", missing).refused(2)
    assert "No such file" in refused
    assert str(missing) in refused
    link = tmp_path / "link.csv"
    link.symlink_to("real.csv")
    assert here(told, "export", "--format", "csv", "--out", link).code == 0
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_bytes().startswith(b"id,first_seen,")


def test_parquet_needs_a_file_and_its_extra(told, tmp_path, monkeypatch):
    """Binary data never goes to the terminal; a missing library is one line."""
    assert "--out" in here(told, "export", "--format", "parquet").refused(2)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    out = tmp_path / "deals.parquet"
    refused = here(told, "export", "--format", "parquet", "--out", out).refused(2)
    assert "newsbot[parquet]" in refused
    assert not out.exists()


def test_parquet_keeps_types(told, tmp_path):
    """Lists stay lists, sums exact, times times, and filters count."""
    pq = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "deals.parquet"
    assert (
        here(told, "export", "--format", "parquet", "--out", out, "--lang=de").code == 0
    )
    rows = pq.read_table(out).to_pylist()
    assert [row["id"] for row in rows] == ["b2", "a1"]
    assert rows[1]["parties"] == ["OpenAI", "Amazon Web Services"]
    assert rows[1]["first_seen"] == WHEN
    assert rows[1]["amounts"][0]["value"] == 38 * 10**9
    assert rows[1]["firm_usd"] == 38e9
    csv_head = here(told, "export", "--format", "csv").out.split("\r\n")[0]
    assert csv_head.split(",") == pq.read_schema(out).names
    empty = here(told, "export", "--format", "parquet", "--out", out, "--party=Nobody")
    assert (empty.code, pq.read_table(out).num_rows) == (0, 0)


def test_an_empty_ledger_exports_and_adds_up(tmp_path):
    """Nothing is a valid list, feed and total, too."""
    config(tmp_path)
    assert here(tmp_path, "deals").err == "no deals\n"
    assert json.loads(here(tmp_path, "export", "--format", "json").out) == []
    assert here(tmp_path, "export", "--format", "csv").out.count("\r\n") == 1
    feed = feedparser.parse(here(tmp_path, "export", "--format", "atom").out.encode())
    assert (bool(feed.bozo), feed.entries) == (False, [])
    assert "all deals      0  -" in here(tmp_path, "deals", "--totals").out
