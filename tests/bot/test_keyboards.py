"""What is pressed does what is typed: buttons, questions that a reply answers, lists."""

from __future__ import annotations

import pytest
from servers.telegram import bot_user
from servers.telegram_bot import channel, group
from talking_bot import MANAGER, NOW, READER, STRANGER, rig

from newsbot.bot.talk import BUTTONS, MANAGER_BUTTONS
from newsbot.bot.wishes import EVERY
from newsbot.stages.bot_help import COMMANDS, answered
from newsbot.talking import Subscription

CHANNEL = -1001007
GROUP = -1001234567890


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        made.admit(READER)
        made.tell()
        made.ask(READER, "/sub")
        yield made


def last(bot, chat=READER):
    return bot.server.messages(str(chat))[-1]


def offered(bot):
    """Label and data of the buttons below the newest message."""
    return [button for row in bot.server.accepted[-1].buttons for button in row]


def press(bot, data, user=READER, **more):
    """Press a button below the newest message."""
    bot.press(user, data, message_id=bot.server.accepted[-1].message_id, **more)


def reply_to(bot, question, text, user=READER):
    """Answer a message of the bot, as an app does that was asked to."""
    chat = {"id": user, "type": "private", "first_name": "S"}
    told = {
        "message_id": 5,
        "date": 1,
        "chat": chat,
        "from": bot_user(bot.server.token),
        "text": question,
    }
    return bot.ask(user, text, reply_to_message=told)


def test_every_command_can_be_pressed():
    """Below /help, all of them; /start and /help are Telegram's own."""
    names = {name for row in (*BUTTONS, MANAGER_BUTTONS) for name in row}
    assert names == set(EVERY) - {"start", "help"} == set(COMMANDS) - {"start", "help"}


@pytest.mark.parametrize(
    ("command", "asks", "shows"),
    [("deal", "Which deal?", "New deal: "), ("why", "Why is", "counts as a deal")],
)
def test_deals_are_offered_where_none_is_named(bot, command, asks, shows):
    """The latest ones as buttons, newest first; what is pressed comes besides."""
    for ask in (
        lambda: press(bot, f"set|{command}"),
        lambda: bot.ask(READER, f"/{command}"),
    ):
        ask()
        assert last(bot).startswith(asks)
        data = [data for _, data in offered(bot)]
        assert data == [f"set|{command}|d{n}" for n in (3, 2, 1, 0)]
    n_before = len(bot.server.messages(str(READER)))
    press(bot, f"set|{command}|d1")
    assert shows in last(bot)
    assert len(bot.server.messages(str(READER))) == n_before + 1


@pytest.mark.parametrize(
    ("command", "user", "words", "says"),
    [
        ("search", READER, "paper", "articles, best first"),
        ("broadcast", MANAGER, "All is well", "On its way to 1 chats."),
        ("test", MANAGER, "no address", "Please: /test"),
    ],
)
def test_a_reply_to_a_question_is_the_command_with_its_words(
    bot, command, user, words, says
):
    """Pressed, it asks; the app opens a reply; in both languages."""
    for code in ("en", "de"):
        bot.clock.forward(minutes=1)
        press(bot, f"set|{command}", user, code=code)
        question = last(bot, user)
        assert answered(question) == command
        asked = [p for m, p in bot.server.calls if m == "sendMessage"][-1]
        assert '"force_reply": true' in asked["reply_markup"]
        assert says in reply_to(bot, question, words, user)[0]


def test_a_reply_to_anything_else_is_no_command(bot):
    """A title that ends like a question of ours asks for nothing."""
    for text in ("Please: /broadcast TEXT now", "x Please: /broadcast TEXT", "hello"):
        answers = reply_to(bot, text, "sent to all?", MANAGER)
        assert answers == ["I do not know that command; /help lists them."]
    assert bot.rows("SELECT * FROM notices") == []


def test_stop_asks_before_a_button_deletes_anything(bot):
    """No keeps all, yes deletes; the word alone asks, the command does."""
    for ask in (lambda: press(bot, "set|stop"), lambda: bot.ask(READER, "stop")):
        ask()
        assert last(bot).startswith("Delete the subscription")
        assert [data for _, data in offered(bot)] == ["set|stop|yes", "set|stop|no"]
    press(bot, "set|stop|no")
    assert last(bot) == "Nothing was deleted."
    assert bot.sub(READER) is not None
    press(bot, "set|stop|yes")
    assert last(bot).startswith("Deleted:")
    assert bot.sub(READER) is None
    assert not bot.store.bot.admitted(READER)


def managed(bot):
    """A channel that the reader administers and has subscribed."""
    bot.server.chats["@deals_news"] = channel(CHANNEL, "deals_news")
    bot.server.chats[str(CHANNEL)] = channel(CHANNEL, "deals_news")
    me = int(bot.server.token.partition(":")[0])
    bot.server.statuses[str(CHANNEL), me] = "administrator"
    bot.server.statuses[str(CHANNEL), READER] = "creator"
    return bot.ask(READER, "/sub https://t.me/deals_news")


