"""How fast a large ledger answers: full-text search, and the list of deals.

Run it on a quiet machine: ``python tests/benchmarks/ledger.py [--articles N]
[--folder DIR] [--json]``. It fills a ledger with N articles (3 kB of text each, German
and English, one in a hundred tells of a deal, five papers for one deal) through the
store's own code, and asks it what users ask. A ledger that is in the folder is used as
it is. Times are the median of several calls; the first, with a cold cache, stands
beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

from newsbot.adapters.db import Store, open_store
from newsbot.history import Judged, Run, Settled, Totals
from newsbot.types import (
    Amount,
    Article,
    Assessment,
    Deal,
    Entry,
    Finding,
    Party,
    Span,
    identity,
)

START = datetime(2023, 1, 1, tzinfo=UTC)
#: Articles written in one transaction.
BATCH = 5_000
#: Articles of one deal, and how many articles there are for one that tells of a deal.
PAPERS, RARE = 5, 100
LABS = ("OpenAI", "Anthropic", "Mistral", "Cohere", "xAI", "Aleph Alpha")
CLOUDS = ("Microsoft", "Oracle", "CoreWeave", "Google Cloud", "Nebius", "AWS")
#: Every query finds something: rare, common, two words, a phrase of the deals.
QUERIES = ("Anthropic", "weather", "Microsoft billion", "signed agreement compute")
CONFIG = '[model]\npreset = "server"\nname = "none"\n'


def fill(store: Store, n_articles: int) -> None:
    """Write articles, and the deals that some of them tell of."""
    dice = random.Random(1)
    texts = _texts(dice)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    run = Run(id="benchmark", kind="jsonl", source="", cursor="", totals=Totals())
    store.history.begin(run, "benchmark", now)
    told: dict[int, list[Finding]] = {}
    for start in range(0, n_articles, BATCH):
        some = range(start, min(start + BATCH, n_articles))
        made = [_settled(number, texts, dice, told) for number in some]
        store.history.settle(run.id, made, 0.0, now)
    with store.atomic():
        for number, findings in told.items():
            deal = _deal(number, findings)
            for n, finding in enumerate(findings, 1):
                verdict = "new" if n == 1 else "repeat"
                part = replace(deal, findings=tuple(findings[:n]))
                store.ledger.put_deal(part, finding, verdict, "benchmark")  # type: ignore[arg-type]
    store.history.finish(run.id, now)


def _texts(dice: random.Random) -> list[str]:
    """Texts of 420 words out of 40,000: few words are common, most are rare."""
    words = _words(dice)
    return [
        " ".join(words[int(40_000 * dice.random() ** 2)] for _ in range(420))
        for _ in range(1_000)
    ]


def _words(dice: random.Random) -> list[str]:
    letters = "abcdefghijklmnoprstuvwzäöü"
    return ["weather", *("".join(dice.choices(letters, k=dice.randint(2, 11))) for _ in range(40_000))]  # fmt: skip


def _settled(
    number: int, texts: list[str], dice: random.Random, told: dict[int, list[Finding]]
) -> Settled:
    at = START + timedelta(minutes=number)
    url = f"https://paper{number % 400}.example/{number}"
    entry = Entry(
        id=identity("entry", url),
        feed_id=None,
        url=url,
        title="",
        summary="",
        published_at=at,
        first_seen_at=at,
        origin="archive",
        may_alert=False,
    )
    text = dice.choice(texts)
    deal = number // (RARE * PAPERS)
    if tells := number % RARE == 0:
        lab, cloud = _parties(deal)
        lead = f"{lab} and {cloud} signed a compute agreement worth 3 billion dollars."
        text = f"{lead}\n{text}"
    article = Article(
        id=identity("article", entry.id),
        entry_id=entry.id,
        url=url,
        title=f"Report number {number}",
        text=text,
        language="en" if number % 2 else "de",
        published_at=at,
        site=f"paper{number % 400}.example",
        author=None,
        text_origin="page",
        fingerprint=dice.getrandbits(64),
    )
    judged = None
    if tells:
        finding = _finding(article, deal)
        told.setdefault(deal, []).append(finding)
        judged = Judged(assessment=_assessment(article, at), findings=(finding,))
    return Settled(
        cursor=str(number),
        place=str(number),
        fate="kept",
        day=at.date().isoformat(),
        site=article.site,
        entry=replace(entry, title=article.title),
        article=article,
        judged=judged,
        state="done" if tells else "irrelevant",
    )


def _parties(deal: int) -> tuple[str, str]:
    return LABS[deal % len(LABS)], CLOUDS[deal // len(LABS) % len(CLOUDS)]


def _assessment(article: Article, at: datetime) -> Assessment:
    return Assessment(
        article_id=article.id,
        probability=0.9,
        threshold=0.5,
        words=(),
        assessor="benchmark",
        assessed_at=at,
    )


def _finding(article: Article, deal: int) -> Finding:
    text = article.full_text

    def span(words: str) -> Span:
        start = text.index(words)
        return Span(article_id=article.id, start=start, end=start + len(words))

    lab, cloud = _parties(deal)
    quote = span(text.split("\n")[2])
    parties = ((lab, ("customer",)), (cloud, ("provider",)))
    return Finding(
        id=identity("finding", article.id),
        article_id=article.id,
        status="announced",
        status_quote=quote,
        types=("compute_purchase",),
        parties=tuple(
            Party(name=name, roles=roles, span=span(name), quote=quote)  # type: ignore[arg-type]
            for name, roles in parties
        ),
        amounts=(
            Amount(
                value=Decimal("3e9"),
                currency="USD",
                kind="purchase",
                bound="exact",
                payer=lab,
                span=span("3 billion dollars"),
                quote=quote,
            ),
        ),
        capacity=(),
    )


def _deal(number: int, findings: list[Finding]) -> Deal:
    at = START + timedelta(minutes=number * RARE * PAPERS)
    return Deal(
        id=identity("deal", str(number)),
        status="announced",
        types=findings[0].types,
        parties=tuple((party.name, party.roles) for party in findings[0].parties),
        first_seen_at=at,
        last_seen_at=at + timedelta(minutes=RARE * PAPERS),
        findings=tuple(findings),
    )


def ask(folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    """Name what users ask, with a call that does it and counts what came."""
    from newsbot.adapters.db.catalogue import Narrowed
    from newsbot.adapters.listing import deal_rows
    from newsbot.app import App
    from newsbot.config import load_config

    app = App(load_config(folder / "config.toml"))
    for words in QUERIES:
        yield f"search {words!r}", lambda w=words: len(app.store.line.search(w, 20))  # type: ignore[misc]

    def deals(since: datetime | None = None) -> int:
        found = app.store.ledger.deals(since)
        return len(deal_rows(app.store, app.gazetteer, found))

    newest = app.store.ledger.latest(1)[0].first_seen_at
    yield "deals of 30 days", lambda: deals(newest - timedelta(days=30))
    yield "all deals", deals
    # What `newsbot deals` prints needs no article.
    lines = app.store.catalogue.lines
    yield "the table of all deals", lambda: len(lines(Narrowed()))


def command(folder: Path, *words: str) -> float:
    """Seconds of a command from start to end, at best of five."""
    line = [sys.executable, "-m", "newsbot", *words]
    times = []
    for _ in range(5):
        started = perf_counter()
        subprocess.run(line, cwd=folder, check=True, capture_output=True)
        times.append(perf_counter() - started)
    return min(times)


def measure(folder: Path, n_articles: int) -> dict[str, float]:
    """Fill a ledger where there is none, and ask it.

    Returns:
        Milliseconds by what was asked, first and median; seconds of filling.
    """
    figures: dict[str, float] = {"articles": n_articles}
    (folder / "config.toml").write_text(CONFIG)
    ledger = folder / "newsbot.db"
    if not ledger.exists():
        store = open_store(ledger)
        started = perf_counter()
        fill(store, n_articles)
        figures["filling, s"] = perf_counter() - started
        store.close()
    figures["file, MiB"] = ledger.stat().st_size / 2**20
    for name, call in ask(folder):
        times = []
        for _ in range(7):
            started = perf_counter()
            n_found = call()
            times.append(1e3 * (perf_counter() - started))
        assert n_found > 0, name
        figures[f"{name} (found)"] = n_found
        figures[f"{name} (first, ms)"] = times[0]
        figures[f"{name} (median, ms)"] = statistics.median(times[1:])
    for words in (("search", "Anthropic"), ("deals",)):
        figures[f"newsbot {' '.join(words)} (ms)"] = 1e3 * command(folder, *words)
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="Keep the ledger here.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure(options.folder or Path(scratch), options.articles)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<44} {value:,.1f}")


if __name__ == "__main__":
    main()
