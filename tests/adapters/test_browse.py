"""The ledger in Datasette: what can be read, and what cannot."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest
from commands import config, environment, here
from invented import BN, circle, many, purchase
from invented_ledger import SECRET, fill

from newsbot.adapters.browse import browse_app

PAGES = (
    "", "/deal_overview", "/deal_roles", "/deal_sources", "/deal_figures",
    "/judgements", "/articles?_search=OpenAI", "/deals", "/newest_deals",
    "/deals_of_a_party?party=openai", "/sources_of_a_deal?deal=deal-a",
    "/money_by_quarter", "/differing_figures", "/sources_per_deal",
    "/near_the_threshold",
)  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A ledger in a file whose name is not fit for a URI."""
    path = tmp_path_factory.mktemp("folder 100%?#") / "our #1 ledger?.db"
    fill(path, many(30))
    return path


def ask(path, *addresses, guarded=True, method="GET", host="127.0.0.1"):
    """Ask the pages in one go; returns the answers."""

    async def all_of_them():
        transport = httpx.ASGITransport(app=browse_app(path, guarded=guarded))
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{host}"
        ) as client:
            return [await client.request(method, one) for one in addresses]

    return asyncio.run(all_of_them())


def rows(path, sql):
    (answer,) = ask(path, f"/newsbot.json?{httpx.QueryParams({'sql': sql})}")
    return answer


def test_every_page_answers_and_keeps_recipients_to_itself(ledger):
    """Tables, views and ready queries open; no page holds who gets the messages."""
    answers = ask(ledger, "/", *(f"/newsbot{page}" for page in PAGES))
    for page, answer in zip(("/", *PAGES), answers, strict=True):
        assert answer.status_code == 200, page
        assert SECRET not in answer.text
    overview = answers[2].text
    for facet in ("status", "month", "types", "parties"):
        assert f'data-column="{facet}"' in overview
    assert "sources_of_a_deal?deal=deal-a" in overview
    assert "OpenAI" in answers[PAGES.index("/deals_of_a_party?party=openai") + 1].text


@pytest.mark.parametrize(
    "sql",
    [
        "select * from deliveries",
        "select d.recipient from deliveries as d",
        "select group_concat(recipient || provider_id) from deliveries",
        "with x as (select * from deliveries) select hex(recipient) from x",
        "select html, plain from alerts",
        "select url, etag from feeds",
    ],
)
def test_closed_columns_come_out_empty(ledger, sql):
    """Whatever a query asks of a closed table, it sees no value of it."""
    answer = rows(ledger, sql).json()
    assert answer["ok"]
    assert {value for row in answer["rows"] for value in row} <= {None, ""}


def test_nothing_can_be_written_or_carried_away(ledger):
    """Writing SQL, other methods, the file itself and closed tables are refused."""
    before = ledger.read_bytes()
    for sql in ("delete from deals", "attach database 'x' as y", "pragma query_only=0"):
        assert rows(ledger, sql).status_code == 400
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        (answer,) = ask(ledger, "/newsbot", method=method)
        assert answer.status_code == 405
    refused = ask(ledger, "/newsbot.db", "/newsbot/deliveries", "/newsbot/feeds.json")
    assert [one.status_code for one in refused] == [403, 403, 403]
    assert ledger.read_bytes() == before


def test_a_foreign_name_is_refused(ledger):
    """A page elsewhere that points its name at this machine reads nothing."""
    for host, code in (
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:8001", 200),
        ("[::1]:8001", 200),
    ):
        (answer,) = ask(ledger, "/newsbot", host=host)
        assert answer.status_code == code, host
    (answer,) = ask(ledger, "/newsbot", host="news.internal", guarded=False)
    assert answer.status_code == 200


def test_money_is_never_added_across_bounds_or_states(tmp_path):
    """Talks are left out, ceilings stand apart, a deal counts once."""
    path = tmp_path / "newsbot.db"
    fill(
        path,
        [
            purchase("a", "OpenAI", "Oracle", 30 * BN),
            purchase("b", "xAI", "Oracle", 5 * BN, bound="up_to"),
            purchase("c", "Cohere", "Oracle", 9 * BN, status="talks"),
        ],
    )
    (answer,) = ask(path, "/newsbot/money_by_quarter.json?_shape=array")
    (row,) = answer.json()
    assert (row["quarter"], row["currency"], row["deals"]) == ("2026 Q1", "USD", 2)
    assert (row["firm_bn"], row["only_up_to_bn"]) == (30, 5)


def test_figures_carry_their_quotes(tmp_path):
    """The view reads the sentence out of the stored article."""
    path = tmp_path / "newsbot.db"
    fill(path, circle()[:1])
    (answer,) = ask(path, "/newsbot/deal_figures.json?_shape=array")
    (row,) = answer.json()
    assert row["figure"] == "up to 10 bn USD"
    assert row["quote"] == "Nvidia and OpenAI made an agreement."


def test_browse_serves_until_it_is_stopped(tmp_path):
    """The command prints its address, sees new deals, and ends well on a signal."""
    config(tmp_path)
    fill(tmp_path / "newsbot.db", circle()[:1])
    process = subprocess.Popen(
        [sys.executable, "-m", "newsbot", "browse", "--port", "0"],
        cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = process.stdout.readline().strip()
        assert httpx.get(address, timeout=30).status_code == 200
        first = httpx.get(f"{address}/deals.json?_shape=array", timeout=30).json()
        fill(tmp_path / "newsbot.db", circle()[:2])
        second = httpx.get(f"{address}/deals.json?_shape=array", timeout=30).json()
        assert (len(first), len(second)) == (1, 2)
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_an_address_that_is_taken_is_told_in_one_line(tmp_path):
    """No traceback where the address is none of this machine's."""
    config(tmp_path)
    refused = here(tmp_path, "browse", "--host", "192.0.2.1").refused(2)
    assert "192.0.2.1" in refused


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    """Without Datasette, one line says what to install."""
    config(tmp_path)
    monkeypatch.setitem(sys.modules, "datasette.app", None)
    assert 'pip install "newsbot[browse]"' in here(tmp_path, "browse").refused(2)
