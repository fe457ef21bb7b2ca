"""Ray Data: an archive read, settled, judged and written on many machines.

In: three steps that can be pickled, and how many portions the archive has. Out: the
names of the shards that were written, as they come. Pages are settled where they are
read, so that what crosses between the steps is small: bytes, of which the steps know
what they mean. A worker that dies is replaced, and what it had in hand is done again.

Needs the extra ``ray``. Without ``RAY_ADDRESS`` a cluster of this machine alone is
started on the loopback address and ended again: no dashboard, no usage statistics.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsbot.adapters.processors import n_processors
from newsbot.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

#: One row that crosses between two steps.
Row = bytes
Step = Callable[[Sequence[Row]], Sequence[Row]]

#: Bytes of a block: what was settled goes on from there, long before its file ends.
BLOCK = 8 * 2**20
#: Rows of one shard, about; a few megabytes of articles.
SHARD_ROWS = 1_024
#: Cores of one worker: it reads and gates, and extracts in as many processes. One
#: process reads fast enough for some fifteen that extract.
CPUS_PER_WORKER = 4
#: Bytes of shared memory that a cluster of this machine takes for blocks on their way.
STORE_BYTES = 512 * 2**20
#: Cores for one model that computes on them.
CPUS_PER_MODEL = 8

_MISSING = '--engine ray needs the extra: pip install "newsbot[ray]"'
_OWN = re.compile(r"(?m)^newsbot\.errors\.\w+: (.+)$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is done, in this order; everything is sent to other processes."""

    #: Builds what reads and settles the documents of a portion, some rows at a time;
    #: called once in each worker, with the number of processes that extract.
    settle: Callable[[int], Callable[[int], Iterator[Sequence[Row]]]]
    #: Builds what lets the model judge: where there are GPUs, once on each.
    judge: Callable[[], Step]
    #: Writes settled documents; returns the shard's name.
    write: Callable[[Sequence[Row]], str]


def need_ray() -> None:
    """Say now, and not after an hour, that a library is missing.

    Raises:
        UserError: It is.
    """
    try:
        found = find_spec("ray")
    except ValueError:  # somebody keeps it from being imported
        found = None
    if found is None:
        raise UserError(_MISSING)


def joins_cluster() -> bool:
    """Whether there is a cluster to join; else one is started, and ended again."""
    return "RAY_ADDRESS" in os.environ


