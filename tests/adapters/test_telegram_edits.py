"""Replies and edits in Telegram, against a Bot API server on loopback."""

from __future__ import annotations

import pytest
from db_nouns import alert
from servers import telegram as api
from servers.telegram import TelegramServer

from newsbot.adapters.telegram.channel import TelegramChannel
from newsbot.errors import ChannelHaltedError, DeliveryError, RecipientGoneError

CHAT = "-1001234567890"


@pytest.fixture
def server():
    with TelegramServer() as running:
        yield running


@pytest.fixture
def channel(server):
    opened = TelegramChannel(api.TOKEN, server.base_url, timeout_seconds=1)
    yield opened
    opened.close()


def edit(channel, provider_id, message):
    channel.edit(CHAT, provider_id, message, was="")


def refused(channel, provider_id="1", message=None):
    with pytest.raises(DeliveryError) as caught:
        edit(channel, provider_id, message or alert(html="newer"))
    return caught.value


def test_an_edit_replaces_text_and_keeps_the_id(server, channel):
    """The message is the same one, with new HTML and still without a preview."""
    provider_id = channel.send(CHAT, alert())
    edit(channel, provider_id, alert(html="<b>3 Quellen</b> &amp; mehr"))
    (message,) = server.accepted
    assert (message.message_id, message.visible) == (1, "3 Quellen & mehr")
    assert (message.parse_mode, message.preview) == ("HTML", False)


def test_the_same_text_again_is_done(server, channel):
    """Telegram refuses an edit that changes nothing; for us it is through."""
    provider_id = channel.send(CHAT, alert())
    edit(channel, provider_id, alert())
    assert server.calls[-1][0].casefold() == "editmessagetext"
    server.script(CHAT, api.NOT_MODIFIED)
    edit(channel, provider_id, alert(html="x"))


def test_an_edit_whose_answer_was_lost_is_tried_again_without_harm(server, channel):
    """Nobody knows whether it came through; the second try finds that it did."""
    provider_id = channel.send(CHAT, alert())
    server.script(CHAT, api.RESET)
    error = refused(channel, provider_id)
    assert error.retry
    assert error.unknown
    edit(channel, provider_id, alert(html="newer"))
    assert server.messages(CHAT) == ["newer"]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (api.EDIT_GONE, "to edit not found"),
        (api.TOO_OLD, "can't be edited"),
        (api.KICKED, "kicked"),
    ],
)
def test_what_cannot_be_edited_any_more_is_final(server, channel, reply, says):
    """Deleted, too old, thrown out: no second try, and the reason in words."""
    provider_id = channel.send(CHAT, alert())
    server.script(CHAT, reply)
    error = refused(channel, provider_id)
    assert not error.retry
    assert says in str(error)


def test_too_many_edits_say_when_to_go_on(server, channel):
    """Telegram's own wait is passed on."""
    provider_id = channel.send(CHAT, alert())
    server.script(CHAT, api.too_many_requests(40))
    assert refused(channel, provider_id).retry_after == 40


@pytest.mark.parametrize("provider_id", ["console", "", "-1", "1; drop"])
def test_an_id_of_another_channel_is_refused_here(server, channel, provider_id):
    """What is no message's id is not asked for."""
    assert not refused(channel, provider_id).retry
    assert server.calls == []


def test_refused_markup_is_edited_in_as_plain_text(server, channel):
    """As with sending: the words count more than their form."""
    provider_id = channel.send(CHAT, alert())
    edit(channel, provider_id, alert(html="<b>x", plain="x < y " + "z" * 5_000))
    (message,) = server.accepted
    assert message.parse_mode is None
    assert message.visible.startswith("x < y z")


def test_a_reply_stands_below_what_it_answers(server, channel):
    """Telegram is told which message of the chat is answered."""
    provider_id = channel.send(CHAT, alert())
    channel.send(CHAT, alert(), reply_to=provider_id)
    assert [message.reply_to for message in server.accepted] == [None, 1]


