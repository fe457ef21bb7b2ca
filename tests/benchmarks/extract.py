"""How many pages a second are read in processes that can be killed, against trafilatura.

Run it on a quiet machine: ``python tests/benchmarks/extract.py [--seconds S]
[--processes N] [--json]``. The pages are ordinary ones: German and English articles
in templates with menus, teasers, sheets, scripts, comments and JSON-LD. Rounds of
three ways take turns, so that what else the machine does hits all alike: trafilatura
called in this process with newsbot's options, trafilatura as it comes, and newsbot's
door, which also takes out hidden text, names the language and makes a fingerprint.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from statistics import median
from time import perf_counter, process_time
from typing import Any

import trafilatura

from newsbot.adapters.parsing import ParsingPool
from newsbot.demo.material import load_articles
from newsbot.stages.extract import extract
from newsbot.types import Article, Entry, Page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: Pages of one round.
N_PAGES = 60
#: Links in a menu, teasers below an article, comments of readers.
N_LINKS, N_TEASERS, N_COMMENTS = 120, 40, 30


def make_pages(n_pages: int) -> list[Page]:
    """Write ordinary pages, from about 60 to 120 kB each, all different."""
    articles = load_articles(NOW)
    dice = random.Random(7)
    pages = []
    for number in range(n_pages):
        article = articles[number % len(articles)]
        others = dice.sample(articles, min(10, len(articles)))
        more = dice.sample(others, 1 + number % 3)
        paragraphs = [*article.text.split("\n\n")]
        for other in more:
            paragraphs += other.text.split("\n\n")
        body = _template(article.title, paragraphs, others, article.language, number)
        url = f"https://news{number % 7}.example/{number}"
        pages.append(
            Page(
                entry_id=f"e{number}",
                url=url,
                status=200,
                content_type="text/html; charset=utf-8",
                body=body.encode(),
                fetched_at=NOW,
            )
        )
    return pages


def _template(
    title: str, paragraphs: Sequence[str], others: Sequence[Any], language: str, n: int
) -> str:
    menu = "".join(
        f'<li class="nav-item"><a href="/section/{k}?ref=nav">Section {k}</a></li>'
        for k in range(N_LINKS)
    )
    teasers = "".join(
        f'<div class="teaser col-{k % 3}"><a href="/t/{k}"><img src="/i/{k}.jpg" '
        f'alt="{escape(other.title)}"><h3>{escape(other.title)}</h3></a>'
        f"<p>{escape(other.teaser)}</p></div>"
        for k in range(N_TEASERS)
        for other in [others[k % len(others)]]
    )
    comments = "".join(
        f'<div class="comment" id="c{k}"><span class="user">reader{k}</span>'
        f"<p>That is what I think of it, for the {k}. time, and I am right.</p></div>"
        for k in range(N_COMMENTS)
    )
    sheet = "".join(
        f".w{k}{{margin:{k}px;color:#222}}@media print{{.w{k}{{display:none}}}}"
        for k in range(150)
    )
    script = f"window.data={json.dumps({f'key{k}': 'x' * 60 for k in range(200)})};"
    data = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": title,
            "datePublished": "2026-03-01T10:00:00Z",
            "author": {"@type": "Person", "name": f"Robin Sample {n}"},
        }
    )
    text = "".join(f'<p class="w{k}">{escape(p)}</p>' for k, p in enumerate(paragraphs))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)} | News</title><style>{sheet}</style>"
        f'<script type="application/ld+json">{data}</script></head><body>'
        f'<header><nav><ul>{menu}</ul></nav></header><main><article class="story">'
        f"<h1>{escape(title)}</h1><div class='byline'>By Robin Sample {n}</div>{text}"
        f"</article></main><aside>{teasers}</aside><section id='comments'>{comments}"
        f"</section><footer><ul>{menu}</ul></footer><script>{script}</script>"
        "</body></html>"
    )


def _entry(page: Page) -> Entry:
    return Entry(
        id=page.entry_id,
        feed_id=None,
        url=page.url,
        title="",
        summary="",
        published_at=None,
        first_seen_at=NOW,
        origin="feed",
        may_alert=True,
    )


def with_own_options(pages: Sequence[Page]) -> None:
    """Call trafilatura in this process with the options that newsbot gives it."""
    for page in pages:
        found = trafilatura.bare_extraction(
            page.body,
            url=page.url,
            with_metadata=True,
            include_comments=False,
            include_tables=False,
            favor_precision=True,
        )
        assert found is not None


def as_it_comes(pages: Sequence[Page]) -> None:
    """Call trafilatura in this process as its documentation begins."""
    for page in pages:
        assert trafilatura.extract(page.body)


def through(pool: ParsingPool) -> Callable[[Sequence[Page]], None]:
    """Read pages as the extract stage does."""

    def read(pages: Sequence[Page]) -> None:
        calls = ((page, _entry(page), NOW) for page in pages)
        for found in pool.each(extract, calls):
            assert isinstance(found, Article), found

    return read


def measure(seconds: float, n_processes: int, n_pages: int) -> dict[str, Any]:
    """Let the ways take turns until each has had *seconds*.

    Returns:
        Pages per second of each, the ratios of the same rounds, and how many times
        the time ten times the pages take.
    """
    pages = make_pages(n_pages)
    pools = {
        "one_process": ParsingPool(n_processes=1),
        "newsbot": ParsingPool(n_processes=n_processes),
    }
    ways: dict[str, Callable[[Sequence[Page]], None]] = {
        "trafilatura": with_own_options,
        "trafilatura_as_it_comes": as_it_comes,
        **{name: through(pool) for name, pool in pools.items()},
    }
    try:
        for way in ways.values():
            way(pages)  # starts processes, fills caches
        rates: dict[str, list[float]] = {name: [] for name in ways}
        own = dict.fromkeys(ways, 0.0)
        started = perf_counter()
        while True:
            for name, way in ways.items():
                before, cpu = perf_counter(), process_time()
                way(pages)
                rates[name].append(len(pages) / (perf_counter() - before))
                own[name] += process_time() - cpu
            if perf_counter() - started >= seconds * len(ways):
                break
        growth = _growth(ways["newsbot"], pages)
    finally:
        for pool in pools.values():
            pool.close()
    n_rounds = len(rates["newsbot"])
    return {
        "rounds": n_rounds,
        "processes": n_processes,
        "kilobytes_per_page": sum(len(p.body) for p in pages) / len(pages) / 1000,
        "pages_per_second": {name: median(values) for name, values in rates.items()},
        "ratios": {
            f"{name}_to_{base}": median(
                mine / theirs
                for mine, theirs in zip(rates[name], rates[base], strict=True)
            )
            for name in pools
            for base in ("trafilatura", "trafilatura_as_it_comes")
        },
        "own_milliseconds_per_page": 1000 * own["newsbot"] / n_rounds / len(pages),
        "tenfold": growth,
    }


def _growth(read: Callable[[Sequence[Page]], None], pages: Sequence[Page]) -> float:
    """How many times as long ten times the pages take."""
    times = []
    for many in (list(pages), list(pages) * 10):
        started = perf_counter()
        read(many)
        times.append(perf_counter() - started)
    return times[1] / times[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each way")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pages", type=int, default=N_PAGES, help="of a round")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    figures = measure(options.seconds, options.processes, options.pages)
    if options.json:
        json.dump(figures, sys.stdout)
        return
    for name, rate in figures["pages_per_second"].items():
        print(f"{name:<24} {rate:8.1f} pages per second")
    for name, ratio in figures["ratios"].items():
        print(f"{name:<48} {ratio:6.2f}")
    print(
        f"{figures['rounds']} rounds of {options.pages} pages of "
        f"{figures['kilobytes_per_page']:.0f} kB; ten times the pages: "
        f"{figures['tenfold']:.1f} times the time; newsbot's own process: "
        f"{figures['own_milliseconds_per_page']:.2f} ms per page"
    )


if __name__ == "__main__":
    main()
