"""The bot as people meet it: over HTTP, with the real library."""

from __future__ import annotations

import pytest
from db_nouns import alert
from talking_bot import MANAGER, NOW, READER, rig


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        made.admit(READER)
        made.tell()
        yield made


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """One bot for the questions that change nothing; its clock moves, for quotas."""
    with rig(tmp_path_factory.mktemp("asked")) as made:
        made.admit(READER)
        made.tell()
        yield made


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """One bot for settings that are refused."""
    with rig(tmp_path_factory.mktemp("settled")) as made:
        made.admit(READER)
        made.tell()
        made.ask(READER, "/sub")
        yield made


def test_start_subscribes_with_the_last_three_deals(bot):
    """The first subscription shows three deals, oldest first, each with its buttons."""
    answers = bot.ask(READER, "/start")
    assert len(answers) == 7
    assert answers[2] == "For example, the last 3 deals:"
    assert [text.splitlines()[0] for text in answers[3:6]] == [
        "New deal: OpenAI and Oracle"
    ] * 3
    assert bot.sub(READER).owner_id == READER
    assert "fb:yes:d3" in bot.server.buttons(str(READER))
    assert "fb:yes:d0" not in bot.server.buttons(str(READER))
    again = bot.ask(READER, "/start")
    assert again[1] == "This is subscribed already."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/help", "/quiet 22-07|off – quiet hours"),
        ("/deals", "Deals (4), newest first:"),
        ("/deals 36h", "Deals (2), newest first:"),
        ("/deals 1w", "Deals (4), newest first:"),
        ("/deals 3 Tage", "Deals (3), newest first:"),
        ("/deals soon", "Please: /deals 7d"),
        ("/deal d1", "New deal: OpenAI and Oracle"),
        ("/deal_d1", "New deal: OpenAI and Oracle"),
        ("/deal nope", "I know no deal nope"),
        ("/why d1", "probability 0.75, threshold 0.50"),
        ("/why article-d10", "Paper 1 <b>tells</b> (paper.example): found"),
        ("/search", "Please: /search"),
        ("/search microsoft", "4 articles, best first:"),
        ('/search "OR* NEAR(', "Nothing found."),
        ("/search " + "x" * 9000, "That is too long"),
        ("/unsub", "Nothing is subscribed here"),
        ("/list", "No subscription of yours."),
        ("/stats", "That is for this bot's operators."),
        ("/frobnicate", "I do not know that command"),
        ("hello", "I do not know that command"),
        ("/filter", "Nothing is subscribed here"),
    ],
)
def test_commands_answer(asked, text, says):
    """Every command answers in one message, good or bad."""
    asked.clock.forward(seconds=10)
    (answer,) = asked.ask(READER, text)
    assert says in answer


@pytest.mark.parametrize(
    ("text", "says", "holds"),
    [
        ("/lang de", "Meldungen kommen jetzt auf Deutsch.", "language"),
        ("/digest 07:00", "07:00", "digest_at"),
        ("/digest 7:30 pm", "19:30", "digest_at"),
        ("/quiet 22-07", "22:00-07:00", "quiet"),
        ("/quiet 10pm-7am", "22:00-07:00", "quiet"),
        ("/mute 8h", "Silent until 2026-03-02 17:00", "muted_until"),
        ("/pause", "Paused until /resume", "paused"),
        ("/timezone Europe/Berlin", "Europe/Berlin", "timezone"),
        ("/filter party:Nvidia", "it would have let 0 through", "filters"),
    ],
)
def test_settings_are_kept(asked, text, says, holds):
    """A setting is answered and stands in the subscription."""
    bot = asked
    bot.clock.now = NOW
    bot.store.subscriptions.forget("telegram", str(READER))
    bot.ask(READER, "/sub")
    before = getattr(bot.sub(READER), holds)
    (answer,) = bot.ask(READER, text)
    assert says in answer
    assert getattr(bot.sub(READER), holds) != before


@pytest.mark.parametrize(
    "text",
    [
        "/lang fr", "/digest 25:00", "/email no", "/email a@b@c.org", "/quiet 9", "/digest 13pm",
        "/quiet 22-22", "/mute 9y", "/mute 0h", "/timezone Mars/Base",
        "/timezone ../../etc/passwd", "/filter shape:round", "/filter min:lots",
        "/filter ****a",
    ],
)  # fmt: skip
def test_bad_settings_change_nothing(settled, text):
    """What nobody understands gets an answer and leaves everything as it was."""
    bot = settled
    bot.clock.forward(seconds=10)
    before = bot.sub(READER)
    assert bot.ask(READER, text)
    assert bot.sub(READER) == before


def test_buttons_do_what_commands_do(bot):
    """A pressed setting is the typed one, shown in the place of its message."""
    bot.ask(READER, "/sub")
    bot.ask(READER, "/lang")
    shown = bot.server.accepted[-1]
    bot.press(READER, "set|lang|de", message_id=shown.message_id)
    assert bot.sub(READER).language == "de"
    assert bot.server.messages(str(READER))[-1] == "Meldungen kommen jetzt auf Deutsch."
    assert bot.server.accepted[-1].message_id == shown.message_id
    bot.press(READER, "set|filter|+confirmed")
    assert bot.sub(READER).filters.statuses == ("announced", "expanded", "ended")
    bot.press(READER, "set|filter|+confirmed")
    assert bot.sub(READER).filters.statuses == ()
    bot.press(READER, "set|filter|+min1bn")
    assert bot.sub(READER).filters.min_amount[0] == 10**9
    assert len(bot.server.toasts) == 4


