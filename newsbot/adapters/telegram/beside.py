"""What takes longer than an answer may: one job after the other, on a thread apart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Worker:
    """Does jobs in their order; a daemon, so that none holds up the process's end.

    Args:
        name: Of its thread.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def submit(self, job: Callable[[], None]) -> None:
        """Take a job that raises nothing; returns at once. From one thread alone."""
        if self._thread.ident is None:
            self._thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        """Begin no job any more; one that runs is not waited for."""
        self._closed = True
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            job()