def test_a_channel_is_managed_with_buttons(bot):
    """/list leads to its settings; each button changes the channel, not this chat."""
    answers = managed(bot)
    assert answers[0].startswith("Subscribed: new deals now go to Channel")
    assert answers[1] == "For example, the last 3 deals:"
    assert bot.server.messages(str(CHANNEL)) == []
    bot.ask(READER, "/list")
    shown = bot.server.accepted[-1]
    assert ("⚙ Channel deals_news", f"set|list||{CHANNEL}") in offered(bot)
    assert ("/quiet", "set|quiet") in offered(bot)
    bot.press(READER, f"set|list||{CHANNEL}", message_id=shown.message_id)
    assert last(bot).startswith("Channel deals_news\nlanguage en")
    assert ("/lang", f"set|lang||{CHANNEL}") in offered(bot)
    for data in (f"set|lang||{CHANNEL}", f"set|lang|de|{CHANNEL}"):
        bot.press(READER, data, message_id=shown.message_id)
    assert bot.sub(CHANNEL).language == "de"
    assert bot.sub(READER).language == "en"
    assert "Sprache" not in bot.ask(READER, "/list @deals_news")[0]
    bot.server.statuses[str(CHANNEL), READER] = "member"
    press(bot, f"set|list||{CHANNEL}")
    assert last(bot) == "You are no administrator of Channel deals_news."
    assert all(len(data.encode()) <= 64 for data in bot.server.buttons(str(READER)))


def test_a_channel_s_data_go_and_its_manager_s_stay(bot):
    """`/stop @channel` is about the channel; `/stop` forgets who subscribed it."""
    managed(bot)
    bot.press(READER, "fb:yes:d1")
    assert "Channel deals_news" in bot.ask(READER, "/stop @deals_news")[0]
    assert bot.sub(CHANNEL) is None
    assert bot.sub(READER) is not None
    assert len(bot.store.labels.all()) == 1
    bot.ask(READER, "/sub @deals_news")
    bot.ask(READER, "/stop")
    assert bot.sub(CHANNEL).owner_id is None


def test_many_subscriptions_are_listed_in_several_messages(bot):
    """None is cut off, however many and however long their names."""
    for n in range(17):
        bot.store.subscriptions.put(
            Subscription(
                channel="telegram",
                recipient=f"-100{n:03}",
                language="de",
                created_at=NOW,
                owner_id=READER,
                title=f"{n:02} " + "<name> " * 30,
            )
        )
    answers = bot.ask(READER, "/list")
    assert len(answers) == 4
    whole = "\n".join(answers)
    assert all(f"{n:02} <name>" in whole for n in range(17))


def test_email_has_buttons(bot):
    """Without an address one can be set; without a mail server that is said."""
    bot.ask(READER, "/email")
    assert offered(bot) == [("set an address", "set|email|?")]
    press(bot, "set|email|?")
    assert "has not set up mail" in last(bot)


def test_who_reads_a_channel_makes_the_bot_post_nothing_there(bot):
    """Why and sources open a window for the one who asks; forged buttons do nothing."""
    managed(bot)
    there = channel(CHANNEL, "deals_news")
    for data in ("why:d1", "src:d1", "fb:no:d1"):
        bot.press(STRANGER, data, chat=there)
    assert bot.server.toasts[-3].startswith("Probability 0.75, threshold 0.50")
    assert bot.server.toasts[-2] == "Sources: paper.example (EN)"
    windows = [
        p.get("show_alert") for m, p in bot.server.calls if m == "answerCallbackQuery"
    ]
    assert windows[-3:-1] == ["true", "true"]
    assert windows[-1] != "true"
    for data in ("set|help", "set|export", "set|deals", "set|list", "set|search|x"):
        bot.press(STRANGER, data, chat=there)
        assert bot.server.toasts[-1] == "That button is not valid."
    assert bot.server.messages(str(CHANNEL)) == []
    assert bot.server.documents == []


def test_members_of_groups_are_offered_what_they_may(bot):
    """Their menu reads; the administrators' also sets; nobody's has what is private."""
    bot.server.until(lambda: len(bot.server.menus) == 12)
    by_scope = {menu["scope"]: menu["commands"] for menu in bot.server.menus}
    members = by_scope['{"type": "all_group_chats"}']
    admins = by_scope['{"type": "all_chat_administrators"}']
    assert '"deals"' in members
    assert '"quiet"' not in members
    assert '"quiet"' in admins
    assert not any('"email"' in one or '"stats"' in one for one in (members, admins))


def test_settings_of_a_group_are_pressed_by_administrators_alone(bot):
    """The buttons below /list, too: a member's press changes nothing."""
    bot.server.statuses[str(GROUP), READER] = "creator"
    bot.ask(READER, "/sub", chat=group(GROUP))
    assert bot.sub(GROUP) is not None
    for data in ("set|lang|de", "set|pause", "set|unsub", "set|stop|yes"):
        bot.press(STRANGER, data, chat=group(GROUP))
        assert bot.server.toasts[-1].startswith("Only administrators")
    assert (bot.sub(GROUP).language, bot.sub(GROUP).paused) == ("en", False)
