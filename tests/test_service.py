"""`newsbot run`: it serves until stopped, alone on its ledger, and tells once."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from commands import Running, config, newsbot
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer, silent
from servers.telegram import TOKEN, TelegramServer

RSS = {"Content-Type": "application/rss+xml"}
PAGE = "<html><body><article><h1>{}</h1><p>{}</p></article></body></html>"
DULL = (
    "It will rain in Hamburg for most of the week, the weather service says, and "
    "those who want to walk along the harbour should take a good umbrella with them "
    "until the sun comes back on Saturday afternoon at the latest."
)


class Site:
    """Feeds and pages of one publisher on loopback; counts who asked for what."""

    def __init__(self, server):
        self.server = server

    def feed(self, path, *stories):
        """Publish a feed of stories: (name, title, text)."""
        items = []
        for name, title, text in stories:
            page = PAGE.format(title, text).encode()
            link = self.server.on(
                f"/{name}", Reply(200, {"Content-Type": "text/html"}, page)
            )
            date = format_datetime(datetime.now(UTC))
            items.append(
                item(name, title=title, date=date).replace(
                    f"https://news.example/{name}", link
                )
            )
        return self.server.on(path, Reply(200, RSS, rss(*items).encode()))

    def n_polls(self, path):
        return sum(request.target == path for request in self.server.requests)


@pytest.fixture(scope="module")
def site():
    with ScriptedServer() as server:
        yield Site(server)


def feeds(*urls):
    return "".join(f'[[feeds]]\nurl = "{url}"\nlanguage = "en"\n' for url in urls)


@pytest.fixture(scope="module")
def service(tmp_path_factory, site):
    """A service that follows one feed, whose articles do not pass the gate."""
    folder = tmp_path_factory.mktemp("service")
    url = site.feed("/first", ("dull", "Rain in Hamburg", DULL))
    config(folder, site.server, more=feeds(url))
    with Running(folder) as running:
        running.folder, running.first = folder, url
        yield running.started().until(lambda: "stage=gate n=1" in running.log)


def test_it_polls_and_walks(service, site):
    """A feed that is due is polled at once, and its article walks the line."""
    found = json.loads(newsbot(service.folder, "search", "umbrella", "--json").out)
    assert [article["title"] for article in found] == ["Rain in Hamburg"]
    assert site.n_polls("/first") == 1


def test_a_second_service_is_refused(service):
    """One ledger, one service: the second says so in one line, the first goes on."""
    for words in (["run"], ["run", "--once", "--force-poll"]):
        done = newsbot(service.folder, *words)
        line = done.refused(3)
        assert "already runs" in line
        assert f"process {service.process.pid}" in line
        assert len(done.err.splitlines()) == 1
    assert service.process.poll() is None


def test_a_feed_added_beside_it_is_polled_soon(service, site):
    """`feeds add` reaches a running service by itself, and `feeds list` shows it."""
    url = site.feed("/added")
    assert newsbot(service.folder, "feeds", "add", url).code == 0
    service.until(lambda: site.n_polls("/added"), seconds=30)
    rows = json.loads(newsbot(service.folder, "feeds", "list", "--json").out)
    assert {row["url"]: row["error"] for row in rows} == {
        service.first: None,
        url: None,
    }


def test_a_broken_config_is_refused_and_a_good_one_taken(service, site):
    """SIGHUP reads the config again; the old one stays where the new one is wrong."""
    path = service.folder / "config.toml"
    before = path.read_text()
    for wrong, reason in (
        ("[alerts]\nlangauge = 'de'\n", "did you mean 'language'"),
        ("[telegram]\nchats = [1]\n", "TELEGRAM_BOT_TOKEN"),
        ("[database]\npath = 'other.db'\n", "restart newsbot"),
    ):
        path.write_text(before + wrong)
        service.process.send_signal(signal.SIGHUP)
        service.until(lambda: reason in service.log)  # noqa: B023  # asked at once
    url = site.feed("/reloaded")
    path.write_text(before + feeds(url))
    service.process.send_signal(signal.SIGHUP)
    service.until(lambda: site.n_polls("/reloaded"))
    assert "config reloaded feeds=3" in service.log
    assert service.log.count("config not reloaded") == 3
    assert "Traceback" not in service.log


def test_a_kill_frees_the_lock_and_a_stop_is_quick(tmp_path, site):
    """After kill -9 the next start succeeds; SIGTERM ends it within 10 s, even while
    a server keeps it waiting.
    """
    slow = site.server.on("/slow", silent())
    config(tmp_path, site.server, more=feeds(slow))
    with Running(tmp_path) as first:
        first.started()
        first.process.kill()
        first.process.wait()
    n_before = site.n_polls("/slow")
    with Running(tmp_path) as second:
        second.until(lambda: site.n_polls("/slow") > n_before)
        code, seconds = second.stop()
        assert (code, seconds < 10) == (0, True), (code, seconds)
    with Running(tmp_path) as third:
        site.server.on("/slow", Reply(200, RSS, rss().encode()))
        third.started()
        code, seconds = third.stop()
        assert (code, seconds < 10) == (0, True), (code, seconds)
        assert "stopped" in third.log  # the batch in hand was finished


STORY = (
    "The {kind} company {lab} has signed an agreement with the cloud provider {cloud}. "
    "Under the contract {lab} will rent AI computing capacity worth 2 billion dollars "
    "from {cloud} over four years, both companies announced on Monday. {more}"
)


def test_one_deal_in_two_papers_is_one_alert_everywhere(tmp_path, site):
    """With the real model: two wordings and a negative give one alert on the console
    and in the chat; a second run finds nothing new and sends nothing.
    """
    names = {"lab": "Anthropic", "cloud": "CoreWeave"}
    stories = (
        (
            "one",
            "Anthropic rents AI computing capacity from CoreWeave for 2 billion dollars",
            STORY.format(
                kind="AI", more="The first data centre opens in May.", **names
            ),
        ),
        (
            "two",
            "CoreWeave signs 2 billion dollar AI cloud contract with Anthropic",
            "CoreWeave will supply Anthropic with AI cloud capacity. The two companies "
            "have signed a contract worth 2 billion dollars that runs for four years, "
            "CoreWeave said. Anthropic will train its models on the provider's GPUs.",
        ),
        ("three", "Rain in Hamburg", DULL),
    )
    url = site.feed("/deal", *stories)
    with TelegramServer() as telegram:
        more = f'[telegram]\nchats = [42]\nbase_url = "{telegram.base_url}"\n'
        config(tmp_path, site.server, more=more + feeds(url))
        words = ("-v", "run", "--once", "--force-poll")
        first = newsbot(tmp_path, *words, TELEGRAM_BOT_TOKEN=TOKEN)
        assert first.code == 0, first.err
        (message,) = telegram.messages("42")
        second = newsbot(tmp_path, "run", "--once", TELEGRAM_BOT_TOKEN=TOKEN)
        third = newsbot(tmp_path, *words, TELEGRAM_BOT_TOKEN=TOKEN)
        assert len(telegram.accepted) == 1
    assert "Anthropic" in message
    assert "CoreWeave" in message
    assert "$2bn" in message
    assert first.out.count("New deal: ") == 1
    for again in (second, third):
        assert (again.code, again.out) == (0, "")
        assert "0 new entries" in again.err
    (deal,) = json.loads(newsbot(tmp_path, "deals", "--json").out)
    assert {party["name"] for party in deal["parties"]} == set(names.values())
    assert len(deal["findings"]) == 2
    for done in (first, second, third):
        assert TOKEN not in done.err + done.out
