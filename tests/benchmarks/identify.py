"""How long does it take to tell a new deal from a known one, with many known?

`python tests/benchmarks/identify.py [--sizes 1000 10000 100000] [--findings 200]`

Ledgers of each size are filled on disk with invented deals over four years: a few
organisations are in a large part of them, as in the news, most in one or two. Then
findings, half of them retold deals, are identified against each in turn, one ledger
after the other, so that the machine's noise hits all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from newsbot.adapters.db import cells, codec, open_store
from newsbot.adapters.db.candidates import put_sides
from newsbot.adapters.db.store import Store
from newsbot.stages.identify import identify
from newsbot.stages.likeness import reach
from newsbot.stages.organisations import Gazetteer, load_organisations
from newsbot.stages.sides import families, look
from newsbot.types import Amount, Finding, Party, Span, identity

NOW = datetime(2026, 11, 1, tzinfo=UTC)
#: Days over which the known deals are spread.
DAYS = 4 * 365
BILLION = 10**9
#: Deals written at once.
CHUNK = 5_000


def names(n_deals: int) -> list[str]:
    """Listed organisations first, as many invented ones as there are deals."""
    listed = [
        name
        for kind in ("lab", "cloud", "chips", "neocloud", "telecom", "industry")
        for name in _GAZETTEER.of_kind(kind)
    ]
    return [*listed, *(f"Zwirbel{n} Compute" for n in range(n_deals))]


def made(number: int, pool: list[str], rng: Random) -> tuple[Finding, datetime]:
    """One article's telling of one deal, somewhere in the four years."""
    # By rank, as words in a text: the first is in one deal of five.
    parties: list[str] = []
    while len(parties) < rng.choice((2, 2, 3)):
        name = pool[min(int(len(pool) ** rng.random()) - 1, len(pool) - 1)]
        if name not in parties:
            parties.append(name)
    article = identity("article", str(number))
    span = Span(article_id=article, start=0, end=1)
    finding = Finding(
        id=identity("finding", str(number)),
        article_id=article,
        status=rng.choices(
            ("talks", "announced", "expanded", "ended"), (20, 60, 15, 5)
        )[0],
        status_quote=span,
        types=("compute_purchase",),
        parties=tuple(
            Party(name=name, roles=("partner",), span=span, quote=span)
            for name in parties
        ),
        amounts=(
            Amount(
                value=Decimal(rng.randint(1, 500)) * BILLION / 10,
                currency="USD",
                kind="purchase",
                bound="exact",
                payer=None,
                span=span,
                quote=span,
            ),
        ),
        capacity=(),
    )
    return finding, NOW - timedelta(days=DAYS * rng.random())


def fill(path: Path, n_deals: int, seed: int = 1) -> Store:
    """Write a ledger of so many deals, each told by one article."""
    rng, pool = Random(seed), names(n_deals)
    store = open_store(path)
    with store.atomic():
        for start in range(0, n_deals, CHUNK):
            numbers = range(start, min(start + CHUNK, n_deals))
            _write(store, [made(number, pool, rng) for number in numbers])
    return store


def _write(store: Store, told: Sequence[tuple[Finding, datetime]]) -> None:
    """Write what the ledger would, many rows at once: `put_deal` is made for one."""
    db = store.connection.db.conn
    entries, findings, deals, known = [], [], [], []
    for finding, seen in told:
        at, article = cells.at_text(seen), finding.article_id
        (opened,) = identify([finding], seen, [], _GAZETTEER)
        deal = opened.deal
        entries.append((article, at))
        findings.append((finding.id, article, codec.finding_document(finding), deal.id))
        types, named = cells.document(deal.types), cells.document(deal.parties)
        deals.append((deal.id, deal.status, types, named, at, at))
        known.append(deal)
    for sql, rows in (
        (
            "INSERT INTO entries (id, url, title, summary, first_seen_at, origin, "
            "may_alert, state, due_at) VALUES (?1, '', '', '', ?2, 'feed', 1, 'done', "
            "?2)",
            entries,
        ),
        (
            "INSERT INTO articles (id, entry_id, url, title, text, language, "
            "published_at, site, text_origin, fingerprint) "
            "VALUES (?1, ?1, '', '', '', 'en', ?2, '', 'page', '0')",
            entries,
        ),
        (
            "INSERT INTO deals (id, status, types, parties, first_seen_at, "
            "last_seen_at) VALUES (?, ?, ?, ?, ?, ?)",
            deals,
        ),
        (
            "INSERT INTO findings (id, article_id, document, deal_id, verdict, reason) "
            "VALUES (?, ?, ?, ?, 'new', 'first')",
            findings,
        ),
    ):
        db.executemany(sql, rows)
    for one in known:
        put_sides(store.connection.db, one)


