"""Each command of the bot, typed and pressed, in German and English."""

from __future__ import annotations

import pytest
from talking_bot import MANAGER, READER, rig

from newsbot.bot.talk import BUTTONS, MANAGER_BUTTONS
from newsbot.bot.wishes import EVERY
from newsbot.stages.bot_help import COMMANDS

#: What the bot is asked for, as its manual lists it.
WANTED = (
    "start help deals deal sub unsub list filter lang digest email quiet mute pause "
    "resume search why timezone export stop stats feeds health test broadcast"
).split()
#: One line each that shows what is asked for; `stop` and `unsub` come last.
TYPED = [
    ("deals 7d", "newest first:", "neueste zuerst:"),
    ("deal d3", "New deal", "Neu"),
    ("search Paper", "Paper", "Paper"),
    ("why d3", "d3", "d3"),
    ("list", "en", "de"),
    ("filter min:1bn", "30 days", "30 Tage"),
    ("digest 07:30", "07:30", "07:30"),
    ("email", "mail", "Mail"),
    ("quiet 22-07", "22:00", "22:00"),
    ("mute 8h", "17:00", "18:00"),
    ("timezone Europe/Berlin", "Europe/Berlin", "Europe/Berlin"),
    ("pause", "Paused until", "Pause bis"),
    ("resume", "Resumed", "Weiter geht"),
    ("help", "quiet hours", "Ruhezeit"),
]
#: Those of managers, and those that end everything; in this order.
MANAGED = [
    ("stats", "4 deals, 4 articles", "4 Abkommen, 4 Artikel"),
    ("feeds", "feed: ok", "feed: ok"),
    ("test", "Please: /test", "Bitte: /test"),
    ("broadcast Hi", "On its way to 2 chats", "Unterwegs an 2 Chats"),
    ("lang", "Which language?", "Welche Sprache?"),
    ("unsub", "Unsubscribed", "Abgemeldet"),
    ("sub", "Subscribed", "Abonniert"),
    ("stop", "Deleted", "Gelöscht"),
]


@pytest.fixture(scope="module", params=["en", "de"])
def asked(request, tmp_path_factory):
    with rig(tmp_path_factory.mktemp("commands"), open=True) as made:
        made.tell(4)
        made.ask(READER, "/start", code=request.param)
        made.ask(MANAGER, "/start", code=request.param)
        yield made, request.param


def test_every_command_is_there_and_in_the_menus():
    """None is missing, none has another name."""
    assert sorted(EVERY) == sorted(WANTED)
    assert sorted(COMMANDS) == sorted(WANTED)


@pytest.mark.parametrize("line", TYPED, ids=[line[0] for line in TYPED])
def test_the_one_line_form_answers(asked, line):
    """Typed with its words, a command answers in the reader's language."""
    bot, language = asked
    text, english, german = line
    (answer, *_) = bot.ask(READER, f"/{text}", code=language)
    assert {"en": english, "de": german}[language] in answer


def test_managers_and_who_leaves_are_answered_in_their_language(asked):
    """Each of these, typed, by the manager; the last one deletes."""
    bot, language = asked
    for text, english, german in MANAGED:
        bot.clock.forward(seconds=10)
        (answer, *_) = bot.ask(MANAGER, f"/{text}", code=language)
        assert {"en": english, "de": german}[language] in answer, text
    assert bot.sub(MANAGER) is None
    bot.ask(MANAGER, "/start", code=language)


def test_export_comes_with_words_in_the_readers_language(asked):
    """The caption says how many deals the file holds."""
    bot, language = asked
    n_before = len(bot.server.documents)
    bot.server.say(READER, "/export", code=language)
    bot.server.until(lambda: len(bot.server.documents) > n_before)
    expected = {"en": "The ledger, deals: 4.", "de": "Das Verzeichnis, Abkommen: 4."}
    assert bot.server.documents[-1][1] == expected[language]


def test_the_keyboard_form_answers(asked):
    """Each button below /help does what its command does, or asks for the words."""
    bot, language = asked
    bot.ask(MANAGER, "/help", code=language)
    names = [name for row in (*BUTTONS, MANAGER_BUTTONS) for name in row]
    for name in names:
        if name in ("unsub", "export"):
            continue
        bot.clock.forward(seconds=10)
        before = len(bot.server.accepted)
        bot.press(MANAGER, f"set|{name}", code=language)
        assert len(bot.server.accepted) > before, name
    assert bot.sub(MANAGER) is not None  # /stop has asked first


def test_health_tells_managers_how_things_stand(asked):
    """Feeds, messages, the last day, and what has to be mended; nobody else is told."""
    bot, language = asked
    (answer,) = bot.ask(MANAGER, "/health", code=language)
    assert {"en": "1 feeds, 0 of them failing", "de": "1 Feeds, davon 0 gestört"}[
        language
    ] in answer
    (answer,) = bot.ask(READER, "/health", code=language)
    assert "feeds, 0" not in answer.lower()
