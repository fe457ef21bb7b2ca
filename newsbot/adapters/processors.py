"""How many processors this process may use: fewer than the machine has, often.

Nothing else: who counts processes to start should not load a model's libraries.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: A container's limit: "200000 100000" for two processors, "max 100000" for none.
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def n_processors() -> int:
    """Count the processors this process may use, hyperthreads among them.

    Those of its affinity (`taskset`, a container's set of processors), and no more than
    a container's quota.

    Returns:
        At least 1.
    """
    return _within_quota(len(_allowed()) or os.cpu_count() or 1)


def n_cores() -> int:
    """Count the physical cores this process may use, hyperthreads and quotas aside.

    Returns:
        At least 1.
    """
    return _within_quota(len(by_core()) or os.cpu_count() or 1)


def by_core() -> list[list[int]]:
    """Number the processors this process may use, those of one physical core together.

    Returns:
        Empty where nobody tells.
    """
    cores: dict[str, list[int]] = {}
    for cpu in _allowed():
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/core_cpus_list")
        try:
            core = siblings.read_text()
        except OSError:
            core = str(cpu)
        cores.setdefault(core, []).append(cpu)
    return list(cores.values())


def _allowed() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def _within_quota(n: int) -> int:
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(n, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return max(1, n)
