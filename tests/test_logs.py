"""The log: one event, one line, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys

from newsbot.cli.logs import JsonLine, OneLine


def record(message, *args, error=None):
    try:
        if error:
            raise error
        caught = None
    except Exception:
        caught = sys.exc_info()
    return logging.LogRecord("newsbot", 30, "", 1, message, args, caught)


def test_keys_are_fields_and_numbers_stay_numbers():
    """What the pattern names is a field; a count is a number."""
    line = JsonLine().format(record("poll feed=%s new=%d", "https://a.example", 3))
    told = json.loads(line)
    assert (told["feed"], told["new"], told["level"]) == (
        "https://a.example",
        3,
        "warning",
    )
    assert told["event"] == "poll feed=https://a.example new=3"
    assert told["at"].endswith("+00:00")


def test_a_stranger_forges_neither_line_nor_field():
    """Line breaks, quotes, keys and control characters of a stranger stay text."""
    hostile = 'x\n{"level": "error"} admin=yes level=1 \x1b[31m\u202e"}'
    line = JsonLine().format(record("poll feed=%s error=%s", hostile, "level=info"))
    assert len(line.splitlines()) == 1
    told = json.loads(line)
    assert set(told) == {"at", "level", "event", "feed", "error"}
    assert told["level"] == "warning"
    assert "\x1b" not in told["feed"] + told["event"]
    assert "\u202e" not in told["feed"] + told["event"]


def test_an_error_is_told_in_the_line(monkeypatch):
    """No traceback in either form; what went wrong is in the event."""
    monkeypatch.delenv("NEWSBOT_DEBUG", raising=False)
    failed = record("unexpected error", error=ValueError("no\nway"))
    for line in (OneLine().format(failed), JsonLine().format(failed)):
        assert len(line.splitlines()) == 1
        assert "ValueError: no" in line
        assert "Traceback" not in line


def test_events_without_keys_are_events():
    """A message of another library, with holes that are no fields, stays one text."""
    told = json.loads(JsonLine().format(record("%s took %d s", "it", 3)))
    assert set(told) == {"at", "level", "event"}
    assert told["event"] == "it took 3 s"
