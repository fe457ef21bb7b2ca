"""The log: one event, one line, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from newsbot.cli.logs import JsonLine, OneLine, say
from newsbot.stages.printable import without_keys


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


def test_what_opens_a_private_feed_is_in_no_line():
    """Passwords and keys in addresses are hidden, in the event and in its fields."""
    url = "https://me:pa55word@paper.example/feed?key=letmein&page=2"
    failed = record("poll feed=%s error=%s", url, f"{url}: 401")
    for form in (OneLine(), JsonLine()):
        line = form.format(failed)
        assert "https://…@paper.example/feed?key=…&page=2" in line
        assert "pa55word" not in line
        assert "letmein" not in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/f?q=cloud+deals&hl=de: 503", None),
        ("http://a.example/f?id=1234567890123456", None),
        ("no address?token=x", None),
        ("https://a.example/f?auth=x.", "https://a.example/f?auth=…."),
        ("HTTP://u@a.example", "HTTP://…@a.example"),
        ("a https://a.example/?9f8e7d6c5b4a3f2e b", "a https://a.example/?… b"),
        (
            "https://a.example/?u=Ab3dEf6hIj9kLm2nOp https://b.example/?Token=1&a",
            "https://a.example/?u=… https://b.example/?Token=…&a",
        ),
        ("https://a@b:c@d.example/x", "https://…@d.example/x"),
        (
            "https://a.example/private/0b9f1c2e-7a41-4c6b-9d1e-5f2a3b4c5d6e.rss: 403",
            "https://a.example/private/….rss: 403",
        ),
        (
            "http://a.example/f/k3yOfMineAndNobodyElse42x/all",
            "http://a.example/f/…/all",
        ),
        ("https://a.example/2026/openai-signs-30bn-deal-with-oracle-for-2027", None),
        ("https://a.example/alerts/feeds/123456789012345678901234567890", None),
        ("https://a.example/rechenzentrumsbetreibergesellschaft/feed.xml", None),
    ],
)
def test_only_what_looks_like_a_key_is_hidden(text, shown):
    """A feed's search words stay readable; names of keys and long codes do not."""
    assert without_keys(text) == (shown or text)


def test_what_a_person_is_told_is_an_event_where_the_log_is_json(capsys):
    """A line on standard error, or one object, whatever the level of the log."""
    say("no feeds yet: 100 % empty")
    assert capsys.readouterr().err == "no feeds yet: 100 % empty\n"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        say("error: the disk is 100 % full", logging.ERROR)
    finally:
        root.removeHandler(handler)
    told = json.loads(capsys.readouterr().err)
    assert (told["level"], told["event"]) == ("error", "error: the disk is 100 % full")
