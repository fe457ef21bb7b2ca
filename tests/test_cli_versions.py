"""`show` and `deals`, where a publisher has corrected or withdrawn a report."""

from __future__ import annotations

import json

from commands import config, here
from fakes import Bench
from scripted_press import ScriptedJudge, edit, paper, publish

from newsbot.adapters.db import open_store


def ledger(folder, *says):
    """A ledger whose one article said this, then that; returns the deal's id."""
    config(folder)
    store = open_store(folder / "newsbot.db")
    bench = Bench(store, judge=ScriptedJudge())
    for n, title in enumerate(says):
        (edit if n else publish)(bench, paper("Handelspost", title))
    (deal,) = store.ledger.deals()
    store.close()
    return deal.id


def test_show_has_the_quotes_of_the_earlier_version(tmp_path):
    """Marked as such, behind those that stand; an article names its versions."""
    id_ = ledger(
        tmp_path,
        "Nvidia and Anthropic sign for €6bn",
        "Nvidia and Anthropic sign for €600m",
    )
    shown = here(tmp_path, "show", id_)
    assert shown.code == 0
    before, after = shown.out.split("as of the earlier version, replaced 2026-03-01")
    assert "> Nvidia and Anthropic sign for €600m" in before
    assert "> Nvidia and Anthropic sign for €6bn" in after
    view = json.loads(here(tmp_path, "show", id_, "--json").out)
    (earlier,) = view["earlier_findings"]
    article = here(tmp_path, "show", earlier["article"])
    assert f"version {earlier['article']}, replaced 2026-03-01" in article.out
    assert view["amounts"][0]["value"] == 600_000_000


def test_a_withdrawn_deal_is_listed_and_not_counted(tmp_path):
    """`deals` and `show` say who withdrew it; the totals leave it out and say so."""
    id_ = ledger(
        tmp_path, "Nvidia and Anthropic sign for €6bn", "It rains in Hamburg all week"
    )
    assert "withdrawn" in here(tmp_path, "deals").out
    assert "withdrawn by Handelspost" in here(tmp_path, "show", id_).out
    told = here(tmp_path, "deals", "--totals")
    assert "1 withdrawn" in told.out
    left = json.loads(here(tmp_path, "deals", "--totals", "--json").out)["left_out"]
    assert left["withdrawn"] == {"deals": 1, "ids": [id_]}
    csv = here(tmp_path, "export", "--format", "csv")
    assert csv.code == 0
    assert "withdrawn" in csv.out
