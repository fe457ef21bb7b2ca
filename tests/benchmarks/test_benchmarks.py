"""The benchmarks run and say what they promise; how fast is for a quiet machine."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsbot.adapters.adapter_file import shipped_adapter

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run(script: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / script), *options],
        cwd=ROOT,
        # The checkout's own package, wherever the script lies.
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment() -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def test_help_compares_two_starts() -> None:
    """`help.py` prints both times and their ratio."""
    figures: dict[str, Any] = json.loads(run("help.py", "--runs", "1", "--json"))
    assert set(figures) == {"help_seconds", "click_seconds", "ratio"}
    assert all(value > 0 for value in figures.values())
    assert "ratio" in run("help.py", "--runs", "1")


def test_identify_measures_ledgers_of_several_sizes() -> None:
    """`identify.py` fills a ledger of each size and finds the retold deals in it."""
    output = run("identify.py", "--sizes", "20", "60", "--findings", "8", "--json")
    figures: dict[str, Any] = json.loads(output)
    assert list(figures) == ["20", "60"]
    for row in figures.values():
        assert 0 < row["median_ms"] <= row["p95_ms"] <= row["slowest_ms"]
        assert row["most_looked_at"] >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_service_measures_start_and_memory() -> None:
    """`service.py` sees the first poll, and an idle service well below a model's size."""
    output = run("service.py", "--runs", "1", "--idle", "1", "--json")
    figures: dict[str, float] = json.loads(output)
    assert figures["cpu_seconds"] > 0
    assert figures["seconds"] > 0
    assert 20 < figures["megabytes_with_parsers"] < 150


def test_web_asks_for_every_page() -> None:
    """`web.py` fills a ledger and gives a time for each page."""
    figures = json.loads(run("web.py", "--deals", "60", "--runs", "1", "--json"))
    assert "/?party=OpenAI" in figures
    assert all(value > 0 for value in figures.values())


def test_bot_measures_answers_alone_and_beside_a_busy_thread() -> None:
    """`bot.py` prints both medians and their ratio."""
    output = run("bot.py", "--n", "3")
    assert "beside a busy thread" in output
    assert float(output.split()[-1]) > 0


def test_bot_service_measures_the_real_service() -> None:
    """`bot_service.py` asks an idle service, and one that judges; says what it did."""
    options = ("--preset", "server", "--seconds", "6", "--articles", "12", "--json")
    figures = json.loads(run("bot_service.py", *options))
    assert figures["batches"] >= 1
    assert set(figures["milliseconds"]) == {"idle", "first batch", "batches"}
    taken = [ms for phase in figures["milliseconds"].values() for ms in phase]
    assert taken
    assert all(ms > 0 for ms in taken)


def test_extract_compares_with_plain_trafilatura() -> None:
    """`extract.py` prints the rates and ratios of one run, and how time grows."""
    output = run("extract.py", "--seconds", "0", "--pages", "4", "--json")
    figures: dict[str, Any] = json.loads(output)
    assert set(figures["pages_per_second"]) == {
        "trafilatura",
        "trafilatura_as_it_comes",
        "one_process",
        "newsbot",
    }
    assert len(figures["ratios"]) == 4
    assert all(value > 0 for value in figures["ratios"].values())
    assert figures["tenfold"] > 1
    assert figures["rounds"] >= 1


def _need_the_model() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    if not shipped_adapter().is_file():
        pytest.skip("no adapter ships with this checkout yet")


def test_line_measures_every_stage_and_the_model() -> None:
    """`line.py` walks the real line and reports each stage and the model."""
    _need_the_model()
    output = run("line.py", "--runs", "1", "--articles", "6", "--json")
    figures: dict[str, Any] = json.loads(output)
    names = ["extract", "gate", "assess", "identify", "summarise", "compose"]
    assert list(figures["stages"]) == names
    assert figures["stages"]["extract"]["articles"] == 6
    n_relevant = figures["stages"]["assess"]["articles"]
    assert 0 < n_relevant <= 6
    assert all(row["articles_per_second"] > 0 for row in figures["stages"].values())
    assert figures["model"]["articles"] == n_relevant
    assert figures["model"]["calls"] >= 1
    assert figures["model"]["seconds_per_call"] > 0
    assert figures["assess"]["ratio"] > 0


