"""The bot within `newsbot run`: a real process, stopped and killed and started."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import pytest
from commands import Running, here
from servers import telegram as api
from servers.telegram_bot import TelegramBotServer, group
from talking_bot import MANAGER, READER, Rig, rig


def configured(folder, server, more="managers = [7]"):
    (folder / "config.toml").write_text(
        f'[telegram]\nbase_url = "{server.base_url}"\ntoken_env = "BOT"\n{more}\n',
        encoding="utf-8",
    )


def test_a_service_answers_stops_and_answers_what_came_meanwhile(tmp_path):
    """SIGTERM ends it in time; a command of the downtime is answered once."""
    with TelegramBotServer() as server:
        configured(tmp_path, server)
        server.say(MANAGER, "/start")
        chat = str(MANAGER)
        with Running(tmp_path, BOT=server.token) as service:
            service.until(lambda: len(server.messages(chat)) == 4)
            code, _ = service.stop()
            assert (code, server.token in service.log) == (0, False), service.log
        server.say(MANAGER, "/lang de")
        with Running(tmp_path, BOT=server.token) as service:
            service.until(lambda: len(server.messages(chat)) == 5)
            service.process.send_signal(signal.SIGKILL)
            service.process.wait()
        with Running(tmp_path, BOT=server.token) as service:
            server.say(MANAGER, "/help")
            service.until(lambda: "/help" in server.messages(chat)[-1])
            assert service.stop()[0] == 0
        # Killed between the sending and its mark, an answer is said once more.
        said = server.messages(chat)
        assert said.count("Meldungen kommen jetzt auf Deutsch.") in (1, 2)
        assert len(said) in (6, 7)


def test_a_reload_turns_the_bot_off(tmp_path):
    """SIGHUP with another config lets the bot fall silent, and the line go on."""
    with TelegramBotServer() as server:
        configured(tmp_path, server)
        with Running(tmp_path, BOT=server.token) as service:
            server.say(MANAGER, "/help")
            service.until(lambda: server.messages(str(MANAGER)))
            configured(tmp_path, server, more="")
            service.process.send_signal(signal.SIGHUP)
            service.until(lambda: "config reloaded" in service.log)
            server.say(MANAGER, "/help")
            n_calls = sum(m == "getUpdates" for m, _ in server.calls)
            assert service.stop()[0] == 0
            assert sum(m == "getUpdates" for m, _ in server.calls) == n_calls
            assert server.updates


def test_a_thread_that_computes_lets_the_bot_in_often(tmp_path):
    """The service asks Python to change threads five times as often as it would."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, sys\nfrom pathlib import Path\n"
        "def tell(): Path('interval').write_text(str(sys.getswitchinterval()))\n"
        "if 'run' in sys.argv: atexit.register(tell)\n"
    )
    with TelegramBotServer() as server:
        configured(tmp_path, server)
        paths = f"{tmp_path}:{Path(__file__).resolve().parents[2]}"
        with Running(tmp_path, BOT=server.token, PYTHONPATH=paths) as service:
            service.started()
            assert service.stop()[0] == 0
    assert float((tmp_path / "interval").read_text()) == pytest.approx(0.001)


def test_a_bot_without_a_token_is_one_clear_line(tmp_path):
    """Managers without a token: refused at once, naming the variable."""
    with TelegramBotServer() as server:
        configured(tmp_path, server)
        line = here(tmp_path, "run", "--once").refused(3)
        assert "BOT" in line


def test_the_token_is_in_no_log_line(tmp_path, caplog):
    """At every level, with answers, refusals and a server that errs."""
    with rig(tmp_path) as bot, caplog.at_level(logging.DEBUG):
        bot.admit(READER)
        bot.server.n_conflicts = 2
        bot.ask(READER, "/help")
        bot.ask(READER, "/sub @nowhere")
        secret = bot.server.token.partition(":")[2]
        assert caplog.records
        assert secret not in caplog.text
        assert secret not in repr(bot.bot)


def test_who_blocked_the_bot_and_comes_back_is_served_again(tmp_path):
    """`/start` of somebody who may lets what waits go on."""
    with rig(tmp_path) as bot:
        bot.admit(READER)
        bot.ask(READER, "/sub")
        bot.store.outbox.park("telegram", str(READER), "blocked", bot.clock())
        bot.ask(READER, "/start")
        states = {one.recipient: one.state for one in bot.store.outbox.recipients.all()}
        assert states[str(READER)] == "active"


def test_a_group_that_has_the_bot_back_goes_on_with_start(tmp_path):
    """Thrown out and added again: `/start` there lets what waits go on."""
    room = group(-1005)
    with rig(tmp_path) as bot:
        bot.admit(READER)
        bot.server.statuses["-1005", READER] = "creator"
        bot.ask(READER, "/sub", chat=room)
        bot.store.outbox.park("telegram", "-1005", "kicked", bot.clock())
        assert len(bot.ask(READER, "/start", chat=room)) == 2
        states = {one.recipient: one.state for one in bot.store.outbox.recipients.all()}
        assert states["-1005"] == "active"


def test_a_manager_gets_the_menu_after_the_first_word(tmp_path):
    """Before it there is no chat to register one for: it is tried again then."""
    made = Rig(tmp_path)
    made.server.refusing["setmycommands"] = api.CHAT_NOT_FOUND
    with made.server:
        made.start()
        made.server.until(
            lambda: sum(m == "setMyCommands" for m, _ in made.server.calls) == 12
        )
        made.server.refusing.clear()
        made.ask(MANAGER, "/start")
        made.server.until(lambda: len(made.server.menus) == 12)
        made.stop()
    assert len(made.server.menus) == 12
    made.store.close()


def test_what_nobody_can_handle_makes_the_bot_neither_deaf_nor_dumb(tmp_path, caplog):
    """An update without any sense is left out; an answer that none can read, said."""
    with rig(tmp_path) as bot:
        bot.admit(READER)
        damaged = "INSERT INTO replies (document, recipient, due_at) VALUES (?, ?, ?)"
        with bot.store.atomic() as db:
            db.execute(damaged, ["[]", "43", "2026-03-02T08:00:00.000000Z"])
        bot.server.until(lambda: "bot replies error" in caplog.text)
        with bot.store.atomic() as db:
            db.execute("DELETE FROM replies")
        bot.server.press(2**70, "set|lang|de")
        assert bot.ask(READER, "/help")
    assert "left out" in caplog.text
