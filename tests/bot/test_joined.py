"""Parts that were built side by side: managers, broadcasts, answers and the service."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import digest_ledger as ledger
import pytest
from commands import Running, here
from servers.polled import World
from servers.scripted import Reply
from servers.telegram_bot import TelegramBotServer, group
from talking_bot import MANAGER, READER, Rig
from torture.outboxes import FAST, assert_limits_kept, busiest

from newsbot.adapters.db import open_store
from newsbot.adapters.telegram.pacing import Pacing
from newsbot.errors import StoreError
from newsbot.outlets import open_paces
from newsbot.talking import Subscription


def lines(world):
    """What waits for managers: who, and the line."""
    return [
        (one["recipient"], one["text"])
        for one in world.app.store.connection.rows("SELECT * FROM notices")
    ]


def test_managers_hear_of_feeds_once(tmp_path):
    """A feed that keeps failing, answers again, or is gone: one line for each manager."""
    with World(tmp_path, managers=(7, 8)) as world:
        ill = world.publish("/ill")
        gone = world.publish("/gone")
        world.follow(ill, gone)
        world.run(hours=1)
        assert lines(world) == []
        ill.always = Reply(500, {}, b"")
        gone.always = Reply(410, {}, b"")
        world.run(days=9, tick_minutes=60, restarts=4)
        told = lines(world)
        for manager in ("7", "8"):
            (first, second) = [text for who, text in told if who == manager]
            assert "/gone: server answered 410" in first
            assert "not polled any more" in first
            assert "/ill: keeps failing: server answered 500" in second
        ill.always = None
        world.run(days=2, tick_minutes=60)
        assert [who for who, text in lines(world) if "answers again" in text] == [
            "7",
            "8",
        ]
        assert len(lines(world)) == 6


def test_the_line_of_a_feed_is_stored_with_what_became_of_it(tmp_path):
    """Where it cannot be written, the poll is not stored either, and comes again."""
    with World(tmp_path, managers=(7,)) as world:
        gone = world.publish("/gone")
        world.follow(gone)
        gone.always = Reply(410, {}, b"")
        db = world.app.store.connection.db
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON notices BEGIN "
            "SELECT RAISE(ABORT, 'no room'); END"
        )
        with pytest.raises(StoreError, match="no room"):
            world.poll()
        assert world.row(gone).error is None
        db.execute("DROP TRIGGER full")
        world.poll()
        assert world.row(gone).error is not None
        assert len(lines(world)) == 1


def test_a_broadcast_to_many_chats_keeps_the_limits(tmp_path):
    """60 private chats, 3 groups: each gets it once, none is asked too fast."""
    made = Rig(tmp_path, pace=float(FAST))
    made.server.flood = ((1, 1 / FAST), (20, 60 / FAST), (30, 1 / FAST))
    chats = [str(1000 + n) for n in range(60)] + [f"-100{n}" for n in range(3)]
    for chat in chats:
        made.store.subscriptions.put(
            Subscription(
                channel="telegram",
                recipient=chat,
                language="en",
                created_at=made.clock(),
            )
        )
    silent = made.store.subscriptions.get("telegram", chats[0])
    made.store.subscriptions.put(replace(silent, paused=True))
    with made.server:
        made.start()
        (answer,) = made.ask(MANAGER, "/broadcast Down <b>tonight</b>")
        made.stop()
        assert answer == "On its way to 62 chats."
        made.server.accepted.clear()
        assert made.send(clock=lambda: datetime.now(UTC)) == 62
        assert_limits_kept(made.server)
        for chat in chats[1:]:
            assert made.server.messages(chat) == ["Down <b>tonight</b>"]
        assert made.server.messages(chats[0]) == []
        made.channel.close()
    made.store.close()


def test_answers_in_a_group_keep_its_limit(tmp_path):
    """25 questions at once in a group: all are answered, 20 a minute at most."""
    chat = -1001234567890
    made = Rig(tmp_path, pace=float(FAST))
    made.clock = lambda: datetime.now(UTC)
    made.pacing = Pacing(open_paces(made.config)["telegram"], made.clock)
    made.store.subscriptions.put(
        Subscription(
            channel="telegram",
            recipient=str(chat),
            language="en",
            created_at=made.clock(),
        )
    )
    with made.server:
        for n in range(25):
            made.server.say(500 + n, "/deals", chat=group(chat))
        made.server.say(MANAGER, "/help")
        made.start()
        made.quiet()
        made.stop()
        times = [one.at for one in made.server.accepted if one.chat == str(chat)]
        assert len(times) == 25
        assert busiest(times, 60 / FAST) <= 20
        assert len(made.server.messages(str(MANAGER))) == 1
        rows = made.rows("SELECT COUNT(*) AS n FROM requests WHERE NOT open")
        assert rows[0]["n"] == 25  # a restart counts them as well
    made.store.close()


def set_up(folder, server):
    """A config, and a ledger whose chat wants its digest since midnight."""
    (folder / "config.toml").write_text(
        f'[telegram]\nbase_url = "{server.base_url}"\ntoken_env = "BOT"\n'
        f"managers = [{MANAGER}]\n",
        encoding="utf-8",
    )
    store = open_store(folder / "newsbot.db")
    now = datetime.now(UTC)
    store.subscriptions.put(
        Subscription(
            channel="telegram",
            recipient=str(READER),
            language="en",
            created_at=now - timedelta(days=2),
            digest_at=time(0),
        )
    )
    store.chat_digests.begin("telegram", str(READER), 0, now - timedelta(days=2))
    ledger.keep(store, ledger.STORIES[3], 1)
    store.feeds.remove(ledger.feed("wire").url)
    store.close()


def test_run_once_sends_the_digest_that_is_due(tmp_path):
    """The real command: one message; a second run sends no other."""
    with TelegramBotServer() as server:
        set_up(tmp_path, server)
        for _ in range(2):
            done = here(tmp_path, "run", "--once", BOT=server.token)
            assert done.code == 0, done.err
        (text,) = server.messages(str(READER))
        assert "OpenAI and Oracle, $30bn" in text


def test_the_service_sends_the_digest_by_itself(tmp_path):
    """The real service: written by its own job, sent by the courier, once."""
    with TelegramBotServer() as server:
        set_up(tmp_path, server)
        with Running(tmp_path, BOT=server.token) as service:
            service.until(lambda: server.messages(str(READER)))
            assert "digests written=1" in service.log
            assert service.stop()[0] == 0
        assert len(server.messages(str(READER))) == 1
