"""How long a page of the status page takes, in a ledger of many deals.

`python tests/benchmarks/web.py [--deals 100000] [--runs 5] [--ledger FILE] [--json]`

A ledger is filled on disk as `identify.py` does it, each deal told by one short
article; a ledger of one's own may be named instead. Pages are asked for in turn, round
after round, without a network between.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import httpx

sys.path.insert(0, str(Path(__file__).parent))
import identify

from newsbot.adapters.db import open_store
from newsbot.adapters.web.guard import Access
from newsbot.adapters.web.reading import Reading
from newsbot.adapters.web.site import Parts, site_app
from newsbot.config import Config, DatabaseConfig
from newsbot.stages.organisations import load_organisations
from newsbot.website import look_at

PAGES = (
    "/",
    "/?after={middle}",
    "/?before={middle}",
    "/?status=ended",
    "/?lang=de",
    "/?party=OpenAI",
    "/?party=Zwirbel7+Compute",
    "/?min-amount=45bn",
    "/?min-amount=900bn",
    "/?words=agreement+17",
    "/?words=agreement",
    "/deal/{middle}",
    "/graph",
    "/state",
    "/feed.atom",
    "/feed.json",
)


def fill(path: Path, n_deals: int) -> None:
    """Write a ledger whose articles have texts, publishers and two languages."""
    store = identify.fill(path, n_deals)
    with store.atomic():
        store.connection.db.execute(
            "UPDATE articles SET title = 'Two sign a deal, number ' || number, "
            "text = 'They made an agreement ' || (number % 997) || '. No more.', "
            "language = iif(number % 3 = 0, 'de', 'en'), "
            "site = 'paper' || (number % 40) || '.example', "
            "url = 'https://paper' || (number % 40) || '.example/' || number"
        )
    store.close()


def middle_of(path: Path) -> str:
    """Find the deal amid all others."""
    store = open_store(path)
    rows = store.connection.rows(
        "SELECT id FROM deals ORDER BY first_seen_at DESC, id "
        "LIMIT 1 OFFSET (SELECT count(*) / 2 FROM deals)"
    )
    store.close()
    return str(rows[0]["id"])


async def measure(path: Path, n_runs: int) -> dict[str, float]:
    """Ask for each page in turn; gives the median milliseconds of each.

    Raises:
        RuntimeError: A page did not answer; its time would say nothing.
    """
    config = Config(database=DatabaseConfig(path=str(path)))
    parts = Parts(
        reading=Reading(path, load_organisations()),
        look=lambda now: look_at(config, now),
        running=lambda: False,
        desk=None,
        clock=lambda: datetime.now(UTC),
    )
    app = site_app(parts, Access(host="127.0.0.1"))
    times: dict[str, list[float]] = {page: [] for page in PAGES}
    middle = middle_of(path)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1", timeout=60
    ) as client:
        for _ in range(n_runs):
            for page, taken in times.items():
                started = perf_counter()
                answer = await client.get(page.format(middle=middle))
                taken.append((perf_counter() - started) * 1000)
                if answer.status_code != 200:
                    raise RuntimeError(f"{page}: {answer.status_code} {answer.text}")
    return {page: statistics.median(taken) for page, taken in times.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.ledger or Path(folder) / "newsbot.db"
        if options.ledger is None:
            fill(path, options.deals)
        found = asyncio.run(measure(path, options.runs))
    if options.json:
        print(json.dumps(found))
        return
    for page, milliseconds in found.items():
        print(f"{milliseconds:>8.0f} ms  {page}")


if __name__ == "__main__":
    main()