@pytest.mark.parametrize("reply_to", ["77", "console"])
def test_a_reply_to_what_is_gone_goes_out_alone(server, channel, reply_to):
    """A deleted first message holds up no news."""
    assert channel.send(CHAT, alert(), reply_to=reply_to) == "1"
    assert server.accepted[0].reply_to is None


def test_a_closed_channel_edits_nothing(server, channel):
    """It says so, and that it may be tried again."""
    provider_id = channel.send(CHAT, alert())
    channel.close()
    assert refused(channel, provider_id).retry
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("en", "Deal, Not a deal, Duplicate, Why?, Sources"),
        ("de", "Deal, Kein Deal, Doppelt, Warum?, Quellen"),
    ],
)
def test_buttons_stand_below_an_alert_and_stay_there(server, channel, language, labels):
    """Labels are the reader's, data carry the deal's id; an edit keeps both."""
    message = alert(language=language, deal_id="0123456789abcdef")
    provider_id = channel.send(CHAT, message)
    (sent,) = server.accepted
    assert ", ".join(label for row in sent.buttons for label, _ in row) == labels
    assert [data for row in sent.buttons for _, data in row] == [
        f"{name}:0123456789abcdef"
        for name in ("fb:yes", "fb:no", "fb:dup", "why", "src")
    ]
    edit(
        channel,
        provider_id,
        alert(language=language, deal_id=message.deal_id, html="x"),
    )
    (edited,) = server.accepted
    assert (edited.visible, edited.buttons) == ("x", sent.buttons)


def test_a_line_about_no_deal_has_no_buttons(server, channel):
    """What is no alert asks nobody for an opinion."""
    channel.send(CHAT, alert(deal_id=""))
    assert server.accepted[0].buttons == ()


def test_a_topic_gets_its_own_messages(server, channel):
    """A thread is named; the general topic, which Telegram calls 1, is not."""
    for recipient in (f"{CHAT}/7", f"{CHAT}/1", CHAT):
        provider_id = channel.send(recipient, alert())
    assert [message.thread for message in server.accepted] == [7, None, None]
    assert {message.chat for message in server.accepted} == {CHAT}
    channel.edit(f"{CHAT}/7", "1", alert(html="newer"), was="")
    assert server.messages(CHAT)[0] == "newer"
    with pytest.raises(DeliveryError, match="names no topic"):
        channel.send(f"{CHAT}/x", alert())
    assert provider_id == "3"


GONE = [
    (api.BLOCKED, False),
    (api.DEACTIVATED, False),
    (api.KICKED, False),
    (api.GROUP_DELETED, False),
    (api.NOT_A_MEMBER, False),
    (api.CHAT_NOT_FOUND, False),
    (api.NO_RIGHTS, False),
    (api.TOPIC_CLOSED, True),
    (api.THREAD_NOT_FOUND, True),
]


@pytest.mark.parametrize(("reply", "tell"), GONE)
def test_who_is_gone_is_told_from_a_bad_message(server, channel, reply, tell):
    """Each of Telegram's words for nobody there parks; a closed topic is told."""
    server.script(CHAT, reply)
    with pytest.raises(RecipientGoneError) as caught:
        channel.send(CHAT, alert())
    assert caught.value.tell is tell


def test_what_concerns_the_whole_bot_says_so(server, channel):
    """Too many requests, a refused token, and a proxy's 429 that is no JSON."""
    proxy = api.Answer(status=429, body=b"<html>slow down</html>")
    for reply, refused_token in (
        (api.too_many_requests(30), False),
        (api.UNAUTHORIZED, True),
        (proxy, False),
    ):
        server.script(CHAT, reply)
        with pytest.raises(ChannelHaltedError) as caught:
            channel.send(CHAT, alert())
        assert caught.value.refused is refused_token
        assert caught.value.retry_after >= 30


def test_it_says_which_bot_it_is(server, channel):
    """`whoami` asks for the name; a refused token is said as for a message."""
    assert channel.whoami() == "@newsbot_test_bot"
    server.token = "1:other"
    with pytest.raises(ChannelHaltedError) as caught:
        channel.whoami()
    assert caught.value.refused
    assert api.TOKEN not in str(caught.value)
