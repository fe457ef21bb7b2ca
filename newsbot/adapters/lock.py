"""One service on one ledger: a lock that the operating system frees."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from newsbot.errors import AlreadyRunningError, StoreError


def hold_lock(database: Path) -> Callable[[], None]:
    """Hold a ledger's service lock until the process ends.

    Args:
        database: The ledger's file; the lock's lies beside it.

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
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AlreadyRunningError(
            f"newsbot already runs on {database} (process {holder}); stop it first"
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file.close
