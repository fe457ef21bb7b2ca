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


def edited(was: str, now: str, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    ConsoleChannel(stream).edit("-", "console", alert(now), was=was)
    return raw.getvalue().decode(encoding)


def test_an_edit_is_one_line_that_says_what_changed():
    """The headline says which deal, then come the lines that are new."""
    was = "New deal: A and B\n• A: customer\n\n1 source (EN), first seen 14:02 UTC"
    now = was.replace("1 source (EN)", "3 sources (2 EN, 1 DE)")
    assert edited(was, now) == (
        "~ New deal: A and B; 3 sources (2 EN, 1 DE), first seen 14:02 UTC\n"
    )
    assert (
        edited(was, was.replace("New deal", "Deal ended")) == "~ Deal ended: A and B\n"
    )


@pytest.mark.parametrize(("was", "now"), [("a\nb", "a\nb"), ("a\nb", "a"), ("", "")])
def test_an_edit_that_says_nothing_new_is_silent(was, now):
    """What only lost a line, or nothing, is not worth a line of its own."""
    assert edited(was, now) == ""


def test_an_edit_is_harmless_too():
    """Control characters and what the terminal lacks are kept out of edits as well."""
    shown = edited("", "a\x1b[2J\u202eb\nK\u00f6ln \U0001f600", "ascii")
    assert shown == "~ a[2Jb; K?ln ?\n"
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError):
        ConsoleChannel(stream).edit("-", "console", alert("x"), was="")


def test_a_reply_is_written_like_any_other():
    """A terminal has no threads; the message stands where it stands."""
    stream = io.StringIO()
    ConsoleChannel(stream).send("-", alert("x"), reply_to="console")
    assert stream.getvalue() == f"{RULE}\nx\n{RULE}\n"
