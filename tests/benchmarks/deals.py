"""How long commands take from start to end, in a ledger of very many deals.

``python tests/benchmarks/deals.py [--deals 100000] [--papers 2] [--runs 3]
[--ledger FILE] [--json]`` fills a ledger as `web.py` does, each deal told by so many
papers, or takes a ledger that is there, and runs what users type. Told are the best
seconds of several runs, beside those of `newsbot --version`, the start of any command.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent))
import web

from newsbot.adapters.db import open_store

#: A model that is nowhere: nothing heavy is loaded.
MODEL = '[model]\npreset = "server"\nname = "none"\n'
COMMANDS = (
    ("--version",),
    ("deals",),
    ("deals", "--limit", "0"),
    ("deals", "--status", "talks"),
    ("deals", "--since", "2026-02-01", "--until", "2026-02-03"),
    ("deals", "--party", "OpenAI"),
    ("deals", "--words", "agreement 17"),
    ("deals", "--json", "--limit", "100"),
    ("deals", "--totals"),
    ("deals", "--totals", "--by", "lab"),
    ("search", "agreement"),
    ("search", "agreement", "17"),
    ("show", "{id}"),
    ("graph", "--out", "deals.svg"),
    ("status",),
)


def fill(path: Path, n_deals: int, n_papers: int) -> None:
    """Write deals, each told by so many papers; all but the first are copies."""
    web.fill(path, n_deals)
    store = open_store(path)
    for paper in range(1, n_papers):
        mark = f"-{paper}"
        with store.atomic():
            for sql in (
                "INSERT INTO entries (id, url, title, summary, first_seen_at, origin, "
                "may_alert, state, due_at) SELECT id || ?1, url || ?1, title, summary, "
                "first_seen_at, origin, may_alert, state, due_at FROM entries "
                "WHERE id IN (SELECT article_id FROM findings "
                "WHERE instr(id, '-copy') = 0)",
                "INSERT INTO articles (id, entry_id, url, title, text, language, "
                "published_at, site, text_origin, fingerprint) SELECT articles.id || "
                "?1, articles.id || ?1, url || ?1, title, text, language, "
                "published_at, 'other' || ?1 || '.example', text_origin, fingerprint "
                "FROM articles JOIN findings ON findings.article_id = articles.id "
                "WHERE instr(findings.id, '-copy') = 0",
                "INSERT INTO findings (id, article_id, document, deal_id) "
                "SELECT id || '-copy' || ?1, article_id || ?1, document, deal_id "
                "FROM findings WHERE instr(id, '-copy') = 0",
            ):
                store.connection.db.execute(sql, [mark])
    store.close()


def seconds(folder: Path, words: tuple[str, ...], n_runs: int) -> tuple[float, float]:
    """Wall-clock and processor time of a command from start to end, at best.

    Raises:
        RuntimeError: It failed; its time would say nothing.
    """
    line = [sys.executable, "-m", "newsbot", *words]
    times = []
    for _ in range(n_runs):
        before, started = _processor(), perf_counter()
        done = subprocess.run(
            line, cwd=folder, capture_output=True, text=True, check=False
        )
        times.append((perf_counter() - started, _processor() - before))
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return min(wall for wall, _ in times), min(own for _, own in times)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(folder: Path, path: Path, n_runs: int) -> dict[str, tuple[float, float]]:
    """Run each command.

    Args:
        folder: Where the config is written, and what commands write.
        path: The ledger.
        n_runs: How often each runs.
    """
    config = f'[database]\npath = "{path.absolute()}"\n{MODEL}'
    (folder / "config.toml").write_text(config)
    middle = web.middle_of(path)
    return {
        " ".join(words): seconds(
            folder, tuple(word.format(id=middle) for word in words), n_runs
        )
        for words in COMMANDS
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--papers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--ledger", type=Path, help="Keep it here; used if it is there."
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = options.ledger or Path(scratch) / "newsbot.db"
        if not path.exists():
            fill(path, options.deals, options.papers)
        found = measure(Path(scratch), path, options.runs)
    if options.json:
        print(json.dumps(found))
        return
    print("seconds  processor")
    for words, (wall, processor) in found.items():
        print(f"{wall:>7.2f}  {processor:>9.2f}  newsbot {words}")


if __name__ == "__main__":
    main()