_GAZETTEER = load_organisations()


def again(store: Store, rng: Random) -> tuple[Finding, datetime]:
    """Another paper's telling of a known deal, a day later."""
    rows = store.connection.rows("SELECT COUNT(*) AS n FROM deals")
    row = store.connection.rows(
        "SELECT id FROM deals ORDER BY id LIMIT 1 OFFSET ?",
        (rng.randrange(int(str(rows[0]["n"]))),),
    )[0]
    deal = store.ledger.deal(str(row["id"]))
    assert deal is not None
    article = identity("again", deal.id)
    told = replace(deal.findings[0], id=article, article_id=article)
    return told, deal.last_seen_at + timedelta(days=1)


def seconds(
    store: Store, finding: Finding, at: datetime, gazetteer: Gazetteer
) -> tuple[float, float, int]:
    """Identify one finding; gives both times and how many deals were looked at."""
    started, worked = perf_counter(), process_time()
    known, apart = store.ledger.candidates(
        families([finding], gazetteer),
        reach([finding], at),
        look([finding], gazetteer),
    )
    identify([finding], at, known, gazetteer, apart)
    return perf_counter() - started, process_time() - worked, len(known)


def measure(
    sizes: list[int], n_findings: int, folder: Path
) -> dict[int, list[tuple[float, float, int]]]:
    """Fill ledgers and identify the same kind of findings against each in turn."""
    stores = {n: fill(folder / f"{n}.db", n) for n in sizes}
    rng = Random(2)
    told = {
        n: [
            again(store, rng) if k % 2 else made(n + k, names(n), rng)
            for k in range(n_findings)
        ]
        for n, store in stores.items()
    }
    found: dict[int, list[tuple[float, float, int]]] = {n: [] for n in sizes}
    for k in range(n_findings):
        for n, store in stores.items():
            found[n].append(seconds(store, *told[n][k], _GAZETTEER))
    for store in stores.values():
        store.close()
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--findings", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.sizes, options.findings, Path(folder))
    rows = {n: _figures(one) for n, one in found.items()}
    if options.json:
        print(json.dumps(rows))
        return
    # Other programs wait for no benchmark: processor time is what it costs itself.
    print(
        "deals    median ms   95 % ms   slowest ms   "
        "processor: median ms, 95 % ms   looked at: mean, most"
    )
    for n, row in rows.items():
        print(
            f"{n:>7}  {row['median_ms']:>9.2f}  {row['p95_ms']:>8.2f}  "
            f"{row['slowest_ms']:>11.2f}   {row['median_cpu_ms']:>21.2f}, "
            f"{row['p95_cpu_ms']:>7.2f}   {row['looked_at']:.1f}, "
            f"{row['most_looked_at']:.0f}"
        )


def _figures(rows: list[tuple[float, float, int]]) -> dict[str, float]:
    times = sorted(second * 1000 for second, _, _ in rows)
    worked = sorted(second * 1000 for _, second, _ in rows)
    looked = [count for _, _, count in rows]
    at_95 = int(0.95 * (len(rows) - 1))
    return {
        "median_ms": statistics.median(times),
        "p95_ms": times[at_95],
        "slowest_ms": times[-1],
        "median_cpu_ms": statistics.median(worked),
        "p95_cpu_ms": worked[at_95],
        "looked_at": statistics.mean(looked),
        "most_looked_at": max(looked),
    }


if __name__ == "__main__":
    main()
