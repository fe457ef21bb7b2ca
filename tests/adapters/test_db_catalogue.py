"""Lists of a large ledger read what they show, and not what else there is."""

from __future__ import annotations

import gc
import json
from contextlib import closing
from datetime import timedelta

import pytest
from invented import START, many
from invented_ledger import fill

from newsbot.adapters.db import cells, codec, open_store
from newsbot.adapters.db.catalogue import Narrowed, Place
from newsbot.adapters.listing import list_deals
from newsbot.errors import StoreError
from newsbot.stages.filters import Wanted, choose
from newsbot.stages.organisations import load_organisations
from newsbot.stages.rates import load_rates


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "newsbot.db"
    fill(path, many(120))
    opened = open_store(path)
    yield opened
    opened.close()


def plans(store, call):
    """How SQLite answers each query of a call, one line a step."""
    asked = []
    db = store.connection.db.conn
    db.set_trace_callback(asked.append)
    call()
    db.set_trace_callback(None)
    queries = [one for one in asked if one.lstrip().startswith(("SELECT", "WITH"))]
    assert queries
    return [
        str(step[3])
        for one in queries
        for step in db.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()
    ]


@pytest.mark.parametrize(
    "narrowed",
    [
        Narrowed(),
        Narrowed(since=START + timedelta(days=5), until=START + timedelta(days=90)),
        Narrowed(statuses=("talks",), types=("investment",)),
    ],
)
def test_the_newest_deals_are_read_by_their_index(store, narrowed):
    """Neither the table's lines nor a page of the site sort all deals of the ledger."""
    lines = plans(store, lambda: store.catalogue.lines(narrowed, 10))
    place = Place(first_seen_at=START + timedelta(days=60), deal_id="deal-x")
    pages = plans(store, lambda: store.catalogue.page(narrowed, 10, after=place))
    for steps in (lines, pages):
        assert any("deals_first_seen" in step for step in steps), steps
        whole = [one for one in steps if one.startswith("SCAN") and "INDEX" not in one]
        assert [one for one in whole if "deals" in one or "articles" in one] == []
    assert not any("TEMP B-TREE" in step for step in pages), pages


def test_a_finding_of_another_version_is_listed(tmp_path):
    """Its words are told as they stand; one that is damaged is named in one line."""
    fill(tmp_path / "newsbot.db", many(5))
    with closing(open_store(tmp_path / "newsbot.db")) as store:
        rows = store.connection.rows(
            "SELECT id, deal_id, document FROM findings "
            "WHERE json_array_length(document, '$.amounts') > 0"
        )
        finding, document = rows[0], json.loads(str(rows[0]["document"]))
        update = "UPDATE findings SET document = ? WHERE id = ?"
        document["amounts"][0]["bound"] = "roughly"
        with store.connection.atomic() as db:
            db.execute(update, [json.dumps(document), finding["id"]])
        (line,) = store.catalogue.these([str(finding["deal_id"])])
        assert "roughly" in {bound for _, _, bound in line.sums}

        document["amounts"][0]["value"] = "many"
        for damaged in (json.dumps(document), "{", "[]"):
            with store.connection.atomic() as db:
                db.execute(update, [damaged, finding["id"]])
            with pytest.raises(StoreError, match=str(finding["id"])) as caught:
                store.catalogue.these([str(finding["deal_id"])])
            assert "\n" not in str(caught.value)


def test_an_id_is_found_by_its_beginning(store):
    """`newsbot show` jumps to an id, whole or shortened, and passes over no row."""
    (wanted,) = store.catalogue.lines(Narrowed(), 1)
    steps = plans(store, lambda: store.ledger.find_ids(wanted.id))
    assert not any(step.startswith("SCAN") for step in steps), steps
    assert store.ledger.find_ids(wanted.id) == [("deal", wanted.id)]
    assert len(store.ledger.find_ids("deal-")) == 20
    assert store.ledger.find_ids("deal-%") == []


def test_a_limit_takes_the_newest(store):
    """So many lines as asked for, the same as the first of all; the count says all."""
    whole = store.catalogue.lines(Narrowed())
    assert len(whole) == store.catalogue.count(Narrowed()) == 120
    assert store.catalogue.lines(Narrowed(), 7) == whole[:7]
    assert [one.id for one in whole] == store.catalogue.ids(Narrowed())


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(parties=("OpenAI",)),
        Wanted(parties=("google", "nvidia")),
        Wanted(parties=("Stadtwerke",)),
        Wanted(parties=("Nobody",)),
        Wanted(statuses=("talks", "ended"), types=("compute_purchase",)),
        Wanted(since=START + timedelta(days=30), until=START + timedelta(days=60)),
    ],
)
def test_what_sql_narrows_is_what_would_be_chosen(store, wanted):
    """Deals that fit are the same, in order, as where every deal is looked at."""
    gazetteer = load_organisations()
    looked_at = choose(store.ledger.deals(), wanted, gazetteer, load_rates())
    assert list_deals(store, gazetteer, wanted) == looked_at


def test_findings_of_another_version_are_read_as_they_stand(store):
    """A kind of money that this version does not know is kept, not an error."""
    (first, *_) = (deal for deal in store.ledger.deals() if deal.findings[0].amounts)
    finding = first.findings[0]
    written = json.loads(codec.finding_document(finding))
    assert codec.finding(json.dumps(written)) == finding
    written["amounts"][0]["kind"] = "barter"
    read = codec.finding(json.dumps(written))
    assert read.amounts[0].kind == "barter"
    assert read.parties == finding.parties
    assert read.amounts[0].value == finding.amounts[0].value


def test_reading_deals_leaves_the_collector_as_it_was(store):
    """Garbage is not looked for while deals are read; after that it is, errors or not."""
    assert gc.isenabled()
    seen = []
    store.connection.db.conn.set_trace_callback(lambda _: seen.append(gc.isenabled()))
    store.ledger.deals()
    store.connection.db.conn.set_trace_callback(None)
    assert set(seen) == {False}
    assert gc.isenabled()
    with pytest.raises(ValueError, match="naive"), cells.without_collecting():
        cells.at_text(START.replace(tzinfo=None))
    assert gc.isenabled()
    gc.disable()
    try:
        store.ledger.deals()
        assert not gc.isenabled()
    finally:
        gc.enable()
