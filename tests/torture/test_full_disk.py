"""Cases 61 and 62 in the running service: full disks and many jobs at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from commands import Running, config
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer, silent

from newsbot.app import App
from newsbot.config import load_config
from newsbot.schedule import Service

RSS = {"Content-Type": "application/rss+xml"}


@contextmanager
def signals_kept():
    """A service in this process takes its signals, and gives them back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    kept = [(number, signal.getsignal(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in kept:
            signal.signal(number, handler)


@pytest.mark.case(62, "disk full under the running service")
def test_a_full_disk_rests_the_service_and_space_revives_it(tmp_path, caplog):
    """It says so, goes on living, and with space again it stores what it could not."""
    items = [item(f"n{n}", title=f"Rain {n} {'wet ' * 200}") for n in range(60)]
    with ScriptedServer() as server:
        url = server.on("/feed", Reply(200, RSS, rss(*items).encode()))
        path = config(tmp_path, server, more=f'[[feeds]]\nurl = "{url}"\n')
        app = App(load_config(path))
        app.ready()
        app.sync()
        db = app.store.connection.db
        (n_pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count={n_pages}")  # as a full disk would

        def watch():
            until(lambda: "the disk is full" in caplog.text)
            stored.append(app.store.line.counts())
            db.execute("PRAGMA max_page_count=1000000")
            until(app.store.line.counts)
            stored.append(sum(app.store.line.counts().values()))
            os.kill(os.getpid(), signal.SIGTERM)

        stored = []
        watcher = threading.Thread(target=watch)
        with signals_kept():
            watcher.start()
            Service(app, lambda: app).run()
            watcher.join()
        app.close()
    assert stored == [{}, 60]
    assert "all rests for" in caplog.text


def until(condition, seconds=60):
    ends_at = time.monotonic() + seconds
    while not condition() and time.monotonic() < ends_at:
        time.sleep(0.05)


@pytest.mark.case(61, "50 jobs due at once, one longer than its interval")
def test_many_feeds_at_once_are_each_asked_once(tmp_path):
    """One feed hangs for longer than the interval between polls: the others are asked
    once each, none is skipped, and none is asked by two at a time.
    """
    with ScriptedServer() as server, ScriptedServer() as slow:
        urls = [server.on(f"/{n}", Reply(200, RSS, rss().encode())) for n in range(49)]
        urls.append(slow.on("/hangs", silent()))
        more = "".join(f'[[feeds]]\nurl = "{url}"\nlanguage = "en"\n' for url in urls)
        path = config(tmp_path, server, slow, more=more)
        text = path.read_text()
        path.write_text(
            text.replace(
                "[network]\n", "[network]\nspacing_ms = 0\ntimeout_seconds = 6\n"
            )
        )
        with Running(tmp_path) as service:
            service.started().until(lambda: "hangs error=" in service.log)
            asked = Counter(one.target for one in [*server.requests, *slow.requests])
            log = service.log
        polls = {f"/{n}": 1 for n in range(49)} | {"/hangs": 1}
        assert {target: asked[target] for target in polls} == polls
        assert "unexpected" not in log
