"""Case 69: an invite lets one person in, once, in time, and nobody can guess it."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

import pytest
from commands import here
from servers.telegram_bot import group
from talking_bot import NOW, READER, STRANGER, rig

from newsbot.bot.desk import GUESSES
from newsbot.front_desk import secret_hash
from newsbot.talking import Asked

pytestmark = pytest.mark.case(69, "invites: once, in time, not to be guessed")

SECRET = "vh3Rz0_kQ-4mWb7tYp1LxNf8"


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        made.store.bot.put_invite(secret_hash(SECRET), NOW, NOW + timedelta(days=7))
        yield made


def test_an_invite_works_once(bot):
    """The first to bring it is in and subscribed; the second is told that it is used."""
    assert bot.ask(READER, f"/start {SECRET}")[1].startswith("Subscribed.")
    assert bot.store.bot.admitted(READER)
    bot.server.say(STRANGER, f"/start {SECRET}")
    bot.quiet()
    said = bot.server.until(lambda: bot.server.messages(str(STRANGER)))
    assert said[0].startswith("This invite is not valid")
    assert not bot.store.bot.admitted(STRANGER)


def test_an_expired_invite_does_not_work(bot):
    """After its days it is as good as none."""
    bot.clock.forward(days=8)
    bot.server.say(READER, f"/start {SECRET}")
    bot.quiet()
    assert not bot.store.bot.admitted(READER)


def test_an_invite_counts_in_a_private_chat_alone(bot):
    """Pasted into a group it neither opens anything nor is used up."""
    bot.server.say(STRANGER, f"/start {SECRET}", chat=group(-1001))
    bot.quiet()
    assert not bot.store.bot.admitted(STRANGER)
    bot.ask(READER, f"/start {SECRET}")
    assert bot.store.bot.admitted(READER)


def test_a_hundred_thousand_guesses_are_not_listened_to(tmp_path, bot):
    """Beyond a few an hour nothing is compared and nothing answered; others get in."""
    bot.stop()
    store, desk = bot.desk()
    n_said = 0
    for n in range(100_000):
        guess = Asked(
            update_id=10_000 + n,
            kind="command",
            chat_id=STRANGER,
            chat_kind="private",
            user_id=STRANGER,
            text=f"/start guess{n}",
        )
        n_said += len(desk.answer(guess, None).at_once)
    assert n_said <= GUESSES + 1
    assert store.bot.strangers() <= GUESSES + 1
    # The right one comes too late for this person, but is still good for another.
    late = Asked(
        update_id=1,
        kind="command",
        chat_id=STRANGER,
        chat_kind="private",
        user_id=STRANGER,
        text=f"/start {SECRET}",
    )
    desk.answer(late, None)
    assert not store.bot.admitted(STRANGER)
    store.close()
    bot.start()
    bot.ask(READER, f"/start {SECRET}")
    assert bot.store.bot.admitted(READER)


def test_the_ledger_and_the_logs_never_hold_an_invite(tmp_path, bot, caplog):
    """Only a hash is kept; no log line has the secret, at any level."""
    with caplog.at_level(logging.DEBUG):
        bot.ask(READER, f"/start {SECRET}")
    assert SECRET not in caplog.text
    bot.store.connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in tmp_path.iterdir():
        assert SECRET.encode() not in path.read_bytes(), path
    (row,) = bot.rows("SELECT hash FROM invites")
    assert row["hash"] == hashlib.sha256(SECRET.encode()).hexdigest()


def test_the_command_prints_a_link_that_works(tmp_path, bot):
    """`newsbot invite` asks Telegram for the bot's name and keeps a hash."""
    (tmp_path / "config.toml").write_text(
        f'[database]\npath = "bot.db"\n[telegram]\nmanagers = [7]\n'
        f'token_env = "BOT"\nbase_url = "{bot.server.base_url}"\n',
        encoding="utf-8",
    )
    done = here(tmp_path, "invite", "--days", "3")
    assert "BOT" in done.refused(3)
    done = here(tmp_path, "invite", "--days", "3", BOT=bot.server.token)
    assert done.code == 0, done
    link = done.out.strip()
    assert link.startswith("https://t.me/newsbot_test_bot?start=")
    secret = link.partition("start=")[2]
    hashes = {row["hash"] for row in bot.rows("SELECT hash FROM invites")}
    assert hashes == {secret_hash(secret)}  # the other one expired long ago
