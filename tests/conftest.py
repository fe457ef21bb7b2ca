"""Tests run in two processes side by side (see `addopts` in pyproject.toml).

A file stays in one process and in its order, so that what its tests share is made once.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["case_table"]

HERE = Path(__file__).parent
#: What takes longest is begun first, longest of all at the top: begun last, it would
#: keep one process while the other has nothing left. See `pytest --durations 60`.
FIRST = (
    "evals/test_instructions.py",
    "benchmarks/test_benchmarks.py",
    "adapters/test_hf_presets.py",
    "stages/test_summary_check.py",
    "test_demo.py",
    "torture/test_replay.py",
    "stages/test_identify_corpus.py",
    "test_ray.py",
    "adapters/test_embedded.py",
    "stages/test_assess.py",
)

if "PYTEST_XDIST_WORKER" in os.environ:
    # A core each, for their commands as well: two that compute with every core wait
    # for each other at each step.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {HERE / name: n for n, name in enumerate(FIRST)}
    assert all(path.is_file() for path in place), "a file of FIRST has moved"
    items.sort(key=lambda item: place.get(item.path, len(place)))
