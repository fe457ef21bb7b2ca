"""The command line at work: what it prints of the ledger, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from commands import config, here, newsbot
from fakes import Bench, entry
from servers.feeds import item, rss
from servers.scripted import Reply, ScriptedServer

from newsbot.adapters.db import open_store

GOLD = {
    "id": "x",
    "url": "https://a.example/x",
    "source": "a.example",
    "published": "2026-03-01T12:00:00+00:00",
    "language": "de",
    "title": "Titel",
    "text": "Ein Satz.",
    "deals": [],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A folder whose ledger holds one deal in two articles, and a dull article."""
    folder = tmp_path_factory.mktemp("told")
    config(folder)
    store = open_store(folder / "newsbot.db")
    bench = Bench(store)
    bench.clock.now = now = datetime.now(UTC)
    title = 'Nvidia & Anthropic sign "the" AI cloud deal AND more, says {}'
    bench.announce(
        entry("a", title=title.format("Müller"), published_at=now),
        entry("b", title=title.format("b"), published_at=now - timedelta(hours=30)),
        entry("c", title="Rain in Hamburg all week, the weather service says"),
    )
    bench.walk()
    store.close()
    return folder


def data(done):
    """What a command printed as JSON; messages stand on standard error."""
    assert done.code == 0, done
    return json.loads(done.out)


# --- deals, show, search


def test_deals_prints_the_fields_that_outside_checks_read(told):
    """`deals --json` is a list of objects with exactly these keys."""
    (deal,) = data(newsbot(told, "deals", "--json"))
    assert list(deal) == [
        "id", "status", "types", "parties", "amounts", "capacity", "first_seen",
        "findings",
    ]  # fmt: skip
    assert [party["name"] for party in deal["parties"]] == ["Nvidia", "Anthropic"]
    assert len(deal["findings"]) == 2
    for finding in deal["findings"]:
        assert finding["url"].startswith("https://news.example/")
        assert finding["spans"]
        for span in finding["spans"]:
            assert span["quote"]
            assert span["end"] - span["start"] == len(span["quote"])


def test_deals_of_a_while(told):
    """--since keeps what was first seen since then; without it, all are listed."""
    for age, n_deals in (("2d", 1), ("31h", 1), ("29h", 0), ("99999d", 1)):
        assert len(data(here(told, "deals", "--json", "--since", age))) == n_deals
    assert "Nvidia, Anthropic" in here(told, "deals").out
    empty = here(told, "deals", "--since", "1h")
    assert (empty.code, empty.out, empty.err) == (0, "", "no deals\n")


@pytest.mark.parametrize("age", ["7", "d7", "-1d", "7w", "", "1 d"])
def test_an_age_that_is_none_is_refused(told, age):
    """A duration that cannot be read is a usage error with an example."""
    assert '"7d"' in here(told, "deals", f"--since={age}").refused(2)


def test_show_tells_a_deal_with_its_quotes(told):
    """A deal is shown by a shortened id, with every quote, its source and the why."""
    (deal,) = data(here(told, "deals", "--json"))
    shown = here(told, "show", deal["id"][:10].upper())
    assert shown.code == 0
    for text in ("Nvidia: partner", "> Nvidia & Anthropic", "no known deal fits"):
        assert text in shown.out
    as_json = data(here(told, "show", deal["id"], "--json"))
    assert as_json.pop("last_seen") > deal["first_seen"]
    assert [one["status"] for one in as_json.pop("history")] == [deal["status"]]
    assert as_json.pop("decisions") == as_json.pop("differences") == []
    assert as_json == deal


def test_show_tells_an_article_and_why(told):
    """An article is shown with its state, judged or kept out, and the reason."""
    (dull,) = data(here(told, "search", "Rain", "--json"))
    shown = data(here(told, "show", dull["id"], "--json"))
    assert (shown["state"], shown["reason"]) == ("irrelevant", "no organisation")
    assert "state: irrelevant (no organisation)" in here(told, "show", dull["id"]).out
    judged = data(here(told, "search", "Müller", "--json"))[0]["id"]
    assert "a deal: probability 0.90" in here(told, "show", judged).out


def test_show_refuses_what_it_cannot_find(told):
    """An unknown id and one that fits several are a user's mistakes."""
    assert "no deal or article 'zzz'" in here(told, "show", "zzz").refused(2)
    assert "is not unique" in here(told, "show", "").refused(2)


@pytest.mark.parametrize(
    ("words", "n_found"),
    [
        (['"sign"'], 2),
        (["deal", "AND", "more"], 2),
        (["NEAR(deal"], 0),
        (["muller"], 1),
        (["title:deal"], 0),
        (["*"], 0),
        (['"'], 0),
        (["Nvidia", "&"], 2),
    ],
)
def test_search_takes_every_sign_as_text(told, words, n_found):
    """Quotes, operators and signs are looked for, never obeyed, and never an error."""
    assert len(data(here(told, "search", "--json", "--", *words))) == n_found
    assert here(told, "search", "--", *words).code == 0


# --- feeds


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


