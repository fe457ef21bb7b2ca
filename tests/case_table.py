"""The table of cases and figures that ends a run of tests/torture.

In: the reports of the tests, from this process or from several that ran them side by
side. A test's properties say its case (number, text) and each figure it measured.
Out: a row per case: its number, the tests that hold it, whether they passed, figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

#: Names of properties of a test.
CASE, FIGURE = "case", "figure"
#: Columns of the table before the figures.
WIDTH_INPUT = 58


@dataclass(slots=True)
class Row:
    """One case: its number, what goes in, and what came of it."""

    number: int
    text: str
    n_passed: int = 0
    n_failed: int = 0
    figures: list[str] = field(default_factory=list)


def as_rows(reports: Iterable[pytest.TestReport]) -> list[Row]:
    """Join the reports of tests that hold the same case, by number and text."""
    rows: dict[tuple[int, str], Row] = {}
    for report in reports:
        for name, value in report.user_properties:
            if name == CASE:
                number, text = value
                row = rows.setdefault((number, text), Row(number=number, text=text))
                row.n_failed += report.failed
                row.n_passed += report.when == "call" and report.passed
                if report.when == "teardown":  # the last: it knows all of them
                    row.figures += [v for n, v in report.user_properties if n == FIGURE]
    return [rows[key] for key in sorted(rows)]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> None:
    rows = as_rows(
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
    )
    if not rows:
        return
    terminalreporter.section("torture")
    terminalreporter.line(f"case  {'input':{WIDTH_INPUT}}  tests  result  figures")
    for row in rows:
        text = (
            row.text
            if len(row.text) <= WIDTH_INPUT
            else row.text[: WIDTH_INPUT - 1] + "…"
        )
        n_tests = row.n_passed + row.n_failed
        result = "FAILED" if row.n_failed else "passed" if row.n_passed else "-"
        line = f"{row.number:>4}  {text:{WIDTH_INPUT}}  {n_tests:>5}  {result:6}  "
        terminalreporter.line((line + ", ".join(row.figures)).rstrip())
    failed = sorted({row.number for row in rows if row.n_failed})
    terminalreporter.line(
        f"{len({row.number for row in rows})} cases, "
        + (f"failed: {', '.join(map(str, failed))}" if failed else "all passed")
    )
