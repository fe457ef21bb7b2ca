"""Cases by number; `case_table` ends a run with the table of cases and figures.

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
from types import ModuleType

import pytest
from case_table import CASE, FIGURE


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "case(number, text): the case of docs/security.md that a test holds"
    )


@pytest.fixture(autouse=True)
def _numbered(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    """Every test in this folder says which case it holds, by its mark or its words."""
    mark = request.node.get_closest_marker("case")
    number, text = mark.args if mark else _told(request.function, request.module)
    record_property(CASE, (number, text))


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
def figure(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Note what was measured: `figure("time", 0.21, "s")`."""

    def note(name: str, value: float | str, unit: str = "") -> None:
        number = value if isinstance(value, str) else f"{value:.3g}"
        record_property(FIGURE, f"{name} {number} {unit}".strip())

    return note


@pytest.fixture(scope="session")
def parsing() -> Iterator[object]:
    """Parsing processes for all cases: to start them anew each time takes seconds."""
    from newsbot.adapters.parsing import ParsingPool
    from torture.rig import LIMITS

    pool = ParsingPool(n_processes=2, limits=LIMITS)
    yield pool
    pool.close()