def test_feeds_come_and_go(tmp_path, server):
    """Feeds are added once, listed with their state, and removed by address or id."""
    url = server.on("/own", Reply(500))
    config(tmp_path, server, more=f'[[feeds]]\nurl = "{server.url("/config")}"')
    for said in ("added", "known already"):
        assert here(tmp_path, "feeds", "add", url).err == f"{said}: {url}\n"
    assert here(tmp_path, "run", "--once").code == 4
    rows = {row["url"]: row for row in data(here(tmp_path, "feeds", "list", "--json"))}
    assert {row["source"] for row in rows.values()} == {"config", "command"}
    assert (rows[url]["errors"], rows[url]["error"]) == (
        1,
        "server answered 500 Internal Server Error",
    )
    listed = here(tmp_path, "feeds", "list").out.splitlines()
    assert any(url in line and "1x server answered 500" in line for line in listed)
    of_config = rows[server.url("/config")]
    for name in ("url", "id"):
        refused = here(tmp_path, "feeds", "remove", of_config[name]).refused(2)
        assert "stands in the config file" in refused
    assert here(tmp_path, "feeds", "remove", rows[url]["id"]).code == 0
    assert "no feed" in here(tmp_path, "feeds", "remove", url).refused(2)


def test_a_feed_is_tried_without_being_kept(tmp_path, server):
    """`feeds test` needs no config file's feeds, shows the entries, stores nothing."""
    config(tmp_path, server)
    url = server.on("/feed", Reply(200, {}, rss(item(1, title="Eins")).encode()))
    (shown,) = data(here(tmp_path, "feeds", "test", "--json", url))
    assert shown == {
        "title": "Eins",
        "url": "https://news.example/1",
        "published": "2026-03-01T10:00:00+00:00",
    }
    assert "1 entries" in here(tmp_path, "feeds", "test", url).out
    assert not (tmp_path / "newsbot.db").exists()
    server.on("/feed", Reply(200, {}, b"<html>"))
    assert "HTML" in here(tmp_path, "feeds", "test", url).refused(4)
    server.on("/feed", Reply(304))
    assert "304" in here(tmp_path, "feeds", "test", url).refused(4)


def test_lists_of_feeds_go_out_and_in(tmp_path):
    """An exported list is imported elsewhere whole; what is refused is named."""
    config(tmp_path)
    urls = ["https://a.example/f?a=1&b=2", "https://b.example/f"]
    for url in urls:
        here(tmp_path, "feeds", "add", url)
    other = tmp_path / "other"
    other.mkdir()
    config(other)
    (other / "list.opml").write_text(newsbot(tmp_path, "feeds", "export").out)
    done = here(other, "feeds", "import", "list.opml")
    assert (done.code, done.err) == (0, "2 added, 0 known already, 0 left out\n")
    assert [row["url"] for row in data(here(other, "feeds", "list", "--json"))] == urls
    bad = '<opml><body><outline xmlUrl="ftp://x"/><outline xmlUrl="https://c.example/"/></body></opml>'
    (other / "bad.opml").write_text(bad)
    done = here(other, "feeds", "import", "bad.opml")
    assert done.code == 4
    assert "left out: line 1: ftp://x" in done.err
    assert len(data(here(other, "feeds", "list", "--json"))) == 3


def test_a_broken_list_of_feeds_is_refused(tmp_path):
    """What is no OPML names its file; a missing file is a usage error."""
    config(tmp_path)
    (tmp_path / "broken.opml").write_text("no list")
    assert "broken.opml: " in here(tmp_path, "feeds", "import", "broken.opml").refused(
        2
    )
    assert "does not exist" in here(tmp_path, "feeds", "import", "no.opml").refused(2)


# --- evaluate


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "not a gold article"),
        ("[]", "not an object"),
        (json.dumps({**GOLD, "language": "fr"}), "language"),
        (json.dumps({**GOLD, "published": "2026-03-01"}), "offset"),
        (json.dumps({k: v for k, v in GOLD.items() if k != "deals"}), "'deals'"),
        (json.dumps({**GOLD, "deals": [{"story": "s"}]}), "missing"),
    ],
)
def test_a_broken_gold_line_is_named(tmp_path, line, named):
    """A gold file's mistake is told with file, line and reason, before any model."""
    (tmp_path / "gold.jsonl").write_text(f"{json.dumps(GOLD)}\n\n{line}\n")
    refused = here(tmp_path, "evaluate", "gold.jsonl").refused(2)
    assert "gold.jsonl:3: " in refused
    assert named in refused


def test_gold_and_predictions_that_cannot_be_opened_are_refused(tmp_path):
    """A missing gold file, or no place for predictions, costs no minute of judging."""
    assert "no.jsonl" in here(tmp_path, "evaluate", "no.jsonl").refused(2)
    (tmp_path / "gold.jsonl").write_text(json.dumps(GOLD))
    words = ("evaluate", "gold.jsonl", "--predictions", "no/such/file")
    assert "no/such/file" in here(tmp_path, *words).refused(2)


def test_a_model_that_is_missing_is_exit_code_3(tmp_path):
    """A model that is not there is told in one line, with nothing printed as data."""
    (tmp_path / "gold.jsonl").write_text(json.dumps(GOLD))
    refused = here(tmp_path, "evaluate", "gold.jsonl", "--model", "./no-model")
    assert "no-model" in refused.refused(3)
