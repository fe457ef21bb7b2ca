"""Cases 68 and 70: strangers, forgers, anonymous and former administrators."""

from __future__ import annotations

import pytest
from servers import telegram as api
from servers.telegram_bot import GROUP_ANONYMOUS_BOT, channel, group, person
from talking_bot import MANAGER, NOW, READER, STRANGER, rig

from newsbot.bot.settings import MAX_OWNED
from newsbot.talking import Subscription

pytestmark = pytest.mark.case(
    68, "strangers, forgers, anonymous and former administrators"
)

GROUP = -1001234567890
ROOM = group(GROUP)
POLITE = "This bot is private. Please ask its operator for an invite."


class Dialled:
    """A way to the web that nobody may take."""

    def __init__(self):
        self.urls = []

    def fetch(self, url, **_):
        self.urls.append(url)
        raise AssertionError(url)


@pytest.fixture
def bot(tmp_path):
    web = Dialled()
    with rig(tmp_path, fetcher=web) as made:
        made.web = web
        made.tell(2)
        yield made


def contents(bot):
    """Everything that the ledger holds, but for the counter of strangers."""
    return {
        row["name"]: bot.rows(f"SELECT * FROM {row['name']}")
        for row in bot.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE '%fts%' AND name <> 'settings'"
        )
    }


def test_a_stranger_gets_one_polite_line_and_leaves_a_counter(bot):
    """Whatever a stranger tries is refused alike; nothing is stored, nothing fetched."""
    before = contents(bot)
    for text in (
        "/start", "/sub", "/deals", "/test https://example.org/", "/stats", "/export",
        "/feeds https://example.org/feed", "/broadcast x", "hello", "/stop",
    ):  # fmt: skip
        bot.server.say(STRANGER, text)
    bot.server.press(STRANGER, "set|sub")
    bot.server.press(STRANGER, "fb:yes:d0")
    bot.quiet()
    bot.server.until(lambda: len(bot.server.toasts) == 2)
    assert bot.server.messages(str(STRANGER)) == [POLITE]
    assert set(bot.server.toasts) == {POLITE}
    assert contents(bot) == before
    assert bot.store.bot.strangers() == 12
    assert bot.web.urls == []


def test_what_nobody_asked_of_the_bot_is_not_heard(bot):
    """Edits, forwards, channel posts, inline queries, other bots: no answer, no row."""
    before = contents(bot)
    private = {"id": MANAGER, "type": "private", "first_name": "M"}
    command = {
        "message_id": 1,
        "date": 1,
        "chat": private,
        "from": person(MANAGER),
        "text": "/sub",
    }
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "x"}
    bot.server.update(edited_message=command)
    bot.server.update(channel_post={**command, "chat": channel(-1005, "news")})
    bot.server.update(message={**command, "forward_origin": origin})
    bot.server.update(message={**command, "from": {**person(9), "is_bot": True}})
    bot.server.update(
        message={**command, "via_bot": {**person(9), "is_bot": True, "username": "b"}}
    )
    bot.server.update(
        inline_query={"id": "1", "from": person(MANAGER), "query": "x", "offset": ""}
    )
    bot.server.update(
        message={**command, "chat": ROOM, "sender_chat": channel(-1006, "other")}
    )
    bot.server.update(message={**command, "chat": ROOM, "text": "/sub@other_bot"})
    bot.quiet()
    assert contents(bot) == before
    assert bot.server.accepted == []


def test_only_administrators_change_a_groups_settings(bot):
    """Telegram is asked at the time, by id: a demoted one is refused at once."""
    bot.admit(READER)
    assert bot.ask(READER, "/sub", chat=ROOM) == [
        "Only administrators of this chat can change its settings."
    ]
    bot.server.statuses[str(GROUP), READER] = "administrator"
    assert bot.ask(READER, "/sub", chat=ROOM)[0].startswith("Subscribed.")
    bot.server.statuses[str(GROUP), STRANGER] = "member"
    assert "Only administrators" in bot.ask(STRANGER, "/lang de", chat=ROOM)[0]
    assert bot.ask(STRANGER, "/deals", chat=ROOM)[0].startswith("Deals (2)")
    bot.press(STRANGER, "set|lang|de", chat=ROOM)
    assert bot.server.toasts[-1].startswith("Only administrators")
    assert bot.sub(GROUP).language == "en"
    bot.server.statuses[str(GROUP), READER] = "left"
    assert "Only administrators" in bot.ask(READER, "/unsub", chat=ROOM)[0]
    assert bot.sub(GROUP) is not None


