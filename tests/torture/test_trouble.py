"""Cases 59, 63, 64 under the running service: clocks that jump, a database that is
locked, damaged or read-only.
"""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from commands import config, here
from servers.feeds import rss
from servers.scripted import Reply, ScriptedServer

from newsbot.app import App
from newsbot.config import load_config
from newsbot.errors import StoreError
from newsbot.schedule import Service
from newsbot.stages.timing import LONGEST
from torture.forked import Sky
from torture.newsroom import RSS, Newsroom
from torture.soak import Paper
from torture.test_databases import filled
from torture.test_full_disk import signals_kept, until


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.case(59, "clock a year ahead, set right, then back two hours")
def test_a_clock_that_jumps_costs_nothing(tmp_path):
    """A paper prints a story before each jump of the clock and after the last; each is
    told once, without waiting for the year that the clock had shown.
    """
    began_at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    sky = Sky(began_at=began_at.isoformat(), began=time.monotonic(), speed=1)
    with Newsroom(tmp_path, seed=3, sky=sky) as room:
        room.enrol()
        paper = Paper(room)
        room.feeds.append(room.press.on("/paper", paper))
        room.configure()
        year, hours = timedelta(days=365), timedelta(hours=2)
        for jump in (timedelta(0), year, -year, -hours):
            room.sky = room.sky.forward(jump)
            if jump < timedelta(0):
                room.start()
                assert room.survives(0) == 0
                # A paper that printed nothing for a year is asked once a day.
                room.sky = room.sky.forward(LONGEST + timedelta(hours=1))
            while not (story := room.write()).parties:
                paper.stories.append(story)
            paper.stories.append(story)
            room.start()
            room.until(lambda: room.serves and room.told(story))
            room.stop()
        room.finish()
        found = room.figures()
        assert "the clock was set back by 364 days" in room.log
        # Less what went by between the last sign of life and the next start.
        assert re.search(r"the clock was set back by 1[01]\d minutes", room.log)
    assert found.broken == ()
    assert (found.lost, found.duplicates) == (0, 0)


@pytest.mark.case(63, "writer lock held while the service works")
def test_a_lock_that_is_held_for_long_only_puts_off(tmp_path):
    """Another process holds the writer lock for longer than anybody waits: the log says
    so, `status` works, and when it is let go all is told.
    """
    with Newsroom(tmp_path, seed=4) as room:
        while not any(story.parties for story in room.stories):
            room.publish(1)
        room.start()
        room.until(lambda: room.serves)
        with closing(sqlite3.connect(room.database, isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout=20000")
            other.execute("BEGIN IMMEDIATE")
            room.until(lambda: "writer lock" in room.log)
            assert here(tmp_path, "status").code == 0
        room.until(lambda: not room.waiting("stories", "messages", "feeds"))
        room.stop()
        found = room.figures()
        assert "Traceback" not in room.log
        assert "unexpected" not in room.log
    assert found.broken == ()
    assert found.delivered == found.alerts_due > 0


@pytest.mark.case(64, "flipped bytes before a start of the service")
def test_a_start_on_flipped_bytes_is_refused_or_goes_on(tmp_path, figure):
    """Whatever bytes flip, `newsbot run` serves, or leaves with exit code 3 and one line
    that names the file; never with a traceback.
    """
    dice = random.Random(5)
    with Newsroom(tmp_path, seed=5) as room:
        filled(room.database).close()
        whole = room.database.read_bytes()
        n_refused = 0
        for number in range(6):
            data = bytearray(whole)
            # Now and then in the first page, which has the schema.
            first = 100 if number % 4 == 0 else 4096
            for _ in range(40):
                data[dice.randrange(first, len(data))] ^= dice.randrange(1, 256)
            room.database.write_bytes(data)
            room.start()
            code = room.survives(1.0)
            said = room.log[room.n_logged :]
            assert "Traceback" not in said
            assert code in (0, 3), said
            if code:
                n_refused += 1
                last = said.splitlines()[-1]
                assert last.startswith("error: "), said
                assert "newsbot.db" in last
            for leftover in room.folder.glob("newsbot.db-*"):
                leftover.unlink()
    figure("refused", n_refused, "of 6")
    assert n_refused >= 2


@pytest.mark.case(64, "read-only volume at a start of the service")
def test_a_read_only_volume_is_named(tmp_path):
    """Exit code 3 and one line with the place; the ledger stays as it was."""
    with Newsroom(tmp_path, seed=6) as room:
        filled(room.database).close()
        before = room.database.read_bytes()
        tmp_path.chmod(0o555)
        try:
            room.start(bare=True)
            assert room.ends() == 3
            (line,) = room.log[room.n_logged :].splitlines()
        finally:
            tmp_path.chmod(0o755)
        assert line.endswith("is read-only")
        assert str(tmp_path) in line
        assert room.database.read_bytes() == before


@pytest.mark.case(64, "volume that becomes read-only under the service")
def test_a_ledger_that_turns_read_only_ends_the_service_with_a_reason(tmp_path):
    """It says so and leaves, for no retry mends it; nothing is half stored."""
    with ScriptedServer() as server:
        url = server.on("/feed", Reply(200, RSS, rss().encode()))
        app = App(
            load_config(config(tmp_path, server, more=f'[[feeds]]\nurl = "{url}"\n'))
        )
        app.ready()
        app.sync()
        service = Service(app, lambda: app)

        def turn():
            until(lambda: server.requests)
            app.store.connection.db.execute("PRAGMA query_only=1")

        turning = threading.Thread(target=turn)
        with signals_kept():
            turning.start()
            with pytest.raises(StoreError, match=r"read-only|readonly"):
                service.run()
            turning.join()
        app.close()
    with closing(sqlite3.connect(tmp_path / "newsbot.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
