"""Case 55: commands during downtime, replays, the same number twice, kills between."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from commands import ROOT, environment
from talking_bot import MANAGER, NOW, READER, Rig, rig

from newsbot.bot.desk import QUOTA
from newsbot.talking import Asked

pytestmark = pytest.mark.case(55, "commands of a downtime, replays, kills between")


def asked(number, text, user=READER):
    """A command as the door hears it."""
    return Asked(
        update_id=number,
        kind="command",
        chat_id=user,
        chat_kind="private",
        user_id=user,
        text=text,
        language_code="en",
    )


def test_commands_of_a_downtime_are_handled_in_order_once(tmp_path):
    """What was written while nobody listened takes effect at the start, each once."""
    made = Rig(tmp_path)
    made.admit(READER)
    with made.server:
        for text in ("/sub", "/lang de", "/quiet 22-07", "/pause", "/resume"):
            made.server.say(READER, text)
        made.start().quiet()
        made.stop()
        one = made.sub(READER)
        assert (one.language, one.paused) == ("de", False)
        assert f"{one.quiet[0]:%H:%M}" == "22:00"
        assert len(made.server.messages(str(READER))) == 6
    made.store.close()


def test_a_day_of_commands_that_waited_is_no_flood(tmp_path):
    """Thirty commands, a minute apart, while nobody listened: none is dropped."""
    made = Rig(tmp_path)
    made.admit(READER)
    with made.server:
        made.server.say(READER, "/sub", date=int(NOW.timestamp()) - 3_600)
        for n in range(30):
            at = int(NOW.timestamp()) - 60 * (30 - n)
            made.server.say(READER, f"/quiet {n % 24}-{(n + 1) % 24}", date=at)
        made.start().quiet()
        made.stop()
        said = made.server.messages(str(READER))
    assert f"{made.sub(READER).quiet[0]:%H:%M}" == f"{29 % 24:02}:00"
    assert len([text for text in said if text.startswith("Quiet hours")]) == 30
    made.store.close()


def test_a_flood_that_waited_is_still_a_flood(tmp_path):
    """All of one minute: what is too many is answered once, and dropped."""
    made = Rig(tmp_path)
    made.admit(READER)
    with made.server:
        for _ in range(60):
            made.server.say(READER, "/help", date=int(NOW.timestamp()) - 3_600)
        made.start().quiet()
        said = made.server.until(
            lambda: (
                len(made.server.messages(str(READER))) > QUOTA
                and made.server.messages(str(READER))
            )
        )
        made.stop()
    assert len(said) == QUOTA + 1
    made.store.close()


def test_a_replayed_update_changes_and_says_nothing(tmp_path):
    """A number that comes again, even with other words, is not heard again."""
    with rig(tmp_path) as bot:
        bot.admit(READER)
        bot.ask(READER, "/sub")
        number = bot.server.say(READER, "/lang de")
        bot.quiet()
        n_said = len(bot.server.messages(str(READER)))
        for text in ("/lang de", "/unsub"):
            bot.server.say(READER, text)
            bot.server.updates[-1]["update_id"] = number
            # The server itself forgets what lies below the offset.
            bot.stop()
            bot.start().quiet()
        assert bot.sub(READER).language == "de"
        assert len(bot.server.messages(str(READER))) == n_said


def test_a_press_that_comes_twice_counts_once(tmp_path):
    """The same press, delivered twice, leaves one label and no second toast."""
    with rig(tmp_path) as bot:
        bot.admit(READER)
        bot.tell(1)
        number = bot.server.press(READER, "fb:yes:d0")
        bot.quiet()
        bot.stop()
        bot.server.press(READER, "fb:yes:d0")
        bot.server.updates[-1]["update_id"] = number
        bot.start().quiet()
        assert len(bot.store.labels.all()) == 1
        assert len(bot.server.toasts) == 1


def test_an_answer_that_was_not_said_is_said_at_the_next_start(tmp_path):
    """A kill after the effect was stored loses no answer and repeats no effect."""
    made = Rig(tmp_path)
    made.admit(READER)
    store, desk = made.desk()
    desk.answer(asked(500, "/sub"), None)  # ... and the process ends here
    store.close()
    with made.server:
        # Telegram has no confirmation, so it sends the update again.
        made.server.say(READER, "/sub")
        made.server.updates[-1]["update_id"] = 500
        made.start().quiet()
        made.stop()
        texts = made.server.messages(str(READER))
    assert texts[0] == "Subscribed. From now on new deals arrive here."
    assert len(texts) == 2
    made.store.close()


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from newsbot.adapters.db.traffic import TrafficRows
from talking_bot import Rig
from torture.test_55_updates import asked
rig = Rig(Path({folder!r}))
store, desk = rig.desk()
wrapped = TrafficRows.notify
def notify(self, notice, due_at):
    wrapped(self, notice, due_at)
    os.kill(os.getpid(), signal.SIGKILL)
TrafficRows.notify = notify
desk.answer(asked(501, "/broadcast hello", user={manager}), None)
"""


def test_a_kill_within_the_transaction_leaves_nothing(tmp_path):
    """Killed between the effect and the commit: no effect, and the repeat has it."""
    made = Rig(tmp_path)
    made.admit(READER)
    store, desk = made.desk()
    desk.answer(asked(499, "/sub"), None)
    store.close()
    for number, _ in made.store.bot.replies(NOW, 10):
        made.store.bot.said(number)
    code = KILLED.format(
        tests=str(ROOT / "tests"), folder=str(tmp_path), manager=MANAGER
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert made.store.outbox.traffic.notices(NOW) == []
    assert not made.store.bot.heard(501)
    store, desk = made.desk()
    for _ in range(3):
        desk.answer(asked(501, "/broadcast hello", user=MANAGER), None)
    said = [reply.html for _, reply in made.store.bot.replies(NOW, 10)]
    assert said == ["On its way to 1 chats."]
    waiting = made.store.outbox.traffic.notices(NOW)
    assert [(one.recipient, one.text) for one in waiting] == [(str(READER), "hello")]
    store.close()
    (row,) = made.rows("PRAGMA integrity_check")
    assert row["integrity_check"] == "ok"
    made.store.close()


def test_another_program_that_polls_is_named_once(tmp_path, caplog):
    """409: one line names it, and the bot goes on when the other one leaves."""
    made = Rig(tmp_path)
    made.admit(READER)
    made.server.n_conflicts = 4
    with made.server, caplog.at_level("WARNING", "newsbot"):
        made.start()
        assert made.ask(READER, "/help")
        made.stop()
    lines = [r.getMessage() for r in caplog.records if "409 Conflict" in r.getMessage()]
    assert len(lines) == 1
    assert "a second newsbot" in lines[0]
    assert made.server.token not in caplog.text
    made.store.close()