@pytest.mark.parametrize("text", ["/lang de", "/lang @deals_news de"])
def test_an_administrator_is_not_called_none_while_telegram_says_nothing(bot, text):
    """No answer is no answer: nothing changes, and the person is asked to try again."""
    bot.admit(READER)
    bot.server.statuses[str(GROUP), READER] = "administrator"
    bot.ask(READER, "/sub", chat=ROOM)
    bot.server.refusing["getchatmember"] = api.BAD_GATEWAY
    bot.server.refusing["getchat"] = api.too_many_requests(1)
    chat = {} if "@" in text else {"chat": ROOM}
    (answer,) = bot.ask(READER, text, **chat)
    assert answer.startswith("Telegram does not say just now")
    assert bot.sub(GROUP).language == "en"
    bot.server.refusing.clear()
    if chat:
        assert bot.ask(READER, text, chat=ROOM)[0].startswith("Meldungen")


def test_a_service_that_hangs_over_who_is_what_holds_up_nobody_for_long(tmp_path):
    """After a while the person is told to try again; the next one is answered."""
    with rig(tmp_path) as bot:
        bot.admit(READER)
        bot.server.statuses[str(GROUP), READER] = "administrator"
        bot.ask(READER, "/sub", chat=ROOM)
        bot.server.refusing["getchatmember"] = api.HANG
        bot.server.say(READER, "/lang de", chat=ROOM)
        assert bot.ask(MANAGER, "/help")
        assert "does not say" in bot.server.messages(str(GROUP))[-1]
        bot.server.release()


def test_who_lost_access_may_still_leave(tmp_path):
    """No manager any more, or the bot no longer open: alerts come, so they may end."""
    with rig(tmp_path) as bot:
        for person in (READER, STRANGER):
            bot.store.subscriptions.put(
                Subscription(
                    channel="telegram",
                    recipient=str(person),
                    language="en",
                    created_at=NOW,
                    owner_id=person,
                )
            )
        assert bot.ask(READER, "/mute 8h")[0].startswith("Silent until")
        assert bot.ask(READER, "/stop")[0].startswith("Deleted:")
        assert bot.sub(READER) is None
        bot.server.say(READER, "/stop")
        bot.server.say(STRANGER, "/deals")
        bot.server.say(STRANGER, "/lang de")
        bot.quiet()
        # No chat waits for another: either may be answered first.
        for person in (READER, STRANGER):
            bot.server.until(lambda to=str(person): POLITE in bot.server.messages(to))
        assert bot.server.messages(str(STRANGER)) == [POLITE]
        assert bot.sub(STRANGER).language == "en"
        bot.press(STRANGER, "set|pause")
        assert bot.sub(STRANGER).paused


def test_a_name_of_an_allowed_one_opens_nothing(bot):
    """Who takes a manager's user name is still who their number says."""
    impostor = {**person(STRANGER), "username": "manager", "first_name": str(MANAGER)}
    chat = {"id": STRANGER, "type": "private", "first_name": "x"}
    bot.server.say(STRANGER, "/stats", **{"from": impostor}, chat=chat)
    bot.quiet()
    bot.server.until(lambda: bot.server.messages(str(STRANGER)))
    assert bot.server.messages(str(STRANGER)) == [POLITE]


def test_an_anonymous_administrator_is_one_of_that_group_alone(bot):
    """Whoever posts as the group may change its settings, but subscribe nothing."""
    ghost = {"from": GROUP_ANONYMOUS_BOT, "sender_chat": ROOM}
    bot.server.say(0, "/sub", chat=ROOM, **ghost)
    bot.quiet()
    bot.server.until(lambda: bot.server.messages(str(GROUP)))
    assert bot.server.messages(str(GROUP)) == [POLITE]
    bot.admit(READER)
    bot.server.statuses[str(GROUP), READER] = "creator"
    bot.ask(READER, "/sub", chat=ROOM)
    answers = bot.ask(0, "/lang de", chat=ROOM, **ghost)
    assert answers == ["Meldungen kommen jetzt auf Deutsch."]
    assert bot.sub(GROUP).language == "de"


