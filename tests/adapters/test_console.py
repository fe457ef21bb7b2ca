"""The console channel: what a terminal may be shown."""

import io
from datetime import UTC, datetime

import pytest

from newsbot.adapters.console import RULE, ConsoleChannel
from newsbot.errors import DeliveryError
from newsbot.mailing import Channel
from newsbot.types import Alert


def alert(plain: str) -> Alert:
    return Alert(
        id="a",
        deal_id="d",
        kind="new",
        language="de",
        html="<b>not for a terminal</b>",
        plain=plain,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_alert_stands_between_rules():
    """An alert is shown as plain text between two rules and counts as sent."""
    stream = io.StringIO()
    channel: Channel = ConsoleChannel(stream)
    assert channel.name == "console"
    assert channel.send("console", alert("OpenAI – AWS\n\t38 Mrd. $\n")) == "console"
    assert stream.getvalue() == f"{RULE}\nOpenAI – AWS\n\t38 Mrd. $\n{RULE}\n"


def test_control_characters_are_stripped():
    """No headline can colour, clear or retitle the terminal, or turn its text round."""
    stream = io.StringIO()
    ConsoleChannel(stream).send(
        "console", alert("a\x1b[2J\x1b]0;title\x07b\r\x00\x9bc\u202emoc.elpmaxe\u2066d")
    )
    shown = stream.getvalue()
    assert "a[2J]0;titlebcmoc.elpmaxed" in shown
    assert all(char == "\n" or char.isprintable() for char in shown)


def test_encoding_without_the_character_does_not_stop_it():
    """A terminal that cannot show a character gets a question mark, not a crash."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    ConsoleChannel(stream).send("console", alert("Köln 😀 \ud83d"))
    assert b"K?ln ? ?" in raw.getvalue()


def test_closed_stream_is_a_delivery_error():
    """A stream that takes nothing more leaves the alert pending."""
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError) as caught:
        ConsoleChannel(stream).send("console", alert("x"))
    assert caught.value.retry
    assert not caught.value.unknown