def run_on_ray(steps: Steps, n_portions: int) -> Generator[str, None, None]:
    """Walk the portions of an archive through the steps, on whatever there is.

    Args:
        steps: What is done.
        n_portions: How many, at least one; a worker gets a number from 0 on.

    Yields:
        The name of each shard; closed early, it stops what runs.

    Raises:
        UserError: Ray is missing, or there is no cluster where one should be.
    """
    with _cluster() as ray:
        from ray.data import ActorPoolStrategy, DataContext
        from ray.exceptions import RayError

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = BLOCK
        context.target_min_block_size = 1
        n_gpus = int(ray.cluster_resources().get("GPU", 0))
        machines = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes()]
        cores, n_workers = workers([n for n in machines if n > 0] or [1], n_portions)
        # Tables that are here: to make them in a task would take a core, and where all
        # are taken by workers, wait for ever.
        data = ray.data.from_arrow([_numbers(n) for n in range(n_portions)])
        data = data.map_batches(
            _Settling, fn_constructor_args=(steps.settle, cores),
            batch_size=1, batch_format="pyarrow", num_cpus=cores,
            compute=ActorPoolStrategy(size=n_workers),
        )  # fmt: skip
        n_models = n_gpus or max(sum(machines) // CPUS_PER_MODEL, 1)
        # Judged and written in one place: a task for each shard would wait for a
        # process of its own to start, and the model gets more of them at once so.
        data = data.map_batches(
            _Ending, fn_constructor_args=(steps.judge, steps.write),
            batch_size=SHARD_ROWS, batch_format="pyarrow",
            # No core of its own: it must find room beside those that settle.
            num_cpus=0, num_gpus=1 if n_gpus else 0,
            compute=ActorPoolStrategy(size=n_models),
        )  # fmt: skip
        try:
            for batch in data.iter_batches(
                batch_size=None, batch_format="pyarrow", prefetch_batches=0
            ):
                yield from batch["shard"].to_pylist()
        except RayError as error:
            raise _own(error) from error


def workers(machines: Sequence[int], n_portions: int) -> tuple[int, int]:
    """How many cores a worker gets, and how many workers there are.

    More cores where there are fewer portions than workers, and no more than the
    smallest machine has: elsewhere its worker would wait for ever.

    Args:
        machines: Cores of each machine, at least one.
        n_portions: At least one.

    >>> workers([2], 9), workers([64, 64], 500), workers([64, 64], 2)
    ((2, 1), (4, 32), (64, 2))
    >>> workers([6, 6], 9)
    (4, 2)
    """
    share = sum(machines) // n_portions
    cores = min(*machines, max(CPUS_PER_WORKER, share))
    return cores, min(sum(n // cores for n in machines), n_portions)


def _own(error: Exception) -> UserError:
    """Say in one line why Ray gave up: a step's own reason, where there is one.

    What a worker raised comes back as the text of its traceback.
    """
    text = _COLOUR.sub("", str(error))
    if reasons := _OWN.findall(text):
        return UserError(reasons[-1])
    reason = next((line for line in text.splitlines() if line.strip()), "")
    return UserError(f"ray gave up: {reason or type(error).__name__}")


@contextmanager
def _cluster() -> Iterator[Any]:
    """Join the cluster at ``RAY_ADDRESS``, or have one of this machine's own."""
    # Read when Ray is imported: nothing is sent home, and nothing is chatted about.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Ray's own workers step back behind all else (15); a busy machine starves them, and
    # what they extract would be taken for hostile by its time.
    os.environ.setdefault("RAY_worker_niceness", "0")
    if not joins_cluster():
        # Nobody else on this machine may send work; else a file in the home says so.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        # Else it takes the loopback address for a mistake, and listens to the network.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UserError(_MISSING) from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="newsbot-ray-") as folder:
        try:
            # It writes there that it was told to write nothing.
            with _silent():
                _join(ray, folder)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise UserError(f"ray cannot start: {reason}") from error
        try:
            # A thread of its own prints there of workers that died; data goes there.
            with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
                yield ray
        finally:
            ray.shutdown()


def _join(ray: Any, folder: str) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address := os.environ.get("RAY_ADDRESS"):
        ray.init(address=address, **quiet)
        return
    ray.init(
        address="local",
        num_cpus=n_processors(),
        object_store_memory=STORE_BYTES,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        _temp_dir=folder,
        **quiet,
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Let nothing reach standard error, not even from a library's own C++."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class _Settling:
    """Reads and settles portions, a table at a time, never a portion as a whole."""

    def __init__(
        self,
        build: Callable[[int], Callable[[int], Iterator[Sequence[Row]]]],
        n_processes: int,
    ) -> None:
        self._settle = build(n_processes)

    def __call__(self, batch: pa.Table) -> Iterator[pa.Table]:
        for number in batch["id"].to_pylist():
            for rows in self._settle(number):
                yield _table(rows)


class _Ending:
    """Judges, writes shards, and says their names."""

    def __init__(
        self, build: Callable[[], Step], write: Callable[[Sequence[Row]], str]
    ) -> None:
        self._judge = build()
        self._write = write

    def __call__(self, batch: pa.Table) -> pa.Table:
        import pyarrow as pa

        rows = self._judge(batch["row"].to_pylist())
        return pa.table({"shard": [self._write(rows)]})


def _numbers(*numbers: int) -> pa.Table:
    import pyarrow as pa

    return pa.table({"id": pa.array(numbers, pa.int64())})


def _table(rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    return pa.table({"row": pa.array(rows, pa.large_binary())})