def test_a_channel_is_managed_by_who_administers_it(bot):
    """`/sub @channel` needs both, the person and the bot, as administrators there."""
    bot.admit(READER)
    bot.server.chats["@deals_news"] = channel(-1007, "deals_news")
    assert "cannot find" in bot.ask(READER, "/sub @nowhere")[0]
    assert "You are no administrator" in bot.ask(READER, "/sub @deals_news")[0]
    bot.server.statuses["-1007", READER] = "creator"
    assert "I am no administrator" in bot.ask(READER, "/sub @deals_news")[0]
    me = int(bot.server.token.partition(":")[0])
    bot.server.statuses["-1007", me] = "administrator"
    assert "now go to Channel" in bot.ask(READER, "/sub @deals_news")[0]
    bot.ask(READER, "/lang @deals_news de")
    assert bot.sub(-1007).language == "de"
    assert "Channel deals_news" in bot.ask(READER, "/list")[0]
    bot.server.statuses["-1007", READER] = "member"
    assert "You are no administrator" in bot.ask(READER, "/unsub @deals_news")[0]
    assert bot.sub(-1007) is not None


def test_a_configured_channel_is_one_subscription_by_name_or_id(bot):
    """What the config calls @channel is not subscribed twice, and its presses count."""
    bot.store.subscriptions.sync(
        "telegram",
        [
            Subscription(
                channel="telegram",
                recipient="@deals_news",
                language="de",
                created_at=NOW,
                source="config",
            )
        ],
    )
    me = int(bot.server.token.partition(":")[0])
    bot.server.chats["@deals_news"] = channel(-1007, "deals_news")
    bot.server.statuses["-1007", MANAGER] = "creator"
    bot.server.statuses["-1007", me] = "administrator"
    assert bot.ask(MANAGER, "/sub @deals_news") == ["This is subscribed already."]
    bot.ask(MANAGER, "/lang @deals_news en")
    assert [one.language for one in bot.store.subscriptions.all()] == ["en"]
    bot.press(STRANGER, "fb:yes:d0", chat=channel(-1007, "deals_news"))
    assert [one.user_id for one in bot.store.labels.all()] == [STRANGER]


def test_one_person_subscribes_so_many_chats_and_no_more(bot):
    """The one too many gets a clear answer; an open bot lets anybody ask."""
    for n in range(MAX_OWNED):
        bot.store.subscriptions.put(
            Subscription(
                channel="telegram",
                recipient=f"-5/{n}",
                language="en",
                created_at=NOW,
                owner_id=MANAGER,
            )
        )
    assert "30 subscriptions already" in bot.ask(MANAGER, "/sub")[0]


def test_an_open_bot_lets_everybody_subscribe(tmp_path):
    """`open = true` needs no invite; managers' commands stay theirs."""
    with rig(tmp_path, open=True) as bot:
        assert bot.ask(STRANGER, "/start")[1].startswith("Subscribed.")
        assert "operators" in bot.ask(STRANGER, "/stats")[0]


def test_a_topic_of_a_forum_has_a_subscription_of_its_own(bot):
    """The thread is kept with it, and answers stay in the thread."""
    bot.admit(READER)
    bot.server.statuses[str(GROUP), READER] = "administrator"
    topic = {"is_topic_message": True, "message_thread_id": 45}
    bot.ask(READER, "/sub", chat=ROOM, **topic)
    assert bot.sub(f"{GROUP}/45") is not None
    assert bot.sub(GROUP) is None
    said = [p for m, p in bot.server.calls if m == "sendMessage"]
    assert {one["message_thread_id"] for one in said} == {"45"}


def test_a_group_that_becomes_a_supergroup_keeps_its_subscription(bot):
    """The service message moves it, once."""
    bot.admit(READER)
    old = {"id": -55, "type": "group", "title": "small"}
    bot.server.statuses["-55", READER] = "creator"
    bot.ask(READER, "/sub", chat=old)
    bot.server.say(READER, None, chat=old, migrate_to_chat_id=GROUP)
    bot.quiet()
    assert (bot.sub(-55), bot.sub(GROUP).owner_id) == (None, READER)


def test_a_strangers_group_that_becomes_a_supergroup_leaves_nothing(bot):
    """Whoever adds the bot to a group of theirs and lets it grow stores no row."""
    before = contents(bot)
    bot.server.say(
        STRANGER,
        None,
        chat={"id": -77, "type": "group", "title": "theirs"},
        migrate_to_chat_id=-1007700000000,
    )
    bot.quiet()
    assert contents(bot) == before
