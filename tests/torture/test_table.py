"""The table of cases itself: it names each case, its figures and what failed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CASES = """
import pytest

@pytest.mark.case(23, "a bomb")
def test_holds(figure):
    figure("memory", 12.34567, "MiB")

@pytest.mark.case(24, "a stall")
def test_fails():
    raise AssertionError

def test_without_number():
    pass
"""


@pytest.mark.case(0, "the table itself")
@pytest.mark.parametrize("n_processes", [0, 2])
def test_table_names_cases_figures_and_failures(pytester, n_processes):
    """Passed and failed cases stand in it with figures; a test without number fails."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text("utf-8"))
    pytester.makepyfile(CASES)
    result = pytester.runpytest(
        *("-p", "no:cacheprovider", "-p", "case_table", "-n", str(n_processes))
    )
    result.stdout.re_match_lines(
        [
            r"  23  a bomb +1  passed  memory 12\.3 MiB",
            r"  24  a stall +1  FAILED",
            r"2 cases, failed: 24",
        ]
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)
