"""How long people wait for the bot's answers while the service judges a batch.

Run: `python tests/benchmarks/bot_service.py [--preset embedded] [--seconds 120] [--json]`.
The real `newsbot run` in a process of its own, the Bot API server of the tests, a feed
of gold articles on loopback, and the model of the preset at work on them in the
service. Twenty people ask in turn; what is measured ends when the server has the answer.
First while nothing is to be done, then while the model is made ready and has its first
batch, then batch after batch. Wanted: under 300 ms. Times are of this machine, at this
moment: whatever else runs there counts as well.
"""

from __future__ import annotations

import argparse
import html
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from commands import Running, config  # type: ignore[import-not-found]
from servers.feeds import rss  # type: ignore[import-not-found]
from servers.model import ModelServer  # type: ignore[import-not-found]
from servers.scripted import Reply, ScriptedServer  # type: ignore[import-not-found]
from servers.telegram_bot import TelegramBotServer  # type: ignore[import-not-found]

from newsbot.evaluation.gold import read_gold

ROOT = Path(__file__).resolve().parents[2]
#: Milliseconds that an answer may take (the issue's mark).
MARK = 300
#: More than one person: each may ask twenty times a minute.
PEOPLE = [1000 + n for n in range(20)]
#: A new subscriber gets the alerts, too, so that messages go out meanwhile.
READER = 42
COMMANDS = ("/deals", "/help", "/search Oracle", "/list", "/deal", "/lang de", "/stats")
BETWEEN_SECONDS = 0.4
#: A batch takes less, on any machine that is fit for it.
DONE_SECONDS = 30.0
GOLD = ("first.jsonl", "invented.jsonl", "real.jsonl")


@contextmanager
def service(folder: Path, site: Any, telegram: Any, preset: str) -> Iterator[Any]:
    """Start `newsbot run` on a feed of the site; ``server`` is a small one of ours."""
    folder.mkdir()
    feed = f'[[feeds]]\nurl = "{site.url("/feed")}"\nlanguage = "en"\n'
    with ModelServer({"OpenAI": "customer", "Oracle": "provider"}) as model:
        named = f'name = "small"\nbase_url = "{model.base_url}"\n'
        config(
            folder,
            site,
            model,
            more=f'spacing_ms = 0\n{feed}[model]\npreset = "{preset}"\n'
            f"{named if preset == 'server' else ''}"
            "[alerts]\nconsole = false\n[telegram]\nopen = true\nmanagers = [7]\n"
            f'token_env = "BOT"\nchats = [{READER}]\nbase_url = "{telegram.base_url}"\n',
        )
        with Running(folder, BOT=telegram.token) as running:
            yield running.started()


def publish(site: Any, n_most: int) -> int:
    """Put gold articles on the site, and its feed; how many."""
    gold = read_gold([ROOT / "tests/evals/gold" / name for name in GOLD])[:n_most]
    items, now = [], format_datetime(datetime.now(UTC))
    for n, one in enumerate(gold):
        title = html.escape(one.title)
        paragraphs = "".join(
            f"<p>{html.escape(text)}</p>" for text in one.text.split("\n") if text
        )
        page = (
            f'<html lang="{one.language}"><head><title>{title}</title></head><body>'
            f"<article><h1>{title}</h1>{paragraphs}</article></body></html>"
        )
        head = {"Content-Type": "text/html; charset=utf-8"}
        link = site.on(f"/a/{n}", Reply(200, head, page.encode()))
        items.append(
            f"<title>{title}</title><link>{link}</link><pubDate>{now}</pubDate>"
        )
    head = {"Content-Type": "application/rss+xml"}
    site.on("/feed", Reply(200, head, rss(*items).encode()))
    return len(items)


def ask(telegram: Any, user: int, text: str) -> float:
    """Ask once; milliseconds until the server has the answer."""
    chat, before = str(user), len(telegram.messages(str(user)))
    began_at = time.perf_counter()
    telegram.say(user, text)
    telegram.until(lambda: len(telegram.messages(chat)) > before, 120)
    return (time.perf_counter() - began_at) * 1000


