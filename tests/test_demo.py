"""`newsbot demo`: the whole line over the bundled site, as a user first sees it.

One run serves all tests: it judges every article of the site with the real model.
"""

from __future__ import annotations

import fcntl
import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from commands import Done, newsbot

from newsbot.adapters.db import open_store
from newsbot.demo.material import HOSTILE_ID, load_articles
from newsbot.evaluation.gold import read_gold

KEYS = ["articles", "alerts", "deals", "seconds", "database"]
STORY = {"Microsoft", "Nvidia", "Anthropic"}
BYSTANDERS = {"OpenAI", "Amazon", "Amazon Web Services", "Google", "Google Cloud"}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Two runs of the demo on one folder."""

    folder: Path
    first: Done
    second: Done
    in_words: Done
    port: str

    @property
    def document(self):
        return json.loads(self.first.out)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    first = newsbot(folder, "demo", "--dir", "ledger", "--json")
    port = (folder / "ledger" / "port").read_text()
    second = newsbot(folder, "demo", "--dir", "ledger", "--json")
    in_words = newsbot(folder, "demo", "--dir", "ledger")
    ledger = folder / "ledger"
    return Shown(
        folder=ledger, first=first, second=second, in_words=in_words, port=port
    )


def names(deal):
    return {party["name"] for party in deal["parties"]}


def hostile_url_end():
    """The last part of the address of the article that instructs the model."""
    path = Path(__file__).parents[1] / "newsbot" / "demo" / "articles.jsonl"
    (url,) = (one.url for one in read_gold([path]) if one.id == HOSTILE_ID)
    return url.rpartition("/")[2]


def test_the_document_has_its_keys(shown):
    """--json prints one document with exactly its keys, progress stands elsewhere."""
    assert shown.first.code == 0, shown.first.err
    document = shown.document
    assert list(document) == KEYS
    assert document["articles"] >= 24
    assert Path(document["database"]).is_file()
    assert 0 < document["seconds"] < 240
    assert "assess: 8" in shown.first.err


def test_the_deal_of_three_papers_is_one_alert(shown):
    """Microsoft, Nvidia and Anthropic, told three times, alert once, and alone."""
    told = [deal for deal in shown.document["deals"] if names(deal) >= {"Anthropic"}]
    (deal,) = (deal for deal in told if names(deal) & STORY)
    assert names(deal) == STORY
    (alert,) = (a for a in shown.document["alerts"] if a["deal"] == deal["id"])
    assert (alert["kind"], len(deal["findings"])) == ("new", 3)
    assert {finding["language"] for finding in deal["findings"]} == {"de", "en"}
    facts = alert["text"].split("\n\n")[0]
    for amount in ("$5bn", "$10bn", "$30bn"):
        assert amount in facts
    # Who pays an investment is an investor, who buys a customer.
    lines = facts.splitlines()
    for name, role in (
        ("Microsoft", "investor"), ("Nvidia", "investor"),
        ("Anthropic", "customer"), ("Anthropic", "receives the investment"),
    ):  # fmt: skip
        (line,) = (line for line in lines if line.startswith(f"• {name}: "))
        assert role in line.removeprefix(f"• {name}: ").split(", ")


def test_bystanders_are_no_parties(shown):
    """OpenAI, Amazon and Google are named in the articles, and made no such deal."""
    for deal in shown.document["deals"]:
        if names(deal) & STORY:
            assert not names(deal) & BYSTANDERS


def test_no_article_instructs_the_model(shown):
    """Nothing is built on the article that orders the model to report a deal."""
    store = open_store(shown.folder / "demo.db")
    rows = store.connection.rows("SELECT id, entry_id, url FROM articles")
    (hostile,) = (row for row in rows if row["url"].endswith(hostile_url_end()))
    assert store.line.state(hostile["entry_id"])[0] in ("done", "irrelevant")
    assert store.ledger.findings_of(hostile["id"]) == []
    store.close()
    for part in (*shown.document["alerts"], *shown.document["deals"]):
        assert hostile_url_end() not in json.dumps(part)
        assert "Sablewood" not in json.dumps(part)


def test_every_quote_reads_back(shown):
    """Every quote of every deal stands, word for word, in its article on the site."""
    store = open_store(shown.folder / "demo.db")
    texts = {
        row["url"]: f"{row['title']}\n\n{row['text']}"
        for row in store.connection.rows("SELECT url, title, text FROM articles")
    }
    store.close()
    spans = [
        (finding["url"], span)
        for deal in shown.document["deals"]
        for finding in deal["findings"]
        for span in finding["spans"]
    ]
    assert len(spans) > 10
    for url, span in spans:
        assert texts[url][span["start"] : span["end"]] == span["quote"]


def test_a_second_run_finds_nothing_new(shown):
    """The second run polls the same addresses, reads nothing, and says so quickly."""
    document = json.loads(shown.second.out)
    assert list(document) == KEYS
    assert (document["articles"], document["alerts"]) == (0, [])
    assert document["deals"] == shown.document["deals"]
    assert document["seconds"] < 20
    assert (shown.folder / "port").read_text() == shown.port
    assert "nothing new" in shown.in_words.out
    for place in ("demo.db", "digest.html"):
        assert str(shown.folder / place) in shown.in_words.out
    assert shown.in_words.code == 0


class WellFormed(HTMLParser):
    """Checks that every element that needs an end has its own."""

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "hr", "img", "link", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        self.texts.append(data)


def test_the_digest_is_a_page(shown):
    """The digest is one well-formed page that tells of every alert."""
    page = (shown.folder / "digest.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>\n<html")
    checked = WellFormed()
    checked.feed(page)
    checked.close()
    assert checked.open == []
    text = "".join(checked.texts)
    for alert in shown.document["alerts"]:
        assert alert["text"].splitlines()[0] in text


def test_a_second_demo_beside_it_is_refused(shown):
    """Two demos on one folder would share a ledger: the second leaves it alone."""
    with (shown.folder / "demo.db.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.create_server(("127.0.0.1", int(shown.port))):
            done = newsbot(shown.folder.parent, "demo", "--dir", "ledger", "--json")
    assert "already runs" in done.refused(3)
    assert (shown.folder / "port").read_text() == shown.port


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    """A place for the ledger that cannot be is told in one line."""
    (tmp_path / "file").touch()
    assert "file" in newsbot(tmp_path, "demo", "--dir", "file/in").refused(2)


def test_the_material_is_large_enough():
    """At least 24 articles of 120 to 500 words, both languages, five publishers."""
    articles = load_articles(datetime.now(UTC))
    assert len(articles) >= 24
    assert len({article.publisher for article in articles}) >= 5
    assert {article.language for article in articles} == {"de", "en"}
    assert all(120 <= len(article.text.split()) <= 500 for article in articles)
