"""What a backfill covered: by day and site, with its gaps, as lines or as one page.

In: tallies of documents by day, site, fate and reason.
Out: plain lines for a terminal; an HTML page without scripts or anything remote.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import pairwise
from statistics import median

from newsbot.history import FATES, Failure, Fate, Tally, Totals
from newsbot.stages.printable import one_line, table

#: Rows of a summary on a terminal.
MAX_ROWS = 15
#: Sites on a page; the rest is added up in one row.
MAX_SITES = 500
#: A gap is longer than this many times a site's usual distance, and two days at least.
GAP = 3.0

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#1c2733;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;text-align:right;
border-bottom:1px solid #dde3ea}td:first-child,th:first-child,td.t,th.t{text-align:left}
.bar{display:inline-block;height:.7rem;background:#2a6fb0}.gap{color:#a33}
@media(prefers-color-scheme:dark){body{background:#14191f;color:#dde3ea}
td,th{border-color:#333c47}.gap{color:#f08a80}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site or a day, with how many documents had which fate."""

    name: str
    counts: Counter[Fate]

    @property
    def n_found(self) -> int:
        """All documents."""
        return self.counts.total()


def by_day(tallies: Iterable[Tally]) -> list[Row]:
    """Add tallies up by day, oldest first; documents without one come last."""
    return sorted(_rows(tallies, "day"), key=lambda row: row.name or "~")


def by_site(tallies: Iterable[Tally]) -> list[Row]:
    """Add tallies up by site, the largest first."""
    return sorted(_rows(tallies, "site"), key=lambda row: (-row.n_found, row.name))


def reasons(tallies: Iterable[Tally]) -> list[tuple[str, int]]:
    """Add up why documents were kept from the model, skipped or failed."""
    counts: Counter[str] = Counter()
    for tally in tallies:
        if tally.fate == "kept":
            name = f"kept, gate: {tally.reason}" if tally.reason else "kept, passed"
        else:
            name = f"{tally.fate}: {tally.reason}"
        counts[name] += tally.n
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def gaps(days: Iterable[str]) -> list[tuple[date, date]]:
    """Find stretches without anything, by a site's own habit.

    Args:
        days: ISO days on which something was found.

    Returns:
        First and last day of each gap, both inclusive, oldest first.

    >>> found = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-09"]
    >>> [(str(first), str(last)) for first, last in gaps(found)]
    [('2026-01-04', '2026-01-08')]
    """
    known = sorted({date.fromisoformat(day) for day in days if day})
    steps = [(after - before).days for before, after in pairwise(known)]
    if not steps:
        return []
    longest = max(2.0, GAP * median(steps))
    one = timedelta(days=1)
    return [
        (before + one, after - one)
        for before, after in pairwise(known)
        if (after - before).days - 1 >= longest
    ]


def summary_lines(tallies: Sequence[Tally], failures: Sequence[Failure]) -> list[str]:
    """Say on a terminal what became of a backfill's documents."""
    lines: list[str] = []
    for title, rows in (("day", by_day(tallies)), ("site", by_site(tallies))):
        shown = rows[-MAX_ROWS:] if title == "day" else rows[:MAX_ROWS]
        head = [title, "found", *FATES]
        cells = [[row.name or "unknown", *_numbers(row)] for row in shown]
        lines += ["", *table([head, *cells], right=range(1, len(head)))]
        if len(rows) > len(shown):
            lines.append(f"... and {len(rows) - len(shown)} more ({title}s)")
    told = [f"{n:>9}  {one_line(name)}" for name, n in reasons(tallies)[:MAX_ROWS]]
    lines += ["", *told]
    if failures:
        places = [one_line(f"failed: {one.place}: {one.reason}") for one in failures]
        lines += ["", *places]
    return lines


def coverage_page(
    source: str, totals: Totals, tallies: Sequence[Tally], failures: Sequence[Failure]
) -> str:
    """Write the page of a backfill: what was covered, and where the gaps are."""
    days: defaultdict[str, set[str]] = defaultdict(set)
    for tally in tallies:
        days[tally.site].add(tally.day)
    sites = by_site(tallies)
    whole = gaps(tally.day for tally in tallies)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>Coverage of {_text(source)}</title><style>{_STYLE}</style>",
        f"<h1>Coverage of {_text(source)}</h1>",
        f"<p>{totals.documents:,} documents: {totals.kept:,} kept, "
        f"{totals.duplicates:,} duplicates, {totals.skipped:,} skipped, "
        f"{totals.failed:,} failed.</p>",
        "<h2>Gaps</h2>",
        f"<p>Days without any document, of all sites together: {_gaps(whole)}</p>",
        "<h2>Sites</h2>",
        _table(
            "site", sites[:MAX_SITES], {name: gaps(of) for name, of in days.items()}
        ),
    ]
    if len(sites) > MAX_SITES:
        parts.append(f"<p>... and {len(sites) - MAX_SITES:,} smaller ones.</p>")
    parts += ["<h2>Days</h2>", _table("day", by_day(tallies), None)]
    told = "".join(f"<tr><td>{_text(name)}<td>{n:,}" for name, n in reasons(tallies))
    parts.append(f"<h2>Reasons</h2><table><tr><th>reason<th>documents{told}</table>")
    if failures:
        lines = "".join(
            f"<tr><td>{_text(one.place)}<td class=t>{_text(one.reason)}"
            for one in failures
        )
        parts.append(
            f"<h2>Failed</h2><table><tr><th>where<th class=t>why{lines}</table>"
        )
    return "\n".join([*parts, "</html>", ""])


def _rows(tallies: Iterable[Tally], field: str) -> list[Row]:
    found: defaultdict[str, Counter[Fate]] = defaultdict(Counter)
    for tally in tallies:
        found[getattr(tally, field)][tally.fate] += tally.n
    return [Row(name=name, counts=counts) for name, counts in found.items()]


def _numbers(row: Row) -> list[str]:
    return [f"{row.n_found:,}", *(f"{row.counts[fate]:,}" for fate in FATES)]


def _table(
    title: str,
    rows: Sequence[Row],
    missing: dict[str, list[tuple[date, date]]] | None,
) -> str:
    largest = max((row.n_found for row in rows), default=1)
    heads = "".join(f"<th>{name}" for name in ("found", *FATES))
    last = "<th class=t>gaps" if missing is not None else ""
    lines = [f"<table><tr><th>{title}{heads}<th class=t>{last}"]
    for row in rows:
        cells = "".join(f"<td>{number}" for number in _numbers(row))
        width = 12 * row.n_found / largest
        bar = f'<td class=t><span class=bar style="width:{width:.2f}rem"></span>'
        of = f"<td class=t>{_gaps(missing.get(row.name, []))}" if missing else ""
        lines.append(f"<tr><td>{_text(row.name or 'unknown')}{cells}{bar}{of}")
    return "\n".join([*lines, "</table>"])


def _gaps(found: Sequence[tuple[date, date]]) -> str:
    if not found:
        return "none"
    told = ", ".join(
        f"{first} to {last}" if last > first else f"{first}"
        for first, last in found[:20]
    )
    more = f", and {len(found) - 20} more" if len(found) > 20 else ""
    return f"<span class=gap>{told}{more}</span>"


def _text(text: str) -> str:
    return escape(one_line(text, 300))