def asking(telegram: Any, seconds: float, done: Callable[[], bool]) -> Iterator[float]:
    """Let people ask in turn, for so long or until something is true."""
    ends_at = time.monotonic() + seconds
    questions = cycle(COMMANDS)
    for user in cycle(PEOPLE):
        if time.monotonic() > ends_at or done():
            return
        yield ask(telegram, user, next(questions))
        time.sleep(BETWEEN_SECONDS)


def measure(preset: str, seconds: float, n_articles: int) -> dict[str, Any]:
    """Measure an idle service, and one whose model works.

    Returns:
        Per phase the milliseconds of each answer; and what the service did meanwhile.
    """
    taken: dict[str, list[float]] = {"idle": [], "first batch": [], "batches": []}
    with tempfile.TemporaryDirectory() as name, ScriptedServer() as site:
        idle, busy = Path(name) / "idle", Path(name) / "busy"
        site.on("/feed", Reply(404))
        with TelegramBotServer() as telegram, service(idle, site, telegram, preset):
            list(asking(telegram, 3, lambda: False))  # the first ones warm it up
            taken["idle"] = list(asking(telegram, seconds / 4, lambda: False))
        n_articles = publish(site, n_articles)
        with (
            TelegramBotServer() as telegram,
            service(busy, site, telegram, preset) as running,
        ):
            running.until(lambda: "stage=gate" in running.log, 120)
            for ms in asking(telegram, seconds, all_done(running)):
                phase = "batches" if "stage=assess" in running.log else "first batch"
                taken[phase].append(ms)
            log, n_alerts = running.log, len(telegram.messages(str(READER)))
    batches = [line for line in log.splitlines() if "stage=" in line]
    return {
        "preset": preset,
        "articles": n_articles,
        "batches": sum("stage=assess" in line for line in batches),
        "model_seconds": sum(
            float(line.rpartition("seconds=")[2])
            for line in batches
            if "stage=assess" in line or "stage=summarise" in line
        ),
        "alerts": n_alerts,
        "milliseconds": taken,
    }


def all_done(running: Any) -> Callable[[], bool]:
    """Make what says whether everything is judged: no stage has ended for a while."""
    seen = [0, 0.0]

    def done() -> bool:
        log, now = running.log, time.monotonic()
        if len(log) != seen[0]:
            seen[:] = [len(log), now]
        return "stage=compose" in log and now - seen[1] > DONE_SECONDS

    return done


def shown(name: str, taken: list[float]) -> str:
    """Write the distribution of one phase on one line."""
    if len(taken) < 2:
        return f"{name:<12} {len(taken)} answers"
    ranked = sorted(taken)
    p95 = ranked[min(len(ranked) - 1, round(0.95 * len(ranked)))]
    n_good = sum(one < MARK for one in taken)
    return (
        f"{name:<12} median {statistics.median(taken):5.0f} ms, p95 {p95:5.0f} ms, "
        f"slowest {ranked[-1]:5.0f} ms, under {MARK} ms: {n_good} of {len(taken)}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--preset", default="embedded", help="of [model]; server: a small one of ours"
    )
    parser.add_argument("--seconds", type=float, default=120, help="of asking at most")
    parser.add_argument("--articles", type=int, default=216, help="gold articles")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    figures = measure(options.preset, options.seconds, options.articles)
    if options.json:
        print(json.dumps(figures))
        return
    print(
        f"{figures['preset']}: {figures['batches']} batches of {figures['articles']} "
        f"articles, {figures['model_seconds']:.0f} s of the model, "
        f"{figures['alerts']} alerts sent meanwhile"
    )
    for name, taken in figures["milliseconds"].items():
        print(shown(name, taken))


if __name__ == "__main__":
    main()
