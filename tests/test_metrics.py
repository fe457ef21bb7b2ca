"""Figures for Prometheus of what a model was asked, as a scrape reads them."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime

from commands import free_port
from torture.newsroom import Newsroom

from newsbot.adapters.db import open_store
from newsbot.adapters.metrics import Metrics

PROMPT = 'newsbot_model_tokens_total{kind="prompt"}'
GENERATED = 'newsbot_model_tokens_total{kind="generated"}'
CALLS = "newsbot_model_calls_total"


def scraped(port):
    """The samples of one scrape by name and labels."""
    address = f"http://127.0.0.1:{port}/metrics"
    with urllib.request.urlopen(address, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_before_a_model_is_loaded_its_figures_are_zero(tmp_path):
    """They are there from the first scrape on, so that a rate can be taken of them."""
    open_store(tmp_path / "news.db").close()
    port = free_port()
    metrics = Metrics(
        tmp_path / "news.db", port, lambda: datetime.now(UTC), lambda: None
    )
    try:
        found = scraped(port)
    finally:
        metrics.close()
    assert (found[CALLS], found[PROMPT], found[GENERATED]) == (0, 0, 0)
    assert found["newsbot_ledger_up"] == 1


def test_what_a_service_asked_its_model_is_counted(tmp_path):
    """Batches, and the tokens that the model's server told of, beside each stage's time."""
    port = free_port()
    with Newsroom(tmp_path, seed=8, more=f"[metrics]\nport = {port}\n") as room:
        while not any(story.parties for story in room.stories):
            room.publish(1)
        room.start()
        room.until(lambda: room.serves and not room.waiting("stories", "feeds"))
        found = scraped(port)
        room.stop()
    n_read, n_written = room.model.tokens
    assert 0 < found[CALLS] <= room.model.n_asked
    assert found[PROMPT] == n_read
    assert 0 < found[GENERATED] <= n_written  # a choice is read, not written
    assert found['newsbot_stage_seconds_count{stage="assess"}'] >= 1
    assert found['newsbot_stage_entries_total{stage="assess"}'] >= 1
