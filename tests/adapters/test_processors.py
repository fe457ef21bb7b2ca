"""What a process may use is what its user left it, not what the machine has."""

import subprocess
import sys
from pathlib import Path

import pytest

from newsbot.adapters import processors


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is Linux's")
def test_one_processor_where_a_user_left_one() -> None:
    """`taskset` holds: as many processes extract as there are processors left."""
    code = (
        "import os\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from newsbot.adapters.processors import n_cores, n_processors\n"
        "print(n_cores(), n_processors())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1"]


@pytest.mark.parametrize(
    ("limit", "n"),
    [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None)],
)
def test_a_containers_quota_holds(
    limit: str, n: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty-four processes on one processor's time would only wait for one another."""
    monkeypatch.setattr(processors, "QUOTA", tmp_path / "none")
    without = (processors.n_cores(), processors.n_processors())
    assert 1 <= without[0] <= without[1]
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(processors, "QUOTA", tmp_path / "cpu.max")
    held = (processors.n_cores(), processors.n_processors())
    assert held == (without if n is None else (n, n))
