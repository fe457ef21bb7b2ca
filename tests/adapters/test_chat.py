"""Other chat services: the real library, over HTTP, to a server on loopback."""

from __future__ import annotations

import json
import logging

import pytest
from db_nouns import alert
from servers.scripted import Reply, ScriptedServer, exactly

from newsbot.adapters.chat import ChatChannel
from newsbot.errors import ConfigError, DeliveryError, RecipientGoneError
from newsbot.stages.markdown import as_markdown, uncalled

NAME = "NEWSBOT_HOOK"
SECRET = "s3cr3t-path-of-a-hook"
HTML = (
    "<b>New deal: A*B &amp; C</b>\n• A: customer\n\n<blockquote expandable>“x_y” — "
    '<a href="https://x.example/?a=(1)&amp;b=2">x.example</a>\n“z” — y</blockquote>\n'
    "\n2 sources"
)


@pytest.fixture
def server():
    with ScriptedServer() as running:
        running.on(f"/{SECRET}", Reply(200))
        yield running


@pytest.fixture
def channel(server):
    opened = ChatChannel({NAME: (f"json://{server.netloc}/{SECRET}", "markdown")})
    yield opened
    opened.close()


def refused(channel, message=None):
    with pytest.raises(DeliveryError) as caught:
        channel.send(NAME, message or alert())
    return caught.value


def body(server):
    return json.loads(server.requests[-1].body)["message"]


def test_an_alert_arrives_as_markdown(server, channel):
    """Bold, links and quotes are there, and what was text stays text."""
    assert channel.send(NAME, alert(html=HTML)) == "alert-a"
    assert body(server).splitlines() == [
        r"**New deal: A\*B & C**  ",
        "• A: customer",
        "",
        r"> “x\_y” — [x.example](<https://x.example/?a=(1)&b=2>)  ",
        "> “z” — y",
        "",
        "2 sources",
    ]


def test_an_alert_arrives_as_plain_text(server):
    """Where Markdown is not wanted, the plain text comes as it is."""
    channel = ChatChannel({NAME: (f"json://{server.netloc}/{SECRET}", "plain")})
    channel.send(NAME, alert(plain="A*B & <C>\n> “x_y”"))
    channel.close()
    assert body(server) == "A*B & <C>\n> “x_y”"


def test_nobody_is_called_by_a_headline():
    """`@everyone` and `<!channel>` from an article ring in no chat; links stay whole."""
    for text in ("@everyone", "a <!channel> b", "<@U1>", "(@here)"):
        for form in (uncalled(text), as_markdown(text.replace("<", "&lt;"))):
            assert not any(call in form for call in ("@every", "<!", "<@", "@here"))
    assert uncalled("https://x.example/@name a@b.example") == (
        "https://x.example/@name a@b.example"
    )


@pytest.mark.parametrize(
    ("status", "kind", "retry", "retry_after"),
    [
        (500, DeliveryError, True, None),
        (429, DeliveryError, True, 60),
        (400, DeliveryError, False, None),
        (404, RecipientGoneError, False, None),
        (410, RecipientGoneError, False, None),
    ],
)
def test_each_answer_has_its_meaning(server, channel, status, kind, retry, retry_after):
    """Busy and broken pass, a bad message does not, and a hook that is gone parks."""
    server.on(f"/{SECRET}", Reply(status))
    error = refused(channel)
    assert type(error) is kind
    assert (error.retry, error.retry_after, error.unknown) == (
        retry,
        retry_after,
        False,
    )
    assert str(status) in str(error)


def test_no_answer_is_unknown(server, channel):
    """A connection that breaks after the request may have brought the message."""
    server.on(f"/{SECRET}", exactly(b""))
    error = refused(channel)
    assert (error.retry, error.unknown) == (True, True)


def test_the_address_is_in_no_error_and_no_log(server, channel, monkeypatch):
    """At every level, whatever the service answers."""
    texts = [channel.whoami(), repr(channel)]

    class Collect(logging.Handler):
        def emit(self, record):
            texts.append(self.format(record) + repr(record.__dict__))

    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [Collect(level=0)])
    for logger in (root, logging.getLogger("apprise"), logging.getLogger("urllib3")):
        monkeypatch.setattr(logger, "level", 1)
    logging.getLogger("newsbot").warning("seen")
    for reply in (Reply(200), Reply(500), Reply(404), exactly(b"")):
        server.on(f"/{SECRET}", reply)
        try:
            channel.send(NAME, alert())
        except DeliveryError as error:
            texts += [str(error), repr(error), repr(error.__context__)]
    with pytest.raises(ConfigError) as caught:
        ChatChannel({NAME: (f"nosuch://{SECRET}", "plain")})
    texts.append(str(caught.value))
    everything = "\n".join(texts)
    assert "seen" in everything
    assert NAME in str(caught.value)
    assert SECRET not in everything


def test_what_is_sent_stays_as_it_is(channel):
    """There is nothing to edit; it is given up at once."""
    with pytest.raises(DeliveryError) as caught:
        channel.edit(NAME, "alert-a", alert(), was="")
    assert not caught.value.retry
