"""`merge` and `split`: what a person says holds, for later papers, too."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from commands import config, here
from fakes import Bench, entry
from told_deals import Paper, sum_of, tell

from newsbot.adapters.db import open_store
from newsbot.evaluation.gold import read_gold
from newsbot.types import Span

TITLE = "Nvidia & Anthropic sign an AI cloud deal, says {}"


def walk(folder, *entries):
    """Let papers arrive and go down the line."""
    store = open_store(folder / "newsbot.db")
    bench = Bench(store)
    bench.clock.now = datetime.now(UTC)
    bench.announce(*entries)
    bench.walk()
    store.close()


def paper(name: str, *, days: float = 0):
    told = datetime.now(UTC) - timedelta(days=days)
    return entry(name, title=TITLE.format(name), published_at=told)


@pytest.fixture
def folder(tmp_path):
    config(tmp_path)
    return tmp_path


def deals(folder):
    done = here(folder, "deals", "--json")
    assert done.code == 0, done
    return json.loads(done.out)


def test_two_deals_become_one_and_both_ids_find_it(folder):
    """Told months apart they were two; a person says that they are one."""
    walk(folder, paper("a", days=100))
    walk(folder, paper("b"))
    late, early = deals(folder)
    done = here(folder, "merge", late["id"][:8], early["id"])
    assert done.code == 0, done
    assert early["id"] in done.out
    (one,) = deals(folder)
    assert one["id"] == early["id"]
    assert len(one["findings"]) == 2
    for known in (late["id"], early["id"], late["id"][:9]):
        shown = json.loads(here(folder, "show", known, "--json").out)
        assert shown["id"] == early["id"]
    walk(folder, paper("c"))
    assert len(deals(folder)) == 1


def test_a_deal_is_split_and_stays_so(folder):
    """What was joined wrongly is parted; a repeated judgement does not join it again."""
    walk(folder, paper("a"), paper("b"))
    (one,) = deals(folder)
    first, second = (finding["id"] for finding in one["findings"])
    done = here(folder, "split", one["id"], second[:10])
    assert done.code == 0, done
    both = deals(folder)
    assert sorted(len(deal["findings"]) for deal in both) == [1, 1]
    assert one["id"] in {deal["id"] for deal in both}
    store = open_store(folder / "newsbot.db")
    said = [(d.kind, {d.finding_id, d.other_id}) for d in store.ledger.decisions()]
    store.close()
    assert said == [("apart", {first, second})]
    # A third paper goes to one of them and joins them not.
    walk(folder, paper("c"))
    assert len(deals(folder)) == 2


def test_what_a_person_decided_is_a_label(folder):
    """Merged articles tell one story, split ones two, in gold that evaluate reads."""
    walk(folder, paper("a", days=100))
    walk(folder, paper("b"))
    assert here(folder, "labels", "export").out == ""
    late, early = deals(folder)
    assert here(folder, "merge", late["id"], early["id"]).code == 0

    def stories():
        assert here(folder, "labels", "export", "--out", "labels.jsonl").code == 0
        gold = read_gold([folder / "labels.jsonl"])
        return [deal.story for one in gold for deal in one.deals]

    assert stories() == [early["id"]] * 2
    (one,) = deals(folder)
    assert here(folder, "split", one["id"], one["findings"][1]["id"]).code == 0
    assert len(set(stories())) == len(stories()) == 2


def test_the_finding_that_named_the_deal_may_be_taken_out(folder):
    """The id stays with what is left; what goes gets another."""
    walk(folder, paper("a", days=1))
    walk(folder, paper("b"))
    (one,) = deals(folder)
    oldest = one["findings"][0]["id"]
    assert here(folder, "split", one["id"], oldest).code == 0
    left = {deal["id"]: [f["id"] for f in deal["findings"]] for deal in deals(folder)}
    assert len(left) == 2
    assert oldest not in left[one["id"]]
    again = here(folder, "merge", *left)
    assert again.code == 0, again
    assert len(deals(folder)) == 1


def test_what_cannot_be_done_is_refused_in_one_line(folder):
    """Unknown ids, the same deal twice, everything taken out."""
    walk(folder, paper("a"))
    (one,) = deals(folder)
    (finding,) = (f["id"] for f in one["findings"])
    for words, named in (
        (("merge", one["id"], "nothing"), "no deal 'nothing'"),
        (("merge", one["id"], ""), "no deal ''"),
        (("merge", one["id"], one["id"][:6]), "the same deal already"),
        (("split", one["id"], "zz"), "has no finding 'zz'"),
        (("split", one["id"], finding), "nothing to split"),
    ):
        assert named in here(folder, *words).refused(2)
    assert len(deals(folder)) == 1


def told(folder):
    """Whom the outbox has what for, since the deals were told."""
    store = open_store(folder / "newsbot.db")
    corrections = [one for one in store.outbox.alerts() if one.kind == "correction"]
    waiting = [
        (store.outbox.alert(one.alert_id).plain, store.outbox.answered(one_alert, one))
        for one in store.outbox.deliveries()
        if one.state == "pending"
        and (one_alert := store.outbox.alert(one.alert_id)).kind == "correction"
    ]
    store.close()
    return len(corrections), waiting


def test_a_deal_that_was_told_twice_is_corrected_once(folder):
    """Merging two deals that were alerted is said in a reply to the later message."""
    walk(folder, paper("a", days=100))
    walk(folder, paper("b"))
    assert told(folder) == (0, [])
    late, early = deals(folder)
    assert here(folder, "merge", late["id"], early["id"]).code == 0
    n_corrections, waiting = told(folder)
    assert n_corrections == 1
    ((text, answered),) = waiting
    assert text.startswith("Correction: this is no deal of its own but the one told")
    assert "Nvidia" in text
    assert "Anthropic" in text
    assert answered == "1"
    walk(folder, paper("c"))
    assert told(folder) == (1, [])


def test_a_deal_that_was_told_as_one_is_corrected_when_it_is_split(folder):
    """Splitting a deal that was alerted is said in a reply to its message."""
    walk(folder, paper("a"), paper("b"))
    (one,) = deals(folder)
    assert here(folder, "split", one["id"], one["findings"][1]["id"]).code == 0
    n_corrections, ((text, answered),) = told(folder)
    assert n_corrections == 1
    assert text.startswith("Correction: two deals were told as one here")
    assert answered == "1"


def test_show_tells_which_figures_differ(tmp_path):
    """Two papers, two figures for one role: side by side, each with paper and quote."""
    config(tmp_path)
    store = open_store(tmp_path / "newsbot.db")
    told_by = (
        ("a.example", sum_of(30), sum_of(20, kind="investment")),
        ("b.example", sum_of(30), sum_of(15, "EUR", kind="investment")),
        ("c.example", sum_of(30, bound="up_to")),
    )
    papers = [
        Paper(
            amounts=tuple(
                replace(a, quote=Span(article_id=f"article-d1{n}", start=0, end=3))
                for a in amounts
            ),
            site=site,
        )
        for n, (site, *amounts) in enumerate(told_by)
    ]
    one = tell(store, *papers)
    other = tell(store, Paper(amounts=(sum_of(7),)), id="d2", parties=("Meta", "SAP"))
    store.close()
    lines = here(tmp_path, "show", one.id).out.splitlines()
    assert [line.strip() for line in lines if "figures differ" in line] == [
        "figures differ, investment: $20bn (a.example) / €15bn (b.example)",
        "figures differ, purchase: $30bn (a.example) / up to $30bn (c.example)",
    ]
    view = json.loads(here(tmp_path, "show", one.id, "--json").out)
    first, second = view["differences"][0]["figures"]
    assert (first["value"], first["currency"], first["source"]) == (
        20 * 10**9,
        "USD",
        "a.example",
    )
    assert second["bound"] == "exact"
    assert [one["quote"] for one in (first, second)] == ["Two", "Two"]
    assert second["url"].startswith("https://b.example/")
    exported = json.loads(here(tmp_path, "export", "--format", "json").out)
    assert {one["id"]: one["differences"] for one in exported} == {
        one.id: view["differences"],
        other.id: [],
    }


def test_show_tells_bounds_payers_states_and_what_persons_decided(tmp_path):
    """Ceiling and firm sum are two lines, each with its papers; a decision is dated."""
    config(tmp_path)
    store = open_store(tmp_path / "newsbot.db")
    firm = Paper(amounts=(sum_of(20, payer="OpenAI"),), site="a.example")
    ceiling = Paper(
        amounts=(sum_of(20, bound="up_to"),), site="b.example", status="talks"
    )
    third = Paper(amounts=(sum_of(20), sum_of(20, payer="SoftBank")), site="c.example")
    one = tell(store, firm, ceiling, third, id="d1")
    other = tell(store, Paper(site="d.example"), id="d2", parties=("Meta", "Oracle"))
    store.close()
    shown = here(tmp_path, "show", one.id).out
    assert "  sum: $20bn, purchase, paid by OpenAI (a.example, c.example)" in shown
    assert "  sum: $20bn, purchase, paid by SoftBank (c.example)" in shown
    assert "  sum: up to $20bn, purchase (b.example)" in shown
    assert "  history: talks 2025-11-03, announced 2025-11-03" in shown
    assert "  talks; new: first" in shown
    assert all(f"  finding {told.id}\n" in shown for told in one.findings)
    assert here(tmp_path, "merge", one.id, other.id).code == 0
    shown = here(tmp_path, "show", one.id).out
    assert "a person decided" in shown
    assert "are one deal" in shown
    view = json.loads(here(tmp_path, "show", one.id, "--json").out)
    assert {item["kind"] for item in view["decisions"]} == {"same"}
    stated = [(one["bound"], one["payer"], one["sources"]) for one in view["amounts"]]
    assert stated == [
        ("exact", "OpenAI", ["a.example", "c.example"]),
        ("up_to", None, ["b.example"]),
        ("exact", "SoftBank", ["c.example"]),
    ]
