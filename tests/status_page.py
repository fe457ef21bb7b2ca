"""The status page on a real port of this machine, over a ledger on disk."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import uvicorn

from newsbot.adapters.web.guard import Access
from newsbot.adapters.web.reading import Reading
from newsbot.adapters.web.site import Parts, site_app
from newsbot.config import Config, DatabaseConfig
from newsbot.stages.organisations import load_organisations
from newsbot.website import ReadersDesk, look_at

GAZETTEER = load_organisations()
TOKEN = "a-token-of-some-length-7"


@contextmanager
def served(path, *, desk=False, clock=None, **access):
    """Serve a ledger; gives a client that asks as this machine's own user."""
    clock = clock or (lambda: datetime.now(UTC))
    config = Config(database=DatabaseConfig(path=str(path)))
    parts = Parts(
        reading=Reading(path, GAZETTEER),
        look=lambda now: look_at(config, now),
        running=lambda: False,
        desk=ReadersDesk(path) if desk else None,
        clock=clock,
    )
    app = site_app(parts, Access(**{"host": "127.0.0.1", **access}))
    listening = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_level="error", access_log=False,
        server_header=False, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(base_url=base, timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()
