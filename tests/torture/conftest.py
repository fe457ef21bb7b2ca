"""Cases by number, and the table of cases and figures that ends a run.

    @pytest.mark.case(23, "gzip bomb of 1 GiB")
    def test_bomb_stops_at_the_cap(figure):
        ...
        figure("memory", grown / 2**20, "MiB")

A case is what the table says it is: its number, the tests that hold it, whether they
passed, and what was measured on the way. A docstring that begins with the number will
do, or the module's that names it; a test without a number fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

import pytest

#: Columns of the table before the figures.
WIDTH_INPUT = 58


@dataclass(slots=True)
class _Row:
    """One case: its number, what goes in, and what came of it."""

    number: int
    text: str
    n_passed: int = 0
    n_failed: int = 0
    figures: list[str] = field(default_factory=list)


_ROWS = pytest.StashKey[dict[tuple[int, str], _Row]]()
_KEY = pytest.StashKey[tuple[int, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "case(number, text): the case of docs/security.md that a test holds"
    )
    config.stash.setdefault(_ROWS, {})


@pytest.fixture(autouse=True)
def _numbered(request: pytest.FixtureRequest) -> None:
    """Every test in this folder says which case it holds, by its mark or its words."""
    mark = request.node.get_closest_marker("case")
    number, text = mark.args if mark else _told(request.function, request.module)
    request.node.stash[_KEY] = (number, text)
    request.config.stash[_ROWS].setdefault(
        (number, text), _Row(number=number, text=text)
    )


def _told(test: Callable[..., object], module: ModuleType) -> tuple[int, str]:
    """Read "56: 4yz and drops ..." in a test's docstring, else in its module's."""
    said = (test.__doc__ or "").splitlines()[0]
    own = re.match(r"(?:Case )?(\d{1,2}): (.*)", said)
    if own:
        return int(own[1]), own[2]
    whole = re.search(r"[Cc]ases? (\d+)", module.__doc__ or "")
    assert whole is not None, "give it @pytest.mark.case(number, text)"
    return int(whole[1]), said


@pytest.fixture
def figure(request: pytest.FixtureRequest, _numbered: None) -> Callable[..., None]:
    """Note what was measured: `figure("time", 0.21, "s")`."""
    row = request.config.stash[_ROWS][request.node.stash[_KEY]]

    def note(name: str, value: float | str, unit: str = "") -> None:
        number = value if isinstance(value, str) else f"{value:.3g}"
        row.figures.append(f"{name} {number} {unit}".strip())

    return note


@pytest.fixture(scope="session")
def parsing() -> Iterator[object]:
    """Parsing processes for all cases: to start them anew each time takes seconds."""
    from newsbot.adapters.parsing import ParsingPool
    from torture.rig import LIMITS

    pool = ParsingPool(n_processes=2, limits=LIMITS)
    yield pool
    pool.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    report = yield
    key = item.stash.get(_KEY, None)
    row = item.config.stash[_ROWS].get(key) if key else None
    if row is not None:
        if report.failed:
            row.n_failed += 1
        elif report.when == "call" and report.passed:
            row.n_passed += 1
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    rows = sorted(config.stash[_ROWS].values(), key=lambda r: (r.number, r.text))
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
