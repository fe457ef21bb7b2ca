"""One service on one ledger: a lock that the operating system frees.

Who holds it stands in its file: a process, and what it does if it is no service.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from newsbot.errors import AlreadyRunningError, StoreError

#: Seconds that a start waits for those who only look whether a service runs.
PATIENCE = 1.0


def hold_lock(database: Path, doing: str = "") -> Callable[[], None]:
    """Hold a ledger's service lock until the process ends.

    Args:
        database: The ledger's file; the lock's lies beside it.
        doing: What is done with the ledger; empty: it is served until further notice.

    Returns:
        What lets it go.

    Raises:
        AlreadyRunningError: Another process holds it.
        StoreError: The lock's file cannot be written.
    """
    path = Path(f"{database}.lock")
    try:
        file = path.open("a+")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    ends_at = time.monotonic() + PATIENCE
    while not _taken(file, fcntl.LOCK_EX):
        if time.monotonic() >= ends_at:
            holder = _holder(file)
            file.close()
            raise AlreadyRunningError(
                f"newsbot already runs on {database} (process {holder}); stop it first"
            )
        time.sleep(0.02)
    file.truncate(0)
    file.write(f"{os.getpid()}, {doing}" if doing else str(os.getpid()))
    file.flush()
    return file.close


def service_runs(database: Path) -> bool:
    """Whether a service holds a ledger's lock at this moment.

    Raises:
        StoreError: The lock's file cannot be read.
    """
    holder = lock_holder(database)
    return holder is not None and "," not in holder


def lock_holder(database: Path) -> str | None:
    """Say who holds a ledger's lock at this moment; None: nobody.

    Raises:
        StoreError: The lock's file cannot be read.
    """
    path = Path(f"{database}.lock")
    try:
        with path.open() as file:
            # Shared, so that two who look do not take each other for a service.
            return None if _taken(file, fcntl.LOCK_SH) else _holder(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


def held_elsewhere(database: Path) -> str | None:
    """Say which other process holds a ledger's lock; None: nobody, or this one.

    Raises:
        StoreError: The lock's file cannot be read.
    """
    holder = lock_holder(database)
    is_own = holder is not None and holder.partition(",")[0] == str(os.getpid())
    return None if is_own else holder


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip() or "unknown"


def _taken(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