def test_filter_says_what_it_would_have_let_through(bot):
    """The last 30 days are tried, and examples shown."""
    bot.ask(READER, "/sub")
    (answer,) = bot.ask(READER, "/filter party:OpenAI min:1bn confirmed")
    assert (
        "Deals of the last 30 days: 4. Of these it would have let 4 through." in answer
    )
    assert "/deal_d3" in answer
    (answer,) = bot.ask(READER, "/filter !oracle")
    assert "let 0 through" in answer


def test_answers_come_in_the_language_of_the_app(bot):
    """A German app is answered in German before there is any setting."""
    answers = bot.ask(READER, "/start", code="de-AT")
    assert answers[0].startswith("Hallo!")
    assert (bot.sub(READER).language, bot.sub(READER).timezone) == (
        "de",
        "Europe/Berlin",
    )


def test_export_sends_the_ledger_as_csv(bot):
    """The document holds a row for every deal."""
    bot.server.say(READER, "/export")
    ((chat, caption, content),) = bot.server.until(lambda: bot.server.documents)
    assert (chat, caption) == (str(READER), "The ledger, deals: 4.")
    assert len(content.splitlines()) == 5


def test_stop_deletes_everything_about_a_person(bot):
    """Subscription, deliveries, labels, admission: gone, and said so; no id is left."""
    bot.ask(READER, "/sub")
    bot.press(READER, "fb:no:d1")
    assert len(bot.store.labels.all()) == 1
    group = {"id": -1005, "type": "supergroup", "title": "A group"}
    bot.server.statuses["-1005", READER] = "creator"
    bot.ask(READER, "/sub", chat=group)
    told = alert("one", deal_id="d1", created_at=NOW)
    bot.store.outbox.put(told, [("telegram", str(READER))], NOW)
    assert bot.send() == 1  # leaves deliveries, and what was asked of the service
    answers = bot.ask(READER, "/stop")
    assert answers[0].startswith("Deleted:")
    assert bot.sub(READER) is None
    assert bot.store.labels.all() == []
    assert not bot.store.bot.admitted(READER)
    tables = [row["name"] for row in bot.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'"
    )]  # fmt: skip
    assert "subscriptions" in tables
    for table in tables:
        for row in bot.rows(f"SELECT * FROM {table}"):
            assert READER not in row.values(), table
            assert str(READER) not in row.values(), table


def test_managers_see_figures_feeds_and_reach_everybody(bot):
    """The manager's commands answer; a broadcast reaches each subscriber once."""
    bot.ask(READER, "/sub")
    (answer,) = bot.ask(MANAGER, "/stats")
    assert "4 deals" in answer
    assert "1 subscriptions" in answer
    assert "feed: ok" in bot.ask(MANAGER, "/feeds")[0]
    (answer,) = bot.ask(MANAGER, "/broadcast Down <b>tonight</b>\n\nback\x00 at 7")
    assert answer == "On its way to 1 chats."
    assert bot.send() == 1
    told = "Down <b>tonight</b>\n\nback at 7"  # as typed, in its lines
    assert bot.server.messages(str(READER))[-1] == told


def test_menus_are_set_per_language_and_scope(bot):
    """Private chats, groups, their administrators and managers: each has its menu."""
    bot.server.until(lambda: len(bot.server.menus) == 12)
    codes = {menu.get("language_code", "") for menu in bot.server.menus}
    assert codes == {"", "de", "en"}
    with_stats = [m for m in bot.server.menus if '"stats"' in m["commands"]]
    assert len(with_stats) == 3
    assert all(str(MANAGER) in menu["scope"] for menu in with_stats)


def test_presses_become_labels_once_per_person(bot):
    """A second press of the same person changes the first; two persons are two."""
    bot.ask(READER, "/sub")
    bot.press(READER, "fb:yes:d1")
    bot.press(READER, "fb:no:d1")
    bot.press(MANAGER, "fb:dup:d1")
    labels = {(one.user_id, one.kind) for one in bot.store.labels.all()}
    assert labels == {(READER, "no"), (MANAGER, "dup")}
    assert bot.server.toasts[1] == "Noted: not a deal."
    bot.press(READER, "src:d1")
    assert bot.server.messages(str(READER))[-1].startswith("Sources of d1:")
    bot.press(READER, "why:d1")
    assert "counts as a deal" in bot.server.messages(str(READER))[-1]


@pytest.mark.parametrize(
    "data",
    ["fb:yes:none", "fb:maybe:d1", "fb:yes:d1;DROP", "", "set|broadcast|x",
     "set|lang|de|@@", "why:" + "x" * 60],
)  # fmt: skip
def test_forged_presses_are_refused(settled, data):
    """Data that no button of ours carries leaves nothing but a toast."""
    bot = settled
    bot.clock.forward(seconds=10)
    before = bot.sub(READER)
    bot.press(READER, data)
    assert bot.server.toasts[-1] == "That button is not valid."
    assert bot.store.labels.all() == []
    assert bot.sub(READER) == before