def test_model_compares_judging_with_the_obvious_program() -> None:
    """`model.py` prints every ratio of one run, the gate's share, and the memory."""
    _need_the_model()
    output = run(
        *("model.py", "--seconds", "1", "--stream", "10", "--written", "1"),
        *("--tokens", "20", "--json"),
    )
    figures: dict[str, Any] = json.loads(output)
    assert list(figures["ratios"]) == [
        "stream",
        "deals",
        "detection_same_layers",
        "detection_all_layers",
        "extraction",
    ]
    assert all(value > 0 for value in figures["ratios"].values())
    assert all(value > 0 for value in figures["rates"].values())
    assert figures["rounds"] >= 1
    assert figures["stream"] == {"articles": 10, "pass_the_gate": 2}
    gain = figures["gate_share"] * figures["without_gate"]
    assert gain == pytest.approx(figures["ratios"]["stream"])
    assert figures["gate_share"] > 1
    assert 0 < figures["tokens_written_per_article"] <= 21
    assert figures["peak_memory_gb"] > 0.3


def test_digests_are_written_once_for_many() -> None:
    """`digest.py` prints how much longer writing for each reader takes."""
    said = run("digest.py", "--readers", "40", "--deals", "3")
    found = re.fullmatch(
        r"3 deals, 40 readers, 4 contents: \S+ s; each by itself \S+ s; "
        r"(\S+) times as long\n",
        said,
    )
    assert found is not None, said
    assert float(found[1]) > 1


@pytest.mark.skipif(sys.platform != "linux", reason="listens at 127.0.0.2 and others")
def test_poll_reads_every_feed_and_every_change() -> None:
    """`poll.py` polls feeds on loopback; it checks itself that no entry is missing."""
    printed = run("poll.py", "--feeds", "60", "--rounds", "2", "--nginx", "")
    assert "60 feeds, one of 20 changed, server: a plain Python server" in printed
    rate = re.search(r"newsbot +[\d.]+ s +(\d+) feeds/s +(\d+) MiB", printed)
    assert rate is not None
    assert int(rate[1]) > 0
    assert int(rate[2]) < 400


def test_backfill_compares_with_bare_libraries() -> None:
    """`backfill.py` reads one archive in both ways and prints rates and their ratio."""
    figures: dict[str, Any] = json.loads(run("backfill.py", "--pages", "20", "--json"))
    assert figures["pages"] == 20
    assert figures["ratio"] > 0
    assert figures["newsbot_pages_per_second"] > 0
    assert figures["peak_mebibytes"] > 1


@pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
def test_engines_compares_both_on_the_same_files() -> None:
    """`engines.py` lets both engines read the same files; little work costs no more."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    options = ("--pages", "40", "--files", "2", "--rounds", "1")
    figures: dict[str, Any] = json.loads(run("engines.py", *options))
    assert (figures["pages"], figures["files"]) == (40, 2)
    assert figures["seconds"] > 0
    # Not a duration: where Ray starts, its processes alone are more than this.
    assert 0 < figures["processor_ratio"] < 3


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is Linux's")
def test_scaling_reads_with_as_many_processors_as_it_is_asked() -> None:
    """`scaling.py` gives a row for each number of processors, in pages of its files."""
    output = run("scaling.py", "--cores", "1", "--pages", "30")
    (row,) = [json.loads(line) for line in output.splitlines()]
    assert (row["engine"], row["processors"], row["pages"]) == ("processes", 1, 30)
    assert row["pages_per_second"] > 0
    assert row["times"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_backfill_memory_looks_early_and_at_the_end() -> None:
    """`backfill_memory.py` tells what a backfill weighs after a tenth, and at its end."""
    figures = json.loads(run("backfill_memory.py", "--pages", "60"))
    assert figures["documents"] == 60
    assert 20 < figures["parent_mebibytes"] <= figures["family_mebibytes"]
    assert figures["parent_growth"] >= 1


def test_deals_times_commands_among_many_deals() -> None:
    """`deals.py` fills a ledger with deals of two papers and runs what users type."""
    figures = json.loads(run("deals.py", "--deals", "60", "--runs", "1", "--json"))
    assert {"deals", "deals --totals", "search agreement"} <= set(figures)
    assert all(own > 0 for _, own in figures.values())


def test_a_large_ledger_is_asked_what_users_ask() -> None:
    """`ledger.py` fills a ledger through the store, and times searches and deals."""
    figures: dict[str, Any] = json.loads(
        run("ledger.py", "--articles", "1500", "--json")
    )
    assert figures["articles"] == 1500
    assert figures["all deals (found)"] == 3
    assert figures["search 'Anthropic' (found)"] == 5
    assert all(value > 0 for value in figures.values())
