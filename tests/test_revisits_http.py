"""Pages asked for again, over real HTTP: what goes over the wire, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import entry, story
from scripted_press import ScriptedJudge
from servers.scripted import Reply, ScriptedServer
from torture.rig import Rig

HOUR = timedelta(hours=1)
PATH = "/deal"
SIX = "Nvidia and Anthropic sign for €6bn"
LESS = "Nvidia and Anthropic sign for €600m"
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def server():
    with ScriptedServer() as one:
        yield one


class Page:
    """One page that is asked for again; answers 304 to who knows its mark."""

    def __init__(self, says):
        self.says, self.status = says, 200

    def __call__(self, request):
        mark = f'"{len(self.says)}"'
        if self.status != 200:
            return Reply(self.status, {}, b"")
        if request.header("If-None-Match") == mark:
            return Reply(304, {"ETag": mark}, b"")
        return Reply(200, {**HTML, "ETag": mark}, story(self.says))


@pytest.fixture
def told(tmp_path, server):
    """A deal that was told, and its page."""
    page = Page(SIX)
    url = server.on(PATH, page)
    with Rig(tmp_path, server) as rig:
        rig.judge = ScriptedJudge()
        rig.poll()
        rig.announce(entry("deal", url=url, title=SIX, site="Handelspost"))
        rig.walk()
        assert len(rig.channel.sent) == 1
        yield rig, page


def asked(server, path=PATH):
    return [one for one in server.requests if one.target == path]


def test_an_unchanged_page_is_a_304_and_nothing_else(told, server):
    """Its mark goes back byte for byte; robots.txt is not asked for anew."""
    rig, _ = told
    n_robots = len(asked(server, "/robots.txt"))
    rig.clock.forward(HOUR)
    assert rig.app.revisit().n_asked == 1
    rig.walk()
    first, again = asked(server)
    assert first.header("If-None-Match") is None
    assert again.header("If-None-Match") == f'"{len(SIX)}"'
    assert again.header("Cookie") is None
    assert again.header("Referer") is None
    assert len(asked(server, "/robots.txt")) == n_robots
    assert len(rig.channel.sent) == 1
    rig.intact()


def test_an_edited_page_corrects_what_was_told(told, server):
    """One request brings the edit; the reader gets one reply."""
    rig, page = told
    page.says = LESS
    rig.clock.forward(HOUR)
    rig.app.revisit()
    rig.walk()
    assert len(asked(server)) == 2
    assert len(rig.channel.sent) == 2
    assert "amount now €600m (was: €6bn)" in rig.channel.sent[-1][1].plain
    rig.intact()


@pytest.mark.parametrize("status", [404, 410, 500, 403])
def test_a_page_that_fails_takes_nothing_back(told, server, status):
    """What was read stands; the reason is one line in the ledger."""
    rig, page = told
    page.status = status
    for hours in (1, 5, 18, 48, 240):
        rig.clock.forward(hours * HOUR)
        rig.app.revisit()
        rig.walk()
    assert len(asked(server)) <= 1 + 4
    assert len(rig.channel.sent) == 1
    (deal,) = rig.store.ledger.deals()
    assert deal.withdrawn_by is None
    (row,) = rig.store.connection.rows("SELECT outcome, due_at FROM revisits")
    assert str(status) in row["outcome"]
    assert row["due_at"] is None
    rig.intact()


def test_it_can_be_turned_off(told, server):
    """`[network] revisit = false`: no page is asked for twice."""
    rig, _ = told
    config = rig.app.config
    network = replace(config.network, revisit=False)
    rig.app.config = replace(config, network=network)
    rig.clock.forward(HOUR)
    assert rig.app.revisit().n_asked == 0
    assert len(asked(server)) == 1
